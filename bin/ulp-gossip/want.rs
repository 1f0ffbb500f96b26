//! What this peer lacks: the paths of which some other has another head.

use crate::held::Held;
use crate::known::Known;
use crate::names::{Names, is_same};
use crate::own::{Says, is_chosen};
use crate::{Args, Peer};
use std::collections::BTreeMap;
use ulp_cli::Failure;
use ulp_core::path::{Path, Role, Root};
use ulp_core::statement::Sort;
use ulp_peer::graph::What;

/// Wants for all such paths, with what is held of each.
pub fn of(args: &Args, held: &Held, peer: &Peer, known: &Known) -> Result<Says, Failure> {
    let names = Names::of(held);
    let mut pointers = BTreeMap::new();
    known.each(|line, heard| {
        if line.peer == peer.name || line.what == What::Wants {
            return;
        }
        for pointer in heard.pointers() {
            let Some(theirs) = &pointer.hash else { continue };
            let Some(path) = head_path(&pointer.path).filter(|_| known.holds(line, &pointer.path)) else {
                continue;
            };
            let path = names.resolve(path);
            let ours = held.paths.get(&path.to_string());
            if is_chosen(&args.select, &path) && !ours.is_some_and(|ours| is_same(&ours.hash, theirs)) {
                pointers.insert(path.to_string(), ours.cloned());
            }
        }
    })?;
    Ok(Says { sort: Sort::Wants, pointers })
}

/// A path that points to a history root.
pub fn head_path(text: &str) -> Option<Path> {
    let path: Path = text.parse().ok()?;
    let is_head = match &path {
        Path::World | Path::Space(_) => true,
        Path::Tile(_, _, root) => *root == Some(Root::Head),
        Path::Lane(_, _, _, role) => *role == Some(Role::Root(Root::Head)),
    };
    is_head.then_some(path)
}
