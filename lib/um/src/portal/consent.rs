//! consent: what of each facet may be read: whether it opens, whether it is consented to, whether it is unlocked.

use std::collections::BTreeMap;

use ulp_core::id::Time;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::trust::Instant;

use super::asked::{POSITION, POSITIONS};
use super::project::{id, items, last_type, required_tier, wants_facet};
use super::receipt::{ConsentResult, ConsentStatus, FacetResult, FacetStatus};
use super::work::Work;
use super::{Assurance, Offer, Setting, positions};
use crate::facets;
use crate::jwe::{self, Closed};
use crate::manifest::Version;

const NO_KEY: &str = "um:reason:crypto:no-decryption-key";
const ASSURANCE: &str = "um:reason:trust:assurance-insufficient";
pub const TIER: &str = "um:reason:trust:tier-unsupported";
pub const SAMPLES: &str = "portal.samples";
pub const PERFORMANCE: &str = "portal:performanceData";
/// What may be known of performance data: where it is, never what it is.
const PERFORMANCE_MEMBERS: [&str; 6] = ["@id", "@type", "authorization", "pointer", "sensor", "signals"];

pub fn run(work: &mut Work<'_, '_, '_, '_>) {
    work.found.view.facets = Some(BTreeMap::new());
    work.found.view.positions = Some(BTreeMap::new());
    for facet in items(work.manifest, "facets") {
        if wants_facet(work, facet) {
            take(work, facet);
        }
    }
}

fn take(work: &mut Work<'_, '_, '_, '_>, facet: Value<'_, '_>) {
    let kind = last_type(facet).unwrap_or_default();
    let opened = content(facet, work.setting);
    let mut status =
        FacetStatus { id: id(facet), status: FacetResult::Opaque, reason: None, assurance: None };
    let content = match opened {
        Err(reason) => {
            status.reason = Some(reason);
            return work.found.receipt.facets.push(status);
        }
        Ok(content) => content,
    };
    let entries = entries(work, facet);
    let withheld = consented(work, &kind, facet, &entries).err().map(|result| (result, None));
    let withheld = withheld.or_else(|| below_floor(work, facet, &mut status));
    let withheld = withheld
        .or_else(|| has_samples(&kind, &content).then_some((FacetResult::ConsentDenied, Some(SAMPLES))));
    (status.status, status.reason) = withheld.unwrap_or((FacetResult::Processed, None));
    if status.status == FacetResult::Processed {
        show(work, &kind, &content, &entries);
    }
    work.found.receipt.facets.push(status);
}

