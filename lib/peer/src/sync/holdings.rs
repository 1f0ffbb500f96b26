//! What a session asks of the store it speaks for.

use super::ids::Id;
use super::line::{Hello, Nonce, Row};
use super::records::Records;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Lane, Tile, TilePrefix};

/// What both sides allow: the events that a session speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub lanes: Vec<Lane>,
    /// Spaces that are taken; all where nothing was chosen.
    spaces: Option<BTreeSet<String>>,
    /// One choice of tiles a side: a tile lies in each.
    tiles: Vec<Vec<TilePrefix>>,
}

impl Allowed {
    /// What two sides allow, of some lanes.
    pub fn both(one: &Hello, other: &Hello, takes: impl Fn(Lane) -> bool) -> Allowed {
        let lanes = one.lanes.iter().copied().filter(|lane| other.lanes.contains(lane) && takes(*lane));
        let mut spaces: Option<BTreeSet<String>> = None;
        for chosen in [&one.spaces, &other.spaces].into_iter().flatten() {
            let chosen: BTreeSet<String> = chosen.iter().cloned().collect();
            spaces = Some(spaces.map_or(chosen.clone(), |before| &before & &chosen));
        }
        let tiles = [&one.tiles, &other.tiles].into_iter().flatten().cloned().collect();
        Allowed { lanes: lanes.collect(), spaces, tiles }
    }

    /// Whether this is everything that is for everyone, and nothing else.
    pub fn is_whole(&self) -> bool {
        self.spaces.is_none()
            && self.tiles.is_empty()
            && Lane::all().all(|l| l.is_shared() == self.lanes.contains(&l))
    }

    /// Whether a lane of a tile of a space is spoken of.
    pub fn takes(&self, space: &str, tile: Tile, lane: Lane) -> bool {
        self.lanes.contains(&lane)
            && self.spaces.as_ref().is_none_or(|spaces| spaces.contains(space))
            && self.tiles.iter().all(|chosen| chosen.iter().any(|prefix| prefix.holds(tile)))
    }
}

/// An event that came.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// The space that was asked for.
    pub space: &'a str,
    /// Its line, without the end.
    pub line: &'a [u8],
}

/// What became of the events of a turn.
#[derive(Debug)]
pub enum Taken {
    /// Which of them are new, and which the rules refused, with the codes.
    Durable { new: Vec<usize>, refused: Vec<(usize, Id, String)> },
    /// One was not what was asked for, and nothing was taken.
    Unasked { at: usize, reason: String },
}

/// Another side that has attested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its DID.
    pub name: String,
    /// Whether it stands in `federation.peers`.
    pub is_listed: bool,
    /// The height of its chain of receipts, where it has one.
    pub height: Option<u64>,
}

/// How much of an object there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Of the whole.
    pub bytes: u64,
    pub data: Vec<u8>,
}

/// A store as a session sees it: as it was when it was opened, and what the session added.
pub trait Holdings {
    type Error;
    /// A place among the events of a space, in the order of lanes and of acceptance.
    type Cursor;

    /// Begins to speak of what both sides allow.
    ///
    /// # Errors
    /// What the store says, as of all that follow.
    fn open(&mut self, allowed: &Allowed) -> Result<(), Self::Error>;

    /// The row of the store, with its state root.
    fn world(&mut self) -> Result<Row, Self::Error>;

    /// The row of each space that holds something, by its name.
    fn spaces(&mut self) -> Result<BTreeMap<String, Row>, Self::Error>;

    /// The row of a space.
    fn space(&mut self, space: &str) -> Result<Row, Self::Error>;

    /// The head that a space had with some events taken away, and those added that were refused under some ids.
    fn head_with(
        &mut self,
        space: &str,
        without: &BTreeSet<Id>,
        with: &BTreeSet<Id>,
    ) -> Result<Blake3, Self::Error>;

    /// An attestation with the other's nonce, where there is a key.
    fn attest(&mut self, nonce: &Nonce) -> Result<Option<String>, Self::Error>;

    /// Who attests, where that holds and the nonce is ours; else what is wrong with it.
    fn judge(&mut self, attestation: &str, nonce: &Nonce) -> Result<Peer, String>;

    /// The records of a space, as it was opened.
    fn records(&mut self, space: &str) -> Result<Records, Self::Error>;

    /// Keeps of some ids those that this session did not take.
    fn not_taken(&mut self, space: &str, ids: &mut BTreeSet<Id>) -> Result<(), Self::Error>;

    /// Those of some ids that were refused before, by the same rules, with the codes.
    fn refused_before(&mut self, space: &str, ids: &[Id]) -> Result<BTreeMap<Id, String>, Self::Error>;

    /// Appends the line of the event at a record's place, with its end. Answers whether it is here.
    fn line(&mut self, place: u64, out: &mut Vec<u8>) -> Result<bool, Self::Error>;

    /// The first event of a space.
    fn whole(&mut self, space: &str) -> Result<Self::Cursor, Self::Error>;

    /// Appends the line of the next event, with its end. Answers whether there was one.
    fn next(&mut self, cursor: &mut Self::Cursor, out: &mut Vec<u8>) -> Result<bool, Self::Error>;

    /// Takes the events of a turn, all in one commit.
    fn take(&mut self, events: &[Arrived<'_>]) -> Result<Taken, Self::Error>;

    /// The objects that are named and not here, each with how many of its bytes are.
    fn missing(&mut self) -> Result<Vec<(Sha256, u64)>, Self::Error>;

    /// Part of an object that an event which is spoken of names, from a byte on; nothing where there is none.
    fn part(&mut self, object: &Sha256, at: u64, most: usize) -> Result<Option<Part>, Self::Error>;

    /// Takes part of an object. Answers whether it holds, as far as can be told: the whole has its hash.
    fn take_part(&mut self, object: &Sha256, at: u64, part: &Part) -> Result<bool, Self::Error>;

    /// How high the receipts are that are known of a peer, where they are wanted.
    fn known_height(&mut self, peer: &Peer) -> Result<Option<u64>, Self::Error>;

    /// Appends the receipt of a height of this store's own chain, with its end. Answers whether there is one.
    fn receipt(&mut self, height: u64, out: &mut Vec<u8>) -> Result<bool, Self::Error>;

    /// Takes receipts of a peer, each with its end. Answers whether they fit what is known of it.
    fn take_receipts(&mut self, peer: &Peer, lines: &[u8]) -> Result<bool, Self::Error>;
}
