//! What other programs read in a map: GDAL, pytak and tippecanoe.

use super::{event, node, origin};
use crate::run;
use serde_json::{Value, json};
use std::path::Path;

/// A point, an area with a hole, a line, two linked nodes.
pub fn trace(dir: &Path) {
    let hollow = json!({ "kind": "polygon", "points": [[0, 0], [900, 0], [900, 900], [0, 900]], "holes": [[[100, 100], [100, 200], [200, 200]]] });
    let lines = [
        origin(52.6, -2.0),
        node(1, json!([10, 20, 3]), Value::Null),
        node(2, json!([-50_000, 7.25]), hollow),
        node(
            3,
            json!([0, 100_000]),
            json!({ "kind": "polyline", "points": [[0, 0], [5000, 10], [9000, -400]] }),
        ),
        event(4, "link_nodes", json!({ "from_node": "n1", "to_node": "n2" })),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(dir.join("t.jsonl"), text).unwrap();
}

/// Every number of a geometry, in order, and what it is.
pub fn numbers(geometry: &Value) -> Vec<f64> {
    match geometry {
        Value::Number(n) => vec![n.as_f64().unwrap()],
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::Object(members) => numbers(&members["coordinates"]),
        _ => Vec::new(),
    }
}

/// The features that GDAL reads in a file, by the id in our properties.
fn through_gdal(dir: &Path, options: &str, file: &str) -> Vec<Value> {
    let script = format!(
        "ogr2ogr -f GeoJSON -lco COORDINATE_PRECISION=12 -lco RFC7946=NO {options} /vsistdout/ {file}"
    );
    let text = run::sh(&script, dir);
    let whole: Value = serde_json::from_str(&text).unwrap();
    whole["features"].as_array().unwrap().clone()
}

pub fn flat(numbers: &[f64], dimensions: usize) -> Vec<[f64; 2]> {
    numbers.chunks(dimensions).map(|n| [n[0], n[1]]).collect()
}

pub fn dimensions(geometry: &Value) -> usize {
    let mut at = &geometry["coordinates"];
    while at[0].is_array() {
        at = &at[0];
    }
    at.as_array().unwrap().len()
}

fn assert_same(ours: &Value, theirs: &Value) {
    assert_eq!(ours["type"], theirs["type"]);
    let places = |g: &Value| flat(&numbers(g), dimensions(g));
    let (a, b) = (places(ours), places(theirs));
    assert_eq!(a.len(), b.len(), "{ours} {theirs}");
    for ([x, y], [u, v]) in a.iter().zip(b) {
        assert!((x - u).abs() < 1e-10 && (y - v).abs() < 1e-10, "{ours} {theirs}");
    }
}

#[test]
fn gdal_reads_the_same_features_and_numbers() {
    let dir = tempfile::tempdir().unwrap();
    trace(dir.path());
    run::sh(
        "for f in geojson kml gpx; do projector-map -f $f -o map.$f t.jsonl 2> /dev/null; done",
        dir.path(),
    );
    let whole: Value =
        serde_json::from_str(&std::fs::read_to_string(dir.path().join("map.geojson")).unwrap()).unwrap();
    let ours = whole["features"].as_array().unwrap();
    assert_eq!(ours.len(), 4);
    let read = through_gdal(dir.path(), "", "map.geojson");
    assert_eq!(read.len(), ours.len());
    for (ours, theirs) in ours.iter().zip(&read) {
        assert_same(&ours["geometry"], &theirs["geometry"]);
        assert_eq!((&ours["id"], &ours["properties"]), (&theirs["id"], &theirs["properties"]));
    }
    let layer = through_gdal(dir.path(), "", "map.kml default");
    assert_eq!(layer.len(), ours.len());
    for (ours, theirs) in ours.iter().zip(&layer) {
        assert_same(&ours["geometry"], &theirs["geometry"]);
        assert_eq!(ours["properties"]["event_id"], theirs["properties"]["event_id"]);
    }
    let points = through_gdal(dir.path(), "", "map.gpx waypoints");
    assert_eq!(points.len(), 2);
    // What has a height is painted last.
    assert_same(&ours[2]["geometry"], &points[1]["geometry"]);
    assert_eq!(points[1]["properties"]["ele"], json!(54.5));
    let routes = through_gdal(dir.path(), "", "map.gpx routes");
    assert_eq!(routes.len(), 2);
    assert_same(&ours[1]["geometry"], &routes[0]["geometry"]);
}

#[test]
fn pytak_reads_every_event() {
    let peers = run::root().join("target/peers/map");
    if !peers.join("pytak").exists() {
        return run::skipped("pytak is not installed: make deps");
    }
    let dir = run::checkout();
    let script = format!(
        r#"projector-map -f cot examples/flood/trace.jsonl 2> /dev/null > map.cot && PYTHONPATH={} python3 -B -c '
import sys, pytak, xml.etree.ElementTree as tree
count = 0
for line in open("map.cot"):
    event = tree.fromstring(line)
    assert event.tag == "event" and event.get("version") == "2.0"
    made = pytak.gen_cot_xml(uid=event.get("uid"), cot_type=event.get("type"), lat=event[0].get("lat"), lon=event[0].get("lon"))
    assert made.tag == "event" and set(event.keys()) >= {{"uid", "type", "how", "time", "start", "stale"}}
    assert set(event[0].keys()) == set(made.find("point").keys())
    assert event.find("detail/contact").get("callsign")
    count += 1
print(count)'"#,
        peers.display()
    );
    let count: usize = run::sh(&script, dir.path()).trim().parse().unwrap();
    assert!(count > 1000);
}

#[test]
fn a_map_becomes_the_same_tiles_twice() {
    let tools = run::root().join("target/peers/tiles/tippecanoe/bin");
    if !tools.join("tippecanoe").exists() {
        return run::skipped("tippecanoe is not installed: make deps");
    }
    let dir = run::checkout();
    // Areas would fill the tiles of a scale at which gauges can be told apart, by the million.
    let map =
        "projector-map --layer key --layer rivers --layer warnings --log errors examples/flood/trace.jsonl";
    let script = format!(
        r#"for out in one two; do mkdir $out; {map} | (cd $out; {tools}/tippecanoe -q -zg -n demo -l world -o world.pmtiles 2> log); done
        cmp one/world.pmtiles two/world.pmtiles
        {tools}/tippecanoe-decode one/world.pmtiles 2> log |
            jq '[.. | objects | select(.properties.layer? == "world") | .features[] | .properties.node_id] | unique[]' > tiles
        {map} | jq .properties.node_id | sort -u | diff - <(sort -u tiles); wc -l < tiles"#,
        tools = tools.display()
    );
    let nodes: usize = run::sh(&script, dir.path()).trim().parse().unwrap();
    assert!(nodes > 2000, "{nodes}");
}
