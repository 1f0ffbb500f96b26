//! A trace as an animation: nodes appear, move, grow and go in the order in which it happened.
//!
//! The animation is [`LENGTH`] seconds long, and every point in time at which something happened takes an equal share
//! of it: in a trace that sleeps for months nothing is missed, and one in steady steps plays steadily. A node that is
//! not there has no size. Whatever changes does so within a moment before its time.

use crate::gltf::Document;
use crate::model::{Built, Placed};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::{Key, Time};
use ulp_core::state::Node as State;
use ulp_view::history::{Effect, Resolved, Step};
use ulp_view::join::ViewNode;
use ulp_view::solid::mesh::Plan;
use ulp_view::solid::models::shape_of;
use ulp_view::solid::site::Site;
use ulp_view::solid::space::{Turn, Vector, tamed, times};
use ulp_view::transform::Local;

/// How long the animation is, in seconds.
const LENGTH: f64 = 30.0;
/// How long nothing has happened yet.
const START: f64 = 0.5;
/// How long a change takes, in seconds, where nothing else happens to the node.
const MOMENT: f64 = 0.25;

/// When things happen in the animation, in seconds.
pub struct Clock(HashMap<Time, f64>);

impl Clock {
    /// The clock of all histories together.
    pub fn new(histories: &[Resolved<'_>]) -> Clock {
        // What a sensor reads moves nothing.
        let moves = |s: &&Step<'_>| s.effects.iter().any(|effect| !matches!(effect, Effect::Read { .. }));
        let moving = histories.iter().flat_map(|h| &h.steps).filter(moves);
        let mut times: Vec<Time> = moving.map(|s| s.event.key.eff).collect();
        times.sort_unstable();
        times.dedup();
        let share = (LENGTH - START) / times.len().max(1) as f64;
        Clock(times.into_iter().zip(1..).map(|(time, n)| (time, START + share * f64::from(n))).collect())
    }

    fn at(&self, time: Time) -> f64 {
        self.0.get(&time).copied().unwrap_or(0.0)
    }
}

/// How a node was at a time.
#[derive(Clone, Copy, PartialEq)]
struct Pose {
    translation: Vector,
    rotation: Turn,
    scale: Vector,
    stretch: Vector,
}

/// The animation of a document: all its channels.
pub struct Animation<'d> {
    document: &'d mut Document,
    samplers: Vec<serde_json::Value>,
    channels: Vec<serde_json::Value>,
    /// Lists of times that were written already.
    times: BTreeMap<Vec<u64>, usize>,
    /// Nodes with what of their history the animation cannot show.
    pub dropped: BTreeSet<(String, &'static str)>,
}

impl<'d> Animation<'d> {
    pub fn new(document: &'d mut Document) -> Animation<'d> {
        Animation {
            document,
            samplers: Vec::new(),
            channels: Vec::new(),
            times: BTreeMap::new(),
            dropped: BTreeSet::new(),
        }
    }

    /// Moves everything of a space as its history did.
    pub fn add(
        &mut self,
        history: &Resolved<'_>,
        built: &Built<'_, '_, '_>,
        clock: &Clock,
        stays: &dyn Fn(&ViewNode<'_>) -> bool,
    ) {
        let mut play = Play::new(built, stays);
        for step in &history.steps {
            play.step(step, clock.at(step.event.key.eff));
        }
        for (i, actor) in play.actors.iter().enumerate() {
            self.node(&built.placed[i], &actor.track);
        }
        for (i, line) in play.lines.iter().enumerate() {
            self.link(built.links[i].0, built.links[i].1, &line.track);
        }
        self.dropped.append(&mut play.dropped);
    }

    fn node(&mut self, placed: &Placed, track: &[(f64, Pose)]) {
        let Some((_, first)) = track.first() else { return };
        let own = placed.drawn_in == placed.number;
        let scale = |p: &Pose| if own { times(p.scale, p.stretch) } else { p.scale };
        self.channel(placed.number, "translation", first.translation, track, |p| p.translation);
        let mut last = first.rotation;
        let turns: Vec<(f64, Turn)> = track
            .iter()
            .map(|(time, p)| {
                // A turn and its opposite are the same: the nearer one makes the shorter way.
                let same = last.iter().zip(p.rotation).map(|(a, b)| a * b).sum::<f64>() >= 0.0;
                last = if same { p.rotation } else { p.rotation.map(|c| -c) };
                (*time, last)
            })
            .collect();
        self.channel(placed.number, "rotation", first.rotation, &turns, |q| *q);
        self.channel(placed.number, "scale", [0.0; 3], track, scale);
        if !own {
            self.channel(placed.drawn_in, "scale", first.stretch, track, |p| p.stretch);
        }
    }

    fn link(&mut self, number: usize, full: Vector, track: &[(f64, bool)]) {
        self.channel(number, "scale", [0.0; 3], track, |shown| if *shown { full } else { [0.0; 3] });
    }

    /// One value of a node over time: still until a moment before each change.
    fn channel<T, const N: usize>(
        &mut self,
        node: usize,
        path: &str,
        start: [f64; N],
        track: &[(f64, T)],
        value: impl Fn(&T) -> [f64; N],
    ) {
        let mut keys: Vec<(f64, [f64; N])> = vec![(0.0, start)];
        for (time, what) in track {
            let (last, old) = keys[keys.len() - 1];
            let new = value(what);
            if new == old {
                continue;
            }
            if time - MOMENT > last {
                keys.push((time - MOMENT, old));
            }
            if *time > keys[keys.len() - 1].0 {
                keys.push((*time, new));
            }
        }
        // What never has any size needs to be told so, as it is drawn with the size that it would have.
        let never = path == "scale" && start == [0.0; N];
        if keys.len() == 1 && !never {
            return;
        }
        let input = self.times(keys.iter().map(|(time, _)| *time));
        let output = self.document.numbers(&keys.iter().map(|(_, v)| *v).collect::<Vec<_>>(), false);
        self.channels
            .push(json!({ "sampler": self.samplers.len(), "target": { "node": node, "path": path } }));
        self.samplers.push(json!({ "input": input, "output": output, "interpolation": "LINEAR" }));
    }

    fn times(&mut self, times: impl Iterator<Item = f64>) -> usize {
        let times: Vec<f64> = times.collect();
        let document = &mut self.document;
        let known = self.times.entry(times.iter().map(|t| t.to_bits()).collect());
        *known.or_insert_with(|| document.numbers(&times.iter().map(|t| [*t]).collect::<Vec<_>>(), true))
    }

    /// Puts the animation into the document, if anything ever happened.
    pub fn finish(self) {
        if !self.channels.is_empty() {
            let animation = json!({ "name": "replay", "channels": self.channels, "samplers": self.samplers });
            self.document.animations.push(animation);
        }
    }
}

/// A node on its way through history.
#[derive(Default)]
struct Actor<'a> {
    node: ViewNode<'a>,
    there: bool,
    track: Vec<(f64, Pose)>,
    /// The links that lead from it or to it.
    links: Vec<usize>,
}

/// A link on its way through history.
struct LinkLine {
    stands: bool,
    ends: [usize; 2],
    track: Vec<(f64, bool)>,
}

/// A scene that goes through its history.
struct Play<'p, 'v, 'a> {
    built: &'p Built<'p, 'v, 'a>,
    stays: &'p dyn Fn(&ViewNode<'_>) -> bool,
    index: HashMap<&'a str, usize>,
    link_index: HashMap<Ends<'a>, usize>,
    actors: Vec<Actor<'a>>,
    lines: Vec<LinkLine>,
    dropped: BTreeSet<(String, &'static str)>,
}

impl<'p, 'v, 'a> Play<'p, 'v, 'a> {
    fn new(built: &'p Built<'p, 'v, 'a>, stays: &'p dyn Fn(&ViewNode<'_>) -> bool) -> Play<'p, 'v, 'a> {
        let scene = built.site.scene;
        let index: HashMap<&str, usize> = scene.nodes.iter().map(|n| n.id).zip(0..).collect();
        let mut actors: Vec<Actor<'a>> = scene.nodes.iter().map(|_| Actor::default()).collect();
        let mut lines = Vec::new();
        for (i, link) in scene.links.iter().enumerate() {
            let ends = [index[link.ends.from], index[link.ends.to]];
            ends.iter().for_each(|end| actors[*end].links.push(i));
            lines.push(LinkLine { stands: false, ends, track: Vec::new() });
        }
        let link_index = scene.links.iter().map(|l| l.ends).zip(0..).collect();
        Play { built, stays, index, link_index, actors, lines, dropped: BTreeSet::new() }
    }

    /// What one event changes, at its time in the animation.
    fn step(&mut self, step: &Step<'a>, time: f64) {
        let mut nodes = BTreeSet::new();
        let mut links = BTreeSet::new();
        for effect in &step.effects {
            match effect {
                Effect::Link { ends, stands } => {
                    if let Some(i) = self.link_index.get(ends) {
                        self.lines[*i].stands = stands.is_some();
                        links.insert(*i);
                    }
                }
                Effect::Create { node, .. }
                | Effect::Delete { node, .. }
                | Effect::Write { node, .. }
                | Effect::Withhold { node } => {
                    if let Some(i) = self.index.get(node).copied() {
                        self.change(i, effect);
                        nodes.insert(i);
                    }
                }
                Effect::Read { .. }
                | Effect::Nothing { .. }
                | Effect::Occlude { .. }
                | Effect::Unread { .. } => {}
            }
        }
        for i in nodes {
            self.pose(i, time);
            links.extend(&self.actors[i].links);
        }
        for i in links {
            let line = &mut self.lines[i];
            let shown = line.stands && line.ends.iter().all(|end| self.actors[*end].there);
            match line.track.last_mut() {
                Some((last, before)) if *last == time => *before = shown,
                Some((_, before)) if *before == shown => {}
                _ => line.track.push((time, shown)),
            }
        }
    }

    fn change(&mut self, i: usize, effect: &Effect<'a>) {
        let state = &mut self.actors[i].node.state;
        match effect {
            Effect::Create { key, .. } => state.created = state.created.max(Some(*key)),
            // That it was deleted is all that matters, not when.
            Effect::Delete { .. } => state.deleted = state.created.or(Some(Key { eff: Time(0), id: "" })),
            Effect::Write { node, written, .. } => {
                let before = state.registers.get(written.register).map(|w| w.value);
                if before.is_some_and(|before| before != written.value)
                    && let Some(what) = unshown(written.register)
                {
                    self.dropped.insert(((*node).to_owned(), what));
                }
                state.registers.write(*written);
            }
            Effect::Withhold { .. } => *state = State::default(),
            Effect::Link { .. }
            | Effect::Read { .. }
            | Effect::Nothing { .. }
            | Effect::Occlude { .. }
            | Effect::Unread { .. } => {}
        }
    }

    /// Takes down how a node is from now on.
    fn pose(&mut self, i: usize, time: f64) {
        let actor = &mut self.actors[i];
        let state = &actor.node.state;
        actor.there = state.created.is_some()
            && state.deleted.is_none()
            && actor.node.plain(RegisterKind::AbsorbedInto).is_none()
            && (self.stays)(&actor.node);
        let pose = pose(actor, &self.built.placed[i], &self.built.site, i);
        match actor.track.last_mut() {
            Some((last, old)) if *last == time => *old = pose,
            Some((_, old)) if *old == pose => {}
            _ => actor.track.push((time, pose)),
        }
    }
}

