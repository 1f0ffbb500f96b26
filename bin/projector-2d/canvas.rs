//! JSON Canvas 1.0: rectangles with text, and edges, as Obsidian opens them.
//!
//! Coordinates are whole numbers, y down. A drawing that is very large or very small in its unit is scaled by a
//! round factor, so that it can be read at the size that text has there; one that lies farther from 0 than programs
//! place cards well is brought there.

use crate::names::Names;
use crate::scene::{Connection, Item, Scene};
use std::collections::BTreeMap;
use ulp_core::event::RegisterKind;
use ulp_core::json::write::Members;
use ulp_core::json::write_canonical;
use ulp_core::text::{is_obeyed, write_printable};
use ulp_view::font;
use ulp_view::geometry::{Bounds, Shape};
use ulp_view::media::reference_in;
use ulp_view::name::one_line;
use ulp_view::path::Point;
use ulp_view::scene::Sensor;
use ulp_view::style::Paint;

/// The sides between which a drawing keeps its scale, in pixels.
const SMALL: f64 = 300.0;
const LARGE: f64 = 20_000.0;
/// The least side of a node.
const LEAST: f64 = 16.0;
/// The size of text there, and the room around it.
const TEXT: f64 = 16.0;
const PADDING: f64 = 32.0;
/// Words wider than this take several lines.
const WIDEST: f64 = 320.0;
/// Between spaces, and around what a space holds.
const MARGIN: f64 = 60.0;

/// The farthest from 0 that a card may lie, in pixels: there a 32-bit number still tells half a pixel.
const FARTHEST: f64 = 4e6;

