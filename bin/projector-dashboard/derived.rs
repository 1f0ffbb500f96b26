//! What the rules derive: alerts that open and end, as whole events, and which alerts stand open.
//!
//! An alert of the same rule and series that is there already, made while what was found stood open, is that one; so
//! is a node of the name that it would have. A reading that comes late and moves the opening opens no second.

use crate::board::{Board, Shown, seconds};
use crate::known::{Known, KnownAlerts};
use crate::rules::{Area, Rule};
use crate::watch::Stretch;
use bumpalo::Bump;
use std::collections::HashSet;
use ulp_core::event::{Line, Reader, RegisterKind};
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Boundary, Lane, Tile, Time};
use ulp_core::json::write::{Object, write_numbers, write_texts};
use ulp_core::json::write_number;
use ulp_view::View;
use ulp_view::join::{Space, unquoted};
use ulp_view::series::Reading;
use ulp_view::transform::{self, Transform, rounded};

/// How many hexadecimal digits a name made of a hash has.
const HASH: usize = 32;

/// An event that is new.
pub struct Event {
    /// Its place in the order.
    eff: i64,
    id: String,
    /// Its line, with the line end.
    pub line: Vec<u8>,
}

/// An alert that stands open.
pub struct Open {
    pub node: String,
    pub event: String,
    pub rule: String,
    /// What it warns of, and of which sensor.
    pub what: String,
    pub about: String,
    pub since: Time,
    pub severity: String,
    pub status: String,
}

/// What follows from the rules.
pub struct Derived {
    /// In order.
    pub events: Vec<Event>,
    pub open: Vec<Open>,
}

/// Derives it.
pub fn derive(view: &View<'_, '_>, board: &Board<'_, '_>) -> Derived {
    let arena = Bump::new();
    let mut deriving = Deriving {
        view,
        arena: &arena,
        known: KnownAlerts::of(view),
        worlds: view.spaces.iter().map(|_| None).collect(),
        taken: HashSet::new(),
        over: HashSet::new(),
        derived: Derived { events: Vec::new(), open: Vec::new() },
    };
    for shown in &board.series {
        for finding in &shown.findings {
            finding.stretches.iter().for_each(|stretch| deriving.take(shown, finding.rule, *stretch));
        }
    }
    let Deriving { known, over, mut derived, .. } = deriving;
    let stands = |(place, alert): &(usize, &Known<'_>)| !alert.is_ended && !over.contains(place);
    derived.open.extend(known.all.iter().enumerate().filter(stands).map(|(_, alert)| Open::of(alert)));
    derived.events.sort_by(|a, b| (a.eff, &a.id).cmp(&(b.eff, &b.id)));
    derived
}

impl Open {
    fn of(alert: &Known<'_>) -> Open {
        Open {
            node: alert.node.to_owned(),
            event: alert.event.to_owned(),
            rule: alert.rule.clone(),
            what: alert.what.clone(),
            about: alert.about.clone(),
            since: alert.created.eff,
            severity: alert.severity.clone(),
            status: alert.status.clone(),
        }
    }

    fn derived(creation: &Creation, shown: &Shown<'_, '_>, rule: &Rule, since: Time) -> Open {
        let property = |name: &str, other: &str| {
            let found = rule.alert.properties.iter().find(|(known, _)| known == name);
            let text = found.map(|(_, raw)| unquoted(raw)).unwrap_or_default();
            if text.is_empty() { other.to_owned() } else { text }
        };
        Open {
            node: creation.node.clone(),
            event: creation.event.clone(),
            rule: rule.name.clone(),
            what: property("event", &rule.name),
            about: format!("{} {}", shown.series.actor, shown.series.sensor),
            since,
            severity: property("severity", "Unknown"),
            status: property("status", "Draft"),
        }
    }
}

/// The creation of an alert: here already, or new.
#[derive(Clone)]
struct Creation {
    node: String,
    event: String,
    eff: i64,
    tile: Tile,
}

/// What a reading's envelope says.
struct Envelope {
    layer: String,
    boundary: Boundary,
    lane: Lane,
}

struct Deriving<'d, 'v, 'a> {
    view: &'d View<'v, 'a>,
    arena: &'d Bump,
    known: KnownAlerts<'d>,
    /// Where the nodes of each space stand, once somebody asks.
    worlds: Vec<Option<Vec<Transform>>>,
    /// Known alerts that were found again, and those that end now.
    taken: HashSet<usize>,
    over: HashSet<usize>,
    derived: Derived,
}

