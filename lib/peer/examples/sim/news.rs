//! Changes of a world, and who knows of each since when.

use super::air::Air;
use ulp_core::frame::{Body, Entry, Frame, Held, Rows, Tag};
use ulp_core::id::Tile;
use ulp_peer::air::{Class, Row, Settings, Standing, What};
use ulp_peer::radio::Lora;

/// The first second of a world.
const START: u64 = 1_795_167_000;
/// What goes on while it is news.
const HOPS: u8 = 7;
/// Not yet.
pub const NEVER: u64 = u64::MAX;

/// What was told, in order.
#[derive(Clone, Debug, Default)]
pub struct News {
    pub all: Vec<Told>,
}

/// A change that a node told of, and when each of them heard.
#[derive(Clone, Debug)]
pub struct Told {
    pub at: u64,
    pub by: usize,
    pub known: Vec<u64>,
}

/// A radio of LongFast, with a hundredth of each hour.
pub fn settings(node: usize) -> Settings {
    Settings {
        own: tag(node),
        seq: 0,
        hops: HOPS,
        mtu: 233,
        lora: Lora::LONG_FAST,
        header: 16,
        hourly: Some(36_000),
        total: None,
        rows: 2048,
        epoch: Some(START * 1000),
        skew: 300,
    }
}

/// The space of the world.
pub fn space() -> Tag {
    Tag::of(b"m/world/demo")
}

fn tag(node: usize) -> Tag {
    Tag::of(format!("node {node}").as_bytes())
}

/// What a node tells, by the number of its change: a tile of its own, with a head that nobody told before.
pub fn tell(node: usize, now: u64, changes: impl IntoIterator<Item = usize>) -> Frame {
    let entries = changes.into_iter().map(|change| {
        let tile = Tile { z: 12, x: change as i64, y: 0 };
        let [.., a, b, c, d, e, f] = (change as u64 + 1).to_be_bytes();
        Entry::Tip(tile, Held { events: 1, head: Some([a, b, c, d, e, f]) })
    });
    let body = Body::Rows(Rows { wants: false, space: space(), entries: entries.collect(), signature: None });
    Frame { hops: HOPS, peer: tag(node), seq: (START + now / 1000) as u32, body }
}

impl News {
    /// A node has something new to tell, now.
    pub fn tell(&mut self, air: &mut Air, node: usize) {
        let mut known = vec![NEVER; air.nodes.len()];
        known[node] = air.now;
        let frame = tell(node, air.now, [self.all.len()]);
        self.all.push(Told { at: air.now, by: node, known });
        air.nodes[node].offer(air.now, &frame, Class::Own);
        air.wake(node);
    }

    /// A node is given a row by other ways than the air.
    pub fn give(&mut self, air: &mut Air, node: usize, row: &Row) {
        let mut frame = row.frame(space());
        frame[1] |= HOPS << 4;
        let known = |_: &Frame| Standing::Known;
        if air.nodes[node].hear(air.now, &frame, known).is_ok_and(|heard| heard == [What::News])
            && let Ok(frame) = Frame::parse(&frame)
        {
            self.learn(air.now, node, &frame);
        }
    }

    /// Lets time pass, and notes who hears of what.
    pub fn run(&mut self, air: &mut Air, until: u64) {
        air.run(until, |now, node, frame| self.learn(now, node, frame));
    }

    fn learn(&mut self, now: u64, node: usize, frame: &Frame) {
        for entry in frame.rows().iter().flat_map(|rows| &rows.entries) {
            if let Entry::Tip(tile, _) = entry
                && let Some(told) = self.all.get_mut(tile.x as usize)
            {
                told.known[node] = told.known[node].min(now);
            }
        }
    }
}

impl Told {
    /// After how many milliseconds so many percent of the nodes knew.
    pub fn after(&self, percent: usize) -> u64 {
        let mut times = self.known.clone();
        times.sort_unstable();
        let last = times[(times.len() * percent).div_ceil(100) - 1];
        last.checked_sub(self.at).filter(|_| last < NEVER).unwrap_or(NEVER)
    }

    /// How many do not know.
    pub fn unknown(&self) -> usize {
        self.known.iter().filter(|at| **at == NEVER).count()
    }
}
