//! How events are named on the wire: by the first 16 bytes of their hashes, one after the other as base64url.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::hash::Blake3;

/// Bytes of an id.
pub const ID: usize = 16;
/// Most ids of a line.
pub const MOST: usize = 3000;

/// The part of an event's hash that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; ID]);

impl Id {
    /// The id of a hash.
    pub fn of(hash: &Blake3) -> Id {
        Id::of_bytes(&hash.0)
    }

    /// The id of a hash's bytes.
    pub fn of_bytes(hash: &[u8; 32]) -> Id {
        let mut id = [0; ID];
        id.copy_from_slice(&hash[..ID]);
        Id(id)
    }

    /// The digits of the part.
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

/// Ids of a line: sorted, each once, at most [`MOST`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(Vec<Id>);

impl Ids {
    /// Ids in the chunks that lines take.
    pub fn chunks(mut ids: Vec<Id>) -> Vec<Ids> {
        ids.sort_unstable();
        ids.dedup();
        ids.chunks(MOST).map(|chunk| Ids(chunk.to_vec())).collect()
    }

    /// At most [`MOST`] ids in any order.
    pub fn of(mut ids: Vec<Id>) -> Ids {
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(MOST);
        Ids(ids)
    }

    pub fn as_slice(&self) -> &[Id] {
        &self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, id: &Id) -> bool {
        self.0.binary_search(id).is_ok()
    }

    /// Reads ids: nothing where they are not sorted, not whole or too many.
    pub fn parse(text: &str) -> Option<Ids> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (ids, rest) = bytes.as_chunks::<ID>();
        let ids: Vec<Id> = ids.iter().copied().map(Id).collect();
        let is_sorted = ids.windows(2).all(|pair| pair[0] < pair[1]);
        (rest.is_empty() && is_sorted && ids.len() <= MOST).then_some(Ids(ids))
    }

    /// The text that reads back as these.
    pub fn print(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0.iter().flat_map(|id| id.0).collect::<Vec<u8>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_they_print_sorted_and_each_once() {
        let id = |n: u8| Id([n; ID]);
        for count in [0, 1, 2, 200] {
            let ids = Ids::of((0..count).rev().map(id).collect());
            assert_eq!(Ids::parse(&ids.print()), Some(ids.clone()));
            assert_eq!((ids.len(), ids.is_empty()), (usize::from(count), count == 0));
        }
        let twice = BASE64URL_NOPAD.encode(&[[7; ID], [7; ID]].concat());
        let unsorted = BASE64URL_NOPAD.encode(&[[7; ID], [6; ID]].concat());
        for bad in [&twice[..], &unsorted, "AA", "AAAA AAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB"] {
            assert_eq!(Ids::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn no_line_holds_more_than_three_thousand() {
        let id = |n: usize| Id(std::array::from_fn(|at| n.to_be_bytes().get(at).copied().unwrap_or(0)));
        let chunks = Ids::chunks((0..2 * MOST + 1).map(id).collect());
        assert_eq!(chunks.iter().map(Ids::len).collect::<Vec<_>>(), [MOST, MOST, 1]);
        let many: Vec<u8> = (0..=MOST).flat_map(|n| id(n).0).collect();
        assert_eq!(Ids::parse(&BASE64URL_NOPAD.encode(&many)), None);
    }
}
