//! What this side attests to, and what the other side does.

use crate::held::{Held, NANOS};
use data_encoding::BASE64URL_NOPAD;
use ulp_cli::Failure;
use ulp_core::hash::Blake3;
use ulp_core::json::{self, Tape};
use ulp_core::report::Refusal;
use ulp_core::statement::{Attestation, Versions};
use ulp_core::trust::{Did, SIGNATURE, Scratch, Signature, Verifier};
use ulp_peer::sync::holdings::{Holdings as _, Peer};
use ulp_peer::sync::line::{Nonce, State};
use ulp_store::receipts::others;

impl Held<'_> {
    /// An attestation with the other's nonce, where there is a key.
    pub fn attest_with(&mut self, nonce: &Nonce) -> Result<Option<String>, Failure> {
        let Some(key) = self.speaker.key else { return Ok(None) };
        let chain = match self.taker.recorder() {
            Some(recorder) => Some(others::cover(self.store, recorder)?),
            None => None,
        };
        // Where others write without end, there is nothing to attest to.
        let Some((head, state_root, events)) = self.whole_store()? else { return Ok(None) };
        let attestation = Attestation {
            peer: key.did().to_string(),
            versions: Versions::OURS,
            head,
            state_root,
            events,
            chain,
            seq: u32::try_from(self.speaker.now.time().0.div_euclid(NANOS)).unwrap_or(0),
            nonce: Some(BASE64URL_NOPAD.encode(nonce)),
        };
        let signed = key.sign_object(&attestation.print());
        signed.map(Some).map_err(|refusal| Failure::System(refusal.to_string()))
    }

    /// Who attests, where that holds and is of this session.
    pub fn judge_by(&mut self, attestation: &str, nonce: &Nonce) -> Result<Peer, String> {
        let read = self.read_attestation(attestation, nonce);
        let (signer, attestation) =
            read.map_err(|refusal| format!("its attestation does not hold: {refusal}"))?;
        let last = attestation.chain.and_then(|chain| chain.last);
        if let Some((recorder, last)) = self.taker.recorder().zip(last) {
            recorder.join(last);
        }
        let is_listed = self.speaker.scope.peers().any(|peer| *peer == signer);
        let height = attestation.chain.map(|chain| chain.height);
        Ok(Peer { name: attestation.peer, is_listed, height })
    }

    /// What the whole store holds that is for everyone: its head, its state root, its events.
    fn whole_store(&mut self) -> Result<Option<(Blake3, Blake3, u64)>, Failure> {
        let allowed = &self.view()?.allowed;
        if allowed.is_whole() {
            let row = self.world()?;
            return Ok(match (row.head, row.state) {
                (Some(head), Some(State::Root(root))) => Some((head, root, row.events)),
                _ => None,
            });
        }
        let places = self.store.shared_tiles()?;
        let (_, world) = self.store.holdings(&places)?.sums();
        Ok(Some((world.head, world.state_root, world.events)))
    }

    /// Who signed an attestation, and what it says, where that holds.
    fn read_attestation(&self, text: &str, nonce: &Nonce) -> Result<(Did, Attestation), Refusal> {
        let mut tape = Tape::new();
        let object = json::parse_line(&mut tape, text.as_bytes())?;
        let attestation = Attestation::read(object)?;
        let signature =
            object.get(SIGNATURE).ok_or_else(|| Refusal::new("signature.missing", "it is not signed"))?;
        let signature = Signature::of_event(signature)?;
        Verifier::new().verify(object, &signature, &mut Scratch::default())?;
        let authority = self.speaker.scope.authority();
        authority.is_named(&signature.signer, &attestation.peer, self.speaker.now.time())?;
        if authority.revoked.contains(&signature.signer) {
            return Err(Refusal::new("signature.revoked", "the key that signed it is revoked"));
        }
        if attestation.nonce.as_deref() != Some(&BASE64URL_NOPAD.encode(nonce)) {
            return Err(Refusal::new("statement.nonce", "it is of another session"));
        }
        Ok((signature.signer, attestation))
    }
}
