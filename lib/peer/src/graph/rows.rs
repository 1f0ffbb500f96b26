//! The rows, and who wins them: a table by names, and two orders of which the last are given up past the bounds.

use super::bounds::{Bounds, SHARES, Share};
use super::lines::{Kept, Line, LineId, Lines};
use super::{Fate, Said, Taken, What};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use ulp_core::hash::Blake3;

/// What a statement says of one path.
pub(super) struct Claim<'c> {
    pub said: &'c Said<'c>,
    pub path: &'c str,
    pub target: u64,
    pub line: LineId,
}

/// A row: who wins it, and what it points to.
struct Row {
    owner: u32,
    what: What,
    path: Arc<str>,
    line: LineId,
    target: u64,
}

/// Whose a row is: a peer, signed or not.
struct Owner {
    peer: Box<str>,
    share: Share,
    rows: usize,
}

/// The order in which rows stand: the first are the last to go.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    seq: Reverse<u32>,
    hash: Blake3,
    path: Arc<str>,
    what: What,
    row: u32,
}

/// The rows that stand.
pub(super) struct Rows {
    bounds: Bounds,
    hasher: RandomState,
    owners: Slots<Owner>,
    rows: Slots<Row>,
    owner_names: HashTable<u32>,
    row_names: HashTable<u32>,
    /// Those of each owner, one owner after the other.
    by_owner: BTreeSet<(u32, Order)>,
    by_share: [BTreeSet<Order>; SHARES],
}

impl Rows {
    pub fn new(bounds: Bounds) -> Rows {
        Rows {
            bounds,
            hasher: RandomState::default(),
            owners: Slots::default(),
            rows: Slots::default(),
            owner_names: HashTable::new(),
            row_names: HashTable::new(),
            by_owner: BTreeSet::new(),
            by_share: Default::default(),
        }
    }

    pub fn len(&self) -> usize {
        self.by_owner.len()
    }

    /// Lets a line have a row if it wins it; then the last rows past the bounds are given up.
    pub fn claim(&mut self, claim: &Claim<'_>, lines: &mut Lines) -> Taken {
        let owner = self.owner(claim.said);
        let Some(row) = self.find(owner, claim.said.what, claim.path) else {
            self.insert(owner, claim, lines);
            self.give_up(owner, claim.line, lines);
            return Taken { fate: Fate::Bound, equivocates: false };
        };
        let (held, target) = (self.rows.get(row).line, self.rows.get(row).target);
        let other = lines.get(held);
        let equivocates = other.seq == claim.said.seq && target != claim.target;
        let rank = |seq: u32, hash: Blake3| (Reverse(seq), hash);
        let (ours, theirs) = (rank(claim.said.seq, claim.said.hash), rank(other.seq, other.hash));
        if ours < theirs {
            self.replace(row, claim, lines);
        }
        let fate = if ours == theirs { Fate::Known } else { Fate::Old };
        Taken { fate, equivocates }
    }

    /// Whether this very statement wins a row.
    pub fn is_won_by(&self, said: &Said<'_>, path: &str, lines: &Lines) -> bool {
        let row = self.find_owner(said).and_then(|owner| self.find(owner, said.what, path));
        row.is_some_and(|row| lines.get(self.rows.get(row).line).hash == said.hash)
    }

    /// Whether a line wins a row.
    pub fn holds(&self, id: LineId, line: &Kept, path: &str) -> bool {
        self.find(line.owner, line.what, path).is_some_and(|row| self.rows.get(row).line == id)
    }

