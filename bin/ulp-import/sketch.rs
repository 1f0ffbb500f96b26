//! What drawings have in common: a document of JSON, and a page whose y runs down.
//!
//! A drawing keeps its coordinates, and its space is told that y runs down; or y is turned up, so that it joins a map.

use ulp_core::json::write::{Members, Object, write_numbers};
use ulp_core::json::{Kind, STATE_DEPTH, Tape, Value, write_canonical, write_number};
use ulp_core::report::Refusal;
use ulp_view::geodesy::round;

use crate::desk::Desk;
use crate::draft::{Draft, Envelope, Json, Link, Node, What};
use crate::record::Record;
use crate::time::{Said, Stamp};
use crate::whole::no_document;

/// The farthest from 0 that a number of a drawing may lie: sums of a few are still whole numbers that JSON may hold.
const FARTHEST: f64 = 1e15;

/// A document of JSON, with whatever numbers it has.
///
/// # Errors
/// It is none, or no object.
pub fn document<'t, 'a>(tape: &'t mut Tape, text: &'a str) -> Result<Value<'t, 'a>, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    tape.parse_wide(text, STATE_DEPTH).map_err(|error| no_document(error.to_string()))
}

/// The items of a list of a document; none where it has no such list.
///
/// # Errors
/// What has that name is no list.
pub fn list<'t, 'a>(top: Value<'t, 'a>, name: &'static str) -> Result<Vec<Value<'t, 'a>>, Refusal> {
    match top.get(name) {
        None => Ok(Vec::new()),
        Some(value) if value.is_null() => Ok(Vec::new()),
        Some(value) if value.kind() == Kind::Array => Ok(value.items().collect()),
        Some(_) => Err(no_document(format!("{name} is no list"))),
    }
}

/// The text of a member; nothing where there is anything else.
pub fn text(value: Value<'_, '_>, name: &str) -> Option<String> {
    value.get(name)?.as_text()
}

/// The same where it says something.
pub fn words(value: Value<'_, '_>, name: &str) -> Option<String> {
    text(value, name).filter(|text| !text.is_empty())
}

/// A number that a drawing may hold.
pub fn number(value: Value<'_, '_>) -> Option<f64> {
    value.as_f64().filter(|number| number.abs() <= FARTHEST)
}

/// The number of a member.
pub fn number_of(value: Value<'_, '_>, name: &str) -> Option<f64> {
    number(value.get(name)?)
}

/// The first two numbers of a list of at least two; whatever follows must be numbers, too.
pub fn point(value: Value<'_, '_>) -> Option<[f64; 2]> {
    let numbers: Vec<f64> = value.items().map(number).collect::<Option<_>>()?;
    Some([*numbers.first()?, *numbers.get(1)?])
}

/// The stamp of a thing of a drawing, by one of its own members where `--time` names one.
///
/// # Errors
/// What stands there is no time.
pub fn stamp(value: Value<'_, '_>, desk: &Desk) -> Result<Stamp, Refusal> {
    desk.times.stamp(Said::Nothing, |name| Said::json(value.get(name)))
}

/// How a page lies on the plane.
#[derive(Clone, Copy)]
pub struct Page {
    flip: bool,
}

impl Page {
    pub fn of(desk: &Desk) -> Page {
        Page { flip: desk.flip }
    }

    pub fn is_flipped(self) -> bool {
        self.flip
    }

    /// A point or a way of the page on the plane.
    pub fn point(self, [x, y]: [f64; 2]) -> [f64; 2] {
        // Adding zero turns −0 into 0.
        [x + 0.0, if self.flip { -y } else { y } + 0.0]
    }

    /// An angle that is clockwise on the page, in degrees about z.
    pub fn degrees(self, clockwise: f64) -> f64 {
        round::position(if self.flip { -clockwise } else { clockwise })
    }
}

/// What a drawing says of its space.
#[derive(Default)]
pub struct Settings {
    pub title: Option<String>,
    pub background: Option<String>,
}

impl Settings {
    /// The record of it, if there is anything to say.
    pub fn record(&self, page: Page, desk: &Desk) -> Option<Record> {
        let mut properties = Object::default();
        properties.text("background", self.background.as_deref());
        properties.text("title", self.title.as_deref());
        properties.text("y", (!page.is_flipped()).then_some("down"));
        let what = What::Properties { node_id: "@space".to_owned(), properties: full(properties)? };
        let draft = Draft { stamp: desk.times.of_all(), what, ..Draft::default() };
        Some(Record { number: 1, drafts: vec![draft], ..Record::default() })
    }
}

/// An object that is not empty.
pub fn full(object: Object) -> Option<Json> {
    let json = object.bytes();
    (json != b"{}").then_some(json)
}

/// A value as canonical JSON.
pub fn canonical(value: Value<'_, '_>) -> Json {
    let mut out = Vec::new();
    write_canonical(value.raw(), &mut out);
    out
}

/// A rectangle about the middle of its box.
pub fn rect([width, height]: [f64; 2], radius: Option<f64>) -> Json {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.number("height", height, &mut out);
    line.word("kind", "rect", &mut out);
    radius.iter().for_each(|radius| line.number("radius", *radius, &mut out));
    line.number("width", width, &mut out);
    line.close(&mut out);
    out
}

/// An ellipse about the middle of its box.
pub fn ellipse(size: [f64; 2]) -> Json {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.word("kind", "ellipse", &mut out);
    line.number("rx", size[0] / 2.0, &mut out);
    line.number("ry", size[1] / 2.0, &mut out);
    line.close(&mut out);
    out
}

/// Where a node stands, and how it is turned and scaled; what changes nothing is left out.
pub fn transform(position: &[f64], degrees: f64, scale: Option<[f64; 3]>) -> Json {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.name("position", &mut out);
    write_numbers(position, &mut out);
    if degrees != 0.0 {
        line.name("rotation", &mut out);
        write_number(degrees, &mut out);
    }
    if let Some(scale) = scale.filter(|scale| *scale != [1.0; 3]) {
        line.numbers("scale", &scale, &mut out);
    }
    line.close(&mut out);
    out
}

/// The draft of a node.
pub fn node(stamp: Stamp, node: Node) -> Draft {
    Draft { envelope: Envelope::default(), stamp, what: What::Node(Box::new(node)) }
}

/// The draft of a link between two nodes.
pub fn link(stamp: Stamp, link: Link) -> Draft {
    Draft { envelope: Envelope::default(), stamp, what: What::Link(Box::new(link)) }
}

/// The middle of a box that begins at a point.
pub fn middle([x, y]: [f64; 2], [width, height]: [f64; 2]) -> [f64; 2] {
    [f64::midpoint(x, x + width), f64::midpoint(y, y + height)]
}
