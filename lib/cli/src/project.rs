//! A trace read by a tool: from its operands into a [`World`], with everything there is to say put into the log.

use super::failure::SEE_CHECK;
use super::{At, Chunk, Failure, Files, Input, Jobs, Kinds, Lanes, Layers, Log, Output, OutputArgs};
use super::{ScopeArgs, Select, Status, StoreArgs, When, Witness, missing, room_for, stored};
use bumpalo::Bump;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Tile};
use ulp_core::kind::Kind;
use ulp_core::report::{Diagnostic, Outcome, Report};
use ulp_core::root::{self, Roots};
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, AsOf, Batch, Derived, Filter, Gatherer, Part, TooLarge, World};
use ulp_store::Store;
use ulp_store::blobs::Blobs;
use ulp_store::read::{Wanted, manifest_lines};
use ulp_view::View;
use ulp_view::consent::Consent;
use ulp_view::join::{self, Space};
use ulp_view::view::Withheld;

/// Whether lanes that are not for everyone are taken in where no option names a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultLanes {
    /// Every lane: what the owner of a store sees.
    All,
    /// Shared lanes alone: what a view shows.
    Shared,
}

/// What a tool takes in, from its options.
pub fn filter(lanes: &Lanes, layers: &Layers, kinds: &Kinds, unless: DefaultLanes) -> Filter {
    let takes = |lane: Lane| match unless {
        DefaultLanes::All => lanes.all_unless_told(lane),
        DefaultLanes::Shared => lanes.shared_unless_told(lane),
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
/// As [`scope_below`].
pub fn scope(args: &ScopeArgs) -> Result<Scope, Failure> {
    let mut scope = scope_below(args.scope.as_deref())?;
    if args.verify {
        scope.verify_all();
    }
    Ok(scope)
}

/// The rules below a directory that an option names; none without one.
///
/// # Errors
/// A dotfile that is not understood, or is no regular file, is wrong usage.
pub fn scope_below(dir: Option<&Path>) -> Result<Scope, Failure> {
    dir.map_or(Ok(Scope::default()), |dir| Scope::discover(dir).map_err(|e| Failure::of(e.kind(), e)))
}

/// The rules that what comes into a store is held to: its own, to which options may add.
///
/// # Errors
/// As [`scope_below`]; a store's own dotfile that is no regular file is `store.unsafe`.
pub fn scope_of_store(store: &Store, args: &ScopeArgs) -> Result<Scope, Failure> {
    let mut scope = store.scope()?;
    if args.scope.is_some() {
        scope.add(scope_below(args.scope.as_deref())?).map_err(|e| Failure::of(e.kind(), e))?;
    }
    if args.verify {
        scope.verify_all();
    }
    Ok(scope)
}

/// How many bytes are kept of one that is read, at most, and what is worked with besides.
pub(super) const KEPT: usize = 8;
pub(super) const LEAST: usize = 8 << 20;
/// How many bytes an event takes besides while it is ordered and derived.
const ROW: usize = 512;

fn too_large(error: TooLarge) -> Failure {
    Failure::of(Kind::System, error)
}

/// How many parts are joined into a batch.
const PARTS: usize = 16;

/// Reads all operands into an ordered world, on the threads of the current pool. What is refused or odd about the
/// lines themselves goes into the log while they are read, in their order; what the order tells of them is in the
/// report, for [`Log::say`].
///
/// # Errors
/// Where the input cannot be read, or is larger than the arenas hold; under `--strict` the first rejection.
pub fn read<'a>(
    input: &'a Input,
    arenas: &'a mut Arenas,
    scope: &'a Scope,
    filter: &'a Filter,
    select: &'a (dyn Fn(&str, Tile) -> Option<&'static str> + Sync),
    log: &mut Log,
) -> Result<(World<'a>, Report), Failure> {
    let gatherer = Gatherer::new(arenas, scope, filter, select).admit_new();
    let all = log.writes_all();
    let mut batches: Vec<Batch<'a>> = Vec::new();
    let gather = |chunk: Chunk<'a>, text: &[u8]| {
        room_for(KEPT * text.len() + LEAST)?;
        let mut lines = chunk.lines_of(text);
        // A line's place in the text is its place in the chunk.
        let stays = |line: &[u8]| {
            let start = line.as_ptr().addr() - text.as_ptr().addr();
            &chunk.bytes[start..start + line.len()]
        };
        let both = |line| (line, stays(line));
        let numbered = lines.by_ref().map(|(number, line)| (narrow(number), line.map(both)));
        let mut part = gatherer.part(chunk.source, numbered).map_err(too_large)?;
        part.lines().set_lines(narrow(lines.number()));
        let report = part.lines().report(0, all);
        Ok((part, report))
    };
    let mut parts: Vec<Part<'a>> = Vec::new();
    let mut join = |parts: &mut Vec<Part<'a>>| {
        batches.push(gatherer.join(std::mem::take(parts)).map_err(too_large)?);
        Ok::<(), Failure>(())
    };
    input.map_once(gather, |done: Result<(Part<'a>, Report), Failure>| {
        let (mut part, report) = done?;
        let source = part.lines().source();
        log.feed(report, source, part.lines().lines())?;
        if parts.last_mut().is_some_and(|last| last.lines().source() != source) || parts.len() == PARTS {
            join(&mut parts)?;
        }
        parts.push(part);
        Ok(())
    })?;
    join(&mut parts)?;
    let rows: usize = batches.iter().map(Batch::rows).sum();
    room_for(ROW * rows)?;
    let mut world = World::new(batches, scope.defaults());
    let report = world.order(all);
    Ok((world, report))
}

