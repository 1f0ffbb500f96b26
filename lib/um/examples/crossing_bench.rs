//! What nobody can do without who reads presentations at a door: the checks of their signatures, hashes and proofs.
//!
//! `crossing_bench FILE` makes ready what is to be checked of each presentation in FILE, and prints as JSON how many hold,
//! and the seconds of the processor that the checks took. It is given messages, signatures and keys as they are used: no
//! parsing, no canonical form but that which a proof of age hashes. `make bench ROW=29` sets `um-portal enter` beside it.
#![allow(clippy::print_stdout)]

use std::error::Error;

use data_encoding::BASE64URL_NOPAD;
use ulp_core::hash::Sha256;
use ulp_core::json::{Tape, Value};
use ulp_core::trust::{Did, Instant, Signature, Verifier};
use ulp_um::age::{Asked, shows};
use ulp_um::day::Day;
use ulp_um::hash::{canonical, canonical_without};
use ulp_um::manifest::{Version, signing_input};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let file = std::env::args().nth(1).ok_or("usage: crossing_bench FILE")?;
    let text = std::fs::read_to_string(file)?;
    let verifier = Verifier::new();
    let (mut held, mut of, mut cpu) = (0, 0, 0.0);
    for line in text.lines() {
        let mut tape = Tape::new();
        let bare = bare(tape.parse(line, 64)?).ok_or("not a presentation")?;
        let before = processor()?;
        held += u32::from(bare.holds(&verifier));
        cpu += processor()? - before;
        of += 1;
    }
    println!(r#"{{"held":{held},"of":{of},"cpu":{cpu}}}"#);
    Ok(())
}

/// Seconds of the processor that this thread has used, as Linux counts them.
fn processor() -> Result<f64> {
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = counts.split(' ').next().unwrap_or_default().parse()?;
    Ok(std::time::Duration::from_nanos(nanoseconds).as_secs_f64())
}

/// What is to be checked of a presentation.
struct Bare<'t, 'a> {
    signed: Vec<(Vec<u8>, Signature)>,
    hashed: Vec<Vec<u8>>,
    age: Vec<(Value<'t, 'a>, u32)>,
    subject: String,
    audience: String,
    challenge: String,
    day: Day,
}

impl Bare<'_, '_> {
    fn holds(&self, verifier: &Verifier) -> bool {
        let asked = Asked { audience: &self.audience, challenge: &self.challenge, day: self.day };
        let hashes = self.hashed.iter().filter(|bytes| Sha256::of(bytes).0 != [0; 32]).count();
        hashes == self.hashed.len()
            && self
                .signed
                .iter()
                .all(|(message, signature)| verifier.verify_bytes(message, signature).is_ok())
            && self.age.iter().all(|(proof, years)| shows(*proof, *years, &self.subject, &asked))
    }
}

fn bare<'t, 'a>(manifest: Value<'t, 'a>) -> Option<Bare<'t, 'a>> {
    let text = |object: Value<'_, '_>, name: &str| object.get(name)?.as_text();
    let subject = text(manifest, "subject")?;
    let own: Did = subject.parse().ok()?;
    let input = signing_input(manifest, Version::V04);
    let proof = manifest.get("presentationProof")?;
    let member = |name| text(proof, name).map(String::into_bytes);
    let presented =
        [Sha256::of(&input).0.to_vec(), member("challenge")?, member("audience")?, member("created")?]
            .concat();
    let mut bare = Bare {
        hashed: vec![input.clone(), canonical(manifest)],
        signed: vec![
            (input, value(manifest.get("signature")?, "value", own)?),
            (presented, value(proof, "proofValue", own)?),
        ],
        age: Vec::new(),
        subject,
        audience: text(proof, "audience")?,
        challenge: text(proof, "challenge")?,
        day: Day::of(Instant::of(manifest.get("issuedAt")?)?.time()?)?,
    };
    let id = text(manifest, "@id")?.into_bytes();
    for claim in manifest.get("claims")?.items() {
        let shown = claim.get("claimProof")?;
        let credential = shown.get("verifiableCredential").unwrap_or(shown);
        bare.take_credential(credential, text(claim, "issuer")?.parse().ok()?)?;
        let binding = claim.get("holderBinding")?;
        let bound: Did = text(binding, "boundDid")?.parse().ok()?;
        bare.signed.push((id.clone(), value(binding, "subjectProof", own)?));
        bare.signed.push((id.clone(), value(binding, "boundDidProof", bound)?));
        if let Some(years) = claim.get("ageOver").and_then(Value::as_i64) {
            bare.age.push((shown, u32::try_from(years).ok()?));
        }
    }
    Some(bare)
}

impl Bare<'_, '_> {
    /// The two hashes and the signature of a credential (W3C Data Integrity, eddsa-jcs-2022).
    fn take_credential(&mut self, credential: Value<'_, '_>, issuer: Did) -> Option<()> {
        let proof = credential.get("proof")?;
        let parts = [canonical_without(proof, &["proofValue"]), canonical_without(credential, &["proof"])];
        let parts = parts.map(String::into_bytes);
        let message = parts.iter().flat_map(|part| Sha256::of(part).0).collect();
        self.hashed.extend(parts);
        let digits = proof.get("proofValue")?.as_text()?;
        let value = bs58::decode(digits.strip_prefix('z')?).into_vec().ok()?.try_into().ok()?;
        self.signed.push((message, Signature { signer: issuer, value }));
        Some(())
    }
}

fn value(object: Value<'_, '_>, name: &str, signer: Did) -> Option<Signature> {
    let value = BASE64URL_NOPAD.decode(object.get(name)?.as_text()?.as_bytes()).ok()?.try_into().ok()?;
    Some(Signature { signer, value })
}
