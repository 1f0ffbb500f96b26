//! What documents are evaluated with: a portal's directory, or a context.

use std::cell::RefCell;
use std::path::Path;

use ulp_cli::{Failure, Log, Now};
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::{self, Tape, Value};
use ulp_core::trust::Verifier;
use ulp_um::cache::said::Status;
use ulp_um::dids::Dids;
use ulp_um::portal::context::{self, Told};
use ulp_um::portal::{Assurance, Evaluation, Setting, Stage, Stand, Trust, evaluate_watched};

use crate::directory::Portal;
use crate::sessions::Spent;
use crate::{With, settings};

/// The highest tier of trust that is verified here.
const MAX_TIER: u8 = 1;
/// Nanoseconds of a millisecond, as fine as an instant is written.
const MILLI: i64 = 1_000_000;

/// What stands fixed while documents are evaluated.
pub struct Door {
    pub at: Stands,
    /// What was given with `--now`, or the clock, in whole milliseconds.
    pub now: Time,
    /// Whether it was given.
    pub is_given: bool,
    verifier: Verifier,
    status: Vec<Status>,
}

/// Where documents come to.
pub enum Stands {
    /// A portal, which signs.
    Portal(Box<Portal>),
    /// Nowhere: a context says everything.
    Context { told: Told, dids: Dids, trust: Trust },
}

impl Door {
    pub fn open(with: &With, log: &mut Log) -> Result<Door, Failure> {
        let at = match (&with.portal, &with.context) {
            (Some(portal), _) => Stands::Portal(Box::new(Portal::open(portal, log)?)),
            (None, Some(file)) => {
                Stands::Context { told: told(file)?, dids: Dids::none(), trust: Trust::default() }
            }
            (None, None) => return Err(Failure::usage("--portal", "it is missing")),
        };
        Door::at(at, with.status.as_deref(), &with.now)
    }

    /// The door of a portal.
    pub fn of_portal(
        portal: &Path,
        status: Option<&Path>,
        now: &Now,
        log: &mut Log,
    ) -> Result<Door, Failure> {
        Door::at(Stands::Portal(Box::new(Portal::open(portal, log)?)), status, now)
    }

    fn at(at: Stands, status: Option<&Path>, now: &Now) -> Result<Door, Failure> {
        let told = match &at {
            Stands::Context { told, .. } => told.now,
            Stands::Portal(_) => None,
        };
        Ok(Door {
            at,
            now: whole(told.unwrap_or_else(|| now.time())),
            is_given: told.is_some() || now.given().is_some(),
            verifier: Verifier::new(),
            status: settings::statuses(status)?,
        })
    }

    pub fn portal(&self) -> Option<&Portal> {
        match &self.at {
            Stands::Portal(portal) => Some(portal),
            Stands::Context { .. } => None,
        }
    }

    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Takes a document through the stages up to one, at an instant. `watch` sees what is found after each.
    pub fn evaluate(
        &self,
        bytes: &[u8],
        now: Time,
        last: Stage,
        watch: &mut dyn FnMut(&Evaluation),
    ) -> Result<Evaluation, Failure> {
        let failure = RefCell::new(None);
        let open = |nonce: &str| match self.portal().map(|portal| portal.opened(nonce)) {
            Some(Ok(offer)) => offer,
            Some(Err(error)) => {
                failure.replace(Some(error));
                None
            }
            None => None,
        };
        let found = evaluate_watched(bytes, &self.setting(now, &open), last, watch);
        failure.into_inner().map_or(Ok(found), Err)
    }

    pub fn setting<'s>(&'s self, now: Time, open: &'s dyn Fn(&str) -> Option<String>) -> Setting<'s> {
        let Door { verifier, status, .. } = self;
        match &self.at {
            Stands::Portal(portal) => Setting {
                now,
                verifier,
                dids: &portal.dids,
                trust: &portal.trust,
                ratings: &portal.roles.ratings,
                opener: portal.opener.as_ref(),
                status,
                assurance: Assurance::Software,
                max_tier: MAX_TIER,
                scope: &[],
                stand: Stand::Door { us: &portal.did, open },
            },
            Stands::Context { told, dids, trust } => Setting {
                now,
                verifier,
                dids,
                trust,
                ratings: &[],
                opener: None,
                status,
                assurance: told.assurance.unwrap_or(Assurance::Software),
                // A higher tier than ours is verified by nobody here, whatever a context says.
                max_tier: told.max_tier.unwrap_or(MAX_TIER).min(MAX_TIER),
                scope: &told.scope,
                stand: match &told.challenge {
                    Some(challenge) => Stand::Challenged { challenge, audience: told.audience.as_deref() },
                    None => Stand::Alone,
                },
            },
        }
    }

    /// What the nonce was spent on that these bytes name, where it was spent on these bytes.
    pub fn spent_on(&self, bytes: &[u8]) -> Result<Option<Spent>, Failure> {
        let Some((portal, nonce)) = self.portal().zip(nonce(bytes)) else { return Ok(None) };
        let spent = portal.spent(&nonce)?;
        Ok(spent.filter(|spent| spent.bytes == Sha256::of(bytes)))
    }
}

fn told(file: &Path) -> Result<Told, Failure> {
    context::parse(&settings::text(file)?).map_err(|reason| Failure::usage(file.display(), reason))
}

/// An instant as fine as it is written.
pub fn whole(time: Time) -> Time {
    Time(time.0.div_euclid(MILLI) * MILLI)
}

/// The nonce that a presentation names.
fn nonce(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut tape = Tape::new();
    let manifest = tape.parse(text, json::EVENT_DEPTH).ok()?;
    manifest.get("presentationProof")?.get("challenge").and_then(Value::as_text)
}
