//! `--history`: exactly the lines that a history root hashes.

use crate::Args;
use std::io::Write as _;
use ulp_cli::{Failure, Log, Output, Status, Witness, missing, project, stored};
use ulp_core::hash::Blake3;
use ulp_core::id::Tile;
use ulp_store::Store;
use ulp_store::read::Place;

/// Writes them: of the store, of a space, or of a tile or a lane.
pub fn run(args: &Args, store: &Store, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let tile = one_place(args)?;
    missing::in_store(&args.select, store, |lane| lane.is_shared(), log)?;
    let mut places = store.shared_tiles()?;
    places.retain(|place| project::not_selected(&args.select, &place.space, place.tile).is_none());
    let manifests = if tile.is_some() {
        hashes(args, store, &places, &mut out, log)?
    } else {
        let holdings = store.holdings(&places)?;
        stored::hold(&holdings, log)?;
        let (tiles, spaces) = holdings.head_lines();
        out.write_all(if args.select.space.is_empty() { &spaces } else { &tiles })?;
        holdings.manifest_lines()
    };
    let witness = Witness { input: Some(Blake3::of(manifests.as_bytes())), ..Witness::default() };
    log.finish(Some(out), &witness)
}

/// A history root is of one thing: the tile, where one is chosen.
fn one_place(args: &Args) -> Result<Option<Tile>, Failure> {
    let (spaces, tiles) = (&args.select.space, &args.select.tile);
    if spaces.len() > 1 || tiles.len() > 1 {
        return Err(Failure::usage("--history", "it is of one space or one tile"));
    }
    if spaces.is_empty() && !tiles.is_empty() {
        return Err(Failure::usage("--tile", "with --history it goes with --space"));
    }
    let Some(prefix) = tiles.first() else {
        let without = args.realm.is_none();
        return if without {
            Ok(None)
        } else {
            Err(Failure::usage("--realm", "it goes with --space and --tile"))
        };
    };
    match (prefix.x, prefix.y) {
        (Some(x), Some(y)) => Ok(Some(Tile { z: prefix.z, x, y })),
        _ => Err(Failure::usage("--tile", "with --history it is one tile, as z0/x0/y0")),
    }
}

/// The hashes of the events of a tile's lanes, or of the one that is chosen. Answers the manifests' lines.
fn hashes(
    args: &Args,
    store: &Store,
    places: &[Place],
    out: &mut Output,
    log: &mut Log,
) -> Result<String, Failure> {
    let (mut manifests, mut lines) = (String::new(), Vec::new());
    for place in places {
        for lane in place.lanes.iter().filter(|lane| args.realm.is_none_or(|realm| lane.realm == realm)) {
            let Some((history, manifest)) = store.lane_history(place, *lane)? else { continue };
            stored::note_damage(log, &history.absent, &history.damage)?;
            if let Some(damage) = history.damage.first() {
                return Err(Failure::Corrupt(stored::describe(damage)));
            }
            manifests.push_str(&format!("{manifest}\n"));
            let mut written = Ok(());
            history.each(|hash| {
                lines.extend_from_slice(hash.hex().as_bytes());
                lines.push(b'\n');
                if lines.len() >= BLOCK && written.is_ok() {
                    written = out.write_all(&lines);
                    lines.clear();
                }
            });
            written?;
        }
    }
    out.write_all(&lines)?;
    Ok(manifests)
}

/// How much is gathered before it is written.
const BLOCK: usize = 64 << 10;
