//! Where an element stands, and its shape.

use ulp_core::json::write::{Items, Members, write_numbers};
use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;
use ulp_view::geodesy::round;

use crate::draft::Json;
use crate::place::{middle, relative};
use crate::record::Record;
use crate::sketch::{self, Page, number_of, point, text};

/// The size of a text that says none: as Excalidraw's own.
pub const FONT_SIZE: f64 = 20.0;

/// Corners are round by this part of the shorter side,
const ROUND: f64 = 0.25;
/// or, where they adapt, by so much at most, unless the element says otherwise.
const ADAPTIVE: f64 = 3.0;
const ADAPTED: f64 = 32.0;

/// Where an element stands, and its shape.
pub struct Outline {
    pub at: [f64; 2],
    /// On the page, in radians.
    pub clockwise: f64,
    pub geometry: Json,
}

/// The outline of an element; what of it is lost is noted.
///
/// # Errors
/// It has no place, or no shape.
pub fn of(value: Value<'_, '_>, kind: &str, page: Page, record: &mut Record) -> Result<Outline, Refusal> {
    let none = || Refusal::new("import.element", "no place, or no size that is not negative");
    let number = |name| number_of(value, name).ok_or_else(none);
    let corner = [number("x")?, number("y")?];
    let clockwise = number_of(value, "angle").unwrap_or(0.0);
    note_curve(value, kind, record);
    if is_stroke(kind) {
        return stroke(value, corner, clockwise, page);
    }
    let size = [number("width")?, number("height")?];
    if size.iter().any(|side| *side < 0.0) {
        return Err(none());
    }
    let centre = sketch::middle(corner, size);
    if kind == "text" {
        return Ok(words(value, corner, centre, clockwise, page));
    }
    let geometry = match kind {
        "ellipse" => sketch::ellipse(size),
        "diamond" => diamond(size),
        _ => sketch::rect(size, radius(value, size)),
    };
    Ok(Outline { at: page.point(centre.map(round::height)), clockwise, geometry })
}

/// Whether a kind is drawn from point to point. `draw` is what drawing by hand was called once.
pub fn is_stroke(kind: &str) -> bool {
    matches!(kind, "line" | "arrow" | "freedraw" | "draw")
}

/// Notes that something is round which becomes straight.
pub fn note_curve(value: Value<'_, '_>, kind: &str, record: &mut Record) {
    let is_round = roundness(value).is_some();
    let bends = || value.get("points").is_some_and(|points| points.len() > 2);
    if is_round && (kind == "diamond" || matches!(kind, "line" | "arrow") && bends()) {
        record.note("import.curve", "a curve became straight");
    }
}

/// What says that something is round: an object, or once a word.
fn roundness<'t, 'a>(value: Value<'t, 'a>) -> Option<Value<'t, 'a>> {
    let object = value.get("roundness").filter(|roundness| roundness.kind() == Kind::Object);
    object.or_else(|| value.get("strokeSharpness").filter(|sharpness| sharpness.is_str("round")))
}

/// The radius of the corners of a box that is round.
fn radius(value: Value<'_, '_>, size: [f64; 2]) -> Option<f64> {
    let roundness = roundness(value)?;
    let part = size[0].min(size[1]) * ROUND;
    let is_adaptive = number_of(roundness, "type") == Some(ADAPTIVE);
    let most = number_of(roundness, "value").unwrap_or(ADAPTED);
    let radius = round::position(if is_adaptive { part.min(most) } else { part });
    (radius > 0.0).then_some(radius)
}

/// A diamond that fills its box: the same, whichever way y runs.
fn diamond([width, height]: [f64; 2]) -> Json {
    let (x, y) = (width / 2.0, height / 2.0);
    points_as("polygon", &[[0.0, -y], [x, 0.0], [0.0, y], [-x, 0.0]])
}

fn points_as(kind: &str, points: &[[f64; 2]]) -> Json {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.word("kind", kind, &mut out);
    line.name("points", &mut out);
    let mut items = Items::open(&mut out);
    for point in points {
        items.next(&mut out);
        write_numbers(&point.map(round::position), &mut out);
    }
    items.close(&mut out);
    line.close(&mut out);
    out
}

/// Text begins on its first line, which is turned with it about the middle of its box.
fn words(value: Value<'_, '_>, [x, y]: [f64; 2], centre: [f64; 2], clockwise: f64, page: Page) -> Outline {
    let size = font_size(value);
    let (dx, dy) = (x - centre[0], y + size - centre[1]);
    let (sin, cos) = (libm::sin(clockwise), libm::cos(clockwise));
    let start = [centre[0] + dx * cos - dy * sin, centre[1] + dx * sin + dy * cos];
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.word("kind", "text", &mut out);
    line.number("size", size, &mut out);
    line.text("text", &text(value, "text").unwrap_or_default(), &mut out);
    line.close(&mut out);
    Outline { at: page.point(start.map(round::position)), clockwise, geometry: out }
}

/// A line from point to point, about the middle of the box around them.
fn stroke(value: Value<'_, '_>, corner: [f64; 2], clockwise: f64, page: Page) -> Result<Outline, Refusal> {
    let mut points: Vec<[f64; 2]> = points(value)
        .ok_or_else(|| Refusal::new("import.geometry", "points that are no pairs of numbers"))?
        .into_iter()
        .map(|[x, y]| page.point([corner[0] + x, corner[1] + y]))
        .collect();
    if points.len() < 2 {
        return Err(Refusal::new("import.geometry", "a line of fewer than two points"));
    }
    let closed = text(value, "type").as_deref() == Some("line") && is_closed(value);
    if closed {
        points.pop();
    }
    let at = middle(&points);
    let about: Vec<[f64; 2]> = points.iter().map(|point| relative(*point, at)).collect();
    let kind = if closed { "polygon" } else { "polyline" };
    Ok(Outline { at, clockwise, geometry: points_as(kind, &about) })
}

fn points(value: Value<'_, '_>) -> Option<Vec<[f64; 2]>> {
    value.get("points").filter(|points| points.kind() == Kind::Array)?.items().map(point).collect()
}

/// Whether a line of at least three corners ends where it began.
pub fn is_closed(value: Value<'_, '_>) -> bool {
    points(value).is_some_and(|points| points.len() > 3 && points.first() == points.last())
}

/// The size of a text.
fn font_size(value: Value<'_, '_>) -> f64 {
    round::position(number_of(value, "fontSize").unwrap_or(FONT_SIZE))
}
