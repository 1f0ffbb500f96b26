//! roles.toml: what a world of a role is admitted to see, whoever visits it.
//!
//! ```toml
//! ratings = ["general", "teen", "mature", "adult"]
//! role.virtual-world-host = {self_claimed = true, facets = ["portal:persona"], claims = ["identity.entityType"], members = {"portal:persona" = ["displayName"]}}
//! ```
//!
//! A world says which role it has. One that is not `self_claimed` it has where a rule of the visitor's says so, for that
//! world alone; any other world is a `stranger`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::facets;
use super::settings::parse_toml;

/// The role of a world that shows no other.
pub const STRANGER: &str = "stranger";
/// The role that is known without a file.
pub const HOST: &str = "virtual-world-host";
const RATINGS: [&str; 4] = ["general", "teen", "mature", "adult"];

/// The roles, and how content is rated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The ratings, mildest first.
    pub ratings: Vec<String>,
    roles: BTreeMap<String, Role>,
}

/// What a role admits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Whether a world has it by saying so.
    #[serde(default)]
    pub self_claimed: bool,
    /// The kinds of facets.
    #[serde(default)]
    facets: Vec<String>,
    /// The types of claims.
    #[serde(default)]
    claims: Vec<String>,
    /// The members of a kind, where it is not all of them.
    #[serde(default)]
    members: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    ratings: Option<Vec<String>>,
    #[serde(default)]
    role: BTreeMap<String, Role>,
}

impl Default for Roles {
    /// The roles without a file.
    fn default() -> Roles {
        let roles = BTreeMap::from([(HOST.to_owned(), Role::host())]);
        Roles { ratings: RATINGS.map(str::to_owned).to_vec(), roles }
    }
}

/// Reads the text of the file. What it says of a role or of the ratings stands in place of what is known without it.
///
/// # Errors
/// What is not understood, and on which line where that is known.
pub fn parse(text: &str) -> Result<Roles, String> {
    let text: Text = parse_toml(text)?;
    let mut roles = Roles::default();
    roles.roles.extend(text.role);
    if let Some(ratings) = text.ratings {
        let mut seen = std::collections::BTreeSet::new();
        if let Some(twice) = ratings.iter().find(|rating| !seen.insert(rating.as_str())) {
            return Err(format!("ratings: {twice} stands there twice"));
        }
        roles.ratings = ratings;
    }
    Ok(roles)
}

impl Roles {
    /// What a role admits; of one that is not known, nothing.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    /// How strong content of a rating is; one that is not among them is stronger than all.
    pub fn strength(&self, rating: &str) -> usize {
        self.ratings.iter().position(|known| known == rating).unwrap_or(usize::MAX)
    }
}

impl Role {
    /// All that is open, of each kind what it is known to have.
    fn host() -> Role {
        let open = || facets::KINDS.iter().filter(|kind| kind.visibility != facets::Visibility::Sealed);
        let members = open().filter_map(|kind| {
            let members = kind.members?.iter().map(|member| (*member).to_owned()).collect();
            Some((kind.name.to_owned(), members))
        });
        Role {
            self_claimed: true,
            facets: open().map(|kind| kind.name.to_owned()).collect(),
            claims: facets::CLAIMS.map(str::to_owned).to_vec(),
            members: members.collect(),
        }
    }

    pub fn admits_facet(&self, kind: &str) -> bool {
        self.facets.iter().any(|known| known == kind)
    }

    pub fn admits_claim(&self, kind: &str) -> bool {
        self.claims.iter().any(|known| known == kind)
    }

    /// The members of a kind that are admitted; all where it does not say.
    pub fn members(&self, kind: &str) -> Option<&[String]> {
        self.members.get(kind).map(Vec::as_slice)
    }
}
