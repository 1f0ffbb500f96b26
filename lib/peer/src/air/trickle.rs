//! When a node says what it has: RFC 6206, with what it draws taken from hashes.

use super::draw::draw;
use ulp_core::frame::Tag;

/// The shortest and the longest interval, in milliseconds.
pub const SHORTEST: u64 = 60_000;
pub const LONGEST: u64 = 3_600_000;
/// So many who said the same are enough.
const ENOUGH: u32 = 2;

/// The timer of a space.
#[derive(Clone, Debug)]
pub struct Trickle {
    /// Whose draws it makes: the node's tag and the space's.
    seed: [u8; 8],
    /// How many intervals began.
    begun: u32,
    start: u64,
    length: u64,
    /// When to speak, and nothing once that moment passed.
    moment: Option<u64>,
    /// Who said the same in this interval.
    heard: u32,
}

impl Trickle {
    /// A timer that begins now.
    pub fn new(now: u64, own: Tag, space: Tag) -> Trickle {
        let mut seed = [0; 8];
        seed[..4].copy_from_slice(&own.0);
        seed[4..].copy_from_slice(&space.0);
        let mut timer = Trickle { seed, begun: 0, start: now, length: SHORTEST, moment: None, heard: 0 };
        timer.begin(now, SHORTEST);
        timer
    }

    /// When something is next to be done.
    pub fn due(&self) -> u64 {
        self.moment.unwrap_or(self.start + self.length)
    }

    /// Whether to speak now.
    pub fn tick(&mut self, now: u64) -> bool {
        let end = self.start + self.length;
        if now >= end {
            let length = (2 * self.length).min(LONGEST);
            self.begin(if now < end + length { end } else { now }, length);
        }
        let speaks = self.moment.is_some_and(|moment| moment <= now) && self.heard < ENOUGH;
        self.moment = self.moment.filter(|moment| *moment > now);
        speaks
    }

    /// Another said the same.
    pub fn agree(&mut self) {
        self.heard = self.heard.saturating_add(1);
    }

    /// Another said otherwise, or something is new: the interval is to be no longer than this.
    pub fn reset(&mut self, now: u64, length: u64) {
        if self.length > length {
            self.begin(now, length);
        }
    }

    fn begin(&mut self, start: u64, length: u64) {
        let after = length / 2 + draw(&[&self.seed, &self.begun.to_be_bytes()], length / 2);
        self.begun = self.begun.wrapping_add(1);
        (self.start, self.length, self.heard) = (start, length, 0);
        self.moment = Some(start + after);
    }
}
