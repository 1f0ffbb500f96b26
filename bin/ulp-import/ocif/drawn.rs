//! What any program draws: shapes, arrows, edges and groups, with their text and pictures.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use ulp_core::json::Value;
use ulp_core::json::write::{Object, write_texts};
use ulp_core::report::Refusal;

use super::shape::{self, Shape};
use super::{extension, extensions};
use crate::desk::Desk;
use crate::draft::{Json, Link, Node};
use crate::excalidraw::Picture;
use crate::pipe::Records;
use crate::record::Record;
use crate::sketch::{self, Page, Settings, full, number_of, text, words};

/// The names of an extension, the newest first.
type Names = [&'static str; 2];
const EDGE: Names = ["@ocif/edge", "@ocif/rel/edge"];
const GROUP: Names = ["@ocif/group", "@ocif/rel/group"];
/// What was a group without a place until 0.4.
const SET: &str = "@ocif/rel/set";
const TEXT_STYLE: Names = ["@ocif/textstyle", "@ocif/node/textstyle"];
/// The kind of what has no shape of its own.
const KIND: &str = "node";

/// Reads a document: its nodes in their order, then its edges.
///
/// # Errors
/// It is no document of the format.
pub fn read(
    top: Value<'_, '_>,
    nodes: &[Value<'_, '_>],
    desk: &Desk,
    records: &mut Records<'_, '_>,
) -> Result<(), Refusal> {
    let relations = sketch::list(top, "relations")?;
    let all = || (1..).zip(nodes.iter().chain(&relations).copied());
    let drawing = Drawing {
        page: Page::of(desk),
        desk,
        groups: groups(all().map(|(_, thing)| thing)),
        resources: resources(top)?,
    };
    Settings::default().record(drawing.page, desk).into_iter().for_each(|record| records.push(record));
    let mut ids = HashSet::new();
    for (number, node) in (1..).zip(nodes.iter().copied()).filter(|(_, node)| !is_related(*node)) {
        records.of(number, |record| drawing.node(node, record, &mut ids));
    }
    for (number, thing) in all().filter(|(_, thing)| newest(*thing, EDGE).is_some()) {
        records.of(number, |record| drawing.edge(thing, &ids, record));
    }
    for (number, _) in (nodes.len() as u64 + 1..).zip(&relations).filter(|(_, thing)| !is_related(**thing)) {
        let mut record = Record { number, ..Record::default() };
        record.note("import.relation", "a relation that is no edge and no group");
        records.push(record);
    }
    let is_held = |thing: Value<'_, '_>| text(thing, "id").is_some_and(|id| drawing.groups.contains_key(&id));
    for (number, _) in all().filter(|(_, thing)| is_related(*thing) && is_held(*thing)) {
        let mut record = Record { number, ..Record::default() };
        record.note("import.group", "a group within a group, or an edge");
        records.push(record);
    }
    Ok(())
}

/// Whether a thing only says how others hang together: an edge, or a group without a place.
fn is_related(thing: Value<'_, '_>) -> bool {
    let is_group = newest(thing, GROUP).is_some() || extension(thing, SET).is_some();
    newest(thing, EDGE).is_some() || is_group && thing.get("position").is_none()
}

fn newest<'t, 'a>(thing: Value<'t, 'a>, names: Names) -> Option<Value<'t, 'a>> {
    names.iter().find_map(|name| extension(thing, name))
}

/// The groups of each member, in their order.
fn groups<'t, 'a>(things: impl Iterator<Item = Value<'t, 'a>>) -> HashMap<String, Vec<String>> {
    let mut groups: HashMap<String, Vec<String>> = HashMap::new();
    for thing in things {
        let group = newest(thing, GROUP).or_else(|| extension(thing, SET));
        let members = group.and_then(|group| group.get("members")).into_iter().flat_map(Value::items);
        let Some(id) = text(thing, "id") else { continue };
        for member in members.filter_map(Value::as_text) {
            let of = groups.entry(member).or_default();
            if of.last() != Some(&id) {
                of.push(id.clone());
            }
        }
    }
    groups
}

/// What nodes show inside.
struct Resource<'t, 'a> {
    representations: Value<'t, 'a>,
    /// What of it is shown, once a node has asked.
    content: OnceCell<Content>,
}

struct Content {
    words: Option<String>,
    picture: Option<Picture>,
}

impl Content {
    fn of(representations: Value<'_, '_>) -> Content {
        let is_text = |each| mime(each).is_none_or(|mime| mime.starts_with("text/plain"));
        let plain = |each| words(each, "content").filter(|_| is_text(each));
        let held = |each| Picture::held(&text(each, "location")?, mime(each));
        Content {
            words: representations.items().find_map(plain),
            picture: representations.items().find_map(held),
        }
    }
}

/// The resources of a document, by their ids.
fn resources<'t, 'a>(top: Value<'t, 'a>) -> Result<BTreeMap<String, Resource<'t, 'a>>, Refusal> {
    let resources = sketch::list(top, "resources")?.into_iter().filter_map(|resource| {
        let representations = resource.get("representations")?;
        Some((text(resource, "id")?, Resource { representations, content: OnceCell::new() }))
    });
    Ok(resources.collect())
}

struct Drawing<'d, 't, 'a> {
    page: Page,
    desk: &'d Desk,
    groups: HashMap<String, Vec<String>>,
    resources: BTreeMap<String, Resource<'t, 'a>>,
}

