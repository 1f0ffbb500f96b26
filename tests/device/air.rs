//! Nodes on air: what one hears, keeps, answers, relays and sends, beside the same node in C.
//!
//! A few Rust nodes talk, over an air that loses packets, and strangers talk in between. One of them has a twin in C, that
//! is told and asked the same at the same times.

use super::{FEW_ROWS, PROGRAMS, Questions, bytes, hex, rng};
use crate::reference::generate::Rng;
use crate::sample;
use ulp_core::frame::{Body, Entry, Frame, Held, MOST_ENTRIES, Part, Range, Rows, Tag};
use ulp_core::hash::Sha256;
use ulp_core::id::Tile;
use ulp_peer::air::{Class, Node, Settings, Standing, What};

/// When the nodes' time began, in seconds since 1970.
const START: u32 = 1_795_167_000;

/// A node, and its twin if it has one.
struct Peer {
    node: Node,
    tag: Tag,
    is_asked: bool,
}

/// All that happens in one world.
struct World<'q> {
    rng: Rng,
    now: u64,
    peers: Vec<Peer>,
    /// Pools that things are drawn from: small ones make things meet.
    tags: Vec<Tag>,
    spaces: Vec<Tag>,
    tiles: usize,
    /// How far back what is said was seen, in seconds; nothing where all was seen at once.
    span: usize,
    /// How many parts of lines there are.
    parts: usize,
    /// Of ten steps, how many are strangers'.
    noise: usize,
    questions: &'q mut Questions,
}

fn settings(rng: &mut Rng, tag: Tag, rows: usize) -> (Settings, String) {
    let sf = 7 + rng.below(6);
    let lora = format!("sf={sf},bw=250,cr=5,preamble=16");
    let hourly = rng.chance(50).then(|| [2_000, 36_000, 360_000][rng.below(3)]);
    let total = rng.chance(15).then(|| [5_000, 100_000][rng.below(2)]);
    let epoch = rng.chance(70).then_some(u64::from(START) * 1000);
    let settings = Settings {
        own: tag,
        seq: START,
        hops: rng.below(8) as u8,
        mtu: [51, 115, 222, 233, 250][rng.below(5)],
        lora: lora.parse().unwrap(),
        header: [0, 16][rng.below(2)],
        hourly,
        total,
        rows,
        epoch,
        skew: 300,
    };
    let limit = |limit: Option<u64>| limit.map_or("-".to_owned(), |limit| limit.to_string());
    let question = format!(
        "node {tag} {START} {} {} {sf} 250000 5 16 {} {} {} {} 300",
        settings.hops,
        settings.mtu,
        settings.header,
        limit(hourly),
        limit(total),
        limit(epoch),
    );
    (settings, question)
}

/// As `judge` of `answers.c` says.
fn judge(frame: &Frame) -> Standing {
    let signature = frame.rows().and_then(|rows| rows.signature);
    match signature {
        Some(signature) if signature[63] == 0 => Standing::Refused,
        _ if frame.peer.0[3] & 3 == 3 => Standing::Unknown,
        Some(_) => Standing::Signed,
        None => Standing::Known,
    }
}

fn name(what: &What) -> &'static str {
    match what {
        What::News => "news",
        What::Known => "known",
        What::Presence => "presence",
        What::Question => "question",
        What::Future => "future",
        What::Refused => "forged",
    }
}

