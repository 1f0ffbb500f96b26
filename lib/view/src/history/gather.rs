//! Gathering what changed: from events, macros expanded, and from state lines.

use super::event::{Change, Event, History, Part, Source};
use crate::redaction::{is_redacted, is_seen};
use bumpalo::Bump;
use foldhash::{HashMap, HashSet, HashSetExt as _};
use ulp_core::event::{Ends, Payload, RegisterKind, Set, Touch, Unlink};
use ulp_core::id::{Key, Lane, Tile, Time};
use ulp_core::state::line::{Body, StateLine};
use ulp_core::world::{Filter, Row, World};

/// The histories of all spaces, in order, of what `filter` takes in; `arena` holds the keys of macros' primitives.
pub fn gather<'a>(world: &'a World<'_>, filter: &Filter, arena: &'a Bump) -> Vec<History<'a>> {
    let mut spaces: Vec<Gathering<'a>> = Vec::new();
    for place in 0..world.len() {
        let space = world.place(place).0;
        if spaces.last().is_none_or(|last| last.history.space != space) {
            spaces.push(Gathering::new(world, space, arena));
        }
        if let Some(last) = spaces.last_mut() {
            last.take_tile(world, place, filter);
        }
    }
    spaces.into_iter().map(Gathering::finish).collect()
}

/// A history that is being gathered.
struct Gathering<'a> {
    history: History<'a>,
    arena: &'a Bump,
    /// Tags that a state line knows as removed.
    removed: HashSet<(Ends<'a>, &'a str)>,
}

/// What the state lines of a tile tell, each change under the key of its event.
#[derive(Default)]
struct Told<'a> {
    changes: Vec<(Lane, Key<'a>, Change<'a>)>,
    /// The events they tell of, by lane and own key.
    events: HashMap<(Lane, Time, &'a str), usize>,
}