impl Drawing<'_, '_, '_> {
    fn node(
        &self,
        node: Value<'_, '_>,
        record: &mut Record,
        ids: &mut HashSet<String>,
    ) -> Result<(), Refusal> {
        let id = text(node, "id").ok_or_else(|| Refusal::new("import.node", "no id that is a text"))?;
        let Shape { kind, at, transform, geometry, lines, extension: drawn } = shape::of(node, self.page)?;
        note_others(node, record);
        let mut properties = Object::default();
        shape::looks(drawn, lines, &mut properties);
        let media = self.content(node, &mut properties, record);
        self.style(node, &mut properties);
        if let Some(groups) = self.groups.get(&id) {
            properties.member("groups", |out| write_texts(groups.iter().map(String::as_str), out));
        }
        let kind = kind.map(str::to_owned).or_else(|| self.desk.kind.clone());
        let node_draft = Node {
            id: self.desk.names.node(&id, record),
            kind: Some(kind.unwrap_or_else(|| KIND.to_owned())),
            at: Some(at),
            transform: Some(transform),
            geometry: Some(geometry),
            media,
            properties: full(properties),
            ..Node::default()
        };
        record.drafts.push(sketch::node(sketch::stamp(node, self.desk)?, node_draft));
        ids.insert(id);
        Ok(())
    }

    /// What a node shows inside: plain text is its label, a picture its medium.
    fn content(&self, node: Value<'_, '_>, properties: &mut Object, record: &mut Record) -> Option<Json> {
        let id = text(node, "resource")?;
        let Some(resource) = self.resources.get(&id) else {
            record.note("import.resource", "a resource that is not there");
            return None;
        };
        let Content { words, picture } =
            resource.content.get_or_init(|| Content::of(resource.representations));
        properties.text("label", words.as_deref());
        if words.is_none() && picture.is_none() {
            record
                .note("import.resource", "a resource that is neither plain text nor a picture that it holds");
        }
        Some(picture.as_ref()?.medium(record))
    }

    /// How the text of a node is written.
    fn style(&self, node: Value<'_, '_>, properties: &mut Object) {
        let size = newest(node, TEXT_STYLE).and_then(|style| number_of(style, "fontSizePx"));
        if let Some(size) = size.filter(|size| *size > 0.0) {
            properties.number("font_size", size);
        }
    }

    fn edge(&self, thing: Value<'_, '_>, ids: &HashSet<String>, record: &mut Record) -> Result<(), Refusal> {
        let edge = newest(thing, EDGE).unwrap_or(thing);
        let end = |name| {
            let id = text(edge, name).filter(|id| ids.contains(id));
            let id = id.ok_or_else(|| Refusal::new("import.edge", format!("{name} is none of the nodes")))?;
            Ok::<String, Refusal>(self.desk.names.known(&id))
        };
        let (from, to) = (end("start")?, end("end")?);
        let mut properties = Object::default();
        if let Some(arrow) = extension(thing, "@ocif/arrow").or_else(|| extension(thing, "@ocif/node/arrow"))
        {
            shape::given_lines(arrow, &mut properties);
        }
        if thing.get("resource").is_some() {
            self.content(thing, &mut properties, record);
        }
        let relation = words(edge, "rel").filter(|relation| relation != "link");
        let link = Link { from, to, relation, properties: full(properties) };
        record.drafts.push(sketch::link(sketch::stamp(thing, self.desk)?, link));
        Ok(())
    }
}

/// What a representation is, in both spellings that programs write.
fn mime(representation: Value<'_, '_>) -> Option<String> {
    text(representation, "mimeType").or_else(|| text(representation, "mime-type"))
}

/// Notes the extensions of a node of which nothing is kept.
fn note_others(node: Value<'_, '_>, record: &mut Record) {
    let is_kept = |kind: &str| {
        let known = EDGE.iter().chain(&GROUP).chain(&TEXT_STYLE);
        shape::is_shape(kind) || known.into_iter().any(|name| *name == kind)
    };
    for extension in extensions(node) {
        let kind = text(extension, "type").unwrap_or_default();
        if !is_kept(&kind) {
            record.note("import.extension", kind);
        }
    }
}
