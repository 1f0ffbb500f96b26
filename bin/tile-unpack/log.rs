//! What is said of packs: damage, and what is refused.

use ulp_cli::{Failure, Log, STDIN, Status};
use ulp_core::report::{Diagnostic, Outcome};
use ulp_store::LaneId;
use ulp_store::manifest::Entry;
use ulp_store::pack::Error;
use ulp_store::pack::read::Damage;

/// Says what was lost. The rest is taken, and the run ends with 3.
pub fn damage(log: &mut Log, damage: &Damage) -> Result<(), Failure> {
    log.raise(Status::Corrupt);
    let mut detail = String::new();
    if let Some(lane) = &damage.lane {
        detail = format!("{}: ", lane.dir());
    }
    detail.push_str(&damage.what);
    if let Some((events, from, to)) = &damage.events {
        detail.push_str(&format!(": {events} events, {from} to {to}"));
    }
    // Of an object that no manifest names nobody knows for whom it is; its name says nothing of what is in it.
    let shared = damage.lane.as_ref().is_none_or(|lane| lane.lane.is_shared());
    say(log, "pack.damaged", shared, format!("{detail}: {}", damage.reason))
}

/// Says that a segment is too large to be taken.
pub fn too_large(log: &mut Log, lane: &LaneId, entry: &Entry) -> Result<(), Failure> {
    log.raise(Status::Refused);
    let detail = format!("{}: {}: a segment of {} bytes", lane.dir(), entry.hash, entry.bytes);
    say(log, "pack.limit", lane.lane.is_shared(), detail)
}

/// What an error makes of the run: a pack that was refused is said, and the run ends with what was taken.
pub fn refused(log: &mut Log, operand: &str, error: Error) -> Result<(), Failure> {
    let Some(code) = error.code() else { return Err(error.into()) };
    log.raise(Status::Refused);
    // Its command can be run as it stands.
    let detail = match &error {
        Error::Foreign { .. } if operand != STDIN => error.to_string().replace("FILE", operand),
        _ => error.to_string(),
    };
    say(log, code, true, detail)
}

fn say(log: &mut Log, code: &'static str, shared: bool, detail: String) -> Result<(), Failure> {
    let (outcome, code) = (Outcome::Rejected, code.into());
    log.warn(&Diagnostic { position: None, outcome, code, shared, event_id: None, detail })
}
