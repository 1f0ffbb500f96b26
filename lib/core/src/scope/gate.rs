//! The gate: may this line pass.

use super::asks;
use super::clock::Clock;
use super::invariants::{self, Lookup};
use super::named;
use super::rules::{Allowed, MAX_CLOCK_SKEW, Rules};
use super::signed::Signatures;
use super::{Scope, broken};
use crate::event::{Event, MAX_PARENTS, Missing, RegisterKind};
use crate::id::{Authority, Boundary, Policy, Realm, Tile};
use crate::json::{self, raw};
use crate::names;
use crate::pattern::Pattern;
use crate::report::{Note, Refusal};
use crate::state::line::{Body, StateLine};
use foldhash::{HashMap, HashMapExt as _};
use std::borrow::Cow;
use std::fmt::Display;

/// Places that a gate remembers before it begins anew: room for a wide stream, a bound for a hostile one.
const REMEMBERED: usize = 4096;
/// What a limit that no dotfile set is called in refusals.
const BUILT_IN: &str = "built-in";

/// A line passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit<'s> {
    pub notes: Vec<Note>,
    /// The longest canonical form that the rules of the event's place allow, and the file that says so.
    event_bytes: (usize, &'s str),
}

impl Default for Permit<'_> {
    /// That of a line which no rule asks anything.
    fn default() -> Self {
        Permit { notes: Vec::new(), event_bytes: Limits::BUILT_IN.event_bytes }
    }
}

impl Permit<'_> {
    /// The longest canonical form that the event may have.
    pub fn max_event_bytes(&self) -> usize {
        self.event_bytes.0
    }

    /// Whether the event's canonical form may be so many bytes long.
    ///
    /// # Errors
    /// Beyond what any event may have it is `json.too_long`, beyond what the rules allow `scope.limit`.
    pub fn holds(&self, bytes: usize) -> Result<(), Refusal> {
        if bytes > json::EVENT_BYTES {
            return Err(json::Error { fault: json::Fault::TooLong, offset: json::EVENT_BYTES }.into());
        }
        within(bytes, self.event_bytes, "max_event_bytes")
    }
}

/// Says of one line after the other whether it passes. One a thread: it remembers the rules of each place, and keys
/// that were found good.
pub struct Gate<'s> {
    scope: &'s Scope,
    signatures: Signatures,
    places: Vec<Here<'s>>,
    by_name: HashMap<Vec<u8>, usize>,
    /// The place of the line before: neighbouring lines mostly share theirs.
    last: (Vec<u8>, usize),
    key: Vec<u8>,
}

/// For each word, by its place in `ALL`, why it is refused, if it is.
type Verdicts = [Option<String>; 3];
/// Some patterns, and the file in which they stand.
type Lists<'s> = Vec<(&'s str, &'s [Pattern])>;

/// The rules of one place, merged.
struct Here<'s> {
    realm: Verdicts,
    authority: Verdicts,
    boundary: Verdicts,
    policy: Verdicts,
    operations: Lists<'s>,
    actors: Lists<'s>,
    /// Each that must be declared, and the file that says so.
    invariants: Vec<(&'s str, &'s str)>,
    /// The file that asks for signatures.
    signed: Option<&'s str>,
    /// Why no state line passes.
    asks: Option<Refusal>,
    limits: Limits<'s>,
    /// Why the place does not exist.
    ignored: Option<String>,
    nodes: Nodes<'s>,
}

/// The smallest of each limit, and the file that sets it.
#[derive(Clone, Copy)]
struct Limits<'s> {
    event_bytes: (usize, &'s str),
    clock_skew: (i64, &'s str),
    previous_events: (usize, &'s str),
}

impl Limits<'_> {
    const BUILT_IN: Limits<'static> = Limits {
        event_bytes: (json::EVENT_BYTES, BUILT_IN),
        clock_skew: (MAX_CLOCK_SKEW, BUILT_IN),
        previous_events: (MAX_PARENTS, BUILT_IN),
    };
}

