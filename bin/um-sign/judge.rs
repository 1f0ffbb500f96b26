//! What becomes of one document: signed, verified or checked.

use std::collections::BTreeSet;

use bumpalo::Bump;
use ulp_core::event::{self, Defaults, Event, Line, Reader};
use ulp_core::id::Time;
use ulp_core::json::{self, Tape, Value};
use ulp_core::line::Kind;
use ulp_core::report::Refusal;
use ulp_core::statement::{self, Signers};
use ulp_core::trust::authority::{Authority, Permit, UNBOUND};
use ulp_core::trust::{Did, Instant, SIGNATURE, Scratch, SecretKey, Signature, Verifier, cosign};
use ulp_um::credential::{self, Profile};
use ulp_um::dids::Dids;
use ulp_um::manifest::{self, Checked, Clock, Context, Signer, Version};

use crate::framing::{Document, push_dense};
use crate::spare::Spare;

/// What a subject begins with that names a key by itself.
const DID_KEY: &str = "did:key:";

/// What documents are read for.
pub enum Purpose {
    /// To be signed.
    Sign { key: Box<SecretKey>, replace: bool, ttl: i64, spare: Spare, profile: Profile },
    /// To be passed on only where they are signed and hold, by one of these where there are any.
    Verify { signers: BTreeSet<Did> },
    /// To be passed on where nothing in them is wrong.
    Check,
}

/// Everything that documents are held to; shared by all threads.
pub struct Judge {
    pub purpose: Purpose,
    pub clock: Clock,
    pub now: Time,
    pub require_status: bool,
    pub verifier: Verifier,
    /// Whose keys are whose, beside those that name themselves.
    pub dids: Dids,
    /// What events are completed with: nothing but the built-in values.
    pub defaults: Defaults,
    /// Nobody's rules: a DID signs for itself.
    pub rules: Authority,
}

/// What became of a document.
#[derive(Default)]
pub struct Judged {
    /// The line on which it begins.
    pub line: u64,
    /// Where what is passed on of it ends, in the bytes of its run.
    pub end: usize,
    pub refusal: Option<Refusal>,
    pub notes: Vec<(&'static str, &'static str)>,
    pub expired: bool,
    /// Whether it names a status that nobody asked for.
    pub unchecked: bool,
    /// Whether it is for everyone.
    pub shared: bool,
    pub id: Option<String>,
    pub signers: Vec<Did>,
}

/// What a thread works with; meant to be reused.
#[derive(Default)]
pub struct Desk {
    tape: Tape,
    scratch: Scratch,
}

/// What was found while judging, beside the verdict.
type Found<'f> = &'f mut Judged;

impl Judge {
    /// Judges a document; appends what is passed on of it to `out`.
    pub fn judge(&self, document: &Document<'_>, desk: &mut Desk, out: &mut Vec<u8>) -> Judged {
        let mut found = Judged { line: document.line, ..Judged::default() };
        let from = out.len();
        if let Err(refusal) = self.pass(document, desk, out, &mut found) {
            out.truncate(from);
            let event_id = refusal.event_id.or_else(|| found.id.take());
            let shared = refusal.shared || found.shared;
            found.refusal = Some(Refusal { event_id, shared, ..refusal });
        }
        found.end = out.len();
        found
    }

    fn pass(
        &self,
        document: &Document<'_>,
        desk: &mut Desk,
        out: &mut Vec<u8>,
        found: Found<'_>,
    ) -> Result<(), Refusal> {
        let bytes = document.text.map_err(|fault| Refusal::new(fault.code(), fault.to_string()))?;
        let mut tape = std::mem::take(&mut desk.tape);
        let signed = json::parse_line(&mut tape, bytes).map_err(Refusal::from).and_then(|object| {
            let kind = Kind::of(object)?;
            match &self.purpose {
                Purpose::Sign { .. } => self.sign(kind, object, bytes, desk, found).map(Some),
                _ => self.hold(kind, object, bytes, desk, found).map(|()| None),
            }
        });
        desk.tape = tape;
        match signed? {
            Some(signed) => out.extend_from_slice(signed.as_bytes()),
            None if document.spread => push_dense(bytes, out),
            None => out.extend_from_slice(bytes),
        }
        out.push(b'\n');
        Ok(())
    }

    /// Whether a document passes as it is.
    fn hold(
        &self,
        kind: Option<Kind>,
        object: Value<'_, '_>,
        bytes: &[u8],
        desk: &mut Desk,
        found: Found<'_>,
    ) -> Result<(), Refusal> {
        match kind {
            Some(Kind::Event | Kind::State) => self.hold_event(object, bytes, desk, found)?,
            Some(Kind::Manifest) => self.hold_manifest(object, bytes.len(), desk, found)?,
            Some(Kind::Log) => self.hold_witness(object, desk, found)?,
            Some(Kind::Statement) => self.hold_statement(object, desk, found)?,
            Some(Kind::Credential) => self.hold_credential(object, desk, found)?,
            _ => self.hold_document(object, desk, found)?,
        }
        let Purpose::Verify { signers } = &self.purpose else { return Ok(()) };
        if found.signers.is_empty() {
            return Err(Refusal::new("signature.missing", "unsigned"));
        }
        let among = |did: &Did| found.signers.contains(did);
        // A statement counts when all who are asked for signed it; anything else has one signer, who is one of them.
        let counts =
            if kind == Some(Kind::Log) { signers.iter().all(among) } else { signers.iter().any(among) };
        if counts || signers.is_empty() {
            return Ok(());
        }
        Err(Refusal::new("signature.signer", "not signed by whom --signer names"))
    }

