//! A node on air: what a radio says, repeats and asks, as a pure function of what it hears and of the time it is told.
//!
//! Page "11. Discovery, sync, receipts", C. `ulp-radio --follow` drives a [`Node`], the simulation drives thousands, and
//! `lib/c/ulp_radio.h` is the same again for a device. There is no clock in it, no randomness but what is drawn from
//! hashes, no floating point; memory is bounded whatever is heard.
//!
//! ```text
//! Node::new(now, settings)                 times are milliseconds since any moment, the same for all calls
//! node.space(now, tag)                     a space to keep, though nothing of it was heard yet
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
//! - Rows are ordered by (`seq`, peer tag, space tag, tile's 7 bytes, head's 6 bytes), bytes as unsigned numbers. Where
//!   all of these are equal, the greater `events` is the greater row.
//! - Of the rows with one (space, tile, head) the greatest is kept; of a (space, tile) the four greatest; of all the
//!   [`Settings::rows`] greatest, of which a quarter at most may be of tags that were unknown when they came: past that
//!   quarter the least unknown row goes, though others may be less. This is a join: the table does not depend on
//!   order or repetition of what was heard.
//! - A row that went because of a bound on all, or on the unknown, raises the *floor* to its `seq` + 1, if that is
//!   greater. A row that goes because four of its tile are greater, or by a greater one of its head, does not.
//! - Spaces are at most [`SPACES`]: rows of others are heard and not kept. A space begins with the first row or range
//!   that is heard of it, or is given.
//! - With [`Settings::epoch`], a frame with a `seq` of 2^24 or more that lies more than [`Settings::skew`] seconds after the
//!   present is [`What::Future`]: it makes no rows and is not relayed.
//!
//! # What is heard
//! Each frame of a packet, in turn; a packet that does not parse to its last byte is as if it was not heard. `judge` says
//! how a frame stands ([`Standing`]): a node has no keys. A refused one is as if it was not heard. Every row of a frame
//! that is in the table, or comes into it now, was *on air* at this time. A frame **changed the table** if a row of it
//! came in and is there when the whole frame was read.
//!
//! # News
//! A frame that changed the table, and a part whose SHA-256 (hops 0) is not among those of the last [`PARTS`] parts heard or
//! offered (first 8 bytes), is relayed, unless its hops are 0: unchanged, but for hops 1 to 6, which become one less. It waits
//! `draw(frame with hops 0 ‖ own tag, 12 × airtime)` milliseconds, the airtime that of a packet of this frame alone. Being heard
//! again (the same bytes, hops aside) is counted: the hearing that made it news is the first, and at the third it is
//! dropped. When its turn comes it is dropped as well, if the table has none of its rows any more.
//!
//! `draw(bytes, range)` is `(first 4 bytes of SHA-256(bytes), big-endian) × range / 2^32`, rounded down, in 64 bits.
//!
//! A node's own frames (`offer`) go into its table, are due at once, and are relayed by nobody's timer but others'.
//!
//! # Repair
//! Each space has a Trickle timer (RFC 6206) with Imin 60 s, Imax 1 h, k 2: I starts at Imin, and doubles at an interval's end
//! up to Imax (60, 120, … 1,920, 3,600 s). The moment t of an interval is I/2 + `draw(own tag ‖ space tag ‖ n, I/2)` after its
//! start; n (4 bytes, big-endian) counts the intervals begun in this space, from 0. At t, with a counter below k, the *introduction* is sent.
//! The first interval starts when the space comes. A late call of `poll` starts the next one where the last should have ended, or,
//! where that is over too, now.
//!
//! - **Ranges**: of the rows with from ≤ key < to (0: no end), their number (at most 65,535), and the first 4 bytes of SHA-256 over
//!   their frames, sorted as bytes. They travel in frames of kind 2, hops 0, unsigned, with the node's tag, and as `seq` the
//!   greatest that it was given or offered.
//! - **Introduction**: with fewer than 8 rows one range of all, (0, 0). Else two: from the key of the eighth newest (rows in
//!   order of keys; the eighth from the end), no end; and 0 to that key. Where the floor stands above 0, its key
//!   (floor × 256) is in the place of the 0 that a range starts from, and the rows below it are not counted: with two ranges
//!   of which the second would be empty, or fewer than 8 rows, one from the floor's key.
//! - **Hearing ranges**: one whose `from` lies below the floor's key is taken as starting there if its rows are 0 or end
//!   there (nothing can be said of it); it counts neither as agreeing nor as differing. One with the same number and
//!   digest *agrees*. A frame whose ranges all agree, and reach from 0, or a floor, without end, is a consistent
//!   transmission: the counter goes up. A frame with one that differs, and a table that changed in that space, is an inconsistent
//!   one: if I is above Imin, an interval of Imin starts now.
//! - **Answers**: to a range that differs, unless the same (space, from, to) was answered in the last 60 s. What to say is
//!   worked out when its turn comes, by the table as it is then, with n rows of its own where the other told m:
//!
//!   | | said |
//!   |---|---|
//!   | same number and digest by now | nothing |
//!   | m = 0 | the newest 16 rows (the greatest keys; of equal keys the greater frames) |
//!   | n = 0 | the range |
//!   | n > 8 or m > 8, and not a range of one key (to = from + 1) | two halves: (from, c) and (c, to) |
//!   | n > m, or a range of one key and n > 0 | the rows |
//!   | n < m | the range |
//!   | n = m | the rows, then the range |
//!
//!   c is the key of the middle one of its own rows in order of keys, number n / 2 from 0. If c = from, it is the next greater key
//!   among them; if there is none, from + 1.
//! - An answer waits `draw(range's 17 bytes as heard ‖ space tag ‖ own tag, 12 × airtime)` ms, the airtime that of a packet
//!   with one frame of 31 bytes. Others may answer before: rows that were on air since the question, from whomever, are left out, and
//!   so are ranges, once a range that lies within the one asked for was heard to agree.
//! - Rows are sent as unsigned tips with the node's own hops, gathered into frames by (peer, `seq`), in order of their frames; with
//!   the hops they are news, and go on through whatever was cut off.
//!   At most [`ANSWERED`] answered ranges are remembered; while all are younger than 60 s, no further one is answered.
//! - **Wants** (an entry of a tile in kind 2) are answered with the tile's rows of other heads than the one that the want names, as a
//!   range is, of which from and to are 0 and the digest is the first bytes of the tile: not twice in 60 s.
//!
//! # Airtime
//! What `poll` gives is counted by the milliseconds it takes on air, header included. Of the last hour no more is
//! ever used than [`Settings::hourly`]: what was spent comes back an hour after its minute ended, in 60-second steps
//! (61 counters; minutes are `now / 60,000`). [`Settings::total`] is for the whole run.
//!
//! - **Classes**: 0, own news and ranges; 1, signed news; 2, the rest: other news, rows, parts. Class 1 is
//!   sent while a sixteenth of the hour's and of the total's airtime stays free after it, class 2 while an eighth does:
//!   so there is air for an alarm.
//! - Frames of unknown tags are of class 2, and are counted a second time, each as a packet of its own, against a tenth.
//! - At most [`WAITING`] wait, answers and introductions among them. One more drops the oldest of the lowest class, which may be itself:
//!   [`Node::dropped`] counts them.
//! - **A packet** starts with the frame of the best class that is due and may be sent, the oldest of these, and is filled up to
//!   [`Settings::mtu`] with others that are due, in that order, as they fit. A part of a line is the last of its packet. An answer that does
//!   not fit is cut, and what is left of it stays, first of its class.
//! - A frame longer than the MTU is never relayed.

mod budget;
mod draw;
mod node;
mod ranges;
mod row;
mod send;
mod table;
#[cfg(test)]
mod tests;
mod trickle;
mod waiting;

pub use budget::Class;
pub use node::{ANSWERED, Node, PARTS, SPACES, Settings, Standing, What};
pub use row::{Row, Tip};
pub use table::Table;
pub use waiting::WAITING;
