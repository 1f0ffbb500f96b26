//! A node: what it is told, and what it hears.

use super::answer::Answered;
use super::budget::{Budget, Class};
use super::draw::draw;
use super::heard::{BITS, Heard, Standing};
use super::row::{Place, Row};
use super::table::Table;
use super::trickle::{SHORTEST, Trickle};
use super::waiting::{Waiting, What as Waits};
use crate::radio::Lora;
use std::collections::VecDeque;
use ulp_core::frame::{Body, Frame, MOST_HOPS, Tag, packet};
use ulp_core::hash::Sha256;
use ulp_core::report::Refusal;

/// Spaces that a node keeps.
pub const SPACES: usize = 64;
/// Parts of lines that a node knows again.
pub const PARTS: usize = 256;
/// Of spaces this part at most, as a divisor, is of unknown tags.
const STRANGERS: usize = 4;
/// News and answers wait for up to so many of their airtimes.
pub(super) const AIRTIMES: u64 = 12;
/// A `seq` below is no time.
const FIRST_TIME: u32 = 1 << 24;

/// What a node is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The tag of its own name.
    pub own: Tag,
    /// The last `seq` of its own.
    pub seq: u32,
    /// What its own rows and those that it tells again have of hops.
    pub hops: u8,
    /// The longest packet, in bytes.
    pub mtu: usize,
    /// How the radio is set.
    pub lora: Lora,
    /// Bytes that the radio's own protocol puts before a packet.
    pub header: usize,
    /// Milliseconds on air in any hour.
    pub hourly: Option<u64>,
    /// Milliseconds on air in all.
    pub total: Option<u64>,
    /// Rows of the table.
    pub rows: usize,
    /// Milliseconds since 1970 at which its time was 0, if that is known.
    pub epoch: Option<u64>,
    /// Seconds by which a clock may be ahead.
    pub skew: u64,
}

impl Settings {
    /// What a packet takes on air, in milliseconds.
    pub fn airtime(&self, bytes: usize) -> u64 {
        self.lora.airtime(self.header + bytes)
    }
}

/// What a frame was, to its hearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It changed the table, or is a part that was not heard before.
    News,
    /// Nothing of it is new.
    Known,
    /// Presence or intent.
    Presence,
    /// Ranges and wants; what is to be said to them will be said.
    Question,
    /// It is from further ahead than clocks may be.
    Future,
    Refused,
}

/// A node on air.
#[derive(Clone, Debug)]
pub struct Node {
    pub(super) settings: Settings,
    pub(super) table: Table,
    pub(super) spaces: Vec<Space>,
    pub(super) waiting: Waiting,
    pub(super) budget: Budget,
    /// When the packet that is on air is over.
    pub(super) busy: u64,
    parts: VecDeque<[u8; 8]>,
    pub(super) answered: VecDeque<Answered>,
}

/// A space that is kept.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub tag: Tag,
    pub timer: Trickle,
    /// Whether nobody but unknown tags spoke of it.
    pub strange: bool,
}

impl Node {
    /// A node with nothing in its table.
    pub fn new(settings: Settings) -> Node {
        let table = Table::new(settings.rows);
        let budget = Budget::new(settings.hourly, settings.total, settings.own);
        let (parts, answered) = (VecDeque::new(), VecDeque::new());
        let waiting = Waiting::default();
        Node { settings, table, spaces: Vec::new(), waiting, budget, busy: 0, parts, answered }
    }

    /// What it holds to be so.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// What a packet of so many bytes takes on air, in milliseconds.
    pub fn airtime(&self, bytes: usize) -> u64 {
        self.settings.airtime(bytes)
    }

    /// How much was dropped for want of room.
    pub fn dropped(&self) -> u64 {
        self.waiting.dropped
    }

    /// How much waits to be sent.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Milliseconds on air so far.
    pub fn used(&self) -> u64 {
        self.budget.used()
    }

    /// Keeps a space, though nothing was heard of it yet.
    pub fn space(&mut self, now: u64, tag: Tag) {
        self.keep(now, tag, false);
    }

    /// Is among others than before: who they are and what they have is to be found out soon.
    pub fn arrive(&mut self, now: u64, tag: Tag) {
        if let Some(space) = self.kept(tag) {
            space.timer.reset(now, SHORTEST);
        }
    }

    /// Takes in a packet from the air; what its frames were, in order.
    ///
    /// # Errors
    /// `radio.frame`: it does not parse to its last byte. Nothing of it was heard.
    pub fn hear(
        &mut self,
        now: u64,
        bytes: &[u8],
        mut judge: impl FnMut(&Frame) -> Standing,
    ) -> Result<Vec<What>, Refusal> {
        let frames = packet(bytes)?;
        Ok(frames.iter().map(|frame| self.hear_frame(now, frame, judge(frame))).collect())
    }

