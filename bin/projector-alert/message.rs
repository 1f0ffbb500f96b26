//! One message: an event as CAP tells of it.

use crate::area::Area;
use crate::identity::Identity;
use crate::info::{Info, text};
use crate::lore::Lore;
use crate::times;
use crate::trie::Trie;
use crate::words::{Slot, Status};
use std::rc::Rc;
use ulp_core::hash::Sha256;
use ulp_core::id::{Key, Realm};
use ulp_core::json::raw;
use ulp_core::names::encode;
use ulp_view::join::Space;
use ulp_view::scene::Settings;

/// Longest identifier, in bytes; of a longer one its hash stands. A file name has room for it.
const MAX_IDENTIFIER: usize = 200;
/// How many hex digits of a hash stand for a longer text.
const DIGITS: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Alert,
    Update,
    Cancel,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Alert => "Alert",
            Kind::Update => "Update",
            Kind::Cancel => "Cancel",
        }
    }
}

/// A message.
pub struct Message<'a> {
    /// The key of its event; of a macro that of the primitive.
    pub key: Key<'a>,
    pub node: &'a str,
    pub identifier: String,
    pub incidents: String,
    pub sender: String,
    pub kind: Kind,
    pub realm: Realm,
    /// What is known of its node.
    pub lore: Rc<Lore<'a>>,
    pub area: Rc<Area>,
    /// The messages that it builds on, by their numbers.
    pub references: Trie<()>,
    /// Whether the view shows it.
    pub shown: bool,
}

impl Message<'_> {
    pub fn info(&self) -> Info {
        Info::of(&self.lore, self.node)
    }

    /// Seconds since 1970.
    pub fn sent(&self) -> i64 {
        times::second(self.key.eff)
    }

    /// How others refer to it.
    pub fn reference(&self) -> String {
        format!("{},{},{}", self.sender, self.identifier, times::cap(self.sent()))
    }

    /// How far it is meant: the least of what was said last, of all practice that was ever said, and of what its layer
    /// and its space say now. With it how many of these are no status.
    pub fn status(&self, space: &Space<'_>) -> (Status, usize) {
        let layer = self.lore.value(Slot::Layer).and_then(raw::text).unwrap_or_default();
        let layers = Settings::of_layer(space, &layer).text("status");
        let own =
            self.lore.said(Slot::Status).map(|said| (read(text(&self.lore, Slot::Status)), said.derived));
        let around = [layers, Settings::of_space(space).text("status")].into_iter().flatten();
        let around: Vec<Option<Status>> = around.map(|said| read(Some(said))).collect();
        let faults =
            around.iter().chain(own.as_ref().map(|(status, _)| status)).filter(|s| s.is_none()).count();
        let own = match own {
            // Who works something out does not raise an alarm: somebody confirms it.
            Some((Some(Status::Actual), true)) | None => Status::Draft,
            Some((status, _)) => status.unwrap_or(Status::Draft),
        };
        let around = around.into_iter().map(|status| status.unwrap_or(Status::Draft));
        (around.chain(self.lore.practice).fold(own, Status::min), faults)
    }
}

fn read(said: Option<String>) -> Option<Status> {
    Status::parse(&said?)
}

/// Who sends it: what the alert says, else who wrote the event; without what separates references.
pub fn sender(lore: &Lore<'_>, actor: &str) -> String {
    let named = text(lore, Slot::Sender).unwrap_or_else(|| actor.to_owned());
    let mut out = String::with_capacity(named.len());
    for c in named.chars() {
        match c {
            ' ' | '\t' | '\n' | '\r' | ',' | '<' | '&' | '%' => {
                out.push_str(&format!("%{:02X}", u32::from(c)))
            }
            c => out.push(c),
        }
    }
    out
}

/// What a message is called: after its event, and where that is not named by its own hash, after the hash too.
pub fn identifier(space: &str, key: Key<'_>, other: Option<&str>, event: &Identity) -> String {
    let digits = (key.id != event.name).then(|| event.digits());
    joined(&[Some(encode(space)), Some(encode(key.id)), other.map(encode), digits])
}

/// What all messages of an alert have in common.
pub fn incidents(space: &str, node: &str) -> String {
    joined(&[Some(encode(space)), Some(encode(node))])
}

fn joined(parts: &[Option<String>]) -> String {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    let name = parts.join("+");
    if name.len() > MAX_IDENTIFIER { Sha256::of(name.as_bytes()).hex()[..DIGITS].to_owned() } else { name }
}
