//! Holding events to what they declare: by what the store knows and what this run has taken in; and once more under
//! the lock, where others wrote between the look and the commit. And saying of drafts what they write in vain.

use crate::lookup::{Answers, Everywhere, Facts, Key, Row, StoreLookup, write_rows};
use crate::{Appender, Error, LaneId, Store};
use bumpalo::Bump;
use rayon::ThreadPool;
use ulp_core::event::{Defaults, Event, Line, Missing, Reader, Touch, is_node};
use ulp_core::id::{Tile, Time};
use ulp_core::json::Tape;
use ulp_core::report::{Note, Refusal};
use ulp_core::scope::hold_to_invariants;

/// What a store answers, with what this run took in.
pub(super) struct Invariants<'s> {
    store: &'s Store,
    pool: Option<&'s ThreadPool>,
    lookup: StoreLookup<'s>,
    again: Again,
    /// Whether anything was asked yet: until then nothing need be told.
    started: bool,
    /// Of how many events it was told since.
    told: usize,
    /// When the store was last committed to, as far as the lookup knows.
    seen: Option<Time>,
    /// The tickets of the drafts that wait and declare something, in their order.
    declared: Vec<u64>,
}

impl<'s> Invariants<'s> {
    pub fn new(store: &'s Store, pool: Option<&'s ThreadPool>) -> Invariants<'s> {
        let lookup = StoreLookup::new(store, pool);
        let (again, declared) = (Again::default(), Vec::new());
        Invariants { store, pool, lookup, again, started: false, told: 0, seen: None, declared }
    }

    /// Forgets what is known of the store.
    pub fn forget(&mut self) {
        self.lookup = StoreLookup::new(self.store, self.pool);
        (self.started, self.told) = (false, 0);
    }

    /// Forgets what is known of the store, once it was told of more events than so many.
    pub fn forget_beyond(&mut self, events: usize) {
        if self.told > events {
            self.forget();
        }
    }

    /// Forgets what is known of the store where others have written to it: a run may be a long one.
    pub fn keep_up(&mut self) {
        let touched = self.store.touched();
        if self.seen != touched {
            self.forget();
            self.seen = touched;
        }
    }

    /// What the store answers. Before the first question it is told of what waits to be committed.
    pub fn ask<'a>(&'a mut self, appender: &'a Appender<'a>) -> Answers<'a, 's> {
        if !std::mem::replace(&mut self.started, true) {
            for (ticket, line) in appender.pending() {
                self.again.read(line, |event| tell(&self.lookup, ticket, event));
            }
        }
        self.lookup.before(u64::MAX, appender)
    }

    /// The tables of some tiles, none of them twice, with whether they are asked about; nothing before the first question.
    pub fn facts<'w>(&mut self, wanted: impl Iterator<Item = (&'w str, Tile, bool)>) -> Vec<Facts<'_>> {
        if self.started { self.lookup.facts(wanted) } else { Vec::new() }
    }

    /// Nodes were made or deleted in a tile.
    pub fn touch(&mut self, space: &str, tile: Tile, nodes: Vec<Key>) {
        self.lookup.touch(space, tile, nodes);
    }

    /// What all tiles of some spaces know.
    pub fn everywhere<'w>(&mut self, spaces: impl Iterator<Item = &'w str>) -> Everywhere<'_> {
        self.lookup.everywhere(spaces)
    }

    /// What went wrong since this was last asked.
    pub fn check(&self) -> Result<(), Error> {
        self.lookup.check()
    }

    /// Holds an event to what it declares, by what was taken before its ticket: a draft that breaks it is refused, of a
    /// whole event it is noted.
    pub fn hold(
        &mut self,
        appender: &Appender<'_>,
        (line, is_draft): (&[u8], bool),
        ticket: u64,
        notes: &mut Vec<Note>,
    ) -> Result<Result<(), Refusal>, Error> {
        self.ask(appender);
        let (mut held, before) = (Ok(()), self.lookup.before(ticket, appender));
        self.again.read(line, |event| held = hold(event, is_draft, &before, notes));
        self.lookup.check()?;
        Ok(held)
    }

    /// Notes where an event that is about to be taken writes to a node that was deleted: it will change nothing there.
    pub fn look_for_deleted(
        &mut self,
        appender: &Appender<'_>,
        line: &[u8],
        notes: &mut Vec<Note>,
    ) -> Result<(), Error> {
        self.ask(appender);
        let (mut deleted, now) = (None, self.lookup.before(u64::MAX, appender));
        self.again.read(line, |event| deleted = written_after_delete(event, &now));
        self.lookup.check()?;
        let note = |node| Note { code: "state.after_delete", detail: format!("{node} was deleted before") };
        notes.extend(deleted.map(note));
        Ok(())
    }

    /// Is told of an event that was taken under a ticket. `rows` are its own, where they are known.
    pub fn taken(&mut self, ticket: u64, (id, line, rows): (&LaneId, &[u8], &[Row])) -> Result<(), Error> {
        if !self.started {
            return Ok(());
        }
        self.told += 1;
        if rows.is_empty() {
            self.again.read(line, |event| tell(&self.lookup, ticket, event));
        } else {
            self.lookup.add_rows(ticket, id, line, rows);
        }
        self.lookup.check()
    }

    /// Has a draft looked at again under the lock, should others write until then.
    pub fn declare(&mut self, ticket: u64) {
        self.declared.push(ticket);
    }

    /// The drafts that wait and declare something, which are no longer waiting.
    pub fn take_declared(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.declared)
    }

    /// Before a commit of what was taken.
    pub fn before_commit(&self, appender: &Appender<'_>) {
        self.lookup.before_commit(appender);
    }

    /// After a commit, in which others were found to have written to the lanes `changed`; `whole` says whether all was
    /// committed that this was told of.
    pub fn committed(&mut self, changed: &[LaneId], whole: bool) {
        changed.iter().for_each(|lane| self.lookup.forget(lane));
        // Our own commit is no news.
        self.seen = if whole { self.store.touched() } else { None };
    }
}

