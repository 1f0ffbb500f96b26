//! What was shown of a view that is followed, and what of it differs now.

use crate::{Failure, Output};
use std::io::Write as _;
use ulp_core::state::Map;
use ulp_view::record::Record;

/// What was shown so far: by its id a record and its tombstone.
#[derive(Default)]
pub(super) struct Shown(Map<Vec<u8>, (Vec<u8>, Vec<u8>)>);

impl Shown {
    /// Writes what is new or different, after the tombstones of what is no more: of these ids those of no record.
    /// Answers whether there was anything.
    pub(super) fn update(
        &mut self,
        mut ids: Vec<Vec<u8>>,
        records: Vec<Record>,
        out: &mut Output,
    ) -> Result<bool, Failure> {
        let mut differs = false;
        let there: Map<&[u8], ()> = records.iter().map(|record| (&*record.id, ())).collect();
        ids.retain(|id| !there.contains_key(id.as_slice()));
        ids.sort_unstable();
        for id in ids {
            if let Some((_, tombstone)) = self.0.remove(&id) {
                out.write_all(&tombstone)?;
                differs = true;
            }
        }
        for Record { id, text, tombstone } in records {
            if self.0.get(&id).is_none_or(|(before, _)| *before != text) {
                out.write_all(&text)?;
                self.0.insert(id, (text, tombstone));
                differs = true;
            }
        }
        Ok(differs)
    }

    /// The same, where these are all records there are.
    pub(super) fn replace(&mut self, records: Vec<Record>, out: &mut Output) -> Result<bool, Failure> {
        let there: Map<&[u8], ()> = records.iter().map(|record| (&*record.id, ())).collect();
        let gone = self.0.keys().filter(|id| !there.contains_key(id.as_slice())).cloned().collect();
        self.update(gone, records, out)
    }
}
