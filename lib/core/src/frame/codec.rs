//! Frames as bytes: [`Frame::parse`] and [`Frame::print`] are inverses, and a frame has one spelling.

use super::{Body, Entry, Frame, Held, MOST_PARTS, NO_FRAME, Part, Range, Rows, SIGNATURE, Tag, refuse};
use crate::id::Tile;
use crate::report::Refusal;

/// What the first byte is, beside the kind.
const MARK: u8 = 0xa0;
const TIPS: u8 = 1;
const WANTS: u8 = 2;
const PART: u8 = 3;
/// What stands in place of z.
const SPACE: u8 = 255;
const RANGE: u8 = 254;
/// The deepest zoom.
const DEEPEST: u8 = 30;
const SIGNED: u8 = 0x80;

/// Reads the frames of a packet.
///
/// # Errors
/// `radio.frame`: there is none, or something does not parse to the packet's last byte.
pub fn packet(bytes: &[u8]) -> Result<Vec<Frame>, Refusal> {
    let (mut cursor, mut frames) = (Cursor(bytes), Vec::new());
    while !cursor.0.is_empty() {
        frames.push(frame(&mut cursor)?);
    }
    if frames.is_empty() { Err(refuse(NO_FRAME, "an empty packet")) } else { Ok(frames) }
}

impl Frame {
    /// Reads exactly one frame.
    ///
    /// # Errors
    /// `radio.frame`.
    pub fn parse(bytes: &[u8]) -> Result<Frame, Refusal> {
        let mut cursor = Cursor(bytes);
        let frame = frame(&mut cursor)?;
        if cursor.0.is_empty() { Ok(frame) } else { Err(refuse(NO_FRAME, "bytes after the frame")) }
    }

    /// The bytes of the frame.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// Appends the bytes of the frame.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_unsigned(self.hops, out);
        if let Some(signature) = self.rows().and_then(|rows| rows.signature) {
            out.extend_from_slice(&signature);
        }
    }

    /// Appends the frame with other hops, up to its signature.
    pub(super) fn write_unsigned(&self, hops: u8, out: &mut Vec<u8>) {
        let (kind, bits) = match &self.body {
            Body::Rows(rows) => {
                let signed = if rows.signature.is_some() { SIGNED } else { 0 };
                // A frame is made with at most 15 entries.
                (if rows.wants { WANTS } else { TIPS }, signed | (rows.entries.len() & 15) as u8)
            }
            Body::Part(_) => (PART, 0),
        };
        out.extend_from_slice(&[MARK | kind, bits | (hops & 7) << 4]);
        out.extend_from_slice(&self.peer.0);
        out.extend_from_slice(&self.seq.to_be_bytes());
        match &self.body {
            Body::Rows(rows) => {
                out.extend_from_slice(&rows.space.0);
                rows.entries.iter().for_each(|entry| write_entry(*entry, out));
            }
            Body::Part(part) => {
                out.extend_from_slice(&[part.index, part.total]);
                out.extend_from_slice(&part.data);
            }
        }
    }
}

fn write_entry(entry: Entry, out: &mut Vec<u8>) {
    match entry {
        Entry::Tip(tile, held) => {
            out.push(tile.z);
            out.extend_from_slice(&tile.x.to_be_bytes()[5..]);
            out.extend_from_slice(&tile.y.to_be_bytes()[5..]);
            write_held(held, out);
        }
        Entry::Space(held) => {
            out.extend_from_slice(&[SPACE, 0, 0, 0, 0, 0, 0]);
            write_held(held, out);
        }
        Entry::Range(range) => {
            out.push(RANGE);
            out.extend_from_slice(&range.from.to_be_bytes()[3..]);
            out.extend_from_slice(&range.to.to_be_bytes()[3..]);
            out.extend_from_slice(&range.rows.to_be_bytes());
            out.extend_from_slice(&range.digest);
        }
    }
}

