//! Scope: dotfiles → rules → may this event pass.
//!
//! [`Scope::discover`] reads every dotfile below a directory, once, and refuses what it does not understand. A
//! [`Gate`] then says of one event or state line after the other whether it passes; it decides and never edits.
//! Every rule of every file on the way from the root to an event's place applies; what an event leaves out comes from
//! the innermost file that gives it, through [`Scope::defaults`]. Page "4. Scope", ulp-scope(5).
//!
//! ```
//! use ulp_core::event::{Line, Reader};
//! use ulp_core::scope::{NoStore, Scope};
//!
//! let dir = tempfile::tempdir()?;
//! std::fs::write(dir.path().join(".ulp-root"), "version: 1\ndefaults: {space_id: demo}\nrealm: team\n")?;
//! let scope = Scope::discover(dir.path())?;
//!
//! let arena = bumpalo::Bump::new();
//! let mut reader = Reader::new(&arena, scope.defaults());
//! let mut gate = scope.gate();
//! let line = r#"{"timestamp":1,"actor_id":"a","operation":"delete_node","node_id":"n","scope":{"realm":"public"}}"#;
//! let Ok(Line::Event(event)) = reader.read(line) else { panic!("a valid event") };
//! assert_eq!(event.space, "demo");
//! let refusal = gate.permit(&event, None, &NoStore).unwrap_err();
//! assert_eq!(refusal.code, "scope.realm");
//! assert_eq!(refusal.detail, ".ulp-root: realm: public is looser than team");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod admit;
mod asks;
mod clock;
mod discover;
mod gate;
mod glob;
mod ignore;
mod invariants;
mod list;
mod named;
mod questions;
mod rules;
mod signed;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use crate::event::{Defaults, Given, Places, SpaceGiven};
use crate::hash::Blake3;
use crate::id::{Tile, TilePrefix};
use crate::report::Refusal;
use crate::trust::Did;
use crate::trust::authority::Authority;
use discover::{Found, Place, Sort};
use foldhash::HashMap;
use ignore::Ignores;
use rules::{Rules, Standing};
use std::fmt::Display;
use std::path::{Path, PathBuf};

pub use crate::pattern::Pattern;
pub use crate::trust::authority::{Binding, BoundKey, Grant};
pub use crate::yaml::Mark;
pub use admit::{Admission, NoEvent, read_event};
pub use clock::Clock;
pub use discover::{Error, IGNORE, MAX_DOTFILE, ROOT, SCOPE};
pub use gate::{Gate, Permit, hold_to_invariants};
pub use invariants::{Lookup, Made, NoStore, NodeFact, Parent, each_question};
pub use list::Rule;
pub use questions::{Breaks, Question};
pub use rules::{Allowed, MAX_CLOCK_SKEW};

/// What a scope beside a store's own may say: it adds rules, and changes nothing else.
const ADDABLE: [&str; 11] = [
    "version",
    "realm",
    "authority",
    "boundary",
    "policy",
    "operations",
    "actors",
    "signature",
    "invariants",
    "limits",
    "revoked",
];

/// The rules below a directory. Without dotfiles: the built-in defaults, and no rule.
#[derive(Debug, Default)]
pub struct Scope {
    dir: PathBuf,
    /// Whether only what is signed passes.
    verifies: bool,
    defaults: Defaults,
    root: Vec<Rules>,
    spaces: HashMap<String, SpaceRules>,
    /// One tree of `.ulp-ignore` files for each directory: one cannot take back in what another leaves out.
    ignores: Vec<Ignores>,
    /// How many dotfiles there were, and their bytes.
    dotfiles: usize,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct SpaceRules {
    own: Vec<Rules>,
    layers: HashMap<String, Vec<Rules>>,
    tiles: HashMap<TilePrefix, Vec<Rules>>,
}

impl Scope {
    /// Reads every dotfile below `dir`.
    ///
    /// # Errors
    /// The first, in the order of the walk or of the paths, that is unreadable, no regular file, not UTF-8, larger
    /// than 1 MiB, in a place where none belongs or not understood; a directory on the way that has no proper name.
    pub fn discover(dir: &Path) -> Result<Scope, Error> {
        let mut scope = Scope { dir: dir.to_owned(), ..Scope::default() };
        let mut ignores = Ignores::default();
        for found in discover::walk(dir)? {
            scope.dotfiles += 1;
            scope.bytes.extend_from_slice(found.text.as_bytes());
            let taken = scope.read(&found, &mut ignores);
            taken.map_err(|fault| scope.not_understood(&found.path, fault))?;
        }
        scope.ignores.push(ignores);
        scope.complete_defaults();
        Ok(scope)
    }