/// What an animation cannot show of a change.
fn unshown(register: Register<'_>) -> Option<&'static str> {
    match register.kind {
        RegisterKind::Parent => Some("its parent is that at the end"),
        RegisterKind::Property if matches!(register.key, "color" | "fill" | "stroke" | "opacity") => {
            Some("its colour is that at the end")
        }
        _ => None,
    }
}

/// How a node is drawn in a state: without any size where it is not there.
fn pose(actor: &Actor<'_>, placed: &Placed, site: &Site<'_, '_, '_>, i: usize) -> Pose {
    let local = Local::of(&actor.node);
    Pose {
        translation: site.stand(i, &local),
        rotation: local.rotation.quaternion(),
        scale: if actor.there { tamed(local.scale) } else { [0.0; 3] },
        stretch: stretch(&actor.node, placed, site, i).unwrap_or(placed.stretch),
    }
}

/// How far the mesh that the node ends with is stretched in this state; nothing where its shape was another one.
fn stretch(node: &ViewNode<'_>, placed: &Placed, site: &Site<'_, '_, '_>, i: usize) -> Option<Vector> {
    let shape = shape_of(node.plain(RegisterKind::Geometry)?);
    match site.plan(&shape, i) {
        Plan::Common(which, stretch) if Some(which) == placed.common => Some(stretch),
        _ => None,
    }
}
