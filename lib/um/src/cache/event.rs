//! Change events: a line of a change log, each under its id.
//!
//! ```text
//! {"changeType":"consent","changedAt":"2026-11-20T12:00:40.000Z","eventId":"e1",
//!  "fields":{"metaverse.voiceCapture":"denied"},"manifestId":"urn:uuid:…","source":"edge","subject":"did:key:z6Mk…"}
//! ```
//!
//! An event lowers a consent, and else only asks for a refresh: nothing that it says is taken for true.

use super::line::canonical;
use super::words::Word;
use std::fmt;
use std::str::FromStr;
use ulp_core::hash::Sha256;
use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, signature};
use ulp_core::words;

/// The code of an event, metadata or a status that is none.
pub const MALFORMED: &str = "sync.malformed";
/// What stands before the digits of an id that was made from its event.
const MADE: &str = "chg-";
/// How many digits such an id has.
const DIGITS: usize = 32;

words!(
    /// What a change is about.
    ChangeType {
        Consent = "consent",
        Preference = "preference",
        Pointer = "pointer",
        Claim = "claim",
        Policy = "policy",
    }
);

/// A change as its line says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub subject: String,
    pub changed_at: Instant,
    /// What was changed, and to what: canonical JSON, `null` where that is not said. Sorted: an event is the same
    /// whichever way its members stand.
    pub fields: Vec<(String, String)>,
    /// The canonical form of the whole, its id included.
    pub text: String,
}

impl Event {
    /// Reads an event; one without an id gets one.
    ///
    /// # Errors
    /// [`MALFORMED`]: a member is missing or wrong.
    pub fn read(object: Value<'_, '_>) -> Result<Event, Refusal> {
        let wrong = |what: &str| Refusal::new(MALFORMED, format!("{what} is missing or wrong"));
        let text = |name: &str| object.get(name).and_then(Value::as_text).filter(|text| !text.is_empty());
        for name in ["manifestId", "source"] {
            if object.get(name).is_some_and(|value| value.kind() != Kind::String) {
                return Err(wrong(name));
            }
        }
        let subject = text("subject").ok_or_else(|| wrong("subject"))?;
        let changed_at = object.get("changedAt").and_then(Instant::of).ok_or_else(|| wrong("changedAt"))?;
        let change = text("changeType").ok_or_else(|| wrong("changeType"))?;
        change.parse::<ChangeType>().map_err(|_| wrong("changeType"))?;
        let fields = object.get("fields").and_then(fields).ok_or_else(|| wrong("fields"))?;
        let (id, text) = match (object.get("eventId"), text("eventId")) {
            (Some(_), Some(id)) => (id, canonical(object)),
            (Some(_), None) => return Err(wrong("eventId")),
            (None, _) => named(object)?,
        };
        Ok(Event { id, subject, changed_at, fields, text })
    }

    /// Which of two events of one id counts: that of the smaller hash.
    pub fn hash(&self) -> Sha256 {
        Sha256::of(self.text.as_bytes())
    }

    /// The word that it gives a consent, if it speaks of it.
    pub fn word(&self, consent: &str) -> Option<Word> {
        let said = self.fields.iter().filter(|(key, _)| key == consent);
        said.map(|(_, value)| Word::of(value.strip_prefix('"').and_then(|text| text.strip_suffix('"')))).min()
    }
}

/// The fields as keys and values: of an object, or of a list of keys.
fn fields(value: Value<'_, '_>) -> Option<Vec<(String, String)>> {
    let fields: Option<Vec<(String, String)>> = match value.kind() {
        Kind::Object => {
            value.members().map(|(key, value)| Some((key.as_text()?, canonical(value)))).collect()
        }
        Kind::Array => value.items().map(|key| Some((key.as_text()?, "null".to_owned()))).collect(),
        _ => None,
    };
    let mut fields = fields?;
    fields.sort_unstable();
    Some(fields)
}

/// The id that an event has by what it says, and the event with it.
fn named(object: Value<'_, '_>) -> Result<(String, String), Refusal> {
    let hex = Sha256::of(canonical(object).as_bytes()).hex();
    let id = format!("{MADE}{}", &hex[..DIGITS]);
    let text = signature::with_member(object, "eventId", &format!("\"{id}\""))?;
    Ok((id, text))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ulp_core::json::Tape;

    const DENIAL: &str = r#"{"changeType":"consent","changedAt":"2026-11-20T12:00:40.000Z","eventId":"e1","fields":{"a":"denied","b":null,"c":"restricted","d":"allowed","e":"of course","f":7},"manifestId":"m","source":"edge","subject":"s"}"#;

    fn read(text: &str) -> Result<Event, String> {
        let mut tape = Tape::new();
        Event::read(tape.parse(text, 64).unwrap()).map_err(|refusal| refusal.code.into_owned())
    }

    #[test]
    fn an_event_gives_words_and_everything_else_denies() {
        let event = read(DENIAL).unwrap();
        let words = ["a", "b", "c", "d", "e", "f", "g"].map(|key| event.word(key).map(Word::as_str));
        let [denied, restricted, allowed] = [Some("denied"), Some("restricted"), Some("allowed")];
        assert_eq!(words, [denied, denied, restricted, allowed, denied, denied, None]);
        let listed = read(&DENIAL.replace("\"fields\":{", "\"fields\":[\"a\"],\"more\":{")).unwrap();
        assert_eq!(listed.word("a"), Some(Word::Denied));
    }

    #[test]
    fn an_event_without_an_id_has_one_by_what_it_says() {
        let bare = DENIAL.replace("\"eventId\":\"e1\",", "");
        let event = read(&bare).unwrap();
        assert_eq!(event.id, format!("chg-{}", &Sha256::of(bare.as_bytes()).hex()[..32]));
        assert_eq!(read(&event.text).unwrap(), event);
        assert_eq!(read(&bare.replace(",\"", " ,\"")).unwrap(), event, "blanks between members say nothing");
    }

    #[test]
    fn what_is_missing_or_wrong_is_refused() {
        for (from, to) in [
            ("\"consent\"", "\"consents\""),
            ("\"2026-11-20T12:00:40.000Z\"", "1"),
            ("\"e1\"", "1"),
            ("\"e1\"", "\"\""),
            ("\"fields\"", "\"field\""),
            ("\"m\"", "null"),
            ("\"edge\"", "[]"),
            (",\"subject\":\"s\"", ""),
        ] {
            assert_eq!(read(&DENIAL.replace(from, to)), Err(MALFORMED.to_owned()), "{from} -> {to}");
        }
    }
}
