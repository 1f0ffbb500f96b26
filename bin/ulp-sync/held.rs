//! The store behind a session.

use crate::objects::Objects;
use crate::reading;
use crate::refused::{List, Refused};
use crate::view::{Change, Head, View};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use ulp_cli::{Failure, Log, Now, Output, stored};
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::names;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_core::scope::{Clock, Scope};
use ulp_core::trust::SecretKey;
use ulp_peer::sync::holdings::{Allowed, Arrived, Holdings, Part, Peer, Taken};
use ulp_peer::sync::ids::Id;
use ulp_peer::sync::line::{Nonce, Row, State};
use ulp_peer::sync::records::{self, Records};
use ulp_store::intake::admit::member;
use ulp_store::intake::turn::{self, End, TurnTaker};
use ulp_store::manifest::Entry;
use ulp_store::object::Bytes;
use ulp_store::receipts::{others, own_chain};
use ulp_store::sorter::Sorter;
use ulp_store::{LaneId, Store};

/// Who speaks, by which rules and which clock.
pub struct Speaker<'s> {
    pub scope: &'s Scope,
    pub now: &'s Now,
    pub key: Option<&'s SecretKey>,
}

/// Nanoseconds of a second.
pub const NANOS: i64 = 1_000_000_000;

pub struct Held<'s> {
    pub store: &'s Store,
    pub speaker: Speaker<'s>,
    view: Option<View<'s>>,
    /// The state root that was worked out last, with the head of the same events.
    derived: Option<(Blake3, State)>,
    pub taker: TurnTaker<'s>,
    refused: List,
    objects: Objects<'s>,
    /// The store's own receipts, once they were asked for.
    receipts: Option<Vec<Vec<u8>>>,
    /// The entries behind the places of records.
    places: Vec<Entry>,
    /// The segment that was read last.
    segment: Option<(Sha256, Bytes)>,
    /// Where events that were taken are passed on.
    echo: Option<Output>,
    pub log: &'s mut Log,
}

/// A place among the lines of some entries.
pub struct Cursor {
    entries: std::vec::IntoIter<Entry>,
    bytes: Option<Bytes>,
    at: usize,
}

impl<'s> Held<'s> {
    pub fn new(
        store: &'s Store,
        speaker: Speaker<'s>,
        echo: Option<Output>,
        log: &'s mut Log,
    ) -> Result<Held<'s>, Failure> {
        let mut taker = TurnTaker::new(store, speaker.scope);
        taker.recorded_by(stored::recorder(speaker.scope, "ulp-sync", speaker.now));
        Ok(Held {
            store,
            refused: List::open(store, speaker.scope.digest())?,
            speaker,
            view: None,
            derived: None,
            taker,
            receipts: None,
            objects: Objects::open(store)?,
            places: Vec::new(),
            segment: None,
            echo,
            log,
        })
    }

    /// Before the run ends: what it rests on is made durable.
    pub fn settle(&mut self) -> Result<Option<Output>, Failure> {
        self.refused.write(self.store);
        self.taker.settle()?;
        Ok(self.echo.take())
    }

    pub fn view(&mut self) -> Result<&mut View<'s>, Failure> {
        self.view.as_mut().ok_or_else(|| Failure::System("the session has not begun".to_owned()))
    }

    fn clock(&self) -> Clock {
        let now = self.speaker.now;
        match now.given() {
            Some(_) => Clock::Given(now.time()),
            None => Clock::Machine { now: now.time(), lock: self.store.touched() },
        }
    }

    /// The root of the state that the store derives to, where it holds what the view has, and no more.
    fn state_root(&mut self, head: Blake3) -> Result<State, Failure> {
        let store = self.store;
        let view = self.view()?;
        if !view.is_current()? {
            return Ok(State::Unknown);
        }
        let allowed = view.allowed.clone();
        if let Some((_, state)) = self.derived.filter(|(of, state)| *of == head && *state != State::Unknown) {
            return Ok(state);
        }
        let root = reading::derive(store, &allowed)?;
        let state = if self.view()?.is_current()? { State::Root(root) } else { State::Unknown };
        self.derived = Some((head, state));
        Ok(state)
    }

    /// Says what became of events that came.
    fn tell(&mut self, events: &[Arrived<'_>], outcomes: &[turn::Outcome]) -> Result<(), Failure> {
        for (arrived, outcome) in events.iter().zip(outcomes) {
            let shared = outcome.lane.lane.is_shared();
            let tally = self.log.tally_mut();
            tally.read += 1;
            tally.private |= !shared;
            let say = |outcome, code: &str, shared, detail: &str| {
                let (event_id, detail) = (member(arrived.line, "event_id"), detail.to_owned());
                Diagnostic { position: None, outcome, code: code.to_owned().into(), shared, event_id, detail }
            };
            match &outcome.end {
                End::New(notes) => {
                    for note in notes {
                        self.log.record(&say(Outcome::Noted, note.code, shared, &note.detail))?;
                    }
                    if let Some(echo) = &mut self.echo {
                        echo.write_all(arrived.line)?;
                        echo.write_all(b"\n")?;
                    }
                }
                End::Duplicate => self.log.record(&say(Outcome::Duplicate, "event.duplicate", shared, ""))?,
                End::Refused(refusal) => {
                    let said =
                        say(Outcome::Rejected, &refusal.code, shared && refusal.shared, &refusal.detail);
                    self.log.record(&said)?;
                }
            }
        }
        self.echo.as_mut().map_or(Ok(()), |echo| echo.flush())?;
        self.log.flush()
    }
}

