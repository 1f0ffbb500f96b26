//! What is heard: the lines of a turn, each held to what was asked for.

use super::holdings::{Arrived, Holdings, Taken};
use super::ids::{Id, Ids};
use super::line::{Line, NoLine};
use super::session::{Fault, Job, Session, WORLD, Wanted};
use std::collections::BTreeMap;

/// What a turn says, sorted.
pub(super) struct SortedOut<'t> {
    pub(super) lines: Vec<Line>,
    /// Events, each with the path of the space that it was asked for in.
    pub(super) events: Vec<(String, &'t [u8])>,
    /// Receipts that came.
    pub(super) receipts: Vec<u8>,
}

impl<H: Holdings> Session<H> {
    /// Reads the lines of a turn, and holds what they answer to what was asked.
    pub(super) fn sort_out<'t>(&mut self, text: &'t [u8]) -> Result<SortedOut<'t>, Fault<H::Error>> {
        let mut sorted = SortedOut { lines: Vec::new(), events: Vec::new(), receipts: Vec::new() };
        for line in text.split_inclusive(|b| *b == b'\n') {
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            if looks_like_event(bare) {
                sorted.events.push((self.asked_for(bare)?, bare));
                continue;
            }
            match Line::parse(bare) {
                Ok(line) => {
                    self.answer_came(&line, &mut sorted.receipts)?;
                    sorted.lines.push(line);
                }
                Err(NoLine::Version(v)) if self.theirs.is_none() => return Err(Fault::Version(v)),
                Err(_) => match self.wanted.front_mut() {
                    Some(Wanted::Receipts { came, text }) => {
                        *came += 1;
                        text.extend_from_slice(line);
                    }
                    _ => return Err(Fault::turn("a line that is none of the wire's")),
                },
            }
        }
        Ok(sorted)
    }

    /// The path of the space in which an event was asked for.
    fn asked_for(&mut self, line: &[u8]) -> Result<String, Fault<H::Error>> {
        let unasked = || Fault::Event("an event that was not asked for".to_owned());
        match self.wanted.front_mut() {
            Some(Wanted::Events { path, ids, came }) => {
                let is_asked = |ids: &Ids| ids.contains(&Id::of_bytes(blake3::hash(line).as_bytes()));
                if !ids.as_ref().is_none_or(is_asked) {
                    return Err(unasked());
                }
                *came += 1;
                Ok(path.clone())
            }
            _ => Err(unasked()),
        }
    }

    /// Holds a line that answers to what was asked for first.
    fn answer_came(&mut self, line: &Line, receipts: &mut Vec<u8>) -> Result<(), Fault<H::Error>> {
        let out_of_place = || Fault::turn("an answer to what was not asked");
        let is_answered = match (line, self.wanted.front_mut()) {
            (Line::Sent { path, events }, Some(Wanted::Events { path: of, came, .. })) => {
                (path == of && events == came).then_some(true)
            }
            (Line::Sent { path, events }, Some(Wanted::Receipts { came, text })) => {
                receipts.append(text);
                (path == WORLD && events == came).then_some(true)
            }
            (Line::Blob(blob), Some(Wanted::Object { object, at })) => {
                let end = blob.at.checked_add(blob.data.len() as u64);
                let fits = blob.object == *object && blob.at == *at;
                let end = end.filter(|end| fits && *end <= blob.bytes);
                // What brings nothing forward could go on for ever.
                let end = end.filter(|end| *end > blob.at || *end == blob.bytes);
                end.map(|end| {
                    *at = end;
                    end == blob.bytes
                })
            }
            (Line::Gone(gone), Some(Wanted::Object { object, .. })) => (gone == object).then_some(true),
            (Line::Sent { .. } | Line::Blob(_) | Line::Gone(_), _) => None,
            _ => return Ok(()),
        };
        if is_answered.ok_or_else(out_of_place)? {
            self.wanted.pop_front();
        }
        Ok(())
    }

    /// Takes the events of a turn, and tells what was refused of them.
    pub(super) fn take(
        &mut self,
        holdings: &mut H,
        events: &[(String, &[u8])],
    ) -> Result<(), Fault<H::Error>> {
        if events.is_empty() {
            return Ok(());
        }
        let mut arrived = Vec::with_capacity(events.len());
        for (path, line) in events {
            let work =
                self.works.get(path).ok_or_else(|| Fault::turn("an event of a space that is not known"))?;
            arrived.push(Arrived { space: &work.space, line });
        }
        let (new, refused) = match holdings.take(&arrived)? {
            Taken::Unasked { reason, .. } => return Err(Fault::Event(reason)),
            Taken::Durable { new, refused } => (new, refused),
        };
        self.kept += new.len() as u64;
        for at in new {
            if let Some(work) = self.works.get_mut(&events[at].0) {
                work.taken += 1;
            }
        }
        let mut by_path: BTreeMap<&str, BTreeMap<Id, String>> = BTreeMap::new();
        for (at, id, code) in refused {
            by_path.entry(&events[at].0).or_default().insert(id, code);
        }
        for (path, refused) in by_path.iter().rev() {
            self.tell_refused(path, refused, true);
        }
        Ok(())
    }

    /// Tells of events that were refused, a line a code; before all else that is to be said, or after it.
    pub(super) fn tell_refused(&mut self, path: &str, refused: &BTreeMap<Id, String>, first: bool) {
        let mut by_code: BTreeMap<&str, Vec<Id>> = BTreeMap::new();
        for (id, code) in refused {
            by_code.entry(code).or_default().push(*id);
        }
        let mut lines = Vec::new();
        for (code, ids) in by_code {
            for ids in Ids::chunks(ids) {
                let (path, code) = (path.to_owned(), code.to_owned());
                lines.push(Job::Line(Line::Refused { path, code, ids }));
            }
        }
        if first {
            lines.into_iter().rev().for_each(|line| self.queue.push_front(line));
        } else {
            self.queue.extend(lines);
        }
        if let Some(work) = self.works.get_mut(path) {
            work.refused.extend(refused.iter().map(|(id, code)| (*id, code.clone())));
        }
    }
}

/// Whether a line begins as events do: all have an `actor_id`, so that none of their first members comes after it, and
/// no line of the wire has one before.
fn looks_like_event(line: &[u8]) -> bool {
    let name = line.strip_prefix(b"{\"").unwrap_or_default();
    let end = name.iter().position(|b| *b == b'"');
    end.is_some_and(|end| end > 0 && &name[..end] <= b"actor_id".as_slice())
}
