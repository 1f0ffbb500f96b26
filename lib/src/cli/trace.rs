//! A trace read by a tool: from its operands into a [`World`], with everything there is to say put into the log.

use super::{Action, At, Failure, Files, Input, Jobs, Kinds, Lanes, Layers, Log, Output, OutputArgs, Record};
use super::{ScopeArgs, Select, Status, When, Witness};
use crate::id::{Lane, Tile};
use crate::kind::Kind;
use crate::root::{self, Roots};
use crate::scope::Scope;
use crate::view::{self, Space};
use crate::world::{Arenas, Cut, Derived, Fate, Filter, Gatherer, Remarks, World};
use bumpalo::Bump;
use rayon::prelude::*;
use std::path::PathBuf;

/// Whether lanes that are not for everyone are taken in where no option names a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unless {
    /// Every lane: what the owner of a store sees.
    All,
    /// Shared lanes alone: what a view shows.
    Shared,
}

/// What a tool takes in, from its options.
pub fn filter(lanes: &Lanes, layers: &Layers, kinds: &Kinds, unless: Unless) -> Filter {
    let takes = |lane: Lane| match unless {
        Unless::All => lanes.all_unless_told(lane),
        Unless::Shared => lanes.shared_unless_told(lane),
    };
    Filter {
        lanes: std::array::from_fn(|i| takes(Lane::from_index(i))),
        layers: layers.layer.clone(),
        authorities: kinds.authority.clone(),
        boundaries: kinds.boundary.clone(),
        at: None,
    }
}

/// The code under which a space or tile that was not chosen is withheld.
pub fn not_selected(select: &Select, space: &str, tile: Tile) -> Option<&'static str> {
    if !select.space(space) {
        Some("view.space")
    } else if !select.tile(tile) {
        Some("view.tile")
    } else {
        None
    }
}

/// The rules that lines from stdin are held to.
///
/// # Errors
/// A dotfile that is not understood is wrong usage.
pub fn scope(args: &ScopeArgs) -> Result<Scope, Failure> {
    let mut scope = match &args.scope {
        None => Scope::default(),
        Some(dir) => Scope::discover(dir).map_err(|e| Failure::of(e.kind(), e))?,
    };
    if args.verify {
        scope.verify_all();
    }
    Ok(scope)
}

/// Reads all operands into an ordered world, on the threads of the current pool. What is refused, doubled or odd is
/// in the remarks, for [`say`].
///
/// # Errors
/// Where the input cannot be read, or is larger than the arenas hold.
pub fn read<'a>(
    input: &'a Input,
    arenas: &'a mut Arenas,
    scope: &'a Scope,
    filter: &'a Filter,
    select: &'a (dyn Fn(&str, Tile) -> Option<&'static str> + Sync),
    all: bool,
) -> Result<(World<'a>, Remarks), Failure> {
    let gatherer = Gatherer::new(arenas, scope, filter, select).at_the_door();
    let batches = input.map_once(|chunk, text| {
        let mut lines = chunk.lines_of(text);
        // A line's place in the text is its place in the chunk.
        let stays = |line: &[u8]| {
            let start = line.as_ptr().addr() - text.as_ptr().addr();
            &chunk.bytes[start..start + line.len()]
        };
        let both = |line| (line, stays(line));
        let numbered = lines.by_ref().map(|(number, line)| (narrow(number), line.map(both)));
        let mut batch = gatherer.batch(chunk.source, numbered)?;
        batch.set_lines(narrow(lines.number()));
        Ok(batch)
    })?;
    let batches: Result<Vec<_>, crate::world::TooLarge> = batches.into_iter().collect();
    let batches = batches.map_err(|e| Failure::of(Kind::System, e))?;
    let mut world = World::new(batches, scope.defaults());
    let mut remarks = world.remarks(all);
    remarks.join(world.order(all));
    Ok((world, remarks))
}

/// A line's number within its chunk; a chunk holds at most 64 MiB.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What `--at` asks for, once the keys of the world are known.
///
/// # Errors
/// A name that no event of the view bears is wrong usage.
pub fn cut(at: Option<&When>, world: &World<'_>, filter: &Filter) -> Result<Option<Cut>, Failure> {
    match at {
        None => Ok(None),
        Some(When::Time(time)) => Ok(Some(Cut::Time(*time))),
        Some(When::Event(name)) => match world.greatest_key(name, filter) {
            Some(key) => Ok(Some(key)),
            None => Err(Failure::usage(format!("--at id:{name}"), "no event of this name is in the view")),
        },
    }
}

/// Writes what there is to say into the log, in the order of the lines, and counts it.
///
/// # Errors
/// Under `--strict` the first rejection is a failure.
pub fn say(log: &mut Log, mut remarks: Remarks) -> Result<(), Failure> {
    remarks.list.sort();
    let list = std::mem::take(&mut remarks.list);
    for remark in list {
        let record = Record {
            action: match remark.fate {
                Fate::Rejected => Action::Rejected,
                Fate::Withheld => Action::Withheld,
                Fate::Duplicate => Action::Duplicate,
                Fate::Noted => Action::Noted,
            },
            code: remark.code,
            place: Some((remark.site.source, remark.site.line)),
            shared: remark.shared,
            event_id: remark.event_id,
            detail: remark.detail,
        };
        log.write_counted(&record)?;
        if log.is_strict() && remark.fate == Fate::Rejected {
            return Err(Failure::Strict);
        }
    }
    let tally = log.tally_mut();
    tally.rejected += remarks.rejected;
    tally.withheld += remarks.withheld;
    tally.duplicate += remarks.duplicate;
    tally.applied += remarks.read.saturating_sub(remarks.rejected + remarks.withheld + remarks.duplicate);
    tally.private |= remarks.private;
    for (code, count) in remarks.codes {
        *tally.codes.entry(code).or_default() += count;
    }
    Ok(())
}

