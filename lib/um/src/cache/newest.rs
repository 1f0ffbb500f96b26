//! The newest held value of a key: among the held of one `issuedAt`, newest first, that on which all agree. Where they
//! differ it is a conflict, and the next older count.

use super::document::Document;
use super::held::Known;
use super::view::Conflict;
use super::words::Class;
use std::collections::{BTreeMap, BTreeSet};

/// Documents of one `issuedAt`.
pub type Group<'g> = Vec<&'g Known<'g>>;

/// The value of a key; absence is a value too. `differ` is told the `issuedAt` of those that do not agree.
pub fn value<'g, T: PartialEq>(
    groups: &[Group<'g>],
    of: impl Fn(&'g Document) -> Option<T>,
    mut differ: impl FnMut(&str) -> bool,
) -> Option<T> {
    for group in groups {
        let mut values = group.iter().map(|known| of(known.document));
        let first = values.next().flatten();
        if values.all(|value| value == first) {
            return first;
        }
        differ(issued(group));
    }
    None
}

/// The `issuedAt` of a group: of several spellings of it, the least.
pub fn issued<'g>(group: &Group<'g>) -> &'g str {
    group.iter().map(|known| known.document.issued_text.as_str()).min().unwrap_or_default()
}

/// The newest held values of a class, by key.
pub fn values<'g>(
    groups: &[Group<'g>],
    class: Class,
    of: impl Fn(&'g Document) -> &'g BTreeMap<String, String>,
    conflicts: &mut BTreeSet<Conflict>,
) -> BTreeMap<String, String> {
    let keys: BTreeSet<&str> =
        groups.iter().flatten().flat_map(|known| of(known.document).keys().map(String::as_str)).collect();
    let mut values = BTreeMap::new();
    for key in keys {
        let newest = value(
            groups,
            |document| of(document).get(key),
            |issued| conflicts.insert(Conflict::new(class, key, issued)),
        );
        values.extend(newest.map(|value| (key.to_owned(), value.clone())));
    }
    values
}
