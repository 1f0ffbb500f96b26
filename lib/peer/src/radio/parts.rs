//! A line in parts: cut to fit packets, and put together again.
//!
//! A message is the first bytes of the SHA-256 of the line, then the line; its parts are frames of kind 3, which all
//! have room for as much but the last. They come in any order, twice, and late. Four messages are put together at a
//! time, each for 60 s from its first part; the last 256 whole ones are known again.
//!
//! ```
//! use ulp_core::frame::Tag;
//! use ulp_peer::radio::{Assembly, Message, longest};
//! let line = br#"{"operation":"sensor_reading","sensor":"water_level","value":1.42}"#;
//! let message = Message { peer: Tag::of_peer("node:esp32_A12"), seq: 7, hops: 3 };
//! let mut parts = message.cut(line, 51)?;
//! assert_eq!((parts.len(), longest(51)), (2, 2492));
//! let mut assembly = Assembly::default();
//! parts.reverse();
//! assert_eq!(assembly.hear(0, &parts[0])?, None);
//! assert_eq!(assembly.hear(0, &parts[1])?.as_deref(), Some(&line[..]));
//! assert_eq!(assembly.hear(0, &parts[1])?, None);
//! # Ok::<(), ulp_core::report::Refusal>(())
//! ```

use std::collections::VecDeque;
use ulp_core::frame::{Body, Frame, MOST_PARTS, PART_HEAD, Part, Tag};
use ulp_core::json::EVENT_BYTES;
use ulp_core::report::Refusal;

/// Bytes of the hash before the line.
const HASH: usize = 4;
/// Messages that are put together at a time.
const OPEN: usize = 4;
/// How long parts are waited for, in milliseconds.
const PATIENCE: u64 = 60_000;
/// Whole messages that are known again.
const WHOLE: usize = 256;

/// The longest line whose parts fit into packets of so many bytes.
pub fn longest(mtu: usize) -> usize {
    (usize::from(MOST_PARTS) * mtu.saturating_sub(PART_HEAD)).saturating_sub(HASH)
}

/// Whose message a line is, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    pub peer: Tag,
    pub seq: u32,
    pub hops: u8,
}

impl Message {
    /// The parts of a line.
    ///
    /// # Errors
    /// `radio.long`: more than 64 would be needed, or the packets have no room for any.
    pub fn cut(&self, line: &[u8], mtu: usize) -> Result<Vec<Frame>, Refusal> {
        if line.len() > longest(mtu) || mtu <= PART_HEAD {
            let detail = format!("{} bytes, and 64 packets of {mtu} carry {}", line.len(), longest(mtu));
            return Err(Refusal { shared: true, ..Refusal::new("radio.long", detail) });
        }
        let message = [&Tag::of(line).0, line].concat();
        let parts = message.chunks(mtu - PART_HEAD);
        // There are at most 64, as the line is no longer than that.
        let total = parts.len() as u8;
        let part = |(index, data): (u8, &[u8])| {
            let body = Body::Part(Part { index, total, data: data.to_vec() });
            Frame { hops: self.hops, peer: self.peer, seq: self.seq, body }
        };
        Ok((0..total).zip(parts).map(part).collect())
    }
}

/// Messages that are being put together.
#[derive(Debug, Default)]
pub struct Assembly {
    /// In the order of their first parts.
    open: VecDeque<Open>,
    whole: VecDeque<(Tag, u32)>,
}

#[derive(Debug)]
struct Open {
    of: (Tag, u32),
    since: u64,
    bytes: usize,
    parts: Vec<Option<Vec<u8>>>,
}

impl Assembly {
    /// Takes in a frame that is a part, at a time in milliseconds; gives the line where it was the last that lacked.
    ///
    /// # Errors
    /// `radio.frame`: the parts do not make what the message's hash says; `radio.long`: they come to more than a line
    /// may have. Either is forgotten.
    pub fn hear(&mut self, now: u64, frame: &Frame) -> Result<Option<Vec<u8>>, Refusal> {
        let Body::Part(part) = &frame.body else { return Ok(None) };
        self.open.retain(|open| now.saturating_sub(open.since) <= PATIENCE);
        let of = (frame.peer, frame.seq);
        if self.whole.contains(&of) {
            return Ok(None);
        }
        let at = self.find(of, part.total, now);
        let open = &mut self.open[at];
        let place = &mut open.parts[usize::from(part.index)];
        if place.is_none() {
            open.bytes += part.data.len();
            *place = Some(part.data.clone());
        }
        let (long, done) = (open.bytes > HASH + EVENT_BYTES, open.parts.iter().all(Option::is_some));
        if !long && !done {
            return Ok(None);
        }
        let parts = self.open.remove(at).map(|open| open.parts).unwrap_or_default();
        if long {
            return Err(Refusal::new("radio.long", "its parts come to more than a line may have"));
        }
        let line = line(parts)
            .ok_or_else(|| Refusal::new("radio.frame", "its parts do not make a line of its hash"))?;
        if self.whole.len() == WHOLE {
            self.whole.pop_front();
        }
        self.whole.push_back(of);
        Ok(Some(line))
    }

