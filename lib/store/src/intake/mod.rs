//! The one door into a store: what was [admitted](admit) is deduplicated, held to what it declares, committed, and only
//! then passed on.
//!
//! A [`Committer`] takes events line by line, as `ulp-append` reads them; an [`Importer`](segments::Importer) brings
//! it whole segments from packs. No clock is read: whoever owns one says what it is.

pub mod admit;
mod batch;
mod invariants;
pub mod segments;
pub mod turn;

use crate::lookup::Answers;
use crate::receipts::Recorder;
use crate::{Appender, Error, LaneId, LaneIndex, Store};
use admit::{Admitted, AdmittedEvent};
use invariants::Invariants;
use rayon::ThreadPool;
use std::ops::Range;
use std::time::{Duration, Instant};
use ulp_core::hash::Sha256;
use ulp_core::report::{Note, Refusal};

pub use batch::Part;

/// The least pause between two commits while input comes.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// The pause is as many times what the last commit took: a slow disk is not asked to sync without end.
const PAUSE: u32 = 4;

/// Events of the store that a run which brings many lanes holds in memory from one commit to the next: some 30 MB.
const MOST_KNOWN: usize = 3 << 17;

/// How much waits to be committed, and when it is to be.
#[derive(Debug)]
pub struct Backlog {
    bytes: usize,
    /// When the last commit ended, or the run began.
    since: Instant,
    pause: Duration,
}

impl Backlog {
    /// Of a run that begins `now`.
    pub fn new(now: Instant) -> Backlog {
        Backlog { bytes: 0, since: now, pause: LEAST_PAUSE }
    }

    /// Some bytes more wait.
    pub fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Whether it is time for a commit, where no more than so many bytes may wait.
    pub fn is_due(&self, most_bytes: usize, now: Instant) -> bool {
        let is_over = || now.saturating_duration_since(self.since) >= self.pause;
        self.bytes >= most_bytes || self.bytes > 0 && is_over()
    }

    /// What waited is durable, by a commit that began and ended at these times.
    pub fn committed(&mut self, began: Instant, ended: Instant) {
        let took = ended.saturating_duration_since(began);
        *self = Backlog { bytes: 0, since: ended, pause: LEAST_PAUSE.max(took.saturating_mul(PAUSE)) };
    }
}

/// What became of an event that was offered.
#[derive(Debug)]
pub enum Offered {
    /// It waits for the commit under this number; with what it was found to break.
    Taken(u64, Vec<Note>),
    /// The store has it, or takes it in the same commit.
    Duplicate,
    /// A draft that breaks what it declares.
    Refused(Refusal),
}

/// What a commit left out of what had been taken.
#[derive(Debug, Default)]
pub struct Committed {
    /// Tickets of what others had stored meanwhile, sorted.
    doubles: Vec<u64>,
    /// Tickets of drafts that break by now what they declare, sorted.
    broken: Vec<(u64, Refusal)>,
}

/// What a commit made of an event that had been taken.
#[derive(Clone, Copy, Debug)]
pub enum Fate<'c> {
    Durable,
    Duplicate,
    Refused(&'c Refusal),
}

impl Committed {
    /// What became of the event under a ticket.
    pub fn fate(&self, ticket: u64) -> Fate<'_> {
        if self.doubles.binary_search(&ticket).is_ok() {
            return Fate::Duplicate;
        }
        match self.broken.binary_search_by_key(&ticket, |(ticket, _)| *ticket) {
            Ok(at) => Fate::Refused(&self.broken[at].1),
            Err(_) => Fate::Durable,
        }
    }
}

/// Lines that wait to be passed on, in the order in which they came.
#[derive(Debug)]
pub struct Echo {
    text: Vec<u8>,
    lines: Vec<EchoLine>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct EchoLine {
    /// The number under which it was taken.
    pub ticket: u64,
    /// Where it ends in the text.
    pub end: usize,
    /// Its number in its source.
    pub number: u64,
    /// Whether it is for everyone.
    pub shared: bool,
}

/// Some text of an echo after the commit.
#[derive(Debug)]
pub enum Echoed<'e> {
    /// Durable lines, each with its end.
    Durable(&'e [u8]),
    /// A line, without its end, that others had stored meanwhile.
    Duplicate(EchoLine, &'e [u8]),
    /// A line, without its end, that was refused after all.
    Refused(EchoLine, &'e [u8], &'e Refusal),
}

impl Echo {
    /// Lines that end one after the other in a text.
    pub fn new(text: Vec<u8>, lines: Vec<EchoLine>) -> Echo {
        Echo { text, lines }
    }

    /// What may be passed on after a commit, and what may not, in the order of the lines.
    pub fn after<'e>(&'e self, committed: &'e Committed) -> impl Iterator<Item = Echoed<'e>> {
        let mut rest = &self.lines[..];
        let mut start = 0;
        std::iter::from_fn(move || {
            let line = *rest.first()?;
            let from = start;
            let left_out = |line: &EchoLine| !matches!(committed.fate(line.ticket), Fate::Durable);
            let durable = rest.iter().position(left_out).unwrap_or(rest.len());
            let taken;
            (taken, rest) = rest.split_at(durable.max(1));
            start = taken[taken.len() - 1].end;
            Some(match committed.fate(line.ticket) {
                Fate::Durable => Echoed::Durable(&self.text[from..start]),
                Fate::Duplicate => Echoed::Duplicate(line, &self.text[from..start - 1]),
                Fate::Refused(refusal) => Echoed::Refused(line, &self.text[from..start - 1], refusal),
            })
        })
    }
}

/// Takes admitted events into a store.
pub struct Committer<'s> {
    appender: Appender<'s>,
    invariants: Invariants<'s>,
    pool: Option<&'s ThreadPool>,
}

impl<'s> Committer<'s> {
    /// The threads of `pool` open many lanes at once, and take events by tile.
    pub fn new(store: &'s Store, pool: Option<&'s ThreadPool>) -> Committer<'s> {
        Committer { appender: Appender::new(store), invariants: Invariants::new(store, pool), pool }
    }

