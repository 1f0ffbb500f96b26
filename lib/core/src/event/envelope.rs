//! The envelope: its fields, their rules, and their completion.

use super::complete::{self, Chosen};
use super::field::{Fields, strings};
use super::operation;
use super::payload::Payload;
use super::source::{Scratch, Source};
use super::{Defaults, Event, MAX_PARENTS, Missing, Refusal, Wants};
use crate::id::{Authority, Boundary, Lane, Policy, Realm, Scope, Tile, Time, is_event_id, is_id, is_place};
use crate::json::{self, Fault, Kind, Tape, Value};
use crate::trust::{Instant, Signature};
use bumpalo::Bump;

/// What a timestamp that is at least so far from 1970 was probably meant in, with the option of `ulp-append` that
/// converts it: each unit's present lies a thousand times further than that of the one below.
const LOOKS_LIKE: [(f64, &str, &str); 3] =
    [(1e17, "nanoseconds", "ns"), (1e14, "microseconds", "us"), (1e11, "milliseconds", "ms")];
/// So much of a text is looked at for a hint.
const MOST_DIGITS: usize = 40;
/// Beyond this nothing counts anything.
const LOOKS_LIKE_NOTHING: f64 = 1e20;

/// Reads a valid event, or says which rule it breaks first.
pub fn read<'a>(
    line: &'a str,
    top: Value<'_, 'a>,
    fields: &Fields<'_, 'a>,
    (defaults, wants): (&'a Defaults, Wants),
    arena: &'a Bump,
    scratch: &mut Scratch<'a>,
) -> Result<Event<'a>, Refusal> {
    let mut missing = Missing::default();
    // Who may hear of a refusal is known as soon as the scope can be read, whatever else is wrong.
    let chosen = defaults.choose(fields, top, arena);
    let scope = read_scope(fields.scope, chosen.scope, &mut missing);
    let lane_is_certain = chosen.certain || !missing.has(Missing::REALM) && !missing.has(Missing::POLICY);
    let shared = lane_is_certain && scope.as_ref().is_ok_and(|s| Lane::from(*s).is_shared());
    let named = fields.event_id.and_then(|v| v.as_str(arena));
    let blame = |mut refusal: Refusal| {
        refusal.shared = shared;
        refusal.event_id = named.map(str::to_owned);
        refusal
    };
    let mut event =
        read_fields(line, fields, (chosen, wants.drafts), (scope, missing), arena, scratch).map_err(blame)?;
    event.payload = operation::read(Source { top, event: &event, arena, scratch }).map_err(blame)?;
    if event.signature.is_some() && !event.missing.is_empty() {
        let field = event.missing.first_field();
        return Err(blame(Refusal::new(field, "a signed event must be whole: nothing in it is completed")));
    }
    if event.missing.has(Missing::TIMESTAMP) {
        return Ok(event);
    }
    if event.missing.has(Missing::EVENT_ID) {
        complete::name_from(&mut event, top, arena);
    } else if wants.forms {
        event.form = Some(complete::form(&event, top, arena));
    }
    Ok(event)
}

