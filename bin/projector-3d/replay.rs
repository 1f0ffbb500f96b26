//! A trace as an animation: nodes appear, move, grow and go in the order in which it happened.
//!
//! The animation is [`LENGTH`] seconds long, and every point in time at which something happened takes an equal share
//! of it: in a trace that sleeps for months nothing is missed, and one in steady steps plays steadily. A node that is
//! not there has no size. Whatever changes does so within a moment before its time.

use crate::gltf::Document;
use crate::history::{Change, History};
use crate::mesh::Plan;
use crate::model::{Built, Placed, Site};
use crate::scene::Scene;
use crate::shape::Shape;
use crate::space::{Turn, Vector, tamed, times};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use ulp::event::{Ends, RegisterKind};
use ulp::id::Time;
use ulp::state::{Add, Node as State, Written};
use ulp::transform::Local;
use ulp::view::{Space, ViewNode, unquoted};

/// How long the animation is, in seconds.
const LENGTH: f64 = 30.0;
/// How long nothing has happened yet.
const START: f64 = 0.5;
/// How long a change takes, in seconds, where nothing else happens to the node.
const MOMENT: f64 = 0.25;

/// A space with everything that was ever in it, in its last state.
pub fn everything<'a>(space: &Space<'a>, history: Option<&History<'a>>) -> Space<'a> {
    let mut nodes: BTreeMap<&'a str, ViewNode<'a>> = BTreeMap::new();
    let mut links: BTreeMap<Ends<'a>, Add<'a>> = BTreeMap::new();
    for change in history.into_iter().flat_map(|h| &h.steps).flat_map(|s| &s.changes) {
        match change {
            Change::Create { node, key } => {
                let state = &mut nodes.entry(node).or_default().state;
                state.created = state.created.max(Some(*key));
            }
            Change::Write { node, register, value, key } => {
                let written = Written { register: *register, key: *key, value };
                nodes.entry(node).or_default().state.registers.write(written);
            }
            Change::Link { ends, stands: Some(add) } => {
                links.insert(*ends, *add);
            }
            Change::Link { .. } | Change::Delete { .. } => {}
        }
    }
    nodes.retain(|name, node| !name.starts_with('@') && node.state.created.is_some());
    hang(space, &mut nodes);
    links.retain(|ends, _| nodes.contains_key(ends.from) && nodes.contains_key(ends.to));
    let settings = space.settings.iter().map(|(name, state)| (*name, copied(state))).collect();
    Space { space: space.space, nodes, links, sensors: space.sensors.clone(), settings, oddities: Vec::new() }
}

fn copied<'a>(state: &State<'a>) -> State<'a> {
    State { created: state.created, deleted: state.deleted, registers: state.registers.clone() }
}

/// Hangs every node below its parent: as in the view, where it is in it, and else by its own last word, as long as
/// that makes no cycle.
fn hang<'a>(space: &Space<'a>, nodes: &mut BTreeMap<&'a str, ViewNode<'a>>) {
    let names: Vec<&'a str> = nodes.keys().copied().collect();
    for name in names {
        let parent = match space.nodes.get(name).filter(|n| n.visible) {
            Some(node) => node.parent,
            None => {
                let own = nodes[name].plain(RegisterKind::Parent).map(unquoted);
                own.and_then(|own| nodes.get_key_value(own.as_str()).map(|(known, _)| *known))
            }
        };
        let parent = parent.filter(|p| nodes.contains_key(p) && !leads_to(nodes, p, name));
        if let Some(node) = nodes.get_mut(name) {
            node.parent = parent;
            node.visible = true;
        }
    }
}

/// Whether a chain of parents leads from one node to another.
fn leads_to(nodes: &BTreeMap<&str, ViewNode<'_>>, from: &str, to: &str) -> bool {
    let mut at = Some(from);
    for _ in 0..=nodes.len() {
        match at {
            None => return false,
            Some(name) if name == to => return true,
            Some(name) => at = nodes.get(name).and_then(|n| n.parent),
        }
    }
    true
}

/// When things happen in the animation, in seconds.
pub struct Clock(HashMap<Time, f64>);

