//! Our own extensions: spaces, layers, nodes, links and readings as they were written.
//!
//! All of them are named first, so that what hangs on another comes after it: spaces, layers, nodes with their media,
//! links, readings. What is carried is held to the rules of events, as anybody may have written it.

use std::collections::HashMap;

use ulp_core::id::{Tile, is_id, is_place};
use ulp_core::json::write::Object;
use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;

use super::{extension, extensions, held};
use crate::desk::Desk;
use crate::draft::{Draft, Envelope, Json, Link, Node, Reading, What};
use crate::pipe::Records;
use crate::record::Record;
use crate::sketch::{canonical, full, text};
use crate::time::{Said, Stamp};

const NODE: &str = "@ulp/node";
const LINK: &str = "@ulp/link";
const LAYER: &str = "@ulp/layer";
const SPACE: &str = "@ulp/space";
const SENSOR: &str = "@ulp/sensor";
const ALL: [&str; 5] = [NODE, LINK, LAYER, SPACE, SENSOR];
/// What a layer comes to, where a file does not say what it was given.
const LAYER_PROPERTIES: [&str; 4] = ["opacity", "order", "title", "visible"];
/// The role of media that no role is named of.
const ROLE: &str = "media";

/// Whether a node has one of our extensions.
pub fn is_own(node: Value<'_, '_>) -> bool {
    let is_ours = |kind: Value<'_, '_>| ALL.iter().any(|own| kind.is_str(own));
    extensions(node).any(|extension| extension.get("type").is_some_and(is_ours))
}

/// Reads a document.
pub fn read(nodes: &[Value<'_, '_>], desk: &Desk, records: &mut Records<'_, '_>) {
    let file = File::of(nodes, desk);
    let numbered = || (1..).zip(nodes.iter().copied());
    let of = |kind| numbered().filter_map(move |(number, node)| Some((number, node, extension(node, kind)?)));
    for (number, _, known) in of(SPACE) {
        records.of(number, |record| file.space(known, record));
    }
    for (number, node, known) in of(LAYER) {
        records.of(number, |record| file.layer(node, known, record));
    }
    for (number, _, known) in of(NODE) {
        records.of(number, |record| file.node(known, record));
    }
    for (number, node, known) in of(LINK) {
        records.of(number, |record| file.link(node, known, record));
    }
    for (number, _, known) in of(SPACE) {
        for sensor in known.get("sensors").into_iter().flat_map(Value::items) {
            records.of(number, |record| file.reading(known, sensor, record));
        }
    }
    for (number, _) in numbered().filter(|(_, node)| !is_own(*node)) {
        let mut record = Record { number, ..Record::default() };
        record.note("import.foreign", "a node of another program among ours");
        records.push(record);
    }
}

struct File<'f> {
    desk: &'f Desk,
    /// The space of each node of the file, by its id.
    spaces: HashMap<String, String>,
}

