//! Every boundary code: `family.name`, and what it says in one line. ulp-boundary(5) explains the same codes.
//!
//! A code that this table does not have is never given: [`super::Tally`] looks it up where debug assertions are on,
//! and the tests hold the sources, this table and the page to each other. Once released, a code keeps its meaning.

/// Codes that mean the same of different members, and what they mean.
pub struct Row {
    pub codes: &'static [&'static str],
    pub meaning: &'static str,
}

const fn row(codes: &'static [&'static str], meaning: &'static str) -> Row {
    Row { codes, meaning }
}

/// All of them, family by family.
#[rustfmt::skip]
pub const CODES: &[Row] = &[
    row(&["json.too_long"], "longer than its kind of line may be"),
    row(&["json.utf8"], "invalid UTF-8, or a lone surrogate escape"),
    row(&["json.syntax"], "not JSON, or not an object"),
    row(&["json.duplicate_key"], "the same key twice in one object"),
    row(&["json.depth"], "deeper than 64, a state line deeper than 68"),
    row(
        &["json.number"],
        "not a finite double, an integer beyond ±(2^53−1), or a number that would be printed as one",
    ),
    row(&["line.kind"], "a kind of line that this tool has no use for (withheld)"),
    row(&["event.kind"], "an object of two kinds"),
    row(&["event.duplicate"], "the same event again (duplicate)"),
    row(&["event.equivocation"], "another event of the same name stands beside it (noted)"),
    row(&["event.unknown_operation"], "an operation that this version does not know (noted)"),
    row(
        &[
            "envelope.event_id", "envelope.timestamp", "envelope.space_id", "envelope.layer_id",
            "envelope.actor_id", "envelope.operation", "envelope.scope",
            "envelope.preserves_invariants", "envelope.previous_events", "envelope.tile",
        ],
        "this field is missing and cannot be completed, or has a wrong type or value",
    ),
    row(
        &[
            "payload.node_id", "payload.kind", "payload.transform", "payload.properties",
            "payload.geometry", "payload.role", "payload.media", "payload.physics", "payload.solver",
            "payload.tick", "payload.delta_time", "payload.updates", "payload.from_node",
            "payload.to_node", "payload.relation", "payload.observed", "payload.previous_events",
            "payload.absorbs", "payload.sensor", "payload.value", "payload.unit", "payload.position",
            "payload.template", "payload.params", "payload.rows", "payload.columns", "payload.dx",
            "payload.dy", "payload.from", "payload.to", "payload.count", "payload.center",
            "payload.radius",
        ],
        "this member of the payload is missing or wrong",
    ),
    row(
        &["macro.param"],
        "a name that is not there, a lone brace, or a place that is not a finite number",
    ),
    row(&["macro.limit"], "too deep, too many or too large"),
    row(&["order.unknown_parent"], "a parent that no lane as loose holds (noted)"),
    row(&["order.cycle"], "the event stands on a cycle of parents (noted)"),
    row(
        &[
            "state.scope", "state.space_id", "state.tile", "state.operation", "state.recent",
            "state.node_id", "state.created", "state.deleted", "state.clock", "state.kind",
            "state.layer", "state.authority", "state.boundary", "state.transform", "state.geometry",
            "state.physics", "state.velocity", "state.angular_velocity", "state.absorbed_into",
            "state.media", "state.properties", "state.from_node", "state.relation", "state.to_node",
            "state.adds", "state.removed", "state.removed_before", "state.actor_id", "state.sensor",
            "state.key", "state.value", "state.unit", "state.position", "state.timestamp",
            "state.layer_id",
        ],
        "this member of a state line is malformed",
    ),
    row(&["state.later"], "a state line with a key later than --at (rejected)"),
    row(&["state.after_delete"], "a write to a node that was deleted before (noted)"),
    row(
        &[
            "state.unknown_parent", "state.parent_cycle", "state.absorb_cycle",
        ],
        "a parent that is not there, or a cycle, as ulp-state(5) says (noted)",
    ),
    row(&["export.dropped"], "what the format cannot carry; the node, and what of it (noted)"),
    row(&["map.range"], "too far east or west of the origin's meridian (withheld)"),
    row(&["map.unit"], "the space's unit is no length that is known (withheld)"),
    row(&["cap.incomplete"], "an alert's event with a cause, near or far, that is not there (withheld)"),
    row(&["cap.ambiguous"], "an alert's event with a cause whose name several bear (withheld)"),
    row(&["cap.unordered"], "an alert's event whose causes do not tell of its creation (noted)"),
    row(&["cap.ended"], "an alert's event after its end (withheld)"),
    row(&["cap.area"], "an alert's shape is a line, which surrounds nothing (withheld)"),
    row(&["cap.value"], "a value of an alert that is not on CAP's list (noted)"),
    row(&["cap.realm"], "an alert of realm personal, which is for nobody else (withheld)"),
    row(&["cap.history"], "a state line of an alert, which tells of no event (withheld)"),
    row(
        &[
            "view.space", "view.tile", "view.lane", "view.layer", "view.authority", "view.boundary",
        ],
        "not chosen by the option of that name; a lane by --realm and --policy (withheld)",
    ),
    row(&["view.later", "view.earlier"], "beyond --at or before --since (withheld)"),
    row(
        &["view.unknown_node"],
        "the node of --blame, which no lane of the view knows, or of --node, of which there is no message (noted; status 1)",
    ),
    row(
        &["view.unknown_space", "view.unknown_tile"],
        "chosen by --space or --tile, and nothing that is looked at is of it (noted)",
    ),
    row(&["scope.ignored"], "the space, layer, tile or a node that it names does not exist here"),
    row(
        &[
            "scope.realm", "scope.authority", "scope.boundary", "scope.policy",
        ],
        "looser than a ceiling, or not listed",
    ),
    row(
        &[
            "scope.operation", "scope.actor",
        ],
        "not listed; of a macro, its own operation or a primitive's",
    ),
    row(&["scope.limit"], "longer, or with more parents, than a limit allows"),
    row(&["scope.clock_skew"], "a timestamp too far ahead of the clock; it may come again later"),
    row(
        &["scope.clock"],
        "the clock is not believed (drafts are rejected, of whole events it is noted)",
    ),
    row(&["scope.grant"], "grants stand, and none covers the event"),
    row(&["invariant.missing"], "a dotfile wants it declared, and it is not"),
    row(
        &[
            "invariant.adjacency", "invariant.exclusion", "invariant.consistency",
            "invariant.boundary_discipline", "invariant.authority_nontransfer",
        ],
        "declared, and broken (drafts are rejected, of whole events it is noted)",
    ),
    row(&["invariant.unknown"], "declared, and none of these (noted)"),
    row(&["media.missing"], "a blob that is not where blobs are looked for (noted)"),
    row(&["media.hash"], "a blob whose bytes do not have its hash (noted)"),
    row(&["media.undecoded"], "a recording, model or drawing that could not be decoded (noted)"),
    row(&["signature.missing"], "it should be signed, and is not"),
    row(
        &["signature.malformed"],
        "not exactly the members that it must have, or one of them is not in its one spelling",
    ),
    row(
        &["signature.algorithm"],
        "another algorithm than Ed25519, or another canonical form than JCS-RFC8785",
    ),
    row(&["key.readable"], "a key file that others than its owner may read (noted)"),
    row(
        &["signature.key"],
        "no key in it, not an Ed25519 key, two keys, or a key of small or mixed order",
    ),
    row(&["signature.value"], "the signature does not hold"),
    row(&["signature.actor"], "another key than the actor's or the peer's, or at a time that is not its key's"),
    row(
        &["signature.signer"],
        "not signed by whose signature counts; or about to be signed, and signed already",
    ),
    row(&["signature.revoked"], "the key that signed it is revoked"),
    row(
        &["signature.unbound"],
        "nothing says whose key signed it (noted; rejected where signatures are required)",
    ),
    row(
        &[
            "store.object", "store.length", "store.segment", "store.manifest", "store.page",
            "store.snapshot", "store.index",
        ],
        "what a store holds is not what is said of it",
    ),
    row(&["store.unsafe"], "neither a regular file nor a directory, where only these belong"),
    row(&["store.dotfile"], "a dotfile that is not understood or not readable: it stops every writer"),
    row(
        &["store.stranger"],
        "what belongs to no store lies in one: it is harmless, or stops every writer, as is said",
    ),
    row(
        &[
            "store.leftover", "store.unnamed",
        ],
        "a temporary file, or an object that nothing names: no damage",
    ),
    row(&["store.lane"], "a line of another lane than its segment's"),
    row(&["store.lost"], "a segment that is missing or damaged, or that a manifest says is lost"),
    row(&["store.elsewhere"], "a segment that a pack left out, as its manifest says"),
    row(&["store.missing"], "an object that is named and is not there"),
    row(&["pack.unsafe"], "a pack holds what no pack holds; the run ends"),
    row(&["pack.limit"], "more than may be; when packing, an object larger than a volume"),
    row(&["pack.damaged"], "a part of a pack that was cut off, overwritten or is missing"),
    row(&["pack.lane"], "a line in a segment of another lane"),
    row(&["pack.budget"], "what a budget left behind, lane by lane"),
    row(&["wire.turn"], "a turn of a sync that does not hold or has a line that has no place, or silence"),
    row(&["wire.hash"], "an event or an object that is not what was asked for; nothing of its turn was taken"),
    row(&["wire.peer"], "the other side of a sync is not who it has to be"),
    row(&["wire.rounds"], "finding what differs in a space took too many rounds; the next run does the rest"),
    row(&["wire.refused"], "an event that either side of a sync refuses, so that the two differ by it"),
    row(&["wire.derivation"], "equal histories derive to different states by the same rules"),
    row(&["wire.unexplained"], "two histories differ by more than what was refused"),
    row(&["journal.line"], "a line of a cache's journal that is none"),
    row(&["journal.torn"], "the last line of a cache's journal was cut, and is dropped (noted)"),
    row(&["journal.view"], "a view that does not come out of the lines before it again"),
    row(
        &[
            "sync.absent", "sync.invalid", "sync.expired", "sync.expiring", "sync.unverified", "sync.status",
            "sync.uncertain", "sync.newer", "sync.newer_elsewhere", "sync.changed", "sync.consent",
            "sync.clock",
        ],
        "why a source should be asked again: in a view, see ulp-cache(5), never in a log",
    ),
    row(&["sync.away"], "a road to a manifest, or to what is said of it, that brought nothing"),
    row(&["sync.pointer"], "a command's argument that is to be a pointer's target, where there is no https: URL"),
    row(&["sync.malformed"], "a change event, metadata or a status with a member that is missing or wrong"),
    row(&["sync.subject"], "a manifest, or metadata, of another subject"),
    row(&["sync.rollback"], "a manifest that is older than what its source gave before"),
    row(&["sync.equivocation"], "two change events of one id; that of the smaller hash counts (noted)"),
    row(
        &["um.limit"],
        "a manifest of more than 1 MiB, deeper than 10, with an array of more than 1000, or with longer proofs of claims than 51,200 bytes each and 512,000 together",
    ),
    row(
        &[
            "um.context", "um.id", "um.subject", "um.type", "um.version", "um.issued_at",
            "um.expires_at", "um.signature",
        ],
        "this member of a manifest is missing or wrong",
    ),
    row(&["um.order"], "issued after it expires"),
    row(&["um.expired"], "it has expired (rejected; noted with --allow-expired)"),
    row(&["um.not_yet"], "issued more than 60 s ahead of the clock"),
    row(
        &[
            "um.shards", "um.facets", "um.claims", "um.consents", "um.devices", "um.pointers",
        ],
        "this list of a manifest is no array, or has an item that is not as its version says",
    ),
    row(&["um.jwe"], "an encrypted facet that is no JWE, or of another profile than jwe-inline-v1"),
    row(&["um.tier"], "a required trust tier that is none, or below the manifest's"),
    row(
        &["um.presentation", "um.liveness"],
        "the proof of a presentation, or that somebody was there, lacks a member or is of no known type",
    ),
    row(&["jwe.failed"], "it does not open: changed, or no JWE of the one algorithm pair (noted)"),
    row(&["jwe.no_key"], "sealed to others (noted)"),
    row(&["seal.signed"], "about to be sealed, and signed already; or opened, and holds no more (noted)"),
    row(&["seal.sealed"], "a facet that is to be sealed is sealed already"),
    row(&["seal.none"], "no facet of the kind that is to be sealed"),
    row(&["seal.birth_date"], "no birth date to commit to, or one that cannot be"),
    row(&["seal.opening"], "a second credential where there is room for one opening"),
    row(&["random.seeded"], "what should be random is drawn from a file (noted)"),
    row(&["path.syntax"], "not a path, or not in its one spelling; or a bare tile or lane, which points to nothing"),
    row(&["path.lane"], "a statement speaks of a lane that is not for everyone"),
    row(
        &[
            "statement.knows", "statement.wants", "statement.peer", "statement.proof", "statement.reach",
            "statement.seq", "statement.signature", "statement.ttl", "statement.to", "statement.receipt",
            "statement.height", "statement.previous", "statement.joined", "statement.timestamp",
            "statement.tool", "statement.ranges", "statement.scope", "statement.grants",
            "statement.attestation", "statement.versions", "statement.head", "statement.state_root",
            "statement.events", "statement.chain", "statement.nonce",
        ],
        "this member of a statement is missing or wrong",
    ),
    row(
        &["statement.member"],
        "a member that no statement of its sort has, where its name does not stand in the code",
    ),
    row(&["gossip.long"], "an advert or a want beyond 16 KiB"),
    row(&["gossip.future"], "a statement whose seq is too far ahead of the clock; it may come again later"),
    row(&["gossip.old"], "a statement of which a later one, or it itself, is known (withheld)"),
    row(&["gossip.bound"], "a statement past the bounds of the graph (withheld)"),
    row(&["gossip.expired"], "a statement that was stale when it came: kept, not passed on (withheld)"),
    row(&["gossip.equivocation"], "a peer points a path to two targets with one seq (noted)"),
    row(&["radio.frame"], "a packet that does not parse to its last byte, or parts that make no line of their hash"),
    row(&["radio.long"], "a line beyond 64 parts"),
    row(&["radio.dropped"], "what no frame carries, or what there is no airtime for (noted)"),
    row(&["radio.presence"], "a peer that is there, or wants to meet, and says no more (noted)"),
    row(&["receipt.fields"], "not exactly the members of a receipt, in their one spelling"),
    row(&["receipt.link"], "the receipt that it names as the one before is not that"),
    row(&["receipt.range"], "events that are not there, are others, or were named by a receipt before"),
    row(&["receipt.scope"], "an event of it does not pass under the dotfiles that it names"),
    row(&["receipt.grant"], "an event of it without a grant, or a grant that the dotfiles do not have"),
    row(&["receipt.unverified"], "it builds on what does not hold, or is not here"),
    row(&["receipt.open"], "a receipt that no attestation covers yet (noted)"),
    row(&["attest.version"], "an attestation of a protocol that this version does not know"),
    row(&["attest.root"], "its events, head or state root are not those of its receipts' events"),
    row(&["attest.rollback"], "a later attestation says less than an earlier one (noted)"),
    row(&["attest.fork"], "two attestations of one peer whose chains do not contain each other"),
    row(&["um.status"], "its status is unchecked (noted; rejected with --require-status)"),
    row(&["um.validate"], "the suite's __validate is not one of its words"),
];

/// Whether a code is in the table, or that of a statement's member which nobody knows.
pub fn is_known(code: &str) -> bool {
    code.starts_with("statement.") || CODES.iter().any(|row| row.codes.contains(&code))
}
