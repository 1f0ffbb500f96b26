//! Statements: what a peer says of its store, as lines. Page "11. Discovery, sync, receipts".
//!
//! A statement has `peer` and one of `knows`, `wants`, `receipt`, `attestation`, and no member that its sort does not
//! list: so nothing that is signed as one can be read as another. It is signed as an event is.
//!
//! ```
//! use ulp_core::{json::Tape, statement::{Sort, check}};
//! let mut tape = Tape::new();
//! let wants = r#"{"peer":"peer:a","wants":[{"have":null,"path":"m/world/demo"}]}"#;
//! assert_eq!(check(tape.parse(wants, 64)?).ok(), Some(Sort::Wants));
//! let wrong = r#"{"peer":"peer:a","ttl":59,"wants":[{"have":null,"path":"m/world/demo"}]}"#;
//! assert_eq!(check(tape.parse(wrong, 64)?).map_err(|r| r.code), Err("statement.ttl".into()));
//! # Ok::<(), ulp_core::json::Error>(())
//! ```

pub mod attestation;
pub mod pointers;
pub mod receipt;
mod signed;
mod values;

pub use attestation::{Attestation, Chain, Versions};
pub use pointers::{Pointer, Pointers};
pub use receipt::{Range, Receipt};
pub use signed::{Signers, signer};

use crate::id::is_id;
use crate::json::{Kind, Value};
use crate::path::Path;
use crate::report::Refusal;
use crate::trust::{Did, SIGNATURE};
use std::borrow::Cow;
use values::{count, digest, text, word};

/// The member that says who speaks.
pub const PEER: &str = "peer";
/// The code of a member that no statement of its sort has, where its name is none to be put into a code.
const UNKNOWN: &str = "statement.member";
/// The longest name that is put into a code, in bytes.
const LONGEST_NAME: usize = 32;
/// A statement that lives shorter is not worth sending, and one that lives longer outlives what it says. Seconds.
const TTL: std::ops::RangeInclusive<u64> = 60..=604_800;
/// Most paths of a statement.
pub const MOST_PATHS: usize = 64;
/// Most ways in which a peer says that it is reached, and the longest of them, in bytes.
const MOST_WAYS: usize = 4;
const LONGEST_WAY: usize = 128;
/// Longest advert or want, in bytes without its line end.
pub const LONGEST: usize = 16 << 10;
/// Hex digits of a history root that a frame has room for.
const SHORT_HASH: usize = 12;

/// What a statement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// What a peer holds.
    Knows,
    /// What it lacks.
    Wants,
    /// How its store came by something.
    Receipt,
    /// What its store holds in all.
    Attestation,
}

/// How a value is looked at: what is wrong with it, if anything is.
type Look = fn(Value<'_, '_>) -> Result<(), Wrong>;

/// What is wrong with a member's value.
enum Wrong {
    /// It is not what this member says.
    Value,
    Path(crate::path::Fault),
}

/// A member that a sort of statement may have.
struct Member {
    name: &'static str,
    code: &'static str,
    is_needed: bool,
    look: Look,
}

const fn needed(name: &'static str, code: &'static str, look: Look) -> Member {
    Member { name, code, is_needed: true, look }
}

const fn optional(name: &'static str, code: &'static str, look: Look) -> Member {
    Member { name, code, is_needed: false, look }
}

const KNOWS: &[Member] = &[
    needed("knows", "statement.knows", |v| each_path(v, "points_to", points_to)),
    needed(PEER, "statement.peer", peer),
    optional("proof", "statement.proof", |v| holds(word(v).is_some())),
    optional("reach", "statement.reach", reach),
    optional("seq", "statement.seq", seq),
    optional(SIGNATURE, "statement.signature", signature),
    optional("ttl", "statement.ttl", |v| holds(count(v).is_some_and(|n| TTL.contains(&n)))),
];

const WANTS: &[Member] = &[
    needed(PEER, "statement.peer", peer),
    optional("proof", "statement.proof", |v| holds(word(v).is_some())),
    optional("reach", "statement.reach", reach),
    optional("seq", "statement.seq", seq),
    optional(SIGNATURE, "statement.signature", signature),
    optional("to", "statement.to", to),
    optional("ttl", "statement.ttl", |v| holds(count(v).is_some_and(|n| TTL.contains(&n)))),
    needed("wants", "statement.wants", |v| each_path(v, "have", points_to)),
];

const RECEIPT: &[Member] = &[
    needed("grants", "statement.grants", |v| holds(receipt::hashes(v).is_some())),
    needed("height", "statement.height", |v| holds(receipt::height(v).is_some())),
    needed("joined", "statement.joined", |v| holds(receipt::hashes(v).is_some())),
    needed(PEER, "statement.peer", peer),
    needed("previous", "statement.previous", |v| holds(receipt::previous(v).is_some())),
    needed("ranges", "statement.ranges", |v| holds(receipt::ranges(v).is_some())),
    needed("receipt", "statement.receipt", |v| holds(count(v).is_some_and(|n| n > 0))),
    needed("scope", "statement.scope", |v| holds(digest(v).is_some())),
    needed("timestamp", "statement.timestamp", |v| holds(receipt::timestamp(v).is_some())),
    needed("tool", "statement.tool", |v| holds(receipt::tool(v).is_some())),
];

