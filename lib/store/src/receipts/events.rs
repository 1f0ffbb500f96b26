//! The lines of some events of a lane, by their places in its order of acceptance.

use crate::dedup::entries_from;
use crate::manifest::Manifest;
use crate::{Error, Store};
use std::ops::Range;

/// Whether some events are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    All,
    /// The lane has fewer.
    Fewer,
    /// It has them, and a segment of theirs is not here.
    Lost,
}

/// Gives the lines of some events, each with its end, to `each`.
pub(super) fn each_line(
    store: &Store,
    manifest: &Manifest,
    events: Range<u64>,
    mut each: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<Found, Error> {
    if manifest.events() < events.end {
        return Ok(Found::Fewer);
    }
    for (start, entry) in entries_from(store, manifest, events.start)? {
        let place = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX);
        let (skip, end) = (place(events.start), place(events.end));
        if start + entry.events <= events.start {
            continue;
        }
        if end == 0 {
            break;
        }
        let Some(bytes) = store.segment(&entry)? else { return Ok(Found::Lost) };
        let mut lines = bytes.split_inclusive(|b| *b == b'\n').take(end).skip(skip);
        lines.try_for_each(&mut each)?;
    }
    Ok(Found::All)
}
