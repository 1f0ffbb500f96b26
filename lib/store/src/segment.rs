//! A segment, and whether an entry says of it what it is.

use super::dedup::lines;
use super::manifest::{Absent, Entry};
use super::object::{Bytes, Found};
use super::{Error, Store};
use std::path::PathBuf;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape, Value};

/// What is to be said of a segment, which holds at least a line.
pub fn entry_of(hash: Sha256, segment: &[u8]) -> Entry {
    let (from, to) = ends(segment);
    Entry { hash, from, to, events: count(segment), bytes: segment.len() as u64, absent: Absent::No }
}

/// Whether an entry says of a segment with these bytes what it is, but for their hash.
pub fn is_true(entry: &Entry, segment: &[u8]) -> bool {
    entry.bytes == segment.len() as u64 && entry.events == count(segment) && has_ends(entry, segment)
}

/// Whether a segment begins and ends with the events that its entry names.
pub fn has_ends(entry: &Entry, segment: &[u8]) -> bool {
    let (from, to) = ends(segment);
    segment.ends_with(b"\n") && from == entry.from && to == entry.to
}

/// Holds an entry to the segment that it names, whose hash was looked at.
///
/// # Errors
/// Damage at the path that `path` gives, where it says something else.
pub fn hold(entry: &Entry, segment: &[u8], path: impl FnOnce() -> PathBuf) -> Result<(), Error> {
    if is_true(entry, segment) {
        return Ok(());
    }
    let detail = "its manifest says other events of it than it holds; ulp-store check --repair mends that";
    Err(Error::damaged(path(), "store.segment", detail))
}

fn count(segment: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', segment).count() as u64
}

/// The names of the first and the last event.
fn ends(segment: &[u8]) -> (String, String) {
    let name = |line: Option<&[u8]>| line.map(event_id).unwrap_or_default();
    let body = segment.strip_suffix(b"\n").unwrap_or(segment);
    let from = name(lines(body).next());
    match memchr::memrchr(b'\n', body) {
        None => (from.clone(), from),
        Some(at) => (from, name(Some(&body[at + 1..]))),
    }
}

/// The name in a canonical line.
fn event_id(line: &[u8]) -> String {
    let mut tape = Tape::new();
    let text = std::str::from_utf8(line).unwrap_or_default();
    let top = tape.parse(text, json::EVENT_DEPTH).ok();
    let id = top.and_then(|t: Value<'_, '_>| t.get("event_id"));
    id.and_then(Value::as_text).unwrap_or_default()
}

impl Store {
    /// The bytes of a segment, or nothing where it is lost or elsewhere: its events count as not known.
    ///
    /// # Errors
    /// Damage where the object is whole and its entry says other things of it than are true.
    pub fn segment(&self, entry: &Entry) -> Result<Option<Bytes>, Error> {
        if entry.absent != Absent::No {
            return Ok(None);
        }
        match self.object(&entry.hash, None)? {
            Found::Here(bytes) if is_true(entry, &bytes) => Ok(Some(bytes)),
            // Either of the two is wrong, and its name says whether the object is.
            Found::Here(bytes) if Sha256::of(&bytes) == entry.hash => {
                hold(entry, &bytes, || self.object_path(&entry.hash)).map(|()| Some(bytes))
            }
            Found::Here(_) | Found::Missing | Found::Wrong(_) => Ok(None),
        }
    }

    /// Whether a segment is here, as [`Store::segment`] has it, without reading one that has the length that is said.
    ///
    /// # Errors
    /// As [`Store::segment`].
    pub fn has_segment(&self, entry: &Entry) -> Result<bool, Error> {
        let is_here = entry.absent == Absent::No && self.has_object(&entry.hash, entry.bytes)?;
        Ok(is_here || self.segment(entry)?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_and_name_of_an_entry_is_held_to_the_segment() {
        let segment = b"{\"event_id\":\"a\\u0001\"}\n{\"event_id\":\"b\"}\n{\"event_id\":\"c\",\"x\":{\"event_id\":\"d\"}}\n";
        let entry = entry_of(Sha256::of(segment), segment);
        assert_eq!((entry.from.as_str(), entry.to.as_str(), entry.events), ("a\u{1}", "c", 3));
        assert!(is_true(&entry, segment) && !is_true(&entry, &segment[..segment.len() - 1]));
        let changes: [fn(&mut Entry); 4] =
            [|e| e.from.push('x'), |e| e.to.push('x'), |e| e.events += 1, |e| e.bytes += 1];
        for change in changes {
            let mut entry = entry.clone();
            change(&mut entry);
            assert!(!is_true(&entry, segment), "{entry:?}");
        }
    }
}
