//! Crossing from one world into another: six stages, two sides, two receipts. Page "12. Manifests in motion".
//!
//! ```text
//! bytes ─arrive─▶ a manifest ─verify─▶ whose ─project─▶ what was asked ─consent─▶ what may be read ─compose─▶ what is shown
//!    └──────────────────────────── each stage adds to one receipt and one view ──────────────────────────────────┘
//! ```
//!
//! [`evaluate`] takes a document through the stages; what it finds is a function of the document, of one instant and of
//! a [`Setting`], and of nothing else. Between processes an [`envelope`] carries what was found so far, and is never
//! believed. [`receipt`] signs what was found; [`ledger`] says that it happened, [`chain`] whether receipts follow each
//! other, [`trace`] what a trace may know of it.
//!
//! An offer is a manifest too, and a visitor takes it through the same stages: see [`Stand`].

pub mod answer;
mod arrive;
pub mod asked;
pub mod chain;
pub mod claims;
pub mod close;
mod compose;
mod consent;
pub mod context;
pub mod envelope;
mod evaluation;
pub mod exchange;
pub mod facets;
pub mod issuers;
pub mod ledger;
pub mod offer;
pub mod positions;
mod presence;
pub mod present;
mod project;
pub mod receipt;
pub mod roles;
pub mod rules;
pub mod settings;
mod shown;
pub mod trace;
mod verify;
mod view;
mod work;
pub mod world;
mod write;

pub use asked::Offer;
pub use evaluation::{evaluate, evaluate_watched};
pub use receipt::{Outcome, Receipt};
pub use view::View;
pub use work::{Crossing, Evaluation};

use std::fmt;
use std::str::FromStr;

use crate::cache::said::Status;
use crate::credential::claims::{Court, Standing, Trusted};
use crate::dids::Dids;
use crate::jwe::SecretKey;
use ulp_core::id::Time;
use ulp_core::json::Value;
use ulp_core::trust::{Did, Verifier};
use ulp_core::words;

words!(
    /// What a document goes through, in order.
    Stage {
        Arrive = "arrive",
        Verify = "verify",
        Project = "project",
        Consent = "consent",
        Compose = "compose",
    }
);

words!(
    /// How sure one is that somebody unlocked something, weakest first.
    Assurance {
        Software = "software",
        HardwareUv = "hardware-uv",
        HardwareBound = "hardware-bound",
    }
);

/// Whom one believes, and which conditions of a consent one can keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The issuers of credentials.
    pub trusted: Vec<Trusted>,
    /// The conditions.
    pub enforced: Vec<String>,
}

/// What documents are evaluated with.
#[derive(Clone, Copy)]
pub struct Setting<'s> {
    /// The one instant of an evaluation.
    pub now: Time,
    /// Says whether signatures hold.
    pub verifier: &'s Verifier,
    /// Says whose keys are whose.
    pub dids: &'s Dids,
    /// Whom one believes.
    pub trust: &'s Trust,
    /// The ratings of content, mildest first.
    pub ratings: &'s [String],
    /// What opens what is sealed to us.
    pub opener: Option<&'s SecretKey>,
    /// What status services answered.
    pub status: &'s [Status],
    /// How what is locked was unlocked.
    pub assurance: Assurance,
    /// The highest tier of trust that is verified.
    pub max_tier: u8,
    /// What one means to do, where nothing was offered.
    pub scope: &'s [String],
    /// Where one stands.
    pub stand: Stand<'s>,
}

/// Where one stands while a document is evaluated.
#[derive(Clone, Copy)]
pub enum Stand<'s> {
    /// Anywhere: nothing was asked for.
    Alone,
    /// A challenge was given out, for an audience.
    Challenged {
        /// The nonce.
        challenge: &'s str,
        /// Who gave it out, where that is said.
        audience: Option<&'s str>,
    },
    /// Before a door: the document is an offer.
    Offered,
    /// At one's door: the document answers an offer.
    Door {
        /// Our DID.
        us: &'s str,
        /// The text of the offer that a nonce was given out with, where it is not spent.
        open: &'s dyn Fn(&str) -> Option<String>,
    },
}

/// What claims are judged with.
#[derive(Clone, Copy)]
pub struct Bench<'b, 't, 'a> {
    /// Who is believed, and when.
    pub court: Court<'b>,
    /// The manifest that they stand in.
    pub manifest: Value<'t, 'a>,
    /// The key that signed it.
    pub key: Did,
    /// What a proof of age was asked for with.
    pub age: Option<AgeAsked<'b>>,
}

/// What a proof of age is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeAsked<'b> {
    /// The world's DID.
    pub audience: &'b str,
    /// The nonce, as text.
    pub challenge: &'b str,
    /// When the offer was issued.
    pub issued: Time,
}

/// What was found of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether it is shown.
    pub standing: Standing,
    /// Whether whoever presents it holds it.
    pub binding: Binding,
}

words!(
    /// Whether a claim's holder is its presenter, worst first.
    Binding {
        Failed = "failed",
        UnsupportedMode = "unsupported-mode",
        Verified = "verified",
        Absent = "absent",
    }
);
