//! The page and the sheet, in a real browser and without its script.

use super::{reading, said, write};
use crate::browser::Browser;
use crate::run;

const VALLEY: &str = "--rules examples/dashboard/rules.yaml examples/dashboard/trace.jsonl";

/// A page without the script that it ends with.
fn without_script(page: &str) -> String {
    let (before, rest) = page.split_once("<script>").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    format!("{before}{after}")
}

fn text(browser: &mut Browser, selector: &str) -> String {
    let text = browser.ask(&format!("document.querySelector({selector:?})?.textContent ?? ''"));
    text.as_str().unwrap().to_owned()
}

#[test]
fn the_page_is_whole_without_its_script() {
    let dir = run::checkout();
    let page = said(&format!("-f html {VALLEY}"), dir.path());
    let Some(mut browser) = Browser::start() else { return };
    browser.resize(1000, 700);
    browser.open(without_script(&page).as_bytes());
    assert_eq!(text(&mut browser, "h1"), "The valley");
    assert!(
        text(&mut browser, ".alerts").contains("Sensor lost node:hill battery since 2026-03-02 18:00:30")
    );
    assert_eq!(browser.ask("document.querySelectorAll('tbody tr').length"), 5);
    assert_eq!(browser.ask("document.querySelectorAll('figure svg').length"), 5);
    let bridge = text(&mut browser, "#s0");
    for piece in
        ["0.875 m", "2.069", "2026-03-01 22:00:07", "above 2, closes at 1.8, for 30 min", "bridge-high 2"]
    {
        assert!(bridge.contains(piece), "{piece}: {bridge}");
    }
    // The line to the mill is broken where the line to the mill was cut.
    assert_eq!(browser.ask("document.querySelector('#s4 .line').getAttribute('d').split('M').length"), 3);
    assert!(
        text(&mut browser, "#s4 .gap title").contains("no reading for 3 h 15 min from 2026-03-01 21:15:03")
    );
    assert!(text(&mut browser, "#s0 .alert title").contains("bridge-high, open from 2026-03-01 21:15:07"));
    browser.assert_quiet();
}

#[test]
fn a_pointer_and_keys_ask_for_the_event_behind_a_reading() {
    let dir = run::checkout();
    let page = said(&format!("-f html {VALLEY}"), dir.path());
    let Some(mut browser) = Browser::start() else { return };
    browser.resize(1000, 700);
    browser.open(page.as_bytes());
    browser.ask("document.querySelector('#s0').scrollIntoView()");
    browser.click("#s0 .chart");
    let tip = text(&mut browser, "#s0 .tip");
    assert!(tip.contains("level-bridge-") && tip.contains("2026-03-0"), "{tip}");
    browser.ask("document.querySelector('#s0 .chart').focus()");
    browser.press("End");
    assert_eq!(browser.ask("document.activeElement === document.querySelector('#s0 .chart')"), true);
    let last = |browser: &mut Browser| browser.ask("document.querySelector('#s0 .tip').textContent");
    let end = last(&mut browser);
    browser.press("ArrowLeft");
    assert_ne!(last(&mut browser), end);
    browser.press("Escape");
    assert_eq!(last(&mut browser), "");
    browser.assert_quiet();
}

/// Nothing sticks out, light and dark, from a small phone on; axe-core finds nothing.
#[test]
fn everyone_can_read_it_everywhere() {
    let dir = run::checkout();
    let page = said(&format!("-f html {VALLEY}"), dir.path());
    let Some(mut browser) = Browser::start() else { return };
    for (width, dark) in [(1200, false), (1200, true), (320, false), (390, true)] {
        browser.resize(width, 700);
        browser.set_dark(dark);
        browser.open(page.as_bytes());
        let out = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.ask(out), 0, "{width}");
        let ground = browser.ask("getComputedStyle(document.body).backgroundColor");
        assert_eq!(ground, if dark { "rgb(18, 24, 30)" } else { "rgb(246, 248, 250)" });
        browser.assert_quiet();
        browser.assert_accessible();
    }
}

#[test]
fn many_series_can_be_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..60)
        .map(|n| {
            reading(&format!("e{n}"), f64::from(n), "1", "").replace("level", &format!("level{}", n % 20))
        })
        .collect();
    write(dir.path(), "in", &lines);
    let page = said("-f html in", dir.path());
    let Some(mut browser) = Browser::start() else { return };
    browser.open(page.as_bytes());
    browser.click(".find input");
    browser.type_in("LEVEL7");
    let shown = "[...document.querySelectorAll('section')].filter(s => !s.hidden).map(s => s.id).join()";
    assert_eq!(browser.ask(shown), "s17");
    assert_eq!(browser.ask("document.querySelectorAll('tbody tr:not([hidden])').length"), 1);
    browser.assert_quiet();
}

#[test]
fn an_empty_world_says_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("in"), "").unwrap();
    assert!(said("-f html in", dir.path()).contains("Nothing was read."));
    assert!(said("-f svg in", dir.path()).contains("No sensor has spoken."));
}

#[test]
fn the_sheet_is_a_picture_for_every_renderer() {
    let dir = run::checkout();
    let at = dir.path();
    run::sh(
        &format!("projector-dashboard -f svg -o sheet.svg {VALLEY} 2> log; xmllint --noout sheet.svg"),
        at,
    );
    let svg = std::fs::read(at.join("sheet.svg")).unwrap();
    let mut options = resvg::usvg::Options { font_family: "DejaVu Sans".into(), ..Default::default() };
    options.fontdb_mut().load_font_data(dejavu::sans::regular().to_vec());
    let tree = resvg::usvg::Tree::from_data(&svg, &options).unwrap();
    let mut picture = resvg::tiny_skia::Pixmap::new(960, 260).unwrap();
    resvg::render(&tree, resvg::tiny_skia::Transform::default(), &mut picture.as_mut());
    let blue = |p: &resvg::tiny_skia::PremultipliedColorU8| p.blue() > 150 && p.red() < 90;
    assert!(picture.pixels().iter().filter(|p| blue(p)).count() > 400, "the lines are there");
    let text = String::from_utf8(svg).unwrap();
    assert_eq!(text.matches("<g transform=").count(), 5);
    assert!(text.contains("data-event-id=\"level-bridge-449\" data-node-id=\"gauge:bridge\""));
}
