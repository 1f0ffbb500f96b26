//! Adverts and wants: what a peer holds and what it lacks, by paths.
//!
//! ```text
//! {"knows":[{"events":50,"path":"m/world/demo/tiles/z0/x0/y0/head","points_to":"blake3:…"}],"peer":"did:key:z6Mk…",
//!  "seq":1795167000,"signature":{…},"ttl":86400}
//! ```
//!
//! `wants` in place of `knows` has `have` in place of `points_to`.

use super::values::count;
use super::{PEER, Sort};
use crate::json::Value;
use crate::json::write::{Items, Members};
use std::borrow::Cow;

/// How long a statement is worth something that does not say it, in seconds.
pub const TTL: u32 = 86_400;
/// A `seq` below this is no time: a device without a clock counts its boots and what it said.
pub const NO_TIME: u32 = 1 << 24;

/// What a statement says of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointers<'a> {
    /// [`Sort::Knows`] or [`Sort::Wants`].
    pub sort: Sort,
    pub peer: Cow<'a, str>,
    /// When it was said: seconds since 1970, or less than [`NO_TIME`].
    pub seq: u32,
    /// How long it is worth something, in seconds.
    pub ttl: u32,
    pub all: Vec<Pointer<'a>>,
    /// How the peer says that it is reached, for people and scripts.
    pub reach: Vec<Cow<'a, str>>,
    /// Who is asked, of those who may be: everyone, where nobody is named.
    pub to: Vec<Cow<'a, str>>,
}

/// What a statement says of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer<'a> {
    pub path: Cow<'a, str>,
    /// What is held, `blake3:…` or `sha256:…`; nothing where nothing is.
    pub hash: Option<Cow<'a, str>>,
    /// How many events that is of, where it is said.
    pub events: Option<u64>,
}

