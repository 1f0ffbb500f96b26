//! One id through every sense: ten events of a world, followed through every format of every projector. Whatever shows
//! what an event set last names the thing and the event.

use crate::browser::Browser;
use crate::run::feed;
use resvg::usvg::roxmltree::Document;
use serde_json::Value;
use std::collections::BTreeSet;

/// A thing, and the event that last set what is shown of it.
type Pair = (String, String);

/// What the ten events set last: nodes, a link, a reading at a node and one at none, an alert.
const NODES: [(&str, &str); 6] = [
    ("well", "e-well"),
    ("boat", "e-move"),
    ("hut", "e-say"),
    ("field", "e-shape"),
    ("photo", "e-media"),
    ("row", "e-rows"),
];
const LINK: (&str, &str) = ("hut/near/well", "e-link");
const READINGS: [(&str, &str); 2] = [("probe/level", "e-level"), ("buoy/level", "e-lone")];
const ALERT: (&str, &str) = ("warning", "e-warn");

/// The world: everything stands somewhere, and an hour lies between one event and the next, so that each is heard alone.
fn world() -> String {
    let lines = [
        r#""operation":"set_properties","node_id":"@space","properties":{"origin":{"lat":52.6,"lon":-2,"height":100,"geoid":48},"title":"Ten events"}"#,
        r#""operation":"create_node","node_id":"boat","kind":"boat","transform":{"position":[5,5,0]}"#,
        r#""operation":"create_node","node_id":"hut","kind":"hut","transform":{"position":[40,10,0]}"#,
        r#""operation":"create_node","node_id":"field","kind":"field","transform":{"position":[80,20,0]}"#,
        r#""operation":"create_node","node_id":"photo","kind":"photo","transform":{"position":[20,60,0]}"#,
        r#""operation":"create_node","node_id":"gauge","kind":"gauge","transform":{"position":[60,60,0]}"#,
        r#""operation":"create_node","node_id":"warning","kind":"alert","transform":{"position":[60,90,0]},"geometry":{"kind":"ellipse","rx":9,"ry":9}"#,
        r#"e-well "operation":"create_node","node_id":"well","kind":"well","transform":{"position":[10,30,0]},"properties":{"label":"Well"}"#,
        r#"e-move "operation":"update_transform","node_id":"boat","transform":{"position":[6,7,0]}"#,
        r#"e-say "operation":"set_properties","node_id":"hut","properties":{"label":"Hut"}"#,
        r#"e-shape "operation":"set_geometry","node_id":"field","geometry":{"kind":"rect","width":20,"height":10}"#,
        r#"e-link "operation":"link_nodes","from_node":"hut","to_node":"well","relation":"near","properties":{"label":"near"}"#,
        r#"e-level "operation":"sensor_reading","sensor":"level","value":1.5,"unit":"m","node_id":"gauge""#,
        r#"e-lone "operation":"sensor_reading","sensor":"level","value":2.5,"unit":"m","position":[30,90,0]"#,
        r#"e-warn "operation":"set_properties","node_id":"warning","properties":{"event":"Flood","urgency":"Immediate","severity":"Severe","certainty":"Observed","status":"Exercise"}"#,
        r#"e-media "operation":"set_media","node_id":"photo","role":"media","media":{"ref":"sha256:00000000000000000000000000000000000000000000000000000000000000aa","mime":"image/png"}"#,
        r#"e-rows "operation":"macro.grid","rows":1,"columns":1,"dx":1,"dy":1,"template":[{"operation":"create_node","node_id":"row","kind":"post","transform":{"position":[90,5,0]}}]"#,
    ];
    let whole = |(i, line): (usize, &&str)| {
        let (id, members) = match line.split_once(' ') {
            Some((id, members)) if id.starts_with("e-") => (id.to_owned(), members),
            _ => (format!("first{i}"), *line),
        };
        let actor = if members.contains("position\":[30,90") { "buoy" } else { "probe" };
        format!(
            "{{\"event_id\":\"{id}\",\"timestamp\":{},\"actor_id\":\"{actor}\",{members}}}\n",
            1_700_000_000 + 3600 * i
        )
    };
    lines.iter().enumerate().map(whole).collect()
}

