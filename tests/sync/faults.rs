//! Killed at any call that changes a file, on either side: what was promised holds, and the next run does the rest.

use crate::{run, sample};

#[test]
fn kill_9_on_either_side_loses_nothing_and_doubles_nothing() {
    run::kills("sync.py", sample::size("1", "40"), "kill -9 of a sync");
}
