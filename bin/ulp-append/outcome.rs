//! What became of an event that was offered to the store.

use crate::read::ReadChunk;
use ulp_core::report::{Note, Outcome, Position, Refusal, Report};
use ulp_store::intake::Offered;
use ulp_store::intake::admit::{AdmittedEvent, member, unknown_operation};

/// Says what became of an event that was offered. Answers its ticket where it is taken.
pub fn taken_as(
    chunk: &ReadChunk,
    mut event: AdmittedEvent,
    offered: Offered,
    at: Position,
    report: &mut Report,
) -> Result<Option<(u64, AdmittedEvent)>, Refusal> {
    let (line, shared) = (chunk.admitted.line(&event), chunk.admitted.lane(&event).is_shared());
    let name = || member(line, "event_id");
    let ticket = match offered {
        Offered::Taken(ticket, notes) => {
            event.notes.extend(notes);
            ticket
        }
        Offered::Duplicate => {
            let text = || (name(), String::new());
            report.say(Outcome::Duplicate, "event.duplicate", at, shared, text);
            return Ok(None);
        }
        Offered::Refused(refusal) => return Err(refusal),
    };
    for Note { code, detail } in &event.notes {
        report.say(Outcome::Noted, *code, at, shared, || (name(), detail.clone()));
    }
    if event.is_unknown {
        let text = || (name(), unknown_operation(line).detail);
        report.say(Outcome::Noted, "event.unknown_operation", at, shared, text);
    }
    report.tally.private |= !shared;
    Ok(Some((ticket, event)))
}
