//! tell why something is as it is: what set it, what overruled it, what it led to

mod answer;
mod ask;
mod ground;
mod lines;
mod shown;
mod told;
mod tree;

use answer::{Answer, Limits, Telling};
use bumpalo::Bump;
use clap::{Parser, ValueEnum};
use ground::Ground;
use shown::Shown;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use told::{Stream, Told};
use ulp_cli::project::{self, DefaultLanes};
use ulp_cli::{
    Failure, Files, Jobs, Kinds, Lanes, Layers, Log, Output, OutputArgs, ScopeArgs, Select, Status,
    StoreArgs, Witness, missing, stored,
};
use ulp_core::event::Defaults;
use ulp_core::hash::Blake3;
use ulp_core::id::Lane;
use ulp_core::report::{Diagnostic, Outcome, Report};
use ulp_core::world::{Arenas, Filter, World};
use ulp_store::Store;
use ulp_store::origins::{Origins, Trouble};

/// tell why something is as it is: what set it, what overruled it, what it led to
#[derive(Parser)]
#[command(name = "ulp-why", version)]
struct Args {
    /// An event_id, a node_id, an order key, the identifier of a CAP message, NODE@KEY of a map, or ACTOR/SENSOR
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    stored: StoreArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// What to write [default: tree on a terminal, else jsonl]
    #[arg(short, long, value_enum)]
    format: Option<Format>,
    /// Tell of causes and consequences up to so many steps away
    #[arg(long, value_name = "N", default_value_t = 8)]
    depth: u32,
    /// Tell of at most so many events of each role
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    lanes: Lanes,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    jobs: Jobs,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON lines: an event a line
    Jsonl,
    /// A tree for people
    Tree,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    args.jobs.run(|| match &args.stored.store {
        None => of_stream(&args, log),
        Some(dir) => of_store(&args, dir, log),
    })?
}

impl Args {
    fn seen(&self) -> [bool; Lane::COUNT] {
        project::filter(&self.lanes, &Layers::default(), &Kinds::default(), DefaultLanes::Shared).lanes
    }

    fn limits(&self) -> Limits {
        Limits { depth: self.depth, most: usize::try_from(self.limit).unwrap_or(usize::MAX) }
    }

    fn writes_tree(&self) -> bool {
        let is_seen = self.output.output.is_none() && Output::is_terminal();
        self.format.unwrap_or(if is_seen { Format::Tree } else { Format::Jsonl }) == Format::Tree
    }
}

/// What became of a question.
struct Said {
    text: Vec<u8>,
    is_known: bool,
    more: bool,
}

fn of_stream(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let input = log.input(&args.files)?;
    let (scope, filter) = (project::scope(&args.scope)?, Filter::default());
    let select = |space: &str, tile| project::not_selected(&args.select, space, tile);
    let mut arenas = Arenas::new(Arenas::STREAM);
    let (world, report) = project::read(&input, &mut arenas, &scope, &filter, &select, log)?;
    let tally = log.tally().clone();
    missing::in_stream(&args.select, project::places_of(&world, &filter), &tally, log)?;
    if log.is_strict() && report.tally.rejected > 0 {
        log.say(report)?;
        return Err(Failure::Strict);
    }
    log.say(report)?;
    withhold_states(&world, log)?;
    let told = Told::Stream(Stream::new(&world));
    let answer = answer(args, &told, world.defaults(), input.names());
    let answer = answer.map_err(|trouble| failed(trouble, log))?;
    end(args, &answer, &mut out, log)?;
    let input = Some(input.digest()?);
    log.finish(Some(out), &Witness { input, scope: scope.digest(), ..Witness::default() })
}

/// Withholds the state lines: they tell what has come about, and nothing of why.
fn withhold_states(world: &World<'_>, log: &mut Log) -> Result<(), Failure> {
    for place in 0..world.len() {
        for (position, line) in world.placed_state_lines(place) {
            log.record(&Diagnostic {
                position: Some(position),
                outcome: Outcome::Withheld,
                code: "why.history".into(),
                shared: line.lane.is_shared(),
                event_id: None,
                detail: "a state line tells of no event".to_owned(),
            })?;
        }
    }
    Ok(())
}

