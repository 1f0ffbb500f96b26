//! What a person consented to being shown of what sensors recorded of them. Page "12. Manifests in motion", "Where
//! portal and trace meet".
//!
//! A node with the properties `sensor` (a position, such as `hand-tracking`) and `of` (the node_id of a person) is a
//! *recording*. It is shown as far as the person's property `consent.<sensor>` allows: by the lesser of what that says
//! at the shown time and at the end of what was read, so that a consent that is withdrawn takes the past away too.
//! A person is a node of kind `person` that is in the view; where there is none, nothing is allowed.
//!
//! - What a node is at the end it counts as all along: who finds out late that it is a recording withdraws all of it.
//! - What hangs below a recording, or was absorbed into one, is shown no further than it: its place would tell where
//!   the recording is.
//! - An occluder is its geometry alone, where that is a shape of its own: a blob, a text and a point are none.
//! - A position that is not on the list, and a word that is none of the position's, is denied.
//!
//! [`crate::join`] withholds from the view of a moment, [`crate::history`] from what led to it: whoever draws from a
//! [`crate::View`] never holds what may not be shown. This module is what both agree on, and knows neither.
//!
//! ```
//! use ulp_view::consent::Level;
//! assert_eq!(Level::of("room-geometry", "occluder-only"), Level::Occluder);
//! assert_eq!(Level::of("eye-tracking", "occluder-only"), Level::Denied);
//! assert_eq!(Level::Occluder.lesser(Level::Granted), Level::Occluder);
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::write::Members;
use ulp_core::json::{self, Kind, Tape, Value, raw, write_canonical};

/// The kind of the nodes that consent.
pub const PERSON: &str = "person";
/// The properties by which a node is a recording.
const SENSOR: &str = "sensor";
const OF: &str = "of";
/// What the names of the properties begin with that hold consents; a position follows.
const CONSENT: &str = "consent.";
/// The colour of what is shown as an occluder, as JSON.
pub const GREY: &str = "\"#808080\"";
/// The properties that say so.
const COLORS: [&str; 3] = ["color", "fill", "stroke"];

/// How far a recording is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Denied,
    /// It is heard within a mix alone.
    Mix,
    /// Its geometry is shown, in one flat grey.
    Occluder,
    Granted,
}

/// The words of every position, but for `denied`, from which nothing follows.
const POSITIONS: [(&str, &[(&str, Level)]); 7] = [
    ("data-retention", &[GRANTED]),
    ("eye-tracking", &[GRANTED]),
    ("hand-tracking", &[GRANTED]),
    ("location", &[GRANTED]),
    ("marketing", &[GRANTED]),
    ("microphone", &[("post-server-mix", Level::Mix), GRANTED]),
    ("room-geometry", &[("occluder-only", Level::Occluder), GRANTED]),
];
const GRANTED: (&str, Level) = ("granted", Level::Granted);

impl Level {
    /// How far a word of a position goes.
    pub fn of(position: &str, word: &str) -> Level {
        let words = POSITIONS.iter().find(|(name, _)| *name == position).map_or(&[][..], |(_, words)| *words);
        words.iter().find(|(name, _)| *name == word).map_or(Level::Denied, |(_, level)| *level)
    }

    /// What both allow.
    pub fn lesser(self, other: Level) -> Level {
        match (self, other) {
            (one, other) if one == other => one,
            (Level::Granted, other) | (other, Level::Granted) => other,
            _ => Level::Denied,
        }
    }

    /// What is shown of what has this geometry, in a mix or elsewhere.
    pub fn form(self, geometry: Option<&str>, mix: bool) -> Form {
        match self {
            Level::Granted => Form::Whole,
            Level::Mix if mix => Form::Whole,
            Level::Occluder if !mix && geometry.is_some_and(|raw| occluding(raw).is_some()) => Form::Occluder,
            _ => Form::Nothing,
        }
    }
}

/// What is shown of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Nothing,
    Occluder,
    Whole,
}

/// By what a node is a recording: its sensor, and whom it is of; empty where that is no text.
#[derive(Clone, Debug, PartialEq)]
pub struct Marks<'a> {
    pub sensor: Cow<'a, str>,
    pub of: Cow<'a, str>,
}

impl<'a> Marks<'a> {
    /// Those of a node, from its properties as raw JSON, null for none.
    pub fn read(property: impl Fn(&'static str) -> Option<&'a str>) -> Option<Marks<'a>> {
        let text = |raw: &'a str| raw::text(raw).unwrap_or_default();
        let of = property(OF)?;
        Some(Marks { sensor: text(property(SENSOR)?), of: text(of) })
    }

    fn owned(&self) -> Marks<'static> {
        let own = |text: &str| Cow::Owned(text.to_owned());
        Marks { sensor: own(&self.sensor), of: own(&self.of) }
    }
}