    /// Takes a frame of one's own, to be sent as soon as the airtime allows.
    pub fn offer(&mut self, now: u64, frame: &Frame, class: Class) {
        let heard = Heard::new(frame, now, Standing::Known);
        self.settings.seq = self.settings.seq.max(frame.seq);
        match &frame.body {
            Body::Part(_) => {
                self.is_new_part(&heard.bytes);
            }
            Body::Rows(rows) if !rows.wants => {
                self.learn(&heard, rows.space);
            }
            Body::Rows(_) => {}
        }
        let what = Waits::Frame { bytes: frame.print(), relay: false, heard: 0 };
        self.waiting.push(what, class, false, now);
    }

    fn hear_frame(&mut self, now: u64, frame: &Frame, standing: Standing) -> What {
        let heard = Heard::new(frame, now, standing);
        match &frame.body {
            _ if standing == Standing::Refused => What::Refused,
            Body::Part(_) => self.hear_part(&heard),
            Body::Rows(rows) if rows.entries.is_empty() => What::Presence,
            Body::Rows(rows) if rows.wants => self.hear_questions(&heard, rows),
            Body::Rows(_) if self.is_ahead(now, frame.seq) => What::Future,
            Body::Rows(rows) => self.hear_tips(&heard, rows.space),
        }
    }

    fn hear_part(&mut self, heard: &Heard<'_>) -> What {
        self.waiting.count(&heard.bytes);
        if !self.is_new_part(&heard.bytes) {
            return What::Known;
        }
        self.relay(heard);
        What::News
    }

    /// Whether a part was not heard, and it is from now on.
    fn is_new_part(&mut self, bytes: &[u8]) -> bool {
        let [a, b, c, d, e, f, g, h, ..] = Sha256::of(bytes).0;
        let name = [a, b, c, d, e, f, g, h];
        if self.parts.contains(&name) {
            return false;
        }
        if self.parts.len() == PARTS {
            self.parts.pop_front();
        }
        self.parts.push_back(name);
        true
    }

    fn hear_tips(&mut self, heard: &Heard<'_>, space: Tag) -> What {
        self.waiting.count(&heard.bytes);
        if !self.learn(heard, space) {
            return What::Known;
        }
        self.relay(heard);
        What::News
    }

    /// Takes the rows of a frame in. Whether the table has one of them now and had not before.
    fn learn(&mut self, heard: &Heard<'_>, space: Tag) -> bool {
        if !self.keep(heard.now, space, heard.is_strange()) {
            return false;
        }
        let mut came: Vec<Place> = Vec::new();
        for tip in heard.entries() {
            let place = (heard.frame.peer, heard.frame.seq, tip);
            if !self.table.touch(space, place, heard.now) {
                let row = Row::new(space, place, heard.now, !heard.is_strange());
                came.extend(self.table.join(space, row).then_some(place));
            }
        }
        let changed = came.into_iter().any(|place| self.table.has(space, place));
        self.budget.advance(heard.now);
        let haste = self.budget.haste();
        if changed && let Some(space) = self.kept(space) {
            space.timer.reset(heard.now, haste * SHORTEST);
        }
        changed
    }

    /// Lets news wait for their turn.
    fn relay(&mut self, heard: &Heard<'_>) {
        let hops = match heard.frame.hops {
            0 => return,
            MOST_HOPS => MOST_HOPS,
            hops => hops - 1,
        };
        if heard.bytes.len() > self.settings.mtu {
            return;
        }
        let range = AIRTIMES * self.settings.airtime(heard.bytes.len());
        let due = heard.now + draw(&[&heard.bytes, &self.settings.own.0], range);
        let mut bytes = heard.bytes.clone();
        bytes[BITS] |= hops << 4;
        let class = if heard.standing == Standing::Signed { Class::Signed } else { Class::Rest };
        let what = Waits::Frame { bytes, relay: true, heard: 1 };
        self.waiting.push(what, class, heard.is_strange(), due);
    }

    /// Whether a space is kept, for which there may not be room.
    pub(super) fn keep(&mut self, now: u64, tag: Tag, stranger: bool) -> bool {
        if let Some(space) = self.kept(tag) {
            space.strange &= stranger;
            return true;
        }
        let strangers = self.spaces.iter().filter(|space| space.strange).count();
        if self.spaces.len() == SPACES || stranger && strangers == SPACES / STRANGERS {
            return false;
        }
        let timer = Trickle::new(now, self.settings.own, tag);
        self.spaces.push(Space { tag, timer, strange: stranger });
        true
    }

    pub(super) fn kept(&mut self, tag: Tag) -> Option<&mut Space> {
        self.spaces.iter_mut().find(|space| space.tag == tag)
    }

    /// Whether a `seq` is a time that has not come.
    fn is_ahead(&self, now: u64, seq: u32) -> bool {
        let latest = self.settings.epoch.map(|epoch| epoch.saturating_add(now) / 1000 + self.settings.skew);
        seq >= FIRST_TIME && latest.is_some_and(|latest| u64::from(seq) > latest)
    }
}
