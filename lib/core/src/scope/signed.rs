//! Signatures at the gate: does it hold, and may its key say that.

use super::Scope;
use crate::event::Event;
use crate::json::{self, Tape};
use crate::report::{Note, Refusal};
use crate::trust::authority::{Authority, Facts, Permit, UNBOUND};
use crate::trust::{Did, Scratch, Signature, Verifier};

/// What a gate needs to look at signatures.
pub(super) struct Signatures {
    authority: Authority,
    verifier: Verifier,
    scratch: Scratch,
    tape: Tape,
}

impl Signatures {
    pub(super) fn new(scope: &Scope) -> Signatures {
        let (verifier, scratch) = (Verifier::new(), Scratch::default());
        Signatures { authority: scope.authority(), verifier, scratch, tape: Tape::new() }
    }

    /// Whether the signature of an event holds, and its key may say what the event and each of its primitives says.
    /// `required` by a dotfile it must also be known whose key it is; `verify` asks for any.
    pub(super) fn judge(
        &mut self,
        event: &Event<'_>,
        required: bool,
        verify: bool,
    ) -> Result<Option<Note>, Refusal> {
        let signer = self.signer(event)?;
        if verify && signer.is_none() {
            return Err(Refusal::new("signature.missing", "only what is signed passes"));
        }
        let mut unbound = false;
        for operation in event.operations() {
            let permit = self.authority.permit(&facts(event, operation), signer.as_ref(), required)?;
            unbound |= permit == Permit::Unbound;
        }
        let detail = || "no rule says whose key signed it".to_owned();
        Ok(unbound.then(|| Note { code: UNBOUND, detail: detail() }))
    }

    /// Whose signature the event bears, where it bears one that holds.
    fn signer(&mut self, event: &Event<'_>) -> Result<Option<Did>, Refusal> {
        if event.signature.is_none() {
            return Ok(None);
        }
        let malformed = || Refusal::new("signature.malformed", "it cannot be read again");
        let top = self.tape.parse(event.line, json::EVENT_DEPTH).map_err(|_| malformed())?;
        let signature = Signature::of_event(top.get("signature").ok_or_else(malformed)?)?;
        self.verifier.verify(top, &signature, &mut self.scratch)?;
        Ok(Some(signature.signer))
    }
}

fn facts<'a>(event: &Event<'a>, operation: &'a str) -> Facts<'a> {
    Facts {
        actor: event.actor,
        time: event.time,
        realm: event.scope.realm,
        space: event.space,
        tile: event.tile,
        operation,
    }
}
