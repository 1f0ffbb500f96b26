//! Cases computed by hand from the pages, and the properties that every history has.

#![allow(clippy::unwrap_used, reason = "a test may")]

use super::canonical::parse;
use super::event::{complete, nanoseconds, whole};
use super::generate::{Rng, beside, cut, cut_below, duplicate, history, names_once, respell, shuffle};
use super::order::Key;
use super::{canonical, derive, derive_lines, lane_roots, order, roots, shared_view, view};
use crate::sample;
use serde_json::{Value, json};

/// Events of actor `a` at second 0 in the default place, unless they say otherwise.
fn lines(events: &[Value]) -> Vec<String> {
    let filled = |event: &Value| {
        let mut event = event.clone();
        for (name, value) in [("actor_id", json!("a")), ("timestamp", json!(0))] {
            if event.get(name).is_none() && !event["operation"].as_str().unwrap().ends_with("_state") {
                event[name] = value;
            }
        }
        event.to_string()
    };
    events.iter().map(filled).collect()
}

fn state(events: &[Value]) -> Vec<Value> {
    derive_lines(&lines(events)).iter().map(|line| parse(line)).collect()
}

/// The state line of a node of the only lane.
fn node(events: &[Value], id: &str) -> Value {
    state(events).into_iter().find(|line| line["node_id"] == id).unwrap_or(Value::Null)
}

fn link(events: &[Value]) -> Value {
    state(events).into_iter().find(|line| line["operation"] == "link_state").unwrap()
}

fn keys(events: &[Value]) -> Vec<String> {
    order(&lines(events)).into_iter().map(|(_, key)| key).collect()
}

fn event(id: &str, timestamp: f64, parents: &[&str]) -> Value {
    json!({"event_id": id, "timestamp": timestamp, "previous_events": parents, "operation": "x"})
}

fn set(id: &str, timestamp: f64, fill: Value) -> Value {
    json!({"event_id": id, "timestamp": timestamp, "operation": "set_properties", "node_id": "n", "properties": {"fill": fill}})
}

#[test]
fn canonical_form_is_rfc_8785() {
    let text =
        r#"{"\uff5e":1e0,"\ud83d\ude00":[-0,1E21,1e-7,0.50],"a":"\u001f\u0008\/\u2028\u007f","":null}"#;
    let expected = "{\"\":null,\"a\":\"\\u001f\\b/\u{2028}\u{7f}\",\"😀\":[0,1e+21,1e-7,0.5],\"～\":1}";
    assert_eq!(canonical(&parse(text)), expected);
}

#[test]
fn timestamps_are_the_nanoseconds_of_the_shortest_decimal() {
    let cases = [
        ("1730000000", 1_730_000_000_000_000_000),
        ("1.73e9", 1_730_000_000_000_000_000),
        ("-1.5", -1_500_000_000),
    ];
    for (text, expected) in cases {
        assert_eq!(nanoseconds(&parse(text)), expected);
    }
    assert_eq!(nanoseconds(&parse("1e-9")), 1);
    assert_eq!(nanoseconds(&parse("1730000000.1234567")), 1_730_000_000_123_456_700);
    assert_eq!(nanoseconds(&parse("-0.0")), 0);
}

#[test]
fn keys_have_one_text() {
    let cases = [
        (1_730_000_000_000_000_001, "1730000000.000000001/evt-12"),
        (1_730_000_000_000_000_000, "1730000000/evt-12"),
        (-1, "-0.000000001/evt-12"),
        (-1_500_000_000, "-1.5/evt-12"),
        (0, "0/evt-12"),
        (250_000_000, "0.25/evt-12"),
    ];
    for (eff, text) in cases {
        let key = Key { eff, id: "evt-12".into() };
        assert_eq!(key.print(), text);
        assert_eq!(Key::parse(text), key);
    }
    assert_eq!(Key::parse("-0.5/a/b#0003#0001").id, "a/b#0003#0001");
    assert_eq!(Key::parse("-0.5/a/b#0003#0001").name(), "a/b");
}

