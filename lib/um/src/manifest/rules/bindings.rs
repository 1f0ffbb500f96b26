//! Rule 16, v0.4: what binds a claim to its holder has the members of its mode or type. What they prove is not asked.

use std::collections::HashSet;

use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;

use super::{Object, is_texts};

const CODE: &str = "um.claims";

/// A mode or type, and the strings that it comes with.
type Form = (&'static str, &'static [&'static str]);

/// `holderBinding` by its `mode`.
const MODES: [Form; 3] = [
    ("sd-jwt-kb", &["cnfThumbprint"]),
    ("bbs-holder-commitment", &["commitment", "proofValue"]),
    ("reciprocal-control", &["boundDid", "subjectProof", "boundDidProof"]),
];
/// `bindingProof` by its `type`, and below its `publicInputs`.
const PROOFS: [Form; 2] = [
    ("ZkLinkedSecretProof", &["cryptosuite", "proofPurpose", "proofValue"]),
    ("ZkHdDerivationProof", &["proofSystem", "circuit", "proofValue"]),
];
const INPUTS: [Form; 2] = [
    ("ZkLinkedSecretProof", &["commitmentA", "commitmentB"]),
    ("ZkHdDerivationProof", &["publicKeyA", "publicKeyB", "derivationPathA", "derivationPathB"]),
];

pub fn check(claim: Value<'_, '_>) -> Result<(), Refusal> {
    if let Some(binding) = claim.get("holderBinding") {
        let binding = Object::of(binding, CODE, "holderBinding")?;
        binding.texts(members_of(binding, "mode", &MODES)?)?;
    }
    if let Some(proof) = claim.get("bindingProof") {
        check_proof(Object::of(proof, CODE, "bindingProof")?)?;
    }
    if let Some(proof) = claim.get("ceremonyProof") {
        check_ceremony(Object::of(proof, CODE, "ceremonyProof")?)?;
    }
    Ok(())
}

fn check_proof(proof: Object<'_, '_>) -> Result<(), Refusal> {
    proof.texts(members_of(proof, "type", &PROOFS)?)?;
    let Some(inputs) = proof.value.get("publicInputs") else {
        return proof.refuse("publicInputs is missing");
    };
    Object::of(inputs, CODE, "publicInputs")?.texts(members_of(proof, "type", &INPUTS)?)
}

/// The members that an object has by its mode or type.
fn members_of(
    object: Object<'_, '_>,
    name: &str,
    forms: &[Form],
) -> Result<&'static [&'static str], Refusal> {
    let word = object.value.get(name);
    let form = forms.iter().find(|(known, _)| word.is_some_and(|word| word.is_str(known)));
    form.map_or_else(|| object.refuse(&format!("{name} is not a known one")), |(_, members)| Ok(*members))
}

/// A ceremony of `M-of-N` names the M to N who took part, each once.
fn check_ceremony(proof: Object<'_, '_>) -> Result<(), Refusal> {
    proof.word("type", &["ThresholdAttestationProof"])?;
    proof.texts(&["threshold", "ceremonyId", "aggregateProof"])?;
    proof.needs(&["attesters"], is_texts, "an array of non-empty strings")?;
    let threshold = proof.value.get("threshold").and_then(Value::as_text).unwrap_or_default();
    let Some((least, most)) = threshold.split_once("-of-").and_then(|(m, n)| Some((count(m)?, count(n)?)))
    else {
        return proof.refuse("threshold is not M-of-N");
    };
    let attesters = proof.value.get("attesters").filter(|list| list.kind() == Kind::Array);
    let names: Vec<String> =
        attesters.into_iter().flat_map(Value::items).filter_map(Value::as_text).collect();
    let distinct = names.iter().collect::<HashSet<_>>().len();
    if least > most || distinct < least || names.len() > most || distinct != names.len() {
        return proof.refuse("attesters are not M to N of threshold, each once");
    }
    Ok(())
}

/// A positive number in decimal digits, as far as any ceremony goes.
fn count(digits: &str) -> Option<usize> {
    let plain = digits.len() <= 9 && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|n| plain && *n > 0)
}
