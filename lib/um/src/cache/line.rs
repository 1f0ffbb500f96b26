//! A line of the journal.
//!
//! ```text
//! {"at":"2026-11-20T12:00:01.000Z","object":"sha256:3aaf…","result":"accepted","road":"authoritative","source":"home",
//!  "standing":"authoritative","step":"fetch","subject":"did:key:z6Mk…"}
//! ```

use super::words::{Role, Standing, Step};
use crate::hash;
use ulp_core::hash::Sha256;
use ulp_core::json::write::Members;
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::Instant;

/// Deepest nesting of a line: a document's ten, in a view, in a line.
pub const DEPTH: usize = json::EVENT_DEPTH;
/// The code of a line that is none.
pub const MALFORMED: &str = "journal.line";
const ACCEPTED: &str = "accepted";
const REFUSED: &str = "refused";

/// What happened, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: Instant,
    /// `at` as it is written.
    pub at_text: String,
    pub step: Step,
    pub subject: String,
    pub source: Option<String>,
    pub road: Option<Role>,
    /// Whether it counts.
    pub accepted: bool,
    pub standing: Option<Standing>,
    /// Why it does not count.
    pub code: Option<String>,
    /// The bytes that it is about.
    pub object: Option<Sha256>,
    /// What came, as canonical JSON.
    pub data: Option<String>,
}

impl Line {
    /// Reads a line of text.
    ///
    /// # Errors
    /// `json.*`: no strict I-JSON object; [`MALFORMED`]: a member is missing or wrong.
    pub fn parse(text: &str, tape: &mut Tape) -> Result<Line, Refusal> {
        let object = tape.parse(text, DEPTH)?;
        Line::read(object).ok_or_else(|| Refusal::new(MALFORMED, "a member is missing or wrong"))
    }

    fn read(object: Value<'_, '_>) -> Option<Line> {
        let text = |name: &str| object.get(name).and_then(Value::as_text);
        let at_text = text("at")?;
        let accepted = match text("result")?.as_str() {
            ACCEPTED => true,
            REFUSED => false,
            _ => return None,
        };
        let hash = |text: String| text.parse().ok();
        Some(Line {
            at: Instant::parse(&at_text)?,
            at_text,
            step: text("step")?.parse().ok()?,
            subject: text("subject")?,
            source: text("source"),
            road: optional(text("road"), |text| text.parse().ok())?,
            accepted,
            standing: optional(text("standing"), |text| text.parse().ok())?,
            code: text("code"),
            object: optional(text("object"), hash)?,
            data: object.get("data").map(canonical),
        })
    }

    /// Appends the line, with its end.
    pub fn print(&self, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        let hash = self.object.map(|hash| hash.to_string());
        line.text("at", &self.at_text, out);
        optional_text(&mut line, "code", self.code.as_deref(), out);
        line.raw("data", self.data.as_deref(), out);
        optional_text(&mut line, "object", hash.as_deref(), out);
        line.word("result", if self.accepted { ACCEPTED } else { REFUSED }, out);
        optional_text(&mut line, "road", self.road.map(Role::as_str), out);
        optional_text(&mut line, "source", self.source.as_deref(), out);
        optional_text(&mut line, "standing", self.standing.map(Standing::as_str), out);
        line.word("step", self.step, out);
        line.text("subject", &self.subject, out);
        line.end_line(out);
    }
}

/// What is not there is no fault; what is there and wrong is.
fn optional<T, U>(there: Option<T>, read: impl FnOnce(T) -> Option<U>) -> Option<Option<U>> {
    there.map_or(Some(None), |there| read(there).map(Some))
}

fn optional_text(line: &mut Members, name: &str, text: Option<&str>, out: &mut Vec<u8>) {
    if let Some(text) = text {
        line.text(name, text, out);
    }
}

/// The canonical form of a value.
pub(super) fn canonical(value: Value<'_, '_>) -> String {
    String::from_utf8(hash::canonical(value)).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FETCH: &str = r#"{"at":"2026-11-20T12:00:01.000Z","code":"um.expired","data":{"a":1},"object":"sha256:3aaf97577f90ebbe7ee962554a0f8408a5de0184348cbaa009a4c14f4f001dd1","result":"refused","road":"relay","source":"stick","standing":"hearsay","step":"fetch","subject":"did:example:a"}"#;

    #[test]
    fn a_line_prints_as_it_reads() {
        let bare = r#"{"at":"2026-11-20T12:00:01.000Z","result":"accepted","step":"merge","subject":"s"}"#;
        for text in [FETCH, bare] {
            let mut out = Vec::new();
            Line::parse(text, &mut Tape::new()).unwrap().print(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{text}\n"));
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_no_line() {
        for (from, to) in [
            ("\"at\":\"2026", "\"at\":\"20261"),
            ("\"step\":\"fetch\",", ""),
            ("\"fetch\"", "\"fetched\""),
            ("\"refused\"", "\"maybe\""),
            ("\"relay\"", "\"road\""),
            ("\"hearsay\"", "\"said\""),
            ("sha256:3a", "sha256:3A"),
            (",\"subject\":\"did:example:a\"", ""),
        ] {
            let refusal = Line::parse(&FETCH.replace(from, to), &mut Tape::new()).unwrap_err();
            assert_eq!(refusal.code, MALFORMED, "{from} -> {to}");
        }
        assert_eq!(Line::parse("{", &mut Tape::new()).unwrap_err().code, "json.syntax");
    }
}
