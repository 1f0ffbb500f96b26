//! The recordings of a history, with what hangs below them, and the nodes that say how far they are shown.

use super::resolve::{Effect, Step};
use crate::consent::{End, is_about_consent};
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::raw;

/// A sensor by its actor and name.
pub(super) type SensorName<'a> = (&'a str, &'a str);

/// Who hangs on whom, at any time.
pub(super) struct Recordings<'a> {
    /// What was a recording at any time, and what ever hung below one or was absorbed into one.
    limited: BTreeSet<&'a str>,
    /// These, and all that they ever rested on.
    watched: BTreeSet<String>,
    /// By name: what ever named it as its parent, as what it was absorbed into, or as whom it is a recording of.
    below: BTreeMap<String, BTreeSet<&'a str>>,
    /// The sensors that ever read anything at what is limited.
    sensors: BTreeSet<SensorName<'a>>,
}

impl<'a> Recordings<'a> {
    /// Nothing where there was never a recording.
    pub fn of(steps: &[Step<'a>], end: Option<&End>) -> Option<Recordings<'a>> {
        let effects = || steps.iter().flat_map(|step| &step.effects);
        let may_record =
            |effect: &Effect<'a>| matches!(effect, Effect::Write { written, .. } if is_of(written.register));
        if end.is_none_or(End::has_none) && !effects().any(may_record) {
            return None;
        }
        let (mut sensed, mut recorded) = (BTreeSet::new(), BTreeSet::new());
        let mut below: BTreeMap<String, BTreeSet<&'a str>> = BTreeMap::new();
        let mut above: BTreeMap<&'a str, BTreeSet<String>> = BTreeMap::new();
        let ended: BTreeSet<&str> = end.into_iter().flat_map(End::recordings).collect();
        let mut limited: BTreeSet<&'a str> = BTreeSet::new();
        for effect in effects() {
            let Effect::Write { node, written, .. } = effect else { continue };
            limited.extend(ended.contains(node).then_some(*node));
            if written.register == Register::property("sensor") {
                sensed.insert(*node);
            } else if let Some(name) = named(written.register, written.value) {
                recorded.extend(is_of(written.register).then_some(*node));
                above.entry(node).or_default().insert(name.clone());
                below.entry(name).or_default().insert(node);
            }
        }
        limited.extend(sensed.intersection(&recorded));
        if limited.is_empty() {
            return None;
        }
        let mut open: Vec<&'a str> = limited.iter().copied().collect();
        while let Some(name) = open.pop() {
            open.extend(below.get(name).into_iter().flatten().filter(|below| limited.insert(below)));
        }
        let mut watched: BTreeSet<String> = limited.iter().map(|name| (*name).to_owned()).collect();
        let mut open: Vec<String> = watched.iter().cloned().collect();
        while let Some(name) = open.pop() {
            let above = above.get(name.as_str()).into_iter().flatten();
            open.extend(above.filter(|above| watched.insert((*above).clone())).cloned());
        }
        let sensors = effects().filter_map(|effect| read_at(effect, &limited)).collect();
        Some(Recordings { limited, watched, below, sensors })
    }

    pub fn is_limited(&self, node: &str) -> bool {
        self.limited.contains(node)
    }

    pub fn limited(&self) -> impl Iterator<Item = &'a str> {
        self.limited.iter().copied()
    }

    pub fn is_watched(&self, node: &str) -> bool {
        self.watched.contains(node)
    }

    pub fn has_sensor(&self, name: SensorName<'_>) -> bool {
        self.sensors.contains(&name)
    }

    /// What is limited and hangs on these, and so on downwards, and these themselves.
    pub fn reached<'n>(&self, changed: impl Iterator<Item = &'n str>) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        for name in changed {
            let own = self.limited.get(name).copied();
            let below = self.below.get(name).into_iter().flatten().copied();
            let mut open: Vec<&'a str> = below.chain(own).collect();
            while let Some(name) = open.pop() {
                if self.is_limited(name) && reached.insert(name) {
                    open.extend(self.below.get(name).into_iter().flatten());
                }
            }
        }
        reached
    }
}

/// The sensor that read at a limited node.
fn read_at<'a>(effect: &Effect<'a>, limited: &BTreeSet<&'a str>) -> Option<SensorName<'a>> {
    let Effect::Read { reading, .. } = effect else { return None };
    let node = raw::text(reading.sensor.node?)?;
    limited.contains(&*node).then_some((reading.sensor.actor, reading.sensor.sensor))
}

/// The node that a register names on which others hang.
fn named(register: Register<'_>, value: &str) -> Option<String> {
    let names = matches!(register.kind, RegisterKind::Parent | RegisterKind::AbsorbedInto) || is_of(register);
    (names && value != "null").then(|| raw::text(value).unwrap_or_default().into_owned())
}

fn is_of(register: Register<'_>) -> bool {
    register == Register::property("of")
}

/// Whether a register says how far others are shown, or its own node.
pub(super) fn decides(register: Register<'_>) -> bool {
    use RegisterKind as R;
    let hangs = matches!(
        register.kind,
        R::AbsorbedInto | R::Authority | R::Boundary | R::Layer | R::MovedTo | R::Parent
    );
    hangs || is_about_consent(register)
}
