//! A view that grows: of each space only what a change reaches is joined anew, with all that this rests on.
//!
//! Where a node moves, comes or goes, that reaches what names it as its parent or was absorbed into it, or is a
//! recording of it where it is a person, and so on downwards; the links of all these, with those that have become one with them; and the sensors at them. What is
//! reached rests on what it names itself, and so on upwards. Both are closed under cycles, so a part of a space is
//! settled as the whole would be.

use super::withhold::{Asked, is_person, marks};
use super::{Joined, Space, ViewNode, bury, keeps, seen, unquoted};
use crate::consent::is_about_consent;
use crate::redaction::is_redacted;
use bumpalo::Bump;
use foldhash::HashSet;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::Tile;
use ulp_core::json::raw;
use ulp_core::state::{Links, Map, Node, Reading};
use ulp_core::world::{Filter, Growing, Touched};

type SensorName<'a> = (&'a str, &'a str);

/// Every space of a view that grows.
#[derive(Default)]
pub struct Live<'a> {
    spaces: BTreeMap<&'a str, Known<'a>>,
}

/// A part of a space.
#[derive(Debug)]
pub struct Part<'a> {
    /// The space as far as it matters here.
    pub space: Space<'a>,
    pub reached: Reached<'a>,
}

/// What a change reaches: all that may have come, gone or become different.
#[derive(Clone, Debug, Default)]
pub struct Reached<'a> {
    pub nodes: BTreeSet<&'a str>,
    /// Between the nodes that are left of their ends.
    pub links: BTreeSet<Ends<'a>>,
    pub sensors: BTreeSet<SensorName<'a>>,
}

/// What is known of a space.
#[derive(Default)]
struct Known<'a> {
    /// The tiles of which anything may be seen.
    tiles: BTreeSet<usize>,
    nodes: Map<&'a str, HeldNode<'a>>,
    links: Map<Ends<'a>, HeldLink<'a>>,
    sensors: Map<SensorName<'a>, HeldSensor<'a>>,
    /// By the name of a node: what names it as its parent, as what it was absorbed into, or as whom it is a recording
    /// of.
    below: Map<Cow<'a, str>, BTreeSet<&'a str>>,
    /// By the name of a node: the links that name it.
    links_at: Map<&'a str, BTreeSet<Ends<'a>>>,
    /// By what is left of their ends: the links that have become one.
    shared: Map<Ends<'a>, BTreeSet<Ends<'a>>>,
    /// By the name of a node: the sensors that say they are at it.
    sensors_at: Map<String, BTreeSet<SensorName<'a>>>,
}

/// A node, joined across the tiles that hold it.
#[derive(Default)]
struct HeldNode<'a> {
    tiles: Vec<usize>,
    /// Nothing where no lane that the view sees knows it.
    node: Option<ViewNode<'a>>,
    bearing: Bearing<'a>,
    /// What says how large it is, which only its links ask: its geometry, and its medium.
    looks: [Option<&'a str>; 2],
    /// What a recording of it asks, where it is a person: the values of registers, by name.
    said: BTreeMap<String, &'a str>,
}

#[derive(Default)]
struct HeldLink<'a> {
    tiles: Vec<usize>,
    links: Links<'a>,
    /// Between what is left of its ends; nothing where that is not known.
    between: Option<Ends<'a>>,
}

#[derive(Default)]
struct HeldSensor<'a> {
    tiles: Vec<usize>,
    reading: Option<Reading<'a>>,
}

/// What others see of a node: all that matters to what hangs on it.
#[derive(Clone, Copy, Default, PartialEq)]
struct Bearing<'a> {
    is_there: bool,
    is_known: bool,
    is_kept: bool,
    /// As raw JSON.
    parent: Option<&'a str>,
    absorbed: Option<&'a str>,
    /// Of a recording: its sensor, and the person.
    recorded: [Option<&'a str>; 2],
    place: [Option<&'a str>; 3],
    /// Of a layer: whether it is shown.
    shown: Option<&'a str>,
}

/// What of some tiles was touched, space by space, and how far all is to be looked at.
#[derive(Default)]
struct Dirty<'a> {
    nodes: BTreeSet<&'a str>,
    links: BTreeSet<Ends<'a>>,
    sensors: BTreeSet<SensorName<'a>>,
}

