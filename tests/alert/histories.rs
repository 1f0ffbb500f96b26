//! Random histories of alerts whose causes are named by hash: in any order, in parts, thrice delivered, the same files.

use super::{alert, of_alerts};
use crate::reference::generate::{Rng, shuffle};
use crate::{run, sample};
use std::collections::BTreeMap;
use std::path::Path;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::json::Tape;

/// Nodes of the histories: alerts, one that begins as a test, one that hangs on another node.
const NODES: [&str; 4] = ["fire", "flood", "drill", "boat"];

/// A draft with a time as the whole line that it comes to, and its name.
fn whole(draft: &str) -> (String, String) {
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read(draft) else { panic!("{draft}") };
    let mut line = Vec::new();
    event.write_canonical(&mut Tape::new(), &mut line);
    (String::from_utf8(line).unwrap(), event.id.to_owned())
}

fn create(node: &str, rng: &mut Rng) -> String {
    let status = if node == "drill" { "Test" } else { rng.pick(&["Actual", "Exercise", "System", "Draft"]) };
    let parent = if node == "boat" { r#","parent":"harbour""# } else { "" };
    let shape = rng.pick(&[
        r#""geometry":{"kind":"ellipse","rx":50,"ry":50},"#,
        r#""geometry":{"kind":"rect","width":10,"height":5},"#,
        "",
    ]);
    // Some have not yet all that a message needs.
    let severity = if rng.chance(70) { r#""severity":"Severe","# } else { "" };
    format!(
        "\"operation\":\"create_node\",\"node_id\":\"{node}\",\"kind\":\"alert\",{shape}\
         \"transform\":{{\"position\":[10,20]{parent}}},\"properties\":{{\"event\":\"Fire\",\"urgency\":\"Immediate\",\
         {severity}\"certainty\":\"Likely\",\"status\":\"{status}\"}}"
    )
}

fn change(node: &str, rng: &mut Rng) -> String {
    let set = |properties: String| {
        format!("\"operation\":\"set_properties\",\"node_id\":\"{node}\",\"properties\":{{{properties}}}")
    };
    match rng.below(10) {
        0 => set(r#""state":"ended""#.to_owned()),
        1 => format!("\"operation\":\"delete_node\",\"node_id\":\"{node}\""),
        2 => set(format!("\"status\":\"{}\"", rng.pick(&["Actual", "Test", "Exercise", "nonsense"]))),
        3 => format!(
            "\"operation\":\"update_transform\",\"node_id\":\"{node}\",\"transform\":{{\"position\":[{},7],\"rotation\":{}}}",
            rng.below(900),
            rng.below(360)
        ),
        4 => set(r#""fill":"red""#.to_owned()),
        5 => format!(
            "\"operation\":\"macro.stamp\",\"params\":{{\"n\":\"{node}\"}},\"template\":[{{\"operation\":\"set_properties\",\
             \"node_id\":\"{{n}}\",\"properties\":{{\"headline\":\"{{n}} {}\"}}}},{{\"operation\":\"set_geometry\",\
             \"node_id\":\"{{n}}\",\"geometry\":null}}]",
            rng.below(99)
        ),
        6 => "\"operation\":\"sensor_reading\",\"sensor\":\"level\",\"value\":1".to_owned(),
        7 => "\"operation\":\"update_transform\",\"node_id\":\"harbour\",\"transform\":{\"scale\":2}"
            .to_owned(),
        _ => set(format!("\"severity\":\"{}\"", rng.pick(&["Minor", "Moderate", "Severe", "Extreme"]))),
    }
}

/// A history: the space's origin, and a web of causes below one root.
fn history(seed: u64) -> Vec<String> {
    let mut rng = Rng::new(seed);
    let line = |time: usize, realm: &str, parents: &[String], rest: &str| {
        let parents = parents.iter().map(|p| format!("\"{p}\"")).collect::<Vec<_>>().join(",");
        format!(
            "{{\"timestamp\":{time},\"space_id\":\"s\",\"layer_id\":\"l\",\"actor_id\":\"a\",\
             \"scope\":{{\"realm\":\"{realm}\"}},\"previous_events\":[{parents}],{rest}}}"
        )
    };
    let origin =
        r#""operation":"set_properties","node_id":"@space","properties":{"origin":{"lat":60,"lon":10}}"#;
    let harbour =
        r#""operation":"create_node","node_id":"harbour","transform":{"position":[100,100],"rotation":90}"#;
    let mut lines = vec![whole(&line(1, "public", &[], origin)).0];
    let root = whole(&line(1000, "public", &[], harbour));
    lines.push(root.0);
    // Whoever changes a node knows that it was created.
    let mut known: Vec<(String, Vec<&str>)> = vec![(root.1, Vec::new())];
    for n in 0..rng.below(40) + 8 {
        let mut parents: Vec<usize> =
            (0..=rng.below(2)).map(|_| known.len() - 1 - rng.below(known.len().min(5))).collect();
        parents.dedup();
        let mut there: Vec<&str> = parents.iter().flat_map(|p| known[*p].1.clone()).collect();
        let node = NODES[rng.below(NODES.len())];
        let rest = if there.contains(&node) { change(node, &mut rng) } else { create(node, &mut rng) };
        there.push(node);
        let realm = if rng.chance(90) { "public" } else { "team" };
        let parents: Vec<String> = parents.iter().map(|p| known[*p].0.clone()).collect();
        // Clocks go wrong by some hours.
        let (text, name) = whole(&line(1001 + n + rng.below(9000), realm, &parents, &rest));
        lines.push(text);
        // What is built on is for everyone, or its cause would be stricter than what it causes.
        if realm == "public" {
            known.push((name, there));
        }
    }
    lines
}

/// The files of a folder by name.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let all = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    all.map(|path| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap())
    })
    .collect()
}

fn written(lines: &[String], name: &str, dir: &Path) -> (BTreeMap<String, String>, String) {
    super::write(dir, "in.jsonl", lines);
    let (_, codes) = alert(&format!("-o {name}/ in.jsonl"), dir);
    (files(&dir.join(name)), of_alerts(&codes))
}

#[test]
fn any_order_and_any_parts_give_the_same_files() {
    let seeds: Vec<u64> = (0..sample::size(1000, 40)).map(|n| sample::number().wrapping_add(n)).collect();
    sample::each(&seeds, |_, seed| {
        let dir = tempfile::tempdir().unwrap();
        let mut rng = Rng::new(*seed);
        let lines = history(*seed);
        let (all, codes) = written(&lines, "all", dir.path());
        let mut again = [lines.clone(), lines.clone(), lines.clone()].concat();
        shuffle(&mut rng, &mut again);
        assert_eq!(
            written(&again, "again", dir.path()),
            (all.clone(), codes.clone()),
            "{seed}: shuffled, thrice"
        );
        // Pieces of it into one folder: nothing is written that the whole does not say.
        let mut rest = lines[1..].to_vec();
        shuffle(&mut rng, &mut rest);
        let cut = rng.below(rest.len());
        for part in [&rest[..cut], &rest[cut..]] {
            let part = [&lines[..1], part].concat();
            let (some, _) = written(&part, "parts", dir.path());
            for (name, text) in some.iter().filter(|(name, _)| *name != "feed.xml") {
                assert_eq!(all.get(name), Some(text), "{seed}: {name} of a part");
            }
        }
        assert_eq!(written(&lines, "parts", dir.path()), (all.clone(), codes), "{seed}: after its parts");
        // Nothing ever makes an alarm of a test.
        for (name, text) in all.iter().filter(|(_, text)| text.contains("\n  <incidents>s+drill</incidents>"))
        {
            assert!(!text.contains("<status>Actual") && !text.contains("<status>System"), "{seed}: {name}");
        }
    });
}

#[test]
fn messages_build_on_messages() {
    let dir = tempfile::tempdir().unwrap();
    let (mut kinds, mut refer) = (BTreeMap::new(), 0);
    for seed in 0..sample::size(200, 20) {
        super::write(dir.path(), "in.jsonl", &history(sample::number().wrapping_add(seed)));
        let (records, _) = alert("in.jsonl", dir.path());
        let mut sent: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        for line in records.lines() {
            let message: serde_json::Value = serde_json::from_str(line).unwrap();
            let kind = message["msgType"].as_str().unwrap().to_owned();
            let references = message["references"].as_str().unwrap_or_default();
            assert_eq!(kind == "Alert", references.is_empty(), "{line}");
            for reference in references.split_whitespace() {
                // Earlier in order, of the same alert, not ended, and no less of practice than it said.
                let earlier = &sent[reference];
                assert_eq!(earlier["incidents"], message["incidents"], "{line}");
                assert_ne!(earlier["msgType"], "Cancel", "{line}");
                refer += 1;
            }
            *kinds.entry(kind).or_insert(0) += 1;
            let own = format!(
                "a,{},{}",
                message["identifier"].as_str().unwrap(),
                message["sent"].as_str().unwrap()
            );
            assert!(sent.insert(own, message).is_none(), "{line}");
        }
    }
    assert!(kinds.len() == 3 && refer > 50, "{kinds:?}, {refer}");
    run::say(&format!("alerts: {kinds:?}, {refer} references"));
}

/// A chain of causes as long as the trace, of which few are about alerts.
#[test]
fn a_long_chain_is_walked_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut lines = vec![history(1)[0].clone()];
    let mut last = String::new();
    for n in 0..5000 {
        let rest = match n {
            0 => super::CREATE.replace("\"n\"", "\"drill\""),
            2500 | 4999 => {
                r#""operation":"set_properties","node_id":"drill","properties":{"severity":"Severe"}"#
                    .to_owned()
            }
            _ => format!("\"operation\":\"sensor_reading\",\"sensor\":\"t\",\"value\":{n}"),
        };
        let parents = if last.is_empty() { String::new() } else { format!("\"{last}\"") };
        let draft = format!(
            "{{\"timestamp\":{},\"space_id\":\"s\",\"actor_id\":\"a\",\"previous_events\":[{parents}],{rest}}}",
            1000 + n
        );
        let (text, name) = whole(&draft);
        lines.push(text);
        last = name;
    }
    lines.reverse();
    super::write(dir.path(), "in.jsonl", &lines);
    let (records, codes) = alert("in.jsonl", dir.path());
    let kinds: Vec<&str> =
        records.lines().filter_map(|l| l.split("\"msgType\":\"").nth(1)?.split('"').next()).collect();
    assert_eq!((kinds, of_alerts(&codes)), (vec!["Alert", "Update", "Update"], String::new()));
    // Without one link of it all that builds on it waits.
    lines.remove(3000);
    super::write(dir.path(), "in.jsonl", &lines);
    let (records, codes) = alert("in.jsonl", dir.path());
    assert_eq!(
        (records.lines().count(), of_alerts(&codes)),
        (1, "cap.incomplete 2, cap.unordered 2".to_owned())
    );
}
