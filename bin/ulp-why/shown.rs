//! What may be shown of an event: all of it, or its hash alone.
//!
//! An event is shown where its lane is, and every node that it names may be: as far as persons consented when it took
//! effect, and do at the end. A view draws the shape of an occluder; an event is no shape, and is withheld with it.
//! What was deleted counts as what it was.

use crate::ground::{ABSORBED, CREATED, DELETED, Found, Ground, Lanes, Thing};
use foldhash::{HashMap, HashSet};
use std::borrow::Cow;
use std::cell::RefCell;
use ulp_core::event::{Payload, Touch};
use ulp_core::id::{Key, Policy, Tile};
use ulp_core::json::raw;
use ulp_store::origins::{About, Trouble, start_of};
use ulp_view::consent::{self, Level, Marks, PERSON};

/// What persons consent to.
pub struct Shown<'s, 'g, 'a> {
    ground: &'s Ground<'g, 'a>,
    /// By space, whether anything there was ever a recording.
    records: RefCell<HashMap<&'a str, bool>>,
}

impl<'s, 'g, 'a> Shown<'s, 'g, 'a> {
    pub fn new(ground: &'s Ground<'g, 'a>) -> Shown<'s, 'g, 'a> {
        Shown { ground, records: RefCell::default() }
    }

    pub fn shows(&self, found: &Found<'a>) -> Result<bool, Trouble> {
        if let Some(known) = found.shows.get() {
            return Ok(known);
        }
        let shows = self.find_out(found)?;
        found.shows.set(Some(shows));
        Ok(shows)
    }

    fn find_out(&self, found: &Found<'a>) -> Result<bool, Trouble> {
        let space = found.event().space;
        if !self.ground.takes(found.lane) || found.lane.policy == Policy::Redacted {
            return Ok(false);
        }
        if !self.may_record(space)? {
            return Ok(true);
        }
        let names: HashSet<Cow<'a, str>> = named(found.event().payload).collect();
        // A macro's last primitive is the greatest of its keys.
        let then = Key { eff: found.key.eff, id: self.ground.arena.alloc_str(&format!("{}$", found.key.id)) };
        for name in names {
            if self.level(space, self.ground.arena.alloc_str(&name), then)? != Level::Granted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn may_record(&self, space: &'a str) -> Result<bool, Trouble> {
        if let Some(known) = self.records.borrow().get(space) {
            return Ok(*known);
        }
        let mut may = false;
        self.ground.told.scan(start_of(space, About::Recordings), [0; 8], &mut |_, place| {
            may = self.ground.is_chosen(place, space)
                && self.ground.told.home(place).is_some_and(|(_, _, lane)| self.ground.takes(lane));
            !may
        })?;
        self.records.borrow_mut().insert(space, may);
        Ok(may)
    }

    /// How far a node is shown, with all that it hangs on and folded into: the least of that time and of the end.
    fn level(&self, space: &str, node: &'a str, then: Key<'_>) -> Result<Level, Trouble> {
        let mut level = Level::Granted;
        for cut in [Some(then), None] {
            let (mut open, mut met) = (vec![node], HashSet::default());
            while let Some(node) = open.pop().filter(|_| level != Level::Denied) {
                if !met.insert(node) {
                    continue;
                }
                level = level.lesser(self.own_level(space, node, then)?);
                for register in ["parent", ABSORBED] {
                    let above = self.ground.value(space, node, register, cut)?;
                    open.extend(above.and_then(|value| self.text(value)));
                }
            }
        }
        Ok(level)
    }

    fn text(&self, value: &'a str) -> Option<&'a str> {
        raw::text(value).map(|text| match text {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => self.ground.arena.alloc_str(&text),
        })
    }

    /// How far a node by itself is shown.
    fn own_level(&self, space: &str, node: &'a str, then: Key<'_>) -> Result<Level, Trouble> {
        let (at_then, at_end) = (self.marks(space, node, Some(then))?, self.marks(space, node, None)?);
        let mut level = Level::Granted;
        if let Some(marks) = &at_then {
            level = self.allows(space, marks, Some(then))?;
        }
        // What it is at the end it counts as all along; and what it was is asked of the end too.
        for marks in [&at_then, &at_end].into_iter().flatten() {
            level = level.lesser(self.allows(space, marks, None)?);
        }
        Ok(level)
    }

    fn marks(&self, space: &str, node: &str, cut: Option<Key<'_>>) -> Result<Option<Marks<'a>>, Trouble> {
        let of = self.ground.value(space, node, "properties.of", cut)?;
        let sensor = self.ground.value(space, node, "properties.sensor", cut)?;
        Ok(Marks::read(|key| if key == "of" { of } else { sensor }))
    }

    /// How far the person of a recording allows it; where there is no such person in the view, not at all.
    fn allows(&self, space: &str, marks: &Marks<'_>, cut: Option<Key<'_>>) -> Result<Level, Trouble> {
        let kind = self.ground.value(space, &marks.of, "kind", cut)?.and_then(raw::text);
        if kind.as_deref() != Some(PERSON) || !self.is_visible(space, &marks.of, cut)? {
            return Ok(Level::Denied);
        }
        let consent = format!("properties.consent.{}", marks.sensor);
        let word = self.ground.value(space, &marks.of, &consent, cut)?;
        Ok(consent::allowed(&marks.sensor, |_| word))
    }

    /// Whether a node is in the view: it is there, and so is all that it hangs on.
    fn is_visible(&self, space: &str, node: &str, cut: Option<Key<'_>>) -> Result<bool, Trouble> {
        let mut node: &'a str = self.ground.arena.alloc_str(node);
        let mut met = HashSet::default();
        // What hangs on itself hangs on nothing.
        while met.insert(node) {
            if !self.is_there(space, node, cut)? {
                return Ok(false);
            }
            let parent = self.ground.value(space, node, "parent", cut)?.and_then(|value| self.text(value));
            let Some(parent) = parent else { return Ok(true) };
            let survivor = self.survivor(space, parent, cut)?.unwrap_or(parent);
            if !self.has(space, survivor, CREATED, cut)? && !self.has(space, survivor, DELETED, cut)? {
                return Ok(true);
            }
            node = survivor;
        }
        Ok(true)
    }

    fn has(&self, space: &str, node: &str, register: &str, cut: Option<Key<'_>>) -> Result<bool, Trouble> {
        Ok(self.ground.standing(space, Thing::Register(node, register), cut, Lanes::Seen)?.is_some())
    }

    fn is_there(&self, space: &str, node: &'a str, cut: Option<Key<'_>>) -> Result<bool, Trouble> {
        if !self.has(space, node, CREATED, cut)? || self.has(space, node, DELETED, cut)? {
            return Ok(false);
        }
        if self.survivor(space, node, cut)?.is_some() {
            return Ok(false);
        }
        let moved = self.ground.value(space, node, "moved_to", cut)?.and_then(|value| self.text(value));
        Ok(moved.and_then(Tile::parse).is_none_or(|tile| self.ground.select.tile(tile)))
    }

    /// What a node folded into in the end; nothing where it did not, or in a ring.
    pub fn survivor(
        &self,
        space: &str,
        node: &'a str,
        cut: Option<Key<'_>>,
    ) -> Result<Option<&'a str>, Trouble> {
        let (mut at, mut met) = (node, HashSet::default());
        while met.insert(at) {
            match self.ground.value(space, at, ABSORBED, cut)?.and_then(|value| self.text(value)) {
                Some(into) => at = into,
                None => return Ok((at != node).then_some(at)),
            }
        }
        Ok(None)
    }
}

/// The nodes that an event names.
fn named<'a>(payload: Payload<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    let text = |value: &'a str| raw::text(value);
    payload.touches().flat_map(move |touch| {
        let pair: [Option<Cow<'a, str>>; 2] = match touch {
            Touch::Absorb { node, into } => [Some(node.into()), text(into)],
            Touch::Link(link) => [Some(link.ends.from.into()), Some(link.ends.to.into())],
            Touch::Unlink(unlink) => [Some(unlink.ends.from.into()), Some(unlink.ends.to.into())],
            Touch::Read(sensor) => [sensor.node.and_then(text), None],
            other => [other.node().map(Cow::Borrowed), None],
        };
        pair.into_iter().flatten()
    })
}
