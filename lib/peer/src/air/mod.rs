//! A node on air: what a radio says, repeats and asks, as a pure function of what it hears and of the time it is told.
//!
//! Page "11. Discovery, sync, receipts", C. `ulp-radio --follow` drives a [`Node`], the simulation drives thousands, and
//! `lib/c/ulp_radio.h` is the same again for a device. There is no clock in it, no randomness but what is drawn from
//! hashes, no floating point; memory is bounded whatever is heard.
//!
//! ```text
//! Node::new(now, settings)                 times are milliseconds since any moment, the same for all calls
//! node.space(now, tag)                     a space to keep, though nothing of it was heard yet
//! node.arrive(now, tag)                    the node has moved: an interval of Imin starts, if it is longer now
//! node.hear(now, packet, judge) -> [Heard] a packet from the air: what each of its frames was
//! node.offer(now, frame, class)            a frame of one's own, to be sent as soon as the airtime allows
//! node.poll(now) -> Option<packet>         the packet to send now; until it is over, no other is given
//! node.due(now) -> Option<time>            when `poll` is next worth a call; later calls do no harm
//! ```
//!
//! # The table
//! A *row* is a tip of kind 1 with its peer, `seq` and space. Presence, intents and wants make none; a tip of a whole
//! space (z 255) is a tile like any other. Its *frame* is the unsigned one-tip frame with hops 0 (31 bytes, `a1 01 …`);
//! its *key* is `seq` × 256 + the first byte of SHA-256 of that frame.
//!
//! - Rows are ordered by (`seq`, peer tag, space tag, tile's 7 bytes, head's 6 bytes, events), bytes as unsigned
//!   numbers. Of the rows with one (space, tile, head) the greatest is kept; of a (space, tile) the four greatest; of all
//!   the [`Settings::rows`] greatest, of which a quarter may be of tags that were unknown when they came: past that
//!   quarter the least unknown row goes, though others may be less. This is a join: the table depends neither on the
//!   order nor on the repetition of what was heard.
//! - A row that goes because of a bound on all, or on the unknown, raises the *floor* to the key (`seq` + 1) × 256, if
//!   that is greater. One that a greater row of its head or its tile takes the place of does not.
//! - Spaces are at most [`SPACES`], a quarter of them known from unknown tags alone; rows of others are not kept. A
//!   space begins with the first row or range that is heard of it, or is given.
//! - With [`Settings::epoch`], tips with a `seq` of 2^24 or more that lies more than [`Settings::skew`] seconds ahead
//!   are [`What::Future`]: they make no rows and are not relayed.
//!
//! # What is heard
//! Each frame of a packet, in turn; a packet that does not parse to its last byte is as if it was not heard. `judge`
//! says how a frame stands ([`Standing`]): a node has no keys. A refused one is as if it was not heard. Every row of a
//! frame that is in the table, or comes into it, was *on air* at this time; so was what the node itself sends. A frame
//! **changed the table** if a row came in by it and is there when the whole frame was read.
//!
//! # News
//! A frame that changed the table, and a part whose name (the first 8 bytes of SHA-256, hops 0) is not among those of
//! the last [`PARTS`] parts heard or offered, is relayed, unless its hops are 0 or it is longer than the MTU: unchanged,
//! but for hops 1 to 6, which become one less. It waits `draw(frame with hops 0 ‖ own tag, 12 × airtime)` milliseconds,
//! by the airtime of a packet of this frame alone. Being heard again (the same bytes, hops aside) counts: the hearing
//! that made it news is the first, and with the third it is dropped. When its turn comes it is dropped too, if the table
//! has none of its rows any more.
//!
//! `draw(bytes, range)` is the first 4 bytes of SHA-256 of the bytes, big-endian, × range / 2^32, rounded down.
//!
//! What is offered goes into the table as if heard, and is due at once.
//!
//! # Repair
//! Each space has a Trickle timer (RFC 6206): Imin 60 s, Imax 1 h, k 2. It starts when the space comes, with I = Imin,
//! which doubles at an interval's end up to Imax (60, 120, … 1,920, 3,600 s). The moment t of an interval is
//! I/2 + `draw(own tag ‖ space tag ‖ n, I/2)` after its start; n (4 bytes, big-endian) counts the intervals begun in
//! this space, from 0. At t, with a counter below k, the *introduction* is sent. An interval starts where the one before
//! ended, or, where it would be over too, now.
//!
//! - A **range** is of the rows with from ≤ key < to (0: no end): their number, at most 65,535, and the first 4 bytes of
//!   SHA-256 over their frames, sorted as bytes. Ranges travel in frames of kind 2, hops 0, unsigned, with the node's
//!   tag, and as `seq` the greatest that it was given or offered.
//! - **Introduction**: with 8 rows or more two ranges, in this order: from the key of the eighth newest (by keys),
//!   without end, and from 0 to that key. With fewer rows, or where that key is 0, one of all: (0, 0). Rows below the
//!   floor are left out, and the floor stands in the place of the 0 that a range starts from.
//! - **Heard**: a range that ends where it starts or before says nothing. Of one that starts below the floor nothing
//!   can be said, unless its rows are 0: then it starts at the floor. One with the same number and digest *agrees*.
//!   Where all ranges of a frame agree, and are an introduction by their bounds ((0, 0), or (c, 0) and (…, c)), the
//!   counter goes up. Where one differs, and where the table changed in that space, the interval is shortened: if I is
//!   longer than Imin × h, an interval of that length starts now. h is 1 while less than half of the hour's (and of all)
//!   air is used, 2 while less than three quarters, else 8: who has little air left does not spend it on questions.
//!   Ranges of unknown tags are answered, but move no timer.
//! - **Answer**: to a range that differs, unless the same (space, from, to) was answered in the last 60 s. What to say is
//!   worked out when its turn comes, with n rows of its own where the other told m:
//!
//!   | the first that holds | said |
//!   |---|---|
//!   | same number and digest by now | nothing |
//!   | n ≤ 16, n − m is 1 or 2, and without one or two rows the digest is the other's | just those rows |
//!   | m = 0 | the newest 16 rows (the greatest keys; of equal keys the greater frames) |
//!   | n = 0 | its range |
//!   | a range of one key (to = from + 1, or from is the last key) | all rows, and if n ≤ m its range |
//!   | n > 8 or m > 8 | two halves: (from, c) and (c, to) |
//!   | n > m | its rows |
//!   | n < m | its range |
//!   | n = m | its rows, then its range |
//!
//!   c is the key of the middle one of its own rows by keys, number n / 2 from 0; if that is from, the next greater key
//!   among them; if there is none, from + 1. In the second line rows are tried in order of their frames.
//! - An answer waits `draw(the entry's 17 bytes as heard ‖ space tag ‖ own tag, 12 × airtime)` ms, by the airtime of a
//!   packet of 31 bytes. Others may answer before: rows that were on air since the question, from whomever, are left
//!   out, and so are ranges, once a range that lies within the one asked for was heard to agree. One that could not be
//!   sent within 60 s is dropped: who asked will ask again.
//! - Rows are sent as unsigned tips, with the node's own hops, gathered into frames by (peer, `seq`) in order of their
//!   frames: they are news to whoever lacked them, and go on through whatever was cut off.
//! - [`ANSWERED`] answered questions are remembered; while all are younger than 60 s, none other is answered. At most
//!   half of them are such that are answered with ranges alone, so that what was found can be told; at most a quarter
//!   are of unknown tags.
//! - A **want** (a tile, or the space, in kind 2) is answered with the rows of that tile whose heads are others than its
//!   own, in the same way; it is remembered by its first 7 bytes.
//!
//! # Airtime
//! What `poll` gives is counted by what it takes on air, header included, in the minute in which it ends: minutes are
//! (now + `draw(own tag, 60,000)`) / 60,000. The minute that runs and the 60 before never have more than
//! [`Settings::hourly`], so that no hour has, wherever it starts. [`Settings::total`] is for all.
//!
//! - **Classes**, the most urgent first: own news; ranges; signed news; the rest, which are other news, rows, parts.
//!   Own news may take all the air there is, signed news all but a sixteenth, ranges and the rest all but an eighth.
//! - What unknown tags bring about is of the last class, and is counted a second time, each frame as a packet of its
//!   own, against a tenth of the air.
//! - At most [`WAITING`] wait, answers and introductions among them. One more drops the oldest of the last class that
//!   there is, which may be itself; [`Node::dropped`] counts them.
//! - **A packet** starts with the most urgent that is due and may be sent, the oldest of these, and is filled up to
//!   [`Settings::mtu`] with others that are due, in that order, as they fit, and then with news that are to be relayed
//!   and not due yet, the first due first. A part ends its packet. Of an answer that
//!   does not fit, the rest stays. What there is no air for waits until some comes back.

mod answer;
mod budget;
mod draw;
mod heard;
mod node;
mod question;
mod ranges;
mod row;
mod send;
mod table;
#[cfg(test)]
mod tests;
mod trickle;
mod waiting;

pub use answer::ANSWERED;
pub use budget::Class;
pub use heard::Standing;
pub use node::{Node, PARTS, SPACES, Settings, What};
pub use row::{Row, Tip};
pub use table::Table;
pub use waiting::WAITING;
