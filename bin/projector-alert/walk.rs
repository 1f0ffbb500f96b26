//! From events to messages: what is known at each event, and which of them are messages.
//!
//! Events are gone through in the order of their keys, which is one of causes before what builds on them. What is known
//! at an event of every node that matters is what was known at its causes, and what it does; so it is the same whatever
//! else there is. Where its causes do not tell of a node's creation, what the node's events before it in the order say
//! is taken besides.

use crate::area::{Area, Lacks};
use crate::cast::{self, Cast};
use crate::causes::{Graph, Seed};
use crate::identity::{self, Identity};
use crate::info::Info;
use crate::lore::{Act, Lore};
use crate::message::{self, Kind, Message};
use crate::trie::{Join as _, Trie};
use crate::words::Slot;
use bumpalo::Bump;
use foldhash::{HashMap, HashSet};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::ops::Range;
use std::rc::Rc;
use ulp_core::event::{Defaults, Primitive};
use ulp_core::id::{Authority, Key, Lane, Realm};
use ulp_view::View;
use ulp_view::geodesy::Plane;
use ulp_view::scene::Unplaced;
use ulp_view::transform::{Local, Transform};

/// The alerts of one space.
pub struct Alerts<'a> {
    /// By their numbers, which stand in the order of keys.
    pub messages: Vec<Message<'a>>,
    /// What there is to say of events: code and detail.
    pub notes: Vec<(&'static str, String)>,
}

/// There is an alert, and nothing says where on the Earth its space lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoOrigin;

/// What of a view the alerts of one space are made of.
pub struct Ground<'v, 'a> {
    pub view: &'v View<'v, 'a>,
    pub space: &'v str,
    /// Its tiles, by their places in the world.
    pub places: Range<usize>,
    pub plane: Result<Plane, Unplaced>,
}

/// What is known of every node that matters.
type Known<'a> = Trie<Rc<Lore<'a>>>;

/// The messages of a space; `arena` holds what is worked out for them.
///
/// # Errors
/// There is a message, and nothing says where on the Earth.
pub fn alerts<'a>(ground: &Ground<'_, 'a>, arena: &'a Bump) -> Result<Alerts<'a>, NoOrigin> {
    let (world, filter) = (ground.view.world, ground.view.filter);
    let none = Alerts { messages: Vec::new(), notes: Vec::new() };
    let Some(cast) = Cast::of(world, ground.places.clone(), filter, arena) else { return Ok(none) };
    let seeds = |place| {
        let seed = |(key, row): (Key<'a>, ulp_core::world::Row<'a>)| Seed {
            id: row.id,
            line: row.line,
            lane: row.lane,
            time: row.time,
            parents: row.parents,
            shown: world.withheld(&row, key, filter).is_none(),
            acts: cast.acts(row.payload, row.lane),
        };
        let seeds: Vec<Seed<'a>> = cast::rows(world, place, filter).map(seed).collect();
        seeds.iter().any(|seed| !seed.acts.is_empty()).then_some(seeds)
    };
    let graph = Graph::of(ground.places.clone().filter_map(seeds), world.defaults());
    let before = vec![[const { None }; Lane::COUNT]; cast.len()];
    let known = vec![Known::default(); graph.vertices.len()];
    let walk = Walk {
        ground,
        cast: &cast,
        graph: &graph,
        arena,
        known,
        met: HashMap::default(),
        before,
        alerts: none,
    };
    walk.run()
}

