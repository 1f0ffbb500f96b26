//! A megabyte of anything legal is heard in seconds and within half a gigabyte, whatever it is of.

use super::sound;
use crate::{run, sample};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

const MEGABYTE: usize = 1 << 20;
const FORMATS: [&str; 6] =
    ["-f jsonl", "-f mid", "-f wav", "-f vtt", "-f wav --mapping mapping.yaml", "-f mid --duration 3h"];
/// What a run may map, in KiB: half a gigabyte, and the stacks of its threads.
const ROOM: usize = 640 << 10;

/// Lines up to a megabyte, from their numbers.
fn lines(mut line: impl FnMut(usize) -> String) -> String {
    let mut text = String::new();
    for i in 0.. {
        let _ = writeln!(text, r#"{{"event_id":"{i}","timestamp":{},"actor_id":"a",{}}}"#, 1000 + i, line(i));
        if text.len() > MEGABYTE - 1000 {
            break;
        }
    }
    text
}

fn of(operation: &str, members: &str) -> String {
    format!(r#""operation":"{operation}",{members}"#)
}

fn create(i: usize) -> String {
    of("create_node", &format!(r#""node_id":"n{i}""#))
}

/// Every sort of trace that could cost more than it is long.
fn traces() -> Vec<(&'static str, String)> {
    let many_sensors = lines(|i| of("sensor_reading", &format!(r#""sensor":"s{i}","value":{i}"#)));
    let many_readings = lines(|i| of("sensor_reading", &format!(r#""sensor":"s","value":{}"#, i % 97)));
    let crowd = lines(|i| match i {
        0 => create(0),
        i if i < 4500 => of("sensor_reading", &format!(r#""sensor":"s{i}","node_id":"n0","value":{i}"#)),
        i => of("set_properties", &format!(r#""node_id":"n0","properties":{{"standing":0.{i}}}"#)),
    });
    let template = |members: &str| format!(r#""template":[{{{members}}}]"#);
    let grid = template(
        r#""operation":"create_node","node_id":"g{row}-{column}-P","kind":"alert"}"#.trim_end_matches('}'),
    );
    let walk =
        template(r#""operation":"update_transform","node_id":"n63","transform":{"position":["{x}",0]}"#);
    let readings = template(r#""operation":"sensor_reading","sensor":"s{i}","value":"{i}","node_id":"n0""#);
    let macros: String = (0..90)
        .map(|i| match i {
            0..64 => format!(r#""operation":"create_node","node_id":"n{i}","transform":{{"parent":"n{}","position":[1,0]}}"#, i.max(1) - 1),
            64..70 => format!(r#""operation":"macro.grid","rows":100,"columns":100,"dx":1,"dy":1,{}"#, grid.replace('P', &i.to_string())),
            70..80 => format!(r#""operation":"macro.line","from":[0,0],"to":[9,9],"count":9999,{walk}"#),
            _ => format!(r#""operation":"macro.line","from":[0,0],"to":[9,9],"count":9999,{readings}"#),
        })
        .enumerate()
        .map(|(i, line)| format!("{{\"event_id\":\"{i}\",\"timestamp\":{},\"actor_id\":\"a\",{line}}}\n", 1000 + i))
        .collect();
    let long = "word ".repeat(MEGABYTE / 10);
    let long_words = lines(|i| match i {
        0 => of("create_node", &format!(r#""node_id":"n0","kind":"{long}""#)),
        i => of("set_properties", &format!(r#""node_id":"n0","properties":{{"label":"{i}"}}"#)),
    });
    let long_label = lines(|i| match i {
        0 => of("create_node", &format!(r#""node_id":"n0","properties":{{"label":"{long}"}}"#)),
        i => of("set_properties", &format!(r#""node_id":"n0","properties":{{"name":"{i}"}}"#)),
    });
    let falls =
        lines(
            |i| if i % 2 == 0 { create(i) } else { of("delete_node", &format!(r#""node_id":"n{}""#, i - 1)) },
        );
    let bells = lines(|i| of("create_node", &format!(r#""node_id":"n{i}","kind":"alarm""#)));
    let links = lines(|i| match i {
        0 | 1 => create(i),
        i if i % 2 == 0 => of("link_nodes", r#""from_node":"n0","to_node":"n1""#),
        _ => of("unlink_nodes", r#""from_node":"n0","to_node":"n1","observed":["9"]"#),
    });
    let centuries = lines(create).replace("\"timestamp\":1", "\"timestamp\":7");
    vec![
        ("many sensors", many_sensors),
        ("many readings", many_readings),
        ("many sensors at a node that stands otherwise each time", crowd),
        ("macros", macros),
        ("a long kind", long_words),
        ("a long label", long_label),
        ("deletions", falls),
        ("alarms", bells),
        ("tags of a link", links),
        ("years", centuries),
    ]
}

/// Runs within the room, and says how long that took.
#[track_caller]
fn timed(what: &str, args: &str, dir: &Path) -> f64 {
    let began = Instant::now();
    let bytes = sound(&format!("ulimit -v {ROOM}; projector-audio {args} in.jsonl 2> log"), dir);
    let seconds = began.elapsed().as_secs_f64();
    assert!(!bytes.is_empty(), "{what}: {args}");
    // Without optimisation and beside other tests it takes a few times as long.
    assert!(seconds < 60.0, "{what}: {args}: {seconds} s");
    seconds
}

#[test]
fn a_megabyte_of_anything_is_heard_in_seconds() {
    let dir = run::checkout();
    let mut mapping = "pitch: kind\nstep: 20\nkinds:\n".to_owned();
    for i in 0..1_000 {
        let _ = writeln!(mapping, "  \"*word {i}*\": {{voice: bell}}");
    }
    std::fs::write(dir.path().join("mapping.yaml"), mapping).unwrap();
    let mut slowest = (0.0, String::new());
    for (what, trace) in traces() {
        assert!(trace.len() <= MEGABYTE, "{what}: {}", trace.len());
        std::fs::write(dir.path().join("in.jsonl"), trace).unwrap();
        for args in sample::of(FORMATS, 3) {
            let seconds = timed(what, args, dir.path());
            if seconds > slowest.0 {
                slowest = (seconds, format!("{what}: {args}"));
            }
        }
    }
    run::say(&format!("slowest megabyte of sound: {:.1} s, {}", slowest.0, slowest.1));
}

#[test]
fn of_many_recordings_at_once_the_first_few_are_heard() {
    let dir = run::checkout();
    run::sh(
        "mkdir blobs && sox -n -r 48000 -b 16 -c 2 tone.wav synth 60 sine 440 vol 0.5 &&
         name=$(sha256sum tone.wav | cut -c 1-64) && mv tone.wav blobs/$name && echo -n $name > name",
        dir.path(),
    );
    let name = std::fs::read_to_string(dir.path().join("name")).unwrap();
    let trace = lines(|i| match i {
        0 => create(0),
        _ => of(
            "set_media",
            &format!(r#""node_id":"n0","media":{{"ref":"sha256:{name}","mime":"audio/wav"}}"#),
        ),
    });
    std::fs::write(dir.path().join("in.jsonl"), trace).unwrap();
    let seconds = timed("recordings", "-f wav --objects blobs", dir.path());
    assert!(seconds < 60.0, "{seconds}");
    let count = "projector-audio --objects blobs in.jsonl 2> log | grep -c '\"voice\":\"clip\"'; \
        grep -o '\"export.dropped\":[0-9]*' log | cut -d : -f 2";
    let counts = run::sh(count, dir.path());
    let counts: Vec<usize> = counts.lines().map(|n| n.parse().unwrap()).collect();
    assert!(counts[0] == 16 && counts[1] > 1000, "{counts:?}");
}