    /// Where a message is put together: begun now if it was not, in place of the oldest where there are too many. One
    /// who says of it that it has another number of parts speaks of another message.
    fn find(&mut self, of: (Tag, u32), total: u8, now: u64) -> usize {
        let is_it = |open: &Open| open.of == of && open.parts.len() == usize::from(total);
        if let Some(at) = self.open.iter().position(is_it) {
            return at;
        }
        if self.open.len() == OPEN {
            self.open.pop_front();
        }
        let parts = vec![None; usize::from(total)];
        self.open.push_back(Open { of, since: now, bytes: 0, parts });
        self.open.len() - 1
    }
}

/// The line of a message, if its hash is the line's.
fn line(parts: Vec<Option<Vec<u8>>>) -> Option<Vec<u8>> {
    let mut message: Vec<u8> = parts.into_iter().flatten().flatten().collect();
    let line = message.split_off(HASH.min(message.len()));
    (Tag::of(&line).0[..] == message[..]).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str, seq: u32) -> Message {
        Message { peer: Tag::of_peer(name), seq, hops: 0 }
    }

    fn line(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 7 % 251) as u8).collect()
    }

    /// What comes of some parts, heard at their times.
    fn heard(parts: impl IntoIterator<Item = (u64, Frame)>) -> Vec<Vec<u8>> {
        let mut assembly = Assembly::default();
        parts.into_iter().filter_map(|(now, part)| assembly.hear(now, &part).ok().flatten()).collect()
    }

    #[test]
    fn a_line_comes_back_at_any_length_and_size() {
        for mtu in [13, 14, 24, 51, 233] {
            for length in [0, 1, 5, 59, longest(mtu) - 1, longest(mtu)] {
                let parts = message("a", 1).cut(&line(length), mtu).unwrap_or_default();
                assert!(parts.iter().all(|part| part.print().len() <= mtu));
                let backwards = parts.into_iter().rev().map(|part| (0, part));
                assert_eq!(heard(backwards), [line(length)], "{mtu} {length}");
            }
            assert!(message("a", 1).cut(&line(longest(mtu) + 1), mtu).is_err());
        }
        assert!(message("a", 1).cut(b"", 12).is_err());
    }

    #[test]
    fn parts_may_come_twice_late_and_among_others() {
        let cut = |name, seq, length| message(name, seq).cut(&line(length), 51).unwrap_or_default();
        let (a, b) = (cut("a", 1, 100), cut("b", 1, 99));
        let mixed = [&a[2], &b[0], &a[2], &b[2], &a[0], &b[1], &a[1], &a[0], &b[0], &a[1], &a[2]];
        assert_eq!(heard(mixed.map(|part| (0, part.clone()))), [line(99), line(100)]);
        let late = |last| [(0, a[0].clone()), (40_000, a[1].clone()), (last, a[2].clone())];
        assert_eq!(heard(late(60_000)), [line(100)]);
        assert!(heard(late(60_001)).is_empty());
    }

    #[test]
    fn a_fifth_message_takes_the_place_of_the_oldest() {
        let cut = |seq| message("a", seq).cut(&line(60), 51).unwrap_or_default();
        let firsts = (0..5).map(|seq| cut(seq)[0].clone());
        let lasts = (1..5).map(|seq| cut(seq)[1].clone());
        assert_eq!(heard(firsts.chain(lasts).map(|part| (0, part))).len(), 4, "the first is lost");
    }

    #[test]
    fn the_last_whole_ones_are_known_again() {
        let cut = |seq| (0, message("a", seq).cut(&line(9), 51).unwrap_or_default().remove(0));
        let again = (0..257).chain([256, 1, 0]);
        assert_eq!(heard(again.map(cut)).len(), 258, "the first of 257 is forgotten");
    }

    #[test]
    fn what_is_not_what_its_hash_says_is_refused_and_forgotten() {
        let parts = message("a", 1).cut(&line(60), 51).unwrap_or_default();
        let mut forged = parts.clone();
        if let Body::Part(part) = &mut forged[1].body {
            part.data[0] ^= 1;
        }
        let mut assembly = Assembly::default();
        let mut hear = |part: &Frame| assembly.hear(0, part).map_err(|refusal| refusal.code.into_owned());
        assert_eq!(hear(&parts[0]), Ok(None));
        assert_eq!(hear(&forged[1]), Err("radio.frame".to_owned()));
        assert_eq!((hear(&parts[0]), hear(&parts[1])), (Ok(None), Ok(Some(line(60)))));
    }

    #[test]
    fn no_message_takes_more_memory_than_a_line_may() {
        let body = |index| Body::Part(Part { index, total: 64, data: vec![b'x'; EVENT_BYTES / 3] });
        let part = |index| Frame { hops: 0, peer: Tag([0; 4]), seq: 1, body: body(index) };
        let mut assembly = Assembly::default();
        let codes: Vec<_> = (0..4).map(|index| assembly.hear(0, &part(index)).map_err(|r| r.code)).collect();
        assert_eq!(codes[3], Err("radio.long".into()));
        assert!(codes[..3].iter().all(Result::is_ok) && assembly.open.is_empty());
    }
}
