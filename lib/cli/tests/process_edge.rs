//! The contract of stdin, stdout, stderr and the exit status, held against a real process.
//!
//! The process is the example `cli_probe`, which `cargo test` builds; `cargo test --test process_edge` alone does not.
#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The probe that stands beside these tests in the target directory.
fn probe() -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let probe = deps.parent().unwrap().parent().unwrap().join("examples/cli_probe");
    assert!(probe.exists(), "cargo build --examples makes {}", probe.display());
    probe
}

/// A directory to run in, and commands that know nothing of the environment.
struct World {
    dir: TempDir,
}

impl World {
    fn new() -> World {
        World { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A shell command in which `$P` is the probe.
    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("timeout");
        command.args(["60", "/bin/bash", "-c", script]).current_dir(self.dir.path()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("P", probe()).stdin(Stdio::null());
        command
    }

    fn sh(&self, script: &str) -> Ran {
        Ran::of(self.command(script).output().unwrap())
    }
}

#[derive(Debug)]
struct Ran {
    out: String,
    err: String,
    status: Option<i32>,
}

impl Ran {
    fn of(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { out: text(output.stdout), err: text(output.stderr), status: output.status.code() }
    }
}

fn hash(bytes: &[u8]) -> String {
    format!("blake3:{}", blake3::hash(bytes))
}

fn witness(read: u64, applied: u64, rejected: u64, codes: &str, digests: &str) -> String {
    format!(
        "{{\"log\":\"witness\",\"tool\":\"cli_probe\",\"version\":\"0.1.0\",\"read\":{read},\"applied\":{applied},\
         \"rejected\":{rejected},\"withheld\":0,\"duplicate\":0,\"codes\":{{{codes}}}{digests}}}\n"
    )
}

#[test]
fn the_witness_binds_input_to_output() {
    let world = World::new();
    let input = b"\xef\xbb\xbf{\"a\":1}\r\n\n \t\r\n{\"b\":2}";
    world.file("in", input);
    let output = "{\"a\":1}\n{\"b\":2}\n";
    let digests = format!(",\"input\":\"{}\",\"output\":\"{}\"", hash(input), hash(output.as_bytes()));
    for how in [
        "$P < in",
        "cat in | $P",
        "$P in",
        "cat in | $P -",
        "$P --gate in",
        "cat in | $P --gate",
        "$P -j1 in",
    ] {
        let ran = world.sh(how);
        assert_eq!((ran.out.as_str(), ran.status), (output, Some(0)), "{how}");
        assert_eq!(ran.err, witness(2, 2, 0, "", &digests), "{how}");
    }
}

#[test]
fn operands_are_read_in_order_and_lines_count_from_one_in_each() {
    let world = World::new();
    world.file("one", "{\"a\":1}\n\nbad\n");
    world.file("two", "{\"b\":2}\nworse");
    for how in ["$P one - two < two", "cat two | $P one - two", "cat two | $P --gate one - two"] {
        let ran = world.sh(how);
        assert_eq!(ran.out, "{\"a\":1}\n{\"b\":2}\n{\"b\":2}\n", "{how}");
        assert_eq!(ran.status, Some(1), "{how}");
        let places: Vec<&str> = ran.err.lines().filter(|l| l.contains("boundary")).collect();
        let line = |line, source| {
            format!(
                "{{\"log\":\"boundary\",\"action\":\"rejected\",\"code\":\"json.syntax\",\"line\":{line},\"source\":\"{source}\"}}"
            )
        };
        assert_eq!(places, [line(3, "one"), line(2, "-"), line(2, "two")], "{how}");
    }
}

#[test]
fn stdin_that_is_a_file_is_read_from_where_it_stands_and_left_at_its_end() {
    let world = World::new();
    world.file("in", "header\n{\"a\":1}\n");
    let ran = world.sh("{ dd bs=7 count=1 of=/dev/null 2>/dev/null; $P; cat; } < in");
    assert_eq!((ran.out.as_str(), ran.status), ("{\"a\":1}\n", Some(0)));
}

#[test]
fn long_input_comes_out_the_same_on_any_number_of_jobs() {
    let world = World::new();
    let lines: String =
        (0..60_000).map(|i| format!("{{\"i\":{i},\"pad\":\"{}\"}}\n", "x".repeat(i % 97))).collect();
    world.file("in", lines.replace("{\"i\":31234,", "{31234"));
    let expected: String =
        lines.lines().filter(|l| !l.contains("\"i\":31234,")).map(|l| format!("{l}\n")).collect();
    for how in ["$P -j1 in", "$P -j3 in", "cat in | $P -j3", "cat in | $P -j1", "$P --gate < in"] {
        let ran = world.sh(how);
        assert!(ran.out == expected && ran.err.contains("\"line\":31235,"), "{how}: {}", ran.err);
    }
}

#[test]
fn what_is_not_for_everyone_goes_to_the_private_log() {
    let world = World::new();
    world.file("in", "{\"policy\":\"private\"}\nb\u{1b}ad\n");
    for _ in 0..2 {
        let ran = world.sh("umask 0; $P --private-log log in");
        assert_eq!(ran.status, Some(1));
        let record = "{\"log\":\"boundary\",\"action\":\"rejected\",\"code\":\"json.syntax\",\"line\":2,\"source\":\"in\"}\n";
        assert_eq!(ran.err, format!("{record}{}", witness(2, 1, 1, "\"json.syntax\":1", "")));
    }
    let log = world.text("log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[0].starts_with("{\"log\":\"boundary\",") && lines[0].contains(",\"detail\":\"expected value")
    );
    let out = hash(b"{\"policy\":\"private\"}\n");
    assert!(lines[1].contains("\"input\":\"blake3:") && lines[1].contains(&out));
    assert_eq!(fs::metadata(world.path("log")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(world.sh("$P --private-log no/where in").status, Some(4));
}

#[test]
fn other_actions_are_counted_and_written_one_by_one_when_asked_for() {
    let world = World::new();
    world.file("in", "{\"again\":1}\n{\"again\":1}\n");
    let ran = world.sh("$P in");
    assert_eq!((ran.err.lines().count(), ran.status), (1, Some(0)));
    assert!(ran.err.contains("\"read\":2,\"applied\":0,\"rejected\":0,\"withheld\":0,\"duplicate\":2,\"codes\":{\"event.duplicate\":2}"));
    let first = world.sh("$P --log-all in").err.lines().next().unwrap().to_owned();
    assert_eq!(
        first,
        r#"{"log":"boundary","action":"duplicate","code":"event.duplicate","line":1,"source":"in","event_id":"evt\u202e","detail":"seen"}"#
    );
    let text = world.sh("$P --log text --log-all in").err;
    assert!(text.starts_with("cli_probe: in:1: duplicate event.duplicate evt\\u202e: seen\n"), "{text}");
    assert!(text.contains("cli_probe: read 2, applied 0, rejected 0, withheld 0, duplicate 2\n"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn wrong_usage_is_two_and_one_line() {
    let world = World::new();
    for (how, said) in [
        ("$P --nope", "cli_probe: unexpected argument '--nope' found"),
        ("$P -j 0", "cli_probe: invalid value '0'"),
        ("$P --log xml", "cli_probe: invalid value 'xml'"),
        ("$P $'--no\\e\\npe'", "cli_probe: unexpected argument"),
        ("$P --fail 2", "cli_probe: probe: told to fail\n"),
    ] {
        let ran = world.sh(how);
        assert_eq!((ran.out.as_str(), ran.status), ("", Some(2)), "{how}");
        assert!(ran.err.starts_with(said) && ran.err.matches('\n').count() == 1, "{how}: {}", ran.err);
        assert!(!ran.err.contains('\u{1b}'), "{how}");
    }
}

#[test]
fn what_cannot_be_opened_is_four() {
    let world = World::new();
    fs::create_dir(world.path("dir")).unwrap();
    for (how, said) in [
        ("$P none", "none: No such file or directory"),
        ("$P --gate none", "none: No such file or directory"),
        ("$P dir", "dir: Is a directory"),
        ("$P --gate dir", "dir: Is a directory"),
        ("$P < dir", "-: Is a directory"),
        ("$P --gate < dir", "-: Is a directory"),
        ("$P -o dir < /dev/null", "dir: is a directory"),
        ("$P -o no/where < /dev/null", "no/where: No such file or directory"),
        ("$P <&-", "stdin: Bad file descriptor"),
        ("$P --gate <&-", "stdin: Bad file descriptor"),
    ] {
        let ran = world.sh(how);
        assert_eq!((ran.err, ran.status), (format!("cli_probe: {said}\n"), Some(4)), "{how}");
    }
}

#[test]
fn output_that_cannot_be_written_is_four() {
    let world = World::new();
    world.file("in", "{\"a\":1}\n");
    for how in
        ["$P in >/dev/full", "$P --gate in >/dev/full", "$P --version >/dev/full", "$P --help >/dev/full"]
    {
        let ran = world.sh(how);
        assert_eq!(
            (ran.err.as_str(), ran.status),
            ("cli_probe: stdout: No space left on device\n", Some(4)),
            "{how}"
        );
    }
    for how in
        ["$P in >&-", "$P >&- </dev/null", "$P --help >&-", "$P --generate man >&-", "$P in 1</dev/null"]
    {
        let ran = world.sh(how);
        assert_eq!(
            (ran.err.as_str(), ran.status),
            ("cli_probe: stdout: Bad file descriptor\n", Some(4)),
            "{how}"
        );
    }
    assert_eq!(world.sh("$P in >/dev/null").status, Some(0));
    assert_eq!(world.sh("$P -o out in >&-").status, Some(0));
}

#[test]
fn a_log_that_nobody_wants_is_no_error_and_one_that_has_no_room_is() {
    let world = World::new();
    world.file("in", "{\"a\":1}\n");
    world.file("out", "old\n");
    assert_eq!(world.sh("$P in 2>&-").status, Some(0));
    assert_eq!(world.sh("{ $P in 2>&1 >/dev/null; echo $? > status; } | true; cat status").out, "0\n");
    assert_eq!(world.sh("$P -o out in 2>/dev/full").status, Some(4));
    assert_eq!(world.text("out"), "old\n");
}

#[test]
fn a_reader_that_goes_ends_the_run_quietly() {
    let world = World::new();
    let lines: String = (0..100_000).map(|i| format!("{{\"i\":{i}}}\n")).collect();
    world.file("in", lines + "bad\n");
    for how in ["$P in", "$P --gate in", "cat in | $P"] {
        let ran = world.sh(&format!("{{ {how}; echo $? > status; }} | head -1; cat status"));
        assert_eq!(ran.out, "{\"i\":0}\n0\n", "{how}");
        assert!(!ran.err.contains("witness") && !ran.err.contains("cli_probe:"), "{how}: {}", ran.err);
    }
    assert_eq!(world.sh("{ sleep 0.2; $P --help; echo $? > status; } | true; cat status").out, "0\n");
}

#[test]
fn a_file_output_is_there_at_zero_and_one_and_else_left_as_it_was() {
    let world = World::new();
    world.file("good", "{\"a\":1}\n");
    world.file("bad", "{\"a\":1}\nbad\n{\"b\":2}\n");
    for (how, status, text) in [
        ("$P -o out good", 0, "{\"a\":1}\n"),
        ("$P -o out bad", 1, "{\"a\":1}\n{\"b\":2}\n"),
        ("$P -o out --strict bad", 1, "old\n"),
        ("$P -o out --strict --gate bad", 1, "old\n"),
        ("$P -o out --strict good", 0, "{\"a\":1}\n"),
        ("$P -o out --fail 2 good", 2, "old\n"),
        ("$P -o out --fail 3 good", 3, "old\n"),
        ("$P -o out --fail 4 bad", 4, "old\n"),
        ("$P -o out good none", 4, "old\n"),
    ] {
        world.file("out", "old\n");
        let ran = world.sh(how);
        assert_eq!(
            (ran.status, ran.out.as_str(), world.text("out").as_str()),
            (Some(status), "", text),
            "{how}"
        );
        assert_eq!(fs::read_dir(world.dir.path()).unwrap().count(), 3, "{how}");
    }
}

#[test]
fn strict_stops_at_the_first_rejection_without_a_witness() {
    let world = World::new();
    world.file("in", "{\"a\":1}\nbad\n{\"b\":2}\nworse\n");
    for how in ["$P --strict in", "$P --strict --gate in", "cat in | $P --strict -j1"] {
        let ran = world.sh(how);
        assert_eq!(
            (ran.out.as_str(), ran.status, ran.err.lines().count()),
            ("{\"a\":1}\n", Some(1), 1),
            "{how}"
        );
        assert!(ran.err.contains("\"line\":2,"), "{how}");
    }
}

#[test]
fn a_file_output_keeps_its_mode_and_follows_its_link() {
    let world = World::new();
    world.file("in", "{\"a\":1}\n");
    world.file("old", "old\n");
    let mode = |name: &str| fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o7777;
    fs::set_permissions(world.path("old"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("old", world.path("link")).unwrap();
    assert_eq!(world.sh("umask 077; $P -o link in").status, Some(0));
    assert_eq!((world.text("old").as_str(), mode("old")), ("{\"a\":1}\n", 0o640));
    assert!(fs::symlink_metadata(world.path("link")).unwrap().is_symlink());
    for (umask, expected) in [("022", 0o644), ("027", 0o640), ("0", 0o666)] {
        assert_eq!(world.sh(&format!("umask {umask}; rm -f new; $P -o new in")).status, Some(0));
        assert_eq!(mode("new"), expected);
    }
    assert_eq!(world.sh("$P -o in in").status, Some(0));
    assert_eq!(world.text("in"), "{\"a\":1}\n");
}

#[test]
fn named_pipes_are_read_and_written_through() {
    let world = World::new();
    world.file("in", "{\"a\":1}\n");
    let ran = world.sh("mkfifo i o; cat in > i & $P -o o i 2>/dev/null & cat o; wait; test -p o");
    assert_eq!((ran.out.as_str(), ran.status), ("{\"a\":1}\n", Some(0)));
    assert_eq!(world.sh("$P -o /dev/stdout in | cat").out, "{\"a\":1}\n");
    assert_eq!(world.sh("$P -o /dev/full in").status, Some(4));
}

#[test]
fn odd_bytes_are_refused_where_they_are_wrong_and_the_stream_goes_on() {
    let world = World::new();
    world.file("in", b"\0\n{\"a\":\"\0\"}\n\xff\n{\"ok\":1}\r\n");
    let ran = world.sh("$P in");
    assert_eq!((ran.out.as_str(), ran.status), ("{\"ok\":1}\n", Some(1)));
    assert_eq!(ran.err.matches("\"action\":\"rejected\"").count(), 3);
}

/// Lines far beyond the limit, several of them, in less memory than one of them.
#[test]
fn a_line_of_a_gibibyte_is_refused_in_bounded_memory() {
    let world = World::new();
    let lines =
        "echo '{\"a\":1}'; head -c 1G /dev/zero; echo; head -c 300M /dev/zero; echo; echo '{\"b\":2}'";
    for how in ["$P -j2", "$P --gate"] {
        let ran = world.sh(&format!("ulimit -v 400000; {{ {lines}; }} | {how}"));
        assert_eq!((ran.out.as_str(), ran.status), ("{\"a\":1}\n{\"b\":2}\n", Some(1)), "{how}: {}", ran.err);
        let places = ["\"code\":\"json.too_long\",\"line\":2,", "\"code\":\"json.too_long\",\"line\":3,"];
        assert!(
            places.iter().all(|p| ran.err.contains(p)) && ran.err.contains("\"read\":4,"),
            "{how}: {}",
            ran.err
        );
    }
}

/// A file that cannot be mapped is read; a stream that does not fit into memory is an error, not an abort.
#[test]
fn a_limit_on_memory_is_an_answer() {
    let world = World::new();
    File::create(world.path("long")).unwrap().set_len(1 << 30).unwrap();
    let ran = world.sh("ulimit -v 400000; $P -j2 long");
    assert_eq!((ran.status, ran.err.contains("json.too_long")), (Some(1), true), "{}", ran.err);
    let long_lines = "yes \"{\\\"pad\\\":\\\"$(head -c 9000 /dev/zero | tr '\\0' x)\\\"}\" | head -c 600M";
    let ran = world.sh(&format!("ulimit -v 250000; {{ {long_lines}; }} 2>/dev/null | $P -j2 > out"));
    assert_eq!((ran.status, ran.err.as_str()), (Some(4), "cli_probe: -: Cannot allocate memory\n"));
}

#[test]
fn the_gate_answers_before_it_waits() {
    let world = World::new();
    let mut child = world
        .command("$P --gate")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for line in ["{\"a\":1}\n", "{\"b\":2}\n"] {
        stdin.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(answer, line);
    }
    drop(stdin);
    let mut rest = String::new();
    answers.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("", Some(0)));
}

#[test]
fn help_version_completions_and_man_page_come_from_the_parser() {
    let world = World::new();
    let version = world.sh("$P -V");
    assert_eq!((version.out.as_str(), version.status), ("cli_probe 0.1.0\n", Some(0)));
    let help = world.sh("COLUMNS=30 CLICOLOR_FORCE=1 $P --help");
    assert_eq!(help.out, world.sh("$P --help").out);
    assert!(
        help.out.starts_with("pass on the lines that are JSON objects\n") && !help.out.contains("--generate")
    );
    assert!(
        ["--log-all", "--private-log", "--strict", "--jobs", "-o <FILE>"]
            .iter()
            .all(|o| help.out.contains(o))
    );
    for (shell, mark) in
        [("bash", "complete -F"), ("zsh", "#compdef cli_probe"), ("fish", "complete -c cli_probe")]
    {
        let ran = world.sh(&format!("$P --generate {shell}"));
        assert!(
            ran.out.contains(mark) && ran.status == Some(0) && ran.err.is_empty(),
            "{shell}: {}",
            ran.out
        );
    }
    let page = world.sh("$P --generate man");
    let titles: Vec<&str> = page.out.lines().filter_map(|l| l.strip_prefix(".SH ")).collect();
    assert_eq!(titles, ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "LOG", "EXIT STATUS"], "{}", page.out);
    assert!(
        page.out.contains("cli_probe \\- pass on the lines that are JSON objects\n")
            && !page.out.contains("generate")
    );
    assert_eq!(page.out, world.sh("$P --generate man").out);
}