/// What `.ulp-ignore` says of a space's nodes.
enum Nodes<'s> {
    /// Nothing: no pattern can match one.
    All,
    /// None exists, for this reason.
    None(String),
    /// Each is looked up, as a file in this directory.
    Each { scope: &'s Scope, dir: String },
}

impl<'s> Gate<'s> {
    pub(super) fn new(scope: &'s Scope) -> Gate<'s> {
        Gate {
            scope,
            signatures: Signatures::new(scope),
            places: Vec::new(),
            by_name: HashMap::new(),
            last: (Vec::new(), 0),
            key: Vec::new(),
        }
    }

    /// Whether an event passes.
    ///
    /// `clock` is `None` for tools that read none. `lookup` answers for what is already known of nodes and parents;
    /// it is asked only about what an event declares to preserve.
    ///
    /// # Errors
    /// The first rule that is broken, its file and key: `scope.*`, `signature.missing`, `invariant.missing`; for a
    /// draft also `invariant.<name>`.
    pub fn permit(
        &mut self,
        event: &Event<'_>,
        clock: Option<Clock>,
        lookup: &dyn Lookup,
    ) -> Result<Permit<'s>, Refusal> {
        self.judge(event, clock, Some(lookup)).map_err(|refusal| event.blame(refusal))
    }

    /// As [`Gate::permit`], but what the event declares to preserve is not looked at: [`hold_to_invariants`] does that.
    ///
    /// # Errors
    /// As [`Gate::permit`].
    pub fn permit_but_for_invariants(
        &mut self,
        event: &Event<'_>,
        clock: Option<Clock>,
    ) -> Result<Permit<'s>, Refusal> {
        self.judge(event, clock, None).map_err(|refusal| event.blame(refusal))
    }

    fn judge(
        &mut self,
        event: &Event<'_>,
        clock: Option<Clock>,
        lookup: Option<&dyn Lookup>,
    ) -> Result<Permit<'s>, Refusal> {
        let mut limits = Limits::BUILT_IN;
        if !self.scope.is_empty() {
            let here = self.here(event.space, Some(event.layer), event.tile);
            here.judge(event)?;
            limits = here.limits;
        }
        let mut permit = Permit { notes: Vec::new(), event_bytes: limits.event_bytes };
        let required =
            !self.scope.is_empty() && self.here(event.space, Some(event.layer), event.tile).signed.is_some();
        permit.notes.extend(self.signatures.judge(event, required, self.scope.verifies_all())?);
        if let Some(clock) = clock {
            permit.notes.extend(look_at_clock(event, clock, limits.clock_skew)?);
        }
        if let Some(lookup) = lookup {
            hold_to_invariants(event, lookup, &mut permit.notes)?;
        }
        Ok(permit)
    }

    /// Whether a state line passes: its lane and its registers under the ceilings, its place and its nodes under
    /// `.ulp-ignore`; where a rule asks who said it, none does.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn permit_state(&mut self, line: &StateLine<'_>) -> Result<(), Refusal> {
        let blame = |mut refusal: Refusal| {
            refusal.shared = line.lane.is_shared();
            refusal
        };
        if self.scope.verifies_all() {
            return Err(blame(Refusal::new("signature.missing", "a state line is signed by nobody")));
        }
        if self.scope.is_empty() {
            return Ok(());
        }
        let layer = layer_of(&line.body);
        self.here(line.space, layer.as_deref(), line.tile).judge_state(line).map_err(blame)
    }

    fn here(&mut self, space: &str, layer: Option<&str>, tile: Tile) -> &Here<'s> {
        self.key.clear();
        if self.scope.is_same_everywhere() {
            if self.places.is_empty() {
                let everywhere = Here::new(self.scope, space, layer, tile);
                self.remember(everywhere);
            }
            return &self.places[0];
        }
        // Neither name holds a control character, so the parts cannot run into each other.
        self.key.extend_from_slice(space.as_bytes());
        self.key.push(0);
        self.key.extend_from_slice(layer.unwrap_or_default().as_bytes());
        self.key.push(0);
        self.key.push(tile.z);
        self.key.extend_from_slice(&tile.x.to_le_bytes());
        self.key.extend_from_slice(&tile.y.to_le_bytes());
        if self.last.0 != self.key {
            let index = match self.by_name.get(&self.key) {
                Some(index) => *index,
                None => self.remember(Here::new(self.scope, space, layer, tile)),
            };
            self.last.0.clone_from(&self.key);
            self.last.1 = index;
        }
        &self.places[self.last.1]
    }

    fn remember(&mut self, here: Here<'s>) -> usize {
        if self.places.len() >= REMEMBERED {
            self.places.clear();
            self.by_name.clear();
        }
        self.places.push(here);
        let index = self.places.len() - 1;
        self.by_name.insert(self.key.clone(), index);
        index
    }
}

