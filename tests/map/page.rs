//! The page of a map, in a real browser where one is installed, and its plane beside the tool's own and PROJ's.

use super::{event, node, origin};
use crate::browser::{Browser, promises, uses};
use crate::reference::generate::Rng;
use crate::run;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use ulp_view::geodesy::{LatLon, Origin, Plane, Unit, round};

const MAP: &str = env!("CARGO_BIN_EXE_projector-map");
const FLOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/flood/trace.jsonl");

fn page(lines: &[Value]) -> Vec<u8> {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    run::feed(MAP, &["-f", "html"], input).stdout
}

fn flood() -> Vec<u8> {
    run::feed(MAP, &["-f", "html", FLOOD], "").stdout
}

/// What a program makes of an input.
fn through(program: &str, args: &[String], input: String) -> String {
    let mut command = Command::new(program);
    let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the page's plane: a line in is `[plane, x, y]`, a line out what it says of that point.
const READER: &str = r#"
const script = require("node:fs").readFileSync("lib/view/src/geodesy/plane.js", "utf8");
const OfPage = require("node:vm").runInThisContext(`${script};Plane`);
for (const line of require("node:fs").readFileSync(0, "utf8").trim().split("\n")) {
  const [about, ...at] = JSON.parse(line);
  const plane = new OfPage(about);
  const earth = plane.earth(at);
  const rest = earth === null ? null : [earth.lat, earth.lon, ...plane.point(earth), plane.convergence(at), plane.scale(at)];
  console.log(JSON.stringify(rest));
}"#;

/// Within a nanodegree, a micrometre, and of scales what PROJ prints of them.
#[test]
fn the_pages_plane_is_the_tools() {
    if Command::new("node").arg("--version").stdout(Stdio::null()).status().is_err() {
        return run::skipped("node is not installed");
    }
    let mut rng = Rng::new(18);
    let mut between =
        |low: f64, high: f64| low + (high - low) * rng.below(1 << 30) as f64 / f64::from(1 << 30);
    let mut input = String::new();
    let mut asked = Vec::new();
    for i in 0..40 {
        let origin =
            Origin { lat: between(-85.0, 85.0), lon: between(-180.0, 180.0), height: 7.0, geoid: None };
        let name = ["m", "ft", "km", "mm"][i % 4];
        let unit: Unit = name.parse().unwrap();
        let plane = Plane::of(origin, unit, i % 3 != 0);
        for reach in [1e2_f64, 1e4, 1e6, 3.8e6, 6e6].into_iter().flat_map(|reach| [reach; 10]) {
            let at = [reach, reach.min(2e6)].map(|reach| unit.from_metres(between(-reach, reach)));
            input += &format!("[{},{},{}]\n", plane.json().json(), at[0], at[1]);
            asked.push((plane, at));
        }
    }
    let args = ["-e".to_owned(), READER.to_owned()];
    let mut node = Command::new("node");
    let child =
        node.args(&args).current_dir(run::root()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), asked.len());
    let mut out = 0;
    for ((plane, at), answer) in asked.iter().zip(answers.lines()) {
        let answer: Option<Vec<f64>> = serde_json::from_str(answer).unwrap();
        let (Some(answer), Ok(place)) = (&answer, plane.earth(*at)) else {
            assert!(answer.is_none() && plane.earth(*at).is_err(), "{plane:?} {at:?}");
            out += 1;
            continue;
        };
        let near =
            |a: f64, b: f64, most: f64| assert!((a - b).abs() <= most, "{plane:?} {at:?}: {a}, not {b}");
        near(answer[0], place.lat, 1e-9);
        near(answer[1], place.lon, 1e-9);
        near(answer[4], plane.convergence(*at).unwrap(), 1e-9);
        for (there, at) in [answer[2], answer[3]].into_iter().zip(at) {
            near(plane.unit().to_metres(there), plane.unit().to_metres(*at), 1e-6);
        }
    }
    assert!(out > 50, "only {out} points lay beyond the plane");
    // PROJ says how much longer a metre is on the plane.
    let (plane, _) = asked[0];
    let about = plane.origin();
    let near = asked
        .iter()
        .take(50)
        .zip(answers.lines())
        .filter_map(|(_, answer)| serde_json::from_str::<Option<Vec<f64>>>(answer).unwrap());
    let near: Vec<Vec<f64>> = near.collect();
    let args = ["-S", "+proj=tmerc", "+k=1", "+ellps=WGS84"].map(str::to_owned);
    let args = [&args[..], &[format!("+lat_0={}", about.lat), format!("+lon_0={}", about.lon)]].concat();
    let said = through("proj", &args, near.iter().map(|a| format!("{} {}\n", a[1], a[0])).collect());
    for (line, answer) in said.lines().zip(&near) {
        let scale: f64 = line.split(['<', ' ']).nth_back(5).unwrap().parse().unwrap();
        assert!((scale - answer[5]).abs() < 2e-5, "{line}: {}", answer[5]);
    }
    assert_eq!(said.lines().count(), near.len());
}

