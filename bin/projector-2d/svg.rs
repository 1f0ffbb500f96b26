//! A standalone SVG: a group a space, a group a layer, a group a node.
//!
//! Text of events stands in attribute values, titles and text elements alone, escaped; looks are written anew from
//! what was understood of them. There is no style sheet, no script, and no reference but to pictures in the file.

use crate::scene::{Connection, Item, Scene};
use std::fmt::{self, Write as _};
use ulp_core::event::Register;
use ulp_core::parallel::by_chunks;
use ulp_core::state::Written;
use ulp_core::text::xml_into;
use ulp_view::font::{self, LINE};
use ulp_view::geometry::{Bounds, Shape, flat};
use ulp_view::labels::{self, Anchor, Placed, Wanted};
use ulp_view::media::{Picture, Pictures, reference_in};
use ulp_view::name::{one_line, shortened};
use ulp_view::path::{Point, Segment};
use ulp_view::style::{Color, Paint};

/// The longer side of the drawing as a browser or an editor opens it, in pixels.
const PIXELS: f64 = 1200.0;
/// Longest text in a title, in characters.
const TITLE: usize = 400;

/// What is drawn where nothing is said, for a light ground; the last two for a dark one.
const WHITE: Color = Color::opaque([255, 255, 255]);
const INK: Color = Color::opaque([0x1b, 0x2a, 0x38]);
const FAINT: Color = Color::opaque([0x6b, 0x7a, 0x89]);
const FILL: Color = Color::opaque([0xd3, 0xe2, 0xf0]);
const STROKE: Color = Color::opaque([0x4a, 0x6a, 0x8a]);
const LIGHT_INK: Color = Color::opaque([0xf2, 0xf6, 0xfa]);
const LIGHT_FAINT: Color = Color::opaque([0xa9, 0xb6, 0xc2]);

/// Writes the spaces of a view side by side, in order.
pub fn write(scenes: &[Scene<'_, '_>], pictures: &Pictures<'_>, provenance: bool) -> String {
    let sheets: Vec<Sheet<'_, '_, '_>> =
        scenes.iter().enumerate().map(|(i, scene)| Sheet::new(scene, i, pictures, provenance)).collect();
    let frames: Vec<Bounds> = sheets.iter().map(Sheet::frame).collect();
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
    let scale = PIXELS / width.max(height);
    let n = Numbers::of(width.max(height));
    let ground = sheets.first().map_or(WHITE, |s| s.ground);
    out.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:inkscape=\"http://www.inkscape.org/namespaces/inkscape\"");
    let [x, y] = whole.min;
    let _ = write!(out, " viewBox=\"{} {} {} {}\"", n.show(x), n.show(y), n.show(width), n.show(height));
    let pixels = Numbers { power: 1e2 };
    let _ =
        write!(out, " width=\"{}\" height=\"{}\"", pixels.show(width * scale), pixels.show(height * scale));
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
    index: usize,
    pictures: &'x Pictures<'x>,
    provenance: bool,
    numbers: Numbers,
    ground: Color,
    /// The radius of a mark, and the width of a line that says nothing else.
    mark: f64,
    line: f64,
    /// One entry an item.
    labels: Vec<Option<Placed>>,
    /// Around everything drawn, labels included.
    content: Bounds,
}

impl<'x, 's, 'a> Sheet<'x, 's, 'a> {
    fn new(scene: &'x Scene<'s, 'a>, index: usize, pictures: &'x Pictures<'x>, provenance: bool) -> Self {
        let side = scene.side();
        let mut sheet = Sheet {
            scene,
            index,
            pictures,
            provenance,
            numbers: Numbers::of(side),
            ground: scene.background.unwrap_or(WHITE),
            mark: side * 0.006,
            line: side * 0.0015,
            labels: Vec::new(),
            content: scene.extent,
        };
        sheet.labels = sheet.place_labels();
        sheet.content = sheet.around_all();
        sheet
    }

    fn title(&self) -> &str {
        self.scene.title.as_deref().unwrap_or(self.scene.space)
    }

    fn ink(&self) -> Color {
        if self.ground.is_dark() { LIGHT_INK } else { INK }
    }

    /// A place of the space on the page.
    fn page(&self, [x, y]: Point) -> Point {
        [x, self.y(y)]
    }

