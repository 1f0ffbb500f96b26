//! What is refused is kept as it came, and what comes in other units or half done is completed.

use super::{said, write};
use crate::run;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn refused_lines_are_kept_as_they_came() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let good = r#"{"event_id":"a","timestamp":1730000000000,"actor_id":"u","operation":"create_node","node_id":"n"}"#;
    // Spaces, an escape, a byte that is no UTF-8, a draft that is refused by what it declares, one macro of one's own.
    let bad: [&[u8]; 7] = [
        b"{ \"event_id\" : \"b\" }",
        b"not json \t",
        b"{\"a\":\"\xff\"}",
        br#"{"timestamp":1730000000000,"actor_id":"u","operation":"create_node","node_id":"@space"}"#,
        br#"{"timestamp":1730000000000,"event_id":"e","actor_id":"u","operation":"\u006derge","previous_events":["x"]}"#,
        br#"{"actor_id":"u","operation":"update_transform","node_id":"n","tile":"z0/x0/y0","transform":{"moved_to":"z0/x5/y0"},"preserves_invariants":["adjacency"]}"#,
        br#"{"actor_id":"u","operation":"macro.pump", "params":[]}"#,
    ];
    let mut lines = vec![good.as_bytes()];
    lines.extend(bad);
    std::fs::write(at.join("in.jsonl"), lines.join(&b"\n"[..])).unwrap();
    write(at, "macros.yaml", "pump: {template: []}\n");
    let refused = bad.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect::<Vec<u8>>();
    run::sh("ulp-store init w 2> /dev/null", at);
    for (n, store) in ["", "--store w", "-j 1"].into_iter().enumerate() {
        let command =
            format!("ulp-append --timestamps ms --macros macros.yaml --rejects refused {store} < in.jsonl");
        let said = said(&command, at);
        assert_eq!((said.status, said.out.lines().count()), (1, 1), "{said:?}");
        assert!(said.out.contains("\"timestamp\":1730000000}"));
        let kept = std::fs::read(at.join("refused")).unwrap();
        assert_eq!(kept, refused.repeat(n + 1), "{store}: appended, byte for byte");
        let mode = std::fs::metadata(at.join("refused")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
    // What was refused is what comes again.
    assert_eq!(
        run::shell("ulp-append --timestamps ms --macros macros.yaml --rejects again < refused 2> /dev/null; cmp refused again", at).status.code(),
        Some(0)
    );
    assert_eq!(said("echo '{}' | ulp-append --rejects no/such/folder", at).status, 4);
}

#[test]
fn timestamps_may_count_milliseconds() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let line = |ms: &str| {
        format!(
            r#"{{"event_id":"e","timestamp":{ms},"actor_id":"u","operation":"sensor_reading","sensor":"s","value":1}}"#
        )
    };
    for (ms, seconds) in [
        ("1730000000123", "1730000000.123"),
        ("1730000000123.25", "1730000000.12325"),
        ("5", "0.005"),
        ("-1", "-0.001"),
        ("1.73e12", "1730000000"),
    ] {
        write(at, "in.jsonl", &line(ms));
        let out = run::sh("ulp-append --timestamps ms < in.jsonl 2> /dev/null", at);
        assert!(out.contains(&format!("\"timestamp\":{seconds},")), "{ms}: {out}");
    }
    write(at, "in.jsonl", &line("1730000000123"));
    let said = super::said("ulp-append < in.jsonl", at);
    assert_eq!(said.codes("rejected"), ["envelope.timestamp"]);
    assert!(said.log.contains("--timestamps ms"), "the hint: {}", said.log);
    assert_eq!(super::said("ulp-append --timestamps min < in.jsonl", at).status, 2);
}

