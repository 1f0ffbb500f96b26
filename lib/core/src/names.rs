//! Names on disk: how an id becomes the name of one file or directory, and back.
//!
//! Lower-case letters, digits, `_`, `-` and inner dots stand for themselves; every other byte is written `~xx`. So
//! no id escapes its directory, no two collide on a file system that folds case, none is one of the names that DOS
//! reserved for devices, and none needs escaping in make, in URLs or in BagIt. Each id has exactly one name: a
//! name that [`encode`] does not write is refused by [`decode`]. Page "5. The tile store", names.
//!
//! ```
//! use ulp_core::names::{decode, encode};
//! assert_eq!(encode("user:Zoë"), "user~3a~5ao~c3~ab");
//! assert_eq!(decode("user~3a~5ao~c3~ab").as_deref(), Some("user:Zoë"));
//! assert_eq!(decode("user~3A"), None);
//! ```

use crate::hash::value;

/// The names of devices that DOS reserves, alone or before a dot; `com` and `lpt` with a digit.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
const PORTS: [&str; 2] = ["com", "lpt"];

/// The name on disk of an id: 1 to 3 bytes for each of its bytes, so at most 240 for a `space_id` or `layer_id`.
pub fn encode(id: &str) -> String {
    let bytes = id.as_bytes();
    let mut name = String::with_capacity(bytes.len() + 8);
    for (i, byte) in bytes.iter().copied().enumerate() {
        let at_an_end = i == 0 || i + 1 == bytes.len();
        if !is_plain(byte) || byte == b'.' && at_an_end || i == 0 && is_device(id) {
            name.push('~');
            name.extend([byte >> 4, byte & 15].map(|n| char::from(b"0123456789abcdef"[usize::from(n)])));
        } else {
            name.push(char::from(byte));
        }
    }
    name
}

/// The id of a name on disk, or `None` where [`encode`] writes no such name.
pub fn decode(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'~' => value(rest.next()?)? << 4 | value(rest.next()?)?,
            plain => plain,
        });
    }
    // An id has one spelling: what is written differently from how we would is no name of ours.
    String::from_utf8(bytes).ok().filter(|id| !id.is_empty() && encode(id) == name)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_device(id: &str) -> bool {
    let stem = id.split('.').next().unwrap_or_default();
    let is_digit = |n: &str| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit());
    DEVICES.contains(&stem) || PORTS.iter().any(|port| stem.strip_prefix(port).is_some_and(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{MAX_PLACE, is_place};
    use proptest::prelude::*;

    #[test]
    fn names_are_those_of_the_page() {
        for (id, name) in [
            ("demo", "demo"),
            ("a.b", "a.b"),
            (".a.", "~2ea~2e"),
            ("Demo", "~44emo"),
            ("con", "~63on"),
            ("con.txt", "~63on.txt"),
            ("console", "console"),
            ("com0", "~63om0"),
            ("lpt9.x", "~6cpt9.x"),
            ("com10", "com10"),
            ("a b~", "a~20b~7e"),
            ("a\\b", "a~5cb"),
        ] {
            assert_eq!(encode(id), name);
            assert_eq!(decode(name).as_deref(), Some(id));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for name in
            ["", "~", "~6", "~61", "~2E", "Demo", ".a", "a.", "con", "~63~6fn", "~ff", "a/b", "é", "~zz"]
        {
            assert_eq!(decode(name), None, "{name}");
        }
    }

    fn is_reserved(name: &str) -> bool {
        let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let ports = ["com", "lpt"].iter().flat_map(|p| (0..10).map(move |n| format!("{p}{n}")));
        ports.chain(DEVICES.map(str::to_owned)).any(|device| device == stem)
    }

    /// Ids, many of them close to what is special.
    fn ids() -> impl Strategy<Value = String> {
        let special = "(con|CON|prn|aux|nul|com[0-9]|LPT[0-9]|[.~]{0,3})(\\.[a-zA-Z]{0,3}|[é~A ]{0,2})";
        prop_oneof![any::<String>(), special, "[a-zA-Z0-9_.~-]{1,80}"].prop_filter("a place", |s| is_place(s))
    }

    proptest! {
        #[test]
        fn names_are_safe_and_read_back(id in ids()) {
            let name = encode(&id);
            prop_assert_eq!(decode(&name), Some(id.clone()));
            prop_assert!(name.len() <= 3 * MAX_PLACE && name.len() <= 255);
            prop_assert!(!name.starts_with('.') && !name.ends_with('.') && !is_reserved(&name));
            prop_assert!(name.bytes().all(|b| is_plain(b) || b == b'~'));
            prop_assert_eq!(name.to_ascii_lowercase(), name);
        }

        #[test]
        fn two_ids_have_two_names(a in ids(), b in ids()) {
            prop_assert_eq!(a == b, encode(&a).eq_ignore_ascii_case(&encode(&b)));
        }

        #[test]
        fn a_name_that_reads_has_that_spelling_alone(name in "[a-zA-Z0-9_.~-]{0,12}") {
            if let Some(id) = decode(&name) {
                prop_assert_eq!(encode(&id), name);
            }
        }
    }
}