#[test]
fn the_flood_can_be_explored() {
    let Some(mut browser) = Browser::start() else { return };
    promises::the_flood_can_be_explored(&mut browser, &flood(), "drawing.view.scale");
}

#[test]
fn the_flood_is_of_use() {
    let Some(mut browser) = Browser::start() else { return };
    uses::the_flood_is_of_use(&mut browser, &flood(), FLOOD);
}

/// The slider shows what `--at` shows, and each node is where the map's records say it is.
#[test]
fn the_slider_shows_what_at_shows() {
    let Some(mut browser) = Browser::start() else { return };
    let places = "Object.fromEntries(drawing.order.map(i => [i.node.id, drawing.furniture.placeOf(i)])\
        .filter(([, at]) => at !== null).map(([id, at]) => [id, [at.lon, at.lat]]))";
    for (event, seen) in promises::seen_at(&mut browser, &flood(), &[8007, 500, 5200], places) {
        let records = run::feed(MAP, &["--at", &format!("id:{event}"), FLOOD], "").stdout;
        let records = String::from_utf8(records).unwrap();
        let features: Vec<Value> = records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let is_node = |f: &&Value| f["properties"]["kind"].is_string() && !f["geometry"].is_null();
        let shown = features.iter().filter(is_node).map(|f| f["id"].as_str().unwrap());
        let mut shown: Vec<&str> = shown.collect();
        shown.sort_unstable();
        let known: Vec<&str> = seen.keys().map(String::as_str).collect();
        assert!(shown.iter().all(|id| seen.contains_key(*id)), "{event}: {} of {}", known.len(), shown.len());
        let points = features.iter().filter(|f| f["geometry"]["type"] == "Point");
        let mut count = 0;
        for point in points.filter(|f| f["properties"]["node_id"] == f["id"]) {
            let at = &seen[point["id"].as_str().unwrap()];
            for (i, degrees) in at.iter().enumerate() {
                let told = point["geometry"]["coordinates"][i].as_f64().unwrap();
                assert!((degrees - told).abs() < 2e-9, "{event}: {point} {at:?}");
            }
            count += 1;
        }
        assert!(count > 100 || event.contains("layer"), "{event}: {count} points");
    }
}