    fn y(&self, y: f64) -> f64 {
        if self.scene.y_up { -y } else { y }
    }

    fn page_bounds(&self, bounds: Bounds) -> Bounds {
        let (a, b) = (self.page(bounds.min), self.page(bounds.max));
        Bounds::at(a).join(Bounds::at(b))
    }

    /// The bounds on the page, with the size that a mark is drawn at.
    fn drawn(&self, item: &Item<'_, '_>) -> Bounds {
        let bounds = self.page_bounds(item.bounds);
        if item.shape.is_mark() { bounds.grown(self.mark) } else { bounds }
    }

    fn visible(&self, item: &Item<'_, '_>) -> bool {
        self.scene.layers[item.layer].visible
    }

    /// Labels of higher layers choose their places first.
    fn place_labels(&self) -> Vec<Option<Placed>> {
        let items = &self.scene.items;
        let labelled: Vec<usize> = (0..items.len())
            .rev()
            .filter(|i| items[*i].label().is_some() && self.visible(&items[*i]))
            .collect();
        // Many labels are smaller.
        let crowd = (80.0 / labelled.len().max(1) as f64).sqrt().clamp(0.4, 1.0);
        let wanted: Vec<Wanted<'_>> = labelled
            .iter()
            .map(|i| {
                let item = &items[*i];
                let roomy = |room| if item.style.fill == Some(Paint::None) { None } else { Some(room) };
                Wanted {
                    text: item.label().unwrap_or_default(),
                    around: self.drawn(item),
                    size: item.style.font_size.unwrap_or(self.scene.text_size * crowd),
                    elastic: item.style.font_size.is_none(),
                    room: match item.shape {
                        Shape::Rect { .. } => Some(0.9),
                        Shape::Ellipse { .. } => Some(0.7),
                        Shape::Polygon(_) | Shape::Path(_) => roomy(0.6),
                        _ => None,
                    },
                }
            })
            .collect();
        // Shapes that fill much of the drawing are ground rather than obstacles.
        let large = self.scene.side() / 12.0;
        let shown = items.iter().filter(|i| self.visible(i));
        let obstacles: Vec<Bounds> = shown.map(|i| self.drawn(i)).filter(|b| b.size()[1] < large).collect();
        let mut placed: Vec<Option<Placed>> = items.iter().map(|_| None).collect();
        for (i, label) in labelled.into_iter().zip(labels::place(&wanted, &obstacles)) {
            placed[i] = label;
        }
        placed
    }

    /// The sheet: content and labels with a margin, a heading above, the scale and what must be said below.
    fn frame(&self) -> Bounds {
        let content = self.content;
        let side = content.size()[0].max(content.size()[1]);
        let margin = side * 0.04;
        let size = self.heading_size();
        let mut frame = content.grown(margin);
        frame.max[1] += size * 1.6;
        if self.heading().is_some() {
            frame.min[1] -= size * 1.6;
            let least = font::width(&one_line(self.title())) * size + 2.0 * margin;
            frame.max[0] = frame.max[0].max(frame.min[0] + least.min(side * 3.0));
        }
        frame
    }

    fn around_all(&self) -> Bounds {
        let extent = self.page_bounds(self.scene.extent);
        let marks = self.scene.items.iter().filter(|i| self.visible(i)).map(|i| self.drawn(i));
        let labels = self.labels.iter().flatten().map(labels::box_of);
        marks.chain(labels).fold(extent, Bounds::join)
    }

    /// The title, where nothing that is drawn says it.
    fn heading(&self) -> Option<&str> {
        self.scene.title.as_deref().filter(|title| !self.scene.says(title))
    }

    fn heading_size(&self) -> f64 {
        let [width, height] = self.content.size();
        width.max(height) / 36.0
    }

    fn write(&self, shift: Point, out: &mut String) {
        let n = self.numbers;
        let _ = write!(out, "<g id=\"s{}\" data-space=\"", self.index);
        xml_into(self.scene.space, out);
        out.push('"');
        if shift != [0.0; 2] {
            let _ = write!(out, " transform=\"translate({} {})\"", n.show(shift[0]), n.show(shift[1]));
        }
        out.push_str(">\n");
        self.furniture(out);
        let mut layers: Vec<Vec<usize>> = vec![Vec::new(); self.scene.layers.len()];
        self.scene.items.iter().enumerate().for_each(|(i, item)| layers[item.layer].push(i));
        for (layer, items) in layers.iter().enumerate() {
            self.layer(layer, items, out);
        }
        out.push_str("</g>\n");
    }

