//! A session: what one side says and hears, turn by turn.
//!
//! It knows no pipe and no clock. Whoever runs it alternates [`Session::speak`] and [`Session::hear`]; the client speaks
//! first, until [`Session::is_over`]. What it says depends on what it heard and on its [`Holdings`] alone.

use super::holdings::{Allowed, Holdings, Peer};
use super::ids::{Id, Ids};
use super::line::{Hello, Line, Row, Want};
use super::records::Records;
use super::set::Set;
use super::turn::Turn;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use ulp_core::hash::Sha256;
use ulp_core::id::Lane;
use ulp_core::path::{Path, Space};

/// Most answers that may wait to be given, and most rows and refusals of one side.
pub(super) const MOST_WAITING: usize = 1 << 18;
/// Most turns in which nothing is carried, those of the sets among them.
const MOST_IDLE: u64 = 4000;
/// The path of a store.
pub(super) const WORLD: &str = "m/world";

/// Who began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// What a side brings along.
#[derive(Clone, Debug)]
pub struct Terms {
    pub role: Role,
    pub hello: Hello,
    /// The only one to speak to.
    pub insists_on: Option<String>,
    /// Whether objects are asked for.
    pub wants_objects: bool,
}

/// Why a session broke off. What was durable stays.
#[derive(Debug, thiserror::Error)]
pub enum Fault<E> {
    #[error("{0}")]
    Turn(String),
    #[error("{0}")]
    Event(String),
    #[error("the other side speaks version {0} of the wire; update the tools")]
    Version(i64),
    #[error("{0}")]
    Peer(String),
    #[error("{0}: the sets took more than 1,000 rounds")]
    Rounds(String),
    #[error(transparent)]
    Store(E),
}

impl<E> Fault<E> {
    /// The boundary code, where the other side is to blame.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Fault::Turn(_) => Some("wire.turn"),
            Fault::Event(_) => Some("wire.hash"),
            Fault::Peer(_) => Some("wire.peer"),
            Fault::Rounds(_) => Some("wire.rounds"),
            Fault::Version(_) | Fault::Store(_) => None,
        }
    }

    pub(super) fn turn(reason: impl Into<String>) -> Fault<E> {
        Fault::Turn(reason.into())
    }
}

impl<E> From<E> for Fault<E> {
    fn from(error: E) -> Fault<E> {
        Fault::Store(error)
    }
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The other side has not said who it is and what it holds.
    Greeting,
    /// Rows of spaces tell which of them differ.
    Comparing,
    Exchanging,
    /// Objects are asked for, then receipts.
    Objects,
    Receipts,
    /// The last rows are said.
    Closing,
    Ended,
}

/// What is still to be said.
pub(super) enum Job<C> {
    Line(Line),
    /// Events of a space that were asked for by ids.
    Asked {
        path: String,
        ids: Ids,
    },
    /// Their places, in order.
    Places {
        path: String,
        places: std::vec::IntoIter<u64>,
        sent: u64,
    },
    /// A whole space.
    Whole {
        path: String,
        cursor: C,
        sent: u64,
    },
    /// "You lack these" of all that a space holds.
    HaveAll {
        path: String,
        at: usize,
    },
    Object {
        object: Sha256,
        at: u64,
    },
    Receipts {
        from: u64,
        sent: u64,
    },
}

/// What was asked for, and is not answered yet.
pub(super) enum Wanted {
    Events { path: String, ids: Option<Ids>, came: u64 },
    Receipts { came: u64, text: Vec<u8> },
    Object { object: Sha256, at: u64 },
}

/// A space that differs.
#[derive(Default)]
pub(super) struct Work {
    pub(super) space: String,
    /// What the other side holds of it, as it said last.
    pub(super) theirs: Option<Row>,
    pub(super) records: Option<Records>,
    pub(super) set: Option<Set>,
    /// Events that only this side has, where events go one way.
    pub(super) only_ours: BTreeSet<Id>,
    /// How many only the other has.
    pub(super) only_theirs: u64,
    /// What this side refused, and what the other did.
    pub(super) refused: BTreeMap<Id, String>,
    pub(super) refused_there: BTreeMap<Id, String>,
    pub(super) sent: u64,
    pub(super) taken: u64,
    /// How often the other side asked for all of it, and for how many events.
    pub(super) asked_whole: u64,
    pub(super) asked: u64,
    /// All that the other side has, where nothing explains what differs.
    pub(super) all_theirs: Vec<Id>,
    /// Whether this side has told all it has.
    pub(super) told_all: bool,
    /// Whether the sets took too many rounds.
    pub(super) is_long: bool,
}

