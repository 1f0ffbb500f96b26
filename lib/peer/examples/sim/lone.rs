//! One peer that tells many tiles at once, to one who has none.

use super::air::Air;
use super::map::Map;
use super::news::{settings, space, tell};
use ulp_peer::air::{Class, WAITING};

/// Tips of a frame that fills a packet.
const A_FRAME: usize = 12;
const MINUTE: u64 = 60_000;

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Lone {
    /// Rows that are on both sides, of those told.
    pub same: usize,
    pub told: usize,
    /// When the tables were equal, in milliseconds.
    pub equal: Option<u64>,
}

/// A peer tells tiles, all with one `seq`; a second node hears it, but for the loss. Both have their hundredth of an hour.
pub fn tell_all(tiles: usize, loss: u64, seed: u64, until: u64) -> Lone {
    let mut air = Air::new(Map::alone(2), loss, seed, settings);
    air.place(0, vec![1]);
    let mut next = 0;
    let mut equal = None;
    while air.now < until && equal.is_none() {
        // As much as may wait without pushing anything out.
        while next < tiles && air.nodes[0].waiting() < WAITING / 2 {
            let frame = tell(0, 0, next..tiles.min(next + A_FRAME));
            air.nodes[0].offer(air.now, &frame, Class::Own);
            next += A_FRAME;
        }
        air.wake(0);
        let then = air.now + MINUTE;
        air.run(then, |_, _, _| {});
        equal = (next >= tiles && rows(&air, 0) == rows(&air, 1)).then_some(air.now);
    }
    let theirs = rows(&air, 1);
    let same = rows(&air, 0).iter().filter(|row| theirs.binary_search(row).is_ok()).count();
    Lone { same, told: tiles, equal }
}

fn rows(air: &Air, node: usize) -> Vec<[u8; 31]> {
    air.nodes[node].table().rows(space()).iter().map(|row| row.frame(space())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_peer_tells_at_once_is_all_heard_in_the_end() {
        let lone = tell_all(200, 30, 1, 24 * 60 * MINUTE);
        assert_eq!((lone.same, lone.told), (200, 200));
        assert!(lone.equal.is_some());
    }
}
