//! A standalone SVG: a group a space, a group a layer, a group a node.
//!
//! Text of events stands in attribute values, titles and text elements alone, escaped; looks are written anew from
//! what was understood of them. There is no style sheet, no script, and no reference but to pictures in the file.

mod furniture;
mod ink;
mod link;
mod node;
mod reading;
mod shape;
mod text;

use crate::detail::{self, Detail};
use ink::WHITE;
use std::fmt::Write as _;
use ulp_core::parallel::by_chunks;
use ulp_core::text::xml_into;
use ulp_view::digits::{Digits, FRACTION, PIXELS, Shown};
use ulp_view::geometry::Bounds;
use ulp_view::name::shortened;
use ulp_view::path::Point;
use ulp_view::sheet::layout::Layout;
use ulp_view::sheet::scene::{Connection, Scene};
use ulp_view::style::Color;

/// The longer side of the drawing as a browser or an editor opens it, in pixels.
const SIDE: f64 = 1200.0;
/// Longest text in a title, in characters.
const TITLE: usize = 400;

/// Writes the spaces of a view side by side, in order.
pub fn write(scenes: &[Scene<'_, '_>], provenance: bool) -> String {
    let sheets = scenes.iter().enumerate().map(|(i, scene)| Sheet::new(scene, i, provenance)).collect();
    write_sheets(sheets)
}

/// Writes them to be drawn at so many pixels a side, and answers the nodes that are drawn more coarsely for it.
pub fn write_for_picture(scenes: &[Scene<'_, '_>], side: f64) -> (String, Vec<String>) {
    let planned = |(i, scene)| {
        let mut sheet = Sheet::new(scene, i, false);
        sheet.details = detail::plan(scene, &sheet.layout, side / sheet.layout.side);
        sheet
    };
    let sheets: Vec<Sheet<'_, '_, '_>> = scenes.iter().enumerate().map(planned).collect();
    let of_sheet = |sheet: &Sheet<'_, '_, '_>| {
        let coarse = sheet.scene.items.iter().zip(&sheet.details).filter(|(_, d)| **d != Detail::Whole);
        coarse.map(|(item, _)| item.id.to_owned()).collect::<Vec<_>>()
    };
    let coarse = sheets.iter().flat_map(of_sheet).collect();
    (write_sheets(sheets), coarse)
}

