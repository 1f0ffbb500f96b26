//! compose: what comes of it, what is shown, and which services start.

use std::collections::BTreeMap;

use ulp_core::json::raw;
use ulp_core::json::{self, Tape, Value};
use ulp_core::trust::Instant;

use super::asked::{ClaimAsk, Service};
use super::consent::{PERFORMANCE, TIER};
use super::project::{ENTITY_TYPE, required_tier};
use super::receipt::{ClaimResult, FacetResult, Outcome};
use super::shown::{Avatar, Kind, Shown};
use super::work::{Claimed, Passed, Rejection, Work};
use super::{Offer, Setting, Stand, View, positions};

pub const PERSONA: &str = "portal:persona";
const AVATAR: &str = "portal:avatarDefinition";
const AUTHORIZATION: &str = "portal:avatarAccessAuthorization";
const ACCESSIBILITY: &str = "portal:accessibilityPreferences";
const MAPPING: &str = "portal:behavioralMapping";
const DEVICE: &str = "portal:deviceCapability";
const AGE_OVER: &str = "identity.ageOver";
const ZK: &str = "zk-age-over-v1";
const RATING: &str = "portal.rating";
const REQUIREMENT: &str = "portal.requirement";

pub fn run(work: &mut Work<'_, '_, '_, '_>) -> Passed {
    check_floors(work)?;
    let offer = work.offer.take();
    if let Some(offer) = &offer {
        check_offer(work, offer)?;
        let shown = show(work, offer);
        keep_to_sensors(&mut work.found.view, &shown.positions);
        work.found.view.portal = Some(shown);
    }
    work.offer = offer;
    let receipt = &mut work.found.receipt;
    let is_whole = receipt.facets.iter().all(|facet| facet.status == FacetResult::Processed);
    let lacks = [ClaimResult::TierUnsupported, ClaimResult::Failed];
    let outcome = match () {
        () if !is_whole || receipt.claims.iter().any(|claim| lacks.contains(&claim.status)) => {
            Outcome::AcceptedPartial
        }
        () if !receipt.warnings.is_empty() => Outcome::AcceptedWithWarnings,
        () => Outcome::Accepted,
    };
    receipt.outcome = Some(outcome);
    Ok(())
}

/// Whether the tier of trust is reached that is asked for, and whether anything is left above the floors of facets.
fn check_floors(work: &Work<'_, '_, '_, '_>) -> Passed {
    let own = required_tier(work.manifest);
    let floor = work.offer.as_ref().map_or(own, |offer| own.max(offer.floor));
    let receipt = &work.found.receipt;
    if floor > receipt.tier() {
        return Err(Rejection::of(TIER));
    }
    let is_below =
        |status| matches!(status, FacetResult::AssuranceInsufficient | FacetResult::TierUnsupported);
    match receipt.facets.first() {
        Some(first) if receipt.facets.iter().all(|facet| is_below(facet.status)) => {
            Err(Rejection::of(first.reason.unwrap_or(TIER)))
        }
        _ => Ok(()),
    }
}

/// Whether what came may be here, and is what was required.
fn check_offer(work: &Work<'_, '_, '_, '_>, offer: &Offer) -> Passed {
    let persona = work.found.view.facet(PERSONA);
    let rating = persona.and_then(|persona| text(persona, "contentRating"));
    if rating.is_some_and(|rating| is_above(work.setting, &rating, offer.rating.as_deref())) {
        return Err(Rejection::of(RATING));
    }
    let has_facet = |kind: &str| work.found.view.facet(kind).is_some();
    let has_claim =
        |ask: &ClaimAsk| work.claims.iter().any(|c| c.holds(&ask.claim) && is_as_asked(&c.text, ask));
    let facets = offer.facets.iter().filter(|ask| ask.required).all(|ask| has_facet(&ask.kind));
    let claims = offer.claims.iter().filter(|ask| ask.required).all(has_claim);
    if facets && claims { Ok(()) } else { Err(Rejection::of(REQUIREMENT)) }
}

/// Whether a claim says what was asked for.
fn is_as_asked(claim: &str, ask: &ClaimAsk) -> bool {
    let is = |name: &str, wanted: &str| text(claim, name).is_some_and(|said| said == wanted);
    let years = raw::member(claim, "ageOver").and_then(raw::number);
    let mechanism = match mechanism(claim) {
        ZK => "zk",
        other => other,
    };
    ask.entity_types.as_ref().is_none_or(|types| types.iter().any(|t| is("entityType", t)))
        && ask.namespace.as_ref().is_none_or(|namespace| is("namespace", namespace))
        && ask.age_over.is_none_or(|asked| years.is_some_and(|years| years >= asked as f64))
        && ask.mechanism.as_ref().is_none_or(|asked| asked == mechanism)
}

/// How an age is shown.
fn mechanism(claim: &str) -> &'static str {
    let proof = raw::member(claim, "claimProof");
    let is_zk = proof.and_then(|proof| text(proof, "proofType")).is_some_and(|kind| kind == ZK);
    if is_zk { ZK } else { "signed-vc" }
}

