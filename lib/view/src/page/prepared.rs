//! What a page need not work out by itself: what its values look like, as shapes and as words, by their numbers.
//!
//! ```text
//! {"names":["label",…],"person":{"open":[width,text],…},"shapes":[[value,shape],…],"words":[[value,width],[value,width,text],…],
//!  "ids":[[node,text],…],"sensors":[[name,width],[name,width,text],…]}
//! ```
//!
//! `ids` are those of nodes that are not shown as they are, `sensors` the names of sensors as words. `names` are the
//! properties by which a node is called, `person` what a person reads besides. A shape is `{"named":…}`, a mark, which is named where its kind is unknown;
//! `{"box":…,"lines":[[text,width],…],"size":…}`, a text, whose box is that of size 1 where it gives no size; or
//! `{"box":…,"d":…}`, SVG path data, with `at` (x, y and scale) where those numbers are told from a place of their own,
//! `room` where a label may stand inside, `line` where it has no inside, `round` (the radii) where it is an ellipse,
//! `rings` where what lies within an odd number of rings is inside. `box` is in the node's own frame. Words are as wide
//! as they are at size 1; the text is missing where it is the value itself.

use crate::digits::Digits;
use crate::font;
use crate::frame::Frame;
use crate::geometry::{Bounds, Shape};
use crate::name::{CLOSE, COMMA, NAMES, OPEN, UNVERIFIED, one_line, text_in};
use crate::outline;
use crate::transform::{LARGEST, Transform, rounded};
use std::collections::BTreeSet;
use ulp_core::json::write::{Items, Members, write_numbers};
use ulp_core::json::{STATE_DEPTH, Tape, raw, write_number, write_string};

/// The tables of a history that are prepared, as canonical JSON.
pub struct Tables {
    pub values: Vec<Vec<u8>>,
    pub nodes: Vec<Vec<u8>>,
    /// Lists of an actor and the name of its sensor.
    pub sensors: Vec<Vec<u8>>,
}

/// Writes what is in the tables, with shapes where they are asked for.
pub fn write(tables: &Tables, shapes: bool, out: &mut Vec<u8>) {
    let values = &tables.values;
    let mut whole = Members::open(out);
    whole.texts("names", NAMES, out);
    whole.name("person", out);
    let mut words = Members::open(out);
    for (name, text) in [("close", CLOSE), ("comma", COMMA), ("open", OPEN), ("unverified", UNVERIFIED)] {
        words.name(name, out);
        let mut pair = Items::open(out);
        pair.next(out);
        write_number(rounded(font::width(text)), out);
        pair.next(out);
        write_string(text, out);
        pair.close(out);
    }
    words.close(out);
    let mut tape = Tape::new();
    if shapes {
        whole.name("shapes", out);
        write_each(values, out, |raw, out| write_shape(raw, &mut tape, out));
    }
    whole.name("words", out);
    write_each(values, out, |raw, out| {
        if let Some(text) = text_in(raw) {
            write_words(&text, raw, out);
        }
    });
    whole.name("ids", out);
    write_each(&tables.nodes, out, write_id);
    whole.name("sensors", out);
    let names: BTreeSet<String> = tables.sensors.iter().filter_map(|pair| name_in(pair, &mut tape)).collect();
    let mut list = Items::open(out);
    for name in names {
        list.next(out);
        out.push(b'[');
        write_string(&name, out);
        out.push(b',');
        write_words(&name, &name, out);
        out.push(b']');
    }
    list.close(out);
    whole.close(out);
}

fn text_of(json: &[u8]) -> &str {
    std::str::from_utf8(json).unwrap_or_default()
}

/// The name of a sensor, from a list of its actor and that.
fn name_in(pair: &[u8], tape: &mut Tape) -> Option<String> {
    let pair = tape.parse_any(text_of(pair), STATE_DEPTH).ok()?;
    pair.items().nth(1).map(|name| name.chars().collect())
}

/// An id as it is shown, where that is not the id itself.
fn write_id(raw: &str, out: &mut Vec<u8>) {
    let Some(id) = raw::text(raw) else { return };
    let words = one_line(&id);
    if words != id {
        write_string(&words, out);
    }
}

/// A list of what is written of each value, after its number; nothing of one that `write` writes nothing of.
fn write_each(values: &[Vec<u8>], out: &mut Vec<u8>, mut write: impl FnMut(&str, &mut Vec<u8>)) {
    let mut list = Items::open(out);
    let mut each = Vec::new();
    for (number, value) in values.iter().enumerate() {
        each.clear();
        write(text_of(value), &mut each);
        if !each.is_empty() {
            list.next(out);
            out.extend_from_slice(format!("[{number},").as_bytes());
            out.extend_from_slice(&each);
            out.push(b']');
        }
    }
    list.close(out);
}