/// One side of a session.
pub struct Session<H: Holdings> {
    pub(super) terms: Terms,
    pub(super) theirs: Option<Hello>,
    pub(super) peer: Option<Peer>,
    pub(super) allowed: Option<Allowed>,
    pub(super) stage: Stage,
    pub(super) queue: VecDeque<Job<H::Cursor>>,
    /// A line that did not fit into the last turn.
    held: Option<Vec<u8>>,
    pub(super) wanted: VecDeque<Wanted>,
    /// How many `have`s wait for a `want`.
    pub(super) haves: u64,
    pub(super) works: BTreeMap<String, Work>,
    /// What each side holds: of the store, as last said, and of the spaces.
    pub(super) ours: Option<Row>,
    pub(super) their_world: Option<Row>,
    pub(super) our_spaces: BTreeMap<String, Row>,
    pub(super) their_rows: BTreeMap<String, Row>,
    /// Whether the other side's last rows have begun.
    pub(super) is_closing_there: bool,
    pub(super) asked_for_objects: bool,
    pub(super) has_retried: bool,
    /// Objects that were not what their names say.
    pub(super) bad_objects: Vec<Sha256>,
    /// Whether the other side's receipts do not follow those of it that are here.
    pub(super) has_bad_receipts: bool,
    /// Events of this session that were made durable.
    pub(super) kept: u64,
    pub(super) kept_there: u64,
    /// Whether the last turn, of either side, was empty.
    pub(super) is_silent: bool,
    /// Whether the last turn of this side carried events or objects.
    pub(super) has_carried: bool,
    idle: u64,
}

impl<H: Holdings> Session<H> {
    pub fn new(terms: Terms) -> Session<H> {
        let mut queue = VecDeque::new();
        if terms.role == Role::Client {
            queue.push_back(Job::Line(Line::Hello(terms.hello.clone())));
        }
        Session {
            terms,
            theirs: None,
            peer: None,
            allowed: None,
            stage: Stage::Greeting,
            queue,
            held: None,
            wanted: VecDeque::new(),
            haves: 0,
            works: BTreeMap::new(),
            ours: None,
            their_world: None,
            our_spaces: BTreeMap::new(),
            their_rows: BTreeMap::new(),
            is_closing_there: false,
            asked_for_objects: false,
            has_retried: false,
            bad_objects: Vec::new(),
            has_bad_receipts: false,
            kept: 0,
            kept_there: 0,
            is_silent: false,
            has_carried: false,
            idle: 0,
        }
    }

