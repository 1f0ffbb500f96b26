//! A record of the input: a row, a feature, a node of a drawing; and what it comes to.

use std::sync::Arc;

use ulp_core::hash::Sha256;
use ulp_core::report::{Note, Refusal};

use crate::draft::Draft;
use crate::place::Around;

/// What one record comes to: drafts, what is odd about it, or why it is none.
#[derive(Debug, Default)]
pub struct Record {
    /// Where it stands in its source, from 1: its first line where the format is lines, else the how-manyth it is.
    pub number: u64,
    pub drafts: Vec<Draft>,
    /// What of it is lost.
    pub notes: Vec<Note>,
    /// Why nothing of it is used.
    pub refused: Option<Refusal>,
    /// What it brings along, for `--objects`.
    pub objects: Vec<(Sha256, Arc<[u8]>)>,
    /// Where on the Earth it lies.
    pub around: Around,
}

impl Record {
    /// A record that `read` understands, or refuses.
    pub fn of(number: u64, read: impl FnOnce(&mut Record) -> Result<(), Refusal>) -> Record {
        let mut record = Record { number, ..Record::default() };
        if let Err(refusal) = read(&mut record) {
            record.drafts.clear();
            record.refused = Some(refusal);
        }
        record
    }

    /// A record of which nothing is used.
    pub fn refused(number: u64, refusal: Refusal) -> Record {
        Record { number, refused: Some(refusal), ..Record::default() }
    }

    /// Whether there is nothing to write and nothing to say.
    pub fn is_empty(&self) -> bool {
        self.drafts.is_empty() && self.notes.is_empty() && self.refused.is_none()
    }

    /// Notes that something of the record is lost.
    pub fn note(&mut self, code: &'static str, detail: impl Into<String>) {
        self.notes.push(Note { code, detail: detail.into() });
    }
}