fn of_store(args: &Args, dir: &Path, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let store = Store::open(dir, args.stored.trust)?;
    let seen = args.seen();
    missing::in_store(&args.select, &store, |lane| seen[lane.index()], log)?;
    let (answer, manifests) = match ask_store(args, &store, log)? {
        Some(told) => told,
        // The index was damaged, and is made anew: once.
        None => {
            Origins::forget(&store);
            let damaged =
                || Failure::Corrupt("an event is not where the store says; see ulp-store check".into());
            ask_store(args, &store, log)?.ok_or_else(damaged)?
        }
    };
    end(args, &answer, &mut out, log)?;
    let input = Some(Blake3::of(manifests.as_bytes()));
    log.finish(Some(out), &Witness { input, ..Witness::default() })
}

/// Asks a store; nothing where its index is damaged.
fn ask_store(args: &Args, store: &Store, log: &mut Log) -> Result<Option<(Said, String)>, Failure> {
    let origins = Origins::open(store)?;
    let (told, defaults) = (Told::Store(&origins), Defaults::default());
    match answer(args, &told, &defaults, &[]) {
        Ok(answer) => {
            stored::note_damage(log, &origins.absent, &origins.damage)?;
            let mut report = Report::new(log.writes_all());
            report.tally.private = origins.has_private();
            log.say(report)?;
            Ok(Some((answer, origins.manifests.clone())))
        }
        Err(Trouble::Damaged) => Ok(None),
        Err(trouble) => Err(failed(trouble, log)),
    }
}

fn failed(trouble: Trouble, log: &mut Log) -> Failure {
    match trouble {
        Trouble::Store(error) => error.into(),
        Trouble::Damaged => Failure::Corrupt("an event is not where it was read".into()),
        Trouble::Lost(damage) => {
            let said = stored::note_damage(log, &[], std::slice::from_ref(&damage));
            said.err().unwrap_or_else(|| Failure::Corrupt(stored::describe(&damage)))
        }
    }
}

/// What there is to tell.
fn answer(
    args: &Args,
    told: &Told<'_, '_>,
    defaults: &Defaults,
    sources: &[String],
) -> Result<Said, Trouble> {
    let arena = Bump::new();
    let ground = Ground::new(told, &arena, defaults, args.seen(), &args.select);
    let shown = Shown::new(&ground);
    let asked = ask::interpret(&ground, arena.alloc_str(&args.id))?;
    let (answers, limits) = (Vec::new(), args.limits());
    let mut telling = Telling { ground: &ground, shown: &shown, limits, answers, more: false };
    asked.iter().try_for_each(|asked| telling.tell(asked))?;
    let Telling { answers, more, .. } = telling;
    Ok(Said { text: text(args, &answers, sources), is_known: !answers.is_empty(), more })
}

fn text(args: &Args, answers: &[Answer<'_>], sources: &[String]) -> Vec<u8> {
    if args.writes_tree() {
        let mut out = String::new();
        tree::write(answers, sources, &mut out);
        return out.into_bytes();
    }
    let mut out = Vec::new();
    answers.iter().for_each(|answer| lines::write(answer, sources, &mut out));
    out
}

/// Writes the answer; that there is none is noted, with status 1.
fn end(args: &Args, told: &Said, out: &mut Output, log: &mut Log) -> Result<(), Failure> {
    out.write_all(&told.text)?;
    let say = |code: &'static str, detail: String| Diagnostic {
        position: None,
        outcome: Outcome::Noted,
        code: code.into(),
        // The name is the asker's own.
        shared: true,
        event_id: None,
        detail,
    };
    if told.more {
        let hint = "there are more events than are told; see --depth and --limit";
        log.warn(&say("why.more", hint.to_owned()))?;
    }
    if told.is_known {
        return Ok(());
    }
    log.fail(Status::Refused, &say("why.unknown", format!("{}: nothing bears this id", args.id)))
}
