//! Which events set the registers of a node, or deleted it.
//!
//! A key is no event: a name may be used again in another tile or lane, or with another value. What stands is the
//! greatest write, and who is named wrote that very value, under that very key, in a lane that the view sees.

use super::Job;
use bumpalo::Bump;
use ulp_core::event::{Line, Reader, Register, RegisterKind, Touch, time_number};
use ulp_core::id::{Key, Lane};
use ulp_core::json::Tape;
use ulp_core::state::{Node, Registers, Written, sort_by_name};
use ulp_core::world::{Derived, Row};
use ulp_view::print::{self, Blame, Setter};
use ulp_view::redaction::{is_redacted, is_seen};

/// What one lane of one tile knows of the node.
struct LaneNode<'a> {
    space: &'a str,
    /// The place of the tile in the world.
    place: usize,
    lane: Lane,
    node: Node<'a>,
}

/// What stands: a register's write, or that the node was deleted.
#[derive(Clone, Copy)]
enum Standing<'a> {
    Set(Written<'a>),
    Deleted(Key<'a>),
}

/// Appends a line a register of one node and event that set it, joined over the lanes and tiles of each space; of a
/// node that was deleted, who did that. Answers whether any lane knows the node.
pub fn write<'a>(job: &Job<'_, 'a>, tiles: Vec<Derived<'a>>, name: &str, out: &mut Vec<u8>) -> bool {
    let told: Vec<LaneNode<'a>> = tiles
        .into_iter()
        .enumerate()
        .flat_map(|(place, derived)| {
            let Derived { space, lanes, .. } = derived;
            lanes.into_iter().filter_map(move |(lane, state)| {
                let node = seen(job, lane, state.nodes.get(name)?.alone());
                is_known(&node).then_some(LaneNode { space, place, lane, node })
            })
        })
        .collect();
    for of_space in told.chunk_by(|a, b| a.space == b.space) {
        write_space(job, of_space, name, out);
    }
    !told.is_empty()
}

/// What of a node is told of a lane. The owner, who names no lanes, sees all of it; whoever does asks for a view.
fn seen<'a>(job: &Job<'_, 'a>, lane: Lane, mut node: Node<'a>) -> Node<'a> {
    if is_veiled(job, lane) {
        node.registers.retain(|register| is_seen(register, lane));
    }
    node
}

/// Whether no more is told of the events of a lane than what a view takes from it.
fn is_veiled(job: &Job<'_, '_>, lane: Lane) -> bool {
    is_redacted(lane) && job.args.lanes.names_any()
}

fn is_known(node: &Node<'_>) -> bool {
    node.created.is_some() || node.deleted.is_some() || !node.registers.is_empty()
}

fn write_space<'a>(job: &Job<'_, 'a>, told: &[LaneNode<'a>], name: &str, out: &mut Vec<u8>) {
    let rows: Vec<Vec<(Key<'a>, Row<'a>)>> = told.iter().map(|of| rows_of(job, of, name)).collect();
    for standing in standing(told) {
        for (of, rows) in told.iter().zip(&rows).filter(|(of, _)| standing.stands_in(&of.node)) {
            let mut setters: Vec<(Vec<u8>, Setter)> = rows
                .iter()
                .filter(|(key, row)| standing.is_by(*key, row, name))
                .filter_map(|(_, row)| setter(job, of, row.line))
                .collect();
            setters.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            let blame = standing.blame(name);
            match &setters[..] {
                [] => print::write_blame(&blame, None, out),
                some => some.iter().for_each(|(_, setter)| print::write_blame(&blame, Some(setter), out)),
            }
        }
    }
}

/// The events of a lane that touch the node, and of which more than their key may be told.
fn rows_of<'a>(job: &Job<'_, 'a>, of: &LaneNode<'a>, name: &str) -> Vec<(Key<'a>, Row<'a>)> {
    let takes = |key: &Key<'a>, row: &Row<'a>| {
        row.lane == of.lane
            && row.payload.touches().any(|touch| touch.node() == Some(name))
            && job.world.withheld(row, *key, job.filter).is_none()
    };
    let rows = job.world.rows(of.place).filter(|_| !is_veiled(job, of.lane));
    rows.map(|(key, _, row)| (key, row)).filter(|(key, row)| takes(key, row)).collect()
}

/// What stands of a node, joined over all that is told: its deletion alone, or its registers by name.
fn standing<'a>(told: &[LaneNode<'a>]) -> Vec<Standing<'a>> {
    if let Some(deleted) = told.iter().filter_map(|of| of.node.deleted).max() {
        return vec![Standing::Deleted(deleted)];
    }
    let mut joined = Registers::default();
    told.iter().flat_map(|of| of.node.registers.iter()).for_each(|written| joined.write(*written));
    let mut writes: Vec<_> = joined.iter().collect();
    sort_by_name(&mut writes);
    writes.into_iter().copied().map(Standing::Set).collect()
}

impl<'a> Standing<'a> {
    /// Whether what one lane knows is what stands.
    fn stands_in(self, node: &Node<'a>) -> bool {
        match self {
            Standing::Deleted(key) => node.deleted == Some(key),
            Standing::Set(written) => {
                let own = node.registers.get(written.register);
                own.is_some_and(|own| (own.key, own.value) == (written.key, written.value))
            }
        }
    }

    /// Whether an event that has this key of its own wrote it.
    fn is_by(self, own: Key<'_>, row: &Row<'_>, name: &str) -> bool {
        let key = match self {
            Standing::Deleted(key) => key,
            Standing::Set(written) => written.key,
        };
        let Some(suffix) = key.id.strip_prefix(own.id).filter(|_| own.eff == key.eff) else { return false };
        let mut parts = row.payload.primitives().filter(|primitive| primitive.suffix == suffix);
        parts.any(|primitive| {
            primitive.touches().any(|touch| touch.node() == Some(name) && self.is_done_by(touch))
        })
    }

    fn is_done_by(self, touch: Touch<'_>) -> bool {
        match (self, touch) {
            (Standing::Deleted(_), touch) => matches!(touch, Touch::Delete { .. }),
            (Standing::Set(written), Touch::Absorb { into, .. }) => {
                (written.register, written.value) == (Register::plain(RegisterKind::AbsorbedInto), into)
            }
            (Standing::Set(written), touch) => {
                touch.sets().iter().any(|set| (set.register, set.value) == (written.register, written.value))
            }
        }
    }

    fn blame<'b>(&'b self, node: &'b str) -> Blame<'b> {
        match self {
            Standing::Deleted(key) => Blame { node, register: "deleted".to_owned(), value: None, key: *key },
            Standing::Set(Written { register, key, value }) => {
                Blame { node, register: register.to_string(), value: Some(value), key: *key }
            }
        }
    }
}

/// Who wrote an event, when and where, beside its canonical form; its line is read anew.
fn setter(job: &Job<'_, '_>, of: &LaneNode<'_>, line: &[u8]) -> Option<(Vec<u8>, Setter)> {
    let arena = Bump::new();
    let Ok(Line::Event(event)) = Reader::new(&arena, job.world.defaults()).read_bytes(line) else {
        return None;
    };
    let mut canonical = Vec::with_capacity(line.len());
    event.write_canonical(&mut Tape::new(), &mut canonical);
    let setter = Setter {
        tile: event.tile,
        lane: of.lane,
        event_id: event.id.to_owned(),
        actor: event.actor.to_owned(),
        timestamp: time_number(event.time),
    };
    Some((canonical, setter))
}
