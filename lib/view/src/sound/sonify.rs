//! Sonified events: what is heard of a view, in the order of keys, each with what its node was at that moment.

use super::mapping::{Mapping, Operation, Sound};
use super::now::{Now, Words};
use super::winners::Winners;
use super::words::clean;
use crate::View;
use crate::history::{Change, Part, Source};
use crate::join::unquoted;
use crate::series;
use crate::transform::{Transform, numbers};
use bumpalo::Bump;
use std::collections::HashMap;
use std::rc::Rc;
use ulp_core::event::{Ends, Payload, Register, RegisterKind, Sensor, Set};
use ulp_core::json::{self, Kind, Tape};

/// Most ancestors that a position is worked out through.
const ANCESTORS: usize = 64;

/// A part of a space's history.
struct Moment<'h> {
    /// The place of its space among the view's.
    space: usize,
    part: &'h Part<'h>,
    changes: &'h [Change<'h>],
}

/// What is heard of one node at one moment.
#[derive(Clone, Debug)]
pub struct Sonified {
    /// Its effective time, in nanoseconds.
    pub time: i64,
    pub id: Rc<str>,
    /// The place of its space among the view's.
    pub space: usize,
    pub operation: Operation,
    pub sound: Sound,
    /// Empty where it is about none.
    pub node: Rc<str>,
    /// What people call it.
    pub name: Rc<str>,
    /// What the mapping picks the pitch class from.
    pub pitch: Rc<str>,
    pub position: Option<[f64; 3]>,
    /// Whether it counts: the second end of a link sounds, but its link is counted once.
    pub counts: bool,
    pub reading: Option<Read>,
    /// How the sensors of the node stand from now on.
    pub standing: Option<f64>,
    /// The reference of an audio blob.
    pub clip: Option<Rc<str>>,
}

/// A sensor by its space, actor and name.
pub type SensorName = (usize, Rc<str>, Rc<str>);

/// A sensor's reading.
#[derive(Clone, Debug)]
pub struct Read {
    pub actor: Rc<str>,
    pub sensor: Rc<str>,
    /// The value, where it is a number or a truth.
    pub value: Option<f64>,
    /// The value and its unit, in words.
    pub words: Rc<str>,
}

impl Sonified {
    /// What a sensor said, where it is a number.
    pub fn number(&self) -> Option<(SensorName, f64)> {
        let read = self.reading.as_ref()?;
        Some(((self.space, read.actor.clone(), read.sensor.clone()), read.value?))
    }
}

/// Everything that is heard, in the order of keys.
pub fn sonify(view: &View<'_, '_>, mapping: &Mapping) -> Vec<Sonified> {
    let arena = Bump::new();
    let histories = view.histories(&arena);
    let mut moments: Vec<Moment<'_>> = Vec::new();
    for (space, history) in histories.iter().enumerate() {
        let moment = |part| Moment { space, part, changes: history.changes(part) };
        moments.extend(history.parts().iter().map(moment));
    }
    moments.sort_by_key(|moment| (moment.part.key, moment.space));
    let mut sonifier = Sonifier {
        mapping,
        special: mapping.special("", ""),
        specials: HashMap::new(),
        view,
        winners: view.spaces.iter().map(|space| Winners::new(space, view.filter)).collect(),
        nodes: HashMap::new(),
        events: Vec::with_capacity(moments.len()),
    };
    moments.iter().for_each(|moment| sonifier.take(moment));
    sonifier.events
}

/// Makes sonified events of moments, in their order.
struct Sonifier<'v, 'a> {
    mapping: &'v Mapping,
    /// What the mapping asks for where there is neither kind nor layer.
    special: Option<Sound>,
    /// What it asks for by kind and layer, as far as that is known.
    specials: HashMap<Words, Option<Sound>>,
    view: &'v View<'v, 'a>,
    /// By space.
    winners: Vec<Winners<'v, 'a>>,
    nodes: HashMap<(usize, Rc<str>), Now<'v>>,
    events: Vec<Sonified>,
}