impl<'s> Here<'s> {
    fn new(scope: &'s Scope, space: &str, layer: Option<&str>, tile: Tile) -> Here<'s> {
        let chain = scope.chain_to(Some(space), layer, Some(tile.into()));
        let space_dir = format!("spaces/{}", names::encode(space));
        let layer_dir = layer.map(|l| format!("{space_dir}/layers/{}", names::encode(l)));
        let tile_dir = format!("{space_dir}/tiles/{tile}");
        let ignored = ignored_directory(scope, &tile_dir).or_else(|| ignored_directory(scope, &layer_dir?));
        Here {
            realm: verdicts(&chain, "realm", Realm::ALL, |r| r.realm.as_ref()),
            authority: verdicts(&chain, "authority", Authority::ALL, |r| r.authority.as_ref()),
            boundary: verdicts(&chain, "boundary", Boundary::ALL, |r| r.boundary.as_ref()),
            policy: verdicts(&chain, "policy", Policy::ALL, |r| r.policy.as_ref()),
            operations: lists(&chain, |r| r.operations.as_deref()),
            actors: lists(&chain, |r| r.actors.as_deref()),
            invariants: chain
                .iter()
                .flat_map(|r| r.invariants.iter().map(|i| (i.as_str(), r.file.as_str())))
                .collect(),
            signed: chain.iter().find(|r| r.signed).map(|r| r.file.as_str()),
            asks: asks::of_state_lines(scope, space, tile),
            limits: limits(&chain),
            ignored,
            nodes: Nodes::new(scope, format!("{space_dir}/nodes")),
        }
    }

    fn judge(&self, event: &Event<'_>) -> Result<(), Refusal> {
        self.exists(|each| named::find(event.payload, each))?;
        let scope = event.scope;
        stands("scope.realm", &self.realm[scope.realm as usize])?;
        stands("scope.authority", &self.authority[scope.authority as usize])?;
        stands("scope.boundary", &self.boundary[scope.boundary as usize])?;
        stands("scope.policy", &self.policy[scope.policy as usize])?;
        self.may_do(event)?;
        is_listed(&self.actors, event.actor, "scope.actor", "actors")?;
        within(event.line.len(), self.limits.event_bytes, "max_event_bytes")?;
        within(event.parents.len(), self.limits.previous_events, "max_previous_events")?;
        self.is_signed(event.signature.is_some())?;
        match self.invariants.iter().find(|(name, _)| !event.invariants.contains(name)) {
            Some((name, file)) => {
                Err(broken("invariant.missing", file, "invariants", format_args!("{name} is not declared")))
            }
            None => Ok(()),
        }
    }

    fn judge_state(&self, line: &StateLine<'_>) -> Result<(), Refusal> {
        self.exists(|each| named::find_in_state(&line.body, each))?;
        stands("scope.realm", &self.realm[line.lane.realm as usize])?;
        if let Body::Node { registers, .. } = &line.body {
            for written in *registers {
                self.register_stands(written.register.kind, written.value)?;
            }
        }
        stands("scope.policy", &self.policy[line.lane.policy as usize])?;
        self.asks.clone().map_or(Ok(()), Err)
    }

    /// Holds the words with which a node was created to their ceilings.
    fn register_stands(&self, kind: RegisterKind, value: &str) -> Result<(), Refusal> {
        let word = || raw::text(value);
        match kind {
            RegisterKind::Authority => match word().and_then(|w| w.parse::<Authority>().ok()) {
                Some(word) => stands("scope.authority", &self.authority[word as usize]),
                None => Ok(()),
            },
            RegisterKind::Boundary => match word().and_then(|w| w.parse::<Boundary>().ok()) {
                Some(word) => stands("scope.boundary", &self.boundary[word as usize]),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Whether the place and every node that is named exist.
    fn exists<'n>(
        &self,
        find: impl FnOnce(&mut dyn FnMut(Cow<'n, str>) -> Option<String>) -> Option<String>,
    ) -> Result<(), Refusal> {
        if let Some(reason) = &self.ignored {
            return Err(Refusal::new("scope.ignored", reason.as_str()));
        }
        let ignored = match &self.nodes {
            Nodes::All => None,
            Nodes::None(reason) => find(&mut |_| Some(reason.clone())),
            Nodes::Each { scope, dir } => {
                find(&mut |node| ignored_file(scope, &format!("{dir}/{}", names::encode(&node))))
            }
        };
        match ignored {
            Some(reason) => Err(Refusal::new("scope.ignored", reason)),
            None => Ok(()),
        }
    }

    /// Whether the operation is allowed, and each primitive's of a macro.
    fn may_do(&self, event: &Event<'_>) -> Result<(), Refusal> {
        if self.operations.is_empty() {
            return Ok(());
        }
        event
            .operations()
            .try_for_each(|operation| is_listed(&self.operations, operation, "scope.operation", "operations"))
    }

    fn is_signed(&self, signed: bool) -> Result<(), Refusal> {
        match self.signed {
            Some(file) if !signed => {
                Err(broken("signature.missing", file, "signature", "it is required, and there is none"))
            }
            _ => Ok(()),
        }
    }
}

impl<'s> Nodes<'s> {
    fn new(scope: &'s Scope, dir: String) -> Nodes<'s> {
        if scope.ignores.iter().all(|tree| tree.above(std::slice::from_ref(&dir)).next().is_none()) {
            return Nodes::All;
        }
        match ignored_directory(scope, &dir) {
            Some(reason) => Nodes::None(reason),
            None => Nodes::Each { scope, dir },
        }
    }
}

/// The layer that a state line speaks of, where it speaks of one.
fn layer_of<'a>(body: &Body<'a>) -> Option<Cow<'a, str>> {
    match body {
        Body::Node { registers, .. } => {
            let layer = registers.iter().find(|w| w.register.kind == RegisterKind::Layer);
            layer.and_then(|w| raw::text(w.value))
        }
        Body::Sensor(reading) => raw::text(reading.sensor.layer),
        Body::Tile { .. } | Body::Link { .. } => None,
    }
}

fn verdicts<'s, T: Ord + Copy + Display + 's>(
    chain: &[&'s Rules],
    key: &str,
    all: &[T],
    rule: impl Fn(&'s Rules) -> Option<&'s Allowed<T>>,
) -> Verdicts {
    let why = |word: T| {
        let broken = chain.iter().find_map(|r| rule(r).filter(|a| !a.allows(word)).map(|a| (r, a)));
        broken.map(|(rules, allowed)| match allowed {
            Allowed::UpTo(ceiling) => format!("{}: {key}: {word} is looser than {ceiling}", rules.file),
            Allowed::OneOf(_) => format!("{}: {key}: {word} is not listed", rules.file),
        })
    };
    [0, 1, 2].map(|i| all.get(i).copied().and_then(why))
}

fn lists<'s>(chain: &[&'s Rules], list: impl Fn(&'s Rules) -> Option<&'s [Pattern]>) -> Lists<'s> {
    chain.iter().filter_map(|r| list(r).map(|l| (r.file.as_str(), l))).collect()
}

fn limits<'s>(chain: &[&'s Rules]) -> Limits<'s> {
    let mut limits = Limits::BUILT_IN;
    for rules in chain {
        lower(&mut limits.event_bytes, rules.limits.max_event_bytes, &rules.file);
        lower(&mut limits.clock_skew, rules.limits.max_clock_skew, &rules.file);
        lower(&mut limits.previous_events, rules.limits.max_previous_events, &rules.file);
    }
    limits
}

fn lower<'s, T: PartialOrd>(limit: &mut (T, &'s str), other: Option<T>, file: &'s str) {
    if let Some(other) = other.filter(|o| *o < limit.0) {
        *limit = (other, file);
    }
}

