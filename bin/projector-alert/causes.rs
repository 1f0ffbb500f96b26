//! What each event builds on: itself and its causes, found by their names and by nothing else that is there.
//!
//! A name of the form `evt-` and 32 hex digits means the event of that hash alone: who else bears it is nobody's cause.
//! Any other name means all that bear it, and where these are several, nobody knows which was meant. What is stricter
//! than an event is no cause of it. Edges within a ring of causes count for nothing, as in the order of events.
//!
//! Nothing here recurses: a chain of causes may be as long as the trace.

use crate::identity::{Identity, is_of_hash};
use crate::lore::Act;
use crate::rings;
use foldhash::HashMap;
use rayon::prelude::*;
use std::ops::Range;
use ulp_core::event::{Defaults, Texts};
use ulp_core::id::{Lane, Time};

/// An event of a tile.
pub struct Seed<'a> {
    pub id: &'a str,
    pub line: &'a [u8],
    pub lane: Lane,
    pub time: Time,
    pub parents: Texts<'a>,
    /// Whether the view shows it.
    pub shown: bool,
    /// What it does to those who matter.
    pub acts: Vec<Act<'a>>,
}

/// Those events of a space that matter, and their causes.
pub struct Graph<'a> {
    pub vertices: Vec<Vertex<'a>>,
    causes: Vec<u32>,
}

/// An event; or, without one, all that bear one name.
pub struct Vertex<'a> {
    pub event: Option<Event<'a>>,
    causes: Range<usize>,
    /// Vertices of one ring have one number; causes have smaller ones.
    ring: u32,
    /// When it takes effect: after all its causes.
    pub eff: Time,
    /// Whether a cause of it, near or far, is not there,
    pub incomplete: bool,
    /// or is meant by a name that several bear.
    pub ambiguous: bool,
}

pub struct Event<'a> {
    pub id: &'a str,
    pub line: &'a [u8],
    pub lane: Lane,
    pub shown: bool,
    pub acts: Vec<Act<'a>>,
}

impl<'a> Graph<'a> {
    /// The causes of all events of some tiles that act.
    pub fn of(tiles: impl Iterator<Item = Vec<Seed<'a>>>, defaults: &Defaults) -> Graph<'a> {
        let mut graph = Graph { vertices: Vec::new(), causes: Vec::new() };
        tiles.for_each(|seeds| Building::new(&seeds, defaults, &mut graph).build());
        graph.settle();
        graph
    }

    /// The causes of a vertex that count.
    pub fn causes(&self, vertex: u32) -> impl Iterator<Item = u32> {
        let own = &self.vertices[vertex as usize];
        let list = self.causes[own.causes.clone()].iter().copied();
        list.filter(|cause| self.vertices[*cause as usize].ring != own.ring)
    }

    /// Gives every vertex its ring, its time, and what it lacks, causes first.
    fn settle(&mut self) {
        let all = |v: u32| &self.causes[self.vertices[v as usize].causes.clone()];
        let order = rings::order(self.vertices.len(), all);
        for (vertex, ring) in &order {
            self.vertices[*vertex as usize].ring = *ring;
        }
        for (vertex, _) in order {
            let (mut eff, mut lacks) = (Time(i64::MIN), (false, false));
            for cause in self.causes(vertex).map(|cause| &self.vertices[cause as usize]) {
                eff = eff.max(cause.eff);
                lacks = (lacks.0 || cause.incomplete, lacks.1 || cause.ambiguous);
            }
            let own = &mut self.vertices[vertex as usize];
            let after = if own.event.is_some() { Time(eff.0.saturating_add(1)) } else { eff };
            own.eff = own.eff.max(after);
            (own.incomplete, own.ambiguous) = (own.incomplete || lacks.0, own.ambiguous || lacks.1);
        }
    }
}

/// No vertex, no seed.
const NONE: u32 = u32::MAX;

/// Who is meant by a name.
#[derive(Clone, Copy)]
enum Meant {
    Nobody,
    One(u32),
    /// A vertex that stands for all of them.
    Several(u32),
}

/// What a vertex was made of.
enum Origin<'a> {
    Seed(u32),
    /// A name, as an event of that lane means it.
    Name(&'a str, Lane),
}

/// The vertices of one tile as they are put into a graph.
struct Building<'b, 'a> {
    seeds: &'b [Seed<'a>],
    graph: &'b mut Graph<'a>,
    /// The latest bearer of each name, and from each to the one before it.
    last: HashMap<&'a str, u32>,
    previous: Vec<u32>,
    /// Which seeds are what their name says.
    genuine: Vec<bool>,
    vertex_of: Vec<u32>,
    origins: Vec<Origin<'a>>,
    /// What was found out of names that several bear.
    crowds: HashMap<(&'a str, Lane), Meant>,
    /// The one genuine bearer of a name that is a hash, where several bear it.
    genuine_of: HashMap<&'a str, Option<u32>>,
}

impl<'b, 'a> Building<'b, 'a> {
    fn new(seeds: &'b [Seed<'a>], defaults: &Defaults, graph: &'b mut Graph<'a>) -> Self {
        let mut last = HashMap::default();
        let mut previous = Vec::with_capacity(seeds.len());
        for (seed, number) in seeds.iter().zip(0..) {
            previous.push(last.insert(seed.id, number).unwrap_or(NONE));
        }
        let mut building = Building {
            seeds,
            graph,
            last,
            previous,
            genuine: Vec::new(),
            vertex_of: vec![NONE; seeds.len()],
            origins: Vec::new(),
            crowds: HashMap::default(),
            genuine_of: HashMap::default(),
        };
        building.genuine = building.find_genuine(defaults);
        building
    }

