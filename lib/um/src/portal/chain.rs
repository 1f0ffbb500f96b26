//! Receipts that follow each other: one session's, from both sides.
//!
//! Each names its place as `seq`, from 0, and the one before it as `prevHash`: by the multihash of what that one's
//! signature is made over, or, as Open Spatial Lab writes it, by `sha256:` and the hash of all of it. That a receipt's
//! time is over breaks no chain.

use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Scratch, Verifier};

use super::receipt::multihash;
use crate::dids::{Dids, is_did_key};
use crate::hash;
use crate::manifest::{self, Clock, Context, Signer, Version, signing_input};

/// The code of a receipt that is none, or does not follow.
pub const RECEIPT: &str = "portal.receipt";

/// Holds receipts to each other, one after the other.
pub struct Check<'c> {
    verifier: &'c Verifier,
    dids: &'c Dids,
    scratch: Scratch,
    seq: i64,
    chain: String,
    /// How the next may name the one before it.
    before: Option<[String; 2]>,
}

impl<'c> Check<'c> {
    /// Begins with the first receipt.
    pub fn new(verifier: &'c Verifier, dids: &'c Dids) -> Check<'c> {
        Check { verifier, dids, scratch: Scratch::default(), seq: 0, chain: String::new(), before: None }
    }

    /// Whether a receipt is signed by its evaluator, and follows the one before it.
    ///
    /// # Errors
    /// `json.*`, `um.*`, `signature.*`, [`RECEIPT`].
    pub fn take(&mut self, text: &str) -> Result<(), Refusal> {
        let mut tape = Tape::new();
        let receipt = tape.parse(text, json::EVENT_DEPTH)?;
        let context = Context { clock: Clock::Unasked, verifier: self.verifier, dids: self.dids };
        let checked = manifest::check(receipt, text.len(), &context, &mut self.scratch)?;
        let unsigned = || Refusal::new("signature.missing", "a receipt is signed");
        check_evaluator(receipt, &checked.signer.ok_or_else(unsigned)?)?;
        self.follow(receipt)?;
        self.seq += 1;
        self.before = Some(names(receipt, checked.version));
        Ok(())
    }

    fn follow(&mut self, receipt: Value<'_, '_>) -> Result<(), Refusal> {
        let chain = receipt.get("chainId").and_then(Value::as_text).filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| refuse("chainId is not a non-empty string"))?;
        if receipt.get("seq").and_then(Value::as_i64) != Some(self.seq) {
            return Err(refuse(&format!("seq is not {}", self.seq)));
        }
        let prev = receipt.get("prevHash").filter(|prev| !prev.is_null());
        let follows = match &self.before {
            None => prev.is_none(),
            Some(names) => prev.is_some_and(|prev| names.iter().any(|name| prev.is_str(name))),
        };
        if !follows {
            return Err(refuse("prevHash is not that of the receipt before"));
        }
        if self.seq > 0 && chain != self.chain {
            return Err(refuse("another chain"));
        }
        self.chain = chain;
        Ok(())
    }
}

fn refuse(detail: &str) -> Refusal {
    Refusal::new(RECEIPT, detail)
}

/// Whether it is a receipt, and by whom it says that it is.
pub fn check_evaluator(receipt: Value<'_, '_>, signer: &Signer) -> Result<(), Refusal> {
    let kind = receipt.get("@type");
    if !kind.is_some_and(|kind| kind.items().any(|item| item.is_str("um:Receipt"))) {
        return Err(refuse("@type has not um:Receipt"));
    }
    let Some(evaluator) = receipt.get("evaluatorId") else { return Ok(()) };
    let own = signer.did.as_ref().is_some_and(|did| evaluator.is_str(did));
    let names_key = evaluator.as_text().is_some_and(|name| is_did_key(&name));
    let is_key = evaluator.is_str(&signer.key.to_string());
    // Of a name that does not resolve nothing says whose key it is.
    if own || is_key || (signer.did.is_none() && !names_key) {
        return Ok(());
    }
    Err(refuse("not signed by its evaluator"))
}

/// How a receipt is named by the next.
fn names(receipt: Value<'_, '_>, version: Version) -> [String; 2] {
    [multihash(&signing_input(receipt, version)), hash::of(receipt).to_string()]
}
