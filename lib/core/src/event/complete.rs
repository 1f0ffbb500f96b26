//! Completion: what stands in for a field that a line left out, and the canonical form that results.

use super::field::{Fields, time_number};
use super::operation::Operation;
use super::places::Places;
use super::{Event, Missing};
use crate::id::{Scope, Tile, is_place};
use crate::json::write::{Members, write_texts};
use crate::json::{self, Kind, Tape, Value, Without};
use bumpalo::Bump;
use std::borrow::Cow;
use std::num::NonZeroUsize;

/// What an event takes where its line says nothing. The built-in values are those of page 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Defaults {
    pub space: String,
    pub layer: String,
    /// The identity that signs what is written here. It stands before every other default of an actor.
    pub signer: Option<String>,
    pub actor: Option<String>,
    pub tile: Option<Tile>,
    pub invariants: Vec<String>,
    pub scope: Scope,
    pub grid: Option<Grid>,
    /// What stands in for the above in some spaces, layers and tiles.
    pub places: Option<Box<Places>>,
}

impl Default for Defaults {
    fn default() -> Defaults {
        Defaults {
            space: "default".to_owned(),
            layer: "default".to_owned(),
            signer: None,
            actor: None,
            tile: None,
            invariants: Vec::new(),
            scope: Scope::default(),
            grid: None,
            places: None,
        }
    }
}

/// The defaults of one event: those of its place.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    pub space: &'a str,
    pub layer: &'a str,
    pub actor: Option<&'a str>,
    pub tile: Tile,
    pub scope: Scope,
    invariants: &'a [String],
    /// Whether the place could be read, so that these are its defaults.
    pub certain: bool,
}

impl<'a> Chosen<'a> {
    pub(super) fn invariants(&self, arena: &'a Bump) -> &'a [&'a str] {
        if self.invariants.is_empty() {
            return &[];
        }
        arena.alloc_slice_fill_iter(self.invariants.iter().map(String::as_str))
    }
}

impl Defaults {
    /// The defaults of an event: those of the root, or of its place where places have some of their own. What is
    /// malformed in the line is taken as missing here; it is refused by its own rule.
    pub(super) fn choose<'a>(
        &'a self,
        fields: &Fields<'_, 'a>,
        top: Value<'_, 'a>,
        arena: &'a Bump,
    ) -> Chosen<'a> {
        let flat = Chosen {
            space: &self.space,
            layer: &self.layer,
            actor: self.signer.as_deref().or(self.actor.as_deref()),
            tile: Tile::ORIGIN,
            scope: self.scope,
            invariants: &self.invariants,
            certain: true,
        };
        match &self.places {
            Some(places) => self.choose_in(places, flat, fields, top, arena),
            None if fields.tile.is_some() => flat,
            None => Chosen { tile: self.tile_or(None, fields, top), ..flat },
        }
    }

    /// As `choose`, from the outside in: the space first, then the layer, then the tile.
    fn choose_in<'a>(
        &'a self,
        places: &'a Places,
        flat: Chosen<'a>,
        fields: &Fields<'_, 'a>,
        top: Value<'_, 'a>,
        arena: &'a Bump,
    ) -> Chosen<'a> {
        let mut certain = true;
        let mut named = |value: Option<Value<'_, 'a>>, default: &'a str| match value {
            None => default,
            Some(value) => value.as_str(arena).filter(|s| is_place(s)).unwrap_or_else(|| {
                certain = false;
                default
            }),
        };
        let here = places.space(named(fields.space_id, &self.space));
        let default_layer = here.layer().unwrap_or(&self.layer);
        let here = here.in_layer(named(fields.layer_id, default_layer));
        let written = fields.tile.map(|v| v.as_str(arena).and_then(Tile::parse));
        let tile = match written {
            Some(Some(tile)) => tile,
            Some(None) => Tile::ORIGIN,
            None => self.tile_or(here.tile(), fields, top),
        };
        let here = here.in_tile(tile);
        Chosen {
            layer: default_layer,
            actor: self.signer.as_deref().or(here.actor()).or(flat.actor),
            tile,
            scope: here.scope(),
            invariants: here.invariants().unwrap_or(flat.invariants),
            certain: certain && written != Some(None),
            ..flat
        }
    }

    /// The tile of an event whose line names none: a place's own, the root's, the one of its position, the origin.
    fn tile_or(&self, of_place: Option<Tile>, fields: &Fields<'_, '_>, top: Value<'_, '_>) -> Tile {
        let by_position = || {
            let grid = self.grid?;
            let (x, y) = position(fields, top)?;
            grid.tile_of(x, y)
        };
        of_place.or(self.tile).or_else(by_position).unwrap_or(Tile::ORIGIN)
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

/// `transform.position` of a payload that has one, its first two coordinates.
fn position(fields: &Fields<'_, '_>, top: Value<'_, '_>) -> Option<(f64, f64)> {
    Operation::named(fields.operation_text?).filter(|operation| operation.is_placed)?;
    let transform = top.get("transform").filter(|v| v.kind() == Kind::Object)?;
    let position = transform.get("position").filter(|v| v.kind() == Kind::Array)?;
    let mut numbers = position.items().map(Value::as_f64);
    Some((numbers.next()??, numbers.next()??))
}

/// The name of an event's name.
pub(super) const EVENT_ID: &str = "event_id";

/// The canonical form of an event, as it was made while its line was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form<'a> {
    text: &'a [u8],
    /// Where its name belongs, behind another member, if it is not in there: the name was made of the text.
    name_at: Option<NonZeroUsize>,
}