    /// Has receipts written of what is committed.
    pub fn recorded_by(&mut self, recorder: Option<Recorder>) {
        self.appender.recorded_by(recorder);
    }

    /// Who writes the receipts, if anybody does.
    fn recorder(&mut self) -> Option<&mut Recorder> {
        self.appender.recorder()
    }

    /// Before some lines: forgets what is known of the store where others have written to it.
    pub fn keep_up(&mut self) {
        self.invariants.keep_up();
    }

    /// What the store knows of nodes and events, and what waits to be committed.
    pub fn ask(&mut self) -> Answers<'_, 's> {
        self.invariants.ask(&self.appender)
    }

    /// Offers an event that was let in without having been held to what it declares: that is done here, once it is
    /// known to be no duplicate.
    ///
    /// # Errors
    /// What the store says.
    pub fn offer(&mut self, admitted: &mut Admitted, event: &AdmittedEvent) -> Result<Offered, Error> {
        let lane = admitted.opened(event, |id| self.appender.lane(id))?;
        if self.appender.has(lane, &event.digest)? {
            return Ok(Offered::Duplicate);
        }
        let (line, mut notes) = (admitted.line(event), Vec::new());
        if event.declares {
            let next = self.appender.next_ticket();
            let held = self.invariants.hold(&self.appender, (line, event.is_draft), next, &mut notes)?;
            if let Err(refusal) = held {
                // What it breaks may be what somebody else stored of the very same since this lane was read.
                let has = self.appender.has_by_now(lane, &event.digest)?;
                return Ok(if has { Offered::Duplicate } else { Offered::Refused(refusal) });
            }
        }
        if event.is_draft {
            self.invariants.look_for_deleted(&self.appender, line, &mut notes)?;
        }
        let ticket = self.appender.take(lane, event.digest, line);
        self.invariants.taken(ticket, (admitted.lane_id(event), line, admitted.rows(event)))?;
        if event.declares && event.is_draft {
            self.invariants.declare(ticket);
        }
        Ok(Offered::Taken(ticket, notes))
    }

    /// The number under which the next event will be taken.
    fn next_ticket(&self) -> u64 {
        self.appender.next_ticket()
    }

    fn lane(&mut self, id: &LaneId) -> Result<LaneIndex, Error> {
        self.appender.lane(id)
    }

    /// Has a lane remember that it has seen a segment, unless lines under some tickets are refused after all.
    fn remember_seen(&mut self, lane: LaneIndex, hash: Sha256, tickets: Range<u64>) {
        self.appender.remember_seen(lane, hash, tickets);
    }

    /// Has a segment kept as it came, if all of its lines are new: those under some tickets.
    fn keep_whole(&mut self, lane: LaneIndex, hash: Sha256, bytes: Vec<u8>, tickets: Range<u64>) {
        self.appender.keep_whole(lane, hash, bytes, tickets);
    }

    /// As [`Appender::in_memory`].
    #[cfg(test)]
    fn in_memory(&self) -> (usize, usize) {
        self.appender.in_memory()
    }

    /// Forgets what is known of the store where much of it is held in memory; nothing may wait.
    fn forget_some(&mut self) {
        self.appender.forget_beyond(MOST_KNOWN);
        self.invariants.forget_beyond(MOST_KNOWN);
    }

    /// Makes everything durable that waits.
    ///
    /// # Errors
    /// What the store says; then nothing may be passed on.
    pub fn commit(&mut self) -> Result<Committed, Error> {
        if !self.appender.is_waiting() {
            return Ok(Committed::default());
        }
        self.invariants.before_commit(&self.appender);
        let (mut broken, declared) = (Vec::new(), self.invariants.take_declared());
        let doubles = self.appender.commit_after(|store, lines| {
            if !declared.is_empty() {
                broken = invariants::broken(store, lines, &declared)?;
            }
            Ok(broken.iter().map(|(ticket, _)| *ticket).collect())
        })?;
        // Where something was refused, the lookup was told of what is not to be.
        self.invariants.committed(&self.appender.take_changed(), broken.is_empty());
        Ok(Committed { doubles, broken })
    }

    /// Before a run that found duplicates ends: what they rest on is made as durable as what was echoed.
    ///
    /// # Errors
    /// What the store says.
    pub fn settle(&mut self) -> Result<(), Error> {
        self.appender.settle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_four_times_what_the_last_commit_took_and_at_least_a_second() {
        let start = Instant::now();
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        let mut backlog = Backlog::new(at(0));
        assert!(!backlog.is_due(100, at(1000)));
        backlog.add(99);
        assert!(!backlog.is_due(100, at(9)) && backlog.is_due(100, at(10)) && backlog.is_due(99, at(0)));
        for (took, pause) in [(1, 10), (2, 10), (3, 12), (50, 200)] {
            backlog.committed(at(10), at(10 + took));
            backlog.add(1);
            let ended = 10 + took;
            let before = at(ended + pause) - Duration::from_millis(1);
            assert!(!backlog.is_due(100, before) && backlog.is_due(100, at(ended + pause)), "{took}");
        }
    }
}
