//! Signals that would end a tool in the midst of its work.

use super::Status;
use signal_hook::consts::{SIGABRT, SIGXFSZ};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A write beyond the limit of a file's size (`ulimit -f`) is to fail as one on a full disk does: with EFBIG, by which
/// what was begun is taken back. It does where the signal that comes with it is taken; nobody asks whether it came.
pub(super) fn let_writes_fail() {
    // Where it cannot be taken the tool ends by it, and leaves what a kill would leave.
    let _ = flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// A run that finds no memory where nobody can say so any more ends as every other to which the system says no. Rust
/// writes how much was asked for, and aborts.
pub(super) fn let_memory_fail() {
    // Where it cannot be taken the tool ends by it: the message is the same.
    let _ =
        flag::register_conditional_shutdown(SIGABRT, Status::System as i32, Arc::new(AtomicBool::new(true)));
}
