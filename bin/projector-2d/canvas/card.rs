//! What a node becomes on a canvas: a card, and how it stands.
//!
//! A rectangle of a kind that a canvas has itself (`text`, `file`, `link`, `group`) stands as it is. What has an area
//! that its words fit into keeps its box. All else, points, lines and what is small, is a card of one width around its
//! place.

use std::borrow::Cow;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::raw;
use ulp_view::font;
use ulp_view::geometry::{Bounds, Shape};
use ulp_view::media::reference_in;
use ulp_view::name::text_in;
use ulp_view::path::Point;
use ulp_view::scene::Sensor;
use ulp_view::sheet::scene::{Item, Scene};
use ulp_view::style::Paint;

/// The width of a card, and the least height of one: those of a new card in Obsidian.
pub const WIDTH: f64 = 250.0;
/// The size of text there, from line to line, and the room around it.
const TEXT: f64 = 16.0;
const LINE: f64 = 24.0;
const PADDING: f64 = 36.0;
/// The height of a card with a file.
const PICTURE: f64 = 190.0;
/// The greatest height of a card; what is longer is scrolled.
const TALLEST: f64 = 1_000.0;
/// The looks of a group that says none, by which one that came from a canvas is known.
const GROUP: &str = "#8a8f98";

/// What a card shows.
pub enum Form {
    Text,
    Link { url: String },
    File { file: String, subpath: Option<String> },
    Group { background: Option<String>, style: Option<String> },
}

impl Form {
    /// The usual size of a card that says something.
    fn room(&self, words: &str) -> Point {
        [WIDTH, if matches!(self, Form::File { .. }) { PICTURE } else { height(words) }]
    }
}

/// How a card comes to its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stands {
    /// Where it is, whatever else is there.
    Fixed,
    /// Where it is, as a frame where something else lies in it.
    Area,
    /// Around others.
    Frame,
    /// Around what hangs below it, else as a mark.
    Around,
    /// As near to where it is as there is room.
    Near,
    /// Beside all others.
    Beside,
}

/// A node, or a reading of none, as a card.
pub struct Card<'c, 's, 'a> {
    pub id: Cow<'c, str>,
    pub item: Option<&'c Item<'s, 'a>>,
    pub form: Form,
    pub words: String,
    pub color: Option<String>,
    pub stands: Stands,
    pub bounds: Bounds,
    /// What of the node cannot be carried.
    pub lost: Vec<&'static str>,
}

impl Card<'_, '_, '_> {
    /// Whether cards may lie in it.
    pub fn is_group(&self) -> bool {
        self.stands == Stands::Frame || matches!(self.form, Form::Group { .. })
    }

    /// Makes a card of the usual size of one that has a box.
    pub fn shrink(&mut self) {
        self.stands = Stands::Near;
        self.bounds = around(self.bounds.centre(), self.form.room(&self.words));
    }
}

/// Whether a node stands as a canvas had it.
pub fn is_placed(item: &Item<'_, '_>) -> bool {
    matches!(&*item.kind, "text" | "file" | "link" | "group") && matches!(item.shape, Shape::Rect { .. })
}

/// The area that the cards of a space take that have no box of their own.
pub fn area(scene: &Scene<'_, '_>) -> f64 {
    let items = scene.items.iter().filter(|item| !matches!(item.shape, Shape::Rect { .. }));
    let items = items.map(|item| height(&said(item)) * WIDTH);
    items.chain(scene.readings().map(|_| WIDTH * (LINE + PADDING))).sum()
}

/// A box of the world on the sheet.
pub fn on_sheet(bounds: Bounds, scene: &Scene<'_, '_>, scale: f64) -> Bounds {
    let turn = if scene.y_up { -scale } else { scale };
    let [a, b] = [bounds.min, bounds.max].map(|[x, y]| [x * scale, y * turn]);
    Bounds::at(a).join(Bounds::at(b))
}

/// The cards of a space: its nodes in paint order, then its readings of no node, those that say no place at last.
pub fn deal<'c, 's, 'a>(scene: &'c Scene<'s, 'a>, scale: f64, origin: Point) -> Vec<Card<'c, 's, 'a>> {
    let local = |bounds: Bounds| {
        let bounds = on_sheet(bounds, scene, scale);
        Bounds {
            min: std::array::from_fn(|i| bounds.min[i] - origin[i]),
            max: std::array::from_fn(|i| bounds.max[i] - origin[i]),
        }
    };
    let items = scene.items.iter().map(|item| of_item(item, local(item.bounds)));
    let placed =
        scene.readings().map(|(sensor, at)| of_reading(sensor, Stands::Near, local(Bounds::at(at)).centre()));
    let beside = scene.unplaced().map(|sensor| of_reading(sensor, Stands::Beside, [0.0; 2]));
    items.chain(placed).chain(beside).collect()
}

