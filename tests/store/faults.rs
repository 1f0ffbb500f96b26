//! The programs of `tests/faults`, where this machine has what they need. Of the faults of system calls some are tried,
//! always the same; with `ULP_FAULTS=all` in the environment all are, which takes many minutes. `powercut.py` needs root
//! and is run by hand; it says how.

use crate::run;
use std::process::Command;

/// Of so many faults one is tried.
const SOME: &str = "19";

/// Runs one of them and shows what it counted.
fn faults(program: &str, args: &[&str], needs: &[&str]) {
    let has = |tool: &&str| {
        Command::new("sh")
            .args(["-c", &format!("command -v {tool}")])
            .output()
            .is_ok_and(|o| o.status.success())
    };
    if !needs.iter().all(has) {
        return run::skipped(&format!("{program} needs {}", needs.join(" and ")));
    }
    let mut command = Command::new("python3");
    command.arg(run::root().join("tests/faults").join(program)).arg(run::bin()).args(args);
    if std::env::var("ULP_FAULTS").is_ok_and(|which| which == "all") {
        command.env("EVERY", "1");
    } else {
        command.env("EVERY", SOME);
    }
    if std::path::Path::new("/dev/shm").is_dir() {
        command.env("TMPDIR", "/dev/shm");
    }
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    crate::run::say(&said);
    assert!(done.status.success(), "{program}: {said}{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn many_at_once_lose_and_double_nothing() {
    faults("writers.py", &["24"], &["python3"]);
}

#[test]
fn a_system_call_that_kills_or_fails_loses_and_doubles_nothing() {
    faults("syscalls.py", &[], &["python3", "strace"]);
}
