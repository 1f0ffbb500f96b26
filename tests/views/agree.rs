//! What two projectors say of the same thing is the same: its colour, its name, and whether it is known; which sensors
//! are shown, and where; the order of layers.

use crate::run::{self, feed};
use serde_json::Value;

const FLAT: &str = env!("CARGO_BIN_EXE_projector-2d");
const SOLID: &str = env!("CARGO_BIN_EXE_projector-3d");

/// A trace of one node with these members besides its id.
fn node(members: &str) -> String {
    format!(
        "{{\"event_id\":\"e\",\"timestamp\":1000,\"actor_id\":\"a\",\"operation\":\"create_node\",\
         \"node_id\":\"n\",{members}}}\n"
    )
}

#[track_caller]
fn text(program: &str, format: &str, input: &str) -> String {
    let output = feed(program, &["-f", format], input.as_bytes());
    assert!(output.status.success(), "{input}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn json(program: &str, format: &str, input: &str) -> Value {
    serde_json::from_str(&text(program, format, input)).unwrap()
}

/// The one node of a canvas that is no group.
fn card(input: &str) -> Value {
    let canvas = json(FLAT, "canvas", input);
    canvas["nodes"].as_array().unwrap().iter().find(|n| n["type"] == "text").unwrap().clone()
}

/// A part of a colour's light as the 8 bits that it came from.
fn channel(light: f64) -> u8 {
    let c = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (c * 255.0).round() as u8
}

/// The colours in which a node of that fill is drawn: in the plane, in space, and on a page.
fn colors(fill: &str) -> [Option<String>; 3] {
    let input = node(&format!(
        r#""geometry":{{"kind":"box","size":1}},"properties":{{"fill":{}}}"#,
        Value::from(fill)
    ));
    let flat = card(&input)["color"].as_str().map(str::to_owned);
    let material = &json(SOLID, "gltf", &input)["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"];
    let [r, g, b] = [0, 1, 2].map(|i| channel(material[i].as_f64().unwrap()));
    // What a node without a colour is drawn in.
    let solid = Some(format!("#{r:02x}{g:02x}{b:02x}")).filter(|c| c != "#8fa3b5");
    let page = text(FLAT, "html", &input);
    let (_, data) = page.split_once(r#""colors":"#).unwrap();
    let known: Value = serde_json::Deserializer::from_str(data).into_iter().next().unwrap().unwrap();
    [flat, solid, known[fill].as_str().map(str::to_owned)]
}

#[test]
fn a_colour_is_the_same_however_it_is_looked_at() {
    for (fill, expected) in [
        ("steelblue", Some("#4682b4")),
        ("RebeccaPurple", Some("#663399")),
        ("rgb(50%, 50%, 50%)", Some("#808080")),
        ("rgb(50%, 50, 50)", None),
        ("rgb(50% 50 50)", Some("#803232")),
        ("rgb(1e2,0,0)", Some("#640000")),
        ("hsl(0.5turn, 100%, 50%)", Some("#00ffff")),
        ("hwb(90 10% 10%)", Some("#80e61a")),
        ("inherit", None),
    ] {
        assert_eq!(colors(fill), [expected; 3].map(|c| c.map(str::to_owned)), "{fill}");
    }
    let input = node(r#""geometry":{"kind":"box","size":1},"properties":{"fill":"rgb(255 0 0 / 50%)"}"#);
    assert!(text(FLAT, "svg", &input).contains(r##"fill="#ff0000" fill-opacity="0.5""##));
    let alpha = &json(SOLID, "gltf", &input)["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"][3];
    assert_eq!((alpha.as_f64().unwrap() * 255.0).round(), 128.0);
}

#[test]
fn a_node_has_one_name() {
    for (properties, name) in [
        (r#"{"title":"T"}"#, "T"),
        (r#"{"title":"T","name":"N"}"#, "N"),
        (r#"{"title":"T","name":"N","label":"L"}"#, "L"),
        (r#"{"name":" ","title":1.50}"#, "1.5"),
        ("{}", "n"),
    ] {
        let input = node(&format!(r#""properties":{properties}"#));
        assert_eq!(card(&input)["text"], name, "{properties}");
        assert!(text(FLAT, "svg", &input).contains(&format!("<title>{name}</title>")), "{properties}");
        let record = json(SOLID, "jsonl", &input);
        assert_eq!(record["name"].as_str().unwrap_or("n"), name, "{properties}");
        let gltf = text(SOLID, "gltf", &input);
        assert!(gltf.contains(&format!("\"name\":\"{name}\"")), "{properties}");
        let captions = feed(env!("CARGO_BIN_EXE_projector-audio"), &["-f", "vtt"], input.as_bytes()).stdout;
        let captions = String::from_utf8(captions).unwrap();
        assert!(captions.contains(&format!(": {name} appears")), "{properties}: {captions}");
    }
}

/// A node of this geometry as it is drawn in the plane and in space.
fn drawn(geometry: &str) -> [String; 2] {
    let input = node(&format!("\"geometry\":{geometry}"));
    [text(FLAT, "svg", &input), text(SOLID, "gltf", &input)]
}

#[test]
fn a_geometry_is_known_to_both_or_to_neither() {
    let unknown = drawn(r#"{"kind":"tesseract"}"#);
    for geometry in [
        r#"{"kind":"rect","width":-4,"height":2}"#,
        r#"{"kind":"rect","width":4,"height":2,"radius":-1}"#,
        r#"{"kind":"ellipse","rx":-1,"ry":2}"#,
        r#"{"kind":"box","size":[1,2,-3]}"#,
        r#"{"kind":"sphere","radius":"1"}"#,
        r#"{"kind":"cylinder","radius":1}"#,
        r#"{"kind":"line","points":[[0,0],null,[2,2]]}"#,
        r#"{"kind":"line","points":[[0,0]]}"#,
        r#"{"kind":"polygon","points":[[0,0],[4,0],["x",4],[0,4]]}"#,
        r#"{"kind":"path","d":"no path"}"#,
        r#"{"kind":"mesh","positions":[0,0,0,4,0,0,0,4,0]}"#,
        r#"{"kind":"mesh","positions":[0,0,0,4,0,0,0,4,0],"indices":[0,1,2,0,1,9]}"#,
        r#"{"kind":"text","text":7}"#,
    ] {
        assert!(drawn(geometry) == unknown, "{geometry} is unknown");
    }
    for geometry in [
        r#"{"kind":"rect","width":4,"height":2}"#,
        r#"{"kind":"box","size":[4]}"#,
        r#"{"kind":"line","points":[[0,0],[2,2,1]]}"#,
        r#"{"kind":"polygon","points":[[0,0],[4,0],[0,4]]}"#,
        r#"{"kind":"path","d":"M0 0A4 4 0 0 1 8 0Z"}"#,
        r#"{"kind":"mesh","positions":[[0,0],[4,0],[0,4]],"indices":[[0,1,2]]}"#,
        r#"{"kind":"text","text":"seven"}"#,
    ] {
        let known = drawn(geometry);
        assert!((0..2).all(|i| known[i] != unknown[i]), "{geometry} is known");
    }
}

/// What both projectors write of the sensors in these lines: its name, its node and its position in the plane.
#[track_caller]
fn sensors(args: &[&str], input: &str) -> Vec<[Value; 3]> {
    let [flat, solid] = [FLAT, SOLID].map(|program| {
        let output = feed(program, args, input.as_bytes());
        assert!(output.status.success(), "{input}: {}", String::from_utf8_lossy(&output.stderr));
        let records: Vec<Value> = serde_json::Deserializer::from_slice(&output.stdout)
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap();
        let said = |record: &Value| {
            let position = record["position"].as_array().map(|p| p[..2].to_vec());
            [record["sensor"].clone(), record["node_id"].clone(), Value::from(position)]
        };
        records.iter().filter(|r| r["type"] == "sensor").map(said).collect::<Vec<_>>()
    });
    assert_eq!(flat, solid, "{args:?}: {input}");
    flat
}

/// Lines of a reading of each sensor, with members of its own: as an event, or as a state line.
fn readings(head: &str, all: &[(&str, &str)]) -> String {
    let line = |(sensor, rest): &(&str, &str)| {
        format!("{{{head},\"actor_id\":\"a\",\"sensor\":\"{sensor}\",\"value\":1,{rest}}}\n")
            .replace("SENSOR", sensor)
    };
    all.iter().map(line).collect()
}

const EVENT: &str = r#""operation":"sensor_reading","event_id":"SENSOR","timestamp":1000"#;
const STATE: &str = r#""operation":"sensor_state","scope":{"policy":"public","realm":"team"},"space_id":"default","tile":"z0/x0/y0","timestamp":1000,"key":"1000/SENSOR""#;

#[test]
fn sensors_are_chosen_by_their_layer_however_they_came() {
    let all = [("high", r#""layer_id":"a""#), ("low", r#""layer_id":"\u0062""#)];
    for head in [EVENT, STATE] {
        let input = readings(head, &all);
        let names =
            |args: &[&str]| sensors(args, &input).into_iter().map(|[name, ..]| name).collect::<Vec<_>>();
        assert_eq!(names(&[]), ["high", "low"], "{head}");
        assert_eq!(names(&["--layer", "a"]), ["high"], "{head}");
        assert_eq!(names(&["--layer", "b"]), ["low"], "{head}");
        assert!(names(&["--layer", "\"a\""]).is_empty(), "{head}");
    }
}

#[test]
fn a_layer_keeps_its_sensors_in_every_tool_wherever_they_come_from() {
    let dir = run::checkout();
    let trace = "examples/flood/trace.jsonl";
    run::sh(
        &format!(
            "ulp-materialize {trace} > state 2> log; ulp-store init w 2> log; \
             ulp-append --store w {trace} > out 2> log; ulp-materialize --store w --snapshot > out 2> log"
        ),
        dir.path(),
    );
    let sensors = |command: &str| {
        run::sh(&format!("{command} 2> log | jq -c '[.actor_id,.sensor,.value]' | sort"), dir.path())
    };
    for (layer, count) in [("rivers", 2238), ("tide", 118), ("nothing", 0)] {
        let of_layer = format!(
            "jq -c 'select(.operation == \"sensor_state\" and .layer_id == \"{layer}\") | [.actor_id,.sensor,.value]' state | sort"
        );
        let expected = run::sh(&of_layer, dir.path());
        assert_eq!(expected.lines().count(), count);
        for from in [trace, "state", "--store w"] {
            for tool in ["projector-2d", "projector-3d"] {
                let drawn =
                    format!("{tool} --layer {layer} {from} 2> log | grep '\"type\":\"sensor\"' || true");
                assert_eq!(sensors(&format!("{{ {drawn}; }}")), expected, "{tool} {layer} {from}");
            }
            let kept = format!("ulp-materialize --layer {layer} {from} 2> log | grep sensor_state || true");
            assert_eq!(sensors(&format!("{{ {kept}; }}")), expected, "{layer} {from}");
        }
    }
}

#[test]
fn a_reading_was_taken_at_a_point_or_at_its_node() {
    let place = r#""layer_id":"a","node_id":"n","position":"#;
    for (position, expected) in [
        ("[1,2]", [1, 2]),
        ("[1,2,3]", [1, 2]),
        ("[]", [8, 9]),
        ("[1]", [8, 9]),
        ("[1,2,3,4]", [8, 9]),
        ("[1,\"2\"]", [8, 9]),
    ] {
        let input = node(r#""transform":{"position":[8,9,7]}"#)
            + &readings(STATE, &[("s", &format!("{place}{position}"))]);
        let expected = [Value::from("s"), Value::from("n"), Value::from(expected.to_vec())];
        assert_eq!(sensors(&[], &input), [expected], "{position}");
    }
}

#[test]
fn an_order_of_layers_is_a_number() {
    for (order, first) in
        [("1", "b"), ("-1", "a"), ("[1]", "a"), ("\"1\"", "a"), ("-0.0", "a"), ("null", "a")]
    {
        let create = |id: &str| {
            format!(
                "{{\"event_id\":\"{id}\",\"timestamp\":1,\"actor_id\":\"a\",\"operation\":\"create_node\",\"node_id\":\"{id}\",\"layer_id\":\"{id}\"}}\n"
            )
        };
        let set = format!(
            "{{\"event_id\":\"s\",\"timestamp\":2,\"actor_id\":\"a\",\"operation\":\"set_properties\",\
             \"node_id\":\"@layer:a\",\"properties\":{{\"order\":{order}}}}}\n"
        );
        let input = create("a") + &create("b") + &set;
        let flat = text(FLAT, "jsonl", &input);
        let solid = json(SOLID, "gltf", &input);
        let groups =
            solid["nodes"].as_array().unwrap().iter().filter_map(|n| n["extras"]["layer_id"].as_str());
        let begins = flat.lines().next().unwrap().contains(&format!("\"node_id\":\"{first}\""));
        assert!(begins, "{order}: {flat}");
        assert_eq!(groups.collect::<Vec<_>>().first(), Some(&first), "{order}");
    }
}