#[test]
fn a_line_is_completed_with_the_defaults_and_named_by_its_hash() {
    let short = json!({"operation": "x", "timestamp": 1.0, "actor_id": "a"});
    let whole_but_name = r#"{"actor_id":"a","layer_id":"default","operation":"x","preserves_invariants":[],"previous_events":[],"scope":{"authority":"source","boundary":"interior","policy":"public","realm":"team"},"space_id":"default","tile":"z0/x0/y0","timestamp":1}"#;
    let hash = blake3::hash(whole_but_name.as_bytes()).to_hex();
    assert_eq!(complete(&short)["event_id"], format!("evt-{}", &hash[..32]));
    let signed = json!({"operation": "x", "timestamp": 1, "actor_id": "a", "signature": {}});
    assert_eq!(complete(&signed)["event_id"], complete(&short)["event_id"]);
}

#[test]
fn an_event_takes_effect_after_its_causes() {
    let keys = keys(&[event("a", 5.0, &["ghost"]), event("b", 1.0, &["a"]), event("c", 5.0, &["b"])]);
    assert_eq!(keys, ["5/a", "5.000000001/b", "5.000000002/c"]);
}

#[test]
fn edges_inside_a_cycle_are_ignored() {
    let own = event("s", 3.0, &["s", "b"]);
    let cycle = [event("a", 1.0, &["b"]), event("b", 9.0, &["a", "c"]), event("c", 9.0, &[]), own];
    assert_eq!(keys(&cycle), ["1/a", "9/c", "9.000000001/b", "9.000000002/s"]);
}

#[test]
fn a_cycle_stays_ignored_when_a_state_line_names_it() {
    let cycle = [event("a", 1.0, &["b"]), event("b", 2.0, &["a"]), event("s", 3.0, &["s"])];
    let mut both = lines(&cycle);
    both.extend(derive_lines(&lines(&cycle)));
    assert_eq!(derive(&both), derive(&lines(&cycle)));
}

#[test]
fn a_stricter_cause_does_not_count_and_a_looser_one_does() {
    let private = |mut event: Value| {
        event["scope"] = json!({"realm": "personal", "policy": "private"});
        event
    };
    let keys = keys(&[
        private(event("p", 7.0, &[])),
        event("q", 1.0, &["p"]),
        event("r", 8.0, &[]),
        private(event("s", 1.0, &["r"])),
    ]);
    assert_eq!(keys, ["1/q", "7/p", "8/r", "8.000000001/s"]);
}

#[test]
fn a_parent_counts_in_its_own_space_and_tile_alone() {
    let mut elsewhere = event("p", 7.0, &[]);
    elsewhere["tile"] = json!("z0/x1/y0");
    assert_eq!(keys(&[elsewhere, event("q", 1.0, &["p"])]), ["1/q", "7/p"]);
}

#[test]
fn events_of_one_name_all_count() {
    let keys = keys(&[event("p", 7.0, &[]), event("p", 9.0, &[]), event("q", 1.0, &["p"])]);
    assert_eq!(keys, ["7/p", "9/p", "9.000000001/q"]);
}

#[test]
fn known_keys_count_for_children_and_for_the_event_itself() {
    let known = |realm: &str| {
        json!({"operation": "tile_state", "space_id": "default", "tile": "z0/x0/y0",
            "scope": {"realm": realm, "policy": "public"}, "recent": ["5/p", "4.5/m#0003"]})
    };
    let events = [known("team"), event("q", 1.0, &["p"]), event("r", 1.0, &["m"]), event("p", 2.0, &[])];
    assert_eq!(keys(&events[..3]), ["4.500000001/r", "5.000000001/q"]);
    assert_eq!(keys(&events), ["4.500000001/r", "5/p", "5.000000001/q"]);
    // In another lane the name's key counts for children alone, and only from a lane that is no stricter.
    let elsewhere = [known("public"), event("q", 1.0, &["p"]), event("p", 2.0, &[])];
    assert_eq!(keys(&elsewhere), ["2/p", "5.000000001/q"]);
    let stricter = [known("personal"), event("q", 1.0, &["p"])];
    assert_eq!(keys(&stricter), ["1/q"]);
}