/// The drafts among the lines that wait which break by now what they declare, in the store as it is by now. `lines`
/// are in the order of their tickets, as are the tickets `declared`.
pub(super) fn broken(
    store: &Store,
    lines: Vec<(u64, &[u8])>,
    declared: &[u64],
) -> Result<Vec<(u64, Refusal)>, Error> {
    let (lookup, mut again) = (StoreLookup::new(store, None), Again::default());
    let mut broken = Vec::new();
    for (ticket, line) in lines {
        again.read(line, |event| {
            let asks = declared.binary_search(&ticket).is_ok();
            let held = if asks { hold(event, true, &lookup.now(), &mut Vec::new()) } else { Ok(()) };
            match held {
                Ok(()) => lookup.add(event),
                Err(refusal) => broken.push((ticket, refusal)),
            }
        });
    }
    lookup.check()?;
    Ok(broken)
}

/// Tells of an event that was read again.
fn tell(lookup: &StoreLookup<'_>, ticket: u64, event: &Event<'_>) {
    let mut rows = Vec::new();
    write_rows(event, &mut rows);
    let id = LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() };
    lookup.add_rows(ticket, &id, event.line.as_bytes(), &rows);
}

/// The rows of an event of which they were not known.
pub(super) fn rows_of(line: &[u8]) -> Vec<Row> {
    let mut rows = Vec::new();
    Again::default().read(line, |event| write_rows(event, &mut rows));
    rows
}

/// Holds an event that was read again, and so is whole by now, to what it declares.
fn hold(
    event: &Event<'_>,
    is_draft: bool,
    lookup: &Answers<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<(), Refusal> {
    let missing = if is_draft { Missing::EVENT_ID } else { event.missing };
    hold_to_invariants(&event.lacking(missing), lookup, notes).map_err(|refusal| event.blame(refusal))
}

/// The last node that an event writes to although it was deleted.
fn written_after_delete(event: &Event<'_>, lookup: &Answers<'_, '_>) -> Option<String> {
    let writes = |touch: &Touch<'_>| !touch.sets().is_empty() || matches!(touch, Touch::Absorb { .. });
    let nodes = event.payload.touches().filter(writes).filter_map(Touch::node);
    let mut nodes: Vec<&str> = nodes.filter(|node| is_node(node)).collect();
    nodes.dedup();
    nodes.into_iter().rev().find(|node| lookup.is_deleted(event, node)).map(str::to_owned)
}

/// Reads the lines of events that were let in, one after the other, in the same memory.
#[derive(Default)]
struct Again {
    arena: Bump,
    tape: Tape,
    defaults: Defaults,
}

impl Again {
    fn read(&mut self, line: &[u8], with: impl FnOnce(&Event<'_>)) {
        self.arena.reset();
        let tape = std::mem::take(&mut self.tape);
        let mut reader = Reader::new(&self.arena, &self.defaults).with_tape(tape);
        if let Ok(Line::Event(event)) = reader.read_bytes(line) {
            with(&event);
        }
        self.tape = reader.into_tape();
    }
}