fn read_fields<'a>(
    line: &'a str,
    fields: &Fields<'_, 'a>,
    (chosen, drafts): (Chosen<'a>, bool),
    (scope, mut missing): (Result<Scope, Refusal>, Missing),
    arena: &'a Bump,
    scratch: &mut Scratch<'a>,
) -> Result<Event<'a>, Refusal> {
    if fields.operation.is_none() {
        // Nothing says what the line is, so nothing else about it matters.
        return Err(Refusal::new("envelope.operation", "missing"));
    }
    let id = match fields.event_id {
        None => {
            missing.add(Missing::EVENT_ID);
            ""
        }
        Some(v) => {
            text(v, arena, is_event_id, "envelope.event_id", "1 to 256 bytes, no control character, no #")?
        }
    };
    let time = match fields.timestamp {
        None if !drafts => {
            return Err(Refusal::new("envelope.timestamp", "missing: pipe it through ulp-append first"));
        }
        None => {
            missing.add(Missing::TIMESTAMP);
            Time(0)
        }
        Some(v) => timestamp(v)?,
    };
    let place_rule = "1 to 80 bytes, no /, no control character, not . or ..";
    let space = match fields.space_id {
        None => {
            missing.add(Missing::SPACE);
            chosen.space
        }
        Some(v) => text(v, arena, is_place, "envelope.space_id", place_rule)?,
    };
    let layer = match fields.layer_id {
        None => {
            missing.add(Missing::LAYER);
            chosen.layer
        }
        Some(v) => text(v, arena, is_place, "envelope.layer_id", place_rule)?,
    };
    let actor = match (fields.actor_id, chosen.actor) {
        (Some(v), _) => text(v, arena, is_id, "envelope.actor_id", "1 to 256 bytes, no control character")?,
        (None, Some(actor)) => {
            missing.add(Missing::ACTOR);
            actor
        }
        (None, None) => return Err(Refusal::new("envelope.actor_id", "missing")),
    };
    let operation =
        fields.operation_text.ok_or_else(|| Refusal::new("envelope.operation", "not a string"))?;
    let scope = scope?;
    let invariants = match fields.invariants {
        None => {
            missing.add(Missing::INVARIANTS);
            chosen.invariants(arena)
        }
        Some(v) => strings(v, arena, &mut scratch.names, |_| true)
            .ok_or_else(|| Refusal::new("envelope.preserves_invariants", "not an array of strings"))?,
    };
    let parents = match fields.parents {
        None => {
            missing.add(Missing::PARENTS);
            &[]
        }
        Some(v) if v.kind() == Kind::Array && v.len() > MAX_PARENTS => {
            return Err(Refusal::new("envelope.previous_events", format!("more than {MAX_PARENTS} parents")));
        }
        Some(v) => strings(v, arena, &mut scratch.names, is_event_id)
            .ok_or_else(|| Refusal::new("envelope.previous_events", "not an array of event_ids"))?,
    };
    let tile = match fields.tile {
        None => {
            missing.add(Missing::TILE);
            chosen.tile
        }
        Some(v) => v
            .as_str(arena)
            .and_then(Tile::parse)
            .ok_or_else(|| Refusal::new("envelope.tile", "not z<0–30>/x<int>/y<int> in its one spelling"))?,
    };
    let signature = fields.signature.map(signature).transpose()?;
    Ok(Event {
        line,
        id,
        time,
        space,
        layer,
        actor,
        operation,
        scope,
        invariants,
        parents,
        tile,
        signature,
        missing,
        form: None,
        payload: Payload::Unknown,
    })
}

impl Missing {
    /// The code of the first field that is missing, in the order of the envelope's table.
    fn first_field(self) -> &'static str {
        let table = [
            (Missing::EVENT_ID, "envelope.event_id"),
            (Missing::TIMESTAMP, "envelope.timestamp"),
            (Missing::SPACE, "envelope.space_id"),
            (Missing::LAYER, "envelope.layer_id"),
            (Missing::ACTOR, "envelope.actor_id"),
            (Missing(Missing::SCOPE.0 | 0b1_1110_0000), "envelope.scope"),
            (Missing::INVARIANTS, "envelope.preserves_invariants"),
            (Missing::PARENTS, "envelope.previous_events"),
        ];
        table.iter().find(|(bit, _)| self.has(*bit)).map_or("envelope.tile", |(_, code)| code)
    }
}

pub(super) fn read_scope(
    value: Option<Value<'_, '_>>,
    defaults: Scope,
    missing: &mut Missing,
) -> Result<Scope, Refusal> {
    let Some(object) = value else {
        for bit in [Missing::SCOPE, Missing::REALM, Missing::AUTHORITY, Missing::BOUNDARY, Missing::POLICY] {
            missing.add(bit);
        }
        return Ok(defaults);
    };
    if object.kind() != Kind::Object {
        return Err(Refusal::new("envelope.scope", "not an object"));
    }
    Ok(Scope {
        realm: word(object, "realm", (Realm::ALL, Realm::as_str), defaults.realm, (Missing::REALM, missing))?,
        authority: word(
            object,
            "authority",
            (Authority::ALL, Authority::as_str),
            defaults.authority,
            (Missing::AUTHORITY, missing),
        )?,
        boundary: word(
            object,
            "boundary",
            (Boundary::ALL, Boundary::as_str),
            defaults.boundary,
            (Missing::BOUNDARY, missing),
        )?,
        policy: word(
            object,
            "policy",
            (Policy::ALL, Policy::as_str),
            defaults.policy,
            (Missing::POLICY, missing),
        )?,
    })
}