/// Three thousand kilometres east of its origin a map's grid is 11 % too long, and its north far from true.
#[test]
fn bar_arrow_and_graticule_are_the_earths() {
    let Some(mut browser) = Browser::start() else { return };
    let lines = [
        origin(52.0, -1.0),
        node(1, json!([3_000_000, 900_000, 12]), Value::Null),
        node(2, json!([3_200_000, 1_000_000]), Value::Null),
    ];
    browser.resize(900, 640);
    browser.open(&page(&lines));
    browser.rest();
    let plane = Plane::new("52,-1,100".parse().unwrap());
    let middle: [f64; 2] = serde_json::from_value(browser.ask(
        "(() => { const [x, y] = drawing.fromScreen(canvas.clientWidth / 2, canvas.clientHeight / 2), { origin, scale } = drawing.sheet; \
         return [x / scale + origin[0], y / scale + origin[1]]; })()",
    ))
    .unwrap();
    let turned = plane.convergence(middle).unwrap();
    assert!(turned > 25.0);
    assert_eq!(
        browser.ask("document.querySelector('#north').getAttribute('aria-label')"),
        format!("True north is {}° to the left of up", (turned * 100.0).round() / 100.0)
    );
    let angle = browser.ask("Number(document.querySelector('#north').style.transform.match(/-?[0-9.]+/)[0])");
    assert!((angle.as_f64().unwrap() + turned).abs() < 1e-3);
    // What the bar covers in the middle of the view is as long as it says, by PROJ's geodesics.
    let ends = browser.ask(
        "(() => { const half = drawing.furniture.bar.offsetWidth / 2, [x, y] = [canvas.clientWidth / 2, canvas.clientHeight / 2]; \
         return [-half, half].map(d => drawing.furniture.earthAt(x + d, y)).map(p => `${p.lat} ${p.lon}`).join(' '); })()",
    );
    let args = ["-I", "+ellps=WGS84", "-f", "%.6f"].map(str::to_owned);
    let said = through("geod", &args, format!("{}\n", ends.as_str().unwrap()));
    let metres: f64 = said.split_whitespace().nth(2).unwrap().parse().unwrap();
    let told = browser.ask("document.querySelector('#scale').textContent");
    let told: f64 = told.as_str().unwrap().strip_suffix(" km").unwrap().parse().unwrap();
    assert!((metres / (told * 1000.0) - 1.0).abs() < 0.02, "{told} km cover {metres} m");
    // Each line of the graticule keeps its latitude or longitude, and is no straight one.
    let lines = browser.ask(
        "drawing.furniture.graticule(canvas.clientWidth, canvas.clientHeight).map(({ name, isParallel, strokes }) => \
         ({ name, isParallel, places: strokes.flat().map(p => drawing.furniture.earthAt(...p)), strokes }))",
    );
    let lines = lines.as_array().unwrap();
    let kinds = [true, false].map(|is| lines.iter().filter(|line| line["isParallel"] == is).count());
    assert!(kinds.iter().all(|count| (3..=20).contains(count)), "{kinds:?}");
    for line in lines {
        let name = if line["isParallel"] == true { "lat" } else { "lon" };
        let degrees: Vec<f64> =
            line["places"].as_array().unwrap().iter().filter_map(|p| p[name].as_f64()).collect();
        assert!(degrees.iter().all(|d| (d - degrees[0]).abs() < 1e-9), "{line}");
        let told: f64 = line["name"].as_str().unwrap().split('°').next().unwrap().parse().unwrap();
        assert!((told - degrees[0].abs()).abs() < 1.0, "{line}");
    }
    browser.assert_quiet();
}

/// The pointer, the middle and a node say where they are, and can be copied.
#[test]
fn coordinates_are_told_and_copied() {
    let Some(mut browser) = Browser::start() else { return };
    let lines = [origin(52.6, -2.0), node(1, json!([-3289.201945, 1207.393784, 74.127]), Value::Null)];
    browser.resize(900, 640);
    browser.open(&page(&lines));
    browser.rest();
    browser.ask("select(history.nodes.find(n => n.id === 'n1'), true)");
    let link = "document.querySelector('#details .geo a').getAttribute('href')";
    assert_eq!(browser.ask(link), "geo:52.610840215,-2.048556761,174.127");
    browser.click("#details .copy");
    assert_eq!(browser.ask("document.querySelector('#details .copy').textContent"), "Copied");
    browser.rest();
    let told = browser.ask("byId('here').textContent");
    let place = browser.ask("[drawing.furniture.place, drawing.furniture.earthAt(canvas.clientWidth / 2, canvas.clientHeight / 2)]");
    let (lat, lon) = (place[1]["lat"].as_f64().unwrap(), place[1]["lon"].as_f64().unwrap());
    let digits = place[0][2].as_u64().unwrap() as usize;
    assert_eq!(told, format!("{lat:.digits$}° N, {:.digits$}° W", -lon));
    // Away from the middle, below the pointer.
    browser.ask(
        "canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: 300, clientY: 200, pointerType: 'mouse' }))",
    );
    browser.rest();
    let below = browser.ask("drawing.furniture.earthAt(300, 200 - canvas.getBoundingClientRect().top)");
    let (lat, lon) = (below["lat"].as_f64().unwrap(), below["lon"].as_f64().unwrap());
    assert_eq!(browser.ask("byId('here').textContent"), format!("{lat:.digits$}° N, {:.digits$}° W", -lon));
    browser.ask("canvas.focus()");
    browser.press("g");
    assert_eq!(browser.ask("byId('copy').textContent"), "Copied");
    browser.assert_quiet();
}

