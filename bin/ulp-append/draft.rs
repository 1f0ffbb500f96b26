//! Completing a draft: what only the clock and the store can say is put into its line, which is then read anew.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};
use ulp_core::event::{Defaults, Event, Missing, Payload, Reader, Refusal};
use ulp_core::id::Time;
use ulp_core::json;
use ulp_core::scope::read_event;
use ulp_store::intake::admit::member;
use ulp_store::lookup::Answers;

/// Nanoseconds of a microsecond, by which timestamps rise at least.
const STEP: i64 = 1_000;

/// Gives timestamps: the clock in microseconds, rising from line to line.
#[derive(Debug)]
pub struct Ticks {
    fixed: Option<Time>,
    last: Option<Time>,
}

impl Ticks {
    /// The system's clock, or the time that `--now` puts in its place.
    pub fn new(fixed: Option<Time>) -> Ticks {
        Ticks { fixed, last: None }
    }

    /// The next timestamp.
    pub fn next(&mut self) -> Time {
        let now = self.fixed.unwrap_or_else(clock);
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

    /// Gives what only the store can say: the tile of the draft's node, and the tags that an unlinking removes.
    pub fn complete_from_store(&mut self, lookup: Answers<'_, '_>, line: &[u8], came: &Event<'_>) {
        if !came.is_draft() || came.signature.is_some() {
            return;
        }
        let mut tile = came.tile;
        if came.missing.has(Missing::TILE) {
            let node = member(line, "from_node").or_else(|| member(line, "node_id"));
            if let Some(known) = node.and_then(|node| lookup.tile_of(came, &node)) {
                tile = known;
                self.member("tile", &format!("\"{tile}\""));
            }
        }
        if let Payload::Unlink(unlink) = came.payload
            && unlink.observed.is_none()
        {
            let mut list = Vec::new();
            for tag in lookup.standing(came, tile, unlink.ends) {
                list.push(if list.is_empty() { b'[' } else { b',' });
                json::write_string(&tag, &mut list);
            }
            list.extend_from_slice(if list.is_empty() { b"[]" } else { b"]" });
            self.member("observed", &String::from_utf8_lossy(&list));
        }
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
    let reader = Reader::new(arena, defaults).with_forms();
    let mut reader = if drafts { reader.with_drafts() } else { reader };
    Ok(read_event(&mut reader, line)?)
}
