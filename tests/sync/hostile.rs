//! Clients and servers that lie, flood, trickle or say nothing: bounded time and memory, and nothing is taken.

use super::{NOW, event, events, store};
use crate::run;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Output, Stdio};
use std::time::{Duration, Instant};
use ulp_core::hash::Blake3;

/// A turn of some lines.
fn turn(lines: &[&str]) -> String {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let hash = Blake3::of(text.as_bytes());
    format!("{text}{{\"hash\":\"{hash}\",\"kept\":0,\"lines\":{},\"sync\":\"over\"}}\n", lines.len())
}

const HELLO: &str = r#"{"lanes":["public.public","team.public"],"mode":"both","nonce":"AAECAwQFBgcICQoLDA0ODw","state":1,"sync":"hello","turn":4194304,"v":1}"#;

fn row(path: &str, head: &Blake3, events: u64) -> String {
    let root = if path == "m/world" { format!(",\"state_root\":\"{head}\"") } else { String::new() };
    format!("{{\"events\":{events},\"head\":\"{head}\",\"path\":\"{path}\"{root},\"sync\":\"row\"}}")
}

fn serve(dir: &Path) -> (Child, ChildStdin) {
    let mut child = run::command("ulp-sync", dir)
        .args(["--serve", "--store", "b", "--now", NOW, "--timeout", "1s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

/// Says turns to a server, one after each that it says.
fn say(dir: &Path, turns: &[String]) -> Output {
    let (mut child, mut stdin) = serve(dir);
    let mut heard = BufReader::new(child.stdout.take().unwrap());
    for turn in turns {
        // Who has heard enough does not listen.
        if stdin.write_all(turn.as_bytes()).is_err() {
            break;
        }
        let mut line = String::new();
        while heard.read_line(&mut line).unwrap_or(0) > 0 && !line.contains("\"sync\":\"over\"") {
            line.clear();
        }
    }
    drop((stdin, heard));
    child.wait_with_output().unwrap()
}

fn world() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path(), "b", (0..20).map(event));
    dir
}

#[test]
fn a_client_that_lies_gets_nothing_in() {
    let dir = world();
    let before = events(dir.path(), "b");
    let nothing = Blake3::of(b"");
    let strange = event(99);
    let path = "m/world/lies";
    let head = Blake3::of(b"lies");
    let lies = Blake3::of(format!("lies {head}\n").as_bytes());
    let greet = turn(&[HELLO]);
    let have = format!("{{\"path\":\"{path}\",\"sync\":\"have\"}}");
    let rows = turn(&[&row("m/world", &lies, 1), &row(path, &head, 1)]);
    for (what, turns, status) in [
        ("an event before all else", vec![turn(&[&strange])], 4),
        ("an event with the hello", vec![turn(&[HELLO, &strange])], 1),
        (
            "an event that nobody asked for",
            vec![greet.clone(), turn(&[&row("m/world", &nothing, 0), &strange])],
            1,
        ),
        (
            "an event of another space than was asked for",
            vec![
                greet.clone(),
                rows.clone(),
                turn(&[&have]),
                turn(&[&strange, &format!("{{\"events\":1,\"path\":\"{path}\",\"sync\":\"sent\"}}")]),
            ],
            1,
        ),
        ("two hellos", vec![turn(&[HELLO, HELLO])], 4),
        ("a row before the hello", vec![turn(&[&row("m/world", &nothing, 0)])], 4),
        (
            "a set of what does not differ",
            vec![
                greet.clone(),
                rows.clone(),
                turn(&[r#"{"data":"YQAAAgA","path":"m/world/demo2","sync":"set"}"#]),
            ],
            4,
        ),
        ("an end in the midst", vec![greet.clone(), rows.clone(), turn(&["{\"sync\":\"end\"}"])], 4),
        ("another version", vec![turn(&[&HELLO.replace("\"v\":1", "\"v\":2")])], 3),
        ("another member", vec![turn(&[&HELLO.replace("\"v\":1", "\"v\":1,\"x\":1")])], 4),
        ("a wrong count", vec![greet.replace("\"lines\":1", "\"lines\":2")], 4),
        ("a turn of nothing, for ever", vec![greet.clone(), turn(&[]), turn(&[]), turn(&[])], 4),
        ("no JSON", vec!["hello\n".repeat(20_000)], 4),
    ] {
        let output = say(dir.path(), &turns);
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{what}: {log}");
        assert_eq!(events(dir.path(), "b"), before, "{what}");
        if status != 3 {
            assert!(log.contains("\"code\":\"wire."), "{what}: {log}");
        }
    }
}

#[test]
fn other_lanes_and_objects_are_as_what_never_was() {
    let dir = world();
    super::append(dir.path(), "b", [super::of(77, "secret", 0, "team", "private")]);
    run::sh("printf private > p; ulp-store put --store b p > put", dir.path());
    let put = std::fs::read_to_string(dir.path().join("put")).unwrap();
    let object = put.split("\"ref\":\"").nth(1).unwrap().split('"').next().unwrap();
    let head = Blake3::of(b"mine");
    let mine = Blake3::of(format!("mine {head}\n").as_bytes());
    let asks = [
        format!("{{\"at\":0,\"object\":\"{object}\",\"sync\":\"want\"}}"),
        "{\"path\":\"m/world/secret\",\"sync\":\"want\"}".to_owned(),
        "{\"path\":\"m/world/never\",\"sync\":\"want\"}".to_owned(),
    ];
    let (mut child, mut stdin) = serve(dir.path());
    let asks: Vec<&str> = asks.iter().map(String::as_str).collect();
    let turns =
        [turn(&[HELLO]), turn(&[&row("m/world", &mine, 1), &row("m/world/mine", &head, 1)]), turn(&asks)];
    let mut heard = BufReader::new(child.stdout.take().unwrap());
    let mut all = String::new();
    for turn in turns {
        stdin.write_all(turn.as_bytes()).unwrap();
        let from = all.len();
        while !all[from..].contains("\"sync\":\"over\"") && heard.read_line(&mut all).unwrap() > 0 {}
    }
    drop((stdin, heard));
    child.wait().unwrap();
    assert!(!all.contains("secret\",\"tile") && !all.contains("\"sync\":\"blob\""), "{all}");
    assert!(all.contains(&format!("{{\"object\":\"{object}\",\"sync\":\"gone\"}}")), "{all}");
    for path in ["secret", "never"] {
        assert!(
            all.contains(&format!("{{\"events\":0,\"path\":\"m/world/{path}\",\"sync\":\"sent\"}}")),
            "{all}"
        );
    }
}

#[test]
fn silence_a_trickle_and_a_flood_end_in_time_and_memory() {
    let dir = world();
    store(dir.path(), "a", (0..9).map(event));
    let hostile = [
        ("sleep 100", 1),
        ("yes", 4),
        ("yes '{\"sync\":\"end\"}'", 4),
        ("head -c 100M /dev/zero; sleep 9", 4),
        ("head -c 100M /dev/zero | tr '\\0' x; sleep 9", 4),
        ("cat", 4),
        ("while :; do echo; sleep 0.2; done | head -n 1000000 | timeout 3 cat", 4),
    ];
    for (command, most) in hostile {
        let began = Instant::now();
        let script = format!(
            "ulimit -v 4000000; ulp-sync --store a --now {NOW} --timeout 1s --with 'exec 2>/dev/null; {command}'"
        );
        let output = run::shell(&script, dir.path());
        assert_eq!(output.status.code(), Some(4), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(began.elapsed() < Duration::from_secs(5 + most), "{command}: {:?}", began.elapsed());
    }
    // Somebody who hangs up is no error of ours.
    let (child, stdin) = serve(dir.path());
    drop(stdin);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(4));
}