fn write_held(held: Held, out: &mut Vec<u8>) {
    out.extend_from_slice(&held.events.to_be_bytes());
    out.extend_from_slice(&held.head.unwrap_or_default());
}

/// What of some bytes is not read yet.
struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (head, rest) = self.0.split_first_chunk().ok_or_else(|| refuse(NO_FRAME, "it is cut off"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        self.bytes().map(|[byte]| byte)
    }

    fn rest(&mut self) -> &'b [u8] {
        std::mem::take(&mut self.0)
    }
}

fn frame(cursor: &mut Cursor<'_>) -> Result<Frame, Refusal> {
    let [mark, bits] = cursor.bytes()?;
    let (signed, hops, n) = (bits & SIGNED != 0, bits >> 4 & 7, bits & 15);
    let kind = mark ^ MARK;
    if !matches!(kind, TIPS | WANTS | PART) {
        return Err(refuse(NO_FRAME, "not a kind of frame"));
    }
    let (peer, seq) = (Tag(cursor.bytes()?), u32::from_be_bytes(cursor.bytes()?));
    let body = match kind {
        // Data goes to the end of the packet, so that there is no place for a signature.
        PART if signed || n > 0 => {
            return Err(refuse(NO_FRAME, "a part has neither entries nor a signature"));
        }
        PART => Body::Part(part(cursor)?),
        kind => Body::Rows(rows(cursor, kind == WANTS, n, signed)?),
    };
    Ok(Frame { hops, peer, seq, body })
}

fn rows(cursor: &mut Cursor<'_>, wants: bool, n: u8, signed: bool) -> Result<Rows, Refusal> {
    let space = Tag(cursor.bytes()?);
    let entries = (0..n).map(|_| entry(cursor, wants)).collect::<Result<_, _>>()?;
    let signature = signed.then(|| cursor.bytes::<SIGNATURE>()).transpose()?;
    Ok(Rows { wants, space, entries, signature })
}

fn entry(cursor: &mut Cursor<'_>, wants: bool) -> Result<Entry, Refusal> {
    match cursor.byte()? {
        z @ 0..=DEEPEST => {
            let (x, y) = (column(cursor.bytes()?), column(cursor.bytes()?));
            Ok(Entry::Tip(Tile { z, x, y }, held(cursor)?))
        }
        SPACE if cursor.bytes()? == [0; 6] => Ok(Entry::Space(held(cursor)?)),
        SPACE => Err(refuse(NO_FRAME, "a space has no place")),
        RANGE if wants => Ok(Entry::Range(Range {
            from: key(cursor.bytes()?),
            to: key(cursor.bytes()?),
            rows: u16::from_be_bytes(cursor.bytes()?),
            digest: cursor.bytes()?,
        })),
        _ => Err(refuse(NO_FRAME, "not an entry of such a frame")),
    }
}

/// A column or a row of tiles, in 3 bytes with its sign.
fn column([a, b, c]: [u8; 3]) -> i64 {
    i64::from(i32::from_be_bytes([a, b, c, 0]) >> 8)
}

/// The key of a row, in 5 bytes.
fn key([a, b, c, d, e]: [u8; 5]) -> u64 {
    u64::from_be_bytes([0, 0, 0, a, b, c, d, e])
}

fn held(cursor: &mut Cursor<'_>) -> Result<Held, Refusal> {
    let (events, head) = (u32::from_be_bytes(cursor.bytes()?), cursor.bytes()?);
    Ok(Held { events, head: Some(head).filter(|head| *head != [0; 6]) })
}

fn part(cursor: &mut Cursor<'_>) -> Result<Part, Refusal> {
    let [index, total] = cursor.bytes()?;
    let data = cursor.rest().to_vec();
    if index >= total || total > MOST_PARTS || data.is_empty() {
        return Err(refuse(NO_FRAME, "not one of up to 64 parts, or a part without data"));
    }
    Ok(Part { index, total, data })
}
