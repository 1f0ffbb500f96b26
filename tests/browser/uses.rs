//! What a page is of use for beyond looking: finding, sending the moment to a friend, taking pictures, commands and
//! tables away, typing a time, stepping; and what it says where there is nothing, or something far away.

use super::Browser;
use super::promises::said;
use crate::run;
use serde_json::{Value, json};

/// Tries each of these on the page of the flood, whose trace is `trace`.
pub fn the_flood_is_of_use(browser: &mut Browser, page: &[u8], trace: &str) {
    browser.resize(1100, 760);
    browser.set_dark(false);
    browser.before("URL.createObjectURL = blob => { window.taken = blob; return '#'; };");
    browser.open(page);
    browser.rest();
    finds_by_what_is_known(browser);
    goes_to_times_that_are_typed(browser);
    gives_addresses(browser, page);
    gives_commands(browser, trace);
    gives_files(browser, trace);
    tells_what_people_ask_first(browser);
    explains_itself(browser);
    plays_as_fast_as_it_says(browser);
    fits_fingers(browser);
    browser.assert_quiet();
}

fn finds_by_what_is_known(browser: &mut Browser) {
    let hits = |browser: &mut Browser, query: &str| {
        browser.ask(&format!("drawing.order.filter(queryOf({})).length", json!(query))).as_u64().unwrap()
    };
    let all = browser.ask("drawing.order.length").as_u64().unwrap();
    let gauges = hits(browser, "kind:gauge");
    assert!(0 < gauges && gauges < all, "{gauges} of {all}");
    assert_eq!(hits(browser, "kind:groundwater name:aldershot"), 1);
    let (high, low) = (hits(browser, "level>=2"), hits(browser, "level<2"));
    assert!(high > 0 && low > 0 && high + low <= all, "{high} {low}");
    assert_eq!(hits(browser, "no-such-thing"), 0);
    // Actors and events are found too, and lead to their moment.
    browser.click("#find");
    browser.ask("byId('find').value = ''");
    browser.type_in("x2-y1-warnings-in");
    let found = said(browser, "#found");
    assert!(found.contains("Events") && found.contains("x2-y1-warnings-in"), "{found}");
    browser.ask("[...document.querySelectorAll('#found button')].find(b => b.textContent.includes('x2-y1-warnings-in')).click()");
    assert_eq!(browser.ask("history.event(history.at - 1).id"), "x2-y1-warnings-in");
    // What is asked for can be shown alone, and everything again.
    browser.ask("seek(history.length), find('kind:gauge'), \
        [...document.querySelectorAll('#found button')].find(b => b.textContent.startsWith('Show only')).click()");
    browser.rest();
    assert!(
        said(browser, "#filter").contains(&format!("({gauges} of {all})")),
        "{}",
        said(browser, "#filter")
    );
    browser.click("#filter");
    browser.rest();
    assert_eq!(browser.ask("byId('filter').hidden && drawing.only === null"), true);
}

fn goes_to_times_that_are_typed(browser: &mut Browser) {
    browser.ask("seek(history.length)");
    browser.rest();
    let times: Vec<f64> = serde_json::from_value(browser.ask("[...history.data.time]")).unwrap();
    let day = times.iter().filter(|time| **time <= 1_616_112_000.0).count();
    for (typed, place) in
        [("2021-03-19", day), ("1616112000", day), ("4000", 4000), ("2021-03-19 00:00 UTC", day)]
    {
        browser.click("#when");
        browser.ask("byId('when').value = ''");
        browser.type_in(typed);
        browser.press("Enter");
        browser.rest();
        assert_eq!(browser.ask("history.at"), place, "{typed}");
    }
    browser.click("#when");
    browser.ask("byId('when').value = ''");
    browser.type_in("tomorrow");
    browser.press("Enter");
    assert_eq!(browser.ask("[byId('when').ariaInvalid, history.at].join()"), format!("true,{day}"));
    assert!(said(browser, "#said").starts_with("Not a time"));
    browser.press("Escape");
    // Keys step by the event wherever one is, and go to both ends.
    browser.ask("canvas.focus()");
    for (key, at) in [(".", day + 1), (",", day), (",", day - 1)] {
        browser.press(key);
        assert_eq!(browser.ask("history.at"), at, "{key}");
    }
    browser.click("#on");
    assert_eq!(browser.ask("history.at"), day);
}