    fn acting(&self) -> impl Iterator<Item = u32> + use<'b, 'a> {
        self.seeds.iter().zip(0..).filter(|(seed, _)| !seed.acts.is_empty()).map(|(_, number)| number)
    }

    fn bearers(&self, name: &str) -> impl Iterator<Item = u32> {
        let first = self.last.get(name).copied();
        std::iter::successors(first, |seed| {
            Some(self.previous[*seed as usize]).filter(|before| *before != NONE)
        })
    }

    /// Holds those to their name that may be meant by a hash: all that is named by what acts, near or far.
    fn find_genuine(&self, defaults: &Defaults) -> Vec<bool> {
        let mut reached = vec![false; self.seeds.len()];
        // By the latest bearer of a name, whether all of them were reached.
        let mut named = vec![false; self.seeds.len()];
        let mut open: Vec<u32> = self.acting().collect();
        open.iter().for_each(|seed| reached[*seed as usize] = true);
        while let Some(seed) = open.pop() {
            for name in self.seeds[seed as usize].parents.iter() {
                let Some(last) = self.last.get(name).map(|last| *last as usize) else { continue };
                if std::mem::replace(&mut named[last], true) {
                    continue;
                }
                for bearer in self.bearers(name) {
                    if !std::mem::replace(&mut reached[bearer as usize], true) {
                        open.push(bearer);
                    }
                }
            }
        }
        let holds = |(seed, reached): (&Seed<'a>, bool)| {
            reached && is_of_hash(seed.id) && Identity::of(seed.line, defaults).name == seed.id
        };
        self.seeds.par_iter().zip(reached).map(holds).collect()
    }

    fn build(mut self) {
        let first = self.graph.vertices.len();
        let acting: Vec<u32> = self.acting().collect();
        for seed in acting {
            self.vertex(seed);
        }
        let mut next = 0;
        while next < self.origins.len() {
            let start = self.graph.causes.len();
            match self.origins[next] {
                Origin::Seed(seed) => self.expand(seed, first + next),
                Origin::Name(name, lane) => {
                    let bearers: Vec<u32> = self.bearers_for(name, lane).collect();
                    for bearer in bearers {
                        let vertex = self.vertex(bearer);
                        self.graph.causes.push(vertex);
                    }
                }
            }
            self.graph.vertices[first + next].causes = start..self.graph.causes.len();
            next += 1;
        }
    }

    /// Puts the causes of an event into the graph.
    fn expand(&mut self, seed: u32, vertex: usize) {
        let Seed { parents, lane, .. } = self.seeds[seed as usize];
        for name in parents.iter() {
            let cause = match self.meant(name, lane) {
                Meant::Nobody => {
                    self.graph.vertices[vertex].incomplete = true;
                    continue;
                }
                Meant::One(seed) => self.vertex(seed),
                Meant::Several(crowd) => {
                    self.graph.vertices[vertex].ambiguous = true;
                    crowd
                }
            };
            self.graph.causes.push(cause);
        }
    }

    /// Who is meant by a name in an event of a lane.
    fn meant(&mut self, name: &'a str, lane: Lane) -> Meant {
        let Some(last) = self.last.get(name).copied() else { return Meant::Nobody };
        let counts = |seed: &u32| self.seeds[*seed as usize].lane.is_no_stricter_than(lane);
        if is_of_hash(name) {
            let genuine = self.genuine(name).filter(counts);
            return genuine.map_or(Meant::Nobody, Meant::One);
        }
        if self.previous[last as usize] == NONE {
            return Some(last).filter(counts).map_or(Meant::Nobody, Meant::One);
        }
        if let Some(meant) = self.crowds.get(&(name, lane)) {
            return *meant;
        }
        let bearers: Vec<u32> = self.bearers_for(name, lane).take(2).collect();
        let meant = match bearers[..] {
            [] => Meant::Nobody,
            [one] => Meant::One(one),
            _ => Meant::Several(self.push(Origin::Name(name, lane))),
        };
        self.crowds.insert((name, lane), meant);
        meant
    }

    /// Those that a name may mean in an event of a lane.
    fn bearers_for(&self, name: &str, lane: Lane) -> impl Iterator<Item = u32> {
        let counts = move |seed: &u32| self.seeds[*seed as usize].lane.is_no_stricter_than(lane);
        self.bearers(name).filter(counts)
    }

    fn genuine(&mut self, name: &'a str) -> Option<u32> {
        if let Some(known) = self.genuine_of.get(name) {
            return *known;
        }
        let found = self.bearers(name).find(|seed| self.genuine[*seed as usize]);
        self.genuine_of.insert(name, found);
        found
    }

    fn vertex(&mut self, seed: u32) -> u32 {
        if self.vertex_of[seed as usize] == NONE {
            self.vertex_of[seed as usize] = self.push(Origin::Seed(seed));
        }
        self.vertex_of[seed as usize]
    }

    fn push(&mut self, origin: Origin<'a>) -> u32 {
        let seed = match origin {
            Origin::Seed(seed) => Some(&self.seeds[seed as usize]),
            Origin::Name(..) => None,
        };
        let event = |seed: &Seed<'a>| Event {
            id: seed.id,
            line: seed.line,
            lane: seed.lane,
            shown: seed.shown,
            acts: seed.acts.clone(),
        };
        self.graph.vertices.push(Vertex {
            event: seed.map(event),
            causes: 0..0,
            ring: 0,
            eff: seed.map_or(Time(i64::MIN), |seed| seed.time),
            incomplete: false,
            ambiguous: false,
        });
        self.origins.push(origin);
        u32::try_from(self.graph.vertices.len() - 1).expect("because there are fewer events than bytes read")
    }
}
