//! The page of a drawing: its own script, the pictures that it shows, and where everything goes.
//!
//! The script is given `{"pictures":{…},"missing":[reference,…],"kinds":[…],"places":[[part of width, of height, right,
//! down, align],…],"font":{…}, "picture":…,"words":{…},"spaces":{…}}`: of each space the `origin` and `scale` of its
//! sheet, the sizes there of marks, lines and labels, that of text in the world, what there is to see (`content`), and
//! the labels of its nodes as `[place,size]` or `[place,size,[[line,width],…]]`, the place −1 inside of the shape.
//! Pages have the y of the world. A projector that brings [`Furniture`] adds `furniture`.

use super::layout::{Layout, PICTURE};
use super::pictures::{Found, Gallery};
use super::scene::{Item, KINDS, MISSING, Scene};
use crate::View;
use crate::font::{self, ASCENT, DESCENT, LINE};
use crate::labels::{Anchor, PLACES, Placed};
use crate::page::{self, Page};
use crate::scene::{BLANK, COLON, NOTHING};
use crate::transform::rounded;
use bumpalo::Bump;
use ulp_core::id::Tile;
use ulp_core::json::write::{Items, Members};
use ulp_core::json::{write_number, write_string};

const DRAWING: [&str; 3] = [include_str!("pen.js"), include_str!("minimap.js"), include_str!("drawing.js")];
/// The keys that every page of the plane answers to, in words.
pub const HELP: &str = "Arrow keys move, plus and minus zoom, 0 shows everything, N and P step through what is in view, comma and full stop step \
    through the events, Escape lets go, space plays, question mark tells all keys.";

/// What a page has around the drawing: the script of the class that `Drawing.furniture` becomes, and what that needs.
pub struct Furniture<'f> {
    /// The keys that the page answers to, in words.
    pub help: &'f str,
    pub script: &'f str,
    pub style: &'f str,
    /// What the script is given, as `furniture` of the drawing's data: JSON, or nothing.
    pub data: &'f [u8],
}

impl Furniture<'_> {
    /// The drawing alone, with a bar that tells its scale.
    pub const NONE: Furniture<'static> = Furniture { help: HELP, script: "", style: "", data: b"" };
}

/// Writes the page of the spaces of some scenes; `options` chose what is seen, as a command line has them.
pub fn write(
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    gallery: &Gallery<'_>,
    (furniture, options): (&Furniture<'_>, &[String]),
    takes_tile: impl Fn(Tile) -> bool,
) -> Vec<u8> {
    let titles: Vec<&str> = scenes.iter().map(|s| s.title.as_deref().unwrap_or(s.space)).collect();
    let page = Page {
        title: &titles.join(", "),
        help: furniture.help,
        drawing: &[&DRAWING[..], &[furniture.script]].concat(),
        style: furniture.style,
        options,
        data: &data(scenes, gallery, furniture),
        shapes: true,
    };
    let arena = Bump::new();
    let mut histories = view.resolved(&arena);
    histories.retain(|history| scenes.iter().any(|scene| scene.space == history.space));
    page::write(view, &page, &histories, takes_tile)
}

fn data(scenes: &[Scene<'_, '_>], gallery: &Gallery<'_>, furniture: &Furniture<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut whole = Members::open(&mut out);
    whole.name("pictures", &mut out);
    let mut object = Members::open(&mut out);
    for (reference, found) in gallery.known() {
        if let Found::Picture(picture) = found {
            object.any_name(reference, &mut out);
            write_string(&picture.address, &mut out);
        }
    }
    object.close(&mut out);
    let missing = gallery.known().iter().filter(|(_, found)| **found == Found::Missing);
    whole.texts("missing", missing.map(|(reference, _)| reference.as_str()), &mut out);
    whole.texts("kinds", KINDS, &mut out);
    whole.name("places", &mut out);
    write_places(&mut out);
    whole.name("font", &mut out);
    let mut object = Members::open(&mut out);
    object.number("ascent", ASCENT, &mut out);
    object.number("descent", DESCENT, &mut out);
    object.number("line", LINE, &mut out);
    object.close(&mut out);
    whole.number("picture", PICTURE, &mut out);
    whole.name("words", &mut out);
    let mut object = Members::open(&mut out);
    for (name, words) in [("colon", COLON), ("blank", BLANK), ("none", NOTHING), ("missing", MISSING)] {
        object.name(name, &mut out);
        let mut object = Members::open(&mut out);
        object.text("text", words, &mut out);
        object.number("width", rounded(font::width(words)), &mut out);
        object.close(&mut out);
    }
    object.close(&mut out);
    whole.name("spaces", &mut out);
    let mut object = Members::open(&mut out);
    for scene in scenes {
        object.any_name(scene.space, &mut out);
        write_sheet(scene, &mut out);
    }
    object.close(&mut out);
    if !furniture.data.is_empty() {
        whole.name("furniture", &mut out);
        out.extend_from_slice(furniture.data);
    }
    whole.close(&mut out);
    out
}

fn write_places(out: &mut Vec<u8>) {
    let mut list = Items::open(out);
    for place in PLACES {
        list.next(out);
        let [across, down] = place.part;
        let [right, below] = place.off;
        let align = match place.anchor {
            Anchor::Start => "left",
            Anchor::Middle => "center",
            Anchor::End => "right",
        };
        let mut items = Items::open(out);
        for number in [across, down, right, below] {
            items.next(out);
            write_number(rounded(number), out);
        }
        items.next(out);
        write_string(align, out);
        items.close(out);
    }
    list.close(out);
}

fn write_sheet(scene: &Scene<'_, '_>, out: &mut Vec<u8>) {
    let layout = Layout::new(scene);
    let frame = layout.frame;
    let (min, max) = (layout.content.min, layout.content.max);
    let [low, high] = if layout.up { [-max[1], -min[1]] } else { [min[1], max[1]] };
    let mut sheet = Members::open(out);
    sheet.numbers("origin", &frame.origin, out);
    sheet.number("scale", frame.scale, out);
    for (name, size) in [("mark", layout.mark), ("line", layout.line), ("label", layout.label_size)] {
        sheet.number(name, rounded(size), out);
    }
    sheet.number("text", scene.text_size, out);
    sheet.numbers("content", &[min[0], low, max[0], high].map(rounded), out);
    sheet.name("labels", out);
    let mut labels = Members::open(out);
    for (item, placed) in scene.items.iter().zip(&layout.labels) {
        if let Some(placed) = placed {
            labels.any_name(item.id, out);
            write_label(item, placed, out);
        }
    }
    labels.close(out);
    sheet.close(out);
}

fn write_label(item: &Item<'_, '_>, placed: &Placed, out: &mut Vec<u8>) {
    let mut list = Items::open(out);
    list.next(out);
    write_number(placed.place.map_or(-1.0, |place| place as f64), out);
    list.next(out);
    write_number(rounded(placed.size), out);
    if placed.lines.len() > 1 || item.style.label.is_none() {
        list.next(out);
        let mut lines = Items::open(out);
        for line in &placed.lines {
            lines.next(out);
            let mut pair = Items::open(out);
            pair.next(out);
            write_string(line, out);
            pair.next(out);
            write_number(rounded(font::width(line)), out);
            pair.close(out);
        }
        lines.close(out);
    }
    list.close(out);
}
