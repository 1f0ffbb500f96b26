//! What an id can mean. One text may be the name of several things: all of them are told of.

use crate::ground::{Found, Ground, Lanes, Thing};
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Key, event_of, is_tag};
use ulp_core::json::{Canonical, STATE_DEPTH, Tape};
use ulp_core::names::{decode, encode};
use ulp_store::origins::{About, MAX_IDENTIFIER, Place, Trouble, start_of};

/// What feeds put before the identifier of an alert.
const URN: &str = "urn:ulp:";
/// Hex digits of a hash: for an identifier that is too long, after one whose event has another name, and in a name.
const LONG: usize = 32;
const SHORT: usize = 16;
const NAME: &str = "evt-";

/// What is asked about.
pub struct Asked<'a> {
    pub space: &'a str,
    pub focus: Focus<'a>,
    /// Up to where what stands is told.
    pub cut: Option<Key<'a>>,
}

pub enum Focus<'a> {
    /// An event; with a suffix, that primitive of its macro.
    Event(&'a Found<'a>, &'a str),
    Node(&'a str),
    Sensor(&'a str, &'a str),
}

/// All that an id means.
pub fn interpret<'a>(ground: &Ground<'_, 'a>, id: &'a str) -> Result<Vec<Asked<'a>>, Trouble> {
    let mut asked = Vec::new();
    for space in ground.spaces() {
        let mut events = |events: Vec<&'a Found<'a>>, suffix: &'a str| {
            let has = |event: &&Found<'a>| has_part(event, suffix);
            let new = events.into_iter().filter(has);
            asked.extend(new.map(|event| Asked { space, focus: Focus::Event(event, suffix), cut: None }));
        };
        if is_tag(id) {
            events(ground.named(space, None, event_of(id), |_| true)?, &id[event_of(id).len()..]);
        }
        if let Some(key) = Key::parse(id) {
            events(of_key(ground, space, key)?, &key.id[key.event().len()..]);
        }
        for event in of_alert(ground, space, id.strip_prefix(URN).unwrap_or(id))? {
            events(vec![event.0], event.1);
        }
        things(ground, space, id, None, &mut asked)?;
        for at in id.match_indices('@').map(|(at, _)| at) {
            if let Some(key) = Key::parse(&id[at + 1..])
                && let Some(event) = of_key(ground, space, key)?.first()
                && has_part(event, &key.id[key.event().len()..])
            {
                things(ground, space, &id[..at], Some(key), &mut asked)?;
            }
        }
    }
    let mut told: Vec<(Place, &str)> = Vec::new();
    asked.retain(|asked| match asked.focus {
        Focus::Event(event, suffix) => {
            let is_new = !told.contains(&(event.place, suffix));
            told.push((event.place, suffix));
            is_new
        }
        _ => true,
    });
    Ok(asked)
}

fn has_part(event: &Found<'_>, suffix: &str) -> bool {
    suffix.is_empty() || event.event().payload.expansion().iter().any(|part| part.suffix == suffix)
}

/// The node of a name, and the sensors that it can be.
fn things<'a>(
    ground: &Ground<'_, 'a>,
    space: &'a str,
    id: &'a str,
    cut: Option<Key<'a>>,
    asked: &mut Vec<Asked<'a>>,
) -> Result<(), Trouble> {
    if !ground.registers(space, id, 0, Lanes::All)?.is_empty() {
        asked.push(Asked { space, focus: Focus::Node(id), cut });
    }
    for at in id.match_indices('/').map(|(at, _)| at) {
        let (actor, sensor) = (&id[..at], &id[at + 1..]);
        if ground.standing(space, Thing::Sensor(actor, sensor), cut, Lanes::All)?.is_some() {
            asked.push(Asked { space, focus: Focus::Sensor(actor, sensor), cut });
        }
    }
    Ok(())
}

fn of_key<'a>(ground: &Ground<'_, 'a>, space: &str, key: Key<'_>) -> Result<Vec<&'a Found<'a>>, Trouble> {
    let mut events = ground.named(space, None, key.event(), |_| true)?;
    events.retain(|event| event.key.eff == key.eff);
    Ok(events)
}

/// The events whose messages have an identifier, each with the suffix of the primitive that makes it.
fn of_alert<'a>(
    ground: &Ground<'_, 'a>,
    space: &str,
    identifier: &'a str,
) -> Result<Vec<(&'a Found<'a>, &'a str)>, Trouble> {
    let mut events = Vec::new();
    let parts: Vec<&str> = identifier.split('+').collect();
    let is_hash = identifier.len() == LONG && identifier.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash {
        let mut rows = Vec::new();
        ground.told.scan(start_of(space, About::Long), [0; 8], &mut |middle, place| {
            if ground.is_chosen(place, space) {
                rows.push((middle, place));
            }
            true
        })?;
        for (middle, place) in rows {
            events.push(ground.event(middle, place)?);
        }
    } else if let [of, name, ..] = parts[..]
        && parts.len() <= 4
        && of == encode(space)
        && let Some(name) = decode(name)
    {
        events = ground.named(space, None, event_of(&name), |_| true)?;
    }
    let mut found = Vec::new();
    for event in events {
        let suffixes =
            [""].into_iter().chain(event.event().payload.expansion().iter().map(|part| part.suffix));
        for suffix in suffixes {
            if identifiers(space, event, suffix).any(|own| own == identifier) {
                found.push((event, suffix));
            }
        }
    }
    Ok(found)
}

/// What the messages of an event can be called, as projector-alert(1) has it.
fn identifiers<'f>(space: &str, event: &'f Found<'_>, suffix: &str) -> impl Iterator<Item = String> + 'f {
    let id = format!("{}{suffix}", event.key.id);
    let digits = (own_name(event) != id).then(|| event.hash().hex()[..SHORT].to_owned());
    let nodes: Vec<String> = (event.event().payload.primitives())
        .filter(|part| part.suffix == suffix)
        .flat_map(|part| part.touches().filter_map(|touch| touch.node().map(encode)).collect::<Vec<_>>())
        .collect();
    let (space, id) = (encode(space), encode(&id));
    std::iter::once(None).chain(nodes.into_iter().map(Some)).map(move |node| {
        let parts = [Some(&space), Some(&id), node.as_ref(), digits.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let name = parts.join("+");
        if name.len() > MAX_IDENTIFIER { Sha256::of(name.as_bytes()).hex()[..LONG].to_owned() } else { name }
    })
}

/// The name that an event's content gives it.
fn own_name(event: &Found<'_>) -> String {
    let (mut unnamed, mut tape) = (Vec::new(), Tape::new());
    let text = std::str::from_utf8(event.form()).unwrap_or_default();
    if let Ok(top) = tape.parse_any(text, STATE_DEPTH) {
        Canonical::new().write_without_any(top, &["event_id", "signature"], &mut unnamed);
    }
    format!("{NAME}{}", &Blake3::of(&unnamed).hex()[..LONG])
}
