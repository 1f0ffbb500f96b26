//! `--private-log`, on every tool: what the shared log must not say stands there, for its owner alone.

use super::{read, said, write};
use crate::run;
use std::os::unix::fs::PermissionsExt as _;

/// A line that is refused, and is not for everyone.
const SECRET: &str = r#"{"event_id":"secret-name","timestamp":1730000000000,"actor_id":"u","operation":"create_node","node_id":"n","scope":{"policy":"private"}}"#;

/// What makes a tool read that line; the others read no events, or none that are refused one by one.
fn command(tool: &str) -> (&'static str, bool) {
    match tool {
        "ulp-store" => ("ulp-store heads --store w", false),
        "ulp-import" => ("ulp-import -f csv /dev/null", false),
        "ulp-gossip" => ("ulp-gossip --store w", false),
        "ulp-attest" => ("ulp-attest --rows --store w", false),
        "ulp-radio" => ("ulp-radio in.jsonl", true),
        "ulp-sync" => ("ulp-sync --store w --with 'ulp-sync --serve --store w'", false),
        "ulp-why" => ("ulp-why n in.jsonl", true),
        "um-cache" => ("um-cache --cache copies", false),
        "um-key" => ("um-key did key.pem", false),
        "um-portal" => ("mkdir -p portal; cp key.pem portal; um-portal ledger --portal portal", false),
        "um-seal" => {
            ("um-seal --to did:key:z6LSh6zfJpSAp8142MKt2zeXVBhc5Ze38qhBfK9V8JXoSRWc /dev/null", false)
        }
        "tile-unpack" => ("tile-unpack --store copy packed.tar", false),
        "ulp-append" => ("ulp-append in.jsonl", true),
        "ulp-materialize" => ("ulp-materialize in.jsonl", true),
        "projector-2d" => ("projector-2d in.jsonl", true),
        "projector-3d" => ("projector-3d in.jsonl", true),
        "projector-alert" => ("projector-alert in.jsonl", true),
        "projector-ar" => ("projector-ar --origin 52,-2 in.jsonl", true),
        "projector-map" => ("projector-map --origin 52,-2 in.jsonl", true),
        "projector-physics" => ("projector-physics in.jsonl", true),
        "projector-audio" => ("projector-audio -o sound.wav in.jsonl", true),
        "projector-dashboard" => ("projector-dashboard -f csv in.jsonl", true),
        "tile-pack" => ("tile-pack -o again.tar -f tar in.jsonl", true),
        "um-sign" => ("um-sign in.jsonl", true),
        other => panic!("{other}: how does it come to speak of what is private?"),
    }
}

#[test]
fn every_tool_keeps_what_is_not_for_everyone_apart() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let public = SECRET.replace("000000,", ",").replace("secret-name", "e").replace("private", "public");
    write(at, "in.jsonl", &format!("{public}\n{SECRET}\n"));
    write(at, "public.jsonl", &public);
    run::sh(
        "um-key generate -o key.pem; ulp-store init w; ulp-append --store w < public.jsonl; tile-pack --store w -f tar -o packed.tar; mkdir copies; touch copies/sources.toml",
        at,
    );
    for tool in run::tools() {
        let (line, refuses) = command(tool);
        let log = format!("{tool}.private");
        for times in 1..=2 {
            let said = said(&format!("{line} --private-log {log}"), at);
            assert_eq!(said.status, i32::from(refuses), "{tool}: {said:?}");
            assert!(!said.log.contains("secret-name"), "{tool}: {}", said.log);
            assert!(!refuses || !said.log.contains("\"input\""), "{tool} tells what it read: {}", said.log);
            let mode = std::fs::metadata(at.join(&log)).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o600, "{tool}");
            let kept = read(at, &log);
            let expected = if refuses { times } else { 0 };
            assert_eq!(kept.matches("secret-name").count(), expected, "{tool}: appended {kept}");
            assert_eq!(kept.matches("\"log\":\"witness\"").count(), expected, "{tool}: {kept}");
        }
        // One that was there for others to read is theirs no more; one that cannot be written is a failure.
        write(at, &log, "");
        std::fs::set_permissions(at.join(&log), std::fs::Permissions::from_mode(0o644)).unwrap();
        said(&format!("{line} --private-log {log}"), at);
        assert_eq!(std::fs::metadata(at.join(&log)).unwrap().permissions().mode() & 0o7777, 0o600, "{tool}");
        assert_eq!(said(&format!("{line} --private-log no/such/folder"), at).status, 4, "{tool}");
    }
}
