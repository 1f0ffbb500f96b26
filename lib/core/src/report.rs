//! What there is to say of lines: what happened to them, and why.

use std::collections::BTreeMap;

/// A place in the input: an operand, and a line of it from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub source: u32,
    pub line: u64,
}

/// What happened to a line that was not simply applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Rejected,
    Withheld,
    Duplicate,
    Noted,
}

/// One thing to say in the boundary log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    pub position: Position,
    pub fate: Fate,
    pub code: &'static str,
    /// Whether the line is for everyone.
    pub shared: bool,
    pub event_id: Option<String>,
    pub detail: String,
}

/// What there is to say: everything counted, and what was asked for in full.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    /// Whether withheld, duplicate and noted lines are kept in full too.
    pub all: bool,
    pub list: Vec<Remark>,
    pub codes: BTreeMap<&'static str, u64>,
    pub read: u64,
    pub rejected: u64,
    pub withheld: u64,
    pub duplicate: u64,
    /// Whether anything that is not for everyone was read.
    pub private: bool,
}

impl Remarks {
    pub fn new(all: bool) -> Remarks {
        Remarks { all, ..Remarks::default() }
    }

    /// Says something of a line; `detail` is only called where it is kept.
    pub fn say(
        &mut self,
        position: Position,
        fate: Fate,
        (code, shared, event_id): (&'static str, bool, Option<&str>),
        detail: impl FnOnce() -> String,
    ) {
        *self.codes.entry(code).or_default() += 1;
        match fate {
            Fate::Rejected => self.rejected += 1,
            Fate::Withheld => self.withheld += 1,
            Fate::Duplicate => self.duplicate += 1,
            Fate::Noted => {}
        }
        if self.all || fate == Fate::Rejected {
            let event_id = event_id.map(str::to_owned);
            self.list.push(Remark { position, fate, code, shared, event_id, detail: detail() });
        }
    }

    /// Counts something odd of a line that is not written out.
    pub fn note(&mut self, code: &'static str) {
        *self.codes.entry(code).or_default() += 1;
    }

    /// Takes in what another part has to say.
    pub fn join(&mut self, other: Remarks) {
        self.list.extend(other.list);
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
        self.read += other.read;
        self.rejected += other.rejected;
        self.withheld += other.withheld;
        self.duplicate += other.duplicate;
        self.private |= other.private;
    }
}
