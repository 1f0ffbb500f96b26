//! Carrying what did not change: of a lane's state lines only those are read again whose subject a new event touches;
//! the others go from the old lines into the new ones as they stand.
//!
//! A line is about one subject, and an event touches few. The others are looked through for their subjects, and copied;
//! they are neither read into a state nor printed.

use crate::event::{Ends, Touch};
use crate::json::raw;
use foldhash::HashSet;
use std::borrow::Cow;

/// What a state line is about, in the order of the lines of a lane.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject<'a> {
    Tile,
    Node(Cow<'a, str>),
    Link { from: Cow<'a, str>, relation: Cow<'a, str>, to: Cow<'a, str> },
    Sensor { actor: Cow<'a, str>, sensor: Cow<'a, str> },
}

impl<'a> Subject<'a> {
    /// The subject of a state line in its canonical form; nothing where it is not one.
    pub fn of_line(line: &'a [u8]) -> Option<Subject<'a>> {
        let members = RawMembers { rest: line.strip_prefix(b"{")? };
        let (mut actor, mut from, mut node, mut relation, mut sensor) = (None, None, None, None, None);
        let mut is_sensor = false;
        // Members are sorted, so all that counts has been seen when the last of it comes.
        for (name, value) in members {
            match name {
                b"actor_id" => actor = text(value),
                b"from_node" => from = text(value),
                b"node_id" => node = text(value),
                b"relation" => relation = text(value),
                b"sensor" => sensor = text(value),
                b"operation" => match value {
                    br#""tile_state""# => return Some(Subject::Tile),
                    br#""node_state""# => return Some(Subject::Node(node?)),
                    br#""link_state""# => {}
                    br#""sensor_state""# => is_sensor = true,
                    _ => return None,
                },
                b"space_id" if is_sensor => return Some(Subject::Sensor { actor: actor?, sensor: sensor? }),
                b"to_node" => {
                    return Some(Subject::Link { from: from?, relation: relation?, to: text(value)? });
                }
                _ => {}
            }
        }
        None
    }

    /// What an event changes where it touches something, beside its tile's line.
    pub fn of(touch: Touch<'a>) -> Option<Subject<'a>> {
        let link = |ends: Ends<'a>| Subject::Link {
            from: Cow::Borrowed(ends.from),
            relation: Cow::Borrowed(ends.relation),
            to: Cow::Borrowed(ends.to),
        };
        match touch {
            Touch::Create { node, .. }
            | Touch::Write { node, .. }
            | Touch::Delete { node }
            | Touch::Absorb { node, .. } => Some(Subject::Node(Cow::Borrowed(node))),
            Touch::Survive { .. } => None,
            Touch::Link(of) => Some(link(of.ends)),
            Touch::Unlink(of) => Some(link(of.ends)),
            Touch::Read(of) => {
                Some(Subject::Sensor { actor: Cow::Borrowed(of.actor), sensor: Cow::Borrowed(of.sensor) })
            }
        }
    }
}

/// The lines of a lane, split, in their order.
#[derive(Debug, Default)]
pub struct SplitLines<'l> {
    /// Those that are about what was touched, and the tile's; without their ends.
    pub touched: Vec<&'l [u8]>,
    /// The others, with their ends.
    pub carried: Vec<&'l [u8]>,
}

/// Splits the lines of a lane; nothing where one of them is not understood.
pub fn split<'l>(lines: &'l [u8], touched: &HashSet<Subject<'_>>) -> Option<SplitLines<'l>> {
    let mut split = SplitLines::default();
    for line in lines.split_inclusive(|b| *b == b'\n') {
        let subject = Subject::of_line(line)?;
        if subject == Subject::Tile || touched.contains(&subject) {
            split.touched.push(line.strip_suffix(b"\n").unwrap_or(line));
        } else {
            split.carried.push(line);
        }
    }
    Some(split)
}

/// Appends lines that were carried and lines that were derived anew, in their order.
pub fn merge(carried: &[&[u8]], derived: &[u8], out: &mut Vec<u8>) {
    let mut rest = carried;
    for line in derived.split_inclusive(|b| *b == b'\n') {
        let subject = Subject::of_line(line);
        let (before, after) = rest.split_at(rest.partition_point(|other| Subject::of_line(other) < subject));
        before.iter().for_each(|other| out.extend_from_slice(other));
        out.extend_from_slice(line);
        rest = after;
    }
    rest.iter().for_each(|other| out.extend_from_slice(other));
}

/// The members of an object in its canonical form, from the first on: their names as they stand, and their values.
struct RawMembers<'l> {
    rest: &'l [u8],
}

impl<'l> Iterator for RawMembers<'l> {
    type Item = (&'l [u8], &'l [u8]);

