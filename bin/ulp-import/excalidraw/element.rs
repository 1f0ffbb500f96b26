//! An element of a drawing as a node or a link.

use ulp_core::json::write::{Object, write_texts};
use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;

use super::Drawing;
use super::outline::{self, FONT_SIZE, Outline};
use crate::draft::{Link, Node};
use crate::ids::hash;
use crate::record::Record;
use crate::sketch::{self, full, number_of, text, words};

/// What an element looks like that says nothing: as Excalidraw's own.
const STROKE: &str = "#1e1e1e";
const STROKE_WIDTH: f64 = 2.0;
const OPAQUE: f64 = 100.0;

#[derive(Clone, Copy)]
pub struct Element<'t, 'a> {
    /// The how-manyth it is.
    pub number: u64,
    pub value: Value<'t, 'a>,
}

impl Element<'_, '_> {
    pub fn is(&self, kind: &str) -> bool {
        self.value.get("type").is_some_and(|value| value.is_str(kind))
    }

    /// Its id; one that programs left out is made of a hash of it.
    pub fn id(&self) -> Option<String> {
        match self.value.get("id").filter(|id| !id.is_null()) {
            Some(id) => id.as_text(),
            None => Some(format!("e-{}", hash(&sketch::canonical(self.value)))),
        }
    }

    pub fn is_deleted(&self) -> bool {
        self.value.get("isDeleted").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether a text may stand in it.
    pub fn holds_text(&self) -> bool {
        ["rectangle", "diamond", "ellipse", "arrow"].iter().any(|kind| self.is(kind))
    }

    /// Whether it becomes a node, whatever else there is.
    pub fn is_fixed(&self) -> bool {
        !self.is("arrow") && text(self.value, "type").is_some_and(|kind| is_kind(&kind))
    }

    fn stroke(&self) -> String {
        let stroke = words(self.value, "strokeColor").unwrap_or_else(|| STROKE.to_owned());
        if stroke == "transparent" { "none".to_owned() } else { stroke }
    }

    fn fill(&self) -> String {
        let fill = words(self.value, "backgroundColor").filter(|fill| fill != "transparent");
        fill.unwrap_or_else(|| "none".to_owned())
    }

    /// How lines are drawn.
    fn lines(&self, properties: &mut Object) {
        properties.text("stroke", Some(&self.stroke()));
        properties.number("stroke_width", number_of(self.value, "strokeWidth").unwrap_or(STROKE_WIDTH));
        let style = words(self.value, "strokeStyle").filter(|style| style != "solid");
        properties.text("stroke_style", style.as_deref());
    }

    /// What any element may say.
    fn common(&self, properties: &mut Object) {
        if let Some(opacity) = number_of(self.value, "opacity").filter(|opacity| *opacity != OPAQUE) {
            properties.number("opacity", opacity / OPAQUE);
        }
        properties.text("url", words(self.value, "link").as_deref());
        let groups = self.value.get("groupIds").filter(|groups| groups.kind() == Kind::Array);
        let groups: Vec<String> =
            groups.into_iter().flat_map(Value::items).filter_map(Value::as_text).collect();
        if !groups.is_empty() {
            properties.member("groups", |out| write_texts(groups.iter().map(String::as_str), out));
        }
    }
}

/// The elements that a drawing is made of.
fn is_kind(kind: &str) -> bool {
    const KINDS: [&str; 13] = [
        "rectangle",
        "frame",
        "magicframe",
        "image",
        "embeddable",
        "iframe",
        "diamond",
        "ellipse",
        "line",
        "arrow",
        "freedraw",
        "draw",
        "text",
    ];
    KINDS.contains(&kind)
}

impl Drawing<'_, '_, '_> {
    /// An element that stands for itself.
    pub fn node(&self, place: usize, element: Element<'_, '_>, record: &mut Record) -> Result<(), Refusal> {
        let none = |what: &str| Refusal::new("import.element", what.to_owned());
        let id = element.id().ok_or_else(|| none("an id that is no text"))?;
        let kind = text(element.value, "type").filter(|kind| is_kind(kind));
        let kind = kind.ok_or_else(|| none("no type that is known"))?;
        let Outline { at, clockwise, geometry } = outline::of(element.value, &kind, self.page, record)?;
        let media = if kind == "image" { self.files.media(element.value, record) } else { None };
        let node = Node {
            id: self.desk.names.node(&id, record),
            at: Some(at),
            transform: Some(sketch::transform(&at, self.page.degrees(clockwise.to_degrees()), None)),
            geometry: Some(geometry),
            media,
            properties: full(self.properties(place, &element, &kind)),
            kind: Some(kind),
            ..Node::default()
        };
        record.drafts.push(sketch::node(sketch::stamp(element.value, self.desk)?, node));
        Ok(())
    }

    /// An arrow between two nodes.
    pub fn link(
        &self,
        place: usize,
        element: Element<'_, '_>,
        [mut from, mut to]: [String; 2],
        record: &mut Record,
    ) -> Result<(), Refusal> {
        outline::note_curve(element.value, "arrow", record);
        let has_head = |name| element.value.get(name).is_some_and(|head| !head.is_null());
        if has_head("startArrowhead") && !has_head("endArrowhead") {
            std::mem::swap(&mut from, &mut to);
        }
        let mut properties = Object::default();
        element.lines(&mut properties);
        element.common(&mut properties);
        properties.text("label", self.label(place).as_deref());
        let link = Link { from, to, relation: None, properties: full(properties) };
        record.drafts.push(sketch::link(sketch::stamp(element.value, self.desk)?, link));
        Ok(())
    }

    /// What the text in an element says, unwrapped.
    fn label(&self, place: usize) -> Option<String> {
        let value = *self.labels.get(&place)?;
        words(value, "originalText").or_else(|| words(value, "text"))
    }

    fn properties(&self, place: usize, element: &Element<'_, '_>, kind: &str) -> Object {
        let mut properties = Object::default();
        match kind {
            "text" => {
                properties.text("fill", Some(&element.stroke()));
            }
            "image" => {
                properties.text("fill", Some("none")).text("stroke", Some("none"));
            }
            _ if outline::is_stroke(kind) => {
                element.lines(&mut properties);
                if kind == "line" && outline::is_closed(element.value) {
                    properties.text("fill", Some(&element.fill()));
                }
            }
            _ => {
                element.lines(&mut properties);
                properties.text("fill", Some(&element.fill()));
            }
        }
        element.common(&mut properties);
        let frame = words(element.value, "frameId").map(|frame| self.desk.names.known(&frame));
        properties.text("frame", frame.as_deref());
        let label = self.label(place);
        if label.is_some() {
            let size = self.labels.get(&place).and_then(|value| number_of(*value, "fontSize"));
            properties.number("font_size", size.unwrap_or(FONT_SIZE));
        }
        properties.text("label", label.or_else(|| words(element.value, "name")).as_deref());
        properties
    }
}
