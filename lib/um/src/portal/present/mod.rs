//! What a visitor presents to a world: what was asked, and the world's role admits, and the visitor's rules allow, and
//! consents cover. All else stays, whatever the world says.
//!
//! An offer goes through the stages first, as any manifest does. What goes is a new manifest, so that what is withheld
//! and what is not owned look the same, to the byte. Nothing goes to a world that is rated above what a rule bears, or
//! that would turn one away for want of what it requires; a signed receipt says so.

mod age;
mod chosen;
mod claim;
mod claims;
mod consents;
mod facets;
mod going;
mod positions;
#[cfg(test)]
mod tests;

use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, SecretKey};

use super::exchange::Exchange;
use super::ledger::{Entry, State};
use super::roles::Roles;
use super::rules::Rules;
use super::{Evaluation, Offer, Outcome, Setting, Stage, Stand, evaluate, receipt};
use crate::age::Opening;
use crate::draws::{Draws, NoRandomness};
use chosen::Chosen;

/// The code of an offer that is none.
const OFFER: &str = "portal.offer";
const RATING: &str = "portal.rating";
const REQUIREMENT: &str = "portal.requirement";
/// The code of another age than the world was shown before.
pub const PROBE: &str = "age.probe";

/// The longest that a presentation is good for, in nanoseconds.
pub const MAX_TTL: i64 = 3_600_000_000_000;

/// Who goes, and by which rules.
#[derive(Clone, Copy)]
pub struct Visitor<'v> {
    pub key: &'v SecretKey,
    /// Another key, which shows that whoever presents is who holds the claims.
    pub bound: Option<&'v SecretKey>,
    /// What one has, as JSON.
    pub container: &'v str,
    /// The openings of commitments.
    pub openings: &'v [Opening],
    pub roles: &'v Roles,
    pub rules: &'v Rules,
    /// What the offer is evaluated with; where one stands is not asked of it.
    pub setting: Setting<'v>,
    /// The ages that worlds were shown, each by its DID.
    pub shown: &'v [(String, i64)],
    /// How long the presentation is good for, in nanoseconds; at most [`MAX_TTL`].
    pub ttl: i64,
}

/// What comes of an offer.
pub enum Presented {
    /// Something goes.
    Sent(Box<Sent>),
    /// Nothing does.
    Refused(Box<Refused>),
}

/// What goes, and what is kept of it.
pub struct Sent {
    /// The presentation, as canonical JSON.
    pub text: String,
    /// What is to be known when the world answers.
    pub exchange: Exchange,
    pub entry: Entry,
    /// The codes of what was not sent though it was asked for.
    pub notes: Vec<&'static str>,
}

/// That nothing goes.
pub struct Refused {
    /// A signed receipt of the offer.
    pub receipt: String,
    pub entry: Entry,
    /// Why: the codes of its warnings.
    pub codes: Vec<receipt::Code>,
}

/// Why an offer could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum NotPresented {
    /// What one has is not as a manifest has it.
    #[error("{}", .0.detail)]
    Container(Refusal),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl From<Refusal> for NotPresented {
    fn from(refusal: Refusal) -> NotPresented {
        NotPresented::Container(refusal)
    }
}

/// Answers an offer.
///
/// # Errors
/// Where the container is not as a manifest has it, or there is no randomness.
pub fn present(offer: &[u8], visitor: &Visitor<'_>, draws: &mut Draws) -> Result<Presented, NotPresented> {
    let setting = Setting { stand: Stand::Offered, ..visitor.setting };
    let mut judged = evaluate(offer, &setting, Stage::Compose);
    let (mut tape, mut own) = (Tape::new(), Tape::new());
    let text = std::str::from_utf8(offer).unwrap_or_default();
    let manifest = tape.parse(text, json::EVENT_DEPTH).ok();
    let read = manifest.filter(|_| is_whole(&judged)).and_then(Offer::read);
    let container = own.parse(visitor.container, json::EVENT_DEPTH).map_err(Refusal::from)?;
    let world = manifest.and_then(|manifest| manifest.get("subject")?.as_text());
    let mut refuse = |code, draws: &mut Draws| refuse(&mut judged, code, world.clone(), visitor, draws);
    let Some(read) = read else { return refuse(OFFER, draws) };
    let allowed = visitor.rules.allow(&read, visitor.roles);
    if allowed.is_too_strong {
        return refuse(RATING, draws);
    }
    let chosen = Chosen::of(container, &read, &allowed, visitor);
    if !chosen.meets(&read) {
        return refuse(REQUIREMENT, draws);
    }
    let until = manifest.and_then(|manifest| manifest.get("expiresAt")?.as_text()).unwrap_or_default();
    going::send(&judged, &read, &until, container, &chosen, visitor, draws)
        .map(|sent| Presented::Sent(Box::new(sent)))
}

/// Whether an offer passed, and nothing of it is closed.
fn is_whole(judged: &Evaluation) -> bool {
    let is_open = |facet: &receipt::FacetStatus| facet.status == receipt::FacetResult::Processed;
    !judged.is_rejected() && judged.receipt.facets.iter().all(is_open)
}

fn refuse(
    judged: &mut Evaluation,
    code: &'static str,
    with: Option<String>,
    visitor: &Visitor<'_>,
    draws: &mut Draws,
) -> Result<Presented, NotPresented> {
    let found = &mut judged.receipt;
    if !found.is_rejected() {
        found.warn(code);
        found.outcome = Some(Outcome::Rejected);
    }
    let now = visitor.setting.now;
    let receipt = receipt::sign(found.members(), visitor.key, &draws.uuid()?, now)?;
    let entry = Entry {
        at: Instant::print(now).unwrap_or_default(),
        exchange: None,
        own: Sha256::of(receipt.as_bytes()),
        theirs: judged.hash,
        state: State::Refused,
        with,
        age: None,
    };
    Ok(Presented::Refused(Box::new(Refused { receipt, entry, codes: found.warnings.clone() })))
}
