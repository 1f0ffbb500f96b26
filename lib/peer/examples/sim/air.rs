//! The air between radios: range, collisions, half duplex, loss.
//!
//! A packet is heard by a neighbour that neither speaks nor hears anything else while it is on air, not even in part,
//! and has no bad luck besides. There is no capture: of two packets at once both are lost. A radio listens before it
//! speaks, as LoRa chips can, and where it hears someone waits for up to a second; whom it does not hear it disturbs.

use super::chance::Chance;
use super::map::Map;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use ulp_core::frame::Frame;
use ulp_peer::air::{Node, Settings, Standing, What};

/// A radio that finds the air taken tries again after this many milliseconds, and up to as many more.
const AGAIN: u64 = 50;
const AGAIN_WITHIN: u64 = 950;

/// What happens: a packet of a radio is over, or a node may have something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Over(u32),
    Wake(u32),
}

/// Radios, and what they are about.
pub struct Air {
    pub now: u64,
    pub nodes: Vec<Node>,
    heard_by: Vec<Vec<u32>>,
    radios: Vec<Radio>,
    /// By time, and those of one time as they were planned.
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    planned: u64,
    loss: u64,
    chance: Chance,
    /// Whoever is on another side is out of reach.
    sides: Option<Vec<bool>>,
}

/// What a radio does.
#[derive(Clone, Debug, Default)]
struct Radio {
    /// Packets on air around it.
    around: u32,
    /// Whose packet it hears, undisturbed so far.
    hears: Option<u32>,
    /// What it sends, and whom that reaches.
    sends: Option<(Vec<u8>, Vec<u32>)>,
    /// When it is woken next.
    wakes: Option<u64>,
}

impl Air {
    /// Radios on a map. Of what reaches a radio undisturbed so many of a hundred are lost.
    pub fn new(map: Map, loss: u64, seed: u64, settings: impl Fn(usize) -> Settings) -> Air {
        let count = map.heard_by.len();
        Air {
            now: 0,
            nodes: (0..count).map(|n| Node::new(settings(n))).collect(),
            heard_by: map.heard_by,
            radios: vec![Radio::default(); count],
            events: BinaryHeap::new(),
            planned: 0,
            loss,
            chance: Chance::new(seed),
            sides: None,
        }
    }

    /// Cuts the air between two sides, or no longer.
    pub fn cut(&mut self, sides: Option<Vec<bool>>) {
        self.sides = sides;
    }

    /// Moves a radio among others, or away from all.
    pub fn place(&mut self, node: usize, among: Vec<u32>) {
        for near in std::mem::replace(&mut self.heard_by[node], among) {
            self.heard_by[near as usize].retain(|n| *n as usize != node);
        }
        for at in 0..self.heard_by[node].len() {
            let near = self.heard_by[node][at] as usize;
            self.heard_by[near].push(node as u32);
        }
    }

    /// Looks when a node has something to say, which was told something.
    pub fn wake(&mut self, node: usize) {
        let Some(due) = self.nodes[node].due().map(|due| due.max(self.now)) else { return };
        if self.radios[node].wakes.is_none_or(|wakes| due < wakes) {
            self.wake_at(node, due);
        }
    }

    /// Goes on until a time; tells who learned of which frame, and when.
    pub fn run(&mut self, until: u64, mut learned: impl FnMut(u64, usize, &Frame)) {
        while let Some(Reverse((at, _, event))) = self.events.peek().copied()
            && at <= until
        {
            self.events.pop();
            self.now = at;
            match event {
                Event::Wake(node) => self.speak(node as usize),
                Event::Over(node) => self.over(node as usize, &mut learned),
            }
        }
        self.now = until;
    }

    fn wake_at(&mut self, node: usize, at: u64) {
        self.radios[node].wakes = Some(at);
        self.plan(at, Event::Wake(node as u32));
    }

    fn plan(&mut self, at: u64, event: Event) {
        self.planned += 1;
        self.events.push(Reverse((at, self.planned, event)));
    }

    fn speak(&mut self, node: usize) {
        // It may have been woken for an earlier time since.
        if self.radios[node].wakes != Some(self.now) {
            return;
        }
        self.radios[node].wakes = None;
        if self.radios[node].around > 0 {
            let again = self.now + AGAIN + self.chance.below(AGAIN_WITHIN);
            return self.wake_at(node, again);
        }
        match self.nodes[node].poll(self.now) {
            Some(packet) => self.send(node, packet),
            None => self.wake(node),
        }
    }

    fn send(&mut self, node: usize, packet: Vec<u8>) {
        let side = |n: usize| self.sides.as_ref().map(|sides| sides[n]);
        let near = self.heard_by[node].iter().copied();
        let reached: Vec<u32> = near.filter(|n| side(*n as usize) == side(node)).collect();
        for near in &reached {
            let radio = &mut self.radios[*near as usize];
            radio.around += 1;
            let clear = radio.around == 1 && radio.sends.is_none();
            radio.hears = clear.then_some(node as u32);
        }
        let over = self.now + self.nodes[node].airtime(packet.len());
        let radio = &mut self.radios[node];
        (radio.hears, radio.sends) = (None, Some((packet, reached)));
        self.plan(over, Event::Over(node as u32));
    }

    fn over(&mut self, node: usize, learned: &mut impl FnMut(u64, usize, &Frame)) {
        let Some((packet, reached)) = self.radios[node].sends.take() else { return };
        for near in reached {
            let radio = &mut self.radios[near as usize];
            radio.around -= 1;
            if radio.hears == Some(node as u32) {
                radio.hears = None;
                if !self.chance.percent(self.loss) {
                    self.hear(near as usize, &packet, learned);
                }
            }
        }
        self.wake(node);
    }

    fn hear(&mut self, node: usize, packet: &[u8], learned: &mut impl FnMut(u64, usize, &Frame)) {
        let mut frames = Vec::new();
        let judge = |frame: &Frame| {
            frames.push(frame.clone());
            Standing::Known
        };
        let heard = self.nodes[node].hear(self.now, packet, judge);
        for (frame, what) in frames.iter().zip(heard.into_iter().flatten()) {
            if what == What::News {
                learned(self.now, node, frame);
            }
        }
        self.wake(node);
    }
}