fn show(work: &Work<'_, '_, '_, '_>, offer: &Offer) -> Shown {
    let view = &work.found.view;
    let consented = view.positions.clone().unwrap_or_default();
    let of = |position: &str| consented.get(position).map_or(positions::DENIED, String::as_str);
    let asked = offer.positions().into_iter();
    let positions: BTreeMap<String, String> = asked
        .map(|(position, word)| {
            (position.to_owned(), positions::lesser(position, of(position), word).to_owned())
        })
        .collect();
    let starting = offer.services.iter().filter(|service| starts(service, &positions));
    Shown {
        entity: kind(work),
        rating: offer.rating.clone(),
        avatar: avatar(view, offer, work.setting),
        rate: rate(view),
        age: age(work),
        services: starting.map(|service| service.id.clone()).collect(),
        positions,
        applied: applied(view),
    }
}

/// Whether each of a service's needs is met in full.
fn starts(service: &Service, effective: &BTreeMap<String, String>) -> bool {
    service.needs.iter().all(|(position, word)| {
        let has = effective.get(position).map_or(positions::DENIED, String::as_str);
        positions::is_word(position, word)
            && positions::rank(position, has) >= positions::rank(position, word)
    })
}

/// What it is: as a claim that holds says; else as one that is not shown does, or as it says of itself.
fn kind(work: &Work<'_, '_, '_, '_>) -> Option<Kind> {
    if let Some(entity) = &work.found.view.entity {
        let (value, issuer) = (entity.r#type.clone(), entity.issuer.clone());
        return Some(Kind { value, issuer, is_verified: true });
    }
    let unverified = |claim: &&Claimed| claim.kind == ENTITY_TYPE && claim.status != ClaimResult::Failed;
    let claimed = work.claims.iter().find(unverified);
    let claimed = claimed.and_then(|c| Some((c.member_text("entityType")?, c.member_text("issuer"))));
    let own = || Some((text(work.found.view.facet(PERSONA)?, "entityType")?, None));
    let (value, issuer) = claimed.or_else(own)?;
    Some(Kind { value, issuer, is_verified: false })
}

fn avatar(view: &View, offer: &Offer, setting: &Setting<'_>) -> Avatar {
    let Some(body) = view.facet(AVATAR) else { return Avatar::None };
    let rating = text(body, "contentRating");
    if rating.is_some_and(|rating| is_above(setting, &rating, offer.rating.as_deref())) {
        return Avatar::Substituted;
    }
    let may_fetch = view.facet(AUTHORIZATION).is_some_and(|facet| is_authorized(facet, offer, setting));
    let has = |name: &str| raw::member(body, name).is_some();
    match () {
        () if has("avatarRef") && may_fetch => Avatar::Reference,
        () if has("hanim") || has("body") => Avatar::Parametric,
        () => Avatar::Substituted,
    }
}

/// Whether we are among those who may fetch an avatar, by our DID or our role, and still.
fn is_authorized(authorization: &str, offer: &Offer, setting: &Setting<'_>) -> bool {
    let Stand::Door { us, .. } = setting.stand else { return false };
    let mut tape = Tape::new();
    let Ok(object) = tape.parse(authorization, json::EVENT_DEPTH) else { return false };
    let holds = |name: &str, word: &str| {
        object.get(name).is_some_and(|list| list.items().any(|item| item.is_str(word)))
    };
    let until = object.get("until").map(Instant::of);
    let in_time = until.is_none_or(|until| until.is_some_and(|until| Instant::from(setting.now) < until));
    in_time && (holds("audiences", us) || holds("roles", &offer.role))
}

/// The lesser of the rates of what moves and of what shows it.
fn rate(view: &View) -> Option<String> {
    let rate = |kind: &str| {
        let raw = raw::member(view.facet(kind)?, "rate")?;
        Some((raw::number(raw)?, raw.to_owned()))
    };
    let rates = [MAPPING, DEVICE].into_iter().filter_map(rate);
    rates.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, raw)| raw)
}

fn age(work: &Work<'_, '_, '_, '_>) -> Option<(i64, &'static str)> {
    let claim = work.claims.iter().find(|claim| claim.holds(AGE_OVER))?;
    let mut tape = Tape::new();
    let years = tape.parse(&claim.text, json::EVENT_DEPTH).ok()?.get("ageOver").and_then(Value::as_i64)?;
    Some((years, mechanism(&claim.text)))
}

/// What was acted on: of accessibility only that.
fn applied(view: &View) -> Vec<&'static str> {
    let has = |name: &str| view.facet(PERSONA).is_some_and(|persona| raw::member(persona, name).is_some());
    let accessibility = view.facet(ACCESSIBILITY).map(|_| "accessibility");
    let rest = ["currency", "height", "language"].into_iter().filter(|name| has(name));
    accessibility.into_iter().chain(rest).collect()
}

/// Performance data is handed on where its sensor's position is granted.
fn keep_to_sensors(view: &mut View, effective: &BTreeMap<String, String>) {
    let sensor = view.facet(PERFORMANCE).and_then(|facet| text(facet, "sensor"));
    let granted = sensor.and_then(|sensor| effective.get(&sensor)).is_some_and(|word| word == "granted");
    if let Some(facets) = view.facets.as_mut().filter(|_| !granted) {
        facets.remove(PERFORMANCE);
    }
}

/// Whether content is rated above a world. What nobody knows how to compare is.
pub fn is_above(setting: &Setting<'_>, own: &str, world: Option<&str>) -> bool {
    let Some(world) = world.filter(|world| *world != own) else { return false };
    let rank = |word: &str| setting.ratings.iter().position(|rating| rating == word);
    rank(own).zip(rank(world)).is_none_or(|(own, world)| own > world)
}

fn text(object: &str, name: &str) -> Option<String> {
    raw::member(object, name).and_then(raw::text).map(|text| text.into_owned())
}