    /// A line with whose it is.
    pub fn line<'g>(&'g self, id: LineId, kept: &Kept) -> Line<'g> {
        let owner = self.owners.get(kept.owner);
        Line {
            id,
            peer: &owner.peer,
            share: owner.share,
            what: kept.what,
            seq: kept.seq,
            hash: kept.hash,
            place: kept.place(),
        }
    }

    /// The owner of what is said, who is new where it has no row yet.
    fn owner(&mut self, said: &Said<'_>) -> u32 {
        if let Some(id) = self.find_owner(said) {
            return id;
        }
        let hash = self.owner_hash(said.share, said.peer);
        let id = self.owners.add(Owner { peer: said.peer.into(), share: said.share, rows: 0 });
        let (owners, hasher) = (&self.owners, &self.hasher);
        let rehash = |id: &u32| {
            let owner = owners.get(*id);
            hasher.hash_one((owner.share.is_signed(), &*owner.peer))
        };
        self.owner_names.insert_unique(hash, id, rehash);
        id
    }

    fn find_owner(&self, said: &Said<'_>) -> Option<u32> {
        let is = |id: &u32| {
            let owner = self.owners.get(*id);
            owner.share.is_signed() == said.share.is_signed() && *owner.peer == *said.peer
        };
        self.owner_names.find(self.owner_hash(said.share, said.peer), is).copied()
    }

    fn owner_hash(&self, share: Share, peer: &str) -> u64 {
        self.hasher.hash_one((share.is_signed(), peer))
    }

    fn find(&self, owner: u32, what: What, path: &str) -> Option<u32> {
        let is = |id: &u32| {
            let row = self.rows.get(*id);
            row.owner == owner && row.what == what && *row.path == *path
        };
        self.row_names.find(self.hasher.hash_one((owner, what, path)), is).copied()
    }

    fn insert(&mut self, owner: u32, claim: &Claim<'_>, lines: &mut Lines) {
        let what = claim.said.what;
        let row = Row { owner, what, path: claim.path.into(), line: claim.line, target: claim.target };
        let id = self.rows.add(row);
        let (rows, hasher) = (&self.rows, &self.hasher);
        let rehash = |id: &u32| {
            let row = rows.get(*id);
            hasher.hash_one((row.owner, row.what, &*row.path))
        };
        self.row_names.insert_unique(hasher.hash_one((owner, what, claim.path)), id, rehash);
        self.owners.get_mut(owner).rows += 1;
        self.stand(id, lines);
        lines.win(claim.line, owner);
    }

    /// Gives a row to a line that wins it.
    fn replace(&mut self, id: u32, claim: &Claim<'_>, lines: &mut Lines) {
        self.withdraw(id, lines);
        let row = self.rows.get_mut(id);
        let old = std::mem::replace(&mut row.line, claim.line);
        row.target = claim.target;
        let owner = row.owner;
        lines.win(claim.line, owner);
        lines.lose(old, claim.line);
        self.stand(id, lines);
    }

    fn stand(&mut self, id: u32, lines: &Lines) {
        let (owner, order) = self.order(id, lines);
        self.by_share[self.owners.get(owner).share as usize].insert(order.clone());
        self.by_owner.insert((owner, order));
    }

    fn withdraw(&mut self, id: u32, lines: &Lines) {
        let (owner, order) = self.order(id, lines);
        self.by_share[self.owners.get(owner).share as usize].remove(&order);
        self.by_owner.remove(&(owner, order));
    }

    fn order(&self, id: u32, lines: &Lines) -> (u32, Order) {
        let row = self.rows.get(id);
        let line = lines.get(row.line);
        let (seq, path) = (Reverse(line.seq), Arc::clone(&row.path));
        (row.owner, Order { seq, hash: line.hash, path, what: row.what, row: id })
    }

    /// Gives up what stands past the bounds, now that an owner has one row more.
    fn give_up(&mut self, owner: u32, taken: LineId, lines: &mut Lines) {
        if self.owners.get(owner).rows > self.bounds.peer_rows
            && let Some(last) = self.last_of(owner)
        {
            self.remove(last, taken, lines);
        }
        if self.len() > self.bounds.rows {
            let wanted = std::array::from_fn(|share| self.by_share[share].len());
            let room = self.bounds.room(wanted);
            let over = (0..SHARES).find(|share| wanted[*share] > room[*share]);
            if let Some(last) = over.and_then(|share| self.by_share[share].last()) {
                self.remove(last.row, taken, lines);
            }
        }
    }

    /// The last row of an owner: the one before those of the next.
    fn last_of(&self, owner: u32) -> Option<u32> {
        let (path, hash) = (Arc::from(""), Blake3([0; 32]));
        let first = Order { seq: Reverse(u32::MAX), hash, path, what: What::Attestation, row: 0 };
        self.by_owner.range(..(owner + 1, first)).next_back().map(|(_, order)| order.row)
    }

    fn remove(&mut self, id: u32, taken: LineId, lines: &mut Lines) {
        self.withdraw(id, lines);
        let row = self.rows.get(id);
        let hash = self.hasher.hash_one((row.owner, row.what, &*row.path));
        if let Ok(found) = self.row_names.find_entry(hash, |other| *other == id) {
            found.remove();
        }
        let (owner, line) = (row.owner, row.line);
        self.rows.remove(id);
        lines.lose(line, taken);
        self.leave(owner);
    }

    /// An owner has one row less, and goes with its last one.
    fn leave(&mut self, id: u32) {
        let owner = self.owners.get_mut(id);
        owner.rows -= 1;
        if owner.rows == 0 {
            let owner = self.owners.get(id);
            let hash = self.owner_hash(owner.share, &owner.peer);
            if let Ok(found) = self.owner_names.find_entry(hash, |other| *other == id) {
                found.remove();
            }
            self.owners.remove(id);
        }
    }
}

/// Things by their numbers, which are given again.
struct Slots<T> {
    all: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots { all: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    fn add(&mut self, thing: T) -> u32 {
        match self.free.pop() {
            Some(id) => {
                self.all[id as usize] = Some(thing);
                id
            }
            None => {
                self.all.push(Some(thing));
                (self.all.len() - 1) as u32
            }
        }
    }

    fn remove(&mut self, id: u32) {
        if self.all[id as usize].take().is_some() {
            self.free.push(id);
        }
    }

    fn get(&self, id: u32) -> &T {
        self.all[id as usize].as_ref().expect("because tables name what is there")
    }

    fn get_mut(&mut self, id: u32) -> &mut T {
        self.all[id as usize].as_mut().expect("because tables name what is there")
    }
}