/// What a facet holds, as canonical JSON, opened where it is sealed to us.
fn content(facet: Value<'_, '_>, setting: &Setting<'_>) -> Result<String, &'static str> {
    let Some(content) = facets::content(facet) else { return Ok("{}".to_owned()) };
    if !facets::is_sealed(facet) {
        return Ok(String::from_utf8(crate::hash::canonical(content)).unwrap_or_default());
    }
    let key = setting.opener.ok_or(NO_KEY)?;
    let plain = jwe::open(content, key).map_err(|closed| match closed {
        Closed::NoKey => NO_KEY,
        Closed::Failed => Closed::Failed.code(),
    })?;
    let failed = Closed::Failed.code();
    let text = std::str::from_utf8(&plain).map_err(|_| failed)?;
    let mut tape = Tape::new();
    let object = tape.parse(text, json::EVENT_DEPTH).map_err(|_| failed)?;
    Ok(String::from_utf8(crate::hash::canonical(object)).unwrap_or_default())
}

/// The consents about a facet.
fn entries<'t, 'a>(work: &Work<'_, '_, 't, 'a>, facet: Value<'_, '_>) -> Vec<Value<'t, 'a>> {
    let Some(name) = id(facet).filter(|_| work.version > Version::V02) else { return Vec::new() };
    let is_about = |entry: &Value<'_, '_>| entry.get("facetRef").is_some_and(|about| about.is_str(&name));
    items(work.manifest, "consents").filter(is_about).collect()
}

/// Whether all consents about a facet cover what is meant to be done with it.
fn consented(
    work: &mut Work<'_, '_, '_, '_>,
    kind: &str,
    facet: Value<'_, '_>,
    entries: &[Value<'_, '_>],
) -> Result<(), FacetResult> {
    let facet_id = id(facet).unwrap_or_default();
    let mut all = Ok(());
    for entry in entries {
        let status = judge(*entry, &Meant::of(work, kind), work.setting);
        if status != ConsentResult::Valid {
            all = Err(FacetResult::ConsentDenied);
        }
        let facet = facet_id.clone();
        work.found.receipt.consents.push(ConsentStatus { id: id(*entry), facet, status });
    }
    if entries.is_empty() { Err(FacetResult::ConsentMissing) } else { all }
}

/// What is meant to be done with a facet.
enum Meant<'m> {
    /// These things, for a purpose where one is known.
    These(&'m [String], Option<&'m str>),
    /// To start services by the positions that stand on it.
    Services(&'m Offer),
}

impl<'m> Meant<'m> {
    fn of(work: &'m Work<'_, '_, '_, '_>, kind: &str) -> Meant<'m> {
        match &work.offer {
            None => Meant::These(work.setting.scope, None),
            Some(offer) => match offer.facet(kind) {
                Some(ask) => Meant::These(&ask.scope, Some(&ask.purpose)),
                None => Meant::Services(offer),
            },
        }
    }

    /// Whether a consent's scope holds, literally, all that is meant.
    fn is_within(&self, scope: Option<Value<'_, '_>>) -> bool {
        let holds = |token: &str| {
            scope.is_some_and(|scope| scope.kind() == Kind::Array && scope.items().any(|t| t.is_str(token)))
        };
        match self {
            Meant::These(tokens, _) => tokens.iter().all(|token| holds(token)),
            Meant::Services(_) => holds(POSITION),
        }
    }

    /// Whether a consent is for that purpose: for a position, that of a service which needs it.
    fn is_for(&self, entry: Value<'_, '_>) -> bool {
        let is = |purpose: &str| entry.get("purpose").is_some_and(|value| value.is_str(purpose));
        match self {
            Meant::These(_, purpose) => purpose.is_none_or(is),
            Meant::Services(offer) => {
                let position = entry.get(POSITION).and_then(Value::as_text).unwrap_or_default();
                let mut needing =
                    offer.services.iter().filter(|service| service.needs.contains_key(&position)).peekable();
                needing.peek().is_none() || needing.any(|service| is(&service.purpose))
            }
        }
    }
}

fn judge(entry: Value<'_, '_>, meant: &Meant<'_>, setting: &Setting<'_>) -> ConsentResult {
    let conditions = entry.get("conditions").into_iter().flat_map(Value::items);
    let is_enforced = |condition: Value<'_, '_>| setting.trust.enforced.iter().any(|c| condition.is_str(c));
    match () {
        () if entry.get("withdrawnAt").is_some() => ConsentResult::Withdrawn,
        () if !is_in_time(entry, setting.now) => ConsentResult::Expired,
        () if !conditions.into_iter().all(is_enforced) => ConsentResult::ConditionViolated,
        () if !meant.is_within(entry.get("scope")) => ConsentResult::ScopeMismatch,
        () if !meant.is_for(entry) => ConsentResult::PurposeMismatch,
        () => ConsentResult::Valid,
    }
}

fn is_in_time(entry: Value<'_, '_>, now: Time) -> bool {
    let time = |name: &str| entry.get(name).and_then(Instant::of);
    let now = Instant::from(now);
    time("grantedAt").is_some_and(|granted| granted <= now)
        && time("expiresAt").is_some_and(|expires| now < expires)
}

/// Whether a facet asks for more than what was reached, and the class of that where one is asked for.
fn below_floor(
    work: &Work<'_, '_, '_, '_>,
    facet: Value<'_, '_>,
    status: &mut FacetStatus,
) -> Option<(FacetResult, Option<&'static str>)> {
    let reached = work.setting.assurance;
    status.assurance = facet.get("requiredAssuranceClass").map(|class| {
        let required = class.as_text().and_then(|class| class.parse::<Assurance>().ok());
        (reached, required.is_some_and(|required| required <= reached))
    });
    let is_locked = status.assurance.is_some_and(|(_, met)| !met);
    // Nothing here validates an attestation, so that none is live enough for anything.
    if is_locked || facet.get("requiredLiveness").is_some() {
        return Some((FacetResult::AssuranceInsufficient, Some(ASSURANCE)));
    }
    let is_trusted = required_tier(facet) <= work.found.receipt.tier();
    (!is_trusted).then_some((FacetResult::TierUnsupported, Some(TIER)))
}

/// Whether performance data is more than a pointer to it.
fn has_samples(kind: &str, content: &str) -> bool {
    let mut tape = Tape::new();
    let known =
        |(name, _): (Value<'_, '_>, Value<'_, '_>)| PERFORMANCE_MEMBERS.iter().any(|m| name.is_str(m));
    kind == PERFORMANCE
        && tape.parse(content, json::EVENT_DEPTH).is_ok_and(|object| !object.members().all(known))
}

/// Takes a facet into the view: of its kind the first, with the members that were asked for.
fn show(work: &mut Work<'_, '_, '_, '_>, kind: &str, content: &str, entries: &[Value<'_, '_>]) {
    let members = work.offer.as_ref().and_then(|offer| offer.facet(kind)?.members.as_deref());
    let shown = members.map_or_else(|| content.to_owned(), |members| narrowed(content, members));
    if kind == POSITIONS {
        entries.iter().for_each(|entry| consent_to(work, *entry));
    }
    let facets = work.found.view.facets.get_or_insert_with(BTreeMap::new);
    facets.entry(kind.to_owned()).or_insert(shown);
}

/// A position by the least of its entries.
fn consent_to(work: &mut Work<'_, '_, '_, '_>, entry: Value<'_, '_>) {
    let text = |name: &str| entry.get(name).and_then(Value::as_text);
    let Some(position) = text(POSITION) else { return };
    let word = text("disposition").unwrap_or_default();
    let all = work.found.view.positions.get_or_insert_with(BTreeMap::new);
    let before = all.get(&position).map_or(word.as_str(), String::as_str);
    let least = positions::lesser(&position, before, &word).to_owned();
    all.insert(position, least);
}

fn narrowed(content: &str, members: &[String]) -> String {
    let mut tape = Tape::new();
    let Ok(object) = tape.parse(content, json::EVENT_DEPTH) else { return content.to_owned() };
    let is_asked = |name: &str| members.iter().any(|member| member == name) || name.starts_with('@');
    let mut narrowed = ulp_core::json::write::Object::default();
    for (name, value) in object.members() {
        if let Some(name) = name.as_text().filter(|name| is_asked(name)) {
            narrowed.raw(&name, Some(value.raw()));
        }
    }
    narrowed.json()
}
