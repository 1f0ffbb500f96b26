//! The page, in a real browser where one is installed.

use super::{BIN, FLOOD, feed, flood, hostile, project};
use crate::browser::{Browser, promises};
use resvg::tiny_skia::Pixmap;

#[test]
fn the_flood_can_be_explored() {
    let Some(mut browser) = Browser::start() else { return };
    let page = project(&["-f", "html"], &flood());
    promises::the_flood_can_be_explored(&mut browser, &page, "drawing.view.scale");
}

#[test]
fn the_slider_shows_what_at_shows() {
    let Some(mut browser) = Browser::start() else { return };
    let page = project(&["-f", "html"], &flood());
    let places = "Object.fromEntries(drawing.order.map(i => [i.node.id, i.matrix.slice(4)]))";
    for (event, seen) in promises::seen_at(&mut browser, &page, &[8007, 1, 500, 3000, 7990, 5200], places) {
        let records = feed(BIN, &["--at", &format!("id:{event}"), FLOOD], b"").stdout;
        let tool = promises::places_in(std::str::from_utf8(&records).unwrap(), "position");
        promises::assert_same_places(&event, &seen, &tool);
    }
}

#[test]
fn hostile_words_stay_words() {
    let Some(mut browser) = Browser::start() else { return };
    promises::hostile_words_stay_words(&mut browser, &project(&["-f", "html"], &hostile()));
}

/// A picture in squares of 8 by 8 pixels: the mean of each, by channel.
fn coarse(png: &[u8], width: usize, height: usize) -> Vec<f64> {
    let pixmap = Pixmap::decode_png(png).unwrap();
    let line = pixmap.width() as usize;
    assert!(line >= width && pixmap.height() as usize >= height);
    let mut squares = Vec::new();
    for (y, x) in (0..height / 8).flat_map(|y| (0..width / 8).map(move |x| (y * 8, x * 8))) {
        for channel in 0..3 {
            let at = |i: usize| pixmap.data()[4 * ((y + i / 8) * line + x + i % 8) + channel];
            squares.push((0..64).map(|i| f64::from(at(i))).sum::<f64>() / 64.0);
        }
    }
    squares
}

/// How far two pictures lie apart, of 255: the mean over all squares, and the share of squares that differ by more
/// than 32.
fn apart(a: &[f64], b: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| (a - b).abs()).collect();
    let count = differences.len() as f64;
    let many = differences.iter().filter(|d| **d > 32.0).count() as f64;
    (differences.iter().sum::<f64>() / count, many / count)
}

#[test]
fn a_browser_draws_the_svg_as_our_picture_of_it() {
    let Some(mut browser) = Browser::start() else { return };
    let flood = flood();
    browser.resize(1065, 1200);
    browser.open_as("page.svg", &project(&["-f", "svg"], &flood));
    let (width, height) = (1064, 1200);
    let theirs = coarse(&browser.picture(), width, height);
    let ours = |args: &[&str]| {
        coarse(&project(&[&["-f", "png", "--width", "1065"], args].concat(), &flood), width, height)
    };
    let (mean, share) = apart(&ours(&[]), &theirs);
    // Letters differ, as the browser has a font of its own; places, shapes and colours do not.
    assert!(mean < 1.5 && share < 0.01, "mean {mean}, share {share}");
    // The measure sees a drawing of another time.
    let (mean, share) = apart(&ours(&["--at", "2019-11-10T08:00:00Z"]), &theirs);
    assert!(mean > 3.0 && share > 0.02, "mean {mean}, share {share}");
    browser.assert_quiet();
}
