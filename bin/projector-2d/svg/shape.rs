//! A shape as an element of SVG, in the node's own frame as the layout tells it.

use super::Sheet;
use crate::detail::{self, Detail};
use std::fmt::Write as _;
use ulp_view::digits::Digits;
use ulp_view::geometry::{Bounds, Shape, flat};
use ulp_view::labels::Anchor;
use ulp_view::outline;
use ulp_view::path::Point;
use ulp_view::sheet::layout::{Own, PICTURE};
use ulp_view::sheet::scene::{Item, Picture};
use ulp_view::transform::Transform;

/// How the numbers of a node's own frame are written.
struct Pen<'o> {
    own: &'o Own,
    turn: f64,
    digits: Digits,
}

impl Pen<'_> {
    fn length(&self, length: f64) -> impl std::fmt::Display + use<> {
        self.digits.show(length * self.own.scale)
    }

    fn point(&self, point: Point, out: &mut String) {
        let [x, y] = self.own.place(point, self.turn).map(|x| self.digits.show(x));
        let _ = write!(out, "{x} {y}");
    }
}

impl Sheet<'_, '_, '_> {
    pub fn shape(&self, item: &Item<'_, '_>, own: &Own, detail: Detail, out: &mut String) {
        if let Some(picture) = &item.picture {
            return self.image(item, own, picture, out);
        }
        let pen = Pen { own, turn: self.layout.turn(), digits: self.digits_of(item, own) };
        if let Detail::Thinned(near) = detail {
            return self.thinned(item, own, near, out);
        }
        let mark = self.layout.mark;
        match &item.shape {
            Shape::Rect { width, height, radius } => {
                let [x, y, w, h] =
                    [-width / 2.0, -height / 2.0, *width, *height].map(|length| pen.length(length));
                let _ = write!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"");
                if *radius > 0.0 {
                    let _ = write!(out, " rx=\"{}\"", pen.length(*radius));
                }
                out.push_str("/>");
            }
            Shape::Ellipse { rx, ry } if rx == ry => {
                let _ = write!(out, "<circle r=\"{}\"/>", pen.length(*rx));
            }
            Shape::Ellipse { rx, ry } => {
                let _ = write!(out, "<ellipse rx=\"{}\" ry=\"{}\"/>", pen.length(*rx), pen.length(*ry));
            }
            Shape::Line(points) => {
                out.push_str("<polyline points=\"");
                for (i, point) in points.iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    pen.point(flat(*point), out);
                }
                out.push_str("\"/>");
            }
            Shape::Polygon(rings) => {
                out.push_str("<path fill-rule=\"evenodd\" d=\"");
                outline::write_rings(rings, out, |point, out| pen.point(point, out));
                out.push_str("\"/>");
            }
            Shape::Path(segments) => {
                out.push_str("<path d=\"");
                outline::write(segments, out, |point, out| pen.point(point, out));
                out.push_str("\"/>");
            }
            Shape::Mesh(mesh) => {
                out.push_str("<path d=\"");
                for triangle in mesh.in_plane() {
                    for (command, point) in ['M', 'L', 'L'].into_iter().zip(triangle) {
                        out.push(command);
                        pen.point(point, out);
                    }
                    out.push('Z');
                }
                out.push_str("\"/>");
            }
            Shape::Text { text, size } => {
                let size = size.unwrap_or(self.scene.text_size) * own.scale;
                let lines: Vec<&str> = text.lines().collect();
                self.text(&lines, [0.0; 2], Anchor::Start, size, out);
            }
            Shape::Point if !item.is_missing => {
                let _ = write!(out, "<circle r=\"{}\"/>", self.show(mark));
            }
            Shape::Cuboid(_) | Shape::Sphere(_) | Shape::Cylinder { .. } => {}
            Shape::Point | Shape::Unknown(_) | Shape::Blob { .. } => self.rhomb(out),
        }
    }

    /// As fine as the sheet, or as a shape that would be lost on it.
    fn digits_of(&self, item: &Item<'_, '_>, own: &Own) -> Digits {
        let size = match &item.shape {
            Shape::Rect { width, height, .. } => width.max(*height),
            Shape::Ellipse { rx, ry } => rx.max(*ry),
            shape => shape.reach().map_or(f64::INFINITY, outline::side),
        };
        let side = size * own.scale;
        if side < 1.0 { Digits::of(side) } else { self.layout.digits }
    }

    /// A shape of very many points with few of them.
    fn thinned(&self, item: &Item<'_, '_>, own: &Own, near: f64, out: &mut String) {
        let turn = self.layout.turn();
        out.push_str("<path d=\"");
        for (points, closed) in detail::thinned(&item.shape, near, |p| own.place(p, turn)) {
            for (i, point) in points.into_iter().enumerate() {
                let [x, y] = point.map(|x| self.show(x));
                let _ = write!(out, "{}{x} {y}", if i == 0 { "M" } else { " " });
            }
            out.push_str(if closed { "Z" } else { "" });
        }
        let rule = if matches!(item.shape, Shape::Polygon(_)) { " fill-rule=\"evenodd\"" } else { "" };
        let _ = write!(out, "\"{rule}/>");
    }

    /// A picture in a node's own frame: in its shape, or as a large mark.
    fn image(&self, item: &Item<'_, '_>, own: &Own, picture: &Picture, out: &mut String) {
        let bounds = if item.shape.is_mark() {
            Bounds::at([0.0; 2]).grown(self.layout.mark * PICTURE)
        } else {
            let bounds = item.shape.bounds(&Transform::IDENTITY, self.scene.text_size);
            let [a, b] = [bounds.min, bounds.max].map(|p| own.place(p, self.layout.turn()));
            Bounds::at(a).join(Bounds::at(b))
        };
        let [x, y] = bounds.min.map(|x| self.show(x));
        let [width, height] = bounds.size().map(|x| self.show(x));
        let _ = write!(
            out,
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" href=\"{}\"/>",
            picture.address
        );
    }
}