/// What the plane does not reach is not there as long as it is there, and moves no other thing out of view.
#[test]
fn what_lies_beyond_is_not_shown() {
    let moved =
        event(4, "update_transform", json!({ "node_id": "n1", "transform": { "position": [100, 0] } }));
    let lines = [
        origin(52.6, -2.0),
        node(1, json!([5_000_000, 0]), Value::Null),
        node(2, json!([4_000_000, 0]), Value::Null),
        node(3, json!([50, 80]), Value::Null),
        moved,
        event(5, "link_nodes", json!({ "from_node": "n1", "to_node": "n2" })),
    ];
    let output = run::feed(MAP, &["-f", "html", "--log-all"], lines.map(|line| format!("{line}\n")).concat());
    let log = String::from_utf8(output.stderr).unwrap();
    let codes =
        log.lines().filter(|line| line.contains("\"boundary\"") && line.contains("\"map.range\"")).count();
    assert_eq!(codes, 2, "{log}");
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&output.stdout);
    browser.rest();
    let shown = "drawing.order.map(item => item.node.id).sort().join()";
    assert_eq!(browser.ask(shown), "n1,n3");
    assert!(browser.ask("drawing.sheet.content[2] - drawing.sheet.content[0]").as_f64().unwrap() > 0.0);
    let wide = browser.ask("(drawing.sheet.content[2] - drawing.sheet.content[0]) / drawing.sheet.scale");
    assert!(wide.as_f64().unwrap() < 1000.0, "{wide}");
    assert_eq!(browser.ask("(drawing.linksInView ?? []).length"), 0);
    browser.ask("seek(4)");
    browser.rest();
    assert_eq!(browser.ask(shown), "n3");
    browser.ask("seek(5)");
    assert_eq!(browser.ask(shown), "n1,n3");
    browser.assert_quiet();
}

/// Spaces have origins of their own; y may run south; a unit without a length is withheld, and no byte tells of it.
#[test]
fn spaces_lie_where_they_say() {
    let in_space = |space: &str, mut line: Value| {
        line["space_id"] = space.into();
        line
    };
    let about = |n: usize, properties: Value| {
        event(n, "set_properties", json!({ "node_id": "@space", "properties": properties }))
    };
    let south = json!({ "origin": { "lat": -41.25, "lon": 179.5 }, "y": "down", "unit": "ft" });
    let lines = [
        in_space("north", about(1, json!({ "origin": { "lat": 60, "lon": 10 } }))),
        in_space("north", node(2, json!([0, 1000]), Value::Null)),
        in_space("south", about(3, south)),
        in_space("south", node(4, json!([200_000, 1000]), Value::Null)),
        in_space("leagues", about(5, json!({ "origin": { "lat": 1, "lon": 1 }, "unit": "league" }))),
        in_space("leagues", node(6, json!([1, 1]), Value::Null)),
    ];
    let text = page(&lines);
    let page = String::from_utf8(text.clone()).unwrap();
    assert!(page.contains("\"north\"") && !page.contains("league"));
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&text);
    browser.rest();
    let place = "drawing.furniture.placeOf(drawing.order[0])";
    let north = browser.ask(place);
    assert!(north["lat"].as_f64().unwrap() > 60.008 && north["lon"] == 10.0, "{north}");
    browser.ask("open(1)");
    browser.rest();
    let there = browser.ask(place);
    let plane = Plane::of("-41.25,179.5".parse().unwrap(), "ft".parse().unwrap(), false);
    let told = plane.earth([200_000.0, 1000.0]).unwrap();
    assert_eq!(there["lat"], round::degrees(told.lat));
    assert_eq!(there["lon"], round::longitude(told.lon));
    assert!(there["lon"].as_f64().unwrap() < -179.0 && there["lat"].as_f64().unwrap() < -41.25);
    assert!(plane.point(LatLon { lat: told.lat, lon: told.lon }).is_ok());
    // North is up on the page all the same.
    let up = "(() => { const at = drawing.furniture.earthAt(300, 100), below = drawing.furniture.earthAt(300, 300); return at.lat > below.lat; })()";
    assert_eq!(browser.ask(up), true);
    browser.assert_quiet();
}

