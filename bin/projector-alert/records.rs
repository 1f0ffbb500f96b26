//! Messages as JSON lines: CAP's names as members, in the order of RFC 8785.

use crate::area::Area;
use crate::times;
use crate::told::Told;
use ulp_core::json::write::{Items, Members, Object, write_texts};
use ulp_core::state::write_key;
use ulp_view::record::Record;

/// The record of a message; with the keys behind what it says, if that is wanted.
pub fn write(told: &Told<'_>, provenance: bool, out: &mut Vec<u8>) {
    let message = told.message;
    let mut line = Members::open(out);
    if provenance {
        line.raw("clock", Some(&clock(told)), out);
    }
    line.text("identifier", &message.identifier, out);
    line.text("incidents", &message.incidents, out);
    line.name("info", out);
    out.push(b'[');
    write_info(told, out);
    out.push(b']');
    line.text("msgType", message.kind.as_str(), out);
    maybe("references", told.references().as_deref(), &mut line, out);
    maybe("restriction", told.restriction(), &mut line, out);
    line.text("scope", told.scope(), out);
    line.text("sender", &message.sender, out);
    line.text("sent", &times::cap(message.sent()), out);
    line.text("status", told.status.as_str(), out);
    line.end_line(out);
}

fn write_info(told: &Told<'_>, out: &mut Vec<u8>) {
    let info = &told.info;
    let mut line = Members::open(out);
    line.name("area", out);
    write_area(told, out);
    line.name("category", out);
    write_texts(info.category.iter().copied(), out);
    line.text("certainty", info.certainty, out);
    maybe("contact", info.contact.as_deref(), &mut line, out);
    maybe("description", info.description.as_deref(), &mut line, out);
    line.text("event", &info.event, out);
    maybe("expires", info.expires.map(times::cap).as_deref(), &mut line, out);
    maybe("headline", info.headline.as_deref(), &mut line, out);
    maybe("instruction", info.instruction.as_deref(), &mut line, out);
    maybe("language", info.language.as_deref(), &mut line, out);
    maybe("onset", info.onset.map(times::cap).as_deref(), &mut line, out);
    line.name("parameter", out);
    write_parameters(told, out);
    if !told.response().is_empty() {
        line.name("responseType", out);
        write_texts(told.response().iter().copied(), out);
    }
    maybe("senderName", info.sender_name.as_deref(), &mut line, out);
    line.text("severity", info.severity, out);
    line.text("urgency", info.urgency, out);
    maybe("web", info.web.as_deref(), &mut line, out);
    line.close(out);
}

fn write_area(told: &Told<'_>, out: &mut Vec<u8>) {
    out.push(b'[');
    let mut line = Members::open(out);
    line.text("areaDesc", &told.info.area_desc, out);
    let (name, list) = match &*told.message.area {
        Area::Circle(text) => ("circle", std::slice::from_ref(text)),
        Area::Polygons(list) => ("polygon", list.as_slice()),
    };
    line.name(name, out);
    write_texts(list.iter().map(String::as_str), out);
    line.close(out);
    out.push(b']');
}

fn write_parameters(told: &Told<'_>, out: &mut Vec<u8>) {
    let mut list = Items::open(out);
    for (name, value) in told.parameters() {
        list.next(out);
        let mut line = Members::open(out);
        line.text("value", value, out);
        line.text("valueName", name, out);
        line.close(out);
    }
    list.close(out);
}

fn maybe(name: &str, text: Option<&str>, line: &mut Members, out: &mut Vec<u8>) {
    if let Some(text) = text {
        line.text(name, text, out);
    }
}

/// The key behind each register that it was made of, by the register's name.
fn clock(told: &Told<'_>) -> String {
    let mut object = Object::default();
    for said in told.message.lore.all() {
        object.member(&said.slot.register(), |out| write_key(said.key, out));
    }
    object.json()
}

/// The record as it is followed.
pub fn record(told: &Told<'_>, provenance: bool) -> Record {
    let (mut text, mut tombstone) = (Vec::new(), Vec::new());
    write(told, provenance, &mut text);
    let mut line = Members::open(&mut tombstone);
    line.boolean("gone", true, &mut tombstone);
    line.text("identifier", &told.message.identifier, &mut tombstone);
    line.end_line(&mut tombstone);
    Record { id: told.message.identifier.clone().into_bytes(), text, tombstone }
}
