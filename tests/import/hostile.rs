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
