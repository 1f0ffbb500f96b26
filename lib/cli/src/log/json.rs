//! The boundary log as JSON lines.

use ulp_core::json::write::Members;
use ulp_core::report::Diagnostic;
use ulp_core::text::write_escaped_string;

use crate::Failure;

/// Appends a diagnostic as a line; `whole` says whether its id and text stand in it.
pub(super) fn write(diagnostic: &Diagnostic, source: Option<&str>, whole: bool, out: &mut Vec<u8>) {
    let Diagnostic { position, outcome, code, event_id, detail, .. } = diagnostic;
    let mut line = Members::open(out);
    line.word("log", "boundary", out);
    line.word("action", outcome.as_str(), out);
    line.word("code", code, out);
    if let Some(position) = position {
        line.integer("line", position.line, out);
    }
    if let Some(source) = source {
        write_text("source", source, &mut line, out);
    }
    if let Some(event) = event_id.as_ref().filter(|_| whole) {
        write_text("event_id", event, &mut line, out);
    }
    if whole && !detail.is_empty() {
        write_text("detail", detail, &mut line, out);
    }
    line.end_line(out);
}

/// Appends why a run ended early as a line.
pub(super) fn write_failure(tool: &str, failure: &Failure, out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    line.word("log", "failure", out);
    write_text("tool", tool, &mut line, out);
    line.integer("status", failure.status() as u8, out);
    write_text("detail", &failure.to_string(), &mut line, out);
    line.end_line(out);
}

/// A member whose text shows nothing but what prints.
pub(super) fn write_text(name: &str, text: &str, line: &mut Members, out: &mut Vec<u8>) {
    line.name(name, out);
    write_escaped_string(text, out);
}