/// What could not be carried: node and what of it.
pub type Dropped = Vec<(String, &'static str)>;

/// Writes all spaces into one canvas, a group each, side by side.
pub fn write(scenes: &[Scene<'_, '_>]) -> (Vec<u8>, Dropped) {
    let side = scenes.iter().map(Scene::side).fold(0.0, f64::max);
    let mut sheet = Sheet {
        scale: scale(side),
        left: 0.0,
        top: 0.0,
        nodes: Vec::new(),
        edges: Vec::new(),
        used: Names::default(),
        dropped: Vec::new(),
    };
    scenes.iter().for_each(|scene| sheet.space(scene));
    let mut raw = Vec::new();
    let mut top = Members::open(&mut raw);
    top.list("edges", &sheet.edges, &mut raw);
    top.list("nodes", &sheet.nodes, &mut raw);
    top.close(&mut raw);
    let mut canonical = Vec::new();
    write_canonical(&String::from_utf8_lossy(&raw), &mut canonical);
    let mut out = Vec::with_capacity(canonical.len());
    write_printable(&canonical, &mut out);
    out.push(b'\n');
    (out, sheet.dropped)
}

/// 1, or the power of ten that brings a side between the bounds.
fn scale(side: f64) -> f64 {
    if !(side.is_finite() && side > 0.0) {
        return 1.0;
    }
    let power = |x: f64| libm::pow(10.0, x);
    if side > LARGE {
        power(-libm::log10(side / LARGE).ceil())
    } else if side < SMALL {
        power(libm::log10(SMALL / side).ceil())
    } else {
        1.0
    }
}

struct Sheet {
    scale: f64,
    /// Where the next space begins.
    left: f64,
    top: f64,
    nodes: Vec<Vec<u8>>,
    edges: Vec<Vec<u8>>,
    used: Names,
    dropped: Dropped,
}

impl Sheet {
    fn space(&mut self, scene: &Scene<'_, '_>) {
        let boxes: Vec<Bounds> = scene.items.iter().map(|item| self.box_of(item, scene)).collect();
        let readings = self.readings(scene, boxes.iter().copied().reduce(Bounds::join));
        let all = boxes.iter().copied().chain(readings.iter().map(|(_, _, bounds)| *bounds));
        let whole = all.reduce(Bounds::join);
        let whole = whole.unwrap_or(Bounds { min: [0.0; 2], max: [400.0; 2] }).grown(MARGIN);
        let shift = self.shift(whole);
        self.left = whole.max[0] + shift[0] + MARGIN;
        self.top = whole.min[1] + shift[1];
        let group = self.unused(&format!("space:{}", scene.space));
        let label = scene.title.as_deref().unwrap_or(scene.space);
        self.push("group", &group, whole, shift, |line, out| {
            line.text("label", &one_line(label), out);
        });
        let mut names: BTreeMap<&str, (String, Bounds)> = BTreeMap::new();
        for (item, bounds) in scene.items.iter().zip(boxes) {
            let id = self.unused(item.id);
            self.item(item, &id, bounds, shift);
            names.insert(item.id, (id, bounds));
        }
        for (id, words, bounds) in readings {
            let id = self.unused(&id);
            self.push("text", &id, bounds, shift, |line, out| line.text("text", &plain(&words), out));
        }
        for link in &scene.links {
            self.edge(link, &names);
        }
    }

    /// A single space keeps its coordinates, as far as they can be shown; the next ones stand beside it.
    fn shift(&mut self, whole: Bounds) -> Point {
        if !self.nodes.is_empty() {
            return [self.left - whole.min[0], self.top - whole.min[1]];
        }
        if whole.min.iter().chain(&whole.max).all(|x| x.abs() <= FARTHEST) {
            return [0.0; 2];
        }
        self.dropped.push(("@space".to_owned(), "origin"));
        whole.centre().map(|x| -x)
    }

    /// A card for each reading of no node: id, words and box. Those that say no place stand right of all others.
    fn readings(&self, scene: &Scene<'_, '_>, around: Option<Bounds>) -> Vec<(String, String, Bounds)> {
        let card = |sensor: &Sensor<'_, '_>, at: Point| {
            let words = sensor.words();
            let half = card_size(&words).map(|side| side / 2.0);
            let bounds = Bounds {
                min: std::array::from_fn(|i| at[i] - half[i]),
                max: std::array::from_fn(|i| at[i] + half[i]),
            };
            (format!("{}/{}", sensor.actor, sensor.name), words, bounds)
        };
        let place = |[x, y]: Point| [x * self.scale, if scene.y_up { -y } else { y } * self.scale];
        let mut cards: Vec<_> = scene.readings().map(|(sensor, at)| card(sensor, place(at))).collect();
        let all = around.into_iter().chain(cards.iter().map(|(_, _, bounds)| *bounds));
        let corner = all.reduce(Bounds::join).map_or([0.0; 2], |all| [all.max[0] + MARGIN, all.min[1]]);
        let mut top = corner[1];
        for sensor in scene.unplaced() {
            let [width, height] = card_size(&sensor.words());
            cards.push(card(sensor, [corner[0] + width / 2.0, top + height / 2.0]));
            top += height + PADDING / 2.0;
        }
        cards
    }

    /// The box of a node on the sheet: large enough for what it says.
    fn box_of(&self, item: &Item<'_, '_>, scene: &Scene<'_, '_>) -> Bounds {
        let turn = if scene.y_up { -self.scale } else { self.scale };
        let [a, b] = [item.bounds.min, item.bounds.max].map(|[x, y]| [x * self.scale, y * turn]);
        let bounds = Bounds::at(a).join(Bounds::at(b));
        let words = one_line(&said(item));
        // What has a size of its own keeps it; words beside a mark need room.
        let is_small = bounds.size().iter().all(|side| *side < 3.0 * LEAST);
        let speaks = item.label().is_some() && is_small || matches!(item.shape, Shape::Text { .. });
        let least = if speaks { card_size(&words) } else { [LEAST; 2] };
        let [x, y] = bounds.centre();
        let [width, height] = bounds.size();
        let half = [width.max(least[0]) / 2.0, height.max(least[1]) / 2.0];
        Bounds { min: [x - half[0], y - half[1]], max: [x + half[0], y + half[1]] }
    }

    fn item(&mut self, item: &Item<'_, '_>, id: &str, bounds: Bounds, shift: Point) {
        if item.world.rotation_2d() != 0.0 {
            self.dropped.push((item.id.to_owned(), "rotation"));
        }
        if !matches!(item.shape, Shape::Rect { .. } | Shape::Text { .. } | Shape::Point) {
            self.dropped.push((item.id.to_owned(), "shape"));
        }
        let color = [item.style.fill, item.style.stroke].into_iter().flatten().find_map(Paint::color);
        let file = file_of(item);
        let kind = if file.is_some() { "file" } else { "text" };
        self.push(kind, id, bounds, shift, |line, out| {
            match &file {
                Some(file) => line.text("file", file, out),
                None => line.text("text", &plain(&said(item)), out),
            }
            if let Some(color) = color {
                line.text("color", &color.to_string(), out);
            }
        });
    }

    fn push(
        &mut self,
        kind: &str,
        id: &str,
        bounds: Bounds,
        shift: Point,
        more: impl FnOnce(&mut Members, &mut Vec<u8>),
    ) {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        let [x, y] = bounds.min;
        let [width, height] = bounds.size();
        line.text("id", id, &mut out);
        line.text("type", kind, &mut out);
        line.number("x", whole(x + shift[0]), &mut out);
        line.number("y", whole(y + shift[1]), &mut out);
        line.number("width", whole(width).max(1.0), &mut out);
        line.number("height", whole(height).max(1.0), &mut out);
        more(&mut line, &mut out);
        out.push(b'}');
        self.nodes.push(out);
    }

    fn edge(&mut self, link: &Connection<'_>, names: &BTreeMap<&str, (String, Bounds)>) {
        let (Some((from, a)), Some((to, b))) = (names.get(link.ends.from), names.get(link.ends.to)) else {
            return;
        };
        let id = self.unused(&format!("{} {} {}", link.ends.from, link.ends.relation, link.ends.to));
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.text("id", &id, &mut out);
        line.text("fromNode", from, &mut out);
        line.text("fromSide", side(*a, *b), &mut out);
        line.text("toNode", to, &mut out);
        line.text("toSide", side(*b, *a), &mut out);
        line.text("toEnd", "arrow", &mut out);
        // A link that is simply called a link says nothing more by it.
        let relation = Some(link.ends.relation).filter(|r| *r != "link");
        if let Some(label) = link.style.label.as_deref().or(relation) {
            line.text("label", &one_line(label), &mut out);
        }
        if let Some(color) = [link.style.stroke, link.style.fill].into_iter().flatten().find_map(Paint::color)
        {
            line.text("color", &color.to_string(), &mut out);
        }
        out.push(b'}');
        self.edges.push(out);
    }

    /// An id that nothing else has.
    fn unused(&mut self, id: &str) -> String {
        self.used.take(id)
    }
}

/// The width and height of a card that says something.
fn card_size(words: &str) -> Point {
    let wide = font::width(words) * TEXT + PADDING;
    [wide.min(WIDEST), TEXT * 1.5 * (wide / WIDEST).ceil() + PADDING]
}

/// The side of `a` that looks at `b`.
fn side(a: Bounds, b: Bounds) -> &'static str {
    let ([ax, ay], [bx, by]) = (a.centre(), b.centre());
    let (dx, dy) = (bx - ax, by - ay);
    match (dx.abs() > dy.abs(), dx > 0.0, dy > 0.0) {
        (true, true, _) => "right",
        (true, false, _) => "left",
        (false, _, true) => "bottom",
        (false, _, false) => "top",
    }
}

