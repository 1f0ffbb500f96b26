//! How a view came about: what each event changed in it, in the order of keys.
//!
//! A view is what a world has come to; a [`History`] is the way there, for an animation. Applying the steps up to a key gives what the view shows with `--at` that key: writes that
//! lose against an earlier one are left out, and links are told as whether one stands. Of a redacted lane there is
//! no more here than a view may take.

use bumpalo::Bump;
use std::collections::{BTreeMap, HashMap};
use ulp_core::event::{Ends, Payload, Register, RegisterKind, Set};
use ulp_core::id::{Key, Lane, Policy};
use ulp_core::json;
use ulp_core::state::line::Body;
use ulp_core::state::{Add, Links};
use ulp_core::world::{Filter, World};

/// The steps of one space.
#[derive(Debug)]
pub struct History<'a> {
    pub space: &'a str,
    pub steps: Vec<Step<'a>>,
}

/// What one event changed; or, of a state line, what was last changed under that event's name.
#[derive(Debug)]
pub struct Step<'a> {
    /// The event's own key.
    pub key: Key<'a>,
    pub changes: Vec<Change<'a>>,
}

/// One change of a view. Nodes are all that have a name, `@space` and `@layer:…` among them.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
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

/// The histories of all spaces that `filter` may see, in order.
pub fn histories<'a>(world: &World<'a>, filter: &Filter, arena: &'a Bump) -> Vec<History<'a>> {
    let mut spaces: BTreeMap<&'a str, Gathering<'a>> = BTreeMap::new();
    for index in 0..world.len() {
        let space = world.place(index).0;
        let gathering = spaces.entry(space).or_default();
        for line in world.state_lines(index).filter(|line| world.takes_line(line, filter)) {
            gathering.take_state(&line.body, line.lane);
        }
        for (key, row) in world.sorted_rows(index) {
            if world.withheld(row, key, filter).is_none() {
                gathering.take_event(key, &row.payload, row.lane, arena);
            }
        }
    }
    spaces.into_iter().map(|(space, gathering)| gathering.finish(space)).collect()
}