/// What stands in the address opens as it was.
fn gives_addresses(browser: &mut Browser, page: &[u8]) {
    let state =
        "JSON.stringify([history.at, drawing.selected?.id, shownOnly, drawing.place(), [...drawing.hidden]])";
    browser.ask(
        "seek(5000), showOnly('kind:gauge'), select(drawing.order.find(drawing.only).node), act(() => drawing.zoom(2)), \
         drawing.hidden.set([...drawing.layers.keys()].sort()[0], false), writeAddress()",
    );
    browser.rest();
    let was = browser.ask(state);
    browser.ask("new Promise(done => { const look = () => window.location.hash.length > 1 ? done(0) : setTimeout(look, 50); look(); })");
    browser.ask("new Promise(done => setTimeout(done, 2 * REST))");
    let hash = browser.ask("window.location.hash").as_str().unwrap().to_owned();
    for part in ["at=", "node=", "only=", "view=", "hide="] {
        assert!(hash.contains(part), "{hash}");
    }
    browser.open_at(page, &hash);
    browser.rest();
    assert_eq!(browser.ask(state), was, "{hash}");
    // An address of what is not here opens what is.
    browser.open_at(page, "#at=no-such-event&node=nothing&view=1,x&space=elsewhere");
    browser.rest();
    assert_eq!(browser.ask("[history.at === history.length, drawing.selected === null].join()"), "true,true");
}

/// What is copied as a command runs, and prints what is seen.
fn gives_commands(browser: &mut Browser, trace: &str) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(run::root().join(trace), dir.path().join("trace.jsonl")).unwrap();
    browser.ask("seek(4000), select(null)");
    let command = browser.ask("commandNow()").as_str().unwrap().to_owned();
    assert!(command.contains("--at id:"), "{command}");
    assert!(run::sh(&format!("{command} 2> /dev/null"), dir.path()).len() > 10_000, "{command}");
    browser.ask("seek(history.length), find('Aldershot'), byId('found').querySelector('button').click()");
    let command = browser.ask("commandNow()").as_str().unwrap().to_owned();
    let blame = run::sh(&format!("{command} 2> /dev/null"), dir.path());
    assert!(command.contains("--blame") && blame.contains("Aldershot"), "{command}: {blame}");
    let why = browser.ask("commandsFor(drawing.selected.id).lastChild.title").as_str().unwrap().to_owned();
    assert!(why.starts_with("ulp-why "), "{why}");
    let why = why.replace("--store world", "trace.jsonl");
    let told = run::sh(&format!("{why} 2> /dev/null"), dir.path());
    assert!(told.lines().count() > 1, "{why}: {told}");
}

fn gives_files(browser: &mut Browser, trace: &str) {
    let text = "window.taken.text()";
    browser.ask("select(null), act(() => drawing.fit())");
    browser.rest();
    browser.click("#more-button");
    browser.click("#save-png");
    browser.ask("new Promise(done => { const look = () => window.taken?.type === 'image/png' ? done(0) : setTimeout(look, 20); look(); })");
    let sides = browser.ask("createImageBitmap(window.taken).then(({ width, height }) => [width, height])");
    assert!(sides[0].as_u64().unwrap() >= 1000 && sides[1].as_u64().unwrap() >= 500, "{sides}");
    if browser.ask("byId('save-svg').hidden") == false {
        browser.click("#save-svg");
        let svg = browser.ask(text).as_str().unwrap().to_owned();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x.svg"), &svg).unwrap();
        run::sh("xmllint --noout x.svg", dir.path());
        assert!(svg.contains("Floods in England") && svg.matches("<path").count() > 1000);
    }
    browser.click("#more-button");
    // A series as a table is what the dashboard says of it.
    browser.ask("seek(history.length)");
    let table = browser
        .ask("{ const sensor = history.sensors.find(s => s.reading !== null && history.readingsOf(s).length > 3); saveTable(sensor); window.taken.text() }");
    let table = table.as_str().unwrap();
    let told = run::sh(&format!("projector-dashboard -f csv {trace} 2> /dev/null"), run::root());
    let rows: Vec<&str> = told.split("\r\n").collect();
    assert_eq!(table.split("\r\n").next(), rows.first().copied());
    let mut lines = table.split("\r\n").skip(1).filter(|line| !line.is_empty()).peekable();
    assert!(lines.peek().is_some());
    for line in lines {
        assert!(rows.contains(&line), "{line}");
    }
}

