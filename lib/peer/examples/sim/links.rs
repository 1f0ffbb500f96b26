//! Peers whose links are cut and restored, and what they know in the end: the graph's join and that of the air.
//!
//! Who says something tells it over the links that are up, and whoever finds it new tells it on. Over a link that comes
//! up both tell all they have. In the end all links are up. The bounds are so narrow that much is pushed out.

use super::chance::Chance;
use super::news::{settings, space};
use std::collections::VecDeque;
use ulp_core::frame::{Body, Entry, Frame, Held, Rows, Tag};
use ulp_core::hash::Blake3;
use ulp_core::id::Tile;
use ulp_peer::air::{Node, Settings, Standing, What as Heard};
use ulp_peer::graph::{Bounds, Fate, Graph, Place, Said, Share, What};

/// What each peer has room for.
pub const ROOM: Bounds = Bounds { rows: 24, peer_rows: 6 };
pub const TABLE: usize = 24;
/// What is said in a world, and between how many changes of links.
const SAID: usize = 36;
const CUTS: usize = 6;
const TILES: u64 = 12;
/// Who speaks, of all peers.
const SPEAKERS: u64 = 8;
/// Links of each peer to others that chance chooses, beside one to the next.
const LINKS: usize = 1;

/// What was found in some worlds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Links {
    pub worlds: usize,
    /// In how many all agreed with each other and with who hears all in one go.
    pub agree: usize,
    /// The most rows that any peer had.
    pub graph: usize,
    pub table: usize,
}

impl Links {
    /// The figures of two sets of worlds together.
    pub fn and(self, other: Links) -> Links {
        Links {
            worlds: self.worlds + other.worlds,
            agree: self.agree + other.agree,
            graph: self.graph.max(other.graph),
            table: self.table.max(other.table),
        }
    }
}

/// What a peer says.
struct Statement {
    peer: String,
    seq: u32,
    path: String,
    hash: Blake3,
    frame: Vec<u8>,
}

/// A peer, and what it has.
struct Peer {
    graph: Graph,
    node: Node,
}

/// Peers, and the links that are up.
struct World {
    said: Vec<Statement>,
    peers: Vec<Peer>,
    links: Vec<(usize, usize, bool)>,
    found: Links,
}

/// A world of a seed.
pub fn world(peers: usize, seed: u64) -> Links {
    let mut chance = Chance::new(seed);
    let mut world = World::new(peers, &mut chance);
    for n in 0..SAID {
        if n.is_multiple_of(SAID / CUTS) {
            world.change(|| chance.percent(40));
        }
        world.say(n, chance.below(peers as u64) as usize);
    }
    world.change(|| true);
    world.judge()
}

/// The worlds of many seeds, on so many threads as may be.
pub fn worlds(peers: usize, seeds: std::ops::Range<u64>) -> Links {
    const THREADS: u64 = 4;
    let part = &|thread: u64| {
        let own = seeds.clone().filter(|seed| seed % THREADS == thread);
        own.map(|seed| world(peers, seed)).fold(Links::default(), Links::and)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || part(thread))).collect();
        let found = threads.into_iter().map(|thread| thread.join().expect("because no world panics"));
        found.fold(Links::default(), Links::and)
    })
}

impl Statement {
    fn new(number: usize, chance: &mut Chance) -> Statement {
        let peer = format!("did:example:{}", chance.below(SPEAKERS));
        let (seq, x) = (1_795_167_000 + chance.below(30) as u32, chance.below(TILES));
        let [.., a, b, c, d, e, f] = (1 + chance.below(20)).to_be_bytes();
        let tile = Tile { z: 12, x: x as i64, y: 0 };
        let entries = vec![Entry::Tip(tile, Held { events: 1, head: Some([a, b, c, d, e, f]) })];
        let body = Body::Rows(Rows { wants: false, space: space(), entries, signature: None });
        let frame = Frame { hops: 7, peer: Tag::of_peer(&peer), seq, body }.print();
        let hash = Blake3::of(&number.to_be_bytes());
        Statement { peer, seq, path: format!("m/world/demo/tiles/{tile}/head"), hash, frame }
    }
}

impl Peer {
    fn new(number: usize) -> Peer {
        let settings = Settings { rows: TABLE, hourly: None, ..settings(number) };
        Peer { graph: Graph::new(ROOM), node: Node::new(settings) }
    }

