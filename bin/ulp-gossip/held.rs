//! What a store holds, as paths and what they point to: its shared lanes alone.

use crate::Args;
use std::collections::BTreeMap;
use ulp_cli::{Failure, Log, missing, project, stored};
use ulp_core::hash::Blake3;
use ulp_core::id::Lane;
use ulp_core::path::{Path, Role, Root, Space};
use ulp_store::history::{Holdings, TileHeld};
use ulp_store::{LaneId, Store};

/// What a path points to: a hash as text, and how many events that is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub hash: String,
    pub events: Option<u64>,
}

/// What a store holds.
pub struct Held {
    /// All of it that --space and --tile choose, by the bytes of the paths.
    pub paths: BTreeMap<String, Target>,
    /// The digest of the manifests that were read.
    pub manifests: Blake3,
}

impl Held {
    /// Reads a store: its heads, and with --objects its snapshots and segments.
    pub fn read(args: &Args, store: &Store, log: &mut Log) -> Result<Held, Failure> {
        missing::in_store(&args.select, store, |lane| lane.is_shared(), log)?;
        let places = store.shared_tiles()?;
        let holdings = store.heads(&places)?;
        stored::hold(&holdings, log)?;
        let mut held =
            Held { paths: BTreeMap::new(), manifests: Blake3::of(holdings.manifest_lines().as_bytes()) };
        held.take_sums(args, &holdings);
        for tile in holdings.held() {
            if project::not_selected(&args.select, &tile.place.space, tile.place.tile).is_none() {
                held.take_tile(args, store, tile)?;
            }
        }
        Ok(held)
    }

    /// Takes in what the store and its spaces hold, where nothing below them is chosen.
    fn take_sums(&mut self, args: &Args, holdings: &Holdings) {
        let (spaces, world) = holdings.sums();
        if !args.select.names_any() {
            self.root(&Path::World, world.head, world.events);
        }
        if args.select.tile.is_empty() {
            for (name, held) in spaces.into_iter().filter(|(name, _)| args.select.space(name)) {
                self.root(&Path::Space(Space::Named(name)), held.head, held.events);
            }
        }
    }

    fn take_tile(&mut self, args: &Args, store: &Store, tile: &TileHeld) -> Result<(), Failure> {
        let space = || Space::Named(tile.place.space.clone());
        let head = Path::Tile(space(), tile.place.tile, Some(Root::Head));
        self.root(&head, tile.held.head, tile.held.events);
        // Others may speak of single lanes, and ask for them.
        if args.want || args.who.is_some() {
            for (lane, held) in &tile.lanes {
                let head = Path::Lane(space(), tile.place.tile, *lane, Some(Role::Root(Root::Head)));
                self.root(&head, held.head, held.events);
            }
        }
        if args.objects {
            for lane in tile.place.lanes.iter().filter(|lane| lane.is_shared()) {
                self.take_objects(store, tile, *lane)?;
            }
        }
        Ok(())
    }

    /// Takes in the objects of a lane that are here: its last snapshot, and its segments by their place in the chain.
    fn take_objects(&mut self, store: &Store, tile: &TileHeld, lane: Lane) -> Result<(), Failure> {
        let place = &tile.place;
        let id = LaneId { space: place.space.clone(), tile: place.tile, lane };
        let path = |role| Path::Lane(Space::Named(place.space.clone()), place.tile, lane, Some(role));
        let records = store.records(&id)?;
        for record in records {
            if store.has_objects(&record)? {
                self.object(&path(Role::Snapshot), record.object.to_string(), Some(record.seen(lane)));
                break;
            }
        }
        let Some((manifest, _)) = store.manifest(&id)? else { return Ok(()) };
        for (n, entry) in (0_u32..).zip(store.entries(&manifest, None)?) {
            if store.has_segment(&entry)? {
                self.object(&path(Role::Segment(n)), entry.hash.to_string(), Some(entry.events));
            }
        }
        Ok(())
    }

    fn root(&mut self, path: &Path, head: Blake3, events: u64) {
        self.object(path, head.to_string(), Some(events));
    }

    fn object(&mut self, path: &Path, hash: String, events: Option<u64>) {
        self.paths.insert(path.to_string(), Target { hash, events });
    }
}