/// A line's number within its chunk; a chunk holds at most 64 MiB.
pub(super) fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What `--at` asks for, once the keys of the world are known.
///
/// # Errors
/// A name that no event of the view bears is wrong usage.
pub fn cut(at: Option<&When>, world: &World<'_>, filter: &Filter) -> Result<Option<AsOf>, Failure> {
    cut_behind(at, |name| world.greatest_key(name, filter))
}

/// The same, where `greatest` gives the greatest key of a name.
pub(super) fn cut_behind(
    at: Option<&When>,
    greatest: impl Fn(&str) -> Option<AsOf>,
) -> Result<Option<AsOf>, Failure> {
    match at {
        None => Ok(None),
        Some(When::Time(time)) => Ok(Some(AsOf::Time(*time))),
        Some(When::Event(name)) => match greatest(name) {
            Some(key) => Ok(Some(key)),
            None => Err(Failure::usage(format!("--at id:{name}"), "no event of this name is in the view")),
        },
    }
}

/// What every projector can be told.
#[derive(clap::Args, Clone, Debug)]
pub struct Projection {
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub stored: StoreArgs,
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

impl Projection {
    /// The options that choose what is seen, but for the time, as a command line has them.
    pub fn chosen(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut say = |option: &str, values: Vec<String>| {
            words.extend(values.into_iter().flat_map(|value| [option.to_owned(), value]));
        };
        say("--space", self.select.space.clone());
        say("--tile", self.select.tile.iter().map(ToString::to_string).collect());
        say("--layer", self.layers.layer.clone());
        say("--realm", self.lanes.realm.iter().map(|realm| realm.as_str().to_owned()).collect());
        say("--policy", self.lanes.policy.iter().map(|policy| policy.as_str().to_owned()).collect());
        say("--authority", self.kinds.authority.iter().map(|a| a.as_str().to_owned()).collect());
        say("--boundary", self.kinds.boundary.iter().map(|b| b.as_str().to_owned()).collect());
        words
    }
}

/// What of a store a view is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// What has come about: snapshots tell it too.
    State,
    /// How it came about: the events.
    History,
    /// The same, for a mix of sounds, of which no part can be told: what may be heard in one is there.
    Mix,
}

/// Notes in the log what a format could not show. Of lanes that are not for everyone the log names nothing.
///
/// # Errors
/// What the log answers.
pub fn note(view: &View<'_, '_>, code: &'static str, detail: String, log: &mut Log) -> Result<(), Failure> {
    note_in(view.filter, code, detail, log)
}

/// The same of a view that takes in what `filter` does.
///
/// # Errors
/// What the log answers.
pub fn note_in(filter: &Filter, code: &'static str, detail: String, log: &mut Log) -> Result<(), Failure> {
    say(filter, Outcome::Noted, code, detail, log)
}

/// Says in the log what is left out of a view altogether, as [`note`] does.
///
/// # Errors
/// What the log answers.
pub fn leave_out(
    view: &View<'_, '_>,
    code: &'static str,
    detail: String,
    log: &mut Log,
) -> Result<(), Failure> {
    say(view.filter, Outcome::Withheld, code, detail, log)
}

fn say(
    filter: &Filter,
    outcome: Outcome,
    code: &'static str,
    detail: String,
    log: &mut Log,
) -> Result<(), Failure> {
    let (code, shared) = (code.into(), is_shared(filter));
    log.record(&Diagnostic { position: None, outcome, code, shared, event_id: None, detail })
}

