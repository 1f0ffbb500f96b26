use super::*;

fn plane(text: &str) -> Plane {
    Plane::new(text.parse().unwrap())
}

#[test]
fn the_origin_is_the_origin() {
    for text in ["0,0", "52.6,-2,100", "-33.86,151.2,20", "90,0", "-90,180", "0,180"] {
        let plane = plane(text);
        let Origin { lat, lon, .. } = plane.origin();
        assert_eq!(plane.point(LatLon { lat, lon }), Ok([0.0, 0.0]), "{text}");
        let back = plane.earth([0.0, 0.0]).unwrap();
        assert!((back.lat - lat).abs() < 1e-13, "{text}: {back:?}");
    }
}

#[test]
fn there_and_back_is_the_same_place() {
    for origin in ["0,0", "52.6,-2", "-33.86,151.2", "78.2,15.6", "-89.5,0", "66,179.9"] {
        let plane = plane(origin);
        for x in [-3_899_999.0, -420_000.5, -1.0, 0.0, 7.25, 99_999.875, 3_899_999.5] {
            for y in [-9_000_000.0, -1_234_567.0, -3.5, 0.0, 0.001, 88_888.0, 4_000_000.0] {
                let Ok(at) = plane.earth([x, y]) else { continue };
                let [a, b] = plane.point(at).unwrap_or([f64::NAN; 2]);
                assert!((a - x).abs() < 1e-6 && (b - y).abs() < 1e-6, "{origin} {x} {y}: {a} {b}");
            }
        }
    }
}

#[test]
fn what_is_too_far_has_no_place() {
    let plane = plane("0,0");
    assert_eq!(plane.earth([3_900_000.1, 0.0]), Err(OutOfRange));
    assert_eq!(plane.earth([0.0, 20_100_000.0]), Err(OutOfRange));
    for (lat, lon) in [(0.0, 40.0), (0.0, 90.0), (0.0, 89.999), (0.0, -135.0), (90.1, 0.0), (f64::NAN, 0.0)] {
        assert_eq!(plane.point(LatLon { lat, lon }), Err(OutOfRange), "{lat} {lon}");
    }
    for bad in [f64::NAN, f64::INFINITY, 1e100] {
        assert!(plane.earth([bad, 0.0]).is_err() && plane.convergence([0.0, bad]).is_err());
    }
    // Close to a pole the other side is near.
    assert!(plane.point(LatLon { lat: 89.0, lon: 170.0 }).is_ok());
}

#[test]
fn an_antimeridian_is_no_edge() {
    let plane = plane("-17.8,179.9");
    let [x, y] = plane.point(LatLon { lat: -17.8, lon: -179.9 }).unwrap();
    assert!((x - 21_204.8).abs() < 0.1 && (y + 11.3).abs() < 0.1, "{x} {y}");
    let back = plane.earth([x, y]).unwrap();
    assert!((back.lon - 180.1).abs() < 1e-11);
    assert_eq!(round::longitude(back.lon), -179.9);
}

#[test]
fn units_and_a_y_that_runs_down_are_the_same_place() {
    let origin: Origin = "52.6,-2,100,48.5".parse().unwrap();
    let metres = Plane::new(origin);
    let there = metres.earth([3048.0, -1524.0]).unwrap();
    for (name, up, at, z) in [
        ("ft", true, [10_000.0, -5000.0], 100.0),
        ("km", true, [3.048, -1.524], 0.030_48),
        ("mm", false, [3_048_000.0, 1_524_000.0], 30_480.0),
        ("in", false, [120_000.0, 60_000.0], 1200.0),
    ] {
        let plane = Plane::of(origin, name.parse().unwrap(), up);
        let place = plane.earth(at).unwrap();
        assert!((place.lat - there.lat).abs() < 1e-12 && (place.lon - there.lon).abs() < 1e-12, "{name}");
        let [x, y] = plane.point(there).unwrap();
        assert!((x - at[0]).abs() < 1e-6 * at[0].abs() && (y - at[1]).abs() < 1e-6 * at[1].abs(), "{name}");
        assert_eq!(round::height(plane.height(z)), 130.48, "{name}");
        assert_eq!(plane.sea_level(z).map(round::height), Some(81.98), "{name}");
        assert_eq!(round::position(plane.z(130.48)), round::position(z), "{name}");
    }
    assert!("furlong".parse::<Unit>().is_err() && "".parse::<Unit>().is_err());
}

#[test]
fn numbers_are_rounded_away_from_zero() {
    assert_eq!(round::height(2.0625), 2.063);
    assert_eq!(round::height(-2.0625), -2.063);
    assert!(round::degrees(-1e-12).is_sign_positive() && round::height(-0.0).is_sign_positive());
    assert_eq!(round::longitude(-180.0), 180.0);
    assert_eq!(round::longitude(-180.000_000_000_1), 180.0);
    assert_eq!(round::longitude(540.5), -179.5);
    assert_eq!(round::position(1e300), 1e300);
}

#[test]
fn an_origin_is_read_as_it_is_written() {
    let whole = Origin { lat: 52.6, lon: -2.0, height: 100.0, geoid: Some(48.5) };
    assert_eq!("52.6,-2,100,48.5".parse(), Ok(whole));
    assert_eq!(Origin::read(&whole.json()), Some(whole));
    let bare = Origin { height: 0.0, geoid: None, ..whole };
    assert_eq!(Origin::read(r#"{"lat":52.6,"lon":-2}"#), Some(bare));
    assert_eq!(Origin::read(r#"{"lat":52.6,"lon":-2,"height":null}"#), Some(bare));
    assert_eq!("52.6, -2".parse(), Ok(bare));
    for bad in ["", "52.6", "91,0", "0,180.5", "nan,0", "0,0,inf", "1,2,3,4,5", "a,b"] {
        assert!(bad.parse::<Origin>().is_err(), "{bad}");
    }
    for bad in [
        "null",
        "7",
        "[52,0]",
        r#"{"lat":52.6}"#,
        r#"{"lat":"52","lon":0}"#,
        r#"{"lat":0,"lon":0,"height":"1"}"#,
    ] {
        assert_eq!(Origin::read(bad), None, "{bad}");
    }
}
