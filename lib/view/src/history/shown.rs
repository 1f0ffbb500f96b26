//! A history as far as persons consent: what of each node is shown from which step on, and the steps so told.
//!
//! A node of which nothing is shown is not told of at all, nor are its links and readings. Where more is shown from
//! some step on, all that stands then is told with it; where less is, the node is withheld and what is left is told
//! anew. What stood only while nothing was shown is never told.

use super::event::{Change, History, Part, Source};
use super::people::{People, Rules};
use super::recordings::{Recordings, SensorName};
use super::resolve::{Effect, Resolved, Step, finish, steps};
use super::tags::Tag;
use crate::consent::{End, Form, is_of_occluder};
use crate::join::occluding;
use bumpalo::Bump;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::{Ends, Payload, RegisterKind};
use ulp_core::id::{Key, Tile};
use ulp_core::json::raw;
use ulp_core::state::{Reading, Written};

/// What a history came to, as far as it is shown.
pub struct Shown<'a, T> {
    pub shown: T,
    /// The nodes of which nothing was shown at any time.
    pub withheld: BTreeSet<&'a str>,
}

/// Resolves a history as far as persons consent; `arena` holds what is left of shapes.
pub fn resolve_shown<'a>(
    history: &History<'a>,
    rules: Rules<'_>,
    arena: &'a Bump,
) -> Shown<'a, Resolved<'a>> {
    let mut steps = steps(history);
    let Some(recordings) = Recordings::of(&steps, rules.end) else {
        return Shown { shown: finish(history, steps, &BTreeSet::new()), withheld: BTreeSet::new() };
    };
    let told = Telling::new(&recordings, &steps, rules, arena).tell(&mut steps);
    Shown { shown: finish(history, steps, &told.silent), withheld: told.withheld }
}

/// Leaves out of a history what was done to nodes while that was not to be shown.
pub fn withhold<'a>(mut history: History<'a>, rules: Rules<'_>, arena: &'a Bump) -> Shown<'a, History<'a>> {
    let mut steps = steps(&history);
    let Some(recordings) = Recordings::of(&steps, rules.end) else {
        return Shown { shown: history, withheld: BTreeSet::new() };
    };
    let told = Telling::new(&recordings, &steps, rules, arena).tell(&mut steps);
    let mut kept = Vec::new();
    for part in &mut history.parts {
        let shows = |node: &str| told.shows_whole(node, part.step);
        let start = kept.len();
        let all = &history.changes[part.changes.clone()];
        kept.extend(all.iter().filter(|change| names(change).all(|name| shows(&name))));
        if kept.len() - start < all.len() || !named(part).all(shows) {
            part.source = Source::Redacted;
        }
        part.changes = start..kept.len();
    }
    history.changes = kept;
    Shown { shown: history, withheld: told.withheld }
}

/// The nodes that a change is about.
fn names<'a>(change: &Change<'a>) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
    let text = |raw: &'a str| raw::text(raw).unwrap_or_default();
    let pair = match *change {
        Change::Create { node } | Change::Write { node, .. } | Change::Delete { node } => {
            [Some(node.into()), None]
        }
        Change::Absorb { node, into } => [Some(node.into()), Some(text(into))],
        Change::AddLink { ends, .. }
        | Change::RemoveLink { ends, .. }
        | Change::RemoveLinksBefore { ends } => [Some(ends.from.into()), Some(ends.to.into())],
        Change::Read(sensor) => [sensor.node.map(text), None],
    };
    pair.into_iter().flatten()
}

/// The nodes that an event was about of which its changes may say nothing.
fn named<'a>(part: &Part<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let pair = match part.source {
        Source::Event(Payload::Merge { node, .. }) => [node.map(|(name, _)| name), None],
        Source::Event(Payload::Unlink(unlink)) => [Some(unlink.ends.from), Some(unlink.ends.to)],
        _ => [None, None],
    };
    pair.into_iter().flatten()
}

/// What was told.
#[derive(Default)]
struct Told<'a> {
    /// By node: from which step on what of it is shown.
    forms: BTreeMap<&'a str, Vec<(usize, Form)>>,
    /// The steps of which nothing is left.
    silent: BTreeSet<usize>,
    withheld: BTreeSet<&'a str>,
}

impl Told<'_> {
    /// Whether all of a node is shown at a step.
    fn shows_whole(&self, node: &str, step: usize) -> bool {
        let Some(forms) = self.forms.get(node) else { return true };
        let past = forms.partition_point(|(from, _)| *from <= step);
        forms[..past].last().is_some_and(|(_, form)| *form == Form::Whole)
    }
}

/// A limited node as it stands, shown or not.
struct Standing<'a> {
    created: Option<(Key<'a>, Tile, usize)>,
    is_deleted: bool,
    registers: Vec<(Written<'a>, usize)>,
    form: Form,
    /// Whether anything was told of it that stands.
    is_told: bool,
}

/// A link at a limited node: the tag that stands, and the one that was told last.
#[derive(Default)]
struct Link<'a> {
    stands: Option<Tag<'a>>,
    told: Option<Tag<'a>>,
}