impl<'a> Form<'a> {
    /// One with the name in it.
    pub fn whole(text: &'a [u8]) -> Form<'a> {
        Form { text, name_at: None }
    }

    fn write(self, name: &str, out: &mut Vec<u8>) {
        let Some(at) = self.name_at else { return out.extend_from_slice(self.text) };
        out.extend_from_slice(&self.text[..at.get()]);
        out.extend_from_slice(b",\"event_id\":");
        json::write_string(name, out);
        out.extend_from_slice(&self.text[at.get()..]);
    }
}

/// Names an event that its line does not name: `evt-` and the first 32 hex digits of BLAKE3 over its canonical form
/// without `event_id` and `signature`.
pub(super) fn name<'a>(event: &mut Event<'a>, unnamed: Without<'a>, arena: &'a Bump) {
    let digest = blake3::hash(unnamed.text).to_hex();
    event.id = arena.alloc_str(&format!("evt-{}", &digest[..32]));
    event.form = Some(Form { text: unnamed.text, name_at: NonZeroUsize::new(unnamed.at) });
}

/// The same from the line's object.
pub(super) fn name_from<'a>(event: &mut Event<'a>, top: Value<'_, 'a>, arena: &'a Bump) {
    let mut text = Vec::with_capacity(2 * event.line.len());
    let at = write_completed(event, top, &mut text);
    name(event, Without { text: arena.alloc_slice_copy(&text), at }, arena);
}

/// The canonical form of an event that has a name, from its line's object.
pub(super) fn form<'a>(event: &Event<'a>, top: Value<'_, 'a>, arena: &'a Bump) -> Form<'a> {
    if event.missing.is_empty() {
        return Form::whole(top.canonical(arena).as_bytes());
    }
    let mut text = Vec::with_capacity(2 * event.line.len());
    write_completed(event, top, &mut text);
    Form::whole(arena.alloc_slice_copy(&text))
}

pub(super) fn write_canonical(event: &Event<'_>, tape: &mut Tape, out: &mut Vec<u8>) {
    if let Some(form) = event.form {
        form.write(event.id, out);
    } else if !event.missing.is_empty() {
        let top = tape.parse(event.line, json::EVENT_DEPTH).expect("the line was read into an event before");
        write_completed(event, top, out);
    } else if json::is_canonical(event.line) {
        out.extend_from_slice(event.line.as_bytes());
    } else {
        json::write_canonical(event.line, out);
    }
}

/// A member of what is written: one of the line, or one that it left out.
struct Member<'t, 'a> {
    name: Cow<'a, str>,
    value: Content<'t, 'a>,
}

enum Content<'t, 'a> {
    Written(Value<'t, 'a>),
    Given(Vec<u8>),
}

