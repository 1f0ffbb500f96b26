//! GDAL and the RFCs see the same: what they convert is imported as what they converted it from.

use crate::run;
use serde_json::Value;
use std::path::Path;

/// The drafts of a run, as JSON.
fn drafts(script: &str, dir: &Path) -> Vec<Value> {
    run::sh(script, dir).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Where each draft stands, and its points about that, without what a name or a format gives.
fn shapes(drafts: &[Value]) -> Vec<[Value; 2]> {
    let mut shapes: Vec<[Value; 2]> = drafts
        .iter()
        .map(|draft| [draft["transform"]["position"].clone(), draft["geometry"]["points"].clone()])
        .collect();
    shapes.sort_by_key(|shape| shape[0].to_string());
    shapes
}

const MAP: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[-2.01,52.61]},"properties":{"name":"Post","n":1.5}},
{"type":"Feature","id":"b","geometry":{"type":"LineString","coordinates":[[-2,52.6],[-1.99,52.605],[-1.98,52.6]]},"properties":{"name":"Path","n":2}},
{"type":"Feature","id":"c","geometry":{"type":"Polygon","coordinates":[[[-2.02,52.59],[-2,52.59],[-2,52.6],[-2.02,52.59]]]},"properties":{"name":"Field","n":3}}]}"#;

#[test]
fn what_gdal_converts_is_the_same() {
    if run::shell("command -v ogr2ogr", Path::new("/")).stdout.is_empty() {
        run::skipped("ogr2ogr is not installed: make deps");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    std::fs::write(at.join("map.geojson"), MAP).unwrap();
    let import = "ulp-import --origin 52.6,-2 --time 2026-01-01T00:00:00Z";
    let own = run::sh(&format!("{import} -f geojson map.geojson"), at);
    for (options, file) in [
        ("-f GeoJSON", "whole.geojson"),
        ("-f GeoJSONSeq", "lines.geojsons"),
        ("-f GeoJSONSeq -lco RS=YES", "sequence"),
    ] {
        run::sh(&format!("ogr2ogr {options} {file} map.geojson"), at);
        assert_eq!(run::sh(&format!("{import} -f geojson {file}"), at), own, "{file}");
    }
    let script = "ogr2ogr -f GPX -nlt POINT -select name -where \"name='Post'\" points.gpx map.geojson
        ogr2ogr -f GPX -nlt LINESTRING -select name -lco FORCE_GPX_ROUTE=YES -where \"name='Path'\" routes.gpx map.geojson";
    run::sh(script, at);
    let points = drafts(&format!("{import} -f gpx points.gpx"), at);
    let routes = drafts(&format!("{import} -f gpx routes.gpx"), at);
    let own: Vec<Value> = own.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(shapes(&points), shapes(&own[..1]));
    assert_eq!(shapes(&routes), shapes(&own[1..2]));
}

#[test]
fn a_track_comes_through_gdal() {
    if run::shell("command -v ogr2ogr", Path::new("/")).stdout.is_empty() {
        run::skipped("ogr2ogr is not installed: make deps");
        return;
    }
    let dir = run::checkout();
    let at = dir.path();
    let import = "ulp-import --origin 52.6005,-2.003";
    run::sh(
        "ogr2ogr -f GeoJSON points.geojson examples/search/team-2.gpx track_points && ogr2ogr -f GeoJSON tracks.geojson examples/search/team-2.gpx tracks",
        at,
    );
    let own = drafts(&format!("{import} -f gpx examples/search/team-2.gpx"), at);
    let positions = |drafts: &[Value]| {
        drafts.iter().map(|draft| draft["transform"]["position"].clone()).collect::<Vec<_>>()
    };
    let points = drafts(&format!("{import} -f geojson points.geojson"), at);
    let (path, steps) = own.split_last().unwrap();
    assert_eq!(positions(&points), positions(steps));
    let tracks = drafts(&format!("{import} -f geojson tracks.geojson"), at);
    assert_eq!((&tracks[0]["transform"], &tracks[0]["geometry"]), (&path["transform"], &path["geometry"]));
}

/// Packs with every feature that the examples of RFC 8428 have, in words of our own: base values of each kind, names in
/// three pieces and in one, times that count from now, values of each type, a version.
#[test]
fn packs_of_every_sort_are_resolved() {
    for (pack, expected) in [
        (r#"[{"n":"urn:dev:ow:28ff4a6:1","u":"Cel","v":19.5}]"#, "urn:dev:ow:28ff4a6 1 19.5 Cel null"),
        (
            r#"[{"bn":"urn:dev:ow:28ff4a6:","bt":1795167000.25,"bu":"A","bver":5,"n":"volt","u":"V","v":230.5},{"n":"amps","t":-4,"v":1.25},{"n":"amps","v":1.5}]"#,
            "urn:dev:ow:28ff4a6 volt 230.5 V 1795167000.25;urn:dev:ow:28ff4a6 amps 1.25 A 1795166996.25;urn:dev:ow:28ff4a6 amps 1.5 A 1795167000.25",
        ),
        (
            r#"[{"bn":"fd00::7/","bt":1795167000,"n":"humidity","u":"%RH","v":40},{"n":"open","vb":false},{"n":"note","vs":"dry"},{"n":"raw","vd":"AQID"}]"#,
            "fd00::7 humidity 40 %RH 1795167000;fd00::7 open false null 1795167000;fd00::7 note dry null 1795167000;fd00::7 raw AQID null 1795167000",
        ),
        (r#"[{"bn":"tank_","bv":20,"n":"level","v":1.5,"t":1795167000}]"#, "tank level 21.5 null 1795167000"),
        (r#"[{"bn":"a:"},{"bt":1795167000},{"n":"x","v":1}]"#, "a x 1 null 1795167000"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("pack.json"), pack).unwrap();
        let said: Vec<String> = drafts("ulp-import -f senml pack.json", dir.path())
            .iter()
            .map(|draft| {
                let of =
                    |name: &str| draft[name].as_str().map_or_else(|| draft[name].to_string(), str::to_owned);
                ["actor_id", "sensor", "value", "unit", "timestamp"].map(of).join(" ")
            })
            .collect();
        assert_eq!(said.join(";"), expected, "{pack}");
    }
}