impl World<'_> {
    fn new(mut rng: Rng, rows: usize, questions: &mut Questions) -> World<'_> {
        let unknown = if rng.chance(20) { 3 } else { 0 };
        let mut tag = || Tag((rng.draw() as u32 | unknown).to_be_bytes());
        let tags: Vec<Tag> = (0..9).map(|_| tag()).collect();
        let count = if rng.chance(10) { 70 } else { 1 + rng.below(3) };
        let spaces = (0..count).map(|_| Tag((rng.draw() as u32).to_be_bytes())).collect();
        let (tiles, span) = ([1, 4, 60, 1000][rng.below(4)], [0, 1, 10, 1000][rng.below(4)]);
        let (parts, noise) = ([8, 400][rng.below(2)], [0, 1, 4, 7][rng.below(4)]);
        let mut peers = Vec::new();
        for at in 0..1 + rng.below(3) {
            let tag = Tag((rng.draw() as u32).to_be_bytes());
            let (settings, question) = settings(&mut rng, tag, rows);
            if at == 0 {
                questions.ask(question, "ready");
            }
            peers.push(Peer { node: Node::new(settings), tag, is_asked: at == 0 });
        }
        World { rng, now: 0, peers, tags, spaces, tiles, span, parts, noise, questions }
    }

    fn seq(&mut self) -> u32 {
        let passed = (self.now / 1000) as u32;
        match self.rng.below(30) {
            _ if self.span == 0 => START,
            0 => self.rng.below(1 << 24) as u32,
            1 => self.rng.draw() as u32,
            2 => u32::MAX,
            _ => START + passed.saturating_sub(self.rng.below(self.span) as u32),
        }
    }

    fn tip(&mut self) -> Entry {
        let rng = &mut self.rng;
        let head = [rng.below(6) as u8; 6];
        let held = Held { events: rng.below(3) as u32, head: Some(head).filter(|h| *h != [0; 6]) };
        let at = rng.below(self.tiles) as i64;
        if rng.chance(5) { Entry::Space(held) } else { Entry::Tip(Tile { z: 0, x: at, y: -at }, held) }
    }

    fn space(&mut self) -> Tag {
        self.spaces[self.rng.below(self.spaces.len())]
    }

    fn tips(&mut self, peer: Tag) -> Frame {
        let count =
            if self.rng.chance(70) { 1 + self.rng.below(3) } else { self.rng.below(MOST_ENTRIES + 1) };
        let entries = (0..count).map(|_| self.tip()).collect();
        let signature = self.rng.chance(20).then(|| {
            let mut signature: [u8; 64] = bytes(&mut self.rng, 64).try_into().unwrap();
            signature[63] = self.rng.below(4) as u8;
            signature
        });
        let body = Body::Rows(Rows { wants: false, space: self.space(), entries, signature });
        Frame { hops: self.rng.below(8) as u8, peer, seq: self.seq(), body }
    }

    fn questions_of_a_stranger(&mut self) -> Frame {
        let count = 1 + self.rng.below(3);
        let entries =
            (0..count).map(|_| if self.rng.chance(40) { self.tip() } else { self.range() }).collect();
        let body = Body::Rows(Rows { wants: true, space: self.space(), entries, signature: None });
        Frame { hops: 0, peer: self.any_tag(), seq: self.seq(), body }
    }

    fn range(&mut self) -> Entry {
        let key = |world: &mut Self| match world.rng.below(6) {
            0 => 0,
            1 => world.rng.draw() >> 24,
            2 => (1 << 40) - 1,
            _ => u64::from(world.seq()) << 8 | world.rng.below(256) as u64,
        };
        let from = key(self);
        let to = if self.rng.chance(30) { from + 1 } else { key(self) };
        let rows = [0, 1, 5, 9, 300][self.rng.below(5)];
        Entry::Range(Range { from, to: to & ((1 << 40) - 1), rows, digest: [self.rng.below(2) as u8; 4] })
    }

    fn part(&mut self, peer: Tag) -> Frame {
        let body = Body::Part(Part { index: 0, total: 2, data: vec![7; 20] });
        Frame { hops: self.rng.below(8) as u8, peer, seq: self.rng.below(self.parts) as u32, body }
    }

    fn any_tag(&mut self) -> Tag {
        self.tags[self.rng.below(self.tags.len())]
    }

    /// What someone says whom nobody follows.
    fn strange_packet(&mut self) -> Vec<u8> {
        let peer = self.any_tag();
        let mut packet = match self.rng.below(9) {
            _ if self.parts > 8 => self.part(peer).print(),
            0 => self.questions_of_a_stranger().print(),
            1 => self.part(peer).print(),
            2 => [self.tips(peer).print(), self.questions_of_a_stranger().print()].concat(),
            _ => self.tips(peer).print(),
        };
        if self.rng.chance(5) {
            let at = self.rng.below(packet.len());
            packet[at] ^= 1 << self.rng.below(8);
        }
        packet
    }

    fn hear(&mut self, at: usize, packet: &[u8]) {
        let peer = &mut self.peers[at];
        let heard = peer.node.hear(self.now, packet, judge);
        if peer.is_asked {
            let answer = heard
                .map_or("refused".to_owned(), |whats| whats.iter().map(name).collect::<Vec<_>>().join(" "));
            self.questions.ask(format!("air {} {}", self.now, hex(packet)), answer);
        }
    }

    /// Everyone but who sent it hears a packet, or not.
    fn broadcast(&mut self, from: Option<usize>, packet: &[u8]) {
        for at in 0..self.peers.len() {
            if Some(at) != from && !self.rng.chance(20) {
                self.hear(at, packet);
            }
        }
    }

    fn offer(&mut self, at: usize) {
        let tag = self.peers[at].tag;
        let frame = if self.rng.chance(30) { self.part(tag) } else { self.tips(tag) };
        let print = frame.print();
        if print.len() > 51 {
            return;
        }
        let classes = [Class::Own, Class::Range, Class::Signed, Class::Rest];
        let class = self.rng.below(classes.len());
        self.peers[at].node.offer(self.now, &frame, classes[class]);
        if self.peers[at].is_asked {
            self.questions.ask(format!("offer {} {class} {}", self.now, hex(&print)), "yes");
        }
    }

    fn poll(&mut self) {
        for at in 0..self.peers.len() {
            let packet = self.peers[at].node.poll(self.now);
            if self.peers[at].is_asked {
                let due = self.peers[at].node.due();
                self.questions.ask(format!("poll {}", self.now), hex(packet.as_deref().unwrap_or_default()));
                self.questions.ask("due".to_owned(), due.map_or("never".to_owned(), |d| d.to_string()));
            }
            if let Some(packet) = packet {
                self.broadcast(Some(at), &packet);
            }
        }
    }

    fn pass(&mut self) {
        let due = self.peers.iter().filter_map(|peer| peer.node.due()).min().unwrap_or(self.now);
        self.now = match self.rng.below(20) {
            0 => self.now + 60_000,
            1 => self.now + 1_000_000,
            2..10 => self.now + self.rng.below(3_000) as u64,
            _ => due.max(self.now),
        };
    }

    fn compare(&mut self) {
        let node = &self.peers[0].node;
        let table = node.table();
        let sums = (table.len(), table.floor(), node.dropped(), node.used());
        self.questions.ask("sums".to_owned(), format!("{} {} {} {}", sums.0, sums.1, sums.2, sums.3));
        let space = self.spaces[self.rng.below(self.spaces.len())];
        let rows = table.rows(space);
        let frames: Vec<u8> = rows.iter().flat_map(|row| row.frame(space)).collect();
        let digest = &Sha256::of(&frames).0[..4];
        self.questions.ask(format!("table {space}"), format!("{} {}", rows.len(), hex(digest)));
    }

    fn live(&mut self, steps: usize) {
        if self.rng.chance(50) {
            let space = self.space();
            self.peers[0].node.space(self.now, space);
            self.questions.ask(format!("keep {} {space}", self.now), "yes");
        }
        for _ in 0..steps {
            match self.rng.below(20) {
                0 => {
                    let at = self.rng.below(self.peers.len());
                    self.offer(at);
                }
                step if step < 1 + 2 * self.noise => {
                    let packet = self.strange_packet();
                    self.broadcast(None, &packet);
                }
                _ => {
                    self.pass();
                    self.poll();
                }
            }
            if self.rng.chance(5) {
                self.compare();
            }
        }
        self.compare();
    }
}

#[test]
fn a_node_in_c_says_what_one_in_rust_says() {
    let Some(programs) = PROGRAMS.as_ref() else { return };
    let batches: Vec<usize> = (0..sample::size(400, 4)).collect();
    sample::each(&batches, |_, batch| {
        for (rows, program) in [(FEW_ROWS, &programs.small), (2048, &programs.large)] {
            let (mut draws, mut questions) = (rng(*batch), Questions::default());
            for _ in 0..20 {
                World::new(Rng::new(draws.draw()), rows, &mut questions).live(150);
            }
            questions.hold(program);
        }
    });
}