/// Counts an event as withheld that the format has no place for, where `id` names one line, and as noted where it
/// names one primitive of a macro: that line may be shown in part.
///
/// # Errors
/// What the log answers.
pub fn withhold(view: &View<'_, '_>, code: &'static str, id: &str, log: &mut Log) -> Result<(), Failure> {
    let outcome = if id.contains('#') { Outcome::Noted } else { Outcome::Withheld };
    let (code, event_id) = (code.into(), Some(id.to_owned()));
    log.record(&Diagnostic {
        position: None,
        outcome,
        code,
        shared: is_shared(view.filter),
        event_id,
        detail: String::new(),
    })
}

/// Whether all that a view takes in is for everyone.
fn is_shared(filter: &Filter) -> bool {
    Lane::all().all(|lane| lane.is_shared() || !filter.lanes[lane.index()])
}

/// Notes the blobs that could not be used.
///
/// # Errors
/// What the log answers.
pub fn note_blobs(view: &View<'_, '_>, log: &mut Log) -> Result<(), Failure> {
    view.blobs.faults().into_iter().try_for_each(|(reference, code)| note(view, code, reference, log))
}

/// Writes what is seen.
type Write<'w> = &'w mut dyn FnMut(&View<'_, '_>, &mut Output, &mut Log) -> Result<(), Failure>;

/// Reads a trace or a store, joins what may be seen of it, lets `write` write it, and ends with the witness line.
///
/// # Errors
/// What [`read`], [`cut`], the store and `write` answer; under `--strict` the first rejection.
pub fn project(
    args: &Projection,
    needs: Needs,
    log: &mut Log,
    mut write: impl FnMut(&View<'_, '_>, &mut Output, &mut Log) -> Result<(), Failure> + Send,
) -> Result<Status, Failure> {
    args.jobs.run(|| match &args.stored.store {
        None => project_stream(args, needs, log, &mut write),
        Some(dir) => project_store(args, dir, needs, log, &mut write),
    })?
}

fn project_stream(
    args: &Projection,
    needs: Needs,
    log: &mut Log,
    write: Write<'_>,
) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let input = log.input(&args.files)?;
    let filter = filter(&args.lanes, &args.layers, &args.kinds, DefaultLanes::Shared);
    let scope = scope(&args.scope)?;
    let select = |space: &str, tile| not_selected(&args.select, space, tile);
    let mut arenas = Arenas::new(Arenas::STREAM);
    let (world, report) = read(&input, &mut arenas, &scope, &filter, &select, log)?;
    let tally = log.tally().clone();
    missing::in_stream(&args.select, places_of(&world, &filter), &tally, log)?;
    let blobs = Blobs::new(args.objects.as_deref(), None);
    let about = (needs, filter.clone(), report);
    let roots = show(args, &world, about, &blobs, (&mut out, log), write)?;
    let root = Some(roots.root(false));
    log.finish(
        Some(out),
        &Witness { input: Some(input.digest()?), root, scope: scope.digest(), ..Witness::default() },
    )
}

fn project_store(
    args: &Projection,
    dir: &Path,
    needs: Needs,
    log: &mut Log,
    write: Write<'_>,
) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let store = Store::open(dir, args.stored.trust)?;
    let mut places = store.tiles()?;
    places.retain(|p| not_selected(&args.select, &p.space, p.tile).is_none());
    let filter = filter(&args.lanes, &args.layers, &args.kinds, DefaultLanes::Shared);
    missing::in_store(&args.select, &store, |lane| filter.lanes[lane.index()], log)?;
    let verify = args.scope.verify;
    let now = needs == Needs::State && args.at.at.is_none() && !verify;
    let wanted = Wanted { verify, ..Wanted::new(&filter, now && filter.takes_all_kinds()) };
    let blobs = Blobs::new(args.objects.as_deref(), Some(&store));
    let done = store.replay_together(&places, wanted, log.writes_all(), |read| {
        stored::note_damage(log, read.absent, read.damage)?;
        if let Some(first) = read.damage.first() {
            return Err(Failure::Corrupt(stored::describe(first) + SEE_CHECK));
        }
        let about = (needs, filter.clone(), read.report);
        let roots = show(args, read.world, about, &blobs, (&mut out, log), write)?;
        Ok((roots.root(true), manifest_lines(read.parts)))
    });
    let (root, manifests) = done??;
    let input = Some(Blake3::of(manifests.as_bytes()));
    log.finish(Some(out), &Witness { input, root: Some(root), ..Witness::default() })
}

