//! Text from events, as it may stand in a label or a caption: one line, printable, not too long.

use ulp_core::text::escape;

/// Most characters of a name in a label.
const LONGEST: usize = 80;

/// Longest word that a mapping is asked about, in bytes.
const LONGEST_WORD: usize = 256;

/// As much of a word as a mapping is asked about.
pub fn cut(word: &str) -> &str {
    let end = (0..=word.len().min(LONGEST_WORD)).rev().find(|end| word.is_char_boundary(*end));
    &word[..end.unwrap_or(0)]
}

/// The text on one line, without anything that does not print, cut to a sensible length.
pub fn clean(text: &str) -> String {
    let mut line = String::new();
    let mut count = 0;
    for c in text.chars() {
        // What the log would escape is no more than a space here.
        let c = if is_printable(c) { c } else { ' ' };
        if c == ' ' && (line.is_empty() || line.ends_with(' ')) {
            continue;
        }
        if count == LONGEST {
            line.truncate(line.trim_end().len());
            line.push('…');
            return line;
        }
        line.push(c);
        count += 1;
    }
    line.truncate(line.trim_end().len());
    line
}

fn is_printable(c: char) -> bool {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    escape(text) == text
}

/// A number as people read it: at most three decimals.
pub fn number(x: f64) -> String {
    if x.abs() >= 1e15 {
        return format!("{x:e}");
    }
    let text = format!("{x:.3}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text of a caption: WebVTT takes `&`, `<` and `>` for markup, and `-->` for a time.
pub fn escape_vtt(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_printable_line() {
        assert_eq!(clean(" a\n\tb\u{1b}[31m c\u{202e}d\u{0} "), "a b [31m c d");
        assert_eq!(clean("Dee – é 避難所"), "Dee – é 避難所");
        assert_eq!(clean(&"x".repeat(200)).chars().count(), LONGEST + 1);
        assert_eq!(clean("\u{85}\u{2028}"), "");
    }

    #[test]
    fn long_words_are_cut_between_letters() {
        assert_eq!(cut(&"é".repeat(200)), "é".repeat(128));
        assert_eq!(cut(&format!("a{}", "é".repeat(200))).len(), 255);
        assert_eq!(cut("pump"), "pump");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.5, 2.0, -0.0001, 1.23456, 100.0].map(number), ["0.5", "2", "0", "1.235", "100"]);
    }

    #[test]
    fn captions_hold_no_markup() {
        assert_eq!(escape_vtt("<b>&-->"), "&lt;b&gt;&amp;--&gt;");
    }
}
