//! The page, in a real browser where one is installed.

use super::pictures::{apart, coarse};
use super::{BIN, FLOOD, feed, flood, hostile, project};
use crate::browser::{Browser, promises, uses};

#[test]
fn the_flood_can_be_explored() {
    let Some(mut browser) = Browser::start() else { return };
    let page = project(&["-f", "html"], &flood());
    promises::the_flood_can_be_explored(&mut browser, &page, "drawing.view.scale");
}

#[test]
fn the_flood_is_of_use() {
    let Some(mut browser) = Browser::start() else { return };
    uses::the_flood_is_of_use(&mut browser, &project(&["-f", "html"], &flood()), FLOOD);
}

#[test]
fn emptiness_and_strays_are_said() {
    let Some(mut browser) = Browser::start() else { return };
    let [empty, stray] =
        ["".to_owned(), uses::stray()].map(|trace| feed(BIN, &["-f", "html"], trace.as_bytes()).stdout);
    uses::emptiness_and_strays_are_said(&mut browser, &empty, &stray);
}

#[test]
fn the_slider_shows_what_at_shows() {
    let Some(mut browser) = Browser::start() else { return };
    let page = project(&["-f", "html"], &flood());
    let places = "Object.fromEntries(drawing.order.map(i => [i.node.id, \
        i.matrix.slice(4).map((x, axis) => x / drawing.sheet.scale + drawing.sheet.origin[axis])]))";
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

#[test]
fn a_browser_draws_the_svg_as_our_picture_of_it() {
    let Some(mut browser) = Browser::start() else { return };
    let flood = flood();
    browser.resize(1114, 1200);
    browser.open_as("page.svg", &project(&["-f", "svg"], &flood));
    let (width, height) = (1112, 1200);
    let theirs = coarse(&browser.picture(), width, height);
    let ours = |args: &[&str]| {
        coarse(&project(&[&["-f", "png", "--width", "1114"], args].concat(), &flood), width, height)
    };
    let (mean, share) = apart(&ours(&[]), &theirs);
    // Letters differ, as the browser has a font of its own; places, shapes and colours do not.
    assert!(mean < 1.5 && share < 0.01, "mean {mean}, share {share}");
    // The measure sees a drawing of another time.
    let (mean, share) = apart(&ours(&["--at", "2019-11-10T08:00:00Z"]), &theirs);
    assert!(mean > 3.0 && share > 0.02, "mean {mean}, share {share}");
    browser.assert_quiet();
}
