//! What a projector projects.

use crate::history::{self, History, Resolved};
use crate::join::Space;
use crate::series::{self, Gathered};
use bumpalo::Bump;
use ulp_core::world::{Filter, World};
use ulp_store::blobs::Blobs;

/// What a projector projects: the world as it was read, and what may be seen of it.
pub struct View<'v, 'a> {
    pub world: &'v World<'a>,
    pub filter: &'v Filter,
    /// In order.
    pub spaces: Vec<Space<'a>>,
    /// How many spaces there are, where `spaces` holds only what changed in some.
    pub count: usize,
    /// The blobs that events name.
    pub blobs: &'v Blobs<'v>,
}

impl View<'_, '_> {
    /// How its spaces came about, one after the other; `arena` holds what is worked out for it.
    pub fn histories<'h>(&'h self, arena: &'h Bump) -> Vec<History<'h>> {
        let mut histories = history::gather(self.world, self.filter, arena);
        // A space of which nothing may be seen is not even named.
        histories.retain(|h| self.spaces.binary_search_by_key(&h.space, |space| space.space).is_ok());
        histories
    }

    /// What its sensors said over time; `arena` holds what is worked out for it.
    pub fn series<'h>(&'h self, arena: &'h Bump) -> Gathered<'h> {
        let mut gathered = series::gather(self.world, self.filter, arena);
        // What a person has a say in is looked up in the history, which holds what may be shown and no more.
        if gathered.is_of_people {
            gathered.keep_shown(&self.histories(arena));
        }
        gathered
    }

    /// How its spaces came about, resolved: what each event came to.
    pub fn resolved<'h>(&'h self, arena: &'h Bump) -> Vec<Resolved<'h>> {
        self.histories(arena).iter().map(history::resolve).collect()
    }
}