impl<'v> Sonifier<'v, '_> {
    fn take(&mut self, moment: &Moment<'v>) {
        match moment.part.source {
            Source::Event(Payload::Step { updates }) => {
                updates.iter().for_each(|(node, sets)| self.change(moment, Operation::Step, node, sets));
            }
            Source::Event(Payload::Unlink(unlink)) => self.link(moment, Operation::Unlink, &unlink.ends),
            Source::Event(Payload::Merge { node, .. }) => {
                self.about(moment, Operation::Merge, node.map(|(name, _)| name), |_| {});
            }
            Source::Event(Payload::Unknown) => self.about(moment, Operation::Unknown, None, |_| {}),
            Source::Event(_) | Source::Redacted => self.take_changes(moment, moment.changes),
            Source::State => {
                let heard = self.winners[moment.space].heard(moment.part, moment.changes);
                self.take_changes(moment, &heard);
            }
        }
    }

    /// Takes changes, those of one node together.
    fn take_changes(&mut self, moment: &Moment<'v>, changes: &[Change<'v>]) {
        for same in changes.chunk_by(are_heard_as_one) {
            match same[0] {
                Change::Create { node } => self.set(moment, Some(Operation::Create), node, same),
                Change::Write { node, .. } | Change::Absorb { node, .. } => {
                    self.set(moment, None, node, same)
                }
                Change::Delete { node } => self.about(moment, Operation::Delete, Some(node), |_| {}),
                Change::AddLink { ends, .. } => self.link(moment, Operation::Link, &ends),
                Change::RemoveLink { ends, .. } | Change::RemoveLinksBefore { ends } => {
                    self.link(moment, Operation::Unlink, &ends);
                }
                Change::Read(sensor) => self.read(moment, sensor),
            }
        }
    }

    /// Takes what is set of one node; what that does is told by the first register, unless it is known.
    fn set(&mut self, moment: &Moment<'v>, known: Option<Operation>, node: &str, changes: &[Change<'v>]) {
        let sets: Vec<Set<'v>> = changes.iter().filter_map(set).collect();
        if let Some(operation) = known.or_else(|| operation_of(&sets)) {
            self.change(moment, operation, node, &sets);
        }
    }

    /// Both ends of a link are heard; it is counted once.
    fn link(&mut self, moment: &Moment<'v>, operation: Operation, ends: &Ends<'_>) {
        if self.is_known(moment.space, ends.from) && self.is_known(moment.space, ends.to) {
            self.about(moment, operation, Some(ends.from), |_| {});
            self.about(moment, operation, Some(ends.to), |event| event.counts = false);
        }
    }

    /// Whether the view knows that the node was created, so that it may be heard.
    fn is_known(&self, space: usize, node: &str) -> bool {
        let nodes = &self.view.spaces[space].nodes;
        nodes.get(node).is_some_and(|n| n.state.created.is_some())
    }

    fn change(&mut self, moment: &Moment<'v>, operation: Operation, node: &str, sets: &[Set<'v>]) {
        if !self.is_known(moment.space, node) {
            return;
        }
        let (mapping, mut specials) = (self.mapping, std::mem::take(&mut self.specials));
        self.now(moment.space, node).write(moment.part.key, sets, |words| {
            let asked = specials.entry(words);
            *asked.or_insert_with_key(|(kind, layer)| mapping.special(kind, layer))
        });
        self.specials = specials;
        let standing = self.mapping.standing.as_deref().and_then(|name| {
            let set = sets.iter().find(|s| s.register == Register::property(name))?;
            numbers(set.value).first().copied()
        });
        let clip =
            sets.iter().filter(|s| s.register.kind == RegisterKind::Media).find_map(|s| audio(s.value));
        self.about(moment, operation, Some(node), |event| {
            event.standing = standing;
            event.clip = clip;
        });
    }

    fn now(&mut self, space: usize, node: &str) -> &mut Now<'v> {
        let id: Rc<str> = node.into();
        let special = self.special;
        self.nodes.entry((space, id.clone())).or_insert_with(|| Now::new(id, special))
    }

    /// Puts down what is heard of a node, or of none.
    fn about(
        &mut self,
        moment: &Moment<'v>,
        operation: Operation,
        node: Option<&str>,
        finish: impl FnOnce(&mut Sonified),
    ) {
        let node = node.filter(|n| self.is_known(moment.space, n));
        if node.is_none() && !matches!(operation, Operation::Merge | Operation::Unknown) {
            return;
        }
        let none: Rc<str> = "".into();
        let mapping = self.mapping;
        let (sound, id, name, pitch) = match node {
            Some(node) => {
                let now = self.now(moment.space, node);
                (now.sound(operation, mapping), now.id.clone(), now.name.clone(), now.pitch(mapping))
            }
            None => (mapping.sound(operation, self.special), none.clone(), none.clone(), none),
        };
        let position = node.and_then(|n| self.position(moment.space, n));
        let mut event = Sonified {
            time: moment.part.key.eff.0,
            id: moment.part.key.id.into(),
            space: moment.space,
            operation,
            sound,
            node: id,
            name,
            pitch,
            position,
            counts: true,
            reading: None,
            standing: None,
            clip: None,
        };
        finish(&mut event);
        self.events.push(event);
    }

    fn read(&mut self, moment: &Moment<'v>, sensor: &Sensor<'_>) {
        let node = sensor.node.map(unquoted).filter(|n| self.is_known(moment.space, n));
        let own = sensor.position.map(numbers).filter(|p| p.len() > 1);
        let own = own.map(|p| std::array::from_fn(|i| p.get(i).copied().unwrap_or(0.0)));
        let (id, name, pitch): (Rc<str>, Rc<str>, Rc<str>) = match &node {
            Some(node) => {
                let mapping = self.mapping;
                let now = self.now(moment.space, node);
                (now.id.clone(), now.name.clone(), now.pitch(mapping))
            }
            None => ("".into(), clean(sensor.actor).into(), sensor.actor.into()),
        };
        let position = own.or_else(|| self.position(moment.space, node.as_deref()?));
        self.events.push(Sonified {
            time: moment.part.key.eff.0,
            id: moment.part.key.id.into(),
            space: moment.space,
            operation: Operation::Sensor,
            sound: self.mapping.sound(Operation::Sensor, None),
            node: id,
            name,
            pitch,
            position,
            counts: true,
            reading: Some(Read::of(sensor)),
            standing: None,
            clip: None,
        });
    }

    /// Where a node stands at this moment, where it was told to stand anywhere: through its parents as they are.
    fn position(&self, space: usize, node: &str) -> Option<[f64; 3]> {
        let mut world = Transform::IDENTITY;
        let mut at: Rc<str> = node.into();
        let mut placed = false;
        for _ in 0..ANCESTORS {
            let Some(now) = self.nodes.get(&(space, at)) else { break };
            placed |= now.is_placed;
            world = now.local.then(&world);
            match &now.parent {
                Some(parent) => at = parent.clone(),
                None => break,
            }
        }
        placed.then(|| world.position())
    }
}

