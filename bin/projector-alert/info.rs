//! What a message says of the danger: CAP's `info`, from what is known of a node.

use crate::lore::Lore;
use crate::times;
use crate::words::{self, Slot};
use ulp_core::json::{self, Kind, Tape, raw};
use ulp_view::name::text_in;

/// CAP's `info` but for its area.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    pub language: Option<String>,
    pub category: Vec<&'static str>,
    pub event: String,
    pub response: Vec<&'static str>,
    pub urgency: &'static str,
    pub severity: &'static str,
    pub certainty: &'static str,
    /// Seconds since 1970.
    pub onset: Option<i64>,
    pub expires: Option<i64>,
    pub sender_name: Option<String>,
    pub headline: Option<String>,
    pub description: Option<String>,
    pub instruction: Option<String>,
    pub web: Option<String>,
    pub contact: Option<String>,
    pub area_desc: String,
    /// How many values are none of CAP's.
    pub faults: usize,
}

impl Info {
    /// Whether all is there that every message needs.
    pub fn is_there(lore: &Lore<'_>) -> bool {
        let words = [Slot::Urgency, Slot::Severity, Slot::Certainty];
        words.iter().all(|slot| lore.said(*slot).is_some()) && text(lore, Slot::Event).is_some()
    }

    /// What is known of the node of that name.
    pub fn of(lore: &Lore<'_>, node: &str) -> Info {
        let mut reading = Reading { lore, faults: 0 };
        let mut category = reading.list(Slot::Category, words::CATEGORIES, Some(words::OTHER));
        if category.is_empty() {
            category.push(words::OTHER);
        }
        let info = Info {
            language: reading.checked(Slot::Language, is_language),
            category,
            event: text(lore, Slot::Event).unwrap_or_default(),
            response: reading.list(Slot::ResponseType, words::RESPONSES, None),
            urgency: reading.word(Slot::Urgency, words::URGENCIES),
            severity: reading.word(Slot::Severity, words::SEVERITIES),
            certainty: reading.word(Slot::Certainty, words::CERTAINTIES),
            onset: reading.time(Slot::Onset),
            expires: reading.time(Slot::Expires),
            sender_name: text(lore, Slot::SenderName),
            headline: text(lore, Slot::Headline),
            description: text(lore, Slot::Description),
            instruction: text(lore, Slot::Instruction),
            web: reading.checked(Slot::Web, is_uri),
            contact: text(lore, Slot::Contact),
            area_desc: text(lore, Slot::AreaDesc)
                .or_else(|| text(lore, Slot::Label))
                .unwrap_or_else(|| node.to_owned()),
            faults: 0,
        };
        Info { faults: reading.faults, ..info }
    }

    /// What a reader of news sees first.
    pub fn title(&self) -> &str {
        self.headline.as_deref().unwrap_or(&self.event)
    }
}

/// A text that says something.
pub fn text(lore: &Lore<'_>, slot: Slot) -> Option<String> {
    text_in(lore.value(slot)?)
}

/// Reads values, and counts those that are none of CAP's.
struct Reading<'l, 'a> {
    lore: &'l Lore<'a>,
    faults: usize,
}

impl Reading<'_, '_> {
    fn fault<T>(&mut self, value: Option<T>) -> Option<T> {
        self.faults += usize::from(value.is_none());
        value
    }

