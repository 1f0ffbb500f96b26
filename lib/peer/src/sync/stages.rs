//! From the greeting to the last rows: what a line means where it is heard, and what is said next.

use super::holdings::Holdings;
use super::ids::{Id, Ids};
use super::line::{Line, Row, Want};
use super::session::{Fault, Job, MOST_WAITING, Role, Session, Stage, WORLD, Work};
use super::set::{Set, Step};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use ulp_core::hash::Blake3;

impl<H: Holdings> Session<H> {
    /// Takes a line of the other side that carries no event.
    pub(super) fn control(&mut self, holdings: &mut H, line: Line) -> Result<(), Fault<H::Error>> {
        let is_greeting = self.stage == Stage::Greeting;
        match line {
            Line::Hello(hello) if is_greeting && self.theirs.is_none() => self.meet(holdings, hello),
            Line::Attest(attestation) if is_greeting && self.theirs.is_some() && self.peer.is_none() => {
                let judged = holdings.judge(&attestation, &self.terms.hello.nonce);
                self.peer = Some(judged.map_err(Fault::Peer)?);
                Ok(())
            }
            Line::Row(row) if row.path == WORLD => self.world_row(holdings, row),
            Line::Row(row) => self.row(row),
            _ if is_greeting => Err(Fault::turn("a line that has no place before the rows")),
            Line::End if self.may_end() => {
                self.stage = Stage::Ended;
                Ok(())
            }
            Line::Set { path, data } => self.set(holdings, &path, &data),
            Line::Have { path, ids } => self.have(holdings, &path, ids),
            Line::Want(want) => self.want(holdings, want),
            Line::Refused { path, code, ids } => self.refused(&path, &code, &ids),
            Line::Blob(blob) => self.blob(holdings, blob),
            Line::Sent { .. } | Line::Gone(_) => Ok(()),
            _ => Err(Fault::turn("a line that has no place here")),
        }
    }

    fn may_end(&self) -> bool {
        self.terms.role == Role::Server && matches!(self.stage, Stage::Comparing | Stage::Closing)
    }

    /// What the other side holds: at first, in a moment between where more lanes are spoken of, and in the end.
    fn world_row(&mut self, holdings: &mut H, row: Row) -> Result<(), Fault<H::Error>> {
        if row.state.is_none() || row.head.is_none() {
            return Err(Fault::turn("a row of a store without its roots"));
        }
        match self.stage {
            Stage::Greeting if self.theirs.is_some() => {
                self.their_world = Some(row);
                self.prove(holdings)?;
                self.our_spaces = holdings.spaces()?;
                self.stage = Stage::Comparing;
                if self.terms.role == Role::Client {
                    self.compare(holdings)?;
                }
                Ok(())
            }
            Stage::Comparing if self.extends() && self.terms.role == Role::Client => {
                self.their_world = Some(row);
                Ok(())
            }
            Stage::Exchanging | Stage::Closing if !self.is_closing_there => {
                self.their_world = Some(row);
                self.is_closing_there = true;
                self.their_rows.clear();
                Ok(())
            }
            _ => Err(Fault::turn("a row of the store that has no place here")),
        }
    }

    /// What the other side holds of a space.
    fn row(&mut self, row: Row) -> Result<(), Fault<H::Error>> {
        let has_place = match self.stage {
            Stage::Comparing => true,
            Stage::Exchanging | Stage::Closing => self.is_closing_there,
            _ => false,
        };
        if !has_place || row.state.is_some() || self.their_rows.len() >= MOST_WAITING {
            return Err(Fault::turn("a row that has no place here"));
        }
        Session::<H>::space_of(&row.path)?;
        match self.their_rows.insert(row.path.clone(), row) {
            None => Ok(()),
            Some(_) => Err(Fault::turn("a row twice")),
        }
    }

