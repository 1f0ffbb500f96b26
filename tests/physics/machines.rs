//! The same steps on another machine: the tool built for aarch64 and run by an emulator, with one thread and two.

use super::worlds::*;
use crate::{run, sample};
use std::process::Command;

/// Whether a script succeeds where toolchains lie: in the environment of whoever runs the tests.
fn at_home(script: &str) -> bool {
    Command::new("bash").args(["-c", script]).current_dir(run::root()).status().unwrap().success()
}

#[test]
fn another_machine_takes_the_same_steps() {
    if !sample::is_proof() {
        return;
    }
    let there = "command -v qemu-aarch64 && command -v aarch64-linux-gnu-gcc && rustup target list --installed | grep aarch64-unknown-linux-gnu";
    if !at_home(there) {
        return run::skipped("no aarch64 here: make proof installs what it takes");
    }
    let build = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc cargo build --locked --quiet \
        --target aarch64-unknown-linux-gnu --features physics --bin projector-physics";
    assert!(at_home(build), "{build}");
    let tool = run::root().join("target/aarch64-unknown-linux-gnu/debug/projector-physics");
    let dir = tempfile::tempdir().unwrap();
    for (name, world) in all() {
        let world = text(&world);
        std::fs::write(dir.path().join("world"), &world).unwrap();
        let ours = run_to(10.0, &world);
        for jobs in [1, 2] {
            let emulated = format!(
                "qemu-aarch64 -L /usr/aarch64-linux-gnu {} --until {} -j {jobs} --log errors world",
                tool.display(),
                at(10.0)
            );
            assert_eq!(run::sh(&emulated, dir.path()), ours, "{name} -j {jobs}");
        }
    }
}
