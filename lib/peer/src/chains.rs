//! Chains of receipts, of any peers, as they come: whether each receipt follows the one that it names, and how two
//! chains stand to each other.
//!
//! A receipt is its hash, so what is here are trees: a chain is the way from one receipt back to the first. Of two ends
//! of one peer neither of which lies on the other's way, the peer has said two things: a *fork*.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range as Span;
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Tile};
use ulp_core::json::Value;
use ulp_core::report::Refusal;
use ulp_core::statement::{Chain, Receipt};

/// Receipts, by their names.
#[derive(Debug, Default)]
pub struct Chains {
    nodes: BTreeMap<Blake3, Node>,
    /// Lines that are no receipts, and say they are: their hashes, and of which peer and height.
    broken: Vec<(Blake3, Option<(String, u64)>)>,
}

/// A receipt, and what is wrong with it.
#[derive(Debug)]
struct Node {
    receipt: Receipt,
    fault: Option<Refusal>,
}

/// How one chain stands to another, by ancestry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Same,
    /// It holds the other.
    Ahead,
    /// The other holds it.
    Behind,
    /// Both are one peer's, and neither holds the other.
    Fork,
    /// Nothing says that either holds the other.
    Apart,
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Same => "same",
            Standing::Ahead => "ahead",
            Standing::Behind => "behind",
            Standing::Fork => "fork",
            Standing::Apart => "apart",
        }
    }
}

/// The lines of a lane that receipts speak of, from where to where.
type Covered = BTreeMap<(String, Tile, Lane), BTreeMap<u64, u64>>;

impl Chains {
    /// Takes in a line that says it is a receipt. Answers its name, where it was not here yet.
    ///
    /// # Errors
    /// `receipt.fields`; what names such a line builds on it all the same.
    pub fn add(&mut self, object: Value<'_, '_>, line: &[u8]) -> Result<Option<Blake3>, Refusal> {
        let hash = Blake3::of(line);
        match Receipt::parse(object, line) {
            Ok(receipt) => {
                let is_new = self.nodes.insert(hash, Node { receipt, fault: None }).is_none();
                Ok(is_new.then_some(hash))
            }
            Err(refusal) => {
                let peer = object.get("peer").and_then(Value::as_text);
                let height = object.get("height").and_then(Value::as_i64).and_then(|n| u64::try_from(n).ok());
                self.broken.push((hash, peer.zip(height)));
                Err(refusal)
            }
        }
    }

    /// Judges all that are here, the lower ones of a peer first: whether each follows the one it names and names no
    /// event that one before it named, then what `more` says of it.
    ///
    /// # Errors
    /// Those of `more`.
    pub fn judge<E>(
        &mut self,
        mut more: impl FnMut(&Receipt) -> Result<Option<Refusal>, E>,
    ) -> Result<(), E> {
        let mut order: Vec<(String, u64, Blake3)> = self
            .nodes
            .iter()
            .map(|(hash, node)| (node.receipt.peer.to_string(), node.receipt.height, *hash))
            .collect();
        order.sort();
        let mut covered: HashMap<Blake3, Covered> = HashMap::new();
        for (peer, _, hash) in order {
            let receipt = &self.nodes[&hash].receipt;
            let mut fault = self.link(&peer, receipt);
            if fault.is_none() {
                let before = receipt.previous.map_or_else(Covered::new, |previous| {
                    covered.remove(&previous).unwrap_or_else(|| self.covered(previous))
                });
                match cover(before, receipt) {
                    Ok(all) => {
                        covered.insert(hash, all);
                    }
                    Err(refusal) => fault = Some(refusal),
                }
            }
            if fault.is_none() {
                fault = more(receipt)?;
            }
            if let Some(node) = self.nodes.get_mut(&hash) {
                node.fault = fault;
            }
        }
        Ok(())
    }

    /// What is wrong with what a receipt names as the one before it.
    fn link(&self, peer: &str, receipt: &Receipt) -> Option<Refusal> {
        let Some(previous) = receipt.previous else {
            let is_first = receipt.height == 1;
            return (!is_first)
                .then(|| wrong("receipt.link", "it names none before it, and is not the first"));
        };
        if self.broken.iter().any(|(hash, _)| *hash == previous) {
            return Some(wrong("receipt.unverified", "the one before it does not hold"));
        }
        let Some(before) = self.nodes.get(&previous) else {
            let unverified = self.is_broken_at(peer, receipt.height - 1);
            return Some(if unverified {
                wrong("receipt.unverified", "the one before it does not hold")
            } else {
                wrong("receipt.link", "the one that it names as before it is not here")
            });
        };
        let follows = before.receipt.peer == receipt.peer && before.receipt.height + 1 == receipt.height;
        if !follows {
            return Some(wrong("receipt.link", "it does not follow the one that it names as before it"));
        }
        before.fault.as_ref().map(|_| wrong("receipt.unverified", "the one before it does not hold"))
    }

    /// Whether what is here of a peer at a height does not hold.
    fn is_broken_at(&self, peer: &str, height: u64) -> bool {
        let broken = self.broken.iter().filter_map(|(_, of)| of.as_ref());
        let mut nodes = self.nodes.values().filter(|node| node.fault.is_some());
        broken.clone().any(|(of, at)| of == peer && *at == height)
            || nodes.any(|node| node.receipt.height == height && node.receipt.peer.to_string() == peer)
    }

