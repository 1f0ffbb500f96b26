//! What changes no byte of any output: lines that a reader may not see, how an event is spelt, and in which order lines
//! come. Every format of every tool, from a stream, from state lines and from a store.

use super::{FORMATS, MORE};
use crate::reference::generate::{self, Rng};
use crate::run;
use crate::sample;
use serde_json::Value;
use std::path::Path;
use std::sync::Mutex;

/// What is asked of `ulp-materialize`.
const STATE: [&str; 8] = [
    "ulp-materialize",
    "ulp-materialize --view",
    "ulp-materialize --root",
    "ulp-materialize --events",
    "ulp-materialize --blame n1",
    "ulp-materialize --blame CANARY-n",
    "ulp-materialize --at 1730000000",
    "ulp-materialize --view --at 1730000000",
];

/// What a shell says of each command: its status and the hash of its output, and the output itself where it is asked
/// for; the logs are laid down beside.
fn outputs(commands: &[String], dir: &Path) -> Vec<(String, String)> {
    let script: String = commands
        .iter()
        .enumerate()
        .map(|(n, command)| {
            format!("{command} > out 2> log.{n}; s=$?; grep -a -c CANARY out; echo $s $(sha256sum < out)\n")
        })
        .collect();
    // A count of none is a status of its own.
    let said = run::shell(&format!("set +o pipefail\n{script}"), dir);
    let said = String::from_utf8(said.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2 * commands.len(), "{said}");
    commands.iter().cloned().zip(lines.chunks(2).map(|two| two.join(" "))).collect()
}

/// Which formats are dear enough that one history in a few will do.
fn is_dear(command: &str) -> bool {
    ["png", "wav"].iter().any(|format| command.contains(format))
}

fn commands(options: &str, from: &str, all: bool) -> Vec<String> {
    let named = STATE.into_iter().chain(FORMATS).chain(MORE).filter(|command| all || !is_dear(command));
    named.map(|command| format!("{command} {options} {from}")).collect()
}

fn write(dir: &Path, name: &str, lines: &[String]) {
    std::fs::write(dir.join(name), lines.join("\n") + "\n").unwrap();
}

/// The commands whose outputs are not the same.
fn differences(what: &str, one: &[(String, String)], two: &[(String, String)]) -> Vec<String> {
    let differ = one.iter().zip(two).filter(|((_, a), (_, b))| a != b);
    differ.map(|((command, _), (other, _))| format!("{what}: {command} | {other}")).collect()
}

/// The realm and the policy of a line, empty where it leaves them out.
fn scope(line: &str) -> [String; 2] {
    let scope = &serde_json::from_str::<Value>(line).unwrap()["scope"];
    ["realm", "policy"].map(|word| scope[word].as_str().unwrap_or_default().to_owned())
}

/// Whether `line` is of a lane that whoever names nothing sees.
fn is_shared(line: &str) -> bool {
    let [realm, policy] = scope(line);
    ["", "public"].contains(&&*policy) && realm != "personal"
}