fn written(command: &str) -> Vec<u8> {
    let mut words = command.split(' ');
    let program = match words.next().unwrap() {
        "2d" => env!("CARGO_BIN_EXE_projector-2d"),
        "3d" => env!("CARGO_BIN_EXE_projector-3d"),
        "audio" => env!("CARGO_BIN_EXE_projector-audio"),
        "dashboard" => env!("CARGO_BIN_EXE_projector-dashboard"),
        "map" => env!("CARGO_BIN_EXE_projector-map"),
        "alert" => env!("CARGO_BIN_EXE_projector-alert"),
        "ar" => env!("CARGO_BIN_EXE_projector-ar"),
        other => panic!("{other}"),
    };
    let output = feed(program, &words.collect::<Vec<_>>(), world().as_bytes());
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn text(command: &str) -> String {
    String::from_utf8(written(command)).unwrap()
}

/// Every pair in some JSON: an object with an `event_id`, and what it or the object around it says it is of.
fn pairs_in(value: &Value, around: &str, found: &mut BTreeSet<Pair>) {
    let named = |object: &Value| {
        let member = |name: &str| object[name].as_str().map(str::to_owned);
        let sensor = || Some(format!("{}/{}", member("actor_id")?, member("sensor")?));
        let link =
            || Some(format!("{}/{}/{}", member("from_node")?, member("relation")?, member("to_node")?));
        sensor().or_else(link).or_else(|| member("node_id"))
    };
    match value {
        Value::Object(members) => {
            let name = named(value).unwrap_or_else(|| around.to_owned());
            if let Some(event) = value["event_id"].as_str() {
                found.insert((name.clone(), event.to_owned()));
            }
            members.values().for_each(|member| pairs_in(member, &name, found));
        }
        Value::Array(items) => items.iter().for_each(|item| pairs_in(item, around, found)),
        _ => {}
    }
}

/// The pairs in JSON, or in lines of it.
fn json_pairs(text: &str) -> BTreeSet<Pair> {
    let mut found = BTreeSet::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        pairs_in(&value.unwrap(), "", &mut found);
    }
    found
}

#[track_caller]
fn assert_all<'e>(
    format: &str,
    found: &BTreeSet<Pair>,
    expected: impl IntoIterator<Item = (&'e str, &'e str)>,
) {
    for (thing, event) in expected {
        let pair = (thing.to_owned(), event.to_owned());
        assert!(found.contains(&pair), "{format}: {pair:?} is not among {found:?}");
    }
}

/// All that the ten events set.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    NODES.into_iter().chain([LINK, ALERT]).chain(READINGS)
}

#[test]
fn records_models_and_exchange_files() {
    for command in
        ["2d -f jsonl", "3d -f jsonl", "3d -f gltf", "2d -f ocif", "map -f jsonl", "map -f geojson"]
    {
        assert_all(command, &json_pairs(&text(command)), all());
    }
    // Of an eye's view things alone are told.
    let things = || NODES.into_iter().chain([ALERT]);
    for command in ["ar -f jsonl", "ar -f jsonl --viewer 52.6,-2,102,45,0,0,90 --all"] {
        assert_all(command, &json_pairs(&text(command)), things());
    }
    let glb = written("3d -f glb");
    let length = u32::from_le_bytes(glb[12..16].try_into().unwrap()) as usize;
    assert_all("3d -f glb", &json_pairs(std::str::from_utf8(&glb[20..20 + length]).unwrap()), all());
    let canvas: Value = serde_json::from_str(&text("2d -f canvas")).unwrap();
    let ids: BTreeSet<&str> =
        canvas["nodes"].as_array().unwrap().iter().filter_map(|n| n["id"].as_str()).collect();
    for (thing, _) in NODES.into_iter().chain([ALERT, READINGS[1]]) {
        assert!(ids.contains(thing), "canvas: {thing}: {ids:?}");
    }
}