    /// The heading, the scale bar, and what must be said beside the drawing.
    fn furniture(&self, out: &mut String) {
        let n = self.numbers;
        let (frame, content, size) = (self.frame(), self.content, self.heading_size());
        let (ink, faint) = (self.ink(), if self.ground.is_dark() { LIGHT_FAINT } else { FAINT });
        let left = content.min[0];
        if let Some(title) = self.heading() {
            let _ = write!(
                out,
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\" font-weight=\"600\" fill=\"{ink}\">",
                n.show(left),
                n.show(frame.min[1] + size * 1.9),
                n.show(size),
            );
            xml_into(&one_line(title), out);
            out.push_str("</text>\n");
        }
        let small = size * 0.5;
        let base = frame.max[1] - size * 0.9;
        let length = round_length(content.size()[0] / 5.0);
        let right = left + length;
        let bar = small * 0.35;
        let _ = writeln!(
            out,
            "<path d=\"M{} {}v{}H{}v{}\" fill=\"none\" stroke=\"{faint}\" stroke-width=\"{}\"/>",
            n.show(left),
            n.show(base - bar),
            n.show(bar),
            n.show(right),
            n.show(-bar),
            n.show(small * 0.1),
        );
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{faint}\">",
            n.show(right + small * 0.6),
            n.show(base),
            n.show(small),
        );
        xml_into(&scale_text(length, &self.scene.unit), out);
        out.push_str("</text>\n");
        if let Some(text) = &self.scene.acknowledgement {
            let line = one_line(text);
            let start = right + small * 10.0;
            // Long words become smaller rather than run off the sheet.
            let fitting = (content.max[0] - start) / font::width(&line).max(1.0);
            let size = small.min(fitting.max(small * 0.4));
            let _ = write!(
                out,
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{faint}\" text-anchor=\"end\">",
                n.show(content.max[0]),
                n.show(base),
                n.show(size),
            );
            xml_into(&line, out);
            out.push_str("</text>\n");
        }
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
        out.extend(by_chunks(items, |i, out| self.node(&self.scene.items[*i], out)));
        for i in items {
            if let Some(placed) = &self.labels[*i] {
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
                    let _ = write!(id, "_{byte:02x}");
                }
            }
        }
        id
    }

    fn node(&self, item: &Item<'_, '_>, out: &mut String) {
        let _ = write!(out, "<g id=\"{}\" data-node=\"", self.id("n", item.id));
        xml_into(item.id, out);
        out.push('"');
        if !item.kind.is_empty() {
            out.push_str(" data-kind=\"");
            xml_into(&item.kind, out);
            out.push('"');
        }
        if self.provenance {
            self.keys(item, out);
        }
        self.transform(item, out);
        self.looks(item, out);
        out.push_str("><title>");
        xml_into(&self.tooltip(item), out);
        out.push_str("</title>");
        self.shape(item, out);
        out.push_str("</g>\n");
    }

    /// The keys of the registers, as JSON in an attribute.
    fn keys(&self, item: &Item<'_, '_>, out: &mut String) {
        out.push_str(" data-clock=\"");
        xml_into(&crate::records::clock(item.node).json(), out);
        out.push('"');
    }

    /// What is it called, what is it, and the readings taken at it.
    fn tooltip(&self, item: &Item<'_, '_>) -> String {
        let mut text = item.name().into_owned();
        if !item.kind.is_empty() && item.kind != text {
            let _ = write!(text, " ({})", item.kind);
        }
        shortened(&text, TITLE)
    }

    /// The node's own frame; its y is turned with the page's.
    fn transform(&self, item: &Item<'_, '_>, out: &mut String) {
        let n = self.numbers;
        let [a, b, c, d] = item.world.plane();
        let [x, y] = self.page([item.world.position()[0], item.world.position()[1]]);
        if [a, b, c, d] == [1.0, 0.0, 0.0, 1.0] {
            let _ = write!(out, " transform=\"translate({} {})\"", n.show(x), n.show(y));
            return;
        }
        let turn = if self.scene.y_up { -1.0 } else { 1.0 };
        let f = FINE;
        let _ = write!(
            out,
            " transform=\"matrix({} {} {} {} {} {})\"",
            f.show(a),
            f.show(b * turn),
            f.show(c * turn),
            f.show(d),
            n.show(x),
            n.show(y)
        );
    }

    /// How much a length on the page grows in the node's frame: what is drawn at a size of the page's is divided
    /// by it.
    fn growth(&self, item: &Item<'_, '_>) -> f64 {
        let [x, y] = item.world.scale_2d().map(f64::abs);
        let mean = (x * y).sqrt();
        if mean > 0.0 && mean.is_finite() { mean } else { 1.0 }
    }

    fn looks(&self, item: &Item<'_, '_>, out: &mut String) {
        let style = &item.style;
        let bare = style.fill.is_none() && style.stroke.is_none();
        let (fill, stroke) = match &item.shape {
            Shape::Line(_) => (Paint::None, style.stroke.or(style.fill).unwrap_or(Paint::Color(STROKE))),
            Shape::Text { .. } => {
                (style.fill.unwrap_or(Paint::Color(self.ink())), style.stroke.unwrap_or(Paint::None))
            }
            Shape::Point => (style.fill.unwrap_or(Paint::Color(STROKE)), style.stroke.unwrap_or(Paint::None)),
            Shape::Unknown(_) | Shape::Blob { .. } => {
                (style.fill.unwrap_or(Paint::Color(FILL)), style.stroke.unwrap_or(Paint::Color(STROKE)))
            }
            _ if bare => (Paint::Color(FILL), Paint::Color(STROKE)),
            _ => (style.fill.unwrap_or(Paint::None), style.stroke.unwrap_or(Paint::None)),
        };
        write_paint("fill", fill, out);
        if stroke != Paint::None {
            write_paint("stroke", stroke, out);
            let width = style.stroke_width.unwrap_or(self.line / self.growth(item));
            let _ = write!(out, " stroke-width=\"{}\"", self.numbers.show(width));
            out.push_str(" stroke-linejoin=\"round\"");
        }
        if let Some(opacity) = style.opacity.filter(|o| *o < 1.0) {
            let _ = write!(out, " opacity=\"{}\"", FRACTION.show(opacity));
        }
    }

    fn shape(&self, item: &Item<'_, '_>, out: &mut String) {
        let n = self.numbers;
        let mark = self.mark / self.growth(item);
        if let Some(picture) = self.picture(item) {
            let bounds = self.picture_bounds(item, mark);
            let [width, height] = bounds.size();
            let _ = write!(
                out,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" href=\"{}\"/>",
                n.show(bounds.min[0]),
                n.show(bounds.min[1]),
                n.show(width),
                n.show(height),
                picture.address(),
            );
            return;
        }
        match &item.shape {
            Shape::Rect { width, height, radius } => {
                let (x, y) = (n.show(-width / 2.0), n.show(-height / 2.0));
                let _ = write!(
                    out,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\"",
                    n.show(*width),
                    n.show(*height)
                );
                if *radius > 0.0 {
                    let _ = write!(out, " rx=\"{}\"", n.show(*radius));
                }
                out.push_str("/>");
            }
            Shape::Ellipse { rx, ry } if rx == ry => {
                let _ = write!(out, "<circle r=\"{}\"/>", n.show(*rx));
            }
            Shape::Ellipse { rx, ry } => {
                let _ = write!(out, "<ellipse rx=\"{}\" ry=\"{}\"/>", n.show(*rx), n.show(*ry));
            }
            Shape::Line(points) => self.points("polyline", points.iter().copied().map(flat), out),
            Shape::Polygon(points) => self.points("polygon", points.iter().copied(), out),
            Shape::Path(segments) => self.path(segments, out),
            Shape::Text { text, size } => {
                let size = size.unwrap_or(self.scene.text_size);
                let lines: Vec<&str> = text.lines().collect();
                self.text(&lines, [0.0; 2], Anchor::Start, size, out);
            }
            Shape::Mesh(mesh) => {
                out.push_str("<path d=\"");
                for triangle in mesh.in_plane() {
                    let [a, b, c] = triangle.map(|p| self.show(p));
                    let _ = write!(out, "M{a}L{b}L{c}Z");
                }
                out.push_str("\"/>");
            }
            Shape::Point => {
                let _ = write!(out, "<circle r=\"{}\"/>", n.show(mark));
            }
            Shape::Cuboid(_) | Shape::Sphere(_) | Shape::Cylinder { .. } => {}
            Shape::Unknown(_) | Shape::Blob { .. } => {
                let m = n.show(mark * 1.3);
                let _ = write!(out, "<path d=\"M0 -{m}L{m} 0L0 {m}L-{m} 0Z\"/>");
            }
        }
    }

    /// The picture that stands for a node: that of its geometry, or of its media.
    fn picture(&self, item: &Item<'_, '_>) -> Option<Picture> {
        if let Shape::Blob { reference, .. } = &item.shape
            && let Some(picture) = self.pictures.get(reference)
        {
            return Some(picture);
        }
        let of_media = |w: &Written<'_>| self.pictures.get(&reference_in(w.value)?);
        let media = Register::media("media");
        item.node.state.registers.get(media).and_then(of_media)
    }

    /// Where a node's picture goes, in its own frame: into its shape, or as a large mark.
    fn picture_bounds(&self, item: &Item<'_, '_>, mark: f64) -> Bounds {
        let own = item.shape.bounds(&ulp_view::transform::Transform::IDENTITY, self.scene.text_size);
        if item.shape.is_mark() { Bounds::at([0.0; 2]).grown(mark * 6.0) } else { self.page_bounds(own) }
    }

    fn show(&self, point: Point) -> String {
        let [x, y] = self.page(point);
        format!("{} {}", self.numbers.show(x), self.numbers.show(y))
    }

    fn points(&self, element: &str, points: impl Iterator<Item = Point>, out: &mut String) {
        let _ = write!(out, "<{element} points=\"");
        for (i, point) in points.enumerate() {
            let _ = write!(out, "{}{}", if i == 0 { "" } else { " " }, self.show(point));
        }
        out.push_str("\"/>");
    }

    fn path(&self, segments: &[Segment], out: &mut String) {
        out.push_str("<path d=\"");
        for segment in segments {
            let _ = match segment {
                Segment::Move(to) => write!(out, "M{}", self.show(*to)),
                Segment::Line(to) => write!(out, "L{}", self.show(*to)),
                Segment::Curve(curve) => curve.cubics().into_iter().try_for_each(|[a, b, to]| {
                    write!(out, "C{} {} {}", self.show(a), self.show(b), self.show(to))
                }),
                Segment::Close => write!(out, "Z"),
            };
        }
        out.push_str("\"/>");
    }

    /// Lines of text from a baseline down.
    fn text(&self, lines: &[impl AsRef<str>], at: Point, anchor: Anchor, size: f64, out: &mut String) {
        let n = self.numbers;
        let _ = write!(out, "<text font-size=\"{}\"", n.show(size));
        if anchor != Anchor::Start {
            let _ = write!(out, " text-anchor=\"{}\"", anchor.word());
        }
        if let [line] = lines {
            let _ = write!(out, " x=\"{}\" y=\"{}\">", n.show(at[0]), n.show(at[1]));
            xml_into(line.as_ref(), out);
        } else {
            out.push('>');
            for (i, line) in lines.iter().enumerate() {
                let y = at[1] + i as f64 * LINE * size;
                let _ = write!(out, "<tspan x=\"{}\" y=\"{}\">", n.show(at[0]), n.show(y));
                xml_into(line.as_ref(), out);
                out.push_str("</tspan>");
            }
        }
        out.push_str("</text>");
    }

    /// A label: dark or light as what it stands on, with a halo where it stands beside its shape.
    fn label(&self, item: &Item<'_, '_>, placed: &Placed, out: &mut String) {
        let ground = match item.style.fill {
            Some(Paint::Color(fill))
                if placed.inside && item.style.opacity.unwrap_or(1.0) > 0.5 && fill.alpha() > 0.5 =>
            {
                fill
            }
            None if placed.inside && item.style.stroke.is_none() => FILL,
            _ => self.ground,
        };
        let ink = if ground.is_dark() { LIGHT_INK } else { INK };
        out.push_str("<g data-label=\"");
        xml_into(item.id, out);
        let _ = write!(out, "\" fill=\"{ink}\"");
        if !placed.inside {
            let _ = write!(
                out,
                " stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" paint-order=\"stroke\"",
                self.ground,
                self.numbers.show(placed.size * 0.2),
            );
        }
        out.push('>');
        self.text(&placed.lines, placed.at, placed.anchor, placed.size, out);
        out.push_str("</g>\n");
    }

    fn link(&self, link: &Connection<'_>, out: &mut String) {
        let n = self.numbers;
        let [from, to] = self.ends(link);
        let width = link.style.stroke_width.unwrap_or(self.line);
        let _ = write!(out, "<g id=\"{}\" data-from=\"", self.link_id(link));
        xml_into(link.ends.from, out);
        out.push_str("\" data-to=\"");
        xml_into(link.ends.to, out);
        out.push_str("\" data-relation=\"");
        xml_into(link.ends.relation, out);
        out.push('"');
        if self.provenance {
            out.push_str(" data-key=\"");
            xml_into(&link.add.key.to_string(), out);
            out.push('"');
        }
        let stroke = link.style.stroke.or(link.style.fill).unwrap_or(Paint::Color(STROKE));
        if let Some(opacity) = link.style.opacity.filter(|o| *o < 1.0) {
            let _ = write!(out, " opacity=\"{}\"", FRACTION.show(opacity));
        }
        out.push_str("><title>");
        let said = link.style.label.as_deref().unwrap_or(link.ends.relation);
        xml_into(&shortened(&format!("{} {said} {}", link.ends.from, link.ends.to), TITLE), out);
        out.push_str("</title>");
        let way = [to[0] - from[0], to[1] - from[1]];
        let length = libm::hypot(way[0], way[1]);
        // A thin line has a head that can be seen.
        let thin = link.style.stroke_width.is_none();
        let head = (width * if thin { 7.0 } else { 3.0 }).min(length / 2.0);
        if link.ends.from == link.ends.to {
            self.round_trip(link, width, stroke, out);
        } else if length > 0.0 && length.is_finite() {
            let unit = [way[0] / length, way[1] / length];
            // The line ends inside the head, so that its blunt end does not show.
            let stop = [to[0] - unit[0] * head * 0.8, to[1] - unit[1] * head * 0.8];
            let _ = write!(
                out,
                "<path d=\"M{} {}L{} {}\" fill=\"none\" stroke-width=\"{}\"",
                n.show(from[0]),
                n.show(from[1]),
                n.show(stop[0]),
                n.show(stop[1]),
                n.show(width),
            );
            write_paint("stroke", stroke, out);
            out.push_str("/>");
            let side = [-unit[1] * head * 0.5, unit[0] * head * 0.5];
            let base = [to[0] - unit[0] * head, to[1] - unit[1] * head];
            let _ = write!(
                out,
                "<path d=\"M{} {}L{} {}L{} {}Z\"",
                n.show(to[0]),
                n.show(to[1]),
                n.show(base[0] + side[0]),
                n.show(base[1] + side[1]),
                n.show(base[0] - side[0]),
                n.show(base[1] - side[1]),
            );
            write_paint("fill", stroke, out);
            out.push_str("/>");
        }
        if let Some(label) = &link.style.label {
            let size = link.style.font_size.unwrap_or(self.scene.text_size * 0.8);
            let at = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0 - size * 0.3];
            let _ = write!(
                out,
                "<g fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" paint-order=\"stroke\">",
                self.ink(),
                self.ground,
                n.show(size * 0.2)
            );
            self.text(&[one_line(label)], at, Anchor::Middle, size, out);
            out.push_str("</g>");
        }
        out.push_str("</g>\n");
    }

    /// Where a link begins and ends on the page: at the rim of what is a mark.
    fn ends(&self, link: &Connection<'_>) -> [Point; 2] {
        let [from, to] = link.points.map(|p| self.page(p));
        let length = libm::hypot(to[0] - from[0], to[1] - from[1]);
        let inset =
            |mark: bool| if mark && length > 4.0 * self.mark { self.mark * 1.3 / length } else { 0.0 };
        let along = |t: f64| [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t];
        [along(inset(link.marks[0])), along(1.0 - inset(link.marks[1]))]
    }

    fn link_id(&self, link: &Connection<'_>) -> String {
        // A space cannot stand in an id, and is escaped in names: it tells the three parts apart.
        let name = [link.ends.from, link.ends.relation, link.ends.to].map(|part| self.id("", part));
        let prefix = if self.index == 0 { String::new() } else { format!("s{}-", self.index) };
        format!("{prefix}k{}", name.map(|part| part.trim_start_matches(&prefix).to_owned()).join("_"))
    }

    /// A link from a node to itself: a loop on top of it.
    fn round_trip(&self, link: &Connection<'_>, width: f64, stroke: Paint, out: &mut String) {
        let n = self.numbers;
        let start = self.page_bounds(link.start);
        let bounds = if link.marks[0] { start.grown(self.mark) } else { start };
        let r = self.mark * 4.0;
        let _ = write!(
            out,
            "<path d=\"M{} {}c{} {} {} {} 0 0\" fill=\"none\" stroke-width=\"{}\"",
            n.show(bounds.centre()[0]),
            n.show(bounds.min[1]),
            n.show(r),
            n.show(-r * 1.6),
            n.show(-r),
            n.show(-r * 1.6),
            n.show(width)
        );
        write_paint("stroke", stroke, out);
        out.push_str("/>");
    }
}