impl<'a> Live<'a> {
    /// How many spaces there are of which anything may be seen.
    pub fn len(&self) -> usize {
        self.spaces.values().filter(|known| !known.tiles.is_empty()).count()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes in what was touched, and gives the parts of the spaces that this reaches. Once there are several spaces
    /// instead of one, or the other way round, that is all.
    pub fn update(
        &mut self,
        (growing, arena): (&Growing<'a>, &'a Bump),
        touched: &[Touched<'a>],
        filter: &Filter,
        takes_tile: &(impl Fn(Tile) -> bool + Sync),
    ) -> Vec<Part<'a>> {
        let were_several = self.len() > 1;
        let mut dirty: BTreeMap<&'a str, Dirty<'a>> = BTreeMap::new();
        for touched in touched {
            let (space, _) = growing.world().place(touched.tile);
            self.spaces.entry(space).or_default().hold(growing, touched);
            dirty.entry(space).or_default().add(touched);
        }
        if were_several != (self.len() > 1) {
            self.spaces.iter().for_each(|(space, known)| dirty.entry(space).or_default().add_all(known));
        }
        let part = |(space, dirty)| {
            let known = self.spaces.get_mut(space)?;
            let reached = known.rejoin(growing, dirty, |node| keeps(node, filter, takes_tile));
            Some(known.part((space, arena), reached, filter, takes_tile))
        };
        dirty.into_iter().filter_map(part).collect()
    }

    /// The part of a space with these nodes, and what hangs on them but for other nodes; or all of it.
    pub fn part(
        &mut self,
        (space, arena): (&str, &'a Bump),
        nodes: Option<&BTreeSet<String>>,
        filter: &Filter,
        takes_tile: &(impl Fn(Tile) -> bool + Sync),
    ) -> Option<Part<'a>> {
        let space = *self.spaces.get_key_value(space)?.0;
        let known = self.spaces.get_mut(space)?;
        let mut reached = Reached::default();
        if let Some(nodes) = nodes {
            let names = nodes.iter().filter_map(|name| Some(*known.nodes.get_key_value(name.as_str())?.0));
            known.hang_on(&names.collect(), &mut reached);
        } else {
            reached.nodes.extend(known.nodes.keys().filter(|name| !name.starts_with('@')));
            reached.links.extend(known.links.keys());
            reached.sensors.extend(known.sensors.keys());
        }
        Some(known.part((space, arena), reached, filter, takes_tile))
    }
}

impl<'a> Dirty<'a> {
    fn add(&mut self, touched: &Touched<'a>) {
        self.nodes.extend(&touched.nodes);
        self.links.extend(&touched.links);
        self.sensors.extend(&touched.sensors);
    }

    fn add_all(&mut self, known: &Known<'a>) {
        self.nodes.extend(known.nodes.keys());
        self.links.extend(known.links.keys());
        self.sensors.extend(known.sensors.keys());
    }
}

impl<'a> Known<'a> {
    /// Remembers which tiles hold what was touched.
    fn hold(&mut self, growing: &Growing<'a>, touched: &Touched<'a>) {
        let tile = touched.tile;
        if growing.lanes(tile).next().is_some() {
            self.tiles.insert(tile);
        } else {
            self.tiles.remove(&tile);
        }
        touched.nodes.iter().for_each(|name| add(&mut self.nodes.entry(name).or_default().tiles, tile));
        touched.sensors.iter().for_each(|name| add(&mut self.sensors.entry(*name).or_default().tiles, tile));
        for ends in &touched.links {
            add(&mut self.links.entry(*ends).or_default().tiles, tile);
            for end in [ends.from, ends.to] {
                self.links_at.entry(end).or_default().insert(*ends);
            }
        }
    }

