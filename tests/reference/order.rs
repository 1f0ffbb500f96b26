//! The order: effective times, and the order key with its text.

use super::event::{Event, Lane};
use std::collections::BTreeMap;

/// (effective time in nanoseconds, id): integer, then bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub eff: i128,
    pub id: String,
}

impl Key {
    pub fn print(&self) -> String {
        let sign = if self.eff < 0 { "-" } else { "" };
        let (seconds, rest) = (self.eff.abs() / 1_000_000_000, self.eff.abs() % 1_000_000_000);
        let decimals = format!(".{rest:09}");
        let decimals = decimals.trim_end_matches('0').trim_end_matches('.');
        format!("{sign}{seconds}{decimals}/{}", self.id)
    }

    pub fn parse(text: &str) -> Key {
        let (number, id) = text.split_once('/').expect("a key has a slash");
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{decimals:0<9}");
        Key { eff: digits.parse().expect("a key's number"), id: id.to_owned() }
    }

    /// The event that the key is of: `m` for the key of `m#0003`.
    pub fn name(&self) -> &str {
        self.id.split('#').next().expect("the first part")
    }
}

/// The greatest effective time that state lines tell of a name in a lane.
pub type Known = BTreeMap<(Lane, String), i128>;

/// The effective time of each event.
pub fn effective_times(events: &[Event], known: &Known) -> Vec<i128> {
    let causes: Vec<Vec<usize>> = events.iter().map(|event| causes_in_stream(event, events)).collect();
    let causes_without_cycles: Vec<Vec<usize>> = (0..events.len())
        .map(|e| causes[e].iter().copied().filter(|&p| !reached(p, &causes)[e]).collect())
        .collect();

    let mut eff: Vec<i128> = events.iter().map(|event| least_time(event, events, known)).collect();
    loop {
        let mut changed = false;
        for e in 0..events.len() {
            for &p in &causes_without_cycles[e] {
                if eff[e] < eff[p] + 1 {
                    eff[e] = eff[p] + 1;
                    changed = true;
                }
            }
        }
        if !changed {
            return eff;
        }
    }
}

/// The events of the stream that an event names and that are no stricter than it.
pub fn causes_in_stream(event: &Event, events: &[Event]) -> Vec<usize> {
    let counts = |p: &Event| event.parents.contains(&p.name) && p.lane.counts_for(&event.lane);
    (0..events.len()).filter(|&p| counts(&events[p])).collect()
}

/// Which events a walk from one along the causes comes to; the one itself is among them. An edge from e to p
/// lies inside a strongly connected component exactly where p reaches e.
pub fn reached(from: usize, causes: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; causes.len()];
    let mut walk = vec![from];
    while let Some(at) = walk.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            walk.extend(&causes[at]);
        }
    }
    reached
}

/// What an event's time is at least, before its causes in the stream are looked at: its timestamp, its own
/// known keys in its lane, and the known keys of causes that are not in the stream.
fn least_time(event: &Event, events: &[Event], known: &Known) -> i128 {
    let mut least = event.timestamp;
    for ((lane, name), &eff) in known {
        if *lane == event.lane && *name == event.name {
            least = least.max(eff);
        }
        let in_stream = || events.iter().any(|other| other.lane == *lane && other.name == *name);
        if event.parents.contains(name) && lane.counts_for(&event.lane) && !in_stream() {
            least = least.max(eff + 1);
        }
    }
    least
}
