//! What stands, and who made it so: of registers, links and sensors, among the lanes that are looked at.

use crate::told::{Read, Told};
use bumpalo::Bump;
use foldhash::HashMap;
use std::cell::{Cell, OnceCell, RefCell};
use ulp_cli::Select;
use ulp_core::event::{Defaults, Ends, Event, Touch};
use ulp_core::hash::Blake3;
use ulp_core::id::{Key, Lane, Policy, Tile};
use ulp_core::json::Tape;
use ulp_store::origins::{About, Place, Trouble, is_after, of_descending, start_of};

/// The registers of a node that a view takes from a redacted lane.
const IN_REDACTED: [&str; 4] = ["created", "deleted", "moved_to", "parent"];
/// The registers that every node has: who made it, who deleted it, what it folded into.
pub const CREATED: &str = "created";
pub const DELETED: &str = "deleted";
pub const ABSORBED: &str = "absorbed_into";

/// What an event can give a value to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing<'a> {
    /// A node, and the name of its register.
    Register(&'a str, &'a str),
    Link(Ends<'a>),
    /// An actor, and its sensor.
    Sensor(&'a str, &'a str),
}

/// Which lanes are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// Those that are shown.
    Seen,
    /// All: what comes of it is not told.
    All,
}

/// One write of an event.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    pub thing: Thing<'a>,
    pub place: Place,
    /// The key of the event, or of the primitive of its macro.
    pub key: Key<'a>,
    /// Canonical JSON; empty where there is none.
    pub value: &'a str,
}

/// An event, and what was found out of it.
pub struct Found<'a> {
    pub place: Place,
    pub key: Key<'a>,
    pub read: Read<'a>,
    pub lane: Lane,
    /// By what they are of, and in the order of the event.
    writes: OnceCell<Vec<Write<'a>>>,
    form: OnceCell<Vec<u8>>,
    pub shows: Cell<Option<bool>>,
}

impl<'a> Found<'a> {
    pub fn event(&self) -> &Event<'a> {
        &self.read.event
    }

    /// Its canonical form.
    pub fn form(&self) -> &[u8] {
        self.form.get_or_init(|| {
            let mut form = Vec::new();
            self.event().write_canonical(&mut Tape::new(), &mut form);
            form
        })
    }

    /// An event is its hash.
    pub fn hash(&self) -> Blake3 {
        Blake3::of(self.form())
    }

    /// What it wrote, by what that is of.
    pub fn writes(&self, arena: &'a Bump) -> &[Write<'a>] {
        self.writes.get_or_init(|| {
            let mut writes = writes_of(self, arena);
            writes.sort_by_key(|write| write.thing);
            writes
        })
    }

    fn writes_to(&self, thing: Thing<'_>, arena: &'a Bump) -> &[Write<'a>] {
        let writes = self.writes(arena);
        let start = writes.partition_point(|write| write.thing < thing);
        let count = writes[start..].partition_point(|write| write.thing == thing);
        &writes[start..start + count]
    }
}

fn writes_of<'a>(found: &Found<'a>, arena: &'a Bump) -> Vec<Write<'a>> {
    let mut writes = Vec::new();
    for primitive in found.event().payload.primitives() {
        let key = primitive.key(found.key, arena);
        let mut add = |thing, value| writes.push(Write { thing, place: found.place, key, value });
        for touch in primitive.touches() {
            match touch {
                Touch::Create { node, .. } => add(Thing::Register(node, CREATED), ""),
                Touch::Delete { node } => add(Thing::Register(node, DELETED), ""),
                Touch::Absorb { node, into } => add(Thing::Register(node, ABSORBED), into),
                Touch::Link(link) => add(Thing::Link(link.ends), link.properties.unwrap_or_default()),
                Touch::Read(sensor) => add(Thing::Sensor(sensor.actor, sensor.sensor), sensor.value),
                Touch::Write { .. } | Touch::Survive { .. } | Touch::Unlink(_) => {}
            }
            if let Some(node) = touch.node() {
                touch.sets().give(|set| {
                    let register = arena.alloc_str(&set.register.to_string());
                    add(Thing::Register(node, register), set.value);
                });
            }
        }
    }
    writes
}

