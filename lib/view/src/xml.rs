//! XML as documents for other programs have it: an element a line, two blanks a level, LF at each end.
//!
//! No document has a DOCTYPE, and none a processing instruction but its declaration. Text is text whatever stands in
//! it: `&`, `<` and `>` are escaped, CR is `&#13;` so that a reader does not take it for a line end, and what XML 1.0
//! cannot hold is U+FFFD. Attributes escape `"` besides, and tabs and line ends, which a reader would take for blanks.
//!
//! ```
//! use ulp_view::xml::Xml;
//! let mut xml = Xml::new(Vec::new());
//! xml.declare()?;
//! xml.open("area", &[("xmlns", "urn:x")])?;
//! xml.leaf("name", &[("id", "\"1\"")], "<b> & c")?;
//! xml.close()?;
//! let text = r#"<?xml version="1.0" encoding="UTF-8"?>
//! <area xmlns="urn:x">
//!   <name id="&quot;1&quot;">&lt;b&gt; &amp; c</name>
//! </area>
//! "#;
//! assert_eq!(xml.into_inner(), text.as_bytes());
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fmt;
use std::io;

/// The attributes of an element, in their order.
pub type Attributes<'a> = &'a [(&'a str, &'a str)];

/// Writes a document, element by element.
pub struct Xml<W> {
    out: W,
    /// The names of the elements that are open.
    open: Vec<&'static str>,
}

impl<W: io::Write> Xml<W> {
    pub fn new(out: W) -> Xml<W> {
        Xml { out, open: Vec::new() }
    }

    /// A part of a document that stands inside of these elements, which are opened and closed elsewhere.
    pub fn inside(out: W, open: &[&'static str]) -> Xml<W> {
        Xml { out, open: open.to_vec() }
    }

    /// What stands before the root.
    ///
    /// # Errors
    /// As writing does; so do all that follow.
    pub fn declare(&mut self) -> io::Result<()> {
        self.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    }

    /// Opens an element that holds others.
    ///
    /// # Errors
    /// As writing does.
    pub fn open(&mut self, name: &'static str, attributes: Attributes<'_>) -> io::Result<()> {
        self.start(name, attributes)?;
        self.open.push(name);
        self.put(">\n")
    }

    /// Closes the element that was opened last.
    ///
    /// # Errors
    /// As writing does.
    pub fn close(&mut self) -> io::Result<()> {
        let name = self.open.pop().expect("because an element is closed that was opened");
        self.indent()?;
        self.end(name)
    }

    /// An element that holds text alone.
    ///
    /// # Errors
    /// As writing does.
    pub fn leaf(&mut self, name: &str, attributes: Attributes<'_>, text: &str) -> io::Result<()> {
        self.start(name, attributes)?;
        self.put(">")?;
        escape(text, of_text, |run| self.put(run))?;
        self.end(name)
    }

    /// An element that holds nothing.
    ///
    /// # Errors
    /// As writing does.
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.start(name, attributes)?;
        self.put("/>\n")
    }

    /// What it writes to, for parts that are written elsewhere.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// What it wrote to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn start(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.indent()?;
        self.put("<")?;
        self.put(name)?;
        for (name, value) in attributes {
            self.put(" ")?;
            self.put(name)?;
            self.put("=\"")?;
            escape(value, of_attribute, |run| self.put(run))?;
            self.put("\"")?;
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> io::Result<()> {
        self.put("</")?;
        self.put(name)?;
        self.put(">\n")
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    fn indent(&mut self) -> io::Result<()> {
        self.open.iter().try_for_each(|_| self.out.write_all(b"  "))
    }
}

/// Text as it stands in an attribute, between `"`.
pub struct Attribute<'a>(pub &'a str);

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, of_attribute, |run| f.write_str(run))
    }
}

/// Puts a text, with what `instead` gives in place of its characters.
fn escape<E>(
    text: &str,
    instead: fn(char) -> Option<&'static str>,
    mut put: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if let Some(escaped) = instead(c) {
            put(&text[from..at])?;
            put(escaped)?;
            from = at + c.len_utf8();
        }
    }
    put(&text[from..])
}

fn of_text(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#13;"),
        c if is_char(c) => None,
        _ => Some("\u{fffd}"),
    }
}

fn of_attribute(c: char) -> Option<&'static str> {
    match c {
        '"' => Some("&quot;"),
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        c => of_text(c),
    }
}

/// Whether XML 1.0 can hold a character, rule 2 of the recommendation.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: &str) -> String {
        let mut xml = Xml::new(Vec::new());
        xml.leaf("a", &[], text).unwrap();
        let element = String::from_utf8(xml.into_inner()).unwrap();
        element.strip_prefix("<a>").and_then(|rest| rest.strip_suffix("</a>\n")).unwrap().to_owned()
    }

    #[test]
    fn text_comes_back_as_it_was() {
        let hostile = "]]><x a=\"1\" b='2'>&amp;\u{202e}\u{85}\t\r\n\u{10ffff}";
        let text = "]]&gt;&lt;x a=\"1\" b='2'&gt;&amp;amp;\u{202e}\u{85}\t&#13;\n\u{10ffff}";
        assert_eq!(text_of(hostile), text);
        assert_eq!(
            Attribute(hostile).to_string(),
            text.replace('"', "&quot;").replace('\t', "&#9;").replace('\n', "&#10;")
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        let none = "\0\u{1}\u{8}\u{b}\u{c}\u{1f}\u{fffe}\u{ffff}";
        assert_eq!(text_of(none), "\u{fffd}".repeat(8));
        assert_eq!(Attribute(none).to_string(), "\u{fffd}".repeat(8));
    }

    #[test]
    fn an_element_is_a_line() {
        let mut xml = Xml::new(Vec::new());
        xml.open("a", &[]).unwrap();
        xml.open("b", &[("k", "v"), ("l", "")]).unwrap();
        xml.empty("c", &[("x", "1")]).unwrap();
        xml.leaf("d", &[], "").unwrap();
        xml.close().unwrap();
        xml.close().unwrap();
        let text = "<a>\n  <b k=\"v\" l=\"\">\n    <c x=\"1\"/>\n    <d></d>\n  </b>\n</a>\n";
        assert_eq!(String::from_utf8(xml.into_inner()).unwrap(), text);
    }
}
