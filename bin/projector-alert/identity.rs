//! What an event is: its hash, and the name that its content gives it.

use bumpalo::Bump;
use ulp_core::event::{Defaults, Event, Line, Reader};
use ulp_core::hash::Blake3;
use ulp_core::json::{Canonical, Tape};

/// How a name that a hash gives begins, and how many hex digits follow.
const PREFIX: &str = "evt-";
const DIGITS: usize = 32;

/// What tells an event from all others.
#[derive(Clone, Debug)]
pub struct Identity {
    /// BLAKE3 over its canonical form.
    pub hash: Blake3,
    /// `evt-` and digits of BLAKE3 over its canonical form without its name and its signature.
    pub name: String,
}

/// Whether a name is one that a hash gives: it means the event of that hash, whoever else bears it.
pub fn is_of_hash(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

impl Identity {
    /// Of a line that was read as an event before.
    pub fn of(line: &[u8], defaults: &Defaults) -> Identity {
        let arena = Bump::new();
        let mut whole = Vec::new();
        if let Some(event) = read(line, defaults, &arena) {
            event.write_canonical(&mut Tape::new(), &mut whole);
        }
        let mut unnamed = Vec::with_capacity(whole.len());
        let text = std::str::from_utf8(&whole).unwrap_or_default();
        if let Ok(top) = Tape::new().parse_any(text, ulp_core::json::STATE_DEPTH) {
            Canonical::new().write_without_any(top, &["event_id", "signature"], &mut unnamed);
        }
        let name = format!("{PREFIX}{}", &Blake3::of(&unnamed).hex()[..DIGITS]);
        Identity { hash: Blake3::of(&whole), name }
    }

    /// The digits that follow the name of an event which is not its own.
    pub fn digits(&self) -> String {
        self.hash.hex()[..16].to_owned()
    }
}

/// A line that was read as an event before.
pub fn read<'a>(line: &'a [u8], defaults: &'a Defaults, arena: &'a Bump) -> Option<Event<'a>> {
    match Reader::new(arena, defaults).read_bytes(line) {
        Ok(Line::Event(event)) => Some(event),
        _ => None,
    }
}
