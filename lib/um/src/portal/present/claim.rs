//! A claim that goes.

use ulp_core::json::Value;

use crate::credential::claims::Standing;
use crate::portal::facets::CLAIMS;
use crate::portal::project::last_type;

/// What a claim of a known type has of its own; all else of it stays.
const MEMBERS: [&str; 12] = [
    "@type",
    "issuer",
    "entityType",
    "namespace",
    "ageOver",
    "claimProof",
    "proofMechanism",
    "requiredTrustTier",
    "issuedAt",
    "validFrom",
    "validUntil",
    "expiresAt",
];
/// What a claim of another type is called by who has it, or gets anew.
const OWN: [&str; 5] = ["@id", "name", "label", "subject", "holderBinding"];

/// A claim that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub kind: String,
    /// Its members, by name, as JSON.
    pub members: Vec<(String, String)>,
    /// What age it is to show, where it has to be shown anew.
    pub age: Option<ToShow>,
    /// How many years it says, where it is one of age.
    pub years: Option<u32>,
    /// Whether something shows it.
    pub is_shown: bool,
}

/// What has to be shown anew for each world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToShow {
    /// The credential with the commitment, as JSON.
    pub credential: String,
    pub years: u32,
}

impl Claim {
    /// A claim as it is, without what it is called.
    pub fn of(claim: Value<'_, '_>, standing: Standing) -> Option<Claim> {
        let kind = last_type(claim)?;
        let is_known = CLAIMS.contains(&kind.as_str());
        let goes = |name: &String| match is_known {
            true => MEMBERS.contains(&name.as_str()),
            false => !OWN.contains(&name.as_str()),
        };
        let members = claim.members().filter_map(|(name, value)| {
            let name = name.as_text().filter(goes)?;
            Some((name, value.raw().to_owned()))
        });
        let years = claim.get("ageOver").and_then(Value::as_i64).and_then(|years| u32::try_from(years).ok());
        let is_shown = standing == Standing::Verified;
        Some(Claim { members: members.collect(), age: None, years, is_shown, kind })
    }
}