    /// Whether nothing more is to be heard or said.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Ended && self.queue.is_empty() && self.held.is_none()
    }

    /// The most bytes that a turn may have.
    pub fn turn(&self) -> u64 {
        self.theirs.as_ref().map_or(u64::MAX, |hello| hello.turn).min(self.terms.hello.turn)
    }

    /// The next turn of this side.
    ///
    /// # Errors
    /// What the store says; what the other side is to blame for.
    pub fn speak(&mut self, holdings: &mut H) -> Result<Vec<u8>, Fault<H::Error>> {
        let (mut turn, most) = (Turn::default(), self.turn());
        let mut line = self.held.take().unwrap_or_default();
        while !line.is_empty() || self.next_line(holdings, &mut line)? {
            if !turn.push(&line, most) {
                self.held = Some(line);
                break;
            }
            line.clear();
        }
        if turn.is_empty() {
            if std::mem::replace(&mut self.is_silent, true) {
                return Err(Fault::turn("neither side has anything to say, and the session is not over"));
            }
        } else {
            self.is_silent = false;
        }
        Ok(turn.close(self.kept))
    }

    /// Puts the next line into `out`. Answers whether there is one.
    fn next_line(&mut self, holdings: &mut H, out: &mut Vec<u8>) -> Result<bool, Fault<H::Error>> {
        loop {
            let Some(job) = self.queue.pop_front() else {
                if self.advance(holdings)? {
                    continue;
                }
                return Ok(false);
            };
            if self.work_on(job, holdings, out)? {
                return Ok(true);
            }
        }
    }

    /// Takes a turn of the other side that holds, and how many events it says that it kept.
    ///
    /// # Errors
    /// What the store says; what the other side is to blame for: then nothing of the turn was taken.
    pub fn hear(&mut self, holdings: &mut H, text: &[u8], kept: u64) -> Result<(), Fault<H::Error>> {
        if text.is_empty() && std::mem::replace(&mut self.is_silent, true) {
            return Err(Fault::turn("neither side has anything to say, and the session is not over"));
        }
        self.is_silent = text.is_empty();
        let before = self.kept;
        let heard = self.sort_out(text)?;
        let (lines, events, receipts) = (heard.lines, heard.events, heard.receipts);
        let has_carried = std::mem::take(&mut self.has_carried);
        let is_carrying = has_carried || !events.is_empty() || kept > self.kept_there;
        self.kept_there = kept;
        self.take(holdings, &events)?;
        if let Some(peer) = self.peer.clone().filter(|_| !receipts.is_empty())
            && !holdings.take_receipts(&peer, &receipts)?
        {
            self.has_bad_receipts = true;
        }
        lines.into_iter().try_for_each(|line| self.control(holdings, line))?;
        self.idle += u64::from(!is_carrying && self.kept == before);
        if self.idle > MOST_IDLE {
            return Err(Fault::turn("thousands of turns brought nothing"));
        }
        if self.queue.len() > MOST_WAITING {
            return Err(Fault::turn("more was asked for than is answered"));
        }
        self.settle(holdings)
    }

    /// Says something after all that is to be said already.
    pub(super) fn say(&mut self, line: Line) {
        self.queue.push_back(Job::Line(line));
    }

    /// Asks for something, to be answered in turn.
    pub(super) fn ask(&mut self, want: Want) {
        self.wanted.push_back(match &want {
            Want::Events { path, ids } => Wanted::Events { path: path.clone(), ids: ids.clone(), came: 0 },
            Want::Receipts { .. } => Wanted::Receipts { came: 0, text: Vec::new() },
            Want::Object { object, at } => Wanted::Object { object: *object, at: *at },
        });
        self.say(Line::Want(want));
    }

    /// Whether events go to the other side.
    pub(super) fn gives(&self) -> bool {
        self.terms.hello.mode.gives() && self.theirs.as_ref().is_some_and(|hello| hello.mode.takes())
    }

    /// Whether events come from there.
    pub(super) fn takes(&self) -> bool {
        self.terms.hello.mode.takes() && self.theirs.as_ref().is_some_and(|hello| hello.mode.gives())
    }

    /// Whether both sides ask for lanes that are not for everyone.
    pub(super) fn extends(&self) -> bool {
        let theirs = self.theirs.as_ref();
        let is_extra =
            |lane: &Lane| !lane.is_shared() && theirs.is_some_and(|hello| hello.lanes.contains(lane));
        self.terms.hello.lanes.iter().any(is_extra)
    }

    /// The space of a path.
    pub(super) fn space_of(path: &str) -> Result<String, Fault<H::Error>> {
        match path.parse() {
            Ok(Path::Space(Space::Named(space))) => Ok(space),
            _ => Err(Fault::turn("a path that is no space's")),
        }
    }

    /// What is known of a space, which the other side named.
    pub(super) fn work(&mut self, path: &str) -> Result<&mut Work, Fault<H::Error>> {
        let space = Session::<H>::space_of(path)?;
        if self.works.len() > MOST_WAITING {
            return Err(Fault::turn("more spaces than are spoken of"));
        }
        let new = || Work { space, ..Work::default() };
        Ok(self.works.entry(path.to_owned()).or_insert_with(new))
    }

    /// The records of a space, as it was opened.
    pub(super) fn records(&mut self, holdings: &mut H, path: &str) -> Result<Records, Fault<H::Error>> {
        let work = self.work(path)?;
        if let Some(records) = &work.records {
            return Ok(records.clone());
        }
        let records = holdings.records(&work.space)?;
        work.records = Some(records.clone());
        Ok(records)
    }
}