fn stands(code: &'static str, verdict: &Option<String>) -> Result<(), Refusal> {
    match verdict {
        Some(reason) => Err(Refusal::new(code, reason.as_str())),
        None => Ok(()),
    }
}

fn is_listed(lists: &Lists<'_>, name: &str, code: &'static str, key: &str) -> Result<(), Refusal> {
    match lists.iter().find(|(_, patterns)| !patterns.iter().any(|p| p.matches(name))) {
        Some((file, _)) => Err(broken(code, file, key, format_args!("{name} is not listed"))),
        None => Ok(()),
    }
}

fn within(count: usize, (most, file): (usize, &str), key: &str) -> Result<(), Refusal> {
    if count > most {
        return Err(broken(
            "scope.limit",
            file,
            &format!("limits.{key}"),
            format_args!("{count} is more than {most}"),
        ));
    }
    Ok(())
}

fn ignored_directory(scope: &Scope, path: &str) -> Option<String> {
    let found = scope.ignores.iter().find_map(|tree| tree.directory(path));
    found.map(|(file, pattern)| format!("{file}: {pattern}: {path} does not exist here"))
}

fn ignored_file(scope: &Scope, path: &str) -> Option<String> {
    let found = scope.ignores.iter().find_map(|tree| tree.file(path));
    found.map(|(file, pattern)| format!("{file}: {pattern}: {path} does not exist here"))
}