#[test]
fn a_created_node_has_its_registers_and_its_clock_names_later_ones() {
    let create = json!({"event_id": "c", "timestamp": 1, "layer_id": "ink", "operation": "create_node", "node_id": "n", "kind": "box",
        "transform": {"rotation_quat": [0, 0, 0, 1.0], "parent": null, "shear": 1}, "media": {"ref": "r"}});
    let derived = derive_lines(&lines(&[create, set("d", 2.5, json!(null))]));
    assert_eq!(
        derived,
        [
            r#"{"operation":"tile_state","recent":["2.5/d","1/c"],"scope":{"policy":"public","realm":"team"},"space_id":"default","tile":"z0/x0/y0"}"#,
            r#"{"authority":"source","boundary":"interior","clock":{"properties.fill":"2.5/d"},"created":"1/c","kind":"box","layer":"ink","media":{"media":{"ref":"r"}},"node_id":"n","operation":"node_state","properties":{"fill":null},"scope":{"policy":"public","realm":"team"},"space_id":"default","tile":"z0/x0/y0","transform":{"parent":null,"rotation":[0,0,0,1]}}"#,
        ]
    );
}

#[test]
fn the_greatest_key_wins_and_null_can_win() {
    let fill = |events: &[Value]| node(events, "n")["properties"]["fill"].clone();
    assert_eq!(fill(&[set("a", 2.0, json!(1)), set("b", 1.0, json!(2))]), 1);
    assert_eq!(fill(&[set("a", 1.0, json!(1)), set("b", 1.0, json!(null))]), Value::Null);
    // Ids compare as bytes: U+FF5E is less than U+1F600.
    assert_eq!(fill(&[set("～", 1.0, json!(1)), set("😀", 1.0, json!(2))]), 2);
}

#[test]
fn equal_keys_are_decided_by_the_canonical_value() {
    let fill =
        |a: Value, b: Value| node(&[set("e", 1.0, a), set("e", 1.0, b)], "n")["properties"]["fill"].clone();
    assert_eq!(fill(json!(10), json!(9)), 9);
    assert_eq!(fill(json!(null), json!("z")), Value::Null);
    assert_eq!(fill(json!({}), json!(null)), json!({}));
}

#[test]
fn within_one_event_the_later_write_stands() {
    let step = json!({"event_id": "s", "operation": "physics_step", "solver": "x", "tick": 1, "delta_time": 1, "updates": [
        {"node_id": "n", "transform": {"position": [9, 9]}, "velocity": [1, 0, 0]},
        {"node_id": "n", "transform": {"position": [1, 1]}}]});
    let node = node(&[step], "n");
    assert_eq!((&node["transform"]["position"], &node["velocity"]), (&json!([1, 1]), &json!([1, 0, 0])));
}

#[test]
fn a_deleted_node_holds_nothing_else() {
    let delete = json!({"event_id": "d", "timestamp": 1, "operation": "delete_node", "node_id": "n"});
    let create = json!({"event_id": "c", "timestamp": 3, "operation": "create_node", "node_id": "n"});
    let line = node(&[delete, create, set("e", 5.0, json!(1))], "n");
    let expected = json!({"operation": "node_state", "space_id": "default", "tile": "z0/x0/y0", "node_id": "n",
        "scope": {"realm": "team", "policy": "public"}, "created": "3/c", "deleted": "1/d"});
    assert_eq!(line, expected);
}

fn add(id: &str, timestamp: f64) -> Value {
    json!({"event_id": id, "timestamp": timestamp, "operation": "link_nodes", "from_node": "a", "to_node": "b"})
}

fn unlink(id: &str, timestamp: f64, observed: Option<Value>) -> Value {
    let mut event = json!({"event_id": id, "timestamp": timestamp, "operation": "unlink_nodes", "from_node": "a", "to_node": "b"});
    if let Some(tags) = observed {
        event["observed"] = tags;
    }
    event
}

#[test]
fn unlink_removes_what_it_observed() {
    let line = link(&[add("x", 1.0), add("y", 2.0), unlink("u", 9.0, Some(json!(["x", "😀", "～", "x"])))]);
    assert_eq!(line["adds"], json!({"y": {"key": "2/y"}}));
    assert_eq!(line["removed"], json!(["x", "～", "😀"]));
    assert_eq!(line.get("removed_before"), None);
    let line = link(&[unlink("u", 1.0, Some(json!([])))]);
    assert_eq!(line.get("adds").or(line.get("removed")), None);
}

