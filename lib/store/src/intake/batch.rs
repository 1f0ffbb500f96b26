//! Many whole events at once: by tile, on all cores.
//!
//! Each tile takes its own in their order: what it has is a duplicate, and what it has not is looked at by what is known
//! before it. Only an event that may break what it declares is read again, and held to that, by what was known before
//! its place. So what is said of an event depends on the events before it alone: not on how many come together, nor on
//! how many threads there are. [`Committer::offer`] does the same for one.

use super::admit::{Admitted, AdmittedEvent};
use super::invariants::rows_of;
use super::{Committer, Offered};
use crate::append::TileWork;
use crate::lookup::{Elsewhere, Facts, Verdict};
use crate::{Appender, Error, LaneIndex};
use rayon::prelude::*;
use std::collections::BTreeSet;
use ulp_core::id::Tile;

/// Some of the events of a chunk, none of them a draft, in their order.
#[derive(Debug)]
pub struct Part<'p> {
    pub admitted: &'p mut Admitted,
    pub events: Vec<&'p AdmittedEvent>,
}

/// An event on its way into its tile.
#[derive(Clone, Copy)]
struct Coming<'p> {
    admitted: &'p Admitted,
    event: &'p AdmittedEvent,
    lane: LaneIndex,
    /// Its place among all that are offered.
    place: usize,
}

/// The events of a tile, and where they go.
struct Job<'j, 'p> {
    work: TileWork<'j>,
    /// Nothing where nobody asked anything yet.
    facts: Option<Facts<'j>>,
    events: Vec<Coming<'p>>,
    first: u64,
    /// Of each event that is new its place, and whether it can have broken what it declares.
    new: Vec<(usize, Verdict)>,
}

impl Job<'_, '_> {
    fn run(&mut self) -> Result<(), Error> {
        for Coming { admitted, event, lane, place } in &self.events {
            let (ticket, line) = (self.first + *place as u64, admitted.line(event));
            if !self.work.take(*lane, (ticket, event.digest), line)? {
                continue;
            }
            let verdict = match &mut self.facts {
                Some(facts) => look(facts, admitted, event, ticket),
                None => Verdict::Clear,
            };
            self.new.push((*place, verdict));
        }
        Ok(())
    }
}

fn look(facts: &mut Facts<'_>, admitted: &Admitted, event: &AdmittedEvent, ticket: u64) -> Verdict {
    let (lane, rows, line) = (admitted.lane(event), admitted.rows(event), admitted.line(event));
    let rows = if rows.is_empty() { &rows_of(line)[..] } else { rows };
    let verdict =
        if event.declares { facts.look(lane, &event.asked, admitted.asks(), rows) } else { Verdict::Clear };
    facts.add(lane, ticket, line, rows);
    verdict
}

/// The events by tile, in the order in which tiles come first.
fn by_tile<'p>(coming: &[Coming<'p>], appender: &Appender<'_>) -> (Vec<usize>, Vec<Vec<Coming<'p>>>) {
    let (mut tiles, mut events) = (Vec::new(), Vec::new());
    let mut places: Vec<Option<usize>> = Vec::new();
    for one in coming {
        let tile = appender.tile_of(one.lane);
        places.resize(places.len().max(tile + 1), None);
        let at = *places[tile].get_or_insert_with(|| {
            tiles.push(tile);
            events.push(Vec::new());
            tiles.len() - 1
        });
        events[at].push(*one);
    }
    (tiles, events)
}

