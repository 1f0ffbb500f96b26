//! let bodies fall, and write it down

mod body;
mod check;
mod clock;
mod crowd;
mod deeds;
mod engine;
mod fields;
mod forward;
mod made;
mod rest;
mod scene;
mod solid;
mod step;
mod window;

use bumpalo::Bump;
use check::Verdict;
use clap::Parser;
use deeds::Deeds;
use std::io::Write as _;
use std::process::ExitCode;
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, Log, Output, Status};
use ulp_core::id::{Key, Lane, Time};
use ulp_core::report::{Diagnostic, Outcome};
use ulp_core::world::{AsOf, Filter};
use ulp_view::View;

/// let bodies fall, and write it down
#[derive(Parser)]
#[command(name = "projector-physics", version)]
struct Args {
    #[command(flatten)]
    projection: Projection,
    /// Go on to the last whole window that ends by TIME [default: the end of the trace]
    #[arg(long, value_name = "TIME", value_parser = ulp_cli::time)]
    until: Option<Time>,
    /// Compute every step of the trace again, and say of each whether it holds
    #[arg(long)]
    check: bool,
    /// Pass over the steps of the trace, and compute all anew: for a view, not for a store
    #[arg(long, conflicts_with = "check")]
    fresh: bool,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    project::project(&args.projection, Needs::History, log, |view, out, log| {
        let arena = Bump::new();
        let histories = view.histories(&arena);
        let spaces: Vec<Deeds<'_>> =
            histories.iter().map(|history| Deeds::of(history, !args.fresh)).collect();
        if args.check {
            check(&args, view, &spaces, out, log)
        } else {
            forward(&args, view, &spaces, out, log)
        }
    })
}

fn forward(
    args: &Args,
    view: &View<'_, '_>,
    spaces: &[Deeds<'_>],
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let until = args.until.unwrap_or_else(|| end(view));
    for deeds in spaces {
        let arena = Bump::new();
        let said = forward::forward(deeds, until, view.takes_tile, &arena, |line| {
            out.write_all(line).map_err(Failure::from)
        })?;
        for (node, why) in said.refused {
            project::note(view, "physics.no_shape", format!("{node}: {why}"), log)?;
        }
        for (tile, count) in said.too_many {
            let detail = format!("{}/{tile}: {count} bodies", deeds.space);
            fail(view, "physics.too_many", None, detail, log)?;
        }
    }
    Ok(())
}

fn check(
    args: &Args,
    view: &View<'_, '_>,
    spaces: &[Deeds<'_>],
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    for deeds in spaces {
        check::check(deeds, args.until, view.world.defaults(), view.takes_tile, |finding| {
            out.write_all(&finding.line)?;
            match finding.verdict {
                Verdict::Differs => fail(view, "physics.differs", Some(finding.event), String::new(), log),
                _ => Ok(()),
            }
        })?;
    }
    Ok(())
}

/// Notes what ends in status 1. Of lanes that are not for everyone the log names nothing.
fn fail(
    view: &View<'_, '_>,
    code: &'static str,
    event_id: Option<String>,
    detail: String,
    log: &mut Log,
) -> Result<(), Failure> {
    let (code, shared) = (code.into(), is_shared(view.filter));
    let said = Diagnostic { position: None, outcome: Outcome::Noted, code, shared, event_id, detail };
    log.fail(Status::Refused, &said)
}

fn is_shared(filter: &Filter) -> bool {
    Lane::all().all(|lane| lane.is_shared() || !filter.lanes[lane.index()])
}

/// The greatest effective time of what is looked at; the beginning of 1970 where that is nothing.
fn end(view: &View<'_, '_>) -> Time {
    if let Some(AsOf::Time(time) | AsOf::Key { eff: time, .. }) = &view.filter.at {
        return *time;
    }
    let (world, filter) = (view.world, view.filter);
    let of = |place| {
        let rows = world.rows(place).filter(|(key, _, row)| world.withheld(row, *key, filter).is_none());
        let mut greatest = rows.map(|(key, _, _)| key.eff).max();
        for line in world.state_lines(place).filter(|line| world.takes_line(line, filter)) {
            line.body.keys(|key: Key<'_>| greatest = greatest.max(Some(key.eff)));
        }
        greatest
    };
    (0..world.len()).filter_map(of).max().unwrap_or(Time(0))
}