    /// Everything below a directory at which [`Scope::discover`] would end.
    ///
    /// # Errors
    /// Where the directory itself cannot be opened.
    pub fn faults(dir: &Path) -> Result<Vec<Error>, Error> {
        let (found, mut faults) = discover::walk_on(dir)?;
        let mut scope = Scope { dir: dir.to_owned(), ..Scope::default() };
        for found in found {
            if let Err(fault) = scope.read(&found, &mut Ignores::default()) {
                faults.push(scope.not_understood(&found.path, fault));
            }
        }
        Ok(faults)
    }

    fn read(&mut self, found: &Found, ignores: &mut Ignores) -> Result<(), crate::yaml::Fault> {
        match found.sort {
            Sort::Ignore => ignores.add(&found.path, directory_of(&found.path), &found.text),
            Sort::Root | Sort::Scope => self.take(found),
        }
    }

    fn not_understood(&self, path: &str, fault: crate::yaml::Fault) -> Error {
        Error::NotUnderstood { path: self.dir.join(path), at: fault.at, reason: fault.reason }
    }

    fn take(&mut self, found: &Found) -> Result<(), crate::yaml::Fault> {
        let parse = |standing| Rules::parse(&found.path, &found.text, standing);
        match &found.place {
            Place::Space(space) => self.space(space).own.push(parse(Standing::Space)?),
            Place::Layer(space, layer) => {
                let rules = parse(Standing::Layer)?;
                self.space(space).layers.entry(layer.clone()).or_default().push(rules);
            }
            Place::Tile(space, prefix) => {
                let rules = parse(Standing::Tile)?;
                self.space(space).tiles.entry(*prefix).or_default().push(rules);
            }
            _ => self.root.push(parse(Standing::Root)?),
        }
        Ok(())
    }

    fn space(&mut self, space: &str) -> &mut SpaceRules {
        self.spaces.entry(space.to_owned()).or_default()
    }

    /// Lays out what events leave out, for the reader. At this time every place has at most one file.
    fn complete_defaults(&mut self) {
        let mut defaults = Defaults::default();
        let mut places = Places::default();
        if let Some(root) = self.root.first() {
            let given = &root.given;
            defaults.space = root.space.clone().unwrap_or(defaults.space);
            defaults.layer = given.layer.clone().unwrap_or(defaults.layer);
            defaults.actor = given.actor.clone();
            defaults.tile = given.tile;
            defaults.invariants = given.invariants.clone().unwrap_or_default();
            defaults.grid = root.grid;
            defaults.scope = given.words.or(given.ceilings).complete();
            (places.words, places.ceilings) = (given.words, given.ceilings);
        }
        let given = |files: &Vec<Rules>| files.first().map(|f| f.given.clone()).unwrap_or_default();
        for (name, space) in &self.spaces {
            let of = SpaceGiven {
                given: given(&space.own),
                layers: gives(space.layers.iter().map(|(k, v)| (k.clone(), given(v)))),
                tiles: gives(space.tiles.iter().map(|(k, v)| (*k, given(v)))),
            };
            if of != SpaceGiven::default() {
                places.spaces.insert(name.clone(), of);
            }
        }
        defaults.places = (!places.spaces.is_empty()).then(|| Box::new(places));
        self.defaults = defaults;
    }

    /// Adds the rules of another directory to these, which can only make them stricter. Its values are ceilings and
    /// no defaults here.
    ///
    /// # Errors
    /// Whatever there is more than a rule: defaults, a grid, keys, grants.
    pub fn add(&mut self, stricter: Scope) -> Result<(), Error> {
        for rules in stricter.files() {
            let more = |key: &str| !ADDABLE.contains(&key.split('.').next().unwrap_or_default());
            if let Some(present) = rules.present.iter().find(|p| more(&p.key)) {
                let reason = format!("{}: beside a store's own rules only rules can be added", present.key);
                return Err(
                    stricter.not_understood(&rules.file, crate::yaml::Fault { at: present.at, reason })
                );
            }
        }
        let dir = stricter.dir;
        let named = |files: Vec<Rules>| files.into_iter().map(|f| f.below(&dir)).collect::<Vec<_>>();
        self.root.extend(named(stricter.root));
        for (name, space) in stricter.spaces {
            let own = self.space(&name);
            own.own.extend(named(space.own));
            for (layer, files) in space.layers {
                own.layers.entry(layer).or_default().extend(named(files));
            }
            for (prefix, files) in space.tiles {
                own.tiles.entry(prefix).or_default().extend(named(files));
            }
        }
        self.ignores.extend(stricter.ignores.into_iter().map(|tree| tree.below(&dir)));
        self.bytes.extend(stricter.bytes);
        self.dotfiles += stricter.dotfiles;
        Ok(())
    }

