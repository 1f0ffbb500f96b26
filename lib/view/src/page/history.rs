//! The history of a space as pages replay it: what each event changed, in the order of the events.
//!
//! A page never holds an event line, only register changes, and no more of a redacted lane than a view takes:
//! creations, deletions, parents, moves and links. Names and values stand in tables once, and changes point into
//! them. [`SCRIPT`] is the reader's side: it walks through a history forwards and backwards.
//!
//! ```text
//! {"space":"flood","actors":[…],"operations":[…],"nodes":[…],"registers":["position","properties.fill",…],
//!  "tiles":[…],"links":[[node,relation,node],…],"sensors":[[actor,sensor],…],"values":[…],"gone":[value,…],
//!  "time":[…],"id":[…],"actor":[…],"operation":[…],"changes":[[…],…]}
//! ```
//!
//! The last five are columns with an entry an event. Changes are numbers, one after the other: 0 node tile
//! (created), 1 node register value (set), 2 node lane (deleted), 3 link tag value (added), 4 link tag (removed), 5
//! link (removed so far), 6 sensor value unit node position (read), 7 node value lane (absorbed). −1 is nothing.

use ahash::AHashMap;
use bumpalo::Bump;
use std::io::Write as _;
use ulp_core::event::{Defaults, Ends, Line, Payload, Reader, Register, RegisterKind, Sensor, Set};
use ulp_core::id::{Key, Lane, Policy, Tile, Time};
use ulp_core::json::{write_canonical, write_string};
use ulp_core::state::line::{Body, StateLine};
use ulp_core::world::{Filter, Row, World};

/// The JavaScript that reads a history: `History` and what it needs.
pub const SCRIPT: &str = include_str!("../page/history.js");

