//! What is heard of a view: its events in the order of their keys, each with what its node was at that moment.
//!
//! State lines are heard as far as they tell when something happened: a register's key is an event that set it.
//! What an event of the stream says is not heard a second time from a state line.

use crate::mapping::{Mapping, Operation, Sound};
use crate::words::clean;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use ulp_core::event::{Payload, Register, RegisterKind, Sensor, Set};
use ulp_core::id::{Key, Policy, Time};
use ulp_core::json::{self, Kind, Tape};
use ulp_core::state::{Reading, Written};
use ulp_core::world::Row;
use ulp_view::View;
use ulp_view::join::{Space, ViewNode, unquoted};
use ulp_view::name::name_of;
use ulp_view::transform::{Local, Transform, numbers};

/// Most ancestors that a position is worked out through.
const ANCESTORS: usize = 64;

/// Something that happened.
struct Moment<'a> {
    eff: Time,
    event: Cow<'a, str>,
    /// The order of what one key did.
    nth: usize,
    space: usize,
    act: Act<'a>,
}

/// What happened.
enum Act<'a> {
    Create { node: &'a str, sets: Cow<'a, [Set<'a>]> },
    Set { node: &'a str, sets: Cow<'a, [Set<'a>]> },
    Step { updates: &'a [(&'a str, &'a [Set<'a>])] },
    Delete { node: &'a str },
    Link { from: &'a str, to: &'a str, on: bool },
    Merge { node: Option<&'a str> },
    Sensor(Sensor<'a>),
    Unknown,
}

/// What is heard of one node at one moment.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its effective time, in nanoseconds.
    pub time: i64,
    pub event: Rc<str>,
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

/// Everything that is heard, in the order of keys.
pub fn hear(view: &View<'_, '_>, mapping: &Mapping) -> Vec<Heard> {
    let mut moments = Vec::new();
    let mut known: Vec<HashSet<&str>> = view.spaces.iter().map(|_| HashSet::new()).collect();
    let places: BTreeMap<&str, usize> = view.spaces.iter().map(|s| s.space).zip(0..).collect();
    for tile in 0..view.world.len() {
        let Some(&space) = places.get(view.world.place(tile).0) else { continue };
        for (key, row) in view.world.sorted_rows(tile) {
            known[space].insert(key.id);
            if view.world.withheld(row, key, view.filter).is_none() {
                take_row(key, space, row, &mut moments);
            }
        }
    }
    for (i, space) in view.spaces.iter().enumerate() {
        take_state(i, space, &known[i], &mut moments);
    }
    moments.sort_by(|a, b| (a.eff, &a.event, a.nth, a.space).cmp(&(b.eff, &b.event, b.nth, b.space)));
    let mut listener =
        Ear { mapping, view, nodes: HashMap::new(), turn: 0, heard: Vec::with_capacity(moments.len()) };
    moments.iter().for_each(|moment| listener.take(moment));
    listener.heard
}

/// The moments of one row. From a redacted lane a view takes no more than where things are and how they hang
/// together.
fn take_row<'a>(key: Key<'a>, space: usize, row: &Row<'a>, moments: &mut Vec<Moment<'a>>) {
    let redacted = row.lane.policy == Policy::Redacted;
    let mut take = |event, nth, payload: &Payload<'a>| {
        if let Some(act) = act(payload, redacted) {
            moments.push(Moment { eff: key.eff, event, nth, space, act });
        }
    };
    match row.payload {
        Payload::Macro(list) => {
            for (nth, primitive) in list.iter().enumerate() {
                take(Cow::Owned(format!("{}{}", key.id, primitive.suffix)), nth, &primitive.payload);
            }
        }
        payload => take(Cow::Borrowed(key.id), 0, &payload),
    }
}

fn act<'a>(payload: &Payload<'a>, redacted: bool) -> Option<Act<'a>> {
    let seen = |sets: &'a [Set<'a>]| {
        if !redacted {
            return Cow::Borrowed(sets);
        }
        let stays = |s: &&Set<'_>| matches!(s.register.kind, RegisterKind::Parent | RegisterKind::MovedTo);
        Cow::Owned(sets.iter().filter(stays).copied().collect())
    };
    match *payload {
        Payload::Create { node, sets } => Some(Act::Create { node, sets: seen(sets) }),
        Payload::Set { node, sets } => {
            Some(Act::Set { node, sets: seen(sets) }).filter(|_| !redacted || !seen(sets).is_empty())
        }
        Payload::Delete { node } => Some(Act::Delete { node }),
        Payload::Link(link) => Some(Act::Link { from: link.ends.from, to: link.ends.to, on: true }),
        Payload::Unlink(unlink) => Some(Act::Link { from: unlink.ends.from, to: unlink.ends.to, on: false }),
        _ if redacted => None,
        Payload::Step { updates } => Some(Act::Step { updates }),
        Payload::Merge { node, .. } => Some(Act::Merge { node: node.map(|(name, _)| name) }),
        Payload::Sensor(sensor) => Some(Act::Sensor(*sensor)),
        Payload::Macro(_) => None,
        Payload::Unknown => Some(Act::Unknown),
    }
}

