//! A view that is followed: whatever comes when, the records that stand at the end are those of a run that reads at
//! once, and what they cost follows from what is new.
//!
//! Tools that are built for tests hold more: that what was worked out part by part is all that the whole comes to.

use crate::reference::{self, generate, generate::Rng};
use crate::run;
use crate::sample;
use bumpalo::Bump;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::Mutex;
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

/// Feeds the pieces one after the other, each once the one before it was shown, and keeps what is shown as a reader
/// does. Answers what stands at the end.
fn followed(tool: &str, options: &str, pieces: &[Vec<String>]) -> Result<Vec<String>, String> {
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
    let mut shown = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut kept: BTreeMap<(String, String), String> = BTreeMap::new();
    let names_spaces = tool == "projector-3d";
    let mut keep = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let space = record["space_id"].as_str().filter(|_| names_spaces).unwrap_or_default();
        // Where there are several spaces every record names its own, and else none does.
        kept.retain(|(other, _), _| other.is_empty() == space.is_empty());
        let name = (space.to_owned(), id(&record));
        if record["gone"] == true {
            kept.remove(&name);
        } else {
            kept.insert(name, line.to_owned());
        }
    };
    for (n, piece) in pieces.iter().enumerate() {
        let text = piece.join("\n") + "\n";
        if stdin.as_mut().is_none_or(|stdin| stdin.write_all(text.as_bytes()).is_err()) {
            break;
        }
        let node = format!("\"node_id\":\"mark-{n}\"");
        for line in shown.by_ref().map_while(Result::ok) {
            keep(&line);
            if line.contains(&node) {
                break;
            }
        }
    }
    drop(stdin.take());
    shown.map_while(Result::ok).for_each(|line| keep(&line));
    let output = child.wait_with_output().unwrap();
    if output.status.code().is_none_or(|code| code > 1) {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    let mut lines: Vec<String> = kept.into_values().collect();
    lines.sort();
    Ok(lines)
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

/// What is wrong with the records of one history.
fn differences(seed: u64) -> Vec<String> {
    let pieces = pieces(seed);
    let options = OPTIONS[(seed % OPTIONS.len() as u64) as usize];
    let mut wrong = Vec::new();
    for tool in ["projector-2d", "projector-3d", "projector-audio"] {
        // The records of a drawing do not all name their space.
        let one = if tool == "projector-3d" { "" } else { " --space default" };
        let options = format!("{options}{one}");
        let pieces = if tool == "projector-audio" { &[pieces.concat()] } else { &pieces[..] };
        if tool == "projector-audio" && (options.contains("--provenance") || !seed.is_multiple_of(4)) {
            continue;
        }
        match followed(tool, &options, pieces) {
            Err(said) => wrong.push(format!("seed {seed}: {tool} {options}: {said}")),
            Ok(_) if tool == "projector-audio" => {}
            Ok(lines) => {
                let expected = read_at_once(tool, &options, pieces);
                if lines != expected {
                    let odd = lines.iter().filter(|l| !expected.contains(l));
                    let lacking = expected.iter().filter(|l| !lines.contains(l));
                    let (odd, lacking): (Vec<_>, Vec<_>) = (odd.collect(), lacking.collect());
                    wrong.push(format!("seed {seed}: {tool} {options}: {odd:?} instead of {lacking:?}"));
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
        let parts = live.update(&growing, &touched, &filter, &|_| true);
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