fn of_reading<'c, 's, 'a>(sensor: &Sensor<'_, '_>, stands: Stands, at: Point) -> Card<'c, 's, 'a> {
    let words = sensor.words();
    Card {
        id: Cow::Owned(format!("{}/{}", sensor.actor, sensor.name)),
        item: None,
        form: Form::Text,
        color: None,
        stands,
        bounds: around(at, [WIDTH, height(&words)]),
        words,
        lost: Vec::new(),
    }
}

fn of_item<'c, 's, 'a>(item: &'c Item<'s, 'a>, own: Bounds) -> Card<'c, 's, 'a> {
    let words = said(item);
    let mut lost = Vec::new();
    let form = form(item, &mut lost);
    if item.world.rotation_2d() != 0.0 {
        lost.push("rotation");
    }
    if !matches!(item.shape, Shape::Rect { .. } | Shape::Text { .. } | Shape::Point) {
        lost.push("shape");
    }
    let stands = match form {
        _ if is_placed(item) => Stands::Fixed,
        _ if has_room(item, own, &words) => Stands::Area,
        Form::Group { .. } => Stands::Around,
        _ => Stands::Near,
    };
    let bounds = if matches!(stands, Stands::Near | Stands::Around) {
        around(own.centre(), form.room(&words))
    } else {
        whole(own)
    };
    Card {
        id: Cow::Borrowed(item.id),
        item: Some(item),
        color: color(item, &form),
        form,
        words,
        stands,
        bounds,
        lost,
    }
}

/// Whether a node has an area that its words fit into.
fn has_room(item: &Item<'_, '_>, own: Bounds, words: &str) -> bool {
    let [width, height] = own.size();
    let wide = words.lines().map(font::width).fold(0.0, f64::max) * TEXT + PADDING;
    item.shape.room().is_some() && width >= wide.min(WIDTH) && height >= self::height(words)
}

/// The height of a card of the usual width that says something.
fn height(words: &str) -> f64 {
    let rows = |line: &str| (font::width(line) * TEXT / (WIDTH - PADDING)).ceil().max(1.0);
    (words.split('\n').map(rows).sum::<f64>() * LINE + PADDING).min(TALLEST)
}

fn around(at: Point, size: Point) -> Bounds {
    let min: Point = std::array::from_fn(|i| (at[i] - size[i] / 2.0).round());
    Bounds { min, max: std::array::from_fn(|i| min[i] + size[i]) }
}

/// A box of whole numbers: its corner and its size are rounded, as they are written.
fn whole(bounds: Bounds) -> Bounds {
    let min = bounds.min.map(f64::round);
    let size = bounds.size().map(|side| side.round().max(1.0));
    Bounds { min, max: std::array::from_fn(|i| min[i] + size[i]) }
}

/// What a node says: its text, else its label, else its name. A card that a canvas had may say nothing.
fn said(item: &Item<'_, '_>) -> String {
    match &item.shape {
        _ if is_placed(item) => item.label().unwrap_or_default().into_owned(),
        Shape::Text { text, .. } => text.lines().collect::<Vec<_>>().join("\n"),
        _ => item.label().unwrap_or_else(|| item.name()).into_owned(),
    }
}

fn color(item: &Item<'_, '_>, form: &Form) -> Option<String> {
    let paints = [item.style.fill, item.style.stroke];
    let color = paints.into_iter().flatten().find_map(Paint::color)?.to_string();
    (!matches!(form, Form::Group { .. }) || color != GROUP).then_some(color)
}

fn form(item: &Item<'_, '_>, lost: &mut Vec<&'static str>) -> Form {
    let property = |key| item.node.get(Register::property(key)).and_then(text_in);
    match &*item.kind {
        "group" => {
            let style = property("backgroundStyle");
            let known = |style: &String| matches!(&**style, "cover" | "ratio" | "repeat");
            let background = property("background").filter(|path| is_inside(path));
            Form::Group { background, style: style.filter(known) }
        }
        "link" => match property("url") {
            Some(url) if is_address(&url) => Form::Link { url },
            Some(_) => dropped("url", lost),
            None => Form::Text,
        },
        "file" if property("file").is_some() => match property("file") {
            Some(file) if is_inside(&file) => {
                Form::File { file, subpath: property("subpath").filter(|path| path.starts_with('#')) }
            }
            _ => dropped("file", lost),
        },
        _ => of_media(item, lost),
    }
}