    /// Hears a statement; whether the graph or the table finds it new.
    fn hear(&mut self, number: usize, statement: &Statement) -> bool {
        let said = Said {
            share: if statement.peer.ends_with(['0', '1', '2']) { Share::Signed } else { Share::Unsigned },
            what: What::Knows,
            peer: &statement.peer,
            seq: statement.seq,
            hash: statement.hash,
        };
        let place = Place { at: number as u64, length: 1 };
        let is_news = self.hear_frame(&statement.frame);
        self.graph.take(&said, [(statement.path.as_str(), number as u64)], place).fate == Fate::Stands
            || is_news
    }

    fn hear_frame(&mut self, frame: &[u8]) -> bool {
        let heard = self.node.hear(0, frame, |_| Standing::Known);
        heard.is_ok_and(|heard| heard == [Heard::News])
    }

    /// The lines of the graph, and the rows of the table.
    fn has(&self) -> (Vec<u64>, Vec<[u8; 31]>) {
        let lines = self.graph.lines().iter().map(|line| line.place.at).collect();
        (lines, self.node.table().rows(space()).iter().map(|row| row.frame(space())).collect())
    }
}

impl World {
    fn new(peers: usize, chance: &mut Chance) -> World {
        let mut links: Vec<_> = (0..peers).map(|n| (n, (n + 1) % peers, false)).collect();
        for n in 0..peers {
            links.extend((0..LINKS).map(|_| (n, chance.below(peers as u64) as usize, false)));
        }
        links.retain(|(a, b, _)| a != b);
        World {
            said: (0..SAID).map(|n| Statement::new(n, chance)).collect(),
            peers: (0..peers).map(Peer::new).collect(),
            links,
            found: Links::default(),
        }
    }

    /// Cuts links and restores others; over these both sides tell all they have.
    fn change(&mut self, mut is_up: impl FnMut() -> bool) {
        for at in 0..self.links.len() {
            let (a, b, was) = self.links[at];
            let up = is_up();
            self.links[at].2 = up;
            if up && !was {
                for (from, to) in [(a, b), (b, a)] {
                    let lines = self.peers[from].has().0;
                    lines.into_iter().for_each(|line| self.say(line as usize, to));
                    self.give(from, to);
                }
            }
        }
    }

    /// The rows of a table, over a link that came up.
    fn give(&mut self, from: usize, to: usize) {
        let mut next = VecDeque::from([(from, to)]);
        while let Some((from, to)) = next.pop_front() {
            let frames = self.peers[from].has().1;
            let news = frames.iter().filter(|frame| self.peers[to].hear_frame(*frame));
            if news.count() > 0 {
                next.extend(self.near(to).into_iter().map(|near| (to, near)));
            }
        }
    }

    /// A peer hears a statement, and tells it on if it is new.
    fn say(&mut self, number: usize, peer: usize) {
        let mut next = VecDeque::from([peer]);
        while let Some(peer) = next.pop_front() {
            if self.peers[peer].hear(number, &self.said[number]) {
                next.extend(self.near(peer));
            }
            let (graph, table) = (self.peers[peer].graph.rows(), self.peers[peer].node.table().len());
            self.found.graph = self.found.graph.max(graph);
            self.found.table = self.found.table.max(table);
        }
    }

    /// Whom a peer reaches.
    fn near(&self, peer: usize) -> Vec<usize> {
        let up = self.links.iter().filter(|(_, _, up)| *up);
        up.filter_map(|(a, b, _)| [(*a, *b), (*b, *a)].into_iter().find(|(a, _)| *a == peer).map(|(_, b)| b))
            .collect()
    }

    fn judge(self) -> Links {
        let mut all = Peer::new(0);
        for (number, statement) in self.said.iter().enumerate().rev() {
            all.hear(number, statement);
        }
        let agree = self.peers.iter().all(|peer| peer.has() == all.has());
        Links { worlds: 1, agree: usize::from(agree), ..self.found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_agree_once_their_links_are_restored_whatever_was_cut() {
        let found = (0..20).map(|seed| world(10, seed)).fold(Links::default(), Links::and);
        assert_eq!((found.worlds, found.agree), (20, 20));
        assert!(found.graph == ROOM.rows && found.table == TABLE, "{found:?}");
    }
}
