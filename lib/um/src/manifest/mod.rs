//! Universal Manifest v0.1 to v0.4: the rules, in the order in which the first broken one names the fault.
//!
//! A manifest is a portable statement about a subject. v0.1 is unsigned, whatever its `signature` says; the later
//! ones are signed: v0.2 with a key that it holds, v0.3 and v0.4 with one that `keyRef` names. Unknown members are kept and ignored, but for those of an object that is said to have no more.

mod complete;
mod rules;
mod signed;
#[cfg(test)]
mod tests;

pub use complete::{Defaults, complete, sign};
pub use signed::{Signer, signing_input, unsigned_members};

use ulp_core::id::Time;
use ulp_core::json::{self, Fault, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Did, Scratch, Verifier};

use crate::dids::Dids;

/// Longest manifest, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Deepest nesting; the outer object is 1.
pub const MAX_DEPTH: usize = 10;
/// Most items of an array.
pub const MAX_ITEMS: usize = 1000;
/// How far ahead of the clock a manifest may have been issued, in nanoseconds.
pub const MAX_SKEW: i64 = 60_000_000_000;

/// The versions whose rules are known, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 0.1: unsigned.
    V01,
    /// 0.2: signed.
    V02,
    /// 0.3: signed, and what stands in its lists has a shape.
    V03,
    /// 0.4: also what binds claims to their holder; some members stand outside what is signed.
    V04,
}

/// Whether the clock is asked, and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Structure alone.
    Unasked,
    /// It must be fresh at this time.
    Fresh(Time),
    /// It may have expired at this time; [`Checked::expired`] says so, and it must not be used then.
    MayHaveExpired(Time),
}

/// What a manifest is judged with.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    /// Whether the clock is asked.
    pub clock: Clock,
    /// Says whether signatures hold.
    pub verifier: &'c Verifier,
    /// Says which key a `keyRef` of v0.3 and v0.4 names.
    pub dids: &'c Dids,
}

/// What is known of a manifest that broke no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its version.
    pub version: Version,
    /// Who signed it; of v0.1 nobody, whatever it says.
    pub signer: Option<Signer>,
    /// Whether the clock was asked and it has expired.
    pub expired: bool,
    /// Whether it names a `statusRef` or a `revocationCursor`, which nobody checks here.
    pub status_unchecked: bool,
}

impl Checked {
    /// The key that signed it.
    pub fn key(&self) -> Option<Did> {
        self.signer.as_ref().map(|signer| signer.key)
    }
}

/// Holds the text of a manifest to every rule, from strict JSON on.
///
/// # Errors
/// As [`check`]; `json.*`.
pub fn judge(text: &[u8], context: &Context<'_>, scratch: &mut Scratch) -> Result<Checked, Refusal> {
    let mut tape = Tape::new();
    let text =
        std::str::from_utf8(text).map_err(|_| Refusal::new(Fault::Utf8.code(), Fault::Utf8.to_string()))?;
    let manifest = tape.parse(text, json::EVENT_DEPTH)?;
    check(manifest, text.len(), context, scratch)
}

/// Holds a manifest that was read strictly to every rule, its signature included. `bytes` is how long its text is.
///
/// # Errors
/// `um.<rule>` or `signature.*`, the first in the order of pages 6 and 12.
pub fn check(
    manifest: Value<'_, '_>,
    bytes: usize,
    context: &Context<'_>,
    scratch: &mut Scratch,
) -> Result<Checked, Refusal> {
    let (version, expired) = check_shape(manifest, bytes, context.clock)?;
    let signer = signed::check(manifest, version, context, scratch)?;
    let status_unchecked = signer.is_some() && signed::names_status(manifest);
    Ok(Checked { version, signer, expired, status_unchecked })
}

/// Holds a manifest that was read strictly to every rule but those of who signed it: gives its version, and whether
/// the clock was asked and it has expired.
///
/// # Errors
/// As [`check`], but for `signature.*` of the last rule.
pub fn check_shape(manifest: Value<'_, '_>, bytes: usize, clock: Clock) -> Result<(Version, bool), Refusal> {
    rules::limits::check(manifest, bytes)?;
    rules::names::check(manifest)?;
    let version = rules::names::version(manifest)?;
    let expired = rules::times::check(manifest, clock)?;
    rules::lists::check(manifest)?;
    rules::of(version).iter().try_for_each(|rule| rule(manifest, version))?;
    Ok((version, expired))
}

/// Who signed a manifest of a version, where that is a signed one.
///
/// # Errors
/// `signature.*`.
pub fn signer(
    manifest: Value<'_, '_>,
    version: Version,
    context: &Context<'_>,
    scratch: &mut Scratch,
) -> Result<Option<Signer>, Refusal> {
    signed::check(manifest, version, context, scratch)
}
