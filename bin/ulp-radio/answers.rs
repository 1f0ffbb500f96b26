//! A want, answered from the store: by a tip, and, where airtime is left, by the newest events of the tile in parts.

use crate::desk::Desk;
use std::collections::VecDeque;
use ulp_cli::Failure;
use ulp_core::frame::{Advert, Entry, Held, Rows, Tag};
use ulp_core::id::{Lane, Tile, Time};
use ulp_core::json::{Tape, Value, parse_line};
use ulp_core::path::Space;
use ulp_store::read::Place;
use ulp_store::{LaneId, Store};

/// A want is not answered again for so long, in milliseconds.
const ANSWERED_FOR: u64 = 60_000;
/// Answers that are remembered; while all are younger, no further one is given.
const ANSWERED: usize = 32;
/// Events of a tile that are sent for one want, and of how many of its last lines the newest are looked for.
const EVENTS: usize = 4;
const LINES: usize = 64;
/// Hex digits of a root that a frame has room for.
const SHORT: usize = 12;

/// What a store answers.
pub struct Answers {
    store: Store,
    /// Whose word it is.
    peer: String,
    given: VecDeque<(Tag, Tile, u64)>,
}

/// What is said to a want.
#[derive(Default)]
pub struct Answer {
    pub advert: Option<(Advert, String)>,
    /// The newest first.
    pub events: Vec<Vec<u8>>,
}

impl Answers {
    pub fn new(store: Store, peer: String) -> Answers {
        Answers { store, peer, given: VecDeque::new() }
    }

    /// What there is to say to a want of tiles.
    ///
    /// # Errors
    /// What the store says.
    pub fn to(&mut self, rows: &Rows, desk: &Desk, now: Time, millis: u64) -> Result<Answer, Failure> {
        let mut answer = Answer::default();
        let Space::Named(space) = desk.names.space(rows.space) else { return Ok(answer) };
        let mut entries = Vec::new();
        for entry in &rows.entries {
            let Entry::Tip(tile, theirs) = entry else { continue };
            let Some(ours) = self.held(&space, *tile)?.filter(|ours| ours.head != theirs.head) else {
                continue;
            };
            if self.is_due(rows.space, *tile, millis) {
                entries.extend(Entry::tip(*tile, ours));
                answer.events.extend(self.newest(&space, *tile)?);
            }
        }
        if !entries.is_empty() {
            let seq = u32::try_from(now.0.div_euclid(1_000_000_000)).unwrap_or_default();
            let (peer, spaces) = (Tag::of_peer(&self.peer), vec![(rows.space, entries)]);
            let advert = Advert { wants: false, peer, seq, spaces, left_out: Vec::new() };
            answer.advert = Some((advert, self.peer.clone()));
        }
        Ok(answer)
    }

    /// Whether a tile was not spoken of just now; it is from now on.
    fn is_due(&mut self, space: Tag, tile: Tile, millis: u64) -> bool {
        self.given.retain(|(.., at)| at + ANSWERED_FOR > millis);
        let known = self.given.iter().any(|(s, t, _)| (*s, *t) == (space, tile));
        if known || self.given.len() == ANSWERED {
            return false;
        }
        self.given.push_back((space, tile, millis));
        true
    }

    /// The lanes of a tile that are for everyone.
    fn lanes(space: &str, tile: Tile) -> impl Iterator<Item = LaneId> {
        let shared = Lane::all().filter(|lane| lane.is_shared());
        shared.map(move |lane| LaneId { space: space.to_owned(), tile, lane })
    }

    /// The tile's history root, and of how many events it is.
    fn held(&self, space: &str, tile: Tile) -> Result<Option<Held>, Failure> {
        let (mut events, mut hasher) = (0u64, blake3::Hasher::new());
        for id in Self::lanes(space, tile) {
            let place = Place { space: space.to_owned(), tile, lanes: vec![id.lane] };
            let Some((history, _)) = self.store.lane_history(&place, id.lane)? else { continue };
            history.each(|hash| {
                events += 1;
                hasher.update(hash.hex().as_bytes());
                hasher.update(b"\n");
            });
        }
        let digits = hasher.finalize().to_hex();
        let head = data_encoding::HEXLOWER.decode(&digits.as_bytes()[..SHORT]).ok();
        let head = head.and_then(|head| head.try_into().ok());
        let events_told = u32::try_from(events).unwrap_or(u32::MAX);
        Ok((events > 0).then_some(Held { events: events_told, head }))
    }

    /// The newest events of a tile among its last lines, the newest first.
    fn newest(&self, space: &str, tile: Tile) -> Result<Vec<Vec<u8>>, Failure> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        for id in Self::lanes(space, tile) {
            let Some((manifest, _)) = self.store.manifest(&id)? else { continue };
            let mut left = LINES;
            for entry in self.store.entries(&manifest, None)?.iter().rev() {
                let Some(bytes) = self.store.segment(entry)? else { continue };
                let some =
                    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).rev().take(left);
                let before = lines.len();
                lines.extend(some.map(<[u8]>::to_vec));
                left -= lines.len() - before;
                if left == 0 {
                    break;
                }
            }
        }
        let mut timed: Vec<(f64, Vec<u8>)> = lines.into_iter().map(|line| (time_of(&line), line)).collect();
        timed.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        Ok(timed.into_iter().map(|(_, line)| line).take(EVENTS).collect())
    }
}

/// The time of an event that is stored.
fn time_of(line: &[u8]) -> f64 {
    let mut tape = Tape::new();
    let object = parse_line(&mut tape, line).ok();
    object.and_then(|object| object.get("timestamp")).and_then(Value::as_f64).unwrap_or(f64::MIN)
}
