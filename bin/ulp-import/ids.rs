//! What nodes are called: by the ids that records bear, or by a hash of what they are.

use ulp_core::event::is_node;
use ulp_core::hash::Sha256;

use crate::record::Record;

/// Hex digits of a hash in a name.
const DIGITS: usize = 32;

/// The first 32 hex digits of the SHA-256 of some bytes.
pub fn hash(bytes: &[u8]) -> String {
    let mut hex = Sha256::of(bytes).hex();
    hex.truncate(DIGITS);
    hex
}

/// How ids of records become names of nodes.
#[derive(Debug, Default)]
pub struct Names {
    prefix: String,
}

impl Names {
    pub fn new(prefix: &str) -> Names {
        Names { prefix: prefix.to_owned() }
    }

    /// The node of that id. One that no node may have is replaced by its hash, which the record notes.
    pub fn node(&self, id: &str, record: &mut Record) -> String {
        self.plain(id).unwrap_or_else(|| {
            record.note("import.id", "no node may have that id: it is called by a hash of it");
            self.hashed(id)
        })
    }

    /// The node of that id, where it is named again: by a link, a member, a reading.
    pub fn known(&self, id: &str) -> String {
        self.plain(id).unwrap_or_else(|| self.hashed(id))
    }

    /// The n-th member of a node.
    pub fn member(&self, node: &str, n: usize) -> String {
        let id = format!("{node}:{n}");
        if is_node(&id) { id } else { self.hashed(&id) }
    }

    /// The name by an id as it stands, where a node may have it.
    fn plain(&self, id: &str) -> Option<String> {
        if !is_node(id) {
            return None;
        }
        let name = [self.prefix.as_str(), id].concat();
        (self.prefix.is_empty() || is_node(&name)).then_some(name)
    }

    fn hashed(&self, id: &str) -> String {
        format!("{}n-{}", self.prefix, hash(id.as_bytes()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_no_node_may_have_are_hashed() {
        let (names, mut record) = (Names::new("p/"), Record::default());
        assert_eq!(names.node("a", &mut record), "p/a");
        assert!(record.notes.is_empty());
        let long = "x".repeat(255);
        for bad in ["", "@x", "a\nb", long.as_str()] {
            assert_eq!(names.node(bad, &mut record), format!("p/n-{}", hash(bad.as_bytes())));
            assert_eq!(names.known(bad), format!("p/n-{}", hash(bad.as_bytes())));
        }
        assert_eq!(record.notes.len(), 4);
        assert_eq!(Names::default().known(&long), long);
        assert_eq!(hash(b"@x"), "37f6276fa87c768f552b56babf0aae27");
    }
}
