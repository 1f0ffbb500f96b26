//! Claims that go: of the types that were asked for, as they were asked for, those that could hold where they arrive.

use ulp_core::json::Value;
use ulp_core::trust::Scratch;

use super::{Visitor, age};
use crate::credential::claims::{About, Court, Standing, Trusted, judge_these};
use crate::portal::Offer;
use crate::portal::asked::ClaimAsk;
use crate::portal::facets::{AGE_OVER, CLAIMS};
use crate::portal::project::{items, last_type};
use crate::portal::rules::Allowed;

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
    pub age: Option<age::ToShow>,
    /// How many years it says, where it is one of age.
    pub years: Option<u32>,
    /// Whether something shows it.
    pub is_shown: bool,
}

/// The claims that a world gets, by type, then in the container's order.
pub fn choose(
    container: Value<'_, '_>,
    offer: &Offer,
    allowed: &Allowed<'_>,
    visitor: &Visitor<'_>,
    notes: &mut Vec<&'static str>,
) -> Vec<Claim> {
    let own: Vec<Value<'_, '_>> = items(container, "claims").collect();
    let believed = believed(&own);
    let setting = &visitor.setting;
    let (verifier, dids) = (setting.verifier, setting.dids);
    let court = Court { verifier, dids, trusted: &believed, now: setting.now };
    let asked = offer.claims.iter().filter(|ask| allowed.claim(&ask.claim)).collect::<Vec<_>>();
    let wanted =
        |claim: &Value<'_, '_>| asked.iter().any(|ask| ask.claim != AGE_OVER && is_asked(*claim, ask));
    let named: Vec<Value<'_, '_>> = own.iter().copied().filter(wanted).collect();
    let mut chosen = could_hold(&named, &court, visitor);
    if let Some(ask) = asked.iter().find(|ask| ask.claim == AGE_OVER) {
        chosen.extend(age::choose(&own, ask, offer, allowed, visitor, &court, notes));
    }
    chosen.sort_by(|one, other| one.kind.cmp(&other.kind));
    chosen
}

/// Whether a claim is of the type that was asked for, and says one of the words.
fn is_asked(claim: Value<'_, '_>, ask: &ClaimAsk) -> bool {
    let text = |name: &str| claim.get(name).and_then(Value::as_text);
    last_type(claim).as_ref() == Some(&ask.claim)
        && ask
            .entity_types
            .as_ref()
            .is_none_or(|types| text("entityType").is_some_and(|t| types.contains(&t)))
        && ask.namespace.as_ref().is_none_or(|namespace| text("namespace").as_ref() == Some(namespace))
}

/// The issuers of claims, as one sees them who believes everybody: whom the world believes is for it to say.
fn believed(claims: &[Value<'_, '_>]) -> Vec<Trusted> {
    let issuer = |claim: &Value<'_, '_>| {
        let text = |name: &str| claim.get(name).and_then(Value::as_text);
        let (claims, namespaces) =
            (last_type(*claim).into_iter().collect(), text("namespace").into_iter().collect());
        Some(Trusted { did: text("issuer")?, claims, namespaces, until: None })
    };
    claims.iter().filter_map(issuer).collect()
}

/// Those that do not fail beside each other.
fn could_hold(claims: &[Value<'_, '_>], court: &Court<'_>, visitor: &Visitor<'_>) -> Vec<Claim> {
    let subject = visitor.key.did().to_string();
    let about = About { subject: &subject, age: None };
    let standings = judge_these(claims, &about, court, &mut Scratch::default());
    let could = claims.iter().zip(standings).filter(|(_, standing)| !matches!(standing, Standing::Failed(_)));
    could.filter_map(|(claim, standing)| Claim::of(*claim, standing)).collect()
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
