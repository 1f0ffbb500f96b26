//! `--blame` names the event whose write stands, not one that happens to bear its name.

use crate::run;
use serde_json::{Value, json};

/// An event of a name at second 1, by an actor; `rest` is its operation with all else.
fn event(name: &str, actor: &str, rest: &str) -> String {
    format!("{{\"event_id\":\"{name}\",\"timestamp\":1,\"actor_id\":\"{actor}\",{rest}}}")
}

/// The rows of a blame, from the lines in both orders and, where they are all events, from a store: always the same.
#[track_caller]
fn blame(options: &str, lines: &[String]) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    let mut turned = lines.to_vec();
    turned.reverse();
    std::fs::write(dir.path().join("one"), lines.join("\n") + "\n").unwrap();
    std::fs::write(dir.path().join("two"), turned.join("\n") + "\n").unwrap();
    let ask = |from: &str| run::sh(&format!("ulp-materialize --blame {options} {from} 2> log"), dir.path());
    let once = ask("one");
    assert_eq!(once, ask("two"), "{lines:?}");
    if !lines.iter().any(|line| line.contains("_state\"")) {
        run::sh("ulp-store init w; ulp-append --store w one > out 2> log", dir.path());
        assert_eq!(once, ask("--store w"), "{lines:?}");
    }
    serde_json::Deserializer::from_str(&once).into_iter().collect::<Result<_, _>>().unwrap()
}

/// Who is named for a register, row by row.
fn actors(rows: &[Value], register: &str) -> Vec<Value> {
    let of_register = rows.iter().filter(|row| row["register"] == register);
    of_register.map(|row| row["actor_id"].clone()).collect()
}

const CREATE: &str = r#""operation":"create_node","node_id":"n""#;

