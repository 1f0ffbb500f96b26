//! Following a trace that is still being written: a view as it changes, record by record.
//!
//! Whenever nothing more is to be read at once, the view is derived anew from all lines so far, and what changed
//! since the last time is written. That is exact, whatever comes late or undoes what was; what it costs grows with
//! the trace, not with what is new.

use super::project::{self, DefaultLanes, Projection};
use super::{Failure, Log, Output, Status, Witness};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use ulp_core::json::{self, Fault};
use ulp_core::kind::Kind;
use ulp_core::report::{Diagnostic, Report, Tally};
use ulp_core::world::{Arenas, Batch, Gatherer, World};
use ulp_store::blobs::Blobs;
use ulp_view::View;
use ulp_view::record::Record;

/// Lines as they were read, kept for the next time.
struct Kept {
    source: u32,
    lines: Vec<(u32, Result<Vec<u8>, Fault>)>,
    /// How many lines there were, blank ones included.
    count: u32,
}

/// Reads a trace as it grows; `records` gives the records of a view, in their order.
///
/// # Errors
/// As [`project::project`].
pub fn follow(
    args: &Projection,
    log: &mut Log,
    records: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure> + Send,
) -> Result<Status, Failure> {
    args.jobs.run(|| follow_here(args, log, records))?
}

fn follow_here(
    args: &Projection,
    log: &mut Log,
    records: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure>,
) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let mut reader = log.lines(&args.files, json::STATE_BYTES)?;
    let scope = project::scope(&args.scope)?;
    let mut follower = Follower { args, records, shown: BTreeMap::new(), said: BTreeSet::new() };
    let mut kept: Vec<Kept> = Vec::new();
    loop {
        let chunk = reader.next_chunk()?;
        let ended = chunk.is_none();
        if let Some(chunk) = chunk {
            let mut lines = chunk.lines();
            let list =
                lines.by_ref().map(|(number, line)| (narrow(number), line.map(<[u8]>::to_vec))).collect();
            kept.push(Kept { source: chunk.source, lines: list, count: narrow(lines.number()) });
        }
        if ended || reader.would_block() {
            let last = follower.show(&kept, &scope, &mut out, log, ended)?;
            out.flush()?;
            log.flush()?;
            if let Some(root) = last {
                let digest = Some(reader.digest());
                let witness =
                    Witness { input: digest, root: Some(root), scope: scope.digest(), ..Witness::default() };
                return log.finish(Some(out), &witness);
            }
        }
    }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What was shown and said so far.
struct Follower<'f, R> {
    args: &'f Projection,
    records: R,
    /// By id: the record and its tombstone.
    shown: BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
    said: BTreeSet<Diagnostic>,
}

impl<R: Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure>> Follower<'_, R> {
    /// Derives the view of all lines so far, and writes what changed. Answers the root, if this was the last time.
    fn show(
        &mut self,
        kept: &[Kept],
        scope: &ulp_core::scope::Scope,
        out: &mut Output,
        log: &mut Log,
        last: bool,
    ) -> Result<Option<ulp_core::hash::Blake3>, Failure> {
        let args = self.args;
        let all = log.writes_all();
        let mut filter = project::filter(&args.lanes, &args.layers, &args.kinds, DefaultLanes::Shared);
        let reading = filter.clone();
        let select = |space: &str, tile| project::not_selected(&args.select, space, tile);
        let mut arenas = Arenas::new(kept.len().max(1));
        let gatherer = Gatherer::new(&mut arenas, scope, &reading, &select).admit_new();
        let batches: Result<Vec<Batch<'_>>, _> = kept
            .iter()
            .map(|k| {
                let lines = k.lines.iter().map(|(number, line)| {
                    let line = line.as_ref().map(|l| (l.as_slice(), l.as_slice())).map_err(|fault| *fault);
                    (*number, line)
                });
                let mut batch = gatherer.batch(k.source, lines)?;
                batch.set_lines(k.count);
                Ok::<_, ulp_core::world::TooLarge>(batch)
            })
            .collect();
        let mut world = World::new(batches.map_err(|e| Failure::of(Kind::System, e))?, scope.defaults());
        let mut report = world.report(all);
        report.join(world.order(all));
        let strict = log.is_strict() && report.tally.rejected > 0;
        if !strict {
            filter.at = project::cut(args.at.at.as_ref(), &world, &filter)?;
            let mut arenas = project::view_arenas(&world);
            let (spaces, roots, said) =
                project::view(&world, &filter, |tile| args.select.tile(tile), &mut arenas, all);
            report.join(said);
            let blobs = Blobs::new(args.objects.as_deref(), None);
            let view = View { world: &world, filter: &filter, spaces, blobs: &blobs };
            self.write((self.records)(&view)?, out)?;
            if last {
                project::note_blobs(&view, log)?;
            }
            self.say(report, last, log)?;
            return Ok(last.then(|| roots.root(false)));
        }
        self.say(report, true, log)?;
        Err(Failure::Strict)
    }

    /// Writes the tombstones of what is no more, then what is new or different.
    fn write(&mut self, records: Vec<Record>, out: &mut Output) -> Result<(), Failure> {
        let ids: BTreeSet<&[u8]> = records.iter().map(|r| r.id.as_slice()).collect();
        let gone: Vec<Vec<u8>> =
            self.shown.keys().filter(|id| !ids.contains(id.as_slice())).cloned().collect();
        for id in gone {
            if let Some((_, tombstone)) = self.shown.remove(&id) {
                out.write_all(&tombstone)?;
            }
        }
        for Record { id, text, tombstone } in records {
            if self.shown.get(&id).is_none_or(|(before, _)| *before != text) {
                out.write_all(&text)?;
                self.shown.insert(id, (text, tombstone));
            }
        }
        Ok(())
    }

    /// Says what was not said before; counts once, at the end.
    fn say(&mut self, mut report: Report, last: bool, log: &mut Log) -> Result<(), Failure> {
        report.diagnostics.retain(|diagnostic| self.said.insert(diagnostic.clone()));
        if !last {
            report.tally = Tally::default();
        }
        log.say(report)
    }
}