    fn files(&self) -> impl Iterator<Item = &Rules> {
        let of_space = |space| {
            let SpaceRules { own, layers, tiles }: &SpaceRules = space;
            own.iter().chain(layers.values().flatten()).chain(tiles.values().flatten())
        };
        self.root.iter().chain(self.spaces.values().flat_map(of_space))
    }

    /// The files whose rules apply at a place, or as far in as one is named, the outermost first.
    fn chain_to(&self, space: Option<&str>, layer: Option<&str>, tile: Option<TilePrefix>) -> Vec<&Rules> {
        let mut chain: Vec<&Rules> = self.root.iter().collect();
        if let Some(space) = space.and_then(|s| self.spaces.get(s)) {
            chain.extend(&space.own);
            chain.extend(layer.and_then(|l| space.layers.get(l)).into_iter().flatten());
            let prefixes = tile.into_iter().flat_map(TilePrefix::outermost_first);
            chain.extend(prefixes.filter_map(|p| space.tiles.get(&p)).flatten());
        }
        chain
    }

    /// The files that stand above a tile or in any layer of its space, the outermost first.
    fn above_and_beside(&self, space: &str, tile: Tile) -> Vec<&Rules> {
        let mut files = self.chain_to(Some(space), None, Some(tile.into()));
        let layers = self.spaces.get(space).into_iter().flat_map(|s| s.layers.values().flatten());
        let mut layers: Vec<&Rules> = layers.collect();
        layers.sort_by(|a, b| a.file.cmp(&b.file));
        files.extend(layers);
        files
    }

    /// What stands in for the fields that events leave out.
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// Lets events that name no actor be those of a key, whatever the dotfiles say: it will sign them.
    pub fn sign_as(&mut self, signer: &Did) {
        self.defaults.signer = Some(signer.to_string());
    }

    /// Whether there was no dotfile.
    pub fn is_empty(&self) -> bool {
        self.dotfiles == 0
    }

    /// BLAKE3 of the dotfiles' bytes, one after the other in the order of their paths, then of those that were
    /// added; `None` where there were none.
    pub fn digest(&self) -> Option<Blake3> {
        (!self.is_empty()).then(|| Blake3::of(&self.bytes))
    }

    /// Whether any rule asks for signatures, so that every signature is looked at.
    pub fn asks_for_signatures(&self) -> bool {
        self.files().any(|f| f.signed) || self.authority().asks_for_signatures()
    }

    /// Whether no place has rules of its own, and nothing is ignored.
    fn is_same_everywhere(&self) -> bool {
        self.spaces.is_empty() && self.ignores.iter().all(Ignores::is_empty)
    }

    /// Lets only events pass whose signature holds, whatever the rules ask.
    pub fn verify_all(&mut self) {
        self.verifies = true;
    }

    /// Whether only what is signed passes.
    pub fn verifies_all(&self) -> bool {
        self.verifies
    }

    /// Whether lines have to be held to anything at all.
    pub fn has_gate(&self) -> bool {
        !self.is_empty() || self.verifies
    }

    /// `keys`, `revoked` and `federation.grants`: who may sign what. Read once, as it is put together anew.
    pub fn authority(&self) -> Authority {
        Authority {
            keys: self.root.iter().flat_map(|f| f.keys.iter().cloned()).collect(),
            revoked: self.root.iter().flat_map(|f| f.revoked.iter().copied()).collect(),
            grants: self.root.iter().find_map(|f| f.grants.clone()),
        }
    }

    /// `federation.identity`: whom the store speaks as, if it speaks.
    pub fn identity(&self) -> Option<Did> {
        self.root.iter().find_map(|f| f.identity)
    }

    /// `federation.peers`: whose word is listed.
    pub fn peers(&self) -> impl Iterator<Item = &Did> {
        self.root.iter().flat_map(|f| &f.peers)
    }

    /// `limits.max_clock_skew` at the root, in nanoseconds.
    pub fn clock_skew(&self) -> i64 {
        let given = self.root.iter().filter_map(|f| f.limits.max_clock_skew);
        given.min().map_or(MAX_CLOCK_SKEW, |skew| skew.min(MAX_CLOCK_SKEW))
    }

    /// A gate that keeps what it has worked out; one a thread.
    pub fn gate(&self) -> Gate<'_> {
        Gate::new(self)
    }
}

/// Those that give anything.
fn gives<K: Eq + std::hash::Hash>(all: impl Iterator<Item = (K, Given)>) -> HashMap<K, Given> {
    all.filter(|(_, given)| *given != Given::default()).collect()
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// A rule that is broken: its file, its key, and how.
fn broken(code: &'static str, file: &str, key: &str, reason: impl Display) -> Refusal {
    Refusal::new(code, format!("{file}: {key}: {reason}"))
}
