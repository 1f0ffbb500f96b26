//! The shape and the looks of a node in the format's own words.

use ulp_core::json::write::Members;
use ulp_core::json::write_number;
use ulp_view::geometry::{Bounds, Shape, flat};
use ulp_view::outline;
use ulp_view::path::{Point, Segment};
use ulp_view::sheet::scene::Item;
use ulp_view::style::{Paint, Style};
use ulp_view::transform::rounded;

/// The looks of a stroke.
pub fn strokes(line: &mut Members, style: &Style, otherwise: &str, out: &mut Vec<u8>) {
    match style.stroke.or(style.fill) {
        Some(Paint::Color(color)) => line.text("strokeColor", &color.to_string(), out),
        Some(Paint::None) => {}
        None => line.text("strokeColor", otherwise, out),
    }
    if let Some(width) = style.stroke_width {
        line.number("strokeWidth", rounded(width), out);
    }
}

/// The shape of a node as one of the format's own.
pub fn shape(item: &Item<'_, '_>, own: Bounds, turn: f64) -> Vec<u8> {
    let path = |segments: &[Segment]| path_data(segments, own, turn);
    let straight = |points: &[Point], closed: bool| {
        let mut segments: Vec<Segment> = points.iter().map(|p| Segment::Line(*p)).collect();
        if let Some(first) = segments.first_mut() {
            *first = Segment::Move(points[0]);
        }
        segments.extend(closed.then_some(Segment::Close));
        segments
    };
    let (kind, data) = match &item.shape {
        Shape::Ellipse { .. } | Shape::Sphere(_) | Shape::Cylinder { .. } | Shape::Point => {
            ("@ocif/oval", None)
        }
        Shape::Line(points) => {
            let points: Vec<Point> = points.iter().copied().map(flat).collect();
            ("@ocif/path", Some(path(&straight(&points, false))))
        }
        Shape::Polygon(rings) => {
            let all: Vec<Segment> = rings.iter().flat_map(|ring| straight(ring, true)).collect();
            ("@ocif/path", Some(path(&all)))
        }
        Shape::Path(segments) => ("@ocif/path", Some(path(segments))),
        Shape::Mesh(mesh) => {
            let all: Vec<Segment> = mesh.in_plane().flat_map(|t| straight(&t, true)).collect();
            ("@ocif/path", Some(path(&all)))
        }
        Shape::Rect { .. } | Shape::Cuboid(_) | Shape::Text { .. } => ("@ocif/rect", None),
        Shape::Unknown(_) | Shape::Blob { .. } => ("@ocif/rect", None),
    };
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.text("type", kind, &mut out);
    if let Some(data) = data {
        line.text("path", &data, &mut out);
    }
    let is_text = matches!(item.shape, Shape::Text { .. });
    let style = &item.style;
    if !is_text {
        if let Some(Paint::Color(color)) = style.fill {
            line.text("fillColor", &color.to_string(), &mut out);
        }
        match style.stroke {
            Some(Paint::Color(color)) => line.text("strokeColor", &color.to_string(), &mut out),
            None if style.fill.is_none() => line.text("strokeColor", "#4a6a8a", &mut out),
            _ => {}
        }
    }
    // A stroke of the format's default width would be drawn where nobody asked for one.
    let none = is_text || style.stroke.is_none() && style.fill.is_some() || style.stroke == Some(Paint::None);
    match style.stroke_width {
        _ if none => line.number("strokeWidth", 0.0, &mut out),
        Some(width) => line.number("strokeWidth", rounded(width), &mut out),
        None => {}
    }
    out.push(b'}');
    out
}

pub fn text_style(size: f64, style: &Style) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.text("type", "@ocif/textstyle", &mut out);
    line.number("fontSizePx", rounded(size), &mut out);
    if let Some(Paint::Color(color)) = style.fill {
        line.text("color", &color.to_string(), &mut out);
    }
    out.push(b'}');
    out
}

/// Path data from the top left corner of the node's box.
fn path_data(segments: &[Segment], own: Bounds, turn: f64) -> String {
    let top = if turn < 0.0 { own.max[1] } else { own.min[1] };
    let show = |[x, y]: Point| {
        let mut out = Vec::new();
        write_number(rounded(x - own.min[0]), &mut out);
        out.push(b' ');
        write_number(rounded((y - top) * turn), &mut out);
        String::from_utf8(out).unwrap_or_default()
    };
    let mut data = String::new();
    outline::write(segments, &mut data, |point, out| out.push_str(&show(point)));
    data
}