#[test]
fn unlink_without_observed_removes_the_adds_before_it() {
    let line =
        link(&[add("x", 1.0), add("u", 2.0), add("z", 2.0), unlink("u", 2.0, None), unlink("a", 1.0, None)]);
    assert_eq!(line["adds"], json!({"u": {"key": "2/u"}, "z": {"key": "2/z"}}));
    assert_eq!(line["removed_before"], "2/u");
}

#[test]
fn equal_tags_are_registers_and_none_is_least() {
    let with = |id: &str, timestamp: f64, properties: Value| {
        let mut event = add(id, timestamp);
        event["properties"] = properties;
        event
    };
    let adds = |events: &[Value]| link(events)["adds"]["t"].clone();
    assert_eq!(adds(&[add("t", 1.0), with("t", 1.0, json!({"a": 1}))])["properties"], json!({"a": 1}));
    assert_eq!(adds(&[with("t", 1.0, json!({})), with("t", 1.0, json!(null))]), json!({"key": "1/t"}));
    assert_eq!(adds(&[add("t", 2.0), with("t", 1.0, json!({"a": 1}))]), json!({"key": "2/t"}));
}

#[test]
fn a_sensor_has_its_latest_reading() {
    let reading = |id: &str, timestamp: f64, value: Value| json!({"event_id": id, "timestamp": timestamp, "operation": "sensor_reading", "sensor": "t", "value": value, "previous_events": ["p"]});
    let derived = state(&[event("p", 5.0, &[]), reading("a", 1.0, json!(null)), reading("b", 0.5, json!(2))]);
    let line = json!({"operation": "sensor_state", "space_id": "default", "tile": "z0/x0/y0", "actor_id": "a", "sensor": "t",
        "scope": {"realm": "team", "policy": "public"}, "key": "5.000000001/b", "value": 2, "timestamp": 0.5, "layer_id": "default"});
    assert_eq!(derived[1], line);
}

#[test]
fn recent_holds_the_64_greatest_keys() {
    let events: Vec<Value> = (0..70).map(|n| event(&format!("e{n}"), n as f64, &[])).collect();
    let recent = state(&events)[0]["recent"].clone();
    assert_eq!(
        (recent.as_array().unwrap().len(), &recent[0], &recent[63]),
        (64, &json!("69/e69"), &json!("6/e6"))
    );
}

#[test]
fn merge_absorbs() {
    let merge = json!({"event_id": "m", "operation": "merge", "previous_events": ["p", "q"], "node_id": "n", "absorbs": ["o"]});
    let line = node(&[merge], "o");
    assert_eq!((&line["absorbed_into"], &line["clock"]), (&json!("n"), &json!({"absorbed_into": "0/m"})));
}

