//! The page, in a real browser with a headset that `iwer` plays: one walks, points, reads and turns back time, and on a
//! phone the scene is aligned by two points, or by GPS and compass, and says which.

use super::{BIN, event, feed, node, space};
use crate::browser::Browser;
use crate::run;
use serde_json::{Value, json};

/// A headset that believes in itself.
const HEADSET: &str = "window.headset = new IWER.XRDevice(IWER.metaQuest3, { stereoEnabled: false }); \
    window.headset.installRuntime({ forceInstall: true });";

/// A browser with a headset; none where one of them is missing.
fn start() -> Option<Browser> {
    let iwer = run::root().join("target/peers/xr/node_modules/iwer/build/iwer.min.js");
    let Ok(script) = std::fs::read_to_string(iwer) else {
        run::skipped("iwer is not installed: make deps");
        return None;
    };
    let mut browser = Browser::start()?;
    browser.before(&format!("{script};{HEADSET}"));
    browser.resize(900, 600);
    Some(browser)
}

fn village() -> Vec<Value> {
    let shape = |kind: Value, label: &str| json!({ "geometry": kind, "properties": { "label": label, "built": 1784 }, "kind": "house" });
    vec![
        space(json!({ "title": "The village" })),
        node(
            1,
            "church",
            json!([0, 40, 0]),
            shape(json!({ "kind": "cylinder", "radius": 4, "height": 20 }), "Church"),
        ),
        node(2, "mill", json!([30, 0, 3]), shape(json!({ "kind": "box", "size": [8, 8, 6] }), "Mill")),
        node(3, "gate", json!([0, 0, 0]), shape(json!({ "kind": "box", "size": [1, 1, 2] }), "Gate")),
        event(
            4,
            "sensor_reading",
            json!({ "node_id": "mill", "sensor": "level", "value": 1.25, "unit": "m" }),
        ),
        event(5, "set_properties", json!({ "node_id": "mill", "properties": { "label": "Old mill" } })),
    ]
}

/// Enters by the button, and lets some frames pass.
fn enter(browser: &mut Browser) {
    browser.ask("new Promise(done => { const look = () => document.getElementById('immerse') ? done(0) : setTimeout(look, 20); look(); })");
    browser.click("#immerse");
    browser.ask("new Promise(done => { const look = () => window.immersed?.session && window.immersed.standing ? done(0) : setTimeout(look, 20); look(); })");
    frames(browser);
}