    /// Joins what was touched anew, and says which nodes that reaches; of links and sensors which are touched.
    fn rejoin(
        &mut self,
        growing: &Growing<'a>,
        dirty: Dirty<'a>,
        keeps: impl Fn(&ViewNode<'a>) -> bool,
    ) -> Reached<'a> {
        let Dirty { nodes, links, sensors } = dirty;
        let (mut moved, mut changed) = (BTreeSet::new(), BTreeSet::new());
        let mut all = false;
        for name in &nodes {
            let Some(held) = self.nodes.get_mut(name) else { continue };
            let (before, looked) = (held.bearing, held.looks);
            let said = std::mem::take(&mut held.said);
            held.rejoin(name, growing, &keeps);
            let now = held.bearing;
            if said != held.said {
                moved.insert(*name);
            }
            if looked != held.looks {
                changed.insert(*name);
            }
            if before != now {
                all |= before.shown != now.shown;
                self.hang(name, before, false);
                self.hang(name, now, true);
                moved.insert(*name);
            }
        }
        links.iter().for_each(|ends| {
            if let Some(held) = self.links.get_mut(ends) {
                held.rejoin(ends, growing);
            }
        });
        for name in &sensors {
            let Some(held) = self.sensors.get_mut(name) else { continue };
            for (was_said, reading) in [(true, held.reading), (false, held.rejoin(*name, growing))] {
                let node = reading.and_then(|reading| reading.sensor.node).map(unquoted);
                let Some(node) = node.filter(|node| !node.is_empty()) else { continue };
                let sensors = self.sensors_at.entry(node).or_default();
                if was_said {
                    sensors.remove(name)
                } else {
                    sensors.insert(*name)
                };
            }
        }
        let mut reached = Reached { nodes, links, sensors };
        if all {
            moved.extend(self.nodes.keys());
        } else {
            self.add_below(&mut moved, |_| true);
            // The links of what was absorbed end at the border of what is left of it.
            self.add_below(&mut changed, |below| self.nodes[below].bearing.absorbed.is_some());
            moved.append(&mut changed);
        }
        self.hang_on(&moved, &mut reached);
        reached.nodes.retain(|name| !name.starts_with('@'));
        reached
    }

    /// Adds to some nodes what hangs on them and is asked for, and so on downwards.
    fn add_below(&self, nodes: &mut BTreeSet<&'a str>, asked: impl Fn(&str) -> bool) {
        let mut open: Vec<&'a str> = nodes.iter().copied().collect();
        while let Some(name) = open.pop() {
            let below = self.below.get(name).into_iter().flatten().filter(|below| asked(below));
            open.extend(below.filter(|below| nodes.insert(below)));
        }
    }

    /// Adds nodes that stand elsewhere, or look otherwise, with the links and sensors at them.
    fn hang_on(&self, placed: &BTreeSet<&'a str>, reached: &mut Reached<'a>) {
        for name in placed {
            reached.links.extend(self.links_at.get(name).into_iter().flatten());
            reached.sensors.extend(self.sensors_at.get(*name).into_iter().flatten());
        }
        reached.nodes.extend(placed);
    }

    /// Enters a node below those that it names, or takes it away from there.
    fn hang(&mut self, name: &'a str, bearing: Bearing<'a>, hangs: bool) {
        for above in bearing.above() {
            let below = self.below.entry(above).or_default();
            if hangs {
                below.insert(name)
            } else {
                below.remove(name)
            };
        }
    }