/// Something that happened, before it is known whether it changed anything.
#[derive(Clone, Copy)]
enum Happening<'a> {
    Create(&'a str),
    Delete(&'a str),
    Write(&'a str, Register<'a>, &'a str),
    Link(Ends<'a>, &'a str, Option<&'a str>),
    Unlink(Ends<'a>, &'a str),
    UnlinkBefore(Ends<'a>),
}

#[derive(Default)]
struct Gathering<'a> {
    happenings: Vec<(Key<'a>, Happening<'a>)>,
    /// Tags that a state line knows as removed; when, it does not say.
    removed: Vec<(Ends<'a>, &'a str)>,
}

impl<'a> Gathering<'a> {
    fn take_state(&mut self, body: &Body<'a>, lane: Lane) {
        let redacted = lane.policy == Policy::Redacted;
        match body {
            Body::Tile { .. } | Body::Sensor(_) => {}
            Body::Node { node, created, deleted, registers } => {
                let mut push = |key: Option<Key<'a>>, what| {
                    self.happenings.extend(key.map(|key| (key, what)));
                };
                push(*created, Happening::Create(node));
                push(*deleted, Happening::Delete(node));
                for written in registers.iter().filter(|w| is_seen(w.register, redacted)) {
                    push(Some(written.key), Happening::Write(node, written.register, written.value));
                }
            }
            Body::Link { ends, adds, removed, removed_before } => {
                for (tag, add) in *adds {
                    let properties = add.properties.filter(|_| !redacted);
                    self.happenings.push((add.key, Happening::Link(*ends, tag, properties)));
                }
                self.removed.extend(removed.iter().map(|tag| (*ends, *tag)));
                self.happenings.extend(removed_before.map(|key| (key, Happening::UnlinkBefore(*ends))));
            }
        }
    }

    fn take_event(&mut self, key: Key<'a>, payload: &Payload<'a>, lane: Lane, arena: &'a Bump) {
        if let Payload::Macro(list) = payload {
            for primitive in *list {
                let id = arena.alloc_str(&format!("{}{}", key.id, primitive.suffix));
                self.take_event(Key { eff: key.eff, id }, &primitive.payload, lane, arena);
            }
            return;
        }
        let redacted = lane.policy == Policy::Redacted;
        let mut push = |what| self.happenings.push((key, what));
        let writes = |node: &'a str, sets: &'a [Set<'a>]| {
            let seen = sets.iter().filter(move |s| is_seen(s.register, redacted));
            seen.map(move |set| Happening::Write(node, set.register, set.value))
        };
        match payload {
            Payload::Create { node, sets } => {
                push(Happening::Create(node));
                writes(node, sets).for_each(push);
            }
            Payload::Set { node, sets } => writes(node, sets).for_each(push),
            Payload::Step { updates } => {
                updates.iter().flat_map(|(node, sets)| writes(node, sets)).for_each(push)
            }
            Payload::Delete { node } => push(Happening::Delete(node)),
            Payload::Link(link) => {
                push(Happening::Link(link.ends, key.id, link.properties.filter(|_| !redacted)));
            }
            Payload::Unlink(unlink) => match unlink.observed {
                Some(tags) => tags.iter().for_each(|tag| push(Happening::Unlink(unlink.ends, tag))),
                None => push(Happening::UnlinkBefore(unlink.ends)),
            },
            Payload::Merge { node: Some((_, into)), absorbs } if !redacted => {
                let register = Register::plain(RegisterKind::AbsorbedInto);
                absorbs.iter().for_each(|node| push(Happening::Write(node, register, into)));
            }
            Payload::Sensor(_) | Payload::Merge { .. } | Payload::Macro(_) | Payload::Unknown => {}
        }
    }

    fn finish(mut self, space: &'a str) -> History<'a> {
        // An event is whole before the next, its macro's parts among it.
        self.happenings.sort_by(|(a, _), (b, _)| (a.eff, a.event(), a.id).cmp(&(b.eff, b.event(), b.id)));
        let mut known = Known::default();
        for (ends, tag) in self.removed {
            known.links.entry(ends).or_default().0.remove(tag);
        }
        let mut steps: Vec<Step<'a>> = Vec::new();
        for (key, what) in self.happenings {
            let own = Key { eff: key.eff, id: key.event() };
            let step = match steps.last_mut() {
                Some(step) if step.key == own => step,
                _ => {
                    steps.push(Step { key: own, changes: Vec::new() });
                    let last = steps.len() - 1;
                    &mut steps[last]
                }
            };
            step.changes.extend(known.apply(key, what));
        }
        History { space, steps }
    }
}

/// Whether a view takes a register from a lane.
fn is_seen(register: Register<'_>, redacted: bool) -> bool {
    !redacted || matches!(register.kind, RegisterKind::Parent | RegisterKind::MovedTo)
}

/// What the changes so far have come to.
#[derive(Default)]
struct Known<'a> {
    registers: HashMap<(&'a str, Register<'a>), (Key<'a>, &'a str)>,
    links: HashMap<Ends<'a>, (Links<'a>, Option<Key<'a>>)>,
}

impl<'a> Known<'a> {
    /// What a happening changes, if anything.
    fn apply(&mut self, key: Key<'a>, what: Happening<'a>) -> Option<Change<'a>> {
        match what {
            Happening::Create(node) => Some(Change::Create { node, key }),
            Happening::Delete(node) => Some(Change::Delete { node }),
            Happening::Write(node, register, value) => {
                let loses = self.registers.get(&(node, register)).is_some_and(|(old_key, old)| {
                    (old_key > &key) || (old_key == &key && canonical(old) >= canonical(value))
                });
                if loses {
                    return None;
                }
                self.registers.insert((node, register), (key, value));
                Some(Change::Write { node, register, value, key })
            }
            Happening::Link(ends, tag, properties) => {
                self.links.entry(ends).or_default().0.add(tag, Add { key, properties });
                self.link(ends)
            }
            Happening::Unlink(ends, tag) => {
                self.links.entry(ends).or_default().0.remove(tag);
                self.link(ends)
            }
            Happening::UnlinkBefore(ends) => {
                self.links.entry(ends).or_default().0.remove_before(key);
                self.link(ends)
            }
        }
    }

    fn link(&mut self, ends: Ends<'a>) -> Option<Change<'a>> {
        let (links, shown) = self.links.entry(ends).or_default();
        let stands = links.greatest();
        let key = stands.map(|add| add.key);
        (key != *shown).then(|| {
            *shown = key;
            Change::Link { ends, stands }
        })
    }
}

fn canonical(raw: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    json::write_canonical(raw, &mut out);
    out
}
