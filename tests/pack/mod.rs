//! Packs: what a stick carries from one village to another, what a hostile one does not do, what a bad one costs.

mod bag;
mod damage;
mod hostile;
mod people;
mod privacy;
mod stick;
mod trips;

use crate::run;
use std::path::Path;

/// A few events in three tiles, the same wherever a test wants some.
pub const EVENTS: &str = r#"{"event_id":"a1","timestamp":1,"space_id":"demo","actor_id":"a","operation":"create_node","node_id":"n1"}
{"event_id":"a2","timestamp":2,"space_id":"demo","actor_id":"a","operation":"create_node","node_id":"n2","tile":"z0/x1/y0"}
{"event_id":"a3","timestamp":3,"space_id":"demo","actor_id":"a","operation":"create_node","node_id":"n3","tile":"z0/x2/y0"}
"#;

/// Runs a script that must succeed, in which `valid BAG` asks the validator of those who keep BagIt.
#[track_caller]
pub fn sh(script: &str, dir: &Path) -> String {
    let peers = run::root().join("target/peers");
    let valid =
        "valid() { /usr/bin/env python3 -c 'import bagit, sys; bagit.Bag(sys.argv[1]).validate()' \"$1\"; }";
    run::sh(&format!("export PYTHONPATH={}; {valid}\n{script}", peers.display()), dir)
}

/// Runs a script of which every command must succeed and whose logs nobody reads, and gives what it printed.
#[track_caller]
pub fn quiet(script: &str, dir: &Path) -> String {
    sh(&format!("( set -e\n{script}\n) 2> quiet.log; s=$?; [ $s = 0 ] || cat quiet.log >&2; exit $s"), dir)
}

/// The witness line's member of a run, whatever its status; the status stands before it.
pub fn counts(command: &str, dir: &Path) -> String {
    let script = format!(
        "{command} 2> counts.log > counts.out; echo $?; tail -1 counts.log | jq -c '[.applied,.rejected,.duplicate]'"
    );
    run::sh(&script, dir)
}
