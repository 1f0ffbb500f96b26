//! From a store, with snapshots and without, in place or on a stick: the bytes are those of the stream.

use super::{FORMATS, MORE};
use crate::reference::generate;
use crate::{run, sample};
use std::path::Path;

const FLOOD: &str = "examples/flood/trace.jsonl";

/// Holds what commands make of `from`, their arguments for a store, against what they make of the trace.
fn agree<'c>(commands: impl IntoIterator<Item = &'c str>, from: &str, trace: &str, dir: &Path) {
    for command in commands {
        let script = format!(
            "{command} {from} 2> log > one; s=$?; {command} {trace} > two 2> /dev/null; cmp one two && echo $s"
        );
        let output = run::shell(&script, dir);
        let log = std::fs::read_to_string(dir.join("log")).unwrap();
        assert_eq!(
            output.stdout,
            b"0\n",
            "{command} {from}\n{}{log}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

#[test]
fn a_store_is_drawn_as_its_stream() {
    let dir = run::checkout();
    run::sh(
        &format!(
            "ulp-store init w; head -4000 {FLOOD} | ulp-append --store w > /dev/null; \
             ulp-materialize --store w --snapshot > /dev/null; tail -n +4001 {FLOOD} | ulp-append --store w > /dev/null"
        ),
        dir.path(),
    );
    agree(FORMATS.into_iter().chain(MORE), "--store w", FLOOD, dir.path());
    let chosen = ["--tile z0/x0", "--layer rivers", "--at 1615000000", "--realm team", "--authority source"];
    let chosen = chosen.map(|c| format!("projector-2d -f svg {c}"));
    agree(chosen.iter().map(String::as_str), "--store w", FLOOD, dir.path());
}

#[test]
fn a_bag_is_drawn_in_place() {
    let dir = run::checkout();
    let bag = format!("tile-pack -f dir -o bag < {FLOOD}; chmod -R a-w bag");
    run::sh(&bag, dir.path());
    agree(
        ["projector-2d -f svg", "projector-3d -f glb", "projector-audio"],
        "--store bag/data",
        FLOOD,
        dir.path(),
    );
    run::sh("chmod -R u+w bag", dir.path());
}

#[test]
fn random_histories_are_drawn_the_same_from_a_store() {
    let dir = run::checkout();
    let (mut drawn, mut used) = (0, 0);
    for seed in sample::of(0..120, 10) {
        // What is refused, or comes again, has no place in this comparison.
        std::fs::write(dir.path().join("all.jsonl"), generate::history(seed, 80).join("\n")).unwrap();
        run::sh(
            "rm -rf w; ulp-store init w; : > seen.jsonl; \
             ulp-append < all.jsonl 2> /dev/null > trace.jsonl || true; n=$(($(wc -l < trace.jsonl) / 2)); \
             head -$n trace.jsonl | ulp-append --store w 2> /dev/null > /dev/null || true; \
             ulp-materialize --store w --snapshot > /dev/null 2>&1; \
             tail -n +$((n + 1)) trace.jsonl | ulp-append --store w > /dev/null 2>&1 || true; \
             ulp-materialize --store w --events --policy public --policy redacted --policy private > held.jsonl 2> /dev/null",
            dir.path(),
        );
        let lanes = "--realm personal --realm team --realm public --policy public --policy redacted";
        let commands = [
            "projector-2d".to_owned(),
            format!("projector-2d -f jsonl --provenance {lanes}"),
            format!("projector-2d -f html {lanes}"),
            format!("projector-3d --provenance {lanes}"),
            format!("projector-3d -f glb --replay {lanes}"),
            format!("projector-audio -f jsonl {lanes}"),
            format!("ulp-materialize --view {lanes}"),
        ];
        agree(commands.iter().map(String::as_str), "--store w", "held.jsonl", dir.path());
        drawn += std::fs::metadata(dir.path().join("two")).unwrap().len();
        used +=
            run::sh("find w -path '*/snapshots/*.json' | wc -l", dir.path()).trim().parse::<u64>().unwrap();
    }
    // A sample may be of small histories alone.
    assert!(drawn > sample::size(10_000, 1_000) && used > 25, "{drawn} bytes, {used} snapshots");
}

#[test]
fn what_is_not_for_everyone_is_not_in_a_view() {
    let dir = run::checkout();
    let line = |space: &str, realm: &str, policy: &str| {
        format!(
            r#"{{"event_id":"e-{space}","timestamp":1,"actor_id":"a","operation":"create_node","node_id":"n-{space}","space_id":"{space}","scope":{{"realm":"{realm}","policy":"{policy}"}}}}"#
        )
    };
    let lines = [
        line("open", "team", "public"),
        line("canary1", "personal", "public"),
        line("canary2", "team", "private"),
    ];
    std::fs::write(dir.path().join("trace.jsonl"), lines.join("\n")).unwrap();
    run::sh("ulp-store init w; ulp-append --store w trace.jsonl > /dev/null", dir.path());
    for command in FORMATS {
        for from in ["--store w", "trace.jsonl"] {
            let found = run::shell(&format!("{command} --log-all {from} 2>&1 | grep -ac canary"), dir.path());
            assert_eq!(String::from_utf8_lossy(&found.stdout), "0\n", "{command} {from}");
        }
    }
}

#[test]
fn a_store_takes_the_place_of_the_stream() {
    let dir = run::checkout();
    run::sh(&format!("ulp-store init w; ulp-append --store w {FLOOD} > /dev/null"), dir.path());
    for (arguments, status) in [
        ("--store w x.jsonl", 2),
        ("--store w --scope w", 2),
        ("--store w --follow", 2),
        ("--trust", 2),
        ("--store examples", 4),
        ("--store nowhere", 4),
    ] {
        for tool in ["projector-2d", "projector-3d", "projector-audio"] {
            let output = run::shell(&format!("{tool} {arguments}"), dir.path());
            assert_eq!(output.status.code(), Some(status), "{tool} {arguments}");
        }
    }
    run::sh("f=$(find w/objects -type f | head -1); chmod u+w $f; truncate -s -1 $f", dir.path());
    for tool in ["projector-2d -f svg -o out", "projector-3d -f glb -o out", "projector-audio -o out"] {
        let output = run::shell(&format!("{tool} --store w"), dir.path());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(3)
                && said.contains("store.length")
                && !dir.path().join("out").exists()
        );
    }
}

#[test]
fn only_what_is_signed_where_that_is_asked() {
    let dir = run::checkout();
    run::sh(
        "um-sign --key examples/sign/alice.pem examples/sign/alice.jsonl > signed.jsonl 2> /dev/null || cp examples/sign/alice.jsonl signed.jsonl; \
         sed 's/\"event_id\":\"/&plain-/; s/,\"signature\":{[^}]*}//' signed.jsonl > plain.jsonl; \
         cat signed.jsonl plain.jsonl > both.jsonl; ulp-store init w; ulp-append --store w both.jsonl > /dev/null 2>&1 || true",
        dir.path(),
    );
    for tool in
        ["projector-2d", "projector-3d", "projector-audio", "ulp-materialize", "ulp-materialize --view"]
    {
        let of = |from: &str| run::shell(&format!("{tool} --verify {from}"), dir.path());
        let (store, stream) = (of("--store w"), of("both.jsonl"));
        assert!(store.stdout == stream.stdout, "{tool}\n{}", String::from_utf8_lossy(&store.stderr));
        assert_eq!((store.status.code(), stream.status.code()), (Some(1), Some(1)), "{tool}");
        assert!(!store.stdout.is_empty(), "{tool}");
    }
}

#[test]
fn blobs_come_out_of_the_store() {
    let dir = run::checkout();
    let gif = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=";
    run::sh(
        &format!(
            r#"ulp-store init w; echo {gif} | base64 -d > a.gif; ref=$(ulp-store put --store w a.gif | jq -r .ref)
            event() {{ printf '{{"event_id":"%s","timestamp":%s,"space_id":"%s","actor_id":"a","operation":"create_node","node_id":"%s","geometry":{{"kind":"rect","width":9,"height":9}},"media":{{"ref":"%s","mime":"image/gif"}}}}\n' $1 $2 $1 $1 $3; }}
            event a 1 $ref | ulp-append --store w > /dev/null
            segment=$(jq -r '.segments[0].hash' w/spaces/*/tiles/*/*/*/*/manifest.json)
            event b 2 $segment | ulp-append --store w > /dev/null"#
        ),
        dir.path(),
    );
    let drawn = run::shell("projector-2d -f svg --store w", dir.path());
    let svg = String::from_utf8(drawn.stdout).unwrap();
    assert_eq!(svg.matches("href=\"data:image/gif;base64,R0lGODlh").count(), 1);
    // A segment is no blob, whoever names it.
    assert!(String::from_utf8_lossy(&drawn.stderr).contains("\"media.missing\":1"));
}
