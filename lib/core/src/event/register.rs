//! The registers of a node, a row each.
//!
//! A register is a value that the greatest order key wins. Whoever reads, writes, shows or looks through registers
//! goes by the [`Row`]s: one more register is one more row, and a kind for it. Page "3. Order and state".

use super::field::{is_node, is_vector};
use crate::id::{Authority, Boundary, Tile, is_place};
use crate::json::{Kind, Value};
use bumpalo::Bump;
use std::fmt;

/// A register of a node, as page 3 lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Register<'a> {
    pub kind: RegisterKind,
    /// The role of a media register, the key of a property; empty for the others.
    pub key: &'a str,
}

/// One write of an event: this register takes this value, canonical JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set<'a> {
    pub register: Register<'a>,
    pub value: &'a str,
}

/// Which register, but for a media register's role and a property's key. Declared in the order of the registers'
/// names, in which a clock lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegisterKind {
    AbsorbedInto,
    AngularVelocity,
    Authority,
    Boundary,
    Geometry,
    Kind,
    Layer,
    Media,
    MovedTo,
    Parent,
    Physics,
    Position,
    Property,
    Rotation,
    Scale,
    Velocity,
}

/// Where a state line and a view hold a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// A member of its name.
    Own,
    /// A member of `transform`; an update names it alike.
    Transform,
    /// A member of its name, which is an object with a member a key.
    Keyed,
}

/// What there is to know of a register.
#[derive(Clone, Copy)]
pub struct Row {
    pub kind: RegisterKind,
    /// Its name; where it has keys, what stands before the dot.
    pub name: &'static str,
    pub member: Member,
    /// The boundary code of a state line in which it is malformed.
    pub code: &'static str,
    /// Whether a value is one that it can have in a state line.
    pub fits: Fits,
    /// What its values are, for a member of `transform`: there an update is held to them.
    pub rule: &'static str,
    in_views: bool,
    in_redacted: bool,
    names_node: bool,
}

type Fits = for<'a> fn(Value<'_, 'a>, &'a Bump) -> bool;

/// Every register, in the order in which the members of a node's line are looked at.
pub const REGISTERS: &[Row] = &[
    own(RegisterKind::Kind, "kind", "state.kind", |v, _| v.kind() == Kind::String).in_views(),
    own(RegisterKind::Layer, "layer", "state.layer", |v, a| v.as_str(a).is_some_and(is_place)).in_views(),
    own(RegisterKind::Authority, "authority", "state.authority", is_authority),
    own(RegisterKind::Boundary, "boundary", "state.boundary", is_boundary),
    own(RegisterKind::AbsorbedInto, "absorbed_into", "state.absorbed_into", names_node).naming_a_node(),
    own(RegisterKind::Geometry, "geometry", "state.geometry", is_object).in_views(),
    own(RegisterKind::Physics, "physics", "state.physics", is_object).in_views(),
    own(RegisterKind::Velocity, "velocity", "state.velocity", is_velocity),
    own(RegisterKind::AngularVelocity, "angular_velocity", "state.angular_velocity", is_velocity),
    of_transform(RegisterKind::Position, "position", is_position, "position is [x,y] or [x,y,z]"),
    of_transform(RegisterKind::Rotation, "rotation", is_rotation, "rotation is degrees or [x,y,z,w]"),
    of_transform(RegisterKind::Scale, "scale", is_scale, "scale is a number or [x,y,z]"),
    of_transform(RegisterKind::Parent, "parent", is_parent, "parent is a node_id or null")
        .naming_a_node()
        .in_redacted(),
    of_transform(RegisterKind::MovedTo, "moved_to", is_moved_to, "moved_to is a tile or null").in_redacted(),
    keyed(RegisterKind::Media, "media", "state.media"),
    keyed(RegisterKind::Property, "properties", "state.properties"),
];

/// The rows by kind, which is by name.
static BY_NAME: [Row; REGISTERS.len()] = {
    let mut rows = [REGISTERS[0]; REGISTERS.len()];
    let mut i = 0;
    while i < REGISTERS.len() {
        rows[REGISTERS[i].kind as usize] = REGISTERS[i];
        i += 1;
    }
    rows
};

/// The kinds by name.
static KINDS: [RegisterKind; REGISTERS.len()] = {
    let mut kinds = [RegisterKind::Kind; REGISTERS.len()];
    let mut i = 0;
    while i < kinds.len() {
        kinds[i] = BY_NAME[i].kind;
        i += 1;
    }
    kinds
};

const fn own(kind: RegisterKind, name: &'static str, code: &'static str, fits: Fits) -> Row {
    let (in_views, in_redacted, names_node) = (false, false, false);
    Row { kind, name, member: Member::Own, code, fits, rule: "", in_views, in_redacted, names_node }
}

const fn of_transform(kind: RegisterKind, name: &'static str, fits: Fits, rule: &'static str) -> Row {
    let row = own(kind, name, "state.transform", fits).in_views();
    Row { member: Member::Transform, rule, ..row }
}

const fn keyed(kind: RegisterKind, name: &'static str, code: &'static str) -> Row {
    Row { member: Member::Keyed, ..own(kind, name, code, |_, _| true).in_views() }
}

impl Row {
    /// Shown in views.
    const fn in_views(self) -> Row {
        Row { in_views: true, ..self }
    }

