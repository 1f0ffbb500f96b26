//! Letters that no font has: which nodes show them in a picture.

use std::collections::BTreeSet;
use ulp_view::fonts::Faces;
use ulp_view::geometry::Shape;
use ulp_view::name::{INSIDE, lines, one_line};
use ulp_view::sheet::scene::Scene;

/// Most letters that are named of a node.
const MOST_NAMED: usize = 20;

/// Each node, link, sensor and space that shows such letters, and what is to be said of it.
pub fn lacking(scenes: &[Scene<'_, '_>], faces: &Faces<'_>) -> Vec<(String, String)> {
    scenes.iter().flat_map(said).filter_map(|(who, words)| Some((who, lack(&words, faces)?))).collect()
}

/// All that is written in a drawing of a space, by who says it.
fn said(scene: &Scene<'_, '_>) -> Vec<(String, String)> {
    let mut said = Vec::new();
    for item in &scene.items {
        let mut words = item.label().map(|label| lines(&label, INSIDE).concat()).unwrap_or_default();
        if let Shape::Text { text, .. } = &item.shape {
            words.push_str(text);
        }
        said.push((item.id.to_owned(), words));
    }
    for link in &scene.links {
        let words = scene.says_of(link).map(one_line).unwrap_or_default();
        said.push((format!("{} {} {}", link.ends.from, link.ends.relation, link.ends.to), words));
    }
    for sensor in scene.sensors.iter().filter(|sensor| !sensor.is_at_node) {
        said.push((format!("{}/{}", sensor.actor, sensor.name), sensor.words()));
    }
    let own = [scene.title.as_deref(), scene.acknowledgement.as_deref(), Some(&scene.unit)];
    said.push((scene.space.to_owned(), own.into_iter().flatten().map(one_line).collect()));
    said
}

/// What is to be said of words with letters that no font has.
fn lack(words: &str, faces: &Faces<'_>) -> Option<String> {
    let letters: BTreeSet<char> = faces.missing(words).into_iter().collect();
    let named: String = letters.iter().take(MOST_NAMED).collect();
    let more = if letters.len() > MOST_NAMED { "…" } else { "" };
    (!letters.is_empty()).then(|| format!("no font has the letters {named}{more}"))
}
