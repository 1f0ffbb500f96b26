//! Words as outlines: where each letter stands.

use crate::fonts::Faces;
use crate::path::Contour;

/// Letters of a text that are drawn; what follows is an ellipsis.
const MOST: usize = 400;
/// From baseline to baseline, in heights.
const LEADING: f64 = 1.2;

/// The part of a text that is drawn, and whether something follows it.
fn shown(text: &str) -> (&str, bool) {
    let cut = text.char_indices().nth(MOST).map(|(at, _)| at);
    (&text[..cut.unwrap_or(text.len())], cut.is_some())
}

/// How many letters are drawn of a text.
pub fn drawn(text: &str) -> usize {
    shown(text).0.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// The letters that are drawn of a text, each with where its line and itself begin, in heights.
fn letters(text: &str, faces: &Faces<'_>) -> impl Iterator<Item = (char, f64, f64)> {
    let (shown, cut) = shown(text);
    let (mut x, mut y) = (0.0, 0.0);
    shown.chars().chain(cut.then_some('…')).filter_map(move |letter| {
        if letter == '\n' {
            (x, y) = (0.0, y - LEADING);
            return None;
        }
        // Controls have no look: neither a box nor room.
        if letter.is_control() {
            return None;
        }
        let at = x;
        x += faces.letter(letter).advance();
        Some((letter, at, y))
    })
}

/// How far a text of height 1 reaches to the right, and how far below its first baseline.
pub fn extent(text: &str, faces: &Faces<'_>) -> (f64, f64) {
    letters(text, faces).fold((0.0, 0.0), |(right, low), (letter, x, y)| {
        (f64::max(right, x + faces.letter(letter).advance()), f64::min(low, y))
    })
}

/// The outlines of a text of that height; its first baseline begins at the origin.
pub fn outlines(text: &str, size: f64, faces: &Faces<'_>) -> Vec<Contour> {
    let mut contours = Vec::new();
    for (letter, x, y) in letters(text, faces) {
        faces.letter(letter).outline([x * size, y * size], size, &mut contours);
    }
    contours
}

/// The letters of a text that should be drawn and that no face has.
pub fn missing(text: &str, faces: &Faces<'_>) -> Vec<char> {
    faces.missing(shown(text).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::Fonts;

    #[test]
    fn letters_stand_side_by_side_and_line_by_line() {
        let fonts = Fonts::regular(Vec::new());
        let faces = fonts.faces();
        assert_eq!(outlines("o", 10.0, &faces).len(), 2);
        assert!(extent("Wide", &faces).0 > extent("ill", &faces).0);
        assert_eq!(extent("a\nb", &faces).1, -LEADING);
        assert_eq!(extent("\u{0}\u{7}", &faces), (0.0, 0.0));
        assert!(extent(&"x".repeat(100_000), &faces).0 < 300.0);
    }

    #[test]
    fn what_is_cut_off_is_not_missing() {
        let fonts = Fonts::regular(Vec::new());
        let faces = fonts.faces();
        assert_eq!(missing("日", &faces), ['日']);
        assert!(missing(&format!("{}日", "x".repeat(MOST)), &faces).is_empty());
    }
}
