//! The events that tell why: what set what is asked, what those build on, what overruled them, what they led to.

use crate::ask::{Asked, Focus};
use crate::ground::{ABSORBED, DELETED, Found, Ground, Lanes, Thing, some};
use crate::shown::Shown;
use foldhash::HashSet;
use std::collections::BTreeMap;
use ulp_core::event::Ends;
use ulp_core::id::Key;
use ulp_store::origins::{Place, Trouble};

/// Of how many registers of a node, and of how many writes of an event, it is told.
const MOST_THINGS: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Itself,
    /// The macro that it is a primitive of.
    Macro,
    Set,
    Cause,
    Overruled,
    Led,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Itself => "self",
            Role::Macro => "macro",
            Role::Set => "set",
            Role::Cause => "cause",
            Role::Overruled => "overruled_by",
            Role::Led => "led_to",
        }
    }
}

/// One event of an answer.
pub struct Answer<'a> {
    pub role: Role,
    /// How many steps causes and consequences are away.
    pub depth: Option<u32>,
    /// The answer that it is told of, by its number.
    pub above: usize,
    pub found: &'a Found<'a>,
    /// Of the primitive, where it is about one.
    pub key: Key<'a>,
    /// Whether more than its hash may be told.
    pub shows: bool,
    /// What it set that stands, or stands in place of what it overruled.
    pub things: Vec<Thing<'a>>,
}

impl Answer<'_> {
    /// What follows the event's own name in the key.
    pub fn suffix(&self) -> &str {
        self.key.id.strip_prefix(self.found.key.id).unwrap_or_default()
    }
}

/// How far is told.
#[derive(Clone, Copy)]
pub struct Limits {
    pub depth: u32,
    /// Events of one role.
    pub most: usize,
}

/// What is told of one thing that was asked.
pub struct Telling<'t, 'g, 'a> {
    pub ground: &'t Ground<'g, 'a>,
    pub shown: &'t Shown<'t, 'g, 'a>,
    pub limits: Limits,
    pub answers: Vec<Answer<'a>>,
    /// Whether a limit cut something off.
    pub more: bool,
}

/// What an event set that others set too, by who did last.
type Groups<'a> = BTreeMap<(Key<'a>, Place), Vec<Thing<'a>>>;

impl<'a> Telling<'_, '_, 'a> {
    /// Adds what is told of something; nothing, where nothing of it stood.
    pub fn tell(&mut self, asked: &Asked<'a>) -> Result<(), Trouble> {
        let space = asked.space;
        match asked.focus {
            Focus::Event(found, suffix) => {
                let key = self.part(found, suffix);
                let at = self.add(Role::Itself, None, 0, found, key)?;
                self.tell_self(at, true)
            }
            Focus::Node(node) => {
                let (groups, lanes) = self.standing_of(space, node, asked.cut)?;
                self.tell_groups(groups, lanes)
            }
            Focus::Sensor(actor, sensor) => {
                let thing = Thing::Sensor(actor, sensor);
                let (groups, lanes) = self.groups(space, &[thing], asked.cut)?;
                self.tell_groups(groups, lanes)
            }
        }
    }