    /// What a chain that holds speaks of, up to a receipt.
    fn covered(&self, last: Blake3) -> Covered {
        let mut chain: Vec<&Receipt> = self.back_from(Some(last)).map(|(_, receipt)| receipt).collect();
        chain.reverse();
        chain
            .into_iter()
            .fold(Covered::new(), |before, receipt| cover(before.clone(), receipt).unwrap_or(before))
    }

    /// What is wrong with a receipt that is here.
    pub fn fault(&self, hash: &Blake3) -> Option<&Refusal> {
        self.nodes.get(hash)?.fault.as_ref()
    }

    /// A receipt by its name.
    pub fn get(&self, hash: &Blake3) -> Option<&Receipt> {
        self.nodes.get(hash).map(|node| &node.receipt)
    }

    /// All that are here, by their names.
    pub fn all(&self) -> impl Iterator<Item = (&Blake3, &Receipt)> {
        self.nodes.iter().map(|(hash, node)| (hash, &node.receipt))
    }

    /// Whether the chain that somebody attests to is here and holds.
    ///
    /// # Errors
    /// `receipt.unverified`, `receipt.link`.
    pub fn hold(&self, peer: &str, chain: &Chain) -> Result<(), Refusal> {
        let Some(last) = chain.last else { return Ok(()) };
        let Some(node) = self.nodes.get(&last) else {
            return Err(wrong("receipt.unverified", "the receipt that it names is not here"));
        };
        if node.fault.is_some() {
            return Err(wrong("receipt.unverified", "the receipt that it names does not hold"));
        }
        if node.receipt.height != chain.height || node.receipt.peer.to_string() != peer {
            return Err(wrong(
                "receipt.link",
                "the receipt that it names is another's, or at another height",
            ));
        }
        Ok(())
    }

    /// A receipt and those before it, as far as they are here, the last first.
    pub fn back_from(&self, last: Option<Blake3>) -> impl Iterator<Item = (Blake3, &Receipt)> {
        let mut next = last;
        std::iter::from_fn(move || {
            let hash = next?;
            let receipt = self.get(&hash)?;
            // Heights fall, so whatever strangers wrote the way ends.
            let before = receipt.previous.and_then(|previous| self.get(&previous));
            next = receipt.previous.filter(|_| before.is_some_and(|before| before.height < receipt.height));
            Some((hash, receipt))
        })
    }

    /// How one chain stands to another, by what is here of both; `is_one` says whether they are of one peer.
    pub fn standing(&self, one: &Chain, other: &Chain, is_one: bool) -> Standing {
        match (one.last, other.last) {
            (one, other) if one == other => Standing::Same,
            (Some(one), Some(other)) if self.reaches(one, other) => Standing::Ahead,
            (Some(one), Some(other)) if self.reaches(other, one) => Standing::Behind,
            (Some(_), None) if is_one => Standing::Ahead,
            (None, Some(_)) if is_one => Standing::Behind,
            _ if is_one && (one.height == other.height || self.parting(one.last, other.last).is_some()) => {
                Standing::Fork
            }
            _ => Standing::Apart,
        }
    }

    /// Whether a receipt lies before another, or was joined by one that does.
    fn reaches(&self, from: Blake3, to: Blake3) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(hash) = open.pop() {
            if hash == to {
                return true;
            }
            if let Some(receipt) = self.get(&hash).filter(|_| seen.insert(hash)) {
                open.extend(receipt.previous.iter().chain(&receipt.joined));
            }
        }
        false
    }

    /// The two receipts of one height and one previous at which two chains part, if they are here: the proof of a fork.
    pub fn parting(&self, one: Option<Blake3>, other: Option<Blake3>) -> Option<(Blake3, Blake3)> {
        let key = |receipt: &Receipt| (receipt.peer, receipt.height, receipt.previous);
        let ways = |last| self.back_from(last).map(|(hash, receipt)| (receipt.height, (hash, key(receipt))));
        let ours: BTreeMap<u64, _> = ways(one).collect();
        let mut theirs = ways(other).filter_map(|(height, their)| Some((*ours.get(&height)?, their)));
        theirs.find(|(our, their)| our.0 != their.0 && our.1 == their.1).map(|(our, their)| (our.0, their.0))
    }
}

/// Adds what a receipt speaks of.
///
/// # Errors
/// `receipt.range`: something that was spoken of before.
fn cover(mut covered: Covered, receipt: &Receipt) -> Result<Covered, Refusal> {
    for range in &receipt.ranges {
        let lane = covered.entry((range.space.clone(), range.tile, range.lane)).or_default();
        let Span { mut start, mut end } = range.from..range.end();
        let before = lane.range(..end).next_back().map(|(from, to)| (*from, *to));
        if before.is_some_and(|(_, to)| to > start) {
            let detail = format!("{}: events that a receipt before it speaks of", range.path());
            return Err(wrong("receipt.range", detail));
        }
        if let Some((from, _)) = before.filter(|(_, to)| *to == start) {
            start = from;
        }
        if let Some(to) = lane.remove(&end) {
            end = to;
        }
        lane.insert(start, end);
    }
    Ok(covered)
}

fn wrong(code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal { shared: true, ..Refusal::new(code, detail) }
}
