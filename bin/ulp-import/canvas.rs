//! JSON Canvas 1.0, as Obsidian writes it: cards are rectangles, edges links.
//!
//! Text is Markdown, of which only the backslashes are undone; what an edge says of sides is not kept.

use std::collections::HashSet;

use ulp_core::json::write::Object;
use ulp_core::json::{Tape, Value};
use ulp_core::report::Refusal;
use ulp_view::geodesy::round;
use ulp_view::json_canvas;

use crate::desk::Desk;
use crate::draft::{Link, Node};
use crate::pipe::Records;
use crate::record::Record;
use crate::sketch::{self, Page, Settings, full, number_of, text, words};

/// What a group is outlined in that says nothing else.
const GROUP: &str = "#8a8f98";
/// The size of text on a card.
const FONT_SIZE: f64 = 16.0;
/// What the group around a space is called, as projector-2d writes it.
const SPACE: &str = "space:";

/// Reads a document: its cards, then its edges.
///
/// # Errors
/// It is no canvas.
pub fn read(document: &str, desk: &Desk, records: &mut Records<'_, '_>) -> Result<(), Refusal> {
    let mut tape = Tape::new();
    let top = sketch::document(&mut tape, document)?;
    let (nodes, edges) = (sketch::list(top, "nodes")?, sketch::list(top, "edges")?);
    let page = Page::of(desk);
    let space = nodes.first().copied().filter(|node| is_space(*node));
    let settings = Settings { title: space.and_then(|node| words(node, "label")), ..Settings::default() };
    settings.record(page, desk).into_iter().for_each(|record| records.push(record));
    let mut ids = HashSet::new();
    for (number, value) in (1..).zip(&nodes).skip(usize::from(space.is_some())) {
        let card = Card { value: *value, page, desk };
        records.of(number, |record| card.read(record, &mut ids));
    }
    for (number, value) in (nodes.len() as u64 + 1..).zip(edges) {
        records.of(number, |record| edge(value, &ids, desk, record));
    }
    Ok(())
}

fn is_space(node: Value<'_, '_>) -> bool {
    let is_group = node.get("type").is_some_and(|kind| kind.is_str("group"));
    is_group && text(node, "id").is_some_and(|id| id.starts_with(SPACE))
}

struct Card<'c, 't, 'a> {
    value: Value<'t, 'a>,
    page: Page,
    desk: &'c Desk,
}

impl Card<'_, '_, '_> {
    fn read(&self, record: &mut Record, ids: &mut HashSet<String>) -> Result<(), Refusal> {
        let none = |what: &str| Refusal::new("import.node", format!("a card {what}"));
        let id = text(self.value, "id").ok_or_else(|| none("without an id that is a text"))?;
        let kind = text(self.value, "type").filter(|kind| is_kind(kind));
        let kind = kind.ok_or_else(|| none("that is no text, file, link or group"))?;
        let number = |name| number_of(self.value, name).ok_or_else(|| none("without x, y, width and height"));
        let (corner, size) = ([number("x")?, number("y")?], [number("width")?, number("height")?]);
        if size.iter().any(|side| *side < 0.0) {
            return Err(none("of a negative size"));
        }
        let at = self.page.point(sketch::middle(corner, size).map(round::height));
        let node = Node {
            id: self.desk.names.node(&id, record),
            at: Some(at),
            transform: Some(sketch::transform(&at, 0.0, None)),
            geometry: Some(sketch::rect(size, None)),
            properties: full(self.properties(&kind)),
            kind: Some(kind),
            ..Node::default()
        };
        record.drafts.push(sketch::node(sketch::stamp(self.value, self.desk)?, node));
        ids.insert(id);
        Ok(())
    }

    fn properties(&self, kind: &str) -> Object {
        let mut properties = Object::default();
        let label = self.label(kind);
        properties.text("label", label.as_deref());
        if label.is_some() {
            properties.number("font_size", FONT_SIZE);
        }
        let kept: &[&str] = match kind {
            "file" => &["file", "subpath"],
            "link" => &["url"],
            "group" => &["background", "backgroundStyle"],
            _ => &[],
        };
        for name in kept {
            properties.text(name, text(self.value, name).as_deref());
        }
        let color = color(self.value);
        if kind == "group" {
            properties.text("fill", Some("none")).text("stroke", Some(color.as_deref().unwrap_or(GROUP)));
        } else {
            properties.text("fill", color.as_deref()).text("stroke", color.as_deref());
        }
        properties
    }

    fn label(&self, kind: &str) -> Option<String> {
        let label = match kind {
            "text" => json_canvas::text(&text(self.value, "text")?),
            "file" => text(self.value, "file")?.rsplit('/').next().unwrap_or_default().to_owned(),
            "link" => text(self.value, "url")?,
            _ => text(self.value, "label")?,
        };
        (!label.is_empty()).then_some(label)
    }
}

fn is_kind(kind: &str) -> bool {
    matches!(kind, "text" | "file" | "link" | "group")
}

fn color(value: Value<'_, '_>) -> Option<String> {
    words(value, "color").map(|color| json_canvas::color(&color).to_owned())
}

fn edge(
    value: Value<'_, '_>,
    ids: &HashSet<String>,
    desk: &Desk,
    record: &mut Record,
) -> Result<(), Refusal> {
    let end = |name| {
        let id = text(value, name).filter(|id| ids.contains(id));
        let id = id.ok_or_else(|| Refusal::new("import.edge", format!("{name} is none of the cards")))?;
        Ok::<String, Refusal>(desk.names.known(&id))
    };
    let (mut from, mut to) = (end("fromNode")?, end("toNode")?);
    let ends_in = |name, shape: &str| value.get(name).is_some_and(|end| end.is_str(shape));
    // An edge points to its end, unless it says otherwise.
    if ends_in("fromEnd", "arrow") && ends_in("toEnd", "none") {
        std::mem::swap(&mut from, &mut to);
    }
    let mut properties = Object::default();
    properties.text("label", words(value, "label").as_deref()).text("stroke", color(value).as_deref());
    let link = Link { from, to, relation: None, properties: full(properties) };
    record.drafts.push(sketch::link(sketch::stamp(value, desk)?, link));
    Ok(())
}
