//! Nothing that is not for everyone goes on air, nor does anything depend on it.

use super::{NOW, Shack};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

/// What is looked for in every spelling.
const CANARY: &str = "CANARY-of-the-back-room";

fn event(n: u32, space: &str, scope: &str, node: &str) -> String {
    format!(
        r#"{{"actor_id":"user:a","event_id":"evt-{n}","node_id":"{node}","operation":"create_node","scope":{{{scope}}},"space_id":"{space}","timestamp":{}}}"#,
        1_795_000_000 + n
    ) + "\n"
}

/// The bytes of every packet of an output, and the output itself.
fn all_bytes(out: &[u8]) -> Vec<u8> {
    let mut all = out.to_vec();
    let text = String::from_utf8(out.to_vec()).unwrap();
    for packet in text.split("\"packet\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        all.extend(BASE64URL_NOPAD.decode(packet.as_bytes()).unwrap());
    }
    all
}

fn holds_no_canary(bytes: &[u8], what: &str) {
    let text = String::from_utf8_lossy(bytes);
    let spellings = (0..3).map(|cut| BASE64.encode(&CANARY.as_bytes()[cut..])[4..16].to_owned());
    for spelling in spellings.chain([CANARY.to_owned(), HEXLOWER.encode(CANARY.as_bytes())]) {
        assert!(!text.contains(&spelling), "{what}: {spelling} in {text}");
    }
}

#[test]
fn only_what_is_for_everyone_goes_on_air() {
    let shack = Shack::new();
    let shared = event(1, "demo", r#""realm":"team","policy":"public""#, "quay");
    let private: String = [
        r#""realm":"team","policy":"private""#,
        r#""realm":"team","policy":"redacted""#,
        r#""realm":"personal","policy":"public""#,
        r#""policy":"private""#,
        r#""realm":"personal""#,
        r#""policy":7"#,
    ]
    .iter()
    .map(|scope| event(2, "demo", scope, CANARY))
    .collect();
    let alone = shack.radio(&[], &shared);
    let both = shack.radio(&[], &(shared.clone() + &private));
    assert_eq!(alone.stdout, both.stdout);
    assert_eq!(both.status.code(), Some(1), "one of them is malformed");
    holds_no_canary(&all_bytes(&both.stdout), "packets");
    holds_no_canary(&both.stderr, "the log");
    // What a draft would be here decides, where a store says so.
    shack.sh("ulp-store init w; mkdir w/spaces/demo; echo 'policy: private' > w/spaces/demo/.ulp-scope");
    let draft = format!(r#"{{"operation":"x","actor_id":"a","space_id":"demo","note":"{CANARY}"}}"#) + "\n";
    assert_eq!(shack.packets(&[], &draft).len(), 1);
    assert_eq!(shack.packets(&["--store", "w"], &draft).len(), 0);
}

#[test]
fn tags_are_those_of_shared_lanes() {
    let shack = Shack::new();
    let shared = event(1, "demo", r#""realm":"team","policy":"public""#, "quay");
    let private = event(2, "secret", r#""realm":"team","policy":"private""#, CANARY);
    shack.write("shared", &shared);
    shack.write("all", &(shared.clone() + &private));
    shack.sh(&format!(
        "for s in shared all; do ulp-store init w.$s; ulp-append --store w.$s --now {NOW} $s > /dev/null; done"
    ));
    let line = |space: &str| {
        format!(r#"{{"knows":[{{"path":"m/world/{space}","points_to":null}}],"peer":"peer:a","seq":7}}"#)
            + "\n"
    };
    let sent = shack.good(&[], &(line("demo") + &line("secret")));
    let heard = |store: &str| shack.radio(&["--store", store], &sent);
    let (without, with) = (heard("w.shared"), heard("w.all"));
    assert_eq!(without.stdout, with.stdout);
    assert_eq!(without.stderr, with.stderr);
    let lines = String::from_utf8(with.stdout).unwrap();
    assert!(lines.contains("m/world/demo\"") && !lines.contains("secret"));
}