/// What a view holds of the store.
fn world_of(view: &mut View<'_>) -> Result<Head, Failure> {
    let (mut text, mut events) = (String::new(), 0);
    for (space, head) in view.spaces()? {
        text.push_str(&format!("{space} {}\n", head.head));
        events += head.events;
    }
    Ok(Head { head: Blake3::of(text.as_bytes()), events })
}

fn row(space: &str, head: Option<Head>) -> Row {
    Row {
        path: format!("m/world/{}", names::encode(space)),
        head: head.map(|head| head.head),
        events: head.map_or(0, |head| head.events),
        state: None,
    }
}

impl Holdings for Held<'_> {
    type Error = Failure;
    type Cursor = Cursor;

    fn open(&mut self, allowed: &Allowed) -> Result<(), Failure> {
        let view = View::open(self.store, allowed.clone())?;
        let [absent, damage] = view.damage();
        stored::note_damage(self.log, &absent, &damage)?;
        (self.view, self.derived) = (Some(view), None);
        Ok(())
    }

    fn world(&mut self) -> Result<Row, Failure> {
        let Head { head, events } = world_of(self.view()?)?;
        let state = Some(self.state_root(head)?);
        Ok(Row { path: "m/world".to_owned(), head: Some(head), events, state })
    }

    fn spaces(&mut self) -> Result<BTreeMap<String, Row>, Failure> {
        let spaces = self.view()?.spaces()?;
        Ok(spaces.into_iter().map(|(space, head)| (space.clone(), row(&space, Some(head)))).collect())
    }

    fn space(&mut self, space: &str) -> Result<Row, Failure> {
        Ok(row(space, self.view()?.space(space)?))
    }

    fn head_with(
        &mut self,
        space: &str,
        without: &BTreeSet<Id>,
        with: &BTreeSet<Id>,
    ) -> Result<Blake3, Failure> {
        let Held { view: Some(view), refused, .. } = self else { return Ok(Blake3::of(b"")) };
        let refused =
            with.iter().filter_map(|id| refused.get(id)).filter(|refused| refused.lane.space == space);
        let with = refused.map(|refused| (&refused.lane, refused.hash)).collect();
        Ok(view.head_with(space, &Change { without: without.clone(), with })?)
    }

    fn attest(&mut self, nonce: &Nonce) -> Result<Option<String>, Failure> {
        self.attest_with(nonce)
    }

    fn judge(&mut self, attestation: &str, nonce: &Nonce) -> Result<Peer, String> {
        self.judge_by(attestation, nonce)
    }

    fn records(&mut self, space: &str) -> Result<Records, Failure> {
        let store = self.store;
        let mut sorter: Sorter<{ records::ROW }> = Sorter::new(store, &std::env::temp_dir())?;
        let entries: Vec<Entry> =
            self.view()?.lanes_of(space).flat_map(|(_, entries)| entries.iter().cloned()).collect();
        for entry in entries {
            let Some(bytes) = store.segment(&entry)? else { continue };
            let place = (self.places.len() as u64) << 32;
            self.places.push(entry);
            for row in reading::rows_of(&bytes, place) {
                sorter.push(row)?;
            }
        }
        Ok(Records::new(sorter.sorted()?))
    }

    fn not_taken(&mut self, space: &str, ids: &mut BTreeSet<Id>) -> Result<(), Failure> {
        Ok(self.view()?.not_taken(space, ids)?)
    }

    fn refused_before(&mut self, space: &str, ids: &[Id]) -> Result<BTreeMap<Id, String>, Failure> {
        let known = |id: &Id| {
            let refused = self.refused.get(id).filter(|refused| refused.lane.space == space)?;
            Some((*id, refused.code.clone()))
        };
        Ok(ids.iter().filter_map(known).collect())
    }

    fn line(&mut self, place: u64, out: &mut Vec<u8>) -> Result<bool, Failure> {
        let at = usize::try_from(place & u64::from(u32::MAX)).unwrap_or(usize::MAX);
        let entry = usize::try_from(place >> 32).ok().and_then(|at| self.places.get(at));
        let Some(entry) = entry else { return Ok(false) };
        if self.segment.as_ref().is_none_or(|(hash, _)| *hash != entry.hash) {
            self.segment = self.store.segment(entry)?.map(|bytes| (entry.hash, bytes));
        }
        let rest = self.segment.as_ref().and_then(|(_, bytes)| bytes.get(at..)).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest);
        out.extend_from_slice(end.map_or(&[][..], |end| &rest[..=end]));
        Ok(end.is_some())
    }

    fn whole(&mut self, space: &str) -> Result<Cursor, Failure> {
        let entries: Vec<Entry> =
            self.view()?.lanes_of(space).flat_map(|(_, entries)| entries.iter().cloned()).collect();
        Ok(Cursor { entries: entries.into_iter(), bytes: None, at: 0 })
    }

    fn next(&mut self, cursor: &mut Cursor, out: &mut Vec<u8>) -> Result<bool, Failure> {
        loop {
            let rest = cursor.bytes.as_ref().map_or(&[][..], |bytes| &bytes[cursor.at..]);
            if let Some(end) = memchr::memchr(b'\n', rest) {
                out.extend_from_slice(&rest[..=end]);
                cursor.at += end + 1;
                return Ok(true);
            }
            let Some(entry) = cursor.entries.next() else { return Ok(false) };
            (cursor.bytes, cursor.at) = (self.store.segment(&entry)?, 0);
        }
    }

    fn take(&mut self, events: &[Arrived<'_>]) -> Result<Taken, Failure> {
        let clock = self.clock();
        let allowed = self.view()?.allowed.clone();
        self.objects.named_by(events.iter().map(|event| event.line))?;
        let arrived: Vec<turn::Arrived<'_>> =
            events.iter().map(|event| turn::Arrived { space: event.space, line: event.line }).collect();
        let is_asked = |lane: &LaneId| allowed.takes(&lane.space, lane.tile, lane.lane);
        let outcomes = match self.taker.take(&arrived, clock, is_asked)? {
            Ok(outcomes) => outcomes,
            Err(turn::Unasked { at, reason }) => return Ok(Taken::Unasked { at, reason: reason.to_owned() }),
        };
        let (mut new, mut refused) = (Vec::new(), Vec::new());
        for (at, turn::Outcome { lane, hash, end }) in outcomes.iter().enumerate() {
            match end {
                End::New(_) => new.push(at),
                End::Duplicate => {}
                End::Refused(refusal) => {
                    refused.push((at, Id::of(hash), refusal.code.to_string()));
                    let (code, lane) = (refusal.code.to_string(), lane.clone());
                    self.refused.insert(Refused { hash: *hash, code, lane });
                    continue;
                }
            }
            self.view()?.add(lane, hash, matches!(end, End::New(_)))?;
        }
        self.refused.write(self.store);
        self.objects.forget_named();
        self.tell(events, &outcomes)?;
        Ok(Taken::Durable { new, refused })
    }

    fn missing(&mut self) -> Result<Vec<(Sha256, u64)>, Failure> {
        Ok(self.objects.missing()?)
    }

    fn part(&mut self, object: &Sha256, at: u64, most: usize) -> Result<Option<Part>, Failure> {
        let Held { view: Some(view), objects, store, .. } = self else { return Ok(None) };
        let each = |take: &mut dyn FnMut(&[u8]) -> Result<(), ulp_store::Error>| {
            for entry in view.entries() {
                if let Some(bytes) = store.segment(entry)? {
                    take(&bytes)?;
                }
            }
            Ok(())
        };
        Ok(objects.part(object, at, most, each)?)
    }

    fn take_part(&mut self, object: &Sha256, at: u64, part: &Part) -> Result<bool, Failure> {
        Ok(self.objects.take_part(object, at, part)?)
    }

    fn known_height(&mut self, peer: &Peer) -> Result<Option<u64>, Failure> {
        if self.taker.recorder().is_none() {
            return Ok(None);
        }
        Ok(Some(others::known(self.store, &peer.name)?.height))
    }

    fn receipt(&mut self, height: u64, out: &mut Vec<u8>) -> Result<bool, Failure> {
        let Some(peer) = self.taker.recorder().map(|recorder| recorder.peer()) else { return Ok(false) };
        let receipts = match &mut self.receipts {
            Some(receipts) => receipts,
            None => self.receipts.insert(own_chain(self.store, &peer.to_string())?),
        };
        let at = height.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let line = at.and_then(|at| receipts.get(at));
        out.extend(line.into_iter().flatten());
        out.extend(line.map(|_| b'\n'));
        Ok(line.is_some())
    }

    fn take_receipts(&mut self, peer: &Peer, lines: &[u8]) -> Result<bool, Failure> {
        Ok(others::take(self.store, &peer.name, lines)?)
    }
}
