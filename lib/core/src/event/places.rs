//! Defaults by place: what dotfiles below the root give to the events of one space, layer or tile.
//!
//! They are looked up from the outside in: the space is settled first, then the layer, then the tile; whatever else
//! an event left out then comes from the innermost place that gives it: the tile, `z0/x3`, `z0`, the layer, the
//! space, the root. Page "4. Scope".

use crate::id::{Authority, Boundary, Policy, Realm, Scope, Tile, TilePrefix};
use foldhash::HashMap;

/// What one place gives; what it does not give comes from further out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// For a space alone.
    pub layer: Option<String>,
    /// For a space or a layer.
    pub tile: Option<Tile>,
    pub actor: Option<String>,
    pub invariants: Option<Vec<String>>,
    /// The words of `defaults.scope`.
    pub words: Words,
    /// Ceilings, which are defaults too where no `defaults.scope`, however far out, has the word.
    pub ceilings: Words,
}

/// Some of the four words of a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub realm: Option<Realm>,
    pub authority: Option<Authority>,
    pub boundary: Option<Boundary>,
    pub policy: Option<Policy>,
}

impl Words {
    /// These words, and those of `outer` where there are none.
    pub fn or(self, outer: Words) -> Words {
        Words {
            realm: self.realm.or(outer.realm),
            authority: self.authority.or(outer.authority),
            boundary: self.boundary.or(outer.boundary),
            policy: self.policy.or(outer.policy),
        }
    }

    /// A whole scope: these words, and the built-in ones.
    pub fn complete(self) -> Scope {
        let built_in = Scope::default();
        Scope {
            realm: self.realm.unwrap_or(built_in.realm),
            authority: self.authority.unwrap_or(built_in.authority),
            boundary: self.boundary.unwrap_or(built_in.boundary),
            policy: self.policy.unwrap_or(built_in.policy),
        }
    }
}

/// What one space gives, and its layers and tiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpaceGiven {
    pub given: Given,
    pub layers: HashMap<String, Given>,
    pub tiles: HashMap<TilePrefix, Given>,
}

/// What the root says about scopes, and what every space gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    pub words: Words,
    pub ceilings: Words,
    pub spaces: HashMap<String, SpaceGiven>,
}

/// The places that an event stands in, as far as they are settled.
pub(super) struct Here<'a> {
    places: &'a Places,
    space: Option<&'a SpaceGiven>,
    /// The space, the layer, then the tile's prefixes.
    chain: [Option<&'a Given>; 5],
}

impl Places {
    pub(super) fn space(&self, space: &str) -> Here<'_> {
        let space = self.spaces.get(space);
        Here { places: self, space, chain: [space.map(|s| &s.given), None, None, None, None] }
    }
}

impl<'a> Here<'a> {
    pub(super) fn in_layer(mut self, layer: &str) -> Here<'a> {
        self.chain[1] = self.space.filter(|s| !s.layers.is_empty()).and_then(|s| s.layers.get(layer));
        self
    }

    pub(super) fn in_tile(mut self, tile: Tile) -> Here<'a> {
        let Some(space) = self.space.filter(|s| !s.tiles.is_empty()) else { return self };
        for (slot, prefix) in self.chain[2..].iter_mut().zip(TilePrefix::from(tile).outermost_first()) {
            *slot = space.tiles.get(&prefix);
        }
        self
    }

    /// What the innermost place that gives it gives.
    fn innermost<T>(&self, given: impl Fn(&'a Given) -> Option<T>) -> Option<T> {
        self.chain.iter().rev().flatten().find_map(|place| given(place))
    }

    pub(super) fn layer(&self) -> Option<&'a String> {
        self.innermost(|given| given.layer.as_ref())
    }

    pub(super) fn tile(&self) -> Option<Tile> {
        self.innermost(|given| given.tile)
    }

    pub(super) fn actor(&self) -> Option<&'a str> {
        self.innermost(|given| given.actor.as_deref())
    }

    pub(super) fn invariants(&self) -> Option<&'a [String]> {
        self.innermost(|given| given.invariants.as_deref())
    }

    pub(super) fn scope(&self) -> Scope {
        let inner = || self.chain.iter().rev().flatten();
        let words =
            inner().fold(Words::default(), |words, given| words.or(given.words)).or(self.places.words);
        inner().fold(words, |words, given| words.or(given.ceilings)).or(self.places.ceilings).complete()
    }
}