fn write_sheets(sheets: Vec<Sheet<'_, '_, '_>>) -> String {
    let frames: Vec<Bounds> = sheets.iter().map(Sheet::outer).collect();
    let gap = frames.iter().map(|f| f.size()[0].max(f.size()[1])).fold(0.0, f64::max) * 0.04;
    let mut shifts = Vec::new();
    let mut whole: Option<Bounds> = None;
    for frame in &frames {
        let shift = match whole {
            None => [0.0; 2],
            Some(before) => [before.max[0] + gap - frame.min[0], before.min[1] - frame.min[1]],
        };
        let moved = Bounds {
            min: std::array::from_fn(|i| frame.min[i] + shift[i]),
            max: std::array::from_fn(|i| frame.max[i] + shift[i]),
        };
        shifts.push(shift);
        whole = Some(whole.map_or(moved, |w| w.join(moved)));
    }
    let whole = whole.unwrap_or(Bounds { min: [0.0; 2], max: [100.0; 2] });
    let mut out = String::new();
    open(&sheets, whole, &mut out);
    for (sheet, shift) in sheets.iter().zip(shifts) {
        sheet.write(shift, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

fn open(sheets: &[Sheet<'_, '_, '_>], whole: Bounds, out: &mut String) {
    let [width, height] = whole.size();
    let scale = SIDE / width.max(height);
    let n = Digits::of(width.max(height));
    let ground = sheets.first().map_or(WHITE, |s| s.ground);
    out.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:inkscape=\"http://www.inkscape.org/namespaces/inkscape\"");
    let [x, y] = whole.min;
    let _ = write!(out, " viewBox=\"{} {} {} {}\"", n.show(x), n.show(y), n.show(width), n.show(height));
    let [wide, high] = [width, height].map(|side| PIXELS.show(side * scale));
    let _ = write!(out, " width=\"{wide}\" height=\"{high}\"");
    out.push_str(" role=\"img\" font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\">\n<title>");
    let titles: Vec<&str> = sheets.iter().map(Sheet::title).collect();
    xml_into(&titles.join(", "), out);
    out.push_str("</title>\n");
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{ground}\"/>",
        n.show(x),
        n.show(y),
        n.show(width),
        n.show(height),
    );
}

/// One space on its sheet.
struct Sheet<'x, 's, 'a> {
    scene: &'x Scene<'s, 'a>,
    layout: Layout,
    index: usize,
    provenance: bool,
    ground: Color,
    /// What sensors read that say no place.
    list: Vec<String>,
    /// One entry an item, or none where all are drawn whole.
    details: Vec<Detail>,
}

impl<'x, 's, 'a> Sheet<'x, 's, 'a> {
    fn new(scene: &'x Scene<'s, 'a>, index: usize, provenance: bool) -> Self {
        let ground = scene.background.unwrap_or(WHITE);
        let (layout, list) = (Layout::new(scene), reading::listed(scene));
        Sheet { scene, layout, index, provenance, ground, list, details: Vec::new() }
    }

    fn title(&self) -> &str {
        self.scene.title.as_deref().unwrap_or(self.scene.space)
    }

    /// A number of the sheet as it is written.
    fn show(&self, x: f64) -> Shown {
        self.layout.digits.show(x)
    }

    fn write(&self, shift: Point, out: &mut String) {
        let _ = write!(out, "<g id=\"s{}\" data-space=\"", self.index);
        xml_into(self.scene.space, out);
        let frame = self.layout.frame;
        let [x, y] = frame.origin.map(Shown::whole);
        let _ = write!(out, "\" data-origin=\"{x} {y}\" data-scale=\"{}\"", Shown::whole(frame.scale));
        if shift != [0.0; 2] {
            let _ = write!(out, " transform=\"translate({} {})\"", self.show(shift[0]), self.show(shift[1]));
        }
        out.push_str(">\n");
        self.furniture(out);
        let mut layers: Vec<Vec<usize>> = vec![Vec::new(); self.scene.layers.len()];
        self.scene.items.iter().enumerate().for_each(|(i, item)| layers[item.layer].push(i));
        for (layer, items) in layers.iter().enumerate() {
            self.layer(layer, items, out);
        }
        self.readings(out);
        out.push_str("</g>\n");
    }

    fn layer(&self, index: usize, items: &[usize], out: &mut String) {
        let layer = &self.scene.layers[index];
        let _ = write!(out, "<g id=\"{}\" data-layer=\"", self.id("l", &layer.id));
        xml_into(&layer.id, out);
        out.push_str("\" inkscape:groupmode=\"layer\" inkscape:label=\"");
        xml_into(&shortened(&layer.title, TITLE), out);
        out.push('"');
        if layer.opacity < 1.0 {
            let _ = write!(out, " opacity=\"{}\"", FRACTION.show(layer.opacity));
        }
        if !layer.visible {
            out.push_str(" style=\"display:none\"");
        }
        out.push_str(">\n");
        let links: Vec<&Connection<'_>> = self.scene.links.iter().filter(|l| l.layer == index).collect();
        out.extend(by_chunks(&links, |link, out| self.link(link, out)));
        let detail = |i: usize| self.details.get(i).copied().unwrap_or(Detail::Whole);
        out.extend(by_chunks(items, |i, out| self.node(&self.scene.items[*i], detail(*i), out)));
        for i in items {
            if let Some(placed) = &self.layout.labels[*i] {
                self.label(&self.scene.items[*i], placed, out);
            }
        }
        out.push_str("</g>\n");
    }

    /// A name that is valid as an XML id, and of this name alone.
    fn id(&self, prefix: &str, name: &str) -> String {
        let mut id =
            if self.index == 0 { format!("{prefix}-") } else { format!("s{}-{prefix}-", self.index) };
        for byte in name.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => id.push(char::from(byte)),
                _ => {
                    let digit = |four: u8| char::from(b"0123456789abcdef"[usize::from(four)]);
                    id.extend(['_', digit(byte >> 4), digit(byte & 15)]);
                }
            }
        }
        id
    }
}