    fn hold_event(
        &self,
        object: Value<'_, '_>,
        bytes: &[u8],
        desk: &mut Desk,
        found: Found<'_>,
    ) -> Result<(), Refusal> {
        let arena = Bump::new();
        let event = match Reader::new(&arena, &self.defaults).read_bytes(bytes) {
            Ok(Line::Event(event)) => event,
            Ok(Line::State(state)) => {
                found.shared = state.lane.is_shared();
                return Ok(());
            }
            Ok(Line::Other(kind)) => return Err(kind.no_event()),
            Err(refusal) => return Err(refusal),
        };
        found.shared = event.lane().is_shared();
        let verdict = self.hold_actor(object, &event, desk, found);
        if verdict.is_err() || !found.notes.is_empty() {
            found.id = Some(event.id.to_owned());
        }
        verdict
    }

    /// Whether the event's signature holds, and is its actor's as far as the event itself tells.
    fn hold_actor(
        &self,
        object: Value<'_, '_>,
        event: &Event<'_>,
        desk: &mut Desk,
        found: Found<'_>,
    ) -> Result<(), Refusal> {
        let signer = event.signer_of(object, &self.verifier, &mut desk.scratch)?;
        found.signers.extend(signer);
        if self.rules.permit(&event.facts(), signer.as_ref(), false)? == Permit::Unbound
            && !self.is_asked_for(signer)
        {
            found.notes.push((UNBOUND, "its actor is no DID: nothing says whose key signed it"));
        }
        Ok(())
    }

    /// Whether `--signer` names this signer.
    fn is_asked_for(&self, signer: Option<Did>) -> bool {
        matches!((&self.purpose, signer), (Purpose::Verify { signers }, Some(did)) if signers.contains(&did))
    }

    fn hold_manifest(
        &self,
        manifest: Value<'_, '_>,
        length: usize,
        desk: &mut Desk,
        found: Found<'_>,
    ) -> Result<(), Refusal> {
        found.shared = true;
        found.id = short_text(manifest, "@id");
        let context = Context { clock: self.clock, verifier: &self.verifier, dids: &self.dids };
        let checked = manifest::check(manifest, length, &context, &mut desk.scratch)?;
        found.expired = checked.expired;
        found.signers.extend(checked.key());
        if self.require_status {
            return Err(Refusal::new("um.status", "its status is unchecked: nothing here asks for it"));
        }
        if checked.status_unchecked {
            found.unchecked = true;
            found.notes.push(("um.status", "statusRef, revocationCursor: unchecked"));
        }
        self.hold_signer(manifest, &checked, found)
    }

    /// Whether whoever signed a manifest counts, and what is not known of them.
    fn hold_signer(
        &self,
        manifest: Value<'_, '_>,
        checked: &Checked,
        found: Found<'_>,
    ) -> Result<(), Refusal> {
        let unresolved = checked.version >= Version::V03
            && checked.signer.as_ref().is_some_and(|signer| signer.did.is_none());
        if unresolved {
            found.notes.push((UNBOUND, "its keyRef is unresolved: its own key shows integrity alone"));
        }
        match (&self.purpose, &checked.signer) {
            (Purpose::Verify { .. }, None) => {
                Err(Refusal::new("signature.missing", "version 0.1 is unsigned, whatever it says"))
            }
            (Purpose::Verify { signers }, Some(signer)) if signers.is_empty() => {
                bind_subject(manifest, signer, unresolved, found)
            }
            _ => Ok(()),
        }
    }

    fn hold_witness(&self, line: Value<'_, '_>, desk: &mut Desk, found: Found<'_>) -> Result<(), Refusal> {
        found.shared = true;
        match cosign::verify(line, &self.verifier, &mut desk.scratch) {
            Ok(signers) => found.signers = signers,
            Err(refusal) if refusal.code == "signature.missing" => {}
            Err(refusal) => return Err(refusal),
        }
        Ok(())
    }

    /// Whether a statement has the members of its sort and no other, and is signed by the peer that it names, if it is
    /// signed.
    fn hold_statement(
        &self,
        object: Value<'_, '_>,
        desk: &mut Desk,
        found: Found<'_>,
    ) -> Result<(), Refusal> {
        found.shared = true;
        statement::check(object)?;
        // Whose key a name is that is no key by itself, only who asks can say.
        let named = |did: &Did| self.is_asked_for(Some(*did));
        let signers = Signers { rules: &self.rules, now: self.now, named: &named };
        found.signers.extend(statement::signer(object, &signers, &self.verifier, &mut desk.scratch)?);
        Ok(())
    }

