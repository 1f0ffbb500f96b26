//! The floor of every reader: a trace, read whole, and of each line a DOM by sonic-rs that nobody looks at.
//!
//! usage: floor TRACE

use sonic_rs::{JsonValueTrait as _, Value};
use std::hint::black_box;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else { return ExitCode::from(2) };
    let Ok(text) = std::fs::read(path) else { return ExitCode::from(4) };
    let mut from = 0;
    while from < text.len() {
        let end = memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |at| from + at);
        match sonic_rs::from_slice::<Value>(&text[from..end]) {
            Ok(line) if black_box(&line).is_object() => from = end + 1,
            _ => return ExitCode::from(1),
        }
    }
    ExitCode::SUCCESS
}
