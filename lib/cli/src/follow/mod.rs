//! Following a trace that is still being written: a view as it changes, record by record.
//!
//! Once nothing more comes for a moment, what the new lines change is worked out from them and from what hangs on it,
//! and the records of that are written where they differ. At the end all is looked at as a whole, once: for the
//! counts, the root and the witness, which are those of a run that reads at once. Where much is new by then, that look
//! shows it too.
//!
//! Where every record depends on all that is heard, as in a score, or on what comes after it, as with `--at`, there is
//! only the whole; it is worked out anew as
//! often as that takes no more than a fifth of the time.

mod shown;
mod trace;

use super::project::{self, Projection};
use super::{Chunk, Failure, Jobs, Log, Status, room_for};
use bumpalo::Bump;
use rayon::ThreadPool;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use trace::Trace;
use ulp_core::json::Fault;
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, Batch, Gatherer, Growing, World};
use ulp_view::View;
use ulp_view::join::{Live, Reached};
use ulp_view::record::Record;

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
/// Where more than one in so many events is new at the end, working out what they change takes longer than the look at
/// the whole, which comes anyway.
const MUCH: usize = 8;
/// From so many new events on the threads share the work of a look; to wake them for less takes longer than it does.
const MANY: usize = 1000;

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
    if args.at.at.is_some() {
        // What persons consent to at the end decides on what is seen of a time before: any line may change all.
        return follow_whole(args, log, |view| Ok(whole(view)));
    }
    on_ground(args, log, |mut trace, ground, log| {
        let mut growing = Growing::new(ground.scope.defaults(), log.writes_all());
        let mut live = Live::default();
        // When the first line came that was not looked at yet, and until when there is a pause while lines come.
        let (mut since, mut next): (Option<Instant>, _) = (None, Instant::now());
        let (mut fresh, mut all) = (0, 0);
        loop {
            let due = since.map_or_else(|| Instant::now() + LATEST, |first| next.max(first + LATEST));
            let Some(together) = trace.reader.next_together(MOMENT, due)? else { break };
            let (first, paused) = (*since.get_or_insert(together.since), together.paused);
            let batch = ground.read(together.chunk)?;
            (fresh, all) = (fresh + batch.rows(), all + batch.rows());
            log.say(growing.add(batch))?;
            trace.is_whole = false;
            let now = Instant::now();
            let is_late = now >= next && now - first >= LATEST && !trace.reader.is_all_there();
            if paused || is_late || trace.reader.waits(MOMENT) {
                let mut drawn = |view: &View<'_, '_>, reached: &[Reached<'_>]| {
                    let many = fresh >= MANY;
                    if many { ground.threads.install(|| part(view, reached)) } else { part(view, reached) }
                };
                trace.grow((&mut growing, ground.arena), &mut live, log, &mut drawn)?;
                (since, next) = (None, Instant::now() + now.elapsed() * PAUSE);
                fresh = 0;
            }
        }
        if fresh * MUCH <= all {
            trace.grow((&mut growing, ground.arena), &mut live, log, &mut part)?;
        }
        drop(live);
        let world = growing.into_world();
        ground.threads.install(|| trace.finish(world, ground.scope, log, |view| Ok(whole(view))))
    })
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
    on_ground(args, log, |mut trace, ground, log| {
        let mut batches: Vec<Batch<'_>> = Vec::new();
        let mut next = Instant::now();
        while let Some(together) = trace.reader.next_together(MOMENT, Instant::now() + LATEST)? {
            let mut batch = ground.read(together.chunk)?;
            log.feed(batch.report(0, log.writes_all()), batch.source(), batch.lines())?;
            batches.push(batch);
            let start = Instant::now();
            if trace.reader.waits(next.saturating_duration_since(start)) {
                let start = Instant::now();
                let world = World::new(std::mem::take(&mut batches), ground.scope.defaults());
                batches = ground.threads.install(|| trace.look(world, log, &whole))?;
                next = Instant::now() + start.elapsed() * REST;
            }
        }
        let world = World::new(batches, ground.scope.defaults());
        ground.threads.install(|| trace.finish(world, ground.scope, log, whole))
    })
}

/// What lines are read with, and where what they hold is kept.
struct Ground<'a> {
    arena: &'a Bump,
    scope: &'a Scope,
    gatherer: Gatherer<'a>,
    /// What is worth being shared by threads; all else is done on one, as most of it is little.
    threads: ThreadPool,
}

/// Opens what a trace is followed with.
fn on_ground(
    args: &Projection,
    log: &mut Log,
    work: impl for<'a> FnOnce(Trace<'a>, Ground<'a>, &mut Log) -> Result<Status, Failure> + Send,
) -> Result<Status, Failure> {
    let threads = args.jobs.pool()?;
    Jobs { jobs: Some(1) }.run(|| {
        let (arena, scope) = (Bump::new(), project::scope(&args.scope)?);
        let trace = Trace::open(args, log)?;
        let (reading, mut none) = (trace.filter.clone(), Arenas::new(0));
        let select = |space: &str, tile| project::not_selected(&args.select, space, tile);
        let gatherer = Gatherer::new(&mut none, &scope, &reading, &select).admit_new();
        work(trace, Ground { arena: &arena, scope: &scope, gatherer, threads }, log)
    })?
}

impl<'a> Ground<'a> {
    /// Reads some lines; of those that are events a copy is kept.
    fn read(&self, chunk: Chunk<'_>) -> Result<Batch<'a>, Failure> {
        room_for(project::KEPT * chunk.bytes.len() + project::LEAST)?;
        let mut lines = chunk.lines();
        let list: Vec<(u32, Result<&[u8], Fault>)> =
            lines.by_ref().map(|(number, line)| (project::narrow(number), line)).collect();
        let unkept = |line| (line, &[][..]);
        let batch = list.iter().map(|(n, line)| (*n, line.map(unkept)));
        let mut batch = self.gatherer.batch_in(self.arena, chunk.source, batch);
        batch.set_lines(project::narrow(lines.number()));
        batch.keep_lines(self.arena, |number| {
            let at = list.binary_search_by_key(&number, |(n, _)| *n);
            at.ok().and_then(|at| list[at].1.ok()).unwrap_or_default()
        });
        Ok(batch)
    }
}
