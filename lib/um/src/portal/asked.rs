//! What a world asks for: an offer, as it is read.
//!
//! An offer is a manifest whose facet `portal:world` says where one is asked in, and whose facet `portal:requirements`
//! what for. The first ask of a kind or type counts, so that nobody can ask for the same twice in two ways.

use std::collections::{BTreeMap, HashSet};

use ulp_core::hash::Sha256;
use ulp_core::json::{Kind, Value};
use ulp_core::trust::Instant;

use super::positions;
use crate::{facets, hash};

/// The kinds of an offer's facets.
pub const WORLD: &str = "portal:world";
pub const REQUIREMENTS: &str = "portal:requirements";
/// The facet that positions stand on, and what its consents are for.
pub const POSITIONS: &str = "portal:positions";
pub const POSITION: &str = "position";

/// What a world says and asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its `@id`.
    pub id: String,
    /// Whose it is.
    pub world: String,
    pub issued: Instant,
    pub expires: Instant,
    /// What it is called by its content.
    pub hash: Sha256,
    pub title: Option<String>,
    pub rating: Option<String>,
    /// What the world says that it is.
    pub role: String,
    /// What is given out to be proven to.
    pub nonce: String,
    /// The tier of trust below which nobody comes in.
    pub floor: u8,
    pub facets: Vec<FacetAsk>,
    pub claims: Vec<ClaimAsk>,
    pub services: Vec<Service>,
}

/// A facet that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetAsk {
    pub kind: String,
    /// What is to be done with it.
    pub scope: Vec<String>,
    pub purpose: String,
    /// The members that are asked for; all where it does not say.
    pub members: Option<Vec<String>>,
    /// The types of credentials that are asked for.
    pub types: Option<Vec<String>>,
    pub required: bool,
}

/// A claim that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimAsk {
    pub claim: String,
    pub entity_types: Option<Vec<String>>,
    pub namespace: Option<String>,
    pub age_over: Option<i64>,
    pub mechanism: Option<String>,
    pub required: bool,
}

/// Something that starts where positions allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub id: String,
    pub purpose: String,
    /// The word that each position must have at least.
    pub needs: BTreeMap<String, String>,
}

impl Offer {
    /// Reads a manifest that broke no rule; nothing where it is no offer.
    pub fn read(manifest: Value<'_, '_>) -> Option<Offer> {
        let world = entity(manifest, WORLD)?;
        let asked = entity(manifest, REQUIREMENTS)?;
        let tier = tier(asked, "tier")?.max(tier(manifest, "requiredTrustTier")?);
        Some(Offer {
            id: text(manifest, "@id")?,
            world: text(manifest, "subject")?,
            issued: Instant::of(manifest.get("issuedAt")?)?,
            expires: Instant::of(manifest.get("expiresAt")?)?,
            hash: hash::of(manifest),
            title: optional(world, "title")?,
            rating: optional(world, "contentRating")?,
            role: text(asked, "role")?,
            nonce: text(asked, "challengeNonce").filter(|nonce| !nonce.is_empty())?,
            floor: tier,
            facets: firsts(all(asked, "asks", "kind", FacetAsk::read)?, |ask| &ask.kind),
            claims: firsts(all(asked, "asks", "claim", ClaimAsk::read)?, |ask| &ask.claim),
            services: list(asked, "services")?.map(Service::read).collect::<Option<_>>()?,
        })
    }

    /// The ask for a kind of facet. Whoever offers services that need positions asks for these.
    pub fn facet(&self, kind: &str) -> Option<&FacetAsk> {
        self.facets.iter().find(|ask| ask.kind == kind)
    }

    /// The ask for a type of claim.
    pub fn claim(&self, kind: &str) -> Option<&ClaimAsk> {
        self.claims.iter().find(|ask| ask.claim == kind)
    }

    /// Whether facets of that kind are asked for.
    pub fn wants(&self, kind: &str) -> bool {
        self.facet(kind).is_some() || (kind == POSITIONS && self.services.iter().any(|s| !s.needs.is_empty()))
    }

    /// What is asked of each position: the most that a service needs.
    pub fn positions(&self) -> BTreeMap<&str, &str> {
        let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
        for (position, word) in self.services.iter().flat_map(|service| &service.needs) {
            let most = asked.entry(position).or_insert(word);
            *most = positions::greater(position, most, word);
        }
        asked
    }
}

