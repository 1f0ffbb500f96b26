//! Whether a document that came may be used, and what it is worth.

use ulp_core::id::Time;
use ulp_core::json::{self, Tape};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, Scratch, Verifier};
use ulp_um::cache::words::{Role, Standing};
use ulp_um::cache::{Authority, ROLLBACK, Settings, Verify};
use ulp_um::dids::{Dids, Purpose};
use ulp_um::manifest::{Checked, Clock, Context, check};

use crate::sources::{Source, Subject};

/// By what a document is judged.
pub struct Judge<'j> {
    pub settings: &'j Settings,
    pub now: Time,
    pub verifier: &'j Verifier,
    pub dids: &'j Dids,
}

impl Judge<'_> {
    /// What a document is worth that came from a source; `newest` is what that gave before, where it is the subject's.
    ///
    /// # Errors
    /// `json.*`, `um.*`, `signature.*`: page 6; `sync.subject`: another's; `sync.rollback`: older than `newest`.
    pub fn standing(
        &self,
        bytes: &[u8],
        subject: &Subject,
        source: &Source,
        newest: Option<&Instant>,
    ) -> Result<Standing, Refusal> {
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new("json.utf8", "not UTF-8"))?;
        let mut tape = Tape::new();
        let manifest = tape.parse(text, json::EVENT_DEPTH)?;
        let context = Context { clock: Clock::Fresh(self.now), verifier: self.verifier, dids: self.dids };
        let checked = check(manifest, bytes.len(), &context, &mut Scratch::default())?;
        if !manifest.get("subject").is_some_and(|name| name.is_str(&subject.name)) {
            return Err(Refusal::new("sync.subject", "a manifest of another subject"));
        }
        let issued = manifest.get("issuedAt").and_then(Instant::of);
        if source.role == Role::Authoritative && issued.as_ref() < newest {
            return Err(Refusal::new(ROLLBACK, "older than what its source gave before"));
        }
        let is_signed = checked.signer.as_ref().is_some_and(|signer| signer.is_subject(manifest))
            || self.is_by_a_key(&checked, subject, source);
        Ok(self.worth(is_signed, checked.signer.is_some(), source.role))
    }

    fn is_by_a_key(&self, checked: &Checked, subject: &Subject, source: &Source) -> bool {
        let keys = || subject.keys(source).flat_map(|did| self.dids.signing_keys(did, Purpose::Manifest));
        checked.key().is_some_and(|key| keys().any(|known| known == key))
    }

    fn worth(&self, is_signed: bool, by_somebody: bool, role: Role) -> Standing {
        let is_source = role == Role::Authoritative;
        match (is_signed, is_source) {
            (true, true) => Standing::Authoritative,
            (true, false) if self.settings.authority == Authority::Signature => Standing::Authoritative,
            (true, false) => Standing::Genuine,
            (false, true) if !by_somebody && self.settings.verify == Verify::Optional => Standing::Unsigned,
            (false, _) => Standing::Hearsay,
        }
    }
}
