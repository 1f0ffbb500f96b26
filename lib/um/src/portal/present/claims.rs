//! Claims that go: of the types that were asked for, as they were asked for, those that could hold where they arrive.

use ulp_core::json::Value;
use ulp_core::trust::Scratch;

use super::claim::Claim;
use super::{Visitor, age};
use crate::credential::claims::{About, Court, Standing, Trusted, judge_these};
use crate::portal::Offer;
use crate::portal::asked::ClaimAsk;
use crate::portal::facets::AGE_OVER;
use crate::portal::project::{items, last_type};
use crate::portal::rules::Allowed;

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
