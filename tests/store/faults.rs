//! The writers of `tests/faults`, where this machine has what they need. Its other two programs, `syscalls.py` and
//! `powercut.py`, take many minutes and are run by hand; each says how.

use crate::run;
use std::process::Command;

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