#[test]
fn a_timestamp_in_another_unit_is_told_what_it_is_and_the_hint_works() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let line = |time: &str| {
        format!(
            r#"{{"event_id":"e","timestamp":{time},"actor_id":"u","operation":"sensor_reading","sensor":"s","value":1}}"#
        )
    };
    for (time, unit, option, seconds) in [
        ("1730000000123", "milliseconds", "ms", "1730000000.123"),
        ("1730000000123456", "microseconds", "us", "1730000000.123456"),
        ("-1.73e15", "microseconds", "us", "-1730000000"),
        ("1730000000123456789", "nanoseconds", "ns", "1730000000.1234567"),
        ("1730000000000000000", "nanoseconds", "ns", "1730000000"),
        ("1.73e18", "nanoseconds", "ns", "1730000000"),
        ("\"2024-10-27T03:33:20Z\"", "ISO", "iso", "1730000000"),
        ("\"2024-10-27T05:33:20.25+02:00\"", "ISO", "iso", "1730000000.25"),
    ] {
        write(at, "in.jsonl", &line(time));
        let said = super::said("ulp-append < in.jsonl", at);
        // Integers beyond 2^53 are none in a line, whatever they count.
        let code = if unit == "nanoseconds" { "json.number" } else { "envelope.timestamp" };
        assert_eq!((said.status, said.codes("rejected")), (1, vec![code]), "{time}");
        let hint = format!("ulp-append --timestamps {option} converts");
        assert!(said.log.contains(unit) && said.log.contains(&hint), "{time}: {}", said.log);
        for tool in ["ulp-materialize", "tile-pack"] {
            assert!(
                super::said(&format!("{tool} < in.jsonl > out"), at).log.contains(&hint),
                "{tool}: {time}"
            );
        }
        let out = run::sh(&format!("ulp-append --timestamps {option} < in.jsonl 2> /dev/null"), at);
        assert!(out.contains(&format!("\"timestamp\":{seconds},")), "{time}: {out}");
    }
    for (time, hint) in [
        ("1e21", "outside the years"),
        ("null", "not a number"),
        ("\"soon\"", "not a number"),
        ("\"2024-10-27\"", "without its time"),
        ("\"2024-10-27T03:33:20\"", "its offset"),
        ("\"1730000000.5\"", "jq -c '.timestamp |= tonumber'"),
    ] {
        write(at, "in.jsonl", &line(time));
        let said = super::said("ulp-append < in.jsonl", at);
        assert_eq!(said.codes("rejected"), ["envelope.timestamp"], "{time}");
        assert!(said.log.contains(hint), "{time}: {}", said.log);
    }
    write(at, "in.jsonl", &line("\"1730000000.5\""));
    run::sh("jq -c '.timestamp |= tonumber' < in.jsonl | ulp-append 2> /dev/null", at);
    // What is in seconds among them passes as it is, and what is no date is refused as anywhere.
    write(at, "in.jsonl", &format!("{}\n{}\n", line("1.5"), line("\"2024-10-27\"")));
    let said = super::said("ulp-append --timestamps iso < in.jsonl", at);
    assert_eq!((said.status, said.out.lines().count()), (1, 1), "{}", said.log);
}

#[test]
fn a_store_completes_drafts() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    run::sh("ulp-store init w 2> /dev/null", at);
    let append = |lines: &str| {
        write(at, "in.jsonl", lines);
        said("ulp-append --store w --now 2026-05-01T12:00:00Z < in.jsonl", at)
    };
    // In one run: the second line rests on the first, which is not durable yet.
    let first = append(
        "{\"actor_id\":\"u\",\"operation\":\"create_node\",\"node_id\":\"p\",\"tile\":\"z0/x3/y4\"}\n\
         {\"actor_id\":\"u\",\"operation\":\"set_properties\",\"node_id\":\"p\",\"properties\":{\"a\":1}}\n\
         {\"actor_id\":\"u\",\"operation\":\"link_nodes\",\"from_node\":\"p\",\"to_node\":\"q\"}\n",
    );
    assert_eq!(first.out.matches("\"tile\":\"z0/x3/y4\"").count(), 3, "{first:?}");
    let tag = first
        .out
        .lines()
        .nth(2)
        .unwrap()
        .split_once("\"event_id\":\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    // In another: the tags that stand in its tile, and none where none stands.
    let second = append(
        "{\"actor_id\":\"u\",\"operation\":\"unlink_nodes\",\"from_node\":\"p\",\"to_node\":\"q\"}\n\
         {\"actor_id\":\"u\",\"operation\":\"unlink_nodes\",\"from_node\":\"p\",\"to_node\":\"q\"}\n\
         {\"actor_id\":\"u\",\"operation\":\"unlink_nodes\",\"from_node\":\"q\",\"to_node\":\"p\"}\n\
         {\"actor_id\":\"u\",\"operation\":\"create_node\",\"node_id\":\"p\",\"tile\":\"z0/x3/y4\",\"preserves_invariants\":[\"exclusion\"]}\n",
    );
    let observed: Vec<&str> = second
        .out
        .lines()
        .map(|l| l.split_once("\"observed\":").unwrap().1.split_once(']').unwrap().0)
        .collect();
    assert_eq!(observed, [format!("[\"{tag}\""), "[".to_owned(), "[".to_owned()]);
    assert!(
        second.out.lines().take(2).all(|l| l.contains("z0/x3/y4"))
            && second.out.lines().nth(2).unwrap().contains("z0/x0/y0")
    );
    assert_eq!(second.codes("rejected"), ["invariant.exclusion"]);
    // A node that was deleted, or that only a stricter lane knows, leads nowhere.
    append(
        "{\"actor_id\":\"u\",\"operation\":\"delete_node\",\"node_id\":\"p\"}\n{\"actor_id\":\"u\",\"operation\":\"create_node\",\"node_id\":\"r\",\"tile\":\"z0/x1/y1\",\"scope\":{\"realm\":\"personal\"}}\n",
    );
    let last = append(
        "{\"actor_id\":\"u\",\"operation\":\"set_properties\",\"node_id\":\"p\",\"properties\":{}}\n\
         {\"actor_id\":\"u\",\"operation\":\"set_properties\",\"node_id\":\"r\",\"properties\":{}}\n\
         {\"actor_id\":\"u\",\"operation\":\"set_properties\",\"node_id\":\"r\",\"properties\":{},\"scope\":{\"realm\":\"personal\"}}\n",
    );
    let tiles: Vec<&str> =
        last.out.lines().map(|l| l.split_once("\"tile\":\"").unwrap().1.split('"').next().unwrap()).collect();
    assert_eq!(tiles, ["z0/x0/y0", "z0/x0/y0", "z0/x1/y1"]);
}

