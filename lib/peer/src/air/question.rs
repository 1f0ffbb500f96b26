//! What a node makes of what others ask.

use super::answer::{ANSWERED, ANSWERED_FOR, Answer, Answered, Question};
use super::budget::Class;
use super::draw::draw;
use super::heard::Heard;
use super::node::{AIRTIMES, Node, What};
use super::ranges;
use super::row;
use super::trickle::SHORTEST;
use super::waiting::What as Waits;
use ulp_core::frame::{ENTRY, Entry, Range, Rows, Tag};

/// Of the questions that are remembered this part at most, as a divisor, is of unknown tags.
const STRANGERS: usize = 4;

impl Node {
    /// Hears ranges and wants.
    pub(super) fn hear_questions(&mut self, heard: &Heard<'_>, rows: &Rows) -> What {
        if !self.keep(heard.now, rows.space, heard.is_strange()) {
            return What::Question;
        }
        let mut ranges = Vec::new();
        let (mut agree, mut differ) = (true, false);
        for (entry, bytes) in rows.entries.iter().zip(heard.entries()) {
            let Entry::Range(range) = entry else {
                self.ask(heard, rows.space, &bytes, Question::Want(bytes));
                continue;
            };
            ranges.push(*range);
            let theirs = ranges::above_floor(&self.table, *range);
            let same = theirs.is_some_and(|theirs| self.hear_range(heard, rows.space, &bytes, theirs));
            agree &= same;
            differ |= theirs.is_some() && !same;
        }
        let introduction = agree && ranges::is_introduction(&ranges);
        self.budget.advance(heard.now);
        let haste = self.budget.haste();
        if let Some(space) = self.kept(rows.space).filter(|_| !heard.is_strange()) {
            match (differ, introduction) {
                (true, _) => space.timer.reset(heard.now, haste * SHORTEST),
                (_, true) => space.timer.agree(),
                _ => {}
            }
        }
        What::Question
    }

    /// Whether a range is the same here. If it is not, something is to be said to it.
    fn hear_range(&mut self, heard: &Heard<'_>, space: Tag, bytes: &[u8; ENTRY], theirs: Range) -> bool {
        let same = ranges::measure(&self.table, space, theirs.from, theirs.to) == theirs;
        if same {
            self.waiting.answers(space).for_each(|answer| answer.hear(theirs));
        } else {
            self.ask(heard, space, bytes, Question::Range(theirs));
        }
        same
    }

    /// Remembers to answer a question, unless that was done just now.
    fn ask(&mut self, heard: &Heard<'_>, space: Tag, bytes: &[u8; ENTRY], question: Question) {
        let mut name = [0; 11];
        let length = if matches!(question, Question::Range(_)) { 11 } else { 7 };
        name[..length].copy_from_slice(&bytes[..length]);
        let stranger = heard.is_strange();
        self.answered.retain(|past| past.at + ANSWERED_FOR > heard.now);
        let answer = Answer { space, question, at: heard.now, told: false };
        let class = answer.class(&self.table);
        let ranges = class == Class::Range;
        let count = |which: fn(&&Answered) -> bool| self.answered.iter().filter(which).count();
        let full = self.answered.len() == ANSWERED
            || ranges && count(|past| past.ranges) == ANSWERED / 2
            || stranger && count(|past| past.stranger) == ANSWERED / STRANGERS;
        if full || self.answered.iter().any(|past| (past.space, past.question) == (space, name)) {
            return;
        }
        self.answered.push_back(Answered { space, question: name, at: heard.now, stranger, ranges });
        let range = AIRTIMES * self.settings.airtime(row::BYTES);
        let due = heard.now + draw(&[bytes, &space.0, &self.settings.own.0], range);
        self.waiting.push(Waits::Answer(answer), class, stranger, due);
    }
}