fn set(value: u32, rest: &str) -> String {
    format!(r#""operation":"set_properties","node_id":"n","properties":{{"k":{value}}}{rest}"#)
}

#[test]
fn an_event_of_the_same_name_in_another_tile_is_another_event() {
    let lines = [
        event("e1", "user:a", r#""operation":"create_node","node_id":"n1","tile":"z0/x0/y0""#),
        event("e1", "user:b", r#""operation":"create_node","node_id":"n2","tile":"z0/x1/y0""#),
    ];
    let rows = blame("n2", &lines);
    assert_eq!(
        rows[0],
        json!({"actor_id": "user:b", "event_id": "e1", "key": "1/e1", "node_id": "n2", "policy": "public",
            "realm": "team", "register": "authority", "tile": "z0/x1/y0", "timestamp": 1, "value": "source"})
    );
    assert!(rows.iter().all(|row| row["actor_id"] == "user:b"), "{rows:?}");
    assert_eq!(blame("n1", &lines)[0]["actor_id"], "user:a");
}

#[test]
fn of_two_values_under_one_key_the_greater_stands_and_its_event_is_named() {
    let lines =
        [event("e", "user:a", &set(1, "")), event("e", "user:b", &set(2, "")), event("c", "user:c", CREATE)];
    let rows = blame("n", &lines);
    assert_eq!(actors(&rows, "properties.k"), ["user:b"]);
    assert_eq!(rows.iter().find(|row| row["register"] == "properties.k").unwrap()["value"], 2);
}

#[test]
fn equal_writes_have_a_row_each_by_lane() {
    let public = r#","scope":{"realm":"public"}"#;
    let lines = [
        event("e", "user:d", &set(2, r#","tile":"z0/x1/y0""#)),
        event("e", "user:c", &set(2, "")),
        event("e", "user:b", &set(2, "")),
        event("e", "user:a", &set(2, public)),
        event("e", "user:z", &set(1, public)),
    ];
    let rows = blame("n", &lines);
    assert_eq!(actors(&rows, "properties.k"), ["user:a", "user:b", "user:c", "user:d"]);
    let lanes: Vec<String> = rows.iter().map(|row| format!("{} {}", row["realm"], row["tile"])).collect();
    let team = r#""team" "z0/x0/y0""#;
    assert_eq!(lanes, [r#""public" "z0/x0/y0""#, team, team, r#""team" "z0/x1/y0""#]);
}

#[test]
fn an_event_that_the_view_does_not_see_is_not_named() {
    let hidden = |actor, policy| event("e", actor, &set(2, &format!(r#","scope":{{"policy":"{policy}"}}"#)));
    let seen = event("e", "user:b", &set(2, ""));
    let both = [seen.clone(), hidden("user:a", "private")];
    assert_eq!(actors(&blame("n --policy public", &both), "properties.k"), ["user:b"]);
    assert_eq!(blame("n --policy public", &both), blame("n --policy public", &[seen]));
    assert_eq!(actors(&blame("n", &both), "properties.k"), ["user:a", "user:b"]);
    assert_eq!(actors(&blame("n --policy private", &both), "properties.k"), ["user:a"]);
    // What a state line of a looser lane tells of a hidden event is no reason to name it.
    let told = r#"{"operation":"node_state","space_id":"default","tile":"z0/x0/y0","scope":{"realm":"team","policy":"public"},"node_id":"n","created":"0/c","properties":{"k":2},"clock":{"properties.k":"1/e"}}"#;
    let rows = blame("n --policy public", &[told.to_owned(), hidden("user:a", "private")]);
    assert_eq!(rows, [json!({"key": "1/e", "node_id": "n", "register": "properties.k", "value": 2})]);
    // Of a redacted lane whoever asks for it by name sees where the node hangs, and nothing of the event.
    let parent =
        r#""operation":"create_node","node_id":"n","transform":{"parent":"p"},"scope":{"policy":"redacted"}"#;
    let redacted = [event("e", "user:a", parent)];
    let rows = blame("n --policy redacted", &redacted);
    assert_eq!(rows, [json!({"key": "1/e", "node_id": "n", "register": "parent", "value": "p"})]);
    assert_eq!(actors(&blame("n", &redacted), "layer"), ["user:a"]);
}

#[test]
fn a_deleted_node_says_who_deleted_it_and_when() {
    let delete = |name: &str, time: u32, actor: &str, rest: &str| {
        format!(
            "{{\"event_id\":\"{name}\",\"timestamp\":{time},\"actor_id\":\"{actor}\",\"operation\":\"delete_node\",\
             \"node_id\":\"n\"{rest}}}"
        )
    };
    let lines = [
        event("c", "user:a", CREATE),
        delete("d1", 2, "user:b", ""),
        delete("d2", 3, "user:c", r#","tile":"z0/x1/y0""#),
        delete("d3", 4, "user:d", r#","scope":{"policy":"private"}"#),
    ];
    assert_eq!(
        blame("n --policy public", &lines),
        [json!({"actor_id": "user:c", "event_id": "d2", "key": "3/d2", "node_id": "n", "policy": "public",
            "realm": "team", "register": "deleted", "tile": "z0/x1/y0", "timestamp": 3})]
    );
    assert_eq!(actors(&blame("n", &lines), "deleted"), ["user:d"]);
    assert_eq!(actors(&blame("n --at 2", &lines), "deleted"), ["user:b"]);
}

#[test]
fn what_a_macro_or_a_merge_set_is_blamed_on_it() {
    let stamp = r#""operation":"macro.stamp","template":[{"operation":"create_node","node_id":"n"},{"operation":"create_node","node_id":"o"},{"operation":"set_properties","node_id":"n","properties":{"k":1.50}}]"#;
    let lines = [
        event("m", "user:m", stamp),
        event("x", "user:x", &set(9, r#","tile":"z0/x3/y3""#)),
        event(
            "j",
            "user:j",
            r#""operation":"merge","previous_events":["m","x"],"node_id":"o","absorbs":["n"]"#,
        ),
    ];
    let rows = blame("n", &lines);
    let row = |register: &str| rows.iter().find(|row| row["register"] == register).unwrap().clone();
    assert_eq!((&row("layer")["key"], &row("layer")["event_id"]), (&json!("1/m#0000"), &json!("m")));
    assert_eq!(row("properties.k")["actor_id"], "user:x");
    assert_eq!(
        (&row("absorbed_into")["actor_id"], &row("absorbed_into")["value"]),
        (&json!("user:j"), &json!("o"))
    );
}

#[test]
fn a_node_that_nobody_knows_is_said_to_be_unknown() {
    let private = event("c", "user:a", &format!(r#"{CREATE},"scope":{{"policy":"private"}}"#));
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("in"), private + "\n").unwrap();
    run::sh("ulp-store init w; ulp-append --store w in > out 2> log", dir.path());
    for (ask, status) in [("m", 1), ("n --policy public", 1), ("n", 0)] {
        for from in ["in", "--store w"] {
            let script = format!("ulp-materialize --blame {ask} {from} 2> log > out; echo $?; wc -c < out");
            let said = run::sh(&script, dir.path());
            assert!(said.starts_with(&format!("{status}\n")), "{ask} {from}: {said}");
            assert_eq!(said.ends_with("\n0\n"), status == 1, "{ask} {from}: {said}");
            let log = std::fs::read_to_string(dir.path().join("log")).unwrap();
            assert_eq!(log.contains("\"code\":\"view.unknown_node\""), status == 1, "{log}");
            assert!(log.contains("\"log\":\"witness\""), "{log}");
        }
    }
}