/// Events of a stricter lane that would be seen if they were looked at: in tiles, spaces, layers, sensors and names of
/// their own, and in those of others.
fn canaries(rng: &mut Rng) -> Vec<String> {
    let scopes = [
        r#"{"policy":"private"}"#,
        r#"{"policy":"redacted"}"#,
        r#"{"realm":"personal"}"#,
        r#"{"realm":"personal","policy":"redacted"}"#,
        r#"{"realm":"public","policy":"private"}"#,
    ];
    let tiles = ["z0/x0/y0", "z0/x-1/y0", "z0/x0/y1", "z2/x-9/y3", "z0/x99/y99"];
    let spaces = ["default", "demo", "CANARY-space", "a-CANARY"];
    let payloads = [
        r#""operation":"create_node","node_id":"CANARY-n","kind":"CANARY","transform":{"position":[-1e6,1e6],"parent":"n1"},"properties":{"label":"CANARY","fill":"red"}"#,
        r#""operation":"create_node","node_id":"n1","transform":{"position":[1e5,7]},"geometry":{"kind":"rect","width":1e7,"height":4}"#,
        r#""operation":"set_properties","node_id":"n1","properties":{"label":"CANARY","CANARY":1}"#,
        r#""operation":"set_properties","node_id":"@space","properties":{"title":"CANARY","y":"down","background":"black"}"#,
        r#""operation":"set_properties","node_id":"@layer:CANARY","properties":{"title":"CANARY","order":-5}"#,
        r#""operation":"delete_node","node_id":"n1""#,
        r#""operation":"link_nodes","from_node":"n1","to_node":"n2","relation":"CANARY","properties":{"CANARY":2}"#,
        r#""operation":"unlink_nodes","from_node":"n1","to_node":"n2""#,
        r#""operation":"sensor_reading","sensor":"CANARY","value":1e9,"unit":"CANARY","node_id":"n1""#,
        r#""operation":"sensor_reading","sensor":"level","value":-1e9,"position":[1e6,1e6]"#,
        r#""operation":"set_media","node_id":"n1","media":{"ref":"sha256:0000000000000000000000000000000000000000000000000000000000000000","mime":"text/CANARY"}"#,
        r#""operation":"update_transform","node_id":"n2","transform":{"moved_to":"z5/x5/y5","parent":"CANARY-n"}"#,
        r#""operation":"macro.stamp","template":[{"operation":"create_node","node_id":"CANARY-m"},{"operation":"delete_node","node_id":"n2"}]"#,
        r#""operation":"CANARY.unknown","what":"CANARY""#,
    ];
    let mut lines = Vec::new();
    for (at, payload) in payloads.iter().enumerate() {
        for _ in 0..2 {
            let (scope, tile, space) = (rng.pick(&scopes), rng.pick(&tiles), rng.pick(&spaces));
            let time = rng.pick(&["-8e9", "0", "1730000000", "1730000000.5", "7e9"]);
            lines.push(format!(
                r#"{{"event_id":"CANARY-{at}","timestamp":{time},"actor_id":"CANARY-actor","space_id":"{space}","layer_id":"CANARY","tile":"{tile}","scope":{scope},"previous_events":["CANARY-x"],"preserves_invariants":["CANARY"],{payload}}}"#
            ));
        }
    }
    let place = r#""scope":{"realm":"team","policy":"private"},"space_id":"default","tile":"z0/x0/y0""#;
    for state in [
        r#""operation":"tile_state","recent":["7e9/CANARY-s"]"#.replace("7e9", "7000000000"),
        r#""operation":"node_state","node_id":"n1","created":"5/e1","deleted":"6/CANARY-d""#.to_owned(),
        r#""operation":"node_state","node_id":"CANARY-o","created":"5/CANARY-o","layer":"CANARY""#.to_owned(),
        r#""operation":"link_state","from_node":"n1","relation":"link","to_node":"n2","removed":["e3"]"#.to_owned(),
        r#""operation":"sensor_state","actor_id":"u","sensor":"level","key":"7000000000/CANARY-r","value":"CANARY","timestamp":7e9,"layer_id":"CANARY""#.to_owned(),
    ] {
        lines.push(format!("{{{state},{place}}}"));
    }
    // Again, and with a name that others bear.
    let again = lines[rng.below(payloads.len())].clone();
    lines.push(again);
    lines.push(lines[0].replacen("CANARY-0", "e1", 1));
    lines
}

