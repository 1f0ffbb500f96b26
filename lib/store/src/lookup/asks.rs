//! What whole events ask, as the tables answer it: a key, and the bits that would break something.

use super::lane::{self, DELETED, Key, NodeBits, Tag};
use std::borrow::Cow;
use std::ops::Range;
use ulp_core::event::Event;
use ulp_core::scope::{Breaks, Question, each_question};

/// What is asked of a node.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub(super) key: Key,
    /// Bits of its own tile.
    pub(super) here: u8,
    /// Bits of its own tile, or of any other where that knows nothing of it.
    pub(super) anywhere: u8,
    /// Whether it must not lie far away, where its own tile knows nothing of it.
    pub(super) far: bool,
}

/// What an event asks.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Of nodes: a range of the asks of its chunk.
    pub nodes: Range<usize>,
    /// Whether an event that names it as a parent would break something.
    pub child: bool,
    /// Whether only the invariants themselves can say.
    pub exactly: bool,
}

/// Appends what the invariants that a whole event declares may ask of nodes, and says what else.
pub fn write_asks(event: &Event<'_>, asks: &mut Vec<Ask>) -> Asked {
    let first = asks.len();
    let mut asked = Asked { nodes: first..first, ..Asked::default() };
    // Most events name one node, about which several invariants ask.
    let mut node: Option<Cow<'_, str>> = None;
    each_question(event, &mut |question| match question {
        Question::Child => asked.child = true,
        Question::Exactly => asked.exactly = true,
        Question::Node(name, breaks) => {
            if node.as_ref() == Some(&name) {
                return asks[first].add(breaks);
            }
            let mut ask = Ask { key: lane::key(Tag::Node, &name), here: 0, anywhere: 0, far: false };
            ask.add(breaks);
            asks.push(ask);
            node.get_or_insert(name);
        }
    });
    asked.nodes.end = asks.len();
    asked
}

impl Ask {
    fn add(&mut self, breaks: Breaks) {
        match breaks {
            Breaks::Deleted => self.here |= DELETED,
            Breaks::Known => self.here = u8::MAX,
            Breaks::Of(boundary) => self.anywhere |= NodeBits::mask(|made| made.boundary == boundary),
            Breaks::By(authority) => self.anywhere |= NodeBits::mask(|made| made.authority == authority),
            Breaks::Far => self.far = true,
        }
    }

    /// Whether other tiles have a say, should its own know nothing of the node.
    pub(super) fn asks_others(&self) -> bool {
        self.anywhere != 0 || self.far
    }
}