    /// One of some words, or that it is not known.
    fn word(&mut self, slot: Slot, words: &'static [&'static str]) -> &'static str {
        let said = self.lore.value(slot).and_then(raw::text);
        let known = words.iter().find(|word| said.as_deref() == Some(**word)).copied();
        self.fault(known).unwrap_or(words::UNKNOWN)
    }

    /// A word or a list of them, each once; what is none of them is `other`, or left out.
    fn list(
        &mut self,
        slot: Slot,
        words: &'static [&'static str],
        other: Option<&'static str>,
    ) -> Vec<&'static str> {
        let Some(value) = self.lore.value(slot) else { return Vec::new() };
        let mut tape = Tape::new();
        let Ok(value) = tape.parse_any(value, json::STATE_DEPTH) else { return Vec::new() };
        let all: Vec<_> = if value.kind() == Kind::Array { value.items().collect() } else { vec![value] };
        let mut list: Vec<&'static str> = Vec::new();
        for item in all {
            let known = words.iter().find(|word| item.is_str(word)).copied();
            let word = self.fault(known).or(other).filter(|word| !list.contains(word));
            list.extend(word);
        }
        list
    }

    fn time(&mut self, slot: Slot) -> Option<i64> {
        let value = self.lore.value(slot)?;
        self.fault(times::read(value))
    }

    /// A text of a form that CAP's schema asks for.
    fn checked(&mut self, slot: Slot, holds: fn(&str) -> bool) -> Option<String> {
        let said = text(self.lore, slot)?;
        self.fault(Some(said).filter(|said| holds(said)))
    }
}

/// A language tag as XML Schema has it.
fn is_language(text: &str) -> bool {
    let fits =
        |part: &str, is: fn(&u8) -> bool| (1..=8).contains(&part.len()) && part.bytes().all(|b| is(&b));
    let mut parts = text.split('-');
    parts.next().is_some_and(|first| fits(first, u8::is_ascii_alphabetic))
        && parts.all(|part| fits(part, u8::is_ascii_alphanumeric))
}

/// A reference as RFC 3986 has it; letters beyond ASCII are IRIs' own.
fn is_uri(text: &str) -> bool {
    let (rest, fragment) = text.split_once('#').map_or((text, ""), |(rest, fragment)| (rest, fragment));
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
    let rest = match rest.split_once(':') {
        Some((scheme, rest)) if !scheme.contains('/') => {
            let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
            if !is_scheme {
                return false;
            }
            rest
        }
        _ => rest,
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    is_authority(authority) && is_of_uri(path, b"/") && is_of_uri(query, b"/?") && is_of_uri(fragment, b"/?")
}

/// Who is asked: a user before `@`, a name, an address in brackets, a port.
fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((inner, rest)) => {
            let address = inner.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
            if !address || inner.is_empty() || !(rest.is_empty() || rest.starts_with(':')) {
                return false;
            }
            ("", rest.trim_start_matches(':'))
        }
        None => host.split_once(':').unwrap_or((host, "")),
    };
    // A port of more digits than there are ports is none.
    is_of_uri(user, b"")
        && is_of_uri(host, b"")
        && port.len() <= 5
        && port.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a part of a reference holds nothing that must be escaped there.
fn is_of_uri(part: &str, more: &[u8]) -> bool {
    let bytes = part.as_bytes();
    let is_escape =
        |at: usize| bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    bytes.iter().enumerate().all(|(at, b)| match b {
        b'%' => is_escape(at),
        b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';'
        | b'=' | b':' | b'@' => true,
        b => b.is_ascii_alphanumeric() || *b >= 0x80 || more.contains(b),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_and_references_are_what_the_schema_takes() {
        for good in ["en", "en-GB", "i-navajo", "x-12345678"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "-", "en_GB", "1a", "abcdefghi", "en-", "en GB"] {
            assert!(!is_language(bad), "{bad}");
        }
        for good in [
            "https://example.org/f?a=1&b=2#x",
            "https://user:pass@[2001:db8::1]:8080/%20",
            "mailto:a@example.org",
            "geo:52.6,-2",
            "page.html",
            "https://straße.example/é",
            "//example.org",
            "?q",
        ] {
            assert!(is_uri(good), "{good}");
        }
        for bad in [
            "a b",
            "http://[",
            "http://a/%2",
            "<x>",
            "1:x",
            "http://a:b:1/",
            "a\\b",
            "http://a/\u{1}",
            "x#a#b",
            "http://a/[x]",
            "http://[x]",
            "http://a:123456/",
        ] {
            assert!(!is_uri(bad), "{bad}");
        }
    }
}
