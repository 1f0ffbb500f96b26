//! A history as intervals: a feature for each stretch of time in which what is shown did not change.
//!
//! Events are taken in one by one. Each reaches the nodes that it touches, all that hangs below those, and the links
//! and sensors at all these; of what is reached and looks otherwise than before, one interval ends and the next begins.
//! What stands at any instant is what a projection with `--at` that instant shows.

use crate::earth::{Footing, Ground, Stand};
use crate::feature::{self, Feature, Found, Map, Span};
use bumpalo::Bump;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use ulp_core::event::{Ends, RegisterKind};
use ulp_core::id::{Key, Tile};
use ulp_core::json::Tape;
use ulp_core::state::{Add, Reading, Registers};
use ulp_core::world::Filter;
use ulp_view::geodesy::Plane;
use ulp_view::history::{Effect, Resolved, Step};
use ulp_view::join::{Space, ViewNode, keeps, unquoted};
use ulp_view::scene::{Sensor, Settings, layers_of};
use ulp_view::transform::{Local, Transform, numbers};

/// What an interval is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What<'a> {
    Node(&'a str),
    Link(Ends<'a>),
    Sensor(&'a str, &'a str),
}

/// Which nodes a view keeps.
pub struct Kept<'k> {
    pub filter: &'k Filter,
    pub takes_tile: &'k dyn Fn(Tile) -> bool,
}

/// The intervals of a space, in the order in which they began.
pub fn map<'s, 'a>(
    space: &'s Space<'a>,
    history: &Resolved<'a>,
    plane: Plane,
    kept: &Kept<'_>,
    arena: &'s Bump,
) -> Map<'s, 'a>
where
    'a: 's,
{
    let layers = layers_of(space, layer_ids(history));
    let places = layers.iter().map(|layer| layer.id.clone()).zip(0..).collect();
    let mut play = Play::new(places, plane, kept, arena);
    history.steps.iter().for_each(|step| play.step(step));
    let (features, beyond) = play.finish();
    let title = Settings::of_space(space).text("title");
    Map { space: space.space, title, plane, provenance: false, layers, features, beyond }
}

/// Every layer that a node was ever in.
fn layer_ids(history: &Resolved<'_>) -> BTreeSet<String> {
    let written = history.steps.iter().flat_map(|step| &step.effects).filter_map(|effect| match effect {
        Effect::Write { written, .. } if written.register.kind == RegisterKind::Layer => Some(written.value),
        _ => None,
    });
    written.map(unquoted).chain([String::new()]).collect()
}

/// Into what a node was absorbed.
#[derive(Clone, Copy, PartialEq)]
enum Absorbed<'a> {
    No,
    /// Into a name that nobody knows.
    Away,
    Into(&'a str),
}

/// What hangs on what, by the names that events gave.
#[derive(Default)]
struct Hanging<'a> {
    /// What names a node as its parent, or as what it was absorbed into.
    below: HashMap<String, BTreeSet<&'a str>>,
    links: HashMap<&'a str, BTreeSet<Ends<'a>>>,
    sensors: HashMap<String, BTreeSet<(&'a str, &'a str)>>,
}

/// A space on its way through history.
struct Play<'s, 'a, 'k> {
    places: HashMap<String, usize>,
    plane: Plane,
    kept: &'k Kept<'k>,
    arena: &'s Bump,
    tape: Tape,
    nodes: HashMap<&'a str, ViewNode<'a>>,
    links: HashMap<Ends<'a>, Add<'a>>,
    /// Between what is left of the ends of a link.
    between: HashMap<Ends<'a>, Ends<'a>>,
    sensors: HashMap<(&'a str, &'a str), Reading<'a>>,
    hanging: Hanging<'a>,
    open: BTreeMap<What<'a>, Feature<'s, 'a>>,
    done: Vec<(What<'a>, Feature<'s, 'a>)>,
    beyond: BTreeSet<String>,
}

/// What an event reaches.
#[derive(Default)]
struct Reached<'a> {
    touched: BTreeSet<&'a str>,
    links: BTreeSet<Ends<'a>>,
    sensors: BTreeSet<(&'a str, &'a str)>,
}

