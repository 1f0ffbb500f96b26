//! State lines at the gate: they pass ceilings and `.ulp-ignore` as events do, and are refused where rules ask who
//! said something.

use super::{code, outcome, scope};

/// One of each kind, all of one place. The node names two others, the reading one, the link two.
const LINES: [(&str, &str); 4] = [
    ("tile", r#""operation":"tile_state","recent":["1/e"]"#),
    (
        "node",
        r#""operation":"node_state","node_id":"n","created":"1/e","layer":"l","boundary":"exterior","authority":"source","absorbed_into":"n2","transform":{"parent":"n3"}"#,
    ),
    (
        "link",
        r#""operation":"link_state","from_node":"n","relation":"link","to_node":"n2","adds":{"e":{"key":"1/e"}}"#,
    ),
    (
        "sensor",
        r#""operation":"sensor_state","actor_id":"user:a","sensor":"t","value":1,"timestamp":1,"key":"1/e","layer_id":"l","node_id":"n2""#,
    ),
];

fn line(body: &str) -> String {
    format!(r#"{{"space_id":"s","tile":"z0/x3/y-1","scope":{{"realm":"team","policy":"public"}},{body}}}"#)
}

/// What becomes of each kind.
fn codes(path: &str, text: &str) -> [String; 4] {
    let scope = scope(&[(path, text)]);
    LINES.map(|(_, body)| code(&scope, &line(body)))
}

#[test]
fn where_rules_ask_who_said_it_no_state_line_passes() {
    let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    let in_root = [
        (format!("keys: {{\"user:a\": [{{did: \"{did}\"}}]}}\n"), "signature.missing", "keys"),
        ("federation: {grants: []}\n".to_owned(), "signature.missing", "federation.grants"),
    ];
    for (text, expected, key) in in_root {
        assert_eq!(codes(".ulp-root", &text), [expected; 4]);
        let detail = outcome(&scope(&[(".ulp-root", &text)]), &line(LINES[3].1)).unwrap_err().detail;
        assert!(detail.starts_with(&format!(".ulp-root: {key}: ")), "{detail}");
    }
    let places = [
        ".ulp-root",
        "spaces/s/.ulp-scope",
        "spaces/s/tiles/z0/.ulp-scope",
        "spaces/s/tiles/z0/x3/.ulp-scope",
        "spaces/s/tiles/z0/x3/y-1/.ulp-scope",
        "spaces/s/layers/l/.ulp-scope",
        "spaces/s/layers/another/.ulp-scope",
    ];
    for (text, expected) in [
        ("signature: required\n", "signature.missing"),
        ("operations: [\"create_*\", sensor_reading]\n", "scope.operation"),
        ("operations: []\n", "scope.operation"),
        ("actors: [\"user:*\"]\n", "scope.actor"),
        ("operations: [\"*\"]\nactors: [x, \"*\"]\n", "ok"),
        ("limits: {max_event_bytes: 1}\n", "ok"),
        ("defaults: {actor_id: x}\n", "ok"),
    ] {
        for place in places {
            assert_eq!(codes(place, text), [expected; 4], "{place}: {text}");
            if expected != "ok" {
                let (key, _) = text.split_once(':').unwrap();
                let detail = outcome(&scope(&[(place, text)]), &line(LINES[0].1)).unwrap_err().detail;
                assert!(detail.starts_with(&format!("{place}: {key}: ")), "{detail}");
            }
        }
        for elsewhere in [
            "spaces/t/.ulp-scope",
            "spaces/t/layers/l/.ulp-scope",
            "spaces/s/tiles/z1/.ulp-scope",
            "spaces/s/tiles/z0/x4/.ulp-scope",
            "spaces/s/tiles/z0/x3/y1/.ulp-scope",
        ] {
            assert_eq!(codes(elsewhere, text), ["ok"; 4], "{elsewhere}: {text}");
        }
    }
    let revoked = format!("revoked: [\"{did}\"]\nkeys: {{}}\ninvariants: [consistency]\n");
    assert_eq!(codes(".ulp-root", &revoked), ["ok"; 4]);
}

#[test]
fn the_first_question_is_the_answer() {
    let rules = [
        (".ulp-root", "federation: {grants: []}\nactors: [x]\n"),
        ("spaces/s/.ulp-scope", "operations: [x]\n"),
        ("spaces/s/layers/a/.ulp-scope", "signature: required\n"),
        ("spaces/s/layers/b/.ulp-scope", "signature: required\nactors: [y]\n"),
    ];
    let said = |rules: &[(&str, &str)]| {
        let refusal = outcome(&scope(rules), &line(LINES[0].1)).unwrap_err();
        format!("{} {}", refusal.code, refusal.detail.split(": ").take(2).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(said(&rules), "signature.missing spaces/s/layers/a/.ulp-scope signature");
    assert_eq!(said(&rules[..2]), "signature.missing .ulp-root federation.grants");
    let (root, rest) = ((".ulp-root", "actors: [x]\n"), rules[1]);
    assert_eq!(said(&[root, rest]), "scope.operation spaces/s/.ulp-scope operations");
    assert_eq!(said(&[root]), "scope.actor .ulp-root actors");
    // A lane that is too loose, and a place that does not exist, are seen before.
    assert!(said(&[root, (".ulp-ignore", "z0\n")]).starts_with("scope.ignored"));
    assert!(said(&[root, ("spaces/s/.ulp-scope", "realm: personal\n")]).starts_with("scope.realm"));
}

#[test]
fn ceilings_and_ignored_paths_hold_for_each_kind() {
    let all = |path: &str, text: &str, expected: &str| assert_eq!(codes(path, text), [expected; 4], "{text}");
    all(".ulp-root", "realm: team\n", "ok");
    all(".ulp-root", "realm: personal\n", "scope.realm");
    all(".ulp-root", "policy: [redacted]\n", "scope.policy");
    all(".ulp-ignore", "z0\n", "scope.ignored");
    all(".ulp-ignore", "/spaces/s\n", "scope.ignored");
    let some = |path: &str, text: &str, expected: &str, kinds: &[&str]| {
        let expected = LINES.map(|(kind, _)| if kinds.contains(&kind) { expected } else { "ok" });
        assert_eq!(codes(path, text), expected, "{path}: {text}");
    };
    some("spaces/s/layers/l/.ulp-scope", "boundary: interior\n", "scope.boundary", &["node"]);
    some("spaces/s/layers/l/.ulp-scope", "authority: derived\n", "scope.authority", &["node"]);
    some("spaces/s/layers/l/.ulp-scope", "realm: personal\n", "scope.realm", &["node", "sensor"]);
    some("spaces/s/layers/m/.ulp-scope", "boundary: interior\n", "scope.boundary", &[]);
    some("spaces/s/.ulp-ignore", "layers/l\n", "scope.ignored", &["node", "sensor"]);
    some("spaces/s/.ulp-ignore", "nodes/n\n", "scope.ignored", &["node", "link"]);
    some("spaces/s/.ulp-ignore", "nodes/n2\n", "scope.ignored", &["node", "link", "sensor"]);
    some("spaces/s/.ulp-ignore", "nodes/n3\n", "scope.ignored", &["node"]);
}