impl Clock {
    /// The clock of all histories together.
    pub fn new(histories: &[History<'_>]) -> Clock {
        let mut times: Vec<Time> = histories.iter().flat_map(|h| &h.steps).map(|s| s.key.eff).collect();
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
}

impl<'d> Animation<'d> {
    pub fn new(document: &'d mut Document) -> Animation<'d> {
        Animation { document, samplers: Vec::new(), channels: Vec::new(), times: BTreeMap::new() }
    }

    /// Moves everything of a space as its history did.
    pub fn add(
        &mut self,
        scene: &Scene<'_, '_>,
        history: &History<'_>,
        built: &Built,
        clock: &Clock,
        stays: &dyn Fn(&ViewNode<'_>) -> bool,
    ) {
        let site = &built.site(scene);
        let index: HashMap<&str, usize> = scene.nodes.iter().map(|n| n.id).zip(0..).collect();
        let mut nodes: Vec<(ViewNode<'_>, Vec<(f64, Pose)>)> =
            scene.nodes.iter().map(|_| (ViewNode::default(), Vec::new())).collect();
        let links: HashMap<Ends<'_>, usize> = scene.links.iter().map(|l| l.ends).zip(0..).collect();
        let mut shown: Vec<Vec<(f64, bool)>> = vec![Vec::new(); scene.links.len()];
        for step in &history.steps {
            let time = clock.at(step.key.eff);
            let mut touched = Vec::new();
            for change in &step.changes {
                match change {
                    Change::Link { ends, stands } => {
                        if let Some(i) = links.get(ends) {
                            shown[*i].push((time, stands.is_some()));
                        }
                    }
                    Change::Create { node, key } => touched.extend(index.get(node).map(|i| {
                        nodes[*i].0.state.created = Some(*key);
                        *i
                    })),
                    Change::Delete { node } => touched.extend(index.get(node).map(|i| {
                        nodes[*i].0.state.deleted = Some(step.key);
                        *i
                    })),
                    Change::Write { node, register, value, key } => {
                        touched.extend(index.get(node).map(|i| {
                            nodes[*i].0.state.registers.write(Written {
                                register: *register,
                                key: *key,
                                value,
                            });
                            *i
                        }))
                    }
                }
            }
            touched.dedup();
            for i in touched {
                let pose = pose(&nodes[i].0, &built.placed[i], site, i, stays);
                let track = &mut nodes[i].1;
                match track.last_mut() {
                    Some((last, old)) if *last == time => *old = pose,
                    Some((_, old)) if *old == pose => {}
                    _ => track.push((time, pose)),
                }
            }
        }
        for (i, (_, track)) in nodes.iter().enumerate() {
            self.node(&built.placed[i], track);
        }
        for (i, track) in shown.iter().enumerate() {
            self.link(built.links[i].0, built.links[i].1, track);
        }
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
        if keys.len() == 1 {
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

/// How a node is drawn in a state: without any size where it is not there.
fn pose(
    node: &ViewNode<'_>,
    placed: &Placed,
    site: &Site<'_, '_, '_>,
    i: usize,
    stays: &dyn Fn(&ViewNode<'_>) -> bool,
) -> Pose {
    let local = Local::of(node);
    let state = &node.state;
    let there = state.created.is_some()
        && state.deleted.is_none()
        && node.plain(RegisterKind::AbsorbedInto).is_none()
        && stays(node);
    Pose {
        translation: tamed(local.translation),
        rotation: local.rotation.quaternion(),
        scale: if there { tamed(local.scale) } else { [0.0; 3] },
        stretch: stretch(node, placed, site, i).unwrap_or(placed.stretch),
    }
}

/// How far the mesh that the node ends with is stretched in this state; nothing where its shape was another one.
fn stretch(node: &ViewNode<'_>, placed: &Placed, site: &Site<'_, '_, '_>, i: usize) -> Option<Vector> {
    let shape = Shape::parse(node.plain(RegisterKind::Geometry)?);
    match site.plan(&shape, i) {
        Plan::Common(which, stretch) if Some(which) == placed.common => Some(stretch),
        _ => None,
    }
}