impl<'s, 'a: 's, 'k> Play<'s, 'a, 'k> {
    fn new(
        places: HashMap<String, usize>,
        plane: Plane,
        kept: &'k Kept<'k>,
        arena: &'s Bump,
    ) -> Play<'s, 'a, 'k> {
        Play {
            places,
            plane,
            kept,
            arena,
            tape: Tape::new(),
            nodes: HashMap::new(),
            links: HashMap::new(),
            between: HashMap::new(),
            sensors: HashMap::new(),
            hanging: Hanging::default(),
            open: BTreeMap::new(),
            done: Vec::new(),
            beyond: BTreeSet::new(),
        }
    }

    fn step(&mut self, step: &Step<'a>) {
        let key = step.event.key;
        let mut reached = Reached::default();
        for effect in &step.effects {
            self.take(effect, key, &mut reached);
        }
        let nodes = self.below(&reached.touched);
        for name in &nodes {
            reached.links.extend(self.hanging.links.get(name).into_iter().flatten());
            reached.sensors.extend(self.hanging.sensors.get(*name).into_iter().flatten());
        }
        for name in nodes {
            let found = self.node(name);
            self.show(What::Node(name), found, key, reached.touched.contains(name));
        }
        for ends in self.shared(&reached.links) {
            let found = self.link(ends);
            self.show(What::Link(ends), found, key, false);
        }
        for (actor, name) in reached.sensors {
            let found = self.sensor(actor, name);
            self.show(What::Sensor(actor, name), found, key, false);
        }
    }

    fn take(&mut self, effect: &Effect<'a>, now: Key<'a>, reached: &mut Reached<'a>) {
        match *effect {
            Effect::Create { node, .. } | Effect::Delete { node, .. } | Effect::Write { node, .. }
                if node.starts_with('@') => {}
            Effect::Create { node, key, tile, .. } => {
                let known = self.nodes.entry(node).or_default();
                known.state.created = known.state.created.max(Some(key));
                known.tile = Some(tile);
                reached.touched.insert(node);
            }
            Effect::Delete { node, .. } => {
                self.hang(node, false);
                let known = self.nodes.entry(node).or_default();
                known.state.deleted = Some(now);
                known.state.registers = Registers::default();
                reached.touched.insert(node);
            }
            Effect::Write { node, written, .. } => {
                let hangs = written.register.kind.names_node();
                if hangs {
                    self.hang(node, false);
                }
                self.nodes.entry(node).or_default().state.registers.write(written);
                if hangs {
                    self.hang(node, true);
                }
                reached.touched.insert(node);
            }
            Effect::Link { ends, stands } => {
                match stands {
                    Some(standing) => self.links.insert(ends, standing.add),
                    None => self.links.remove(&ends),
                };
                for end in [ends.from, ends.to] {
                    self.hanging.links.entry(end).or_default().insert(ends);
                }
                reached.links.insert(ends);
            }
            Effect::Read { reading, .. } => {
                let name = (reading.sensor.actor, reading.sensor.sensor);
                self.sensors.insert(name, reading);
                if let Some(node) = reading.sensor.node {
                    self.hanging.sensors.entry(unquoted(node)).or_default().insert(name);
                }
                reached.sensors.insert(name);
            }
            Effect::Withhold { node } => {
                self.hang(node, false);
                self.nodes.remove(node);
                reached.touched.insert(node);
            }
            Effect::Occlude { node } => {
                self.nodes.entry(node).or_default().is_occluder = true;
                reached.touched.insert(node);
            }
            Effect::Unread { actor, sensor } => {
                self.sensors.remove(&(actor, sensor));
                reached.sensors.insert((actor, sensor));
            }
            Effect::Nothing { .. } => {}
        }
    }

    /// Enters a node below those that it names, or takes it away from there.
    fn hang(&mut self, name: &'a str, hangs: bool) {
        let Some(node) = self.nodes.get(name) else { return };
        for above in
            [RegisterKind::Parent, RegisterKind::AbsorbedInto].into_iter().filter_map(|k| node.plain(k))
        {
            let below = self.hanging.below.entry(unquoted(above)).or_default();
            if hangs {
                below.insert(name)
            } else {
                below.remove(name)
            };
        }
    }

    /// Some nodes, and all that hangs below them.
    fn below(&self, nodes: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let mut all = nodes.clone();
        let mut open: Vec<&'a str> = nodes.iter().copied().collect();
        while let Some(name) = open.pop() {
            let below = self.hanging.below.get(name).into_iter().flatten();
            open.extend(below.filter(|below| all.insert(below)));
        }
        all
    }

    /// The links that some have become, and were before.
    fn shared(&mut self, links: &BTreeSet<Ends<'a>>) -> BTreeSet<Ends<'a>> {
        let mut shared = BTreeSet::new();
        for own in links {
            let now = self.survivor(own.from).zip(self.survivor(own.to));
            let now = now.map(|(from, to)| Ends { from, to, ..*own });
            let before = match now {
                Some(now) => self.between.insert(*own, now),
                None => self.between.remove(own),
            };
            shared.extend(now.into_iter().chain(before));
        }
        shared
    }

    /// Ends the interval of what looks otherwise now, and begins the next.
    fn show(&mut self, what: What<'a>, found: Option<Found<'s, 'a>>, key: Key<'a>, is_touched: bool) {
        let found = match found {
            Some(Err(id)) => {
                self.beyond.insert(id);
                None
            }
            other => other.and_then(Result::ok),
        };
        let is_same = |old: &Feature<'_, '_>, new: &Feature<'_, '_>| {
            !is_touched && old.key == new.key && old.laid == new.laid && old.layer == new.layer
        };
        if let Some((old, new)) = self.open.get(&what).zip(found.as_ref())
            && is_same(old, new)
        {
            return;
        }
        if let Some(mut old) = self.open.remove(&what) {
            old.span = old.span.map(|span| Span { end: Some(key), ..span });
            self.done.push((what, old));
        }
        if let Some(mut new) = found {
            new.span = Some(Span { start: key, end: None });
            self.open.insert(what, new);
        }
    }

    /// A node as it is shown now.
    fn node(&mut self, name: &'a str) -> Option<Found<'s, 'a>> {
        let stand = self.stand(name)?;
        let node: &'s ViewNode<'a> = self.arena.alloc(self.nodes.get(name)?.clone());
        let layer = self.layer_of(node);
        let ground = Ground { plane: &self.plane };
        Some(feature::node_feature(name, node, (layer, &stand), &ground, &mut self.tape))
    }

    fn layer_of(&self, node: &ViewNode<'a>) -> usize {
        let id = node.plain(RegisterKind::Layer).map(unquoted).unwrap_or_default();
        self.places.get(&id).copied().unwrap_or(0)
    }

    /// A link as it is shown now: of those that have become one, the last.
    fn link(&self, ends: Ends<'a>) -> Option<Found<'s, 'a>> {
        let stands = [self.stand(ends.from)?, self.stand(ends.to)?];
        let at_both = self.absorbed_with(ends.from);
        let own = at_both.iter().filter_map(|name| self.hanging.links.get(name)).flatten();
        let own = own.filter(|own| self.between.get(own) == Some(&ends));
        let (_, add) = own
            .filter_map(|own| Some((own, self.links.get(own)?)))
            .max_by_key(|(own, add)| (add.key, **own))?;
        let layer = [ends.from, ends.to].map(|name| self.nodes.get(name).map(|node| self.layer_of(node)));
        let layer = layer[0].min(layer[1]);
        Some(feature::link_feature(ends, *add, layer, stands, &Ground { plane: &self.plane }))
    }

    /// A node, and all that was absorbed into it.
    fn absorbed_with(&self, name: &'a str) -> BTreeSet<&'a str> {
        let names = self.below(&BTreeSet::from([name]));
        names.into_iter().filter(|other| self.survivor(other) == Some(name)).collect()
    }

    /// A sensor as it is shown now.
    fn sensor(&self, actor: &'a str, name: &'a str) -> Option<Found<'s, 'a>> {
        let reading: &'s Reading<'a> = self.arena.alloc(*self.sensors.get(&(actor, name))?);
        let node = reading.sensor.node.map(unquoted).filter(|name| !name.is_empty());
        let stand = node.as_deref().and_then(|name| self.stand(self.nodes.get_key_value(name)?.0));
        let position = match *reading.sensor.position.map(numbers).unwrap_or_default() {
            [x, y] => Some([x, y, 0.0]),
            [x, y, z] => Some([x, y, z]),
            _ => stand.map(|stand| stand.world.position()),
        };
        let sensor = Sensor { actor, name, reading, tile: None, node, is_at_node: stand.is_some(), position };
        let sensor: &'s Sensor<'s, 'a> = self.arena.alloc(sensor);
        let has_height = || stand.is_some_and(|stand| stand.footing.has_height);
        feature::sensor_feature(sensor, has_height, &Ground { plane: &self.plane })
    }

    /// Where a node stands that is shown; none for any other.
    fn stand(&self, name: &'a str) -> Option<Stand> {
        let chain = self.chain(name);
        let nodes: Vec<&ViewNode<'a>> = chain.iter().filter_map(|name| self.nodes.get(name)).collect();
        let is_shown = chain.iter().zip(&nodes).all(|(name, node)| self.is_there(name, node));
        if !is_shown || nodes.is_empty() {
            return None;
        }
        let locals = nodes.iter().rev().map(|node| Local::of(node).transform());
        let world = locals.fold(Transform::IDENTITY, |world, local| world.then(&local));
        let own = nodes.iter().map(|node| Footing::of(node));
        Some(Stand { world, footing: own.fold(Footing::default(), Footing::and) })
    }

    /// Whether a node would be shown if it hung below nothing.
    fn is_there(&self, name: &'a str, node: &ViewNode<'a>) -> bool {
        node.state.created.is_some()
            && node.state.deleted.is_none()
            && self.absorbed(name) == Absorbed::No
            && keeps(node, self.kept.filter, self.kept.takes_tile)
    }

    /// A node and those that it hangs below, upwards. Those on a cycle hang below nothing.
    fn chain(&self, name: &'a str) -> Vec<&'a str> {
        let (mut chain, mut places) = (vec![name], HashMap::from([(name, 0)]));
        let mut at = name;
        while let Some(above) = self.parent(at) {
            if let Some(start) = places.get(above) {
                chain.truncate(start + 1);
                break;
            }
            places.insert(above, chain.len());
            chain.push(above);
            at = above;
        }
        chain
    }

    /// What a node hangs below, where that is known.
    fn parent(&self, name: &str) -> Option<&'a str> {
        let raw = self.nodes.get(name)?.plain(RegisterKind::Parent)?;
        let survivor = self.survivor(&unquoted(raw))?;
        let state = &self.nodes.get(survivor)?.state;
        (state.created.is_some() || state.deleted.is_some()).then_some(survivor)
    }

    /// What is left of a node.
    fn survivor(&self, name: &str) -> Option<&'a str> {
        let mut at = *self.nodes.get_key_value(name)?.0;
        loop {
            match self.absorbed(at) {
                Absorbed::No => return Some(at),
                Absorbed::Away => return None,
                Absorbed::Into(into) => at = into,
            }
        }
    }

    /// Into what a node was absorbed; those on a cycle were not.
    fn absorbed(&self, name: &'a str) -> Absorbed<'a> {
        let first = self.named_absorbed(name);
        let (mut at, mut seen) = (first, HashSet::new());
        while let Absorbed::Into(into) = at {
            if into == name {
                return Absorbed::No;
            }
            if !seen.insert(into) {
                break;
            }
            at = self.named_absorbed(into);
        }
        first
    }

    fn named_absorbed(&self, name: &str) -> Absorbed<'a> {
        let into = self.nodes.get(name).and_then(|node| node.plain(RegisterKind::AbsorbedInto));
        match into {
            None => Absorbed::No,
            Some(raw) => {
                let known = self.nodes.get_key_value(unquoted(raw).as_str());
                known.map_or(Absorbed::Away, |(name, _)| Absorbed::Into(name))
            }
        }
    }

    fn finish(mut self) -> (Vec<Feature<'s, 'a>>, Vec<String>) {
        self.done.extend(std::mem::take(&mut self.open));
        let start = |feature: &Feature<'s, 'a>| feature.span.map(|span| span.start);
        self.done.sort_by(|(a, x), (b, y)| (start(x), a).cmp(&(start(y), b)));
        (self.done.into_iter().map(|(_, feature)| feature).collect(), self.beyond.into_iter().collect())
    }
}
