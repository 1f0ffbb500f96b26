//! A visitor's receipt as the world's side reads it: an answer to one of its own.

use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Scratch, Verifier};

use super::chain::{RECEIPT, check_evaluator};
use super::receipt::multihash;
use crate::dids::Dids;
use crate::hash;
use crate::manifest::{self, Clock, Context, Version, signing_input};

/// A receipt that holds, and which of ours it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub hash: Sha256,
    pub ours: Sha256,
}

/// Reads a receipt that its evaluator signed.
///
/// # Errors
/// `json.*`, `um.*`, `signature.*`, `portal.receipt`.
pub fn read(text: &str, now: Time, verifier: &Verifier, dids: &Dids) -> Result<Answer, Refusal> {
    let mut tape = Tape::new();
    let receipt = tape.parse(text, json::EVENT_DEPTH)?;
    let context = Context { clock: Clock::Fresh(now), verifier, dids };
    let checked = manifest::check(receipt, text.len(), &context, &mut Scratch::default())?;
    let signer = checked.signer.ok_or_else(|| Refusal::new("signature.missing", "a receipt is signed"))?;
    check_evaluator(receipt, &signer)?;
    if !signer.is_subject(receipt) {
        return Err(refuse("not signed by its subject"));
    }
    let ours = member(receipt, &["portal", "receipt"]).and_then(Value::as_text);
    let ours = ours.and_then(|ours| ours.parse().ok());
    Ok(Answer { hash: hash::of(receipt), ours: ours.ok_or_else(|| refuse("it names no receipt of ours"))? })
}

/// Whether a receipt that was [`read`] follows our own, and is by whoever that is about.
///
/// # Errors
/// `portal.receipt`; `json.*`, where either cannot be read.
pub fn check(text: &str, ours: &str, visitor: Option<&str>) -> Result<(), Refusal> {
    let (mut one, mut other) = (Tape::new(), Tape::new());
    let theirs = one.parse(text, json::EVENT_DEPTH)?;
    let ours = other.parse(ours, json::EVENT_DEPTH)?;
    let is_theirs = |path: &[&str], text: Option<&str>| {
        member(theirs, path).zip(text).is_some_and(|(value, text)| value.is_str(text))
    };
    let is_same = |path: &[&str]| {
        let own = member(ours, path).and_then(Value::as_text);
        own.is_some() && is_theirs(path, own.as_deref())
    };
    let world = ours.get("subject").and_then(Value::as_text);
    let prev = multihash(&signing_input(ours, Version::V04));
    let follows =
        theirs.get("seq").and_then(Value::as_i64) == Some(1) && is_theirs(&["prevHash"], Some(&prev));
    match () {
        () if !is_theirs(&["subject"], visitor) => Err(refuse("by another than who came")),
        () if !is_same(&["exchangeId"]) || !is_same(&["chainId"]) => Err(refuse("of another session")),
        () if !follows => Err(refuse("it does not follow our receipt")),
        () if !is_theirs(&["portal", "world"], world.as_deref()) => Err(refuse("of another world")),
        () if !is_same(&["portal", "offer"]) || !is_same(&["portal", "presentation"]) => {
            Err(refuse("of another offer or presentation"))
        }
        () => Ok(()),
    }
}

fn refuse(detail: &str) -> Refusal {
    Refusal::new(RECEIPT, detail)
}

fn member<'t, 'a>(object: Value<'t, 'a>, path: &[&str]) -> Option<Value<'t, 'a>> {
    path.iter().try_fold(object, |value, name| value.get(name))
}
