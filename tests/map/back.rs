//! What goes onto the plane comes off it as it was: public stations, each sort of geometry, and maps that went through
//! other programs.

use super::peers::{dimensions, flat, numbers, trace};
use crate::run;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The features of a collection, by what a property or member of it is.
fn by(of: impl Fn(&Value) -> Value, collection: &str) -> BTreeMap<String, Value> {
    let whole: Value = serde_json::from_str(collection).unwrap();
    let mut all = BTreeMap::new();
    for feature in whole["features"].as_array().unwrap() {
        // Of what is there twice, the first.
        all.entry(of(feature).to_string()).or_insert_with(|| feature.clone());
    }
    all
}

/// Numbers as what they are, however they are written.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64()),
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The properties that a feature came with.
fn own(feature: &Value) -> Map<String, Value> {
    let ours = ["space_id", "node_id", "event_id", "layer", "kind"];
    let all = feature["properties"].as_object().unwrap().iter();
    all.filter(|(name, value)| !ours.contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect()
}

#[test]
fn public_stations_come_back_equal() {
    let data = run::shared().map(|shared| shared.join("data/defra")).filter(|path| path.is_dir());
    let Some(data) = data else { return run::skipped("no public stations beside this checkout") };
    let dir = tempfile::tempdir().unwrap();
    for (name, count) in [("stations", 2361), ("rainfall", 938)] {
        let file = data.join(format!("{name}.geojson.json"));
        let script = format!(
            "{{ ulp-import -f geojson --origin auto --time 2021-03-23T12:00:00Z {} 2> log || [ $? = 1 ]; }} | projector-map -f geojson 2> log",
            file.display()
        );
        let id = |feature: &Value| feature["id"].clone();
        let back = by(id, &run::sh(&script, dir.path()));
        let given = by(id, &std::fs::read_to_string(&file).unwrap());
        assert_eq!((back.len(), given.len()), (count, count), "{name}");
        for (id, given) in &given {
            let back = &back[id];
            assert_eq!(plain(&back["geometry"]), plain(&given["geometry"]), "{id}");
            assert_eq!(own(back), own(given), "{id}");
        }
    }
}

/// A geometry of each sort that RFC 7946 has, with what its appendix shows of them: holes, several parts, a collection,
/// and both sides of the antimeridian.
const GEOMETRIES: [&str; 10] = [
    r#"{"type":"Point","coordinates":[100.5,-0.25]}"#,
    r#"{"type":"LineString","coordinates":[[100.5,0],[101.5,1],[101.25,2]]}"#,
    r#"{"type":"Polygon","coordinates":[[[100,0.5],[101,0.5],[101,1.5],[100,1.5],[100,0.5]]]}"#,
    r#"{"type":"Polygon","coordinates":[[[100,0.5],[101,0.5],[101,1.5],[100,1.5],[100,0.5]],[[100.9,1.4],[100.9,0.6],[100.1,0.6],[100.1,1.4],[100.9,1.4]]]}"#,
    r#"{"type":"MultiPoint","coordinates":[[100.5,0],[101.5,1]]}"#,
    r#"{"type":"MultiLineString","coordinates":[[[100.5,0],[101.5,1]],[[102.5,2],[103.5,3]]]}"#,
    r#"{"type":"MultiPolygon","coordinates":[[[[102,2.5],[103,2.5],[103,3.5],[102,3.5],[102,2.5]]],[[[100,0.5],[101,0.5],[101,1.5],[100,1.5],[100,0.5]],[[100.3,0.7],[100.3,1.3],[100.7,1.3],[100.7,0.7],[100.3,0.7]]]]}"#,
    r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[100.5,0]},{"type":"LineString","coordinates":[[101.5,0],[102.5,1]]}]}"#,
    r#"{"type":"MultiLineString","coordinates":[[[171,44],[180,44]],[[-180,44],[-171,44]]]}"#,
    r#"{"type":"MultiPolygon","coordinates":[[[[180,39],[180,51],[171,51],[171,39],[180,39]]],[[[-171,39],[-171,51],[-180,51],[-180,39],[-171,39]]]]}"#,
];

/// The parts of a geometry, each as a geometry of its own.
fn parts(geometry: &Value) -> Vec<Value> {
    let kind = geometry["type"].as_str().unwrap();
    match kind.strip_prefix("Multi") {
        Some(one) => {
            let all = geometry["coordinates"].as_array().unwrap().iter();
            all.map(|part| json!({ "type": one, "coordinates": part })).collect()
        }
        None if kind == "GeometryCollection" => geometry["geometries"].as_array().unwrap().clone(),
        None => vec![geometry.clone()],
    }
}

