//! project: of facets and claims what was asked for, in the manifest's order; the rest is not read. Claims are judged.

use std::collections::BTreeMap;

use ulp_core::json::{Kind, Value};

use super::receipt::{ClaimResult, ClaimStatus, Unprocessed};
use super::verify::DELEGATION;
use super::view::Entity;
use super::work::{Claimed, Work};
use super::{AgeAsked, Bench, Binding, Stand, claims};
use crate::credential::claims::{Court, Standing};
use crate::hash::canonical;
use crate::manifest::Version;

pub const ENTITY_TYPE: &str = "identity.entityType";
const CROSS_DID: &str = "identity.crossDidBinding";
const UNBOUND_CLAIMS: &str = "um:reason:trust:unbound-claims";

pub fn run(work: &mut Work<'_, '_, '_, '_>) {
    work.found.receipt.unprocessed = unprocessed(work);
    if work.version < Version::V04 {
        work.found.receipt.warn(UNBOUND_CLAIMS);
    }
    let asked: Vec<Value<'_, '_>> =
        items(work.manifest, "claims").filter(|c| wants_claim(work, *c)).collect();
    let judged = judge(work, &asked);
    let bindings = judged.iter().map(|(_, binding)| *binding);
    let bound = work.found.receipt.bound();
    bound.holder = bindings.min().unwrap_or(Binding::Absent);
    let holds = |(standing, binding): &(Standing, Binding)| {
        *standing == Standing::Verified && *binding == Binding::Verified
    };
    bound.tier = u8::from(judged.iter().any(holds)).min(work.setting.max_tier);
    for (claim, (standing, binding)) in asked.into_iter().zip(judged) {
        let reached = u8::from(holds(&(standing, binding))).min(work.setting.max_tier);
        take(work, claim, standing, reached);
    }
    show(work);
}

/// The last of something's types.
pub fn last_type(object: Value<'_, '_>) -> Option<String> {
    let kind = object.get("@type")?;
    if kind.kind() == Kind::Array { kind.items().last()?.as_text() } else { kind.as_text() }
}

pub fn items<'t, 'a>(
    manifest: Value<'t, 'a>,
    list: &str,
) -> impl Iterator<Item = Value<'t, 'a>> + use<'t, 'a> {
    manifest.get(list).into_iter().flat_map(Value::items)
}

/// Whether a facet was asked for.
pub fn wants_facet(work: &Work<'_, '_, '_, '_>, facet: Value<'_, '_>) -> bool {
    let asks = |kind: String| work.offer.as_ref().is_none_or(|offer| offer.wants(&kind));
    last_type(facet).map_or(work.offer.is_none(), asks)
}

fn wants_claim(work: &Work<'_, '_, '_, '_>, claim: Value<'_, '_>) -> bool {
    let asks = |kind: String| work.offer.as_ref().is_none_or(|offer| offer.claim(&kind).is_some());
    last_type(claim).map_or(work.offer.is_none(), asks)
}

/// What is there and is not read.
fn unprocessed(work: &Work<'_, '_, '_, '_>) -> Vec<Unprocessed> {
    let entry = |kind: &'static str| move |item| Unprocessed { kind, r#type: last_type(item) };
    let manifest = work.manifest;
    let facets = items(manifest, "facets").filter(|facet| !wants_facet(work, *facet)).map(entry("facet"));
    let claims = items(manifest, "claims").filter(|claim| !wants_claim(work, *claim)).map(entry("claim"));
    let is_delegation = |item: &Value<'_, '_>| item.get("@type").is_some_and(|kind| kind.is_str(DELEGATION));
    let pointers = items(manifest, "pointers").filter(|item| !is_delegation(item)).map(entry("pointer"));
    let devices = items(manifest, "devices").map(entry("device"));
    let actor = manifest.get("actorState").into_iter().map(entry("actorState"));
    facets.chain(claims).chain(pointers).chain(devices).chain(actor).collect()
}

/// What is to be said of each claim by itself and beside the others.
fn judge(work: &mut Work<'_, '_, '_, '_>, asked: &[Value<'_, '_>]) -> Vec<(Standing, Binding)> {
    let Some(key) = work.key else { return Vec::new() };
    let setting = work.setting;
    let court = Court {
        verifier: setting.verifier,
        dids: setting.dids,
        trusted: &setting.trust.trusted,
        now: setting.now,
    };
    let age = match (setting.stand, &work.offer) {
        (Stand::Door { us, .. }, Some(offer)) => {
            offer.issued.time().map(|issued| AgeAsked { audience: us, challenge: &offer.nonce, issued })
        }
        _ => None,
    };
    let bench = Bench { court, manifest: work.manifest, key, age };
    let judged = claims::judge(asked, &bench, &mut work.scratch);
    // Older versions say nothing of who holds a claim.
    let has_bindings = work.version == Version::V04;
    let binding = |binding| if has_bindings { binding } else { Binding::Absent };
    judged.into_iter().map(|judged| (judged.standing, binding(judged.binding))).collect()
}

/// Says what became of a claim that reaches a tier.
fn take(work: &mut Work<'_, '_, '_, '_>, claim: Value<'_, '_>, standing: Standing, reached: u8) {
    let kind = last_type(claim).unwrap_or_default();
    let (status, reason) = match standing {
        Standing::Verified => (ClaimResult::Verified, None),
        Standing::Failed(reason) => (ClaimResult::Failed, Some(reason)),
        Standing::Unverified(reason) => (ClaimResult::Unverified, Some(reason)),
        Standing::Unprocessable => (ClaimResult::Unprocessable, None),
    };
    let required = required_tier(claim);
    let status = if required > reached && status != ClaimResult::Failed {
        work.found.receipt.bound().cross_did_unsupported |= kind == CROSS_DID;
        let tier = Some(u8::from(required > 1));
        ClaimStatus { id: id(claim), status: ClaimResult::TierUnsupported, tier, reason: None }
    } else {
        ClaimStatus { id: id(claim), status, tier: None, reason }
    };
    let text = String::from_utf8(canonical(claim)).unwrap_or_default();
    work.claims.push(Claimed { kind, text, status: status.status });
    work.found.receipt.claims.push(status);
}

/// What may be shown of the claims: those that hold.
fn show(work: &mut Work<'_, '_, '_, '_>) {
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for claim in work.claims.iter().filter(|claim| claim.status == ClaimResult::Verified) {
        shown.entry(claim.kind.clone()).or_insert_with(|| claim.text.clone());
    }
    let entity = work.claims.iter().find(|claim| claim.holds(ENTITY_TYPE));
    work.found.view.entity = entity.and_then(|claim| {
        Some(Entity { r#type: claim.member_text("entityType")?, issuer: claim.member_text("issuer") })
    });
    work.found.view.claims = Some(shown);
}

/// The `@id` of something, where it has one.
pub fn id(object: Value<'_, '_>) -> Option<String> {
    object.get("@id").and_then(Value::as_text)
}

/// The tier of trust that something asks for; one that is no tier is asked for by nothing that anybody reaches.
pub fn required_tier(object: Value<'_, '_>) -> u8 {
    let Some(value) = object.get("requiredTrustTier") else { return 0 };
    (0..=3u8).find(|tier| value.as_f64() == Some(f64::from(*tier))).unwrap_or(u8::MAX)
}
