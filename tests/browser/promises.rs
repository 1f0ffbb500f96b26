//! What a page promises its readers, whichever projector wrote it: it is driven with mouse and keys as they would.

use super::Browser;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where nodes stand, by id.
pub type Places = BTreeMap<String, Vec<f64>>;

/// Opens the page of the flood and tries everything on it. `zoom` is an expression that grows as one comes nearer.
pub fn the_flood_can_be_explored(browser: &mut Browser, page: &[u8], zoom: &str) {
    browser.resize(960, 640);
    browser.set_dark(false);
    browser.open(page);
    browser.rest();
    assert_eq!(browser.ask("document.querySelector('h1').textContent"), "Floods in England");
    assert!(said(browser, "#event").contains("8007 of 8007"));
    searches(browser);
    answers_to_keys(browser, zoom);
    plays(browser);
    hides_layers(browser);
    is_light_and_dark(browser);
    fits_a_phone(browser);
    browser.assert_quiet();
}

/// The text of an element.
pub fn said(browser: &mut Browser, selector: &str) -> String {
    let text = browser.ask(&format!("document.querySelector({selector:?}).textContent"));
    text.as_str().unwrap().to_owned()
}

/// What is typed is found, and what is found says which event set its values.
fn searches(browser: &mut Browser) {
    browser.click("#find");
    browser.type_in("Aldershot");
    assert!(said(browser, "#found").contains("Aldershot"));
    browser.press("Enter");
    browser.rest();
    assert_eq!(browser.ask("drawing.selected.property('name')"), "Aldershot");
    assert!(said(browser, "#details h2").contains("Aldershot"));
    let center =
        "{ const { clientWidth: w, clientHeight: h } = canvas; drawing.pick(w / 2, h / 2)?.node?.id }";
    assert_eq!(browser.ask(center), browser.ask("drawing.selected.id"));
    // The event behind a value leads to where the value was set.
    let event = said(browser, "#details dl .by");
    browser.ask("document.querySelector('#details dl .by').click()");
    assert!(event.starts_with(browser.ask("history.event(history.at - 1).id").as_str().unwrap()));
    browser.click("#find");
    browser.ask("byId('find').value = ''");
    browser.type_in("no such place");
    assert!(said(browser, "#found").contains("Nothing found"));
    browser.press("Escape");
    assert_eq!(browser.ask("byId('found').hidden"), true);
}

fn answers_to_keys(browser: &mut Browser, zoom: &str) {
    let number = |value: Value| value.as_f64().unwrap();
    browser.ask("canvas.focus(), byId('find').value = ''");
    browser.press("Escape");
    assert_eq!(browser.ask("drawing.selected === null"), true);
    browser.press("0");
    let whole = number(browser.ask(zoom));
    browser.press("+");
    assert!(number(browser.ask(zoom)) > whole);
    browser.press("-");
    browser.press("0");
    assert_eq!(number(browser.ask(zoom)), whole);
    let view = "JSON.stringify([drawing.view, drawing.camera])";
    let before = browser.ask(view);
    browser.press("ArrowLeft");
    let keyed = browser.ask(view);
    assert_ne!(before, keyed);
    browser.drag("#drawing", (80.0, 40.0));
    assert_ne!(keyed, browser.ask(view));
    browser.rest();
    browser.press("n");
    assert_eq!(browser.ask("drawing.selected === null"), false);
    browser.press("Escape");
    // The slider is an ordinary one: arrows step from event to event, and screen readers hear where.
    browser.ask("seek(4000), byId('slider').focus()");
    browser.press("ArrowRight");
    browser.rest();
    assert_eq!(browser.ask("history.at"), 4001);
    assert!(browser.ask("byId('slider').ariaValueText").as_str().unwrap().contains("event 4001 of 8007"));
    for _ in 0..2 {
        browser.press("ArrowLeft");
        browser.rest();
    }
    assert_eq!(browser.ask("history.at"), 3999);
}

fn plays(browser: &mut Browser) {
    browser.ask("seek(0), byId('speed').value = '10'");
    browser.click("#play");
    browser.ask("new Promise(done => setTimeout(done, 500, 0))");
    assert_eq!(browser.ask("byId('play').ariaLabel"), "Pause");
    browser.click("#play");
    let at = browser.ask("history.at");
    assert!(at.as_u64().unwrap() > 0, "nothing was played");
    browser.rest();
    assert_eq!(browser.ask("history.at"), at);
    browser.ask("seek(history.length)");
}