/// All that can be asked, as far as options let it be seen.
pub struct Ground<'g, 'a> {
    pub told: &'g Told<'g, 'a>,
    pub arena: &'a Bump,
    pub defaults: &'a Defaults,
    /// By [`Lane::index`].
    pub lanes: [bool; Lane::COUNT],
    pub select: &'g Select,
    found: RefCell<HashMap<(Place, i64), &'a Found<'a>>>,
}

impl<'g, 'a> Ground<'g, 'a> {
    pub fn new(
        told: &'g Told<'g, 'a>,
        arena: &'a Bump,
        defaults: &'a Defaults,
        lanes: [bool; Lane::COUNT],
        select: &'g Select,
    ) -> Ground<'g, 'a> {
        Ground { told, arena, defaults, lanes, select, found: RefCell::default() }
    }

    /// The spaces that were chosen.
    pub fn spaces(&self) -> Vec<&'a str> {
        let chosen = self.told.spaces().into_iter().filter(|space| self.select.space(space));
        chosen.map(|space| &*self.arena.alloc_str(space)).collect()
    }

    /// Whether an event is of a space and a tile that was chosen.
    pub fn is_chosen(&self, place: Place, space: &str) -> bool {
        self.told.home(place).is_some_and(|(of, tile, _)| of == space && self.select.tile(tile))
    }

    pub fn takes(&self, lane: Lane) -> bool {
        self.lanes[lane.index()]
    }

    fn asks(&self, lanes: Lanes, place: Place, space: &str, thing: Thing<'_>) -> bool {
        let Some((of, tile, lane)) = self.told.home(place) else { return false };
        let is_seen = self.takes(lane) && (lane.policy != Policy::Redacted || is_in_redacted(thing));
        of == space && self.select.tile(tile) && (lanes == Lanes::All || is_seen)
    }

    /// The event at a place, by the middle of a row that is led by its time.
    pub fn event(&self, middle: [u8; 8], place: Place) -> Result<&'a Found<'a>, Trouble> {
        self.event_at(of_descending(middle).0, place)
    }

    pub fn event_at(&self, nanos: i64, place: Place) -> Result<&'a Found<'a>, Trouble> {
        if let Some(found) = self.found.borrow().get(&(place, nanos)) {
            return Ok(found);
        }
        let read = self.told.read(place, self.defaults, self.arena)?;
        let (key, lane) = (Key { eff: ulp_core::id::Time(nanos), id: read.event.id }, read.event.lane());
        let (writes, form, shows) = (OnceCell::new(), OnceCell::new(), Cell::new(None));
        let found: &'a Found<'a> = self.arena.alloc(Found { place, key, read, lane, writes, form, shows });
        self.found.borrow_mut().insert((place, nanos), found);
        Ok(found)
    }

    /// The events of a name, the latest first, of the lanes that `takes` says; of one tile where that is named.
    pub fn named(
        &self,
        space: &str,
        tile: Option<Tile>,
        name: &str,
        takes: impl Fn(Lane) -> bool,
    ) -> Result<Vec<&'a Found<'a>>, Trouble> {
        let mut rows = Vec::new();
        self.told.scan(start_of(space, About::Event(name)), [0; 8], &mut |middle, place| {
            let home = self.told.home(place).filter(|_| self.is_chosen(place, space));
            let is_wanted =
                |(_, of, lane): &(&str, Tile, Lane)| tile.is_none_or(|t| t == *of) && takes(*lane);
            if home.filter(is_wanted).is_some() {
                rows.push((middle, place));
            }
            true
        })?;
        let mut events = Vec::new();
        for (middle, place) in rows {
            let found = self.event(middle, place)?;
            if found.event().id == name {
                events.push(found);
            }
        }
        events.sort_by(|a, b| b.key.cmp(&a.key).then_with(|| a.form().cmp(b.form())));
        Ok(events)
    }

    /// The write that stands of a thing, up to a cut; of links the greatest one, whether its tag was removed or not.
    pub fn standing(
        &self,
        space: &str,
        thing: Thing<'_>,
        cut: Option<Key<'_>>,
        lanes: Lanes,
    ) -> Result<Option<Write<'a>>, Trouble> {
        let mut best: Option<(Write<'a>, &'a Found<'a>)> = None;
        self.each_write(space, thing, cut, lanes, |write, found| {
            match &best {
                Some((other, _)) if write.key.eff < other.key.eff => return Ok(false),
                Some((other, by)) => {
                    let order = (write.key, write.value).cmp(&(other.key, other.value));
                    // Within one event the later write stands.
                    let is_later = write.place == other.place && write.key == other.key;
                    if is_later || order.then_with(|| found.form().cmp(by.form())).is_gt() {
                        best = Some((write, found));
                    }
                }
                None => best = Some((write, found)),
            }
            Ok(true)
        })?;
        Ok(best.map(|(write, _)| write))
    }

    /// Gives every write of a thing up to a cut to `each`, those of the greatest times first, as long as that answers
    /// so.
    pub fn each_write(
        &self,
        space: &str,
        thing: Thing<'_>,
        cut: Option<Key<'_>>,
        lanes: Lanes,
        mut each: impl FnMut(Write<'a>, &'a Found<'a>) -> Result<bool, Trouble>,
    ) -> Result<(), Trouble> {
        let about = match thing {
            Thing::Register(node, register) => About::Register(node, register),
            Thing::Link(ends) => About::Link(ends),
            Thing::Sensor(actor, sensor) => About::Sensor(actor, sensor),
        };
        let from = cut.map_or([0; 8], |cut| is_after(cut.eff));
        let mut failed = Ok(());
        self.told.scan(start_of(space, about), from, &mut |middle, place| {
            if !self.asks(lanes, place, space, thing) {
                return true;
            }
            let mut give = || {
                let found = self.event(middle, place)?;
                for write in found.writes_to(thing, self.arena) {
                    if cut.is_none_or(|cut| write.key <= cut) && !each(*write, found)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            };
            match give() {
                Ok(goes_on) => goes_on,
                Err(trouble) => {
                    failed = Err(trouble);
                    false
                }
            }
        })?;
        failed
    }

    /// A register's value that stands, if it has one and that is not null.
    pub fn value(
        &self,
        space: &str,
        node: &str,
        register: &str,
        cut: Option<Key<'_>>,
    ) -> Result<Option<&'a str>, Trouble> {
        let write = self.standing(space, Thing::Register(node, register), cut, Lanes::Seen)?;
        Ok(write.map(|write| write.value).filter(|value| *value != "null"))
    }

    /// The events that name one among their causes and may know it, in the order of their keys, at least so many where
    /// there are as many.
    pub fn children(&self, of: &Found<'a>, least: usize) -> Result<Vec<&'a Found<'a>>, Trouble> {
        let event = of.event();
        let mut rows: Vec<([u8; 8], Place)> = Vec::new();
        self.told.scan(
            start_of(event.space, About::Children(event.tile, event.id)),
            [0; 8],
            &mut |middle, place| {
                let is_enough = rows.len() >= least && rows.last().is_some_and(|last| last.0 != middle);
                let home = self.told.home(place);
                if home.is_some_and(|(s, t, lane)| {
                    (s, t) == (event.space, event.tile) && of.lane.is_no_stricter_than(lane)
                }) && !is_enough
                {
                    rows.push((middle, place));
                }
                !is_enough
            },
        )?;
        let mut children = Vec::new();
        for (middle, place) in rows {
            let found = self.event(middle.map(|byte| !byte), place)?;
            if found.event().parents.contains(&event.id) && found.place != of.place {
                children.push(found);
            }
        }
        children.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| a.form().cmp(b.form())));
        Ok(children)
    }

    /// The names of the registers of a node that were ever given a value, in order, at most so many and one more; in
    /// lanes that are shown, or in all.
    pub fn registers(
        &self,
        space: &str,
        node: &str,
        most: usize,
        lanes: Lanes,
    ) -> Result<Vec<&'a str>, Trouble> {
        let mut rows: Vec<([u8; 8], Place)> = Vec::new();
        self.told.scan(start_of(space, About::Node(node)), [0; 8], &mut |middle, place| {
            if self.is_chosen(place, space) && rows.last().is_none_or(|last| last.0 != middle) {
                rows.push((middle, place));
            }
            rows.len() <= most
        })?;
        let mut names = Vec::new();
        for (middle, place) in rows {
            // The time of the event is not wanted here.
            let found = self.told.read(place, self.defaults, self.arena)?;
            if let Some(name) = self.register_of(&found.event, space, node, middle)
                && self.standing(space, Thing::Register(node, name), None, lanes)?.is_some()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The register of a node that an event gives a value to and whose rows begin so.
    fn register_of(&self, event: &Event<'a>, space: &str, node: &str, start: [u8; 8]) -> Option<&'a str> {
        let is_it = |name: &str| start_of(space, About::Register(node, name)) == start;
        for touch in event.payload.touches().filter(|touch| touch.node() == Some(node)) {
            let own = match touch {
                Touch::Create { .. } => CREATED,
                Touch::Delete { .. } => DELETED,
                Touch::Absorb { .. } => ABSORBED,
                _ => "",
            };
            if !own.is_empty() && is_it(own) {
                return Some(own);
            }
            let sets = touch.sets().iter().map(|set| set.register.to_string());
            if let Some(name) = sets.into_iter().find(|name| is_it(name)) {
                return Some(self.arena.alloc_str(&name));
            }
        }
        None
    }

    /// The event that removed a tag of a link, or all that were there when it came, if any did: the latest.
    pub fn removal(
        &self,
        space: &str,
        ends: Ends<'_>,
        tag: Key<'_>,
    ) -> Result<Option<(&'a Found<'a>, Key<'a>)>, Trouble> {
        let mut rows = Vec::new();
        for about in [About::Removed(ends, tag.id), About::Cleared(ends)] {
            self.told.scan(start_of(space, about), [0; 8], &mut |middle, place| {
                if self.asks(Lanes::Seen, place, space, Thing::Link(ends)) {
                    rows.push((middle, place));
                }
                rows.len() < MOST_REMOVALS
            })?;
        }
        let mut latest: Option<(&'a Found<'a>, Key<'a>)> = None;
        for (middle, place) in rows {
            let found = self.event(middle, place)?;
            for primitive in found.event().payload.primitives() {
                let key = primitive.key(found.key, self.arena);
                let removes = |touch: Touch<'_>| match touch {
                    Touch::Unlink(unlink) if unlink.ends == ends => match unlink.observed {
                        Some(tags) => tags.contains(&tag.id),
                        None => tag < key,
                    },
                    _ => false,
                };
                if primitive.touches().any(removes) && latest.is_none_or(|(_, last)| last < key) {
                    latest = Some((found, key));
                }
            }
        }
        Ok(latest)
    }
}

/// Of how many events that removed tags of one link the latest is looked for.
const MOST_REMOVALS: usize = 256;

fn is_in_redacted(thing: Thing<'_>) -> bool {
    match thing {
        Thing::Register(_, register) => IN_REDACTED.contains(&register),
        Thing::Link(_) => true,
        Thing::Sensor(..) => false,
    }
}

/// Some of a list, and whether there are more.
pub fn some<T>(mut list: Vec<T>, most: usize) -> (Vec<T>, bool) {
    let more = list.len() > most;
    list.truncate(most);
    (list, more)
}
