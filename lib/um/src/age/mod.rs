//! Older than, without the birth date: a proof in zero knowledge that whoever a credential is about was born on a day
//! or before, of which the credential holds but a commitment ([`crate::birth`]).
//!
//! With b the day of birth, r the blinding and `C = b·B + r·B̃` the commitment, the proof is a Bulletproof that `T − b`,
//! blinded by −r, has 16 bits: everybody can work out what that is committed to, `T·B − C`. It is bound to a
//! [`Statement`], so that it convinces nobody else, and no other time. All it shows is `b ≤ T`.
//!
//! [`prove`] and [`verify`] take and give bytes: who else knows of curves is [`proof`] alone.

mod claim;
mod opening;
mod proof;
#[cfg(test)]
mod tests;

pub use claim::{Asked, MECHANISM, can_show, claim_proof, commitment, shows};
pub use opening::Opening;
pub use proof::{DRAWN, PROOF, prove, verify};

use ulp_core::hash::Sha256;

use crate::day::Day;

/// The code of an age that cannot be shown: too young, or no opening.
pub const YOUNG: &str = "age.young";
/// The ages that can be asked about, in years.
pub const AGES: std::ops::RangeInclusive<u32> = 1..=150;

/// What a proof is about, and whom it is for.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'s> {
    /// The SHA-256 of the canonical form of the credential that holds the commitment.
    pub credential: Sha256,
    /// The DID of whom it is about.
    pub subject: &'s str,
    /// The DID of whom it is to convince.
    pub audience: &'s str,
    /// What they drew for it, as text.
    pub challenge: &'s str,
    /// The last day of birth that it shows.
    pub born_by: Day,
}