    /// Seen in a redacted lane too: how things hang together, and where they went.
    const fn in_redacted(self) -> Row {
        Row { in_redacted: true, ..self }
    }

    /// Its value is the name of another node.
    const fn naming_a_node(self) -> Row {
        Row { names_node: true, ..self }
    }
}

fn is_authority<'a>(value: Value<'_, 'a>, arena: &'a Bump) -> bool {
    value.as_str(arena).is_some_and(|word| word.parse::<Authority>().is_ok())
}

fn is_boundary<'a>(value: Value<'_, 'a>, arena: &'a Bump) -> bool {
    value.as_str(arena).is_some_and(|word| word.parse::<Boundary>().is_ok())
}

fn names_node<'a>(value: Value<'_, 'a>, arena: &'a Bump) -> bool {
    value.as_str(arena).is_some_and(is_node)
}

fn is_object(value: Value<'_, '_>, _: &Bump) -> bool {
    value.is_null() || value.kind() == Kind::Object
}

fn is_velocity(value: Value<'_, '_>, _: &Bump) -> bool {
    matches!(value.kind(), Kind::Number | Kind::Array)
}

fn is_position(value: Value<'_, '_>, _: &Bump) -> bool {
    is_vector(value, 2, 3)
}

fn is_rotation(value: Value<'_, '_>, _: &Bump) -> bool {
    value.kind() == Kind::Number || is_vector(value, 4, 4)
}

fn is_scale(value: Value<'_, '_>, _: &Bump) -> bool {
    value.kind() == Kind::Number || is_vector(value, 3, 3)
}

fn is_parent<'a>(value: Value<'_, 'a>, arena: &'a Bump) -> bool {
    value.is_null() || names_node(value, arena)
}

fn is_moved_to<'a>(value: Value<'_, 'a>, arena: &'a Bump) -> bool {
    value.is_null() || value.as_str(arena).and_then(Tile::parse).is_some()
}

impl RegisterKind {
    /// All of them, in the order of their names.
    pub fn all() -> impl Iterator<Item = RegisterKind> {
        BY_NAME.iter().map(|row| row.kind)
    }

    /// The kind whose place in that order is `number`, which is one of theirs.
    #[inline]
    pub(super) fn numbered(number: u8) -> RegisterKind {
        KINDS[usize::from(number)]
    }

    fn row(self) -> &'static Row {
        &BY_NAME[self as usize]
    }

    /// The register's name; for media and properties what stands before the dot.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Where a line holds it.
    pub fn member(self) -> Member {
        self.row().member
    }

    /// Whether the register has a key of its own beside its kind.
    pub fn is_keyed(self) -> bool {
        self.member() == Member::Keyed
    }

    /// Whether a printed view shows it.
    pub fn is_in_views(self) -> bool {
        self.row().in_views
    }

    /// Whether a view takes it from a redacted lane.
    pub fn is_in_redacted(self) -> bool {
        self.row().in_redacted
    }

    /// Whether its value is the name of another node.
    pub fn names_node(self) -> bool {
        self.row().names_node
    }
}

impl<'a> Register<'a> {
    /// A register without a key of its own.
    pub const fn plain(kind: RegisterKind) -> Register<'static> {
        Register { kind, key: "" }
    }

    /// `media.<role>`.
    pub fn media(role: &'a str) -> Register<'a> {
        Register { kind: RegisterKind::Media, key: role }
    }

    /// `properties.<key>`.
    pub fn property(key: &'a str) -> Register<'a> {
        Register { kind: RegisterKind::Property, key }
    }

    /// Whether it is the same register. Few have keys; those of the others are not looked at.
    #[inline]
    pub fn is(self, other: Register<'_>) -> bool {
        self.kind == other.kind && (!self.kind.is_keyed() || self.key == other.key)
    }

    /// Reads a register's name.
    pub fn parse(name: &'a str) -> Option<Register<'a>> {
        let (stem, key) = name.split_once('.').map_or((name, None), |(stem, key)| (stem, Some(key)));
        let kind = RegisterKind::all().find(|k| k.name() == stem && k.is_keyed() == key.is_some())?;
        Some(Register { kind, key: key.unwrap_or_default() })
    }
}

impl fmt::Display for Register<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if self.kind.is_keyed() { write!(f, ".{}", self.key) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row_and_they_stand_by_name() {
        assert!(BY_NAME.iter().enumerate().all(|(i, row)| row.kind as usize == i));
        assert!(BY_NAME.windows(2).all(|pair| pair[0].name < pair[1].name));
        for row in REGISTERS {
            let member = if row.member == Member::Transform { "transform" } else { row.name };
            assert_eq!(row.code, format!("state.{member}"));
            // These three members of a line are written as one.
            assert!(
                row.member == Member::Transform || !("scope".."tile").contains(&row.name),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for row in REGISTERS {
            let key = if row.member == Member::Keyed { "a.b" } else { "" };
            let register = Register { kind: row.kind, key };
            assert_eq!(Register::parse(&register.to_string()), Some(register));
        }
        for name in ["", "media", "properties", "kind.", "kind.a", "Kind", ".a"] {
            assert_eq!(Register::parse(name), None, "{name}");
        }
    }
}
