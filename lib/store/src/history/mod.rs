//! History roots (heads): what lanes, tiles, spaces and a store hold, event by event, in one hash each.
//!
//! ```text
//! lane     the hashes of its events, as 64 hex digits and a line end each, sorted
//! tile     the lists of its shared lanes, one after the other
//! space    <tile> <head>, a line a tile
//! store    <space> <head>, a line a space
//! ```
//!
//! A head is the BLAKE3 of these bytes; lanes that are not for everyone are never looked at. Two stores with equal heads
//! hold the same events; with equal *state* roots they may not, as an event that was overwritten leaves no trace there.

mod lane;

pub use lane::LaneHistory;

use crate::read::{Damage, Place, Wanted};
use crate::{Error, LaneId, Store};
use rayon::prelude::*;
use std::collections::BTreeMap;
use ulp_core::hash::Blake3;
use ulp_core::id::Lane;
use ulp_core::root::{Roots, TileRoot};
use ulp_core::world::Filter;

/// What a lane, a tile, a space or a store holds: how many events, and its two roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub events: u64,
    pub head: Blake3,
    pub state_root: Blake3,
}

/// What the shared lanes of a tile hold.
#[derive(Clone, Debug)]
pub struct TileHeld {
    pub place: Place,
    pub held: Held,
    /// In order; none that holds nothing.
    pub lanes: Vec<(Lane, Held)>,
    /// The digests of the manifests that were read.
    pub manifests: BTreeMap<Lane, Blake3>,
    pub absent: Vec<Damage>,
    pub damage: Vec<Damage>,
}

/// What the shared lanes of a store hold.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    pub tiles: Vec<TileHeld>,
}

/// The lanes that are for everyone.
pub fn shared() -> Filter {
    Filter { lanes: std::array::from_fn(|at| Lane::from_index(at).is_shared()), ..Filter::default() }
}

impl Store {
    /// The tiles that have shared lanes, with these alone.
    ///
    /// # Errors
    /// What the store says.
    pub fn shared_tiles(&self) -> Result<Vec<Place>, Error> {
        let mut places = self.tiles()?;
        places.iter_mut().for_each(|place| place.lanes.retain(|lane| lane.is_shared()));
        places.retain(|place| !place.lanes.is_empty());
        Ok(places)
    }

    /// The history of a lane of a tile, if it has one.
    ///
    /// # Errors
    /// What the store says.
    pub fn lane_history(&self, place: &Place, lane: Lane) -> Result<Option<(LaneHistory, Blake3)>, Error> {
        let id = LaneId { space: place.space.clone(), tile: place.tile, lane };
        let Some((manifest, bytes)) = self.manifest(&id)? else { return Ok(None) };
        Ok(Some((LaneHistory::open(self, &id, &manifest)?, Blake3::of(&bytes))))
    }

    /// The state root of some tiles, from their events alone. Nothing is written.
    ///
    /// # Errors
    /// What the store says.
    pub fn replayed_root(&self, places: &[Place]) -> Result<Blake3, Error> {
        let root = |place: &Place| {
            let states = States::read(self, place, false)?;
            states.damage.first().map_or(Ok(states.tile), |damage| {
                let path = self.path().join(damage.lane.dir());
                Err(Error::damaged(path, damage.code, damage.reason.clone()))
            })
        };
        let tiles: Result<Vec<Option<Blake3>>, Error> = places.par_iter().map(root).collect();
        let mut roots = Roots::default();
        for (place, root) in places.iter().zip(tiles?) {
            root.iter().for_each(|root| roots.push(&place.space, place.tile, *root));
        }
        Ok(roots.root(true))
    }

