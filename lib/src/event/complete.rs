//! Completion: what stands in for a field that a line left out, and the canonical form that results.

use super::payload::{Payload, time_number};
use super::{Event, Missing, RegisterKind};
use crate::id::{Scope, Tile};
use crate::json::{self, Tape, Value};
use bumpalo::Bump;

/// What an event takes where its line says nothing. The built-in values are those of page 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Defaults {
    pub space: String,
    pub layer: String,
    pub actor: Option<String>,
    pub tile: Option<Tile>,
    pub invariants: Vec<String>,
    pub scope: Scope,
    pub grid: Option<Grid>,
}

impl Default for Defaults {
    fn default() -> Defaults {
        Defaults {
            space: "default".to_owned(),
            layer: "default".to_owned(),
            actor: None,
            tile: None,
            invariants: Vec::new(),
            scope: Scope::default(),
            grid: None,
        }
    }
}

impl Defaults {
    pub(super) fn invariants<'a>(&'a self, arena: &'a Bump) -> &'a [&'a str] {
        if self.invariants.is_empty() {
            return &[];
        }
        arena.alloc_slice_fill_iter(self.invariants.iter().map(String::as_str))
    }
}

/// How the plane is cut into tiles, where positions choose them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// The side of a tile at zoom 0, in the space's unit.
    pub tile_size: f64,
    /// The zoom of computed tiles, 0 to 30.
    pub tile_zoom: u8,
}

impl Default for Grid {
    fn default() -> Grid {
        Grid { tile_size: 1024.0, tile_zoom: 0 }
    }
}

impl Grid {
    /// The tile that holds a point, or `None` where it lies beyond the last one.
    pub fn tile_of(self, x: f64, y: f64) -> Option<Tile> {
        let side = self.tile_size / f64::from(1u32 << self.tile_zoom);
        let index = |v: f64| {
            let cell = (v / side).floor();
            // The comparison also refuses what is not a number.
            #[expect(clippy::cast_possible_truncation, reason = "it was just found to lie within ±2^31")]
            (cell.abs() <= 2_147_483_648.0).then_some(cell as i64)
        };
        Some(Tile { z: self.tile_zoom, x: index(x)?, y: index(y)? })
    }
}

/// The tile of an event whose line named none.
pub(super) fn tile(defaults: &Defaults, payload: &Payload<'_>) -> Tile {
    if let Some(tile) = defaults.tile {
        return tile;
    }
    let by_position = || {
        let (x, y) = position(payload)?;
        defaults.grid?.tile_of(x, y)
    };
    by_position().unwrap_or(Tile::ORIGIN)
}

/// `transform.position` of a payload, its first two coordinates.
fn position(payload: &Payload<'_>) -> Option<(f64, f64)> {
    let (Payload::Create { sets, .. } | Payload::Set { sets, .. }) = payload else { return None };
    let set = sets.iter().find(|s| s.register.kind == RegisterKind::Position)?;
    let mut numbers = set.value.trim_matches(['[', ']']).split(',').map(|n| n.trim().parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// `evt-` and the first 32 hex digits of BLAKE3 over the canonical form without `event_id` and `signature`.
pub(super) fn event_id<'a>(event: &Event<'a>, top: Value<'_, 'a>, arena: &'a Bump) -> &'a str {
    let mut text = Vec::new();
    write_completed(event, top, false, &mut text);
    let digest = blake3::hash(&text).to_hex();
    arena.alloc_str(&format!("evt-{}", &digest[..32]))
}

pub(super) fn write_canonical(event: &Event<'_>, tape: &mut Tape, out: &mut Vec<u8>) {
    if event.missing.is_empty() {
        if json::is_canonical(event.line) {
            out.extend_from_slice(event.line.as_bytes());
        } else {
            json::write_canonical(event.line, out);
        }
        return;
    }
    let top = tape.parse(event.line, json::EVENT_DEPTH).expect("the line was read into an event before");
    write_completed(event, top, true, out);
}

/// One member of an object that is being put together: its unescaped name and its canonical value.
type Member = (String, Vec<u8>);

fn write_completed(event: &Event<'_>, top: Value<'_, '_>, named: bool, out: &mut Vec<u8>) {
    let mut members: Vec<Member> = Vec::with_capacity(top.len() + 10);
    for (key, value) in top.members() {
        let name = unescaped(key);
        let left_out = !named && (name == "event_id" || name == "signature") || name == "scope";
        if !left_out {
            members.push((name, canonical(value.raw())));
        }
    }
    let missing = event.missing;
    if named && missing.has(Missing::EVENT_ID) {
        members.push(member("event_id", event.id));
    }
    if missing.has(Missing::TIMESTAMP) {
        members.push(("timestamp".to_owned(), time_number(event.time).into_bytes()));
    }
    let texts = [
        (Missing::SPACE, "space_id", event.space),
        (Missing::LAYER, "layer_id", event.layer),
        (Missing::ACTOR, "actor_id", event.actor),
    ];
    for (bit, name, text) in texts {
        if missing.has(bit) {
            members.push(member(name, text));
        }
    }
    if missing.has(Missing::INVARIANTS) {
        members.push(("preserves_invariants".to_owned(), list(event.invariants)));
    }
    if missing.has(Missing::PARENTS) {
        members.push(("previous_events".to_owned(), list(event.parents)));
    }
    if missing.has(Missing::TILE) {
        members.push(member("tile", &event.tile.to_string()));
    }
    members.push(("scope".to_owned(), scope(event, top.get("scope"))));
    write_object(members, out);
}

fn scope(event: &Event<'_>, written: Option<Value<'_, '_>>) -> Vec<u8> {
    let mut members: Vec<Member> = Vec::with_capacity(4);
    for (key, value) in written.into_iter().flat_map(Value::members) {
        members.push((unescaped(key), canonical(value.raw())));
    }
    let words = [
        (Missing::REALM, "realm", event.scope.realm.as_str()),
        (Missing::AUTHORITY, "authority", event.scope.authority.as_str()),
        (Missing::BOUNDARY, "boundary", event.scope.boundary.as_str()),
        (Missing::POLICY, "policy", event.scope.policy.as_str()),
    ];
    for (bit, name, word) in words {
        if event.missing.has(bit) {
            members.push(member(name, word));
        }
    }
    let mut out = Vec::new();
    write_object(members, &mut out);
    out
}

fn write_object(mut members: Vec<Member>, out: &mut Vec<u8>) {
    members.sort_by(|a, b| json::key_order(&a.0, &b.0));
    out.push(b'{');
    for (i, (name, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        json::write_string(name, out);
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
}

fn member(name: &str, text: &str) -> Member {
    let mut value = Vec::with_capacity(text.len() + 2);
    json::write_string(text, &mut value);
    (name.to_owned(), value)
}

fn list(items: &[&str]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        json::write_string(item, &mut out);
    }
    out.push(b']');
    out
}

fn canonical(raw: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    json::write_canonical(raw, &mut out);
    out
}

fn unescaped(key: Value<'_, '_>) -> String {
    match key.as_plain_str() {
        Some(plain) => plain.to_owned(),
        None => {
            let arena = Bump::new();
            key.as_str(&arena).unwrap_or_default().to_owned()
        }
    }
}
