//! The properties of a feature: ours, then what the node, the link or the reading has of its own.
//!
//! A property of its own that is named like one of ours is `_name`, with as many `_` as it takes to be told from the
//! others; one that says the same as ours (a `label` that is text) stands once.

use crate::feature::{Feature, Map, Subject};
use std::borrow::Cow;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::{self, Tape, write_string};
use ulp_core::state::{Written, write_key};
use ulp_view::name::text_in;
use ulp_view::record;

/// A property's name, and its value as canonical JSON.
pub type Property<'p> = (Cow<'p, str>, Cow<'p, str>);

/// The properties of a feature, in the order of canonical JSON.
pub fn properties<'p>(feature: &'p Feature<'_, '_>, map: &Map<'_, '_>) -> Vec<Property<'p>> {
    let (ours, own) = (ours(feature, map), own(feature));
    let among = |list: &[Property<'p>], name: &str| list.iter().any(|(other, _)| other == name);
    let mut all = Vec::with_capacity(ours.len() + own.len());
    for (name, value) in &own {
        match ours.iter().find(|(other, _)| other == name) {
            None => all.push((name.clone(), value.clone())),
            Some((_, said)) if said == value => {}
            Some(_) => {
                let mut free = format!("_{name}");
                while among(&ours, &free) || among(&own, &free) {
                    free.insert(0, '_');
                }
                all.push((Cow::Owned(free), value.clone()));
            }
        }
    }
    all.extend(ours);
    all.sort_unstable_by(|(a, _), (b, _)| json::key_order(a, b));
    all
}

fn quoted(text: &str) -> Cow<'static, str> {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    Cow::Owned(String::from_utf8(out).unwrap_or_default())
}

fn ours<'p>(feature: &'p Feature<'_, '_>, map: &Map<'_, '_>) -> Vec<Property<'p>> {
    let mut list: Vec<Property<'p>> = Vec::with_capacity(8);
    let mut add = |name: &'static str, value: Option<Cow<'p, str>>| {
        list.extend(value.map(|value| (Cow::Borrowed(name), value)));
    };
    add("space_id", Some(quoted(map.space)));
    add("event_id", feature.event_id().map(quoted));
    match &feature.subject {
        Subject::Node(node) => {
            add("node_id", Some(quoted(&feature.id)));
            add("layer", node.plain(RegisterKind::Layer).map(Cow::Borrowed));
            add("kind", node.plain(RegisterKind::Kind).map(Cow::Borrowed));
            let label = node.get(Register::property("label")).and_then(text_in);
            add("label", label.as_deref().map(quoted));
        }
        Subject::Link(ends, _) => {
            add("from_node", Some(quoted(ends.from)));
            add("relation", Some(quoted(ends.relation)));
            add("to_node", Some(quoted(ends.to)));
        }
        Subject::Sensor(sensor) => {
            let read = &sensor.reading.sensor;
            add("actor_id", Some(quoted(sensor.actor)));
            add("node_id", sensor.node.as_deref().map(quoted));
            add("sensor", Some(quoted(sensor.name)));
            add("timestamp", Some(Cow::Borrowed(read.timestamp)));
            add("unit", read.unit.map(Cow::Borrowed));
            add("value", Some(Cow::Borrowed(read.value)));
        }
    }
    if map.provenance {
        let (name, keys) = keys(feature);
        add(name, keys.map(Cow::Owned));
    }
    for (name, value) in &feature.size {
        add(name, Some(Cow::Borrowed(value)));
    }
    if let Some(span) = feature.span {
        let end = span.end.map(|key| quoted(&key.eff.rfc3339()));
        add("start", Some(quoted(&span.start.eff.rfc3339())));
        add("end", Some(end.unwrap_or(Cow::Borrowed("null"))));
    }
    list
}

/// The keys behind the values: of a node one a register, and that of its creation.
fn keys(feature: &Feature<'_, '_>) -> (&'static str, Option<String>) {
    if let Subject::Node(node) = &feature.subject {
        let mut clock = record::clock(node);
        if let Some(created) = node.state.created {
            clock.member("created", |out| write_key(created, out));
        }
        return ("clock", Some(clock.json()));
    }
    let text = |key| {
        let mut out = Vec::new();
        write_key(key, &mut out);
        String::from_utf8(out).ok()
    };
    ("key", feature.key.and_then(text))
}

fn own<'p>(feature: &'p Feature<'_, '_>) -> Vec<Property<'p>> {
    match &feature.subject {
        Subject::Node(node) => {
            let list = node.keyed(RegisterKind::Property);
            let pair = |(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value));
            list.iter().map(Written::member).map(pair).collect()
        }
        Subject::Link(_, add) => add.properties.map(members).unwrap_or_default(),
        Subject::Sensor(_) => Vec::new(),
    }
}

/// The members of an object that are not null.
fn members<'p>(raw: &'p str) -> Vec<Property<'p>> {
    let mut tape = Tape::new();
    let Ok(value) = tape.parse_any(raw, json::STATE_DEPTH) else { return Vec::new() };
    let all = value.members().filter(|(_, value)| !value.is_null());
    all.map(|(name, value)| (Cow::Owned(name.as_text().unwrap_or_default()), Cow::Borrowed(value.raw())))
        .collect()
}
