//! A store in memory: slow and obvious.

use super::super::holdings::{Allowed, Arrived, Holdings, Part, Peer, Taken};
use super::super::ids::Id;
use super::super::line::{Nonce, Row, State};
use super::super::records::{self, Records};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Lane, Tile, Time};
use ulp_core::json::{self, Tape, Value};
use ulp_core::names;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub line: Vec<u8>,
    pub hash: Blake3,
    pub time: Time,
    pub space: String,
    pub tile: Tile,
    pub lane: Lane,
    pub operation: String,
}

impl Event {
    pub fn new(line: &[u8]) -> Event {
        let mut tape = Tape::new();
        let top = json::parse_line(&mut tape, line).unwrap();
        let text = |name: &str| top.get(name).and_then(Value::as_text).unwrap();
        let scope = top.get("scope").unwrap();
        let word = |name: &str| scope.get(name).and_then(Value::as_text).unwrap();
        Event {
            line: line.to_vec(),
            hash: Blake3::of(line),
            time: Time::from_seconds(top.get("timestamp").and_then(Value::as_f64).unwrap()).unwrap(),
            space: text("space_id"),
            tile: Tile::parse(&text("tile")).unwrap(),
            lane: format!("{}.{}", word("realm"), word("policy")).parse().unwrap(),
            operation: text("operation"),
        }
    }
}

#[derive(Default)]
pub struct Memory {
    pub events: Vec<Event>,
    /// Operations that are refused.
    pub refuses: Vec<String>,
    /// Hashes that were refused before, with the codes.
    pub refused: BTreeMap<Id, (Event, String)>,
    /// Attestations by nonce.
    pub attestations: BTreeMap<Nonce, String>,
    pub state_roots: BTreeMap<Blake3, Blake3>,
    pub objects: BTreeMap<Sha256, Vec<u8>>,
    pub wants: BTreeMap<Sha256, Vec<u8>>,
    allowed: Option<Allowed>,
    /// How many events there were when it was opened.
    opened: usize,
}

pub fn path(space: &str) -> String {
    format!("m/world/{}", names::encode(space))
}

impl Memory {
    pub fn of(lines: &[String]) -> Memory {
        Memory { events: lines.iter().map(|line| Event::new(line.as_bytes())).collect(), ..Memory::default() }
    }

    fn spoken(&self) -> impl Iterator<Item = &Event> {
        let allowed = self.allowed.as_ref().unwrap();
        self.events.iter().filter(|e| allowed.takes(&e.space, e.tile, e.lane))
    }

    fn of_space<'m>(&'m self, space: &'m str) -> impl Iterator<Item = &'m Event> {
        self.spoken().filter(move |e| e.space == space)
    }

    /// The hashes of shared events.
    pub fn hashes(&self) -> BTreeSet<Blake3> {
        self.events.iter().filter(|e| e.lane.is_shared()).map(|e| e.hash).collect()
    }
}

fn head<'e>(events: impl Iterator<Item = &'e Event>) -> Blake3 {
    let mut tiles: BTreeMap<Tile, BTreeSet<(Lane, String)>> = BTreeMap::new();
    for event in events {
        tiles.entry(event.tile).or_default().insert((event.lane, event.hash.hex()));
    }
    let mut lines = String::new();
    for (tile, hashes) in tiles {
        let text: String = hashes.iter().map(|(_, hex)| format!("{hex}\n")).collect();
        lines.push_str(&format!("{tile} {}\n", Blake3::of(text.as_bytes())));
    }
    Blake3::of(lines.as_bytes())
}

impl Holdings for Memory {
    type Error = Infallible;
    type Cursor = std::vec::IntoIter<Vec<u8>>;

    fn open(&mut self, allowed: &Allowed) -> Result<(), Infallible> {
        self.allowed = Some(allowed.clone());
        self.opened = self.events.len();
        Ok(())
    }

    fn world(&mut self) -> Result<Row, Infallible> {
        let spaces = self.spaces()?;
        let lines: String =
            spaces.iter().map(|(space, row)| format!("{space} {}\n", row.head.unwrap())).collect();
        let head = Blake3::of(lines.as_bytes());
        let state = State::Root(*self.state_roots.get(&head).unwrap_or(&head));
        let events = spaces.values().map(|row| row.events).sum();
        Ok(Row { path: "m/world".to_owned(), head: Some(head), events, state: Some(state) })
    }

    fn spaces(&mut self) -> Result<BTreeMap<String, Row>, Infallible> {
        let names: BTreeSet<String> = self.spoken().map(|e| e.space.clone()).collect();
        names.into_iter().map(|name| Ok((name.clone(), self.space(&name)?))).collect()
    }

    fn space(&mut self, space: &str) -> Result<Row, Infallible> {
        let events = self.of_space(space).count() as u64;
        let head = (events > 0).then(|| head(self.of_space(space)));
        Ok(Row { path: path(space), head, events, state: None })
    }

    fn head_with(
        &mut self,
        space: &str,
        without: &BTreeSet<Id>,
        with: &BTreeSet<Id>,
    ) -> Result<Blake3, Infallible> {
        let mut events: Vec<&Event> =
            self.of_space(space).filter(|e| !without.contains(&Id::of(&e.hash))).collect();
        events.extend(with.iter().filter_map(|id| self.refused.get(id)).map(|(event, _)| event));
        Ok(head(events.into_iter()))
    }

