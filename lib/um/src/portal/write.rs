//! What the manifests of both sides are made of.
//!
//! What stands in a manifest is named by its own `@id`, I: facets I`#f<n>`, their content I`#e<n>`, consents I`#c<n>`,
//! claims I`#k<n>`. So nothing in it bears a name that it had elsewhere.

use ulp_core::id::Time;
use ulp_core::json::write::{Object, write_texts};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, SecretKey};

use crate::manifest::{Version, unsigned_members};

const CONTEXT: &str = "https://universalmanifest.net/ns/v0.4";
/// What one comes for.
pub const PURPOSE: &str = "portal-entry";

/// From when and until when a manifest is good, as it says it.
pub struct Times {
    pub issued: String,
    pub expires: String,
}

impl Times {
    /// From now on, for as many nanoseconds.
    ///
    /// # Errors
    /// `um.expires_at`: beyond what a time can say.
    pub fn new(now: Time, lifetime: i64) -> Result<Times, Refusal> {
        let end = now.0.checked_add(lifetime).and_then(|end| Instant::print(Time(end)));
        let times = Instant::print(now).zip(end).map(|(issued, expires)| Times { issued, expires });
        times.ok_or_else(|| Refusal::new("um.expires_at", "beyond what a time can say"))
    }
}

/// A manifest of the key's, without what it is about.
pub fn manifest(id: &str, key: &SecretKey, times: &Times) -> Object {
    let mut manifest = Object::default();
    manifest
        .text("@context", Some(CONTEXT))
        .text("@id", Some(id))
        .text("@type", Some("um:Manifest"))
        .text("manifestVersion", Some("0.4"))
        .text("subject", Some(&key.did().to_string()))
        .text("issuedAt", Some(&times.issued))
        .text("expiresAt", Some(&times.expires));
    manifest
}

/// Signs a manifest; gives the canonical text.
///
/// # Errors
/// `json.*`: it is no I-JSON, or too deep.
pub fn sign(manifest: Object, key: &SecretKey, times: &Times) -> Result<String, Refusal> {
    key.sign_document_without(&manifest.json(), unsigned_members(Version::V04), &times.issued)
}

/// What a facet holds, without what it says.
pub fn entity(id: &str, n: usize) -> Object {
    let mut entity = Object::default();
    entity.text("@id", Some(&format!("{id}#e{n}"))).text("@type", Some("um:Entity"));
    entity
}

/// A facet with its content, which is canonical JSON.
pub fn facet(id: &str, n: usize, kind: &str, content: &str) -> Object {
    let mut facet = Object::default();
    facet
        .text("@id", Some(&facet_id(id, n)))
        .member("@type", |out| write_texts(["um:Facet", kind], out))
        .raw("entity", Some(content));
    facet
}

/// What a facet is called.
pub fn facet_id(id: &str, n: usize) -> String {
    format!("{id}#f{n}")
}

/// What is consented to.
pub struct Terms<'t, S> {
    pub scope: &'t [S],
    pub purpose: &'t str,
    pub granted: &'t str,
    pub expires: &'t str,
}

/// A consent for the facet of a number.
pub fn consent<S: AsRef<str>>(id: &str, n: usize, facet: usize, terms: &Terms<'_, S>) -> Object {
    let mut consent = Object::default();
    consent
        .text("@id", Some(&format!("{id}#c{n}")))
        .text("@type", Some("um:Consent"))
        .text("facetRef", Some(&facet_id(id, facet)))
        .member("scope", |out| write_texts(terms.scope.iter().map(AsRef::as_ref), out))
        .text("purpose", Some(terms.purpose))
        .text("grantedAt", Some(terms.granted))
        .text("expiresAt", Some(terms.expires));
    consent
}
