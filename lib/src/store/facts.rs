//! What a writer's drafts and declared invariants ask of a store: where nodes were made and how, which tags of a link
//! stand, which events are there.
//!
//! A tile's facts are gathered when they are first asked for, and kept up with what this run adds to it.

use super::replay::{Place, Wanted};
use super::{Error, LaneId, Store};
use crate::event::{Event, Payload, RegisterKind};
use crate::id::{Authority, Boundary, Lane, Tile, Time};
use crate::scope::{Lookup, Made, NodeFact, Parent};
use crate::world::Filter;
use ahash::{AHashMap, AHashSet};
use std::cell::RefCell;

/// The facts of the tiles that were asked about.
#[derive(Debug)]
pub struct Facts<'s> {
    store: &'s Store,
    tiles: RefCell<AHashMap<(String, Tile), TileFacts>>,
    /// Spaces all of whose tiles are gathered.
    spaces: RefCell<AHashSet<String>>,
    /// Tiles that were gathered, and do not know yet what waits to be committed.
    fresh: RefCell<Vec<(String, Tile)>>,
    /// What went wrong while nobody could be told.
    failed: RefCell<Option<Error>>,
}

#[derive(Debug, Default)]
struct TileFacts {
    /// Of each name, the lanes and effective times of its events, and their parents.
    events: AHashMap<String, Vec<(Lane, Time, Vec<String>)>>,
    /// Every name that some event names as a parent.
    named: AHashSet<String>,
    nodes: AHashMap<String, Node>,
    links: AHashMap<(String, String, String), Link>,
}

#[derive(Debug, Default)]
struct Node {
    created: Vec<(Lane, (Time, String), Made)>,
    deleted: Vec<Lane>,
}

#[derive(Debug, Default)]
struct Link {
    adds: Vec<(Lane, (Time, String))>,
    removed: Vec<(Lane, String)>,
    before: Vec<(Lane, (Time, String))>,
}

