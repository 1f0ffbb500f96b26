//! What is known of one subject: its lines, and the documents that they name.

use std::collections::BTreeMap;

use ulp_cli::Failure;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::trust::Instant;
use ulp_um::cache::words::{Role, Step};
use ulp_um::cache::{Cached, Document, Folded, Line, Settings, fold};

use crate::cache::Cache;

pub struct Known {
    pub subject: String,
    pub lines: Vec<Line>,
    pub documents: BTreeMap<Sha256, Document>,
}

impl Known {
    /// Reads the documents that the lines of a subject name.
    pub fn read(cache: &Cache, subject: &str, lines: Vec<Line>) -> Result<Known, Failure> {
        let mut documents = BTreeMap::new();
        let fetched = lines.iter().filter(|line| line.step == Step::Fetch && line.accepted);
        for hash in fetched.filter_map(|line| line.object) {
            if documents.contains_key(&hash) {
                continue;
            }
            let bytes = cache.document(&hash)?;
            documents.extend(read(&bytes).map(|document| (hash, document)));
        }
        Ok(Known { subject: subject.to_owned(), lines, documents })
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

/// Reads a document that was judged.
pub fn read(bytes: &[u8]) -> Option<Document> {
    Document::read(std::str::from_utf8(bytes).ok()?, &|_| Vec::new())
}
