//! JSON: a line's canonical form is canonical, reads as a line, and is its own canonical form; a line that is called
//! canonical is its own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::json::{Canonical, Tape, is_canonical, parse_line};

/// The canonical form, where the line is one.
fn canonical(line: &[u8]) -> Option<Vec<u8>> {
    let (mut tape, mut out) = (Tape::new(), Vec::new());
    let value = parse_line(&mut tape, line).ok()?;
    Canonical::new().write(value, &mut out);
    Some(out)
}

fuzz_target!(|line: &[u8]| {
    let Some(once) = canonical(line) else { return };
    assert_eq!(canonical(&once).as_ref(), Some(&once), "the canonical form has another");
    let mut tape = Tape::new();
    let value = parse_line(&mut tape, line).expect("a line that was read before");
    assert_eq!(value.is_canonical(), is_canonical(value.raw()));
    assert_eq!(value.is_canonical(), once == value.raw().as_bytes());
});