impl Read {
    fn of(sensor: &Sensor<'_>) -> Read {
        let value = series::number(sensor.value);
        let text = value.filter(|_| !matches!(sensor.value, "true" | "false")).map(super::words::number);
        let text = text.unwrap_or_else(|| {
            let text = unquoted(sensor.value);
            if text.is_empty() { sensor.value.to_owned() } else { text }
        });
        let unit = sensor.unit.map(unquoted).unwrap_or_default();
        let words = clean(&format!("{text} {unit}"));
        Read { actor: sensor.actor.into(), sensor: sensor.sensor.into(), value, words: words.into() }
    }
}

/// Whether two changes of one part are heard as one: those of a node's registers, or of the tags of a link.
fn are_heard_as_one(a: &Change<'_>, b: &Change<'_>) -> bool {
    match (a, b) {
        (Change::RemoveLink { ends: a, .. }, Change::RemoveLink { ends: b, .. }) => a == b,
        _ => changed_node(a).is_some() && changed_node(a) == changed_node(b),
    }
}

/// The node that a change creates or sets a register of.
fn changed_node<'h>(change: &Change<'h>) -> Option<&'h str> {
    match *change {
        Change::Create { node } | Change::Write { node, .. } | Change::Absorb { node, .. } => Some(node),
        _ => None,
    }
}

/// The register that a change sets.
fn set<'h>(change: &Change<'h>) -> Option<Set<'h>> {
    match *change {
        Change::Write { register, value, .. } => Some(Set { register, value }),
        Change::Absorb { into, .. } => {
            Some(Set { register: Register::plain(RegisterKind::AbsorbedInto), value: into })
        }
        _ => None,
    }
}

/// What the registers that an event sets say it did.
fn operation_of(sets: &[Set<'_>]) -> Option<Operation> {
    use RegisterKind as R;
    Some(match sets.first()?.register.kind {
        R::Position | R::Rotation | R::Scale | R::Parent | R::MovedTo => Operation::Move,
        R::Geometry => Operation::Geometry,
        R::Media => Operation::Media,
        R::Physics | R::Velocity | R::AngularVelocity => Operation::Physics,
        R::AbsorbedInto => Operation::Merge,
        // What has no sound of its own sounds as a property does.
        _ => Operation::Properties,
    })
}

/// The reference of a media value that is audio.
fn audio(raw: &str) -> Option<Rc<str>> {
    let mut tape = Tape::new();
    let arena = bumpalo::Bump::new();
    let media = tape.parse_any(raw, json::STATE_DEPTH).ok().filter(|v| v.kind() == Kind::Object)?;
    let text = |name: &str| media.get(name)?.as_str(&arena).map(str::to_owned);
    text("mime").filter(|m| m.starts_with("audio/"))?;
    text("ref").map(Rc::from)
}
