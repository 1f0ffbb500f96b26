//! What there is to say of lines: what happened to them, where, and why.
//!
//! Whoever reads lines gathers a [`Report`] a worker: everything is counted, and what will be written is kept as a
//! [`Diagnostic`]. Reports are joined in the order of the lines. A line is counted when it is read; it counts as
//! applied unless something else is said of it.
//!
//! ```
//! use ulp_core::report::{Outcome, Position, Report};
//! let mut report = Report::new(false);
//! report.tally.read += 2;
//! let at = Position { source: 0, line: 2 };
//! report.say(Outcome::Rejected, "json.syntax", at, false, || (None, "not an object".to_owned()));
//! assert_eq!((report.tally.applied(), report.tally.rejected), (1, 1));
//! assert_eq!(report.diagnostics[0].code, "json.syntax");
//! ```

pub mod codes;
mod refusal;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use refusal::{Note, Refusal};

/// A place in the input: an operand, and a line of it from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub source: u32,
    pub line: u64,
}

/// What happened to a line that was not simply applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It broke a rule.
    Rejected,
    /// Valid, but not for this view.
    Withheld,
    /// Already there.
    Duplicate,
    /// Used, but odd.
    Noted,
}

impl Outcome {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Rejected => "rejected",
            Outcome::Withheld => "withheld",
            Outcome::Duplicate => "duplicate",
            Outcome::Noted => "noted",
        }
    }
}

/// One thing to say in the boundary log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Nothing where it is about no line.
    pub position: Option<Position>,
    pub outcome: Outcome,
    /// Why: `family.name`, one of [`codes`].
    pub code: Cow<'static, str>,
    /// Whether the line is for everyone. Of one that is not, or that could not be read so that nobody knows, the
    /// shared log has neither id nor text.
    pub shared: bool,
    /// The event, where it has a name.
    pub event_id: Option<String>,
    /// What exactly; the file and key of a rule.
    pub detail: String,
}

/// What became of the lines read, and how often each code was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines, blank ones aside.
    pub read: u64,
    pub rejected: u64,
    pub withheld: u64,
    pub duplicate: u64,
    /// How often each code was given.
    pub codes: BTreeMap<Cow<'static, str>, u64>,
    /// Whether anything was read that is not for everyone.
    pub private: bool,
}

impl Tally {
    /// How many lines were used or passed on: each that was read is one of the four.
    pub fn applied(&self) -> u64 {
        self.read.saturating_sub(self.rejected + self.withheld + self.duplicate)
    }

    /// Counts what was said of a line. A noted line is counted by its code alone: it is applied as well.
    pub fn count(&mut self, outcome: Outcome, code: impl Into<Cow<'static, str>>, shared: bool) {
        match outcome {
            Outcome::Rejected => self.rejected += 1,
            Outcome::Withheld => self.withheld += 1,
            Outcome::Duplicate => self.duplicate += 1,
            Outcome::Noted => {}
        }
        self.note(code, 1);
        self.private |= !shared;
    }

    /// Counts a code alone, given so many times.
    pub fn note(&mut self, code: impl Into<Cow<'static, str>>, times: u64) {
        let code = code.into();
        debug_assert!(codes::is_known(&code), "{code} is in no table");
        *self.codes.entry(code).or_default() += times;
    }

    /// Adds what another part counted.
    pub fn join(&mut self, other: Tally) {
        self.read += other.read;
        self.rejected += other.rejected;
        self.withheld += other.withheld;
        self.duplicate += other.duplicate;
        self.private |= other.private;
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
    }
}

/// What one worker has to say: everything counted, and what will be written.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub tally: Tally,
    pub diagnostics: Vec<Diagnostic>,
    all: bool,
}

impl Report {
    /// An empty report; `all` says whether withheld, duplicate and noted lines are written too.
    pub fn new(all: bool) -> Report {
        Report { all, ..Report::default() }
    }

    /// Says something of a line. `text` gives its event id and a detail, and is asked only where that is kept.
    pub fn say(
        &mut self,
        outcome: Outcome,
        code: impl Into<Cow<'static, str>>,
        position: Position,
        shared: bool,
        text: impl FnOnce() -> (Option<String>, String),
    ) {
        let code = code.into();
        self.tally.count(outcome, code.clone(), shared);
        if self.all || outcome == Outcome::Rejected {
            self.keep(outcome, code, position, shared, text());
        }
    }

    /// Says that a line was refused.
    pub fn refuse(&mut self, position: Position, refusal: Refusal) {
        let Refusal { code, detail, event_id, shared } = refusal;
        self.say(Outcome::Rejected, code, position, shared, || (event_id, detail));
    }

    /// Notes something that is written in any case: whoever uses the line must know.
    pub fn warn(
        &mut self,
        code: &'static str,
        position: Position,
        shared: bool,
        text: (Option<String>, String),
    ) {
        self.tally.count(Outcome::Noted, code, shared);
        self.keep(Outcome::Noted, code.into(), position, shared, text);
    }

    fn keep(
        &mut self,
        outcome: Outcome,
        code: Cow<'static, str>,
        position: Position,
        shared: bool,
        (event_id, detail): (Option<String>, String),
    ) {
        let position = Some(position);
        self.diagnostics.push(Diagnostic { position, outcome, code, shared, event_id, detail });
    }

    /// Takes in what another part has to say.
    pub fn join(&mut self, other: Report) {
        self.tally.join(other.tally);
        self.diagnostics.extend(other.diagnostics);
    }
}
