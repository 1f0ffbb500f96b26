//! What a set of events says of one node: a join, so that no order of theirs matters.

use crate::trie::{Join, Trie};
use crate::words::{Slot, Status};
use std::cmp::Ordering;
use std::rc::Rc;
use ulp_core::id::Key;
use ulp_core::json::raw;
use ulp_core::state::is_greater;

/// What one event, or one primitive of its macro, does to one node.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    /// What stands behind the event's name in the name of a macro's primitive.
    pub suffix: &'a str,
    /// The node, by its number in the cast.
    pub node: u32,
    /// Whether the event does things to several nodes at once, so that its name alone is not that of one message.
    pub shared: bool,
    pub does: Does,
    pub writes: Vec<(Slot, &'a str)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Create,
    Write,
    Delete,
}

impl Act<'_> {
    /// Whether nothing comes after it.
    pub fn is_end(&self) -> bool {
        self.does == Does::Delete || self.says(Slot::State, "\"ended\"")
    }

    /// Whether an alert says something by it.
    pub fn is_news(&self) -> bool {
        self.is_end() || self.writes.iter().any(|(slot, _)| slot.is_news())
    }

    fn says(&self, slot: Slot, value: &str) -> bool {
        self.writes.contains(&(slot, value))
    }

    /// The status that it gives, if that is mere practice.
    fn practice(&self) -> Option<Status> {
        let said = self.writes.iter().find(|(slot, _)| *slot == Slot::Status)?;
        Status::parse(&raw::text(said.1)?).filter(|status| status.is_practice())
    }
}

/// A register's value, and who gave it.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub slot: Slot,
    pub key: Key<'a>,
    /// Canonical JSON.
    pub value: &'a str,
    /// Whether it was worked out rather than observed or decided.
    pub derived: bool,
}

/// What is known of one node.
#[derive(Clone, Default)]
pub struct Lore<'a> {
    pub created: bool,
    pub ended: bool,
    /// The least of what was ever said of practice.
    pub practice: Option<Status>,
    /// Its messages, by their numbers.
    pub messages: Trie<()>,
    /// By slot.
    said: Vec<Said<'a>>,
}

impl<'a> Lore<'a> {
    /// What was said last of a register; null is nothing.
    pub fn said(&self, slot: Slot) -> Option<&Said<'a>> {
        let at = self.said.binary_search_by_key(&slot, |said| said.slot).ok()?;
        Some(&self.said[at]).filter(|said| said.value != "null")
    }

    pub fn value(&self, slot: Slot) -> Option<&'a str> {
        self.said(slot).map(|said| said.value)
    }

    /// All that was said, by slot.
    pub fn all(&self) -> impl Iterator<Item = &Said<'a>> {
        self.said.iter().filter(|said| said.value != "null")
    }

    pub fn is_alert(&self) -> bool {
        self.value(Slot::Kind) == Some("\"alert\"")
    }

    /// The same after an act under its key.
    pub fn with(&self, act: &Act<'a>, key: Key<'a>, derived: bool) -> Lore<'a> {
        let mut after = self.clone();
        after.created |= act.does == Does::Create;
        after.ended |= act.is_end();
        after.practice = least(after.practice, act.practice());
        for (slot, value) in &act.writes {
            after.write(Said { slot: *slot, key, value, derived });
        }
        after
    }

    /// The same with a message more.
    pub fn telling(&self, number: u32) -> Lore<'a> {
        Lore { messages: self.messages.with(number, ()), ..self.clone() }
    }

    fn write(&mut self, said: Said<'a>) {
        match self.said.binary_search_by_key(&said.slot, |said| said.slot) {
            Ok(at) => self.said[at] = *greater(&said, &self.said[at]),
            Err(at) => self.said.insert(at, said),
        }
    }

    fn holds_all_of(&self, other: &Lore<'_>) -> bool {
        let same = |(a, b): (&Said<'_>, &Said<'_>)| (a.slot, a.key, a.value) == (b.slot, b.key, b.value);
        (self.created, self.ended, self.practice) == (other.created, other.ended, other.practice)
            && self.messages.is(&other.messages)
            && self.said.len() == other.said.len()
            && self.said.iter().zip(&other.said).all(same)
    }
}

