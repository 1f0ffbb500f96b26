//! One self-contained page: the drawing, its history, and the script that shows both.
//!
//! Nothing is fetched: a content policy forbids every request, and lets run the page's own script alone, by its
//! hash. What events wrote stands in one JSON text that no event can end, and the script puts it into the page as
//! text.

use crate::blobs::{Blobs, base64};
use crate::scene::Scene;
use crate::svg::escape;
use std::collections::BTreeMap;
use ulp::cli::trace::View;
use ulp::event::RegisterKind;
use ulp::hash::Sha256;
use ulp::id::Tile;
use ulp::json::{self, Tape, write_string};
use ulp::replay;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const DRAWING: &str = include_str!("page/drawing.js");
const SCRIPT: &str = include_str!("page/page.js");

/// Writes the page of all spaces of a view.
pub fn write(
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    blobs: &Blobs,
    takes_tile: impl Fn(Tile) -> bool,
) -> Vec<u8> {
    let script = [replay::SCRIPT, DRAWING, SCRIPT].concat();
    let mut title = String::new();
    let titles: Vec<&str> = scenes.iter().map(|s| s.title.as_deref().unwrap_or(s.space)).collect();
    escape(&titles.join(", "), &mut title);
    let mut data = Vec::new();
    replay::write_for_html(&embedded(view, scenes, blobs, takes_tile), &mut data);
    let parts = [
        ("title", title.into_bytes()),
        ("style-hash", source(STYLE)),
        ("script-hash", source(&script)),
        ("style", STYLE.as_bytes().to_vec()),
        ("script", script.clone().into_bytes()),
        ("data", data),
    ];
    filled(PAGE, &parts.into_iter().collect())
}

/// A page with its `{{names}}` replaced, each in one pass, so that nothing that was put in is looked at again.
fn filled(page: &str, parts: &BTreeMap<&str, Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{") {
        out.extend_from_slice(before.as_bytes());
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        out.extend_from_slice(parts.get(name).map_or(&[], Vec::as_slice));
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// The name of an inline script or style in a content policy.
fn source(text: &str) -> Vec<u8> {
    format!("'sha256-{}'", base64(&Sha256::of(text.as_bytes()).0)).into_bytes()
}

/// What the script reads: `{"filter":{…},"pictures":{reference: data URL},"spaces":[history,…]}`.
fn embedded(
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    blobs: &Blobs,
    takes_tile: impl Fn(Tile) -> bool,
) -> Vec<u8> {
    let filter = view.filter;
    let mut out = b"{\"filter\":{\"layers\":".to_vec();
    write_list(filter.layers.iter().map(String::as_str), &mut out);
    out.extend_from_slice(b",\"authorities\":");
    write_list(filter.authorities.iter().map(|a| a.as_str()), &mut out);
    out.extend_from_slice(b",\"boundaries\":");
    write_list(filter.boundaries.iter().map(|b| b.as_str()), &mut out);
    out.extend_from_slice(b"},\"pictures\":{");
    for (i, (reference, data)) in pictures(scenes, blobs).iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(reference, &mut out);
        out.push(b':');
        write_string(data, &mut out);
    }
    out.extend_from_slice(b"},\"spaces\":[");
    for (i, scene) in scenes.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        replay::write(view.world, filter, scene.space, &takes_tile, &mut out);
    }
    out.extend_from_slice(b"]}");
    out
}

fn write_list<'t>(texts: impl Iterator<Item = &'t str>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (i, text) in texts.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(text, out);
    }
    out.push(b']');
}

/// The pictures that the nodes show at the end, as data URLs, by reference.
fn pictures(scenes: &[Scene<'_, '_>], blobs: &Blobs) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for item in scenes.iter().flat_map(|s| &s.items) {
        let media = item.node.keyed(RegisterKind::Media);
        let raws = media.iter().map(|w| w.value).chain(item.node.plain(RegisterKind::Geometry));
        for reference in raws.filter_map(reference_in) {
            if let Some(picture) = blobs.picture(&reference) {
                found.insert(reference, format!("data:{};base64,{}", picture.mime, base64(&picture.bytes)));
            }
        }
    }
    found
}

/// The member `ref` of a raw JSON object.
pub fn reference_in(raw: &str) -> Option<String> {
    let mut tape = Tape::new();
    let object = tape.parse_any(raw, json::STATE_DEPTH).ok()?;
    object.get("ref").map(|text| text.chars().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        let parts = [("a", b"{{b}}".to_vec()), ("b", b"no".to_vec())];
        assert_eq!(filled("<{{a}}|{{c}}>", &parts.into_iter().collect()), b"<{{b}}|>");
    }

    #[test]
    fn every_part_of_the_page_is_known() {
        for name in PAGE.split("{{").skip(1).filter_map(|part| part.split("}}").next()) {
            let known = ["title", "style", "script", "style-hash", "script-hash", "data"];
            assert!(known.contains(&name), "{name}");
        }
    }

    #[test]
    fn no_script_ends_itself() {
        for script in [replay::SCRIPT, DRAWING, SCRIPT] {
            assert!(!script.contains("</script") && !script.contains("<!--"));
            assert!(!script.contains("innerHTML") && !script.contains("eval("));
        }
    }
}