impl FacetAsk {
    fn read(ask: Value<'_, '_>) -> Option<FacetAsk> {
        Some(FacetAsk {
            kind: text(ask, "kind")?,
            scope: texts(ask, "scope")?.filter(|scope| !scope.is_empty())?,
            purpose: text(ask, "purpose")?,
            members: texts(ask, "members")?,
            types: texts(ask, "types")?,
            required: flag(ask, "required")?,
        })
    }
}

impl ClaimAsk {
    fn read(ask: Value<'_, '_>) -> Option<ClaimAsk> {
        let age_over = match ask.get("ageOver") {
            Some(years) => Some(years.as_i64()?),
            None => None,
        };
        Some(ClaimAsk {
            claim: text(ask, "claim")?,
            entity_types: texts(ask, "entityTypes")?,
            namespace: optional(ask, "namespace")?,
            age_over,
            mechanism: optional(ask, "mechanism")?,
            required: flag(ask, "required")?,
        })
    }
}

impl Service {
    fn read(service: Value<'_, '_>) -> Option<Service> {
        let needs = service.get("needs");
        let need = |(name, word): (Value<'_, '_>, Value<'_, '_>)| Some((name.as_text()?, word.as_text()?));
        Some(Service {
            id: text(service, "id")?,
            purpose: text(service, "purpose")?,
            needs: needs.into_iter().flat_map(Value::members).map(need).collect::<Option<_>>()?,
        })
    }
}

/// What an open facet of a kind holds; the first of that kind.
fn entity<'t, 'a>(manifest: Value<'t, 'a>, kind: &str) -> Option<Value<'t, 'a>> {
    let kinds = [kind.to_owned()];
    let facet = facets::of(manifest).into_iter().find(|facet| facets::is_of(*facet, &kinds))?;
    facets::content(facet).filter(|content| !facets::is_sealed(facet) && content.kind() == Kind::Object)
}

/// The asks that have a member of that name, each read.
fn all<T>(
    asked: Value<'_, '_>,
    member: &str,
    name: &str,
    read: fn(Value<'_, '_>) -> Option<T>,
) -> Option<Vec<T>> {
    list(asked, member)?.filter(|ask| ask.get(name).is_some()).map(read).collect()
}

/// The first of each name.
fn firsts<T>(asks: Vec<T>, name: fn(&T) -> &String) -> Vec<T> {
    let mut seen = HashSet::new();
    let is_first: Vec<bool> = asks.iter().map(|ask| seen.insert(name(ask).clone())).collect();
    asks.into_iter().zip(is_first).filter_map(|(ask, is_first)| is_first.then_some(ask)).collect()
}

/// The items of a list that need not be there.
fn list<'t, 'a>(object: Value<'t, 'a>, name: &str) -> Option<impl Iterator<Item = Value<'t, 'a>>> {
    let list = object.get(name);
    list.is_none_or(|list| list.kind() == Kind::Array).then(|| list.into_iter().flat_map(Value::items))
}

fn text(object: Value<'_, '_>, name: &str) -> Option<String> {
    object.get(name)?.as_text()
}

/// A text that need not be there, and is nothing else where it is.
fn optional(object: Value<'_, '_>, name: &str) -> Option<Option<String>> {
    object.get(name).map_or(Some(None), |value| value.as_text().map(Some))
}

fn texts(object: Value<'_, '_>, name: &str) -> Option<Option<Vec<String>>> {
    let Some(list) = object.get(name) else { return Some(None) };
    let texts = list.items().map(Value::as_text).collect::<Option<Vec<String>>>();
    if list.kind() == Kind::Array { texts.map(Some) } else { None }
}

fn flag(object: Value<'_, '_>, name: &str) -> Option<bool> {
    object.get(name).map_or(Some(false), Value::as_bool)
}

/// A tier of trust; none is 0.
fn tier(object: Value<'_, '_>, name: &str) -> Option<u8> {
    let Some(value) = object.get(name) else { return Some(0) };
    (0..=3u8).find(|tier| value.as_f64() == Some(f64::from(*tier)))
}