fn word<T: Copy>(
    object: Value<'_, '_>,
    name: &str,
    (all, spell): (&[T], fn(T) -> &'static str),
    default: T,
    (bit, missing): (Missing, &mut Missing),
) -> Result<T, Refusal> {
    let Some(value) = object.get(name) else {
        missing.add(bit);
        return Ok(default);
    };
    all.iter().copied().find(|word| value.is_str(spell(*word))).ok_or_else(|| {
        let words: Vec<_> = all.iter().map(|w| spell(*w)).collect();
        Refusal::new("envelope.scope", format!("{name} is not one of {}", words.join(", ")))
    })
}

fn timestamp(value: Value<'_, '_>) -> Result<Time, Refusal> {
    let wrong = |detail: &str| Refusal::new("envelope.timestamp", detail);
    let Some(seconds) = value.as_f64() else { return Err(wrong(&hint_of_text(value))) };
    let time = exact_time(value.raw()).or_else(|| Time::from_seconds(seconds));
    match time {
        Some(time) if time.is_timestamp() => Ok(time),
        _ if (LOOKS_LIKE[2].0..LOOKS_LIKE_NOTHING).contains(&seconds.abs()) => {
            Err(wrong(&hint_of_unit(seconds.abs())))
        }
        Some(_) => Err(wrong("outside the years 1700 to 2200")),
        None if seconds.abs() > 9e9 => Err(wrong("outside the years 1700 to 2200")),
        None => Err(wrong("more than 9 decimals")),
    }
}

/// The refusal of a line that is no JSON, with the hint that a number too large for a line, where a timestamp stands,
/// calls for.
pub(super) fn of_number(line: &str, error: json::Error, defaults: &Defaults, arena: &Bump) -> Refusal {
    let (is_number, at) = (error.fault == Fault::Number, error.offset);
    let refusal = Refusal::from(error);
    let before = line.get(..at).unwrap_or_default().trim_end().strip_suffix(':').unwrap_or_default();
    if !is_number || !before.trim_end().ends_with("\"timestamp\"") {
        return refusal;
    }
    let digits = line[at..].split([',', '}', ' ']).next().unwrap_or_default();
    let far = digits.parse().map_or(0.0, f64::abs);
    if !(LOOKS_LIKE[2].0..LOOKS_LIKE_NOTHING).contains(&far) {
        return refusal;
    }
    let detail = format!("{}; the timestamp {}", refusal.detail, hint_of_unit(far));
    Refusal { detail, shared: is_shared(line, defaults, arena), ..refusal }
}

/// Whether a line with a number that is too large is for everyone all the same.
fn is_shared(line: &str, defaults: &Defaults, arena: &Bump) -> bool {
    let mut tape = Tape::new();
    let line = arena.alloc_str(line);
    let Ok(top) = tape.parse_wide(line, json::EVENT_DEPTH) else { return false };
    let fields = Fields::gather(top, arena);
    let mut missing = Missing::default();
    let chosen = defaults.choose(&fields, top, arena);
    let scope = read_scope(fields.scope, chosen.scope, &mut missing);
    let is_certain = chosen.certain || !missing.has(Missing::REALM) && !missing.has(Missing::POLICY);
    is_certain && scope.is_ok_and(|scope| Lane::from(scope).is_shared())
}

fn hint_of_unit(far: f64) -> String {
    let found = LOOKS_LIKE.iter().find(|(from, ..)| far >= *from);
    let (_, unit, option) = found.unwrap_or(&LOOKS_LIKE[2]);
    format!("looks like {unit}: seconds are wanted (ulp-append --timestamps {option} converts)")
}

/// Why a timestamp that is no number is none.
fn hint_of_text(value: Value<'_, '_>) -> String {
    if value.kind() != Kind::String {
        return "not a number".to_owned();
    }
    if Instant::of(value).is_some() {
        return "looks like an ISO date: seconds are wanted (ulp-append --timestamps iso converts)"
            .to_owned();
    }
    let text: String = value.chars().take(MOST_DIGITS).collect();
    let begins_as_date = text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    if begins_as_date && text.starts_with(|c: char| c.is_ascii_digit()) {
        return "looks like a date without its time or its offset: seconds are wanted (as 2026-01-01T00:00:00Z, \
                ulp-append --timestamps iso converts it)"
            .to_owned();
    }
    if text.parse::<f64>().is_ok() {
        return "a number in quotes: a number is wanted (jq -c '.timestamp |= tonumber' takes them off)"
            .to_owned();
    }
    "not a number".to_owned()
}

/// The time of a plain decimal literal of at most 15 significant digits: no two such decimals name one double,
/// so the literal is the shortest decimal of its double already.
pub(super) fn exact_time(literal: &str) -> Option<Time> {
    (literal.len() <= 16).then(|| Time::parse(literal)).flatten()
}

/// A signature in its exact form; whether it holds is asked later, and not everywhere.
fn signature<'a>(value: Value<'_, 'a>) -> Result<&'a str, Refusal> {
    Signature::of_event(value).map(|_| value.raw())
}

/// A string that obeys `rule`.
fn text<'a>(
    value: Value<'_, 'a>,
    arena: &'a Bump,
    rule: fn(&str) -> bool,
    code: &'static str,
    wanted: &str,
) -> Result<&'a str, Refusal> {
    match value.as_str(arena) {
        Some(s) if rule(s) => Ok(s),
        Some(_) => Err(Refusal::new(code, format!("a string of {wanted} is wanted"))),
        None => Err(Refusal::new(code, "not a string")),
    }
}
