//! A history resolved: what each event came to, given all before it.
//!
//! The steps up to a key join to what the view shows with `--at` that key. A write that loses against an earlier one
//! comes to nothing, links are told as which tag stands, and of a node that was deleted anywhere nothing is told any
//! more but that it was created. What depends on other nodes (what hangs below what, who is hidden) is the reader's.

use super::event::{Author, Change, Event, History, Part};
use super::tags::{Tag, Tags};
use bumpalo::Bump;
use foldhash::HashMap;
use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use ulp_core::event::{Defaults, Ends, Register, RegisterKind, Sensor};
use ulp_core::id::{Key, Tile};
use ulp_core::state::{Add, Reading, Registers, Written, is_greater};

/// The steps of one space.
pub struct Resolved<'a> {
    pub space: &'a str,
    /// A step an event, in their order.
    pub steps: Vec<Step<'a>>,
    /// What completes the events when their lines are read again.
    defaults: &'a Defaults,
}

/// An event and what it came to.
#[derive(Debug)]
pub struct Step<'a> {
    pub event: Event<'a>,
    pub effects: Vec<Effect<'a>>,
}

/// One effect on a view. `by` is the number of the step whose event did it, which only where state lines tell of it
/// is another one.
#[derive(Clone, Copy, Debug)]
pub enum Effect<'a> {
    /// The creation that stands from now on.
    Create {
        node: &'a str,
        key: Key<'a>,
        tile: Tile,
        by: usize,
    },
    /// Nothing of it is left but that it was created.
    Delete {
        node: &'a str,
        by: usize,
    },
    Write {
        node: &'a str,
        written: Written<'a>,
        by: usize,
    },
    /// The tag that stands last from now on, if one does.
    Link {
        ends: Ends<'a>,
        stands: Option<Tag<'a>>,
    },
    Read {
        reading: Reading<'a>,
        by: usize,
    },
    /// What the event was to do to the node came to nothing.
    Nothing {
        node: &'a str,
    },
    /// From now on the node is as if it had never been, until it is created again.
    Withhold {
        node: &'a str,
    },
    /// From now on its shape alone is shown, until it is withheld.
    Occlude {
        node: &'a str,
    },
    /// What the sensor read is not shown any more.
    Unread {
        actor: &'a str,
        sensor: &'a str,
    },
}

impl<'a> Resolved<'a> {
    /// Who did what the step's event did, as far as that may be told.
    pub fn author<'s>(&'s self, step: &Step<'a>, arena: &'s Bump) -> Author<'s>
    where
        'a: 's,
    {
        step.event.author(self.defaults, arena)
    }
}

/// Resolves a history, whatever persons consent to.
pub fn resolve<'a>(history: &History<'a>) -> Resolved<'a> {
    finish(history, steps(history), &BTreeSet::new())
}

/// Of a history all that came of it: its steps but for echoes, and but for those that are left out unless another one
/// needs them.
pub(super) fn finish<'a>(history: &History<'a>, steps: Vec<Step<'a>>, out: &BTreeSet<usize>) -> Resolved<'a> {
    Resolved { space: history.space, steps: without_echoes(steps, out), defaults: history.defaults }
}

/// A step an event, of those too that come to nothing.
pub(super) fn steps<'a>(history: &History<'a>) -> Vec<Step<'a>> {
    let mut joined = Joined::default();
    for (ends, tag) in &history.removed {
        joined.links.entry(*ends).or_default().remove(tag);
    }
    let mut told: Vec<Vec<&Part<'a>>> = vec![Vec::new(); history.events().len()];
    history.parts().iter().for_each(|part| told[part.step].push(part));
    let step = |(event, parts): (&Event<'a>, Vec<&Part<'a>>)| {
        let mut taking = Taking { joined: &mut joined, effects: Vec::new(), links: BTreeSet::new() };
        for part in parts {
            let tile = history.event(part).tile;
            history.changes(part).iter().for_each(|change| taking.take(change, (part.key, tile, part.event)));
        }
        Step { event: *event, effects: taking.finish() }
    };
    history.events().iter().zip(told).map(step).collect()
}

/// Leaves out what only state lines tell of and what nothing comes of, and numbers the other steps anew.
fn without_echoes<'a>(mut steps: Vec<Step<'a>>, out: &BTreeSet<usize>) -> Vec<Step<'a>> {
    let is_kept = |(i, step): (usize, &Step<'a>)| step.event.is_at_hand() && !out.contains(&i);
    let mut kept: Vec<bool> = steps.iter().enumerate().map(is_kept).collect();
    for (i, step) in steps.iter_mut().enumerate() {
        if !kept[i] {
            step.effects.retain(|effect| !matches!(effect, Effect::Nothing { .. }));
        }
        kept[i] |= !step.effects.is_empty();
        step.effects.iter_mut().filter_map(by).for_each(|by| kept[*by] = true);
    }
    let mut count = 0;
    let numbers: Vec<usize> = kept
        .iter()
        .map(|kept| {
            count += usize::from(*kept);
            count.saturating_sub(1)
        })
        .collect();
    let mut kept = kept.into_iter();
    steps.retain(|_| kept.next().unwrap_or_default());
    for effect in steps.iter_mut().flat_map(|step| &mut step.effects) {
        by(effect).into_iter().for_each(|by| *by = numbers[*by]);
    }
    steps
}

