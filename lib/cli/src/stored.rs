//! A store read by a tool in place of a stream, and what its log says of damage.

use super::{Failure, Log, Status};
use std::path::PathBuf;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_store::read::Damage;

/// The store to read, in tools that read a stream where none is named.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct StoreArgs {
    /// Read the store in DIR
    #[arg(long, value_name = "DIR", conflicts_with_all = ["files", "scope"])]
    pub store: Option<PathBuf>,
    /// Believe the snapshots and caches of a store that came from elsewhere
    #[arg(long, requires = "store")]
    pub trust: bool,
}

/// Notes the segments that are known not to be here, and those that are damaged; the latter make the status 3.
///
/// # Errors
/// What the log answers.
pub fn note_damage(log: &mut Log, absent: &[Damage], damage: &[Damage]) -> Result<(), Failure> {
    for absent in absent {
        log.record(&diagnostic(absent))?;
    }
    for damage in damage {
        log.fail(Status::Corrupt, &diagnostic(damage))?;
    }
    Ok(())
}

fn diagnostic(damage: &Damage) -> Diagnostic {
    Diagnostic {
        position: None,
        outcome: Outcome::Noted,
        code: damage.code,
        shared: damage.lane.lane.is_shared(),
        event_id: None,
        detail: describe(damage),
    }
}

/// The lane, the segment, its events and what is wrong with it.
pub fn describe(damage: &Damage) -> String {
    let Damage { lane, segment, reason, code } = damage;
    let Some((segment, events)) = segment else {
        return format!("{}: all of the lane: {reason} ({code})", lane.dir());
    };
    let (first, last) = (events.start + 1, events.end);
    format!("{}: {segment}, events {first} to {last} of the lane: {reason} ({code})", lane.dir())
}
