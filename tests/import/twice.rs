//! What was imported once adds nothing a second time.

use crate::run;

/// A file of each format, and the options that give everything in it a time.
pub const FILES: [(&str, &str, &str); 8] = [
    (
        "a.csv",
        "-f csv",
        "node_id,timestamp,x,y,n\na,1767225600,0,0,1\na,1767225610,1,1,2\nb,2026-01-01T00:00Z,5,5,\n",
    ),
    (
        "b.csv",
        "-f csv --actor node:a --sensor t=Cel",
        "timestamp,t\n1767225600,1.5\n1767225610,\n1767225620,\"2\"\n",
    ),
    (
        "c.geojson",
        "-f geojson --origin 52.6,-2 --time 2026-01-01T00:00:00Z",
        r#"{"type":"FeatureCollection","features":[
{"type":"Feature","id":"p","geometry":{"type":"Point","coordinates":[-2,52.6]},"properties":{"a":1}},
{"type":"Feature","geometry":{"type":"MultiLineString","coordinates":[[[-2,52.6],[-2.1,52.6]],[[-2,52.7],[-2.1,52.7]]]},"properties":{"stroke":"red"}}]}"#,
    ),
    (
        "d.gpx",
        "-f gpx --origin 52.6,-2 --time 2026-01-01T00:00:00Z",
        r#"<gpx version="1.1"><wpt lat="52.6" lon="-2"><name>A</name></wpt><trk><trkseg>
<trkpt lat="52.6" lon="-2"><time>2026-01-01T00:00:00Z</time></trkpt><trkpt lat="52.61" lon="-2"><time>2026-01-01T00:01:00Z</time></trkpt>
<trkpt lat="52.62" lon="-2"><time>2026-01-01T00:02:00Z</time></trkpt></trkseg></trk></gpx>"#,
    ),
    (
        "e.json",
        "-f senml",
        r#"[{"bn":"node:e/","bt":1767225600,"n":"t","v":1},{"n":"t","t":5,"v":2},{"n":"door","t":5,"vb":true}]"#,
    ),
    (
        "f.canvas",
        "-f canvas --time 2026-01-01T00:00:00Z",
        r##"{"nodes":[{"id":"a","type":"text","text":"a \\* b","x":0,"y":0,"width":250,"height":60,"color":"4"},
{"id":"b","type":"group","label":"B","x":-50.5,"y":-50,"width":900,"height":300}],"edges":[{"id":"e","fromNode":"a","toNode":"b"}]}"##,
    ),
    (
        "g.excalidraw",
        "-f excalidraw --flip --time 2026-01-01T00:00:00Z",
        r##"{"elements":[{"id":"r","type":"rectangle","x":0,"y":0,"width":90,"height":40,"angle":0.5,"roundness":{"type":3}},
{"id":"t","type":"text","x":5,"y":5,"width":50,"height":20,"text":"hut","containerId":"r"},
{"id":"i","type":"image","x":9,"y":9,"width":9,"height":9,"fileId":"F"},
{"id":"l","type":"line","x":1,"y":2,"points":[[0,0],[5,5],[9,0],[0,0]]},
{"id":"a","type":"arrow","x":1,"y":2,"points":[[0,0],[5,5]],"startBinding":{"elementId":"r"},"endBinding":{"elementId":"i"}}],
"files":{"F":{"dataURL":"data:image/gif;base64,R0lGODlhAQABAAAAACw="}}}"##,
    ),
    (
        "h.ocif.json",
        "-f ocif --time 2026-01-01T00:00:00Z",
        r##"{"ocif":"https://canvasprotocol.org/ocif/v0.7.0","nodes":[
{"id":"a","position":[1,2,3],"size":[9,9],"rotation":30,"scale":2,"resource":"r","data":[{"type":"@ocif/oval","fillColor":"#ff0000"}]},
{"id":"b","position":[0,0],"data":[{"type":"@ocif/path","path":"M0 0L9 9"}]},
{"id":"e","data":[{"type":"@ocif/edge","start":"a","end":"b","rel":"near"}]},
{"id":"g","data":[{"type":"@ocif/group","members":["a","b"]}]}],
"resources":[{"id":"r","representations":[{"mimeType":"text/plain","content":"A"}]}]}"##,
    ),
];

#[test]
fn each_format_adds_nothing_a_second_time() {
    let dir = run::checkout();
    for (name, options, text) in FILES {
        std::fs::write(dir.path().join(name), text).unwrap();
        let store = format!("{name}.store");
        let import = format!("ulp-import {options} {name} | ulp-append --store {store} | wc -l");
        run::sh(&format!("ulp-store init {store}"), dir.path());
        let first: u32 = run::sh(&import, dir.path()).trim().parse().unwrap();
        assert!(first > 0, "{name}");
        assert_eq!(run::sh(&import, dir.path()).trim(), "0", "{name}");
        // By another way through the same file: on one thread, and through a pipe.
        let piped =
            format!("cat {name} | ulp-import --jobs 1 {options} | ulp-append --store {store} | wc -l");
        assert_eq!(run::sh(&piped, dir.path()).trim(), "0", "{name}");
    }
}
