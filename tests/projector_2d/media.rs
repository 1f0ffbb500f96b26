//! Pictures, and those that are missing.

use super::{BIN, FORMATS, trace};
use crate::browser::Browser;
use crate::run::feed;
use resvg::tiny_skia::Pixmap;
use std::path::Path;
use ulp_core::hash::Sha256;

const DRAWING: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" onload="window.taken = 1">
<script>window.taken = 1</script><rect width="20" height="10" fill="#fc0"/><circle cx="5" cy="5" r="4" fill="#08c"/></svg>"##;

/// A trace with a drawing in a turned box, and a medium that is not at hand; what it is drawn as.
fn drawn(format: &str, objects: &Path) -> Vec<u8> {
    let id = Sha256::of(DRAWING.as_bytes());
    std::fs::write(objects.join(id.hex()), DRAWING).unwrap();
    let trace = trace(&[
        &format!(
            r#"create_node "node_id":"here","geometry":{{"kind":"rect","width":80,"height":40}},"media":{{"ref":"{id}","mime":"image/svg+xml"}},"transform":{{"rotation":90}}"#
        ),
        &format!(
            r#"create_node "node_id":"gone","media":{{"ref":"{}","mime":"image/png"}},"transform":{{"position":[90,0]}}"#,
            Sha256::of(b"gone")
        ),
    ]);
    let output = feed(BIN, &["-f", format, "--objects", objects.to_str().unwrap()], trace.as_bytes());
    assert!(output.status.success());
    let noted = String::from_utf8_lossy(&output.stderr).contains("\"media.missing\":1");
    assert_eq!(noted, format != "jsonl", "{format}");
    output.stdout
}

#[test]
fn a_drawing_is_shown_and_what_is_missing_says_so() {
    let dir = tempfile::tempdir().unwrap();
    for format in FORMATS.into_iter().filter(|f| *f != "jsonl" && *f != "png") {
        let text = String::from_utf8(drawn(format, dir.path())).unwrap();
        assert!(!text.contains("window.taken"), "{format}");
        if format != "canvas" {
            assert!(text.contains("data:image/svg+xml;base64,") && text.contains(" (missing)"), "{format}");
        }
    }
    let svg = String::from_utf8(drawn("svg", dir.path())).unwrap();
    assert!(svg.contains(">gone (missing)<"), "{svg}");
}

#[test]
fn the_page_shows_a_picture_as_the_drawing_does() {
    let Some(mut browser) = Browser::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    browser.resize(700, 600);
    browser.set_dark(false);
    browser.open(&drawn("html", dir.path()));
    browser.rest();
    // The box stands upright: its left part, with the disc, is at the bottom once it was turned.
    let picture = Pixmap::decode_png(&browser.picture()).unwrap();
    let mut color = |x: f64, y: f64| {
        let place = format!(
            "(() => {{ const {{ origin, scale }} = drawing.sheet; const {{ left, top }} = canvas.getBoundingClientRect(); \
             const [x, y] = drawing.toScreen(({x} - origin[0]) * scale, ({y} - origin[1]) * scale); \
             return [x + left, y + top]; }})()"
        );
        let place: Vec<f64> = serde_json::from_value(browser.ask(&place)).unwrap();
        let pixel = picture.pixel(place[0] as u32, place[1] as u32).unwrap();
        [pixel.red(), pixel.green(), pixel.blue()]
    };
    assert_eq!(color(0.0, -20.0), [0, 0x88, 0xcc]);
    assert_eq!(color(0.0, 20.0), [0xff, 0xcc, 0]);
    assert_eq!(color(30.0, 10.0), [0xff; 3]);
    assert_eq!(browser.ask("window.taken ?? null"), serde_json::Value::Null);
    browser.assert_quiet();
}