#[test]
fn drawings() {
    let svg = text("2d -f svg");
    let document = Document::parse(&svg).unwrap();
    let mut found = BTreeSet::new();
    for element in document.descendants() {
        let Some(event) = element.attribute("data-event-id") else { continue };
        let link = || {
            let end = |name| element.attribute(name);
            Some(format!("{}/{}/{}", end("data-from")?, end("data-relation")?, end("data-to")?))
        };
        let sensor =
            || Some(format!("{}/{}", element.attribute("data-actor")?, element.attribute("data-sensor")?));
        let node = || element.attribute("data-node-id").map(str::to_owned);
        found.insert((sensor().or_else(link).or_else(node).unwrap(), event.to_owned()));
    }
    // A reading at a node that is drawn is its node's to show.
    assert_all("2d -f svg", &found, all().filter(|pair| *pair != READINGS[0]));
}

#[test]
fn what_other_programs_read() {
    let kml = text("map -f kml");
    let document = Document::parse(&kml).unwrap();
    let mut found = BTreeSet::new();
    for placemark in
        document.descendants().filter(|e| e.has_tag_name(("http://www.opengis.net/kml/2.2", "Placemark")))
    {
        let data = |name: &str| {
            let of_name = placemark.descendants().find(|e| e.attribute("name") == Some(name))?;
            of_name
                .descendants()
                .filter_map(|e| e.text())
                .map(str::trim)
                .find(|t| !t.is_empty())
                .map(str::to_owned)
        };
        let sensor = || Some(format!("{}/{}", data("actor_id")?, data("sensor")?));
        let link = || Some(format!("{}/{}/{}", data("from_node")?, data("relation")?, data("to_node")?));
        let name = sensor().or_else(link).or_else(|| data("node_id"));
        found.extend(name.zip(data("event_id")));
    }
    assert_all("kml", &found, all());
    let gpx = text("map -f gpx");
    let mut found = BTreeSet::new();
    for extensions in gpx.split("<extensions>").skip(1) {
        let of = |name: &str| {
            let (_, rest) = extensions.split("</extensions>").next()?.split_once(&format!("<ulp:{name}>"))?;
            rest.split('<').next().map(str::to_owned)
        };
        found.extend(of("node_id").zip(of("event_id")));
    }
    assert_all("gpx", &found, NODES.into_iter().chain([ALERT]));
    let cot = text("map -f cot");
    let mut found = BTreeSet::new();
    for line in cot.lines() {
        let document = Document::parse(line).unwrap();
        let ours = document.descendants().find(|e| e.has_tag_name("__ulp"));
        let ids = ours.and_then(|e| Some((e.attribute("node_id")?, e.attribute("event_id")?)));
        found.extend(ids.map(|(node, event)| (node.to_owned(), event.to_owned())));
    }
    assert_all("cot", &found, NODES.into_iter().chain([ALERT]));
}

#[test]
fn alerts() {
    for command in ["alert -f cap", "alert -f jsonl"] {
        let said = text(command);
        let (thing, event) = ALERT;
        assert!(said.contains(&format!("default+{event}")), "{command}: {said}");
        for id in [thing, event] {
            assert!(
                said.contains(&format!(">{id}<")) || said.contains(&format!("\"{id}\"")),
                "{command}: {said}"
            );
        }
    }
    assert!(text("alert -f cap").contains(&format!("urn:ulp:default+{}", ALERT.1)));
    let open = text("dashboard -f prom");
    assert!(open.contains(&format!("ulp_alert_open{{event_id=\"{}\"", ALERT.1)), "{open}");
}

