//! Parents that events name and no lane as loose holds, each with the least effective time of what names it.
//!
//! In a record they are a list of `[name, time]`, sorted by name, while they are few; more are an object of their own,
//! a line `<name> <time>` each, in the same order. A time is written as in a key. A name may hold blanks, so the last
//! blank of a line separates.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
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
    /// What a record says of some names, and the object that holds them where they are too many for it: their lines.
    pub fn new(text: Vec<u8>) -> (Missing, Option<Vec<u8>>) {
        let names = memchr::memchr_iter(b'\n', &text).count();
        if names <= MOST_LISTED {
            let listed = lines(&text).map(|(name, time)| (name.to_owned(), time)).collect();
            return (Missing::Listed(listed), None);
        }
        (Missing::Object { names: names as u64, object: Sha256::of(&text) }, Some(text))
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

/// Names and times, which are in order, as an object holds them.
pub fn print<'n>(names: impl IntoIterator<Item = (&'n str, Time)>) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, time) in names {
        // Writing to a vector cannot fail.
        let _ = writeln!(text, "{name} {time}");
    }
    text
}

/// The same of a map.
pub(super) fn print_map(names: &BTreeMap<String, Time>) -> Vec<u8> {
    print(names.iter().map(|(name, time)| (name.as_str(), *time)))
}

/// The names and times of such lines; what is no such line is left out.
pub fn lines(text: &[u8]) -> impl Iterator<Item = (&str, Time)> {
    text.split(|b| *b == b'\n').filter_map(entry)
}

/// A name and its time, as a line tells them.
fn entry(line: &[u8]) -> Option<(&str, Time)> {
    let (name, time) = std::str::from_utf8(line).ok()?.rsplit_once(' ')?;
    Some((name, Time::parse(time)?))
}

/// The name of a line, with its end or without.
fn name_of(line: &[u8]) -> &[u8] {
    line.iter().rposition(|b| *b == b' ').map_or(line, |blank| &line[..blank])
}

/// The time of a name among lines in order.
pub fn find(text: &[u8], name: &str) -> Option<Time> {
    let line = first_line(&text[place(text, 0, name.as_bytes())..]);
    entry(line.strip_suffix(b"\n").unwrap_or(line)).filter(|(of, _)| *of == name).map(|(_, time)| time)
}

/// The lines of both, in order; of a name that both have, the least time.
pub fn join(a: &[u8], b: &[u8]) -> Vec<u8> {
    if a == b || b.is_empty() {
        return a.to_vec();
    }
    let mut out = Vec::with_capacity(a.len() + b.len());
    let mut at = 0;
    for line in b.split_inclusive(|b| *b == b'\n') {
        let here = place(a, at, name_of(line));
        out.extend_from_slice(&a[at..here]);
        let other = first_line(&a[here..]);
        let is_same = !other.is_empty() && name_of(other) == name_of(line);
        at = here + if is_same { other.len() } else { 0 };
        out.extend_from_slice(if is_same && is_earlier(other, line) { other } else { line });
    }
    out.extend_from_slice(&a[at..]);
    out
}

/// The lines of a text in order, but for those of some names, which are in order too.
pub fn without<'t>(text: &'t [u8], names: &[&str]) -> Cow<'t, [u8]> {
    let (mut out, mut kept, mut at) = (Vec::new(), 0, 0);
    for name in names {
        at = place(text, at, name.as_bytes());
        let line = first_line(&text[at..]);
        if !line.is_empty() && name_of(line) == name.as_bytes() {
            out.extend_from_slice(&text[kept..at]);
            at += line.len();
            kept = at;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(&text[kept..]);
    Cow::Owned(out)
}

fn is_earlier(line: &[u8], other: &[u8]) -> bool {
    let time = |line: &[u8]| entry(line.strip_suffix(b"\n").unwrap_or(line)).map(|(_, time)| time);
    time(line) <= time(other)
}

fn first_line(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1)]
}