#[test]
fn damage_ends_a_reading_or_only_its_lane() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    run::sh("ulp-store init w 2> /dev/null", at);
    for (tile, node) in [("z0/x0/y0", "a"), ("z0/x1/y0", "b")] {
        write(
            at,
            "in.jsonl",
            &format!(
                "{{\"event_id\":\"{node}\",\"timestamp\":1,\"actor_id\":\"u\",\"operation\":\"create_node\",\"node_id\":\"{node}\",\"tile\":\"{tile}\"}}"
            ),
        );
        run::sh("ulp-append --store w < in.jsonl 2> /dev/null", at);
    }
    let whole = run::sh("ulp-materialize --store w 2> /dev/null", at);
    let rest = run::sh("ulp-materialize --store w --tile z0/x1 2> /dev/null", at);
    let segment = run::sh("find w/objects -type f -exec grep -l '\"event_id\":\"a\"' {} +", at);
    let segment = at.join(segment.trim_end());
    std::fs::set_permissions(&segment, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(&segment, "{}\n").unwrap();
    let strict = said("ulp-materialize --store w", at);
    assert_eq!((strict.status, strict.out.contains("\"node_id\":\"a\"")), (3, false), "{strict:?}");
    let partial = said("ulp-materialize --store w --partial", at);
    assert_eq!(partial.status, 3, "the rest, and still damaged: {partial:?}");
    assert!(
        partial.out.ends_with(&rest) && whole.ends_with(&rest) && !partial.out.contains("\"node_id\":\"a\"")
    );
    assert!(partial.log.contains("z0/x0/y0"), "{}", partial.log);
    // What names the events of a lane is as much a part of it as what holds them.
    let manifest = at.join("w/spaces/default/tiles/z0/x0/y0/team.public/manifest.json");
    let good = std::fs::read_to_string(&manifest).unwrap();
    for bad in [good.replace("\"v\":1", "\"v\":1,\"w\":1"), String::new(), good.replace("z0", "z1")] {
        std::fs::write(&manifest, bad).unwrap();
        let strict = said("ulp-materialize --store w", at);
        assert_eq!((strict.status, strict.out.contains("\"node_id\":\"a\"")), (3, false), "{strict:?}");
        let partial = said("ulp-materialize --store w --partial", at);
        assert_eq!((partial.status, &partial.out), (3, &rest), "{partial:?}");
        assert!(
            partial.log.contains("manifest.json") && partial.log.contains("store.manifest"),
            "{partial:?}"
        );
        let cut = said("ulp-materialize --store w --partial --at id:a", at);
        assert_eq!(cut.status, 3, "the event may lie in the lane: {cut:?}");
        for tool in ["projector-2d --store w", "ulp-store heads --store w", "ulp-store check --store w"] {
            assert_eq!(said(tool, at).status, 3, "{tool}");
        }
        let append = said("ulp-append --store w < in.jsonl", at);
        assert_eq!(append.status, 0, "another tile is written to: {append:?}");
    }
}
