//! What goes of what one has.

use std::collections::BTreeSet;

use ulp_core::json::Value;

use super::claim::Claim;
use super::facets::{self, Facet};
use super::{Visitor, claims, positions};
use crate::portal::Offer;
use crate::portal::asked::POSITIONS;
use crate::portal::rules::Allowed;

/// What goes, in the order in which it goes.
pub struct Chosen {
    pub facets: Vec<Facet>,
    pub claims: Vec<Claim>,
    /// The codes of what does not.
    pub notes: Vec<&'static str>,
}

impl Chosen {
    /// What a world gets of a container.
    pub fn of(
        container: Value<'_, '_>,
        offer: &Offer,
        allowed: &Allowed<'_>,
        visitor: &Visitor<'_>,
    ) -> Chosen {
        let mut notes = Vec::new();
        let now = visitor.setting.now;
        let mut facets: Vec<Facet> = Vec::new();
        let of_positions = offer.wants(POSITIONS).then(|| positions::choose(container, offer, allowed, now));
        facets.extend(of_positions.flatten());
        for ask in offer.facets.iter().filter(|ask| ask.kind != POSITIONS) {
            facets.extend(facets::choose(container, ask, allowed, now, &mut notes));
        }
        facets.sort_by(|one, other| one.kind.cmp(&other.kind));
        let claims = claims::choose(container, offer, allowed, visitor, &mut notes);
        notes.sort_unstable();
        notes.dedup();
        Chosen { facets, claims, notes }
    }

    /// Whether all goes that is required.
    pub fn meets(&self, offer: &Offer) -> bool {
        let sent = self.kinds();
        let has_facet = |kind: &str| sent.contains(kind);
        let has_claim = |kind: &str| self.claims.iter().any(|claim| claim.kind == kind && claim.is_shown);
        offer.facets.iter().filter(|ask| ask.required).all(|ask| has_facet(&ask.kind))
            && offer.claims.iter().filter(|ask| ask.required).all(|ask| has_claim(&ask.claim))
    }

    /// The kinds of facets that go.
    pub fn kinds(&self) -> BTreeSet<&str> {
        self.facets.iter().map(|facet| facet.kind.as_str()).collect()
    }

    /// The types of claims that go.
    pub fn types(&self) -> BTreeSet<&str> {
        self.claims.iter().map(|claim| claim.kind.as_str()).collect()
    }
}
