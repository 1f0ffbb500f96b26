//! The facts of one tile by replay: exact, and as slow as the tile is long.

use crate::read::{Place, Wanted};
use crate::{Error, Store};
use foldhash::{HashMap, HashSet, HashSetExt as _};
use ulp_core::event::{Ends, Event, Payload, Texts, Touch};
use ulp_core::id::{Lane, Tile, Time};
use ulp_core::scope::Made;
use ulp_core::world::Filter;

/// An order key.
pub type OrderKey = (Time, String);

#[derive(Debug, Default)]
pub struct TileFacts {
    /// Of each name, the lanes and effective times of its events, and their parents.
    events: HashMap<String, Vec<(Lane, Time, Vec<String>)>>,
    /// Every name that some event names as a parent.
    named: HashSet<String>,
    nodes: HashMap<String, Node>,
    links: HashMap<(String, String, String), Link>,
}

#[derive(Debug, Default)]
struct Node {
    created: Vec<(Lane, OrderKey, Made)>,
    deleted: Vec<Lane>,
}

#[derive(Debug, Default)]
struct Link {
    adds: Vec<(Lane, OrderKey)>,
    removed: Vec<(Lane, String)>,
    before: Vec<(Lane, OrderKey)>,
}

impl TileFacts {
    /// Replays a tile. Segments that are not here count as not known.
    ///
    /// # Errors
    /// Damage of what names a lane's events: then nothing of it is known.
    pub fn read(store: &Store, space: &str, tile: Tile) -> Result<TileFacts, Error> {
        let mut facts = TileFacts::default();
        let place = Place { space: space.to_owned(), tile, lanes: Lane::all().collect() };
        let filter = Filter::default();
        store.replay(&place, Wanted::new(&filter, false), false, |replay| {
            if let Some(lane) = replay.damage.iter().find(|damage| damage.segment.is_none()) {
                return Err(Error::damaged(lane.lane.dir(), lane.code, lane.reason.clone()));
            }
            if !replay.world.is_empty() {
                for (key, _, row) in replay.world.rows(0) {
                    facts.apply((row.id, row.lane, row.parents), key.eff, &row.payload);
                }
            }
            Ok(())
        })??;
        Ok(facts)
    }

    /// Takes in an event that came after the others.
    pub fn add(&mut self, event: &Event<'_>) {
        let lane = event.lane();
        let causes = event.parents.iter().filter_map(|p| self.events.get(*p)).flatten();
        let causes = causes.filter(|(of, _, _)| of.is_no_stricter_than(lane));
        let eff = causes.map(|(_, eff, _)| Time(eff.0.saturating_add(1))).max().max(Some(event.time));
        self.apply((event.id, lane, Texts::Plain(event.parents)), eff.unwrap_or(event.time), &event.payload);
    }

    /// The greatest creation of a node that an event of a lane may know of.
    pub fn greatest(&self, lane: Lane, node: &str) -> Option<(&OrderKey, Made)> {
        let known = self.nodes.get(node)?.created.iter().filter(|(of, _, _)| of.is_no_stricter_than(lane));
        known.map(|(_, key, made)| (key, *made)).max_by(|a, b| a.0.cmp(b.0))
    }

    /// Whether an event of a lane may know that a node is deleted.
    pub fn is_deleted(&self, lane: Lane, node: &str) -> bool {
        self.nodes.get(node).is_some_and(|node| node.deleted.iter().any(|l| l.is_no_stricter_than(lane)))
    }

    /// The tags of a link that stand for an event of a lane, sorted.
    pub fn standing(&self, lane: Lane, ends: Ends<'_>) -> Vec<String> {
        let counts = |l: &Lane| l.is_no_stricter_than(lane);
        let key = (ends.from.to_owned(), ends.relation.to_owned(), ends.to.to_owned());
        let Some(link) = self.links.get(&key) else { return Vec::new() };
        let before = link.before.iter().filter(|(l, _)| counts(l)).map(|(_, key)| key).max();
        let removed: HashSet<&String> =
            link.removed.iter().filter(|(l, _)| counts(l)).map(|(_, tag)| tag).collect();
        let stands = |(l, key): &&(Lane, OrderKey)| {
            counts(l) && !removed.contains(&key.1) && before.is_none_or(|before| key >= before)
        };
        let mut tags: Vec<String> = link.adds.iter().filter(stands).map(|(_, key)| key.1.clone()).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// The lanes of the events of a name.
    pub fn lanes_of(&self, name: &str) -> impl Iterator<Item = Lane> {
        self.events.get(name).into_iter().flatten().map(|(lane, _, _)| *lane)
    }

    /// Whether one of the event's parents descends from the event's own name.
    pub fn closes_cycle(&self, event: &Event<'_>) -> bool {
        if !self.named.contains(event.id) {
            return false;
        }
        let mut open: Vec<&str> = event.parents.to_vec();
        let mut seen: HashSet<&str> = HashSet::new();
        while let Some(name) = open.pop() {
            if name == event.id {
                return true;
            }
            if !seen.insert(name) {
                continue;
            }
            let events = self.events.get(name).into_iter().flatten();
            for (_, _, parents) in events.filter(|(l, _, _)| l.is_no_stricter_than(event.lane())) {
                open.extend(parents.iter().map(String::as_str));
            }
        }
        false
    }

    fn apply(&mut self, (id, lane, parents): (&str, Lane, Texts<'_>), eff: Time, payload: &Payload<'_>) {
        let names: Vec<String> = parents.iter().map(str::to_owned).collect();
        self.named.extend(names.iter().cloned());
        self.events.entry(id.to_owned()).or_default().push((lane, eff, names));
        for primitive in payload.primitives() {
            let key = (eff, format!("{id}{}", primitive.suffix));
            primitive.touches().for_each(|touch| self.touch(lane, &key, touch));
        }
    }

    fn touch(&mut self, lane: Lane, key: &OrderKey, touch: Touch<'_>) {
        match touch {
            Touch::Create { node, sets } => {
                let made = (lane, key.clone(), Made::of(sets));
                self.nodes.entry(node.to_owned()).or_default().created.push(made);
            }
            Touch::Delete { node } => {
                self.nodes.entry(node.to_owned()).or_default().deleted.push(lane);
            }
            Touch::Link(link) => self.link(link.ends).adds.push((lane, key.clone())),
            Touch::Unlink(unlink) => {
                let link = self.link(unlink.ends);
                match unlink.observed {
                    Some(tags) => link.removed.extend(tags.iter().map(|tag| (lane, (*tag).to_owned()))),
                    None => link.before.push((lane, key.clone())),
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, ends: Ends<'_>) -> &mut Link {
        let key = (ends.from.to_owned(), ends.relation.to_owned(), ends.to.to_owned());
        self.links.entry(key).or_default()
    }
}
