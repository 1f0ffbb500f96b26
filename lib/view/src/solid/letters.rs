//! Letters that no face has: which nodes show them.

use crate::fonts::Faces;
use crate::geometry::Shape;
use crate::history::{Effect, Resolved};
use crate::solid::models::shape_of;
use crate::solid::scene::Scene;
use crate::solid::text;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::RegisterKind;

/// Most letters that are named of a node.
const MOST_NAMED: usize = 20;

/// The letters that are drawn as boxes, by node.
#[derive(Default)]
pub struct Lacking(BTreeMap<String, BTreeSet<char>>);

impl Lacking {
    /// What the nodes of a scene lack.
    pub fn of_scene(&mut self, scene: &Scene<'_, '_>) {
        for node in &scene.nodes {
            if let Some(geometry) = node.geometry {
                self.of_geometry(node.id, geometry, &scene.stock.faces);
            }
        }
    }

    /// What nodes lacked at some time.
    pub fn of_history(&mut self, history: &Resolved<'_>, faces: &Faces<'_>) {
        for effect in history.steps.iter().flat_map(|step| &step.effects) {
            if let Effect::Write { node, written, .. } = effect
                && written.register.kind == RegisterKind::Geometry
            {
                self.of_geometry(node, written.value, faces);
            }
        }
    }

    /// What words in a scene lack.
    pub fn of_words(&mut self, of: &str, words: &str, faces: &Faces<'_>) {
        let missing = text::missing(words, faces);
        if !missing.is_empty() {
            self.0.entry(of.to_owned()).or_default().extend(missing);
        }
    }

    fn of_geometry(&mut self, node: &str, geometry: &str, faces: &Faces<'_>) {
        if let Shape::Text { text, .. } = shape_of(geometry) {
            self.of_words(node, &text, faces);
        }
    }

    /// A note a node.
    pub fn notes(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|(node, letters)| {
            let named: String = letters.iter().take(MOST_NAMED).collect();
            let more = if letters.len() > MOST_NAMED { "…" } else { "" };
            format!("{node}: no font has the letters {named}{more}")
        })
    }
}