/// Lets some frames pass, and some time, however slow the machine is.
fn frames(browser: &mut Browser) {
    browser.ask(
        "new Promise(done => { let [left, from] = [10, performance.now()]; \
         const look = now => --left > 0 || now - from < 300 ? requestAnimationFrame(look) : done(0); requestAnimationFrame(look); })",
    );
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

/// Where the eye is in the space, in its own metres.
const EYE: &str = "(() => { const { origin, scale } = drawing.scene; const { standing, viewer } = window.immersed; \
    return composed(standing.frame, viewer).slice(9).map((x, i) => x / scale + origin[i]); })()";

#[test]
fn in_a_headset_one_walks_points_reads_and_turns_back_time() {
    let Some(mut browser) = start() else { return };
    let input: String = village().iter().map(|line| format!("{line}\n")).collect();
    let page = run::feed(env!("CARGO_BIN_EXE_projector-3d"), &["-f", "html"], input).stdout;
    browser.open(&page);
    browser.rest();
    browser.ask("select(history.byId.get('gate'))");
    enter(&mut browser);
    // One stands on the ground before what was selected.
    let before = numbers(&browser.ask(EYE));
    assert!(before[1] < -2.0 && before[1] > -12.0 && (before[2] - 1.6).abs() < 0.5, "{before:?}");
    // The picture is no single colour: the scene is in it.
    browser.ask("headset.controllers.left.updateAxes('thumbstick', 0, -1)");
    frames(&mut browser);
    browser.ask("headset.controllers.left.updateAxes('thumbstick', 0, 0)");
    let after = numbers(&browser.ask(EYE));
    let walked = (after[0] - before[0]).hypot(after[1] - before[1]);
    assert!(walked > 0.1, "{before:?} {after:?}");
    // A flick of the right stick turns, and the feet stay where they are.
    let turn = browser.ask("window.immersed.standing.turn").as_f64().unwrap();
    browser.ask("headset.controllers.right.updateAxes('thumbstick', 1, 0)");
    frames(&mut browser);
    browser.ask("headset.controllers.right.updateAxes('thumbstick', 0, 0)");
    let turned = browser.ask("window.immersed.standing.turn").as_f64().unwrap();
    assert!((turn - turned - std::f64::consts::FRAC_PI_6).abs() < 1e-9, "{turn} {turned}");
    // Pointing at the mill reads it, and the trigger keeps it.
    browser.ask(
        "(() => { const { immersed } = window; const item = drawing.items.get(history.byId.get('mill')); \
         const per = immersed.perMetre; const eye = composed(immersed.standing.frame, immersed.viewer); \
         immersed.turnTo([eye[9], eye[10], immersed.standing.frame[11]], Math.atan2(item.middle[1] - eye[10], item.middle[0] - eye[9]), immersed.viewer); \
         headset.controllers.right.position.set(0.05, 1.6, 0); headset.controllers.right.quaternion.set(0, 0, 0, 1); })()",
    );
    frames(&mut browser);
    assert_eq!(browser.ask("window.immersed.pointed?.id"), "mill");
    let said = browser.ask("panelLines(window.immersed.pointed).join('|')");
    for words in ["Old mill", "house · mill", "level: 1.25 m", "built: 1784"] {
        assert!(said.as_str().unwrap().contains(words), "{said}");
    }
    browser.ask("headset.controllers.right.updateButtonValue('trigger', 1)");
    frames(&mut browser);
    assert_eq!(browser.ask("drawing.selected?.id"), "mill");
    browser.ask("headset.controllers.right.updateButtonValue('trigger', 0)");
    frames(&mut browser);
    // The slider in hand goes back in time, as the page's own does.
    browser.ask("window.immersed.slide({ across: TIME_BAR.left, down: TIME_BAR.top })");
    frames(&mut browser);
    assert_eq!(browser.ask("[history.at, byId('slider').value].join()"), "0,0");
    browser.ask("window.immersed.slide({ across: TIME_BAR.right, down: TIME_BAR.bottom })");
    assert_eq!(browser.ask("history.at"), 6);
    browser.ask("window.immersed.session.end()");
    frames(&mut browser);
    assert_eq!(browser.ask("window.immersed.session === null"), true);
    browser.rest();
    browser.assert_quiet();
}

#[test]
fn on_a_phone_the_scene_is_aligned_by_two_points_or_by_gps_and_says_which() {
    let Some(mut browser) = start() else { return };
    let page = feed(&["-f", "html"], &village()).stdout;
    browser.open(&page);
    browser.rest();
    enter(&mut browser);
    let said = |browser: &mut Browser| {
        let said = browser.ask("document.getElementById('xr-said').textContent");
        said.as_str().unwrap().to_owned()
    };
    assert!(said(&mut browser).starts_with("Not aligned yet"), "{}", said(&mut browser));
    // Stood at the gate and looking at the church, which is north of it, wherever the session's −z looks.
    browser
        .ask("headset.position.set(2, 1.6, -1); headset.quaternion.set(0, Math.sin(0.5), 0, Math.cos(0.5))");
    frames(&mut browser);
    browser.ask("window.immersed.stoodAt('gate'); window.immersed.sightedAt('church')");
    frames(&mut browser);
    let eye = numbers(&browser.ask(EYE));
    assert!(eye[0].abs() < 1e-3 && eye[1].abs() < 1e-3, "{eye:?}");
    let heading = "0 + headingOf(composed(window.immersed.standing.frame, window.immersed.viewer))";
    let north = browser.ask(heading).as_f64().unwrap();
    assert!((north - std::f64::consts::FRAC_PI_2).abs() < 1e-3, "{north}");
    assert!(
        said(&mut browser).starts_with("Aligned by two points, Gate and Church (±0.5 m"),
        "{}",
        said(&mut browser)
    );
    // GPS says 20 m east and 10 m north of the origin, within 7 m; the compass says east.
    browser.ask(
        "window.immersed.alignBy(drawing.scene.earth, { latitude: 52.600089879, longitude: -1.999704782, accuracy: 7 }, Math.PI / 2, null)",
    );
    frames(&mut browser);
    let eye = numbers(&browser.ask(EYE));
    assert!((eye[0] - 20.0).abs() < 0.05 && (eye[1] - 10.0).abs() < 0.05, "{eye:?}");
    assert!(browser.ask(heading).as_f64().unwrap().abs() < 1e-3);
    let words = said(&mut browser);
    assert!(
        words.contains("GPS and compass, whose error is not stated") && words.contains("±7.0 m, ±15°"),
        "{words}"
    );
    // The error is on the floor: a disc of 7 m about the reader, and how far the view may be turned.
    let drawn = browser.ask("window.immersed.error().map(thing => thing.mesh).join()");
    assert_eq!(drawn, "column,cube,cube");
    let radius = browser
        .ask("Math.hypot(...window.immersed.error()[0].matrix.slice(0, 2)) / window.immersed.perMetre")
        .as_f64()
        .unwrap();
    assert!((radius - 7.0).abs() < 1e-6);
    // A phone held upright looks where its back does.
    let headings = browser.ask("[0, 90, 200].map(a => Math.round((compassHeading({ alpha: a, beta: 90, gamma: 0 }) * 180 / Math.PI + 360) % 360))");
    assert_eq!(headings, json!([0, 270, 160]));
    browser.ask("window.immersed.session.end()");
    frames(&mut browser);
    browser.assert_quiet();
}

/// The page's own sums of where GPS is, beside the plane's.
#[test]
fn gps_lies_where_the_plane_says() {
    let Some(mut browser) = Browser::start() else { return };
    let page = feed(&["-f", "html"], &village()).stdout;
    browser.open(&page);
    browser.rest();
    use ulp_view::geodesy::{LatLon, Origin, Plane};
    for (lat, lon) in [(52.6, -2.0), (-33.9, 151.2), (0.0, 0.1), (68.0, 179.95)] {
        let plane = Plane::new(Origin { lat, lon, height: 0.0, geoid: None });
        for (dlat, dlon) in [(0.01, 0.02), (-0.05, 0.08), (0.07, -0.1)] {
            let [x, y] = plane.point(LatLon { lat: lat + dlat, lon: lon + dlon }).unwrap();
            let ask = format!(
                "eastNorth({{ lat: {lat}, lon: {lon} }}, {{ lat: {}, lon: {} }})",
                lat + dlat,
                lon + dlon
            );
            let found = numbers(&browser.ask(&ask));
            let off = (found[0] - x).hypot(found[1] - y);
            assert!(off < 0.05, "{lat},{lon}: {found:?}, not {x} {y}");
        }
    }
    // Where a browser has no headset and no camera, nothing is offered.
    assert_eq!(browser.ask("document.getElementById('immerse') === null"), true);
    browser.assert_quiet();
    assert!(std::fs::metadata(BIN).is_ok());
}