/// The name, what is read there as a chart, and what it is stand first; where each value comes from is folded away.
fn tells_what_people_ask_first(browser: &mut Browser) {
    browser.ask(
        "select(history.nodes[history.sensors.filter(s => s.reading?.node >= 0)\
         .sort((a, b) => history.readingsOf(b).length - history.readingsOf(a).length)[0].reading.node], true)",
    );
    browser.rest();
    let order = "[...document.querySelectorAll('#details h2, #details figure, #details p.sub, #details details')].map(e => e.localName).join(' ')";
    let told = browser.ask(order).as_str().unwrap().to_owned();
    assert!(told.starts_with("h2 figure p details"), "{told}");
    assert_eq!(browser.ask("document.querySelectorAll('#details details[open]').length"), 0);
    let drawn = said(browser, "#details");
    let actor = browser.ask("history.event(history.sensors.find(s => s.reading?.node === drawing.selected.index).reading.event).actor");
    assert!(drawn.contains(actor.as_str().unwrap()), "{actor}: {drawn}");
    assert!(!drawn.contains("coordinates") && !drawn.contains("{\""), "{drawn}");
    // Axes with numbers and dates, and the reading below the pointer.
    let axis = "document.querySelectorAll('#details figure svg text').length";
    assert!(browser.ask(axis).as_u64().unwrap() >= 4);
    let hover = "(() => { const svg = document.querySelector('#details figure svg'), b = svg.getBoundingClientRect(); \
        svg.dispatchEvent(new PointerEvent('pointermove', { clientX: b.left + b.width / 2, clientY: b.top + 20 })); \
        return document.querySelector('#details .said').textContent; })()";
    let read = browser.ask(hover).as_str().unwrap().to_owned();
    assert!(read.contains(" · 20"), "{read}");
    browser.press("Escape");
}

fn explains_itself(browser: &mut Browser) {
    browser.ask("canvas.focus()");
    browser.press("?");
    assert_eq!(browser.ask("byId('keys').hidden"), false);
    let keys = said(browser, "#keys");
    assert!(keys.contains("Space") && keys.contains("one event back"), "{keys}");
    browser.press("Escape");
    assert_eq!(browser.ask("byId('keys').hidden"), true);
    browser.click("#layers-button");
    browser.rest();
    let legend = said(browser, "#layers");
    assert!(legend.contains("gauge") && legend.contains("read by sensors"), "{legend}");
    let colors = "document.querySelectorAll('#layers .kind .swatch').length";
    assert!(browser.ask(colors).as_u64().unwrap() >= 5);
    browser.assert_accessible();
    browser.click("#layers-button");
}

