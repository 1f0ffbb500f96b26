//! The strict subset of YAML that dotfiles are written in.
//!
//! Mappings, lists, plain and quoted strings, integers, in block or in flow style. Anchors, aliases, tags,
//! directives, block scalars, strings of several lines, duplicate keys and a second document are refused, and so is
//! a plain word that YAML reads as something else than a string or an integer where a string is wanted: what two
//! readers could understand differently is not understood.

use crate::json::write::{Items, Members};
use crate::json::{self, Tape};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};
use std::collections::HashSet;
use std::fmt;

/// Deepest nesting; the outer mapping is 1. The grammar needs 5.
const MAX_DEPTH: usize = 16;

/// What a plain string may not begin with.
const INDICATORS: [char; 15] = [',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@'];

/// What is said of what is no duration.
pub const NO_DURATION: &str = "not a duration as 90s, 10m, 24h, 7d";

const NANOS: i64 = 1_000_000_000;

/// A place in a file: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub line: usize,
    pub column: usize,
}

impl Mark {
    /// The first character of a file.
    pub const START: Mark = Mark { line: 1, column: 1 };
}

/// What is not understood, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub at: Mark,
    pub reason: String,
}

impl Fault {
    pub fn new(at: Mark, reason: impl Into<String>) -> Fault {
        Fault { at, reason: reason.into() }
    }
}

/// A value and where it begins.
#[derive(Clone, Debug)]
pub struct Node {
    pub at: Mark,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Plain(String),
    Quoted(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Reads a file's one mapping; `None` where there is nothing but comments.
///
/// # Errors
/// The first thing that is outside the subset.
pub fn parse(text: &str) -> Result<Option<Node>, Fault> {
    if let Some(fault) = text.lines().enumerate().find_map(|(number, line)| fault_of_line(number + 1, line)) {
        return Err(fault);
    }
    parse_stream(text).map_err(|fault| colon_without_space(text).unwrap_or(fault))
}

fn parse_stream(text: &str) -> Result<Option<Node>, Fault> {
    let mut reader = Reader { parser: Parser::new_from_str(text) };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(root),
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Fault::new(start(span), "a second document"));
            }
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event => root = Some(reader.node(event, span, 1)?),
        }
    }
}

