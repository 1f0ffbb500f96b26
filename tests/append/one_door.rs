//! One line, one answer: whatever door it comes to.

use super::{said, write};
use crate::run;
use std::os::unix::fs::symlink;
use std::path::Path;
use ulp_core::event;
use ulp_core::hash::Sha256;
use ulp_core::trust::SecretKey;

/// The doors, and how a line comes to each: `line.jsonl` under the rules in `rules/`, which are those of the store
/// `w` too, or in the pack `line.tar`.
const DOORS: [(&str, &str); 6] = [
    ("append", "ulp-append --scope rules --log-all line.jsonl"),
    ("append --store", "ulp-append --store w --log-all line.jsonl"),
    ("materialize", "ulp-materialize --scope rules --log-all line.jsonl"),
    ("projector-2d", "projector-2d --scope rules --log-all line.jsonl"),
    ("tile-pack", "tile-pack --scope rules --policy public --policy private --log-all line.jsonl"),
    ("tile-unpack", "tile-unpack --store w --log-all line.tar"),
];

/// A line, the rules that it meets, what every door says of it, and which doors say something else.
struct Case {
    rules: &'static str,
    lines: String,
    says: &'static str,
    but: &'static [(&'static [&'static str], &'static str)],
}

/// Those that only look.
const VIEWS: &[&str] = &["materialize", "projector-2d"];
/// Those that read no clock.
const TIMELESS: &[&str] = &["materialize", "projector-2d", "tile-pack"];
/// Those that complete a draft.
const WRITERS: &[&str] = &["append", "append --store"];
/// The one that holds a line alone.
const FORGETFUL: &[&str] = &["append"];

/// A whole event of node `n` in space `s`, with some members more.
fn line(operation: &str, more: &str) -> String {
    format!(
        r#"{{"event_id":"evt-1","timestamp":1,"space_id":"s","actor_id":"user:a","operation":"{operation}","node_id":"n"{more}}}"#
    ) + "\n"
}

