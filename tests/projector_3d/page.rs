//! The page, in a real browser where one is installed.

use super::{BIN, FLOOD, create, feed, flood, project, trace};
use crate::browser::{Browser, promises, uses};

#[test]
fn the_flood_can_be_explored() {
    let Some(mut browser) = Browser::start() else { return };
    let page = project(&["-f", "html"], &flood());
    promises::the_flood_can_be_explored(&mut browser, &page, "-drawing.camera.distance");
}

#[test]
fn the_flood_is_of_use() {
    let Some(mut browser) = Browser::start() else { return };
    uses::the_flood_is_of_use(&mut browser, &project(&["-f", "html"], &flood()), FLOOD);
}

#[test]
fn emptiness_and_strays_are_said() {
    let Some(mut browser) = Browser::start() else { return };
    let [empty, stray] = ["".to_owned(), uses::stray()].map(|trace| feed(BIN, &["-f", "html"], trace).stdout);
    uses::emptiness_and_strays_are_said(&mut browser, &empty, &stray);
}

#[test]
fn the_slider_shows_what_at_shows() {
    let Some(mut browser) = Browser::start() else { return };
    let page = project(&["-f", "html"], &flood());
    let places = "Object.fromEntries(drawing.order.map(i => [i.node.id, i.frame.slice(9)]))";
    for (event, seen) in promises::seen_at(&mut browser, &page, &[8007, 1, 500, 3000, 7990, 5200], places) {
        let records = feed(BIN, &["--at", &format!("id:{event}"), FLOOD], "").stdout;
        let tool = promises::places_in(std::str::from_utf8(&records).unwrap(), "translation");
        promises::assert_same_places(&event, &seen, &tool);
    }
}

#[test]
fn hostile_words_stay_words() {
    let Some(mut browser) = Browser::start() else { return };
    let hostile = r#"</script><img src=x onerror=window.taken=1>\u001b[31m\u202e"#;
    let properties = format!(r#""label":"{hostile}","color":"url(//x.example)""#);
    let words = format!(r#","geometry":{{"kind":"text","text":"{hostile}"}},"properties":{{{properties}}}"#);
    let input = trace(&[
        create("a", &words),
        create("b", &format!(r#","properties":{{{properties}}}"#)),
        format!(r#"{{"operation":"link_nodes","from_node":"a","to_node":"b","relation":"{hostile}"}}"#),
        format!(
            r#"{{"operation":"set_properties","node_id":"@space","properties":{{"title":"{hostile}","unit":"{hostile}"}}}}"#
        ),
    ]);
    let page = project(&["-f", "html"], &input);
    let text = std::str::from_utf8(&page).unwrap();
    assert!(!text.contains("<img") && !text.contains('\u{1b}'));
    promises::hostile_words_stay_words(&mut browser, &page);
}
