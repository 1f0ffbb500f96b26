//! The programs of `tests/faults`, which say what they prove: each in full for `make proof`, otherwise a sample.

use crate::{run, sample};
use std::path::Path;
use std::process::Command;

/// How such a program ends where the machine lacks what it needs; then it prints what that is.
const SKIPPED: i32 = 77;

/// Runs one of them and shows what it counted. `how_much` is what it is told of the size, before the seed.
fn faults(program: &str, how_much: &str) {
    let mut command = Command::new("python3");
    command.arg("-B").arg(run::root().join("tests/faults").join(program)).arg(run::bin());
    command.args([how_much, sample::seed()]);
    // The system keeps what a process told it before it was killed, so no disk is needed; powercut.py brings its own.
    if Path::new("/dev/shm").is_dir() {
        command.env("TMPDIR", "/dev/shm");
    }
    let done = match command.output() {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return run::skipped(&format!("{program} needs python3"));
        }
        done => done.unwrap(),
    };
    let said = String::from_utf8_lossy(&done.stdout);
    if done.status.code() == Some(SKIPPED) {
        return run::skipped(&format!("{program}: {}", said.trim_end()));
    }
    run::say(&format!("{program}\n{}", said.trim_end()));
    assert!(done.status.success(), "{program}: {said}{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn many_at_once_lose_and_double_nothing() {
    faults("writers.py", sample::size("60", "12"));
}

#[test]
fn a_system_call_that_kills_or_fails_loses_and_doubles_nothing() {
    faults("syscalls.py", sample::size("1", "10"));
}

#[test]
fn a_power_cut_loses_and_tears_nothing() {
    faults("powercut.py", sample::size("all", "100"));
}
