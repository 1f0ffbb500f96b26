//! What a page once showed wrongly, each as small as it can be.

use super::page::{Page, Reader, Shown};
use crate::run;
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn event(id: &str, time: u8, actor: &str, members: &str) -> String {
    format!(r#"{{"event_id":"{id}","timestamp":{time},"actor_id":"{actor}",{members}}}"#)
}

/// What the pages of some lines show after so many events, where that is the same in the plane and in space.
fn shown(lines: &[String], count: usize) -> Option<(Shown, Value)> {
    let mut reader = Reader::several(1)?.remove(0);
    let mut all = ["projector-2d", "projector-3d"].map(|tool| {
        let page = Page::of(tool, &[], &lines.join("\n"));
        let shown = reader.look(&page, &[vec![count.min(page.steps[0].len())]]).remove(0);
        (shown, page.data()["spaces"][0].clone())
    });
    assert_eq!(all[0].0.spaces[0].1, all[1].0.spaces[0].1);
    let [first, _] = &mut all;
    Some((Shown { spaces: std::mem::take(&mut first.0.spaces) }, first.1.take()))
}

fn nodes(shown: &Shown) -> Vec<&str> {
    let nodes = shown.spaces[0].1["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["node_id"].as_str().unwrap()).collect()
}

#[test]
fn of_two_values_under_one_key_the_greater_stands_with_its_own_author() {
    let set = |actor: &str, k: u8| {
        event(
            "e",
            2,
            actor,
            &format!(r#""operation":"set_properties","node_id":"n","properties":{{"k":{k}}}"#),
        )
    };
    let create = event("c", 1, "user:c", r#""operation":"create_node","node_id":"n""#);
    for lines in
        [[&create, &set("user:a", 1), &set("user:b", 2)], [&create, &set("user:b", 2), &set("user:a", 1)]]
    {
        let lines: Vec<String> = lines.into_iter().cloned().collect();
        let Some((shown, data)) = shown(&lines, 3) else { return };
        let written = &shown.spaces[0].1["nodes"][0]["registers"]["properties.k"];
        assert_eq!(written[0], 2);
        let author = |event: &Value| {
            let event = usize::try_from(event.as_u64().unwrap()).unwrap();
            data["actors"][usize::try_from(data["actor"][event].as_u64().unwrap()).unwrap()].clone()
        };
        assert_eq!(author(&written[1]), "user:b");
        assert_eq!(data["together"], json!([2]));
    }
}

#[test]
fn two_events_of_one_name_in_two_tiles_have_their_own_authors() {
    let create = |actor: &str, node: &str, tile: &str| {
        event("e1", 1, actor, &format!(r#""operation":"create_node","node_id":"{node}","tile":"{tile}""#))
    };
    let lines = [create("user:a", "n1", "z0/x0/y0"), create("user:b", "n2", "z0/x1/y0")];
    let Some((shown, data)) = shown(&lines, 2) else { return };
    assert_eq!(nodes(&shown), ["n1", "n2"]);
    assert_eq!((&data["actors"], &data["actor"]), (&json!(["user:a", "user:b"]), &json!([0, 1])));
    // Half an instant is none: the reader goes on to its end.
    let Some((half, _)) = self::shown(&lines, 1) else { return };
    assert_eq!(half.spaces[0].1, "is at 2");
}

#[test]
fn what_hangs_below_a_deleted_node_is_hidden_by_it() {
    let parent = |id: &str, time, node: &str, parent: &str| {
        let members = format!(
            r#""operation":"update_transform","node_id":"{node}","transform":{{"parent":"{parent}"}}"#
        );
        event(id, time, "u", &members)
    };
    let create =
        |id: &str, node: &str| event(id, 1, "u", &format!(r#""operation":"create_node","node_id":"{node}""#));
    let delete = |tile: &str| {
        event("f", 4, "u", &format!(r#""operation":"delete_node","node_id":"a","tile":"{tile}""#))
    };
    let cycle = [create("a", "a"), create("b", "b"), parent("c", 2, "a", "b"), parent("d", 2, "b", "a")];
    let Some((before, _)) = shown(&cycle, 4) else { return };
    assert_eq!(nodes(&before), ["a", "b"]);
    let merge = event(
        "e",
        3,
        "u",
        r#""operation":"merge","node_id":"b","absorbs":["a"],"previous_events":["a","b"]"#,
    );
    let absorbed = [create("a", "a"), create("b", "b"), create("c", "c"), parent("d", 2, "c", "a"), merge];
    let Some((before, _)) = shown(&absorbed, 5) else { return };
    assert_eq!(nodes(&before), ["b", "c"]);
    for tile in ["z0/x0/y0", "z0/x1/y0"] {
        let Some((after, _)) = shown(&[&cycle[..], &[delete(tile)]].concat(), 5) else { return };
        assert_eq!(nodes(&after), [] as [&str; 0], "{tile}");
        let Some((after, _)) = shown(&[&absorbed[..], &[delete(tile)]].concat(), 6) else { return };
        assert_eq!(nodes(&after), ["b"], "{tile}");
    }
}

/// The last size that an animation gives to each node that it changes the size of, by node_id.
fn last_sizes(lines: &[String]) -> BTreeMap<String, Vec<f32>> {
    let program = run::bin().join("projector-3d");
    let args = ["-f", "gltf", "--replay"];
    let output = run::feed(program.to_str().unwrap(), &args, lines.join("\n")).stdout;
    let document: Value = serde_json::from_slice(&output).unwrap();
    let uri = document["buffers"][0]["uri"].as_str().unwrap();
    let bytes = BASE64.decode(uri.split_once("base64,").unwrap().1.as_bytes()).unwrap();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap_or_default()).unwrap();
    let animation = &document["animations"][0];
    let mut sizes = BTreeMap::new();
    for channel in animation["channels"].as_array().into_iter().flatten() {
        let node = &document["nodes"][number(&channel["target"]["node"])];
        let Some(id) = node["extras"]["node_id"].as_str() else { continue };
        let accessor = number(&animation["samplers"][number(&channel["sampler"])]["output"]);
        let accessor = &document["accessors"][accessor];
        let view = &document["bufferViews"][number(&accessor["bufferView"])];
        let end =
            number(&view["byteOffset"]) + number(&accessor["byteOffset"]) + 12 * number(&accessor["count"]);
        if channel["target"]["path"] == "scale" {
            let (floats, _) = bytes[end - 12..end].as_chunks::<4>();
            sizes.insert(id.to_owned(), floats.iter().map(|f| f32::from_le_bytes(*f)).collect());
        }
    }
    sizes
}

#[test]
fn an_animation_ends_with_what_is_there() {
    let create = |id: &str, time, node: &str| {
        event(id, time, "u", &format!(r#""operation":"create_node","node_id":"{node}""#))
    };
    let delete = |id: &str, time, node: &str| {
        event(id, time, "u", &format!(r#""operation":"delete_node","node_id":"{node}","tile":"z0/x1/y0""#))
    };
    // Deleted before it was created, at once, and later; and one that stays.
    let lines = [
        delete("a", 1, "before"),
        create("b", 2, "before"),
        create("c", 3, "at once"),
        delete("d", 3, "at once"),
        create("e", 3, "later"),
        delete("f", 4, "later"),
        create("g", 5, "stays"),
    ];
    let sizes = last_sizes(&lines);
    for node in ["before", "at once", "later"] {
        assert_eq!(sizes[node], [0.0; 3], "{node}");
    }
    assert!(sizes["stays"].iter().all(|size| *size > 0.0));
}

/// The pages and the sound of a stream.
const FORMATS: [&[&str]; 6] = [
    &["projector-2d", "-f", "html"],
    &["projector-3d", "-f", "html"],
    &["projector-3d", "-f", "gltf", "--replay"],
    &["projector-audio", "--provenance"],
    &["projector-audio", "-f", "mid"],
    &["projector-audio", "-f", "vtt"],
];

fn all(lines: &[String]) -> Vec<Vec<u8>> {
    let program = |tool: &str| run::bin().join(tool).to_str().unwrap().to_owned();
    FORMATS.iter().map(|f| run::feed(&program(f[0]), &f[1..], lines.join("\n")).stdout).collect()
}

#[test]
fn what_is_withheld_moves_no_byte_of_what_tells_a_history() {
    let seen = [
        event("e", 1, "u", r#""operation":"create_node","node_id":"n","tile":"z0/x1/y0","kind":"pump""#),
        event(
            "f",
            2,
            "u",
            r#""operation":"sensor_reading","sensor":"s","value":2,"node_id":"n","tile":"z0/x1/y0""#,
        ),
        event("g", 3, "u", r#""operation":"delete_node","node_id":"n","tile":"z0/x1/y0""#),
    ];
    let mut with = seen.to_vec();
    for (i, scope) in [r#"{"policy":"private"}"#, r#"{"policy":"redacted"}"#, r#"{"realm":"personal"}"#]
        .into_iter()
        .enumerate()
    {
        for members in [
            r#""operation":"create_node","node_id":"canary","tile":"z0/x0/y0""#,
            r#""operation":"set_properties","node_id":"n","properties":{"canary":1},"tile":"z0/x1/y0""#,
            r#""operation":"delete_node","node_id":"n","tile":"z0/x2/y0""#,
            r#""operation":"sensor_reading","sensor":"s","value":7,"tile":"z0/x1/y0""#,
        ] {
            with.push(event(
                "e",
                1 + u8::try_from(i).unwrap(),
                "canary",
                &format!("{members},\"scope\":{scope}"),
            ));
        }
    }
    let (seen, with) = (all(&seen), all(&with));
    for (format, (seen, with)) in FORMATS.iter().zip(seen.iter().zip(&with)) {
        assert!(seen == with, "{format:?}");
    }
}

#[test]
fn how_it_was_spelt_moves_no_byte_of_what_tells_a_history() {
    let value = |number: &str, rest: &str| {
        event("e", 1, "u", &format!(r#""operation":"set_properties","node_id":"n","properties":{{{rest}}}"#))
            .replace("NUMBER", number)
    };
    let create = |x: &str| {
        let place = format!(
            r#""transform":{{"position":[{x},0],"rotation":0}},"geometry":{{"kind":"sphere","radius":{x}}}"#
        );
        event("c", 1, "u", &format!(r#""operation":"create_node","node_id":"n",{place}"#))
    };
    let read = |value: &str| {
        event("r", 2, "u", &format!(r#""operation":"sensor_reading","sensor":"s","value":{value}"#))
    };
    let plain =
        [create("12"), value("12", r#""a":1,"label":NUMBER"#), read("0"), value("7", r#""label":NUMBER"#)];
    let other = [
        value("7.0", r#""label":NUMBER"#),
        read("-0.0"),
        value("12.0", r#""label":NUMBER,"a":1e0"#),
        create("1.2e1"),
    ];
    let doubled: Vec<String> = other.iter().chain(&plain).cloned().collect();
    for lines in [other.to_vec(), doubled] {
        for (format, (a, b)) in FORMATS.iter().zip(all(&plain).iter().zip(&all(&lines))) {
            assert!(a == b, "{format:?}");
        }
    }
    let states = |lines: &[String]| {
        let program = run::bin().join("ulp-materialize");
        let state = run::feed(program.to_str().unwrap(), &[], lines.join("\n")).stdout;
        String::from_utf8(state).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = states(&plain);
    let turned: Vec<String> = lines.iter().rev().cloned().collect();
    for (format, (a, b)) in FORMATS.iter().zip(all(&lines).iter().zip(&all(&turned))) {
        assert!(a == b, "state lines: {format:?}");
    }
}