    /// Whether a credential is signed by its issuer, or by whom one asks for, if it is signed.
    fn hold_credential(
        &self,
        object: Value<'_, '_>,
        desk: &mut Desk,
        found: Found<'_>,
    ) -> Result<(), Refusal> {
        found.shared = true;
        let signed = credential::verify(object, &self.verifier, &self.dids, &mut desk.scratch)?;
        let Some(signed) = signed else { return Ok(()) };
        found.signers.push(signed.key);
        match &self.purpose {
            Purpose::Verify { signers } if signers.is_empty() && !signed.by_issuer => Err(Refusal::new(
                "signature.signer",
                "not by a key that its issuer asserts with: --signer says whose signature counts",
            )),
            _ => Ok(()),
        }
    }

    fn hold_document(&self, object: Value<'_, '_>, desk: &mut Desk, found: Found<'_>) -> Result<(), Refusal> {
        found.shared = true;
        let Some(raw) = object.get(SIGNATURE) else { return Ok(()) };
        let signature = Signature::of_document(raw)?;
        self.verifier.verify(object, &signature, &mut desk.scratch)?;
        found.signers.push(signature.signer);
        Ok(())
    }

    /// Signs a document, and judges what became of it as everybody else will.
    fn sign(
        &self,
        kind: Option<Kind>,
        object: Value<'_, '_>,
        bytes: &[u8],
        desk: &mut Desk,
        found: Found<'_>,
    ) -> Result<String, Refusal> {
        let Purpose::Sign { key, replace, ttl, spare, profile } = &self.purpose else {
            return Err(Refusal::new("signature.missing", "there is no key to sign with"));
        };
        // Nothing but an event can be for some and not for others.
        found.shared = !matches!(kind, Some(Kind::Event | Kind::State));
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new("json.utf8", "not UTF-8"))?;
        if is_signed(kind, object) && !replace {
            if kind == Some(Kind::Event) {
                // Whether the log may speak of it is the reader's to say.
                self.hold_event(object, bytes, desk, found)?;
            }
            return Err(Refusal::new("signature.signer", "signed already: --replace signs anew"));
        }
        let signed = match kind {
            Some(Kind::State) => {
                Err(Refusal::new("event.kind", "a state line is derived, and nobody signs it"))
            }
            Some(Kind::Event) => event::sign(text, key),
            Some(Kind::Statement) => key.sign_object(text),
            Some(Kind::Credential) => credential::sign(object, *profile, key, &self.dids, &self.created()?),
            Some(Kind::Log) => cosign::add(key, text, *replace, &self.verifier),
            Some(Kind::Manifest) => {
                found.id = short_text(object, "@id");
                let defaults = manifest::Defaults { id: spare.urn(), now: self.now, ttl: *ttl };
                // A version that cannot be signed would pass as what it says it is not.
                if object.get("manifestVersion").is_some_and(|v| v.is_str("0.1")) {
                    return Err(Refusal::new("um.version", "version 0.1 is never signed: make it 0.2"));
                }
                manifest::sign(key, text, &defaults, &self.created()?)
            }
            _ => key.sign_document(text, &self.created()?),
        }?;
        let mut tape = Tape::new();
        let object = json::parse_text(&mut tape, &signed)?;
        self.hold(kind, object, signed.as_bytes(), desk, found)?;
        Ok(signed)
    }

    /// The time of signing.
    fn created(&self) -> Result<String, Refusal> {
        Instant::print(self.now)
            .ok_or_else(|| Refusal::new("signature.malformed", "the clock stands beyond what a time can say"))
    }
}

/// Whether it has a signature that another one would take the place of: a witness line takes more than one.
fn is_signed(kind: Option<Kind>, object: Value<'_, '_>) -> bool {
    match kind {
        Some(Kind::Log) => false,
        Some(Kind::Credential) => credential::is_signed(object),
        _ => object.get(SIGNATURE).is_some(),
    }
}

/// A subject that is a key signs for itself, and one that has a document with the keys in it. Of any other nothing here
/// says whose key it is; `said` says whether that was said already.
fn bind_subject(
    manifest: Value<'_, '_>,
    signer: &Signer,
    said: bool,
    found: Found<'_>,
) -> Result<(), Refusal> {
    let Some(subject) = manifest.get("subject") else { return Ok(()) };
    if subject.chars().take(DID_KEY.len()).eq(DID_KEY.chars()) {
        let reason = "its subject is another key: --signer says whose signature counts";
        let is_own = subject.is_str(&signer.key.to_string());
        return if is_own { Ok(()) } else { Err(Refusal::new("signature.signer", reason)) };
    }
    if !said && !signer.is_subject(manifest) {
        found.notes.push((UNBOUND, "its subject is no did:key: nothing says whose key signed it"));
    }
    Ok(())
}

/// A text member for the log, cut where it is longer than any event's name.
fn short_text(object: Value<'_, '_>, name: &str) -> Option<String> {
    let value = object.get(name).filter(|v| v.kind() == json::Kind::String)?;
    Some(value.chars().take(ulp_core::id::MAX_ID).collect())
}