impl Deriving<'_, '_, '_> {
    fn take(&mut self, shown: &Shown<'_, '_>, rule: &Rule, stretch: Stretch) {
        let readings = &shown.series.readings;
        let closing = stretch.closed.map(|at| &readings[at]);
        if let Some(place) = self.there(shown, rule, stretch) {
            let alert = &self.known.all[place];
            if let Some(closing) = closing.filter(|_| !alert.is_ended) {
                let creation = Creation {
                    node: alert.node.to_owned(),
                    event: alert.created.event().to_owned(),
                    eff: alert.created.eff.0,
                    tile: alert.tile,
                };
                self.over.insert(place);
                self.end(shown, rule, &creation, closing);
            }
            return;
        }
        let node = node_id(shown, rule, &readings[stretch.opened]);
        if self.space(shown).is_some_and(|space| space.nodes.get(&node).is_some()) {
            return;
        }
        let creation = self.create(shown, rule, node, stretch);
        match closing {
            Some(closing) => self.end(shown, rule, &creation, closing),
            None => self.derived.open.push(Open::derived(&creation, shown, rule, stretch.since)),
        }
    }

    /// The alert that is there for what was found: one that was made while it stood open.
    fn there(&mut self, shown: &Shown<'_, '_>, rule: &Rule, stretch: Stretch) -> Option<usize> {
        let series = shown.series;
        let until = stretch.closed.map(|at| series.readings[at].time());
        let is_it = |place: &usize| {
            let made = self.known.all[*place].created.eff;
            !self.taken.contains(place) && made >= stretch.since && until.is_none_or(|until| made <= until)
        };
        let name = [series.space, rule.name.as_str(), series.actor, series.sensor];
        let place = self.known.of_series(name).find(is_it)?;
        self.taken.insert(place);
        Some(place)
    }

    fn space(&self, shown: &Shown<'_, '_>) -> Option<&Space<'_>> {
        self.view.spaces.iter().find(|space| space.space == shown.series.space)
    }

    fn create(&mut self, shown: &Shown<'_, '_>, rule: &Rule, node: String, stretch: Stretch) -> Creation {
        let opening = &shown.series.readings[stretch.opened];
        let place = self.place(shown, rule, opening);
        let envelope = self.envelope(opening);
        let write = |id: Option<&str>| {
            let mut event = envelope.event(rule, shown.series.space, opening.tile, stretch.since);
            event.text("event_id", id).text("operation", Some("create_node")).text("node_id", Some(&node));
            event.text("kind", Some("alert")).member("properties", |out| properties(shown, rule).write(out));
            event.member("previous_events", |out| write_texts([opening.key.event()], out));
            if let Some(geometry) = &place.geometry {
                event.raw("geometry", Some(geometry));
            }
            if !place.transform.is_empty() {
                event.member("transform", |out| {
                    let mut transform = Object::default();
                    place.transform.iter().for_each(|(name, raw)| {
                        transform.raw(name, Some(raw));
                    });
                    transform.write(out);
                });
            }
            event.bytes()
        };
        let eff = stretch.since.0.max(opening.time().0.saturating_add(1));
        let event = self.push(eff, write);
        Creation { node, event, eff, tile: opening.tile }
    }

    fn end(&mut self, shown: &Shown<'_, '_>, rule: &Rule, creation: &Creation, closing: &Reading<'_>) {
        let envelope = self.envelope(closing);
        let is_cause = closing.tile == creation.tile;
        let write = |id: Option<&str>| {
            let mut event = envelope.event(rule, shown.series.space, creation.tile, closing.time());
            event.text("event_id", id).text("operation", Some("set_properties"));
            event.text("node_id", Some(&creation.node)).raw("properties", Some("{\"state\":\"ended\"}"));
            let causes = [&*creation.event].into_iter().chain(is_cause.then_some(closing.key.event()));
            event.member("previous_events", |out| write_texts(causes, out));
            event.bytes()
        };
        let own = closing.time().0.max(creation.eff.saturating_add(1));
        let eff = if is_cause { own.max(closing.time().0.saturating_add(1)) } else { own };
        self.push(eff, write);
    }

    /// Puts down an event that is named by its hash, and answers the name.
    fn push(&mut self, eff: i64, write: impl Fn(Option<&str>) -> Vec<u8>) -> String {
        let id = format!("evt-{}", &Blake3::of(&write(None)).hex()[..HASH]);
        let mut line = write(Some(&id));
        line.push(b'\n');
        self.derived.events.push(Event { eff, id: id.clone(), line });
        id
    }

    /// The envelope of a reading: its line is read again; what state lines alone tell of it stands for the rest.
    fn envelope(&self, reading: &Reading<'_>) -> Envelope {
        let read = |line| Reader::new(self.arena, self.view.world.defaults()).read_bytes(line);
        match reading.line.map(|line| read(self.arena.alloc_slice_copy(line))) {
            Some(Ok(Line::Event(event))) => {
                Envelope { layer: event.layer.to_owned(), boundary: event.scope.boundary, lane: reading.lane }
            }
            _ => Envelope {
                layer: unquoted(reading.sensor.layer),
                boundary: Boundary::Interior,
                lane: reading.lane,
            },
        }
    }

    /// Where an alert stands: as a node lies, or around the reading.
    fn place(&mut self, shown: &Shown<'_, '_>, rule: &Rule, reading: &Reading<'_>) -> Place {
        match &rule.alert.area {
            Some(Area::Node(name)) => self.place_of_node(shown, name),
            area => {
                let own = reading.sensor.position.filter(|raw| *raw != "null").map(str::to_owned);
                let node = || self.place_of_node(shown, &reading.sensor.node.map(unquoted)?).position();
                let position = own.or_else(node).map(|raw| ("position", raw));
                let geometry = match area {
                    Some(Area::Radius(radius)) => Some(ellipse(*radius)),
                    _ => None,
                };
                Place { transform: position.into_iter().collect(), geometry }
            }
        }
    }

    /// How a visible node lies in the world; nowhere where there is none.
    fn place_of_node(&mut self, shown: &Shown<'_, '_>, name: &str) -> Place {
        let spaces = &self.view.spaces;
        let Some(at) = spaces.iter().position(|space| space.space == shown.series.space) else {
            return Place::default();
        };
        let nodes = &spaces[at].nodes;
        let Some(number) = nodes.number(name).filter(|number| nodes.list()[*number].1.visible) else {
            return Place::default();
        };
        let (_, node) = &nodes.list()[number];
        let geometry = node.plain(RegisterKind::Geometry).map(str::to_owned);
        if node.parent.is_none() {
            let own = |(kind, name)| Some((name, node.plain(kind)?.to_owned()));
            return Place { transform: REGISTERS.into_iter().filter_map(own).collect(), geometry };
        }
        let worlds = self.worlds[at]
            .get_or_insert_with(|| transform::worlds(&spaces[at], &transform::locals(&spaces[at])));
        Place { transform: in_world(&worlds[number]), geometry }
    }
}

