//! One self-contained page: a drawing, its history, and the script that shows both.
//!
//! Nothing is fetched: a content policy forbids every request, and lets run the page's own script alone, by its
//! hash. What events wrote stands in one JSON text that no event can end, and the script puts it into the page as
//! text. What differs between projectors is the class `Drawing`, which each brings along.

use crate::history::{Effect, Resolved};
use crate::style::{Paint, paint};
use crate::{View, consent};
use data_encoding::BASE64;
use std::collections::BTreeMap;
use ulp_core::hash::Sha256;
use ulp_core::id::Tile;
use ulp_core::json::write::{Items, Members};
use ulp_core::json::{raw, write_string};
use ulp_core::text;

pub mod history;
mod prepared;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const COMMON: &str = include_str!("common.js");
/// How each script begins, and the whole of them once.
const STRICT: &str = "\"use strict\";\n";
/// What readers do with the page, by subject; the last begins.
const SCRIPTS: [&str; 7] = [
    include_str!("clock.js"),
    include_str!("chart.js"),
    include_str!("details.js"),
    include_str!("search.js"),
    include_str!("legend.js"),
    include_str!("share.js"),
    include_str!("page.js"),
];

/// What a projector brings to its page.
pub struct Page<'p> {
    pub title: &'p str,
    /// The keys that the drawing answers to, in words.
    pub help: &'p str,
    /// The scripts of its class `Drawing`, one after the other.
    pub drawing: &'p [&'p str],
    /// What its parts look like beyond what all pages have.
    pub style: &'p str,
    /// The options that choose what is seen of the trace, as a command line has them.
    pub options: &'p [String],
    /// What that is given besides the canvas, as JSON.
    pub data: &'p [u8],
    /// Whether that draws the shapes of the plane.
    pub shapes: bool,
}

/// Writes the page of all spaces of a view; `histories` are theirs.
pub fn write(
    view: &View<'_, '_>,
    page: &Page<'_>,
    histories: &[Resolved<'_>],
    takes_tile: impl Fn(Tile) -> bool,
) -> Vec<u8> {
    let scripts = [&[history::SCRIPT, COMMON], page.drawing, &SCRIPTS].concat();
    // In the midst of a script a directive would be a statement without effect.
    let bodies = scripts.iter().map(|script| script.strip_prefix(STRICT).unwrap_or(script));
    let script: String = std::iter::once(STRICT).chain(bodies).collect();
    let style = [STYLE, page.style].concat();
    let mut data = Vec::new();
    text::write_for_html(&embedded(view, page, histories, takes_tile), &mut data);
    let parts = [
        (
            "title",
            text::html_text(if page.title.is_empty() { "An empty world" } else { page.title }).into_bytes(),
        ),
        ("help", text::html_text(page.help).into_bytes()),
        ("style-hash", source(&style)),
        ("script-hash", source(&script)),
        ("style", style.into_bytes()),
        ("script", script.into_bytes()),
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
    format!("'sha256-{}'", BASE64.encode(&Sha256::of(text.as_bytes()).0)).into_bytes()
}

/// What the script reads: `{"filter":{…},"options":[…],"drawing":…,"spaces":[history,…],"prepared":[…],"colors":{…}}`.
fn embedded(
    view: &View<'_, '_>,
    page: &Page<'_>,
    histories: &[Resolved<'_>],
    takes_tile: impl Fn(Tile) -> bool,
) -> Vec<u8> {
    let filter = view.filter;
    let mut out = Vec::new();
    let mut whole = Members::open(&mut out);
    whole.name("filter", &mut out);
    let mut members = Members::open(&mut out);
    members.texts("layers", filter.layers.iter().map(String::as_str), &mut out);
    members.texts("authorities", filter.authorities.iter().map(|a| a.as_str()), &mut out);
    members.texts("boundaries", filter.boundaries.iter().map(|b| b.as_str()), &mut out);
    members.close(&mut out);
    whole.texts("options", page.options.iter().map(String::as_str), &mut out);
    whole.name("drawing", &mut out);
    out.extend_from_slice(page.data);
    whole.name("spaces", &mut out);
    let start = out.len();
    let mut tables = Vec::new();
    let mut spaces = Items::open(&mut out);
    for history in histories {
        spaces.next(&mut out);
        tables.push(history::write(history, &takes_tile, &mut out));
    }
    spaces.close(&mut out);
    let mut colors = colors_in(&out[start..]);
    let occluded = |effect: &Effect<'_>| matches!(effect, Effect::Occlude { .. });
    if histories.iter().flat_map(|h| &h.steps).flat_map(|step| &step.effects).any(occluded) {
        colors.append(&mut colors_in(consent::GREY.as_bytes()));
    }
    whole.name("prepared", &mut out);
    let mut spaces = Items::open(&mut out);
    for tables in tables {
        spaces.next(&mut out);
        prepared::write(&tables, page.shapes, &mut out);
    }
    spaces.close(&mut out);
    whole.name("colors", &mut out);
    let mut members = Members::open(&mut out);
    for (text, paint) in colors {
        members.any_name(&text, &mut out);
        write_string(&paint.to_string(), &mut out);
    }
    members.close(&mut out);
    whole.close(&mut out);
    out
}

/// Every string of a JSON text that is a colour, so that the page draws what was read here rather than read colours
/// in its own way.
fn colors_in(json: &[u8]) -> BTreeMap<String, Paint> {
    let mut colors = BTreeMap::new();
    let mut rest = json;
    while let Some(start) = rest.iter().position(|b| *b == b'"') {
        let mut escaped = false;
        let ends = |b: &u8| {
            let ends = *b == b'"' && !escaped;
            escaped = *b == b'\\' && !escaped;
            ends
        };
        let Some(length) = rest[start + 1..].iter().position(ends) else { break };
        let (string, after) = rest[start..].split_at(length + 2);
        let text = std::str::from_utf8(string).ok().and_then(raw::text).unwrap_or_default();
        if let Some(paint) = paint(&text) {
            colors.insert(text.into_owned(), paint);
        }
        rest = after;
    }
    colors
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
    fn colours_are_found_wherever_they_stand() {
        let json = r##"[{"fill":"red","a\"b":"\\"},"\"#fff","no","#0008",["rgb(1,\n2,3)"]]"##;
        let found: Vec<_> = colors_in(json.as_bytes()).into_iter().map(|(t, p)| format!("{t} {p}")).collect();
        assert_eq!(found, ["#0008 #00000088", "red #ff0000", "rgb(1,\n2,3) #010203"]);
    }

    #[test]
    fn every_part_of_the_page_is_known() {
        for name in PAGE.split("{{").skip(1).filter_map(|part| part.split("}}").next()) {
            let known = ["title", "help", "style", "script", "style-hash", "script-hash", "data"];
            assert!(known.contains(&name), "{name}");
        }
    }
}
