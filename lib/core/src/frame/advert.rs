//! A statement as the frames that carry it.
//!
//! A tip carries the head of a tile within ±2^23, or of a space: its first 6 bytes, and how many events it is of.
//! Roots of the store, states, lanes and objects are left out, as are `reach` and a `ttl` of one's own.

use super::{Body, Entry, Frame, Held, MOST_ENTRIES, Rows, Tag};
use crate::json::Value;
use crate::path::{Path, Root, Space};
use data_encoding::HEXLOWER;

/// What frames carry of an advert or a want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advert {
    pub wants: bool,
    pub peer: Tag,
    pub seq: u32,
    /// By space, in the order in which they first come.
    pub spaces: Vec<(Tag, Vec<Entry>)>,
    /// The paths that no tip carries.
    pub left_out: Vec<String>,
}

impl Advert {
    /// Reads a statement that passed [`check`](crate::statement::check); nothing where it is a receipt or an
    /// attestation.
    pub fn read(statement: Value<'_, '_>) -> Option<Advert> {
        let wants = statement.get("wants");
        let list = statement.get("knows").or(wants)?;
        let seq = statement.get("seq").and_then(Value::as_i64).and_then(|seq| u32::try_from(seq).ok());
        let mut advert = Advert {
            wants: wants.is_some(),
            peer: Tag::of_peer(&statement.get("peer")?.as_text()?),
            seq: seq.unwrap_or_default(),
            spaces: Vec::new(),
            left_out: Vec::new(),
        };
        list.items().for_each(|item| advert.take(item));
        Some(advert)
    }

    fn take(&mut self, item: Value<'_, '_>) {
        let path = item.get("path").and_then(Value::as_text).unwrap_or_default();
        let Some((space, entry)) = carried(&path, item) else { return self.left_out.push(path) };
        match self.spaces.iter_mut().find(|(tag, _)| *tag == space) {
            Some((_, entries)) => entries.push(entry),
            None => self.spaces.push((space, vec![entry])),
        }
    }

    /// The frames, each with up to so many entries; with none where there is no room for one, which is to say that the
    /// peer is there, or wants to meet.
    pub fn frames(&self, most: usize, hops: u8) -> Vec<Frame> {
        let frame = |space: Tag, entries: &[Entry]| {
            let rows = Rows { wants: self.wants, space, entries: entries.to_vec(), signature: None };
            Frame { hops, peer: self.peer, seq: self.seq, body: Body::Rows(rows) }
        };
        let of_space = |(space, entries): &(Tag, Vec<Entry>)| match most.min(MOST_ENTRIES) {
            0 => vec![frame(*space, &[])],
            most => entries.chunks(most).map(|some| frame(*space, some)).collect(),
        };
        self.spaces.iter().flat_map(of_space).collect()
    }
}

/// The space of a path, and its entry.
fn carried(path: &str, item: Value<'_, '_>) -> Option<(Tag, Entry)> {
    let hash = item.get("points_to").or_else(|| item.get("have"))?;
    let head = if hash.is_null() { None } else { Some(first_bytes(hash.as_plain_str()?)?) };
    let events = item.get("events").and_then(Value::as_i64).unwrap_or_default();
    let held = Held { events: u32::try_from(events).unwrap_or(u32::MAX), head };
    let (space, entry): (Space, Entry) = match path.parse().ok()? {
        Path::Space(space) => (space, Entry::Space(held)),
        Path::Tile(space, tile, Some(Root::Head)) => (space, Entry::tip(tile, held)?),
        _ => return None,
    };
    Some((Tag::of_space(&space), entry))
}

fn first_bytes(hash: &str) -> Option<[u8; 6]> {
    let digits = hash.strip_prefix("blake3:")?.as_bytes().get(..12)?;
    HEXLOWER.decode(digits).ok()?.try_into().ok()
}
