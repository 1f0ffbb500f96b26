//! The boundary log as JSON lines.

use std::fmt::Write as _;

use ulp_core::report::Diagnostic;
use ulp_core::text::json_string_into;

/// Appends a diagnostic as a line; `whole` says whether its id and text stand in it.
pub(super) fn write(diagnostic: &Diagnostic, source: Option<&str>, whole: bool, out: &mut String) {
    let Diagnostic { position, outcome, code, event_id, detail, .. } = diagnostic;
    let _ = write!(out, "{{\"log\":\"boundary\",\"action\":\"{}\",\"code\":\"{code}\"", outcome.as_str());
    if let Some(position) = position {
        let _ = write!(out, ",\"line\":{}", position.line);
    }
    if let Some(source) = source {
        text_member("source", source, out);
    }
    if let Some(event) = event_id.as_ref().filter(|_| whole) {
        text_member("event_id", event, out);
    }
    if whole && !detail.is_empty() {
        text_member("detail", detail, out);
    }
    out.push_str("}\n");
}

pub(super) fn text_member(name: &str, text: &str, out: &mut String) {
    let _ = write!(out, ",\"{name}\":");
    json_string_into(text, out);
}
