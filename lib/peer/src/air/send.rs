//! A node's turn to speak.

use super::answer::{ANSWERED_FOR, Answer};
use super::budget::Class;
use super::node::Node;
use super::ranges;
use super::row::{Row, Tip};
use super::waiting::{Item, What};
use ulp_core::frame::{BARE, Body, ENTRY, Entry, Frame, MOST_ENTRIES, Range, Rows, Tag, packet};

/// What the first byte of a frame says of a part of a line.
const PART: u8 = 0xA3;
/// Never.
const NEVER: u64 = u64::MAX;

/// A packet that is being filled.
struct Load {
    bytes: Vec<u8>,
    /// Milliseconds on air that are counted for unknown tags.
    strangers: u64,
    /// A part goes to the end of its packet.
    closed: bool,
}

/// What became of something that waited.
enum Fate {
    Done,
    /// It waits for the next packet.
    Stays,
    /// It waits until there is airtime again.
    Broke,
}

impl Node {
    /// The packet to send now, if there is one.
    pub fn poll(&mut self, now: u64) -> Option<Vec<u8>> {
        if now < self.busy {
            return None;
        }
        self.tick(now);
        self.budget.advance(now);
        let relief = self.budget.relief().unwrap_or(NEVER);
        let mut load = Load { bytes: Vec::new(), strangers: 0, closed: false };
        let mut stay = Vec::new();
        for mut item in self.waiting.take_due(now) {
            match self.load(now, &mut load, &mut item) {
                Fate::Done => {}
                Fate::Stays => stay.push(item),
                Fate::Broke => {
                    item.due = relief.max(now + 1);
                    stay.push(item);
                }
            }
        }
        if !load.bytes.is_empty() {
            // What will be relayed soon costs least beside something else.
            for mut item in self.waiting.take_relays() {
                if !matches!(self.load(now, &mut load, &mut item), Fate::Done) {
                    stay.push(item);
                }
            }
        }
        self.waiting.put_back(stay);
        if load.bytes.is_empty() {
            return None;
        }
        let air = self.settings.airtime(load.bytes.len());
        self.budget.spend(now, air, load.strangers);
        self.busy = now + air;
        self.touch(now, &load.bytes);
        Some(load.bytes)
    }

    /// When a call of [`Node::poll`] is next worth it.
    pub fn due(&self) -> Option<u64> {
        let timers = self.spaces.iter().map(|space| space.timer.due());
        let next = timers.chain(self.waiting.due()).min().filter(|due| *due < NEVER);
        next.map(|due| due.max(self.busy))
    }

    /// Lets the timers run.
    fn tick(&mut self, now: u64) {
        for space in &mut self.spaces {
            if space.timer.tick(now) && !self.waiting.introduces(space.tag) {
                self.waiting.push(What::Introduction(space.tag), Class::Range, space.strange, now);
            }
        }
    }

    /// Says of the rows of a packet that they were on air.
    fn touch(&mut self, now: u64, bytes: &[u8]) {
        for frame in packet(bytes).into_iter().flatten() {
            let Some(rows) = frame.rows().filter(|rows| !rows.wants) else { continue };
            for tip in tips(&frame.print()) {
                self.table.touch(rows.space, (frame.peer, frame.seq, tip), now);
            }
        }
    }

    fn load(&self, now: u64, load: &mut Load, item: &mut Item) -> Fate {
        match &mut item.what {
            What::Frame { bytes, relay, .. } => {
                if *relay && !self.is_news(bytes) {
                    return Fate::Done;
                }
                self.add(load, bytes, item.class, item.stranger)
            }
            What::Introduction(space) => {
                let frame = self.question(*space, ranges::introduction(&self.table, *space));
                self.add(load, &frame, item.class, item.stranger)
            }
            What::Answer(answer) if now >= answer.at + ANSWERED_FOR => Fate::Done,
            What::Answer(answer) => self.load_answer(load, answer, item.class, item.stranger),
        }
    }

    /// Whether the table has something of a frame yet.
    fn is_news(&self, bytes: &[u8]) -> bool {
        let Ok(frame) = Frame::parse(bytes) else { return false };
        match &frame.body {
            Body::Part(_) => true,
            Body::Rows(rows) => {
                tips(bytes).any(|tip| self.table.has(rows.space, (frame.peer, frame.seq, tip)))
            }
        }
    }

    fn load_answer(&self, load: &mut Load, answer: &mut Answer, class: Class, stranger: bool) -> Fate {
        let reply = answer.reply(&self.table);
        let mut rest: &[Row] = &reply.rows;
        while let Some(first) = rest.first() {
            let same = |row: &&Row| (row.peer, row.seq, row.known) == (first.peer, first.seq, first.known);
            let room = (self.settings.mtu - load.bytes.len()).saturating_sub(BARE) / ENTRY;
            let count = rest.iter().take_while(same).count().min(MOST_ENTRIES).min(room);
            let (now, later) = rest.split_at(count.max(1));
            let frame = self.tell(answer.space, now);
            match self.add(load, &frame, class, stranger || !first.known) {
                Fate::Done => rest = later,
                // Others have a tenth for themselves, and what does not fit now may be the last of them.
                Fate::Broke if !stranger && !first.known => rest = later,
                fate => return fate,
            }
        }
        if reply.ranges.is_empty() {
            return Fate::Done;
        }
        let frame = self.question(answer.space, reply.ranges);
        self.add(load, &frame, class, stranger)
    }

    /// Adds a frame to a packet, if it fits and there is air for it.
    fn add(&self, load: &mut Load, frame: &[u8], class: Class, stranger: bool) -> Fate {
        let bytes = load.bytes.len() + frame.len();
        if frame.len() > self.settings.mtu {
            // No packet will ever have room for it.
            return Fate::Done;
        }
        if load.closed || bytes > self.settings.mtu {
            return Fate::Stays;
        }
        let strangers = load.strangers + if stranger { self.settings.airtime(frame.len()) } else { 0 };
        let enough = !stranger || self.budget.allows_strangers(strangers);
        if !enough || !self.budget.allows(class, self.settings.airtime(bytes)) {
            return Fate::Broke;
        }
        load.bytes.extend_from_slice(frame);
        load.strangers = strangers;
        load.closed = frame[0] == PART;
        Fate::Done
    }

    /// Rows of one peer and one `seq`, as a frame.
    fn tell(&self, space: Tag, rows: &[Row]) -> Vec<u8> {
        const COUNT: usize = 1;
        let mut frame = rows[0].frame(space)[..BARE].to_vec();
        rows.iter().for_each(|row| frame.extend_from_slice(&row.tip));
        frame[COUNT] = (self.settings.hops & 7) << 4 | rows.len() as u8;
        frame
    }

    /// Ranges as a frame.
    fn question(&self, space: Tag, ranges: Vec<Range>) -> Vec<u8> {
        let entries = ranges.into_iter().map(Entry::Range).collect();
        let body = Body::Rows(Rows { wants: true, space, entries, signature: None });
        Frame { hops: 0, peer: self.settings.own, seq: self.settings.seq, body }.print()
    }
}

/// The entries of a frame that is no part.
fn tips(bytes: &[u8]) -> impl Iterator<Item = Tip> {
    let count = usize::from(bytes[1] & 15);
    bytes[BARE..].as_chunks().0.iter().copied().take(count)
}
