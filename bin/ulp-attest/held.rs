//! What a store holds, once nothing in it is found to be damaged.

use ulp_cli::{Failure, Log, stored};
use ulp_store::history::Holdings;

/// Notes what is known not to be here; ends the run where anything is damaged, as what is said of a store is exact.
pub fn hold(holdings: &Holdings, log: &mut Log) -> Result<(), Failure> {
    for tile in &holdings.tiles {
        stored::note_damage(log, &tile.absent, &tile.damage)?;
    }
    let first = holdings.tiles.iter().find_map(|tile| tile.damage.first());
    first.map_or(Ok(()), |damage| Err(Failure::Corrupt(stored::describe(damage))))
}