fn write_paint(name: &str, paint: Paint, out: &mut String) {
    match paint {
        Paint::None => {
            let _ = write!(out, " {name}=\"none\"");
        }
        Paint::Color(color) => {
            let _ = write!(out, " {name}=\"{color}\"");
            if color.alpha() < 1.0 {
                let _ = write!(out, " {name}-opacity=\"{}\"", FRACTION.show(color.alpha()));
            }
        }
    }
}

/// The greatest of 1, 2 and 5 times a power of ten that is no longer than `most`.
fn round_length(most: f64) -> f64 {
    if !(most.is_finite() && most > 0.0) {
        return 1.0;
    }
    let power = libm::pow(10.0, libm::log10(most).floor());
    [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|l| *l <= most).unwrap_or(power)
}

/// A length in words; thousands of metres are kilometres.
fn scale_text(length: f64, unit: &str) -> String {
    let (length, unit) =
        if unit == "m" && length >= 1000.0 { (length / 1000.0, "km") } else { (length, unit) };
    format!("{} {}", FINE.show(length), shortened(unit, 24))
}

/// Numbers with so many decimals: enough for the drawing, and no more.
#[derive(Clone, Copy)]
struct Numbers {
    /// Ten to the power of that many.
    power: f64,
}

/// For opacities.
const FRACTION: Numbers = Numbers { power: 1e3 };
/// For factors.
const FINE: Numbers = Numbers { power: 1e9 };

