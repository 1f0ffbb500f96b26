//! Excalidraw: what is not deleted becomes nodes, arrows between two of them links.
//!
//! Text in a container is that container's label. How Excalidraw draws (hatching, roughness, fonts, arrowheads) is not
//! kept.

mod element;
mod outline;
mod picture;

pub use picture::Picture;

use std::collections::{BTreeMap, HashMap, HashSet};

use ulp_core::json::{Tape, Value};
use ulp_core::report::Refusal;

use crate::desk::Desk;
use crate::pipe::Records;
use crate::sketch::{self, Page, Settings, text, words};
use crate::whole::no_document;
use element::Element;
use picture::Files;

/// Reads a document: what becomes nodes, then what becomes links.
///
/// # Errors
/// It is no drawing of Excalidraw.
pub fn read(document: &str, desk: &Desk, records: &mut Records<'_, '_>) -> Result<(), Refusal> {
    let mut tape = Tape::new();
    let top = sketch::document(&mut tape, document)?;
    if top.get("elements").is_none() {
        return Err(no_document("no elements"));
    }
    let elements: Vec<Element<'_, '_>> = (1..)
        .zip(sketch::list(top, "elements")?)
        .map(|(number, value)| Element { number, value })
        .filter(|element| !element.is_deleted())
        .collect();
    let drawing = Drawing::of(&elements, top, desk);
    let background = top.get("appState").and_then(|state| words(state, "viewBackgroundColor"));
    let background = background.filter(|color| color != "transparent");
    let settings = Settings { background, ..Settings::default() };
    settings.record(drawing.page, desk).into_iter().for_each(|record| records.push(record));
    let mut links = Vec::new();
    for (i, element) in elements.iter().enumerate().filter(|(i, _)| !drawing.is_said(*i)) {
        match drawing.ends(element) {
            Some(ends) => links.push((i, element, ends)),
            None => records.of(element.number, |record| drawing.node(i, *element, record)),
        }
    }
    for (i, element, ends) in links {
        records.of(element.number, |record| drawing.link(i, *element, ends, record));
    }
    Ok(())
}

/// What elements say of each other.
struct Drawing<'d, 't, 'a> {
    page: Page,
    desk: &'d Desk,
    files: Files<'t, 'a>,
    /// The ids of what becomes nodes.
    nodes: HashSet<String>,
    /// By the place of a container: the text in it.
    labels: BTreeMap<usize, Value<'t, 'a>>,
    /// The places of those texts.
    said: HashSet<usize>,
}

impl<'d, 't, 'a> Drawing<'d, 't, 'a> {
    fn of(elements: &[Element<'t, 'a>], top: Value<'t, 'a>, desk: &'d Desk) -> Drawing<'d, 't, 'a> {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (i, element) in elements.iter().enumerate().filter(|(_, element)| element.holds_text()) {
            if let Some(id) = element.id() {
                places.entry(id).or_insert(i);
            }
        }
        let (mut labels, mut said) = (BTreeMap::new(), HashSet::new());
        for (i, element) in elements.iter().enumerate().filter(|(_, element)| element.is("text")) {
            let container = text(element.value, "containerId").and_then(|id| places.get(&id));
            // Of several texts in one container the others stand for themselves.
            if let Some(container) = container.filter(|container| !labels.contains_key(*container)) {
                labels.insert(*container, element.value);
                said.insert(i);
            }
        }
        let mut drawing = Drawing {
            page: Page::of(desk),
            desk,
            files: Files::of(top),
            nodes: HashSet::new(),
            labels,
            said,
        };
        // An arrow may end at what is a node whatever arrows become.
        let fixed =
            elements.iter().enumerate().filter(|(i, element)| element.is_fixed() && !drawing.is_said(*i));
        drawing.nodes = fixed.filter_map(|(_, element)| element.id()).collect();
        drawing
    }

    /// Whether an element is said by another one.
    fn is_said(&self, place: usize) -> bool {
        self.said.contains(&place)
    }

    /// The nodes that an arrow is bound to at both ends.
    fn ends(&self, element: &Element<'_, '_>) -> Option<[String; 2]> {
        let end = |name| {
            let id = text(element.value.get(name)?, "elementId")?;
            self.nodes.contains(&id).then(|| self.desk.names.known(&id))
        };
        element.is("arrow").then(|| Some([end("startBinding")?, end("endBinding")?]))?
    }
}