    /// The part of the space that shows what is reached, of which the links are as they were written.
    fn part(
        &mut self,
        (space, arena): (&'a str, &'a Bump),
        mut reached: Reached<'a>,
        filter: &Filter,
        takes_tile: &(impl Fn(Tile) -> bool + Sync),
    ) -> Part<'a> {
        reached.links = self.share(&reached.links);
        let own: BTreeSet<Ends<'a>> =
            reached.links.iter().filter_map(|ends| self.shared.get(ends)).flatten().copied().collect();
        let sensors: BTreeMap<SensorName<'a>, Reading<'a>> = reached
            .sensors
            .iter()
            .filter_map(|name| Some((*name, self.sensors.get(name)?.reading?)))
            .collect();
        let nodes = self.rests_on(&reached.nodes, &own, &sensors);
        let settings = self.settings(&nodes);
        let joined = Joined {
            space,
            nodes,
            links: own.iter().map(|ends| (*ends, self.links[ends].links.clone())).collect(),
            sensors,
            settings,
        };
        // What is shown is what there is at the end of what was read.
        let asked = Asked { end: None, mix: false, arena };
        Part { space: joined.settle(filter, takes_tile, Some(asked)), reached }
    }

    /// Finds anew what is left of the ends of links, and gives that of before and of now.
    fn share(&mut self, links: &BTreeSet<Ends<'a>>) -> BTreeSet<Ends<'a>> {
        let mut reached = BTreeSet::new();
        for own in links {
            let now = self.between(own);
            let Some(held) = self.links.get_mut(own) else { continue };
            let before = std::mem::replace(&mut held.between, now);
            reached.extend(before.into_iter().chain(now));
            if before == now {
                continue;
            }
            if let Some(shared) = before.and_then(|before| self.shared.get_mut(&before)) {
                shared.remove(own);
            }
            now.into_iter().for_each(|now| {
                self.shared.entry(now).or_default().insert(*own);
            });
        }
        reached
    }

    fn between(&self, own: &Ends<'a>) -> Option<Ends<'a>> {
        Some(Ends { from: self.survivor(own.from)?, to: self.survivor(own.to)?, ..*own })
    }

    /// The node that is left of one; those on a cycle are not absorbed.
    fn survivor(&self, name: &str) -> Option<&'a str> {
        let (mut at, mut bearing) = self.find(name)?;
        let mut passed = HashSet::default();
        while let Some(into) = bearing.absorbed {
            passed.insert(at);
            (at, bearing) = self.find(&raw::text(into).unwrap_or_default())?;
            if passed.contains(at) {
                break;
            }
        }
        Some(at)
    }

    /// A node that the view knows.
    fn find(&self, name: &str) -> Option<(&'a str, Bearing<'a>)> {
        let (name, held) = self.nodes.get_key_value(name)?;
        held.bearing.is_there.then_some((*name, held.bearing))
    }

    /// Some nodes, and those at links and sensors, with all that these rest on; in the order of their names.
    fn rests_on(
        &self,
        nodes: &BTreeSet<&'a str>,
        links: &BTreeSet<Ends<'a>>,
        sensors: &BTreeMap<SensorName<'a>, Reading<'a>>,
    ) -> Vec<(&'a str, ViewNode<'a>)> {
        let at = |reading: &Reading<'a>| reading.sensor.node.and_then(raw::text);
        let ends = links.iter().flat_map(|ends| [ends.from, ends.to]).map(Cow::Borrowed);
        let mut open: Vec<Cow<'a, str>> = nodes.iter().copied().map(Cow::Borrowed).collect();
        open.extend(ends.chain(sensors.values().filter_map(at)));
        let mut names: BTreeSet<&'a str> = BTreeSet::new();
        while let Some(name) = open.pop() {
            let Some((name, bearing)) = self.find(&name).filter(|(name, _)| !name.starts_with('@')) else {
                continue;
            };
            if names.insert(name) {
                open.extend(bearing.above());
            }
        }
        names.into_iter().filter_map(|name| Some((name, self.nodes[name].node.clone()?))).collect()
    }

    /// What the space and the layers of some nodes say of themselves.
    fn settings(&self, nodes: &[(&'a str, ViewNode<'a>)]) -> BTreeMap<&'a str, Node<'a>> {
        let layers: BTreeSet<&'a str> =
            nodes.iter().filter_map(|(_, node)| node.plain(RegisterKind::Layer)).collect();
        let names = layers.into_iter().map(|layer| format!("@layer:{}", unquoted(layer)));
        let own = names.chain(["@space".to_owned()]).filter_map(|name| {
            let (name, held) = self.nodes.get_key_value(name.as_str())?;
            Some((*name, held.node.clone()?.state))
        });
        own.collect()
    }
}

impl<'a> HeldNode<'a> {
    fn rejoin(&mut self, name: &'a str, growing: &Growing<'a>, keeps: impl Fn(&ViewNode<'a>) -> bool) {
        self.node = None;
        for tile in &self.tiles {
            let place = growing.world().place(*tile).1;
            for (lane, state) in growing.lanes(*tile) {
                let own = state.nodes.get(name).and_then(|node| seen(node.alone(), lane, place));
                match (&mut self.node, own) {
                    (_, None) => {}
                    (Some(node), Some(own)) => node.join(own),
                    (node, own) => *node = own,
                }
            }
        }
        self.node.iter_mut().for_each(bury);
        let node = self.node.as_ref();
        self.bearing = node.map(|node| Bearing::of(name, node, keeps(node))).unwrap_or_default();
        self.looks = [Register::plain(RegisterKind::Geometry), Register::media("media")]
            .map(|register| node?.get(register));
        self.said = node.filter(|node| is_person(node)).map(said).unwrap_or_default();
    }
}

impl<'a> HeldLink<'a> {
    fn rejoin(&mut self, ends: &Ends<'a>, growing: &Growing<'a>) {
        self.links = Links::default();
        for (lane, state) in self.tiles.iter().flat_map(|tile| growing.lanes(*tile)) {
            match state.links.get(ends) {
                None => {}
                Some(own) if is_redacted(lane) => self.links.join(&own.clone().without_properties()),
                Some(own) => self.links.join(own),
            }
        }
    }
}

impl<'a> HeldSensor<'a> {
    fn rejoin(&mut self, name: SensorName<'a>, growing: &Growing<'a>) -> Option<Reading<'a>> {
        self.reading = None;
        let lanes = self.tiles.iter().flat_map(|tile| growing.lanes(*tile));
        for own in lanes.filter(|(lane, _)| !is_redacted(*lane)).filter_map(|(_, s)| s.sensors.get(&name)) {
            if self.reading.is_none_or(|reading| own.is_greater_than(&reading)) {
                self.reading = Some(*own);
            }
        }
        self.reading
    }
}

impl<'a> Bearing<'a> {
    fn of(name: &str, node: &ViewNode<'a>, is_kept: bool) -> Bearing<'a> {
        let is_layer = name.starts_with("@layer:");
        Bearing {
            is_there: true,
            is_known: node.state.created.is_some() || node.state.deleted.is_some(),
            is_kept: is_kept && node.state.created.is_some() && node.state.deleted.is_none(),
            parent: node.plain(RegisterKind::Parent),
            absorbed: node.plain(RegisterKind::AbsorbedInto),
            recorded: recorded(node),
            place: [RegisterKind::Position, RegisterKind::Rotation, RegisterKind::Scale]
                .map(|kind| node.plain(kind)),
            shown: node.get(Register::property("visible")).filter(|_| is_layer),
        }
    }

    /// The names of the nodes that the node rests on.
    fn above(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let above = [self.parent, self.absorbed, self.recorded[1]];
        above.into_iter().flatten().map(|raw| raw::text(raw).unwrap_or_default())
    }
}

/// By what a node is a recording, as raw JSON.
fn recorded<'a>(node: &ViewNode<'a>) -> [Option<&'a str>; 2] {
    let is_recording = marks(node).is_some();
    ["sensor", "of"].map(|key| node.get(Register::property(key)).filter(|_| is_recording))
}

/// What a recording of a person asks of that.
fn said<'a>(node: &ViewNode<'a>) -> BTreeMap<String, &'a str> {
    let asked = node.state.registers.iter().filter(|w| is_about_consent(w.register));
    asked.map(|w| (w.register.to_string(), w.value)).collect()
}

fn add(tiles: &mut Vec<usize>, tile: usize) {
    if !tiles.contains(&tile) {
        tiles.push(tile);
    }
}
