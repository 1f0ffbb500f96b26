//! What a document is called by its content: `sha256:` and the SHA-256 of its canonical form, signatures included.

use ulp_core::hash::Sha256;
use ulp_core::json::{Canonical, Value};

/// The hash of a document, however it was spelt.
///
/// ```
/// use ulp_core::json::Tape;
/// let (mut one, mut other) = (Tape::new(), Tape::new());
/// let hash = ulp_um::hash::of(one.parse(r#"{"a":1,"b":2}"#, 64)?);
/// assert_eq!(hash, ulp_um::hash::of(other.parse(r#"{ "b": 2.0, "a": 1 }"#, 64)?));
/// assert!(hash.to_string().starts_with("sha256:43258cff783fe703"));
/// # Ok::<(), ulp_core::json::Error>(())
/// ```
pub fn of(document: Value<'_, '_>) -> Sha256 {
    Sha256::of(&canonical(document))
}

/// The canonical form of a value, as bytes.
pub fn canonical(value: Value<'_, '_>) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.raw().len());
    Canonical::new().write(value, &mut text);
    text
}

/// The canonical form of an object without its top-level members of those names.
pub fn canonical_without(object: Value<'_, '_>, names: &[&str]) -> String {
    let mut text = Vec::with_capacity(object.raw().len());
    Canonical::new().write_without_any(object, names, &mut text);
    String::from_utf8(text).expect("canonical JSON of UTF-8 text is UTF-8")
}