/// Joins what may be seen of a world, and lets `write` write it.
fn show(
    args: &Projection,
    world: &World<'_>,
    (needs, mut filter, mut report): (Needs, Filter, Report),
    blobs: &Blobs<'_>,
    (out, log): (&mut Output, &mut Log),
    write: Write<'_>,
) -> Result<Roots, Failure> {
    if log.is_strict() && report.tally.rejected > 0 {
        log.say(report)?;
        return Err(Failure::Strict);
    }
    filter.at = cut(args.at.at.as_ref(), world, &filter)?;
    let mut arenas = view_arenas(world);
    let takes_tile = |tile| args.select.tile(tile);
    let (room, consent) = (Bump::new(), consent(world, &filter, takes_tile, needs));
    let shapes = (&consent, &room);
    let (spaces, roots, said) = view(world, &filter, takes_tile, shapes, &mut arenas, log.writes_all());
    report.join(said);
    log.say(report)?;
    let (count, withheld) = (spaces.len(), Withheld::default());
    let (filter, consent, takes_tile) = (&filter, &consent, &takes_tile);
    let view = View { world, filter, spaces, count, blobs, consent, takes_tile, withheld };
    write(&view, out, log)?;
    note_withheld(&view, log)?;
    leave(view.spaces);
    Ok(roots)
}

/// What a view asks of consents: where it is of a time before, what the end of what was read says too.
pub fn consent(
    world: &World<'_>,
    filter: &Filter,
    takes_tile: impl Fn(Tile) -> bool + Sync,
    needs: Needs,
) -> Consent {
    let asks = filter.at.is_some() && ulp_view::view::may_record(world);
    let ends = asks.then(|| {
        let whole = Filter { at: None, ..filter.clone() };
        let mut arenas = view_arenas(world);
        let (tiles, _, _) = derive(world, &whole, &mut arenas, false);
        ulp_view::view::ends(tiles, &whole, takes_tile)
    });
    Consent { mix: needs == Needs::Mix, ends }
}

/// Notes the nodes that persons do not consent to being shown, each once.
///
/// # Errors
/// What the log answers.
pub fn note_withheld(view: &View<'_, '_>, log: &mut Log) -> Result<(), Failure> {
    view.withheld().into_iter().try_for_each(|(_, node)| note(view, "consent.denied", node, log))
}

/// Leaves what was shown where it lies: the process ends now, and to give it back piece by piece takes longer than what
/// is left to do.
pub fn leave<T>(shown: T) {
    std::mem::forget(shown);
}

/// Where the tiles of a world lie of which a filter takes a lane.
pub fn places_of<'a>(world: &World<'a>, filter: &Filter) -> impl Iterator<Item = (&'a str, Tile)> {
    (0..world.len()).filter(|i| world.has_lane_of(*i, filter)).map(|i| world.place(i))
}

/// The arenas that a [`view`] of a world needs.
pub fn view_arenas(world: &World<'_>) -> Vec<Bump> {
    (0..world.len()).map(|_| Bump::new()).collect()
}

/// Derives every tile, on the threads of the current pool, and joins what `filter` may see of them and persons consent
/// to; with the roots of the tiles, and what there is to say.
pub fn view<'a>(
    world: &World<'a>,
    filter: &Filter,
    takes_tile: impl Fn(Tile) -> bool + Sync,
    (consent, room): (&Consent, &'a Bump),
    arenas: &'a mut [Bump],
    all: bool,
) -> (Vec<Space<'a>>, Roots, Report) {
    let (tiles, roots, mut report) = derive(world, filter, arenas, all);
    let spaces = join::join_shown(tiles, filter, takes_tile, consent, room);
    for (code, _) in spaces.iter().flat_map(|s| &s.anomalies) {
        report.tally.note(*code, 1);
    }
    (spaces, roots, report)
}

/// Every tile derived, with its root.
pub fn derive<'a>(
    world: &World<'a>,
    filter: &Filter,
    arenas: &'a mut [Bump],
    all: bool,
) -> (Vec<Derived<'a>>, Roots, Report) {
    // The lines that a root is of are looked at once: their room is used again.
    let rooms: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let room = || rooms.lock().unwrap_or_else(PoisonError::into_inner);
    let parts: Vec<_> = arenas
        .par_iter_mut()
        .enumerate()
        .map(|(i, arena)| {
            let derived = world.derive(i, filter, arena, all);
            let mut lines = room().pop().unwrap_or_default();
            let root = root::write_tile(&derived, &mut lines);
            lines.clear();
            room().push(lines);
            (derived, root)
        })
        .collect();
    let (mut roots, mut report) = (Roots::default(), Report::new(all));
    let mut tiles = Vec::with_capacity(parts.len());
    for (mut derived, root) in parts {
        if let Some(root) = root {
            roots.push(derived.space, derived.tile, root);
        }
        report.join(std::mem::take(&mut derived.report));
        tiles.push(derived);
    }
    (tiles, roots, report)
}
