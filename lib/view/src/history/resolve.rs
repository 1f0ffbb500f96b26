//! A history resolved: what each event came to, given all before it.
//!
//! Applying the steps up to a key gives what the view shows with `--at` that key: writes that lose against an earlier
//! one are left out, and links are told as whether one stands.

use super::event::{Change, History};
use std::collections::{BTreeSet, HashMap};
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::Key;
use ulp_core::state::{Add, Links, is_greater};

/// The steps of one space.
#[derive(Debug)]
pub struct Resolved<'a> {
    pub space: &'a str,
    pub steps: Vec<Step<'a>>,
}

/// What one event came to.
#[derive(Debug)]
pub struct Step<'a> {
    /// The event's own key.
    pub key: Key<'a>,
    pub effects: Vec<Effect<'a>>,
}

/// One effect on a view.
#[derive(Clone, Copy, Debug)]
pub enum Effect<'a> {
    Create {
        node: &'a str,
        key: Key<'a>,
    },
    Delete {
        node: &'a str,
    },
    Write {
        node: &'a str,
        register: Register<'a>,
        value: &'a str,
        key: Key<'a>,
    },
    /// The link that stands from now on, if one does.
    Link {
        ends: Ends<'a>,
        stands: Option<Add<'a>>,
    },
}

/// Resolves a history: a step an event that has to do with nodes and links.
pub fn resolve<'a>(history: &History<'a>) -> Resolved<'a> {
    let mut known = Known::default();
    let mut steps = Vec::new();
    for (event, parts) in history.events() {
        let changes = || parts.iter().flat_map(|part| history.changes(part).iter().map(|c| (part.key, c)));
        if changes().all(|(_, change)| matches!(change, Change::Read(_))) {
            continue;
        }
        let mut effects = Vec::new();
        let mut touched = BTreeSet::new();
        for (key, change) in changes() {
            effects.extend(known.apply(key, change, &mut touched));
        }
        effects.extend(touched.into_iter().filter_map(|ends| known.link(ends)));
        steps.push(Step { key: event.key, effects });
    }
    Resolved { space: history.space, steps }
}

/// What the changes so far have come to.
#[derive(Default)]
struct Known<'a> {
    registers: HashMap<(&'a str, Register<'a>), (Key<'a>, &'a str)>,
    links: HashMap<Ends<'a>, (Links<'a>, Option<Key<'a>>)>,
}

impl<'a> Known<'a> {
    /// What a change of a node comes to, if anything; of a link only its ends are noted.
    fn apply(
        &mut self,
        key: Key<'a>,
        change: &Change<'a>,
        touched: &mut BTreeSet<Ends<'a>>,
    ) -> Option<Effect<'a>> {
        let ends = match *change {
            Change::Create { node } => return Some(Effect::Create { node, key }),
            Change::Delete { node } => return Some(Effect::Delete { node }),
            Change::Write { node, register, value } => return self.write(node, register, value, key),
            Change::Absorb { node, into } => {
                return self.write(node, Register::plain(RegisterKind::AbsorbedInto), into, key);
            }
            Change::Read(_) => return None,
            Change::AddLink { ends, properties } => {
                self.links(ends).add(key.id, Add { key, properties });
                ends
            }
            Change::RemoveLink { ends, tag } => {
                self.links(ends).remove(tag);
                ends
            }
            Change::RemoveLinksBefore { ends } => {
                self.links(ends).remove_before(key);
                ends
            }
        };
        touched.insert(ends);
        None
    }

    fn write(
        &mut self,
        node: &'a str,
        register: Register<'a>,
        value: &'a str,
        key: Key<'a>,
    ) -> Option<Effect<'a>> {
        let old = self.registers.get(&(node, register));
        if old.is_some_and(|(old_key, old)| !is_greater(key, value, *old_key, old)) {
            return None;
        }
        self.registers.insert((node, register), (key, value));
        Some(Effect::Write { node, register, value, key })
    }

    fn links(&mut self, ends: Ends<'a>) -> &mut Links<'a> {
        &mut self.links.entry(ends).or_default().0
    }

    /// How a link stands, if that is news.
    fn link(&mut self, ends: Ends<'a>) -> Option<Effect<'a>> {
        let (links, shown) = self.links.entry(ends).or_default();
        let stands = links.greatest();
        let key = stands.map(|add| add.key);
        (std::mem::replace(shown, key) != key).then_some(Effect::Link { ends, stands })
    }
}
