//! The lines that stand: who said what and when, and where it lies.

use super::{Said, Share, What};
use ulp_core::hash::Blake3;

/// Where a line lies in its file, its end included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: u64,
    pub length: u32,
}

/// A line while it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineId(pub(super) u32);

/// A line that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'g> {
    pub id: LineId,
    pub peer: &'g str,
    pub share: Share,
    pub what: What,
    pub seq: u32,
    pub hash: Blake3,
    pub place: Place,
}

/// What is kept of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub seq: u32,
    pub hash: Blake3,
    pub what: What,
    /// Whose rows it wins, once it wins any.
    pub owner: u32,
    place: Place,
    /// How many rows it wins.
    wins: u32,
}

/// Lines by their numbers, which are given again.
#[derive(Default)]
pub(super) struct Lines {
    all: Vec<Option<Kept>>,
    free: Vec<u32>,
    bytes: u64,
}

impl Lines {
    /// Adds a line that wins nothing yet.
    pub fn add(&mut self, said: &Said<'_>, place: Place) -> LineId {
        let kept = Kept { seq: said.seq, hash: said.hash, what: said.what, owner: 0, place, wins: 0 };
        self.bytes += u64::from(place.length);
        match self.free.pop() {
            Some(id) => {
                self.all[id as usize] = Some(kept);
                LineId(id)
            }
            None => {
                self.all.push(Some(kept));
                LineId((self.all.len() - 1) as u32)
            }
        }
    }

    pub fn remove(&mut self, id: LineId) {
        if let Some(kept) = self.all[id.0 as usize].take() {
            self.bytes -= u64::from(kept.place.length);
            self.free.push(id.0);
        }
    }

    pub fn get(&self, id: LineId) -> &Kept {
        self.all[id.0 as usize].as_ref().expect("because rows name lines that stand")
    }

    fn get_mut(&mut self, id: LineId) -> &mut Kept {
        self.all[id.0 as usize].as_mut().expect("because rows name lines that stand")
    }

    pub fn wins(&self, id: LineId) -> u32 {
        self.get(id).wins
    }

    /// It wins one row more.
    pub fn win(&mut self, id: LineId, owner: u32) {
        let kept = self.get_mut(id);
        (kept.wins, kept.owner) = (kept.wins + 1, owner);
    }

    /// It has lost a row; without any it stands no longer, unless it is the one that is being taken in.
    pub fn lose(&mut self, id: LineId, taken: LineId) {
        let kept = self.get_mut(id);
        kept.wins -= 1;
        if kept.wins == 0 && id != taken {
            self.remove(id);
        }
    }

    pub fn moved(&mut self, id: LineId, place: Place) {
        let old = std::mem::replace(&mut self.get_mut(id).place, place);
        self.bytes = self.bytes - u64::from(old.length) + u64::from(place.length);
    }

    pub fn all(&self) -> impl Iterator<Item = (LineId, &Kept)> {
        (0..).zip(&self.all).filter_map(|(id, kept)| Some((LineId(id), kept.as_ref()?)))
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Kept {
    pub fn place(&self) -> Place {
        self.place
    }
}