impl<'a> Gathering<'a> {
    fn new(world: &'a World<'_>, space: &'a str, arena: &'a Bump) -> Gathering<'a> {
        let (events, parts, changes) = Default::default();
        let history = History { space, defaults: world.defaults(), events, parts, changes };
        Gathering { history, arena, removed: HashSet::new() }
    }

    fn take_tile(&mut self, world: &'a World<'_>, place: usize, filter: &Filter) {
        let tile = world.place(place).1;
        let mut told = Told::default();
        for line in world.state_lines(place).filter(|line| world.takes_line(line, filter)) {
            self.take_line(line, filter, &mut told.changes);
        }
        self.take_told(tile, place, &mut told);
        for (key, row) in world.sorted_rows(place) {
            if world.withheld(row, key, filter).is_none() {
                let event = self.event_of(key, row, (tile, place), &mut told);
                self.take_row(key, row, event);
            }
        }
    }

    /// The number of a row's event: the one that state lines told of, if that is not taken yet, or a new one.
    fn event_of(
        &mut self,
        key: Key<'a>,
        row: &'a Row<'a>,
        (tile, place): (Tile, usize),
        told: &mut Told<'a>,
    ) -> usize {
        // Most often there are no state lines, and nothing to look up.
        let known =
            if told.events.is_empty() { None } else { told.events.remove(&(row.lane, key.eff, key.id)) };
        match known {
            Some(event) => {
                self.history.events[event].row = Some(row);
                event
            }
            None => self.add_event(Event { tile, lane: row.lane, key, place, row: Some(row) }),
        }
    }

    fn add_event(&mut self, event: Event<'a>) -> usize {
        self.history.events.push(event);
        self.history.events.len() - 1
    }

    fn take_row(&mut self, key: Key<'a>, row: &Row<'a>, event: usize) {
        if matches!(row.payload, Payload::Macro(_)) {
            self.take_part(key, row.payload, row.lane, event, std::iter::empty());
        }
        for primitive in row.payload.primitives() {
            let key = primitive.key(key, self.arena);
            self.take_part(key, primitive.payload, row.lane, event, primitive.touches());
        }
    }

    fn take_part(
        &mut self,
        key: Key<'a>,
        payload: Payload<'a>,
        lane: Lane,
        event: usize,
        touches: impl Iterator<Item = Touch<'a>>,
    ) {
        let start = self.history.changes.len();
        touches.for_each(|touch| push_changes(touch, lane, &mut self.history.changes));
        let changes = start..self.history.changes.len();
        let source = if is_redacted(lane) { Source::Redacted } else { Source::Event(payload) };
        self.history.parts.push(Part { key, source, event, changes });
    }

    /// A state line holds what events left behind, each under the key of its event.
    fn take_line(
        &mut self,
        line: &'a StateLine<'a>,
        filter: &Filter,
        changes: &mut Vec<(Lane, Key<'a>, Change<'a>)>,
    ) {
        let lane = line.lane;
        let mut push = |key, change| changes.push((lane, key, change));
        match &line.body {
            Body::Tile { .. } => {}
            Body::Node { node, created, deleted, registers } => {
                created.iter().for_each(|key| push(*key, Change::Create { node }));
                deleted.iter().for_each(|key| push(*key, Change::Delete { node }));
                for w in registers.iter().filter(|w| is_seen(w.register, lane)) {
                    let change = match w.register.kind {
                        RegisterKind::AbsorbedInto => Change::Absorb { node, into: w.value },
                        _ => Change::Write { node, register: w.register, value: w.value },
                    };
                    push(w.key, change);
                }
            }
            Body::Link { ends, adds, removed, removed_before } => {
                for (_, add) in *adds {
                    let properties = add.properties.filter(|_| !is_redacted(lane));
                    push(add.key, Change::AddLink { ends: *ends, properties });
                }
                self.removed.extend(removed.iter().map(|tag| (*ends, *tag)));
                let first = adds.iter().map(|(_, add)| add.key).chain(*removed_before).min();
                if let Some(first) = first {
                    removed.iter().for_each(|tag| push(first, Change::RemoveLink { ends: *ends, tag }));
                }
                removed_before.iter().for_each(|key| push(*key, Change::RemoveLinksBefore { ends: *ends }));
            }
            Body::Sensor(reading) => {
                // Events were chosen by their layer, but a state line of a sensor comes with a layer of its own.
                let layers = &filter.layers;
                let taken = layers.is_empty() || layers.iter().any(|l| l == reading.sensor.layer);
                if taken && !is_redacted(lane) {
                    push(reading.key, Change::Read(&reading.sensor));
                }
            }
        }
    }

    /// Makes parts of what state lines told: one a lane and key.
    fn take_told(&mut self, tile: Tile, place: usize, told: &mut Told<'a>) {
        told.changes.sort_by_key(|(lane, key, _)| (*lane, *key));
        for same in told.changes.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (lane, key, _) = same[0];
            let own = Key { eff: key.eff, id: key.event() };
            let event = match told.events.get(&(lane, own.eff, own.id)) {
                Some(event) => *event,
                None => self.add_event(Event { tile, lane, key: own, place, row: None }),
            };
            told.events.insert((lane, own.eff, own.id), event);
            self.tell(key, event, same.iter().map(|(_, _, change)| *change));
        }
    }

    fn finish(mut self) -> History<'a> {
        if !self.removed.is_empty() {
            self.remove_told();
        }
        let History { events, parts, .. } = &mut self.history;
        // The sort is stable: of one lane and key, what state lines tell goes first, then line by line.
        parts.sort_by(|a, b| {
            let place = |part: &Part<'_>| (events[part.event].place, events[part.event].lane);
            a.key.cmp(&b.key).then_with(|| place(a).cmp(&place(b)))
        });
        self.history
    }

    /// When a tag was removed, a state line does not say, but it never comes back: unless an event at hand removes it,
    /// it goes as soon as it is added.
    fn remove_told(&mut self) {
        let History { parts, changes, .. } = &self.history;
        let all =
            || parts.iter().flat_map(|p| changes[p.changes.clone()].iter().map(move |change| (p, change)));
        for (part, change) in all() {
            if let Change::RemoveLink { ends, tag } = *change
                && !matches!(part.source, Source::State)
            {
                self.removed.remove(&(ends, tag));
            }
        }
        let adds = all().filter_map(|(part, change)| match *change {
            Change::AddLink { ends, .. } if self.removed.contains(&(ends, part.key.id)) => {
                Some((part.key, part.event, ends))
            }
            _ => None,
        });
        for (key, event, ends) in adds.collect::<Vec<_>>() {
            self.tell(key, event, std::iter::once(Change::RemoveLink { ends, tag: key.id }));
        }
    }

    /// Appends a part that state lines tell of.
    fn tell(&mut self, key: Key<'a>, event: usize, told: impl Iterator<Item = Change<'a>>) {
        let start = self.history.changes.len();
        self.history.changes.extend(told);
        let changes = start..self.history.changes.len();
        self.history.parts.push(Part { key, source: Source::State, event, changes });
    }
}

/// Appends what is seen of a touch in a lane.
fn push_changes<'a>(touch: Touch<'a>, lane: Lane, changes: &mut Vec<Change<'a>>) {
    let write = |node: &'a str, sets: &'a [Set<'a>], changes: &mut Vec<Change<'a>>| {
        let seen = sets.iter().filter(|set| is_seen(set.register, lane));
        changes.extend(seen.map(|set| Change::Write { node, register: set.register, value: set.value }));
    };
    match touch {
        Touch::Create { node, sets } => {
            changes.push(Change::Create { node });
            write(node, sets, changes);
        }
        Touch::Write { node, sets } => write(node, sets, changes),
        Touch::Delete { node } => changes.push(Change::Delete { node }),
        Touch::Link(link) => {
            let properties = link.properties.filter(|_| !is_redacted(lane));
            changes.push(Change::AddLink { ends: link.ends, properties });
        }
        Touch::Unlink(Unlink { ends, observed: Some(tags) }) => {
            changes.extend(tags.iter().map(|tag| Change::RemoveLink { ends: *ends, tag }));
        }
        Touch::Unlink(Unlink { ends, observed: None }) => {
            changes.push(Change::RemoveLinksBefore { ends: *ends });
        }
        Touch::Absorb { node, into } if !is_redacted(lane) => changes.push(Change::Absorb { node, into }),
        Touch::Read(sensor) if !is_redacted(lane) => changes.push(Change::Read(sensor)),
        Touch::Survive { .. } | Touch::Absorb { .. } | Touch::Read(_) => {}
    }
}
