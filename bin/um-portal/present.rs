//! `present`: what a visitor shows of what it has, to whoever asked.

use std::path::Path;
use std::time::Duration;

use ulp_cli::{Failure, Files, Log, Now, Status, read_key};
use ulp_core::kind::Kind;
use ulp_core::trust::SecretKey;
use ulp_um::age::Opening;
use ulp_um::draws::Draws;
use ulp_um::portal::present::{MAX_TTL, NotPresented, Presented, Visitor, present};
use ulp_um::portal::rules::Rules;

use crate::Drawn;
use crate::directory::Portal;
use crate::door::Door;
use crate::draws::{draws, no_randomness};
use crate::ledger::Open;
use crate::pass::{self, Done, refusal};
use crate::sessions::key_of;
use crate::settings;

const CONTAINER: &str = "container.json";
const BIND: &str = "bind.pem";
const OPENINGS: &str = "openings";

/// What offers are answered with.
pub struct With<'w> {
    pub portal: &'w Path,
    pub status: Option<&'w Path>,
    pub ttl: Duration,
    pub now: &'w Now,
}

/// Answers offers.
pub fn run(files: &Files, with: &With<'_>, drawn: &Drawn, log: &mut Log) -> Result<Status, Failure> {
    let ttl = i64::try_from(with.ttl.as_nanos()).ok().filter(|ttl| (1..=MAX_TTL).contains(ttl));
    let ttl = ttl.ok_or_else(|| Failure::usage("--ttl", "at most 1h, and more than nothing"))?;
    let door = Door::of_portal(with.portal, with.status, with.now, log)?;
    let bind = with.portal.join(BIND);
    let bound = bind.exists().then(|| read_key(&bind, log)).transpose()?;
    let Some(portal) = door.portal() else { return Err(Failure::usage("--portal", "it is missing")) };
    let mut desk = Desk {
        door: &door,
        portal,
        bound,
        container: settings::text(&with.portal.join(CONTAINER))?,
        openings: openings(&with.portal.join(OPENINGS))?,
        rules: settings::rules(with.portal, &portal.roles)?,
        ttl,
        draws: draws(drawn.random.as_deref(), log)?,
        shown: Vec::new(),
        seen: None,
    };
    pass::run(files, with.now, log, &mut |bytes| {
        let mut ledger = portal.lock()?;
        if desk.seen != Some(ledger.end()) {
            desk.shown = portal.shown()?;
        }
        let done = desk.answer(bytes, &mut ledger)?;
        desk.seen = Some(ledger.end());
        ledger.release()?;
        Ok(done)
    })
}

/// What a visitor has, and where it is written down what became of it.
struct Desk<'d> {
    door: &'d Door,
    portal: &'d Portal,
    bound: Option<SecretKey>,
    container: String,
    openings: Vec<Opening>,
    rules: Rules,
    ttl: i64,
    draws: Draws,
    /// The ages that worlds were shown.
    shown: Vec<(String, i64)>,
    /// As far as what the ledger was read for these.
    seen: Option<u64>,
}

impl Desk<'_> {
    fn answer(&mut self, offer: &[u8], ledger: &mut Open) -> Result<Done, Failure> {
        let visitor = Visitor {
            key: &self.portal.key,
            bound: self.bound.as_ref(),
            container: &self.container,
            openings: &self.openings,
            roles: &self.portal.roles,
            rules: &self.rules,
            setting: self.door.setting(self.door.now, &|_| None),
            shown: &self.shown,
            ttl: self.ttl,
        };
        let presented = present(offer, &visitor, &mut self.draws).map_err(|error| match error {
            NotPresented::Randomness(error) => no_randomness(error),
            NotPresented::Container(refusal) => Failure::usage(CONTAINER, refusal.detail),
        })?;
        match presented {
            Presented::Sent(sent) => {
                self.portal.open_session(&key_of(&sent.exchange.exchange), &sent.exchange.json())?;
                ledger.append(self.portal, &sent.entry)?;
                let shown = sent.entry.with.clone().zip(sent.entry.age);
                self.shown.extend(shown.filter(|shown| !self.shown.contains(shown)));
                let notes = sent.notes.into_iter().map(|code| (code, "asked for, and not sent")).collect();
                Ok(Done { text: Some(sent.text.into_bytes()), notes, ..Done::default() })
            }
            Presented::Refused(refused) => {
                self.portal.keep(&refused.receipt)?;
                ledger.append(self.portal, &refused.entry)?;
                Ok(Done::refused(refusal(&refused.codes)))
            }
        }
    }
}

/// The openings of a directory, by their names.
///
/// # Errors
/// Usage: one is none.
fn openings(dir: &Path) -> Result<Vec<Opening>, Failure> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = dir.read_dir().and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| Failure::io(dir.display(), error))?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    let opening = |path: &std::path::PathBuf| {
        let text = zeroize::Zeroizing::new(settings::text(path)?);
        Opening::parse(&text).ok_or_else(|| Failure::new(Kind::Usage, path.display(), "not an opening"))
    };
    paths.iter().map(opening).collect()
}