/// A whole number that every reader holds exactly.
fn whole(x: f64) -> f64 {
    x.round().clamp(-9e15, 9e15) + 0.0
}

/// What a node says: its text, else its label, else its name.
fn said(item: &Item<'_, '_>) -> String {
    match &item.shape {
        Shape::Text { text, .. } => text.lines().collect::<Vec<_>>().join("\n"),
        _ => item.label().unwrap_or_else(|| item.name()).into_owned(),
    }
}

/// Text as Markdown that shows it as it is: no markup, no picture, no link.
fn plain(said: &str) -> String {
    let mut out = String::with_capacity(said.len());
    for c in said.chars() {
        match c {
            '\n' => out.push('\n'),
            c if c.is_control() || is_obeyed(c) => out.push('\u{fffd}'),
            c if c.is_ascii_punctuation() => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// The file of a node's media, in a folder `objects` beside the canvas, by its hash.
fn file_of(item: &Item<'_, '_>) -> Option<String> {
    let media = item.node.keyed(RegisterKind::Media);
    let of_geometry = match &item.shape {
        Shape::Blob { reference, .. } => Some(reference.clone()),
        _ => None,
    };
    let reference = of_geometry.or_else(|| reference_in(media.first()?.value))?;
    let id: ulp_core::hash::Sha256 = reference.parse().ok()?;
    Some(format!("objects/{}", id.hex()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(plain("<img src=x>"), "\\<img src\\=x\\>");
        assert_eq!(plain("![[a]]\u{7}"), "\\!\\[\\[a\\]\\]\u{fffd}");
    }

    #[test]
    fn only_what_is_out_of_bounds_is_scaled() {
        assert_eq!([scale(1000.0), scale(0.0), scale(f64::NAN)], [1.0; 3]);
        assert_eq!(scale(700_000.0), 0.01);
        assert_eq!(scale(5.0), 100.0);
    }
}