fn least(a: Option<Status>, b: Option<Status>) -> Option<Status> {
    a.into_iter().chain(b).min()
}

fn greater<'s, 'a>(a: &'s Said<'a>, b: &'s Said<'a>) -> &'s Said<'a> {
    if is_greater(a.key, a.value, b.key, b.value) { a } else { b }
}

impl Join for Rc<Lore<'_>> {
    fn join(&self, other: &Self) -> Self {
        if self.is(other) {
            return Rc::clone(self);
        }
        let joined = Lore {
            created: self.created || other.created,
            ended: self.ended || other.ended,
            practice: least(self.practice, other.practice),
            messages: self.messages.join(&other.messages),
            said: merged(&self.said, &other.said),
        };
        // What one of them knows already is kept once, so that those that join it again see that it is one.
        match [self, other].into_iter().find(|old| old.holds_all_of(&joined)) {
            Some(old) => Rc::clone(old),
            None => Rc::new(joined),
        }
    }

    fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(self, other)
    }
}

fn merged<'a>(mut a: &[Said<'a>], mut b: &[Said<'a>]) -> Vec<Said<'a>> {
    let mut merged = Vec::with_capacity(a.len().max(b.len()));
    while let ([x, after_x @ ..], [y, after_y @ ..]) = (a, b) {
        match x.slot.cmp(&y.slot) {
            Ordering::Less => {
                merged.push(*x);
                a = after_x;
            }
            Ordering::Greater => {
                merged.push(*y);
                b = after_y;
            }
            Ordering::Equal => {
                merged.push(*greater(x, y));
                (a, b) = (after_x, after_y);
            }
        }
    }
    merged.extend_from_slice(a);
    merged.extend_from_slice(b);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulp_core::id::Time;

    fn act(does: Does, writes: &[(Slot, &'static str)]) -> Act<'static> {
        Act { suffix: "", node: 0, shared: false, does, writes: writes.to_vec() }
    }

    fn key(eff: i64, id: &str) -> Key<'_> {
        Key { eff: Time(eff), id }
    }

    #[test]
    fn a_join_does_not_depend_on_order() {
        let none = Lore::default();
        let one = none.with(
            &act(Does::Create, &[(Slot::Kind, "\"alert\""), (Slot::Event, "\"a\"")]),
            key(1, "a"),
            false,
        );
        let two = none.with(
            &act(Does::Write, &[(Slot::Event, "\"b\""), (Slot::Status, "\"Test\"")]),
            key(2, "b"),
            true,
        );
        let (one, two) = (Rc::new(one), Rc::new(two));
        for joined in [one.join(&two), two.join(&one), one.join(&two).join(&one)] {
            assert!(joined.is_alert() && joined.created && !joined.ended);
            assert_eq!(joined.value(Slot::Event), Some("\"b\""));
            assert_eq!(
                (joined.practice, joined.said(Slot::Status).unwrap().derived),
                (Some(Status::Test), true)
            );
        }
        let both = one.join(&two);
        assert!(both.join(&one).is(&both) && one.join(&both).is(&both));
    }

    #[test]
    fn practice_stays_what_it_was() {
        let of = |lore: &Lore<'static>, status, at| {
            lore.with(&act(Does::Write, &[(Slot::Status, status)]), key(at, "e"), false)
        };
        let lore = of(&of(&of(&Lore::default(), "\"Exercise\"", 1), "\"Test\"", 2), "\"Actual\"", 3);
        assert_eq!((lore.practice, lore.value(Slot::Status)), (Some(Status::Test), Some("\"Actual\"")));
        assert_eq!(of(&lore, "null", 4).value(Slot::Status), None);
    }

    #[test]
    fn an_alert_ends_with_its_node_or_its_state() {
        assert!(act(Does::Delete, &[]).is_end());
        assert!(act(Does::Write, &[(Slot::State, "\"ended\"")]).is_end());
        assert!(!act(Does::Write, &[(Slot::State, "\"open\"")]).is_news());
        assert!(act(Does::Write, &[(Slot::Parent, "null")]).is_news());
        assert!(!act(Does::Write, &[(Slot::Label, "\"a\"")]).is_news());
    }
}
