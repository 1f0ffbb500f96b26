//! Dotfiles and lines, and what comes of them.

use super::*;
use crate::event::{Line, Reader, Refusal};
use crate::id::{Authority, Boundary, Tile, Time};
use crate::kind::Kind;
use bumpalo::Bump;
use std::fs;
use tempfile::TempDir;

mod states;

fn dir(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn scope(files: &[(&str, &str)]) -> Scope {
    Scope::discover(dir(files).path()).unwrap()
}

/// The error of a load, from the path below the directory on.
fn fault(files: &[(&str, &str)]) -> String {
    let dir = dir(files);
    let error = Scope::discover(dir.path()).expect_err("not understood");
    assert_eq!(error.kind(), Kind::Usage);
    error.to_string().replace(&format!("{}/", dir.path().display()), "")
}

/// What becomes of a line: its refusal, or the codes that are noted.
fn outcome(scope: &Scope, line: &str) -> Result<Vec<&'static str>, Refusal> {
    judged(scope, line, None, &NoStore)
}

fn judged(
    scope: &Scope,
    line: &str,
    clock: Option<Clock>,
    lookup: &dyn Lookup,
) -> Result<Vec<&'static str>, Refusal> {
    let arena = Bump::new();
    match Reader::new(&arena, scope.defaults()).with_drafts().read(line)? {
        Line::Event(event) => {
            let permit = scope.gate().permit(&event, clock, lookup)?;
            Ok(permit.notes.iter().map(|n| n.code).collect())
        }
        Line::State(state) => scope.gate().permit_state(&state).map(|()| Vec::new()),
        Line::Other(kind) => Err(kind.no_event()),
    }
}

fn code(scope: &Scope, line: &str) -> String {
    match outcome(scope, line) {
        Ok(notes) if notes.is_empty() => "ok".to_owned(),
        Ok(notes) => format!("ok {}", notes.join(" ")),
        Err(refusal) => refusal.code.into_owned(),
    }
}

