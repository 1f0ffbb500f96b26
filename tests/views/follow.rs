//! A view that is followed: whatever comes when, the records that stand at the end are those of a run that reads at
//! once, and what they cost follows from what is new.
//!
//! Tools that are built for tests hold more: that what was worked out part by part is all that the whole comes to.

use crate::consent::worlds;
use crate::reference::{self, generate, generate::Rng};
use crate::run;
use crate::sample;
use bumpalo::Bump;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::{Mutex, mpsc};
use std::time::Duration;
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, Filter, Gatherer, Growing};
use ulp_view::join::Live;

/// What is asked besides, by turns; what marks the end of a piece is of them all.
const OPTIONS: [&str; 8] = [
    "",
    "--policy public --policy redacted --policy private --realm personal --realm team --realm public",
    "--provenance",
    "--at 1730000000",
    "--at id:cut",
    "--layer ink --layer mark",
    "--tile z0/x0/y0 --tile z1 --tile z9/x9/y9",
    "--authority source --boundary interior",
];

/// An event that is seen with any of the options, so that its record ends what a piece comes to.
fn mark(number: usize) -> String {
    json!({
        "operation": "create_node", "event_id": format!("mark-{number}"), "timestamp": -1, "actor_id": "m",
        "node_id": format!("mark-{number}"), "layer_id": "mark", "tile": "z9/x9/y9",
    })
    .to_string()
}

/// Lines that have to do with how far a drawing reaches, and with the cut of `--at`.
fn more(rng: &mut Rng) -> Vec<String> {
    let mut lines = Vec::new();
    for n in 0..rng.below(8) {
        let node = rng.pick(&["n1", "n2", "n3", "t1", "t2"]);
        let at = [rng.below(4000), rng.below(4000)];
        let payload = match rng.below(6) {
            0 | 1 => {
                json!({"operation": "create_node", "node_id": node, "geometry": {"kind": "text", "text": "words"},
                "transform": {"position": at}})
            }
            2 => json!({"operation": "update_transform", "node_id": node, "transform": {"position": at}}),
            3 => {
                json!({"operation": "set_properties", "node_id": rng.pick(&["@layer:ink", "@layer:default"]),
                "properties": {"visible": rng.chance(50), "order": n}})
            }
            4 => json!({"operation": "sensor_reading", "sensor": "far", "value": n, "position": at}),
            _ => json!({"operation": "link_nodes", "from_node": "t1", "to_node": node, "relation": "link"}),
        };
        let mut event = payload;
        event["event_id"] = json!(format!("more-{n}"));
        event["timestamp"] = json!(1_729_999_990 + rng.below(20));
        event["actor_id"] = json!("user:more");
        event["layer_id"] = json!(rng.pick(&["ink", "default"]));
        lines.push(event.to_string());
    }
    lines
}

/// A history in the pieces in which it comes: shuffled or not, some of it as state lines too.
fn pieces(seed: u64) -> Vec<Vec<String>> {
    let mut rng = Rng::new(seed);
    let size = 5 + rng.below(60);
    let mut lines = generate::history(seed, size);
    if rng.chance(30) {
        let told = generate::beside(&mut rng, &lines);
        lines.extend(reference::derive_lines(&told));
    }
    lines.extend(more(&mut rng));
    if rng.chance(40) {
        lines.extend(worlds::woven(&mut rng));
    }
    if rng.chance(60) {
        generate::shuffle(&mut rng, &mut lines);
    }
    let mut pieces: Vec<Vec<String>> = vec![Vec::new()];
    let often = 3 + rng.below(30);
    for line in lines {
        pieces.last_mut().unwrap().push(line);
        if rng.chance(often) {
            pieces.push(Vec::new());
        }
    }
    for (n, piece) in pieces.iter_mut().enumerate() {
        if n % 3 == 0 {
            let time = 1_729_999_000 + n * rng.below(400);
            piece.insert(0, json!({"operation": "create_node", "event_id": "cut", "timestamp": time, "actor_id": "m", "node_id": "cut"}).to_string());
        }
        piece.push(mark(n));
    }
    pieces
}