/// Refuses a timestamp that lies too far ahead. A clock that cannot be believed refuses drafts, which would be
/// written under it; an event that happened elsewhere is not its matter.
fn look_at_clock(
    event: &Event<'_>,
    clock: Clock,
    (skew, file): (i64, &str),
) -> Result<Option<Note>, Refusal> {
    let now = match clock.believed(skew) {
        Ok(now) => now,
        Err(detail) if event.is_draft() => return Err(Refusal::new("scope.clock", detail)),
        Err(detail) => return Ok(Some(Note { code: "scope.clock", detail })),
    };
    let is_stamped = !event.missing.has(Missing::TIMESTAMP);
    if is_stamped && event.time.0 > now.0.saturating_add(skew) {
        let reason =
            format_args!("{} is more than {} s ahead of the clock", event.time, skew / 1_000_000_000);
        return Err(broken("scope.clock_skew", file, "limits.max_clock_skew", reason));
    }
    Ok(None)
}

/// Holds an event to what it declares: a draft that breaks one is refused, of a whole event it is noted.
///
/// # Errors
/// The first invariant that a draft breaks.
pub fn hold_to_invariants(
    event: &Event<'_>,
    lookup: &dyn Lookup,
    notes: &mut Vec<Note>,
) -> Result<(), Refusal> {
    for name in event.invariants {
        let Some(invariant) = invariants::named(name) else {
            notes.push(Note { code: "invariant.unknown", detail: (*name).to_owned() });
            continue;
        };
        match (invariant.broken)(event, lookup) {
            Some(detail) if event.is_draft() => return Err(Refusal::new(invariant.code, detail)),
            Some(detail) => notes.push(Note { code: invariant.code, detail }),
            None => {}
        }
    }
    Ok(())
}
