//! How a proof is carried: in the `claimProof` of a claim `identity.ageOver`.
//!
//! ```json
//! {"proofType":"zk-age-over-v1","proofPurpose":"authentication","verifiableCredential":{…},"bornBy":"2008-11-20",
//!  "challenge":"…","audience":"did:…","proofValue":"…"}
//! ```

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::Value;
use ulp_core::json::write::Object;

use super::{Opening, PROOF, Statement, proof, prove, verify};
use crate::birth::SCHEME;
use crate::day::Day;
use crate::draws::{Draws, NoRandomness};
use crate::hash;

/// What the proof is called, as a claim's `proofMechanism` and as its own type.
pub const MECHANISM: &str = "zk-age-over-v1";
const PURPOSE: &str = "authentication";
/// Base64url of a proof and of a commitment, unpadded.
const PROOF_CHARS: usize = 726;
const COMMITMENT_CHARS: usize = 43;

/// Whom a proof is to convince, by what they drew, and on which day they asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Their DID.
    pub audience: &'a str,
    /// What they drew, as text.
    pub challenge: &'a str,
    /// The day of their offer, in UTC.
    pub day: Day,
}

impl<'a> Asked<'a> {
    fn statement<'s>(&self, credential: Value<'_, '_>, subject: &'s str, born_by: Day) -> Statement<'s>
    where
        'a: 's,
    {
        let (audience, challenge) = (self.audience, self.challenge);
        Statement { credential: hash::of(credential), subject, audience, challenge, born_by }
    }
}

/// Whether so many years can be shown of the subject of a credential with a commitment.
pub fn can_show(credential: Value<'_, '_>, years: u32, asked: &Asked<'_>, openings: &[Opening]) -> bool {
    let opening = commitment(credential).and_then(|c| openings.iter().find(|opening| opening.opens(&c)));
    let born_by = asked.day.years_before(years);
    opening.zip(born_by).is_some_and(|(opening, born_by)| proof::between(born_by, opening).is_some())
}

/// Makes the `claimProof` that shows so many years, of the subject of a credential with a commitment. Nothing is drawn
/// and nothing made where that is not so, or where none of the openings is the commitment's.
///
/// # Errors
/// Where there is no randomness.
pub fn claim_proof(
    credential: Value<'_, '_>,
    years: u32,
    asked: &Asked<'_>,
    openings: &[Opening],
    draws: &mut Draws,
) -> Result<Option<String>, NoRandomness> {
    let subject = credential.get("credentialSubject").and_then(|subject| subject.get("id")?.as_text());
    let commitment = commitment(credential);
    let opening = commitment.and_then(|c| openings.iter().find(|opening| opening.opens(&c)));
    let (Some(subject), Some(opening), Some(born_by)) = (subject, opening, asked.day.years_before(years))
    else {
        return Ok(None);
    };
    let statement = asked.statement(credential, &subject, born_by);
    let shown = prove(&statement, opening, draws)?;
    Ok(shown.and_then(|proof| Some(carried(credential, &statement, &born_by.print()?, &proof))))
}

fn carried(credential: Value<'_, '_>, statement: &Statement<'_>, date: &str, proof: &[u8; PROOF]) -> String {
    let mut carried = Object::default();
    carried
        .text("proofType", Some(MECHANISM))
        .text("proofPurpose", Some(PURPOSE))
        .raw("verifiableCredential", Some(credential.raw()))
        .text("bornBy", Some(date))
        .text("challenge", Some(statement.challenge))
        .text("audience", Some(statement.audience))
        .text("proofValue", Some(&BASE64URL_NOPAD.encode(proof)));
    carried.json()
}

/// Whether a `claimProof` shows that its subject is so many years old, to whoever asked. That its credential is as it
/// should be, and by whom, is not looked at.
pub fn shows(proof: Value<'_, '_>, years: u32, subject: &str, asked: &Asked<'_>) -> bool {
    try_shows(proof, years, subject, asked).unwrap_or(false)
}

fn try_shows(proof: Value<'_, '_>, years: u32, subject: &str, asked: &Asked<'_>) -> Option<bool> {
    let born_by = asked.day.years_before(years)?;
    let is = |name: &str, text: &str| proof.get(name).is_some_and(|value| value.is_str(text));
    let says = is("proofType", MECHANISM)
        && is("proofPurpose", PURPOSE)
        && is("challenge", asked.challenge)
        && is("audience", asked.audience)
        && is("bornBy", &born_by.print()?);
    let credential = proof.get("verifiableCredential").filter(|_| says)?;
    let statement = asked.statement(credential, subject, born_by);
    Some(verify(&statement, &commitment(credential)?, &bytes(proof.get("proofValue")?, PROOF_CHARS)?))
}

/// The commitment that a credential holds.
pub fn commitment(credential: Value<'_, '_>) -> Option<[u8; 32]> {
    let subject = credential.get("credentialSubject")?;
    subject.get("commitmentScheme").filter(|scheme| scheme.is_str(SCHEME))?;
    bytes(subject.get("birthDateCommitment")?, COMMITMENT_CHARS)?.try_into().ok()
}

fn bytes(text: Value<'_, '_>, chars: usize) -> Option<Vec<u8>> {
    let text: String = text.chars().take(chars + 1).collect();
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}
