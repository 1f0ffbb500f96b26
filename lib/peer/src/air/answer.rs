//! What is to be said to a question, when it is.

use super::budget::Class;
use super::ranges::{self, Reply};
use super::row::Tip;
use super::table::Table;
use ulp_core::frame::{Range, Tag};

/// Questions that a node remembers to have answered.
pub const ANSWERED: usize = 64;
/// A question is not answered again for so long, in milliseconds.
pub const ANSWERED_FOR: u64 = 60_000;

/// A question that was heard.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub space: Tag,
    pub question: Question,
    /// When it was heard.
    pub at: u64,
    /// Whether someone said of its ranges what is to be said.
    pub told: bool,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    Range(Range),
    /// The tile and the head that the asker has, as a tip's bytes are.
    Want(Tip),
}

/// A question that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    pub space: Tag,
    /// What the entry starts with: the range, or the tile.
    pub question: [u8; 11],
    pub at: u64,
    pub stranger: bool,
    /// Whether the answer is ranges, which make further questions.
    pub ranges: bool,
}

impl Answer {
    /// How urgent it is: ranges are a node's own, rows are others'.
    pub fn class(&self, table: &Table) -> Class {
        if self.reply(table).rows.is_empty() { Class::Range } else { Class::Rest }
    }

    /// A range was heard to be the same here: if it is of those that are asked for, that need not be said again.
    pub fn hear(&mut self, range: Range) {
        let Question::Range(asked) = self.question else { return };
        let within = |to: u64| if to == 0 { u64::MAX } else { to };
        self.told |= range.from >= asked.from && within(range.to) <= within(asked.to);
    }

    /// What is to be said yet.
    pub fn reply(&self, table: &Table) -> Reply {
        let mut reply = match &self.question {
            Question::Range(theirs) => ranges::reply(table, self.space, *theirs),
            Question::Want(tip) => {
                Reply { rows: ranges::holders(table, self.space, tip), ranges: Vec::new() }
            }
        };
        reply.rows.retain(|row| row.on_air < self.at);
        if self.told {
            reply.ranges.clear();
        }
        reply
    }
}
