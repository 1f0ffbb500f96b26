//! trust.toml: whose word on claims is believed, and which conditions of consents are kept.
//!
//! ```toml
//! enforced = ["no-recording"]
//! issuer = [{did = "did:key:z6Mk…", claims = ["identity.personhood"], namespaces = ["…"], until = 2027-01-01T00:00:00Z}]
//! ```

use serde::Deserialize;
use ulp_core::trust::Instant;

use super::Trust;
use super::settings::parse_toml;
use crate::credential::claims::Trusted;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    issuer: Vec<Issuer>,
    #[serde(default)]
    enforced: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Issuer {
    did: String,
    #[serde(default)]
    claims: Vec<String>,
    #[serde(default)]
    namespaces: Vec<String>,
    until: Option<toml::value::Datetime>,
}

/// Reads the text of the file.
///
/// # Errors
/// What is not understood, and on which line where that is known.
pub fn parse(text: &str) -> Result<Trust, String> {
    let Text { issuer, enforced } = parse_toml(text)?;
    Ok(Trust { trusted: issuer.into_iter().map(trusted).collect::<Result<_, _>>()?, enforced })
}

fn trusted(issuer: Issuer) -> Result<Trusted, String> {
    let until = issuer.until.map(|until| {
        let instant = Instant::parse(&until.to_string()).and_then(|instant| instant.time());
        instant.ok_or_else(|| format!("{}: until is no time with an offset", issuer.did))
    });
    let Issuer { did, claims, namespaces, .. } = issuer;
    Ok(Trusted { did, claims, namespaces, until: until.transpose()? })
}
