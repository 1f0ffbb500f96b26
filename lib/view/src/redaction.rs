//! What a view shows of a redacted lane: where things are, and how they hang together.

use ulp_core::event::Register;
use ulp_core::id::{Lane, Policy};

pub fn is_redacted(lane: Lane) -> bool {
    lane.policy == Policy::Redacted
}

/// Whether a view takes a register from a lane.
pub fn is_seen(register: Register<'_>, lane: Lane) -> bool {
    !is_redacted(lane) || register.kind.is_in_redacted()
}
