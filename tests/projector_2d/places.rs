//! A drawing looks the same wherever its world lies, and however large that is.

use super::pictures::{apart, coarse};
use super::{flood, project, text, trace};
use crate::browser::Browser;
use serde_json::Value;

/// The kinds of geometry, whose numbers are lengths and places.
const SHAPES: [&str; 6] = ["cylinder", "ellipse", "polygon", "polyline", "rect", "text"];
const LENGTHS: [&str; 10] =
    ["font_size", "height", "points", "position", "radius", "rx", "ry", "size", "stroke_width", "width"];

/// A trace with every length of its world so many times as long, and everything moved by so much along both axes.
fn elsewhere(trace: &str, times: f64, by: f64) -> String {
    let line = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        change(&mut event, times, by);
        format!("{event}\n")
    };
    trace.lines().map(line).collect()
}

fn change(value: &mut Value, times: f64, by: f64) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|v| change(v, times, by)),
        Value::Object(members) => {
            let is_shape = members.get("kind").is_some_and(|kind| SHAPES.iter().any(|shape| kind == shape));
            for (name, member) in members {
                let is_look = ["position", "stroke_width", "font_size"].contains(&name.as_str());
                if LENGTHS.contains(&name.as_str()) && (is_shape || is_look) {
                    scale(member, times, if name == "position" { by } else { 0.0 });
                } else {
                    change(member, times, by);
                }
            }
        }
        _ => {}
    }
}

fn scale(value: &mut Value, times: f64, by: f64) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|v| scale(v, times, by)),
        Value::Number(n) => *value = (n.as_f64().unwrap() * times + by).into(),
        _ => {}
    }
}

const WHEREVER: [(f64, f64); 5] = [(1e-6, 0.0), (1e-2, 0.0), (1e9, 0.0), (1.0, 1e9), (3.0, -5e8)];

#[test]
fn a_picture_is_the_same_wherever_its_world_lies() {
    let picture = |trace: &str| coarse(&project(&["-f", "png", "--width", "640"], trace), 640, 640);
    let here = picture(&flood());
    for (times, by) in WHEREVER {
        let there = picture(&elsewhere(&flood(), times, by));
        let (mean, share) = apart(&here, &there);
        assert!(mean < 0.2 && share < 0.002, "{times} times, by {by}: mean {mean}, share {share}");
    }
    // The measure sees what is not where it was.
    let (mean, _) = apart(&here, &picture(&flood().replace("\"position\":[-", "\"position\":[")));
    assert!(mean > 1.0, "{mean}");
}

#[test]
fn a_browser_shows_the_same_wherever_the_world_lies() {
    let Some(mut browser) = Browser::start() else { return };
    browser.resize(800, 960);
    browser.set_dark(false);
    let mut show = |trace: &str| {
        browser.open_as("page.svg", &project(&["-f", "svg"], trace));
        let drawing = coarse(&browser.picture(), 800, 960);
        browser.open(&project(&["-f", "html"], trace));
        browser.rest();
        let page = coarse(&browser.picture(), 800, 800);
        browser.assert_quiet();
        [drawing, page]
    };
    let here = show(&flood());
    for (times, by) in [(1e-6, 0.0), (1e9, 0.0), (1.0, 1e9)] {
        let there = show(&elsewhere(&flood(), times, by));
        for (here, there) in here.iter().zip(&there) {
            let (mean, share) = apart(here, there);
            assert!(mean < 0.3 && share < 0.003, "{times} times, by {by}: mean {mean}, share {share}");
        }
    }
}

#[test]
fn a_page_shows_what_the_picture_shows() {
    let Some(mut browser) = Browser::start() else { return };
    browser.resize(1065, 1320);
    browser.set_dark(false);
    browser.open(&project(&["-f", "html"], &flood()));
    browser.rest();
    // The content of both, to the pixel that the page gives it.
    let [scale, x, y] =
        ["scale", "x", "y"].map(|m| browser.ask(&format!("drawing.view.{m}")).as_f64().unwrap());
    let size = browser.ask("[canvas.clientWidth, canvas.clientHeight, canvas.getBoundingClientRect().top]");
    let [width, height, top] = [0, 1, 2].map(|i| size[i].as_f64().unwrap());
    let svg = text(&["-f", "svg"], &flood());
    let (head, body) = svg.split_once("viewBox=\"").unwrap();
    let (_, body) = body.split_once("role=").unwrap();
    let view = [x - width / 2.0 / scale, -y - height / 2.0 / scale, width / scale, height / scale];
    let [a, b, c, d] = view;
    let framed = format!(
        "{head}viewBox=\"{a} {b} {c} {d}\" width=\"{width}\" height=\"{height}\" style=\"margin-top:{top}px;background:#f7fafc\" role={body}"
    );
    let page = coarse(&browser.picture(), 1064, 1200);
    browser.open_as("page.svg", framed.as_bytes());
    let drawing = coarse(&browser.picture(), 1064, 1200);
    // Below the bar at the top, which is the page's own.
    let below = |squares: &[f64]| squares[(1064 / 8) * 3 * 8..].to_vec();
    let (mean, share) = apart(&below(&page), &below(&drawing));
    assert!(mean < 1.0 && share < 0.01, "mean {mean}, share {share}");
}

#[test]
fn what_is_far_away_is_drawn_whole() {
    for far in ["530000,180000", "5e8,-5e8", "1e15,1e15", "1e100,0"] {
        let trace = trace(&[
            &format!(r#"create_node "node_id":"a","transform":{{"position":[{far}]}}"#),
            r#"create_node "node_id":"b","geometry":{"kind":"text","text":"words","size":20},"transform":{"parent":"a","position":[10,20]}"#,
            r#"create_node "node_id":"c","geometry":{"kind":"rect","width":80,"height":40},"transform":{"parent":"a"}"#,
        ]);
        let svg = text(&["-f", "svg"], &trace);
        let view = svg.split("viewBox=\"").nth(1).unwrap().split('"').next().unwrap();
        let view: Vec<f64> = view.split(' ').map(|n| n.parse().unwrap()).collect();
        assert!(view.iter().all(|n| n.abs() < 2000.0) && view[2] > 10.0 && view[3] > 10.0, "{far}: {view:?}");
        let picture = coarse(&project(&["-f", "png", "--width", "320", "--height", "240"], &trace), 320, 240);
        assert!(picture.iter().any(|square| *square < 235.0), "{far}: nothing is seen");
    }
}

#[test]
fn a_sheet_says_where_it_lies_in_the_world() {
    let trace = trace(&[
        r#"create_node "node_id":"a","transform":{"position":[530000,180000]}"#,
        r#"create_node "node_id":"b","transform":{"position":[530040,180030]}"#,
    ]);
    let svg = text(&["-f", "svg"], &trace);
    assert!(svg.contains(r#"data-origin="530020 180015" data-scale="20""#), "{svg}");
    assert!(
        svg.contains(r#"data-node="b" data-node-id="b" data-event-id="e1" transform="translate(400 -300)""#),
        "{svg}"
    );
}
