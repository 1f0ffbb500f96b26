//! Facets that go.

use ulp_core::id::Time;
use ulp_core::json::write::{Object, write_list};
use ulp_core::json::{Kind, Value};

use super::consents::{Consent, Wanted, all_of};
use crate::facets;
use crate::hash::canonical;
use crate::portal::asked::FacetAsk;
use crate::portal::facets::{CREDENTIALS, PERFORMANCE, Visibility, visibility};
use crate::portal::project::{items, last_type};
use crate::portal::rules::Allowed;

/// The code of performance data that is more than a pointer to it.
const SAMPLES: &str = "portal.samples";
/// What performance data has, beside what names it.
const POINTERS: [&str; 6] = ["@id", "@type", "pointer", "signals", "sensor", "authorization"];
/// What a facet asks of whoever reads it.
const FLOORS: [&str; 3] = ["requiredTrustTier", "requiredLiveness", "requiredAssuranceClass"];

/// A facet that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    pub kind: String,
    pub content: Content,
    /// Its floors, by name, as JSON.
    pub floors: Vec<(&'static str, String)>,
    pub consents: Vec<Consent>,
}

/// What a facet holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Members, by name, as JSON.
    Open(Vec<(String, String)>),
    /// A JWE, and by which profile.
    Sealed { jwe: String, profile: String },
}

/// The facets of a kind that go, in the container's order.
pub fn choose(
    container: Value<'_, '_>,
    ask: &FacetAsk,
    allowed: &Allowed<'_>,
    now: Time,
    notes: &mut Vec<&'static str>,
) -> Vec<Facet> {
    if !allowed.facet(&ask.kind, &ask.purpose) {
        return Vec::new();
    }
    let wanted = Wanted { scope: &ask.scope, purpose: &ask.purpose, now };
    let of_kind = items(container, "facets").filter(|facet| last_type(*facet).as_ref() == Some(&ask.kind));
    let mut chosen = Vec::new();
    for facet in of_kind {
        let consents = all_of(container, facet, &wanted);
        if consents.is_empty() {
            continue;
        }
        if has_samples(facet, &ask.kind) {
            notes.push(SAMPLES);
            continue;
        }
        let content = content(facet, ask, allowed.members(&ask.kind));
        chosen.extend(content.map(|content| {
            let (kind, floors) = (ask.kind.clone(), floors(facet));
            Facet { kind, content, floors, consents }
        }));
    }
    chosen
}

/// What a facet asks of whoever reads it.
pub fn floors(facet: Value<'_, '_>) -> Vec<(&'static str, String)> {
    let floor = |name: &&'static str| Some((*name, facet.get(name)?.raw().to_owned()));
    FLOORS.iter().filter_map(floor).collect()
}

/// Whether it holds what it should only point to.
fn has_samples(facet: Value<'_, '_>, kind: &str) -> bool {
    let known = |name: Value<'_, '_>| POINTERS.iter().any(|member| name.is_str(member));
    let is_open = kind == PERFORMANCE && !facets::is_sealed(facet);
    is_open && facets::content(facet).is_some_and(|content| !content.members().all(|(name, _)| known(name)))
}

/// What goes of a facet's content; nothing where it must not go, as what is open and should be sealed.
fn content(facet: Value<'_, '_>, ask: &FacetAsk, admitted: Option<&[String]>) -> Option<Content> {
    let content = facets::content(facet).filter(|content| content.kind() == Kind::Object)?;
    if let Some(profile) = facet.get(facets::PROFILE) {
        let (jwe, profile) = (content.raw().to_owned(), profile.raw().to_owned());
        return Some(Content::Sealed { jwe, profile });
    }
    if visibility(&ask.kind) == Visibility::Sealed {
        return None;
    }
    let is_in = |list: Option<&[String]>, name: &String| list.is_none_or(|list| list.contains(name));
    let goes = |name: &String| {
        !name.starts_with('@') && is_in(admitted, name) && is_in(ask.members.as_deref(), name)
    };
    let members = content.members().filter_map(|(name, value)| {
        let name = name.as_text().filter(goes)?;
        Some((name, value.raw().to_owned()))
    });
    let members: Vec<(String, String)> = members.collect();
    if ask.kind != CREDENTIALS {
        return Some(Content::Open(members));
    }
    of_types(content, ask.types.as_deref()?).map(|list| {
        let others = members.into_iter().filter(|(name, _)| name != "credentials");
        Content::Open(others.chain([("credentials".to_owned(), list)]).collect())
    })
}

/// The credentials of some types, as a list; nothing where there are none.
fn of_types(content: Value<'_, '_>, types: &[String]) -> Option<String> {
    let credentials = content.get("credentials")?;
    let is_asked = |kind: Value<'_, '_>| types.iter().any(|asked| kind.is_str(asked));
    let of_type = |credential: &Value<'_, '_>| {
        credential.get("type").is_some_and(|kind| is_asked(kind) || kind.items().any(is_asked))
    };
    let list: Vec<Vec<u8>> = credentials.items().filter(of_type).map(canonical).collect();
    let mut out = Vec::new();
    write_list(&list, &mut out);
    String::from_utf8(out).ok().filter(|_| !list.is_empty())
}

impl Facet {
    /// What it holds, as it stands in a manifest whose `@id` that is.
    pub fn entity(&self, mut named: Object) -> String {
        match &self.content {
            Content::Open(members) => {
                for (name, raw) in members {
                    named.raw(name, Some(raw));
                }
                named.json()
            }
            Content::Sealed { jwe, .. } => jwe.clone(),
        }
    }
}
