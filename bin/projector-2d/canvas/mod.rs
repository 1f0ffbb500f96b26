//! JSON Canvas 1.0: cards and edges, as Obsidian opens them.
//!
//! Coordinates are whole numbers, y down. A drawing that is very large or very small in its unit, or in which cards
//! would crowd, is scaled by a round factor; one that lies farther from 0 than programs place cards well is brought
//! there. What a node becomes is said in [`card`], where it lies in [`table`].

mod card;
mod ground;
mod spots;
mod table;

use crate::names::Names;
use card::{Card, Form, Stands};
use std::collections::BTreeMap;
use ulp_core::json::write::Members;
use ulp_core::json::write_canonical;
use ulp_core::text::write_printable;
use ulp_view::geometry::Bounds;
use ulp_view::json_canvas::{color_name, markdown};
use ulp_view::name::one_line;
use ulp_view::path::Point;
use ulp_view::sheet::scene::{Connection, Scene};
use ulp_view::style::Paint;

/// The sides between which a drawing keeps its scale, in pixels.
const SMALL: f64 = 300.0;
const LARGE: f64 = 20_000.0;
/// So much more room than cards take a drawing has.
const ROOM: f64 = 4.0;
/// Between spaces, and around what a space holds.
const MARGIN: f64 = 60.0;
/// The farthest from 0 that a card may lie, in pixels: there a 32-bit number still tells half a pixel.
const FARTHEST: f64 = 4e6;

/// The extent of a space without content.
const EMPTY: Bounds = Bounds { min: [0.0; 2], max: [400.0; 2] };
/// What the group around a space is called, before its name.
const SPACE: &str = "space:";

/// The cards of nodes, by the nodes' ids: what they are called, and where they lie.
type Cards<'a> = BTreeMap<&'a str, (String, Bounds)>;

