//! A standalone SVG: a group a space, a group a layer, a group a node. Several spaces stand in a grid.
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
use ink::{EDGE, WHITE};
use std::fmt::Write as _;
use ulp_core::id::Key;
use ulp_core::parallel::by_chunks;
use ulp_core::text::xml_into;
use ulp_view::digits::{Digits, FINE, FRACTION, PIXELS, Shown};
use ulp_view::geometry::Bounds;
use ulp_view::name::shortened;
use ulp_view::outline;
use ulp_view::path::Point;
use ulp_view::sheet::layout::Layout;
use ulp_view::sheet::scene::{Connection, Scene};
use ulp_view::style::Color;

/// The longer side of the drawing as a browser or an editor opens it, in pixels.
const SIDE: f64 = 1200.0;
/// Longest text in a title, in characters.
const TITLE: usize = 400;
/// What lies between sheets, as a part of their side, and how much wider than high a grid of them is.
const GAP: f64 = 0.03;
const WIDER: f64 = 1.4;

/// What all sheets of a drawing are told.
#[derive(Clone, Copy, Default)]
pub struct Told<'t> {
    pub provenance: bool,
    /// The date that the drawing shows, where it is of a time that was asked for.
    pub date: Option<&'t str>,
}

/// A drawing, and how many labels of each space are left out.
pub struct Drawing<'a> {
    pub text: String,
    pub unlabelled: Vec<(&'a str, usize)>,
    /// The nodes that are drawn more coarsely.
    pub coarse: Vec<String>,
}

/// Writes the spaces of a view, several in a grid, in order; as a picture of so many pixels a side, where one is made.
pub fn write<'a>(scenes: &[Scene<'_, 'a>], told: Told<'_>, side: Option<f64>) -> Drawing<'a> {
    let sheet = |(i, scene)| {
        let mut sheet = Sheet::new(scene, i, scenes.len() > 1, told);
        if let Some(side) = side {
            sheet.details = detail::plan(scene, &sheet.layout, side / sheet.layout.side);
        }
        sheet
    };
    let sheets: Vec<Sheet<'_, '_, 'a>> = scenes.iter().enumerate().map(sheet).collect();
    let of_sheet = |sheet: &Sheet<'_, '_, '_>| {
        let coarse = sheet.scene.items.iter().zip(&sheet.details).filter(|(_, d)| **d != Detail::Whole);
        coarse.map(|(item, _)| item.id.to_owned()).collect::<Vec<_>>()
    };
    let left_out = |sheet: &Sheet<'_, '_, 'a>| (sheet.scene.space, sheet.layout.unlabelled);
    Drawing {
        coarse: sheets.iter().flat_map(of_sheet).collect(),
        unlabelled: sheets.iter().map(left_out).filter(|(_, count)| *count > 0).collect(),
        text: write_sheets(&sheets),
    }
}

/// Where a sheet stands: how far it is moved once it is stretched.
#[derive(Clone, Copy, PartialEq)]
struct Stand {
    shift: Point,
    stretch: f64,
}

