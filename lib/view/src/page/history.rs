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

use super::prepared::Tables as Prepared;
use crate::history::{Author, Change, Event, History, Part};
use bumpalo::Bump;
use foldhash::HashMap;
use std::io::Write as _;
use ulp_core::event::{Ends, Sensor};
use ulp_core::id::{Lane, Tile};
use ulp_core::json::{write_canonical, write_string};

/// The JavaScript that reads a history: `History` and what it needs.
pub const SCRIPT: &str = include_str!("../page/history.js");

/// Appends a history as one JSON object, and answers the tables that are to be prepared. `takes_tile` says which tiles
/// the view takes in.
pub(super) fn write(history: &History<'_>, takes_tile: impl Fn(Tile) -> bool, out: &mut Vec<u8>) -> Prepared {
    let mut tables = Tables::default();
    let mut columns = Columns::default();
    let mut scratch = Bump::new();
    for (event, parts) in history.events() {
        columns.push(history, (event, parts), history.author(event, &scratch), &mut tables);
        scratch.reset();
    }
    tables.mark_gone(&takes_tile);
    write_object(history.space, &tables, &columns, out);
    Prepared { values: tables.values.list, nodes: tables.nodes.list, sensors: tables.sensors.list }
}

/// Texts, each once, by number.
#[derive(Default)]
struct Table {
    numbers: HashMap<Vec<u8>, usize>,
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
        history: &History<'_>,
        (event, parts): (&Event<'_>, &[Part<'_>]),
        author: Author<'_>,
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
        let _ = write!(self.time, "{}", event.key.eff);
        write_string(event.key.id, &mut self.id);
        write_number(author.actor.map(|a| tables.actors.text(a)), &mut self.actor);
        write_number(author.operation.map(|o| tables.operations.text(o)), &mut self.operation);
        self.changes.push(b'[');
        let start = self.changes.len();
        for part in parts {
            for change in history.changes(part) {
                if self.changes.len() > start {
                    self.changes.push(b',');
                }
                write_change(change, part, event, tables, &mut self.changes);
            }
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

fn write_change(
    change: &Change<'_>,
    part: &Part<'_>,
    event: &Event<'_>,
    tables: &mut Tables,
    out: &mut Vec<u8>,
) {
    // Tells the lanes of all tiles apart.
    let lane = event.place * Lane::COUNT + event.lane.index();
    let numbers: Vec<Option<usize>> = match *change {
        Change::Create { node } => {
            let tile = tables.tiles.text(&event.tile.to_string());
            vec![Some(0), Some(tables.nodes.text(node)), Some(tile)]
        }
        Change::Write { node, register, value } => {
            let register = tables.registers.text(&register.to_string());
            vec![Some(1), Some(tables.nodes.text(node)), Some(register), tables.value(Some(value))]
        }
        Change::Delete { node } => vec![Some(2), Some(tables.nodes.text(node)), Some(lane)],
        Change::Absorb { node, into } => {
            vec![Some(7), Some(tables.nodes.text(node)), tables.value(Some(into)), Some(lane)]
        }
        Change::AddLink { ends, properties } => {
            vec![
                Some(3),
                Some(tables.link(ends)),
                Some(tables.tags.text(part.key.id)),
                tables.value(properties),
            ]
        }
        Change::RemoveLink { ends, tag } => {
            vec![Some(4), Some(tables.link(ends)), Some(tables.tags.text(tag))]
        }
        Change::RemoveLinksBefore { ends } => vec![Some(5), Some(tables.link(ends))],
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