/// The number of the step whose event did it.
fn by<'e>(effect: &'e mut Effect<'_>) -> Option<&'e mut usize> {
    match effect {
        Effect::Create { by, .. }
        | Effect::Delete { by, .. }
        | Effect::Write { by, .. }
        | Effect::Read { by, .. } => Some(by),
        Effect::Link { stands, .. } => stands.as_mut().map(|standing| &mut standing.by),
        Effect::Nothing { .. } | Effect::Withhold { .. } | Effect::Occlude { .. } | Effect::Unread { .. } => {
            None
        }
    }
}

/// What all changes so far join to.
#[derive(Default)]
struct Joined<'a> {
    nodes: HashMap<&'a str, Node<'a>>,
    links: HashMap<Ends<'a>, Tags<'a>>,
    sensors: HashMap<(&'a str, &'a str), Reading<'a>>,
}

#[derive(Default)]
struct Node<'a> {
    created: Option<(Key<'a>, Tile)>,
    deleted: bool,
    registers: Registers<'a>,
}

/// The changes of one step as they are taken in.
struct Taking<'j, 'a> {
    joined: &'j mut Joined<'a>,
    effects: Vec<Effect<'a>>,
    /// The links whose tags were touched.
    links: BTreeSet<Ends<'a>>,
}

impl<'a> Taking<'_, 'a> {
    /// Takes in a change under its key, which lies in a tile and is done by an event.
    fn take(&mut self, change: &Change<'a>, (key, tile, by): (Key<'a>, Tile, usize)) {
        match *change {
            Change::Create { node } => self.create(node, (key, tile), by),
            Change::Delete { node } => self.delete(node, by),
            Change::Write { node, register, value } => {
                self.write(node, Written { register, key, value }, by);
            }
            Change::Absorb { node, into } => {
                let register = Register::plain(RegisterKind::AbsorbedInto);
                self.write(node, Written { register, key, value: into }, by);
            }
            Change::Read(sensor) => self.read(Reading { key, sensor: *sensor }, by),
            Change::AddLink { ends, properties } => {
                self.tags(ends).add(Tag { add: Add { key, properties }, by });
            }
            Change::RemoveLink { ends, tag } => self.tags(ends).remove(tag),
            Change::RemoveLinksBefore { ends } => self.tags(ends).remove_before(key),
        }
    }

    fn create(&mut self, node: &'a str, (key, tile): (Key<'a>, Tile), by: usize) {
        let known = self.joined.nodes.entry(node).or_default();
        let news = Some((key, tile)) > known.created;
        if news {
            known.created = Some((key, tile));
        }
        self.effects.push(if news {
            Effect::Create { node, key, tile, by }
        } else {
            Effect::Nothing { node }
        });
    }

    fn delete(&mut self, node: &'a str, by: usize) {
        let known = self.joined.nodes.entry(node).or_default();
        let news = !std::mem::replace(&mut known.deleted, true);
        self.effects.push(if news { Effect::Delete { node, by } } else { Effect::Nothing { node } });
    }

    fn write(&mut self, node: &'a str, written: Written<'a>, by: usize) {
        let known = self.joined.nodes.entry(node).or_default();
        let old = known.registers.get(written.register);
        let loses = |old: &Written<'_>| !is_greater(written.key, written.value, old.key, old.value);
        if known.deleted || old.is_some_and(loses) {
            return self.effects.push(Effect::Nothing { node });
        }
        known.registers.write(written);
        self.effects.push(Effect::Write { node, written, by });
    }

    fn read(&mut self, reading: Reading<'a>, by: usize) {
        let Sensor { actor, sensor, .. } = reading.sensor;
        match self.joined.sensors.entry((actor, sensor)) {
            Entry::Occupied(old) if !reading.is_greater_than(old.get()) => return,
            slot => slot.insert_entry(reading),
        };
        self.effects.push(Effect::Read { reading, by });
    }

    fn tags(&mut self, ends: Ends<'a>) -> &mut Tags<'a> {
        self.links.insert(ends);
        self.joined.links.entry(ends).or_default()
    }

    /// What the step came to: of a node on which it had an effect nothing else, of links what is news at its end.
    fn finish(mut self) -> Vec<Effect<'a>> {
        for ends in &self.links {
            match self.joined.links.entry(*ends).or_default().news() {
                Some(stands) => self.effects.push(Effect::Link { ends: *ends, stands }),
                None => self.effects.extend([ends.from, ends.to].map(|node| Effect::Nothing { node })),
            }
        }
        let mut touched: BTreeSet<&str> = BTreeSet::new();
        for effect in &self.effects {
            match effect {
                Effect::Create { node, .. } | Effect::Delete { node, .. } | Effect::Write { node, .. } => {
                    touched.insert(node);
                }
                Effect::Link { ends, .. } => touched.extend([ends.from, ends.to]),
                _ => {}
            }
        }
        // The others are told of once.
        self.effects.retain(|effect| !matches!(effect, Effect::Nothing { node } if !touched.insert(node)));
        self.effects
    }
}