    fn attest(&mut self, nonce: &Nonce) -> Result<Option<String>, Infallible> {
        Ok(self.attestations.get(nonce).cloned())
    }

    fn judge(&mut self, attestation: &str, nonce: &Nonce) -> Result<Peer, String> {
        let nonce = data_encoding::BASE64URL_NOPAD.encode(nonce);
        if !attestation.contains(&format!("\"nonce\":\"{nonce}\"")) {
            return Err("another nonce".to_owned());
        }
        let mut tape = Tape::new();
        let top = json::parse_line(&mut tape, attestation.as_bytes()).unwrap();
        let name = top.get("peer").and_then(Value::as_text).unwrap();
        Ok(Peer { name, is_listed: true, height: None })
    }

    fn records(&mut self, space: &str) -> Result<Records, Infallible> {
        let allowed = self.allowed.as_ref().unwrap();
        let opened = self.events[..self.opened].iter().enumerate();
        let mine = opened.filter(|(_, e)| e.space == space && allowed.takes(space, e.tile, e.lane));
        let mut rows: Vec<_> = mine.map(|(at, e)| records::row(e.time, &e.hash.0, at as u64)).collect();
        rows.sort_unstable();
        Ok(Records::new(rows.concat()))
    }

    fn not_taken(&mut self, _: &str, ids: &mut BTreeSet<Id>) -> Result<(), Infallible> {
        self.events[self.opened..].iter().for_each(|e| {
            ids.remove(&Id::of(&e.hash));
        });
        Ok(())
    }

    fn refused_before(&mut self, _: &str, ids: &[Id]) -> Result<BTreeMap<Id, String>, Infallible> {
        let known = ids.iter().filter_map(|id| Some((*id, self.refused.get(id)?.1.clone())));
        Ok(known.collect())
    }

    fn line(&mut self, place: u64, out: &mut Vec<u8>) -> Result<bool, Infallible> {
        let event = &self.events[usize::try_from(place).unwrap()];
        out.extend_from_slice(&event.line);
        out.push(b'\n');
        Ok(true)
    }

    fn whole(&mut self, space: &str) -> Result<Self::Cursor, Infallible> {
        let mut events: Vec<&Event> = self.of_space(space).collect();
        events.sort_by_key(|e| (e.tile, e.lane));
        let lines: Vec<Vec<u8>> = events.iter().map(|e| [&e.line[..], b"\n"].concat()).collect();
        Ok(lines.into_iter())
    }

    fn next(&mut self, cursor: &mut Self::Cursor, out: &mut Vec<u8>) -> Result<bool, Infallible> {
        let next = cursor.next();
        out.extend(next.iter().flatten());
        Ok(next.is_some())
    }

    fn take(&mut self, events: &[Arrived<'_>]) -> Result<Taken, Infallible> {
        let (mut new, mut refused, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
        for (at, Arrived { space, line }) in events.iter().enumerate() {
            let event = Event::new(line);
            if event.space != *space || !self.allowed.as_ref().unwrap().takes(space, event.tile, event.lane) {
                return Ok(Taken::Unasked { at, reason: "of another place".to_owned() });
            }
            let id = Id::of(&event.hash);
            if self.refuses.contains(&event.operation) {
                let code = "scope.operation".to_owned();
                self.refused.insert(id, (event, code.clone()));
                refused.push((at, id, code));
            } else if !self.events.iter().chain(&fresh).any(|e| e.hash == event.hash) {
                new.push(at);
                fresh.push(event);
            }
        }
        self.events.extend(fresh);
        Ok(Taken::Durable { new, refused })
    }

    fn missing(&mut self) -> Result<Vec<(Sha256, u64)>, Infallible> {
        Ok(self.wants.iter().map(|(object, part)| (*object, part.len() as u64)).collect())
    }

    fn part(&mut self, object: &Sha256, at: u64, most: usize) -> Result<Option<Part>, Infallible> {
        let Some(whole) = self.objects.get(object) else { return Ok(None) };
        let Some(rest) = usize::try_from(at).ok().and_then(|at| whole.get(at..)) else { return Ok(None) };
        Ok(Some(Part { bytes: whole.len() as u64, data: rest[..rest.len().min(most)].to_vec() }))
    }

    fn take_part(&mut self, object: &Sha256, at: u64, part: &Part) -> Result<bool, Infallible> {
        let whole = self.wants.get_mut(object).unwrap();
        assert_eq!(whole.len() as u64, at);
        whole.extend(&part.data);
        if whole.len() as u64 == part.bytes {
            let whole = self.wants.remove(object).unwrap();
            let holds = Sha256::of(&whole) == *object;
            if holds {
                self.objects.insert(*object, whole);
            }
            return Ok(holds);
        }
        Ok(true)
    }

    fn known_height(&mut self, _: &Peer) -> Result<Option<u64>, Infallible> {
        Ok(None)
    }

    fn receipt(&mut self, _: u64, _: &mut Vec<u8>) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn take_receipts(&mut self, _: &Peer, _: &[u8]) -> Result<bool, Infallible> {
        Ok(true)
    }
}
