//! The view: what is held to be true of a subject, as a line.

use super::event::Event;
use super::words::{Class, Reason, State, Word};
use std::collections::BTreeMap;
use ulp_core::hash::Sha256;
use ulp_core::json::write::{Items, Members, Object, write_texts};
use ulp_core::json::write_string;

/// The code of a key on which the newest documents differ.
pub const UNRESOLVED: &str = "conflict_unresolved_equal_timestamp";

/// A key on which documents of one `issuedAt` differ. Ordered as they are listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    pub class: Class,
    pub key: String,
    pub issued: String,
}

impl Conflict {
    pub fn new(class: Class, key: &str, issued: &str) -> Conflict {
        Conflict { class, key: key.to_owned(), issued: issued.to_owned() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub subject: String,
    pub state: State,
    pub reasons: Vec<Reason>,
    pub checked_at: String,
    /// The newest held document: its `@id`, and the hash of its canonical form.
    pub core: Option<(String, Sha256)>,
    pub consents: BTreeMap<String, Word>,
    /// Values as canonical JSON.
    pub preferences: BTreeMap<String, String>,
    pub claims: BTreeMap<String, String>,
    pub pointers: BTreeMap<String, String>,
    /// Ids of local changes that no held document is newer than.
    pub pending: Vec<String>,
    pub conflicts: Vec<Conflict>,
}

impl View {
    /// The canonical form, without a line end.
    pub fn print(&self) -> String {
        let mut out = Vec::new();
        let mut view = Members::open(&mut out);
        view.text("checkedAt", &self.checked_at, &mut out);
        write_values(&mut view, "claims", &self.claims, &mut out);
        view.name("conflicts", &mut out);
        self.write_conflicts(&mut out);
        view.name("consents", &mut out);
        let mut consents = Object::default();
        for (key, word) in &self.consents {
            consents.text(key, Some(word.as_str()));
        }
        consents.write(&mut out);
        let (id, hash) = self.core.as_ref().map(|(id, hash)| (id.as_str(), hash.to_string())).unzip();
        write_or_null(&mut view, "hash", hash.as_deref(), &mut out);
        write_or_null(&mut view, "manifestId", id, &mut out);
        view.name("pending", &mut out);
        write_texts(self.pending.iter().map(String::as_str), &mut out);
        write_values(&mut view, "pointers", &self.pointers, &mut out);
        write_values(&mut view, "preferences", &self.preferences, &mut out);
        view.name("reasons", &mut out);
        write_texts(self.reasons.iter().map(|reason| reason.as_str()), &mut out);
        view.word("state", self.state, &mut out);
        view.text("subject", &self.subject, &mut out);
        view.close(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    fn write_conflicts(&self, out: &mut Vec<u8>) {
        let mut list = Items::open(out);
        for conflict in &self.conflicts {
            list.next(out);
            let mut object = Members::open(out);
            object.word("class", conflict.class, out);
            object.text("issuedAt", &conflict.issued, out);
            object.text("key", &conflict.key, out);
            object.close(out);
        }
        list.close(out);
    }

    /// Whether it shows all that a change says.
    pub fn shows(&self, event: &Event) -> bool {
        event.fields.iter().all(|(key, value)| match self.consents.get(key) {
            Some(word) => event.word(key) == Some(*word),
            None => {
                let classes = [&self.preferences, &self.pointers, &self.claims];
                let shown = classes.iter().find_map(|class| class.get(key));
                shown.map_or("null", String::as_str) == value
            }
        })
    }
}

fn write_values(view: &mut Members, name: &str, values: &BTreeMap<String, String>, out: &mut Vec<u8>) {
    view.name(name, out);
    let mut object = Object::default();
    for (key, value) in values {
        object.member(key, |out| out.extend_from_slice(value.as_bytes()));
    }
    object.write(out);
}

fn write_or_null(view: &mut Members, name: &str, text: Option<&str>, out: &mut Vec<u8>) {
    view.name(name, out);
    match text {
        Some(text) => write_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}
