//! What is known of one subject: its lines, and the documents that they name.

use std::collections::BTreeMap;

use ulp_cli::Failure;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::trust::Instant;
use ulp_um::cache::words::{Role, Step};
use ulp_um::cache::{Cached, Document, Folded, Line, Settings, fold};

use crate::cache::Cache;
use crate::rules::Rules;

pub struct Known {
    pub subject: String,
    pub lines: Vec<Line>,
    documents: BTreeMap<Sha256, Document>,
    /// The texts of those of whose claims something may be shown.
    proofs: BTreeMap<Sha256, String>,
}

impl Known {
    /// Reads the documents that the lines of a subject name.
    pub fn read(
        cache: &Cache,
        subject: &str,
        lines: Vec<Line>,
        rules: &Rules,
        now: Time,
    ) -> Result<Known, Failure> {
        let (documents, proofs) = (BTreeMap::new(), BTreeMap::new());
        let mut known = Known { subject: subject.to_owned(), lines: Vec::new(), documents, proofs };
        let fetched = lines.iter().filter(|line| line.step == Step::Fetch && line.accepted);
        for hash in fetched.filter_map(|line| line.object) {
            if !known.documents.contains_key(&hash) {
                known.add(hash, cache.document(&hash)?, rules, now);
            }
        }
        known.lines = lines;
        Ok(known)
    }

    /// Takes a document that was judged.
    pub fn add(&mut self, hash: Sha256, bytes: Vec<u8>, rules: &Rules, now: Time) {
        let Ok(text) = String::from_utf8(bytes) else { return };
        let Some(document) = Document::read(&text, &|manifest| rules.attest(manifest, now)) else { return };
        if document.has_proofs {
            self.proofs.insert(hash, text);
        }
        self.documents.insert(hash, document);
    }

    /// Looks anew at which claims hold.
    pub fn attest(&mut self, rules: &Rules, now: Time) {
        for (hash, text) in &self.proofs {
            if let Some(document) = self.documents.get_mut(hash) {
                document.attest(text, &|manifest| rules.attest(manifest, now));
            }
        }
    }

    pub fn fold(&self, settings: &Settings, now: Time) -> Folded {
        self.fold_first(self.lines.len(), settings, now)
    }

    /// Folds as many lines from the first on.
    pub fn fold_first(&self, lines: usize, settings: &Settings, now: Time) -> Folded {
        let lines = &self.lines[..lines];
        fold(&self.subject, Cached { lines, documents: &self.documents, settings, now })
    }

    /// The greatest `issuedAt` that the subject's own source ever gave.
    pub fn newest_of_source(&self) -> Option<&Instant> {
        let of_source = self.lines.iter().filter(|line| {
            line.step == Step::Fetch && line.accepted && line.road == Some(Role::Authoritative)
        });
        of_source.filter_map(|line| Some(&self.documents.get(&line.object?)?.issued)).max()
    }
}