/// What every projector can be told.
#[derive(clap::Args, Clone, Debug)]
pub struct Projection {
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub layers: Layers,
    #[command(flatten)]
    pub lanes: Lanes,
    #[command(flatten)]
    pub kinds: Kinds,
    #[command(flatten)]
    pub at: At,
    /// Embed media blobs from DIR, named by their SHA-256, once their hash holds
    #[arg(long, value_name = "DIR")]
    pub objects: Option<PathBuf>,
    /// Write beside each value the key of the event that set it
    #[arg(long)]
    pub provenance: bool,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub jobs: Jobs,
}

/// What a projector projects: the world as it was read, and what may be seen of it.
pub struct View<'v, 'a> {
    pub world: &'v World<'a>,
    pub filter: &'v Filter,
    /// In order.
    pub spaces: Vec<Space<'a>>,
}

/// Reads a trace, joins what may be seen of it, lets `write` write it, and ends with the witness line.
///
/// # Errors
/// What [`read`], [`cut`] and `write` answer; under `--strict` the first rejection.
pub fn project(
    args: &Projection,
    log: &mut Log,
    write: impl FnOnce(&View<'_, '_>, &mut Output, &mut Log) -> Result<(), Failure> + Send,
) -> Result<Status, Failure> {
    args.jobs.run(|| project_here(args, log, write))?
}

/// [`project`] on the threads of the current pool.
fn project_here(
    args: &Projection,
    log: &mut Log,
    write: impl FnOnce(&View<'_, '_>, &mut Output, &mut Log) -> Result<(), Failure>,
) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let input = log.input(&args.files)?;
    let mut filter = filter(&args.lanes, &args.layers, &args.kinds, Unless::Shared);
    let scope = scope(&args.scope)?;
    let select = |space: &str, tile| not_selected(&args.select, space, tile);
    let mut arenas = Arenas::new(Arenas::STREAM);
    let all = log.writes_all();
    let reading = filter.clone();
    let (world, mut remarks) = read(&input, &mut arenas, &scope, &reading, &select, all)?;
    if log.is_strict() && remarks.rejected > 0 {
        say(log, remarks)?;
        return Err(Failure::Strict);
    }
    filter.at = cut(args.at.at.as_ref(), &world, &filter)?;
    let mut arenas = view_arenas(&world);
    let (spaces, roots, said) = view(&world, &filter, |tile| args.select.tile(tile), &mut arenas, all);
    remarks.join(said);
    say(log, remarks)?;
    write(&View { world: &world, filter: &filter, spaces }, &mut out, log)?;
    let root = Some(roots.root(false));
    log.finish(
        Some(out),
        &Witness { input: Some(input.digest()?), root, scope: scope.digest(), ..Witness::default() },
    )
}

/// The arenas that a [`view`] of a world needs.
pub fn view_arenas(world: &World<'_>) -> Vec<Bump> {
    (0..=world.len()).map(|_| Bump::new()).collect()
}

/// Derives every tile, on the threads of the current pool, and joins what `filter` may see of them; with the roots
/// of the tiles, and what there is to say.
pub fn view<'a>(
    world: &World<'a>,
    filter: &Filter,
    takes_tile: impl Fn(Tile) -> bool,
    arenas: &'a mut [Bump],
    all: bool,
) -> (Vec<Space<'a>>, Roots, Remarks) {
    let (tiles, roots, mut remarks, arena) = derive(world, filter, arenas, all);
    let spaces = view::join(tiles, filter, takes_tile, arena);
    for (code, _) in spaces.iter().flat_map(|s| &s.oddities) {
        *remarks.codes.entry(code).or_default() += 1;
    }
    (spaces, roots, remarks)
}

/// Every tile derived, with its root; and the arena that is left for joining them.
pub fn derive<'a>(
    world: &World<'a>,
    filter: &Filter,
    arenas: &'a mut [Bump],
    all: bool,
) -> (Vec<Derived<'a>>, Roots, Remarks, &'a Bump) {
    let (last, arenas) = arenas.split_last_mut().expect("view_arenas gives one more than there are tiles");
    let parts: Vec<_> = arenas
        .par_iter_mut()
        .enumerate()
        .map(|(i, arena)| {
            let derived = world.derive(i, filter, arena, all);
            let root = root::write_tile(&derived, &mut Vec::new());
            (derived, root)
        })
        .collect();
    let (mut roots, mut remarks) = (Roots::default(), Remarks::new(all));
    let mut tiles = Vec::with_capacity(parts.len());
    for (mut derived, root) in parts {
        if let Some(root) = root {
            roots.push(derived.space, derived.tile, root);
        }
        remarks.join(std::mem::take(&mut derived.remarks));
        tiles.push(derived);
    }
    (tiles, roots, remarks, last)
}