#[test]
fn every_sort_of_geometry_comes_back_equal() {
    let dir = tempfile::tempdir().unwrap();
    for given in GEOMETRIES {
        let feature = format!(r#"{{"type":"Feature","id":"g","geometry":{given},"properties":null}}"#);
        std::fs::write(dir.path().join("in"), feature).unwrap();
        let script = "ulp-import -f geojson --origin auto --time 2026-01-01T00:00:00Z in 2> log | projector-map 2> log";
        let back = run::sh(script, dir.path());
        let back: BTreeMap<String, Value> = back
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|feature| (feature["id"].as_str().unwrap().to_owned(), plain(&feature["geometry"])))
            .collect();
        let expected: Vec<Value> = parts(&serde_json::from_str(given).unwrap()).iter().map(plain).collect();
        // Of one part the node is the part; of several it stands between them.
        let names: Vec<String> = match expected.len() {
            1 => vec!["g".to_owned()],
            n => (1..=n).map(|n| format!("g:{n}")).collect(),
        };
        assert_eq!(back.len(), names.len() + usize::from(names.len() > 1), "{given}");
        for (name, expected) in names.iter().zip(&expected) {
            assert_eq!(&back[name], expected, "{given}");
        }
    }
}

/// Whether a program is there.
fn has(program: &str) -> bool {
    let is_there = !run::shell(&format!("command -v {program}"), Path::new("/")).stdout.is_empty();
    if !is_there {
        run::skipped(&format!("{program} is not installed: make deps"));
    }
    is_there
}

/// The places of each feature, in an order of their own.
fn places(lines: &str) -> Vec<Vec<[f64; 2]>> {
    let features = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["geometry"].take());
    let mut all: Vec<_> = features.map(|geometry| flat(&numbers(&geometry), dimensions(&geometry))).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all
}

/// The origin of the trace, which files in degrees do not name.
const ORIGIN: &str = "--origin 52.6,-2,100,48.5 --log errors";

#[test]
fn maps_come_back_through_gdal() {
    if !has("ogr2ogr") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    trace(dir.path());
    let ours = run::sh("projector-map --log errors t.jsonl", dir.path());
    let precise = "ogr2ogr -f GeoJSON -lco COORDINATE_PRECISION=12";
    for (format, through) in [
        ("geojson", format!("{precise} back.geojson map.geojson")),
        (
            "kml",
            format!("ogr2ogr -f KML theirs.kml map.kml 2> log; {precise} back.geojson theirs.kml default"),
        ),
    ] {
        let script = format!(
            "rm -f back.geojson; projector-map -f {format} -o map.{format} --log errors t.jsonl; {through}
            ulp-import -f geojson {ORIGIN} --time 2026-01-01T00:00:00Z back.geojson | projector-map {ORIGIN}"
        );
        assert_eq!(places(&run::sh(&script, dir.path())), places(&ours), "{format}");
    }
}

/// What stands where at which time, and how it moves, without what a program adds in words; `name` is what names it.
fn moves(drafts: &str, name: &str) -> Vec<[Value; 5]> {
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let said = |event: Value| {
        [name, "operation", "timestamp", "transform", "geometry"].map(|name| event[name].clone())
    };
    drafts.lines().map(read).map(said).collect()
}

/// Waypoints, routes, and the tracks of a replay, through the programs that convert between receivers.
#[test]
fn waypoints_routes_and_tracks_come_back() {
    let dir = run::checkout();
    trace(dir.path());
    let replayed =
        "ulp-import -f gpx --origin 52.6005,-2.003,112,49.1 --log errors examples/search/team-1.gpx |
        projector-map -f gpx --replay --origin 52.6005,-2.003,112,49.1 --log errors";
    for (map, origin) in [
        ("projector-map -f gpx --log errors t.jsonl", "52.6,-2,100,48.5"),
        (replayed, "52.6005,-2.003,112,49.1"),
    ] {
        run::sh(&format!("{map} > map.gpx"), dir.path());
        let import = format!("ulp-import -f gpx --origin {origin} --time 2026-01-01T00:00:00Z --log errors");
        let ours = run::sh(&format!("{import} map.gpx"), dir.path());
        assert!(ours.lines().count() > 3, "{map}");
        // GDAL takes the points of a track without its name, of which ours is made.
        let layers = "theirs.gpx map.gpx waypoints routes track_points";
        for (program, name, through) in [
            ("ogr2ogr", "", format!("ogr2ogr -f GPX -dsco GPX_USE_EXTENSIONS=YES {layers} 2> log")),
            ("gpsbabel", "node_id", "gpsbabel -i gpx -f map.gpx -o gpx,gpxver=1.1 -F theirs.gpx".to_owned()),
        ] {
            if has(program) {
                run::sh(&format!("rm -f theirs.gpx; {through}"), dir.path());
                let theirs = run::sh(&format!("{import} theirs.gpx"), dir.path());
                assert_eq!(moves(&theirs, name), moves(&ours, name), "{program}");
            }
        }
    }
}
