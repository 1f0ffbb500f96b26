//! pack lanes into a bag for the stick

mod have;
mod omitted;
mod since;
mod stream;

use clap::{Parser, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use ulp_cli::{
    Failure, Files, Jobs, Lanes, Log, Output, OutputArgs, Select, Since, Status, Witness, missing,
};
use ulp_core::event::Grid;
use ulp_core::hash::Blake3;
use ulp_core::id::{Policy, Realm};
use ulp_store::pack::contents::Contents;
use ulp_store::pack::plan::{self, PackPlan, PackRequest};
use ulp_store::pack::write::{self, Label};
use ulp_store::pack::{MOST_FILE, layout};
use ulp_store::{LaneId, Store};

/// pack lanes into a bag for the stick
#[derive(Parser)]
#[command(name = "tile-pack", version)]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    /// The form of the pack
    #[arg(short, value_name = "FORMAT", default_value = "tar.zst")]
    format: Format,
    /// Pack the store in DIR instead of a stream
    #[arg(long, value_name = "DIR", conflicts_with = "files")]
    store: Option<PathBuf>,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    lanes: Lanes,
    #[command(flatten)]
    since: Since,
    /// Leave out the objects that FILE lists (again for more): a pack's manifest-sha256.txt, what tile-unpack --list wrote,
    /// or adverts of ulp-gossip --objects
    #[arg(long, value_name = "FILE")]
    have: Vec<PathBuf>,
    /// Take snapshots alone, without history
    #[arg(long, value_name = "WHAT", requires = "store")]
    only: Option<Only>,
    /// Take at most SIZE bytes, as 7G: spaces and tiles in the order of the options, the newest segments first
    #[arg(long, value_name = "SIZE", value_parser = ulp_cli::size)]
    budget: Option<u64>,
    /// Write volumes of at most SIZE bytes, each a pack of its own: NAME-1of3.tar.zst and so on
    #[arg(long, value_name = "SIZE", value_parser = ulp_cli::size, requires = "output")]
    volume_size: Option<u64>,
    /// Carry the snapshots of a store that came from elsewhere
    #[arg(long, requires = "store")]
    trust: bool,
    /// Hold what is read to the dotfiles below DIR, which also complete it
    #[arg(long, value_name = "DIR", conflicts_with = "store")]
    scope: Option<PathBuf>,
    #[command(flatten)]
    jobs: Jobs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    #[value(name = "tar.zst")]
    TarZst,
    Tar,
    Dir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    Snapshots,
}

impl Format {
    /// What the name of a file of this form ends with.
    fn suffix(self) -> &'static str {
        match self {
            Format::TarZst => ".tar.zst",
            Format::Tar => ".tar",
            Format::Dir => "",
        }
    }
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    refuse_early(&args)?;
    args.jobs.run(|| pack(&args, log))?
}

/// What is refused before anything is read.
fn refuse_early(args: &Args) -> Result<(), Failure> {
    let to_stdout = args.output.output.is_none();
    if to_stdout && args.format == Format::Dir {
        return Err(Failure::usage("-f dir", "it needs -o"));
    }
    if to_stdout && Output::is_terminal() {
        let stricter = args.lanes.realm.contains(&Realm::Personal)
            || args.lanes.policy.iter().any(|policy| *policy != Policy::Public);
        let what = if stricter { "what is not for everyone" } else { "a pack" };
        return Err(Failure::usage(
            "stdout",
            format!("{what} is not written to a terminal; pipe it, or use -o"),
        ));
    }
    if args.since.since.is_some() && args.store.is_none() {
        return Err(Failure::usage("--since", "it goes with --store"));
    }
    Ok(())
}

/// What a pack is made from.
struct Source<'s> {
    contents: Contents<'s>,
    grid: Option<Grid>,
    /// The digest of what was read, and of the dotfiles.
    input: Blake3,
    scope: Option<Blake3>,
}

fn pack(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    // Opened first: an output that cannot be written is said before any work is done.
    let single = args.volume_size.is_none() && args.format != Format::Dir;
    let out = if single { Some(Output::open(&args.output)?) } else { None };
    let have = have::read(&args.have)?;
    let store = args.store.as_deref().map(|path| Store::open(path, args.trust)).transpose()?;
    let mut source = match &store {
        Some(store) => from_store(args, store)?,
        None => stream::read(args, log)?,
    };
    note_missing(args, store.as_ref(), &source.contents, log)?;
    let name = args
        .output
        .output
        .as_deref()
        .map_or("world".to_owned(), |path| layout::bag_name(&path.to_string_lossy()));
    let entries = match (&args.since.since, &store) {
        (Some(since), Some(store)) => Some(since::entries(since, store, &source.contents)?),
        _ => None,
    };
    let want = PackRequest {
        have,
        entries,
        only_snapshots: args.only.is_some(),
        budget: args.budget,
        order: order(args, &source.contents),
        volume: args.volume_size.map(|size| size.min(MOST_FILE)),
        file: (!single).then_some(MOST_FILE),
        name: &name,
    };
    let plan = plan::make(&mut source.contents, &want)?;
    omitted::say(log, &source.contents, &plan)?;
    if store.is_some() {
        count(log, &source.contents, &plan);
    }
    let witness = Witness { input: Some(source.input), scope: source.scope, ..Witness::default() };
    write(args, log, &source, &plan, &name, out, &witness)
}