    /// The key of a part of an event.
    fn part(&self, found: &Found<'a>, suffix: &str) -> Key<'a> {
        match suffix {
            "" => found.key,
            _ => Key { id: self.ground.arena.alloc_str(&format!("{}{suffix}", found.key.id)), ..found.key },
        }
    }

    fn add(
        &mut self,
        role: Role,
        depth: Option<u32>,
        above: usize,
        found: &'a Found<'a>,
        key: Key<'a>,
    ) -> Result<usize, Trouble> {
        let (shows, number) = (self.shown.shows(found)?, self.answers.len());
        let above = if role == Role::Itself { number } else { above };
        self.answers.push(Answer { role, depth, above, found, key, shows, things: Vec::new() });
        Ok(number)
    }

    /// Who set what stands of a node: of one that is deleted, who did that.
    fn standing_of(
        &mut self,
        space: &str,
        node: &'a str,
        cut: Option<Key<'a>>,
    ) -> Result<(Groups<'a>, Lanes), Trouble> {
        let deleted = [Thing::Register(node, DELETED)];
        let (groups, lanes) = self.groups(space, &deleted, cut)?;
        if !groups.is_empty() && lanes == Lanes::Seen {
            return Ok((groups, lanes));
        }
        let seen = self.ground.registers(space, node, MOST_THINGS, Lanes::Seen)?;
        let lanes = if seen.is_empty() { Lanes::All } else { Lanes::Seen };
        let names = match lanes {
            Lanes::Seen => seen,
            Lanes::All => self.ground.registers(space, node, MOST_THINGS, lanes)?,
        };
        let (names, more) = some(names, MOST_THINGS);
        self.more |= more;
        let things: Vec<Thing<'a>> = names.into_iter().map(|name| Thing::Register(node, name)).collect();
        self.groups(space, &things, cut)
    }

    /// Some things by who set what stands of them: in lanes that are seen, or if there are none, in all.
    fn groups(
        &self,
        space: &str,
        things: &[Thing<'a>],
        cut: Option<Key<'a>>,
    ) -> Result<(Groups<'a>, Lanes), Trouble> {
        for lanes in [Lanes::Seen, Lanes::All] {
            let mut groups = Groups::new();
            for thing in things {
                if let Some(write) = self.ground.standing(space, *thing, cut, lanes)? {
                    groups.entry((write.key, write.place)).or_default().push(*thing);
                }
            }
            if !groups.is_empty() {
                return Ok((groups, lanes));
            }
        }
        Ok((Groups::new(), Lanes::All))
    }

    /// The latest of those who set something is what is asked, the others have set the rest.
    fn tell_groups(&mut self, groups: Groups<'a>, lanes: Lanes) -> Result<(), Trouble> {
        let mut groups = groups.into_iter().rev();
        let Some(((key, place), things)) = groups.next() else { return Ok(()) };
        let at = self.add(Role::Itself, None, 0, self.ground.event_at(key.eff.0, place)?, key)?;
        self.answers[at].things = things;
        // Of what is hidden altogether nobody learns how it hangs together.
        if lanes == Lanes::Seen && self.answers[at].shows {
            let (rest, more) = some(groups.collect(), self.limits.most);
            self.more |= more;
            for ((key, place), things) in rest {
                let found = self.ground.event_at(key.eff.0, place)?;
                let set = self.add(Role::Set, None, at, found, key)?;
                self.answers[set].things = things;
            }
        }
        self.tell_self(at, false)
    }

    /// What is told of an event that is asked about. `sets` says whether what it set that stands is told too.
    fn tell_self(&mut self, at: usize, sets: bool) -> Result<(), Trouble> {
        if !self.answers[at].shows {
            return Ok(());
        }
        let (found, key) = (self.answers[at].found, self.answers[at].key);
        if !self.answers[at].suffix().is_empty() {
            self.add(Role::Macro, None, at, found, found.key)?;
        }
        self.tell_causes(at)?;
        let (stands, overruled) = self.fates(found, key)?;
        if sets {
            self.answers[at].things = stands;
        }
        let (overruled, more) = some(overruled.into_iter().collect(), self.limits.most);
        self.more |= more;
        for ((key, place), mut things) in overruled {
            things.sort_unstable();
            things.dedup();
            let by = self.add(Role::Overruled, None, at, self.ground.event_at(key.eff.0, place)?, key)?;
            self.answers[by].things = things;
        }
        self.tell_children(at)
    }

    /// What an event builds on, step by step.
    fn tell_causes(&mut self, at: usize) -> Result<(), Trouble> {
        self.walk(at, Role::Cause, |this, found| {
            let (event, mut causes) = (found.event(), Vec::new());
            let mut parents: Vec<&str> = event.parents.to_vec();
            parents.sort_unstable();
            parents.dedup();
            for parent in parents {
                causes.extend(this.ground.named(event.space, Some(event.tile), parent, |_| true)?);
            }
            // What is stricter is no cause, whatever names it, and is not followed.
            let counts = |cause: &&'a Found<'a>| cause.lane.is_no_stricter_than(found.lane);
            causes.retain(|cause| cause.place != found.place);
            causes.sort_by(|a, b| b.key.cmp(&a.key).then_with(|| a.form().cmp(b.form())));
            Ok(causes.into_iter().map(|cause| (cause, counts(&cause))).collect())
        })
    }

    /// What names an event among its causes, step by step.
    fn tell_children(&mut self, at: usize) -> Result<(), Trouble> {
        let most = self.limits.most + 1;
        self.walk(at, Role::Led, |this, found| {
            let children = this.ground.children(found, most)?;
            Ok(children.into_iter().map(|child| (child, true)).collect())
        })
    }

    /// Adds what is `next` to an event, and so on, each event once. What may not be shown is not gone beyond.
    fn walk(
        &mut self,
        at: usize,
        role: Role,
        next: impl Fn(&Self, &'a Found<'a>) -> Result<Vec<(&'a Found<'a>, bool)>, Trouble>,
    ) -> Result<(), Trouble> {
        let mut met: HashSet<Place> = [self.answers[at].found.place].into_iter().collect();
        let (mut open, mut depth, mut told) = (vec![at], 0, 0);
        while !open.is_empty() {
            depth += 1;
            for above in std::mem::take(&mut open) {
                for (found, counts) in next(self, self.answers[above].found)? {
                    if met.contains(&found.place) {
                        continue;
                    }
                    if depth > self.limits.depth || told == self.limits.most {
                        self.more = true;
                        return Ok(());
                    }
                    met.insert(found.place);
                    told += 1;
                    let number = self.add(role, Some(depth), above, found, found.key)?;
                    self.answers[number].shows &= counts;
                    if self.answers[number].shows {
                        open.push(number);
                    }
                }
            }
        }
        Ok(())
    }

    /// What an event set that stands, and who overruled the rest.
    fn fates(&mut self, found: &'a Found<'a>, key: Key<'a>) -> Result<(Vec<Thing<'a>>, Groups<'a>), Trouble> {
        let (space, is_part) = (found.event().space, key.id != found.key.id);
        let own = found.writes(self.ground.arena).iter().filter(|write| !is_part || write.key == key);
        let mut own: Vec<(Thing<'a>, Key<'a>)> = own.map(|write| (write.thing, write.key)).collect();
        // A link is its tag: of other things what was written last stands.
        own.reverse();
        own.dedup_by(|a, b| a.0 == b.0 && !matches!(a.0, Thing::Link(_)));
        own.reverse();
        let (own, more) = some(own, MOST_THINGS);
        self.more |= more;
        let (mut stands, mut overruled) = (Vec::new(), Groups::new());
        for (thing, own) in own {
            let by = match thing {
                Thing::Register(node, register) => self.over_register(space, node, register)?,
                Thing::Link(ends) => self.over_link(space, ends, own)?,
                Thing::Sensor(..) => self.over(space, thing)?,
            };
            match by {
                Some((key, place, thing)) if place != found.place || is_part && key != own => {
                    overruled.entry((key, place)).or_default().push(thing);
                }
                _ => stands.push(thing),
            }
        }
        Ok((stands, overruled))
    }

    /// Who set what stands of a thing.
    fn over(&self, space: &str, thing: Thing<'a>) -> Result<Option<(Key<'a>, Place, Thing<'a>)>, Trouble> {
        let standing = self.ground.standing(space, thing, None, Lanes::Seen)?;
        Ok(standing.map(|write| (write.key, write.place, thing)))
    }

    /// The same of a register: who deleted its node, whatever else was set; who set it; who had the node folded into
    /// another, if it is that which is seen no more.
    fn over_register(
        &self,
        space: &str,
        node: &'a str,
        register: &'a str,
    ) -> Result<Option<(Key<'a>, Place, Thing<'a>)>, Trouble> {
        if let Some(deleted) = self.over(space, Thing::Register(node, DELETED))? {
            return Ok(Some(deleted));
        }
        let set = self.over(space, Thing::Register(node, register))?;
        if register != ABSORBED && self.shown.survivor(space, node, None)?.is_some() {
            let folded = self.over(space, Thing::Register(node, ABSORBED))?;
            return Ok(folded.or(set));
        }
        Ok(set)
    }

    /// The same of a link that was tagged: who removed the tag; else who set a greater one that stands.
    fn over_link(
        &self,
        space: &str,
        ends: Ends<'a>,
        tag: Key<'a>,
    ) -> Result<Option<(Key<'a>, Place, Thing<'a>)>, Trouble> {
        let thing = Thing::Link(ends);
        if let Some((found, key)) = self.ground.removal(space, ends, tag)? {
            return Ok(Some((key, found.place, thing)));
        }
        let (mut over, mut looked) = (None, 0);
        self.ground.each_write(space, thing, None, Lanes::Seen, |write, _| {
            looked += 1;
            if write.key > tag && self.ground.removal(space, ends, write.key)?.is_none() {
                over = over.max(Some((write.key, write.place, thing)));
            }
            Ok(write.key.eff >= tag.eff && looked < MOST_THINGS)
        })?;
        Ok(over)
    }
}