    /// What some tiles hold but for their states, whose roots are those of nothing.
    ///
    /// # Errors
    /// What the store says.
    pub fn heads(&self, places: &[Place]) -> Result<Holdings, Error> {
        let head = |place: &Place| {
            let heads = Heads::read(self, place)?;
            let manifests = heads.manifests.clone();
            let states = States { lanes: BTreeMap::new(), tile: None, manifests, damage: Vec::new() };
            Ok(join(place, heads, states))
        };
        let tiles: Result<Vec<TileHeld>, Error> = places.par_iter().map(head).collect();
        Ok(Holdings { tiles: tiles? })
    }

    /// What some tiles hold, on the threads of the current pool.
    ///
    /// # Errors
    /// What the store says.
    pub fn holdings(&self, places: &[Place]) -> Result<Holdings, Error> {
        let tiles: Result<Vec<TileHeld>, Error> = places.par_iter().map(|place| tile(self, place)).collect();
        Ok(Holdings { tiles: tiles? })
    }
}

/// A head that is being gathered.
#[derive(Default)]
struct Gathered {
    hasher: blake3::Hasher,
    events: u64,
}

impl Gathered {
    fn push(&mut self, hash: &Blake3) {
        self.hasher.update(hash.hex().as_bytes());
        self.hasher.update(b"\n");
        self.events += 1;
    }

    fn head(&self) -> Blake3 {
        self.hasher.finalize().into()
    }
}

/// What a tile holds. Where others write to it meanwhile, it is read again: both roots are of the same events.
fn tile(store: &Store, place: &Place) -> Result<TileHeld, Error> {
    loop {
        let heads = Heads::read(store, place)?;
        let states = States::read(store, place, true)?;
        if heads.manifests == states.manifests || !heads.damage.is_empty() {
            return Ok(join(place, heads, states));
        }
    }
}

/// The heads of a tile's lanes, and its own.
#[derive(Default)]
struct Heads {
    lanes: BTreeMap<Lane, Gathered>,
    tile: Gathered,
    manifests: BTreeMap<Lane, Blake3>,
    absent: Vec<Damage>,
    damage: Vec<Damage>,
}

impl Heads {
    fn read(store: &Store, place: &Place) -> Result<Heads, Error> {
        let mut heads = Heads::default();
        for lane in &place.lanes {
            let Some((history, manifest)) = store.lane_history(place, *lane)? else { continue };
            let mut own = Gathered::default();
            history.each(|hash| {
                own.push(hash);
                heads.tile.push(hash);
            });
            if own.events > 0 {
                heads.lanes.insert(*lane, own);
            }
            heads.manifests.insert(*lane, manifest);
            heads.absent.extend(history.absent);
            heads.damage.extend(history.damage);
        }
        Ok(heads)
    }
}

/// The state roots of a tile's lanes, and its own.
struct States {
    lanes: BTreeMap<Lane, Blake3>,
    tile: Option<Blake3>,
    manifests: BTreeMap<Lane, Blake3>,
    damage: Vec<Damage>,
}

impl States {
    fn read(store: &Store, place: &Place, snapshots: bool) -> Result<States, Error> {
        let filter = shared();
        store.replay(place, Wanted::new(&filter, snapshots), false, |replay| {
            let (mut tile, mut lanes) = (TileRoot::default(), BTreeMap::new());
            replay.states(&filter, false, |part, lines| {
                tile.push(part.id.lane, lines);
                lanes.insert(part.id.lane, Blake3::of(lines));
            });
            let manifests = replay.parts.iter().map(|part| (part.id.lane, part.hash)).collect();
            States { lanes, tile: tile.root(), manifests, damage: replay.damage.to_vec() }
        })
    }
}

fn join(place: &Place, heads: Heads, states: States) -> TileHeld {
    let nothing = Blake3::of(b"");
    let held = |own: &Gathered, state: Option<&Blake3>| Held {
        events: own.events,
        head: own.head(),
        state_root: *state.unwrap_or(&nothing),
    };
    let lanes = heads.lanes.iter().map(|(lane, own)| (*lane, held(own, states.lanes.get(lane)))).collect();
    let mut damage = heads.damage;
    for of in states.damage {
        if !damage.iter().any(|known| known.lane == of.lane && known.segment == of.segment) {
            damage.push(of);
        }
    }
    TileHeld {
        place: place.clone(),
        held: held(&heads.tile, states.tile.as_ref()),
        lanes,
        manifests: heads.manifests,
        absent: heads.absent,
        damage,
    }
}

