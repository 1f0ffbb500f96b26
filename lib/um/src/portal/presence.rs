//! Whether whoever holds a manifest presents it here and now, and in answer to what was offered.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::trust::{Did, Instant, Signature};

use super::receipt::ProofStatus;
use super::work::{Crossing, Passed, Rejection, Work};
use super::{Offer, Stand};
use crate::manifest::{Version, signing_input};

const PROOF: &str = "presentationProof";
const MISSING: &str = "um:reason:trust:presentation-validation-missing";
const FAILED: &str = "um:reason:trust:presentation-validation-failed";
pub const REPLAY: &str = "portal.replay";
pub const SESSION: &str = "portal.session";

/// The proof of presentation, where a nonce was given out.
pub fn proof(work: &mut Work<'_, '_, '_, '_>, key: Did) -> Passed {
    let proof = work.manifest.get(PROOF).filter(|_| work.version == Version::V04);
    let challenge = proof.and_then(|proof| proof.get("challenge")).and_then(Value::as_text);
    let (audience, is_open) = match work.setting.stand {
        Stand::Alone | Stand::Offered => return Ok(()),
        Stand::Challenged { challenge: given, audience } => (audience, challenge.as_deref() == Some(given)),
        Stand::Door { us, open } => {
            let now = Instant::from(work.setting.now);
            let text = challenge.as_deref().and_then(open);
            work.offer = text.as_deref().and_then(read_offer).filter(|offer| now <= offer.expires);
            work.found.offer = work.offer.as_ref().map(|offer| offer.hash);
            (Some(us), work.offer.is_some())
        }
    };
    let status = match proof {
        None => ProofStatus::MissingRequired,
        Some(proof) if is_open && holds(work, proof, audience, key) => ProofStatus::Verified,
        Some(_) => ProofStatus::Failed,
    };
    work.found.receipt.bound().proof = status;
    if status == ProofStatus::Verified {
        work.found.proven = challenge;
        return Ok(());
    }
    let code = if status == ProofStatus::Failed { FAILED } else { MISSING };
    let replay = (!is_open).then(|| REPLAY.into());
    Err(Rejection([code.into()].into_iter().chain(replay).collect()))
}

/// An offer that was kept.
fn read_offer(text: &str) -> Option<Offer> {
    Offer::read(Tape::new().parse(text, json::EVENT_DEPTH).ok()?)
}

/// Whether the manifest's key signed what is signed, the challenge, the audience and the time.
fn holds(work: &Work<'_, '_, '_, '_>, proof: Value<'_, '_>, audience: Option<&str>, key: Did) -> bool {
    let text = |name: &str| proof.get(name).and_then(Value::as_text);
    let is = |name: &str, word: &str| proof.get(name).is_some_and(|value| value.is_str(word));
    let parts = || Some((text("challenge")?, text("audience")?, text("created")?, value_of(proof)?));
    let Some((challenge, said, created, value)) = parts() else { return false };
    let digest = Sha256::of(&signing_input(work.manifest, work.version)).0;
    let message = [&digest[..], challenge.as_bytes(), said.as_bytes(), created.as_bytes()].concat();
    is("proofType", "did-auth")
        && audience.is_none_or(|audience| audience == said)
        && work.setting.verifier.verify_bytes(&message, &Signature { signer: key, value }).is_ok()
}

fn value_of(proof: Value<'_, '_>) -> Option<[u8; 64]> {
    let text: String = proof.get("proofValue")?.chars().take(87).collect();
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// At a door, the session: this visitor's, with us, about what was offered.
pub fn session(work: &mut Work<'_, '_, '_, '_>) -> Passed {
    let Stand::Door { us, .. } = work.setting.stand else { return Ok(()) };
    let session = work.manifest.get("session");
    let offer = work.offer.as_ref();
    let crossing = session.zip(offer).and_then(|(session, offer)| meet(work.manifest, session, us, offer));
    work.found.crossing = Some(crossing.ok_or_else(|| Rejection::of(SESSION))?);
    Ok(())
}

/// The two sides of a session that is as it should be.
fn meet(manifest: Value<'_, '_>, session: Value<'_, '_>, us: &str, offer: &Offer) -> Option<Crossing> {
    let text = |name: &str| session.get(name).and_then(Value::as_text).filter(|text| !text.is_empty());
    let is = |name: &str, word: &str| session.get(name).is_some_and(|value| value.is_str(word));
    let time = |name: &str| session.get(name).and_then(Instant::of);
    let visitor = manifest.get("subject")?.as_text()?;
    let is_answer = is("@type", "um:BilateralSession")
        && is("state", "manifests-exchanged")
        && is("offer", &offer.hash.to_string())
        && time("expiresAt")? == offer.expires
        && time("initiatedAt")? <= offer.expires
        && offer.world == us
        && is_between(session.get("participants")?, &visitor, us);
    is_answer.then_some(())?;
    let (session, exchange) = (text("sessionId")?, text("exchangeId")?);
    Some(Crossing { session, exchange, visitor, expires: text("expiresAt")? })
}

/// Whether the visitor began it and we answer, and nobody else is there.
fn is_between(participants: Value<'_, '_>, visitor: &str, us: &str) -> bool {
    let is = |item: Value<'_, '_>, did: &str, role: &str| {
        let has = |name: &str, word: &str| item.get(name).is_some_and(|value| value.is_str(word));
        has("did", did) && has("role", role)
    };
    let both = [(visitor, "initiator"), (us, "responder")];
    participants.kind() == Kind::Array
        && participants.len() == both.len()
        && both.iter().all(|(did, role)| participants.items().any(|item| is(item, did, role)))
}
