//! Cutting what waits into segments: what is formed of lines, and what is kept as it came.

use crate::dedup::Digest;
use crate::manifest::{Absent, Entry, Manifest};
use crate::segment::entry_of;
use crate::{Error, Store};
use std::ops::Range;
use ulp_core::hash::Sha256;

/// About the most bytes of a segment.
pub const SEGMENT: usize = 4 << 20;

/// What a lane's commit writes: segments, and pages that were filled.
pub(super) struct SegmentBuilder {
    pub(super) text: Vec<u8>,
    /// How much of the text are the lines of segments before it.
    pub(super) older: usize,
    /// Where each segment ends in the text, and its name.
    pub(super) segments: Vec<(usize, Sha256)>,
    /// Segments that are kept as they came.
    pub(super) whole: Vec<WholeSegment>,
    /// The events of the text, then those of the whole segments.
    pub(super) digests: Vec<Digest>,
    /// Whether a segment that the lane had lost is back among older ones.
    pub(super) puts_back: bool,
    pub(super) pages: Vec<(Sha256, Vec<u8>)>,
    pub(super) after: Manifest,
}

impl SegmentBuilder {
    pub(super) fn blobs(&self) -> impl Iterator<Item = (Sha256, &[u8])> {
        let starts = std::iter::once(0).chain(self.segments.iter().map(|s| s.0));
        let segments =
            starts.zip(&self.segments).map(|(start, (end, hash))| (*hash, &self.text[start..*end]));
        let whole = self.whole.iter().map(|segment| (segment.hash, &segment.bytes[..]));
        segments.chain(whole).chain(self.pages.iter().map(|(hash, page)| (*hash, &page[..])))
    }

    /// The lines that are new, of those that are formed.
    pub(super) fn formed(&self) -> &[u8] {
        &self.text[self.older..]
    }

    /// Puts some lines, and the small segments before them, into segments.
    pub(super) fn form(&mut self, store: &Store, lines: Vec<u8>) -> Result<(), Error> {
        let mut taken = Vec::new();
        for _ in 0..self.after.merges(lines.len() as u64) {
            let Some(entry) = self.after.segments.last() else { break };
            // What is damaged stays where it is: `check` will find it there.
            let Some(bytes) = store.segment(entry)?.filter(|b| Sha256::of(b) == entry.hash) else { break };
            self.after.segments.pop();
            taken.push(bytes);
        }
        if taken.is_empty() {
            self.text = lines;
        } else {
            self.older = taken.iter().map(|b| b.len()).sum();
            self.text.reserve(self.older + lines.len());
            taken.iter().rev().for_each(|bytes| self.text.extend_from_slice(bytes));
            self.text.extend_from_slice(&lines);
        }
        let mut start = 0;
        for part in parts(&self.text) {
            let end = part.end;
            let entry = part.entry(&self.text[start..end]);
            self.segments.push((end, entry.hash));
            self.after.segments.push(entry);
            start = end;
        }
        Ok(())
    }

    /// Keeps a segment as it came. One that is `named` was lost, and takes the place again that it had.
    pub(super) fn keep(&mut self, segment: WholeSegment, named: bool) {
        if named {
            let its_own = self.after.segments.iter_mut().filter(|e| e.hash == segment.hash);
            its_own.for_each(|entry| entry.absent = Absent::No);
            self.puts_back = true;
        } else {
            self.after.segments.push(entry_of(segment.hash, &segment.bytes));
        }
        self.whole.push(segment);
    }
}

/// A segment that came whole, of canonical lines.
#[derive(Debug)]
pub(super) struct WholeSegment {
    pub(super) hash: Sha256,
    pub(super) bytes: Vec<u8>,
    /// How many lines it has.
    pub(super) lines: usize,
    /// The tickets of those that were taken.
    pub(super) tickets: Range<u64>,
}

/// A part of a text that becomes a segment.
pub struct Part {
    pub end: usize,
}

impl Part {
    /// The entry of the segment that has these bytes.
    pub fn entry(self, segment: &[u8]) -> Entry {
        entry_of(Sha256::of(segment), segment)
    }
}

/// Cuts lines into segments.
pub fn parts(text: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = if text.len() - start <= SEGMENT {
            text.len()
        } else {
            // A line is shorter than a segment, so there is an end to cut at.
            memchr::memrchr(b'\n', &text[start..start + SEGMENT]).map_or(text.len(), |at| start + at + 1)
        };
        parts.push(Part { end });
        start = end;
    }
    parts
}
