//! The boundary log for people: `tool: source:line: rejected code event: detail`.

use std::io::Write as _;

use ulp_core::report::{Diagnostic, Outcome};
use ulp_core::text::escape;

/// Appends a diagnostic as a line, coloured where that is wanted.
pub(super) fn write(
    diagnostic: &Diagnostic,
    tool: &str,
    source: Option<&str>,
    coloured: bool,
    out: &mut Vec<u8>,
) {
    let Diagnostic { position, outcome, code, shared, event_id, detail } = diagnostic;
    let _ = write!(out, "{tool}: ");
    if let (Some(source), Some(position)) = (source, position) {
        let _ = write!(out, "{}:{}: ", escape(source), position.line);
    }
    let word = outcome.as_str();
    let _ = if coloured {
        write!(out, "\x1b[{}m{word}\x1b[0m {code}", colour(*outcome))
    } else {
        write!(out, "{word} {code}")
    };
    if let Some(event) = event_id.as_ref().filter(|_| *shared) {
        let _ = write!(out, " {}", escape(event));
    }
    if *shared && !detail.is_empty() {
        let _ = write!(out, ": {}", escape(detail));
    }
    out.push(b'\n');
}

/// A colour on a terminal, as an ANSI number.
fn colour(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Rejected => 31,
        Outcome::Withheld => 36,
        Outcome::Duplicate => 34,
        Outcome::Noted => 33,
    }
}