/// Whether a register says what a recording is, or what a person consents to.
pub fn is_about_consent(register: Register<'_>) -> bool {
    match register.kind {
        RegisterKind::Kind => true,
        RegisterKind::Property => [SENSOR, OF].contains(&register.key) || register.key.starts_with(CONSENT),
        _ => false,
    }
}

/// Whether a register is one by which a node may become a recording.
pub fn is_mark(register: Register<'_>) -> bool {
    register == Register::property(OF)
}

/// What a view asks of consents.
#[derive(Debug, Default)]
pub struct Consent {
    /// Whether it is a mix of sounds, of which no part can be told.
    pub mix: bool,
    /// By space what the end of what was read says, where the view is of a time before.
    pub ends: Option<BTreeMap<String, End>>,
}

impl Consent {
    /// What the end says of a space, where that is not the time of the view.
    pub fn end(&self, space: &str) -> Option<&End> {
        static NOTHING: End = End { persons: BTreeMap::new(), recordings: BTreeMap::new() };
        self.ends.as_ref().map(|ends| ends.get(space).unwrap_or(&NOTHING))
    }
}

/// What the end of what was read says of one space: what persons consent to, and which nodes are recordings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct End {
    /// By person and position.
    persons: BTreeMap<String, BTreeMap<String, Level>>,
    recordings: BTreeMap<String, Marks<'static>>,
}

impl End {
    /// Takes in a recording.
    pub fn record(&mut self, node: &str, marks: &Marks<'_>) {
        self.recordings.insert(node.to_owned(), marks.owned());
    }

    /// Takes in what a person that is in the view allows: properties as raw JSON, of which some are consents.
    pub fn allow<'p>(&mut self, person: &str, properties: impl Iterator<Item = (&'p str, &'p str)>) {
        let consent = |(key, raw): (&'p str, &'p str)| {
            let position = key.strip_prefix(CONSENT)?;
            Some((position.to_owned(), Level::of(position, &raw::text(raw)?)))
        };
        self.persons.insert(person.to_owned(), properties.filter_map(consent).collect());
    }

    /// How far a person allows what a sensor recorded.
    fn allows(&self, marks: &Marks<'_>) -> Level {
        let positions = self.persons.get(&*marks.of);
        positions.and_then(|p| p.get(&*marks.sensor)).copied().unwrap_or(Level::Denied)
    }

    /// Whether nothing is a recording.
    pub fn has_none(&self) -> bool {
        self.recordings.is_empty()
    }

    /// The names of the recordings.
    pub fn recordings(&self) -> impl Iterator<Item = &str> {
        self.recordings.keys().map(String::as_str)
    }
}

/// How far a node by itself is shown, with its marks at the shown time, of which `allows` tells what is allowed then;
/// `end` is what the end says, where that is another time.
pub fn level(
    node: &str,
    marks: Option<&Marks<'_>>,
    allows: impl Fn(&Marks<'_>) -> Level,
    end: Option<&End>,
) -> Level {
    let then = marks.map_or(Level::Granted, &allows);
    let Some(end) = end else { return then };
    let at_end = |marks| end.allows(marks);
    let last = end.recordings.get(node);
    then.lesser(marks.map_or(Level::Granted, at_end)).lesser(last.map_or(Level::Granted, at_end))
}

/// How far a person allows what a sensor recorded, from the person's properties as raw JSON.
pub fn allowed<'a>(sensor: &str, property: impl Fn(&str) -> Option<&'a str>) -> Level {
    let word = property(&format!("{CONSENT}{sensor}")).and_then(raw::text).unwrap_or_default();
    Level::of(sensor, &word)
}

/// A property of an occluder, as raw JSON.
pub fn grey(key: &str) -> Option<&'static str> {
    COLORS.contains(&key).then_some(GREY)
}

/// Whether an occluder keeps a register: where it is, and its geometry, as [`occluding`] leaves it.
pub fn is_of_occluder(register: RegisterKind) -> bool {
    use RegisterKind as R;
    matches!(
        register,
        R::Authority
            | R::Boundary
            | R::Geometry
            | R::Layer
            | R::MovedTo
            | R::Parent
            | R::Position
            | R::Rotation
            | R::Scale
    )
}

/// The members of the geometries that occlude, but for their kind; all of them hold numbers but for a path's data.
const SOLIDS: [(&str, &[&str]); 10] = [
    ("box", &["size"]),
    ("cylinder", &["height", "radius"]),
    ("ellipse", &["rx", "ry"]),
    ("line", &["points"]),
    ("mesh", &["indices", "normals", "positions"]),
    ("path", &["d"]),
    ("polygon", &["holes", "points"]),
    ("polyline", &["points"]),
    ("rect", &["height", "radius", "width"]),
    ("sphere", &["radius"]),
];

