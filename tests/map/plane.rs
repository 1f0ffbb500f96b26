//! The plane and the Earth: held to PROJ, point by point.

use crate::reference::generate::Rng;
use crate::run;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};
use ulp_view::geodesy::{LatLon, Origin, Plane, round};

/// How far from PROJ a point may lie, in metres, and an angle in degrees that are as long.
const METRES: f64 = 1e-6;
const DEGREES: f64 = 1e-11;

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap()
}

#[test]
fn the_public_points_are_met_to_the_last_digit() {
    let Some(path) = run::shared().map(|s| s.join("fixtures/map/points.jsonl")).filter(|p| p.exists()) else {
        return run::skipped("no public points of the map beside this checkout");
    };
    let text = std::fs::read_to_string(path).unwrap();
    let mut count = 0;
    for line in text.lines() {
        let point: Value = serde_json::from_str(line).unwrap();
        let plane = Plane::new(Origin::read(&point["origin"].to_string()).unwrap());
        let [lat, lon, height] = ["lat", "lon", "height"].map(|name| number(&point, name));
        let [x, y, z] = ["x", "y", "z"].map(|name| number(&point, name));
        let there = plane.point(LatLon { lat, lon }).unwrap().map(round::position);
        assert_eq!(there, [x, y], "{line}");
        assert_eq!(round::position(plane.z(height)), z, "{line}");
        let back = plane.earth([x, y]).unwrap();
        assert_eq!([round::degrees(back.lat), round::longitude(back.lon)], [lat, lon], "{line}");
        assert_eq!(round::height(plane.height(z)), height, "{line}");
        let turned = (plane.convergence([x, y]).unwrap() * 1e6).round() / 1e6;
        assert_eq!(turned, number(&point, "convergence"), "{line}");
        count += 1;
    }
    assert!(count >= 40);
}

/// What `cct` makes of a list of numbers, line by line.
fn cct(origin: Origin, inverse: bool, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut command = Command::new("cct");
    command.args(["-d", "15"]).args(inverse.then_some("-I"));
    command.args(["+proj=tmerc", "+k=1", "+ellps=WGS84"]);
    command.args([format!("+lat_0={}", origin.lat), format!("+lon_0={}", origin.lon)]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input: String = points.iter().map(|[a, b]| format!("{a} {b} 0 0\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let rows = String::from_utf8(output.stdout).unwrap();
    let read = |row: &str| {
        let mut numbers = row.split_whitespace().map(|word| word.parse().unwrap());
        [numbers.next().unwrap(), numbers.next().unwrap()]
    };
    rows.lines().map(read).collect()
}

/// Ten thousand points about twenty origins, each from the Earth to the plane and back, beside PROJ's own.
#[test]
fn ten_thousand_points_lie_within_a_micrometre_of_proj() {
    let mut rng = Rng::new(7);
    let mut between =
        |low: f64, high: f64| low + (high - low) * rng.below(1 << 30) as f64 / f64::from(1 << 30);
    let mut worst: f64 = 0.0;
    for _ in 0..20 {
        let origin =
            Origin { lat: between(-85.0, 85.0), lon: between(-180.0, 180.0), height: 0.0, geoid: None };
        let plane = Plane::new(origin);
        let spots: Vec<[f64; 2]> = (0..500)
            .map(|i| {
                let reach = [1e2, 1e4, 1e6, 3.89e6][i % 4];
                [between(-reach, reach), between(-reach.min(2e6), reach.min(2e6))]
            })
            .collect();
        let earth = cct(origin, true, &spots);
        let plains = cct(origin, false, &earth);
        assert_eq!((earth.len(), plains.len()), (500, 500));
        for ((spot, [lon, lat]), [x, y]) in spots.iter().zip(&earth).zip(&plains) {
            let place = plane.earth(*spot).unwrap();
            let east = round::fold(place.lon - lon) * place.lat.to_radians().cos();
            assert!(
                (place.lat - lat).abs() < DEGREES && east.abs() < DEGREES,
                "{origin:?} {spot:?} {place:?}"
            );
            let [a, b] = plane.point(LatLon { lat: *lat, lon: *lon }).unwrap();
            worst = worst.max((a - x).abs()).max((b - y).abs());
            assert!(worst < METRES, "{origin:?} {lat} {lon}: {a} {b}, not {x} {y}");
        }
    }
    run::say(&format!("the plane lies within {:.1} nm of PROJ", worst * 1e9));
}
