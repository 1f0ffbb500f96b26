//! Messages as they are told: all of them, of all spaces, in order.

use crate::consent::Consented;
use crate::info::Info;
use crate::message::{Kind, Message};
use crate::trie::Trie;
use crate::walk::Alerts;
use crate::words::{ALL_CLEAR, Status};
use foldhash::{HashMap, HashSet};
use ulp_core::id::Realm;
use ulp_view::join::Space;

/// A message with what is read of it.
pub struct Told<'t> {
    pub message: &'t Message<'t>,
    pub info: Info,
    pub status: Status,
    /// The messages of its space, by their numbers, and its own.
    all: &'t [Message<'t>],
    number: u32,
    /// How many values in it are none of CAP's.
    pub faults: usize,
}

impl<'t> Told<'t> {
    pub fn scope(&self) -> &'static str {
        if self.message.realm == Realm::Public { "Public" } else { "Restricted" }
    }

    pub fn restriction(&self) -> Option<&'static str> {
        (self.message.realm != Realm::Public).then_some("realm team")
    }

    /// What to do: where all is over nothing else.
    pub fn response(&self) -> &[&'static str] {
        if self.message.kind == Kind::Cancel { &[ALL_CLEAR] } else { &self.info.response }
    }

    /// The messages that it builds on, in order.
    pub fn references(&self) -> Option<String> {
        let numbers = self.message.references.numbers();
        let list: Vec<String> = numbers.into_iter().map(|n| self.all[n as usize].reference()).collect();
        (!list.is_empty()).then(|| list.join(" "))
    }

    pub fn parameters(&self) -> [(&'static str, &'t str); 2] {
        [("ulp:event_id", self.message.key.id), ("ulp:node_id", self.message.node)]
    }
}

/// What is shown of the alerts of all spaces, in the order of keys: of one key by identifiers.
pub fn tell<'t>(
    alerts: &'t [(&'t Space<'t>, Alerts<'t>)],
    consented: Option<&Consented<'_>>,
) -> Vec<Told<'t>> {
    let mut list: Vec<Told<'t>> = Vec::new();
    for (space, alerts) in alerts {
        let withheld =
            consented.map_or_else(HashSet::default, |told| told.withheld(space.space, &alerts.messages));
        let is_told = |message: &Message<'_>| {
            message.shown && message.realm != Realm::Personal && !withheld.contains(message.node)
        };
        let numbered = (0..).zip(&alerts.messages).filter(|(_, message)| is_told(message));
        list.extend(numbered.map(|(number, message)| {
            let (info, (status, faults)) = (message.info(), message.status(space));
            let faults = faults + info.faults;
            Told { message, info, status, all: &alerts.messages, number, faults }
        }));
    }
    list.sort_by(|a, b| {
        let key = |told: &Told<'t>| (told.message.key, told.message.identifier.as_str());
        key(a).cmp(&key(b))
    });
    list
}

/// Leaves what holds at a time: no alert that is over, no message that another took the place of, none that expired.
pub fn leave_current(list: &mut Vec<Told<'_>>, second: i64) {
    // A space is known by where its messages lie.
    let mut replaced: HashMap<*const Message<'_>, Trie<()>> = HashMap::default();
    for told in list.iter() {
        let known = replaced.entry(told.all.as_ptr()).or_default();
        *known = known.join(&told.message.references);
    }
    list.retain(|told| {
        let is_replaced = replaced.get(&told.all.as_ptr()).is_some_and(|of| of.get(told.number).is_some());
        let is_over = told.message.kind == Kind::Cancel || told.info.expires.is_some_and(|end| end <= second);
        !is_replaced && !is_over
    });
}
