//! Consents: a deny travels by any road, an allow by one.
//!
//! The base of a consent is what the newest authoritative documents say; then it is the least of that and of each value
//! that is not older, from any document or change, on any road.

use super::held::{Known, Ledger};
use super::newest::{Group, issued};
use super::settings::Reopen;
use super::view::Conflict;
use super::words::{Class, Standing, Word};
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::trust::Instant;

pub struct Consents<'c> {
    pub groups: &'c [Group<'c>],
    pub ledger: &'c Ledger<'c>,
    pub reopen: Reopen,
    pub now: &'c Instant,
}

impl<'c> Consents<'c> {
    /// The word of each key that a held document has.
    pub fn words(&self, conflicts: &mut BTreeSet<Conflict>) -> BTreeMap<String, Word> {
        let newest = self.newest_authoritative();
        let since = newest.iter().map(|known| known.counts_from()).min();
        let held = self.groups.iter().flatten();
        let keys: BTreeSet<&str> =
            held.flat_map(|known| known.document.consents.iter().map(|(key, _)| key.as_str())).collect();
        let mut words = BTreeMap::new();
        for key in keys {
            let (base, is_agreed) = self.base(&newest, key);
            if !is_agreed {
                conflicts.insert(Conflict::new(Class::Consents, key, issued(&newest)));
            }
            let since = since.filter(|_| self.reopen != Reopen::Never);
            words.insert(key.to_owned(), self.least(key, since).map_or(base, |least| least.min(base)));
        }
        words
    }

    /// The authoritative documents of the greatest `issuedAt`.
    fn newest_authoritative(&self) -> Group<'c> {
        let authoritative = |group: &Group<'c>| -> Group<'c> {
            group.iter().copied().filter(|known| known.standing == Standing::Authoritative).collect()
        };
        self.groups.iter().map(authoritative).find(|group| !group.is_empty()).unwrap_or_default()
    }

    /// What the newest say, and whether they agree. What they do not have is denied.
    fn base(&self, newest: &Group<'_>, key: &str) -> (Word, bool) {
        let said = |known: &&Known<'_>| known.document.word(key, self.now).unwrap_or(Word::Denied);
        let words: BTreeSet<Word> = newest.iter().map(said).collect();
        match words.len() {
            0 => (Word::Denied, true),
            1 => (words.first().copied().unwrap_or(Word::Denied), true),
            _ => (Word::Denied, false),
        }
    }

    /// The least value that anything not older gives it.
    fn least(&self, key: &str, since: Option<&Instant>) -> Option<Word> {
        let counts = |from: &Instant| since.is_none_or(|since| from >= since);
        let documents = self.ledger.known.iter().filter(|known| counts(known.counts_from()));
        let changes = self.ledger.changes.iter().filter(|change| counts(change.counts_from()));
        let words = documents.filter_map(|known| known.document.word(key, self.now));
        words.chain(changes.filter_map(|change| change.event.word(key))).min()
    }
}