impl<'a> Pointers<'a> {
    /// Reads a statement that passed [`check`](super::check); nothing where it is a receipt or an attestation.
    pub fn read(statement: Value<'_, 'a>) -> Option<Pointers<'a>> {
        let (sort, list) = match (statement.get("knows"), statement.get("wants")) {
            (Some(list), _) => (Sort::Knows, list),
            (None, list) => (Sort::Wants, list?),
        };
        let number = |name| statement.get(name).and_then(count).and_then(|n| u32::try_from(n).ok());
        let texts = |name| statement.get(name).into_iter().flat_map(Value::items).filter_map(text).collect();
        Some(Pointers {
            sort,
            peer: text(statement.get(PEER)?)?,
            seq: number("seq").unwrap_or_default(),
            ttl: number("ttl").unwrap_or(TTL),
            all: list.items().map(|item| Pointer::read(item, sort)).collect::<Option<_>>()?,
            reach: texts("reach"),
            to: texts("to"),
        })
    }

    /// The line that is to be signed.
    pub fn print(&self) -> String {
        let (name, hash) = names(self.sort);
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        let list = |line: &mut Members, out: &mut Vec<u8>| {
            line.name(name, out);
            let mut items = Items::open(out);
            for pointer in &self.all {
                items.next(out);
                pointer.print(hash, out);
            }
            items.close(out);
        };
        if self.sort == Sort::Knows {
            list(&mut line, &mut out);
        }
        line.text(PEER, &self.peer, &mut out);
        if !self.reach.is_empty() {
            line.texts("reach", self.reach.iter().map(AsRef::as_ref), &mut out);
        }
        line.integer("seq", self.seq, &mut out);
        if !self.to.is_empty() {
            line.texts("to", self.to.iter().map(AsRef::as_ref), &mut out);
        }
        line.integer("ttl", self.ttl, &mut out);
        if self.sort != Sort::Knows {
            list(&mut line, &mut out);
        }
        line.close(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Whether what was said then is no longer worth anything. What has no time never is stale.
pub fn is_stale(seq: u32, ttl: u32, now: i64) -> bool {
    seq >= NO_TIME && now > i64::from(seq) + i64::from(ttl)
}

impl<'a> Pointer<'a> {
    fn read(item: Value<'_, 'a>, sort: Sort) -> Option<Pointer<'a>> {
        let hash = item.get(names(sort).1)?;
        Some(Pointer {
            path: text(item.get("path")?)?,
            hash: if hash.is_null() { None } else { Some(text(hash)?) },
            events: item.get("events").and_then(count),
        })
    }

    /// How many bytes it takes in a line, at most.
    pub fn bytes(&self) -> usize {
        let hash = self.hash.as_ref().map_or(0, |hash| hash.len());
        self.path.len() + hash + LONGEST_REST
    }

    fn print(&self, hash: &str, out: &mut Vec<u8>) {
        let mut object = Members::open(out);
        if let Some(events) = self.events {
            object.integer("events", events, out);
        }
        // By their names: `have` stands before `path`, `points_to` behind it.
        let path_first = "path" < hash;
        if path_first {
            object.text("path", &self.path, out);
        }
        match &self.hash {
            Some(text) => object.text(hash, text, out),
            None => object.raw(hash, Some("null"), out),
        }
        if !path_first {
            object.text("path", &self.path, out);
        }
        object.close(out);
    }
}

/// What a pointer has besides its path and its hash, with the comma before it: names, quotes and a number.
const LONGEST_REST: usize = 64;

/// What the list of a sort is called, and what the hash in it.
fn names(sort: Sort) -> (&'static str, &'static str) {
    if sort == Sort::Knows { ("knows", "points_to") } else { ("wants", "have") }
}

fn text<'a>(value: Value<'_, 'a>) -> Option<Cow<'a, str>> {
    value.as_plain_str().map(Cow::Borrowed).or_else(|| value.as_text().map(Cow::Owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    const ROOT: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    fn some(sort: Sort) -> Pointers<'static> {
        let pointer = |path: &'static str, hash: Option<&'static str>, events| Pointer {
            path: path.into(),
            hash: hash.map(Cow::Borrowed),
            events,
        };
        Pointers {
            sort,
            peer: "peer:\"a\"".into(),
            seq: 1_795_167_000,
            ttl: 60,
            all: vec![pointer("m/world", Some(ROOT), Some(7)), pointer("m/world/demo", None, None)],
            reach: vec!["ssh:a".into()],
            to: Vec::new(),
        }
    }

    #[test]
    fn they_read_as_they_print() {
        for sort in [Sort::Knows, Sort::Wants] {
            let said = some(sort);
            for said in [Pointers { reach: Vec::new(), ..said.clone() }, said] {
                let to = vec!["did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".into()];
                let said = if sort == Sort::Wants { Pointers { to, ..said } } else { said };
                let line = said.print();
                assert!(crate::json::is_canonical(&line), "{line}");
                let mut tape = Tape::new();
                let object = tape.parse(&line, 64).expect("it is JSON");
                assert_eq!(super::super::check(object), Ok(sort));
                assert_eq!(Pointers::read(object), Some(said));
            }
        }
    }

    #[test]
    fn what_is_not_said_has_its_usual_value() {
        let line = r#"{"peer":"a","wants":[{"path":"m/world","have":null}]}"#;
        let mut tape = Tape::new();
        let read = tape.parse(line, 64).ok().and_then(Pointers::read);
        assert_eq!(read.map(|said| (said.seq, said.ttl)), Some((0, TTL)));
    }

    #[test]
    fn what_has_no_time_is_never_stale() {
        assert!(!is_stale(1_795_167_000, 60, 1_795_167_060));
        assert!(is_stale(1_795_167_000, 60, 1_795_167_061));
        assert!(is_stale(NO_TIME, 60, i64::MAX) && !is_stale(NO_TIME - 1, 60, i64::MAX));
    }

    #[test]
    fn a_pointer_takes_no_more_than_it_says() {
        for sort in [Sort::Knows, Sort::Wants] {
            for mut pointer in some(sort).all {
                pointer.events = Some(1 << 53);
                let mut out = b",".to_vec();
                pointer.print(names(sort).1, &mut out);
                assert!(out.len() <= pointer.bytes());
            }
        }
    }
}
