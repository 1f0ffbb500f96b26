//! Who matters to the alerts of a space: the alerts themselves, and what they hang on.

use crate::lore::{Act, Does};
use crate::words::Slot;
use bumpalo::Bump;
use foldhash::HashMap;
use std::ops::Range;
use ulp_core::event::{Payload, RegisterKind, Sets, Touch};
use ulp_core::id::{Key, Lane};
use ulp_core::json::raw;
use ulp_core::world::{Filter, Row, World};
use ulp_view::redaction::{is_redacted, is_seen};

/// Nodes with numbers of their own.
pub struct Cast<'a> {
    names: Vec<&'a str>,
    numbers: HashMap<&'a str, u32>,
}

/// The rows of a tile that are there by the end of what is looked at, with their places.
pub fn rows<'w, 'a>(
    world: &'w World<'a>,
    place: usize,
    filter: &'w Filter,
) -> impl Iterator<Item = (Key<'a>, Row<'a>)> + use<'w, 'a> {
    let is_later = |key: Key<'_>| filter.at.as_ref().is_some_and(|cut| cut.is_before(key));
    world.rows(place).map(|(key, _, row)| (key, row)).filter(move |(key, _)| !is_later(*key))
}

impl<'a> Cast<'a> {
    /// The cast of the tiles of one space; nothing where there is no alert.
    pub fn of(world: &World<'a>, places: Range<usize>, filter: &Filter, arena: &'a Bump) -> Option<Cast<'a>> {
        let mut cast = Cast { names: Vec::new(), numbers: HashMap::default() };
        let all = || places.clone().flat_map(|place| rows(world, place, filter));
        for (_, row) in all() {
            let alerts = row.payload.touches().filter(|touch| makes_alert(*touch, row.lane));
            alerts.filter_map(Touch::node).for_each(|node| cast.enter(node));
        }
        // Who hangs on whom is nobody's matter where there are no alerts.
        if cast.names.is_empty() {
            return None;
        }
        let mut above: HashMap<&'a str, Vec<&'a str>> = HashMap::default();
        for (_, row) in all() {
            for touch in row.payload.touches() {
                hangs_on(touch, row.lane, |node, name| {
                    above.entry(node).or_default().extend(unquoted(name, arena));
                });
            }
        }
        cast.follow(&above);
        Some(cast)
    }

    fn enter(&mut self, node: &'a str) {
        let next = u32::try_from(self.names.len()).expect("because there are fewer nodes than lines");
        self.numbers.entry(node).or_insert_with(|| {
            self.names.push(node);
            next
        });
    }

    /// Takes in all that those who are in hang on.
    fn follow(&mut self, above: &HashMap<&'a str, Vec<&'a str>>) {
        let mut next = 0;
        while let Some(name) = self.names.get(next) {
            above.get(name).into_iter().flatten().for_each(|parent| self.enter(parent));
            next += 1;
        }
    }

    pub fn name(&self, number: u32) -> &'a str {
        self.names[number as usize]
    }

    pub fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// What an event does to the cast.
    pub fn acts(&self, payload: Payload<'a>, lane: Lane) -> Vec<Act<'a>> {
        let mut acts = Vec::new();
        let shared = matches!(payload, Payload::Step { updates } if updates.len() > 1);
        for primitive in payload.primitives() {
            let seen = primitive.touches().filter_map(|touch| self.act(touch, lane));
            acts.extend(seen.map(|act| Act { suffix: primitive.suffix, shared, ..act }));
        }
        acts
    }

    fn act(&self, touch: Touch<'a>, lane: Lane) -> Option<Act<'a>> {
        let node = self.number(touch.node()?)?;
        let (does, writes) = match touch {
            Touch::Create { sets, .. } => (Does::Create, written(sets, lane)),
            Touch::Write { sets, .. } => (Does::Write, written(sets, lane)),
            Touch::Delete { .. } => (Does::Delete, Vec::new()),
            Touch::Absorb { into, .. } if !is_redacted(lane) => (Does::Write, vec![(Slot::Survivor, into)]),
            _ => return None,
        };
        let says_something = does != Does::Write || !writes.is_empty();
        says_something.then_some(Act { suffix: "", node, shared: false, does, writes })
    }
}

/// Whether a node becomes an alert by it, as far as a view shows.
fn makes_alert(touch: Touch<'_>, lane: Lane) -> bool {
    let Touch::Create { sets, .. } = touch else { return false };
    let mut seen = sets.iter().filter(|set| is_seen(set.register, lane));
    seen.any(|set| set.register.kind == RegisterKind::Kind && set.value == "\"alert\"")
}

/// Gives each name, a JSON string, that a node hangs on by it.
fn hangs_on<'a>(touch: Touch<'a>, lane: Lane, mut give: impl FnMut(&'a str, &'a str)) {
    match touch {
        Touch::Absorb { node, into } if !is_redacted(lane) => give(node, into),
        Touch::Create { node, sets } | Touch::Write { node, sets } => {
            let parents = sets.iter().filter(|set| set.register.kind == RegisterKind::Parent);
            parents.for_each(|set| give(node, set.value));
        }
        _ => {}
    }
}

/// The writes that alerts are made of, as far as a view shows them; of one register the last.
fn written<'a>(sets: Sets<'a>, lane: Lane) -> Vec<(Slot, &'a str)> {
    let seen = sets.iter().filter(|set| is_seen(set.register, lane));
    let mut writes: Vec<(Slot, &'a str)> = Vec::new();
    for (slot, value) in seen.filter_map(|set| Some((Slot::of(set.register)?, set.value))) {
        writes.retain(|(known, _)| *known != slot);
        writes.push((slot, value));
    }
    writes
}

/// The text of a JSON string; nothing where it is null.
fn unquoted<'a>(raw: &'a str, arena: &'a Bump) -> Option<&'a str> {
    Some(match raw::text(raw)? {
        std::borrow::Cow::Borrowed(text) => text,
        std::borrow::Cow::Owned(text) => arena.alloc_str(&text),
    })
}