/// What could not be carried: node and what of it.
pub type Dropped = Vec<(String, &'static str)>;

/// Writes all spaces into one canvas, a group each, side by side.
pub fn write(scenes: &[Scene<'_, '_>]) -> (Vec<u8>, Dropped) {
    let mut sheet = Sheet {
        scale: scale_of(scenes),
        next: None,
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

/// The scale of all spaces: 1 where a card stands as a canvas had it, else what gives the largest one room.
fn scale_of(scenes: &[Scene<'_, '_>]) -> f64 {
    if scenes.iter().flat_map(|scene| &scene.items).any(card::is_placed) {
        return 1.0;
    }
    let side = scenes.iter().map(Scene::side).fold(0.0, f64::max);
    let reach = scenes.iter().map(reach).fold(0.0, f64::max);
    let room = scenes.iter().map(|scene| (card::area(scene) * ROOM).sqrt()).fold(0.0, f64::max);
    roomy(scale(side.max(reach)), reach, room)
}

/// The longer side of what a canvas shows of a space, layers that are hidden elsewhere included.
fn reach(scene: &Scene<'_, '_>) -> f64 {
    let readings = scene.readings().map(|(_, at)| Bounds::at(at));
    let all = scene.items.iter().map(|item| item.bounds).chain(readings).reduce(Bounds::join);
    all.map_or(0.0, |all| all.size().into_iter().fold(0.0, f64::max))
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

/// A scale, or the least of its doubles, quintuples and decuples by which a side has so much room.
fn roomy(scale: f64, side: f64, room: f64) -> f64 {
    let steps = (0..8).flat_map(|tens| [1.0, 2.0, 5.0].map(|step| step * f64::from(10_u32.pow(tens))));
    let mut scales = steps.map(|step| scale * step).filter(|scale| side * scale <= FARTHEST);
    // What lies in one place is spread out at any scale.
    if side > 0.0 { scales.find(|scale| side * scale >= room).unwrap_or(scale) } else { scale }
}

struct Sheet {
    scale: f64,
    /// Where the next space begins.
    next: Option<Point>,
    nodes: Vec<Vec<u8>>,
    edges: Vec<Vec<u8>>,
    used: Names,
    dropped: Dropped,
}

impl Sheet {
    fn space(&mut self, scene: &Scene<'_, '_>) {
        let origin = self.origin(scene);
        let mut cards = card::deal(scene, self.scale, origin);
        table::lay(&mut cards, scene);
        let whole = cards.iter().map(|card| card.bounds).reduce(Bounds::join);
        let whole = whole.unwrap_or(EMPTY).grown(MARGIN);
        let shift = self.shift(whole);
        let group = self.unused(&format!("{SPACE}{}", scene.space));
        let label = scene.title.as_deref().unwrap_or(scene.space);
        self.push("group", &group, whole, shift, |line, out| line.text("label", &one_line(label), out));
        let ids: Vec<String> = cards.iter().map(|card| self.unused(&card.id)).collect();
        // What frames others lies below them.
        for below in [true, false] {
            let cards = cards.iter().zip(&ids);
            cards
                .filter(|(card, _)| (card.stands == Stands::Frame) == below)
                .for_each(|(card, id)| self.card(card, id, shift));
        }
        for card in &cards {
            self.dropped.extend(card.lost.iter().map(|what| (card.id.clone().into_owned(), *what)));
        }
        let named = cards.iter().zip(ids).filter_map(|(card, id)| Some((card.item?.id, (id, card.bounds))));
        let names: Cards<'_> = named.collect();
        scene.links.iter().for_each(|link| self.edge(link, &names));
    }

    /// The first space keeps its place, the next ones stand beside it.
    fn shift(&mut self, whole: Bounds) -> Point {
        let shift = match self.next {
            None => [0.0; 2],
            Some(next) => std::array::from_fn(|i| next[i] - whole.min[i]),
        };
        self.next = Some([whole.max[0] + shift[0] + MARGIN, whole.min[1] + shift[1]]);
        shift
    }

    /// What is 0 in a space: a single one keeps its coordinates, as far as they can be shown.
    fn origin(&mut self, scene: &Scene<'_, '_>) -> Point {
        let readings = scene.readings().map(|(_, at)| Bounds::at(at));
        let all = scene.items.iter().map(|item| item.bounds).chain(readings).reduce(Bounds::join);
        let Some(all) = all.map(|all| card::on_sheet(all, scene, self.scale)) else { return [0.0; 2] };
        if all.min.iter().chain(&all.max).all(|x| x.abs() <= FARTHEST) {
            return [0.0; 2];
        }
        if self.next.is_none() {
            self.dropped.push(("@space".to_owned(), "origin"));
        }
        all.centre()
    }

    fn card(&mut self, card: &Card<'_, '_, '_>, id: &str, shift: Point) {
        let kind = match &card.form {
            _ if card.stands == Stands::Frame => "group",
            Form::Group { .. } => "group",
            Form::Link { .. } => "link",
            Form::File { .. } => "file",
            Form::Text => "text",
        };
        self.push(kind, id, card.bounds, shift, |line, out| {
            match &card.form {
                _ if card.stands == Stands::Frame => line.text("label", &one_line(&card.words), out),
                Form::Group { background, style } => {
                    if !card.words.is_empty() {
                        line.text("label", &one_line(&card.words), out);
                    }
                    background.iter().for_each(|path| line.text("background", path, out));
                    style.iter().for_each(|style| line.text("backgroundStyle", style, out));
                }
                Form::Link { url } => line.text("url", url, out),
                Form::File { file, subpath } => {
                    line.text("file", file, out);
                    subpath.iter().for_each(|subpath| line.text("subpath", subpath, out));
                }
                Form::Text => line.text("text", &markdown(&card.words), out),
            }
            if let Some(color) = &card.color {
                line.text("color", &color_name(color), out);
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

    fn edge(&mut self, link: &Connection<'_>, names: &Cards<'_>) {
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
            line.text("color", &color_name(&color.to_string()), &mut out);
        }
        out.push(b'}');
        self.edges.push(out);
    }

    /// An id that nothing else has.
    fn unused(&mut self, id: &str) -> String {
        self.used.take(id)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_out_of_bounds_is_scaled() {
        assert_eq!([scale(1000.0), scale(0.0), scale(f64::NAN)], [1.0; 3]);
        assert_eq!(scale(700_000.0), 0.01);
        assert_eq!(scale(5.0), 100.0);
    }

    #[test]
    fn cards_get_room() {
        assert_eq!(roomy(1.0, 1000.0, 900.0), 1.0);
        assert_eq!(roomy(0.01, 700_000.0, 30_000.0), 0.05);
        assert_eq!(roomy(1.0, 1.0, 1e12), 1.0);
        assert_eq!(roomy(1.0, 0.0, 1e12), 1.0);
    }
}