/// The registers that say where a node lies.
const REGISTERS: [(RegisterKind, &str); 3] = [
    (RegisterKind::Position, "position"),
    (RegisterKind::Rotation, "rotation"),
    (RegisterKind::Scale, "scale"),
];

/// Where something lies: members of a transform, and a geometry, as canonical JSON.
#[derive(Default)]
struct Place {
    transform: Vec<(&'static str, String)>,
    geometry: Option<String>,
}

impl Place {
    fn position(self) -> Option<String> {
        self.transform.into_iter().find(|(name, _)| *name == "position").map(|(_, raw)| raw)
    }
}

/// A transform that others worked out, in numbers.
fn in_world(world: &Transform) -> Vec<(&'static str, String)> {
    let numbers = |numbers: &[f64]| {
        let mut out = Vec::new();
        write_numbers(numbers, &mut out);
        String::from_utf8(out).expect("because JSON is UTF-8")
    };
    let position = world.position().map(rounded);
    let plane = if position[2] == 0.0 { 2 } else { 3 };
    let [x, y] = world.scale_2d().map(rounded);
    let mut transform = vec![("position", numbers(&position[..plane]))];
    let rotation = rounded(world.rotation_2d());
    if rotation != 0.0 {
        let mut out = Vec::new();
        write_number(rotation, &mut out);
        transform.push(("rotation", String::from_utf8(out).expect("because JSON is UTF-8")));
    }
    if [x, y] != [1.0, 1.0] {
        transform.push(("scale", numbers(&[x, y, 1.0])));
    }
    transform
}

fn ellipse(radius: f64) -> String {
    let mut ellipse = Object::default();
    ellipse.text("kind", Some("ellipse")).number("rx", radius).number("ry", radius);
    ellipse.json()
}

impl Envelope {
    /// What every event of a rule holds.
    fn event(&self, rule: &Rule, space: &str, tile: Tile, time: Time) -> Object {
        let mut scope = Object::default();
        scope.text("authority", Some("derived")).text("boundary", Some(self.boundary.as_str()));
        scope.text("policy", Some(self.lane.policy.as_str())).text("realm", Some(self.lane.realm.as_str()));
        let mut event = Object::default();
        event.text("actor_id", Some(&format!("rule:{}", rule.name))).text("layer_id", Some(&self.layer));
        event.raw("preserves_invariants", Some("[]")).object("scope", scope).text("space_id", Some(space));
        event.text("tile", Some(&tile.to_string())).number("timestamp", seconds(time.0));
        event
    }
}

/// The properties of an alert.
fn properties(shown: &Shown<'_, '_>, rule: &Rule) -> Object {
    let mut object = Object::default();
    for (name, raw) in &rule.alert.properties {
        object.raw(name, Some(raw));
    }
    object.text("rule", Some(&rule.name)).text("actor", Some(shown.series.actor));
    object.text("sensor", Some(shown.series.sensor));
    object
}

/// The name of an alert: what opened it.
fn node_id(shown: &Shown<'_, '_>, rule: &Rule, opening: &Reading<'_>) -> String {
    let series = shown.series;
    let mut text = Vec::new();
    write_texts([&rule.name, series.space, series.actor, series.sensor, opening.key.id], &mut text);
    format!("alert-{}", &Sha256::of(&text).hex()[..HASH])
}
