//! Blobs that events name: every `sha256:` and 64 hex digits in an event's line is a name.
//!
//! Canonical lines write plain letters as they are, so a search finds each name, whichever member holds it: a
//! `set_media`, a geometry's `ref`, a parameter of a macro.

use foldhash::HashSet;
use memchr::memmem;
use ulp_core::hash::{BYTES, Sha256};

/// Most names that anybody holds at a time.
pub const MOST: usize = 4 << 20;

/// Takes in every object that some lines name, as far as there is room.
pub fn gather(lines: &[u8], all: &mut HashSet<Sha256>) {
    each_ref(lines, |hash| {
        if all.len() < MOST {
            all.insert(hash);
        }
    });
}

/// Calls `each` for every object that some lines name.
pub fn each_ref(lines: &[u8], mut each: impl FnMut(Sha256)) {
    for at in memmem::find_iter(lines, Sha256::PREFIX) {
        let start = at + Sha256::PREFIX.len();
        let Some(hex) = lines.get(start..start + 2 * BYTES) else { return };
        let longer = lines.get(start + 2 * BYTES).is_some_and(u8::is_ascii_alphanumeric);
        let hash = std::str::from_utf8(hex).ok().and_then(Sha256::from_hex).filter(|_| !longer);
        hash.into_iter().for_each(&mut each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let (a, b) = (Sha256::of(b"a"), Sha256::of(b"b"));
        let text = format!(r#"{{"media":{{"ref":"{a}"}}}}{{"x":"{b}"}}{{"y":"{a}0"}}{{"z":"sha256:12"}}"#);
        let mut found = Vec::new();
        each_ref(text.as_bytes(), |hash| found.push(hash));
        assert_eq!(found, [a, b]);
    }
}
