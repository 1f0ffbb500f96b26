//! What a line can be: one row a kind, with the marks by which it is told. Page "1. The stream contract".
//!
//! One pipe may carry all kinds: a tool withholds what it has no use for, under [`UNUSED`].
//!
//! ```
//! use ulp_core::{json::Tape, line::Kind};
//! let mut tape = Tape::new();
//! assert_eq!(Kind::of(tape.parse(r#"{"log":"witness"}"#, 64)?).ok(), Some(Some(Kind::Log)));
//! assert_eq!(Kind::of(tape.parse(r#"{"log":1,"peer":1}"#, 64)?).map_err(|r| r.code), Err("event.kind".into()));
//! # Ok::<(), ulp_core::json::Error>(())
//! ```

use crate::json::{EVENT_BYTES, STATE_BYTES, Value};
use crate::report::Refusal;

/// What ends the operation of a state line.
pub const STATE_TAIL: &str = "_state";
/// The boundary code of a line whose kind a tool has no use for.
pub const UNUSED: &str = "line.kind";
/// What no line may have beside an `operation`: one reader could take it for an event, and another for something else.
pub const NEVER_WITH_OPERATION: [&str; 4] = ["log", "manifestVersion", "@context", "um_portal"];

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Event,
    /// Its `operation` ends in [`STATE_TAIL`].
    State,
    Statement,
    Packet,
    Wire,
    Manifest,
    Log,
    Envelope,
    Credential,
}

/// How a kind is told, what it is called, and how long it may be.
pub struct Row {
    pub kind: Kind,
    /// The members that it has, all of them.
    pub marks: &'static [&'static str],
    pub name: &'static str,
    /// Longest line, in bytes without its line end.
    pub most_bytes: usize,
}

/// All kinds, in the order of [`Kind`].
#[rustfmt::skip]
pub const KINDS: [Row; 9] = [
    Row { kind: Kind::Event, marks: &["operation"], name: "an event", most_bytes: EVENT_BYTES },
    Row { kind: Kind::State, marks: &["operation"], name: "a state line", most_bytes: STATE_BYTES },
    Row { kind: Kind::Statement, marks: &["peer"], name: "a statement", most_bytes: EVENT_BYTES },
    Row { kind: Kind::Packet, marks: &["packet"], name: "a packet", most_bytes: EVENT_BYTES },
    Row { kind: Kind::Wire, marks: &["sync"], name: "a wire line", most_bytes: EVENT_BYTES },
    Row { kind: Kind::Manifest, marks: &["manifestVersion"], name: "a manifest", most_bytes: EVENT_BYTES },
    Row { kind: Kind::Log, marks: &["log"], name: "a log line", most_bytes: EVENT_BYTES },
    Row { kind: Kind::Envelope, marks: &["um_portal"], name: "an envelope", most_bytes: EVENT_BYTES },
    Row { kind: Kind::Credential, marks: &["issuer", "credentialSubject"], name: "a credential", most_bytes: EVENT_BYTES },
];

/// The members that say something of a line's kind, but for `operation`.
const WORDS: [&str; 9] = [
    "peer",
    "packet",
    "sync",
    "manifestVersion",
    "log",
    "um_portal",
    "issuer",
    "credentialSubject",
    "@context",
];

impl Kind {
    /// Tells what an object is; nothing where it has no mark.
    ///
    /// # Errors
    /// `event.kind`: an object of two kinds.
    pub fn of(object: Value<'_, '_>) -> Result<Option<Kind>, Refusal> {
        let mut marks = Marks::default();
        WORDS.into_iter().filter(|word| object.get(word).is_some()).for_each(|word| marks.take(word));
        marks.kind(object.get("operation").map(|operation| operation.str_ends_with(STATE_TAIL)))
    }

    /// What it is called, with its article.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Longest line, in bytes without its line end.
    pub const fn most_bytes(self) -> usize {
        self.row().most_bytes
    }

    /// What is said of it where nothing but an event may stand.
    pub fn no_event(self) -> Refusal {
        Refusal::new("event.kind", format!("{} is no event", self.name()))
    }

    const fn row(self) -> &'static Row {
        &KINDS[self as usize]
    }
}

/// Whether an operation is that of a state line.
pub fn is_state(operation: &str) -> bool {
    operation.ends_with(STATE_TAIL)
}

/// The marks that a line bears, but for `operation`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks(u16);

impl Marks {
    /// Takes the name of a member, if it is a mark.
    #[inline]
    pub fn take(&mut self, name: &str) {
        if let Some(bit) = WORDS.iter().position(|word| *word == name) {
            self.0 |= 1 << bit;
        }
    }

