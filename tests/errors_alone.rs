//! `--log errors`: nothing on stderr where all is well, and where it is not, what failed and the witness.

use crate::run;
use std::path::Path;

/// What a tool does where all is well; what it does where something is refused, and with which status; and what
/// stderr says of that: the values of `log`, in order, and a piece of the text.
type Row = (&'static str, &'static str, (&'static str, i32), (&'static str, &'static str));

const TRACE: &str = "head -20 examples/flood/trace.jsonl";
const REJECTED: &str = "boundary witness";
const DAMAGED: &str = "boundary boundary witness";

const ROWS: &[Row] = &[
    (
        "ulp-append",
        "ulp-append --store w $E; ulp-append --store w $E",
        ("ulp-append --store w $E", 1),
        (REJECTED, "payload.node_id"),
    ),
    (
        "ulp-import",
        "printf 'node_id\\na\\n' | ulp-import -f csv $E",
        ("printf 'node_id\\na\\na\\n' | ulp-import -f csv $E", 1),
        (REJECTED, "import.repeated"),
    ),
    ("ulp-materialize", "ulp-materialize $E", ("ulp-materialize $E", 1), (REJECTED, "payload.node_id")),
    ("projector-2d", "projector-2d -f svg $E", ("projector-2d $E", 1), (REJECTED, "payload.node_id")),
    ("projector-3d", "projector-3d -f html $E", ("projector-3d $E", 1), (REJECTED, "payload.node_id")),
    ("projector-alert", "projector-alert $E", ("projector-alert $E", 1), (REJECTED, "payload.node_id")),
    #[cfg(feature = "physics")]
    ("projector-physics", "projector-physics $E", ("projector-physics $E", 1), (REJECTED, "payload.node_id")),
    (
        "projector-ar",
        "projector-ar --origin 52,-2 -f html $E",
        ("projector-ar --origin 52,-2 $E", 1),
        (REJECTED, "payload.node_id"),
    ),
    (
        "projector-map",
        "projector-map --origin 52,-2 -f kml $E",
        ("projector-map --origin 52,-2 $E", 1),
        (REJECTED, "payload.node_id"),
    ),
    ("projector-audio", "projector-audio $E", ("projector-audio $E", 1), (REJECTED, "payload.node_id")),
    (
        "projector-dashboard",
        "projector-dashboard -f prom $E",
        ("projector-dashboard $E", 1),
        (REJECTED, "payload.node_id"),
    ),
    ("tile-pack", "tile-pack -f dir -o bag $E", ("tile-pack $E", 1), (REJECTED, "payload.node_id")),
    (
        "tile-unpack",
        "tile-pack $E | tile-unpack --store w $E",
        ("tile-unpack --store w $E", 3),
        (REJECTED, "pack.damaged"),
    ),
    (
        "ulp-store",
        "ulp-append --store w $E; ulp-store check --store w $E; ulp-store prune --store w $E",
        (
            "ulp-append --store w $E < examples/flood/trace.jsonl > /dev/null; \
             for f in $(find w/objects -type f); do chmod u+w $f; echo >> $f; done; \
             ulp-store check --store w $E",
            3,
        ),
        (DAMAGED, "store.length"),
    ),
    (
        "um-key",
        "um-key generate -o k.pem $E; um-key did k.pem $E",
        ("um-key did nowhere.pem $E", 4),
        ("failure", "nowhere.pem: No such file"),
    ),
    (
        "um-sign",
        "um-key generate -o k.pem $E; um-sign --key k.pem $E",
        ("um-sign --verify $E", 1),
        (REJECTED, "signature.missing"),
    ),
    (
        "um-seal",
        "um-seal --generate -o k.pem $E; um-seal --open --key k.pem $E",
        ("um-seal --generate -o l.pem $E; um-seal --commit --opening o.json $E", 1),
        (REJECTED, "seal.birth_date"),
    ),
    (
        "um-cache",
        "mkdir copies; touch copies/sources.toml; um-cache --cache copies $E; um-cache --cache copies --replay $E",
        (
            "mkdir copies; echo 'source = [{name = \"a\", subject = \"b\", role = \"relay\", manifest = \"nowhere\"}]' \
             > copies/sources.toml; um-cache --cache copies $E",
            1,
        ),
        (REJECTED, "sync.away"),
    ),
    (
        "um-portal",
        "mkdir portal; um-key generate -o portal/key.pem $E; um-portal ledger --portal portal $E < /dev/null; \
         um-portal ledger --portal portal --check $E; um-portal enter --portal portal $E < /dev/null",
        (
            "mkdir portal; um-key generate -o portal/key.pem $E; echo '{}' | um-portal enter --portal portal $E",
            1,
        ),
        (REJECTED, "um.context"),
    ),
    (
        "ulp-sync",
        "ulp-append --store w $E; ulp-store init v $E; ulp-sync --store w $E --with 'ulp-sync --serve --store v $E'",
        ("ulp-sync --store w $E --with true", 4),
        (REJECTED, "wire.turn"),
    ),
    (
        "ulp-gossip",
        "ulp-gossip --graph g $E; ulp-gossip --graph g --store w $E",
        ("echo '{\"peer\":\"x\"}' | ulp-gossip $E", 1),
        (REJECTED, "statement.knows"),
    ),
    (
        "ulp-attest",
        "ulp-append --store w $E; ulp-attest --store w --rows $E",
        ("echo '{\"peer\":\"x\",\"receipt\":1}' | ulp-attest --verify $E", 1),
        (REJECTED, "receipt.fields"),
    ),
    (
        "ulp-why",
        "ulp-why $(head -1 examples/flood/trace.jsonl | jq -r .event_id) $E",
        ("ulp-why $(head -1 examples/flood/trace.jsonl | jq -r .event_id) $E", 1),
        (REJECTED, "payload.node_id"),
    ),
    (
        "ulp-radio",
        "ulp-radio $E",
        ("echo '{\"packet\":\"AA\"}' | ulp-radio $E", 1),
        (REJECTED, "radio.frame"),
    ),
];

/// Runs a script in a store of its own, on some lines; its status, and what is on stderr.
fn errors(script: &str, lines: &str) -> (i32, String) {
    let dir = run::checkout();
    let script = format!("ulp-store init w $E && {{ {lines}; }} | {{ {script}; }} > /dev/null");
    let output = run::shell(&script.replace("$E", "--log errors"), dir.path());
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The value of `log` in each line.
fn kinds(log: &str) -> String {
    let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let kinds: Vec<String> = log.lines().map(|l| line(l)["log"].as_str().unwrap().to_owned()).collect();
    kinds.join(" ")
}

#[test]
fn every_tool_is_silent_where_all_is_well() {
    for (tool, well, ..) in ROWS.iter().copied() {
        assert_eq!(errors(well, TRACE), (0, String::new()), "{tool}");
    }
    let tools = run::tools();
    assert!(tools.iter().all(|tool| ROWS.iter().any(|row| row.0 == *tool)), "a tool has no row");
}

#[test]
fn every_tool_says_what_fails_and_nothing_else() {
    let lines = format!(
        r#"{TRACE}; echo '{{"timestamp":1,"operation":"create_node","event_id":"e","actor_id":"a"}}'"#
    );
    for (tool, _, (ill, status), (kind, piece)) in ROWS.iter().copied() {
        let (ended, log) = errors(ill, &lines);
        assert_eq!((ended, kinds(&log).split(' ').next()), (status, kind.split(' ').next()), "{tool}: {log}");
        assert_eq!(kinds(&log).split(' ').next_back(), kind.split(' ').next_back(), "{tool}: {log}");
        assert!(log.contains(piece), "{tool}: {log}");
        assert!(log.contains("\"action\":\"rejected\"") || kind != REJECTED, "{tool}: {log}");
        assert!(!log.contains("\"action\":\"withheld\""), "{tool}: {log}");
    }
}

#[test]
fn what_is_only_odd_is_left_out() {
    // A kind that is withheld, a duplicate, a parent that nobody knows, a manifest that has expired.
    let odd = r#"echo '{"log":"witness"}'; head -1 examples/flood/trace.jsonl; head -1 examples/flood/trace.jsonl
        echo '{"event_id":"e","timestamp":1,"operation":"x","actor_id":"a","previous_events":["none"]}'"#;
    for tool in ["ulp-append", "ulp-materialize", "projector-2d"] {
        assert_eq!(errors(&format!("{tool} --log errors"), odd), (0, String::new()), "{tool}");
    }
    let expired = r#"echo '{"@context":"x","@id":"urn:x","@type":"um:Manifest","manifestVersion":"0.1","subject":"s",
        "issuedAt":"2020-01-01T00:00:00Z","expiresAt":"2020-01-02T00:00:00Z"}'"#;
    let script = "um-sign --check fresh --allow-expired";
    assert_eq!(errors(&format!("{script} --log errors"), expired), (0, String::new()));
    assert!(errors(script, expired).1.contains("um.expired"), "it is said otherwise");
}

#[test]
fn a_failure_is_one_line_whenever_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let said = |script: &str| {
        let output = run::shell(script, dir.path());
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for tool in run::tools() {
        // The command line is not understood, before and after the option; a file is not there; nor is stdout.
        for (script, status, piece) in [
            ("--nonsense --log errors", 2, "--nonsense"),
            ("--log=errors --nonsense", 2, "--nonsense"),
            ("--log errors --log-all", 2, "--log"),
            ("--log errors --private-log no/where", 4, "no/where"),
        ] {
            let rest = match tool {
                "tile-unpack" => " --test",
                "ulp-sync" if status == 4 || script.ends_with("all") => " --serve --store nowhere",
                "ulp-store" if status == 4 || script.ends_with("all") => " stat --store nowhere",
                "ulp-import" if status == 4 || script.ends_with("all") => " -f csv",
                "um-seal" if status == 4 || script.ends_with("all") => " --open --key nowhere",
                "um-cache" if status == 4 || script.ends_with("all") => " --cache nowhere",
                "um-portal" if status == 4 || script.ends_with("all") => " ledger --portal nowhere",
                "ulp-why" if status == 4 || script.ends_with("all") => " n",
                "um-key" if status == 4 || script.ends_with("all") => " did nowhere",
                _ => "",
            };
            let (ended, log) = said(&format!("{tool} {script}{rest} < /dev/null"));
            assert_eq!((ended, kinds(&log).as_str()), (status, "failure"), "{tool} {script}: {log}");
            let line: serde_json::Value = serde_json::from_str(&log).unwrap();
            assert_eq!((&line["tool"], &line["status"]), (&tool.into(), &status.into()), "{log}");
            assert!(line["detail"].as_str().unwrap().contains(piece), "{tool} {script}: {log}");
        }
        assert_eq!(said(&format!("{tool} --log errors --help > /dev/null")), (0, String::new()));
    }
    assert!(said("ulp-materialize -- --log errors < /dev/null").1.starts_with("ulp-materialize: "));
}

#[test]
fn a_run_that_fails_after_its_witness_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    // The file takes its name last; its directory went away meanwhile.
    let script = "mkdir d; { sleep 0.3; rm -r d; } | ulp-materialize --log errors -o d/out";
    let output = run::shell(script, dir.path());
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), kinds(&log).as_str()), (Some(4), "witness failure"), "{log}");
}

#[test]
fn the_private_log_has_what_it_has_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let secret = r#"{"event_id":"e","timestamp":1,"operation":"create_node","scope":{"policy":"private"}}"#;
    let said = |log: &str| {
        let script = format!("echo '{secret}' | ulp-append --log {log} --private-log {log}.log");
        let output = run::shell(&script, dir.path());
        let private = std::fs::read_to_string(Path::new(dir.path()).join(format!("{log}.log"))).unwrap();
        (String::from_utf8(output.stderr).unwrap(), private)
    };
    assert_eq!(said("errors"), said("json"));
}