/// Where in a text, from the start of a line on, the first line begins whose name is not less than `name`: looked for in
/// steps that grow, and then halved, so that what is near costs little.
fn place(text: &[u8], from: usize, name: &[u8]) -> usize {
    // All lines that begin before `low` are less, all that begin at `high` or later are not.
    let (mut low, mut high, mut step) = (from, text.len(), 64);
    let mut probe = from;
    while low < high {
        let start = memchr::memrchr(b'\n', &text[low..probe]).map_or(low, |end| low + end + 1);
        let line = first_line(&text[start..]);
        if name_of(line) < name {
            low = start + line.len();
        } else {
            high = start;
        }
        probe = if high == text.len() && low + step < high { low + step } else { low + (high - low) / 2 };
        step *= 2;
    }
    low
}

/// Whether some bytes are an object of such lines: nothing else looks like one that is longer than a record's list.
pub fn is_object(text: &[u8]) -> bool {
    let first = text.split(|b| *b == b'\n').next().unwrap_or_default();
    if lines(first).next().is_none() {
        return false;
    }
    let names: BTreeMap<String, Time> = lines(text).map(|(name, time)| (name.to_owned(), time)).collect();
    names.len() > MOST_LISTED && print_map(&names) == text
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
            let (missing, object) = Missing::new(print_map(&names));
            assert_eq!(object.is_some(), count > MOST_LISTED);
            let mut text = Vec::new();
            let mut line = Members::open(&mut text);
            missing.print(&mut line, &mut text);
            line.close(&mut text);
            let mut tape = Tape::new();
            let top = tape.parse(std::str::from_utf8(&text).unwrap(), 8).unwrap();
            assert_eq!(Missing::read(top.get("missing").unwrap()).unwrap(), missing);
            let object = object.unwrap_or_else(|| print_map(&names));
            assert_eq!(is_object(&object), count > MOST_LISTED);
            assert!(!is_object(&[&object[..], b"b 1\na 1\n"].concat()) && !is_object(b"hello 1\n"));
            assert_eq!(lines(&object).map(|(n, t)| (n.to_owned(), t)).collect::<BTreeMap<_, _>>(), names);
        }
    }

    /// Names whose order is not that of their lines: blanks come before all else that they hold.
    const NAMES: [&str; 7] = ["a", "a b", "ab", "a b c", "evt-10", "evt-2", "\u{e4}"];

    fn some(bits: usize, time: i64) -> BTreeMap<String, Time> {
        let chosen = NAMES.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1);
        chosen.map(|(n, name)| ((*name).to_owned(), Time((time + n as i64 % 3) * 1_000_000_000))).collect()
    }

    #[test]
    fn lines_are_joined_and_left_out_as_names_are() {
        for (a, b) in (0..128).flat_map(|a| (0..128).map(move |b| (a, b))) {
            let (one, other) = (some(a, 5), some(b, 6 - (a % 3) as i64));
            let mut both = one.clone();
            for (name, time) in &other {
                let least = both.get(name).map_or(*time, |t| *t.min(time));
                both.insert(name.clone(), least);
            }
            assert_eq!(join(&print_map(&one), &print_map(&other)), print_map(&both), "{one:?} {other:?}");
            let gone: Vec<&str> = other.keys().map(String::as_str).collect();
            let kept: BTreeMap<String, Time> =
                one.clone().into_iter().filter(|(name, _)| !other.contains_key(name)).collect();
            assert_eq!(&without(&print_map(&one), &gone)[..], print_map(&kept), "{one:?} {other:?}");
            for name in NAMES {
                assert_eq!(find(&print_map(&one), name), one.get(name).copied());
            }
        }
    }

    #[test]
    fn a_long_list_is_searched_as_a_short_one() {
        let name = |n: usize| (format!("evt-{:05}{}", n * 2, " x".repeat(n % 5)), Time(n as i64));
        let names: BTreeMap<String, Time> = (0..2000).map(name).collect();
        let text = print_map(&names);
        for n in 0..2000 {
            assert_eq!(find(&text, &name(n).0), Some(Time(n as i64)));
            assert_eq!(find(&text, &format!("evt-{:05}", n * 2 + 1)), None);
        }
        assert_eq!(join(&text, b"evt-03000 0\n"), {
            let mut more = names.clone();
            more.insert("evt-03000".to_owned(), Time(0));
            print_map(&more)
        });
        assert_eq!((find(b"", "a"), find(b"a", "a"), find(b"\n\n", "a")), (None, None, None));
    }
}