impl Numbers {
    /// Fine enough for a drawing of that size: a part in a million.
    fn of(side: f64) -> Numbers {
        let magnitude = if side > 0.0 && side.is_finite() { libm::log10(side).ceil() } else { 0.0 };
        Numbers { power: libm::pow(10.0, f64::from((6 - magnitude as i32).clamp(0, 300))) }
    }

    fn show(self, x: f64) -> Shown {
        let scaled = (x * self.power).round() / self.power;
        let x = if scaled.is_finite() { scaled } else { x };
        Shown(if x.is_finite() { x + 0.0 } else { 0.0 })
    }
}

/// A finite number as it is written.
#[derive(Clone, Copy)]
struct Shown(f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ryu_js::Buffer::new().format_finite(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_fine_as_the_drawing() {
        assert_eq!(Numbers::of(500_000.0).show(1234.56).to_string(), "1235");
        assert_eq!(Numbers::of(10.0).show(1.234_567_8).to_string(), "1.23457");
        assert_eq!(Numbers::of(1e-6).show(-0.0).to_string(), "0");
        assert_eq!(Numbers::of(f64::NAN).show(f64::INFINITY).to_string(), "0");
    }

    #[test]
    fn a_scale_is_round() {
        assert_eq!(scale_text(round_length(123_456.0), "m"), "100 km");
        assert_eq!(scale_text(round_length(7.0), "m"), "5 m");
        assert_eq!(round_length(f64::NAN), 1.0);
    }
}
