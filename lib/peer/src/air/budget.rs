//! How much air there is yet.

use super::draw::draw;
use ulp_core::frame::Tag;

/// The parts of an hour that are counted.
const MINUTE: u64 = 60_000;
/// The minute that runs, and an hour before it: so that no hour, wherever it starts, has more.
const MINUTES: usize = 61;
/// What unknown tags may take, as a divisor.
const STRANGERS: u64 = 10;

/// What was spent, in milliseconds on air.
#[derive(Clone, Debug)]
pub struct Budget {
    hourly: Option<u64>,
    total: Option<u64>,
    all: Spent,
    strangers: Spent,
    /// What is added to a time, so that not all nodes get air back at the same moment.
    offset: u64,
    /// The minute that the counters have come to.
    minute: u64,
}

#[derive(Clone, Debug)]
struct Spent {
    minutes: [u64; MINUTES],
    hour: u64,
    ever: u64,
}

/// Who asks for air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// What a node says of itself.
    Own,
    /// What it asks.
    Range,
    /// Others' news that are signed.
    Signed,
    /// Other news, rows that are told again, parts of lines.
    Rest,
}

impl Class {
    /// The part of the air that has to stay free for what is more urgent.
    fn reserve(self, whole: u64) -> u64 {
        match self {
            Class::Own => 0,
            Class::Range => whole / 8,
            Class::Signed => whole / 16,
            Class::Rest => whole / 8,
        }
    }
}

impl Budget {
    /// So much an hour, and in all, for a node.
    pub fn new(hourly: Option<u64>, total: Option<u64>, own: Tag) -> Budget {
        let none = Spent { minutes: [0; MINUTES], hour: 0, ever: 0 };
        let offset = draw(&[&own.0], MINUTE);
        Budget { hourly, total, all: none.clone(), strangers: none, offset, minute: 0 }
    }

    /// Counts from now on.
    pub fn advance(&mut self, now: u64) {
        let to = ((now + self.offset) / MINUTE).max(self.minute);
        for minute in (self.minute + 1..=to).take(MINUTES) {
            self.all.free(minute);
            self.strangers.free(minute);
        }
        // Where more than an hour passed, all counters were freed, whichever minutes they are of.
        self.minute = to;
    }

    /// Whether a packet of a class may take so much.
    pub fn allows(&self, class: Class, air: u64) -> bool {
        let fits = |whole: Option<u64>, spent: u64| {
            whole.is_none_or(|whole| spent + air + class.reserve(whole) <= whole)
        };
        fits(self.hourly, self.all.hour) && fits(self.total, self.all.ever)
    }

    /// How many of the shortest intervals to wait with what is not urgent: the longer, the less air is left.
    pub fn haste(&self) -> u64 {
        let quarters = |whole: Option<u64>, spent: u64| whole.map_or(0, |whole| 4 * spent / whole.max(1));
        match quarters(self.hourly, self.all.hour).max(quarters(self.total, self.all.ever)) {
            0 | 1 => 1,
            2 => 2,
            _ => 8,
        }
    }

    /// Whether frames of unknown tags may take so much.
    pub fn allows_strangers(&self, air: u64) -> bool {
        let fits =
            |whole: Option<u64>, spent: u64| whole.is_none_or(|whole| spent + air <= whole / STRANGERS);
        fits(self.hourly, self.strangers.hour) && fits(self.total, self.strangers.ever)
    }

    /// Counts a packet that starts now, in the minute in which it ends.
    pub fn spend(&mut self, now: u64, air: u64, strangers: u64) {
        self.advance(now + air);
        self.all.add(self.minute, air);
        self.strangers.add(self.minute, strangers);
    }

    /// When some of what was spent comes back next.
    pub fn relief(&self) -> Option<u64> {
        let oldest = (self.minute + 1..).take(MINUTES).find(|minute| self.all.at(*minute) > 0);
        self.hourly.and(oldest).map(|minute| minute * MINUTE - self.offset)
    }

    /// What was used so far, in milliseconds.
    pub fn used(&self) -> u64 {
        self.all.ever
    }
}

impl Spent {
    fn place(minute: u64) -> usize {
        (minute % MINUTES as u64) as usize
    }

    fn at(&self, minute: u64) -> u64 {
        self.minutes[Spent::place(minute)]
    }

    fn free(&mut self, minute: u64) {
        self.hour -= std::mem::take(&mut self.minutes[Spent::place(minute)]);
    }

    fn add(&mut self, minute: u64, air: u64) {
        self.minutes[Spent::place(minute)] += air;
        self.hour += air;
        self.ever += air;
    }
}
