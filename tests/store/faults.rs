//! The fault programs of `tests/faults`, where this machine has what they need.

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
    if program != "powercut.py" && std::path::Path::new("/dev/shm").is_dir() {
        command.env("TMPDIR", "/dev/shm");
    }
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    crate::run::say(&said);
    assert!(done.status.success(), "{program}: {said}{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn no_call_that_is_killed_or_fails_harms_the_store() {
    faults("syscalls.py", &[], &["strace"]);
}

#[test]
fn many_at_once_lose_and_double_nothing() {
    faults("writers.py", &["24"], &["python3"]);
}

#[test]
fn no_cut_of_the_power_loses_what_was_echoed() {
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    let fuse =
        std::path::Path::new("/dev/fuse").exists() && std::path::Path::new("/dev/loop-control").exists();
    if !root || !fuse {
        return run::skipped("powercut.py needs root, FUSE and loop devices");
    }
    faults("powercut.py", &["40", "24"], &["qemu-storage-daemon", "mkfs.ext4", "losetup"]);
}