/// A trace in which everyone sees all kinds of things that can be disturbed, and some see more.
fn trace(seed: u64) -> Vec<String> {
    let history = generate::history(seed, 40);
    let head = r#""timestamp":1730000000,"actor_id":"u""#;
    let fixed = [
        r#""event_id":"e1","operation":"create_node","node_id":"n1","kind":"gauge","transform":{"position":[1,2]},"properties":{"label":"one"}"#,
        r#""event_id":"e2","operation":"create_node","node_id":"n2","transform":{"position":[30,40]},"tile":"z0/x0/y1""#,
        r#""event_id":"e3","operation":"link_nodes","from_node":"n1","to_node":"n2""#,
        r#""event_id":"e4","operation":"sensor_reading","sensor":"level","value":1.5,"unit":"m","node_id":"n1""#,
        r#""event_id":"e5","operation":"create_node","node_id":"n3","tile":"z1/x7/y7","transform":{"parent":"n1"}"#,
        r#""event_id":"e6","operation":"create_node","node_id":"n4","tile":"z1/x7/y7""#,
        r#""event_id":"e7","operation":"delete_node","node_id":"n4","tile":"z1/x7/y7""#,
        r#""event_id":"e8","operation":"merge","node_id":"n1","absorbs":["n3"],"previous_events":["e5","e6"],"tile":"z1/x7/y7""#,
        r#""event_id":"e9","operation":"set_properties","node_id":"@space","properties":{"title":"all"}"#,
    ];
    let head = format!(r#"{head},"scope":{{"realm":"public"}}"#);
    let fixed = fixed.map(|rest| format!("{{{head},{rest}}}"));
    fixed.into_iter().chain(history).collect()
}

/// The witness without what says how much was read of what is withheld.
fn witness(log: &str) -> Value {
    // What ends otherwise says so in words.
    let last = log.lines().last().unwrap_or_default();
    let mut last: Value = serde_json::from_str(last).unwrap_or_else(|_| Value::from(last));
    let Some(object) = last.as_object_mut() else { return last };
    for name in ["read", "withheld", "input", "output"] {
        object.remove(name);
    }
    if let Some(codes) = object.get_mut("codes").and_then(Value::as_object_mut) {
        codes.remove("view.lane");
    }
    last
}

/// What is said of lines, but of those that are withheld because of their lane.
fn records(log: &str) -> Vec<String> {
    let records = log.lines().filter(|line| !line.contains("\"code\":\"view.lane\""));
    records.filter(|line| !line.contains("\"log\":\"witness\"")).map(str::to_owned).collect()
}

/// What two logs say that is not the same.
fn disagreement(one: &str, two: &str) -> Option<String> {
    let pair = |a: &dyn std::fmt::Debug, b: &dyn std::fmt::Debug| Some(format!("  {a:?}\n  {b:?}"));
    let (of_one, of_two) = (records(one), records(two));
    if of_one != of_two {
        let first =
            of_one.iter().zip(&of_two).position(|(a, b)| a != b).unwrap_or(of_one.len().min(of_two.len()));
        return pair(&of_one.get(first), &of_two.get(first));
    }
    let (one, two) = (witness(one), witness(two));
    if one == two { None } else { pair(&one, &two) }
}

/// A reader: the options that name its lanes, those of `ulp-store heads` and `tile-pack`, and which lines it sees.
type Reader = (&'static str, [&'static str; 2], fn(&str) -> bool);

const READERS: [Reader; 3] = [
    ("--policy public --realm team --realm public", ["", ""], is_shared),
    (
        "--policy public --policy redacted --realm team --realm public",
        ["--policy redacted", "--policy redacted --policy public"],
        |line| {
            let [realm, policy] = scope(line);
            realm != "personal" && policy != "private"
        },
    ),
    ("--policy public --realm public", ["--realm public"; 2], |line| {
        is_shared(line) && scope(line)[0] == "public"
    }),
];

