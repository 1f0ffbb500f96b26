//! The history of a space as pages replay it: what each event came to, in the order of the events.
//!
//! A page never holds an event line, only register changes, and no more of a redacted lane than a view takes:
//! creations, deletions, parents, moves and links. Names and values stand in tables once, and changes point into
//! them; nodes and links stand there in the order of their names. [`SCRIPT`] is the reader's side: it walks through a
//! history forwards and backwards.
//!
//! ```text
//! {"space":"flood","actors":[…],"operations":[…],"nodes":[…],"registers":["position","properties.fill",…],
//!  "tiles":[…],"links":[[node,relation,node],…],"sensors":[[actor,sensor],…],"values":[…],"gone":[value,…],
//!  "together":[event,…],"time":[…],"id":[…],"actor":[…],"operation":[…],"changes":[[…],…]}
//! ```
//!
//! The last five are columns with an entry an event; `together` are events whose key is that of the one before, so that
//! no instant lies between them. What already stands is not told again. Changes are numbers, one after the other: 0
//! node tile rank (created), 1 node register value (set), 2 node (deleted, which leaves no register), 3 link value rank
//! (the tag that stands last), 4 link (none stands), 5 sensor value unit node position (read), 6 event (by which the
//! next change was made, where that is another one), 7 node (touched, to no effect), 8 node (withheld: as if it had
//! never been), 9 node (an occluder from now on), 10 sensor (what it read is withheld). Ranks are those of keys. −1 is
//! nothing.

use super::prepared::Tables as Prepared;
use crate::history::{Author, Effect, Resolved, Step};
use crate::join::unquoted;
use bumpalo::Bump;
use foldhash::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use ulp_core::event::{Ends, RegisterKind};
use ulp_core::id::{Key, Tile};
use ulp_core::json::write_string;

/// The JavaScript that reads a history: `History` and what it needs.
pub const SCRIPT: &str = include_str!("../page/history.js");

/// Appends a history as one JSON object, and answers the tables that are to be prepared. `takes_tile` says which tiles
/// the view takes in.
pub(super) fn write(
    history: &Resolved<'_>,
    takes_tile: impl Fn(Tile) -> bool,
    out: &mut Vec<u8>,
) -> Prepared {
    let mut tables = Tables::of(history);
    let mut columns = Columns::default();
    let mut scratch = Bump::new();
    for (number, step) in history.steps.iter().enumerate() {
        columns.push((number, step), history.author(step, &scratch), &mut tables);
        scratch.reset();
    }
    let together: Vec<usize> = (1..history.steps.len())
        .filter(|i| history.steps[*i].event.key == history.steps[i - 1].event.key)
        .collect();
    tables.mark_gone(&takes_tile);
    write_object(history.space, &tables, &together, &columns, out);
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

    /// A canonical value.
    fn raw(&mut self, raw: &str) -> usize {
        self.number(raw.as_bytes().to_vec())
    }
}

/// The tables, and where things stand in those that are sorted.
struct Tables<'a> {
    actors: Table,
    operations: Table,
    nodes: Table,
    registers: Table,
    tiles: Table,
    links: Table,
    sensors: Table,
    values: Table,
    /// The places of all links in the order of their ends.
    link_numbers: BTreeMap<Ends<'a>, usize>,
    /// The ranks of the keys that nodes and links are ordered by.
    ranks: BTreeMap<Key<'a>, usize>,
    /// Values of `moved_to` that name a tile.
    moves: BTreeMap<usize, Tile>,
    /// Those of them that lie outside of the view.
    gone: Vec<usize>,
}

/// Every name that a history brings up, in order.
#[derive(Default)]
struct Names<'a> {
    nodes: BTreeSet<String>,
    links: BTreeSet<Ends<'a>>,
    keys: BTreeSet<Key<'a>>,
}

