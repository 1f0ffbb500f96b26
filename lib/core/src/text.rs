//! Text where it must not be taken for more: in a log, in JSON on a terminal, in markup.

use std::io::Write as _;

/// The text, with what is not printable as `\uXXXX` (a pair of surrogates beyond U+FFFF).
///
/// Not printable are the controls, format characters (bidi controls, zero widths, U+FEFF), every separator but the
/// space, private use, and what Unicode has not assigned: nothing that could move a cursor, turn the direction of
/// a line or hide in it. Combining marks are text.
pub fn escape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    text.chars().for_each(|c| write_escaped(c, &mut out));
    String::from_utf8(out).expect("whole characters were appended")
}

/// Appends `text` as a JSON string with its quotes, escaped as in [`escape`].
pub fn write_escaped_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push(b'\\');
        }
        write_escaped(c, out);
    }
    out.push(b'"');
}

fn write_escaped(c: char, out: &mut Vec<u8>) {
    if is_printable(c) {
        return out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // The standard library knows what is printable, but says so only through the escapes of a string's `Debug`. A
    // letter goes first, because a combining mark is escaped only where a string begins with it.
    let mut buffer = [b'a'; 5];
    let length = 1 + c.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
    text.escape_debug().nth(1) == Some(c)
}

/// Appends JSON so that it can stand in an HTML `<script type="application/json">`: no `<` that could end it, and
/// no control character that a terminal would obey.
pub fn write_for_html(json: &[u8], out: &mut Vec<u8>) {
    write_escaping(json, |c| c == '<' || is_obeyed(c), out);
}

/// Appends JSON without a control character that a terminal would obey.
pub fn write_printable(json: &[u8], out: &mut Vec<u8>) {
    write_escaping(json, is_obeyed, out);
}

/// Appends JSON with some characters, which must stand in strings alone, as `\uXXXX`.
fn write_escaping(json: &[u8], escaped: impl Fn(char) -> bool, out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(json);
    let mut from = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| escaped(*c)) {
        out.extend_from_slice(&text.as_bytes()[from..at]);
        let _ = write!(out, "\\u{:04x}", u32::from(c));
        from = at + c.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
}

/// What JSON lets stand, and whoever lays out text obeys: DEL, the C1 controls, the separators of lines, and what
/// turns the direction of the text after it.
pub fn is_obeyed(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text as it stands in an element of HTML: no markup, and no character that a terminal would obey.
pub fn html_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' => out.push_str(entity(c)),
            c if c.is_control() || is_obeyed(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Appends text as it stands in XML, in an element or an attribute: escaped, and without what XML or a terminal could
/// stumble over.
pub fn xml_into(text: &str, out: &mut String) {
    if text.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'&' | b'<' | b'>' | b'"' | b'\'')) {
        return out.push_str(text);
    }
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '\n' | '\t' => out.push_str(entity(c)),
            c if c.is_control() || is_obeyed(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}')
            }
            c => out.push(c),
        }
    }
}

/// What stands in markup for a character that would be taken for more.
fn entity(c: char) -> &'static str {
    match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        '\n' => "&#10;",
        '\t' => "&#9;",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_text_stays() {
        for text in ["plain", "Straße 避難所 é", "e\u{301} क्षि", "🏔 \\ \" '", "~"] {
            assert_eq!(escape(text), text);
        }
    }

    #[test]
    fn everything_else_is_escaped() {
        let hidden = "\0\t\n\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\
                      \u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{e000}\u{378}\u{fdd0}";
        for c in hidden.chars() {
            assert_eq!(escape(&c.to_string()), format!("\\u{:04x}", u32::from(c)));
        }
        assert_eq!(escape("\u{e0001}\u{10ffff}"), "\\udb40\\udc01\\udbff\\udfff");
    }

    #[test]
    fn a_json_string_reads_back() {
        let text = "a\"b\\c\n\u{202e}\u{e0001}é🏔";
        let mut out = Vec::new();
        write_escaped_string(text, &mut out);
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out, "\"a\\\"b\\\\c\\u000a\\u202e\\udb40\\udc01é🏔\"");
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }

    #[test]
    fn nothing_ends_a_script() {
        let mut out = Vec::new();
        write_for_html("\"</script><!--\u{9b}é\"".as_bytes(), &mut out);
        assert_eq!(out, "\"\\u003c/script>\\u003c!--\\u009bé\"".as_bytes());
    }

    #[test]
    fn text_cannot_leave_its_place() {
        let mut out = String::new();
        xml_into("<a href=\"x\">'&\u{1b}[2J\u{0}\u{9b}\u{ffff}\n", &mut out);
        assert_eq!(out, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}&#10;");
        assert_eq!(html_text("\"a\"<b>&\u{1b}\u{202e}"), "\"a\"&lt;b&gt;&amp;  ");
    }
}
