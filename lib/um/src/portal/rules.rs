//! rules.toml: what a visitor lets a world have, by its role.
//!
//! ```toml
//! expect = ["manifest-verified"]
//! rule = [{role = "virtual-world-host", audience = "*", facets = ["*"], claims = ["identity.entityType"], purposes = ["portal-entry"], ages = [18], max_rating = "mature"}]
//! ```
//!
//! A rule holds for the worlds of a role: for all (`*`), or for one by its DID. `*` among its facets means the public
//! kinds alone. A world that is rated above `max_rating`, or that says no rating, gets nothing by it.

use serde::Deserialize;

use super::Offer;
use super::facets::{self, Visibility};
use super::roles::{Role, Roles, STRANGER};
use super::settings::parse_toml;
use crate::age;

const ALL: &str = "*";

/// The rules of a visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(default)]
    rule: Vec<Rule>,
    /// The events that a world's receipt is expected to hold.
    #[serde(default)]
    pub expect: Vec<String>,
}

/// What worlds of a role may have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    role: String,
    audience: String,
    #[serde(default)]
    facets: Vec<String>,
    #[serde(default)]
    claims: Vec<String>,
    #[serde(default)]
    purposes: Vec<String>,
    /// The ages that may be shown, in years.
    #[serde(default)]
    ages: Vec<u32>,
    max_rating: Option<String>,
}

/// Reads the text of the file; `roles` says which ratings there are.
///
/// # Errors
/// What is not understood, and on which line where that is known.
pub fn parse(text: &str, roles: &Roles) -> Result<Rules, String> {
    let rules: Rules = parse_toml(text)?;
    for rule in &rules.rule {
        let max = rule.max_rating.as_ref();
        if let Some(max) = max.filter(|max| !roles.ratings.contains(max)) {
            return Err(format!("max_rating: {max} is none of the ratings"));
        }
        if let Some(years) = rule.ages.iter().find(|years| !age::AGES.contains(years)) {
            return Err(format!("ages: {years} is not from 1 to 150"));
        }
    }
    Ok(rules)
}

/// What a visitor lets one world have.
pub struct Allowed<'r> {
    /// What the role of the world admits.
    role: Option<&'r Role>,
    /// The rules that hold for it.
    rules: Vec<&'r Rule>,
    /// Whether rules would hold if it were rated more mildly.
    pub is_too_strong: bool,
}

impl Rules {
    /// What a world may have that makes an offer.
    pub fn allow<'r>(&'r self, offer: &Offer, roles: &'r Roles) -> Allowed<'r> {
        let name = self.role_of(offer, roles);
        let of_world = |rule: &&Rule| rule.role == name && rule.is_for(&offer.world);
        let of_world: Vec<&Rule> = self.rule.iter().filter(of_world).collect();
        let rules = of_world.iter().copied().filter(|rule| rule.bears(offer, roles)).collect::<Vec<_>>();
        let is_too_strong = rules.is_empty() && !of_world.is_empty();
        Allowed { role: roles.role(name), rules, is_too_strong }
    }

    /// The role that a world has: the one that it claims, where that is enough or a rule says so of it.
    fn role_of<'r>(&'r self, offer: &'r Offer, roles: &Roles) -> &'r str {
        let claimed = roles.role(&offer.role);
        let names = |rule: &Rule| rule.role == offer.role && rule.audience == offer.world;
        let has = claimed.is_some_and(|role| role.self_claimed || self.rule.iter().any(names));
        if has { &offer.role } else { STRANGER }
    }
}

impl Rule {
    fn is_for(&self, world: &str) -> bool {
        self.audience == ALL || self.audience == world
    }

    fn bears(&self, offer: &Offer, roles: &Roles) -> bool {
        let strength = offer.rating.as_deref().map_or(usize::MAX, |rating| roles.strength(rating));
        self.max_rating.as_ref().is_none_or(|max| strength <= roles.strength(max))
    }

    fn allows_facet(&self, kind: &str, purpose: &str) -> bool {
        let is_public = facets::visibility(kind) == Visibility::Public;
        let names = |name: &String| name == kind || (name == ALL && is_public);
        self.facets.iter().any(names) && self.purposes.iter().any(|known| known == purpose)
    }
}

impl Allowed<'_> {
    /// Whether facets of a kind may go for a purpose.
    pub fn facet(&self, kind: &str, purpose: &str) -> bool {
        let is_admitted = self.role.is_some_and(|role| role.admits_facet(kind));
        is_admitted && self.rules.iter().any(|rule| rule.allows_facet(kind, purpose))
    }

    /// Whether claims of a type may go.
    pub fn claim(&self, kind: &str) -> bool {
        let is_admitted = self.role.is_some_and(|role| role.admits_claim(kind));
        is_admitted && self.rules.iter().any(|rule| rule.claims.iter().any(|known| known == kind))
    }

    /// Whether it may be shown that one is older than so many years.
    pub fn age(&self, years: u32) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.ages.contains(&years) && rule.claims.iter().any(|kind| kind == facets::AGE_OVER))
    }

    /// The members of a kind that the role admits; all where it does not say.
    pub fn members(&self, kind: &str) -> Option<&[String]> {
        self.role.and_then(|role| role.members(kind))
    }
}
