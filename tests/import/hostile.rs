//! Input that nobody would write in good faith: it is refused by name, in bounded memory, and the rest goes on.

use crate::run;

/// What a run on some input comes to: its status, its lines, and its codes.
fn said(args: &str, input: impl AsRef<[u8]>) -> (i32, String, String) {
    let args: Vec<&str> = args.split(' ').collect();
    let tool = run::bin().join("ulp-import");
    let output = run::feed(tool.to_str().unwrap(), &args, input);
    let log = String::from_utf8(output.stderr).unwrap();
    let witness: serde_json::Value =
        serde_json::from_str(log.lines().last().unwrap_or("null")).unwrap_or_default();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), witness["codes"].to_string())
}

fn codes(args: &str, input: impl AsRef<[u8]>) -> String {
    let (status, _, codes) = said(args, input);
    assert!(status < 2, "{args}: {status}");
    codes
}

#[test]
fn documents_with_a_fault_are_refused_whole() {
    let refused = r#"{"import.document":1}"#;
    let deep = format!("<gpx>{}{}</gpx>", "<a>".repeat(100_000), "</a>".repeat(100_000));
    for gpx in [
        "<!DOCTYPE gpx [<!ENTITY a \"b\">]><gpx/>",
        "<!DOCTYPE gpx SYSTEM \"file:///etc/passwd\"><gpx/>",
        "<!DOCTYPE gpx [<!ENTITY % a SYSTEM \"file:///etc/passwd\"> %a;]><gpx/>",
        "<!DOCTYPE gpx [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><gpx><wpt lat='0' lon='0'><name>&b;</name></wpt></gpx>",
        "<?xml version=\"1.0\"?>\n<!-- behind a comment -->\n<!DOCTYPE gpx><gpx/>",
        "<gpx>&undeclared;</gpx>",
        "<gpx><wpt></gpx>",
        "<kml/>",
        "<gpx version=\"2.0\"/>",
        "not xml",
        "\u{0}",
    ] {
        assert_eq!(codes("-f gpx --origin 0,0", gpx), refused, "{gpx}");
    }
    assert_eq!(codes("-f gpx --origin 0,0", deep), refused, "what is deep is told before it is read");
    let feature =
        r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[0,0]},"properties":{"a":VALUE}}"#;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for value in ["NaN", "1e400", "9007199254740993", "01", "{\"a\":1,\"a\":2}", "\"\\ud800\"", deep.as_str()]
    {
        let feature = feature.replace("VALUE", value);
        let document = format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{feature}]}}");
        assert_eq!(codes("-f geojson --origin 0,0", document), refused, "{value:.20}");
        // A line of its own is refused alone.
        let lines = format!("{}\n{feature}\n", feature.replace(value, "1"));
        let (status, out, codes) = said("-f geojson --origin 0,0", lines);
        assert_eq!((status, out.lines().count()), (1, 1), "{value:.20}");
        assert!(codes.starts_with("{\"json."), "{codes}");
    }
    for broken in
        ["{", "{\"type\":\"FeatureCollection\"}", "{\"type\":\"FeatureCollection\",\"features\":{}}", "[]x"]
    {
        let (status, out, codes) = said("-f geojson --origin 0,0", broken);
        assert_eq!((status, out.as_str(), codes.as_str()), (1, "", refused), "{broken}");
    }
    for broken in ["[{\"n\":\"a:b\",\"v\":1},", "[NaN]", "[{\"n\":\"a:b\",\"v\":1e400}]"] {
        assert_eq!(codes("-f senml", broken), refused, "{broken}");
    }
}

