//! Positions that go: entries on one facet that is empty, each with the lesser of what is consented to and what is asked.

use std::collections::BTreeMap;

use ulp_core::id::Time;
use ulp_core::json::Value;

use super::consents::{Consent, Wanted, of_facet, read};
use super::facets::{Content, Facet, floors};
use crate::facets;
use crate::portal::Offer;
use crate::portal::asked::{POSITION, POSITIONS, Service};
use crate::portal::positions::{DENIED, lesser};
use crate::portal::project::{items, last_type};
use crate::portal::rules::Allowed;

/// The facet with what is not denied; nothing where all is.
pub fn choose(container: Value<'_, '_>, offer: &Offer, allowed: &Allowed<'_>, now: Time) -> Option<Facet> {
    let of_kind =
        |facet: &Value<'_, '_>| last_type(*facet).as_deref() == Some(POSITIONS) && !facets::is_sealed(*facet);
    let facets: Vec<Value<'_, '_>> = items(container, "facets").filter(of_kind).collect();
    let ids = facets.iter().filter_map(|facet| facet.get("@id").and_then(Value::as_text));
    let entries: Vec<Value<'_, '_>> =
        ids.flat_map(|id| of_facet(container, &id).collect::<Vec<_>>()).collect();
    let asked = offer.positions();
    let entry = |(position, word): (&&str, &&str)| {
        let own =
            entries.iter().copied().filter(|entry| entry.get(POSITION).is_some_and(|p| p.is_str(position)));
        let needing: Vec<Meant<'_>> = meant(offer, position, allowed);
        let consents = own.map(|entry| needing.iter().find_map(|meant| consented(entry, meant, now)));
        least(position, word, consents.collect::<Option<Vec<_>>>()?)
    };
    let consents: Vec<Consent> = asked.iter().filter_map(entry).collect();
    let first = facets.first().filter(|_| !consents.is_empty())?;
    let (kind, content) = (POSITIONS.to_owned(), Content::Open(Vec::new()));
    Some(Facet { kind, content, floors: floors(*first), consents })
}

/// What an entry has to be for.
struct Meant<'m> {
    scope: Vec<String>,
    purpose: &'m str,
}

/// For what a position may be used: what the world asks for by name; else whatever the services are for that need it.
fn meant<'m>(offer: &'m Offer, position: &str, allowed: &Allowed<'_>) -> Vec<Meant<'m>> {
    let of_ask = offer.facet(POSITIONS).map(|ask| Meant { scope: ask.scope.clone(), purpose: &ask.purpose });
    let needs = |service: &&Service| service.needs.contains_key(position);
    let of_services = offer.services.iter().filter(needs);
    let of_services =
        of_services.map(|service| Meant { scope: vec![POSITION.to_owned()], purpose: &service.purpose });
    let all: Vec<Meant<'m>> = match of_ask {
        Some(ask) => vec![ask],
        None => of_services.collect(),
    };
    all.into_iter().filter(|meant| allowed.facet(POSITIONS, meant.purpose)).collect()
}

/// An entry that is for that, with its word.
fn consented(entry: Value<'_, '_>, meant: &Meant<'_>, now: Time) -> Option<Consent> {
    let mut consent = read(entry, &Wanted { scope: &meant.scope, purpose: meant.purpose, now })?;
    let text = |name: &str| entry.get(name).and_then(Value::as_text);
    consent.position = Some((text(POSITION)?, text("disposition").unwrap_or_default()));
    Some(consent)
}

/// The least of the entries of a position, up to what is asked; nothing where that is a denial.
fn least(position: &str, asked: &str, entries: Vec<Consent>) -> Option<Consent> {
    let words = entries.iter().filter_map(|entry| entry.position.as_ref()).map(|(_, word)| word.as_str());
    let word = words.fold(asked, |least, word| lesser(position, least, word));
    let (word, granted) = (lesser(position, word, asked), entries.iter().map(|entry| &entry.granted).max()?);
    let (granted, expires) = (granted.clone(), entries.iter().map(|entry| &entry.expires).min()?.clone());
    let mut least = entries.into_iter().reduce(|mut first, next| {
        first.conditions = match (first.conditions, next.conditions) {
            (Some(one), Some(other)) => Some([one, other].concat()),
            (one, other) => one.or(other),
        };
        first
    })?;
    (least.granted, least.expires) = (granted, expires);
    least.position = Some((position.to_owned(), word.to_owned()));
    (word != DENIED).then_some(least)
}

/// What each position that was asked for comes to, as far as the world is told.
pub fn effective(offer: &Offer, sent: &[Facet]) -> BTreeMap<String, String> {
    let entries =
        sent.iter().flat_map(|facet| &facet.consents).filter_map(|consent| consent.position.as_ref());
    let sent: BTreeMap<&str, &str> = entries.map(|(name, word)| (name.as_str(), word.as_str())).collect();
    let asked = offer.positions().into_keys();
    asked.map(|name| (name.to_owned(), sent.get(name).copied().unwrap_or(DENIED).to_owned())).collect()
}
