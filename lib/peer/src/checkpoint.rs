//! Checkpoints: a chain of receipts as a tree whose head any witness of transparency logs can cosign.
//!
//! ```text
//! ulp/did:key:z6Mk…                               the origin
//! 3                                               how many receipts
//! pQe9ZbBf19OtanQ4z4+p6diIXjscSkhnNVwmUUQ/QiY=    the root of their tree
//!
//! — ulp/did:key:z6Mk… fFDT/K49…                   the key's name, its hash and the signature
//! ```
//!
//! A C2SP tlog-checkpoint in a C2SP signed-note: the leaves of an RFC 6962 tree are the chain's lines without their
//! ends; the key's hash is the first 4 bytes of SHA-256 over `<name>\n`, 1 (Ed25519) and the public key; what is signed
//! is the text up to its last line end.
//!
//! ```
//! use ulp_core::trust::SecretKey;
//! use ulp_peer::checkpoint::{Tree, print};
//! let mut tree = Tree::default();
//! tree.push(b"{\"height\":1}");
//! let note = print(&SecretKey::from_seed(&[1; 32]), &tree);
//! assert!(note.starts_with("ulp/did:key:z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX\n1\n"));
//! ```

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};
use ulp_core::trust::SecretKey;

/// What stands before a leaf and before a node, so that neither is the other.
const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];
/// The type of an Ed25519 key in a signed note.
const ED25519: [u8; 1] = [1];

type Hash = [u8; 32];

/// A tree that grows leaf by leaf.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Whole subtrees, the largest and first one first, each with how many leaves it has.
    whole: Vec<(u64, Hash)>,
}

impl Tree {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut last = (1, hash([&LEAF, leaf]));
        while let Some((leaves, left)) = self.whole.pop_if(|(leaves, _)| *leaves == last.0) {
            last = (2 * leaves, hash([&NODE, &left, &last.1]));
        }
        self.whole.push(last);
    }

    /// How many leaves it has.
    pub fn len(&self) -> u64 {
        self.whole.iter().map(|(leaves, _)| leaves).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.whole.is_empty()
    }

    /// Its root; of no leaf, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut whole = self.whole.iter().rev().map(|(_, hash)| *hash);
        match whole.next() {
            None => hash::<0>([]),
            Some(last) => whole.fold(last, |right, left| hash([&NODE, &left, &right])),
        }
    }
}

/// The checkpoint of a chain, as the peer whose key it is.
pub fn print(key: &SecretKey, tree: &Tree) -> String {
    let did = key.did();
    let name = format!("ulp/{did}");
    let text = format!("{name}\n{}\n{}\n", tree.len(), BASE64.encode(&tree.root()));
    let key_hash = hash([name.as_bytes(), b"\n", &ED25519, &did.0]);
    let signature = [&key_hash[..4], &key.sign(text.as_bytes())].concat();
    format!("{text}\n— {name} {}\n", BASE64.encode(&signature))
}

fn hash<const N: usize>(parts: [&[u8]; N]) -> Hash {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root as RFC 6962 defines it.
    fn slow(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => hash::<0>([]),
            [leaf] => hash([&LEAF, leaf]),
            _ => {
                let left = leaves.len().next_power_of_two() / 2;
                hash([&NODE, &slow(&leaves[..left]), &slow(&leaves[left..])])
            }
        }
    }

    #[test]
    fn a_tree_grows_as_the_definition_has_it() {
        let (mut tree, mut leaves) = (Tree::default(), Vec::new());
        for n in 0..70_u8 {
            assert_eq!((tree.len(), tree.root()), (u64::from(n), slow(&leaves)), "{n}");
            tree.push(&[n]);
            leaves.push(vec![n]);
        }
    }
}