#[test]
fn tables_are_read_as_they_are_written() {
    let nodes = |text: &str| said("-f csv --kind k", text).1.lines().count();
    assert_eq!(nodes("\u{feff}node_id,a\r\n1,\"x\r\ny\"\r\n\r\n2,\"a \"\"b\"\"\"\r\n3,c\"d\r\n"), 3);
    assert_eq!(codes("-f csv --kind k", "a,b\n1,\"open\n2,3\n"), r#"{"import.quote":1}"#);
    assert_eq!(codes("-f csv --kind k", b"a,b\n\xff,1\n1,2\n"), r#"{"import.utf8":1}"#);
    assert_eq!(codes("-f csv --kind k", "a,b\n1\n1,2,3\n"), r#"{"import.columns":2}"#);
    assert_eq!(codes("-f csv", "x,y\n1e400,0\nNaN,0\n1,\n,1\n"), r#"{"import.coordinates":4}"#);
    assert_eq!(said("-f csv", "").0, 0);
    assert_eq!(said("-f csv", "\n\n").0, 0);
    let ids: String = ["@x", "\"a\nb\"", "\"\"\"quoted\"\"\"", "a#b", "..", "/", "é", "\u{202e}"].join("\n");
    let (status, out, codes) = said("-f csv", format!("node_id\n{ids}\n"));
    assert_eq!((status, out.lines().count(), codes.as_str()), (0, 8, r#"{"import.id":2}"#));
    // What is written can be read: each is a draft that the gate takes.
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ids.jsonl"), out).unwrap();
    assert_eq!(run::sh("ulp-append ids.jsonl | wc -l", dir.path()).trim(), "8");
}

#[test]
fn a_cell_of_200_megabytes_is_refused_in_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    // Address space is what is limited: a run that held the cell would end with status 4.
    let script = r#"ulimit -v 1000000
        { echo 'node_id,a'; echo 'one,1'; printf 'two,"'; head -c 200000000 /dev/zero | tr '\0' 'x'; echo '"'; echo 'three,3'; } |
          ulp-import -f csv --jobs 1 2> log | jq -r .node_id; tail -1 log | jq -c .codes
        { echo 'node_id,a'; printf 'two,"'; yes | head -c 200000000; echo '"'; echo 'three,3'; } |
          ulp-import -f csv --jobs 1 2> log | jq -r .node_id; tail -1 log | jq -c .codes"#;
    let output = run::shell(script, dir.path());
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "one\nthree\n{\"import.too_long\":1}\nthree\n{\"import.too_long\":1}\n");
}

#[test]
fn an_event_that_is_too_long_is_lost_alone() {
    let ring = |n: u32| {
        let point = |i: u32| format!("[{},{}]", f64::from(i % 1000) / 1000.0, f64::from(i / 1000) / 1000.0);
        let points: Vec<String> = (0..n).chain([0]).map(point).collect();
        format!("[[{}]]", points.join(","))
    };
    let feature = format!(
        r#"{{"type":"Feature","id":"a","geometry":{{"type":"MultiPolygon","coordinates":[{},{}]}},"properties":{{}}}}"#,
        ring(60_000),
        ring(5)
    );
    let (status, out, codes) = said("-f geojson --origin 0,0", feature);
    assert_eq!((status, codes.as_str()), (1, r#"{"import.too_long":1}"#));
    let ids: Vec<String> = out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["node_id"].to_string())
        .collect();
    assert_eq!(ids, ["\"a\"", "\"a:2\""]);
}

#[test]
fn sequences_are_told_by_their_separators() {
    let point = r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[0,0]},"properties":{"n":N}}"#;
    let one = point.replace('N', "1");
    let two = point.replace('N', "2").replace(',', ",\n");
    let (status, out, codes) =
        said("-f geojson --origin 0,0", format!("\u{1e}{one}\n\u{1e}{two}\n\u{1e}{{broken\n"));
    assert_eq!((status, out.lines().count(), codes.as_str()), (1, 2, r#"{"json.syntax":1}"#));
}

/// The formats of drawings, and a document of each around a list of things.
const DRAWINGS: [(&str, &str); 3] = [
    ("canvas", r#"{"nodes":[THINGS],"edges":[]}"#),
    ("excalidraw", r#"{"elements":[THINGS]}"#),
    ("ocif", r#"{"ocif":"https://canvasprotocol.org/ocif/v0.7.0","nodes":[THINGS]}"#),
];

/// A box at (0,0) as each of these formats has it, with an id and a width as JSON.
fn drawn_box(format: &str, id: &str, width: &str) -> String {
    match format {
        "canvas" => {
            format!(r#"{{"id":{id},"type":"text","text":"t","x":0,"y":0,"width":{width},"height":5}}"#)
        }
        "excalidraw" => format!(r#"{{"id":{id},"type":"rectangle","x":0,"y":0,"width":{width},"height":5}}"#),
        _ => format!(r#"{{"id":{id},"position":[0,0],"size":[{width},5]}}"#),
    }
}

/// The ids of the nodes that lines create.
fn created(lines: &str) -> Vec<String> {
    let drafts = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let created = drafts.filter(|draft| draft["operation"] == "create_node");
    created.map(|draft| draft["node_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_drawing_with_a_fault_is_refused_whole_and_a_thing_without_a_size_alone() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (format, document) in DRAWINGS {
        let options = format!("-f {format}");
        let of = |things: String| document.replace("THINGS", &things);
        let good = drawn_box(format, "\"a\"", "9");
        for bad in
            ["NaN", "Infinity", "1e400", "0x9", "01", "{\"a\":1,\"a\":2}", "\"\\ud800\"", deep.as_str()]
        {
            let text = of(format!("{good},{}", drawn_box(format, "\"b\"", bad)));
            let (status, out, codes) = said(&options, text);
            assert_eq!((status, out.as_str()), (1, ""), "{format} {bad:.20}");
            assert_eq!(codes, r#"{"import.document":1}"#, "{format} {bad:.20}");
        }
        for text in ["", "x", "[]", "{", "\u{1e}{}", "{}{}", &of(String::new())[1..], "null"] {
            let (status, out, _) = said(&options, text);
            assert_eq!((status, out.as_str()), (i32::from(!text.is_empty()), ""), "{format} {text}");
        }
        assert_eq!(said(&options, b"{\"nodes\":\"\xff\"}").0, 1, "{format}");
        for lost in ["-1", "null", "\"9\"", "[9]", "{}", "1e300"] {
            let text = of(format!("{},{good}", drawn_box(format, "\"b\"", lost)));
            let (status, out, codes) = said(&options, text);
            assert_eq!((status, created(&out)), (1, vec!["a".to_owned()]), "{format} {lost}");
            assert!(codes.ends_with("\":1}"), "{format} {lost}: {codes}");
        }
    }
}

#[test]
fn groups_that_hold_each_other_hold_their_members() {
    let dir = tempfile::tempdir().unwrap();
    let shape = |id: &str| drawn_box("ocif", &format!("\"{id}\""), "9");
    let group = |id: &str, members: &str| {
        format!(r#"{{"id":"{id}","data":[{{"type":"@ocif/group","members":{members}}}]}}"#)
    };
    let placed = r#"{"id":"p","position":[1,1],"data":[{"type":"@ocif/group","members":["p","q","a"]}]}"#;
    let things = [
        group("g", r#"["h","a"]"#),
        group("h", r#"["g","b","b"]"#),
        group("i", r#"["i","a",7,null,"nobody"]"#),
        placed.to_owned(),
        placed.replace("\"p\"", "\"q\"").replacen("\"q\",\"q\"", "\"p\",\"q\"", 1),
        shape("a"),
        shape("b"),
    ];
    let own = |id: &str, parent: &str| {
        format!(
            r#"{{"id":"{id}","data":[{{"type":"@ulp/node","node_id":"{id}","transform":{{"parent":"{parent}","position":[1,0]}}}},{{"type":"@ocif/group","members":["{parent}","{id}"]}}]}}"#
        )
    };
    let (_, document) = DRAWINGS[2];
    let of = |things: &[String]| document.replace("THINGS", &things.join(","));
    let framed = |id: &str, frame: &str| {
        format!(
            r#"{{"id":"{id}","type":"frame","x":0,"y":0,"width":9,"height":9,"frameId":"{frame}","containerId":"{frame}","groupIds":["{id}","{frame}"]}}"#
        )
    };
    let held = |id: &str, container: &str| {
        format!(
            r#"{{"id":"{id}","type":"text","x":0,"y":0,"width":9,"height":9,"text":"t","containerId":"{container}"}}"#
        )
    };
    let arrow = |id: &str, from: &str, to: &str| {
        format!(
            r#"{{"id":"{id}","type":"arrow","x":0,"y":0,"points":[[0,0],[1,1]],"startBinding":{{"elementId":"{from}"}},"endBinding":{{"elementId":"{to}"}}}}"#
        )
    };
    let sketch = [
        framed("f", "g"),
        framed("g", "f"),
        framed("h", "h"),
        held("t", "u"),
        held("u", "t"),
        held("v", "v"),
        arrow("x", "y", "x"),
        arrow("y", "x", "y"),
        arrow("z", "f", "f"),
    ];
    let sketch = DRAWINGS[1].1.replace("THINGS", &sketch.join(","));
    for (format, text, nodes) in [
        ("ocif", of(&things), "p q a b"),
        ("ocif", of(&[own("a", "b"), own("b", "c"), own("c", "a"), own("d", "d")]), "a b c d"),
        ("excalidraw", sketch, "f g h t u v x y"),
    ] {
        let (_, out, _) = said(&format!("-f {format} --space s --zoom 2"), text);
        assert_eq!(created(&out).join(" "), nodes, "{format}");
        // What came is an end to it: the store takes it, and it is drawn.
        std::fs::write(dir.path().join("drafts.jsonl"), out).unwrap();
        let drawn = "rm -rf w; ulp-store init w && ulp-append --store w < drafts.jsonl | projector-2d | grep -c '\"node_id\"'";
        assert_eq!(run::sh(drawn, dir.path()).trim(), nodes.split(' ').count().to_string(), "{format}");
    }
    // All of a member's groups are known of it, whichever holds which.
    let (_, out, codes) = said("-f ocif", of(&things));
    let groups = out.lines().filter(|line| line.contains("\"node_id\":\"a\"")).collect::<String>();
    assert!(groups.contains(r#""groups":["g","i","p","q"]"#), "{groups}");
    assert!(codes.contains("import.group"), "{codes}");
}

#[test]
fn ids_of_every_kind_are_taken_or_hashed_the_same_wherever_they_stand() {
    let long = |n: usize| format!("\"{}\"", "é".repeat(n / 2));
    let texts = [
        "\"\"".to_owned(),
        "\"@space\"".to_owned(),
        "\"@layer:x\"".to_owned(),
        "\"a\\nb\"".to_owned(),
        "\"\\u0000\"".to_owned(),
        "\"\\u007f\"".to_owned(),
        "\"\\u0085\"".to_owned(),
        "\"\\u202e\"".to_owned(),
        "\"\\u2028\"".to_owned(),
        "\"..\"".to_owned(),
        "\"/\"".to_owned(),
        "\" a\"".to_owned(),
        "\"a:1\"".to_owned(),
        "\"</script>]]>&\"".to_owned(),
        "\"\\\\\\\"\"".to_owned(),
        "\"\\ud83d\\ude00\"".to_owned(),
        long(256),
        long(258),
        long(70_000),
    ];
    // What a node is called by each of these, as GeoJSON names it.
    let names = |options: &str, input: String| {
        let (status, out, _) = said(options, input);
        assert_eq!(status, 0, "{options}");
        out
    };
    let features: String =
        texts.iter().map(|id| format!("{{\"type\":\"Feature\",\"id\":{id},\"geometry\":null}}\n")).collect();
    let expected = created(&names("-f geojson --origin 0,0", features));
    assert_eq!(expected.len(), texts.len());
    assert!(expected.iter().all(|id| !id.is_empty() && id.len() <= 256 && !id.contains(char::is_control)));
    for (format, document) in DRAWINGS {
        let boxes: Vec<String> = texts.iter().map(|id| drawn_box(format, id, "9")).collect();
        let mut text = document.replace("THINGS", &boxes.join(","));
        // Links name the same nodes.
        let edges = texts.iter().enumerate().map(|(i, id)| match format {
            "canvas" => format!(r#"{{"id":"e{i}","fromNode":{id},"toNode":{id}}}"#),
            "excalidraw" => format!(
                r#"{{"id":"e{i}","type":"arrow","x":0,"y":0,"startBinding":{{"elementId":{id}}},"endBinding":{{"elementId":{id}}}}}"#
            ),
            _ => format!(r#"{{"id":"e{i}","data":[{{"type":"@ocif/edge","start":{id},"end":{id}}}]}}"#),
        });
        let edges = edges.collect::<Vec<String>>().join(",");
        text = match format {
            "canvas" => text.replace("\"edges\":[", &format!("\"edges\":[{edges}")),
            _ => format!("{},{edges}]}}", text.strip_suffix("]}").unwrap()),
        };
        let out = names(&format!("-f {format}"), text);
        assert_eq!(created(&out), expected, "{format}");
        let links = out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let links: Vec<String> =
            links.filter_map(|draft| draft["from_node"].as_str().map(str::to_owned)).collect();
        assert_eq!(links, expected, "{format}");
    }
    // An id that is no text has no name in a drawing; in GeoJSON a number is one, and anything else is hashed.
    for id in ["null", "true", "[]", "{}", "7", "1e2"] {
        for (format, document) in DRAWINGS {
            let text = document.replace("THINGS", &drawn_box(format, id, "9"));
            let (status, out, _) = said(&format!("-f {format}"), text);
            let is_named = format == "excalidraw" && id == "null";
            assert_eq!(
                (status, created(&out).len()),
                (i32::from(!is_named), usize::from(is_named)),
                "{format} {id}"
            );
        }
        let feature = format!("{{\"type\":\"Feature\",\"id\":{id},\"geometry\":null}}\n");
        let name = created(&names("-f geojson --origin 0,0", feature)).join(" ");
        match id {
            "7" => assert_eq!(name, "7"),
            "1e2" => assert_eq!(name, "100"),
            _ => assert!(name.starts_with("f-") && name.len() == 34, "{id}: {name}"),
        }
    }
    // With a prefix the length is that of both.
    let out = names(
        "-f geojson --origin 0,0 --prefix p/",
        format!("{{\"type\":\"Feature\",\"id\":{},\"geometry\":null}}\n", long(256)),
    );
    let name = created(&out).join(" ");
    assert!(name.starts_with("p/n-") && name.len() == 36, "{name}");
    // Actors and sensors are refused rather than renamed.
    for name in ["", "a\\nb:c", "@x"] {
        let (status, out, _) = said("-f senml", format!("[{{\"n\":\"{name}\",\"v\":1}}]"));
        assert_eq!((status, out.as_str()), (1, ""), "{name}");
    }
}

#[test]
fn what_many_share_is_held_once() {
    let dir = tempfile::tempdir().unwrap();
    let run = |options: &str, text: String| {
        std::fs::write(dir.path().join("in"), text).unwrap();
        // A run that held it for each would come to 600 MB, and end with status 4.
        let script =
            format!("ulimit -v 400000; ulp-import {options} --jobs 1 in 2> log | grep -c '\"operation\"'");
        let output = run::shell(&script, dir.path());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    const THINGS: usize = 600;
    let many = |thing: &str| (0..THINGS).map(|i| thing.replace('%', &i.to_string())).collect::<Vec<_>>();
    let (short, all) = ("x".repeat(1_000_000), THINGS.to_string());
    // A picture that all images show.
    let picture = "AAAA".repeat(250_000);
    let images = many(r#"{"id":"%","type":"image","fileId":"F","x":0,"y":0,"width":9,"height":9}"#).join(",");
    let drawing = format!(
        r#"{{"elements":[{images}],"files":{{"F":{{"dataURL":"data:image/png;base64,{picture}"}}}}}}"#
    );
    assert_eq!(run("-f excalidraw --flip", drawing), all);
    let nodes = many(r#"{"id":"%","position":[0,0],"resource":"r"}"#).join(",");
    let shown = |held: String| {
        format!(
            r#"{{"ocif":"x","nodes":[{nodes}],"resources":[{{"id":"r","representations":[{{{held}}}]}}]}}"#
        )
    };
    assert_eq!(run("-f ocif --flip", shown(format!(r#""location":"data:image/png;base64,{picture}""#))), all);
    // A text in all nodes, the name of a column in all rows, a unit of all readings, a colour of all parts.
    assert_eq!(run("-f ocif --flip", shown(format!(r#""content":"{short}""#))), all);
    assert_eq!(run("-f csv --kind k", format!("{short},b\n{}\n", many("%,%").join("\n"))), all);
    let readings = many(r#"{"n":"a:b","v":%}"#).join(",");
    assert_eq!(run("-f senml", format!(r#"[{{"bu":"{short}"}},{readings}]"#)), all);
    let points = many("[0,%e-3]").join(",");
    let feature = format!(
        r#"{{"type":"Feature","id":"a","geometry":{{"type":"MultiPoint","coordinates":[{points}]}},"properties":{{"fill":"{short}"}}}}"#
    );
    assert_eq!(run("-f geojson --origin 0,0", feature), (THINGS + 1).to_string());
}
