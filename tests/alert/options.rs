//! What is asked for by options, and what there is to say.

use super::{CREATE, ORIGIN, alert, event, of_alerts, set, write};
use crate::run;
use std::path::Path;

/// An alert that is updated, and another that ends.
fn trace(dir: &Path) {
    let other = CREATE.replace("\"node_id\":\"n\"", "\"node_id\":\"m\"");
    write(
        dir,
        "in.jsonl",
        &[
            event("o", 1, &[], ORIGIN),
            event("a", 10, &[], CREATE),
            event("b", 20, &["a"], &set(r#""severity":"Minor","expires":100"#)),
            event("c", 30, &[], &other),
            event("d", 40, &["c"], r#""operation":"delete_node","node_id":"m""#),
            event("e", 101, &[], r#""operation":"sensor_reading","sensor":"t","value":1"#),
        ],
    );
}

fn kinds(arguments: &str, dir: &Path) -> String {
    let (records, _) = alert(arguments, dir);
    let kind = |line: &str| {
        let part = |name: &str| {
            line.split(&format!("\"{name}\":\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        format!("{} {}", part("incidents"), part("msgType"))
    };
    records.lines().map(kind).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_is_current_is_neither_over_nor_replaced_nor_expired() {
    let dir = tempfile::tempdir().unwrap();
    trace(dir.path());
    for (options, expected) in [
        ("", "s+n Alert, s+n Update, s+m Alert, s+m Cancel"),
        ("--current", ""),
        ("--current --at 99.9", "s+n Update"),
        ("--current --at 100", ""),
        ("--current --at id:c", "s+n Update, s+m Alert"),
        ("--at 15", "s+n Alert"),
        ("--node m", "s+m Cancel"),
        ("--node n --current --at 50", "s+n Update"),
        ("--layer l", "s+n Alert, s+n Update, s+m Alert, s+m Cancel"),
        ("--layer other", ""),
        ("--space other", ""),
    ] {
        assert_eq!(kinds(&format!("{options} in.jsonl"), dir.path()), expected, "{options}");
    }
    let script = "projector-alert -f cap --node n in.jsonl 2> log | xmllint --noout -
        projector-alert --node nobody in.jsonl 2> log; echo $?; grep -c view.unknown_node log
        projector-alert --node n -o . in.jsonl 2> log; echo $?";
    assert_eq!(run::sh(script, dir.path()), "1\n2\n2\n");
}

#[test]
fn a_second_run_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    trace(dir.path());
    let script = "projector-alert -o out/ in.jsonl 2> one; stat -c '%n %i %y' out out/* > before; sleep 0.02
        projector-alert -o out in.jsonl 2> two; stat -c '%n %i %y' out out/* | cmp - before; cmp one two; ls out | wc -l
        echo broken > out/feed.xml; chmod 600 out/feed.xml; projector-alert -o out/ in.jsonl 2> log
        stat -c %a out/feed.xml; stat -c '%n %i %y' out/s* | cmp - <(grep ^out/s before)
        projector-alert -o no/such/ in.jsonl 2> log; echo $?; projector-alert -o in.jsonl/ in.jsonl 2> log; echo $?";
    assert_eq!(run::sh(script, dir.path()), "5\n600\n4\n4\n");
}

#[test]
fn an_alert_needs_an_origin_and_a_unit() {
    let dir = tempfile::tempdir().unwrap();
    let create = event("a", 10, &[], CREATE);
    write(dir.path(), "bare.jsonl", std::slice::from_ref(&create));
    write(dir.path(), "none.jsonl", &[event("e", 1, &[], r#""operation":"create_node","node_id":"x""#)]);
    let script = "projector-alert bare.jsonl 2> log; echo $?; grep -o 'names no origin.*LON' log
        projector-alert --origin 52.6,-2 bare.jsonl 2> log | jq -r .info[0].area[0].circle[0]; projector-alert none.jsonl 2> log | wc -c
        projector-alert -f cap none.jsonl 2> log | grep -c 1970-01-01T00:00:00Z";
    assert_eq!(
        run::sh(script, dir.path()),
        "2\nnames no origin; say where it lies by --origin LAT,LON\n52.6,-2 0\n0\n1\n"
    );
    for (more, code) in [(r#","unit":"furlong""#, "map.unit"), (r#","unit":"km""#, "map.range")] {
        let far = CREATE.replace("[0,0]", "[4000,0]");
        let origin = ORIGIN.replace("\"lon\":-2}", &format!("\"lon\":-2}}{more}"));
        write(dir.path(), "in.jsonl", &[event("o", 1, &[], &origin), event("a", 10, &[], &far)]);
        let (records, codes) = alert("in.jsonl", dir.path());
        assert_eq!((records.as_str(), &codes[code]), ("", &serde_json::json!(1)), "{codes}");
    }
}

#[test]
fn areas_are_what_stands_there() {
    let dir = tempfile::tempdir().unwrap();
    let area = |geometry: &str, transform: &str| {
        let create = CREATE.replace(
            "\"transform\":{\"position\":[0,0]}",
            &format!("\"transform\":{{\"position\":[0,0]{transform}}},\"geometry\":{geometry}"),
        );
        write(dir.path(), "in.jsonl", &[event("o", 1, &[], ORIGIN), event("a", 10, &[], &create)]);
        let (records, codes) = alert("in.jsonl", dir.path());
        let record: serde_json::Value = serde_json::from_str(records.trim()).unwrap_or_default();
        let area = &record["info"][0]["area"][0];
        match (area["circle"][0].as_str(), area["polygon"][0].as_str()) {
            (Some(circle), None) => circle.split(' ').nth(1).unwrap().to_owned(),
            (None, Some(polygon)) => {
                let corners: Vec<&str> = polygon.split(' ').collect();
                assert_eq!(corners.first(), corners.last(), "{polygon}");
                format!("{} corners", corners.len() - 1)
            }
            _ => of_alerts(&codes),
        }
    };
    for (geometry, transform, expected) in [
        (r#"{"kind":"ellipse","rx":1234.5678,"ry":1234.5678}"#, "", "1.234568"),
        (r#"{"kind":"ellipse","rx":10,"ry":10}"#, r#","rotation":33,"scale":1.5"#, "0.015"),
        (r#"{"kind":"ellipse","rx":10,"ry":20}"#, r#","scale":[2,1,1]"#, "0.02"),
        (r#"{"kind":"ellipse","rx":10,"ry":20}"#, "", "64 corners"),
        (r#"{"kind":"sphere","radius":5}"#, "", "0.005"),
        (r#"{"kind":"cylinder","radius":5,"height":2}"#, "", "0.005"),
        (r#"{"kind":"box","size":[4,5,6]}"#, "", "4 corners"),
        (r#"{"kind":"rect","width":4,"height":5,"radius":1}"#, r#","rotation":45"#, "4 corners"),
        (r#"{"kind":"polygon","points":[[0,0],[9,0],[0,9]],"holes":[[[1,1],[2,1],[1,2]]]}"#, "", "3 corners"),
        (r#"{"kind":"polygon","points":[[0,0],[9,0],[0,9],[0,0]]}"#, "", "3 corners"),
        (r#"{"kind":"text","text":"a"}"#, "", "0"),
        (r#"{"kind":"blob"}"#, "", "0"),
        (r#"{"kind":"line","points":[[0,0],[9,9]]}"#, "", "cap.area 1"),
        (r#"{"kind":"path","d":"M0 0 L9 9"}"#, "", "cap.area 1"),
    ] {
        assert_eq!(area(geometry, transform), expected, "{geometry} {transform}");
    }
}

#[test]
fn what_is_not_for_everyone_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let lines = [
        event("o", 1, &[], ORIGIN),
        event("a", 10, &[], CREATE),
        event("p", 20, &["a"], &set(r#""headline":"SECRET""#))
            .replace("\"public\"}", "\"public\",\"policy\":\"private\"}"),
        event("q", 30, &["p"], &set(r#""headline":"open""#)),
        event("r", 40, &["a"], &set(r#""headline":"SECRET""#)).replace("\"public\"}", "\"personal\"}"),
        event("t", 50, &["a"], &set(r#""severity":"Minor""#))
            .replace("\"public\"}", "\"public\",\"policy\":\"redacted\"}"),
    ];
    write(dir.path(), "in.jsonl", &lines);
    let (records, codes) = alert("--log-all in.jsonl", dir.path());
    assert!(!records.contains("SECRET") && records.lines().count() == 1, "{records}");
    // The one that builds on what is private waits, as it does where the private one is not.
    assert_eq!(of_alerts(&codes), "cap.incomplete 1, cap.unordered 1");
    let all = "--realm personal --realm public --realm team --policy public --policy private --policy redacted in.jsonl";
    let (records, codes) = alert(all, dir.path());
    assert_eq!(
        (records.lines().count(), of_alerts(&codes).contains("cap.realm 1")),
        (2, true),
        "{records}{codes}"
    );
}

#[test]
fn state_lines_tell_of_no_event() {
    let dir = tempfile::tempdir().unwrap();
    trace(dir.path());
    run::sh("ulp-materialize in.jsonl > state.jsonl 2> log", dir.path());
    let (records, codes) = alert("state.jsonl", dir.path());
    assert_eq!((records.as_str(), of_alerts(&codes)), ("", "cap.history 1".to_owned()));
    // Beside the events they change nothing but the count.
    let both = run::sh(
        "cat state.jsonl in.jsonl | projector-alert 2> log | cmp - <(projector-alert in.jsonl 2> log)",
        dir.path(),
    );
    assert_eq!(both, "");
}

#[test]
fn messages_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    trace(dir.path());
    let script =
        "(head -2 in.jsonl; sleep 0.5; tail -n +3 in.jsonl) | projector-alert --follow 2> log > followed
        projector-alert in.jsonl 2> log | cmp - followed && head -1 followed | jq -r .msgType
        projector-alert --follow -f cap in.jsonl 2> log; echo $?";
    assert_eq!(run::sh(script, dir.path()), "Alert\n2\n");
}

#[test]
fn rings_of_parents_and_causes_end() {
    let dir = tempfile::tempdir().unwrap();
    let node = |id: &str, parent: &str| {
        format!(
            "\"operation\":\"create_node\",\"node_id\":\"{id}\",\"transform\":{{\"position\":[5,0],\"parent\":\"{parent}\"}}"
        )
    };
    let hung = CREATE.replace("[0,0]", "[1,0],\"parent\":\"x\"");
    let lines = [
        event("o", 1, &[], ORIGIN),
        event("x", 2, &[], &node("x", "y")),
        event("y", 3, &["x"], &node("y", "x")),
        event("a", 4, &["y", "a"], &hung),
        event("b", 5, &["a", "c"], &set(r#""severity":"Minor""#)),
        event("c", 6, &["b"], &set(r#""severity":"Extreme""#)),
    ];
    write(dir.path(), "in.jsonl", &lines);
    let (records, codes) = alert("in.jsonl", dir.path());
    assert_eq!(records.lines().count(), 3, "{records}{codes}");
}

#[test]
fn the_example_warns_three_villages() {
    let dir = run::checkout();
    let script = "for out in one two; do examples/alert/run.sh $out > said && cmp said examples/alert/expected.txt; done
        diff -r one/desk.cap two/mill.cap";
    run::sh(script, dir.path());
}

/// About 180°: what crosses it is two polygons, what lies beyond is one, and each stays on one side.
#[test]
fn an_area_across_the_antimeridian_is_cut_there() {
    let dir = tempfile::tempdir().unwrap();
    let origin = ORIGIN.replace("52.6", "-17.8").replace("-2}", "179.9}");
    let at = |x: i32, shape: &str| {
        let create = CREATE.replace("\"position\":[0,0]", &format!("\"position\":[{x},0]"));
        write(
            dir.path(),
            "in.jsonl",
            &[event("o", 1, &[], &origin), event("a", 2, &[], &format!("{create},\"geometry\":{shape}"))],
        );
        let (record, _) = alert("in.jsonl", dir.path());
        run::sh("projector-alert -f cap in.jsonl 2> log > in.xml; xmllint --noout in.xml", dir.path());
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        let area = record["info"][0]["area"][0].clone();
        let in_xml = std::fs::read_to_string(dir.path().join("in.xml")).unwrap();
        let polygons = area["polygon"].as_array().cloned().unwrap_or_default();
        for polygon in &polygons {
            assert!(in_xml.contains(&format!("<polygon>{}</polygon>", polygon.as_str().unwrap())));
        }
        let corner = |spot: &str| spot.split_once(',').map(|(_, lon)| lon.parse().unwrap()).unwrap();
        let rings = polygons.iter().map(|ring| ring.as_str().unwrap().split(' ').map(corner).collect());
        rings.collect::<Vec<Vec<f64>>>()
    };
    let rect = r#"{"kind":"rect","width":60000,"height":1000}"#;
    let rings = at(0, rect);
    assert_eq!(rings.len(), 2, "{rings:?}");
    assert!(rings[0].iter().all(|lon| (179.6..=180.0).contains(lon)) && rings[0].len() == 5, "{rings:?}");
    assert!(rings[1].iter().all(|lon| (-180.0..=-179.8).contains(lon)) && rings[1].len() == 5, "{rings:?}");
    for (x, side) in [(-50_000, 1.0), (50_000, -1.0)] {
        let rings = at(x, rect);
        assert!(rings.len() == 1 && rings[0].iter().all(|lon| lon * side > 179.0), "{rings:?}");
    }
    assert!(at(50_000, r#"{"kind":"point"}"#).is_empty());
}