/// A sensor that ever read at a limited node: its reading, whether that is news, and whether any was told that stands.
#[derive(Default)]
struct Sensor<'a> {
    reading: Option<(Reading<'a>, usize)>,
    is_news: bool,
    is_told: bool,
}

/// What is to be told of one step.
#[derive(Default)]
struct Touched<'a> {
    /// Its effects on limited nodes.
    nodes: BTreeMap<&'a str, Vec<Effect<'a>>>,
    links: BTreeSet<Ends<'a>>,
    sensors: BTreeSet<SensorName<'a>>,
    /// The nodes that may have changed how far any is shown.
    changed: BTreeSet<&'a str>,
}

/// A history that is told step by step.
struct Telling<'r, 'a> {
    recordings: &'r Recordings<'a>,
    rules: Rules<'r>,
    arena: &'a Bump,
    people: People<'r, 'a>,
    end: End,
    nodes: BTreeMap<&'a str, Standing<'a>>,
    links: BTreeMap<Ends<'a>, Link<'a>>,
    links_at: BTreeMap<&'a str, BTreeSet<Ends<'a>>>,
    sensors: BTreeMap<SensorName<'a>, Sensor<'a>>,
    told: Told<'a>,
}

impl<'r, 'a> Telling<'r, 'a> {
    fn new(
        recordings: &'r Recordings<'a>,
        steps: &[Step<'a>],
        rules: Rules<'r>,
        arena: &'a Bump,
    ) -> Telling<'r, 'a> {
        let own = || {
            let mut people = People::new(rules);
            steps.iter().flat_map(|step| &step.effects).for_each(|effect| {
                people.take(effect, recordings);
            });
            people.end()
        };
        let end = rules.end.cloned().unwrap_or_else(own);
        let standing = |name| {
            let (form, is_told) = (Form::Nothing, false);
            let (created, is_deleted, registers) = (None, false, Vec::new());
            (name, Standing { created, is_deleted, registers, form, is_told })
        };
        Telling {
            recordings,
            rules,
            arena,
            people: People::new(rules),
            end,
            nodes: recordings.limited().map(standing).collect(),
            links: BTreeMap::new(),
            links_at: BTreeMap::new(),
            sensors: BTreeMap::new(),
            told: Told::default(),
        }
    }

    fn tell(mut self, steps: &mut [Step<'a>]) -> Told<'a> {
        // What nobody limits is shown from the outset.
        let mut changed: BTreeSet<&'a str> = self.recordings.limited().collect();
        for (number, step) in steps.iter_mut().enumerate() {
            let effects = std::mem::take(&mut step.effects);
            let had_any = !effects.is_empty();
            let mut touched = Touched { changed: std::mem::take(&mut changed), ..Touched::default() };
            for effect in effects {
                touched.changed.extend(self.people.take(&effect, self.recordings));
                step.effects.extend(self.take(effect, &mut touched));
            }
            self.settle(number, touched, &mut step.effects);
            if had_any && step.effects.is_empty() {
                self.told.silent.insert(number);
            }
        }
        self.told
    }

    /// Takes an effect, and gives it back where it is about nothing that is limited.
    fn take(&mut self, effect: Effect<'a>, touched: &mut Touched<'a>) -> Option<Effect<'a>> {
        match effect {
            Effect::Create { node, .. }
            | Effect::Delete { node, .. }
            | Effect::Write { node, .. }
            | Effect::Nothing { node }
            | Effect::Withhold { node }
            | Effect::Occlude { node } => {
                let Some(standing) = self.nodes.get_mut(node) else { return Some(effect) };
                standing.take(&effect);
                touched.nodes.entry(node).or_default().push(effect);
            }
            Effect::Link { ends, stands } => {
                if ![ends.from, ends.to].iter().any(|end| self.recordings.is_limited(end)) {
                    return Some(effect);
                }
                self.links.entry(ends).or_default().stands = stands;
                for end in [ends.from, ends.to] {
                    self.links_at.entry(end).or_default().insert(ends);
                }
                touched.links.insert(ends);
            }
            Effect::Read { reading, by } => {
                let name = (reading.sensor.actor, reading.sensor.sensor);
                if !self.recordings.has_sensor(name) {
                    return Some(effect);
                }
                let sensor = self.sensors.entry(name).or_default();
                (sensor.reading, sensor.is_news) = (Some((reading, by)), true);
                touched.sensors.insert(name);
            }
            Effect::Unread { .. } => return Some(effect),
        }
        None
    }

    /// Tells what is shown of all that was touched.
    fn settle(&mut self, number: usize, mut touched: Touched<'a>, out: &mut Vec<Effect<'a>>) {
        let reached = self.recordings.reached(touched.changed.iter().copied());
        let nodes: BTreeSet<&'a str> = reached.iter().chain(touched.nodes.keys()).copied().collect();
        let mut has_turned = false;
        for node in nodes {
            let own = touched.nodes.remove(node).unwrap_or_default();
            if self.tell_node(number, node, &own, out) {
                has_turned = true;
                touched.links.extend(self.links_at.get(node).into_iter().flatten());
            }
        }
        if has_turned {
            touched.sensors.extend(self.sensors.keys());
        }
        touched.links.iter().for_each(|ends| self.tell_link(*ends, out));
        touched.sensors.iter().for_each(|name| self.tell_sensor(*name, out));
    }

    /// Tells what came to a node in a step; answers whether another part of it is shown from now on.
    fn tell_node(
        &mut self,
        number: usize,
        node: &'a str,
        own: &[Effect<'a>],
        out: &mut Vec<Effect<'a>>,
    ) -> bool {
        let level = self.people.level(node, &self.end);
        let arena = self.arena;
        let Some(standing) = self.nodes.get_mut(node) else { return false };
        let before = standing.form;
        let is_first = !self.told.forms.contains_key(node);
        // A tombstone tells nothing of what was not shown before.
        let form = if standing.is_deleted { before } else { level.form(standing.geometry(), self.rules.mix) };
        standing.form = form;
        if form == Form::Nothing && standing.created.is_some() {
            self.told.withheld.insert(node);
        }
        let start = out.len();
        if form == before && !is_first {
            out.extend(own.iter().filter_map(|effect| told(effect, form, arena)));
            standing.is_told |= out.len() > start;
            return false;
        }
        self.told.forms.entry(node).or_default().push((number, form));
        if standing.is_told {
            out.push(Effect::Withhold { node });
        }
        let start = out.len();
        if form != Form::Nothing {
            standing.tell(node, form, arena, out);
        }
        standing.is_told = out.len() > start;
        true
    }

    fn shows_whole(&self, node: &str) -> bool {
        self.nodes.get(node).is_none_or(|standing| standing.form == Form::Whole)
    }

    fn tell_link(&mut self, ends: Ends<'a>, out: &mut Vec<Effect<'a>>) {
        let shown = self.shows_whole(ends.from) && self.shows_whole(ends.to);
        let Some(link) = self.links.get_mut(&ends) else { return };
        let stands = link.stands.filter(|_| shown);
        if link.told != stands {
            link.told = stands;
            out.push(Effect::Link { ends, stands });
        }
    }

    fn tell_sensor(&mut self, name: SensorName<'a>, out: &mut Vec<Effect<'a>>) {
        let Some((reading, by)) = self.sensors.get(&name).and_then(|sensor| sensor.reading) else { return };
        let node = reading.sensor.node.and_then(raw::text);
        let shown = node.is_none_or(|node| self.shows_whole(&node));
        let Some(sensor) = self.sensors.get_mut(&name) else { return };
        if shown && (sensor.is_news || !sensor.is_told) {
            out.push(Effect::Read { reading, by });
        } else if sensor.is_told && !shown {
            out.push(Effect::Unread { actor: name.0, sensor: name.1 });
        }
        (sensor.is_news, sensor.is_told) = (false, shown);
    }
}

impl<'a> Standing<'a> {
    fn take(&mut self, effect: &Effect<'a>) {
        match *effect {
            Effect::Create { key, tile, by, .. } => self.created = Some((key, tile, by)),
            Effect::Delete { .. } => {
                self.is_deleted = true;
                self.registers.clear();
            }
            Effect::Write { written, by, .. } => {
                self.registers.retain(|(old, _)| old.register != written.register);
                self.registers.push((written, by));
            }
            _ => {}
        }
    }

    fn geometry(&self) -> Option<&'a str> {
        let geometry = self.registers.iter().find(|(w, _)| w.register.kind == RegisterKind::Geometry);
        geometry.map(|(written, _)| written.value)
    }

    /// Tells all that stands.
    fn tell(&self, node: &'a str, form: Form, arena: &'a Bump, out: &mut Vec<Effect<'a>>) {
        let created = self.created.map(|(key, tile, by)| Effect::Create { node, key, tile, by });
        out.extend(created);
        if form == Form::Occluder {
            out.push(Effect::Occlude { node });
        }
        let written =
            self.registers.iter().map(|(written, by)| Effect::Write { node, written: *written, by: *by });
        out.extend(written.filter_map(|effect| told(&effect, form, arena)));
    }
}

/// What is told of an effect on a node of which so much is shown.
fn told<'a>(effect: &Effect<'a>, form: Form, arena: &'a Bump) -> Option<Effect<'a>> {
    match (form, *effect) {
        (Form::Nothing, _) => None,
        (Form::Occluder, Effect::Write { node, written, by }) => is_of_occluder(written.register.kind)
            .then(|| Effect::Write { node, written: occluding(written, arena), by }),
        (Form::Occluder, Effect::Nothing { .. }) => None,
        (_, effect) => Some(effect),
    }
}
