//! Killed at any call that changes a file: a nonce is open, or spent with its receipt.

use crate::{run, sample};

#[test]
fn kill_9_at_any_call_leaves_a_nonce_open_or_spent_with_its_receipt() {
    run::kills("portal.py", sample::size("1", "12"), "kill -9 of a crossing");
}