fn hides_layers(browser: &mut Browser) {
    browser.ask("act(() => drawing.fit())");
    browser.rest();
    let all = browser.ask("drawing.inView.length").as_u64().unwrap();
    assert!(all > 3000, "{all}");
    browser.click("#layers-button");
    browser.click("#layers label input");
    browser.rest();
    let fewer = browser.ask("drawing.inView.length").as_u64().unwrap();
    assert!(fewer < all, "{fewer} of {all}");
    browser.ask("document.querySelectorAll('#layers input:checked').forEach(box => box.click())");
    browser.rest();
    assert_eq!(browser.ask("drawing.inView.length"), 0);
    browser.ask("document.querySelectorAll('#layers input').forEach(box => box.click())");
    browser.click("#layers-button");
    assert_eq!(browser.ask("byId('layers').hidden"), true);
}

fn is_light_and_dark(browser: &mut Browser) {
    let luminance = "(() => { const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g); \
        return (Number(r) + Number(g) + Number(b)) / 3; })()";
    for dark in [true, false] {
        browser.set_dark(dark);
        browser.rest();
        assert_eq!(browser.ask(luminance).as_f64().unwrap() < 100.0, dark);
        assert_eq!(browser.ask("drawing.groundIsDark"), dark);
    }
    browser.click("#theme");
    browser.rest();
    assert_eq!(browser.ask("drawing.groundIsDark"), true);
    browser.click("#theme");
}

/// Nothing sticks out at the width of a small phone, details and layers included, and fingers hit the controls.
fn fits_a_phone(browser: &mut Browser) {
    browser.resize(360, 640);
    browser.ask("find('Aldershot'), byId('found').querySelector('button').click()");
    browser.click("#layers-button");
    browser.rest();
    let outside = "[...document.querySelectorAll('header *, footer > *, .time > *, #layers, #details')].filter(e => { \
        const b = e.getBoundingClientRect(); return b.width > 1 && (b.left < 0 || b.right > 360 || b.bottom > 641); \
        }).map(e => e.id || e.tagName)";
    assert_eq!(browser.ask(outside), Value::Array(Vec::new()));
    assert_eq!(browser.ask("document.documentElement.scrollWidth"), 360);
    let small = "[...document.querySelectorAll('header button, footer button, header input, select')]\
        .filter(e => e.offsetParent !== null && e.offsetHeight < 32).map(e => e.id)";
    assert_eq!(browser.ask(small), Value::Array(Vec::new()));
    let room = browser.ask("canvas.clientHeight / innerHeight").as_f64().unwrap();
    assert!(room > 0.6, "only {room} of the height is drawing");
}

/// Walks the slider to some events and gives where the page puts nodes then: `places` is an expression that gives an
/// object of places by id.
pub fn seen_at(browser: &mut Browser, page: &[u8], events: &[u64], places: &str) -> Vec<(String, Places)> {
    browser.open(page);
    let ask = format!("{events:?}.map(n => {{ seek(n); return [history.event(n - 1).id, {places}]; }})");
    serde_json::from_value(browser.ask(&ask)).unwrap()
}

/// The nodes of a projector's records, with what stands in `member`.
pub fn places_in(records: &str, member: &str) -> Places {
    let records = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let numbers = |v: &Value| v.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    let nodes = records.filter(|r| r["type"] == "node");
    nodes.map(|r| (r["node_id"].as_str().unwrap().to_owned(), numbers(&r[member]))).collect()
}

#[track_caller]
pub fn assert_same_places(event: &str, page: &Places, tool: &Places) {
    assert!(page.keys().eq(tool.keys()), "{event}: other nodes");
    for (id, place) in page {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
        assert!(place.iter().zip(&tool[id]).all(near), "{event}: {id} at {place:?}, not {:?}", tool[id]);
    }
}

/// What events wrote stays text: on the page, in what is found and in the details.
pub fn hostile_words_stay_words(browser: &mut Browser, page: &[u8]) {
    browser.open(page);
    browser.rest();
    browser.ask("find('e'), drawing.order.slice(0, 20).forEach(item => select(item.node, true))");
    browser.ask("document.querySelectorAll('#found button').forEach(button => button.click())");
    browser.ask("drawing.links.forEach(link => showDetails({ link }, true)), toggleLayers()");
    browser.rest();
    let made = "document.querySelectorAll('img, iframe, object, embed, [onerror], [onload], a, link').length";
    assert_eq!(browser.ask(made), 0);
    assert_eq!(browser.ask("document.scripts.length"), 2);
    assert!(browser.ask("document.body.textContent").as_str().unwrap().contains("<img src=x onerror="));
    assert_eq!(browser.ask("window.taken"), Value::Null);
    browser.assert_quiet();
}
