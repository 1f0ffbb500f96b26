//! How many rows stand, and of whom.

/// Rows of a graph, unless told otherwise.
pub const ROWS: usize = 4096;
/// Rows of what is signed for a peer, and of what is not.
pub const PEER_ROWS: usize = 512;
/// How many shares there are.
pub const SHARES: usize = 3;

/// How many rows stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub rows: usize,
    pub peer_rows: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { rows: ROWS, peer_rows: PEER_ROWS }
    }
}

/// Whose rows share the room with each other; also how far a peer's word goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Share {
    /// Signed by one of `federation.peers`.
    Listed,
    Signed,
    Unsigned,
}

impl Share {
    pub const ALL: [Share; SHARES] = [Share::Listed, Share::Signed, Share::Unsigned];

    pub fn is_signed(self) -> bool {
        self != Share::Unsigned
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Share::Listed => "listed",
            Share::Signed => "signed",
            Share::Unsigned => "unsigned",
        }
    }
}

impl Bounds {
    /// How many rows of each share stand where so many would like to: a half, a quarter and a quarter of all; what one
    /// leaves free goes to the first that needs more.
    pub fn room(&self, wanted: [usize; SHARES]) -> [usize; SHARES] {
        let own = [self.rows / 2, self.rows / 4, self.rows / 4];
        let mut room: [usize; SHARES] = std::array::from_fn(|at| own[at].min(wanted[at]));
        let mut free = self.rows - room.iter().sum::<usize>();
        for (room, wanted) in room.iter_mut().zip(wanted) {
            let more = free.min(wanted - *room);
            *room += more;
            free -= more;
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_leaves_free_goes_to_the_next() {
        let bounds = Bounds { rows: 8, ..Bounds::default() };
        for (wanted, room) in [
            ([9, 9, 9], [4, 2, 2]),
            ([1, 9, 9], [1, 5, 2]),
            ([9, 0, 9], [6, 0, 2]),
            ([9, 1, 0], [7, 1, 0]),
            ([0, 3, 9], [0, 3, 5]),
            ([1, 1, 1], [1, 1, 1]),
            ([0, 0, 9], [0, 0, 8]),
        ] {
            assert_eq!(bounds.room(wanted), room, "{wanted:?}");
        }
        assert_eq!(Bounds { rows: 1, ..bounds }.room([1, 1, 1]), [1, 0, 0]);
        assert_eq!(Bounds { rows: 7, ..bounds }.room([1, 9, 9]), [1, 5, 1]);
    }
}
