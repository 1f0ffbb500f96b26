//! What is asked for is answered: events by their ids or a space whole, objects, receipts.

use super::holdings::{Holdings, Part};
use super::ids::{Id, Ids, MOST};
use super::line::{BLOB, Blob, Line, Want};
use super::session::{Fault, Job, Role, Session, Stage, WORLD};
use std::collections::BTreeSet;
use ulp_core::hash::Sha256;

/// How often everything may be asked for.
const MOST_ASKED: u64 = 4;

impl<H: Holdings> Session<H> {
    /// How many events of a space the other side may know of, as far as it is known without opening it.
    fn records_known(&self, path: &str) -> u64 {
        let work = self.works.get(path);
        let records = work.and_then(|work| work.records.as_ref()).map_or(0, |records| records.len() as u64);
        let rows = self.our_spaces.values().find(|row| row.path == path).map_or(0, |row| row.events);
        records.max(rows) + MOST as u64
    }

    /// "You lack these": those that are lacked are wanted.
    pub(super) fn have(
        &mut self,
        holdings: &mut H,
        path: &str,
        ids: Option<Ids>,
    ) -> Result<(), Fault<H::Error>> {
        self.reopen(path, ids.as_ref())?;
        if !matches!(self.stage, Stage::Exchanging) {
            return Err(Fault::turn("a have that has no place here"));
        }
        let space = self.work(path)?.space.clone();
        let takes = self.takes();
        let ids = match ids {
            None if takes => None,
            None => Some(Ids::default()),
            Some(ids) => {
                let mut lacked: BTreeSet<Id> = ids.as_slice().iter().copied().collect();
                for (id, _) in self.records(holdings, path)?.iter() {
                    lacked.remove(&id);
                }
                holdings.not_taken(&space, &mut lacked)?;
                lacked.retain(|_| takes);
                let mut lacked: Vec<Id> = lacked.into_iter().collect();
                let refused = holdings.refused_before(&space, &lacked)?;
                lacked.retain(|id| !refused.contains_key(id));
                self.tell_refused(path, &refused, false);
                Some(Ids::of(lacked))
            }
        };
        self.ask(Want::Events { path: path.to_owned(), ids });
        let tells = self.has_retried && self.terms.role == Role::Server;
        if tells { self.tell_all(path.to_owned()) } else { Ok(()) }
    }

    /// "Send me these".
    pub(super) fn want(&mut self, holdings: &mut H, want: Want) -> Result<(), Fault<H::Error>> {
        let job = match want {
            Want::Object { object, at } => Job::Object { object, at },
            Want::Receipts { from } => Job::Receipts { from, sent: 0 },
            Want::Events { path, ids } => {
                self.haves = self.haves.saturating_sub(1);
                let most = self.records_known(&path);
                let work = self.work(&path)?;
                work.asked += ids.as_ref().map_or(0, |ids| ids.len() as u64);
                work.asked_whole += u64::from(ids.is_none());
                if work.asked_whole > MOST_ASKED || work.asked > MOST_ASKED * most {
                    return Err(Fault::turn("the same is asked for again and again"));
                }
                let space = work.space.clone();
                match ids {
                    _ if !self.gives() => Job::Line(Line::Sent { path, events: 0 }),
                    Some(ids) => Job::Asked { path, ids },
                    None => Job::Whole { path, cursor: holdings.whole(&space)?, sent: 0 },
                }
            }
        };
        self.queue.push_back(job);
        Ok(())
    }

    /// Part of an object that was asked for.
    pub(super) fn blob(&mut self, holdings: &mut H, blob: Blob) -> Result<(), Fault<H::Error>> {
        let Blob { object, at, bytes, data } = blob;
        if !self.bad_objects.contains(&object) && !holdings.take_part(&object, at, &Part { bytes, data })? {
            self.bad_objects.push(object);
        }
        Ok(())
    }

    /// Puts the next line of a job into `out`, and what is left of the job before all others. Answers whether there
    /// was a line.
    pub(super) fn work_on(
        &mut self,
        job: Job<H::Cursor>,
        holdings: &mut H,
        out: &mut Vec<u8>,
    ) -> Result<bool, Fault<H::Error>> {
        match job {
            Job::Line(line) => line.print(out),
            Job::Asked { path, ids } => {
                let records = self.records(holdings, &path)?;
                let asked = records.iter().filter(|(id, _)| ids.contains(id));
                let places: Vec<u64> = asked.map(|(_, place)| place).collect();
                self.queue.push_front(Job::Places { path, places: places.into_iter(), sent: 0 });
                return Ok(false);
            }
            Job::Places { path, mut places, sent } => {
                let mut is_here = false;
                for place in places.by_ref() {
                    is_here = holdings.line(place, out)?;
                    if is_here {
                        break;
                    }
                }
                self.carry(path, sent, is_here, out, |path, sent| Job::Places { path, places, sent });
            }
            Job::Whole { path, mut cursor, sent } => {
                let is_here = holdings.next(&mut cursor, out)?;
                self.carry(path, sent, is_here, out, |path, sent| Job::Whole { path, cursor, sent });
            }
            Job::HaveAll { path, at } => return self.have_all(path, at, holdings, out),
            Job::Object { object, at } => self.object(object, at, holdings, out)?,
            Job::Receipts { from, sent } => {
                if holdings.receipt(from, out)? {
                    self.queue.push_front(Job::Receipts { from: from + 1, sent: sent + 1 });
                } else {
                    Line::Sent { path: WORLD.to_owned(), events: sent }.print(out);
                }
            }
        }
        Ok(true)
    }

    /// After an event that was put out, the rest of its answer; where there was none, the answer's end.
    fn carry(
        &mut self,
        path: String,
        sent: u64,
        is_here: bool,
        out: &mut Vec<u8>,
        rest: impl FnOnce(String, u64) -> Job<H::Cursor>,
    ) {
        if !is_here {
            return Line::Sent { path, events: sent }.print(out);
        }
        if let Some(work) = self.works.get_mut(&path) {
            work.sent += 1;
        }
        self.has_carried = true;
        self.queue.push_front(rest(path, sent + 1));
    }

    fn have_all(
        &mut self,
        path: String,
        at: usize,
        holdings: &mut H,
        out: &mut Vec<u8>,
    ) -> Result<bool, Fault<H::Error>> {
        let records = self.records(holdings, &path)?;
        let ids: Vec<Id> = records.iter().skip(at).take(MOST).map(|(id, _)| id).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        self.haves += 1;
        let next = Job::HaveAll { path: path.clone(), at: at + ids.len() };
        Line::Have { path, ids: Some(Ids::of(ids)) }.print(out);
        self.queue.push_front(next);
        Ok(true)
    }

    fn object(
        &mut self,
        object: Sha256,
        at: u64,
        holdings: &mut H,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault<H::Error>> {
        let Some(Part { bytes, data }) = holdings.part(&object, at, BLOB)? else {
            Line::Gone(object).print(out);
            return Ok(());
        };
        let end = at + data.len() as u64;
        self.has_carried |= !data.is_empty();
        Line::Blob(Blob { object, at, bytes, data }).print(out);
        if end < bytes {
            self.queue.push_front(Job::Object { object, at: end });
        }
        Ok(())
    }
}
