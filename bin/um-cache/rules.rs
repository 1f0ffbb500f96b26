//! Whose word on claims is believed: trust.toml, and the documents of the issuers that it names.
//!
//! What verifies a claim today may not tomorrow, so the journal names what a view was folded by: a document like any
//! other, with the text of trust.toml and those of the issuers' DIDs that are no did:key.

use std::collections::BTreeMap;
use std::path::Path;

use ulp_cli::{Failure, read_dids};
use ulp_core::id::Time;
use ulp_core::json::write::Object;
use ulp_core::json::{self, Tape, Value};
use ulp_core::trust::{Scratch, Verifier};
use ulp_um::cache::document::Attested;
use ulp_um::credential::claims::{Court, Standing, Trusted, judge_all, shown_from};
use ulp_um::dids::{self, Dids};
use ulp_um::portal::issuers;

/// The name of the file, in the cache.
const NAME: &str = "trust.toml";

/// What claims are judged by.
#[derive(Default)]
pub struct Rules {
    trusted: Vec<Trusted>,
    /// The documents of issuers.
    documents: BTreeMap<String, String>,
    text: String,
}

impl Rules {
    /// Reads the rules of a cache; where there are none, nobody is believed.
    ///
    /// # Errors
    /// Usage: something in trust.toml is not understood.
    pub fn read(cache: &Path) -> Result<Rules, Failure> {
        let path = cache.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Rules::default()),
            Err(error) => return Err(Failure::io(path.display(), error)),
        };
        let trusted = trusted(&text).map_err(|reason| Failure::usage(path.display(), reason))?;
        let from = cache.join("dids");
        let from = read_dids(Some(from.as_path()).filter(|path| path.is_dir()))?;
        let named = trusted.iter().map(|issuer| issuer.did.as_str()).filter(|did| !dids::is_did_key(did));
        let documents = named.filter_map(|did| Some((did.to_owned(), from.document(did)?))).collect();
        Ok(Rules { trusted, documents, text })
    }

    /// The rules as a document of the cache; nothing where there are none.
    pub fn print(&self) -> Option<String> {
        if self.text.is_empty() {
            return None;
        }
        let mut dids = Object::default();
        for (did, text) in &self.documents {
            dids.text(did, Some(text));
        }
        let mut rules = Object::default();
        rules.object("dids", dids).text("trust", Some(&self.text));
        Some(rules.json())
    }

    /// Reads such a document.
    pub fn parse(text: &str) -> Option<Rules> {
        let mut tape = Tape::new();
        let rules = tape.parse(text, json::EVENT_DEPTH).ok()?;
        let documents = rules.get("dids").into_iter().flat_map(Value::members);
        let documents = documents.filter_map(|(did, text)| Some((did.as_text()?, text.as_text()?))).collect();
        let text = rules.get("trust")?.as_text()?;
        Some(Rules { trusted: trusted(&text).ok()?, documents, text })
    }

    /// Which claims of a manifest hold at an instant.
    pub fn attest(&self, manifest: Value<'_, '_>, now: Time) -> Vec<Attested> {
        if self.trusted.is_empty() {
            return Vec::new();
        }
        let documents = self.documents.clone();
        let dids = Dids::new(move |did| documents.get(did).map(|text| text.clone().into_bytes()));
        let court = Court { verifier: &Verifier::new(), dids: &dids, trusted: &self.trusted, now };
        let mut scratch = Scratch::default();
        let subject = manifest.get("subject").and_then(Value::as_text).unwrap_or_default();
        let standings = judge_all(manifest, &court, &mut scratch);
        let claims = manifest.get("claims").into_iter().flat_map(Value::items);
        let verified = claims.zip(standings).enumerate();
        let verified = verified.filter(|(_, (_, standing))| *standing == Standing::Verified);
        let mut from = |(index, (claim, _)): (usize, (Value<'_, '_>, Standing))| {
            Some(Attested { index, from: shown_from(claim, &subject, &court, &mut scratch)? })
        };
        verified.filter_map(&mut from).collect()
    }
}

/// Whose word is believed. The conditions that a portal keeps say nothing here.
fn trusted(text: &str) -> Result<Vec<Trusted>, String> {
    issuers::parse(text).map(|trust| trust.trusted)
}
