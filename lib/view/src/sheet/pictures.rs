//! The pictures that nodes show: which there are, which are missing, and how much of them a drawing holds.
//!
//! A drawing in SVG is read and written anew as the shapes that are seen of it: it holds no script, fetches nothing,
//! and its words are outlines.

use super::scene::{Item, Picture, Scene};
use crate::fonts::Fonts;
use crate::geometry::Shape;
use crate::media::{Pictures, reference_in};
use data_encoding::BASE64;
use resvg::usvg::roxmltree::{Document, Node, ParsingOptions};
use resvg::usvg::{ImageHrefResolver, Options, Tree, WriteOptions, fontdb};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use ulp_core::event::Register;
use ulp_store::blobs::{Blobs, UNDECODED};

/// The family that the font says it belongs to; that it is the condensed one is its width.
pub const FONT: &str = "DejaVu Sans";
/// Longest blob that is looked at, in bytes.
const LONGEST: u64 = 32 << 20;
/// Longest drawing in SVG that is read, in bytes, and most elements of one where each `use` counts as what it shows.
const LONGEST_SVG: usize = 1 << 20;
const MOST_ELEMENTS: u64 = 50_000;
/// Most bytes of pictures in one drawing, as often as they are shown.
const MOST_BYTES: usize = 64 << 20;

/// What a reference came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It is not at hand.
    Missing,
    /// It is no picture.
    Other,
    Picture(Arc<Picture>),
}

/// What the nodes of a drawing show.
pub struct Gallery<'b> {
    blobs: &'b Blobs<'b>,
    pictures: Pictures<'b>,
    fonts: Arc<fontdb::Database>,
    known: BTreeMap<String, Found>,
    bytes: usize,
    /// The nodes whose pictures are more than a drawing holds.
    pub crowded_out: Vec<String>,
}

impl<'b> Gallery<'b> {
    /// Words in drawings are in these fonts.
    pub fn new(blobs: &'b Blobs<'b>, fonts: Arc<fontdb::Database>) -> Gallery<'b> {
        Gallery {
            blobs,
            pictures: Pictures::new(blobs),
            fonts,
            known: BTreeMap::new(),
            bytes: 0,
            crowded_out: Vec::new(),
        }
    }

    /// Gives the nodes of a scene their pictures, in paint order, and says which are missing.
    pub fn hang(&mut self, scene: &mut Scene<'_, '_>) {
        for item in &mut scene.items {
            let Some(reference) = shown_by(item) else { continue };
            match self.find(&reference) {
                Found::Missing => item.is_missing = true,
                Found::Other => {}
                Found::Picture(picture) => self.give(item, picture),
            }
        }
    }

    fn give(&mut self, item: &mut Item<'_, '_>, picture: Arc<Picture>) {
        if self.bytes + picture.address.len() > MOST_BYTES {
            item.is_missing = true;
            self.crowded_out.push(item.id.to_owned());
        } else {
            self.bytes += picture.address.len();
            item.picture = Some(picture);
        }
    }

    /// Every reference that was looked for, with what it came to.
    pub fn known(&self) -> &BTreeMap<String, Found> {
        &self.known
    }

    fn find(&mut self, reference: &str) -> Found {
        if let Some(found) = self.known.get(reference) {
            return found.clone();
        }
        let found = self.look(reference);
        self.known.insert(reference.to_owned(), found.clone());
        found
    }

    fn look(&self, reference: &str) -> Found {
        if let Some(picture) = self.pictures.get(reference) {
            let address = picture.address();
            return Found::Picture(Arc::new(Picture { mime: picture.mime, address }));
        }
        let Some(bytes) = self.blobs.load(reference, LONGEST) else { return Found::Missing };
        let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| is_svg(text)) else {
            return Found::Other;
        };
        match drawn_anew(text, &self.fonts) {
            Some(drawing) => {
                let address = format!("data:image/svg+xml;base64,{}", BASE64.encode(drawing.as_bytes()));
                Found::Picture(Arc::new(Picture { mime: "image/svg+xml", address }))
            }
            None => {
                self.blobs.fault(reference, UNDECODED);
                Found::Missing
            }
        }
    }
}

/// The blob that stands for a node: that of its geometry, else its medium.
pub fn shown_by(item: &Item<'_, '_>) -> Option<String> {
    match &item.shape {
        Shape::Blob { reference, .. } => Some(reference.clone()),
        _ => reference_in(item.node.get(Register::media("media"))?),
    }
}