#[test]
fn series() {
    let series = json_pairs(&text("dashboard -f jsonl"));
    assert_all("dashboard -f jsonl", &series, READINGS);
    for line in text("dashboard -f csv").lines().skip(1) {
        let cells: Vec<&str> = line.trim_end().split(',').collect();
        let thing = format!("{}/{}", cells[2], cells[3]);
        assert!(READINGS.contains(&(thing.as_str(), cells[6])), "csv: {line}");
    }
    let senml: Value = serde_json::from_str(&text("dashboard -f senml")).unwrap();
    for (thing, event) in READINGS {
        let (actor, _) = thing.split_once('/').unwrap();
        let is_it = |record: &&Value| {
            let name =
                format!("{}{}", record["bn"].as_str().unwrap_or(""), record["n"].as_str().unwrap_or(""));
            record["event_id"] == event && name.contains(actor)
        };
        assert!(senml.as_array().unwrap().iter().any(|record| is_it(&record)), "senml: {thing}: {senml}");
    }
    for format in ["svg", "html"] {
        let drawn = text(&format!("dashboard -f {format}"));
        for (_, event) in READINGS {
            assert!(drawn.contains(&format!("data-event-id=\"{event}\"")), "dashboard -f {format}: {event}");
        }
    }
}

/// What is heard: a note of each event names the node that it is about, if it is about one.
#[test]
fn sounds() {
    let heard = |(thing, event): (&str, &str)| match thing {
        "hut/near/well" => ("hut", event.to_owned()),
        "probe/level" => ("gauge", event.to_owned()),
        "buoy/level" => ("", event.to_owned()),
        node => (NODES.iter().chain([&ALERT]).find(|(n, _)| *n == node).unwrap().0, event.to_owned()),
    };
    let expected: Vec<(&str, String)> = all().map(heard).collect();
    let expected = || expected.iter().map(|(thing, event)| (*thing, event.as_str()));
    assert_all("score", &json_pairs(&text("audio -f jsonl --duration 2m")), expected());
    let midi = written("audio -f mid --duration 2m");
    let midi = String::from_utf8_lossy(&midi);
    let ids = midi.split("{\"event_id\":").skip(1).filter_map(|rest| rest.split_once('}'));
    let ids: String = ids.map(|(ids, _)| format!("{{\"event_id\":{ids}}}\n")).collect();
    assert_all("mid", &json_pairs(&ids), expected());
    let captions = text("audio -f vtt --duration 2m");
    let cue = |block: &str| {
        let words: Vec<&str> = block.lines().next()?.split(' ').skip(1).collect();
        let (event, node) = words.split_last()?;
        Some((node.join(" "), (*event).to_owned()))
    };
    assert_all("vtt", &captions.split("\n\n").skip(1).filter_map(cue).collect(), expected());
}

/// On a page the panel that tells of a thing bears its ids.
#[test]
fn pages() {
    let Some(mut browser) = Browser::start() else { return };
    for command in ["2d -f html", "3d -f html", "map -f html", "ar -f html"] {
        browser.open(&written(command));
        browser.rest();
        let mut ids = |thing: &str| {
            browser.ask(&format!("(showDetails({thing}, true), {{ ...byId('details').dataset }})"))
        };
        for (thing, event) in NODES.into_iter().chain([ALERT]) {
            let said = ids(&format!("{{ node: history.byId.get('{thing}') }}"));
            assert_eq!(
                (said["nodeId"].as_str(), said["eventId"].as_str()),
                (Some(thing), Some(event)),
                "{command}"
            );
        }
        let said = ids("{ link: drawing.links[0] }");
        assert_eq!(said["eventId"], LINK.1, "{command}");
        for ((thing, event), node) in READINGS.into_iter().zip([Some("gauge"), None]) {
            let (actor, _) = thing.split_once('/').unwrap();
            let said = ids(&format!("{{ sensor: history.sensors.find(s => s.actor === '{actor}') }}"));
            assert_eq!((said["nodeId"].as_str(), said["eventId"].as_str()), (node, Some(event)), "{command}");
        }
        browser.assert_quiet();
    }
}
