//! The page of a drawing: its own script, and the pictures that it shows.

use crate::scene::Scene;
use bumpalo::Bump;
use std::collections::BTreeMap;
use ulp_core::event::RegisterKind;
use ulp_core::id::Tile;
use ulp_core::json::write::Members;
use ulp_core::json::write_string;
use ulp_view::View;
use ulp_view::media::{Pictures, reference_in};
use ulp_view::page::{self, Page};

const DRAWING: &str = include_str!("page/drawing.js");
const HELP: &str = "Arrow keys move, plus and minus zoom, 0 shows everything, N and P step through what is in view, Escape lets go, space plays.";

/// Writes the page of all spaces of a view.
pub fn write(
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    pictures: &Pictures<'_>,
    takes_tile: impl Fn(Tile) -> bool,
) -> Vec<u8> {
    let titles: Vec<&str> = scenes.iter().map(|s| s.title.as_deref().unwrap_or(s.space)).collect();
    let mut data = Vec::new();
    let mut object = Members::open(&mut data);
    for (reference, picture) in addresses(scenes, pictures) {
        object.any_name(&reference, &mut data);
        write_string(&picture, &mut data);
    }
    object.close(&mut data);
    let page = Page { title: &titles.join(", "), help: HELP, drawing: DRAWING, data: &data };
    let arena = Bump::new();
    page::write(view, &page, &view.resolved(&arena), takes_tile)
}

/// The pictures that the nodes show at the end, as data URLs, by reference.
fn addresses(scenes: &[Scene<'_, '_>], pictures: &Pictures<'_>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for item in scenes.iter().flat_map(|s| &s.items) {
        let media = item.node.keyed(RegisterKind::Media);
        let raws = media.iter().map(|w| w.value).chain(item.node.plain(RegisterKind::Geometry));
        for reference in raws.filter_map(reference_in) {
            if let Some(picture) = pictures.get(&reference) {
                found.insert(reference, picture.address());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_script_ends_itself() {
        assert!(!DRAWING.contains("</script") && !DRAWING.contains("<!--"));
        assert!(!DRAWING.contains("innerHTML") && !DRAWING.contains("eval("));
    }
}