/// The fonts that words are drawn in, as the renderer takes them.
pub fn database(fonts: &Fonts) -> Arc<fontdb::Database> {
    let mut database = fontdb::Database::new();
    for file in fonts.files() {
        database.load_font_source(fontdb::Source::Binary(Arc::clone(file)));
    }
    database.set_sans_serif_family(FONT);
    Arc::new(database)
}

/// Whether a text means to be a drawing in SVG.
fn is_svg(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with('<') && text.contains("<svg")
}

/// A drawing as what is seen of it; nothing where it is none, or too large.
fn drawn_anew(text: &str, fonts: &Arc<fontdb::Database>) -> Option<String> {
    if text.len() > LONGEST_SVG {
        return None;
    }
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    if elements(&document) > MOST_ELEMENTS {
        return None;
    }
    let resolver =
        ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
    let options = Options {
        font_family: FONT.to_owned(),
        fontdb: Arc::clone(fonts),
        image_href_resolver: resolver,
        ..Options::default()
    };
    let tree = Tree::from_xmltree(&document, &options).ok()?;
    let written = tree.to_string(&WriteOptions::default());
    // What has no view box of its own would not grow with the picture.
    let (width, height) = (tree.size().width(), tree.size().height());
    let boxed = written.replacen("<svg ", &format!("<svg viewBox=\"0 0 {width} {height}\" "), 1);
    (boxed.len() <= LONGEST_SVG * 8).then_some(boxed)
}

/// How many elements a drawing has once each reference within it is replaced by what it shows.
fn elements(document: &Document<'_>) -> u64 {
    let ids: HashMap<&str, Node<'_, '_>> =
        document.descendants().filter_map(|node| Some((node.attribute("id")?, node))).collect();
    let mut known = HashMap::new();
    // Children come after their parents, so that backwards each is known before it is asked for; what a `use` shows
    // may come later, and is then asked for again, a few times over: chains of references are short where they are
    // meant to be drawn.
    let all: Vec<Node<'_, '_>> = document.descendants().filter(Node::is_element).collect();
    for _ in 0..CHAIN {
        let mut is_new = false;
        for node in all.iter().rev() {
            let shown = referred(node).filter_map(|id| ids.get(id)).map(|node| known.get(&node.id()));
            let inner = node.children().filter(Node::is_element).map(|child| known.get(&child.id()));
            let count = shown.chain(inner).flatten().fold(1_u64, |sum, count| sum.saturating_add(*count));
            is_new |= known.insert(node.id(), count) != Some(count);
        }
        if !is_new {
            break;
        }
    }
    known.get(&document.root_element().id()).copied().unwrap_or(u64::MAX)
}

/// How long a chain of references is followed.
const CHAIN: usize = 32;

/// The ids that an element refers to.
fn referred<'n>(node: &Node<'n, '_>) -> impl Iterator<Item = &'n str> + use<'n> {
    let attributes: Vec<&'n str> = node.attributes().map(|a| a.value()).collect();
    attributes.into_iter().filter_map(|value| {
        let bare = value.strip_prefix('#');
        bare.or_else(|| value.split_once("url(#")?.1.split(')').next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anew(text: &str) -> Option<String> {
        drawn_anew(text, &Arc::new(fontdb::Database::new()))
    }

    #[test]
    fn a_drawing_holds_what_is_seen_of_it() {
        let evil = r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="alert(1)"><script>alert(1)</script>
            <image href="http://evil.example/x.png" width="9" height="9"/><rect width="5" height="5" fill="red" onclick="a()"/>
            <foreignObject><p>words</p></foreignObject></svg>"#;
        let drawn = anew(evil).unwrap();
        assert!(drawn.contains("#ff0000") && drawn.contains("viewBox=\"0 0 9 9\""));
        for bad in ["script", "onload", "onclick", "evil", "foreignObject"] {
            assert!(!drawn.contains(bad), "{bad}: {drawn}");
        }
        assert_eq!(anew("<svg"), None);
    }

    #[test]
    fn what_multiplies_itself_is_not_drawn() {
        let level = |n: usize| {
            let uses = format!("<use href=\"#g{}\"/>", n + 1).repeat(10);
            format!("<g id=\"g{n}\">{uses}</g>")
        };
        let levels: String = (0..9).map(level).collect();
        let bomb = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">{levels}<g id=\"g9\"><rect width=\"1\" height=\"1\"/></g></svg>"
        );
        assert_eq!(anew(&bomb), None);
    }
}
