//! What JSON Canvas 1.0 spells in its own way: text as Markdown, and six colours by number.
//!
//! [`markdown`] writes text so that it shows as it is, [`text`] reads such text back; they are inverses but for what a
//! terminal obeys, which is replaced.
//!
//! ```
//! use ulp_view::json_canvas::{markdown, text};
//! assert_eq!(markdown("water_level: 1.42 m (*)"), "water_level: 1.42 m (\\*)");
//! assert_eq!(text("water_level: 1.42 m (\\*)"), "water_level: 1.42 m (*)");
//! ```

use crate::text_at::Place;
use ulp_core::text::is_obeyed;

/// What stands for a character that is obeyed rather than shown.
const REPLACED: char = '\u{fffd}';

/// The colours that a number names, from 1 on, as Obsidian shows them.
const PRESETS: [&str; 6] = ["#fb464c", "#e9973f", "#e0de71", "#44cf6e", "#53dfdd", "#a882ff"];

/// The colour that a canvas names: one of six by its number, else as it stands.
pub fn color(named: &str) -> &str {
    let number = named.parse::<usize>().ok().filter(|_| named.len() == 1);
    number.and_then(|number| PRESETS.get(number.checked_sub(1)?)).copied().unwrap_or(named)
}

/// The same the other way round: the number of a colour that has one, else the colour.
pub fn color_name(color: &str) -> String {
    match PRESETS.iter().position(|preset| *preset == color) {
        Some(place) => (place + 1).to_string(),
        None => color.to_owned(),
    }
}

/// Markdown as the text that it stands for, where all its marks are text: a backslash before punctuation is left out.
pub fn text(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut chars = markdown.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && next.is_ascii_punctuation());
        out.push(escaped.unwrap_or(c));
    }
    out
}

/// Text as Markdown that shows it as it is: no markup, no picture, no link. What would be read as text anyway has no
/// backslash before it.
pub fn markdown(said: &str) -> String {
    let mut out = String::with_capacity(said.len());
    let is_alone = !said.contains('\n');
    for (i, line) in said.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        write_line(line, is_alone, &mut out);
    }
    out
}

fn write_line(line: &str, is_alone: bool, out: &mut String) {
    let mut place = Place::new(line, is_alone);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_control() || is_obeyed(c) {
            out.push(REPLACED);
        } else {
            out.extend(place.means_more(c, chars.peek().copied()).then_some('\\'));
            out.push(c);
        }
        place.pass(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_would_be_markup_has_a_backslash() {
        for (said, written) in [
            ("Gauge 7333: 1.42 m, 50 %!", "Gauge 7333: 1.42 m, 50 %!"),
            ("water_level (River Don) a/b-c + d = e", "water_level (River Don) a/b-c + d = e"),
            ("a * b, snake_case_name, 2 > 1 < 3", "a * b, snake_case_name, 2 > 1 < 3"),
            ("*a* _b_ `c` ~~d~~ ==e==", r"\*a\* \_b\_ \`c\` \~\~d\~\~ \=\=e\=\="),
            ("<img src=x> a=b", r"\<img src\=x> a=b"),
            ("![[a]] [b](c)", r"!\[\[a]] \[b](c)"),
            ("# a #b c#d", r"\# a \#b c#d"),
            ("- a\n+ b\n1. c\n12) d\n-e\n1.5", "\\- a\n\\+ b\n1\\. c\n12\\) d\n-e\n1.5"),
            ("a\n---\nb\n===", "a\n\\-\\-\\-\nb\n\\=\\=\\="),
            ("> a", r"\> a"),
            ("https://a.b www.a.b", r"https\://a.b www\.a.b"),
            ("AT&T &amp; &#35;", r"AT\&T \&amp; \&#35;"),
            (r"a\b \* \", r"a\b \\\* \\"),
            ("a|b", "a|b"),
            ("a|b\n-|-", "a\\|b\n\\-\\|-"),
            ("$1 and $2", r"\$1 and \$2"),
            ("$1", "$1"),
            ("a ^id %% hidden %%", r"a \^id \%\% hidden \%\%"),
            ("bell\u{7}", "bell\u{fffd}"),
        ] {
            assert_eq!(markdown(said), written);
            assert_eq!(text(written), said.replace('\u{7}', "\u{fffd}"));
        }
    }

    #[test]
    fn colours_are_numbers_or_stand_for_themselves() {
        assert_eq!(
            ["1", "6", "0", "7", "01", "#123456"].map(color),
            ["#fb464c", "#a882ff", "0", "7", "01", "#123456"]
        );
        assert_eq!(color_name("#44cf6e"), "4");
        assert_eq!(color_name("#44cf6f"), "#44cf6f");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(said in "([ -~]|\\n|é|\u{4e00})*") {
            prop_assert_eq!(text(&markdown(&said)), said);
        }
    }
}
