//! A statement as it is heard, before anybody asks who signed it.

use super::{Said, Share, What};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher as _};
use ulp_core::hash::Blake3;
use ulp_core::json::{self, Canonical, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::statement::pointers::{TTL, is_stale};
use ulp_core::statement::{self, Attestation, Pointer, Pointers, Sort};
use ulp_core::trust::SIGNATURE;

/// Where an attestation points to.
const WORLD: &str = "m/world";

/// A statement that a graph may hold.
#[derive(Clone, Debug)]
pub struct Heard<'a> {
    pub spoken: Spoken<'a>,
    /// Whether it says that it is signed.
    pub is_signed: bool,
    /// Its canonical line, without its end.
    pub line: Cow<'a, [u8]>,
    pub hash: Blake3,
}

/// What it says.
#[derive(Clone, Debug)]
pub enum Spoken<'a> {
    Pointers(Pointers<'a>),
    Attestation(Attestation),
}

impl<'a> Heard<'a> {
    /// Reads a statement from its line; nothing where it is a receipt, which no graph holds.
    ///
    /// # Errors
    /// As [`statement::check`] and [`Attestation::read`].
    pub fn read(object: Value<'_, 'a>) -> Result<Option<Heard<'a>>, Refusal> {
        let spoken = match statement::check(object)? {
            Sort::Receipt => return Ok(None),
            Sort::Attestation => Spoken::Attestation(Attestation::read(object)?),
            Sort::Knows | Sort::Wants => Spoken::Pointers(Pointers::read(object).ok_or_else(unread)?),
        };
        let line = canonical(object);
        if line.len() > statement::LONGEST {
            return Err(Refusal { shared: true, ..Refusal::new("gossip.long", "longer than 16 KiB") });
        }
        let is_signed = object.get(SIGNATURE).is_some() || object.get("proof").is_some();
        Ok(Some(Heard { spoken, is_signed, hash: Blake3::of(&line), line }))
    }

    pub fn peer(&self) -> &str {
        match &self.spoken {
            Spoken::Pointers(said) => &said.peer,
            Spoken::Attestation(said) => &said.peer,
        }
    }

    pub fn seq(&self) -> u32 {
        match &self.spoken {
            Spoken::Pointers(said) => said.seq,
            Spoken::Attestation(said) => said.seq,
        }
    }

    pub fn what(&self) -> What {
        match &self.spoken {
            Spoken::Pointers(said) if said.sort == Sort::Wants => What::Wants,
            Spoken::Pointers(_) => What::Knows,
            Spoken::Attestation(_) => What::Attestation,
        }
    }

    /// How long it is worth something, in seconds.
    pub fn ttl(&self) -> u32 {
        match &self.spoken {
            Spoken::Pointers(said) => said.ttl,
            Spoken::Attestation(_) => TTL,
        }
    }

    /// Whether it is no longer worth anything, at a time in seconds since 1970.
    pub fn is_stale(&self, now: i64) -> bool {
        is_stale(self.seq(), self.ttl(), now)
    }

    /// What a graph takes of it.
    pub fn said(&self, share: Share) -> Said<'_> {
        Said { share, what: self.what(), peer: self.peer(), seq: self.seq(), hash: self.hash }
    }

    /// Its paths, each with a number that tells what it points to from other targets.
    pub fn paths(&self) -> impl Iterator<Item = (&str, u64)> {
        let (pointers, head): (&[Pointer<'_>], _) = match &self.spoken {
            Spoken::Pointers(said) => (&said.all, None),
            Spoken::Attestation(said) => (&[], Some(said.head)),
        };
        let pointers = pointers.iter().map(|p| (&*p.path, number(&p.hash)));
        pointers.chain(head.map(|head| (WORLD, number(&head.0))))
    }

    /// What it says of each path: the target, if there is one, and how many events that is of.
    pub fn pointers(&self) -> Vec<Pointer<'_>> {
        match &self.spoken {
            Spoken::Pointers(said) => said.all.clone(),
            Spoken::Attestation(said) => vec![Pointer {
                path: WORLD.into(),
                hash: Some(said.head.to_string().into()),
                events: Some(said.events),
            }],
        }
    }

    /// Whether somebody is asked.
    pub fn is_for(&self, peer: &str) -> bool {
        match &self.spoken {
            Spoken::Pointers(said) => said.to.is_empty() || said.to.iter().any(|to| to == peer),
            Spoken::Attestation(_) => true,
        }
    }

    /// How its peer says that it is reached.
    pub fn reach(&self) -> &[Cow<'a, str>] {
        match &self.spoken {
            Spoken::Pointers(said) => &said.reach,
            Spoken::Attestation(_) => &[],
        }
    }
}

/// A row of a graph's file, unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub peer: String,
    pub what: What,
    pub path: String,
    /// What the path points to, `blake3:…` or `sha256:…`, if to anything.
    pub hash: Option<String>,
    pub events: Option<u64>,
    pub seq: u32,
}

/// The rows that the lines of a graph's file speak of, in their order; what cannot be read is passed over. Nothing is
/// verified: this is for names, which are hints.
///
/// ```
/// let file = br#"{"knows":[{"path":"m/world","points_to":null}],"peer":"peer:a","seq":7}"#;
/// let rows: Vec<_> = ulp_peer::graph::rows_of(file).collect();
/// assert_eq!((rows[0].peer.as_str(), rows[0].path.as_str(), rows[0].seq), ("peer:a", "m/world", 7));
/// ```
pub fn rows_of(file: &[u8]) -> impl Iterator<Item = Row> {
    file.split(|byte| *byte == b'\n').flat_map(rows_of_line)
}

fn rows_of_line(line: &[u8]) -> Vec<Row> {
    let mut tape = Tape::new();
    let heard = json::parse_line(&mut tape, line).ok().and_then(|object| Heard::read(object).ok().flatten());
    let Some(heard) = heard else { return Vec::new() };
    let row = |pointer: Pointer<'_>| Row {
        peer: heard.peer().to_owned(),
        what: heard.what(),
        path: pointer.path.into_owned(),
        hash: pointer.hash.map(Cow::into_owned),
        events: pointer.events,
        seq: heard.seq(),
    };
    heard.pointers().into_iter().map(row).collect()
}

fn canonical<'a>(object: Value<'_, 'a>) -> Cow<'a, [u8]> {
    if object.is_canonical() {
        return Cow::Borrowed(object.raw().as_bytes());
    }
    let mut line = Vec::with_capacity(object.raw().len());
    Canonical::new().write(object, &mut line);
    Cow::Owned(line)
}

/// A number that tells targets apart within a run.
fn number(target: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    hasher.finish()
}

fn unread() -> Refusal {
    Refusal { shared: true, ..Refusal::new("statement.knows", "it cannot be read") }
}
