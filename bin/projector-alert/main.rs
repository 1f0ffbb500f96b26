//! turn alert nodes into CAP messages

mod area;
mod cap;
mod cast;
mod causes;
mod consent;
mod folder;
mod history;
mod identity;
mod info;
mod lore;
mod message;
mod records;
mod rings;
mod times;
mod told;
mod trie;
mod walk;
mod words;

use bumpalo::Bump;
use clap::{Parser, ValueEnum};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use told::Told;
use ulp_cli::follow;
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, Log, OriginArgs, Output, Status};
use ulp_core::id::Time;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_core::world::AsOf;
use ulp_view::View;
use ulp_view::join::Space;
use ulp_view::record::Record;
use ulp_view::scene::Settings;
use walk::{Alerts, Ground, NoOrigin};

/// turn alert nodes into CAP messages
#[derive(Parser)]
#[command(name = "projector-alert", version)]
struct Args {
    #[command(flatten)]
    projection: Projection,
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// Write the newest message of this alert alone
    #[arg(long, value_name = "ID")]
    node: Option<String>,
    /// Leave out what is cancelled, replaced by an update, or expired at --at [default: the end of the trace]
    #[arg(long)]
    current: bool,
    #[command(flatten)]
    origin: OriginArgs,
    /// Write messages as the trace grows, each in place of the one with its identifier
    #[arg(long, conflicts_with_all = ["store", "node", "current"])]
    follow: bool,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON lines: a message a line, in order
    Jsonl,
    /// CAP 1.2: an Atom feed of the messages, the newest first; with --node the one message
    Cap,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(mut args: Args, log: &mut Log) -> Result<Status, Failure> {
    if args.follow {
        if args.format != Format::Jsonl {
            return Err(Failure::usage("--follow", "it goes with -f jsonl"));
        }
        return follow::follow_whole(&args.projection, log, |view| followed(&args, view));
    }
    let folder = args.projection.output.output.clone().filter(|path| folder::is_folder(path));
    if folder.is_some() && args.node.is_some() {
        return Err(Failure::usage("--node", "it writes one message, and -o names a folder"));
    }
    args.projection.output.elsewhere = folder.is_some();
    project::project(&args.projection, Needs::History, log, |view, out, log| {
        write(&args, folder.as_ref(), view, out, log)
    })
}

/// The alerts of all spaces of a view.
fn alerts<'v, 'a>(
    args: &Args,
    view: &'v View<'v, 'a>,
    arena: &'a Bump,
) -> Result<Vec<(&'v Space<'a>, Alerts<'a>)>, Failure> {
    let mut places: BTreeMap<&str, Range<usize>> = BTreeMap::new();
    for place in 0..view.world.len() {
        places.entry(view.world.place(place).0).or_insert(place..place).end = place + 1;
    }
    let of = |space: &'v Space<'a>| {
        let plane = Settings::of_space(space).plane(args.origin.origin);
        let places = places.get(space.space).cloned().unwrap_or_default();
        let ground = Ground { view, space: space.space, places, plane };
        let alerts = walk::alerts(&ground, arena).map_err(|NoOrigin| {
            let hint = "its @space names no origin; say where it lies by --origin LAT,LON";
            Failure::usage(format!("space {}", space.space), hint)
        })?;
        Ok((space, alerts))
    };
    view.spaces.iter().map(of).collect()
}

fn followed(args: &Args, view: &View<'_, '_>) -> Result<Vec<Record>, Failure> {
    let arena = Bump::new();
    let alerts = alerts(args, view, &arena)?;
    let record = |told: &Told<'_>| records::record(told, args.projection.provenance);
    let consented = consent::consented(view, &arena);
    Ok(told::tell(&alerts, consented.as_ref()).iter().map(record).collect())
}

fn write(
    args: &Args,
    folder: Option<&PathBuf>,
    view: &View<'_, '_>,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let arena = Bump::new();
    let alerts = alerts(args, view, &arena)?;
    let consented = consent::consented(view, &arena);
    let mut messages = told::tell(&alerts, consented.as_ref());
    note(&alerts, &messages, view, log)?;
    if args.current {
        told::leave_current(&mut messages, times::second(now(view)));
    }
    if let Some(folder) = folder {
        return folder::write(folder, &messages, out);
    }
    if let Some(node) = &args.node {
        return write_newest(args, node, &messages, out, log);
    }
    match args.format {
        Format::Jsonl => {
            let mut line = Vec::new();
            for told in &messages {
                line.clear();
                records::write(told, args.projection.provenance, &mut line);
                out.write_all(&line)?;
            }
        }
        Format::Cap => cap::feed(&messages, out)?,
    }
    Ok(())
}

/// Writes the newest message of an alert; that there is none is noted, with status 1.
fn write_newest(
    args: &Args,
    node: &str,
    messages: &[Told<'_>],
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let Some(newest) = messages.iter().rev().find(|told| told.message.node == node) else {
        let said = Diagnostic {
            position: None,
            outcome: Outcome::Noted,
            code: "view.unknown_node".into(),
            shared: true,
            event_id: None,
            detail: format!("{node}: no message is of this node"),
        };
        return log.fail(Status::Refused, &said);
    };
    match args.format {
        Format::Jsonl => {
            let mut line = Vec::new();
            records::write(newest, args.projection.provenance, &mut line);
            out.write_all(&line)?;
        }
        Format::Cap => out.write_all(&cap::document(newest)?)?,
    }
    Ok(())
}

/// Says what there is to say of events, of the values in messages, and of state lines.
fn note(
    alerts: &[(&Space<'_>, Alerts<'_>)],
    messages: &[Told<'_>],
    view: &View<'_, '_>,
    log: &mut Log,
) -> Result<(), Failure> {
    for (code, detail) in alerts.iter().flat_map(|(_, alerts)| &alerts.notes) {
        project::note(view, code, detail.clone(), log)?;
    }
    for told in messages {
        let detail = || format!("{}: {}", told.message.node, told.message.key.id);
        (0..told.faults).try_for_each(|_| project::note(view, "cap.value", detail(), log))?;
    }
    history::withhold(view, log)
}

/// The end of what is looked at, which alerts expire at or before.
fn now(view: &View<'_, '_>) -> Time {
    match view.filter.at {
        Some(AsOf::Time(time)) => time,
        Some(AsOf::Key { eff, .. }) => eff,
        None => history::end(view),
    }
}
