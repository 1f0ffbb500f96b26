//! Completing a draft: what only the clock and the store can say is put into its line, which is then read anew.

use crate::read::of_event;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};
use ulp_core::event::{Defaults, Event, Reader, Refusal};
use ulp_core::id::Time;

/// Nanoseconds of a microsecond, by which timestamps rise at least.
const STEP: i64 = 1_000;

/// Gives timestamps: the clock in microseconds, rising from line to line.
#[derive(Debug)]
pub struct Clock {
    fixed: Option<Time>,
    last: Option<Time>,
}

impl Clock {
    /// The system's clock, or the time that `--now` puts in its place.
    pub fn new(fixed: Option<Time>) -> Clock {
        Clock { fixed, last: None }
    }

    /// What the clock says.
    pub fn now(&self) -> Time {
        self.fixed.unwrap_or_else(clock)
    }

    /// The next timestamp.
    pub fn tick(&mut self) -> Time {
        let now = self.now();
        let next = self.last.map_or(now, |last| now.max(Time(last.0.saturating_add(STEP))));
        self.last = Some(next);
        next
    }
}

/// The system's clock, in microseconds.
pub fn clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX / STEP).saturating_mul(STEP))
}

/// Members that a draft is given.
#[derive(Debug, Default)]
pub struct Given {
    members: Vec<u8>,
}

impl Given {
    /// Gives a member with its raw JSON value.
    pub fn member(&mut self, name: &str, value: &str) {
        // Writing to memory does not fail.
        let _ = write!(self.members, r#""{name}":{value},"#);
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The line with these members before its own.
    pub fn put_into(&self, line: &[u8]) -> Vec<u8> {
        // A line that was read before has its opening brace after at most some space.
        let brace = line.iter().position(|b| *b == b'{').map_or(0, |at| at + 1);
        [&line[..brace], &self.members, &line[brace..]].concat()
    }
}

/// Reads one event from a line that must be one.
pub fn read<'a>(
    line: &'a [u8],
    arena: &'a bumpalo::Bump,
    defaults: &'a Defaults,
    drafts: bool,
) -> Result<Event<'a>, Refusal> {
    let reader = Reader::new(arena, defaults);
    let mut reader = if drafts { reader.with_drafts() } else { reader };
    of_event(reader.read_bytes(line)?)
}