/// What a record stands for.
fn id(record: &Value) -> String {
    let names = ["type", "node_id", "from_node", "relation", "to_node", "actor_id", "sensor"];
    let is_sensor = record["type"] == "sensor";
    names
        .map(|name| if is_sensor && name == "node_id" { String::new() } else { record[name].to_string() })
        .concat()
}

/// What a reader of a view that is followed keeps: of each thing the last record.
struct Kept {
    names_spaces: bool,
    records: BTreeMap<(String, String), String>,
}

impl Kept {
    fn take(&mut self, line: &str) {
        let record: Value = serde_json::from_str(line).unwrap();
        let space = record["space_id"].as_str().filter(|_| self.names_spaces).unwrap_or_default();
        // Where there are several spaces every record names its own, and else none does.
        self.records.retain(|(other, _), _| other.is_empty() == space.is_empty());
        let name = (space.to_owned(), id(&record));
        if record["gone"] == true {
            self.records.remove(&name);
        } else {
            self.records.insert(name, line.to_owned());
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.records.values().cloned().collect();
        lines.sort();
        lines
    }
}

/// Feeds the pieces one after the other, each once the one before it was shown, and keeps what is shown as a reader
/// does. Answers what stands after each piece of `looked_at`, and at the end.
fn followed(
    tool: &str,
    options: &str,
    pieces: &[Vec<String>],
    looked_at: &[usize],
) -> Result<Vec<Vec<String>>, String> {
    let dir = tempfile::tempdir().unwrap();
    let mut child = run::command(tool, dir.path())
        .arg("--follow")
        .args(options.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take();
    let (shows, shown) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    let reading =
        std::thread::spawn(move || stdout.map_while(Result::ok).try_for_each(|line| shows.send(line)));
    let mut kept = Kept { names_spaces: tool == "projector-3d", records: BTreeMap::new() };
    let mut stood = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        let text = piece.join("\n") + "\n";
        if stdin.as_mut().is_none_or(|stdin| stdin.write_all(text.as_bytes()).is_err()) {
            break;
        }
        // The end may come before what was last is looked at.
        if n + 1 == pieces.len() && !looked_at.contains(&n) {
            break;
        }
        let node = format!("\"node_id\":\"mark-{n}\"");
        for line in shown.iter() {
            kept.take(&line);
            if line.contains(&node) {
                break;
            }
        }
        if looked_at.contains(&n) {
            // Links and readings stand behind the mark, and so do other spaces.
            let expected = read_at_once(tool, options, &pieces[..=n]);
            while kept.lines() != expected {
                let Ok(line) = shown.recv_timeout(Duration::from_secs(5)) else { break };
                kept.take(&line);
            }
            stood.push(kept.lines());
        }
    }
    drop(stdin.take());
    shown.iter().for_each(|line| kept.take(&line));
    let output = child.wait_with_output().unwrap();
    let _ = reading.join();
    if output.status.code().is_none_or(|code| code > 1) {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    stood.push(kept.lines());
    Ok(stood)
}

fn read_at_once(tool: &str, options: &str, pieces: &[Vec<String>]) -> Vec<String> {
    let input = pieces.concat().join("\n") + "\n";
    let program = run::bin().join(tool);
    let args: Vec<&str> = options.split_whitespace().collect();
    let output = run::feed(program.to_str().unwrap(), &args, input);
    let mut lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// What differs between the records that stand and those that should.
fn difference(lines: &[String], expected: &[String]) -> Option<String> {
    let odd: Vec<_> = lines.iter().filter(|line| !expected.contains(line)).collect();
    let lacking: Vec<_> = expected.iter().filter(|line| !lines.contains(line)).collect();
    (lines != expected).then(|| format!("{odd:?} instead of {lacking:?}"))
}

/// The pieces as a tool is fed with them: of a third of the histories the second half comes just before the end.
fn fed(tool: &str, seed: u64, pieces: &[Vec<String>]) -> Vec<Vec<String>> {
    let (first, rest) = pieces.split_at(pieces.len().div_ceil(2));
    match tool {
        "projector-audio" => vec![first.concat(), rest.concat()],
        _ if seed.is_multiple_of(3) => [first, &[rest.concat()]].concat(),
        _ => pieces.to_vec(),
    }
}

/// What is wrong with the records of one history, at the end and somewhere before it.
fn differences(seed: u64) -> Vec<String> {
    let pieces = pieces(seed);
    let options = OPTIONS[(seed % OPTIONS.len() as u64) as usize];
    let mut wrong = Vec::new();
    for tool in ["projector-2d", "projector-3d", "projector-audio"] {
        // The records of a drawing do not all name their space.
        let one = if tool == "projector-3d" { "" } else { " --space default" };
        let options = format!("{options}{one}");
        let is_score = tool == "projector-audio";
        if is_score && (options.contains("--provenance") || !seed.is_multiple_of(4)) {
            continue;
        }
        let pieces = fed(tool, seed, &pieces);
        let some = usize::try_from(seed).unwrap() % pieces.len() / 2;
        // A score is looked at as a whole, when there is time.
        let looked_at = if is_score { &[][..] } else { &[some] };
        match followed(tool, &options, &pieces, looked_at) {
            Err(said) => wrong.push(format!("seed {seed}: {tool} {options}: {said}")),
            Ok(_) if is_score => {}
            Ok(stood) => {
                for (n, lines) in [some, pieces.len() - 1].into_iter().zip(stood) {
                    let expected = read_at_once(tool, &options, &pieces[..=n]);
                    let found = difference(&lines, &expected);
                    wrong.extend(found.map(|what| format!("seed {seed}: {tool} {options}: {n}: {what}")));
                }
            }
        }
    }
    wrong
}

/// Nodes in rooms that are moved, linked and told of, each event on top of the one before it in its tile.
fn busy(events: usize) -> Vec<String> {
    let mut rng = Rng::new(7);
    let mut event = |n: usize| {
        let (node, other) = (rng.below(n / 10 + 1), rng.below(n / 10 + 1));
        let payload = match n % 10 {
            0 => json!({"operation": "create_node", "node_id": format!("n{}", n / 10),
                "transform": {"position": [n, n % 7], "parent": format!("n{}", n / 1000)}}),
            1 => {
                json!({"operation": "link_nodes", "from_node": format!("n{node}"), "to_node": format!("n{other}"), "relation": "l"})
            }
            2 => {
                json!({"operation": "sensor_reading", "sensor": "s", "value": n, "node_id": format!("n{node}")})
            }
            3..6 => {
                json!({"operation": "set_properties", "node_id": format!("n{node}"), "properties": {"n": n}})
            }
            // Of a room everything in it moves; all else hardly holds anything.
            _ => {
                json!({"operation": "update_transform", "node_id": format!("n{}", node.max(n / 1000 + 1)), "transform": {"position": [n, 1]}})
            }
        };
        let mut event = payload;
        event["event_id"] = json!(format!("e{n}"));
        event["timestamp"] = json!(1_730_000_000 + n);
        event["actor_id"] = json!(format!("a{}", n % 50));
        event["tile"] = json!(format!("z2/x{}/y0", n % 4));
        event["previous_events"] = if n < 4 { json!([]) } else { json!([format!("e{}", n - 4)]) };
        event.to_string()
    };
    (0..events).map(&mut event).collect()
}

/// How many nodes, links and sensors are derived and looked at while a trace comes in pieces of so many lines.
fn work(lines: &[String], piece: usize) -> usize {
    let (arena, scope, filter, mut none) = (Bump::new(), Scope::default(), Filter::default(), Arenas::new(0));
    let gatherer = Gatherer::new(&mut none, &scope, &filter, &|_, _| None).admit_new();
    let mut growing = Growing::new(scope.defaults(), false);
    let mut live = Live::default();
    let mut work = 0;
    for lines in lines.chunks(piece) {
        let texts = lines.iter().map(|line| Ok((line.as_bytes(), line.as_bytes())));
        growing.add(gatherer.batch_in(&arena, 0, (1..).zip(texts)));
        growing.order();
        let (touched, _) = growing.derive(&filter, &arena);
        work += touched.iter().map(|t| t.nodes.len() + t.links.len() + t.sensors.len()).sum::<usize>();
        let parts = live.update((&growing, &arena), &touched, &filter, &|_| true);
        work += parts.iter().map(|part| part.space.nodes.len() + part.space.links.len()).sum::<usize>();
    }
    work
}

#[test]
fn what_is_new_is_what_it_costs() {
    let lines = busy(20_000);
    for piece in [1, 20] {
        let (half, whole) = (work(&lines[..10_000], piece), work(&lines, piece));
        run::say(&format!(
            "follow: {half} things looked at for 10000 events in pieces of {piece}, {whole} for 20000"
        ));
        assert!(whole < 10 * lines.len() && 10 * whole < 24 * half, "{half}, {whole}");
    }
}

#[test]
fn records_stand_as_in_a_run_that_reads_at_once() {
    let seeds: Vec<u64> = sample::of(0..4000, 40).collect();
    let wrong = Mutex::new(Vec::new());
    sample::each(&seeds, |_, seed| wrong.lock().unwrap().extend(differences(*seed)));
    let wrong = wrong.into_inner().unwrap();
    run::say(&format!("follow: {} histories in pieces, {} differences", seeds.len(), wrong.len()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Pieces of which each shows another way in which what changes hangs on what changed before.
#[test]
fn what_hangs_on_a_change_changes_with_it() {
    let create = |node: &str, more: Value| {
        let mut event = json!({"operation": "create_node", "node_id": node, "timestamp": 1, "actor_id": "a"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let at = |x: usize, parent: &str| json!({"transform": {"position": [x, 0], "parent": parent}});
    let shape = json!({"kind": "rectangle", "width": 3, "height": 2});
    let link = |from, to| json!({"operation": "link_nodes", "from_node": from, "to_node": to, "relation": "l", "timestamp": 2, "actor_id": "a"});
    let set = |event: Value| {
        let mut event = event;
        event["timestamp"] = json!(9);
        event["actor_id"] = json!("a");
        event
    };
    let merge = |node, absorbs| set(json!({"operation": "merge", "node_id": node, "absorbs": absorbs}));
    let geometry = |node| set(json!({"operation": "set_geometry", "node_id": node, "geometry": shape}));
    let moves = |node, x: usize| {
        set(json!({"operation": "update_transform", "node_id": node, "transform": {"position": [x, 5]}}))
    };
    let histories = [
        // What is left of the ends of a link takes another shape.
        vec![
            vec![
                create("left", json!({})),
                create("gone", json!({})),
                create("far", at(9, "")),
                link("gone", "far"),
            ],
            vec![merge("left", ["gone"])],
            vec![geometry("left")],
        ],
        // A node takes another shape while what it hangs on moves.
        vec![
            vec![create("room", json!({})), create("table", at(1, "room")), create("cup", at(1, "table"))],
            vec![geometry("table"), moves("room", 7)],
            vec![moves("room", 8), geometry("table"), moves("table", 2)],
        ],
    ];
    for (n, history) in histories.iter().enumerate() {
        let piece = |(n, events): (usize, &Vec<Value>)| {
            let lines = events.iter().zip(0..).map(|(event, i)| {
                let mut event = event.clone();
                event["event_id"] = json!(format!("e-{n}-{i}"));
                event.to_string()
            });
            lines.chain([mark(n)]).collect::<Vec<String>>()
        };
        let pieces: Vec<Vec<String>> = history.iter().enumerate().map(piece).collect();
        let all: Vec<usize> = (0..pieces.len()).collect();
        for tool in ["projector-2d", "projector-3d"] {
            let stood = followed(tool, "", &pieces, &all).unwrap();
            for at in &all {
                let expected = read_at_once(tool, "", &pieces[..=*at]);
                assert_eq!(difference(&stood[*at], &expected), None, "{tool}, history {n}, piece {at}");
            }
        }
    }
}