impl<'t, 'a> Member<'t, 'a> {
    fn of(object: Value<'t, 'a>) -> impl Iterator<Item = Member<'t, 'a>> {
        object.members().map(|(key, value)| Member { name: unescaped(key), value: Content::Written(value) })
    }

    fn given(name: &'static str, value: Vec<u8>) -> Member<'t, 'a> {
        Member { name: Cow::Borrowed(name), value: Content::Given(value) }
    }

    fn text(name: &'static str, text: &str) -> Member<'t, 'a> {
        let mut value = Vec::with_capacity(text.len() + 2);
        json::write_string(text, &mut value);
        Member::given(name, value)
    }
}

/// Writes members in the order of RFC 8785; says where one of that name would stand, behind another.
fn write_members(mut members: Vec<Member<'_, '_>>, name: &str, out: &mut Vec<u8>) -> usize {
    members.sort_unstable_by(|a, b| json::key_order(&a.name, &b.name));
    let mut canonical = json::Canonical::new();
    let mut object = Members::open(out);
    let mut at = out.len();
    for member in &members {
        object.any_name(&member.name, out);
        match &member.value {
            Content::Written(value) => canonical.write(*value, out),
            Content::Given(value) => out.extend_from_slice(value),
        }
        if json::key_order(&member.name, name).is_lt() {
            at = out.len();
        }
    }
    object.close(out);
    at
}

/// Writes the completed event, without a name where it has none; says where that belongs.
fn write_completed(event: &Event<'_>, top: Value<'_, '_>, out: &mut Vec<u8>) -> usize {
    let missing = event.missing;
    let mut members: Vec<Member<'_, '_>> = Vec::with_capacity(32);
    members.extend(Member::of(top).filter(|member| member.name != "scope"));
    let texts = [
        (Missing::SPACE, "space_id", event.space),
        (Missing::LAYER, "layer_id", event.layer),
        (Missing::ACTOR, "actor_id", event.actor),
    ];
    let texts = texts.into_iter().filter(|(bit, ..)| missing.has(*bit));
    members.extend(texts.map(|(_, name, text)| Member::text(name, text)));
    if missing.has(Missing::TIMESTAMP) {
        members.push(Member::given("timestamp", time_number(event.time).into_bytes()));
    }
    if missing.has(Missing::TILE) {
        members.push(Member::text("tile", &event.tile.to_string()));
    }
    let lists = [
        (Missing::INVARIANTS, "preserves_invariants", event.invariants),
        (Missing::PARENTS, "previous_events", event.parents),
    ];
    for (_, name, list) in lists.into_iter().filter(|(bit, ..)| missing.has(*bit)) {
        let mut value = Vec::new();
        write_texts(list.iter().copied(), &mut value);
        members.push(Member::given(name, value));
    }
    members.push(scope(event, top.get("scope")));
    write_members(members, EVENT_ID, out)
}

fn scope<'t, 'a>(event: &Event<'_>, written: Option<Value<'t, 'a>>) -> Member<'t, 'a> {
    let words = [
        (Missing::REALM, "realm", event.scope.realm.as_str()),
        (Missing::AUTHORITY, "authority", event.scope.authority.as_str()),
        (Missing::BOUNDARY, "boundary", event.scope.boundary.as_str()),
        (Missing::POLICY, "policy", event.scope.policy.as_str()),
    ];
    let missing = words.into_iter().filter(|(bit, ..)| event.missing.has(*bit));
    let mut members: Vec<Member<'_, '_>> = missing.map(|(_, name, word)| Member::text(name, word)).collect();
    match written {
        Some(value) if members.is_empty() => {
            Member { name: Cow::Borrowed("scope"), value: Content::Written(value) }
        }
        written => {
            members.extend(written.into_iter().flat_map(Member::of));
            let mut value = Vec::with_capacity(128);
            write_members(members, "", &mut value);
            Member::given("scope", value)
        }
    }
}

fn unescaped<'a>(key: Value<'_, 'a>) -> Cow<'a, str> {
    key.as_plain_str().map_or_else(|| Cow::Owned(key.as_text().unwrap_or_default()), Cow::Borrowed)
}
