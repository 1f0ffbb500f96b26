//! Following a trace that is still being written: a view as it changes, record by record.
//!
//! Once nothing more comes for a moment, what the new lines change is worked out from them and from what hangs on it,
//! and the records of that are written where they differ. At the end all is looked at as a whole, once: for the
//! counts, the root and the witness, which are those of a run that reads at once.
//!
//! Where every record depends on all that is heard, as in a score, there is only the whole; it is worked out anew as
//! often as that takes no more than a fifth of the time.

use super::project::{self, DefaultLanes, Projection};
use super::{Chunk, Failure, LineReader, Log, Output, Status, When, Witness, room_for};
use bumpalo::Bump;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::{Duration, Instant};
use ulp_core::hash::Blake3;
use ulp_core::id::Tile;
use ulp_core::json::{self, Fault};
use ulp_core::report::{Diagnostic, Report, Tally};
use ulp_core::scope::Scope;
use ulp_core::state::Map;
use ulp_core::world::{Arenas, Batch, Filter, Gatherer, Growing, World};
use ulp_store::blobs::Blobs;
use ulp_view::View;
use ulp_view::join::{Live, Part, Reached};
use ulp_view::record::{self, Record};

/// What a projector makes of a part of a view.
#[derive(Default)]
pub struct Drawn {
    pub records: Vec<Record>,
    /// Nodes, by their spaces, whose records may differ as well: they are given as a part of their own. Nothing stands
    /// for all of the space.
    pub again: Vec<(String, Option<BTreeSet<String>>)>,
}

/// Lines that come as closely as this are looked at together: of what many of them change there is one record.
const MOMENT: Duration = Duration::from_millis(10);
/// A line is not held back for longer than this for the sake of those that follow it.
const LATEST: Duration = Duration::from_millis(100);
/// Unless they never cease: then the pause between two looks is so many times what the last one took.
const PAUSE: u32 = 39;
/// How much longer the time between two looks at the whole is than such a look.
const REST: u32 = 4;

/// Reads a trace as it grows. `whole` gives the records of a view, in their order, and `part` those of a part of it,
/// of which it is told what is reached in each of the view's spaces.
///
/// # Errors
/// As [`project::project`].
pub fn follow(
    args: &Projection,
    log: &mut Log,
    whole: impl Fn(&View<'_, '_>) -> Vec<Record> + Send + Sync,
    mut part: impl FnMut(&View<'_, '_>, &[Reached<'_>]) -> Drawn + Send,
) -> Result<Status, Failure> {
    args.jobs.run(|| {
        let (arena, scope) = (Bump::new(), project::scope(&args.scope)?);
        let mut trace = Trace::open(args, log)?;
        let (reading, mut none) = (trace.filter.clone(), Arenas::new(0));
        let select = |space: &str, tile| project::not_selected(&args.select, space, tile);
        let gatherer = Gatherer::new(&mut none, &scope, &reading, &select).admit_new();
        let mut growing = Growing::new(scope.defaults(), log.writes_all());
        let mut live = Live::default();
        // When the first line came that was not looked at yet, and until when there is a pause while lines come.
        let (mut since, mut next) = (None, Instant::now());
        loop {
            let chunk = trace.reader.next_chunk()?;
            let first = *since.get_or_insert_with(Instant::now);
            room_for(project::KEPT * chunk.map_or(0, |chunk| chunk.bytes.len()) + project::LEAST)?;
            let batch = chunk.map(|chunk| read(&gatherer, &arena, chunk));
            let ended = batch.is_none();
            batch.map_or(Ok(()), |batch| log.say(growing.add(batch)))?;
            let now = Instant::now();
            let is_late = || now >= next && now - first >= LATEST;
            if ended || is_late() || trace.reader.waits(MOMENT) {
                let start = Instant::now();
                trace.grow((&mut growing, &arena), &mut live, log, &mut part)?;
                (since, next) = (None, Instant::now() + start.elapsed() * PAUSE);
            }
            if ended {
                drop(live);
                return trace.finish(growing.into_world(), &scope, log, |view| Ok(whole(view)));
            }
        }
    })?
}

/// Reads a trace as it grows, and looks at the whole from time to time; `whole` gives its records.
///
/// # Errors
/// As [`project::project`], and what `whole` answers.
pub fn follow_whole(
    args: &Projection,
    log: &mut Log,
    whole: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure> + Send + Sync,
) -> Result<Status, Failure> {
    args.jobs.run(|| {
        let (arena, scope) = (Bump::new(), project::scope(&args.scope)?);
        let mut trace = Trace::open(args, log)?;
        let (reading, mut none) = (trace.filter.clone(), Arenas::new(0));
        let select = |space: &str, tile| project::not_selected(&args.select, space, tile);
        let gatherer = Gatherer::new(&mut none, &scope, &reading, &select).admit_new();
        let mut batches: Vec<Batch<'_>> = Vec::new();
        let mut next = Instant::now();
        while let Some(chunk) = trace.reader.next_chunk()? {
            let mut batch = read(&gatherer, &arena, chunk);
            log.feed(batch.report(0, log.writes_all()), batch.source(), batch.lines())?;
            batches.push(batch);
            let start = Instant::now();
            if trace.reader.waits(next.saturating_duration_since(start)) {
                let start = Instant::now();
                let world = World::new(std::mem::take(&mut batches), scope.defaults());
                batches = trace.look(world, log, &whole)?;
                next = Instant::now() + start.elapsed() * REST;
            }
        }
        trace.finish(World::new(batches, scope.defaults()), &scope, log, whole)
    })?
}

/// Reads some lines; of those that are events a copy is kept.
fn read<'a>(gatherer: &Gatherer<'a>, arena: &'a Bump, chunk: Chunk<'_>) -> Batch<'a> {
    let mut lines = chunk.lines();
    let list: Vec<(u32, Result<&[u8], Fault>)> =
        lines.by_ref().map(|(number, line)| (project::narrow(number), line)).collect();
    let unkept = |line| (line, &[][..]);
    let mut batch =
        gatherer.batch_in(arena, chunk.source, list.iter().map(|(n, line)| (*n, line.map(unkept))));
    batch.set_lines(project::narrow(lines.number()));
    batch.keep_lines(arena, |number| {
        let at = list.binary_search_by_key(&number, |(n, _)| *n);
        at.ok().and_then(|at| list[at].1.ok()).unwrap_or_default()
    });
    batch
}