/// The moments that only the state tells of.
fn take_state<'a>(index: usize, space: &Space<'a>, known: &HashSet<&str>, moments: &mut Vec<Moment<'a>>) {
    let mut take = |key: Key<'a>, nth, act| {
        if !known.contains(key.id) && !known.contains(key.event()) {
            moments.push(Moment { eff: key.eff, event: Cow::Borrowed(key.id), nth, space: index, act });
        }
    };
    for (node, known) in space.nodes.iter() {
        let mut writes: BTreeMap<Key<'a>, Vec<Set<'a>>> = BTreeMap::new();
        for Written { register, key, value } in known.state.registers.iter().copied() {
            writes.entry(key).or_default().push(Set { register, value });
        }
        if let Some(created) = known.state.created {
            let sets = writes.remove(&created).unwrap_or_default();
            take(created, 0, Act::Create { node, sets: ordered(sets) });
        }
        for (key, sets) in writes {
            take(key, 0, Act::Set { node, sets: ordered(sets) });
        }
        if let Some(deleted) = known.state.deleted {
            take(deleted, 1, Act::Delete { node });
        }
    }
    for (ends, add) in &space.links {
        take(add.key, 0, Act::Link { from: ends.from, to: ends.to, on: true });
    }
    for Reading { key, sensor } in space.sensors.values() {
        take(*key, 0, Act::Sensor(*sensor));
    }
}

/// Registers come in no order, and the first of an event's says what it did.
fn ordered<'a>(mut sets: Vec<Set<'a>>) -> Cow<'a, [Set<'a>]> {
    sets.sort_by(|a, b| (a.register.kind, a.register.key).cmp(&(b.register.kind, b.register.key)));
    Cow::Owned(sets)
}

/// What a node was at the moment that is being heard.
struct Now<'a> {
    node: ViewNode<'a>,
    id: Rc<str>,
    name: Rc<str>,
    kind: Rc<str>,
    layer: Rc<str>,
    parent: Option<Rc<str>>,
}

/// Hears moments in their order.
struct Ear<'v, 'a> {
    mapping: &'v Mapping,
    view: &'v View<'v, 'a>,
    nodes: HashMap<(usize, Rc<str>), Now<'a>>,
    /// How many changes there were.
    turn: i64,
    heard: Vec<Heard>,
}

