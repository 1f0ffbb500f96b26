//! Letters that no font has: which nodes show them in a picture.

use std::collections::BTreeSet;
use ulp_view::fonts::Faces;
use ulp_view::geometry::Shape;
use ulp_view::name::one_line;
use ulp_view::sheet::scene::Scene;

/// Most letters that are named of a node.
const MOST_NAMED: usize = 20;

/// Each node that shows such letters, and what is to be said of it.
pub fn lacking(scenes: &[Scene<'_, '_>], faces: &Faces<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for item in scenes.iter().flat_map(|scene| &scene.items) {
        let label = item.label().map(|label| one_line(&label)).unwrap_or_default();
        let mut letters: BTreeSet<char> = faces.missing(&label).into_iter().collect();
        if let Shape::Text { text, .. } = &item.shape {
            letters.extend(faces.missing(text));
        }
        if !letters.is_empty() {
            let named: String = letters.iter().take(MOST_NAMED).collect();
            let more = if letters.len() > MOST_NAMED { "…" } else { "" };
            found.push((item.id.to_owned(), format!("no font has the letters {named}{more}")));
        }
    }
    found
}