const ATTESTATION: &[Member] = &[
    needed("attestation", "statement.attestation", |v| holds(count(v).is_some_and(|n| n > 0))),
    optional("chain", "statement.chain", |v| holds(attestation::chain(v).is_some())),
    needed("events", "statement.events", |v| holds(count(v).is_some())),
    needed("head", "statement.head", |v| holds(digest(v).is_some())),
    optional("nonce", "statement.nonce", |v| holds(attestation::nonce(v).is_some())),
    needed(PEER, "statement.peer", peer),
    needed("seq", "statement.seq", seq),
    optional(SIGNATURE, "statement.signature", signature),
    needed("state_root", "statement.state_root", |v| holds(digest(v).is_some())),
    needed("versions", "statement.versions", |v| holds(attestation::versions(v).is_some())),
];

/// By their marks, in the order of [`Sort`].
const SORTS: [(Sort, &str, &[Member]); 4] = [
    (Sort::Knows, "knows", KNOWS),
    (Sort::Wants, "wants", WANTS),
    (Sort::Receipt, "receipt", RECEIPT),
    (Sort::Attestation, "attestation", ATTESTATION),
];

/// Tells what a statement says.
///
/// # Errors
/// `event.kind`: it says two things; `statement.knows`: it says nothing.
pub fn sort(statement: Value<'_, '_>) -> Result<Sort, Refusal> {
    let mut found = SORTS.iter().filter(|(_, mark, _)| statement.get(mark).is_some());
    match (found.next(), found.next()) {
        (Some((_, first, _)), Some((_, second, _))) => {
            Err(Refusal::new("event.kind", format!("it has both {first} and {second}")))
        }
        (Some((sort, ..)), None) => Ok(*sort),
        (None, _) => Err(wrong("statement.knows", "it has none of knows, wants, receipt, attestation")),
    }
}

/// Holds a statement to the members of its sort; its signature is not verified.
///
/// # Errors
/// As [`sort`]; `gossip.long`; `statement.<member>`: the first member, in reading order, that is wrong or unknown, then
/// one that is missing; `statement.proof`: a proof beside a signature; `path.syntax`, `path.lane`.
pub fn check(statement: Value<'_, '_>) -> Result<Sort, Refusal> {
    let sort = sort(statement)?;
    if matches!(sort, Sort::Knows | Sort::Wants) && statement.raw().len() > LONGEST {
        return Err(wrong("gossip.long", "longer than 16 KiB"));
    }
    let members = SORTS[sort as usize].2;
    for (name, value) in statement.members() {
        let Some(member) = members.iter().find(|member| name.is_str(member.name)) else {
            return Err(wrong(unknown(name), "a member that no statement of its sort has"));
        };
        (member.look)(value).map_err(|fault| match fault {
            Wrong::Value => wrong(member.code, "not what this member says"),
            Wrong::Path(fault) => wrong(fault.code(), fault.to_string()),
        })?;
    }
    if statement.get("proof").is_some() && statement.get(SIGNATURE).is_some() {
        return Err(wrong("statement.proof", "it stands in place of a signature, not beside one"));
    }
    let missing = members.iter().find(|member| member.is_needed && statement.get(member.name).is_none());
    missing.map_or(Ok(sort), |member| Err(wrong(member.code, "it is missing")))
}

/// The code of a member that no statement of its sort has: with its name, where that is one as ours are.
fn unknown(name: Value<'_, '_>) -> Cow<'static, str> {
    let is_plain = |name: &&str| {
        name.len() <= LONGEST_NAME
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    let name = name.as_plain_str().filter(is_plain);
    name.map_or(UNKNOWN.into(), |name| format!("statement.{name}").into())
}

/// A statement is for everyone.
fn wrong(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Refusal {
    Refusal { shared: true, ..Refusal::new(code, detail) }
}

fn holds(holds: bool) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong::Value) }
}

fn peer(value: Value<'_, '_>) -> Result<(), Wrong> {
    holds(value.as_text().is_some_and(|text| is_id(&text)))
}

fn seq(value: Value<'_, '_>) -> Result<(), Wrong> {
    holds(count(value).is_some_and(|n| u32::try_from(n).is_ok()))
}

/// Whether it is exact, whoever looks at it will say.
fn signature(value: Value<'_, '_>) -> Result<(), Wrong> {
    holds(value.kind() == Kind::Object)
}

fn to(value: Value<'_, '_>) -> Result<(), Wrong> {
    let is_did = |item: Value<'_, '_>| item.as_text().is_some_and(|text| text.parse::<Did>().is_ok());
    holds(is_list(value, MOST_PATHS) && value.items().all(is_did))
}

