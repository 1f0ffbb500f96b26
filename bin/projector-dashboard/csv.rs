//! CSV: a row a reading, as `ulp-import -f csv` reads it back.
//!
//! A cell says what it seems to say: a text that would read as a number, as a truth or as nothing is written as a JSON
//! string, and so is one that a spreadsheet would take for a formula, or that a terminal would obey.

use crate::board::Board;
use std::io::Write as _;
use ulp_core::id::Time;
use ulp_core::json::{raw, write_string};
use ulp_core::text::{is_obeyed, write_printable};
use ulp_view::join::unquoted;

const HEADER: &str = "timestamp,space_id,actor_id,sensor,unit,value,event_id\r\n";
/// What a text that stands as it is does not begin with.
const FORMULAS: [char; 7] = ['"', '=', '+', '-', '@', '\t', '\r'];

/// The table of all readings.
pub fn write(board: &Board<'_, '_>) -> Vec<u8> {
    let mut out = HEADER.as_bytes().to_vec();
    for (series, reading) in board.readings() {
        let said = reading.sensor;
        push_cell(&date(said.timestamp), &mut out);
        for text in [series.space, series.actor, series.sensor] {
            out.push(b',');
            push_text(text, &mut out);
        }
        out.push(b',');
        if let Some(unit) = said.unit.filter(|unit| *unit != "null") {
            push_text(&unquoted(unit), &mut out);
        }
        out.push(b',');
        push_value(said.value, &mut out);
        out.push(b',');
        push_text(reading.key.id, &mut out);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A timestamp in RFC 3339, with as many decimals as it has.
fn date(raw: &str) -> String {
    let time = raw.parse().ok().and_then(Time::from_seconds).unwrap_or(Time(0));
    crate::when::date(time)
}

/// Appends a raw value; nothing for null.
fn push_value(raw: &str, out: &mut Vec<u8>) {
    match raw::text(raw) {
        Some(text) if matches!(&*text, "true" | "false") => push_cell(&json(&text), out),
        Some(text) => push_text(&text, out),
        None if raw == "null" => {}
        None => push_cell(raw, out),
    }
}

/// Appends a text so that it reads as that text.
fn push_text(text: &str, out: &mut Vec<u8>) {
    let is_told = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r') || is_obeyed(c);
    let reads_otherwise = text.is_empty() || text.starts_with(FORMULAS) || is_number(text);
    if reads_otherwise || text.chars().any(is_told) {
        push_cell(&json(text), out)
    } else {
        push_cell(text, out)
    }
}

/// Whether a cell is a number as JSON spells it.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && raw::number(text).is_some()
}

fn json(text: &str) -> String {
    let (mut string, mut out) = (Vec::new(), Vec::new());
    write_string(text, &mut string);
    write_printable(&string, &mut out);
    String::from_utf8(out).expect("because JSON is UTF-8")
}

/// Appends a cell, in quotes where RFC 4180 asks for them.
fn push_cell(cell: &str, out: &mut Vec<u8>) {
    if cell.contains(['"', ',', '\r', '\n']) {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "\"{}\"", cell.replace('"', "\"\""));
    } else {
        out.extend_from_slice(cell.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_text_reads_as_itself() {
        for (text, expected) in [
            ("plain é", "plain é"),
            ("a b, c", "\"a b, c\""),
            ("two\nlines", "\"two\nlines\""),
            ("12", "\"\"\"12\"\"\""),
            ("1e400", "1e400"),
            ("012", "012"),
            ("", "\"\"\"\"\"\""),
            ("-", "\"\"\"-\"\"\""),
            ("=1", "\"\"\"=1\"\"\""),
            ("\"", "\"\"\"\\\"\"\"\"\""),
            ("\u{1b}[2J", "\"\"\"\\u001b[2J\"\"\""),
            ("\u{202e}", "\"\"\"\\u202e\"\"\""),
        ] {
            assert_eq!(cell(|out| push_text(text, out)), expected, "{text:?}");
        }
    }

    #[test]
    fn a_value_keeps_its_kind() {
        for (raw, expected) in [
            ("1.5", "1.5"),
            ("-0.5", "-0.5"),
            ("true", "true"),
            ("\"true\"", "\"\"\"true\"\"\""),
            ("null", ""),
            ("\"null\"", "null"),
            ("\"on\"", "on"),
        ] {
            assert_eq!(cell(|out| push_value(raw, out)), expected, "{raw}");
        }
    }
}
