//! What stages work on, and what they find.

use std::borrow::Cow;

use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::{Value, raw};
use ulp_core::trust::{Did, Scratch};

use super::receipt::{ClaimResult, Code};
use super::{Offer, Receipt, Setting, Stage, View};
use crate::manifest::Version;

/// What was found of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The one instant of it.
    pub now: Time,
    /// The stage that it came to.
    pub stage: Stage,
    pub receipt: Receipt,
    pub view: View,
    /// What is known of the two sides, where verify held at a door.
    pub crossing: Option<Crossing>,
    /// The nonce whose proof held: it is spent then, whatever comes of the rest.
    pub proven: Option<String>,
    /// What the document is called by its content, where it has any.
    pub hash: Option<Sha256>,
    /// What the offer is called that it answers, at a door.
    pub offer: Option<Sha256>,
}

/// Two sides that met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    pub session: String,
    pub exchange: String,
    /// Who came.
    pub visitor: String,
    /// Until when it can be closed, as it was written.
    pub expires: String,
}

impl Evaluation {
    /// Whether it goes no further.
    pub fn is_rejected(&self) -> bool {
        self.receipt.is_rejected()
    }
}

/// Why something goes no further: the codes that say it.
#[derive(Debug)]
pub struct Rejection(pub Vec<Code>);

impl Rejection {
    pub fn of(code: &'static str) -> Rejection {
        Rejection(vec![Cow::Borrowed(code)])
    }
}

/// What a stage says: on, or no further.
pub type Passed = Result<(), Rejection>;

/// A manifest that arrived, and what is found of it.
pub struct Work<'w, 's, 't, 'a> {
    pub setting: &'w Setting<'s>,
    pub manifest: Value<'t, 'a>,
    pub version: Version,
    /// Who signed it, once that holds.
    pub key: Option<Did>,
    /// What it answers, at a door.
    pub offer: Option<Offer>,
    /// The claims that were asked for, in its order.
    pub claims: Vec<Claimed>,
    pub scratch: Scratch,
    pub found: &'w mut Evaluation,
}

/// A claim that was judged.
pub struct Claimed {
    pub kind: String,
    /// The claim, as canonical JSON.
    pub text: String,
    pub status: ClaimResult,
}

impl Claimed {
    /// Whether it is of that type, and holds.
    pub fn holds(&self, kind: &str) -> bool {
        self.kind == kind && self.status == ClaimResult::Verified
    }

    /// A text that it says.
    pub fn member_text(&self, name: &str) -> Option<String> {
        raw::member(&self.text, name).and_then(raw::text).map(Cow::into_owned)
    }
}
