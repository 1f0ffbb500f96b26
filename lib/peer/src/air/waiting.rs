//! What waits for its turn on air, and what goes where too much does.

use super::answer::Answer;
use super::budget::Class;
use ulp_core::frame::Tag;

/// So much may wait.
pub const WAITING: usize = 32;
/// Heard so often, news need no further relay.
const HEARD_ENOUGH: u8 = 3;

/// Something to be sent.
#[derive(Clone, Debug)]
pub struct Item {
    pub what: What,
    pub class: Class,
    /// Whether it is on behalf of a tag that is not known.
    pub stranger: bool,
    /// Not before.
    pub due: u64,
    /// How many came before it.
    number: u64,
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum What {
    /// A frame, as it will be sent.
    Frame {
        bytes: Vec<u8>,
        relay: bool,
        heard: u8,
    },
    /// What is here of a space.
    Introduction(Tag),
    Answer(Answer),
}

/// All that waits, in the order in which it came.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    items: Vec<Item>,
    came: u64,
    pub dropped: u64,
}

impl Waiting {
    /// One more.
    pub fn push(&mut self, what: What, class: Class, stranger: bool, due: u64) {
        // What unknown tags make a node do is never urgent.
        let class = if stranger { Class::Rest } else { class };
        self.items.push(Item { what, class, stranger, due, number: self.came });
        self.came += 1;
        if self.items.len() > WAITING {
            // The first of the greatest: the oldest of the lowest class.
            let class = self.items.iter().map(|item| item.class).max();
            let oldest = self.items.iter().position(|item| Some(item.class) == class);
            oldest.map(|at| self.items.remove(at));
            self.dropped += 1;
        }
    }

    /// How much waits.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// When the next one is due.
    pub fn due(&self) -> Option<u64> {
        self.items.iter().map(|item| item.due).min()
    }

    /// Whether what is here of a space waits to be said.
    pub fn introduces(&self, space: Tag) -> bool {
        self.items.iter().any(|item| matches!(item.what, What::Introduction(tag) if tag == space))
    }

    /// Takes out what is due, the most urgent first.
    pub fn take_due(&mut self, now: u64) -> Vec<Item> {
        let mut due: Vec<Item> = self.items.extract_if(.., |item| item.due <= now).collect();
        due.sort_by_key(|item| (item.class, item.number));
        due
    }

    /// Takes out what is relayed, due or not, the first due first.
    pub fn take_relays(&mut self) -> Vec<Item> {
        let relay = |item: &mut Item| matches!(item.what, What::Frame { relay: true, .. });
        let mut relays: Vec<Item> = self.items.extract_if(.., relay).collect();
        relays.sort_by_key(|item| (item.class, item.due, item.number));
        relays
    }

    /// Puts back what was not sent.
    pub fn put_back(&mut self, items: Vec<Item>) {
        self.items.extend(items);
        self.items.sort_by_key(|item| item.number);
    }

    /// A frame was heard, hops aside: whoever waits to relay it may not need to.
    pub fn count(&mut self, frame: &[u8]) {
        self.items.retain_mut(|item| match &mut item.what {
            What::Frame { bytes, relay: true, heard } if same(bytes, frame) => {
                *heard += 1;
                *heard < HEARD_ENOUGH
            }
            _ => true,
        });
    }

    /// The answers in a space.
    pub fn answers(&mut self, space: Tag) -> impl Iterator<Item = &mut Answer> {
        self.items.iter_mut().filter_map(move |item| match &mut item.what {
            What::Answer(answer) if answer.space == space => Some(answer),
            _ => None,
        })
    }
}

/// Whether two frames are one, hops aside.
fn same(a: &[u8], b: &[u8]) -> bool {
    const HOPS: u8 = 0x70;
    a.len() == b.len() && a[0] == b[0] && a[1] | HOPS == b[1] | HOPS && a[2..] == b[2..]
}