/// What an event, or a state line in its place, changes.
#[derive(Clone, Copy, Debug)]
enum Change<'a> {
    Create(&'a str, Tile),
    Set(&'a str, Register<'a>, &'a str),
    /// In a lane, by number: what the lane knew of the node is gone with it.
    Delete(&'a str, usize),
    /// In a lane, by number.
    Absorb(&'a str, &'a str, usize),
    Add(Ends<'a>, &'a str, Option<&'a str>),
    Remove(Ends<'a>, &'a str),
    RemoveAll(Ends<'a>),
    Read(Sensor<'a>),
}

/// Who did what, where the event itself is at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Author<'a> {
    actor: Option<&'a str>,
    operation: Option<&'a str>,
}

/// Appends the history of one space, of what `filter` takes in, as one JSON object. `takes_tile` says which tiles
/// the view takes in.
pub fn write(
    world: &World<'_>,
    filter: &Filter,
    space: &str,
    takes_tile: impl Fn(Tile) -> bool,
    out: &mut Vec<u8>,
) {
    let arena = Bump::new();
    let mut gathered = Gathered { arena: &arena, filter, changes: Vec::new(), authors: AHashMap::new() };
    for tile in (0..world.len()).filter(|i| world.place(*i).0 == space) {
        gathered.take_tile(world, tile);
    }
    gathered.changes.sort_by_key(|(key, _)| *key);
    let mut tables = Tables::default();
    let mut columns = Columns::default();
    for event in gathered.changes.chunk_by(|a, b| a.0.eff == b.0.eff && a.0.event() == b.0.event()) {
        let key = event[0].0;
        let author = gathered.authors.get(&(key.eff, key.event())).copied().unwrap_or_default();
        columns.push(key, author, event, &mut tables);
    }
    tables.mark_gone(&takes_tile);
    write_object(space, &tables, &columns, out);
}

/// The changes of a space, in no order yet.
struct Gathered<'a, 'f> {
    arena: &'a Bump,
    filter: &'f Filter,
    /// A change without anything stands for an event that changed nothing.
    changes: Vec<(Key<'a>, Option<Change<'a>>)>,
    authors: AHashMap<(Time, &'a str), Author<'a>>,
}

impl<'a> Gathered<'a, '_> {
    fn take_tile(&mut self, world: &'a World<'_>, index: usize) {
        let tile = world.place(index).1;
        let place = |lane: Lane| Place { tile, lane, number: index * Lane::COUNT + lane.index() };
        for line in world.state_lines(index).filter(|line| world.takes_line(line, self.filter)) {
            self.take_line(line, place(line.lane));
        }
        let defaults = world.defaults();
        for (key, row) in world.sorted_rows(index) {
            if world.withheld(row, key, self.filter).is_none() {
                self.take_row(key, row, place(row.lane), defaults);
            }
        }
    }

    fn take_row(&mut self, key: Key<'a>, row: &'a Row<'_>, place: Place, defaults: &Defaults) {
        let redacted = place.is_redacted();
        self.changes.push((key, None));
        if !redacted {
            let scratch = Bump::new();
            if let Ok(Line::Event(event)) = Reader::new(&scratch, defaults).read_bytes(row.line) {
                let author = Author {
                    actor: Some(self.arena.alloc_str(event.actor)),
                    operation: Some(self.arena.alloc_str(event.operation)),
                };
                self.authors.insert((key.eff, key.id), author);
            }
        }
        match row.payload {
            Payload::Macro(list) => {
                for primitive in list {
                    let id = self.arena.alloc_str(&format!("{}{}", row.id, primitive.suffix));
                    self.take_payload(Key { eff: key.eff, id }, &primitive.payload, place);
                }
            }
            payload => self.take_payload(key, &payload, place),
        }
    }

    fn take_payload(&mut self, key: Key<'a>, payload: &Payload<'a>, place: Place) {
        let redacted = place.is_redacted();
        match *payload {
            Payload::Create { node, sets } => {
                self.push(key, Change::Create(node, place.tile));
                self.take_sets(key, node, sets, redacted);
            }
            Payload::Set { node, sets } => self.take_sets(key, node, sets, redacted),
            Payload::Step { updates } => {
                updates.iter().for_each(|(node, sets)| self.take_sets(key, node, sets, redacted));
            }
            Payload::Delete { node } => self.push(key, Change::Delete(node, place.number)),
            Payload::Link(link) => {
                let properties = link.properties.filter(|_| !redacted);
                self.push(key, Change::Add(link.ends, key.id, properties));
            }
            Payload::Unlink(unlink) => match unlink.observed {
                Some(tags) => tags.iter().for_each(|tag| self.push(key, Change::Remove(unlink.ends, tag))),
                None => self.push(key, Change::RemoveAll(unlink.ends)),
            },
            Payload::Merge { node: Some((_, raw)), absorbs } if !redacted => {
                absorbs.iter().for_each(|one| self.push(key, Change::Absorb(one, raw, place.number)));
            }
            Payload::Sensor(sensor) if !redacted => self.push(key, Change::Read(*sensor)),
            Payload::Merge { .. } | Payload::Sensor(_) | Payload::Macro(_) | Payload::Unknown => {}
        }
    }

    fn take_sets(&mut self, key: Key<'a>, node: &'a str, sets: &[Set<'a>], redacted: bool) {
        for set in sets.iter().filter(|set| !redacted || is_plain_to_all(set.register)) {
            self.push(key, Change::Set(node, set.register, set.value));
        }
    }

    /// A state line holds what events left behind, each under the key of its event.
    fn take_line(&mut self, line: &'a StateLine<'_>, place: Place) {
        let redacted = place.is_redacted();
        match &line.body {
            Body::Tile { .. } => {}
            Body::Node { node, created, deleted, registers } => {
                created.iter().for_each(|key| self.push(*key, Change::Create(node, place.tile)));
                deleted.iter().for_each(|key| self.push(*key, Change::Delete(node, place.number)));
                for w in registers.iter().filter(|w| !redacted || is_plain_to_all(w.register)) {
                    let absorbs = w.register.kind == RegisterKind::AbsorbedInto;
                    self.push(
                        w.key,
                        if absorbs {
                            Change::Absorb(node, w.value, place.number)
                        } else {
                            Change::Set(node, w.register, w.value)
                        },
                    );
                }
            }
            Body::Link { ends, adds, removed, removed_before } => {
                for (tag, add) in adds.iter() {
                    self.push(add.key, Change::Add(*ends, tag, add.properties.filter(|_| !redacted)));
                }
                // When a tag was removed is not known, but it never comes back: it counts as never there.
                let first = adds.iter().map(|(_, add)| add.key).chain(*removed_before).min();
                if let Some(first) = first {
                    removed.iter().for_each(|tag| self.push(first, Change::Remove(*ends, tag)));
                }
                removed_before.iter().for_each(|key| self.push(*key, Change::RemoveAll(*ends)));
            }
            Body::Sensor(reading) => {
                let layers = &self.filter.layers;
                let taken = layers.is_empty() || layers.iter().any(|l| l == reading.sensor.layer);
                if taken && !redacted {
                    self.push(reading.key, Change::Read(reading.sensor));
                }
            }
        }
    }

    fn push(&mut self, key: Key<'a>, change: Change<'a>) {
        self.changes.push((key, Some(change)));
    }
}

/// Where a change comes from.
#[derive(Clone, Copy)]
struct Place {
    tile: Tile,
    lane: Lane,
    /// Tells the lanes of all tiles apart.
    number: usize,
}

impl Place {
    fn is_redacted(self) -> bool {
        self.lane.policy == Policy::Redacted
    }
}

/// What a view takes of a node from a redacted lane.
fn is_plain_to_all(register: Register<'_>) -> bool {
    matches!(register.kind, RegisterKind::Parent | RegisterKind::MovedTo)
}

/// Texts, each once, by number.
#[derive(Default)]
struct Table {
    numbers: AHashMap<Vec<u8>, usize>,
    list: Vec<Vec<u8>>,
}

impl Table {
    fn number(&mut self, json: Vec<u8>) -> usize {
        if let Some(number) = self.numbers.get(&json) {
            return *number;
        }
        self.numbers.insert(json.clone(), self.list.len());
        self.list.push(json);
        self.list.len() - 1
    }

    fn text(&mut self, text: &str) -> usize {
        let mut json = Vec::with_capacity(text.len() + 2);
        write_string(text, &mut json);
        self.number(json)
    }

    fn raw(&mut self, raw: &str) -> usize {
        let mut json = Vec::with_capacity(raw.len());
        write_canonical(raw, &mut json);
        self.number(json)
    }
}

#[derive(Default)]
struct Tables {
    actors: Table,
    operations: Table,
    nodes: Table,
    registers: Table,
    tiles: Table,
    links: Table,
    tags: Table,
    sensors: Table,
    values: Table,
    /// Values of `moved_to` that name a tile outside of the view.
    gone: Vec<usize>,
}

impl Tables {
    fn link(&mut self, ends: Ends<'_>) -> usize {
        let (from, to) = (self.nodes.text(ends.from), self.nodes.text(ends.to));
        let mut json = Vec::new();
        let _ = write!(json, "[{from},");
        write_string(ends.relation, &mut json);
        let _ = write!(json, ",{to}]");
        self.links.number(json)
    }

    fn sensor(&mut self, sensor: &Sensor<'_>) -> usize {
        let mut json = b"[".to_vec();
        write_string(sensor.actor, &mut json);
        json.push(b',');
        write_string(sensor.sensor, &mut json);
        json.push(b']');
        self.sensors.number(json)
    }

    fn value(&mut self, raw: Option<&str>) -> Option<usize> {
        raw.filter(|raw| *raw != "null").map(|raw| self.values.raw(raw))
    }

    fn mark_gone(&mut self, takes_tile: &impl Fn(Tile) -> bool) {
        let outside = |json: &[u8]| {
            let text = std::str::from_utf8(json).unwrap_or_default();
            Tile::parse(text.trim_matches('"')).is_some_and(|tile| !takes_tile(tile))
        };
        let values = self.values.list.iter().enumerate();
        self.gone = values.filter(|(_, json)| outside(json)).map(|(i, _)| i).collect();
    }
}

/// The columns of the events, as JSON already.
#[derive(Default)]
struct Columns {
    count: usize,
    time: Vec<u8>,
    id: Vec<u8>,
    actor: Vec<u8>,
    operation: Vec<u8>,
    changes: Vec<u8>,
}

impl Columns {
    fn push(
        &mut self,
        key: Key<'_>,
        author: Author<'_>,
        event: &[(Key<'_>, Option<Change<'_>>)],
        tables: &mut Tables,
    ) {
        if self.count > 0 {
            for column in
                [&mut self.time, &mut self.id, &mut self.actor, &mut self.operation, &mut self.changes]
            {
                column.push(b',');
            }
        }
        self.count += 1;
        let _ = write!(self.time, "{}", key.eff);
        write_string(key.event(), &mut self.id);
        write_number(author.actor.map(|a| tables.actors.text(a)), &mut self.actor);
        write_number(author.operation.map(|o| tables.operations.text(o)), &mut self.operation);
        self.changes.push(b'[');
        let start = self.changes.len();
        for change in event.iter().filter_map(|(_, change)| change.as_ref()) {
            if self.changes.len() > start {
                self.changes.push(b',');
            }
            write_change(change, tables, &mut self.changes);
        }
        self.changes.push(b']');
    }
}

fn write_number(number: Option<usize>, out: &mut Vec<u8>) {
    let _ = match number {
        Some(number) => write!(out, "{number}"),
        None => write!(out, "-1"),
    };
}

fn write_change(change: &Change<'_>, tables: &mut Tables, out: &mut Vec<u8>) {
    let numbers: Vec<Option<usize>> = match change {
        Change::Create(node, tile) => {
            vec![Some(0), Some(tables.nodes.text(node)), Some(tables.tiles.text(&tile.to_string()))]
        }
        Change::Set(node, register, value) => {
            let register = tables.registers.text(&register.to_string());
            vec![Some(1), Some(tables.nodes.text(node)), Some(register), tables.value(Some(value))]
        }
        Change::Delete(node, lane) => vec![Some(2), Some(tables.nodes.text(node)), Some(*lane)],
        Change::Absorb(node, into, lane) => {
            vec![Some(7), Some(tables.nodes.text(node)), tables.value(Some(into)), Some(*lane)]
        }
        Change::Add(ends, tag, properties) => {
            vec![Some(3), Some(tables.link(*ends)), Some(tables.tags.text(tag)), tables.value(*properties)]
        }
        Change::Remove(ends, tag) => {
            vec![Some(4), Some(tables.link(*ends)), Some(tables.tags.text(tag))]
        }
        Change::RemoveAll(ends) => vec![Some(5), Some(tables.link(*ends))],
        Change::Read(sensor) => {
            let node = sensor.node.map(crate::join::unquoted).filter(|n| !n.is_empty());
            vec![
                Some(6),
                Some(tables.sensor(sensor)),
                tables.value(Some(sensor.value)),
                tables.value(sensor.unit),
                node.map(|n| tables.nodes.text(&n)),
                tables.value(sensor.position),
            ]
        }
    };
    for (i, number) in numbers.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_number(number, out);
    }
}

fn write_object(space: &str, tables: &Tables, columns: &Columns, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"space\":");
    write_string(space, out);
    let lists = [
        ("actors", &tables.actors),
        ("operations", &tables.operations),
        ("nodes", &tables.nodes),
        ("registers", &tables.registers),
        ("tiles", &tables.tiles),
        ("links", &tables.links),
        ("sensors", &tables.sensors),
        ("values", &tables.values),
    ];
    for (name, table) in lists {
        write_column(name, &table.list.join(&b','), out);
    }
    let gone: Vec<String> = tables.gone.iter().map(usize::to_string).collect();
    write_column("gone", gone.join(",").as_bytes(), out);
    write_column("time", &columns.time, out);
    write_column("id", &columns.id, out);
    write_column("actor", &columns.actor, out);
    write_column("operation", &columns.operation, out);
    write_column("changes", &columns.changes, out);
    out.push(b'}');
}

fn write_column(name: &str, items: &[u8], out: &mut Vec<u8>) {
    let _ = write!(out, ",\"{name}\":[");
    out.extend_from_slice(items);
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_a_value_once() {
        let mut table = Table::default();
        assert_eq!((table.raw("{\"b\":1, \"a\":2}"), table.raw("{\"a\":2,\"b\":1}")), (0, 0));
        assert_eq!(table.text("x"), 1);
    }
}