    /// After a turn: goes on where what was waited for is there.
    pub(super) fn settle(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        match (self.stage, self.terms.role) {
            (Stage::Comparing, Role::Server) if self.awaits_rows() => self.answer_rows(holdings),
            (Stage::Comparing, Role::Client) if self.has_all_rows(&self.our_spaces) => self.begin(holdings),
            (Stage::Closing, Role::Client) if self.has_last_rows() => self.judge(holdings),
            (Stage::Exchanging, Role::Server) if self.has_last_rows() => {
                self.stage = Stage::Objects;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether the client waits for rows. Where it holds the same it may be about to end.
    fn awaits_rows(&self) -> bool {
        let goes_on = !self.is_level() || self.extends() || !self.their_rows.is_empty();
        goes_on && self.has_all_rows(&BTreeMap::new())
    }

    /// Whether the rows that came, and these where none did, hash to what the other side says of its store.
    fn has_all_rows(&self, unless: &BTreeMap<String, Row>) -> bool {
        let Some(world) = &self.their_world else { return false };
        let mut heads: BTreeMap<String, Option<Blake3>> =
            unless.iter().map(|(space, row)| (space.clone(), row.head)).collect();
        for row in self.their_rows.values() {
            if let Ok(space) = Session::<H>::space_of(&row.path) {
                heads.insert(space, row.head);
            }
        }
        let mut lines = String::new();
        for (space, head) in heads {
            if let Some(head) = head {
                // Writing to a String cannot fail.
                let _ = writeln!(lines, "{space} {head}");
            }
        }
        world.head == Some(Blake3::of(lines.as_bytes()))
    }

    /// The server's rows of the spaces that differ.
    fn answer_rows(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        if self.extends() {
            self.say_world(holdings)?;
        }
        let mut differ: BTreeMap<String, Row> = BTreeMap::new();
        for row in self.our_spaces.values() {
            if self.their_rows.get(&row.path) != Some(row) {
                differ.insert(row.path.clone(), row.clone());
            }
        }
        let theirs = std::mem::take(&mut self.their_rows);
        for path in theirs.keys().filter(|path| !self.our_spaces.values().any(|row| row.path == **path)) {
            differ.insert(path.clone(), Row { path: path.clone(), head: None, events: 0, state: None });
        }
        for (path, row) in differ {
            let work = self.work(&path)?;
            work.theirs = theirs.get(&path).cloned();
            self.say(Line::Row(row));
        }
        self.stage = Stage::Exchanging;
        Ok(())
    }

    /// The client asks, by path.
    fn begin(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        self.stage = Stage::Exchanging;
        let (gives, takes) = (self.gives(), self.takes());
        let ours: BTreeMap<String, Row> =
            self.our_spaces.values().map(|row| (row.path.clone(), row.clone())).collect();
        for (path, row) in std::mem::take(&mut self.their_rows) {
            let own = ours.get(&path);
            if own.is_some_and(|own| own.head == row.head) || own.is_none() && row.head.is_none() {
                continue;
            }
            let is_there = row.head.is_some();
            self.work(&path)?.theirs = Some(row);
            match (own.is_some(), is_there) {
                (true, false) if gives => {
                    self.haves += 1;
                    self.say(Line::Have { path, ids: None });
                }
                (false, true) if takes => self.ask(Want::Events { path, ids: None }),
                (true, true) if gives || takes => {
                    let records = self.records(holdings, &path)?;
                    let mut set = Set::new(records);
                    let message = set.as_mut().and_then(Set::begin);
                    self.work(&path)?.set = set;
                    if let Some(data) = message {
                        self.say(Line::Set { path, data });
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A message about what differs in a space.
    fn set(&mut self, holdings: &mut H, path: &str, data: &[u8]) -> Result<(), Fault<H::Error>> {
        let malformed = || Fault::turn("a message about a set that is none");
        if !matches!(self.stage, Stage::Exchanging) {
            return Err(Fault::turn("a set that has no place here"));
        }
        let path = path.to_owned();
        if self.terms.role == Role::Client {
            let set = self.works.get_mut(&path).and_then(|work| work.set.as_mut());
            return match set.ok_or_else(malformed)?.hear(data) {
                Step::Say(data) => {
                    self.say(Line::Set { path, data });
                    Ok(())
                }
                Step::Malformed => Err(malformed()),
                step => self.exchange(holdings, path, &step),
            };
        }
        if !self.works.contains_key(&path) {
            return Err(malformed());
        }
        let records = self.records(holdings, &path)?;
        let work = self.work(&path)?;
        if work.set.is_none() {
            work.set = Set::new(records);
        }
        match work.set.as_mut().map_or(Step::Malformed, |set| set.answer(data)) {
            Step::Say(data) => {
                self.say(Line::Set { path, data });
                Ok(())
            }
            Step::TooLong => Err(Fault::Rounds(path)),
            _ => Err(malformed()),
        }
    }

    /// The client says what it has and wants of what a set showed.
    fn exchange(&mut self, holdings: &mut H, path: String, step: &Step) -> Result<(), Fault<H::Error>> {
        let (gives, takes) = (self.gives(), self.takes());
        let work = self.work(&path)?;
        let space = work.space.clone();
        work.is_long = *step == Step::TooLong;
        let Some(Set { mut have, mut need, .. }) = work.set.take() else { return Ok(()) };
        if *step == Step::TooMany {
            if gives {
                self.haves += 1;
                self.say(Line::Have { path: path.clone(), ids: None });
            }
            if takes {
                self.ask(Want::Events { path, ids: None });
            }
            return Ok(());
        }
        have.sort_unstable();
        need.sort_unstable();
        work.only_theirs = need.len() as u64;
        if !gives {
            work.only_ours = have.iter().copied().collect();
        }
        if takes {
            let refused = holdings.refused_before(&space, &need)?;
            need.retain(|id| !refused.contains_key(id));
            self.tell_refused(&path, &refused, false);
        }
        if gives {
            for ids in Ids::chunks(have) {
                self.haves += 1;
                self.say(Line::Have { path: path.clone(), ids: Some(ids) });
            }
        }
        if takes {
            for ids in Ids::chunks(need) {
                self.ask(Want::Events { path: path.clone(), ids: Some(ids) });
            }
        }
        Ok(())
    }

    /// What the other side refused.
    fn refused(&mut self, path: &str, code: &str, ids: &Ids) -> Result<(), Fault<H::Error>> {
        let there = &mut self.work(path)?.refused_there;
        if there.len() + ids.len() > MOST_WAITING {
            return Err(Fault::turn("more was refused than is remembered"));
        }
        there.extend(ids.as_slice().iter().map(|id| (*id, code.to_owned())));
        Ok(())
    }

    /// Goes on where nothing waits to be said. Answers whether there is something now.
    pub(super) fn advance(&mut self, holdings: &mut H) -> Result<bool, Fault<H::Error>> {
        let is_client = self.terms.role == Role::Client;
        match self.stage {
            Stage::Exchanging if is_client && self.has_exchanged() => self.stage = Stage::Objects,
            Stage::Objects if self.wanted.is_empty() => {
                if self.ask_for_objects(holdings)? {
                    return Ok(true);
                }
                self.stage = Stage::Receipts;
                if let Some(peer) = self.peer.clone().filter(|peer| self.takes() && peer.height.is_some())
                    && let Some(known) = holdings.known_height(&peer)?
                    && peer.height > Some(known)
                {
                    self.ask(Want::Receipts { from: known + 1 });
                    return Ok(true);
                }
            }
            Stage::Receipts if self.wanted.is_empty() => {
                self.stage = Stage::Closing;
                self.say_last_rows(holdings)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Asks for the objects that are missing. Answers whether there are any.
    fn ask_for_objects(&mut self, holdings: &mut H) -> Result<bool, Fault<H::Error>> {
        if !self.terms.wants_objects || !self.takes() || std::mem::replace(&mut self.asked_for_objects, true)
        {
            return Ok(false);
        }
        let missing = holdings.missing()?;
        for (object, at) in &missing {
            self.ask(Want::Object { object: *object, at: *at });
        }
        Ok(!missing.is_empty())
    }

    /// Whether the client has given and taken all.
    fn has_exchanged(&self) -> bool {
        let has_told = |work: &Work| {
            let all = work.theirs.as_ref().map_or(0, |row| row.events);
            !work.told_all || work.all_theirs.len() as u64 >= all || self.is_silent
        };
        self.wanted.is_empty()
            && self.haves == 0
            && self.works.values().all(|w| w.set.is_none() && has_told(w))
    }

    fn say_last_rows(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        self.say_world(holdings)?;
        let works: Vec<(String, String)> =
            self.works.iter().map(|(path, work)| (path.clone(), work.space.clone())).collect();
        for (path, space) in works {
            let row = holdings.space(&space)?;
            self.say(Line::Row(Row { path, ..row }));
        }
        Ok(())
    }

    /// Whether the other side has said what it holds in the end.
    fn has_last_rows(&self) -> bool {
        self.is_closing_there && self.works.keys().all(|path| self.their_rows.contains_key(path))
    }

    /// The client has the last rows of both: it ends, or tells once more all it has where nothing explains what
    /// differs.
    fn judge(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        for (path, row) in std::mem::take(&mut self.their_rows) {
            self.work(&path)?.theirs = Some(row);
        }
        let unexplained = self.unexplained(holdings)?;
        if unexplained.is_empty() || std::mem::replace(&mut self.has_retried, true) {
            self.say(Line::End);
            self.stage = Stage::Ended;
            return Ok(());
        }
        for path in unexplained {
            self.tell_all(path)?;
        }
        self.is_closing_there = false;
        self.stage = Stage::Exchanging;
        Ok(())
    }

    /// Tells all that this side has of a space, once.
    pub(super) fn tell_all(&mut self, path: String) -> Result<(), Fault<H::Error>> {
        let work = self.work(&path)?;
        if !std::mem::replace(&mut work.told_all, true) {
            self.queue.push_back(Job::HaveAll { path, at: 0 });
        }
        Ok(())
    }

    /// The server hears that something is not explained: all begins once more.
    pub(super) fn reopen(&mut self, path: &str, ids: Option<&Ids>) -> Result<(), Fault<H::Error>> {
        let is_late = self.terms.role == Role::Server && self.stage == Stage::Closing;
        if is_late {
            self.is_closing_there = false;
            self.their_rows.clear();
            self.stage = Stage::Exchanging;
            self.has_retried = true;
        }
        if self.has_retried {
            let all: &[Id] = ids.map_or(&[], Ids::as_slice);
            let work = self.work(path)?;
            if work.all_theirs.len() + all.len() <= MOST_WAITING << 4 {
                work.all_theirs.extend(all);
            }
        }
        Ok(())
    }
}
