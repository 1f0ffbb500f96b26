//! Signed events: who signed one, and what the rules about that ask.

use super::{Event, Line, Reader, Refusal};
use crate::event::Defaults;
use crate::json::{self, Tape, Value};
use crate::trust::authority::Facts;
use crate::trust::{Did, SIGNATURE, Scratch, SecretKey, Signature, Verifier};
use bumpalo::Bump;

/// What verifying needs beside the verifier; one a thread.
#[derive(Default)]
pub struct SignatureScratch {
    tape: Tape,
    scratch: Scratch,
}

impl Event<'_> {
    /// Verifies the signature of the event; gives the key that signed it, or `None` where it is unsigned.
    ///
    /// Whether that key may speak for the actor is [`crate::trust::authority::Authority::permit`]'s to say.
    ///
    /// # Errors
    /// `signature.key`, `signature.value`: it does not hold.
    pub fn signer(
        &self,
        verifier: &Verifier,
        scratch: &mut SignatureScratch,
    ) -> Result<Option<Did>, Refusal> {
        if self.signature.is_none() {
            return Ok(None);
        }
        let object = scratch.tape.parse(self.line, json::EVENT_DEPTH)?;
        self.signer_of(object, verifier, &mut scratch.scratch)
    }

    /// As [`Event::signer`], for callers that hold the event's line as an object already.
    ///
    /// # Errors
    /// As [`Event::signer`].
    pub fn signer_of(
        &self,
        object: Value<'_, '_>,
        verifier: &Verifier,
        scratch: &mut Scratch,
    ) -> Result<Option<Did>, Refusal> {
        let Some(raw) = object.get(SIGNATURE) else { return Ok(None) };
        let signature = Signature::of_event(raw)?;
        verifier.verify(object, &signature, scratch)?;
        Ok(Some(signature.signer))
    }

    /// What the rules about who signs ask. A primitive of a macro has another `operation`, and is asked for too.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            actor: self.actor,
            time: self.time,
            realm: self.scope.realm,
            space: self.space,
            tile: self.tile,
            operation: self.operation,
        }
    }
}

/// Signs an event that is whole in every field; gives its canonical form. A signature that is there is replaced.
///
/// # Errors
/// Whatever the signed event breaks: `envelope.<field>` for what is missing or wrong, `payload.*`, `json.*`.
pub fn sign(text: &str, key: &SecretKey) -> Result<String, Refusal> {
    let signed = key.sign_object(text)?;
    let (arena, defaults) = (Bump::new(), Defaults::default());
    // The reader holds a signed event to being whole. What it lets pass, every reader lets pass.
    match Reader::new(&arena, &defaults).read(&signed)? {
        Line::Event(_) => Ok(signed),
        Line::State(_) => Err(Refusal::new("event.kind", "a state line is derived, and nobody signs it")),
        Line::Other(kind) => Err(kind.no_event()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"actor_id":"user:a","event_id":"e1","layer_id":"l","node_id":"n","operation":"create_node","preserves_invariants":[],"previous_events":[],"scope":{"authority":"source","boundary":"interior","policy":"public","realm":"team"},"space_id":"s","tile":"z0/x0/y0","timestamp":1730000000}"#;

    fn signer(line: &str) -> Result<Option<Did>, String> {
        let (arena, defaults) = (Bump::new(), Defaults::default());
        let Line::Event(event) =
            Reader::new(&arena, &defaults).read(line).map_err(|r| r.code.into_owned())?
        else {
            panic!("no event")
        };
        event.signer(&Verifier::new(), &mut SignatureScratch::default()).map_err(|d| d.code.into_owned())
    }

    #[test]
    fn a_signed_event_holds_however_it_is_spelt() {
        let key = SecretKey::from_seed(&[5; 32]);
        let signed = sign(WHOLE, &key).unwrap();
        assert_eq!(signer(&signed), Ok(Some(key.did())));
        assert_eq!(signer(WHOLE), Ok(None));
        let spelt = signed
            .replace("\"s\"", "\"\\u0073\"")
            .replace(':', " : ")
            .replace("did : key : ", "did:key:")
            .replace("user : a", "user:a");
        assert_eq!(signer(&spelt), Ok(Some(key.did())));
        assert_eq!(signer(&signed.replace("\"s\"", "\"t\"")), Err("signature.value".to_owned()));
    }

    #[test]
    fn what_is_not_whole_is_not_signed() {
        let key = SecretKey::from_seed(&[5; 32]);
        for (piece, code) in [
            (r#""timestamp":1730000000"#, "envelope.timestamp"),
            (r#""event_id":"e1","#, "envelope.event_id"),
            (r#""tile":"z0/x0/y0","#, "envelope.tile"),
            (r#""realm":"team""#, "envelope.scope"),
            (r#""node_id":"n","#, "payload.node_id"),
        ] {
            let cut = WHOLE.replace(piece, "").replace(",}", "}");
            assert_eq!(sign(&cut, &key).unwrap_err().code, code);
        }
        let state = WHOLE.replace("create_node", "node_state");
        assert!(sign(&state, &key).is_err());
    }

    #[test]
    fn every_flipped_bit_of_a_signed_event_is_refused() {
        let signed = sign(WHOLE, &SecretKey::from_seed(&[5; 32])).unwrap();
        for at in 0..signed.len() * 8 {
            let mut bytes = signed.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            let held = std::str::from_utf8(&bytes).is_ok_and(|line| matches!(signer(line), Ok(Some(_))));
            assert!(!held, "bit {at}");
        }
    }
}
