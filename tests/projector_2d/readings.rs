//! Sensors that are at no node.

use super::{FORMATS, feed, project, text};
use crate::browser::Browser;
use serde_json::Value;

/// A sensor that says where it is, and two that do not.
const SENSORS: &str = concat!(
    r#"{"timestamp":1730000000,"actor_id":"node:esp32_A12","operation":"sensor_reading","sensor":"water_level","value":1.42,"unit":"m","position":[1200,2300.5]}"#,
    "\n",
    r#"{"timestamp":1730000001,"actor_id":"node:esp32_B7","operation":"sensor_reading","sensor":"battery","value":null}"#,
    "\n",
    r#"{"timestamp":1730000002,"actor_id":"node:esp32_C9","operation":"sensor_reading","sensor":"pump","value":true,"node_id":"nobody knows"}"#,
    "\n",
);

#[test]
fn every_format_shows_them() {
    for format in FORMATS.into_iter().filter(|f| *f != "png" && *f != "jsonl") {
        let drawn = text(&["-f", format], SENSORS);
        for words in ["water_level", "1.42", "battery", "pump"] {
            assert!(drawn.contains(words), "{format}: {words}");
        }
    }
    let svg = text(&["-f", "svg"], SENSORS);
    for words in [">water_level: 1.42 m<", ">battery: none<", ">pump: true<"] {
        assert!(svg.contains(words), "{words}: {svg}");
    }
    assert_ne!(project(&["-f", "png"], SENSORS), project(&["-f", "png"], ""));
}

#[test]
fn what_is_at_a_node_stands_there_alone() {
    let node =
        r#"{"timestamp":1,"actor_id":"a","event_id":"n","operation":"create_node","node_id":"nobody knows"}"#;
    let svg = text(&["-f", "svg"], &format!("{node}\n{SENSORS}"));
    assert!(!svg.contains(">pump: true<") && svg.contains(">battery: none<"));
}

#[test]
fn a_canvas_has_a_card_for_each() {
    let canvas: Value = serde_json::from_str(&text(&["-f", "canvas"], SENSORS)).unwrap();
    let nodes = canvas["nodes"].as_array().unwrap();
    let card = |id: &str| nodes.iter().find(|n| n["id"] == id).unwrap_or_else(|| panic!("{id}: {canvas}"));
    let level = card("node:esp32_A12/water_level");
    let middle = |axis: &str, side: &str| level[axis].as_f64().unwrap() + level[side].as_f64().unwrap() / 2.0;
    assert!((middle("x", "width") - 12000.0).abs() <= 1.0 && (middle("y", "height") + 23005.0).abs() <= 1.0);
    assert_eq!(card("node:esp32_B7/battery")["text"], "battery: none");
}

#[test]
fn many_are_counted() {
    let line = |n: u32| {
        format!(
            "{{\"timestamp\":1,\"actor_id\":\"a\",\"operation\":\"sensor_reading\",\"sensor\":\"s{n}\",\"value\":1}}\n"
        )
    };
    let svg = text(&["-f", "svg"], &(0..100).map(line).collect::<String>());
    assert!(svg.contains(">and 60 more<"));
}

#[test]
fn the_page_draws_them_lists_them_and_says_what_they_are() {
    let Some(mut browser) = Browser::start() else { return };
    browser.resize(800, 600);
    browser.open(&feed(super::BIN, &["-f", "html"], SENSORS.as_bytes()).stdout);
    browser.rest();
    assert_eq!(
        browser.ask("drawing.readings.map(r => r.words.text)"),
        serde_json::json!(["water_level: 1.42 m"])
    );
    let listed = browser.ask("byId('readings').textContent");
    assert!(
        listed.as_str().unwrap().contains("battery: none") && listed.as_str().unwrap().contains("pump: true")
    );
    browser.ask(
        "(() => { const [x, y] = drawing.toScreen(drawing.readings[0].x, drawing.readings[0].y); \
        showDetails(drawing.pick(x, y), true); })()",
    );
    let said = browser.ask("byId('details').textContent");
    assert!(said.as_str().unwrap().contains("node:esp32_A12"), "{said}");
    browser.ask("seek(0)");
    browser.rest();
    assert_eq!(browser.ask("drawing.readings.length + drawing.unplaced.length"), 0);
    browser.assert_quiet();
}
