//! What two sides lack of a space, found by messages of the negentropy protocol.
//!
//! The client begins and learns both lists; the server only answers. A list that would grow beyond [`MOST`] is given
//! up: then the whole space is named instead.

use super::ids::Id;
use super::records::Records;
use negentropy::{Bound, Negentropy, NegentropyStorageBase as _};

/// Most bytes of a message.
pub const FRAME: usize = 64 << 10;
/// Most messages that one side sends of one space.
pub const ROUNDS: usize = 1000;
/// Most ids of either list.
pub const MOST: usize = 1 << 18;

/// One side's view of a set that is being compared.
pub(super) struct Set {
    negentropy: Negentropy<'static, Records>,
    records: Records,
    rounds: usize,
    /// What only this side has.
    pub(super) have: Vec<Id>,
    /// What only the other has.
    pub(super) need: Vec<Id>,
}

/// What a message made of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This is to be said next.
    Say(Vec<u8>),
    /// All is known.
    Done,
    /// So much differs that no list is kept of it.
    TooMany,
    /// There were too many messages.
    TooLong,
    /// It is no message.
    Malformed,
}

impl Set {
    pub(super) fn new(records: Records) -> Option<Set> {
        let negentropy = Negentropy::owned(records.clone(), FRAME as u64).ok()?;
        Some(Set { negentropy, records, rounds: 0, have: Vec::new(), need: Vec::new() })
    }

    /// The client's first message.
    pub(super) fn begin(&mut self) -> Option<Vec<u8>> {
        self.negentropy.initiate().ok()
    }

    /// The server's answer.
    pub(super) fn answer(&mut self, message: &[u8]) -> Step {
        if message.len() > FRAME {
            return Step::Malformed;
        }
        self.rounds += 1;
        if self.rounds > ROUNDS {
            return Step::TooLong;
        }
        self.negentropy.reconcile(message).map_or(Step::Malformed, Step::Say)
    }

    /// What the client makes of an answer.
    pub(super) fn hear(&mut self, message: &[u8]) -> Step {
        if message.len() > FRAME {
            return Step::Malformed;
        }
        self.rounds += 1;
        let Some(listed) = listed(&self.records, message) else { return Step::Malformed };
        if self.have.len() + listed > MOST {
            return Step::TooMany;
        }
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let step = self.negentropy.reconcile_with_ids(message, &mut have, &mut need);
        self.have.extend(have.iter().map(|id| Id::of_bytes(id)));
        self.need.extend(need.iter().map(|id| Id::of_bytes(id)));
        match step {
            Err(_) => Step::Malformed,
            Ok(_) if self.need.len() > MOST => Step::TooMany,
            Ok(None) => Step::Done,
            Ok(Some(_)) if self.rounds >= ROUNDS => Step::TooLong,
            Ok(Some(message)) => Step::Say(message),
        }
    }
}

/// Modes of the ranges of a message.
const SKIP: u64 = 0;
const SUM: u64 = 1;
const LIST: u64 = 2;
const SUM_BYTES: usize = 16;
const HASH: usize = 32;

/// How many of our records lie in those ranges of a message that list ids one by one: the crate would hold as many at
/// once. Nothing where the message is none.
fn listed(records: &Records, message: &[u8]) -> Option<usize> {
    let mut rest = message.get(1..)?;
    let (mut from, mut count, mut last) = (0, 0, 0_u64);
    while !rest.is_empty() {
        last = match number(&mut rest) {
            0 => u64::MAX,
            delta => last.saturating_add(delta - 1),
        };
        let length = usize::try_from(number(&mut rest)).ok()?;
        let bound = Bound::with_timestamp_and_id(last, rest.get(..length)?).ok()?;
        rest = &rest[length..];
        let to = records.find_lower_bound(from, records.len(), &bound);
        let length = match number(&mut rest) {
            SKIP => 0,
            SUM => SUM_BYTES,
            LIST => {
                count += to - from;
                usize::try_from(number(&mut rest)).ok()?.checked_mul(HASH)?
            }
            _ => return None,
        };
        rest = rest.get(length..)?;
        from = to;
    }
    Some(count)
}

/// A number in digits of seven bits.
fn number(rest: &mut &[u8]) -> u64 {
    let mut number = 0;
    while let Some((byte, after)) = rest.split_first() {
        *rest = after;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}
