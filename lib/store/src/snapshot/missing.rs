//! Parents that events name and no lane as loose holds, each with the least effective time of what names it.
//!
//! In a record they are a list of `[name, time]`, sorted by name, while they are few; more are an object of their own,
//! a line `<name> <time>` each, in the same order. A time is written as in a key. A name may hold blanks, so the last
//! blank of a line separates.

use std::collections::BTreeMap;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::write::{Items, Members, write_texts};
use ulp_core::json::{Kind, Value};

/// More than these are an object of their own.
pub const MOST_LISTED: usize = 64;

/// What a record says of missing parents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    Listed(BTreeMap<String, Time>),
    Object { names: u64, object: Sha256 },
}

impl Missing {
    /// What a record says of some names, and the object that holds them where they are too many for it.
    pub fn new(names: BTreeMap<String, Time>) -> (Missing, Option<Vec<u8>>) {
        if names.len() <= MOST_LISTED {
            return (Missing::Listed(names), None);
        }
        let text = print(&names);
        (Missing::Object { names: names.len() as u64, object: Sha256::of(&text) }, Some(text))
    }

    pub(super) fn print(&self, line: &mut Members, out: &mut Vec<u8>) {
        line.name("missing", out);
        match self {
            Missing::Listed(names) => {
                let mut items = Items::open(out);
                for (name, time) in names {
                    items.next(out);
                    write_texts([name.as_str(), &time.to_string()], out);
                }
                items.close(out);
            }
            Missing::Object { names, object } => {
                let mut of = Members::open(out);
                of.integer("names", names, out);
                of.word("object", object, out);
                of.close(out);
            }
        }
    }

    pub(super) fn read(value: Value<'_, '_>) -> Option<Missing> {
        if value.kind() == Kind::Array {
            return value.items().map(pair).collect::<Option<_>>().map(Missing::Listed);
        }
        let names = u64::try_from(value.get("names")?.as_i64()?).ok()?;
        let object = value.get("object")?.as_text()?.parse().ok()?;
        (value.len() == 2).then_some(Missing::Object { names, object })
    }
}

fn pair(value: Value<'_, '_>) -> Option<(String, Time)> {
    let mut items = value.items();
    let (name, time) = (items.next()?.as_text()?, Time::parse(&items.next()?.as_text()?)?);
    items.next().is_none().then_some((name, time))
}

/// Names and times as an object holds them.
pub fn print(names: &BTreeMap<String, Time>) -> Vec<u8> {
    names.iter().map(|(name, time)| format!("{name} {time}\n")).collect::<String>().into_bytes()
}

/// The names and times of such lines; what is no such line is left out.
pub fn lines(text: &[u8]) -> impl Iterator<Item = (&str, Time)> {
    let lines = text.split(|b| *b == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    lines.filter_map(|line| line.rsplit_once(' ')).filter_map(|(name, time)| Some((name, Time::parse(time)?)))
}

/// Whether some bytes are an object of such lines: nothing else looks like one that is longer than a record's list.
pub fn is_object(text: &[u8]) -> bool {
    let first = text.split(|b| *b == b'\n').next().unwrap_or_default();
    if lines(first).next().is_none() {
        return false;
    }
    let names: BTreeMap<String, Time> = lines(text).map(|(name, time)| (name.to_owned(), time)).collect();
    names.len() > MOST_LISTED && print(&names) == text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulp_core::json::Tape;

    #[test]
    fn names_print_as_they_read_however_many() {
        for count in [0, 1, MOST_LISTED, MOST_LISTED + 1] {
            let name = |n: usize| (format!("evt \"{n}\" x"), Time(n as i64 * 1_500_000_000));
            let names: BTreeMap<String, Time> = (0..count).map(name).collect();
            let (missing, object) = Missing::new(names.clone());
            assert_eq!(object.is_some(), count > MOST_LISTED);
            let mut text = Vec::new();
            let mut line = Members::open(&mut text);
            missing.print(&mut line, &mut text);
            line.close(&mut text);
            let mut tape = Tape::new();
            let top = tape.parse(std::str::from_utf8(&text).unwrap(), 8).unwrap();
            assert_eq!(Missing::read(top.get("missing").unwrap()).unwrap(), missing);
            let object = object.unwrap_or_else(|| print(&names));
            assert_eq!(is_object(&object), count > MOST_LISTED);
            assert!(!is_object(&[&object[..], b"b 1\na 1\n"].concat()) && !is_object(b"hello 1\n"));
            assert_eq!(lines(&object).map(|(n, t)| (n.to_owned(), t)).collect::<BTreeMap<_, _>>(), names);
        }
    }
}