impl<'a> Names<'a> {
    fn of(history: &Resolved<'a>) -> Names<'a> {
        let mut names = Names::default();
        history.steps.iter().flat_map(|step| &step.effects).for_each(|effect| names.take(effect));
        names
    }

    fn take(&mut self, effect: &Effect<'a>) {
        match effect {
            Effect::Create { node, key, .. } => {
                self.node(node);
                self.keys.insert(*key);
            }
            Effect::Write { node, written, .. } => {
                self.node(node);
                if written.register.kind.names_node() {
                    self.node(&unquoted(written.value));
                }
            }
            Effect::Delete { node, .. }
            | Effect::Nothing { node }
            | Effect::Withhold { node }
            | Effect::Occlude { node } => self.node(node),
            Effect::Unread { .. } => {}
            Effect::Link { ends, stands } => {
                self.node(ends.from);
                self.node(ends.to);
                self.links.insert(*ends);
                self.keys.extend(stands.map(|standing| standing.add.key));
            }
            Effect::Read { reading, .. } => {
                reading.sensor.node.into_iter().for_each(|raw| self.node(&unquoted(raw)));
            }
        }
    }

    fn node(&mut self, name: &str) {
        if !name.is_empty() && !self.nodes.contains(name) {
            self.nodes.insert(name.to_owned());
        }
    }
}

impl<'a> Tables<'a> {
    /// The tables of a history: nodes and links whole, the others empty.
    fn of(history: &Resolved<'a>) -> Tables<'a> {
        let names = Names::of(history);
        let mut nodes = Table::default();
        names.nodes.iter().for_each(|name| {
            nodes.text(name);
        });
        let (mut links, mut link_numbers) = (Table::default(), BTreeMap::new());
        for ends in names.links {
            let (from, to) = (nodes.text(ends.from), nodes.text(ends.to));
            let mut json = Vec::new();
            let _ = write!(json, "[{from},");
            write_string(ends.relation, &mut json);
            let _ = write!(json, ",{to}]");
            link_numbers.insert(ends, links.number(json));
        }
        let (actors, operations, registers, tiles, sensors, values) = Default::default();
        let (moves, gone) = Default::default();
        let ranks = names.keys.into_iter().zip(0..).collect();
        Tables {
            actors,
            operations,
            nodes,
            registers,
            tiles,
            links,
            sensors,
            values,
            link_numbers,
            ranks,
            moves,
            gone,
        }
    }

    fn link(&self, ends: Ends<'a>) -> Option<usize> {
        self.link_numbers.get(&ends).copied()
    }

    fn rank(&self, key: Key<'a>) -> Option<usize> {
        self.ranks.get(&key).copied()
    }

    fn sensor(&mut self, actor: &str, sensor: &str) -> usize {
        let mut json = b"[".to_vec();
        write_string(actor, &mut json);
        json.push(b',');
        write_string(sensor, &mut json);
        json.push(b']');
        self.sensors.number(json)
    }

    fn value(&mut self, raw: Option<&str>) -> Option<usize> {
        raw.filter(|raw| *raw != "null").map(|raw| self.values.raw(raw))
    }

    fn mark_gone(&mut self, takes_tile: &impl Fn(Tile) -> bool) {
        let outside = self.moves.iter().filter(|(_, tile)| !takes_tile(**tile));
        self.gone = outside.map(|(value, _)| *value).collect();
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
    fn push<'a>(&mut self, (number, step): (usize, &Step<'a>), author: Author<'_>, tables: &mut Tables<'a>) {
        if self.count > 0 {
            for column in
                [&mut self.time, &mut self.id, &mut self.actor, &mut self.operation, &mut self.changes]
            {
                column.push(b',');
            }
        }
        self.count += 1;
        let _ = write!(self.time, "{}", step.event.key.eff);
        write_string(step.event.key.id, &mut self.id);
        write_number(author.actor.map(|a| tables.actors.text(a)), &mut self.actor);
        write_number(author.operation.map(|o| tables.operations.text(o)), &mut self.operation);
        self.changes.push(b'[');
        let numbers = step.effects.iter().flat_map(|effect| {
            let by = by(effect).filter(|by| *by != number);
            by.into_iter().flat_map(|by| [Some(6), Some(by)]).chain(numbers(effect, tables))
        });
        for (i, number) in numbers.enumerate() {
            if i > 0 {
                self.changes.push(b',');
            }
            write_number(number, &mut self.changes);
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

/// The number of the step whose event did it.
fn by(effect: &Effect<'_>) -> Option<usize> {
    match effect {
        Effect::Create { by, .. }
        | Effect::Delete { by, .. }
        | Effect::Write { by, .. }
        | Effect::Read { by, .. } => Some(*by),
        Effect::Link { stands, .. } => stands.map(|standing| standing.by),
        Effect::Nothing { .. } | Effect::Withhold { .. } | Effect::Occlude { .. } | Effect::Unread { .. } => {
            None
        }
    }
}

/// An effect as the numbers of a change.
fn numbers<'a>(effect: &Effect<'a>, tables: &mut Tables<'a>) -> Vec<Option<usize>> {
    match *effect {
        Effect::Create { node, key, tile, .. } => {
            let tile = tables.tiles.text(&tile.to_string());
            vec![Some(0), Some(tables.nodes.text(node)), Some(tile), tables.rank(key)]
        }
        Effect::Write { node, written, .. } => {
            let register = tables.registers.text(&written.register.to_string());
            let value = tables.value(Some(written.value));
            if written.register.kind == RegisterKind::MovedTo
                && let (Some(value), Some(tile)) = (value, Tile::parse(&unquoted(written.value)))
            {
                tables.moves.insert(value, tile);
            }
            vec![Some(1), Some(tables.nodes.text(node)), Some(register), value]
        }
        Effect::Delete { node, .. } => vec![Some(2), Some(tables.nodes.text(node))],
        Effect::Link { ends, stands: Some(standing) } => {
            let value = tables.value(standing.add.properties);
            vec![Some(3), tables.link(ends), value, tables.rank(standing.add.key)]
        }
        Effect::Link { ends, stands: None } => vec![Some(4), tables.link(ends)],
        Effect::Read { reading, .. } => {
            let sensor = reading.sensor;
            let node = sensor.node.map(unquoted).filter(|n| !n.is_empty());
            vec![
                Some(5),
                Some(tables.sensor(sensor.actor, sensor.sensor)),
                tables.value(Some(sensor.value)),
                tables.value(sensor.unit),
                node.map(|n| tables.nodes.text(&n)),
                tables.value(sensor.position),
            ]
        }
        Effect::Nothing { node } => vec![Some(7), Some(tables.nodes.text(node))],
        Effect::Withhold { node } => vec![Some(8), Some(tables.nodes.text(node))],
        Effect::Occlude { node } => vec![Some(9), Some(tables.nodes.text(node))],
        Effect::Unread { actor, sensor } => vec![Some(10), Some(tables.sensor(actor, sensor))],
    }
}

fn write_object(space: &str, tables: &Tables<'_>, together: &[usize], columns: &Columns, out: &mut Vec<u8>) {
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
    let listed = |numbers: &[usize]| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    write_column("gone", listed(&tables.gone).as_bytes(), out);
    write_column("together", listed(together).as_bytes(), out);
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
        assert_eq!((table.raw("{\"a\":2}"), table.raw("{\"a\":2}")), (0, 0));
        assert_eq!(table.text("x"), 1);
    }
}
