//! Messages as CAP 1.2 has them, alone and in an Atom feed.

use crate::area::Area;
use crate::info::Info;
use crate::times;
use crate::told::Told;
use std::io;
use ulp_view::xml::Xml;

const CAP: &str = "urn:oasis:names:tc:emergency:cap:1.2";
const ATOM: &str = "http://www.w3.org/2005/Atom";
const MEDIA_TYPE: &str = "application/cap+xml";

/// A message as a document of its own.
pub fn document(told: &Told<'_>) -> io::Result<Vec<u8>> {
    let mut xml = Xml::new(Vec::new());
    xml.declare()?;
    alert(told, &mut xml)?;
    Ok(xml.into_inner())
}

/// Messages in order as a feed, the newest first.
pub fn feed(messages: &[Told<'_>], out: &mut impl io::Write) -> io::Result<()> {
    let mut xml = Xml::new(out);
    xml.declare()?;
    xml.open("feed", &[("xmlns", ATOM)])?;
    xml.leaf("id", &[], "urn:ulp:alerts")?;
    xml.leaf("title", &[], "Alerts")?;
    // A feed must say when it last changed; an empty one never did.
    xml.leaf("updated", &[], &times::utc(messages.last().map_or(0, |told| told.message.sent())))?;
    xml.open("author", &[])?;
    xml.leaf("name", &[], "projector-alert")?;
    xml.close()?;
    messages.iter().rev().try_for_each(|told| entry(told, &mut xml))?;
    xml.close()
}

fn entry<W: io::Write>(told: &Told<'_>, xml: &mut Xml<W>) -> io::Result<()> {
    xml.open("entry", &[])?;
    xml.leaf("id", &[], &format!("urn:ulp:{}", told.message.identifier))?;
    xml.leaf("title", &[], told.info.title())?;
    xml.leaf("updated", &[], &times::utc(told.message.sent()))?;
    xml.open("content", &[("type", MEDIA_TYPE)])?;
    alert(told, xml)?;
    xml.close()?;
    xml.close()
}

fn alert<W: io::Write>(told: &Told<'_>, xml: &mut Xml<W>) -> io::Result<()> {
    let message = told.message;
    xml.open("alert", &[("xmlns", CAP)])?;
    xml.leaf("identifier", &[], &message.identifier)?;
    xml.leaf("sender", &[], &message.sender)?;
    xml.leaf("sent", &[], &times::cap(message.sent()))?;
    xml.leaf("status", &[], told.status.as_str())?;
    xml.leaf("msgType", &[], message.kind.as_str())?;
    xml.leaf("scope", &[], told.scope())?;
    maybe("restriction", told.restriction(), xml)?;
    maybe("references", told.references().as_deref(), xml)?;
    xml.leaf("incidents", &[], &message.incidents)?;
    info(told, xml)?;
    xml.close()
}

fn info<W: io::Write>(told: &Told<'_>, xml: &mut Xml<W>) -> io::Result<()> {
    let info: &Info = &told.info;
    xml.open("info", &[])?;
    maybe("language", info.language.as_deref(), xml)?;
    info.category.iter().try_for_each(|word| xml.leaf("category", &[], word))?;
    xml.leaf("event", &[], &info.event)?;
    told.response().iter().try_for_each(|word| xml.leaf("responseType", &[], word))?;
    xml.leaf("urgency", &[], info.urgency)?;
    xml.leaf("severity", &[], info.severity)?;
    xml.leaf("certainty", &[], info.certainty)?;
    maybe("onset", info.onset.map(times::cap).as_deref(), xml)?;
    maybe("expires", info.expires.map(times::cap).as_deref(), xml)?;
    maybe("senderName", info.sender_name.as_deref(), xml)?;
    maybe("headline", info.headline.as_deref(), xml)?;
    maybe("description", info.description.as_deref(), xml)?;
    maybe("instruction", info.instruction.as_deref(), xml)?;
    maybe("web", info.web.as_deref(), xml)?;
    maybe("contact", info.contact.as_deref(), xml)?;
    for (name, value) in told.parameters() {
        xml.open("parameter", &[])?;
        xml.leaf("valueName", &[], name)?;
        xml.leaf("value", &[], value)?;
        xml.close()?;
    }
    xml.open("area", &[])?;
    xml.leaf("areaDesc", &[], &info.area_desc)?;
    match &*told.message.area {
        Area::Circle(text) => xml.leaf("circle", &[], text)?,
        Area::Polygons(list) => list.iter().try_for_each(|text| xml.leaf("polygon", &[], text))?,
    }
    xml.close()?;
    xml.close()
}

fn maybe<W: io::Write>(name: &str, text: Option<&str>, xml: &mut Xml<W>) -> io::Result<()> {
    text.map_or(Ok(()), |text| xml.leaf(name, &[], text))
}
