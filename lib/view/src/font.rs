//! How wide text is on the plane: an estimate from the advance widths of a common sans-serif, good enough to place
//! and to wrap.
//!
//! It is no font's own measure, as a browser or an editor opens a drawing with whatever font it has. What is drawn in
//! space is outlines of one font that comes with the program, so there the widths are those of that font.

/// How far capitals rise above the baseline, of the size.
pub const ASCENT: f64 = 0.75;
/// How far letters hang below the baseline, of the size.
pub const DESCENT: f64 = 0.22;
/// From baseline to baseline, of the size.
pub const LINE: f64 = 1.2;

/// Advance widths of U+0020 to U+007E in thousandths of the size, those of Helvetica and its metric twins.
#[rustfmt::skip]
const ASCII: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// The width of one line of text of size 1.
pub fn width(text: &str) -> f64 {
    // A little more than Helvetica: other fonts may stand in for it, and many are wider.
    text.chars().map(advance).sum::<f64>() * 1.06
}

fn advance(c: char) -> f64 {
    match u32::from(c) {
        code @ 0x20..=0x7e => f64::from(ASCII[code as usize - 0x20]) / 1000.0,
        // Controls, combining marks, joiners and variation selectors take no room.
        0..=0x1f | 0x7f..=0x9f | 0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0.0,
        // East Asian scripts, full-width forms and pictographs fill a square.
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff00..=0xff60 => 1.0,
        0x1f000..=0x3ffff => 1.0,
        _ => 0.58,
    }
}

/// Breaks a text at its spaces into lines no wider than `limit` at size 1; a longer word stands alone.
pub fn wrap(text: &str, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + width(" ") + width(word) <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_are_wider() {
        assert!(width("WWW") > 2.0 * width("iii"));
        assert_eq!(width("e\u{301}"), width("e"));
        assert!(width("避難所") > 3.0);
    }

    #[test]
    fn lines_are_broken_at_spaces() {
        assert_eq!(wrap("one two three", width("one two")), ["one two", "three"]);
        assert_eq!(wrap("  ", 1.0), [] as [&str; 0]);
        assert_eq!(wrap("unbreakable word", 0.0), ["unbreakable", "word"]);
    }
}