/// A whole event with some members more.
fn event(more: &str) -> String {
    format!(r#"{{"event_id":"e","timestamp":1,"actor_id":"user:a",{more}}}"#)
}

const DELETE: &str = r#""operation":"delete_node","node_id":"n""#;

#[test]
fn without_dotfiles_everything_passes() {
    let none = Scope::default();
    assert!(none.is_empty() && none.digest().is_none() && none.rules(None, None, None).is_empty());
    assert_eq!(code(&none, &event(DELETE)), "ok");
    let empty = scope(&[("spaces/x/README", "no rules")]);
    assert!(empty.is_empty());
}

#[test]
fn a_scope_is_shared_by_threads_and_remembers_no_more_than_it_may() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    let scope =
        scope(&[("spaces/s4999/.ulp-scope", "realm: personal\n"), ("spaces/s0/.ulp-scope", "actors: [x]\n")]);
    is_shared(&scope);
    let arena = Bump::new();
    let mut gate = scope.gate();
    let mut refused = 0;
    for n in (0..5000).chain(0..5000) {
        let line =
            arena.alloc_str(&event(&format!(r#""space_id":"s{n}","scope":{{"realm":"team"}},{DELETE}"#)));
        let Ok(Line::Event(event)) = Reader::new(&arena, scope.defaults()).read(line) else {
            panic!("{line}")
        };
        refused += usize::from(gate.permit(&event, None, &NoStore).is_err());
    }
    assert_eq!(refused, 4);
}

#[test]
fn the_example_of_the_page_is_understood() {
    let scope = scope(&[
        (
            ".ulp-root",
            "version: 1\ninvariants: [consistency, authority_nontransfer]\n\
             defaults: {space_id: demo, layer_id: layout}\ngrid: {tile_size: 1024, tile_zoom: 0}\n\
             limits: {max_clock_skew: 10m}\n",
        ),
        (
            "spaces/demo/.ulp-scope",
            "realm: team\nboundary: [interior, boundary]\noperations: [create_node, \"update_*\", sensor_reading]\n\
             actors: [\"user:*\", \"node:esp32_*\"]\nsignature: required\n",
        ),
    ]);
    let kept = r#""preserves_invariants":["consistency","authority_nontransfer"]"#;
    assert_eq!(code(&scope, &event(&format!("{kept},{DELETE}"))), "scope.operation");
    let line = event(&format!(
        r#"{kept},"operation":"create_node","node_id":"n","transform":{{"position":[2000,-1]}}"#
    ));
    assert_eq!(code(&scope, &line), "signature.missing");
    assert_eq!(scope.defaults().grid.unwrap().tile_of(2000.0, -1.0).unwrap().to_string(), "z0/x1/y-1");
    assert_eq!(
        outcome(&scope, &line).unwrap_err().detail,
        "spaces/demo/.ulp-scope: signature: it is required, and there is none"
    );
    let elsewhere = event(&format!(r#""space_id":"other",{kept},{DELETE}"#));
    assert_eq!(code(&scope, &elsewhere), "ok");
    assert_eq!(code(&scope, &event(&format!(r#""space_id":"other",{DELETE}"#))), "invariant.missing");
}

#[test]
fn trust_is_read_as_it_stands() {
    let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    let text = format!(
        "keys:\n  \"user:alice\": [{{did: \"{did}\", from: 2026-01-01T00:00:00Z, until: 2027-01-01T00:00:00Z}}]\n\
         revoked: [\"{did}\"]\nfederation:\n  grants:\n    - {{to: \"{did}\", realm: team, spaces: [\"demo\"], \
         tiles: [\"z0/*\"], operations: [\"*\"], until: 2027-01-01T00:00:00Z}}\nforeign: true\n"
    );
    let scope = scope(&[(".ulp-root", &text)]);
    let rules = scope.authority();
    let key = &rules.keys[0].keys[0];
    assert_eq!((key.did.to_string().as_str(), key.from), (did, Some(Time(1_767_225_600_000_000_000))));
    assert!(rules.revoked.contains(&key.did));
    let grant = &rules.grants.as_ref().unwrap()[0];
    assert!(grant.tiles[0].matches("z0/x1/y2"));
    assert!(scope.asks_for_signatures());
}

#[test]
fn words_obey_every_file_on_the_way() {
    let scope = scope(&[
        (".ulp-root", "policy: [public, redacted]\n"),
        ("spaces/s/.ulp-scope", "realm: team\nauthority: derived\n"),
        ("spaces/s/layers/l/.ulp-scope", "scope: {boundary: interior}\n"),
        ("spaces/s/tiles/z0/.ulp-scope", "realm: personal\n"),
        ("spaces/s/tiles/z0/x3/.ulp-scope", "actors: [\"user:b\"]\n"),
        ("spaces/s/tiles/z0/x3/y-1/.ulp-scope", "operations: [macro.stamp, \"create_*\"]\n"),
    ]);
    let at = |space: &str, layer: &str, tile: &str, words: &str| {
        let place =
            format!(r#""space_id":"{space}","layer_id":"{layer}","tile":"{tile}","scope":{{{words}}}"#);
        code(&scope, &event(&format!("{place},{DELETE}")))
    };
    assert_eq!(at("x", "l", "z0/x3/y-1", ""), "ok");
    assert_eq!(at("x", "l", "z0/x3/y-1", r#""policy":"private""#), "scope.policy");
    assert_eq!(at("s", "m", "z1/x3/y-1", ""), "ok");
    assert_eq!(at("s", "m", "z1/x3/y-1", r#""realm":"public""#), "scope.realm");
    assert_eq!(at("s", "m", "z1/x3/y-1", r#""authority":"source""#), "scope.authority");
    assert_eq!(at("s", "l", "z1/x0/y0", r#""boundary":"boundary""#), "scope.boundary");
    assert_eq!(at("s", "m", "z0/x0/y0", r#""realm":"team""#), "scope.realm");
    assert_eq!(at("s", "m", "z0/x0/y0", ""), "ok");
    assert_eq!(at("s", "m", "z0/x3/y0", ""), "scope.actor");
    let stamp = |inner: &str| {
        let place = r#""space_id":"s","tile":"z0/x3/y-1","operation":"macro.stamp""#;
        let line = event(&format!(r#"{place},"template":[{{"operation":"{inner}","node_id":"n"}}]"#));
        code(&scope, &line.replace("user:a", "user:b"))
    };
    assert_eq!(stamp("create_node"), "ok");
    assert_eq!(stamp("delete_node"), "scope.operation");
}

#[test]
fn defaults_come_from_the_innermost_file() {
    let scope = scope(&[
        (
            ".ulp-root",
            "defaults: {space_id: s, layer_id: l, actor_id: root, scope: {policy: redacted}}\nrealm: team\n",
        ),
        (
            "spaces/s/.ulp-scope",
            "defaults: {layer_id: m, actor_id: space, preserves_invariants: [adjacency]}\n",
        ),
        ("spaces/s/layers/m/.ulp-scope", "defaults: {tile: z0/x3/y-1}\npolicy: private\n"),
        ("spaces/s/tiles/z0/x3/.ulp-scope", "defaults: {actor_id: column}\nrealm: personal\n"),
    ]);
    let arena = Bump::new();
    let mut reader = Reader::new(&arena, scope.defaults());
    let mut read = |line: &'static str| match reader.read(line) {
        Ok(Line::Event(event)) => event,
        other => panic!("{other:?}"),
    };
    let e = read(r#"{"timestamp":1,"operation":"delete_node","node_id":"n"}"#);
    assert_eq!((e.space, e.layer, e.tile.to_string().as_str(), e.actor), ("s", "m", "z0/x3/y-1", "column"));
    assert_eq!(e.invariants, ["adjacency"]);
    // The root's `defaults` stand before the layer's ceiling; of the ceilings the innermost counts.
    assert_eq!(e.scope.policy.as_str(), "redacted");
    assert_eq!(e.scope.realm.as_str(), "personal");
    let e = read(r#"{"timestamp":1,"operation":"delete_node","node_id":"n","space_id":"t"}"#);
    assert_eq!((e.space, e.layer, e.tile.to_string().as_str(), e.actor), ("t", "l", "z0/x0/y0", "root"));
    let e = read(r#"{"timestamp":1,"operation":"delete_node","node_id":"n","layer_id":"o"}"#);
    assert_eq!((e.layer, e.tile.to_string().as_str(), e.actor), ("o", "z0/x0/y0", "space"));
}

#[test]
fn a_line_whose_place_is_malformed_is_nobodys_business() {
    let scope = scope(&[(".ulp-root", "version: 1\n"), ("spaces/s/.ulp-scope", "realm: personal\n")]);
    assert!(!outcome(&scope, &event(&format!(r#""space_id":"a/b",{DELETE}"#))).unwrap_err().shared);
    let words = r#""scope":{"realm":"public","policy":"public"}"#;
    assert!(outcome(&scope, &event(&format!(r#""space_id":"a/b",{words},{DELETE}"#))).unwrap_err().shared);
}

#[test]
fn limits_are_the_smallest() {
    let scope = scope(&[
        (".ulp-root", "limits: {max_event_bytes: 150, max_previous_events: 1, max_clock_skew: 90s}\n"),
        ("spaces/s/.ulp-scope", "limits: {max_event_bytes: 200, max_previous_events: 0}\n"),
    ]);
    let detail = |line: &str| outcome(&scope, line).unwrap_err().detail;
    assert_eq!(code(&scope, &event(DELETE)), "ok");
    assert_eq!(
        detail(&event(&format!(r#""x":"{}",{DELETE}"#, "y".repeat(100)))),
        ".ulp-root: limits.max_event_bytes: 197 is more than 150"
    );
    let parent = format!(r#""previous_events":["p"],{DELETE}"#);
    assert_eq!(code(&scope, &event(&parent)), "ok");
    let line = event(&format!(r#""space_id":"s",{parent}"#));
    assert_eq!(detail(&line), "spaces/s/.ulp-scope: limits.max_previous_events: 1 is more than 0");
}

#[test]
fn the_clock_guards_against_the_future() {
    let at = |seconds: i64| Time(seconds * 1_000_000_000);
    let line = |time: i64| format!(r#"{{"event_id":"e","timestamp":{time},"actor_id":"a",{DELETE}}}"#);
    let draft = |time: i64| line(time).replace(r#""event_id":"e","#, "");
    let open = Scope::default();
    let code = |line: &str, clock: Clock| match judged(&open, line, Some(clock), &NoStore) {
        Ok(notes) => format!("ok {}", notes.join(" ")),
        Err(refusal) => refusal.code.into_owned(),
    };
    let now = 1_800_000_000;
    let machine = |now, lock: Option<i64>| Clock::Machine { now: at(now), lock: lock.map(at) };
    assert_eq!(code(&line(now + 600), machine(now, None)), "ok ");
    assert_eq!(code(&line(now + 601), machine(now, None)), "scope.clock_skew");
    assert_eq!(code(&line(1), machine(now, Some(now + 600))), "ok ");
    assert_eq!(code(&line(now + 601), machine(now, Some(now + 601))), "ok scope.clock");
    assert_eq!(code(&draft(1), machine(now, Some(now + 601))), "scope.clock");
    assert_eq!(code(&draft(1), machine(1_735_689_599, None)), "scope.clock");
    assert_eq!(code(&draft(1), Clock::Given(at(10))), "ok ");
    assert_eq!(code(&draft(611), Clock::Given(at(10))), "scope.clock_skew");
}

#[test]
fn what_is_ignored_does_not_exist() {
    let scope = scope(&[
        (".ulp-ignore", "secret*\n/spaces/s/tiles/z0/x3\n"),
        ("spaces/s/.ulp-ignore", "layers/draft\nnodes/tmp-*\n!nodes/tmp-kept\n"),
        ("spaces/t/nodes/.ulp-ignore", "*\n"),
    ]);
    let at = |more: &str| code(&scope, &event(&format!(r#""space_id":"s",{more}"#)));
    assert_eq!(at(DELETE), "ok");
    assert_eq!(at(r#""operation":"delete_node","node_id":"tmp-1""#), "scope.ignored");
    assert_eq!(at(r#""operation":"delete_node","node_id":"tmp-kept""#), "ok");
    assert_eq!(at(r#""operation":"link_nodes","from_node":"a","to_node":"secret""#), "scope.ignored");
    assert_eq!(
        at(r#""operation":"update_transform","node_id":"a","transform":{"parent":"s\u0065cret"}"#),
        "scope.ignored"
    );
    assert_eq!(
        at(r#""operation":"merge","previous_events":["a","b"],"node_id":"a","absorbs":["tmp-2"]"#),
        "scope.ignored"
    );
    assert_eq!(
        at(r#""operation":"sensor_reading","sensor":"x","value":1,"node_id":"tmp-2""#),
        "scope.ignored"
    );
    assert_eq!(
        at(
            r#""operation":"physics_step","solver":"x","tick":1,"delta_time":1,"updates":[{"node_id":"tmp-2"}]"#
        ),
        "scope.ignored"
    );
    assert_eq!(
        at(r#""operation":"macro.stamp","template":[{"operation":"delete_node","node_id":"tmp-2"}]"#),
        "scope.ignored"
    );
    assert_eq!(at(&format!(r#""layer_id":"draft",{DELETE}"#)), "scope.ignored");
    assert_eq!(at(&format!(r#""tile":"z0/x3/y9",{DELETE}"#)), "scope.ignored");
    assert_eq!(code(&scope, &event(&format!(r#""space_id":"secrets",{DELETE}"#))), "scope.ignored");
    assert_eq!(code(&scope, &event(&format!(r#""space_id":"t",{DELETE}"#))), "scope.ignored");
    assert_eq!(
        code(&scope, &event(r#""space_id":"t","operation":"sensor_reading","sensor":"x","value":1"#)),
        "ok"
    );
    let detail = outcome(&scope, &event(&format!(r#""space_id":"s","layer_id":"draft",{DELETE}"#)))
        .unwrap_err()
        .detail;
    assert_eq!(detail, "spaces/s/.ulp-ignore: layers/draft: spaces/s/layers/draft does not exist here");
}

#[test]
fn a_stores_rules_can_only_be_added_to() {
    let store =
        dir(&[(".ulp-root", "defaults: {space_id: s}\npolicy: redacted\n"), (".ulp-ignore", "tmp\n")]);
    let join = |files: &[(&str, &str)]| {
        let more = dir(files);
        let mut scope = Scope::discover(store.path()).unwrap();
        let added = scope.add(Scope::discover(more.path()).unwrap());
        added.map(|()| scope).map_err(|e| e.to_string().replace(&more.path().display().to_string(), "more"))
    };
    let scope = join(&[
        (".ulp-root", "version: 1\nrealm: team\ninvariants: [exclusion]\nlimits: {max_event_bytes: 500}\n"),
        (".ulp-ignore", "!tmp\n"),
        ("spaces/s/.ulp-scope", "actors: [\"user:*\"]\n"),
    ])
    .unwrap();
    let line = event(&format!(r#""preserves_invariants":["exclusion"],{DELETE}"#));
    assert_eq!(code(&scope, &line), "ok");
    assert_eq!(code(&scope, &line.replace(r#""n""#, r#""tmp""#)), "scope.ignored");
    assert_eq!(code(&scope, &line.replace("user:a", "node:a")), "scope.actor");
    assert_eq!(scope.defaults().scope.policy.as_str(), "redacted");
    // What is added is a ceiling and no default.
    let policy = join(&[(".ulp-root", "policy: private\n")]).unwrap();
    assert_eq!(code(&policy, &event(DELETE)), "scope.policy");
    for (text, message) in [
        ("version: 1\ndefaults: {actor_id: a}\n", "more/.ulp-root:2:12: defaults.actor_id: "),
        ("grid: {tile_zoom: 1}\n", "more/.ulp-root:1:8: grid.tile_zoom: "),
        ("keys: {}\n", "more/.ulp-root:1:1: keys: "),
        ("foreign: false\n", "more/.ulp-root:1:1: foreign: "),
    ] {
        let error = join(&[(".ulp-root", text)]).expect_err(text);
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn the_digest_is_of_the_bytes_in_the_order_of_their_paths() {
    let scope = scope(&[
        ("spaces/b/.ulp-scope", "realm: team\n"),
        (".ulp-root", "version: 1\n"),
        (".ulp-ignore", "x\n"),
    ]);
    assert_eq!(scope.digest(), Some(Blake3::of(b"x\nversion: 1\nrealm: team\n")));
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    for (path, text, expected) in [
        (".ulp-root", "version: 2\n", ".ulp-root:1:10: version 2 is not known, 1 is"),
        (".ulp-root", "realms: team\n", ".ulp-root:1:1: realms is not known here"),
        (".ulp-root", "realm: teem\n", ".ulp-root:1:8: not one of personal, team, public"),
        (".ulp-root", "realm: [team, teem]\n", ".ulp-root:1:15: not one of personal, team, public"),
        (".ulp-root", "realm: team\nscope:\n  realm: team\n", ".ulp-root:3:3: realm stands twice"),
        (".ulp-root", "scope: {operations: [a]}\n", ".ulp-root:1:9: operations is not known here"),
        (".ulp-root", "signature: optional\n", ".ulp-root:1:12: not required"),
        (".ulp-root", "operations: create_node\n", ".ulp-root:1:13: a list is wanted"),
        (".ulp-root", "operations: [\"\"]\n", ".ulp-root:1:14: not a pattern"),
        (".ulp-root", "limits: {max_clock_skew: 11m}\n", ".ulp-root:1:26: more than the built-in 10m"),
        (
            ".ulp-root",
            "limits: {max_clock_skew: 10 m}\n",
            ".ulp-root:1:26: not a duration as 90s, 10m, 24h, 7d",
        ),
        (
            ".ulp-root",
            "limits: {max_clock_skew: 600}\n",
            ".ulp-root:1:26: a duration has a unit: write 600s or 10m",
        ),
        (
            ".ulp-root",
            "limits: {max_clock_skew: \"90\"}\n",
            ".ulp-root:1:26: a duration has a unit: write 90s",
        ),
        (".ulp-root", "limits: {max_clock_skew: 601}\n", ".ulp-root:1:26: more than the built-in 10m"),
        (
            ".ulp-root",
            "limits: {max_clock_skew: -5}\n",
            ".ulp-root:1:26: not a duration as 90s, 10m, 24h, 7d",
        ),
        (".ulp-root", "version:1\n", ".ulp-root:1:1: a mapping is wanted: a space stands behind each colon"),
        (".ulp-root", "limits: {max_event_bytes: 1048577}\n", ".ulp-root:1:27: more than 1048576"),
        (".ulp-root", "limits: {max_previous_events: 65}\n", ".ulp-root:1:31: more than 64"),
        (".ulp-root", "grid: {tile_size: 0}\n", ".ulp-root:1:19: a tile of no size"),
        (".ulp-root", "defaults: {space_id: a/b}\n", ".ulp-root:1:22: not a space_id"),
        (
            ".ulp-root",
            "defaults: {space_id: 7}\n",
            ".ulp-root:1:22: 7 is no string: quote it if it is meant to be one",
        ),
        (".ulp-root", "defaults: {tile: z0/x00/y0}\n", ".ulp-root:1:18: not a tile z<0–30>/x<int>/y<int>"),
        (".ulp-root", "revoked: [\"did:key:z6Mk\"]\n", ".ulp-root:1:11: not the did:key:z6Mk… of a key"),
        (".ulp-root", "keys: {a: [{from: 2026-01-01T00:00:00Z}]}\n", ".ulp-root:1:12: did is missing"),
        (
            ".ulp-root",
            "keys: {a: [{from: 2026-02-30T00:00:00Z}]}\n",
            ".ulp-root:1:19: not a time as 2026-01-01T00:00:00Z",
        ),
        (".ulp-root", "federation: {grants: [{realm: team}]}\n", ".ulp-root:1:23: to is missing"),
        (".ulp-root", "- a\n", ".ulp-root:1:1: a mapping is wanted"),
        (".ulp-root", "foreign: yes\n", ".ulp-root:1:10: true or false is wanted"),
        ("spaces/s/.ulp-scope", "version: 1\n", "spaces/s/.ulp-scope:1:1: version belongs into .ulp-root"),
        (
            "spaces/s/.ulp-scope",
            "defaults: {space_id: s}\n",
            "spaces/s/.ulp-scope:1:12: space_id is settled before this file is looked at",
        ),
        (".ulp-ignore", "ok\n[a\n", ".ulp-ignore:2:1: "),
        (".ulp-scope", "", ".ulp-scope: it belongs to a space, a layer or a tile"),
        ("spaces/.ulp-scope", "", "spaces/.ulp-scope: it belongs to a space, a layer or a tile"),
        ("spaces/s/.ulp-root", "", "spaces/s/.ulp-root: it belongs into the directory that holds spaces/"),
        ("spaces/Demo/.ulp-scope", "", "spaces/Demo: no proper encoding of a space_id"),
        ("spaces/s/layer/.ulp-scope", "", "spaces/s/layer: a space has layers, tiles and nodes alone"),
        ("spaces/s/layers/~61/x", "", "spaces/s/layers/~61: no proper encoding of a layer_id"),
        (
            "spaces/s/tiles/z00/x",
            "",
            "spaces/s/tiles/z00: no proper part of a tile's path z<0–30>/x<int>/y<int>",
        ),
        (
            "spaces/s/tiles/z0/x-0/y",
            "",
            "spaces/s/tiles/z0/x-0: no proper part of a tile's path z<0–30>/x<int>/y<int>",
        ),
        (".ulp-root/x", "", ".ulp-root: a directory"),
    ] {
        let message = fault(&[(path, text)]);
        assert!(message.starts_with(expected), "{path}: {text:?}: {message}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_where_they_stand() {
    let dir = dir(&[]);
    fs::write(dir.path().join(".ulp-root"), b"version: 1\nrealm: \xff\n").unwrap();
    let error = Scope::discover(dir.path()).unwrap_err().to_string();
    assert!(error.ends_with(".ulp-root:2:8: not UTF-8"), "{error}");
    fs::write(dir.path().join(".ulp-root"), vec![b'#'; 1 << 20 | 1]).unwrap();
    assert!(Scope::discover(dir.path()).unwrap_err().to_string().ends_with("larger than 1 MiB"));
    assert!(Scope::discover(&dir.path().join("nowhere")).is_err());
}

#[test]
fn nothing_but_files_and_directories_is_followed() {
    use std::os::unix::fs::symlink;
    for planted in
        [".ulp-root", ".ulp-ignore", "spaces", "spaces/s", "spaces/s/tiles", "spaces/s/tiles/z0/x0"]
    {
        let dir = dir(&[("aside/.ulp-scope", "realm: team\n")]);
        let path = dir.path().join(planted);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(dir.path().join("aside"), &path).unwrap();
        assert!(Scope::discover(dir.path()).unwrap_err().is_unsafe(), "{planted}");
        fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .unwrap();
        assert!(Scope::discover(dir.path()).unwrap_err().is_unsafe(), "{planted}");
    }
}

#[test]
fn rules_are_listed_by_key_with_their_files() {
    let scope = scope(&[
        (
            ".ulp-root",
            "version: 1\nrealm: team\ndefaults: {actor_id: a, scope: {policy: redacted}}\nlimits: {max_event_bytes: 10, max_clock_skew: 5m}\n",
        ),
        (
            "spaces/s/.ulp-scope",
            "realm: [personal]\ndefaults: {actor_id: b}\nlimits: {max_event_bytes: 20, max_clock_skew: 90s}\n",
        ),
        ("spaces/s/tiles/z0/.ulp-scope", "signature: required\n"),
        ("spaces/s/.ulp-ignore", "# a comment\nnodes/x\n"),
    ]);
    let list = |space, tile: Option<&str>| {
        let rules = scope.rules(space, None, tile.map(|t| t.parse().unwrap()));
        rules.into_iter().map(|r| format!("{} {} {}", r.key, r.value, r.file)).collect::<Vec<_>>()
    };
    assert_eq!(
        list(Some("s"), Some("z0/x1")),
        [
            r#".ulp-ignore "nodes/x" spaces/s/.ulp-ignore"#,
            r#"defaults.actor_id "b" spaces/s/.ulp-scope"#,
            r#"defaults.scope.policy "redacted" .ulp-root"#,
            r#"limits.max_clock_skew "90s" spaces/s/.ulp-scope"#,
            "limits.max_event_bytes 10 .ulp-root",
            r#"realm "team" .ulp-root"#,
            r#"realm ["personal"] spaces/s/.ulp-scope"#,
            r#"signature "required" spaces/s/tiles/z0/.ulp-scope"#,
            "version 1 .ulp-root",
        ]
    );
    assert_eq!(list(None, None).len(), 6);
}

/// A case of `tests/vectors/scope`: what is expected, the dotfiles, the line. A file begins with `expect: ok`, with
/// `expect: ok <code>` where something is noted, with `expect: rejected <code>`, or with `expect: refused <path>…`
/// where the dotfiles are not understood; `=== <path>` begins a dotfile, `=== line` the line.
fn hold_vector(text: &str) -> (String, String) {
    let mut parts = text.split("=== ");
    let expect = parts.next().unwrap().trim().strip_prefix("expect: ").unwrap();
    let parts: Vec<(&str, &str)> = parts.map(|p| p.split_once('\n').unwrap()).collect();
    let (lines, files): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(path, _)| *path == "line");
    let dir = dir(&files);
    let got = match Scope::discover(dir.path()) {
        Ok(scope) => match outcome(&scope, lines[0].1.trim_end()) {
            Ok(notes) => format!("ok {}", notes.join(" ")).trim_end().to_owned(),
            Err(refusal) => format!("rejected {}", refusal.code),
        },
        Err(error) => {
            let message = error.to_string().replace(&format!("{}/", dir.path().display()), "refused ");
            // What stands after the place is for people, and may be said better one day.
            if message.starts_with(expect) { expect.to_owned() } else { message }
        }
    };
    (expect.to_owned(), got)
}

#[test]
fn vectors_hold() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/scope");
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 70, "only {} vectors", paths.len());
    for path in paths {
        let (expected, got) = hold_vector(&fs::read_to_string(&path).unwrap());
        assert_eq!(got, expected, "{}", path.display());
    }
}

/// A store that knows some nodes and parents.
#[derive(Default)]
struct Known {
    nodes: Vec<(&'static str, NodeFact)>,
    parents: Vec<(&'static str, Parent)>,
    cycle: bool,
}

impl Lookup for Known {
    fn node(&self, _: &crate::event::Event<'_>, node: &str, each: &mut dyn FnMut(NodeFact)) {
        self.nodes.iter().filter(|(name, _)| *name == node).for_each(|(_, fact)| each(*fact));
    }

    fn parent(&self, _: &crate::event::Event<'_>, parent: &str) -> Option<Parent> {
        Some(self.parents.iter().find(|(name, _)| *name == parent).map_or(Parent::Unknown, |(_, p)| *p))
    }

    fn closes_cycle(&self, _: &crate::event::Event<'_>) -> bool {
        self.cycle
    }
}

fn known() -> Known {
    let fact = |x, authority, boundary, deleted| NodeFact {
        tile: Tile { z: 0, x, y: 0 },
        made: Some(Made { authority, boundary }),
        deleted,
    };
    Known {
        nodes: vec![
            ("here", fact(0, Authority::Source, Boundary::Interior, false)),
            ("near", fact(1, Authority::Source, Boundary::Exterior, false)),
            ("far", fact(2, Authority::Derived, Boundary::Interior, false)),
            ("gone", fact(0, Authority::Derived, Boundary::Boundary, true)),
            ("moved", fact(5, Authority::Source, Boundary::Exterior, false)),
            ("moved", fact(0, Authority::Derived, Boundary::Interior, false)),
        ],
        parents: vec![("p", Parent::Known), ("q", Parent::Stricter)],
        cycle: false,
    }
}

#[test]
fn invariants_hold_a_draft_and_note_a_whole_event() {
    let open = Scope::default();
    let ask = |invariant: &str, body: &str, lookup: &dyn Lookup| {
        let line = event(&format!(r#""preserves_invariants":["{invariant}"],{body}"#));
        let noted = judged(&open, &line, None, lookup).unwrap();
        let draft = line.replace(r#""event_id":"e","#, "");
        let refused = judged(&open, &draft, None, lookup).map_err(|r| r.code.into_owned()).err();
        (noted.first().copied().map(str::to_owned), refused)
    };
    let broken = |invariant: &str, body: &str| {
        let both = ask(invariant, body, &known());
        assert_eq!(both.0, both.1, "{body}");
        both.0.map(|code| assert_eq!(code, format!("invariant.{invariant}"))).is_some()
    };
    let link =
        |from: &str, to: &str| format!(r#""operation":"link_nodes","from_node":"{from}","to_node":"{to}""#);
    assert!(!broken("adjacency", &link("here", "near")));
    assert!(broken("adjacency", &link("here", "far")));
    assert!(!broken("adjacency", &link("moved", "nobody")));
    let moved = |to: &str| {
        format!(r#""operation":"update_transform","node_id":"here","transform":{{"moved_to":"{to}"}}"#)
    };
    assert!(!broken("adjacency", &moved("z0/x-1/y1")));
    assert!(broken("adjacency", &moved("z0/x2/y0")) && broken("adjacency", &moved("z1/x0/y0")));

    let create = |node: &str| format!(r#""operation":"create_node","node_id":"{node}""#);
    assert!(broken("exclusion", &create("here")) && broken("exclusion", &create("gone")));
    assert!(!broken("exclusion", &create("near")) && !broken("exclusion", &create("nobody")));
    assert!(broken("exclusion", r#""operation":"delete_node","node_id":"gone""#));
    let twice = r#"{"operation":"create_node","node_id":"x"}"#;
    assert!(broken("exclusion", &format!(r#""operation":"macro.stamp","template":[{twice},{twice}]"#)));

    let child = |parents: &str| format!(r#""previous_events":[{parents}],{DELETE}"#);
    assert!(!broken("consistency", &child(r#""p""#)));
    let drafts_alone = |body: &str| {
        assert_eq!(ask("consistency", body, &known()), (None, Some("invariant.consistency".to_owned())))
    };
    drafts_alone(&child(r#""p","nobody""#));
    drafts_alone(&child(r#""q""#));
    assert_eq!(ask("consistency", &child(r#""e""#), &known()).0.as_deref(), Some("invariant.consistency"));
    let cycle = Known { cycle: true, ..known() };
    assert_eq!(ask("consistency", &child(r#""p""#), &cycle).0.as_deref(), Some("invariant.consistency"));
    assert_eq!(ask("consistency", &child(r#""nobody""#), &NoStore), (None, None));

    let within = |boundary: &str, body: &str| format!(r#""scope":{{"boundary":"{boundary}"}},{body}"#);
    assert!(broken("boundary_discipline", &within("interior", &link("here", "near"))));
    assert!(!broken("boundary_discipline", &within("interior", &link("here", "moved"))));
    assert!(!broken("boundary_discipline", &within("exterior", &link("here", "near"))));
    let set = r#""operation":"set_properties","node_id":"here","properties":{}"#;
    assert!(broken("boundary_discipline", &within("exterior", set)));
    assert!(!broken("boundary_discipline", &within("boundary", set)));

    let derived = |body: &str| format!(r#""scope":{{"authority":"derived"}},{body}"#);
    let delete = |node: &str| format!(r#""operation":"delete_node","node_id":"{node}""#);
    assert!(
        broken("authority_nontransfer", &derived(&delete("here")))
            && !broken("authority_nontransfer", &delete("here"))
    );
    assert!(!broken("authority_nontransfer", &derived(&delete("moved"))));
    assert!(broken(
        "authority_nontransfer",
        &derived(r#""operation":"merge","previous_events":["p","p2"],"node_id":"far","absorbs":["here"]"#)
    ));
    assert!(broken(
        "authority_nontransfer",
        &derived(r#""operation":"update_transform","node_id":"here","transform":{"parent":null}"#)
    ));
    assert!(!broken(
        "authority_nontransfer",
        &derived(r#""operation":"update_transform","node_id":"here","transform":{"scale":2}"#)
    ));

    assert_eq!(ask("harmony", DELETE, &known()), (Some("invariant.unknown".to_owned()), None));
}

mod properties {
    use super::*;
    use crate::scope::rules::{Rules, Standing};
    use proptest::prelude::*;

    const FULL: &str = r#"# comment
version: 1
defaults: {space_id: demo, layer_id: "layout", tile: z0/x1/y-2, actor_id: 'a', scope: {realm: team}}
grid:
  tile_size: 1024
  tile_zoom: 3
scope:
  policy: [public, redacted]
realm: team
operations: [create_node, "update_*"]
actors:
  - "user:*"
  - "node:esp32_*"
signature: required
invariants: [consistency]
limits: {max_event_bytes: 1000, max_clock_skew: 10m, max_previous_events: 8}
keys: {"user:*": [{did: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", until: 2027-01-01T00:00:00Z}]}
"#;

    /// What is understood of a text, without where it stands.
    fn understood(text: &str) -> Option<Vec<(String, String)>> {
        let rules = Rules::parse("f", text, Standing::Root).ok()?;
        let mut all: Vec<_> = rules.present.into_iter().map(|p| (p.key, p.value)).collect();
        all.sort();
        Some(all)
    }

    /// A line without its comment, which begins with a `#` after a space or at the start.
    fn uncommented(line: &str) -> &str {
        let marks = line.match_indices('#').map(|(at, _)| at);
        let comment =
            marks.into_iter().find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
        &line[..comment.unwrap_or(line.len())]
    }

    /// What stands in a text, but for punctuation.
    fn words(text: &str) -> Vec<String> {
        let inside = text.lines().map(uncommented);
        let mut words: Vec<String> = inside
            .flat_map(|l| l.split(|c: char| c.is_whitespace() || ",:[]{}-'\"".contains(c)))
            // A question mark by itself marks a key.
            .filter(|w| !w.is_empty() && *w != "?")
            .map(str::to_owned)
            .collect();
        words.sort();
        words
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_text_is_read_or_refused(text in "[a-z:{}\\[\\],\"'\\-*&!|>%@`#\\n \\t\\\\é]{0,60}") {
            let _ = Rules::parse("f", &text, Standing::Tile);
            let _ = Ignores::default().add("f", "", &text);
        }

        #[test]
        fn any_bytes_are_read_or_refused(text in any::<String>()) {
            let _ = Rules::parse("f", &text, Standing::Root);
            let _ = Ignores::default().add("f", "", &text);
        }

        #[test]
        fn a_changed_file_says_what_it_now_says_or_is_refused(at in 0..FULL.len(), byte in "[ -~\\n\\t]", kind in 0..3) {
            let mut text = FULL.to_owned();
            match kind {
                0 => text.insert_str(at, &byte),
                1 => drop(text.remove(at)),
                _ => text.replace_range(at..=at, &byte),
            }
            // Every word that still stands is in what was understood: none was skipped.
            if let Some(all) = understood(&text) {
                let shown: String = all.iter().map(|(k, v)| format!("{k} {v}\n")).collect();
                for word in words(&text) {
                    // A backslash may spell another character, and these two keys are shown with what is in them.
                    let is_shown = shown.contains(&word) || word.contains('\\') || word == "scope";
                    prop_assert!(is_shown, "{word} of {text}\n{shown}");
                }
            }
        }
    }

    #[test]
    fn the_full_file_is_understood() {
        assert_eq!(understood(FULL).unwrap().len(), 18);
    }
}