#[test]
fn a_map_without_an_origin_is_none() {
    let lines = node(1, json!([0, 0]), Value::Null).to_string();
    let output = run::feed(MAP, &["-f", "html"], &lines);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--origin LAT,LON"));
    let output = run::feed(MAP, &["-f", "html", "--origin", "52.6,-2"], &lines);
    assert!(output.status.success() && output.stdout.ends_with(b"</html>\n"));
}

/// Light and dark, from a small phone on, with details open: nothing sticks out, and axe-core finds nothing.
#[test]
fn everyone_can_read_it_everywhere() {
    let Some(mut browser) = Browser::start() else { return };
    let page = flood();
    for (width, dark) in [(1200, false), (320, false), (320, true)] {
        browser.resize(width, 640);
        browser.set_dark(dark);
        browser.open(&page);
        browser.rest();
        let out = "[...document.querySelectorAll('#place, #place *')].filter(e => { const b = e.getBoundingClientRect(); \
            return b.left < 0 || b.right > innerWidth || b.bottom > canvas.getBoundingClientRect().bottom; }).map(e => e.id)";
        assert_eq!(browser.ask(out), json!([]), "{width}");
        let hidden = "(() => { const a = byId('place').getBoundingClientRect(), b = byId('legend').getBoundingClientRect(); \
            return byId('legend').textContent !== '' && a.bottom > b.top && a.right > b.left && a.top < b.bottom; })()";
        assert_eq!(browser.ask(hidden), false, "{width}: the legend lies below the scale");
        browser.ask("select(drawing.order[0].node, true)");
        assert_eq!(browser.ask("document.documentElement.scrollWidth - innerWidth"), 0);
        browser.assert_quiet();
        browser.assert_accessible();
    }
}

/// The coast below the flood, as the example makes it.
#[test]
fn a_base_map_is_a_layer_of_events() {
    let land = "target/peers/atlas/node_modules/world-atlas/land-10m.json";
    let file = run::root().join(land);
    if !file.exists() {
        return run::skipped("world-atlas is not installed: make deps");
    }
    let dir = run::checkout();
    run::sh(&format!("examples/basemap/run.sh out {}", file.display()), dir.path());
    let read = |path: &str| std::fs::read_to_string(Path::new(dir.path()).join(path)).unwrap();
    let land = read("out/land.jsonl");
    let events: Vec<Value> = land.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|e| e["timestamp"] == 0 || e["timestamp"].is_number()));
    assert!(events.iter().filter(|e| e["geometry"]["kind"] == "polygon").count() > 10);
    run::sh(&format!("examples/basemap/run.sh again {}", file.display()), dir.path());
    assert_eq!(read("again/map.html"), read("out/map.html"));
    let Some(mut browser) = Browser::start() else { return };
    browser.open(read("out/map.html").as_bytes());
    browser.rest();
    // Land is painted first; a gauge inland stands on it, the open sea is none.
    assert_eq!(browser.ask("drawing.order[0].layer"), "land");
    let on_land = |lat: f64, lon: f64| {
        format!(
            "(() => {{ const m = drawing.furniture, at = m.screenAt({{ lat: {lat}, lon: {lon} }}); \
             return drawing.order.filter(i => i.layer === 'land' && i.shape.path !== undefined).some(i => {{ \
             drawing.top.setTransform(...composed(drawing.matrix(), i.inner)); const hit = drawing.top.isPointInPath(i.shape.path, ...at, i.shape.rule); \
             drawing.top.setTransform(...IDENTITY); return hit; }}); }})()"
        )
    };
    for (lat, lon, is_land) in
        [(52.5, -1.5, true), (51.5, 0.1, true), (53.5, 1.5, false), (50.3, -1.5, false)]
    {
        assert_eq!(browser.ask(&on_land(lat, lon)), is_land, "{lat} {lon}");
    }
    browser.assert_quiet();
}