/// At a speed of real time the clock of the trace goes as fast as it is asked to, and what is played again begins again.
fn plays_as_fast_as_it_says(browser: &mut Browser) {
    let passed = "new Promise(done => { stop(); seek(5000); byId('speed').value = 'x1000'; play(); const clock = () => playing.clock ?? history.data.time[4999]; \
        let from = null; const look = now => { if (playing.clock === null) return requestAnimationFrame(look); from ??= [now, clock()]; \
        if (now - from[0] < 1500) return requestAnimationFrame(look); const kept = (clock() - from[1]) / ((now - from[0]) / 1000); \
        const said = !byId('pace').hidden; stop(); return done([kept, said]); }; requestAnimationFrame(look); })";
    let told = browser.ask(passed);
    let (kept, said) = (told[0].as_f64().unwrap(), told[1] == true);
    assert!(kept <= 1100.0 && (kept >= 850.0 || said), "{kept} a second, said: {said}");
    browser.ask("byId('loop').click(), byId('speed').value = '10', seek(history.length - 1), play()");
    browser.ask("new Promise(done => { const look = () => history.at < history.length / 2 ? done(0) : setTimeout(look, 20); look(); })");
    browser.ask("stop(), byId('loop').click(), seek(history.length)");
}

/// On a small phone fingers hit what they aim at, and panels leave half of the drawing alone.
fn fits_fingers(browser: &mut Browser) {
    browser.resize(320, 640);
    browser.rest();
    let small = "[...document.querySelectorAll('header button, footer button, #views button, header input, footer select')]\
        .filter(e => e.offsetParent !== null && (e.offsetHeight < 44 || e.offsetWidth < 44)).map(e => `${e.id || e.textContent} ${e.offsetWidth}×${e.offsetHeight}`)";
    assert_eq!(browser.ask(small), Value::Array(Vec::new()));
    browser.ask("find('Aldershot'), byId('found').querySelector('button').click()");
    browser.rest();
    let covered = "byId('details').offsetHeight / canvas.clientHeight";
    assert!(browser.ask(covered).as_f64().unwrap() <= 0.55, "{}", browser.ask(covered));
    // What is told of stands in the middle of what the panel leaves free.
    let free = "(() => { const [panel, ground] = [byId('details'), canvas].map(e => e.getBoundingClientRect()); \
        return drawing.pick(ground.width / 2, (panel.top - ground.top) / 2)?.node === drawing.selected; })()";
    assert_eq!(browser.ask(free), true);
    assert_eq!(browser.ask("document.documentElement.scrollWidth"), 320);
    browser.ask("select(null)");
    browser.resize(1100, 760);
}

/// A world in which nothing happened says so, and one stray place does not make a dot of all others.
pub fn emptiness_and_strays_are_said(browser: &mut Browser, empty: &[u8], stray: &[u8]) {
    browser.open(empty);
    browser.rest();
    assert_eq!(said(browser, "h1"), "An empty world");
    assert!(said(browser, "#nothing").starts_with("Nothing is here"));
    assert_eq!(
        browser.ask("byId('nothing').hidden || document.querySelector('#play').disabled === false"),
        false
    );
    browser.assert_accessible();
    browser.assert_quiet();
    browser.open(stray);
    browser.rest();
    assert_eq!(browser.ask("byId('rest').hidden"), false);
    assert_eq!(said(browser, "#rest"), "Show the rest (1)");
    let apart = "(() => { const at = drawing.order.slice(0, 30).map(({ node }) => node.id).filter(id => id !== 'far'); return at.length; })()";
    assert!(browser.ask(apart).as_u64().unwrap() > 20);
    let near = browser.ask("JSON.stringify(drawing.place())");
    browser.click("#rest");
    browser.rest();
    assert_eq!(browser.ask("byId('rest').hidden"), true);
    assert_ne!(browser.ask("JSON.stringify(drawing.place())"), near);
    browser.assert_quiet();
}

/// Thirty things side by side, and one that is a thousand times as far away.
pub fn stray() -> String {
    let node = |id: String, x: f64, y: f64| {
        json!({"event_id": format!("e-{id}"), "timestamp": 1_700_000_000, "actor_id": "a", "operation": "create_node", "node_id": id,
            "transform": {"position": [x, y]}, "geometry": {"kind": "rect", "width": 4, "height": 4}})
    };
    let near = (0..30).map(|n| node(format!("n{n}"), f64::from(n % 6) * 10.0, f64::from(n / 6) * 10.0));
    near.chain([node("far".to_owned(), 60_000.0, 0.0)]).map(|event| format!("{event}\n")).collect()
}
