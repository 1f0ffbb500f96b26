//! Witness lines that several people sign: a statement of what a trace derives to.
//!
//! There, and there alone, signatures stand in `signatures`: 1 to 64 of them, each as exact as an event's, sorted
//! by `keyRef` as bytes, one a key. The input of each is the line without `signatures`, in canonical form, so that
//! people sign one after the other and in any order, and come to the same bytes.

use super::{Did, SIGNATURE, Scratch, SecretKey, Signature, Verifier, signature};
use crate::json::{self, Canonical, Kind, Tape, Value};
use crate::report::Refusal;

/// The member that holds the signatures.
pub const SIGNATURES: &str = "signatures";
/// Most signatures on a line.
pub const MAX_SIGNATURES: usize = 64;

/// Verifies every signature of a witness line; gives the signers, in the order of their names.
///
/// # Errors
/// `signature.missing`: there is none; `signature.malformed`: a `signature`, or `signatures` that are no sorted
/// array of 1 to 64 exact ones; and whatever is wrong with the first that does not hold.
pub fn verify(line: Value<'_, '_>, verifier: &Verifier, scratch: &mut Scratch) -> Result<Vec<Did>, Refusal> {
    let signatures = read(line)?;
    if signatures.is_empty() {
        return Err(Refusal::new("signature.missing", "a witness line without signatures"));
    }
    for signature in &signatures {
        verifier.verify_without(line, &[SIGNATURES], signature, scratch)?;
    }
    Ok(signatures.iter().map(|s| s.signer).collect())
}

/// Adds a signature to a witness line; gives the canonical form. One of the same key is replaced if `replace` says
/// so. The signatures that are there are verified first: nobody adds a name to a statement that does not hold.
///
/// # Errors
/// `json.*`; those of [`verify`]; `signature.signer`: the key has signed the line already; `signature.malformed`:
/// 64 have.
pub fn add(key: &SecretKey, text: &str, replace: bool, verifier: &Verifier) -> Result<String, Refusal> {
    let mut tape = Tape::new();
    let line = tape.parse(text, json::EVENT_DEPTH)?;
    let there = read(line)?;
    let did = key.did();
    let own = |s: &&Signature| s.signer == did;
    if !replace && there.iter().any(|s| own(&s)) {
        return Err(Refusal::new("signature.signer", "this key has signed it already"));
    }
    let mut scratch = Scratch::default();
    for signature in there.iter().filter(|s| !own(s)) {
        verifier.verify_without(line, &[SIGNATURES], signature, &mut scratch)?;
    }
    let mut message = Vec::with_capacity(text.len());
    Canonical::new().write_without(line, SIGNATURES, &mut message);
    let others = line.get(SIGNATURES).into_iter().flat_map(Value::items).zip(&there);
    let mut entries: Vec<(String, String)> =
        others.filter(|(_, s)| !own(s)).map(|(raw, s)| (s.signer.key_ref(), raw.raw().to_owned())).collect();
    entries.push((did.key_ref(), signature::text(key, &message, &[])));
    if entries.len() > MAX_SIGNATURES {
        return Err(Refusal::new("signature.malformed", "more than 64 signatures"));
    }
    entries.sort();
    let array: Vec<String> = entries.into_iter().map(|(_, raw)| raw).collect();
    signature::with_member(line, SIGNATURES, &format!("[{}]", array.join(",")))
}

/// The signatures of a line, none where it has no `signatures`.
fn read(line: Value<'_, '_>) -> Result<Vec<Signature>, Refusal> {
    if line.get(SIGNATURE).is_some() {
        return Err(Refusal::new("signature.malformed", "a witness line has signatures, not a signature"));
    }
    let Some(array) = line.get(SIGNATURES) else { return Ok(Vec::new()) };
    if array.kind() != Kind::Array || array.is_empty() || array.len() > MAX_SIGNATURES {
        return Err(Refusal::new("signature.malformed", "signatures is not an array of 1 to 64"));
    }
    let signatures: Vec<Signature> = array.items().map(Signature::of_event).collect::<Result<_, _>>()?;
    // The order is that of the references as text, which is not that of the keys' bytes.
    let names: Vec<String> = signatures.iter().map(|s| s.signer.key_ref()).collect();
    if names.is_sorted_by(|a, b| a < b) {
        Ok(signatures)
    } else {
        Err(Refusal::new("signature.malformed", "signatures are not sorted by keyRef, one a key"))
    }
}
