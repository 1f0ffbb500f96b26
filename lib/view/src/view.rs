//! What a projector projects.

use crate::consent::{Consent, End, is_mark};
use crate::history::{self, History, Resolved, Rules, Shown};
use crate::join::{self, Space};
use crate::series::{self, Gathered};
use bumpalo::Bump;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use ulp_core::event::Touch;
use ulp_core::id::Tile;
use ulp_core::state::line::Body;
use ulp_core::world::{Derived, Filter, World};
use ulp_store::blobs::Blobs;

/// What a projector projects: the world as it was read, and what may be seen of it.
pub struct View<'v, 'a> {
    pub world: &'v World<'a>,
    pub filter: &'v Filter,
    /// In order, as far as persons consent.
    pub spaces: Vec<Space<'a>>,
    /// How many spaces there are, where `spaces` holds only what changed in some.
    pub count: usize,
    /// The blobs that events name.
    pub blobs: &'v Blobs<'v>,
    /// What it asks of consents.
    pub consent: &'v Consent,
    /// Which tiles it takes in.
    pub takes_tile: &'v (dyn Fn(Tile) -> bool + Sync),
    pub withheld: Withheld,
}

/// The nodes of which nothing was shown in what was told of the past, by space.
#[derive(Debug, Default)]
pub struct Withheld(Mutex<BTreeSet<(String, String)>>);

impl View<'_, '_> {
    /// How its spaces came about as far as persons consent, one after the other; `arena` holds what is worked out for
    /// it.
    pub fn histories<'h>(&'h self, arena: &'h Bump) -> Vec<History<'h>> {
        let histories = self.gather(arena);
        if !may_record(self.world) {
            return histories;
        }
        let withhold = |history: History<'h>| {
            let space = history.space;
            self.note(space, history::withhold(history, self.rules(space), arena))
        };
        histories.into_iter().map(withhold).collect()
    }

    /// How its spaces came about, resolved: what each event came to.
    pub fn resolved<'h>(&'h self, arena: &'h Bump) -> Vec<Resolved<'h>> {
        let resolve = |history: &History<'h>| {
            let space = history.space;
            self.note(space, history::resolve_shown(history, self.rules(space), arena))
        };
        self.gather(arena).iter().map(resolve).collect()
    }

    /// The nodes that are withheld, by space: those of its spaces, and those of what was told of the past.
    pub fn withheld(&self) -> BTreeSet<(String, String)> {
        let now = self.spaces.iter().flat_map(|space| space.withheld.iter().map(|node| (space.space, *node)));
        let now = now.map(|(space, node)| (space.to_owned(), node.to_owned()));
        let past = self.withheld.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.chain(past.iter().cloned()).collect()
    }

    fn gather<'h>(&'h self, arena: &'h Bump) -> Vec<History<'h>> {
        let mut histories = history::gather(self.world, self.filter, arena);
        // A space of which nothing may be seen is not even named.
        histories.retain(|h| self.spaces.binary_search_by_key(&h.space, |space| space.space).is_ok());
        histories
    }

    fn rules(&self, space: &str) -> Rules<'_> {
        let (filter, takes_tile) = (self.filter, self.takes_tile);
        Rules { filter, takes_tile, end: self.consent.end(space), mix: self.consent.mix }
    }

    /// Remembers what was withheld, for the log.
    fn note<T>(&self, space: &str, Shown { shown, withheld }: Shown<'_, T>) -> T {
        let names = withheld.into_iter().map(|node| (space.to_owned(), node.to_owned()));
        self.withheld.0.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
        shown
    }

    /// What its sensors said over time; `arena` holds what is worked out for it.
    pub fn series<'h>(&'h self, arena: &'h Bump) -> Gathered<'h> {
        let mut gathered = series::gather(self.world, self.filter, arena);
        // What a person has a say in is looked up in the history, which holds what may be shown and no more.
        if gathered.is_of_people {
            gathered.keep_shown(&self.histories(arena), self.filter.at.is_some());
        }
        gathered
    }
}

/// Whether anything in a world may be a recording at any time.
pub fn may_record(world: &World<'_>) -> bool {
    let sets_mark = |touch: Touch<'_>| match touch {
        Touch::Create { sets, .. } | Touch::Write { sets, .. } => {
            sets.iter().any(|set| is_mark(set.register))
        }
        _ => false,
    };
    (0..world.len()).any(|tile| {
        let mut events = world.rows(tile).flat_map(|(_, _, row)| row.payload.primitives());
        let mut lines = world.state_lines(tile);
        events.any(|primitive| primitive.touches().any(sets_mark))
            || lines.any(|line| match &line.body {
                Body::Node { registers, .. } => registers.iter().any(|w| is_mark(w.register)),
                _ => false,
            })
    })
}

/// What the end of what was read says, by space: of its tiles, derived without a cut.
pub fn ends(
    tiles: Vec<Derived<'_>>,
    filter: &Filter,
    takes_tile: impl Fn(Tile) -> bool + Sync,
) -> BTreeMap<String, End> {
    let spaces = join::join(tiles, filter, takes_tile);
    spaces.iter().map(|space| (space.space.to_owned(), join::end_of(space))).collect()
}