struct Walk<'w, 'a> {
    ground: &'w Ground<'w, 'a>,
    cast: &'w Cast<'a>,
    graph: &'w Graph<'a>,
    arena: &'a Bump,
    /// At every event that was gone through.
    known: Vec<Known<'a>>,
    /// At all bearers of a name together.
    met: HashMap<u32, Known<'a>>,
    /// By node and lane what its events so far say, whoever builds on them.
    before: Vec<[Option<Rc<Lore<'a>>>; Lane::COUNT]>,
    alerts: Alerts<'a>,
}

/// An act of an event, as it is looked at.
struct Step<'s, 'a> {
    vertex: u32,
    line: &'a [u8],
    lane: Lane,
    shown: bool,
    key: Key<'a>,
    actor: &'s str,
    act: &'s Act<'a>,
}

impl<'a> Walk<'_, 'a> {
    fn run(mut self) -> Result<Alerts<'a>, NoOrigin> {
        let (graph, defaults) = (self.graph, self.ground.view.world.defaults());
        for vertex in order(graph, defaults) {
            let mut known = self.at_causes(vertex);
            let Some(event) = graph.vertices[vertex as usize].event.as_ref() else { continue };
            if event.acts.is_empty() {
                self.known[vertex as usize] = known;
                continue;
            }
            let scratch = Bump::new();
            let read = identity::read(event.line, defaults, &scratch);
            let derived = read.is_some_and(|event| event.scope.authority == Authority::Derived);
            for act in &event.acts {
                let own = Key { eff: graph.vertices[vertex as usize].eff, id: event.id };
                let part = Primitive {
                    suffix: act.suffix,
                    operation: "",
                    payload: ulp_core::event::Payload::Unknown,
                };
                let (key, actor) = (part.key(own, self.arena), read.map_or("", |event| event.actor));
                let step =
                    Step { vertex, line: event.line, lane: event.lane, shown: event.shown, key, actor, act };
                let was = known.get(act.node).cloned().unwrap_or_default();
                let now = Rc::new(was.with(act, key, derived));
                known = known.with(act.node, Rc::clone(&now));
                if let Some(message) = self.message(&step, &was, &now, &known)? {
                    let number = u32::try_from(self.alerts.messages.len())
                        .expect("because there are fewer messages than bytes read");
                    known = known.with(act.node, Rc::new(now.telling(number)));
                    self.alerts.messages.push(message);
                }
                self.remember(&step, &known);
            }
            self.known[vertex as usize] = known;
        }
        Ok(self.alerts)
    }

    /// What is known at the causes of an event.
    fn at_causes(&mut self, vertex: u32) -> Known<'a> {
        let graph = self.graph;
        graph.causes(vertex).fold(Known::default(), |known, cause| known.join(&self.at(cause)))
    }

    /// What is known at a cause; at all bearers of a name what is known at any of them.
    fn at(&mut self, cause: u32) -> Known<'a> {
        if self.graph.vertices[cause as usize].event.is_some() {
            return self.known[cause as usize].clone();
        }
        if let Some(known) = self.met.get(&cause) {
            return known.clone();
        }
        let bearers = self.graph.causes(cause);
        let known = bearers.fold(Known::default(), |known, one| known.join(&self.known[one as usize]));
        self.met.insert(cause, known.clone());
        known
    }

    /// Keeps what an act says of its node for those that do not build on it.
    fn remember(&mut self, step: &Step<'_, 'a>, known: &Known<'a>) {
        let Some(now) = known.get(step.act.node) else { return };
        let slot = &mut self.before[step.act.node as usize][step.lane.index()];
        *slot = Some(slot.as_ref().map_or_else(|| Rc::clone(now), |before| before.join(now)));
    }

    /// What the events of a node before an act say, as far as its lane may know.
    fn before(&self, node: u32, lane: Lane) -> Option<Rc<Lore<'a>>> {
        let said = Lane::all().zip(&self.before[node as usize]);
        let counts = said.filter(|(of, _)| of.is_no_stricter_than(lane)).filter_map(|(_, lore)| lore.clone());
        counts.reduce(|a, b| a.join(&b))
    }

    /// The message that an act is, if it is one.
    fn message(
        &mut self,
        step: &Step<'_, 'a>,
        was: &Rc<Lore<'a>>,
        now: &Rc<Lore<'a>>,
        known: &Known<'a>,
    ) -> Result<Option<Message<'a>>, NoOrigin> {
        let (mut was, mut now) = (Rc::clone(was), Rc::clone(now));
        let is_ordered = now.created;
        if !is_ordered && let Some(before) = self.before(step.act.node, step.lane) {
            (was, now) = (was.join(&before), now.join(&before));
        }
        if !now.is_alert() || !step.act.is_news() {
            return Ok(None);
        }
        if !is_ordered {
            self.note("cap.unordered", step);
        }
        if step.lane.realm == Realm::Personal {
            self.note("cap.realm", step);
        }
        let vertex = &self.graph.vertices[step.vertex as usize];
        for (holds, code) in [(vertex.incomplete, "cap.incomplete"), (vertex.ambiguous, "cap.ambiguous")] {
            if holds {
                self.note(code, step);
            }
        }
        if vertex.incomplete || vertex.ambiguous {
            return Ok(None);
        }
        if was.ended {
            self.note("cap.ended", step);
            return Ok(None);
        }
        let is_end = step.act.is_end();
        let last = was.messages.last().map(|number| &self.alerts.messages[number as usize]);
        let kind = match (last, is_end) {
            (None, true) => return Ok(None),
            (None, false) => Kind::Alert,
            (Some(_), false) => Kind::Update,
            (Some(_), true) => Kind::Cancel,
        };
        let last = last.map(|last| (Rc::clone(&last.lore), Rc::clone(&last.area)));
        let area = if Info::is_there(&now) { self.area(step, &now, known)? } else { None };
        let (lore, area) = match (area, last.filter(|_| is_end)) {
            (Some(area), _) => (now, area),
            // What is over is over, whatever is left of what was said of it.
            (None, Some(last)) => last,
            (None, None) => return Ok(None),
        };
        Ok(Some(self.made(step, kind, (lore, area), was.messages.clone())))
    }

    fn made(
        &self,
        step: &Step<'_, 'a>,
        kind: Kind,
        (lore, area): (Rc<Lore<'a>>, Rc<Area>),
        references: Trie<()>,
    ) -> Message<'a> {
        let (space, node) = (self.ground.space, self.cast.name(step.act.node));
        let event = Identity::of(step.line, self.ground.view.world.defaults());
        Message {
            key: step.key,
            node,
            identifier: message::identifier(space, step.key, step.act.shared.then_some(node), &event),
            incidents: message::incidents(space, node),
            sender: message::sender(&lore, step.actor),
            kind,
            realm: step.lane.realm,
            lore,
            area,
            references,
            shown: step.shown,
        }
    }

    /// Where an alert holds; what there is to say of it is noted.
    fn area(
        &mut self,
        step: &Step<'_, 'a>,
        lore: &Lore<'a>,
        known: &Known<'a>,
    ) -> Result<Option<Rc<Area>>, NoOrigin> {
        let plane = match &self.ground.plane {
            Ok(plane) => *plane,
            Err(Unplaced::Origin) => return Err(NoOrigin),
            Err(Unplaced::Unit(_)) => {
                self.note("map.unit", step);
                return Ok(None);
            }
        };
        let world = self.world(step, lore, known);
        let code = match Area::of(lore, &world, &plane) {
            Ok(area) => return Ok(Some(Rc::new(area))),
            Err(Lacks::Place) => return Ok(None),
            Err(Lacks::Inside) => "cap.area",
            Err(Lacks::Reach) => "map.range",
        };
        self.note(code, step);
        Ok(None)
    }

    /// The frame that a node stands in, by all that it hangs on. Those that hang on each other in a ring hang on
    /// nothing.
    fn world(&self, step: &Step<'_, 'a>, lore: &Lore<'a>, known: &Known<'a>) -> Transform {
        let mut frames = vec![local(lore)];
        let mut met: Vec<u32> = vec![step.act.node];
        let mut numbers: HashSet<u32> = met.iter().copied().collect();
        let mut above = self.parent(step, lore, known);
        while let Some((number, lore)) = above {
            if !numbers.insert(number) {
                let ring = met.iter().position(|of| *of == number).unwrap_or_default();
                frames.truncate(ring + 1);
                break;
            }
            met.push(number);
            frames.push(local(&lore));
            above = self.parent(step, &lore, known);
        }
        frames.iter().rev().fold(Transform::IDENTITY, |world, own| world.then(own))
    }

    /// The node that another hangs on, or what it was absorbed into, as far as it is known.
    fn parent(&self, step: &Step<'_, 'a>, lore: &Lore<'a>, known: &Known<'a>) -> Option<(u32, Rc<Lore<'a>>)> {
        let (first, told) = self.named(step, lore.value(Slot::Parent)?, known)?;
        let mut met: HashSet<u32> = HashSet::default();
        let (mut number, mut survivor) = (first, Rc::clone(&told));
        while let Some(into) = survivor.value(Slot::Survivor) {
            // What was absorbed in a ring was not absorbed.
            if !met.insert(number) {
                return Some((first, told));
            }
            (number, survivor) = self.named(step, into, known)?;
        }
        Some((number, survivor))
    }

    /// A node by its name as a JSON string, where it was created.
    fn named(&self, step: &Step<'_, 'a>, raw: &str, known: &Known<'a>) -> Option<(u32, Rc<Lore<'a>>)> {
        let number = self.cast.number(&ulp_core::json::raw::text(raw)?)?;
        let own = known.get(number).cloned().unwrap_or_default();
        let lore = match self.before(number, step.lane).filter(|_| !own.created) {
            Some(before) => own.join(&before),
            None => own,
        };
        lore.created.then_some((number, lore))
    }

    /// Says something of an event that the view shows.
    fn note(&mut self, code: &'static str, step: &Step<'_, 'a>) {
        if step.shown {
            let detail = format!("{}: {}", self.cast.name(step.act.node), step.key.id);
            self.alerts.notes.push((code, detail));
        }
    }
}

fn local(lore: &Lore<'_>) -> Transform {
    let values = [Slot::Position, Slot::Rotation, Slot::Scale];
    Local::said(values.map(|slot| lore.value(slot))).transform()
}

/// The events of a graph by their keys; those of one key by their hashes.
fn order(graph: &Graph<'_>, defaults: &Defaults) -> Vec<u32> {
    let mut order: Vec<(Key<'_>, u32)> = (graph.vertices.iter().zip(0..))
        .filter_map(|(vertex, number)| Some((Key { eff: vertex.eff, id: vertex.event.as_ref()?.id }, number)))
        .collect();
    order.par_sort_unstable();
    let hash = |number: u32| {
        let event = graph.vertices[number as usize].event.as_ref();
        event.map(|event| Identity::of(event.line, defaults).hash.0)
    };
    for same in order.chunk_by_mut(|a, b| a.0.cmp(&b.0) == Ordering::Equal).filter(|same| same.len() > 1) {
        same.sort_by_cached_key(|(_, number)| hash(*number));
    }
    order.into_iter().map(|(_, number)| number).collect()
}
