//! The events themselves, whole and canonical.

use super::Job;
use std::io::Write as _;
use ulp_cli::{Failure, Output, When};
use ulp_core::event::{Line, Reader};
use ulp_core::id::{Key, Lane, Policy};
use ulp_core::json::Tape;
use ulp_core::parallel::in_order;
use ulp_core::report::{Outcome, Report};
use ulp_core::world::AsOf;

/// Writes the events of each tile in their order. Those of a redacted or private lane only where its policy is
/// named: a trace is passed on more easily than it is called back.
pub fn write(job: &Job<'_, '_>, out: &mut Output, report: &mut Report) -> Result<(), Failure> {
    let since = match &job.args.since.since {
        Some(When::Event(name)) => Some(job.world.greatest_key(name, job.filter).ok_or_else(|| {
            Failure::usage(format!("--since id:{name}"), "no event of this name is in the view")
        })?),
        Some(When::Time(time)) => Some(AsOf::Time(*time)),
        None => None,
    };
    let work = |i: usize| lines_of(job, i, since.as_ref());
    in_order(&job.world.in_turn(), work, |(lines, said): (Vec<u8>, Report)| {
        report.join(said);
        out.write_all(&lines).map_err(Failure::from)
    })
}

/// The events of one tile, and what there is to say of them.
pub fn lines_of(job: &Job<'_, '_>, tile: usize, since: Option<&AsOf>) -> (Vec<u8>, Report) {
    let mut said = Report::new(job.all);
    job.world.say_withheld_lines(tile, job.filter, &mut said);
    let named = |lane: Lane| lane.policy == Policy::Public || job.args.lanes.names(lane.policy);
    let mut rows = Vec::new();
    for (key, position, row) in job.world.rows(tile) {
        let code = job.world.withheld(&row, key, job.filter).or_else(|| {
            if named(row.lane) {
                (!is_since(key, since)).then_some("view.earlier")
            } else {
                Some("view.lane")
            }
        });
        match code {
            None => rows.push((key, row)),
            Some(code) => {
                let text = || (Some(row.id.to_owned()), String::new());
                said.say(Outcome::Withheld, code, position, row.lane.is_shared(), text);
            }
        }
    }
    let mut tape = Tape::new();
    let mut events: Vec<(Key<'_>, Vec<u8>)> = rows
        .into_iter()
        .filter_map(|(key, row)| {
            let arena = bumpalo::Bump::new();
            let Ok(Line::Event(event)) = Reader::new(&arena, job.world.defaults()).read_bytes(row.line)
            else {
                return None;
            };
            let mut line = Vec::with_capacity(row.line.len() + 1);
            event.write_canonical(&mut tape, &mut line);
            line.push(b'\n');
            Some((key, line))
        })
        .collect();
    // Events of one name and time are told apart by their bytes, so that the order is the same everywhere.
    events.sort_unstable();
    (events.into_iter().flat_map(|(_, line)| line).collect(), said)
}

/// Whether a key is not before `--since`: a time takes what takes effect from it on, an event what is greater.
fn is_since(key: Key<'_>, since: Option<&AsOf>) -> bool {
    match since {
        None => true,
        Some(AsOf::Time(time)) => key.eff >= *time,
        Some(cut) => cut.is_before(key),
    }
}
