//! Gathering what changed: from events, macros expanded, and from state lines.

use super::event::{Change, Event, History, Part, Source};
use super::lines::{AtHand, Statement, statements};
use crate::redaction::{is_redacted, is_seen};
use bumpalo::Bump;
use foldhash::HashMap;
use ulp_core::event::{Payload, Sets, Touch, Unlink};
use ulp_core::id::{Key, Lane, Tile};
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
}

impl<'a> Gathering<'a> {
    fn new(world: &'a World<'_>, space: &'a str, arena: &'a Bump) -> Gathering<'a> {
        let (events, parts, changes, removed) = Default::default();
        let history = History { space, defaults: world.defaults(), events, parts, changes, removed };
        Gathering { history, arena }
    }

    fn take_tile(&mut self, world: &'a World<'_>, place: usize, filter: &Filter) {
        let tile = world.place(place).1;
        let start = self.history.parts.len();
        for (key, row) in world.sorted_rows(place) {
            if world.withheld(&row, key, filter).is_none() {
                let event = self.add_event(Event { tile, lane: row.lane, key, line: Some(row.line) });
                self.take_row(key, &row, event);
            }
        }
        let lines = world.state_lines(place).filter(|line| world.takes_line(line, filter));
        let (mut told, mut removed) = statements(lines);
        self.history.removed.append(&mut removed);
        if !told.is_empty() {
            let at_hand = self.at_hand(start);
            told.retain(|statement| !at_hand.does(statement));
            self.tell(tile, &told);
        }
    }

    /// What the events do whose parts are there from `start` on.
    fn at_hand(&self, start: usize) -> AtHand<'a> {
        let mut at_hand = AtHand::default();
        for part in &self.history.parts[start..] {
            let lane = self.history.event(part).lane;
            self.history.changes(part).iter().for_each(|change| at_hand.add(lane, part.key, change));
        }
        at_hand
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
        self.history.parts.push(Part { key, source, event, step: event, changes });
    }

    /// Makes parts of what the state lines of a tile say: one of each lane and key that is taken in at once.
    fn tell(&mut self, tile: Tile, told: &[Statement<'a>]) {
        let mut events: HashMap<(Lane, Key<'a>), usize> = HashMap::default();
        let mut event_of = |this: &mut Self, lane, key: Key<'a>| {
            let key = Key { id: key.event(), ..key };
            *events
                .entry((lane, key))
                .or_insert_with(|| this.add_event(Event { tile, lane, key, line: None }))
        };
        for same in told.chunk_by(Statement::is_of_one_part) {
            let Statement { lane, key, from, .. } = same[0];
            let (event, step) = (event_of(self, lane, key), event_of(self, lane, from));
            let start = self.history.changes.len();
            self.history.changes.extend(same.iter().map(|statement| statement.change));
            let changes = start..self.history.changes.len();
            self.history.parts.push(Part { key, source: Source::State, event, step, changes });
        }
    }

    /// Puts events and parts in their order. The sorts are stable: what nothing else tells apart stays in the order
    /// of canonical lines, in which it came.
    fn finish(mut self) -> History<'a> {
        let History { events, parts, .. } = &mut self.history;
        let mut order: Vec<usize> = (0..events.len()).collect();
        order.sort_by(|a, b| events[*a].order(&events[*b]));
        let mut numbers = vec![0; order.len()];
        order.iter().zip(0..).for_each(|(old, new)| numbers[*old] = new);
        *events = order.iter().map(|old| events[*old]).collect();
        for part in &mut *parts {
            (part.event, part.step) = (numbers[part.event], numbers[part.step]);
        }
        parts.sort_by_key(|part| (part.key, part.event));
        self.history
    }
}

/// Appends what is seen of a touch in a lane.
fn push_changes<'a>(touch: Touch<'a>, lane: Lane, changes: &mut Vec<Change<'a>>) {
    let write = |node: &'a str, sets: Sets<'a>, changes: &mut Vec<Change<'a>>| {
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