impl<'f> File<'f> {
    fn of(nodes: &[Value<'_, '_>], desk: &'f Desk) -> File<'f> {
        let mut spaces = HashMap::new();
        for node in nodes {
            let own = extension(*node, NODE).and_then(|known| text(known, "space_id"));
            let space = extension(*node, SPACE).and_then(|known| text(known, "space_id"));
            if let (Some(id), Some(space)) = (text(*node, "id"), own) {
                spaces.insert(id, space);
            }
            // What a space holds together is its own.
            let held = extension(*node, "@ocif/group").filter(|_| space.is_some());
            let members = held.and_then(|group| group.get("members")).into_iter().flat_map(Value::items);
            spaces
                .extend(members.filter_map(Value::as_text).zip(std::iter::repeat(space.unwrap_or_default())));
        }
        File { desk, spaces }
    }

    fn space(&self, known: Value<'_, '_>, record: &mut Record) -> Result<(), Refusal> {
        let space = place(text(known, "space_id"), "space_id")?;
        let Some(properties) = object(known, "properties")? else { return Ok(()) };
        let what = What::Properties { node_id: "@space".to_owned(), properties };
        self.push(Envelope { space, ..Envelope::default() }, what, record)
    }

    fn layer(&self, node: Value<'_, '_>, known: Value<'_, '_>, record: &mut Record) -> Result<(), Refusal> {
        let Some(layer) = place(text(known, "layer"), "layer")? else { return Ok(()) };
        let given = match known.get("properties") {
            Some(_) => object(known, "properties")?,
            None => worked_out(known),
        };
        let Some(properties) = given else { return Ok(()) };
        let space = place(self.space_of(node, known), "space_id")?;
        let what = What::Properties { node_id: format!("@layer:{layer}"), properties };
        self.push(Envelope { space, layer: Some(layer), ..Envelope::default() }, what, record)
    }

    /// The space that is named, else that of the group which holds the node of the file.
    fn space_of(&self, node: Value<'_, '_>, known: Value<'_, '_>) -> Option<String> {
        text(known, "space_id").or_else(|| self.spaces.get(&text(node, "id")?).cloned())
    }

    fn node(&self, known: Value<'_, '_>, record: &mut Record) -> Result<(), Refusal> {
        let id = text(known, "node_id").ok_or_else(|| wrong("node_id"))?;
        let id = self.desk.names.node(&id, record);
        for lost in ["angular_velocity", "velocity"] {
            if known.get(lost).is_some_and(|value| !value.is_null()) {
                let code = if lost == "velocity" { "import.velocity" } else { "import.angular_velocity" };
                record.note(code, "how a node moves is not kept");
            }
        }
        let mut scope = Object::default();
        for word in ["authority", "boundary"] {
            scope.raw(word, known.get(word).filter(|word| !word.is_null()).map(Value::raw));
        }
        let envelope = Envelope {
            actor: None,
            space: place(text(known, "space_id"), "space_id")?,
            layer: place(text(known, "layer"), "layer")?,
            tile: tile(known)?,
            scope: full(scope),
        };
        let media: Vec<(String, Json)> = members(known, "media");
        let own = |(role, _): &&(String, Json)| role == ROLE;
        let node = Node {
            id: id.clone(),
            kind: text(known, "kind"),
            transform: self.transform(known)?,
            geometry: object(known, "geometry")?,
            media: media.iter().find(own).map(|(_, media)| media.clone()),
            physics: object(known, "physics")?,
            properties: object(known, "properties")?,
            ..Node::default()
        };
        self.push(envelope.clone(), What::Node(Box::new(node)), record)?;
        for (role, media) in media.into_iter().filter(|(role, _)| role != ROLE) {
            self.push(envelope.clone(), What::Media { node_id: id.clone(), role, media }, record)?;
        }
        Ok(())
    }

    /// The transform as it was written, below a parent of the name that it has here.
    fn transform(&self, known: Value<'_, '_>) -> Result<Option<Json>, Refusal> {
        let Some(transform) = known.get("transform").filter(|transform| !transform.is_null()) else {
            return Ok(None);
        };
        if transform.kind() != Kind::Object {
            return Err(wrong("transform"));
        }
        let mut object = Object::default();
        for (name, value) in transform.members() {
            let name = name.as_text().unwrap_or_default();
            match value.as_text().filter(|_| name == "parent") {
                Some(parent) => object.text(&name, Some(&self.desk.names.known(&parent))),
                None => object.raw(&name, Some(value.raw())),
            };
        }
        Ok(full(object))
    }

    fn link(&self, node: Value<'_, '_>, known: Value<'_, '_>, record: &mut Record) -> Result<(), Refusal> {
        let end = |name| text(known, name).map(|end| self.desk.names.known(&end)).ok_or_else(|| wrong(name));
        let link = Link {
            from: end("from_node")?,
            to: end("to_node")?,
            relation: text(known, "relation").filter(|relation| relation != "link"),
            properties: object(known, "properties")?,
        };
        let start = || text(extension(node, "@ocif/edge")?, "start");
        let space = text(known, "space_id").or_else(|| self.spaces.get(&start()?).cloned());
        let envelope = Envelope { space: place(space, "space_id")?, ..Envelope::default() };
        self.push(envelope, What::Link(Box::new(link)), record)
    }

    fn reading(
        &self,
        space: Value<'_, '_>,
        known: Value<'_, '_>,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        let actor = text(known, "actor_id").filter(|actor| is_id(actor)).ok_or_else(|| wrong("actor_id"))?;
        let value = known.get("value").ok_or_else(|| wrong("value"))?;
        let reading = Reading {
            sensor: text(known, "sensor").ok_or_else(|| wrong("sensor"))?,
            value: canonical(value),
            unit: text(known, "unit"),
            node_id: text(known, "node_id").map(|node| self.desk.names.known(&node)),
            position: known.get("position").filter(|position| !position.is_null()).map(canonical),
            ..Reading::default()
        };
        let envelope = Envelope {
            actor: Some(actor),
            space: place(text(space, "space_id"), "space_id")?,
            layer: place(text(known, "layer_id"), "layer_id")?,
            tile: tile(known)?,
            scope: None,
        };
        let time = self.desk.times.read(Said::json(known.get("timestamp")))?;
        let stamp = time.map_or_else(|| self.desk.times.of_all(), Stamp::Own);
        push(Draft { envelope, stamp, what: What::Reading(Box::new(reading)) }, record)
    }

    fn push(&self, envelope: Envelope, what: What, record: &mut Record) -> Result<(), Refusal> {
        push(Draft { envelope, stamp: self.desk.times.of_all(), what }, record)
    }
}

/// Adds a draft, if it is an event.
fn push(draft: Draft, record: &mut Record) -> Result<(), Refusal> {
    held::check(&draft)?;
    record.drafts.push(draft);
    Ok(())
}

fn wrong(member: &str) -> Refusal {
    Refusal::new("import.node", format!("{member} is missing, or is none"))
}

/// The name of a space or a layer, if there is one.
fn place(name: Option<String>, member: &str) -> Result<Option<String>, Refusal> {
    match name {
        Some(name) if !is_place(&name) => Err(wrong(member)),
        name => Ok(name),
    }
}

fn tile(known: Value<'_, '_>) -> Result<Option<Tile>, Refusal> {
    let Some(tile) = text(known, "tile") else { return Ok(None) };
    Tile::parse(&tile).map(Some).ok_or_else(|| wrong("tile"))
}

/// A member that is an object, unless it is empty.
fn object(known: Value<'_, '_>, name: &'static str) -> Result<Option<Json>, Refusal> {
    match known.get(name).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) if value.kind() != Kind::Object => Err(wrong(name)),
        Some(value) if value.is_empty() => Ok(None),
        Some(value) => Ok(Some(canonical(value))),
    }
}

/// The members of a member that is an object, but for what is null.
fn members(known: Value<'_, '_>, name: &str) -> Vec<(String, Json)> {
    let members = known.get(name).into_iter().flat_map(Value::members).filter(|(_, value)| !value.is_null());
    members.filter_map(|(name, value)| Some((name.as_text()?, canonical(value)))).collect()
}

/// What a layer came to, as if that had been given.
fn worked_out(known: Value<'_, '_>) -> Option<Json> {
    let mut properties = Object::default();
    for name in LAYER_PROPERTIES {
        properties.raw(name, known.get(name).filter(|value| !value.is_null()).map(Value::raw));
    }
    full(properties)
}
