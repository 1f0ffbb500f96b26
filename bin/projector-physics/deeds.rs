//! What a history does to bodies, in the order of keys: the changes to nodes that ever were physical, to what these
//! hang on, and to gravity.

use crate::clock::Edge;
use crate::fields::Field;
use foldhash::{HashMap, HashSet};
use ulp_core::event::{Payload, Register};
use ulp_core::id::{Key, Lane, Tile};
use ulp_core::json::raw;
use ulp_view::history::{Change, History, Part, Source};

/// The node that holds what is true of a space.
pub const SPACE: &str = "@space";
/// The property of it by which things fall.
const GRAVITY: &str = "gravity";

/// What one part of a history does.
pub struct Deed<'a> {
    pub key: Key<'a>,
    pub tile: Tile,
    pub lane: Lane,
    /// Whether a solver did it.
    pub is_step: bool,
    /// The line of its event, where that is at hand.
    pub line: Option<&'a [u8]>,
    pub acts: Vec<Act<'a>>,
}

/// One thing that is done to a node, by its number, or to the space.
#[derive(Clone, Copy, Debug)]
pub enum Act<'a> {
    Create(usize),
    Delete(usize),
    /// Canonical JSON.
    Write(usize, Field, &'a str),
    Gravity(&'a str),
}

impl Act<'_> {
    pub fn node(self) -> Option<usize> {
        match self {
            Act::Create(node) | Act::Delete(node) | Act::Write(node, ..) => Some(node),
            Act::Gravity(_) => None,
        }
    }
}

/// What is done to bodies in a space.
pub struct Deeds<'a> {
    pub space: &'a str,
    /// The names of the nodes, by their numbers.
    pub names: Vec<&'a str>,
    /// In the order of their keys.
    pub list: Vec<Deed<'a>>,
}

impl<'a> Deeds<'a> {
    /// Those of a history; without `steps`, those that are no solver's.
    pub fn of(history: &History<'a>, steps: bool) -> Deeds<'a> {
        let names = names(history);
        let numbers: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let deed = |part: &Part<'a>| {
            let acts: Vec<Act<'a>> =
                history.changes(part).iter().filter_map(|change| act(change, &numbers)).collect();
            let is_step = is_step(part, &acts);
            let event = history.event(part);
            let is_one = !acts.is_empty() && (steps || !is_step);
            let line = event.line().filter(|_| is_step);
            is_one.then_some(Deed { key: part.key, tile: event.tile, lane: event.lane, is_step, line, acts })
        };
        let list = history.parts().iter().filter_map(deed).collect();
        Deeds { space: history.space, names, list }
    }
}

/// Cuts off the deeds that take effect by an edge.
pub fn up_to<'d, 'a>(edge: Edge, left: &mut &'d [Deed<'a>]) -> &'d [Deed<'a>] {
    let (now, later) = left.split_at(left.partition_point(|deed| deed.key.eff <= edge.time()));
    *left = later;
    now
}

/// Of state lines no more is known than what they hold: velocities are a solver's.
fn is_step(part: &Part<'_>, acts: &[Act<'_>]) -> bool {
    let moves = |act: &Act<'_>| matches!(act, Act::Write(_, field, _) if field.is_of_steps());
    match part.source {
        Source::Event(payload) => matches!(payload, Payload::Step { .. }),
        Source::Redacted | Source::State => acts.iter().any(moves),
    }
}

/// The nodes that ever were physical, and what these ever hung on, in the order of their names.
fn names<'a>(history: &History<'a>) -> Vec<&'a str> {
    let changes = || history.parts().iter().flat_map(|part| history.changes(part));
    let mut open: Vec<&'a str> = Vec::new();
    let mut above: HashMap<&'a str, Vec<String>> = HashMap::default();
    let mut spelt: HashMap<&'a str, &'a str> = HashMap::default();
    for change in changes() {
        let (Change::Write { node, .. } | Change::Absorb { node, .. } | Change::Create { node }) = *change
        else {
            continue;
        };
        spelt.entry(node).or_insert(node);
        match written(change) {
            Some((_, Field::Physics, _)) => open.push(node),
            Some((_, field, value)) if field.names_node() => {
                above.entry(node).or_default().extend(raw::text(value).map(|name| name.into_owned()));
            }
            _ => {}
        }
    }
    let mut names: HashSet<&'a str> = HashSet::default();
    while let Some(name) = open.pop() {
        if names.insert(name) {
            let over = above.get(name).into_iter().flatten();
            open.extend(over.filter_map(|name| spelt.get(name.as_str()).copied()));
        }
    }
    let mut names: Vec<&'a str> = names.into_iter().filter(|name| !name.starts_with('@')).collect();
    names.sort_unstable();
    names
}

fn written<'a>(change: &Change<'a>) -> Option<(&'a str, Field, &'a str)> {
    match *change {
        Change::Write { node, register, value } => Some((node, Field::of(register)?, value)),
        Change::Absorb { node, into } => Some((node, Field::AbsorbedInto, into)),
        _ => None,
    }
}

fn act<'a>(change: &Change<'a>, numbers: &HashMap<&str, usize>) -> Option<Act<'a>> {
    match *change {
        Change::Create { node } => Some(Act::Create(*numbers.get(node)?)),
        Change::Delete { node } => Some(Act::Delete(*numbers.get(node)?)),
        Change::Write { node: SPACE, register, value } => {
            (register == Register::property(GRAVITY)).then_some(Act::Gravity(value))
        }
        _ => {
            let (node, field, value) = written(change)?;
            Some(Act::Write(*numbers.get(node)?, field, value))
        }
    }
}