/// An event of 330 bytes whose canonical form is 378 bytes long: numbers grow, and all fields are there.
fn grows(policy: &str) -> String {
    let more = format!(
        r#","layer_id":"l","preserves_invariants":[],"previous_events":[],"scope":{{"authority":"source","boundary":"interior","policy":"{policy}","realm":"team"}},"tile":"z0/x0/y0","x":[1e15,1e15,1e15,1e15]"#
    );
    let short = line("create_node", &more);
    let pad = "p".repeat(331 - short.len() - r#","pad":"""#.len());
    line("create_node", &format!(r#"{more},"pad":"{pad}""#))
}

fn cases() -> Vec<Case> {
    let case = |rules, lines, says| Case { rules, lines, says, but: &[] };
    let create = |more: &str| line("create_node", more);
    let state = r#"{"operation":"tile_state","space_id":"s","tile":"z0/x0/y0","scope":{"realm":"team","policy":"public"},"recent":[]}"#;
    let draft = |more: &str| create(more).replace(r#""event_id":"evt-1","#, "");
    vec![
        case(
            "limits: {max_event_bytes: 340}\n",
            grows("public"),
            "rejected scope.limit evt-1 .ulp-root: limits.max_event_bytes: 378 is more than 340",
        ),
        case("limits: {max_event_bytes: 340}\n", grows("private"), "rejected scope.limit - -"),
        case(
            "limits: {max_event_bytes: 300}\n",
            grows("public"),
            "rejected scope.limit evt-1 .ulp-root: limits.max_event_bytes: 330 is more than 300",
        ),
        case(
            "version: 1\n",
            create(&format!(r#","x":"{}""#, "y".repeat(1 << 20))),
            "rejected json.too_long - -",
        ),
        case(
            "version: 1\n",
            create(&format!(r#","x":[1e15{}]"#, ",1e15".repeat(150_000))),
            "rejected json.too_long evt-1 byte 1048576: the line is too long",
        ),
        case("version: 1\n", create(r#","x":1e999"#), "rejected json.number - -"),
        case("version: 1\n", "{\"a\":\"\u{1}\"}\n".to_owned(), "rejected json.syntax - -"),
        Case {
            but: &[(WRITERS, "")],
            ..case(
                "version: 1\n",
                create("").replace(r#""timestamp":1,"#, ""),
                "rejected envelope.timestamp evt-1 missing: pipe it through ulp-append first",
            )
        },
        Case { but: &[(VIEWS, "")], ..case("version: 1\n", format!("{state}\n"), "rejected event.kind - -") },
        // A pipe may carry it; a segment may not hold it.
        Case {
            but: &[(&["tile-unpack"], "rejected event.kind - -")],
            ..case("version: 1\n", "{\"log\":\"witness\"}\n".to_owned(), "withheld line.kind - a log line")
        },
        case(
            "signature: required\n",
            create(""),
            "rejected signature.missing evt-1 .ulp-root: signature: it is required, and there is none",
        ),
        case(
            "federation: {grants: []}\n",
            create(""),
            "rejected signature.missing evt-1 federation.grants: nothing is granted to nobody",
        ),
        case(
            "federation: {grants: []}\n",
            event::sign(grows("public").trim_end(), &SecretKey::from_seed(&[1; 32])).unwrap() + "\n",
            "rejected scope.grant evt-1 federation.grants: none covers signer, realm, space, tile, operation and time",
        ),
        case(
            "realm: personal\n",
            create(r#","scope":{"realm":"team"}"#),
            "rejected scope.realm evt-1 .ulp-root: realm: team is looser than personal",
        ),
        case(
            "operations: [delete_node]\n",
            create(""),
            "rejected scope.operation evt-1 .ulp-root: operations: create_node is not listed",
        ),
        case(
            "actors: [\"node:*\"]\n",
            create(r#","scope":{"policy":"private"}"#),
            "rejected scope.actor - -",
        ),
        case(
            "limits: {max_previous_events: 1}\n",
            create(r#","previous_events":["a","b"]"#),
            "rejected scope.limit evt-1 .ulp-root: limits.max_previous_events: 2 is more than 1",
        ),
        case(
            "invariants: [exclusion]\n",
            create(r#","preserves_invariants":[]"#),
            "rejected invariant.missing evt-1 .ulp-root: invariants: exclusion is not declared",
        ),
        case(
            "version: 1\n",
            line(
                "update_transform",
                r#","transform":{"moved_to":"z0/x9/y9"},"preserves_invariants":["adjacency"]"#,
            ),
            "noted invariant.adjacency evt-1 z0/x9/y9 is not around z0/x0/y0",
        ),
        case(
            "version: 1\n",
            create(r#","preserves_invariants":["tidiness"]"#),
            "noted invariant.unknown evt-1 tidiness",
        ),
        case(
            "version: 1\n",
            line("creat_node", ""),
            "noted event.unknown_operation evt-1 creat_node: did you mean create_node?",
        ),
        Case {
            but: &[(FORGETFUL, "")],
            ..case("version: 1\n", create("").repeat(2), "duplicate event.duplicate evt-1 -")
        },
        // The same draft again is the same event, and held to nothing.
        Case {
            but: &[(FORGETFUL, "")],
            ..case(
                "version: 1\n",
                draft(r#","preserves_invariants":["exclusion"]"#).repeat(2),
                "duplicate event.duplicate evt-73ad63a659cd720eb9e7318af206fb19 -",
            )
        },
        Case {
            but: &[(TIMELESS, "")],
            ..case(
                "version: 1\n",
                create("").replace(r#""timestamp":1,"#, r#""timestamp":4000000000,"#),
                "rejected scope.clock_skew evt-1 built-in: limits.max_clock_skew: 4000000000 is more than 600 s ahead of the clock",
            )
        },
    ]
}

/// Makes a pack whose one segment is `line.jsonl`, as it is.
fn pack(dir: &Path, lines: &str, policy: &str) {
    let hash = Sha256::of(lines.as_bytes()).to_string();
    let hex = hash.trim_start_matches("sha256:");
    let object = format!("data/objects/sha256/{}/{}", &hex[..2], &hex[2..]);
    let manifest = format!("data/spaces/s/tiles/z0/x0/y0/team.{policy}/manifest.json");
    let (bytes, events) = (lines.len(), lines.lines().count());
    let entry =
        format!(r#"{{"bytes":{bytes},"events":{events},"from_event":"a","hash":"{hash}","to_event":"b"}}"#);
    let files = [
        ("data/.ulp-root", "version: 1\nforeign: true\n".to_owned()),
        (&manifest, format!(r#"{{"segments":[{entry}],"tile_id":"z0/x0/y0","v":1}}"#)),
        (&object, lines.to_owned()),
    ];
    let size: usize = files.iter().map(|(_, text)| text.len()).sum();
    let sums = files.iter().map(|(path, text)| {
        let hash = Sha256::of(text.as_bytes()).to_string();
        format!("{}  {path}\n", hash.trim_start_matches("sha256:"))
    });
    let bag = dir.join("line");
    let _ = std::fs::remove_dir_all(&bag);
    write(&bag, "manifest-sha256.txt", &sums.collect::<String>());
    write(&bag, "bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    write(&bag, "bag-info.txt", &format!("Payload-Oxum: {size}.3\nULP-Pack-Version: 1\n"));
    files.iter().for_each(|(path, text)| write(&bag, path, text));
    let names = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", files[0].0, &manifest, &object];
    let names: Vec<String> = names.iter().map(|name| format!("line/{name}")).collect();
    run::sh(&format!("tar --format=ustar -cf line.tar {}", names.join(" ")), dir);
}

#[test]
fn a_line_gets_the_same_answer_at_every_door() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    assert_eq!(grows("public").len(), 331);
    let mut others = Vec::new();
    for Case { rules, lines, says, but } in cases() {
        write(at, "rules/.ulp-root", rules);
        write(at, "line.jsonl", &lines);
        pack(at, &lines, if lines.contains("private") { "private" } else { "public" });
        for (door, command) in DOORS {
            let script = format!(
                "rm -rf w; ulp-store init w 2> /dev/null; cp rules/.ulp-root w/
                 {command} > out 2> log; jq -r 'select(.log == \"boundary\") | \"\\(.action) \\(.code) \\(.event_id // \"-\") \\(.detail | if . == null or . == \"\" then \"-\" else . end)\"' log"
            );
            let expected = but.iter().find(|(doors, _)| doors.contains(&door)).map_or(says, |(_, says)| says);
            let start = &lines[..lines.len().min(300)];
            let answer = run::sh(&script, at);
            if answer.trim_end() != expected {
                others.push(format!("{door}: {answer}instead of {expected}\nunder {rules}{start}"));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

/// A dotfile that is no regular file is wrong usage in a directory that an option names, whatever the tool; in a store
/// it is what a store may not hold.
#[test]
fn a_dotfile_that_is_a_symlink_gets_the_same_answer_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(at, "line.jsonl", &line("create_node", ""));
    write(at, "rule", "realm: team\n");
    run::sh("tile-pack line.jsonl > line.tar.zst 2> /dev/null; ulp-store init good 2> /dev/null", at);
    for place in [".ulp-root", "spaces/s/.ulp-scope", "spaces/.ulp-ignore", "spaces"] {
        let _ = std::fs::remove_dir_all(at.join("rules"));
        let planted = |below: &str| {
            let path = at.join(below).join(place);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let _ = std::fs::remove_file(&path);
            let _ = std::fs::remove_dir_all(&path);
            symlink(at.join("rule"), path).unwrap();
        };
        run::sh(
            "rm -rf w; ulp-store init w 2> /dev/null; ulp-append --store w line.jsonl > /dev/null 2>&1",
            at,
        );
        planted("rules");
        planted("w");
        for command in [
            "ulp-append --scope rules line.jsonl",
            "ulp-append --store good --scope rules line.jsonl",
            "ulp-materialize --scope rules line.jsonl",
            "projector-2d --scope rules line.jsonl",
            "projector-3d --scope rules line.jsonl",
            "projector-audio --scope rules line.jsonl",
            "projector-alert --scope rules line.jsonl",
            "tile-pack --scope rules line.jsonl",
            "tile-unpack --store good --scope rules line.tar.zst",
            "tile-unpack --test --scope rules line.tar.zst",
        ] {
            let said = said(&format!("{command} > out"), at);
            assert_eq!(said.status, 2, "{command}, {place}: {}", said.log);
            assert!(said.log.contains(&format!("rules/{place}")), "{command}, {place}: {}", said.log);
        }
        for command in [
            "ulp-append --store w line.jsonl",
            "tile-unpack --store w line.tar.zst",
            "tile-pack --store w",
            "ulp-store rules --store w",
        ] {
            let said = said(&format!("{command} > out"), at);
            assert_eq!(said.status, 3, "{command}, {place}: {}", said.log);
            assert!(said.log.contains("store.unsafe"), "{command}, {place}: {}", said.log);
        }
    }
}