impl Committer<'_> {
    /// Offers whole events, and says what became of each, in their order.
    ///
    /// # Errors
    /// What the store says.
    pub fn offer_all(&mut self, parts: Vec<Part<'_>>) -> Result<Vec<Offered>, Error> {
        let mut coming = Vec::with_capacity(parts.iter().map(|part| part.events.len()).sum());
        for Part { admitted, events } in parts {
            let lanes = admitted.open_all(|id| self.appender.lane(id))?;
            let admitted: &Admitted = admitted;
            for event in events {
                let place = coming.len();
                coming.push(Coming { admitted, event, lane: lanes[event.lane], place });
            }
        }
        if coming.iter().any(|coming| coming.event.declares) {
            self.invariants.ask(&self.appender);
        }
        let first = self.appender.tickets(coming.len() as u64);
        let mut new = self.take_all(&coming, first)?;
        self.ask_others(&coming, first, &mut new)?;
        self.offered(&coming, first, new)
    }

    /// Has each tile take its events. Of all that are new their places, and whether they can have broken what they
    /// declare.
    fn take_all(&mut self, coming: &[Coming<'_>], first: u64) -> Result<Vec<(usize, Verdict)>, Error> {
        let (tiles, events) = by_tile(coming, &self.appender);
        let place = |tile: &usize| {
            let (space, tile) = self.appender.tile(*tile);
            (space.to_owned(), tile)
        };
        let places: Vec<(String, Tile)> = tiles.iter().map(place).collect();
        let asks = events.iter().map(|events| events.iter().any(|one| one.event.declares));
        let wanted = places.iter().zip(asks).map(|((space, tile), asks)| (&space[..], *tile, asks));
        let mut facts = self.invariants.facts(wanted).into_iter();
        let works = self.appender.by_tile(&tiles).into_iter().zip(events);
        let job = |(work, events)| Job { work, facts: facts.next(), events, first, new: Vec::new() };
        let mut jobs: Vec<Job<'_, '_>> = works.map(job).collect();
        let run: Vec<Result<(), Error>> = match self.pool.filter(|_| jobs.len() > 1) {
            Some(pool) => pool.install(|| jobs.par_iter_mut().map(Job::run).collect()),
            None => jobs.iter_mut().map(Job::run).collect(),
        };
        run.into_iter().collect::<Result<(), Error>>()?;
        let (mut new, mut begun, mut touched) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs {
            new.extend(job.new);
            begun.extend(job.work.into_begun());
            touched.push(job.facts.map(Facts::into_touched).unwrap_or_default());
        }
        self.appender.begin(begun);
        for ((space, tile), nodes) in places.iter().zip(touched) {
            self.invariants.touch(space, *tile, nodes);
        }
        self.invariants.check()?;
        new.sort_unstable_by_key(|(place, _)| *place);
        Ok(new)
    }

    /// Settles of which events what other tiles know can have broken something.
    fn ask_others(
        &mut self,
        coming: &[Coming<'_>],
        first: u64,
        new: &mut [(usize, Verdict)],
    ) -> Result<(), Error> {
        let open = |(_, verdict): &&mut (usize, Verdict)| *verdict == Verdict::Others;
        let mut open: Vec<&mut (usize, Verdict)> = new.iter_mut().filter(open).collect();
        if open.is_empty() {
            return Ok(());
        }
        let space = |place: usize| &coming[place].admitted.lane_id(coming[place].event).space[..];
        let spaces: BTreeSet<&str> = open.iter().map(|(place, _)| space(*place)).collect();
        let everywhere = self.invariants.everywhere(spaces.into_iter());
        let settle = |(place, verdict): &mut &mut (usize, Verdict)| {
            let Coming { admitted, event, .. } = &coming[*place];
            let id = admitted.lane_id(event);
            let ticket = first + *place as u64;
            let asks = &admitted.asks()[event.asked.nodes.clone()];
            let asked = Elsewhere { space: &id.space, tile: id.tile, lane: id.lane, ticket, asks };
            *verdict = if everywhere.may_break(&asked) { Verdict::Suspect } else { Verdict::Clear };
        };
        match self.pool {
            Some(pool) => pool.install(|| open.par_iter_mut().for_each(settle)),
            None => open.iter_mut().for_each(settle),
        }
        self.invariants.check()
    }

    /// What became of each event; one that is suspect is held to what it declares.
    fn offered(
        &mut self,
        coming: &[Coming<'_>],
        first: u64,
        new: Vec<(usize, Verdict)>,
    ) -> Result<Vec<Offered>, Error> {
        let mut new = new.into_iter().peekable();
        let mut offered = Vec::with_capacity(coming.len());
        for Coming { admitted, event, place, .. } in coming {
            let Some((_, verdict)) = new.next_if(|(at, _)| at == place) else {
                offered.push(Offered::Duplicate);
                continue;
            };
            let (ticket, mut notes) = (first + *place as u64, Vec::new());
            if verdict == Verdict::Suspect {
                let line = (admitted.line(event), false);
                let held = self.invariants.hold(&self.appender, line, ticket, &mut notes)?;
                held.expect("because whole events are kept, whatever they break");
            }
            offered.push(Offered::Taken(ticket, notes));
        }
        Ok(offered)
    }
}