impl<'s> Facts<'s> {
    pub fn new(store: &'s Store) -> Facts<'s> {
        Facts {
            store,
            tiles: RefCell::default(),
            spaces: RefCell::default(),
            fresh: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// What went wrong since this was last asked.
    ///
    /// # Errors
    /// Then the answers before it are not to be relied on.
    pub fn check(&self) -> Result<(), Error> {
        self.failed.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// Forgets the tile of a lane that others wrote to.
    pub fn forget(&self, lane: &LaneId) {
        self.tiles.borrow_mut().remove(&(lane.space.clone(), lane.tile));
        self.spaces.borrow_mut().remove(&lane.space);
    }

    /// Whether anything is known of a tile, so that what is added to it must be told.
    pub fn has(&self, space: &str, tile: Tile) -> bool {
        let whole = self.spaces.borrow().contains(space);
        whole || self.tiles.borrow().contains_key(&(space.to_owned(), tile))
    }

    /// Tells of an event that this run takes in.
    pub fn add(&self, event: &Event<'_>) {
        let mut tiles = self.tiles.borrow_mut();
        let tile = tiles.entry((event.space.to_owned(), event.tile)).or_default();
        let lane = event.lane();
        let causes = event.parents.iter().filter_map(|p| tile.events.get(*p)).flatten();
        let causes = causes.filter(|(of, _, _)| of.is_no_stricter_than(lane));
        let eff = causes.map(|(_, eff, _)| Time(eff.0.saturating_add(1))).max().max(Some(event.time));
        tile.apply((event.id, lane, event.parents), eff.unwrap_or(event.time), &event.payload);
    }

    /// The tile in which a draft on this node belongs: that of its greatest creation, where it is not deleted.
    pub fn tile_of(&self, event: &Event<'_>, node: &str) -> Option<Tile> {
        self.gather_space(event.space);
        let lane = event.lane();
        let tiles = self.tiles.borrow();
        let here = tiles.iter().filter(|((space, _), _)| space == event.space);
        let known = here.filter_map(|((_, tile), facts)| Some((*tile, facts.nodes.get(node)?)));
        let stands = known.filter(|(_, node)| !node.deleted.iter().any(|l| l.is_no_stricter_than(lane)));
        let greatest = stands.filter_map(|(tile, node)| Some((node.greatest(lane)?.0.clone(), tile)));
        greatest.max().map(|(_, tile)| tile)
    }

    /// The tags of a link that stand in a tile, sorted.
    pub fn standing(&self, event: &Event<'_>, tile: Tile, ends: (&str, &str, &str)) -> Vec<String> {
        self.gather(event.space, tile);
        let lane = event.lane();
        let counts = |l: &Lane| l.is_no_stricter_than(lane);
        let tiles = self.tiles.borrow();
        let key = (ends.0.to_owned(), ends.1.to_owned(), ends.2.to_owned());
        let link = tiles.get(&(event.space.to_owned(), tile)).and_then(|facts| facts.links.get(&key));
        let Some(link) = link else { return Vec::new() };
        let before = link.before.iter().filter(|(l, _)| counts(l)).map(|(_, key)| key).max();
        let removed: AHashSet<&String> =
            link.removed.iter().filter(|(l, _)| counts(l)).map(|(_, tag)| tag).collect();
        let stands = |(l, key): &&(Lane, (Time, String))| {
            counts(l) && !removed.contains(&key.1) && before.is_none_or(|before| key >= before)
        };
        let mut tags: Vec<String> = link.adds.iter().filter(stands).map(|(_, key)| key.1.clone()).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// The tiles that were gathered since this was last asked: what waits to be committed in them must be told.
    pub fn take_fresh(&self) -> Vec<(String, Tile)> {
        std::mem::take(&mut self.fresh.borrow_mut())
    }

    /// Gathers the facts of all tiles of a space.
    pub fn gather_space(&self, space: &str) {
        if !self.spaces.borrow_mut().insert(space.to_owned()) {
            return;
        }
        match self.store.tiles() {
            Ok(places) => {
                places.iter().filter(|p| p.space == space).for_each(|p| self.gather(space, p.tile));
            }
            Err(error) => *self.failed.borrow_mut() = Some(error),
        }
    }

    /// Gathers the facts of one tile.
    pub fn gather(&self, space: &str, tile: Tile) {
        let key = (space.to_owned(), tile);
        if self.tiles.borrow().contains_key(&key) {
            return;
        }
        let mut facts = TileFacts::default();
        if let Err(error) = facts.read(self.store, space, tile) {
            *self.failed.borrow_mut() = Some(error);
        }
        self.fresh.borrow_mut().push(key.clone());
        self.tiles.borrow_mut().insert(key, facts);
    }
}

impl TileFacts {
    fn read(&mut self, store: &Store, space: &str, tile: Tile) -> Result<(), Error> {
        let place = Place { space: space.to_owned(), tile, lanes: Lane::all().collect() };
        let filter = Filter::default();
        store.replay(&place, Wanted::new(&filter, false), false, |replay| {
            if replay.world.is_empty() {
                return;
            }
            for (key, _, row) in replay.world.rows(0) {
                self.apply((row.id, row.lane, row.parents), key.eff, &row.payload);
            }
        })
    }

    fn apply(&mut self, (id, lane, parents): (&str, Lane, &[&str]), eff: Time, payload: &Payload<'_>) {
        let names: Vec<String> = parents.iter().map(|p| (*p).to_owned()).collect();
        self.named.extend(names.iter().cloned());
        self.events.entry(id.to_owned()).or_default().push((lane, eff, names));
        match payload {
            Payload::Macro(list) => {
                for primitive in *list {
                    self.payload(lane, (eff, format!("{id}{}", primitive.suffix)), &primitive.payload);
                }
            }
            payload => self.payload(lane, (eff, id.to_owned()), payload),
        }
    }

    fn payload(&mut self, lane: Lane, key: (Time, String), payload: &Payload<'_>) {
        match payload {
            Payload::Create { node, sets } => {
                let word =
                    |kind| sets.iter().find(|s| s.register.kind == kind).map(|s| s.value.trim_matches('"'));
                let authority = word(RegisterKind::Authority).and_then(|w| w.parse().ok());
                let boundary = word(RegisterKind::Boundary).and_then(|w| w.parse().ok());
                let made = Made {
                    authority: authority.unwrap_or(Authority::Source),
                    boundary: boundary.unwrap_or(Boundary::Interior),
                };
                self.nodes.entry((*node).to_owned()).or_default().created.push((lane, key, made));
            }
            Payload::Delete { node } => {
                self.nodes.entry((*node).to_owned()).or_default().deleted.push(lane);
            }
            Payload::Link(link) => self.link(link.ends).adds.push((lane, key)),
            Payload::Unlink(unlink) => {
                let link = self.link(unlink.ends);
                match unlink.observed {
                    Some(tags) => link.removed.extend(tags.iter().map(|tag| (lane, (*tag).to_owned()))),
                    None => link.before.push((lane, key)),
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, ends: crate::event::Ends<'_>) -> &mut Link {
        let key = (ends.from.to_owned(), ends.relation.to_owned(), ends.to.to_owned());
        self.links.entry(key).or_default()
    }
}

impl Node {
    /// The greatest creation that an event of a lane may know of.
    fn greatest(&self, lane: Lane) -> Option<(&(Time, String), Made)> {
        let known = self.created.iter().filter(|(of, _, _)| of.is_no_stricter_than(lane));
        known.map(|(_, key, made)| (key, *made)).max_by(|a, b| a.0.cmp(b.0))
    }
}

impl Lookup for Facts<'_> {
    fn node(&self, event: &Event<'_>, node: &str, each: &mut dyn FnMut(NodeFact)) {
        self.gather_space(event.space);
        let lane = event.lane();
        let tiles = self.tiles.borrow();
        for ((_, tile), facts) in tiles.iter().filter(|((space, _), _)| space == event.space) {
            let Some(node) = facts.nodes.get(node) else { continue };
            let made = node.greatest(lane).map(|(_, made)| made);
            let deleted = node.deleted.iter().any(|l| l.is_no_stricter_than(lane));
            if made.is_some() || deleted {
                each(NodeFact { tile: *tile, made, deleted });
            }
        }
    }

    fn parent(&self, event: &Event<'_>, parent: &str) -> Option<Parent> {
        self.gather(event.space, event.tile);
        let tiles = self.tiles.borrow();
        let facts = tiles.get(&(event.space.to_owned(), event.tile))?;
        Some(match facts.events.get(parent) {
            None => Parent::Unknown,
            Some(events) if events.iter().any(|(l, _, _)| l.is_no_stricter_than(event.lane())) => {
                Parent::Known
            }
            Some(_) => Parent::Stricter,
        })
    }

    fn closes_cycle(&self, event: &Event<'_>) -> bool {
        self.gather(event.space, event.tile);
        let tiles = self.tiles.borrow();
        let Some(facts) = tiles.get(&(event.space.to_owned(), event.tile)) else { return false };
        if !facts.named.contains(event.id) {
            return false;
        }
        let mut open: Vec<&str> = event.parents.to_vec();
        let mut seen: AHashSet<&str> = AHashSet::new();
        while let Some(name) = open.pop() {
            if name == event.id {
                return true;
            }
            if !seen.insert(name) {
                continue;
            }
            let events = facts.events.get(name).into_iter().flatten();
            for (_, _, parents) in events.filter(|(l, _, _)| l.is_no_stricter_than(event.lane())) {
                open.extend(parents.iter().map(String::as_str));
            }
        }
        false
    }
}