fn note_missing(
    args: &Args,
    store: Option<&Store>,
    contents: &Contents<'_>,
    log: &mut Log,
) -> Result<(), Failure> {
    let Some(store) = store else {
        let taken = contents.lanes.iter().map(|lane| (lane.id.space.as_str(), lane.id.tile));
        let tally = log.tally().clone();
        return missing::in_stream(&args.select, taken, &tally, log);
    };
    missing::in_store(&args.select, store, |lane| args.lanes.shared_unless_told(lane), log)
}

fn from_store<'s>(args: &Args, store: &'s Store) -> Result<Source<'s>, Failure> {
    let wanted = |lane: &LaneId| {
        args.select.space(&lane.space)
            && args.select.tile(lane.tile)
            && args.lanes.shared_unless_told(lane.lane)
    };
    let scope = store.scope()?;
    let contents = Contents::of_store(store, wanted)?;
    let mut input = blake3::Hasher::new();
    for lane in &contents.lanes {
        let manifest = lane.chain.last().map(ulp_store::manifest::Manifest::print).unwrap_or_default();
        input.update(format!("{}\n", Blake3::of(&manifest)).as_bytes());
    }
    let grid = scope.defaults().grid;
    Ok(Source { contents, grid, input: input.finalize().into(), scope: scope.digest() })
}

/// The order in which a budget is spent: that of the options, and within one that of the paths.
fn order(args: &Args, contents: &Contents<'_>) -> Vec<usize> {
    let rank = |lane: &usize| {
        let id = &contents.lanes[*lane].id;
        let space = args.select.space.iter().position(|space| *space == id.space);
        (space, args.select.tile.iter().position(|prefix| prefix.holds(id.tile)))
    };
    let mut order: Vec<usize> = (0..contents.lanes.len()).collect();
    order.sort_by_key(rank);
    order
}

/// Counts the events that are carried, and those that were left out for want of room.
fn count(log: &mut Log, contents: &Contents<'_>, plan: &PackPlan) {
    let tally = log.tally_mut();
    for at in plan.segments.keys() {
        tally.read += contents.entry(*at).events;
    }
    tally.read += tally.withheld + tally.rejected;
    tally.private |= contents.lanes.iter().any(|lane| !lane.id.lane.is_shared());
}

fn write(
    args: &Args,
    log: &mut Log,
    source: &Source<'_>,
    plan: &PackPlan,
    name: &str,
    out: Option<Output>,
    witness: &Witness,
) -> Result<Status, Failure> {
    let label = Label { name: name.to_owned(), grid: source.grid, volume: None, time: source_date()? };
    if let Some(mut out) = out {
        write_tar(args.format, source, plan, 0, &label, &mut out)?;
        return log.finish(Some(out), witness);
    }
    let Some(path) = &args.output.output else { return Err(Failure::usage("-o", "it is missing")) };
    // As a single file, directories and volumes appear where nothing worse than a refusal happened.
    if log.status() > if log.is_strict() { Status::Accepted } else { Status::Refused } {
        return log.finish(None, witness);
    }
    if args.volume_size.is_none() {
        let items = write::items(&source.contents, plan, 0, &label);
        write::directory(&items, &source.contents.objects, path)?;
        return log.finish(None, witness);
    }
    write_volumes(args, source, plan, &label, path)?;
    log.finish(None, witness)
}

fn write_tar(
    format: Format,
    source: &Source<'_>,
    plan: &PackPlan,
    number: usize,
    label: &Label,
    out: &mut Output,
) -> Result<(), Failure> {
    let items = write::items(&source.contents, plan, number, label);
    let objects = &source.contents.objects;
    if format == Format::Tar {
        write::tar(&items, objects, label, out)?;
    } else {
        write::tar_zst(&items, objects, label, out)?;
    }
    Ok(())
}

/// Writes each volume under its own name; they take their names together, once all are whole.
fn write_volumes(
    args: &Args,
    source: &Source<'_>,
    plan: &PackPlan,
    label: &Label,
    path: &Path,
) -> Result<(), Failure> {
    let group = write::group(&source.contents, plan);
    let text = path.to_string_lossy();
    let base = [".tar.zst", ".tar"].iter().find_map(|s| text.strip_suffix(s)).unwrap_or(&text);
    let mut written = Vec::new();
    for number in 0..plan.volumes() {
        let of = format!("-{}of{}", number + 1, plan.volumes());
        let name = format!("{}{of}", label.name);
        let label = Label { name, volume: Some((number, group.clone())), ..label.clone() };
        let path = PathBuf::from(format!("{base}{of}{}", args.format.suffix()));
        if args.format == Format::Dir {
            let items = write::items(&source.contents, plan, number, &label);
            write::directory(&items, &source.contents.objects, &path)?;
            continue;
        }
        let mut out = Output::file(&path)?;
        write_tar(args.format, source, plan, number, &label, &mut out)?;
        out.seal()?;
        written.push(out);
    }
    written.into_iter().try_for_each(Output::commit)
}

/// SOURCE_DATE_EPOCH, which sets the times inside packs; else 0.
fn source_date() -> Result<u64, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(0),
        Ok(text) => text.parse().map_err(|_| Failure::usage("SOURCE_DATE_EPOCH", "not a number of seconds")),
    }
}
