//! What tags stand for, as far as a graph or a store says.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::SystemTime;
use ulp_cli::Failure;
use ulp_core::path::{Path as Place, Space};
use ulp_core::scope::Scope;
use ulp_peer::graph::rows_of;
use ulp_peer::radio::{Names, Source};
use ulp_store::Store;

/// The longest graph that is read, in bytes: as many lines of 16 KiB as it has rows.
const LONGEST: u64 = 64 << 20;
/// What a peer is called of whom only the tag is known.
const TAGGED: &str = "tag:";

/// What tells that a file has changed: its length, and when it was written.
pub type Stamp = (u64, SystemTime);

/// The stamp of a file that is there.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let there = std::fs::metadata(path).ok()?;
    Some((there.len(), there.modified().ok()?))
}

/// Learns the names in a graph: a file of statements, of which the last line may be torn. One that is not there yet
/// names nobody.
pub fn graph(path: &Path, names: &mut Names) -> Result<(), Failure> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file.map_err(|error| Failure::io(path.display(), error))?,
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| Failure::io(path.display(), error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::System(format!("{}: too long for a graph", path.display())));
    }
    for row in rows_of(&bytes) {
        if !row.peer.starts_with(TAGGED) {
            names.add_peer(Source::Graph, &row.peer);
        }
        let id = match row.path.parse() {
            Ok(Place::Space(Space::Named(id)) | Place::Tile(Space::Named(id), ..)) => id,
            Ok(Place::Lane(Space::Named(id), ..)) => id,
            _ => continue,
        };
        names.add_space(Source::Graph, &id);
    }
    Ok(())
}

/// Learns whom and what a store knows: its identity, its peers, the spaces of its shared lanes. Gives its dotfiles.
pub fn store(path: &Path, names: &mut Names) -> Result<Scope, Failure> {
    let store = Store::open(path, false)?;
    let scope = store.scope()?;
    for peer in scope.identity().iter().chain(scope.peers()) {
        names.add_peer(Source::Store, &peer.to_string());
    }
    for place in store.shared_tiles()? {
        names.add_space(Source::Store, &place.space);
    }
    Ok(scope)
}
