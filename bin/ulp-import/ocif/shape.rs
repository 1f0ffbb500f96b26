//! The shape of a node: where it stands on the plane, and how its lines are drawn.

use ulp_core::json::Value;
use ulp_core::json::write::{Members, Object};
use ulp_core::report::Refusal;
use ulp_view::geodesy::round;
use ulp_view::transform::sin_cos;

use super::extensions;
use crate::draft::Json;
use crate::place::{middle, write_points};
use crate::sketch::{self, Page, number, number_of, point, text, words};

/// The size of a node that gives none.
const SIZE: [f64; 2] = [100.0; 2];
/// How a line is drawn that says nothing else.
const STROKE: &str = "#000000";
const STROKE_WIDTH: f64 = 1.0;

/// A node on the plane.
pub struct Shape<'t, 'a> {
    /// That of its shape, if it has one.
    pub kind: Option<&'static str>,
    pub at: [f64; 2],
    pub transform: Json,
    pub geometry: Json,
    /// Whether it is made of lines alone, and has nothing to fill.
    pub lines: bool,
    /// What says how it looks.
    pub extension: Option<Value<'t, 'a>>,
}

/// The shapes, by the ends of their names: as of 0.5 `@ocif/rect`, before that `@ocif/node/rect`.
const SHAPES: [&str; 4] = ["rect", "oval", "path", "arrow"];

fn shape_named(kind: &str) -> Option<&'static str> {
    let name = kind.strip_prefix("@ocif/")?;
    let name = name.strip_prefix("node/").unwrap_or(name);
    SHAPES.into_iter().find(|shape| *shape == name)
}

/// Whether an extension is a shape.
pub fn is_shape(kind: &str) -> bool {
    shape_named(kind).is_some()
}

/// The shape of a node.
///
/// # Errors
/// It has no place, or no shape that can be drawn there.
pub fn of<'t, 'a>(node: Value<'t, 'a>, page: Page) -> Result<Shape<'t, 'a>, Refusal> {
    let named = extensions(node).find_map(|each| Some((shape_named(&text(each, "type")?)?, each)));
    match named {
        Some(("arrow", arrow)) => between(arrow, page),
        named => boxed(node, named, page),
    }
}

/// An arrow that is bound to nothing: a line about its middle.
fn between<'t, 'a>(arrow: Value<'t, 'a>, page: Page) -> Result<Shape<'t, 'a>, Refusal> {
    let end = |name| arrow.get(name).and_then(point).ok_or_else(|| none("an arrow without start and end"));
    let ends = [page.point(end("start")?), page.point(end("end")?)];
    let at = middle(&ends);
    let mut geometry = Vec::new();
    let mut line = Members::open(&mut geometry);
    line.word("kind", "line", &mut geometry);
    line.name("points", &mut geometry);
    write_points(&ends, at, &mut geometry);
    line.close(&mut geometry);
    let transform = sketch::transform(&at, 0.0, None);
    Ok(Shape { kind: Some("arrow"), at, transform, geometry, lines: true, extension: Some(arrow) })
}

/// A shape in a box, which is turned and scaled about its top left corner.
fn boxed<'t, 'a>(
    node: Value<'t, 'a>,
    named: Option<(&'static str, Value<'t, 'a>)>,
    page: Page,
) -> Result<Shape<'t, 'a>, Refusal> {
    let place = numbers(node, "position")?.filter(|place| place.len() >= 2);
    let place = place.ok_or_else(|| none("no position of two numbers or three"))?;
    let size = numbers(node, "size")?.unwrap_or_else(|| SIZE.to_vec());
    let [width, height] =
        *size.first_chunk().filter(|size| size.iter().all(|x| *x >= 0.0)).ok_or_else(|| none("no size"))?;
    let scale = scale(node)?;
    let clockwise =
        node.get("rotation").map_or(Some(0.0), number).ok_or_else(|| none("a rotation that is no number"))?;
    let corner = [place[0], place[1]];
    let kind = named.map(|(kind, _)| kind);
    let (at, scale, geometry) = if kind == Some("path") {
        let data =
            named.and_then(|(_, path)| text(path, "path")).ok_or_else(|| none("a path without its data"))?;
        let [x, y, z] = scale;
        let turned = if page.is_flipped() { [x, -y, z] } else { scale };
        (corner.map(round::position), turned, path(&data))
    } else {
        let half = [width / 2.0 * scale[0], height / 2.0 * scale[1]];
        let geometry = if kind == Some("oval") {
            sketch::ellipse([width, height])
        } else {
            sketch::rect([width, height], None)
        };
        (turned(corner, half, clockwise).map(round::height), scale, geometry)
    };
    let at = page.point(at);
    let mut position = at.to_vec();
    position.extend(place.get(2).map(|z| round::position(*z)));
    let transform = sketch::transform(&position, page.degrees(clockwise), Some(scale));
    Ok(Shape { kind, at, transform, geometry, lines: false, extension: named.map(|(_, shape)| shape) })
}

/// A point that lies that far from a corner before the page is turned about it.
fn turned(corner: [f64; 2], [dx, dy]: [f64; 2], clockwise: f64) -> [f64; 2] {
    let (sin, cos) = sin_cos(clockwise);
    [corner[0] + dx * cos - dy * sin, corner[1] + dx * sin + dy * cos]
}

/// One number for all, or two or three.
fn scale(node: Value<'_, '_>) -> Result<[f64; 3], Refusal> {
    let given = numbers(node, "scale")?.unwrap_or_default();
    match *given {
        [] => Ok([1.0; 3]),
        [all] => Ok([all; 3]),
        [x, y] => Ok([x, y, 1.0]),
        [x, y, z, ..] => Ok([x, y, z]),
    }
}

/// A list of numbers, or one number.
fn numbers(node: Value<'_, '_>, name: &str) -> Result<Option<Vec<f64>>, Refusal> {
    let Some(value) = node.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let list: Option<Vec<f64>> = match number(value) {
        Some(one) => Some(vec![one]),
        None => value.items().map(number).collect(),
    };
    list.filter(|list| !list.is_empty())
        .map(Some)
        .ok_or_else(|| none(&format!("{name} is no list of numbers")))
}

fn path(data: &str) -> Json {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.text("d", data, &mut out);
    line.word("kind", "path", &mut out);
    line.close(&mut out);
    out
}

fn none(what: &str) -> Refusal {
    Refusal::new("import.node", what)
}

/// How a node looks: what is not said is as the format has it.
pub fn looks(shape: Option<Value<'_, '_>>, lines: bool, properties: &mut Object) {
    let word = |name| shape.and_then(|shape| words(shape, name));
    if !lines {
        let fill = word("fillColor").filter(|fill| fill != "transparent");
        properties.text("fill", Some(fill.as_deref().unwrap_or("none")));
    }
    let width = shape.and_then(|shape| number_of(shape, "strokeWidth")).unwrap_or(STROKE_WIDTH);
    if width > 0.0 {
        properties.text("stroke", Some(word("strokeColor").as_deref().unwrap_or(STROKE)));
        properties.number("stroke_width", width);
    }
}

/// How a line looks, as far as it is said.
pub fn given_lines(arrow: Value<'_, '_>, properties: &mut Object) {
    properties.text("stroke", words(arrow, "strokeColor").as_deref());
    if let Some(width) = number_of(arrow, "strokeWidth").filter(|width| *width > 0.0) {
        properties.number("stroke_width", width);
    }
}