impl<'a> Ear<'_, 'a> {
    fn take(&mut self, moment: &Moment<'a>) {
        match &moment.act {
            Act::Create { node, sets } => self.change(moment, Operation::Create, node, sets),
            Act::Set { node, sets } => {
                if let Some(operation) = operation_of(sets) {
                    self.change(moment, operation, node, sets);
                }
            }
            Act::Step { updates } => {
                updates.iter().for_each(|(node, sets)| self.change(moment, Operation::Step, node, sets));
            }
            Act::Delete { node } => self.about(moment, Operation::Delete, Some(node), |_| {}),
            Act::Link { from, to, on } => {
                if self.is_known(moment.space, from) && self.is_known(moment.space, to) {
                    let operation = if *on { Operation::Link } else { Operation::Unlink };
                    self.about(moment, operation, Some(from), |_| {});
                    self.about(moment, operation, Some(to), |heard| heard.counts = false);
                }
            }
            Act::Merge { node } => self.about(moment, Operation::Merge, *node, |_| {}),
            Act::Unknown => self.about(moment, Operation::Unknown, None, |_| {}),
            Act::Sensor(sensor) => self.read(moment, sensor),
        }
    }

    /// Whether the view knows that the node was created, so that it may be heard.
    fn is_known(&self, space: usize, node: &str) -> bool {
        let nodes = &self.view.spaces[space].nodes;
        nodes.get(node).is_some_and(|n| n.state.created.is_some())
    }

    fn change(&mut self, moment: &Moment<'a>, operation: Operation, node: &'a str, sets: &[Set<'a>]) {
        if !self.is_known(moment.space, node) {
            return;
        }
        // Moments come in the order of keys, so that the later of two writes is the greater.
        self.turn += 1;
        let key = Key { eff: Time(self.turn), id: "" };
        let now = self.now(moment.space, node);
        let mut named = false;
        for set in sets.iter().filter(|s| is_heard(s.register)) {
            now.node.state.registers.write(Written { register: set.register, key, value: set.value });
            named |= matches!(
                set.register.kind,
                RegisterKind::Property | RegisterKind::Kind | RegisterKind::Layer | RegisterKind::Parent
            );
        }
        if named {
            now.read();
        }
        let standing = self.mapping.standing.as_deref().and_then(|name| {
            let set = sets.iter().find(|s| s.register == Register::property(name))?;
            numbers(set.value).first().copied()
        });
        let clip =
            sets.iter().filter(|s| s.register.kind == RegisterKind::Media).find_map(|s| audio(s.value));
        self.about(moment, operation, Some(node), |heard| {
            heard.standing = standing;
            heard.clip = clip;
        });
    }

    fn now(&mut self, space: usize, node: &str) -> &mut Now<'a> {
        let id: Rc<str> = node.into();
        self.nodes.entry((space, id.clone())).or_insert_with(|| Now {
            node: ViewNode::default(),
            name: clean(node).into(),
            id,
            kind: "".into(),
            layer: "".into(),
            parent: None,
        })
    }

    /// Puts down what is heard of a node, or of none.
    fn about(
        &mut self,
        moment: &Moment<'a>,
        operation: Operation,
        node: Option<&str>,
        finish: impl FnOnce(&mut Heard),
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
                let sound = mapping.sound(operation, &now.kind, &now.layer);
                (sound, now.id.clone(), now.name.clone(), now.pitch(mapping))
            }
            None => (mapping.sound(operation, "", ""), none.clone(), none.clone(), none),
        };
        let position = node.and_then(|n| self.position(moment.space, n));
        let mut heard = Heard {
            time: moment.eff.0,
            event: (&*moment.event).into(),
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
        finish(&mut heard);
        self.heard.push(heard);
    }

    fn read(&mut self, moment: &Moment<'a>, sensor: &Sensor<'a>) {
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
        self.heard.push(Heard {
            time: moment.eff.0,
            event: (&*moment.event).into(),
            space: moment.space,
            operation: Operation::Sensor,
            sound: self.mapping.sound(Operation::Sensor, "", sensor.layer),
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
            placed |= now.node.plain(RegisterKind::Position).is_some();
            world = Local::of(&now.node).transform().then(&world);
            match &now.parent {
                Some(parent) => at = parent.clone(),
                None => break,
            }
        }
        placed.then(|| world.position())
    }
}

impl Now<'_> {
    /// Reads anew what the registers say in words.
    fn read(&mut self) {
        let text = |register| self.node.get(register).map(unquoted).filter(|t| !t.is_empty());
        let plain = |kind| text(Register::plain(kind));
        let words = name_of(|key| self.node.get(Register::property(key)));
        let name = words.map(|w| clean(&w)).filter(|w| !w.is_empty());
        let kind = plain(RegisterKind::Kind).unwrap_or_default();
        let layer = plain(RegisterKind::Layer).unwrap_or_default();
        self.parent = plain(RegisterKind::Parent).map(Rc::from);
        self.name = name.unwrap_or_else(|| clean(&self.id)).into();
        self.kind = kind.into();
        self.layer = layer.into();
    }

    fn pitch(&self, mapping: &Mapping) -> Rc<str> {
        use crate::mapping::PitchOf;
        match mapping.pitch {
            PitchOf::Node => self.id.clone(),
            PitchOf::Kind => self.kind.clone(),
            PitchOf::Layer => self.layer.clone(),
            PitchOf::Nothing => "".into(),
        }
    }
}

impl Read {
    fn of(sensor: &Sensor<'_>) -> Read {
        let value = match sensor.value {
            "true" => Some(1.0),
            "false" => Some(0.0),
            raw => numbers(raw).first().copied(),
        };
        let text = value.filter(|_| !matches!(sensor.value, "true" | "false")).map(crate::words::number);
        let text = text.unwrap_or_else(|| {
            let text = unquoted(sensor.value);
            if text.is_empty() { sensor.value.to_owned() } else { text }
        });
        let unit = sensor.unit.map(unquoted).unwrap_or_default();
        let words = clean(&format!("{text} {unit}"));
        Read { actor: sensor.actor.into(), sensor: sensor.sensor.into(), value, words: words.into() }
    }
}

/// Whether a register changes what is heard of its node later on.
fn is_heard(register: Register<'_>) -> bool {
    use RegisterKind as R;
    match register.kind {
        R::Position | R::Rotation | R::Scale | R::Parent | R::Kind | R::Layer => true,
        R::Property => matches!(register.key, "label" | "name" | "title"),
        _ => false,
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
        R::Property | R::Kind | R::Layer | R::Authority | R::Boundary => Operation::Properties,
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
