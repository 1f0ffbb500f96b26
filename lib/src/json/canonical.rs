//! Canonical JSON: RFC 8785 (JCS).
use std::cmp::Ordering;

/// Appends the canonical form of a valid JSON text.
pub fn write_canonical(raw: &str, out: &mut Vec<u8>) {
    let _ = (raw, out);
    unimplemented!()
}
/// Whether a valid JSON text is its own canonical form.
pub fn is_canonical(raw: &str) -> bool {
    let _ = raw;
    unimplemented!()
}
/// Appends a string with its quotes.
pub fn write_string(s: &str, out: &mut Vec<u8>) {
    let _ = (s, out);
    unimplemented!()
}
/// Appends a finite number as ECMAScript prints it.
pub fn write_number(n: f64, out: &mut Vec<u8>) {
    let _ = (n, out);
    unimplemented!()
}
/// The order of members: by UTF-16 code units.
pub fn key_order(a: &str, b: &str) -> Ordering {
    let _ = (a, b);
    unimplemented!()
}
