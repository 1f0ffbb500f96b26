//! A store read by a tool in place of a stream, and what its log says of damage.

use super::{Failure, Log, Now, Status};
use std::path::PathBuf;
use ulp_core::id::Time;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_core::scope::Scope;
use ulp_core::trust::SecretKey;
use ulp_store::history::Holdings;
use ulp_store::read::Damage;
use ulp_store::receipts::Recorder;

/// The store to read, in tools that read a stream where none is named.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct StoreArgs {
    /// Read the store in DIR
    #[arg(long, value_name = "DIR", conflicts_with_all = ["files", "scope"])]
    pub store: Option<PathBuf>,
    /// Believe the snapshots and caches of a store that came from elsewhere
    #[arg(long, requires = "store")]
    pub trust: bool,
}

/// Notes the segments that are known not to be here, and those that are damaged; the latter make the status 3.
///
/// # Errors
/// What the log answers.
pub fn note_damage(log: &mut Log, absent: &[Damage], damage: &[Damage]) -> Result<(), Failure> {
    for absent in absent {
        log.record(&diagnostic(absent))?;
    }
    for damage in damage {
        log.fail(Status::Corrupt, &diagnostic(damage))?;
    }
    Ok(())
}

/// Notes what is known not to be here; ends the run where anything is damaged, as what is said of a store is exact.
///
/// # Errors
/// What the log answers, and the first damage.
pub fn hold(holdings: &Holdings, log: &mut Log) -> Result<(), Failure> {
    for tile in &holdings.tiles {
        note_damage(log, &tile.absent, &tile.damage)?;
    }
    let first = holdings.tiles.iter().find_map(|tile| tile.damage.first());
    first.map_or(Ok(()), |damage| Err(Failure::Corrupt(describe(damage))))
}

/// Whether a store speaks with a key: one that has an identity speaks with its key alone.
///
/// # Errors
/// Wrong usage, where it does not.
pub fn speaks_with(key: &SecretKey, scope: &Scope) -> Result<(), Failure> {
    match scope.identity() {
        Some(identity) if identity != key.did() => Err(Failure::usage(
            "--key",
            format!("the store speaks as {identity}, and this is the key of {}", key.did()),
        )),
        _ => Ok(()),
    }
}

fn diagnostic(damage: &Damage) -> Diagnostic {
    Diagnostic {
        position: None,
        outcome: Outcome::Noted,
        code: damage.code.into(),
        shared: damage.lane.lane.is_shared(),
        event_id: None,
        detail: describe(damage),
    }
}

/// What a clock gives is cut to microseconds, as an event's timestamp is.
const STEP: i64 = 1_000;

/// What writes the receipts of a tool into a store under these rules; nothing where they name no identity.
pub fn recorder(scope: &Scope, tool: &str, now: &Now) -> Option<Recorder> {
    let now = now.clone();
    let is_given = now.given().is_some();
    let clock = move || {
        let time = now.time();
        if is_given { time } else { Time(time.0 - time.0.rem_euclid(STEP)) }
    };
    Recorder::new(scope, format!("{tool} {}", env!("CARGO_PKG_VERSION")), clock)
}

/// The lane, the segment, its events and what is wrong with it.
pub fn describe(damage: &Damage) -> String {
    let Damage { lane, segment, reason, code } = damage;
    let Some((segment, events)) = segment else {
        return format!("{}: all of the lane: {reason} ({code})", lane.dir());
    };
    let (first, last) = (events.start + 1, events.end);
    format!("{}: {segment}, events {first} to {last} of the lane: {reason} ({code})", lane.dir())
}
