//! Signals that would end a tool in the midst of a write.

use signal_hook::consts::SIGXFSZ;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A write beyond the limit of a file's size (`ulimit -f`) is to fail as one on a full disk does: with EFBIG, by which
/// what was begun is taken back. It does where the signal that comes with it is taken; nobody asks whether it came.
pub(super) fn let_writes_fail() {
    // Where it cannot be taken the tool ends by it, and leaves what a kill would leave.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}