fn write_sheets(sheets: &[Sheet<'_, '_, '_>]) -> String {
    let frames: Vec<Bounds> = sheets.iter().map(Sheet::outer).collect();
    let stands = grid(&frames);
    let stood = |(frame, stand): (&Bounds, &Stand)| {
        let place = |p: Point| std::array::from_fn(|i| p[i] * stand.stretch + stand.shift[i]);
        Bounds { min: place(frame.min), max: place(frame.max) }
    };
    let whole = frames.iter().zip(&stands).map(stood).reduce(Bounds::join);
    let mut out = String::new();
    open(sheets, whole.unwrap_or(Bounds { min: [0.0; 2], max: [100.0; 2] }), &mut out);
    for ((sheet, stand), frame) in sheets.iter().zip(stands).zip(frames) {
        sheet.write(stand, frame, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

/// Where sheets stand: one as it is; several as long as each other, row by row in a grid that is wider than high.
fn grid(frames: &[Bounds]) -> Vec<Stand> {
    if frames.len() < 2 {
        return frames.iter().map(|_| Stand { shift: [0.0; 2], stretch: 1.0 }).collect();
    }
    let length = frames.iter().map(|f| outline::side(*f)).fold(0.0, f64::max);
    let stretch: Vec<f64> = frames.iter().map(|f| length / outline::side(*f)).collect();
    let sizes: Vec<Point> = frames.iter().zip(&stretch).map(|(f, k)| f.size().map(|x| x * k)).collect();
    let [wide, high] = [0, 1].map(|i| sizes.iter().map(|size| size[i]).fold(0.0, f64::max));
    let gap = length * GAP;
    let columns = (frames.len() as f64 * (high + gap) / (wide + gap) * WIDER).sqrt().round();
    let columns = (columns as usize).clamp(1, frames.len());
    let mut stands = Vec::with_capacity(frames.len());
    let mut top = 0.0;
    for (row, frames) in frames.chunks(columns).enumerate() {
        let first = row * columns;
        let tall = sizes[first..first + frames.len()].iter().map(|size| size[1]).fold(0.0, f64::max);
        for (column, frame) in frames.iter().enumerate() {
            let stretch = stretch[first + column];
            let corner = [column as f64 * (wide + gap), top];
            let shift = std::array::from_fn(|i| corner[i] - frame.min[i] * stretch);
            stands.push(Stand { shift, stretch });
        }
        top += tall + gap;
    }
    stands
}

fn open(sheets: &[Sheet<'_, '_, '_>], whole: Bounds, out: &mut String) {
    let [width, height] = whole.size();
    let scale = SIDE / width.max(height);
    let n = Digits::of(width.max(height));
    let ground = if let [sheet] = sheets { sheet.ground } else { WHITE };
    out.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:inkscape=\"http://www.inkscape.org/namespaces/inkscape\"");
    let [x, y] = whole.min;
    let _ = write!(out, " viewBox=\"{} {} {} {}\"", n.show(x), n.show(y), n.show(width), n.show(height));
    let [wide, high] = [width, height].map(|side| PIXELS.show(side * scale));
    let _ = write!(out, " width=\"{wide}\" height=\"{high}\"");
    out.push_str(" role=\"img\" font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\">\n<title>");
    let titles: Vec<&str> = sheets.iter().map(Sheet::title).collect();
    xml_into(&titles.join(", "), out);
    out.push_str("</title>\n");
    write_ground(whole, n, ground, "", out);
}

/// A box in a colour, with these attributes besides.
fn write_ground(Bounds { min, max }: Bounds, n: Digits, ground: Color, more: &str, out: &mut String) {
    let [x, y, w, h] = [min[0], min[1], max[0] - min[0], max[1] - min[1]].map(|x| n.show(x));
    let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{ground}\"{more}/>");
}

/// One space on its sheet.
struct Sheet<'x, 's, 'a> {
    scene: &'x Scene<'s, 'a>,
    layout: Layout,
    index: usize,
    /// Whether it is one of several.
    several: bool,
    provenance: bool,
    date: Option<&'x str>,
    ground: Color,
    /// What sensors read that say no place.
    list: Vec<String>,
    /// One entry an item, or none where all are drawn whole.
    details: Vec<Detail>,
}

impl<'x, 's, 'a> Sheet<'x, 's, 'a> {
    fn new(scene: &'x Scene<'s, 'a>, index: usize, several: bool, told: Told<'x>) -> Self {
        let ground = scene.background.unwrap_or(WHITE);
        let (layout, list) = (Layout::new(scene), reading::listed(scene));
        let Told { provenance, date } = told;
        Sheet { scene, layout, index, several, provenance, date, ground, list, details: Vec::new() }
    }

    fn title(&self) -> &str {
        self.scene.title.as_deref().unwrap_or(self.scene.space)
    }

    /// Says which event last set what is shown.
    fn write_event(&self, key: Option<Key<'_>>, out: &mut String) {
        if let Some(key) = key {
            out.push_str(" data-event-id=\"");
            xml_into(key.event(), out);
            out.push('"');
        }
    }

    /// A number of the sheet as it is written.
    fn show(&self, x: f64) -> Shown {
        self.layout.digits.show(x)
    }

    fn write(&self, Stand { shift, stretch }: Stand, frame: Bounds, out: &mut String) {
        let _ = write!(out, "<g id=\"s{}\" data-space=\"", self.index);
        xml_into(self.scene.space, out);
        let own = self.layout.frame;
        let [x, y] = own.origin.map(Shown::whole);
        let _ = write!(out, "\" data-origin=\"{x} {y}\" data-scale=\"{}\"", Shown::whole(own.scale));
        if self.several {
            let [x, y] = shift.map(|x| self.show(x));
            let _ = write!(out, " transform=\"translate({x} {y}) scale({})\"", FINE.show(stretch));
        }
        out.push_str(">\n");
        if self.several {
            let edge = format!(" stroke=\"{EDGE}\" stroke-width=\"{}\"", self.show(self.layout.line));
            write_ground(frame, self.layout.digits, self.ground, &edge, out);
        }
        self.furniture(out);
        let mut layers: Vec<Vec<usize>> = vec![Vec::new(); self.scene.layers.len()];
        self.scene.items.iter().enumerate().for_each(|(i, item)| layers[item.layer].push(i));
        for (layer, items) in layers.iter().enumerate() {
            self.layer(layer, items, out);
        }
        self.captions(out);
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
        let links: Vec<&Connection<'_>> = self.scene.links.iter().filter(|l| l.layer() == index).collect();
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