fn reach(value: Value<'_, '_>) -> Result<(), Wrong> {
    let is_way = |item: Value<'_, '_>| text(item).is_some_and(|way| way.len() <= LONGEST_WAY);
    holds(value.kind() == Kind::Array && value.len() <= MOST_WAYS && value.items().all(is_way))
}

fn is_list(value: Value<'_, '_>, most: usize) -> bool {
    value.kind() == Kind::Array && !value.is_empty() && value.len() <= most
}

/// Holds a list of what a statement says of paths: of each the path, `hash` and how many events.
fn each_path(list: Value<'_, '_>, hash: &str, is_hash: fn(Value<'_, '_>) -> bool) -> Result<(), Wrong> {
    holds(is_list(list, MOST_PATHS))?;
    for item in list.items() {
        let path = item.get("path").and_then(Value::as_text).ok_or(Wrong::Value)?;
        Path::parse_pointer(&path).map_err(Wrong::Path)?;
        holds(item.get(hash).is_some_and(is_hash))?;
        let events = item.get("events");
        holds(events.is_none_or(|events| count(events).is_some()))?;
        holds(item.len() == 2 + usize::from(events.is_some()))?;
    }
    Ok(())
}

/// A root, an object, the beginning of a root from a frame, or nothing any more.
fn points_to(value: Value<'_, '_>) -> bool {
    let is_hash = |text: &str| {
        let digits = text.strip_prefix("blake3:").or_else(|| text.strip_prefix("sha256:"));
        let is_short = text.starts_with("blake3:") && digits.is_some_and(|d| d.len() == SHORT_HASH);
        digits.is_some_and(|digits| {
            (digits.len() == 64 || is_short) && digits.bytes().all(|b| crate::hash::value(b).is_some())
        })
    };
    value.is_null() || value.as_plain_str().is_some_and(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    const ROOT: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    fn said(line: &str) -> String {
        let mut tape = Tape::new();
        check(tape.parse(line, 64).expect(line))
            .map_or_else(|refusal| refusal.code.into_owned(), |_| String::new())
    }

    #[test]
    fn the_rows_stand_in_the_order_of_the_sorts() {
        for (at, (sort, mark, members)) in SORTS.iter().enumerate() {
            assert_eq!(*sort as usize, at);
            assert!(members.iter().any(|member| member.name == *mark && member.is_needed));
            assert!(members.is_sorted_by(|a, b| a.name < b.name));
            let codes = members.iter().map(|member| member.code);
            assert!(codes.clone().all(crate::report::codes::is_known), "{:?}", codes.collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_an_advert_may_hold_has_bounds() {
        let knows = |more: &str| {
            format!(r#"{{"knows":[{{"path":"m/world","points_to":"{ROOT}"}}],"peer":"a"{more}}}"#)
        };
        let paths = |n: usize| vec![r#"{"path":"m/world","points_to":null}"#; n].join(",");
        for (line, code) in [
            (knows(""), ""),
            (knows(r#","ttl":60,"seq":4294967295,"reach":["a","b","c","d"]"#), ""),
            (knows(r#","ttl":604801"#), "statement.ttl"),
            (knows(r#","seq":4294967296"#), "statement.seq"),
            (knows(r#","seq":-1"#), "statement.seq"),
            (knows(r#","reach":["a","b","c","d","e"]"#), "statement.reach"),
            (knows(&format!(r#","reach":["{}"]"#, "x".repeat(129))), "statement.reach"),
            (knows(r#","events":7"#), "statement.events"),
            (knows(r#","operation_":7"#), "statement.operation_"),
            (knows(r#","a b":7"#), "statement.member"),
            (knows(r#","to":[]"#), "statement.to"),
            (format!(r#"{{"knows":[{}],"peer":"a"}}"#, paths(64)), ""),
            (format!(r#"{{"knows":[{}],"peer":"a"}}"#, paths(65)), "statement.knows"),
            (r#"{"knows":[],"peer":"a"}"#.to_owned(), "statement.knows"),
            (r#"{"knows":[{"path":"m/world"}],"peer":"a"}"#.to_owned(), "statement.knows"),
            (knows("").replace(ROOT, "blake3:abcdef012345"), ""),
            (knows("").replace(ROOT, "sha256:abcdef012345"), "statement.knows"),
            (knows("").replace("m/world", "m/world/demo/tiles/z0/x0/y0"), "path.syntax"),
            (knows("").replace(r#""a""#, "7"), "statement.peer"),
            (knows(r#","proof":"oYEB""#), ""),
            (knows(r#","proof":"oYEB","signature":{}"#), "statement.proof"),
            (format!("{}{}", knows(""), " ".repeat(LONGEST)), ""),
            (knows("").replace('[', &format!("[{}", " ".repeat(LONGEST))), "gossip.long"),
            (r#"{"peer":"a"}"#.to_owned(), "statement.knows"),
            (knows(r#","wants":1"#), "event.kind"),
        ] {
            assert_eq!(said(&line), code, "{line}");
        }
    }
}
