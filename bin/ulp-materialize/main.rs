//! derive the current state from events and state lines, or from a store

mod blame;
mod events;
mod snapshot;
mod stored;

use clap::{ArgGroup, Parser};
use std::io::Write as _;
use std::process::ExitCode;
use ulp_cli::project::{self, DefaultLanes};
use ulp_cli::{self, At, Failure, Files, Jobs, Kinds, Lanes, Layers, Log, Output, OutputArgs, Select, Since};
use ulp_cli::{ScopeArgs, Status, StoreArgs, Witness, missing};
use ulp_core::hash::Blake3;
use ulp_core::parallel::{Spare, in_order};
use ulp_core::report::{Diagnostic, Outcome, Report};
use ulp_core::root::{self, Roots};
use ulp_core::world::{Arenas, Filter, World};
use ulp_view::{join, print};

/// derive the current state from events and state lines, or from a store
#[derive(Parser)]
#[command(name = "ulp-materialize", version)]
#[command(group(ArgGroup::new("what").args(["view", "root", "blame", "events", "snapshot"])))]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    /// Write what is visible, a node a line, instead of the state
    #[arg(long)]
    view: bool,
    /// Write the lines that the roots hash: tiles with their roots, then spaces with theirs
    #[arg(long)]
    root: bool,
    /// Write which events set the registers of NODE, or deleted it
    #[arg(long, value_name = "NODE")]
    blame: Option<String>,
    /// Write the events instead, whole and canonical, tile by tile in their order
    #[arg(long)]
    events: bool,
    /// Keep new snapshots in the store, and write a line a snapshot instead of the state
    #[arg(long, requires = "store")]
    snapshot: bool,
    #[command(flatten)]
    stored: StoreArgs,
    /// Go on without what is damaged; the status is 3 all the same
    #[arg(long, requires = "store")]
    partial: bool,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    layers: Layers,
    #[command(flatten)]
    lanes: Lanes,
    #[command(flatten)]
    kinds: Kinds,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    since: Since,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    jobs: Jobs,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if args.since.since.is_some() && !args.events {
        return Err(Failure::usage("--since", "it goes with --events"));
    }
    args.jobs.run(|| materialize(&args, log))?
}

fn materialize(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let out = Output::open(&args.output)?;
    if let Some(dir) = &args.stored.store {
        return stored::run(args, dir, out, log);
    }
    let mut out = out;
    let input = log.input(&args.files)?;
    let unless = if args.view { DefaultLanes::Shared } else { DefaultLanes::All };
    let mut filter = project::filter(&args.lanes, &args.layers, &args.kinds, unless);
    let scope = project::scope(&args.scope)?;
    let select = |space: &str, tile| project::not_selected(&args.select, space, tile);
    let mut arenas = Arenas::new(Arenas::STREAM);
    let all = log.writes_all();
    let reading = filter.clone();
    let (world, mut report) = project::read(&input, &mut arenas, &scope, &reading, &select, log)?;
    let tally = log.tally().clone();
    missing::in_stream(&args.select, project::places_of(&world, &filter), &tally, log)?;
    filter.at = project::cut(args.at.at.as_ref(), &world, &filter)?;
    let job = Job { args, world: &world, filter: &filter, all };
    let mut known = true;
    let roots = if args.events {
        events::write(&job, &mut out, &mut report)?;
        None
    } else if args.view || args.blame.is_some() {
        let (roots, found) = job.write_joined(&mut out, &mut report)?;
        known = found;
        Some(roots)
    } else {
        Some(job.write_state(&mut out, &mut report)?)
    };
    log.say(report)?;
    say_unknown(args, known, log)?;
    let root = roots.map(|roots| roots.root(false));
    log.finish(
        Some(out),
        &Witness { input: Some(input.digest()?), root, scope: scope.digest(), ..Witness::default() },
    )
}

/// Says that the node of `--blame` is not known, if it is not: there is nothing to show.
fn say_unknown(args: &Args, known: bool, log: &mut Log) -> Result<(), Failure> {
    let Some(node) = args.blame.as_ref().filter(|_| !known) else { return Ok(()) };
    let said = Diagnostic {
        position: None,
        outcome: Outcome::Noted,
        code: "view.unknown_node".into(),
        // The name is the asker's own.
        shared: true,
        event_id: None,
        detail: format!("{node}: no lane of the view knows it"),
    };
    log.fail(Status::Refused, &said)
}

/// What was asked for, and the world to answer from.
struct Job<'j, 'a> {
    args: &'j Args,
    world: &'j World<'a>,
    filter: &'j Filter,
    all: bool,
}

impl<'a> Job<'_, 'a> {
    /// The state lines of each tile in order, or with `--root` the lines that the roots hash.
    fn write_state(&self, out: &mut Output, report: &mut Report) -> Result<Roots, Failure> {
        let mut roots = Roots::default();
        let mut n = 0;
        let spare: Spare<Vec<u8>> = Spare::default();
        let work = |i: usize| {
            let arena = bumpalo::Bump::new();
            let derived = self.world.derive(i, self.filter, &arena, self.all);
            let mut lines = spare.take();
            let root = root::write_tile(&derived, &mut lines);
            (lines, root, derived.report)
        };
        in_order(
            &self.world.in_turn(),
            work,
            |(mut lines, root, said): (Vec<u8>, Option<Blake3>, Report)| {
                let (space, tile) = self.world.place(n);
                n += 1;
                report.join(said);
                if let Some(root) = root {
                    roots.push(space, tile, root);
                }
                if !self.args.root {
                    out.write_all(&lines)?;
                }
                lines.clear();
                spare.give_back(lines);
                Ok::<(), Failure>(())
            },
        )?;
        if self.args.root {
            let (tiles, spaces) = roots.lines();
            out.write_all(&tiles)?;
            out.write_all(&spaces)?;
        }
        Ok(roots)
    }

    /// What needs all tiles of a space at once: the view, and the blame of a node. Answers whether there is such a
    /// node.
    fn write_joined(&self, out: &mut Output, report: &mut Report) -> Result<(Roots, bool), Failure> {
        let mut arenas = project::view_arenas(self.world);
        let (tiles, roots, said) = project::derive(self.world, self.filter, &mut arenas, self.all);
        report.join(said);
        let (mut lines, mut known) = (Vec::new(), true);
        match &self.args.blame {
            Some(node) => known = blame::write(self, tiles, node, &mut lines),
            None => {
                for space in join::join(tiles, self.filter, |tile| self.args.select.tile(tile)) {
                    for (name, node) in space.nodes.iter().filter(|(_, n)| n.visible) {
                        print::write_node(space.space, name, node, &mut lines);
                    }
                    for (code, _) in &space.anomalies {
                        report.tally.note(*code, 1);
                    }
                }
            }
        }
        out.write_all(&lines)?;
        Ok((roots, known))
    }
}