/// A geometry with nothing but the numbers of its shape, canonical; nothing where it has no shape of its own.
pub fn occluding(geometry: &str) -> Option<String> {
    let mut tape = Tape::new();
    let object = tape.parse_any(geometry, json::STATE_DEPTH).ok().filter(|v| v.kind() == Kind::Object)?;
    let kind: String = object.get("kind").filter(|v| v.kind() == Kind::String)?.chars().collect();
    let (_, members) = SOLIDS.iter().find(|(name, _)| *name == kind)?;
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    // In the order of RFC 8785, in which `kind` is one among the others.
    let mut names: Vec<&str> = members.iter().copied().chain(["kind"]).collect();
    names.sort_unstable();
    for name in names {
        if let Some(value) = object.get(name).filter(|value| is_shape(name, *value)) {
            line.name(name, &mut out);
            write_canonical(value.raw(), &mut out);
        }
    }
    line.close(&mut out);
    String::from_utf8(out).ok()
}

/// Whether a member of a geometry says nothing but a shape.
fn is_shape(name: &str, value: Value<'_, '_>) -> bool {
    match (name, value.kind()) {
        ("kind", _) => true,
        ("d", Kind::String) => value.chars().all(is_of_path),
        ("d", _) => false,
        (_, Kind::Number) => true,
        (_, Kind::Array) => value.items().all(|item| is_shape(name, item)),
        _ => false,
    }
}

/// Whether a character stands in path data.
fn is_of_path(c: char) -> bool {
    c.is_ascii_digit() || c.is_ascii_whitespace() || "MmZzLlHhVvCcSsQqTtAaEe+-.,".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Level; 4] = [Level::Denied, Level::Mix, Level::Occluder, Level::Granted];

    #[test]
    fn the_lesser_is_what_both_allow() {
        for one in ALL {
            assert_eq!(one.lesser(one), one);
            assert_eq!(one.lesser(Level::Granted), one);
            assert_eq!(one.lesser(Level::Denied), Level::Denied);
            ALL.iter().for_each(|other| assert_eq!(one.lesser(*other), other.lesser(one)));
        }
        assert_eq!(Level::Mix.lesser(Level::Occluder), Level::Denied);
    }

    #[test]
    fn what_is_not_on_the_list_is_denied() {
        for (position, word, level) in [
            ("hand-tracking", "granted", Level::Granted),
            ("hand-tracking", "Granted", Level::Denied),
            ("hand-tracking", "denied", Level::Denied),
            ("microphone", "post-server-mix", Level::Mix),
            ("microphone", "occluder-only", Level::Denied),
            ("room-geometry", "occluder-only", Level::Occluder),
            ("data-retention", "session", Level::Denied),
            ("pulse", "granted", Level::Denied),
            ("", "", Level::Denied),
        ] {
            assert_eq!(Level::of(position, word), level, "{position} {word}");
        }
    }

    #[test]
    fn what_the_end_says_takes_the_past_away() {
        let marks = Marks { sensor: "hand-tracking".into(), of: "p".into() };
        let granted = |_: &Marks<'_>| Level::Granted;
        let mut end = End::default();
        assert_eq!(level("n", Some(&marks), granted, None), Level::Granted);
        assert_eq!(level("n", Some(&marks), granted, Some(&end)), Level::Denied);
        end.allow("p", [("consent.hand-tracking", "\"granted\""), ("label", "1")].into_iter());
        assert_eq!(level("n", Some(&marks), granted, Some(&end)), Level::Granted);
        assert_eq!(level("n", Some(&marks), |_| Level::Denied, Some(&end)), Level::Denied);
        end.record("n", &Marks { of: "q".into(), ..marks });
        assert_eq!(level("n", None, granted, Some(&end)), Level::Denied);
        assert_eq!(level("m", None, granted, Some(&end)), Level::Granted);
    }

    #[test]
    fn of_an_occluder_its_shape_is_left() {
        for (geometry, left) in [
            (
                r#"{"kind":"box","name":"secret","size":[1,2.50,3]}"#,
                Some(r#"{"kind":"box","size":[1,2.5,3]}"#),
            ),
            (
                r#"{"height":1,"kind":"rect","radius":"secret","width":2}"#,
                Some(r#"{"height":1,"kind":"rect","width":2}"#),
            ),
            (r#"{"kind":"polygon","points":[[0,0],["x",1]]}"#, Some(r#"{"kind":"polygon"}"#)),
            (r#"{"d":"M0 0h1","kind":"path"}"#, Some(r#"{"d":"M0 0h1","kind":"path"}"#)),
            (r#"{"d":"M0 0 bed","kind":"path"}"#, Some(r#"{"kind":"path"}"#)),
            (r#"{"kind":"text","text":"secret"}"#, None),
            (r#"{"kind":"glb","ref":"sha256:00"}"#, None),
            (r#"{"kind":"point"}"#, None),
            (r#"{"kind":"hologram"}"#, None),
            (r#""box""#, None),
        ] {
            assert_eq!(occluding(geometry).as_deref(), left, "{geometry}");
        }
    }
}