#[test]
fn no_byte_depends_on_a_stricter_lane() {
    let dir = tempfile::tempdir().unwrap();
    let (with, without) = (dir.path().join("with"), dir.path().join("without"));
    let mut wrong = Vec::new();
    for (n, seed) in sample::of(0..200, 50).enumerate() {
        let (lanes, of_tools, sees) = READERS[n % 3];
        let (seen, stricter): (Vec<String>, Vec<String>) =
            trace(seed).into_iter().partition(|line| sees(line));
        let hidden = canaries(&mut Rng::new(seed)).into_iter().filter(|line| !sees(line)).chain(stricter);
        // Behind the others the numbers of their lines stay, and with them the log; before them all else does.
        let is_behind = seed % 3 > 0;
        let all: Vec<String> = if is_behind {
            seen.iter().cloned().chain(hidden).collect()
        } else {
            hidden.chain(seen.iter().cloned()).collect()
        };
        for (dir, lines) in [(&with, &all), (&without, &seen)] {
            std::fs::create_dir_all(dir).unwrap();
            write(dir, "in", lines);
            run::sh("rm -rf w; ulp-store init w; ulp-append --store w in > out 2> log || true", dir);
            if n % 2 == 1 {
                run::sh("ulp-materialize --store w --snapshot > out 2> log", dir);
            }
        }
        let [heads, pack] = of_tools;
        let of_tools = [
            format!("ulp-store heads --store w {heads}"),
            format!("tile-pack -f tar --store w {pack}"),
            // State lines are nothing that a pack holds.
            format!("grep -v _state in | tile-pack -f tar {pack}"),
            format!("ulp-materialize --store w {lanes} --snapshot"),
            format!("projector-2d --follow {lanes} < in"),
            format!("projector-3d --follow {lanes} < in"),
            format!("projector-audio --follow {lanes} < in"),
            format!("projector-dashboard --follow {lanes} < in"),
        ];
        for from in ["--log-all in", "--store w"] {
            let mut asked = commands(lanes, from, n == 0);
            asked.extend(of_tools.iter().cloned());
            let (one, two) = (outputs(&asked, &with), outputs(&asked, &without));
            wrong.extend(differences(&format!("seed {seed}"), &one, &two));
            for (at, (command, said)) in one.iter().enumerate() {
                let log = |dir: &Path| std::fs::read_to_string(dir.join(format!("log.{at}"))).unwrap();
                let (one, two) = (log(&with), log(&without));
                let names_it = one.contains("CANARY") && !command.contains("CANARY");
                if !said.starts_with("0 ") || names_it {
                    wrong.push(format!("seed {seed}: {command} shows a canary: {said}"));
                }
                if let Some(which) = disagreement(&one, &two).filter(|_| is_behind) {
                    wrong.push(format!("seed {seed}: the log of {command}:\n{which}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a redacted lane holds beside creations, deletions, parents, moves and links.
const REDACTED: [&str; 8] = [
    r#""operation":"create_node","node_id":"n1","kind":"SECRET","layer_id":"SECRET","transform":{"position":[777777,1],"parent":"p"},"properties":{"label":"SECRET"},"geometry":{"kind":"text","text":"SECRET"}"#,
    r#""operation":"create_node","node_id":"n2","transform":{"parent":"n1","scale":777777}"#,
    r#""operation":"set_properties","node_id":"n2","properties":{"SECRET":777777}"#,
    r#""operation":"set_properties","node_id":"@space","properties":{"title":"SECRET","background":"SECRET"}"#,
    r#""operation":"link_nodes","from_node":"n1","to_node":"n2","properties":{"label":"SECRET","n":777777}"#,
    r#""operation":"sensor_reading","sensor":"SECRET","value":777777,"unit":"SECRET","node_id":"n1""#,
    r#""operation":"set_media","node_id":"n1","media":{"ref":"sha256:0000000000000000000000000000000000000000000000000000000000000000","mime":"SECRET","name":"SECRET"}"#,
    r#""operation":"macro.stamp","template":[{"operation":"create_node","node_id":"n3","kind":"SECRET"},{"operation":"set_physics","node_id":"n3","physics":{"mass":777777}}]"#,
];

#[test]
fn no_view_holds_more_of_a_redacted_lane_than_how_things_hang_together() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let lines = (0..).zip(REDACTED).map(|(n, rest)| {
        format!(
            r#"{{"event_id":"e{n}","timestamp":{n},"actor_id":"SECRET","scope":{{"policy":"redacted"}},{rest}}}"#
        )
    });
    write(path, "in", &lines.collect::<Vec<_>>());
    run::sh(
        "ulp-materialize in > state 2> log; ulp-store init w; ulp-append --store w in > out 2> log",
        path,
    );
    let lanes = "--policy public --policy redacted";
    for from in ["in", "state", "--store w"] {
        let views = ["ulp-materialize --view", "ulp-materialize --blame n1", "ulp-materialize --blame n3"];
        for command in views.into_iter().chain(FORMATS).chain(MORE) {
            let script = format!(
                "{command} {lanes} {from} > out 2> log; wc -c < out; grep -a -c -e SECRET -e 777777 out log"
            );
            let said = run::shell(&script, path);
            let said = String::from_utf8(said.stdout).unwrap();
            assert!(said.ends_with("out:0\nlog:0\n"), "{command} {from}: {said}");
            // Nothing of a redacted lane is a reading, and what is nowhere has no pose and is no event of Cursor on Target.
            let nothing = [
                "--blame n3",
                "projector-dashboard -f jsonl",
                "projector-map -f cot",
                "projector-ar -f jsonl",
            ];
            let is_seen = !nothing.iter().any(|part| command.contains(part));
            assert!(!is_seen || !said.starts_with("0\n"), "{command} {from}: nothing is seen");
        }
    }
}

/// What differs between the outputs of one history, as it is spelt canonically and in order, and otherwise.
fn spellings(seed: u64, all: bool) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let lanes =
        "--realm personal --realm team --realm public --policy public --policy redacted --policy private";
    let mut rng = Rng::new(seed);
    let lines = generate::history(seed, 40);
    let canonical: Vec<String> = lines.iter().map(|line| crate::reference::whole(line)).collect();
    // All have their names, so that no store completes anything.
    let mut respelt: Vec<String> = canonical.iter().map(|line| generate::respell(&mut rng, line)).collect();
    // Another spelling of some comes first, and the order is another.
    respelt.extend(canonical.iter().filter(|_| rng.below(3) == 0).cloned());
    generate::shuffle(&mut rng, &mut respelt);
    write(path, "one", &canonical);
    write(path, "two", &respelt);
    run::sh(
        "ulp-materialize one > state 2> log || true; ulp-store init v; ulp-store init w
         ulp-append --store v one > out 2> log || true; ulp-append --store w two > out 2> log || true",
        path,
    );
    let state: Vec<String> =
        std::fs::read_to_string(path.join("state")).unwrap().lines().map(str::to_owned).collect();
    let mut turned: Vec<String> = state.iter().map(|line| generate::respell_any(&mut rng, line)).collect();
    generate::shuffle(&mut rng, &mut turned);
    write(path, "turned", &turned);
    let of = |from: &str| outputs(&commands(lanes, from, all), path);
    let stream = of("one");
    let what = format!("seed {seed}");
    let mut wrong = differences(&what, &of("state"), &of("turned"));
    for other in ["two", "--store v", "--store w"] {
        wrong.extend(differences(&what, &stream, &of(other)));
    }
    wrong
}

#[test]
fn an_event_is_its_canonical_form_in_every_output() {
    let seeds: Vec<u64> = sample::of(0..500, 125).collect();
    let wrong = Mutex::new(Vec::new());
    sample::each(&seeds, |n, seed| wrong.lock().unwrap().extend(spellings(*seed, n == 0)));
    let wrong = wrong.into_inner().unwrap();
    run::say(&format!("spellings: {} histories, {} differences", seeds.len(), wrong.len()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
