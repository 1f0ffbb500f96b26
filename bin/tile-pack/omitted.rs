//! Saying what is not carried, and why.

use std::collections::BTreeMap;
use ulp_cli::{Failure, Log, Status};
use ulp_core::report::{Diagnostic, Outcome};
use ulp_store::manifest::Absent;
use ulp_store::pack::contents::Contents;
use ulp_store::pack::plan::{Omitted, PackPlan, Why};

/// Says what stayed behind: what a budget left out a line a lane, everything else by itself.
pub fn say(log: &mut Log, contents: &Contents<'_>, plan: &PackPlan) -> Result<(), Failure> {
    let mut behind: BTreeMap<usize, (u64, u64, u64)> = BTreeMap::new();
    for omitted in &plan.omitted {
        match omitted.why {
            Why::Budget => {
                let sum = behind.entry(omitted.lane).or_default();
                *sum = (sum.0 + 1, sum.1 + omitted.events, sum.2 + omitted.bytes);
            }
            _ => one(log, contents, omitted)?,
        }
    }
    for (lane, (objects, events, bytes)) in behind {
        let things = if objects == 1 { "object" } else { "objects" };
        let detail = format!("{objects} {things}, {events} events, {bytes} bytes");
        write(log, contents, lane, (Status::Accepted, Outcome::Withheld, "pack.budget"), detail)?;
        log.tally_mut().withheld += events;
    }
    Ok(())
}

fn one(log: &mut Log, contents: &Contents<'_>, omitted: &Omitted) -> Result<(), Failure> {
    let detail = format!("{}: {} events, {} bytes", omitted.object, omitted.events, omitted.bytes);
    let about = match omitted.why {
        Why::TooLarge => {
            log.tally_mut().rejected += omitted.events;
            (Status::Refused, Outcome::Rejected, "pack.limit")
        }
        Why::Lost => (Status::Corrupt, Outcome::Noted, "store.lost"),
        Why::Said(Absent::Elsewhere) => (Status::Accepted, Outcome::Noted, "store.elsewhere"),
        Why::Said(_) => (Status::Accepted, Outcome::Noted, "store.lost"),
        Why::Budget => return Ok(()),
    };
    write(log, contents, omitted.lane, about, detail)
}

/// Says something of a lane, `--log-all` or not: whoever carries the pack must know.
fn write(
    log: &mut Log,
    contents: &Contents<'_>,
    lane: usize,
    (status, outcome, code): (Status, Outcome, &'static str),
    detail: String,
) -> Result<(), Failure> {
    let id = &contents.lanes[lane].id;
    let said = Diagnostic {
        position: None,
        outcome,
        code: code.into(),
        shared: id.lane.is_shared(),
        event_id: None,
        detail: format!("{}: {detail}", id.dir()),
    };
    log.fail(status, &said)
}
