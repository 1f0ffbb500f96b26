//! A trace that is followed: what is known of it, and what is said and shown of that.

use super::Drawn;
use super::shown::Shown;
use crate::project::{self, DefaultLanes, Needs, Projection};
use crate::{Failure, LineReader, Log, Output, Status, When, Witness, missing};
use bumpalo::Bump;
use std::collections::BTreeSet;
use std::io::Write as _;
use ulp_core::hash::Blake3;
use ulp_core::id::Tile;
use ulp_core::json;
use ulp_core::report::{Diagnostic, Report, Tally};
use ulp_core::scope::Scope;
use ulp_core::world::{Batch, Filter, Growing, World};
use ulp_store::blobs::Blobs;
use ulp_view::View;
use ulp_view::consent::Consent;
use ulp_view::join::{Live, Part, Reached};
use ulp_view::record::{self, Record};
use ulp_view::view::Withheld;

/// A trace that is followed.
pub(super) struct Trace<'f> {
    args: &'f Projection,
    pub(super) filter: Filter,
    pub(super) reader: LineReader,
    out: Output,
    shown: Shown,
    /// What was said of lines whose meaning may change with later ones.
    said: BTreeSet<Diagnostic>,
    /// Whether all was shown by now that the lines so far come to.
    pub(super) is_whole: bool,
}

/// What a look at the whole comes to.
struct Looked {
    root: Blake3,
    report: Report,
    /// The nodes that persons do not consent to being shown, by space.
    withheld: BTreeSet<(String, String)>,
}

impl<'f> Trace<'f> {
    pub(super) fn open(args: &'f Projection, log: &mut Log) -> Result<Trace<'f>, Failure> {
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
    pub(super) fn grow<'a>(
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
        let consent = Consent::default();
        let mut parts = live.update((growing, arena), &touched, &self.filter, &takes_tile);
        let (mut ids, mut records) = (Vec::new(), Vec::new());
        while !parts.is_empty() {
            let (spaces, reached) =
                parts.into_iter().map(|part: Part<'_>| (part.space, part.reached)).unzip();
            let (filter, count) = (&self.filter, live.len());
            let (world, withheld) = (growing.world(), Withheld::default());
            let (consent, takes_tile, blobs) = (&consent, &takes_tile, &blobs);
            let view = View { world, filter, spaces, count, blobs, consent, takes_tile, withheld };
            let reached: Vec<Reached<'_>> = reached;
            let drawn = part(&view, &reached);
            view.spaces.iter().zip(&reached).for_each(|(space, reached)| {
                ids.extend(reached_ids(space.space, reached));
            });
            records.extend(drawn.records);
            let again = |(space, nodes): &(String, Option<BTreeSet<String>>)| {
                live.part((space, arena), nodes.as_ref(), &self.filter, takes_tile)
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
    pub(super) fn look<'a>(
        &mut self,
        mut world: World<'a>,
        log: &mut Log,
        whole: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure>,
    ) -> Result<Vec<Batch<'a>>, Failure> {
        let looked = self.whole(&mut world, log, whole)?;
        self.say(looked.report, log)?;
        self.out.flush()?;
        log.flush()?;
        Ok(world.into_batches())
    }

    /// Looks at the whole for the last time, and ends with the witness line.
    pub(super) fn finish(
        mut self,
        mut world: World<'_>,
        scope: &Scope,
        log: &mut Log,
        whole: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure>,
    ) -> Result<Status, Failure> {
        let Looked { root, mut report, withheld } = self.whole(&mut world, log, whole)?;
        let tally = log.tally().clone();
        missing::in_stream(&self.args.select, project::places_of(&world, &self.filter), &tally, log)?;
        report.diagnostics.retain(|diagnostic| self.said.insert(diagnostic.clone()));
        log.say(report)?;
        withheld
            .into_iter()
            .try_for_each(|(_, node)| project::note_in(&self.filter, "consent.denied", node, log))?;
        let (input, root) = (Some(self.reader.digest()), Some(root));
        log.finish(Some(self.out), &Witness { input, root, scope: scope.digest(), ..Witness::default() })
    }

    /// Derives the view of all lines so far, and writes what differs from what was shown.
    fn whole(
        &mut self,
        world: &mut World<'_>,
        log: &mut Log,
        whole: impl Fn(&View<'_, '_>) -> Result<Vec<Record>, Failure>,
    ) -> Result<Looked, Failure> {
        let all = log.writes_all();
        let mut report = world.order(all);
        let reading = Filter { at: None, ..self.filter.clone() };
        self.filter.at = project::cut(self.args.at.at.as_ref(), world, &reading)?;
        let mut arenas = project::view_arenas(world);
        let takes_tile = |tile| self.args.select.tile(tile);
        let consent = project::consent(world, &self.filter, takes_tile, Needs::History);
        let room = Bump::new();
        let (spaces, roots, said) =
            project::view(world, &self.filter, takes_tile, (&consent, &room), &mut arenas, all);
        report.join(said);
        let blobs = Blobs::new(self.args.objects.as_deref(), None);
        let (filter, count, withheld) = (&self.filter, spaces.len(), Withheld::default());
        let (consent, takes_tile, blobs) = (&consent, &takes_tile, &blobs);
        let view = View { world, filter, spaces, count, blobs, consent, takes_tile, withheld };
        // What was worked out part by part is all there is. Where that is being tested it is held against the whole.
        if !self.is_whole || cfg!(debug_assertions) {
            let differs = self.shown.replace(whole(&view)?, &mut self.out)?;
            debug_assert!(!(self.is_whole && differs), "what was worked out part by part is not the whole");
        }
        project::note_blobs(&view, log)?;
        Ok(Looked { root: roots.root(false), report, withheld: view.withheld() })
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