/// What no reader of YAML may take, and the parser takes, in one line.
fn fault_of_line(number: usize, line: &str) -> Option<Fault> {
    let at = |column| Mark { line: number, column };
    let indentation = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    let has_text = indentation.len() < line.len() && !line[indentation.len()..].starts_with('#');
    if let Some(tab) = indentation.find('\t').filter(|_| has_text) {
        return Some(Fault::new(at(tab + 1), "a tab in the indentation"));
    }
    if line.starts_with('%') {
        return Some(Fault::new(at(1), "a directive"));
    }
    if number == 1 && line.trim_end() == "..." {
        return Some(Fault::new(at(1), "the end of what did not begin"));
    }
    let odd = line.chars().position(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\u{85}'))?;
    Some(Fault::new(at(odd + 1), "a control character"))
}

/// Where a colon has no space behind it, which makes a string of a key and its value.
fn colon_without_space(text: &str) -> Option<Fault> {
    text.lines().enumerate().find_map(|(number, line)| {
        let key = line.trim_start_matches([' ', '-', '{']);
        let end = key.find(|c: char| !c.is_ascii_lowercase() && c != '_').filter(|end| *end > 0)?;
        let behind = key[end..].strip_prefix(':')?.chars().next()?;
        let column = line.len() - key.len() + end + 1;
        let at = Mark { line: number + 1, column };
        (!behind.is_whitespace()).then(|| Fault::new(at, "a space is wanted behind the colon"))
    })
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let at = Mark { line: error.marker().line(), column: error.marker().col() + 1 };
                Err(Fault::new(at, error.info()))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Fault> {
        let at = start(span);
        let fault = |reason: &str| Err(Fault::new(at, reason));
        if depth > MAX_DEPTH {
            return fault("nested too deep");
        }
        let value = match event {
            Event::Alias(_) => return fault("an alias: a string that begins with * is quoted"),
            Event::Scalar(_, _, 1.., _) | Event::SequenceStart(1.., _) | Event::MappingStart(1.., _) => {
                return fault("an anchor");
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return fault("a tag");
            }
            Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                return fault("a block of text");
            }
            Event::Scalar(..) if span.end.line() > span.start.line() => {
                return fault("a string of several lines");
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() => {
                return fault("a value is missing");
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.starts_with(INDICATORS) => {
                return fault("a plain string that begins as none may: quote it");
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) => Value::Plain(text.into_owned()),
            Event::Scalar(text, ..) => Value::Quoted(text.into_owned()),
            Event::SequenceStart(..) => Value::List(self.list(depth)?),
            Event::MappingStart(..) => Value::Map(self.map(depth)?),
            _ => return fault("a value is missing"),
        };
        Ok(Node { at, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(Node, Node)>, Fault> {
        let mut members: Vec<(Node, Node)> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(members);
            }
            let key = self.node(event, span, depth + 1)?;
            let name = key.string()?;
            if !seen.insert(name.to_owned()) {
                return Err(Fault::new(key.at, format!("{name} stands twice")));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            members.push((key, value));
        }
    }
}

fn start(span: Span) -> Mark {
    Mark { line: span.start.line().max(1), column: span.start.col() + 1 }
}

impl Node {
    /// A fault at this value.
    pub fn fault(&self, reason: impl fmt::Display) -> Fault {
        Fault::new(self.at, reason.to_string())
    }

    /// The text of a string, a number or any other word; `None` of a list or a mapping.
    pub fn any_text(&self) -> Option<&str> {
        match &self.value {
            Value::Plain(text) | Value::Quoted(text) => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The value as a string.
    ///
    /// # Errors
    /// A list, a mapping, or a plain word that YAML takes for a number, a truth or nothing.
    pub fn string(&self) -> Result<&str, Fault> {
        match &self.value {
            Value::Quoted(text) => Ok(text),
            Value::Plain(text) if is_no_string(text) => {
                Err(self.fault(format_args!("{text} is no string: quote it if it is meant to be one")))
            }
            Value::Plain(text) => Ok(text),
            Value::List(_) | Value::Map(_) => Err(self.fault("a string is wanted")),
        }
    }

    /// The value as an integer that is not negative, in its one decimal spelling.
    ///
    /// # Errors
    /// Anything else.
    pub fn count(&self) -> Result<u64, Fault> {
        let wrong = || self.fault("an integer is wanted");
        let Value::Plain(text) = &self.value else { return Err(wrong()) };
        let number: u64 = text.parse().map_err(|_| wrong())?;
        if number.to_string() == *text { Ok(number) } else { Err(wrong()) }
    }

    /// The value as a number, spelt as in JSON.
    ///
    /// # Errors
    /// Anything else, and what is larger than any double.
    pub fn number(&self) -> Result<f64, Fault> {
        let number = match &self.value {
            Value::Plain(text) if is_number(text) => text.parse().ok(),
            _ => None,
        };
        number.filter(|n: &f64| n.is_finite()).ok_or_else(|| self.fault("a number is wanted"))
    }

    /// The value as a duration, in nanoseconds.
    ///
    /// # Errors
    /// Anything else.
    pub fn duration(&self) -> Result<i64, Fault> {
        self.any_text().and_then(duration).ok_or_else(|| self.fault(NO_DURATION))
    }

    /// The value as one of the plain words `true` and `false`.
    ///
    /// # Errors
    /// Anything else.
    pub fn truth(&self) -> Result<bool, Fault> {
        match &self.value {
            Value::Plain(text) if text == "true" => Ok(true),
            Value::Plain(text) if text == "false" => Ok(false),
            _ => Err(self.fault("true or false is wanted")),
        }
    }

    /// The items of a list; `None` where the value is none.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list.
    ///
    /// # Errors
    /// Anything else.
    pub fn list(&self) -> Result<&[Node], Fault> {
        self.as_list().ok_or_else(|| self.fault("a list is wanted"))
    }

    /// The members of a mapping, in the order of the file; no two keys are equal.
    ///
    /// # Errors
    /// Anything else.
    pub fn map(&self) -> Result<impl Iterator<Item = (&Node, &str, &Node)>, Fault> {
        match &self.value {
            Value::Map(members) => {
                Ok(members.iter().map(|(key, value)| (key, key.any_text().unwrap_or_default(), value)))
            }
            Value::Plain(text) if text.contains(':') => {
                Err(self.fault("a mapping is wanted: a space stands behind each colon"))
            }
            _ => Err(self.fault("a mapping is wanted")),
        }
    }
}

impl Node {
    /// The value as JSON, where words of YAML's core schema in JSON's own spelling are what they are in JSON.
    ///
    /// # Errors
    /// A plain word that YAML takes for a number, a truth or nothing, and JSON does not.
    pub fn json(&self) -> Result<String, Fault> {
        let all = |nodes: &[Node]| nodes.iter().map(Node::json).collect::<Result<Vec<_>, Fault>>();
        Ok(match &self.value {
            Value::Plain(text) if matches!(text.as_str(), "true" | "false" | "null") => text.clone(),
            Value::Plain(text) if is_number(text) => text.clone(),
            Value::Plain(_) | Value::Quoted(_) => quoted(self.string()?),
            Value::List(items) => format!("[{}]", all(items)?.join(",")),
            Value::Map(members) => {
                let member =
                    |(key, value): &(Node, Node)| Ok(format!("{}:{}", quoted(key.string()?), value.json()?));
                let members: Result<Vec<_>, Fault> = members.iter().map(member).collect();
                format!("{{{}}}", members?.join(","))
            }
        })
    }

    /// The value as canonical JSON but for the order of members, which stays the file's.
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        match &self.value {
            Value::Plain(text) if is_no_string(text) => out.extend_from_slice(text.as_bytes()),
            Value::Plain(text) | Value::Quoted(text) => json::write_string(text, out),
            Value::List(items) => {
                let mut list = Items::open(out);
                for item in items {
                    list.next(out);
                    item.write_json(out);
                }
                list.close(out);
            }
            Value::Map(members) => {
                let mut object = Members::open(out);
                for (key, value) in members {
                    object.any_name(key.any_text().unwrap_or_default(), out);
                    value.write_json(out);
                }
                object.close(out);
            }
        }
    }
}

/// Reads `90s`, `10m`, `24h` or `7d` into nanoseconds.
pub fn duration(text: &str) -> Option<i64> {
    let (number, seconds) = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    let plain = number == "0" || !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = number.parse().ok().filter(|_| plain)?;
    number.checked_mul(seconds)?.checked_mul(NANOS)
}

/// Whether a word is a number as JSON spells it.
fn is_number(text: &str) -> bool {
    let line = format!("{{\"n\":{text}}}");
    let mut tape = Tape::new();
    json::parse_text(&mut tape, &line)
        .is_ok_and(|top| top.get("n").is_some_and(|n| n.kind() == json::Kind::Number))
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    json::write_string(text, &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Whether a plain word resolves to something else than a string in YAML's core schema: nothing, a truth, or a
/// number in any spelling.
fn is_no_string(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && (unsigned.parse::<f64>().is_ok() || unsigned.starts_with("0x") || unsigned.starts_with("0o"));
    let is_word = |words: &[&str]| words.iter().any(|w| w.eq_ignore_ascii_case(text));
    is_number
        || is_word(&["~", "null", "true", "false"])
        || [".inf", ".nan"].iter().any(|w| w.eq_ignore_ascii_case(unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (usize, usize, String) {
        let fault = parse(text).expect_err(text);
        (fault.at.line, fault.at.column, fault.reason)
    }

    #[test]
    fn the_subset_is_read() {
        for text in [
            "",
            "# nothing\n",
            "---\n",
            "\u{feff}a: b\n",
            "a: b\r\nc: d\r\n",
            "a: [x, \"y\", 'z']",
            "a:\n- b\n- c: 1\n",
            "{a: {b: c}}",
            "a: b\n...\n",
            "a: b \t# c\n\t\n\t# d\ne: f:g",
            "a: [b?, c%, d|e, 2026-01-01T00:00:00Z]",
        ] {
            if text == "---\n" {
                assert_eq!(fault(text).2, "a value is missing");
                continue;
            }
            assert!(parse(text).is_ok(), "{text:?}: {:?}", parse(text));
        }
    }

    #[test]
    fn what_lies_outside_is_refused_where_it_stands() {
        for (text, line, column) in [
            ("a: &x b", 1, 4),
            ("a: b\nc: *x", 2, 4),
            ("a: !!str b", 1, 4),
            ("a: |\n  b\n", 2, 3),
            ("a: >\n  b\n", 2, 3),
            ("a: b\na: c", 2, 1),
            ("a: b\n\"a\": c", 2, 1),
            ("a: b\n---\nc: d", 2, 1),
            ("%YAML 1.2\n---\na: b", 1, 1),
            ("a: b\n  c", 1, 4),
            ("a: \"b\n  c\"", 1, 4),
            ("a:", 1, 2),
            ("? [a]\n: b", 1, 3),
            ("1: b", 1, 1),
            ("a: 'b", 1, 4),
            ("a: [b]]", 1, 7),
            ("a: [b] c", 1, 8),
            ("a: b\n]", 2, 1),
            ("a: @b", 1, 4),
            ("a: `b", 1, 4),
            ("a: [|b]", 1, 5),
            ("a: [>b]", 1, 5),
            ("a: b\nc:d\n", 2, 2),
            ("- a\n- b:c\nd: e", 2, 4),
            ("a:\n\tb", 2, 1),
            ("\ta: b", 1, 1),
            ("a:\n  \t- b", 2, 3),
            ("a: b\u{7}c", 1, 5),
            ("...\na: b", 1, 1),
        ] {
            let (l, c, reason) = fault(text);
            assert_eq!((l, c), (line, column), "{text:?}: {reason}");
        }
        assert!(parse(&"[".repeat(100)).is_err());
        assert!(parse(&format!("a: {}{}", "[".repeat(40), "]".repeat(40))).is_err());
    }

    #[test]
    fn words_that_yaml_reads_otherwise_are_quoted() {
        for word in [
            "~", "null", "True", "1", "-1", "+1", "1.5", ".5", "1e3", "0x1f", "0o7", ".inf", "-.INF", ".nan",
            "007",
        ] {
            let node = parse(word).unwrap().unwrap();
            assert!(node.string().is_err(), "{word}");
            let node = parse(&format!("'{word}'")).unwrap().unwrap();
            assert_eq!(node.string(), Ok(word));
        }
        for word in ["a", "10m", "2026-01-01T00:00:00Z", "yes", "z0/x0/y0", "-", "1.2.3", "did:key:z6"] {
            match parse(word) {
                Ok(Some(node)) => assert_eq!(node.string(), Ok(word)),
                other => assert_eq!(word, "-", "{other:?}"),
            }
        }
    }

    #[test]
    fn what_json_spells_alike_is_json() {
        for (text, json) in [
            (
                "{a: [1, -2.5, 1e3], b: true, c: null, d: x y}",
                r#"{"a":[1,-2.5,1e3],"b":true,"c":null,"d":"x y"}"#,
            ),
            ("[\"1\", 'null', '{n}', \"a\\nb\"]", r#"["1","null","{n}","a\nb"]"#),
        ] {
            assert_eq!(parse(text).unwrap().unwrap().json().as_deref(), Ok(json));
        }
        for text in ["[~]", "[True]", "[0x1f]", "[.5]", "[+1]", "[007]", "[.inf]", "[1e999]", "[Null]"] {
            assert!(parse(text).unwrap().unwrap().json().is_err(), "{text}");
        }
    }

    #[test]
    fn integers_have_one_spelling() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1048576", Some(1 << 20)),
            ("01", None),
            ("+1", None),
            ("-1", None),
            ("1.0", None),
            ("'1'", None),
        ] {
            assert_eq!(parse(text).unwrap().unwrap().count().ok(), expected, "{text}");
        }
    }
}