#[test]
fn lanes_are_printed_in_order() {
    let at = |space: &str, tile: &str, realm: &str, policy: &str| json!({"operation": "x", "space_id": space, "tile": tile, "scope": {"realm": realm, "policy": policy}});
    let derived = state(&[
        at("b", "z0/x0/y0", "team", "public"),
        at("a", "z10/x0/y0", "team", "public"),
        at("a", "z2/x-1/y0", "team", "public"),
        at("a", "z2/x-10/y0", "team", "redacted"),
        at("a", "z2/x-10/y0", "team", "public"),
        at("a", "z2/x-10/y0", "personal", "public"),
    ]);
    let lanes: Vec<String> =
        derived.iter().map(|l| format!("{}{}{}", l["space_id"], l["tile"], l["scope"])).collect();
    assert!(lanes[0].contains("personal") && lanes[1].contains(r#""public","realm":"team"#));
    assert!(lanes[2].contains("redacted") && lanes[3].contains("x-1/") && lanes[4].contains("z10"));
    assert!(lanes[5].starts_with("\"b\""));
}

fn expanded(payload: Value) -> Vec<Value> {
    let mut event = payload;
    event["event_id"] = json!("m");
    event["timestamp"] = json!(0);
    event["actor_id"] = json!("a");
    super::macros::expand(&complete(&event)).unwrap()
}

#[test]
fn a_grid_is_stamped_row_by_row() {
    let cells = expanded(
        json!({"operation": "macro.grid", "rows": 2, "columns": 2, "dx": 0.1, "dy": -2, "params": {"x": "hidden", "v": [1.0]},
        "template": [{"operation": "create_node", "node_id": "c{row}{column}", "a": "{x}", "b": "{{{y}}} {v}", "{row}": "{v}"}]}),
    );
    let ids: Vec<&Value> = cells.iter().map(|cell| &cell["event_id"]).collect();
    assert_eq!(ids, ["m#0000", "m#0001", "m#0002", "m#0003"]);
    assert_eq!((&cells[1]["node_id"], &cells[2]["node_id"]), (&json!("c01"), &json!("c10")));
    assert_eq!((&cells[3]["a"], &cells[3]["b"]), (&json!(0.1), &json!("{-2} [1]")));
    assert_eq!((&cells[0]["b"], &cells[0]["{row}"]), (&json!("{0} [1]"), &json!([1.0])));
}

#[test]
fn lines_and_circles_are_computed_left_to_right() {
    let template = json!([{"operation": "x", "at": ["{i}", "{x}", "{y}", "{z}"]}]);
    let line = expanded(
        json!({"operation": "macro.line", "from": [1, 2], "to": [2, 4, 8], "count": 3, "template": template}),
    );
    assert_eq!(canonical(&line[1]["at"]), "[1,1.5,3,4]");
    let one = expanded(
        json!({"operation": "macro.line", "from": [1, 2], "to": [2, 4, 8], "count": 1, "template": template}),
    );
    assert_eq!(canonical(&one[0]["at"]), "[0,1,2,0]");
    let template = json!([{"operation": "x", "at": ["{i}", "{angle}", "{x}", "{y}"]}]);
    let circle = expanded(
        json!({"operation": "macro.circle", "center": [1, 1], "radius": 2, "count": 4, "template": template}),
    );
    assert_eq!(canonical(&circle[1]["at"]), "[1,90,1.0000000000000002,3]");
}

#[test]
fn a_nested_macro_has_its_own_params_and_number() {
    let inner = json!({"operation": "macro.stamp", "params": {"q": "{p}"}, "template": [
        {"operation": "x", "own": "{{q}}", "outer": "{p}"}, {"operation": "x", "braces": "{{{{}}}}"}]});
    let all = expanded(
        json!({"operation": "macro.stamp", "params": {"p": 7}, "template": [{"operation": "y"}, inner]}),
    );
    let ids: Vec<&Value> = all.iter().map(|each| &each["event_id"]).collect();
    assert_eq!(ids, ["m#0000", "m#0001#0000", "m#0001#0001"]);
    assert_eq!((&all[1]["own"], &all[1]["outer"], &all[2]["braces"]), (&json!(7), &json!(7), &json!("{}")));
}

#[test]
fn a_macro_event_with_a_missing_name_counts_for_nothing() {
    for text in ["{gone}", "{", "}", "a{p", "{p}}"] {
        let template = json!([{"operation": "set_properties", "node_id": "n", "properties": {"a": text}}]);
        let stamp =
            json!({"event_id": "m", "operation": "macro.stamp", "params": {"p": 1}, "template": template});
        assert_eq!(state(&[stamp]), Vec::<Value>::new(), "{text}");
    }
}

#[test]
fn roots_hash_the_state_lines_of_shared_lanes() {
    let at = |tile: &str, policy: &str| json!({"operation": "x", "tile": tile, "scope": {"policy": policy}});
    let events = lines(&[at("z0/x0/y0", "public"), at("z0/x0/y0", "private"), at("z0/x1/y0", "private")]);
    let shared: Vec<String> =
        derive_lines(&events).into_iter().filter(|l| l.contains("\"policy\":\"public\"")).collect();
    let tile = format!("blake3:{}", blake3::hash(format!("{}\n", shared[0]).as_bytes()).to_hex());
    let space = format!("blake3:{}", blake3::hash(format!("z0/x0/y0 {tile}\n").as_bytes()).to_hex());
    assert_eq!(roots(&events), [("default".into(), vec![("z0/x0/y0".into(), tile.clone())], space)]);
    assert_eq!(lane_roots(&events)[1], ("default z0/x0/y0 team.public".into(), tile));
}

#[test]
fn what_is_visible() {
    let create = |id: &str, parent: Value| json!({"operation": "create_node", "node_id": id, "transform": {"parent": parent}});
    let absorb = |into: &str, absorbed: &str| json!({"operation": "merge", "previous_events": ["p", "q"], "node_id": into, "absorbs": [absorbed]});
    let mut private = create("private", json!(null));
    private["scope"] = json!({"policy": "private"});
    let events = lines(&[
        create("root", json!("nowhere")),
        create("child", json!("root")),
        create("loop1", json!("loop2")),
        create("loop2", json!("loop1")),
        create("gone", json!(null)),
        json!({"operation": "delete_node", "node_id": "gone"}),
        create("orphan", json!("gone")),
        create("folded", json!("gone")),
        absorb("root", "folded"),
        create("follows", json!("folded")),
        create("ring1", json!(null)),
        create("ring2", json!(null)),
        absorb("ring1", "ring2"),
        absorb("ring2", "ring1"),
        private,
        json!({"operation": "link_nodes", "from_node": "folded", "to_node": "child"}),
        json!({"operation": "link_nodes", "from_node": "gone", "to_node": "child"}),
    ]);
    let seen = shared_view(&events);
    let names: Vec<&str> = seen.iter().filter_map(|line| line.get("node_id")?.as_str()).collect();
    assert_eq!(names, ["child", "follows", "loop1", "loop2", "ring1", "ring2", "root"]);
    let links: Vec<&Value> = seen.iter().filter_map(|line| line.get("from")).collect();
    assert_eq!(links, ["root"]);
    assert!(view(&events, &["private"], &["team"])[0]["node_id"] == "private");
}

// Properties. ----------------------------------------------------------------------------------------------

fn histories(count: u64) -> impl Iterator<Item = (u64, Vec<String>)> {
    sample::of(0..count, 5).map(|seed| (seed, history(seed, 5 + (seed % 36) as usize)))
}

#[test]
fn a_history_is_a_function_of_its_seed() {
    assert_eq!(history(7, 40), history(7, 40));
    assert_ne!(history(7, 40), history(8, 40));
}

#[test]
fn another_spelling_is_the_same_event() {
    for (seed, lines) in histories(200) {
        let mut rng = Rng::new(seed);
        for line in &lines {
            assert_eq!(whole(&respell(&mut rng, line)), whole(line), "seed {seed}");
        }
    }
}

#[test]
fn shuffled_duplicated_and_respelt_histories_give_the_same_bytes() {
    for (seed, lines) in histories(500) {
        let mut rng = Rng::new(seed);
        let expected = derive(&lines);
        let mut others = duplicate(&mut rng, &lines);
        shuffle(&mut rng, &mut others);
        assert_eq!(derive(&others), expected, "seed {seed}");
    }
}

#[test]
fn a_state_read_back_is_the_same_state() {
    for (seed, lines) in histories(200) {
        let mut derived = derive_lines(&lines);
        shuffle(&mut Rng::new(seed), &mut derived);
        assert_eq!(derive(&derived), derive(&lines), "seed {seed}");
    }
}

#[test]
fn states_stand_for_pieces_of_a_history() {
    for (seed, lines) in histories(200) {
        let mut rng = Rng::new(seed);
        let mut parts = Vec::new();
        for piece in cut(&mut rng, &lines, 3) {
            parts.extend(if rng.chance(60) { derive_lines(&piece) } else { piece });
        }
        shuffle(&mut rng, &mut parts);
        assert_eq!(derive(&parts), derive(&lines), "seed {seed}");

        let (below, above) = cut_below(&mut rng, &lines);
        let mut parts = derive_lines(&below);
        parts.extend(above);
        shuffle(&mut rng, &mut parts);
        assert_eq!(derive(&parts), derive(&lines), "seed {seed}, from below");
    }
}

#[test]
fn a_state_beside_some_of_its_events_is_the_same_state() {
    for (seed, lines) in histories(200) {
        let mut rng = Rng::new(seed);
        let lines = names_once(&lines);
        let mut parts = derive_lines(&lines);
        parts.extend(beside(&mut rng, &lines));
        shuffle(&mut rng, &mut parts);
        assert_eq!(derive(&parts), derive(&lines), "seed {seed}");
    }
}

#[test]
fn every_macro_of_a_history_expands() {
    for (seed, lines) in histories(200) {
        for line in &lines {
            assert!(super::macros::expand(&complete(&parse(line))).is_ok(), "seed {seed}: {line}");
        }
    }
}
