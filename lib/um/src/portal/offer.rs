//! An offer: what a world says of itself and asks for, signed for ten minutes, with a nonce that one visitor may spend.
//!
//! ```json
//! {"title":"Lantern Hall","contentRating":"teen","role":"virtual-world-host","tier":1,"asks":[…],"services":[…]}
//! ```

use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::write::write_list;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Scratch, SecretKey, Verifier};

use super::Offer;
use super::asked::{REQUIREMENTS, WORLD};
use super::write::{self, PURPOSE};
use crate::dids::Dids;
use crate::draws::{Draws, NoRandomness};
use crate::hash;
use crate::manifest::{self, Clock, Context};

/// How long an offer is good for, in nanoseconds.
const LIFETIME: i64 = 600_000_000_000;
/// What the consents of an offer are for.
const SCOPE: [&str; 1] = ["read"];
/// The members of terms, by the facet that they go to.
const OF_WORLD: [&str; 2] = ["title", "contentRating"];
const OF_REQUIREMENTS: [&str; 4] = ["role", "asks", "services", "tier"];

/// An offer that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its canonical text.
    pub text: String,
    pub hash: Sha256,
    /// What its presentation is to prove.
    pub nonce: String,
}

/// Why no offer was made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// What the terms say is no offer.
    #[error("{}", .0.detail)]
    Terms(Refusal),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl From<Refusal> for NotMade {
    fn from(refusal: Refusal) -> NotMade {
        NotMade::Terms(refusal)
    }
}

/// Makes an offer of a world's terms.
///
/// # Errors
/// Where the terms are not as an offer has them, or there is no randomness.
pub fn make(terms: &str, key: &SecretKey, draws: &mut Draws, now: Time) -> Result<Made, NotMade> {
    let mut tape = Tape::new();
    let terms = tape.parse(terms, json::EVENT_DEPTH).map_err(Refusal::from)?;
    check_members(terms)?;
    let id = draws.uuid()?;
    let nonce = draws.hex16()?;
    let text = sign(terms, &id, &nonce, key, now)?;
    let hash = check(&text)?;
    Ok(Made { text, hash, nonce })
}

fn check_members(terms: Value<'_, '_>) -> Result<(), Refusal> {
    let known = |name: Value<'_, '_>| OF_WORLD.iter().chain(&OF_REQUIREMENTS).any(|known| name.is_str(known));
    match terms.members().find(|(name, _)| !known(*name)) {
        Some((name, _)) => Err(refuse(&format!("{} is no term", name.as_text().unwrap_or_default()))),
        None if terms.get("role").is_none_or(|role| role.kind() != Kind::String) => {
            Err(refuse("role is not a string"))
        }
        None => Ok(()),
    }
}

fn refuse(detail: &str) -> Refusal {
    Refusal::new("um.facets", detail)
}

fn sign(terms: Value<'_, '_>, id: &str, nonce: &str, key: &SecretKey, now: Time) -> Result<String, Refusal> {
    let times = write::Times::new(now, LIFETIME)?;
    let copied = |names: &[&'static str], n: usize| {
        let mut entity = write::entity(id, n);
        for name in names {
            entity.raw(name, terms.get(name).map(Value::raw));
        }
        entity
    };
    let mut requirements = copied(&OF_REQUIREMENTS, 1);
    requirements.text("challengeNonce", Some(nonce));
    for list in ["asks", "services"].iter().filter(|name| terms.get(name).is_none()) {
        requirements.list(list, &[]);
    }
    let facets = [(WORLD, copied(&OF_WORLD, 0)), (REQUIREMENTS, requirements)];
    let facets = facets
        .into_iter()
        .enumerate()
        .map(|(n, (kind, entity))| write::facet(id, n, kind, &entity.json()).bytes());
    let consent = |n: usize| {
        let terms =
            write::Terms { scope: &SCOPE, purpose: PURPOSE, granted: &times.issued, expires: &times.expires };
        write::consent(id, n, n, &terms).bytes()
    };
    let mut offer = write::manifest(id, key, &times);
    let facets: Vec<Vec<u8>> = facets.collect();
    offer
        .member("facets", |out| write_list(&facets, out))
        .member("consents", |out| write_list(&[consent(0), consent(1)], out));
    write::sign(offer, key, &times)
}

/// Whether what was made is an offer, as whoever reads it sees it.
fn check(text: &str) -> Result<Sha256, Refusal> {
    let mut tape = Tape::new();
    let offer = tape.parse(text, json::EVENT_DEPTH)?;
    let (verifier, dids) = (Verifier::new(), Dids::none());
    let context = Context { clock: Clock::Unasked, verifier: &verifier, dids: &dids };
    manifest::check(offer, text.len(), &context, &mut Scratch::default())?;
    let read = Offer::read(offer).map(|_| hash::of(offer));
    read.ok_or_else(|| refuse("asks, services or tier are not as in an offer"))
}