impl Holdings {
    /// Reads again the tiles that others have written to since, and those that are new.
    ///
    /// # Errors
    /// What the store says.
    pub fn refresh(&mut self, store: &Store, places: &[Place]) -> Result<(), Error> {
        let (mut old, mut fresh) = (std::mem::take(&mut self.tiles).into_iter().peekable(), Vec::new());
        for place in places {
            let key = |place: &Place| (place.space.clone(), place.tile);
            while old.next_if(|tile| key(&tile.place) < key(place)).is_some() {}
            let same = old.next_if(|tile| key(&tile.place) == key(place));
            let kept = match same {
                Some(tile) if tile.manifests == manifests(store, place)? => Some(tile),
                _ => None,
            };
            fresh.push(kept);
        }
        let read = |(kept, place): (Option<TileHeld>, &Place)| match kept {
            Some(kept) => Ok(TileHeld { place: place.clone(), ..kept }),
            None => tile(store, place),
        };
        let tiles: Result<Vec<TileHeld>, Error> =
            fresh.into_par_iter().zip(places.par_iter()).map(read).collect();
        self.tiles = tiles?;
        Ok(())
    }

    /// The tiles that hold anything.
    pub fn held(&self) -> impl Iterator<Item = &TileHeld> {
        self.tiles.iter().filter(|tile| tile.held.events > 0)
    }

    /// The lines that heads hash: of spaces, one after the other, and of the store.
    pub fn head_lines(&self) -> (Vec<u8>, Vec<u8>) {
        self.roots(|held| held.head).lines()
    }

    /// What the spaces hold, in order, and the store.
    pub fn sums(&self) -> (Vec<(String, Held)>, Held) {
        let tiles: Vec<&TileHeld> = self.held().collect();
        let spaces = tiles.chunk_by(|a, b| a.place.space == b.place.space);
        let spaces = spaces.map(|tiles| (tiles[0].place.space.clone(), sum(tiles, false))).collect();
        (spaces, sum(&tiles, true))
    }

    fn roots(&self, of: impl Fn(&Held) -> Blake3) -> Roots {
        let mut roots = Roots::default();
        self.held().for_each(|tile| roots.push(&tile.place.space, tile.place.tile, of(&tile.held)));
        roots
    }

    /// The digests of the manifests that were read, as the lines whose digest is a run's input.
    pub fn manifest_lines(&self) -> String {
        let manifests = self.tiles.iter().flat_map(|tile| tile.manifests.values());
        manifests.map(|hash| format!("{hash}\n")).collect()
    }
}

/// What tiles hold together: of one space, or of a store.
fn sum(tiles: &[&TileHeld], store: bool) -> Held {
    let (mut heads, mut states) = (Roots::default(), Roots::default());
    for tile in tiles {
        let (space, of) = (tile.place.space.as_str(), tile.place.tile);
        heads.push(space, of, tile.held.head);
        states.push(space, of, tile.held.state_root);
    }
    let events = tiles.iter().map(|tile| tile.held.events).sum();
    Held { events, head: heads.root(store), state_root: states.root(store) }
}

fn manifests(store: &Store, place: &Place) -> Result<BTreeMap<Lane, Blake3>, Error> {
    let mut hashes = BTreeMap::new();
    for lane in &place.lanes {
        let id = LaneId { space: place.space.clone(), tile: place.tile, lane: *lane };
        hashes.extend(store.manifest_bytes(&id)?.map(|(bytes, _)| (*lane, Blake3::of(&bytes))));
    }
    Ok(hashes)
}