    /// What a line with these marks is; nothing where it has none. `operation` says of a line that has one whether it
    /// is that of a state line.
    ///
    /// # Errors
    /// `event.kind`: a line of two kinds.
    pub fn kind(self, operation: Option<bool>) -> Result<Option<Kind>, Refusal> {
        if let Some(is_state) = operation {
            return match NEVER_WITH_OPERATION.iter().find(|word| self.0 != 0 && self.has(word)) {
                Some(word) => Err(two_kinds("operation", word)),
                None => Ok(Some(if is_state { Kind::State } else { Kind::Event })),
            };
        }
        let mut found = KINDS.iter().filter(|row| row.marks.iter().all(|mark| self.has(mark)));
        match (found.next(), found.next()) {
            (Some(first), Some(second)) => Err(two_kinds(first.marks[0], second.marks[0])),
            (first, _) => Ok(first.map(|row| row.kind)),
        }
    }

    fn has(self, mark: &str) -> bool {
        WORDS.iter().position(|word| *word == mark).is_some_and(|bit| self.0 & 1 << bit != 0)
    }
}

fn two_kinds(first: &str, second: &str) -> Refusal {
    Refusal::new("event.kind", format!("it has both {first} and {second}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Defaults, Line, Reader};
    use crate::json::Tape;

    /// A kind, an event's envelope beside the marks where it is one.
    const ENVELOPE: &str = r#""event_id":"e","timestamp":1,"space_id":"s","layer_id":"l","actor_id":"a","scope":{"realm":"team","authority":"source","boundary":"interior","policy":"public"},"preserves_invariants":[],"previous_events":[],"tile":"z0/x0/y0""#;

    fn told(line: &str) -> String {
        let mut tape = Tape::new();
        let kind = Kind::of(tape.parse(line, 64).expect(line));
        kind.map_or_else(|refusal| refusal.code.into_owned(), |kind| format!("{kind:?}"))
    }

    /// What a reader makes of a line, in the words of `told`.
    fn read(line: &str, plainly: bool) -> String {
        let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
        let reader = Reader::new(&arena, &defaults);
        let mut reader = if plainly { reader.plainly() } else { reader };
        match reader.read(arena.alloc_str(line)) {
            Ok(Line::Event(_)) => "Some(Event)".to_owned(),
            Ok(Line::State(_)) => "Some(State)".to_owned(),
            Ok(Line::Other(kind)) => format!("Some({kind:?})"),
            Err(refusal) if refusal.code == "envelope.operation" => "None".to_owned(),
            Err(refusal) => refusal.code.into_owned(),
        }
    }

    /// The members of a kind's marks.
    fn marks(row: &Row) -> String {
        let value = match row.kind {
            Kind::Event => r#""x""#,
            Kind::State => r#""tile_state","recent":[]"#,
            _ => "1",
        };
        row.marks.iter().map(|mark| format!(",\"{mark}\":{value}")).collect()
    }

    fn hold(members: &str, expected: &str) {
        let line = format!("{{{ENVELOPE}{members}}}");
        assert_eq!(told(&line), expected, "{line}");
        for plainly in [false, true] {
            assert_eq!(read(&line, plainly), expected, "{line}");
        }
    }

    #[test]
    fn the_rows_stand_in_the_order_of_the_kinds() {
        for row in &KINDS {
            assert_eq!(row.kind.row().name, row.name);
            assert!(row.marks == ["operation"] || row.marks.iter().all(|mark| WORDS.contains(mark)));
        }
        assert!(NEVER_WITH_OPERATION.iter().all(|word| WORDS.contains(word)));
    }

    #[test]
    fn each_mark_alone_is_its_kind() {
        for row in &KINDS {
            hold(&marks(row), &format!("Some({:?})", row.kind));
        }
        for none in ["", r#","@context":1"#, r#","issuer":1"#, r#","credentialSubject":1"#] {
            hold(none, "None");
        }
        for with_context in &KINDS[2..] {
            hold(
                &format!(r#"{},"@context":1"#, marks(with_context)),
                &format!("Some({:?})", with_context.kind),
            );
        }
    }

    #[test]
    fn two_marks_are_no_kind_but_where_an_operation_may_hold_anything() {
        for (i, first) in KINDS.iter().enumerate().skip(2) {
            for second in &KINDS[i + 1..] {
                hold(&(marks(first) + &marks(second)), "event.kind");
                hold(&(marks(second) + &marks(first)), "event.kind");
            }
            for operation in &KINDS[..2] {
                let is_barred = first.marks.iter().any(|mark| NEVER_WITH_OPERATION.contains(mark));
                let kind = format!("Some({:?})", operation.kind);
                let expected = if is_barred { "event.kind" } else { &kind };
                hold(&(marks(first) + &marks(operation)), expected);
                hold(&(marks(operation) + &marks(first)), expected);
            }
        }
        hold(r#","operation":"x","@context":1"#, "event.kind");
    }

    #[test]
    fn an_escaped_mark_is_a_mark() {
        hold(r#","\u006cog":1"#, "Some(Log)");
        hold(r#","operation":"x","\u006cog":1"#, "event.kind");
        hold(r#","operation":"tile_stat\u0065","recent":[]"#, "Some(State)");
    }
}
