//! Spaces and tiles that were asked for and are nowhere: a name with a slip in it would look like an empty world.

use super::{Failure, Log, Select};
use ulp_core::id::{Lane, Tile};
use ulp_core::report::{Diagnostic, Outcome, Tally};
use ulp_store::Store;

/// Notes the spaces and tiles that were chosen and that nothing of a stream is of. `taken` is where what was chosen
/// lies, and `tally` tells of the rest.
///
/// # Errors
/// What the log answers.
pub fn in_stream<'p>(
    select: &Select,
    taken: impl Iterator<Item = (&'p str, Tile)>,
    tally: &Tally,
    log: &mut Log,
) -> Result<(), Failure> {
    if !select.names_any() {
        return Ok(());
    }
    // Which spaces they are of is not told, but that one that was chosen has other tiles.
    let elsewhere = tally.codes.contains_key("view.tile");
    note(select, &taken.collect::<Vec<_>>(), elsewhere, log)
}

/// Notes the spaces and tiles that were chosen and that no lane of a store is of, among those that are looked at.
///
/// # Errors
/// What the store and the log answer.
pub fn in_store(
    select: &Select,
    store: &Store,
    takes: impl Fn(Lane) -> bool,
    log: &mut Log,
) -> Result<(), Failure> {
    if !select.names_any() {
        return Ok(());
    }
    let lanes = store.lanes()?;
    let seen = lanes.iter().filter(|id| takes(id.lane));
    let there: Vec<(&str, Tile)> = seen.map(|id| (id.space.as_str(), id.tile)).collect();
    note(select, &there, false, log)
}

/// Which places there are is not said: some may be known to few. `elsewhere` says whether there are others yet, of
/// spaces that were chosen.
fn note(select: &Select, there: &[(&str, Tile)], elsewhere: bool, log: &mut Log) -> Result<(), Failure> {
    let spaces = select.space.iter().filter(|space| !there.iter().any(|(s, _)| s == space));
    for space in spaces.filter(|_| !elsewhere) {
        say("view.unknown_space", format!("{space}: nothing that is looked at is of this space"), log)?;
    }
    let chosen: Vec<Tile> = there.iter().filter(|(s, _)| select.space(s)).map(|(_, tile)| *tile).collect();
    if chosen.is_empty() && !select.space.is_empty() && !elsewhere {
        return Ok(());
    }
    for prefix in select.tile.iter().filter(|prefix| !chosen.iter().any(|tile| prefix.holds(*tile))) {
        say("view.unknown_tile", format!("{prefix}: nothing that is looked at is of this tile"), log)?;
    }
    Ok(())
}

fn say(code: &'static str, what: String, log: &mut Log) -> Result<(), Failure> {
    log.warn(&Diagnostic {
        position: None,
        outcome: Outcome::Noted,
        code: code.into(),
        // The name is the asker's own.
        shared: true,
        event_id: None,
        detail: format!("{what}; ulp-materialize --root lists the tiles that there are"),
    })
}
