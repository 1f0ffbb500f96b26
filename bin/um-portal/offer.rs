//! `offer`: what a world says of itself and asks for.

use std::io::Write as _;
use std::path::Path;

use ulp_cli::{Failure, Log, Now, Output, Status, Witness};
use ulp_um::portal::offer::{NotMade, make};

use crate::Drawn;
use crate::directory::Portal;
use crate::door::whole;
use crate::draws::{draws, no_randomness};
use crate::settings;

const TERMS: &str = "terms.json";

/// Makes an offer, which is kept before anybody sees it.
pub fn run(portal: &Path, drawn: &Drawn, now: &Now, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::stdout()?;
    let path = portal.join(TERMS);
    let portal = Portal::open(portal, log)?;
    let terms = settings::text(&path)?;
    let mut draws = draws(drawn.random.as_deref(), log)?;
    let made = make(&terms, &portal.key, &mut draws, whole(now.time())).map_err(|error| match error {
        NotMade::Randomness(error) => no_randomness(error),
        NotMade::Terms(refusal) => Failure::usage(path.display(), refusal.detail),
    })?;
    let ledger = portal.lock()?;
    portal.open_session(&made.nonce, &made.text)?;
    ledger.release()?;
    writeln!(out, "{}", made.text)?;
    log.finish(Some(out), &Witness { now: now.given(), ..Witness::default() })
}
