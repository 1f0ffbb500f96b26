//! What state lines say: changes, each under the key of the event that made it.

use super::event::Change;
use crate::redaction::{is_redacted, is_seen};
use foldhash::HashSet;
use std::cmp::Ordering;
use ulp_core::event::{Ends, RegisterKind};
use ulp_core::id::{Key, Lane};
use ulp_core::state::line::{Body, StateLine};

/// One change that a state line tells of.
pub(super) struct Statement<'a> {
    pub lane: Lane,
    pub key: Key<'a>,
    /// The greatest key of its line: a view takes in the line whole or not at all, so it says nothing before.
    pub from: Key<'a>,
    pub change: Change<'a>,
}

impl Statement<'_> {
    /// Whether two are told of one event, at once.
    pub fn is_of_one_part(&self, other: &Statement<'_>) -> bool {
        (self.lane, self.key, own(self.from)) == (other.lane, other.key, own(other.from))
    }

    /// By lane, key and line; what is told of one event in an order that the lines do not choose.
    fn order(&self, other: &Statement<'_>) -> Ordering {
        let place = (self.lane, self.key, own(self.from));
        place.cmp(&(other.lane, other.key, own(other.from))).then_with(|| {
            let (a, b) = (rank(&self.change), rank(&other.change));
            a.cmp(&b).then_with(|| value(&self.change).cmp(&value(&other.change)))
        })
    }
}

/// The key of the event that a key belongs to, comparable.
fn own<'a>(key: Key<'a>) -> Key<'a> {
    Key { id: key.event(), ..key }
}

/// What events at hand do, so that state lines need not tell it again.
#[derive(Default)]
pub(super) struct AtHand<'a>(HashSet<(Lane, Key<'a>, Rank<'a>, Value<'a>)>);

impl<'a> AtHand<'a> {
    pub fn add(&mut self, lane: Lane, key: Key<'a>, change: &Change<'a>) {
        self.0.insert((lane, key, rank(change), value(change)));
    }

    pub fn does(&self, told: &Statement<'a>) -> bool {
        self.0.contains(&(told.lane, told.key, rank(&told.change), value(&told.change)))
    }
}

/// Tags of links.
type Tags<'a> = Vec<(Ends<'a>, &'a str)>;

/// What the lines say, in order, each thing once; and the tags that lines without any key know as removed.
pub(super) fn statements<'a>(
    lines: impl Iterator<Item = &'a StateLine<'a>>,
) -> (Vec<Statement<'a>>, Tags<'a>) {
    let (mut told, mut removed) = (Vec::new(), Vec::new());
    lines.for_each(|line| take(line, &mut told, &mut removed));
    told.sort_by(Statement::order);
    told.dedup_by(|a, b| a.order(b).is_eq());
    (told, removed)
}

fn take<'a>(line: &'a StateLine<'a>, told: &mut Vec<Statement<'a>>, removed: &mut Tags<'a>) {
    let lane = line.lane;
    let mut keys: Vec<Key<'a>> = Vec::new();
    line.body.keys(|key| keys.push(key));
    let Some(from) = keys.into_iter().max_by_key(|key| own(*key)) else {
        if let Body::Link { ends, removed: tags, .. } = &line.body {
            removed.extend(tags.iter().map(|tag| (*ends, *tag)));
        }
        return;
    };
    let mut say = |key, change| told.push(Statement { lane, key, from, change });
    match &line.body {
        Body::Tile { .. } => {}
        Body::Node { node, created, deleted, registers } => {
            created.iter().for_each(|key| say(*key, Change::Create { node }));
            deleted.iter().for_each(|key| say(*key, Change::Delete { node }));
            for w in registers.iter().filter(|w| is_seen(w.register, lane)) {
                let change = match w.register.kind {
                    RegisterKind::AbsorbedInto => Change::Absorb { node, into: w.value },
                    _ => Change::Write { node, register: w.register, value: w.value },
                };
                say(w.key, change);
            }
        }
        Body::Link { ends, adds, removed, removed_before } => {
            for (_, add) in *adds {
                let properties = add.properties.filter(|_| !is_redacted(lane));
                say(add.key, Change::AddLink { ends: *ends, properties });
            }
            // When a tag was removed, a line does not say, but it never comes back.
            removed.iter().for_each(|tag| say(from, Change::RemoveLink { ends: *ends, tag }));
            removed_before.iter().for_each(|key| say(*key, Change::RemoveLinksBefore { ends: *ends }));
        }
        Body::Sensor(_) if is_redacted(lane) => {}
        Body::Sensor(reading) => say(reading.key, Change::Read(&reading.sensor)),
    }
}

/// What a change is about, in an order of its own.
type Rank<'a> = (u8, [&'a str; 4], Option<RegisterKind>);

/// What a change is about, but for its value.
fn rank<'a>(change: &Change<'a>) -> Rank<'a> {
    let link = |ends: Ends<'a>, tag| [ends.from, ends.relation, ends.to, tag];
    match *change {
        Change::Create { node } => (0, [node, "", "", ""], None),
        Change::Write { node, register, .. } => (1, [node, "", "", register.key], Some(register.kind)),
        Change::Absorb { node, .. } => (1, [node, "", "", ""], Some(RegisterKind::AbsorbedInto)),
        Change::AddLink { ends, .. } => (2, link(ends, ""), None),
        Change::RemoveLink { ends, tag } => (3, link(ends, tag), None),
        Change::RemoveLinksBefore { ends } => (4, link(ends, ""), None),
        Change::Read(sensor) => (5, [sensor.actor, sensor.sensor, "", ""], None),
        Change::Delete { node } => (6, [node, "", "", ""], None),
    }
}

/// The value of a change: nothing, or canonical texts.
type Value<'a> = [Option<&'a str>; 6];

fn value<'a>(change: &Change<'a>) -> Value<'a> {
    let one = |value| [value, None, None, None, None, None];
    match *change {
        Change::Write { value, .. } => one(Some(value)),
        Change::Absorb { into, .. } => one(Some(into)),
        Change::AddLink { properties, .. } => one(properties),
        Change::Read(s) => [Some(s.value), Some(s.timestamp), Some(s.layer), s.unit, s.position, s.node],
        _ => one(None),
    }
}
