//! What lies in a store and is none of its own: whether it stops anybody, and what to do.
//!
//! A regular file under a strange name stops nobody. A directory below `spaces/` whose name is no proper one stops
//! every writer, as a dotfile does that is not understood: rules that are not known are not skipped.

use super::{Finding, Severity, litter};
use crate::dir::{Sort, TEMPORARY};
use crate::snapshot::record::SNAPSHOTS;
use crate::{Error, INDEX, MANIFEST, SEEN, Store};
use std::collections::BTreeSet;
use std::path::Path;
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Tile, is_place};
use ulp_core::names;
use ulp_core::scope::{self, Scope};

pub(super) const UNSAFE: &str = "neither a regular file nor a directory: no reader and no writer goes through it \
    (status 3); move it out of the store";
const OTHER_SORT: &str = "a file where a directory belongs, or a directory where a file belongs: whoever needs it \
    ends with status 3; move it out of the store";

/// Where below `spaces/` a directory stands. The words are the path from the tiles on.
enum Level {
    Spaces,
    Space,
    Layers,
    Layer,
    Nodes,
    Tiles,
    Z(String),
    X(String),
    Tile,
    Lane,
    Snapshots,
}

/// What a name at a level is.
enum Is {
    Directory(Level),
    /// A space or a layer, where it is a directory; any other file is as welcome as a README.
    Place(Level),
    File,
    Stranger,
}

impl Level {
    fn holds(&self, name: &str) -> Is {
        let is_tile = |path: &str| Tile::parse(path).is_some() && !name.contains('/');
        let place = |level| {
            let is_place = names::decode(name).is_some_and(|id| is_place(&id));
            if is_place { Is::Place(level) } else { Is::Stranger }
        };
        match self {
            Level::Lane if [MANIFEST, INDEX, SEEN].contains(&name) => Is::File,
            Level::Lane if name == SNAPSHOTS => Is::Directory(Level::Snapshots),
            Level::Snapshots if is_record(name) => Is::File,
            Level::Lane | Level::Snapshots => Is::Stranger,
            _ if [scope::ROOT, scope::SCOPE, scope::IGNORE].contains(&name) => Is::File,
            Level::Spaces => place(Level::Space),
            Level::Layers => place(Level::Layer),
            Level::Space if name == "layers" => Is::Directory(Level::Layers),
            Level::Space if name == "tiles" => Is::Directory(Level::Tiles),
            Level::Space if name == "nodes" => Is::Directory(Level::Nodes),
            Level::Nodes if names::decode(name).is_some() && litter::origin(name).is_none() => Is::File,
            Level::Tiles if is_tile(&format!("{name}/x0/y0")) => Is::Directory(Level::Z(name.to_owned())),
            Level::Z(z) if is_tile(&format!("{z}/{name}/y0")) => {
                Is::Directory(Level::X(format!("{z}/{name}")))
            }
            Level::X(x) if is_tile(&format!("{x}/{name}")) => Is::Directory(Level::Tile),
            Level::Tile if name.parse::<Lane>().is_ok() => Is::Directory(Level::Lane),
            _ => Is::Stranger,
        }
    }
}

/// Whether a file among a lane's snapshots is called as a record is.
fn is_record(name: &str) -> bool {
    name.strip_suffix(".json").is_some_and(|root| Blake3::from_hex(root).is_some())
}

/// Everything that belongs to no store, and every dotfile that stops a writer.
pub(super) fn strangers(store: &Store) -> Result<Vec<Finding>, Error> {
    let faults = Scope::faults(store.path())?;
    let mut findings: Vec<Finding> = faults.iter().map(|fault| stops_writers(store, fault)).collect();
    let known: BTreeSet<String> = findings.iter().map(|finding| finding.path.clone()).collect();
    let mut harmless = Vec::new();
    in_root(store, &mut harmless)?;
    below_spaces(store, "spaces".to_owned(), &Level::Spaces, &mut harmless)?;
    let beside = store.root.at("objects")?.map_or(Ok(Vec::new()), |dir| dir.list_all())?;
    let beside = beside.into_iter().filter(|(name, _)| name != "sha256");
    let beside = beside.map(|(name, sort)| (format!("objects/{name}"), sort));
    for (path, sort) in store.all_objects()?.strangers.into_iter().chain(beside) {
        let is_temporary = path.rsplit('/').next().is_some_and(|name| name.starts_with(TEMPORARY));
        if sort != Sort::Other && !is_temporary {
            harmless.push(stranger(path));
        }
    }
    findings.extend(harmless.into_iter().filter(|finding| !known.contains(&finding.path)));
    Ok(findings)
}

/// What is known to be dropped into directories, and lies in the store's own.
fn in_root(store: &Store, findings: &mut Vec<Finding>) -> Result<(), Error> {
    for (name, sort) in store.root.list_all()? {
        if sort != Sort::Other && litter::origin(&name).is_some() {
            findings.push(stranger(name));
        }
    }
    Ok(())
}

fn below_spaces(
    store: &Store,
    path: String,
    level: &Level,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let Some(dir) = store.root.at(&path)? else { return Ok(()) };
    for (name, sort) in dir.list_all()? {
        let below = format!("{path}/{name}");
        match (level.holds(&name), sort) {
            // Both are named already.
            (_, Sort::Other) => {}
            (_, Sort::File) if name.starts_with(TEMPORARY) => {}
            (Is::Directory(inner) | Is::Place(inner), Sort::Directory) => {
                below_spaces(store, below, &inner, findings)?;
            }
            (Is::File, Sort::File) => {}
            (Is::Stranger | Is::Place(_), _) => findings.push(stranger(below)),
            (Is::File | Is::Directory(_), _) => {
                findings.push(Finding::damage("store.unsafe", below, OTHER_SORT));
            }
        }
    }
    Ok(())
}

/// What lies there and stops nobody.
fn stranger(path: String) -> Finding {
    let who = who(&path).unwrap_or("no part of a store");
    let detail = format!("{who}: harmless here; it may be deleted or moved out of the store");
    Finding::new(Severity::Info, "store.stranger", path, detail)
}

fn who(path: &str) -> Option<&'static str> {
    litter::origin(path.rsplit('/').next().unwrap_or_default())
}

/// What a writer ends at when it looks for the rules.
fn stops_writers(store: &Store, fault: &scope::Error) -> Finding {
    let (path, reason) = match fault {
        scope::Error::NotUnderstood { path, at, reason } => {
            (path, format!("line {}, column {}: {reason}", at.line, at.column))
        }
        scope::Error::Unreadable { path, source } => (path, source.to_string()),
        scope::Error::Misplaced { path, reason } => (path, (*reason).to_owned()),
        scope::Error::Unsafe { path, .. } => {
            return Finding::damage("store.unsafe", store.below(path), UNSAFE);
        }
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let below = store.below(path);
    if is_dotfile(Path::new(&name)) {
        let detail = format!("{reason}: it stops every writer (status 2) until it is mended");
        return Finding::damage("store.dotfile", below, detail);
    }
    let who = litter::origin(&name).map(|who| format!("{who}; ")).unwrap_or_default();
    let detail =
        format!("{who}{reason}: it stops every writer (status 2) until it is moved out of the store");
    Finding::damage("store.stranger", below, detail)
}

fn is_dotfile(name: &Path) -> bool {
    [scope::ROOT, scope::SCOPE, scope::IGNORE].iter().any(|dotfile| name == Path::new(dotfile))
}