fn dropped(what: &'static str, lost: &mut Vec<&'static str>) -> Form {
    lost.push(what);
    Form::Text
}

/// Whether an address is one of the web, and nothing that runs.
fn is_address(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let is_web = lower.starts_with("https://") || lower.starts_with("http://");
    is_web && !url.contains(|c: char| c.is_control() || c.is_whitespace())
}

/// Whether a path stays inside the folder that the canvas lies in.
fn is_inside(path: &str) -> bool {
    let is_plain = !path.contains(|c: char| c.is_control() || matches!(c, '\\' | ':'));
    is_plain && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// The file of a node's media, in a folder `objects` beside the canvas, by its hash, with an ending by which Obsidian
/// knows what to do with it.
fn of_media(item: &Item<'_, '_>, lost: &mut Vec<&'static str>) -> Form {
    let media = item.node.keyed(RegisterKind::Media);
    let first = media.iter().find(|media| media.register.key == "media").or(media.first());
    let (reference, ending) = match &item.shape {
        Shape::Blob { kind, reference } => (Some(reference.clone()), (kind == "svg").then_some("svg")),
        _ => (first.and_then(|media| reference_in(media.value)), first.and_then(|media| ending(media.value))),
    };
    let id = reference.and_then(|reference| reference.parse::<ulp_core::hash::Sha256>().ok());
    let Some(id) = id else { return Form::Text };
    let shown = item.picture.as_ref().and_then(|picture| ending_of(picture.mime));
    match ending.or(shown) {
        Some(ending) => Form::File { file: format!("objects/{}.{ending}", id.hex()), subpath: None },
        None => dropped("media", lost),
    }
}

/// The ending of a medium, raw JSON, by what it says it is, else by its name.
fn ending(media: &str) -> Option<&'static str> {
    let text = |member| raw::text(raw::member(media, member)?).map(Cow::into_owned);
    let named = || {
        let name = text("name")?;
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        ENDINGS.iter().map(|(_, known)| *known).find(|known| *known == ending)
    };
    text("mime").and_then(|mime| ending_of(&mime)).or_else(named)
}

fn ending_of(mime: &str) -> Option<&'static str> {
    let bare = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    ENDINGS.iter().find(|(known, _)| *known == bare).map(|(_, ending)| *ending)
}

/// What Obsidian shows, by its type and its ending.
const ENDINGS: [(&str, &str); 24] = [
    ("application/json+canvas", "canvas"),
    ("application/pdf", "pdf"),
    ("audio/3gpp", "3gp"),
    ("audio/aac", "m4a"),
    ("audio/flac", "flac"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("audio/vnd.wave", "wav"),
    ("audio/wav", "wav"),
    ("audio/webm", "webm"),
    ("audio/x-wav", "wav"),
    ("image/avif", "avif"),
    ("image/bmp", "bmp"),
    ("image/gif", "gif"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/svg+xml", "svg"),
    ("image/webp", "webp"),
    ("text/markdown", "md"),
    ("video/mp4", "mp4"),
    ("video/ogg", "ogv"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_have_endings_that_say_what_they_are() {
        assert_eq!(ending(r#"{"mime":"Image/JPEG; q=1","ref":"x"}"#), Some("jpg"));
        assert_eq!(ending(r#"{"mime":"application/x-thing","name":"plan.PDF"}"#), Some("pdf"));
        assert_eq!(ending(r#"{"mime":"model/gltf-binary","name":"a.glb"}"#), None);
    }

    #[test]
    fn paths_stay_inside_and_addresses_are_of_the_web() {
        assert!(is_inside("notes/plan.md") && is_inside("a..b.md"));
        assert!(!["/etc/passwd", "a/../b", "c:\\x", "file:x", "", "a//b"].into_iter().any(is_inside));
        assert!(is_address("https://example.org/a?b=c") && is_address("HTTP://x"));
        assert!(!["javascript:alert(1)", "data:x", "https://a b", "file:///x"].into_iter().any(is_address));
    }
}