/// The width of a text, and that as it is shown where it is not `known` already, as it is or as a JSON string.
fn write_words(text: &str, known: &str, out: &mut Vec<u8>) {
    let words = one_line(text);
    write_number(rounded(font::width(&words)), out);
    let mut own = Vec::new();
    write_string(&words, &mut own);
    if own != known.as_bytes() && words != known {
        out.push(b',');
        out.extend_from_slice(&own);
    }
}

/// Writes the shape of what may be a geometry: an object with a kind.
fn write_shape(raw: &str, tape: &mut Tape, out: &mut Vec<u8>) {
    if !raw.starts_with('{') || !raw.contains("\"kind\":") {
        return;
    }
    let shape = Shape::read(Some(raw), LARGEST, tape).in_plane();
    let frame = outline::frame(&shape);
    let bounds = shape.bounds(&Transform::IDENTITY, 1.0);
    let digits = Digits::of(outline::side(bounds) * frame.scale);
    let mut line = Members::open(out);
    if let Shape::Text { text, size } = &shape {
        write_text(text, *size, bounds, &mut line, out);
    } else if let Some(data) = outline::data(&shape, &frame, digits) {
        write_path(&shape, &data, frame, bounds, &mut line, out);
    } else {
        line.boolean("named", !matches!(shape, Shape::Point), out);
    }
    line.close(out);
}

fn write_text(text: &str, size: Option<f64>, bounds: Bounds, line: &mut Members, out: &mut Vec<u8>) {
    write_box(bounds, line, out);
    line.name("lines", out);
    let mut lines = Items::open(out);
    for each in text.lines() {
        lines.next(out);
        out.push(b'[');
        write_string(each, out);
        out.push(b',');
        write_number(rounded(font::width(each)), out);
        out.push(b']');
    }
    lines.close(out);
    if let Some(size) = size {
        line.number("size", size, out);
    }
}

fn write_path(
    shape: &Shape,
    data: &str,
    frame: Frame<2>,
    bounds: Bounds,
    line: &mut Members,
    out: &mut Vec<u8>,
) {
    if frame != Frame::WORLD {
        line.numbers("at", &[frame.origin[0], frame.origin[1], frame.scale], out);
    }
    write_box(bounds, line, out);
    line.text("d", data, out);
    match shape {
        Shape::Line(_) => line.boolean("line", true, out),
        Shape::Polygon(_) => line.boolean("rings", true, out),
        Shape::Ellipse { rx, ry } => line.numbers("round", &[*rx, *ry], out),
        _ => {}
    }
    if let Some(room) = shape.room() {
        line.number("room", room, out);
    }
}

fn write_box(bounds: Bounds, line: &mut Members, out: &mut Vec<u8>) {
    line.name("box", out);
    write_numbers(&[bounds.min[0], bounds.min[1], bounds.max[0], bounds.max[1]], out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(values: &[&str]) -> String {
        let list = |list: &[&str]| list.iter().map(|v| v.as_bytes().to_vec()).collect();
        let tables = Tables {
            values: list(values),
            nodes: list(&[r#""n""#, r#""m  m""#]),
            sensors: list(&[r#"["a","s"]"#, r#"["b","s"]"#]),
        };
        let mut out = Vec::new();
        write(&tables, true, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn words_are_lines_of_bounded_length() {
        let got = prepared(&[r#""a b""#, r#"" a\n b""#, "1.5", "null", "[1]", r#""""#]);
        let width = rounded(font::width("a b"));
        let words =
            format!(r#""words":[[0,{width}],[1,{width},"a b"],[2,{}]],"#, rounded(font::width("1.5")));
        assert!(got.contains(&words), "{got}");
        let width = rounded(font::width("s"));
        assert!(got.ends_with(&format!(r#""ids":[[1,"m m"]],"sensors":[["s",{width}]]}}"#)), "{got}");
    }

    #[test]
    fn shapes_are_those_of_drawings() {
        let got = prepared(&[
            r#""rect""#,
            r#"{"height":2,"kind":"rect","width":4}"#,
            r#"{"kind":"sphere","radius":3}"#,
            r#"{"kind":"line","points":[[0,0],[1e-6,0]]}"#,
            r#"{"kind":"point"}"#,
            r#"{"kind":"hologram"}"#,
            r#"{"kind":"text","size":10,"text":"a\nb"}"#,
        ]);
        for shape in [
            r#"[1,{"box":[-2,-1,2,1],"d":"M-2 -1h4v2h-4Z","room":0.9}]"#,
            r#"[2,{"box":[-3,-3,3,3],"d":"M3 0A3 3 0 0 1 -3 0A3 3 0 0 1 3 0Z","round":[3,3],"room":0.7}]"#,
            r#"[3,{"at":[0,0,1000000000],"box":[0,0,0.000001,0],"d":"M0 0 1000 0","line":true}]"#,
            r#"[4,{"named":false}],[5,{"named":true}],[6,{"box":[0,-14.2,"#,
        ] {
            assert!(got.contains(shape), "{shape}: {got}");
        }
    }
}
