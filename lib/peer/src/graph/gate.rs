//! What is asked of a statement before a graph takes it in: that its time has come, and that it is its peer's.

use super::{Heard, Share};
use ulp_core::id::Time;
use ulp_core::json::Value;
use ulp_core::report::Refusal;
use ulp_core::scope::Scope;
use ulp_core::statement::{self, Signers};
use ulp_core::trust::authority::Authority;
use ulp_core::trust::{Did, Scratch, Verifier};

/// Nanoseconds of a second.
const NANOS: i64 = 1_000_000_000;

/// The rules for statements, and what verifies them.
pub struct Gate {
    rules: Authority,
    peers: Vec<Did>,
    /// How far ahead of the clock a statement may be, in nanoseconds.
    skew: i64,
    verifier: Verifier,
    scratch: Scratch,
}

impl Gate {
    /// The rules of all of some dotfiles: keys, what is revoked, who is listed, and the least of their clocks' skews.
    pub fn new<'s>(scopes: impl IntoIterator<Item = &'s Scope>) -> Gate {
        let (mut rules, mut peers, mut skew) =
            (Authority::default(), Vec::new(), Scope::default().clock_skew());
        for scope in scopes {
            let authority = scope.authority();
            rules.keys.extend(authority.keys);
            rules.revoked.extend(authority.revoked);
            peers.extend(scope.peers().copied());
            skew = skew.min(scope.clock_skew());
        }
        Gate { rules, peers, skew, verifier: Verifier::new(), scratch: Scratch::default() }
    }

    /// Whether a statement's time has come.
    ///
    /// # Errors
    /// `gossip.future`.
    pub fn is_due(&self, heard: &Heard<'_>, now: Time) -> Result<(), Refusal> {
        if i64::from(heard.seq()) * NANOS <= now.0.saturating_add(self.skew) {
            return Ok(());
        }
        let detail = format!("its seq is more than {} s ahead of the clock", self.skew / NANOS);
        Err(Refusal { shared: true, ..Refusal::new("gossip.future", detail) })
    }

    /// Verifies a statement, if it is signed. Answers how far its word goes.
    ///
    /// # Errors
    /// As [`statement::signer`].
    pub fn share(&mut self, object: Value<'_, '_>, heard: &Heard<'_>, now: Time) -> Result<Share, Refusal> {
        if !heard.is_signed {
            return Ok(Share::Unsigned);
        }
        let signers = Signers { rules: &self.rules, now, named: &|_| false };
        let shared = |refusal| Refusal { shared: true, ..refusal };
        let signer =
            statement::signer(object, &signers, &self.verifier, &mut self.scratch).map_err(shared)?;
        Ok(if signer.is_some() { self.signed_share(heard.peer()) } else { Share::Unsigned })
    }

    /// The share of what is signed for a peer: listed where a listed key is its own. So all of it is in one share,
    /// whichever of its keys signed it.
    pub fn signed_share(&self, peer: &str) -> Share {
        let is_listed = self.peers.iter().any(|did| self.rules.speaks_for(did, peer));
        if is_listed { Share::Listed } else { Share::Signed }
    }
}
