//! The graph: who has what, as a bounded join of statements. Page "11. Discovery, sync, receipts", B.
//!
//! A *row* is (signed or not, what is said, peer, path); the greatest `seq` wins it, then the smaller hash. A line
//! stands while it wins a row. Of one (signed or not, peer) stand the first 512 rows, of all 4,096, by three shares
//! ([`bounds`]). First is the greater `seq`, then the smaller hash, then the path's bytes, then those of what is said.
//! So what stands depends on the set of lines alone, not on their order or repetition, and what was lost to the bounds
//! would not stand if it came again. No clock is in it.
//!
//! What a line says is not kept here: a line lies in a file, and is known by its [`Place`] there. Memory is rows, of a
//! few hundred bytes each.
//!
//! ```
//! use ulp_core::hash::Blake3;
//! use ulp_peer::graph::{Bounds, Fate, Graph, Place, Said, Share, What};
//! let mut graph = Graph::new(Bounds::default());
//! let said = |seq, line: &'static str| Said {
//!     share: Share::Unsigned, what: What::Knows, peer: "peer:a", seq, hash: Blake3::of(line.as_bytes()),
//! };
//! let place = |at| Place { at, length: 90 };
//! assert_eq!(graph.take(&said(7, "new"), [("m/world", 1)], place(0)).fate, Fate::Stands);
//! assert_eq!(graph.take(&said(6, "old"), [("m/world", 2)], place(90)).fate, Fate::Old);
//! assert_eq!(graph.lines().len(), 1);
//! ```

pub mod bounds;
mod gate;
mod heard;
mod lines;
mod rows;
#[cfg(test)]
mod tests;

pub use bounds::{Bounds, Share};
pub use gate::Gate;
pub use heard::{Heard, Row, Spoken, rows_of};
pub use lines::{Line, LineId, Place};

use lines::Lines;
use rows::{Claim, Rows};
use ulp_core::hash::Blake3;

/// What a statement says of its paths. In the order of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    Attestation,
    Knows,
    Wants,
}

/// A statement, beside its paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'s> {
    /// In which share its rows stand: the same for all that is signed for a peer, and for all that is not.
    pub share: Share,
    pub what: What,
    pub peer: &'s str,
    pub seq: u32,
    /// Of its canonical line.
    pub hash: Blake3,
}

/// What became of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It wins a row that it did not win before.
    Stands,
    /// It stood before.
    Known,
    /// What it says is known from later ones.
    Old,
    /// It would stand if there were no bounds.
    Bound,
}

/// What is to be said of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub fate: Fate,
    /// Whether it and another with its `seq`, or it itself, point a path to two targets.
    pub equivocates: bool,
}

/// Who has what.
pub struct Graph {
    rows: Rows,
    lines: Lines,
}

impl Graph {
    pub fn new(bounds: Bounds) -> Graph {
        Graph { rows: Rows::new(bounds), lines: Lines::default() }
    }

    /// Takes in a statement: its paths, each with what it points to as a number that tells targets apart. `place` is
    /// where its line lies, or will lie if it stands.
    pub fn take<'p>(
        &mut self,
        said: &Said<'_>,
        paths: impl IntoIterator<Item = (&'p str, u64)>,
        place: Place,
    ) -> Taken {
        let line = self.lines.add(said, place);
        let (mut fate, mut equivocates) = (Fate::Bound, false);
        for (path, target) in paths {
            let claim = Claim { said, path, target, line };
            let found = self.rows.claim(&claim, &mut self.lines);
            equivocates |= found.equivocates;
            fate = match found.fate {
                Fate::Known => Fate::Known,
                Fate::Old if fate == Fate::Bound => Fate::Old,
                _ => fate,
            };
        }
        if self.lines.wins(line) > 0 {
            fate = Fate::Stands;
        } else {
            self.lines.remove(line);
        }
        Taken { fate, equivocates }
    }

    /// Whether a statement stands, by its first path: who signed it need not be asked again.
    pub fn knows(&self, heard: &Heard<'_>) -> bool {
        let share = if heard.is_signed { Share::Signed } else { Share::Unsigned };
        let first = heard.paths().next();
        first.is_some_and(|(path, _)| self.rows.is_won_by(&heard.said(share), path, &self.lines))
    }

    /// The lines that stand, by their peers' bytes, `seq` and hash: the order of the file.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let mut all: Vec<Line<'_>> = self.lines.all().map(|(id, line)| self.rows.line(id, line)).collect();
        all.sort_by(|a, b| (a.peer, a.seq, a.hash).cmp(&(b.peer, b.seq, b.hash)));
        all
    }

    /// Whether a line wins a row.
    pub fn holds(&self, line: LineId, path: &str) -> bool {
        self.rows.holds(line, self.lines.get(line), path)
    }

    /// Says where a line lies from now on.
    pub fn moved(&mut self, line: LineId, place: Place) {
        self.lines.moved(line, place);
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// How many bytes the lines have that stand, with their ends.
    pub fn bytes(&self) -> u64 {
        self.lines.bytes()
    }
}
