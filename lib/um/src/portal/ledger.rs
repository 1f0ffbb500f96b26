//! ledger.jsonl: that something was exchanged, with whom, and what came of it. Each line is signed, and names the one
//! before it by its hash.
//!
//! ```text
//! {"at":"2026-11-20T12:00:25.000Z","exchangeId":"urn:um:exchange:5d15…","own":"sha256:2917…","seq":0,"signature":{…},
//!  "state":"manifests-exchanged","theirs":"sha256:17c7…","with":"did:key:z6Mk…"}
//! ```

use std::fmt;
use std::str::FromStr;

use ulp_core::hash::Sha256;
use ulp_core::json::write::Object;
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Did, Instant, SIGNATURE, Scratch, SecretKey, Signature, Verifier};
use ulp_core::words;

use crate::hash;

/// The code of a line that is none, or does not follow the one before it.
pub const LEDGER: &str = "portal.ledger";

words!(
    /// How far an exchange came.
    State {
        Refused = "refused",
        Expired = "expired",
        ManifestsExchanged = "manifests-exchanged",
        ReceiptsExchanged = "receipts-exchanged",
        Completed = "completed",
    }
);

/// What a line says, but for where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: String,
    pub exchange: Option<String>,
    /// What we said.
    pub own: Sha256,
    /// What the other side said.
    pub theirs: Option<Sha256>,
    pub state: State,
    /// The other side.
    pub with: Option<String>,
    /// What age was proven.
    pub age: Option<i64>,
}

/// A line, where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub entry: Entry,
    pub seq: u64,
    /// The hash of the line before.
    pub prev: Option<Sha256>,
    /// The hash of this line.
    pub hash: Sha256,
}

/// Where the next line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    pub seq: u64,
    pub prev: Option<Sha256>,
}

impl Tail {
    /// Where the line after this one stands.
    pub fn after(line: &Line) -> Tail {
        Tail { seq: line.seq + 1, prev: Some(line.hash) }
    }

    /// Signs a line that stands here: its text without a line end, and where the next stands.
    ///
    /// # Errors
    /// `json.*`: what it says is no I-JSON.
    pub fn sign(self, entry: &Entry, key: &SecretKey) -> Result<(String, Tail), Refusal> {
        let mut object = Object::default();
        object
            .text("at", Some(&entry.at))
            .text("exchangeId", entry.exchange.as_deref())
            .text("own", Some(&entry.own.to_string()))
            .text("theirs", entry.theirs.map(|hash| hash.to_string()).as_deref())
            .text("state", Some(entry.state.as_str()))
            .text("with", entry.with.as_deref())
            .text("prev", self.prev.map(|hash| hash.to_string()).as_deref())
            .raw("seq", Some(&self.seq.to_string()))
            .raw("age", entry.age.map(|age| age.to_string()).as_deref());
        let text = key.sign_object(&object.json())?;
        let prev = Some(Sha256::of(text.as_bytes()));
        Ok((text, Tail { seq: self.seq + 1, prev }))
    }
}

impl Line {
    /// Reads a line; who signed it is not asked.
    ///
    /// # Errors
    /// `json.*`; [`LEDGER`].
    pub fn read(text: &str, tape: &mut Tape) -> Result<Line, Refusal> {
        let object = tape.parse(text, json::EVENT_DEPTH)?;
        Line::members(object).ok_or_else(|| Refusal::new(LEDGER, "a member is missing or wrong"))
    }

    fn members(object: Value<'_, '_>) -> Option<Line> {
        let text = |name: &str| object.get(name).and_then(Value::as_text);
        let named = |name: &str| match object.get(name) {
            None => Some(None),
            Some(value) => value.as_text()?.parse::<Sha256>().ok().map(Some),
        };
        let at = text("at")?;
        Instant::parse(&at)?;
        let age = match object.get("age") {
            None => None,
            Some(age) => Some(age.as_i64()?),
        };
        let entry = Entry {
            at,
            exchange: text("exchangeId"),
            own: named("own")??,
            theirs: named("theirs")?,
            state: text("state")?.parse().ok()?,
            with: text("with"),
            age,
        };
        let seq = u64::try_from(object.get("seq")?.as_i64()?).ok()?;
        Some(Line { entry, seq, prev: named("prev")?, hash: hash::of(object) })
    }
}

/// Holds lines to each other and to whose they are, one after the other.
pub struct Check<'c> {
    verifier: &'c Verifier,
    /// Whose it is; whoever signed the first line, where nobody else is named.
    owner: Option<Did>,
    scratch: Scratch,
    tail: Tail,
}

impl<'c> Check<'c> {
    /// Begins with the first line of a ledger, which is an owner's where one is named.
    pub fn new(verifier: &'c Verifier, owner: Option<Did>) -> Check<'c> {
        Check { verifier, owner, scratch: Scratch::default(), tail: Tail::default() }
    }

    /// Whether a line is the owner's, and follows the one before it.
    ///
    /// # Errors
    /// `json.*`, `signature.*`, [`LEDGER`].
    pub fn take(&mut self, text: &str) -> Result<Line, Refusal> {
        let mut tape = Tape::new();
        let line = Line::read(text, &mut tape)?;
        let object = tape.parse(text, json::EVENT_DEPTH)?;
        let unsigned = || Refusal::new("signature.missing", "a line of a ledger is signed");
        let signature = Signature::of_event(object.get(SIGNATURE).ok_or_else(unsigned)?)?;
        if signature.signer != *self.owner.get_or_insert(signature.signer) {
            return Err(Refusal::new("signature.signer", "not by the ledger's owner"));
        }
        self.verifier.verify(object, &signature, &mut self.scratch)?;
        if (Tail { seq: line.seq, prev: line.prev }) != self.tail {
            return Err(Refusal::new(LEDGER, "it does not follow the line before"));
        }
        self.tail = Tail::after(&line);
        Ok(line)
    }
}