/// A trace that is followed.
struct Trace<'f> {
    args: &'f Projection,
    filter: Filter,
    reader: LineReader,
    out: Output,
    shown: Shown,
    /// What was said of lines whose meaning may change with later ones.
    said: BTreeSet<Diagnostic>,
    /// Whether all was shown by now that the lines so far come to.
    is_whole: bool,
}

impl<'f> Trace<'f> {
    fn open(args: &'f Projection, log: &mut Log) -> Result<Trace<'f>, Failure> {
        Ok(Trace {
            args,
            filter: project::filter(&args.lanes, &args.layers, &args.kinds, DefaultLanes::Shared),
            out: Output::open(&args.output)?,
            reader: log.lines(&args.files, json::STATE_BYTES)?,
            shown: Shown::default(),
            said: BTreeSet::new(),
            is_whole: false,
        })
    }

    /// Works out what has changed since the last time, and writes it.
    fn grow<'a>(
        &mut self,
        (growing, arena): (&mut Growing<'a>, &'a Bump),
        live: &mut Live<'a>,
        log: &mut Log,
        part: &mut impl FnMut(&View<'_, '_>, &[Reached<'_>]) -> Drawn,
    ) -> Result<(), Failure> {
        self.say(growing.order(), log)?;
        let greatest = |name: &str| growing.greatest_key(name, &self.filter);
        self.filter.at = project::cut_behind(self.args.at.at.as_ref(), greatest)?;
        let (touched, report) = growing.derive(&self.filter, arena);
        self.say(report, log)?;
        let takes_tile = |tile: Tile| self.args.select.tile(tile);
        let blobs = Blobs::new(self.args.objects.as_deref(), None);
        let mut parts = live.update(growing, &touched, &self.filter, &takes_tile);
        let (mut ids, mut records) = (Vec::new(), Vec::new());
        while !parts.is_empty() {
            let (spaces, reached) =
                parts.into_iter().map(|part: Part<'_>| (part.space, part.reached)).unzip();
            let (filter, count) = (&self.filter, live.len());
            let view = View { world: growing.world(), filter, spaces, count, blobs: &blobs };
            let reached: Vec<Reached<'_>> = reached;
            let drawn = part(&view, &reached);
            view.spaces.iter().zip(&reached).for_each(|(space, reached)| {
                ids.extend(reached_ids(space.space, reached));
            });
            records.extend(drawn.records);
            let again = |(space, nodes): &(String, Option<BTreeSet<String>>)| {
                live.part(space, nodes.as_ref(), &self.filter, &takes_tile)
            };
            parts = drawn.again.iter().filter_map(again).collect();
        }
        self.shown.update(ids, records, &mut self.out)?;
        // Where the cut may move back and forth all is looked at once more.
        self.is_whole = self.args.objects.is_none() && !matches!(self.args.at.at, Some(When::Event(_)));
        self.out.flush()?;
        log.flush()
    }

    /// Looks at the whole and writes what has changed since the last time; gives the batches back.
    fn look<'a>(
        &mut self,
        mut world: World<'a>,
        log: &mut Log,
        whole: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure>,
    ) -> Result<Vec<Batch<'a>>, Failure> {
        let (_, report) = self.whole(&mut world, log, whole)?;
        self.say(report, log)?;
        self.out.flush()?;
        log.flush()?;
        Ok(world.into_batches())
    }

    /// Looks at the whole for the last time, and ends with the witness line.
    fn finish(
        mut self,
        mut world: World<'_>,
        scope: &Scope,
        log: &mut Log,
        whole: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure>,
    ) -> Result<Status, Failure> {
        let (root, mut report) = self.whole(&mut world, log, whole)?;
        report.diagnostics.retain(|diagnostic| self.said.insert(diagnostic.clone()));
        log.say(report)?;
        let (input, root) = (Some(self.reader.digest()), Some(root));
        log.finish(Some(self.out), &Witness { input, root, scope: scope.digest(), ..Witness::default() })
    }

    /// Derives the view of all lines so far, and writes what differs from what was shown.
    fn whole(
        &mut self,
        world: &mut World<'_>,
        log: &mut Log,
        whole: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure>,
    ) -> Result<(Blake3, Report), Failure> {
        let all = log.writes_all();
        let mut report = world.order(all);
        let reading = Filter { at: None, ..self.filter.clone() };
        self.filter.at = project::cut(self.args.at.at.as_ref(), world, &reading)?;
        let mut arenas = project::view_arenas(world);
        let takes_tile = |tile| self.args.select.tile(tile);
        let (spaces, roots, said) = project::view(world, &self.filter, takes_tile, &mut arenas, all);
        report.join(said);
        let blobs = Blobs::new(self.args.objects.as_deref(), None);
        let count = spaces.len();
        let view = View { world, filter: &self.filter, spaces, count, blobs: &blobs };
        // What was worked out part by part is all there is. Where that is being tested it is held against the whole.
        if !self.is_whole || cfg!(debug_assertions) {
            let differs = self.shown.replace(whole(&view)?, &mut self.out)?;
            debug_assert!(!(self.is_whole && differs), "what was worked out part by part is not the whole");
        }
        project::note_blobs(&view, log)?;
        Ok((roots.root(false), report))
    }

    /// Says what was not said before; all is counted at the end.
    fn say(&mut self, mut report: Report, log: &mut Log) -> Result<(), Failure> {
        report.diagnostics.retain(|diagnostic| self.said.insert(diagnostic.clone()));
        report.tally = Tally::default();
        log.say(report)
    }
}

/// By what the records of what is reached are known.
fn reached_ids(space: &str, reached: &Reached<'_>) -> Vec<Vec<u8>> {
    let nodes = reached.nodes.iter().map(|node| record::node_id(space, node));
    let links = reached.links.iter().map(|ends| record::link_id(space, ends));
    let sensors = reached.sensors.iter().map(|(actor, sensor)| record::sensor_id(space, actor, sensor));
    nodes.chain(links).chain(sensors).collect()
}

/// What was shown so far: by its id a record and its tombstone.
#[derive(Default)]
struct Shown(Map<Vec<u8>, (Vec<u8>, Vec<u8>)>);

impl Shown {
    /// Writes what is new or different, after the tombstones of what is no more: of these ids those of no record.
    /// Answers whether there was anything.
    fn update(
        &mut self,
        mut ids: Vec<Vec<u8>>,
        records: Vec<Record>,
        out: &mut Output,
    ) -> Result<bool, Failure> {
        let mut differs = false;
        let there: Map<&[u8], ()> = records.iter().map(|record| (&*record.id, ())).collect();
        ids.retain(|id| !there.contains_key(id.as_slice()));
        ids.sort_unstable();
        for id in ids {
            if let Some((_, tombstone)) = self.0.remove(&id) {
                out.write_all(&tombstone)?;
                differs = true;
            }
        }
        for Record { id, text, tombstone } in records {
            if self.0.get(&id).is_none_or(|(before, _)| *before != text) {
                out.write_all(&text)?;
                self.0.insert(id, (text, tombstone));
                differs = true;
            }
        }
        Ok(differs)
    }

    /// The same, where these are all records there are.
    fn replace(&mut self, records: Vec<Record>, out: &mut Output) -> Result<bool, Failure> {
        let there: Map<&[u8], ()> = records.iter().map(|record| (&*record.id, ())).collect();
        let gone = self.0.keys().filter(|id| !there.contains_key(id.as_slice())).cloned().collect();
        self.update(gone, records, out)
    }
}
