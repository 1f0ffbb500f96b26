//! Which claims of a manifest are shown, and whether whoever presents it holds them.
//!
//! A claim is shown by its credential ([`crate::credential::claims`]). That its subject has it says nothing of who
//! presents it: a `holderBinding` does, of the mode `reciprocal-control`, where the subject's key and another one both
//! sign the manifest's `@id`.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::Value;
use ulp_core::trust::{Did, Scratch, Signature};

use super::{Bench, Binding, Judged};
use crate::age::Asked;
use crate::credential::claims::{About, judge_these};
use crate::day::Day;
use crate::dids::Purpose;

/// The one mode that is verified.
pub const RECIPROCAL: &str = "reciprocal-control";
/// Base64url of a signature, unpadded.
const SIGNATURE_CHARS: usize = 86;

/// Judges some claims of a manifest, in their order.
pub fn judge(claims: &[Value<'_, '_>], bench: &Bench<'_, '_, '_>, scratch: &mut Scratch) -> Vec<Judged> {
    let text = |name: &str| bench.manifest.get(name).and_then(Value::as_text).unwrap_or_default();
    let (subject, id) = (text("subject"), text("@id"));
    let age = bench.age.and_then(|asked| {
        let (audience, challenge) = (asked.audience, asked.challenge);
        Some(Asked { audience, challenge, day: Day::of(asked.issued)? })
    });
    let standings = judge_these(claims, &About { subject: &subject, age }, &bench.court, scratch);
    let binding = |claim: &Value<'_, '_>| claim.get("holderBinding").map(|b| bound(b, &subject, &id, bench));
    let bindings = claims.iter().map(|claim| binding(claim).unwrap_or(Binding::Absent));
    standings.into_iter().zip(bindings).map(|(standing, binding)| Judged { standing, binding }).collect()
}

fn bound(binding: Value<'_, '_>, subject: &str, id: &str, bench: &Bench<'_, '_, '_>) -> Binding {
    if !binding.get("mode").is_some_and(|mode| mode.is_str(RECIPROCAL)) {
        return Binding::UnsupportedMode;
    }
    let holds = is_reciprocal(binding, subject, id, bench).unwrap_or(false);
    if holds { Binding::Verified } else { Binding::Failed }
}

/// Whether a key of the subject and another key, which is nobody's but that of the did:key which it is, both signed.
fn is_reciprocal(binding: Value<'_, '_>, subject: &str, id: &str, bench: &Bench<'_, '_, '_>) -> Option<bool> {
    let own = bench.court.dids.signing_keys(subject, Purpose::Manifest);
    let other = binding.get("boundDid")?.as_text()?.parse::<Did>().ok().filter(|did| !own.contains(did))?;
    let holds = |name: &str, signer: Did| {
        let value = signature(binding.get(name)?)?;
        bench.court.verifier.verify_bytes(id.as_bytes(), &Signature { signer, value }).ok()
    };
    let by_subject = own.into_iter().any(|key| holds("subjectProof", key).is_some());
    Some(by_subject && holds("boundDidProof", other).is_some())
}

fn signature(value: Value<'_, '_>) -> Option<[u8; 64]> {
    let text: String = value.chars().take(SIGNATURE_CHARS + 1).collect();
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}