    fn next(&mut self) -> Option<(&'l [u8], &'l [u8])> {
        let (name, rest) = self.rest.split_at_checked(string(self.rest)?)?;
        let rest = rest.strip_prefix(b":")?;
        let (value, rest) = rest.split_at_checked(value(rest)?)?;
        self.rest = rest.strip_prefix(b",").unwrap_or_default();
        Some((name.get(1..name.len() - 1)?, value))
    }
}

/// How long the string is with which a text begins.
fn string(text: &[u8]) -> Option<usize> {
    text.first().filter(|b| **b == b'"')?;
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        match text[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// How long the value is with which a text begins.
fn value(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string(text),
        b'{' | b'[' => {
            let (mut at, mut depth) = (0, 0usize);
            loop {
                match text.get(at)? {
                    b'"' => at += string(&text[at..])? - 1,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => text.iter().position(|b| matches!(b, b',' | b'}')),
    }
}

/// A value that is a string.
fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    raw::text(std::str::from_utf8(value).ok()?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TILE: &str = r#"{"operation":"tile_state","recent":["1/a"],"scope":{"policy":"public","realm":"team"},"space_id":"s","tile":"z0/x0/y0"}"#;
    const SENSOR: &str = r#"{"actor_id":"a","key":"1/a","layer_id":"l","node_id":"n","operation":"sensor_state","scope":{"policy":"public","realm":"team"},"sensor":"s","space_id":"s","tile":"z0/x0/y0","timestamp":1,"value":{"to_node":"x"}}"#;

    fn node(name: &str, more: &str) -> String {
        format!(
            r#"{{"created":"1/a","geometry":{{"node_id":"no","s":"}}\"{{"}},"node_id":{name},"operation":"node_state"{more},"space_id":"s"}}"#
        )
    }

    #[test]
    fn a_line_says_what_it_is_about() {
        let of = |line: &str| Subject::of_line(line.as_bytes()).map(|s| format!("{s:?}"));
        assert_eq!(of(TILE).unwrap(), "Tile");
        assert_eq!(of(&node(r#""n""#, "")).unwrap(), r#"Node("n")"#);
        assert_eq!(of(&node(r#""a\"b\\""#, "")).unwrap(), r#"Node("a\"b\\")"#);
        assert_eq!(of(SENSOR).unwrap(), r#"Sensor { actor: "a", sensor: "s" }"#);
        let link = r#"{"adds":{"to_node":{"key":"1/to_node"}},"from_node":"f","operation":"link_state","relation":"r","removed":["x"],"to_node":"t"}"#;
        assert_eq!(of(link).unwrap(), r#"Link { from: "f", relation: "r", to: "t" }"#);
    }

    #[test]
    fn what_is_no_state_line_is_about_nothing() {
        for line in
            ["", "{", "{}", "[]", r#"{"a""#, r#"{"a":"#, r#"{"a":[}"#, r#"{"a":"\"#, r#"{"node_id":1}"#]
        {
            assert_eq!(Subject::of_line(line.as_bytes()), None, "{line}");
        }
        // Every cut and every changed byte of a line is either about something or not, and nothing worse.
        for line in
            [TILE.to_owned(), SENSOR.to_owned(), node(r#""n""#, r#","properties":{"a":[1,{"b":"]"}]}"#)]
        {
            for at in 0..line.len() {
                let _ = Subject::of_line(&line.as_bytes()[..at]);
                for byte in [b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', 0] {
                    let mut other = line.clone().into_bytes();
                    other[at] = byte;
                    let _ = Subject::of_line(&other);
                }
            }
        }
    }

    #[test]
    fn what_was_taken_apart_comes_together_in_order() {
        let old: Vec<String> =
            [TILE.to_owned(), node(r#""a""#, ""), node(r#""c""#, ""), node(r#""e""#, ""), SENSOR.to_owned()]
                .map(|line| line + "\n")
                .to_vec();
        let text = old.concat();
        let touched = [Subject::Node("c".into()), Subject::Node("d".into())].into_iter().collect();
        let lines = split(text.as_bytes(), &touched).unwrap();
        assert_eq!(lines.touched, [old[0].trim_end().as_bytes(), old[2].trim_end().as_bytes()]);
        let (c, d, z) = (node(r#""c""#, ",\"x\":1"), node(r#""d""#, ""), node(r#""z""#, ""));
        let derived = format!("{TILE}\n{c}\n{d}\n{z}\n");
        let mut out = Vec::new();
        merge(&lines.carried, derived.as_bytes(), &mut out);
        let expected = format!("{TILE}\n{}{c}\n{d}\n{}{z}\n{}", old[1], old[3], old[4]);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
