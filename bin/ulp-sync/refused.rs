//! `cache/refused`: events that the rules refused, so that they are not asked for again while these are the same.
//!
//! ```text
//! blake3:…                                              the digest of the dotfiles; `-` where there are none
//! blake3:… scope.operation m/world/demo/tiles/z0/x0/y0/team.public
//! ```
//!
//! A line an event, in the order in which they came, the last 65,536. What is refused for its time may come again, and
//! is not written down.

use std::collections::BTreeMap;
use ulp_core::hash::Blake3;
use ulp_core::names;
use ulp_core::path::{Path, Space};
use ulp_peer::sync::ids::Id;
use ulp_store::commit::Draft;
use ulp_store::{Error, LaneId, Store};

const NAME: &str = "refused";
const DIR: &str = "cache";
/// Most events of the list.
const MOST: usize = 65_536;
/// What may pass later.
const FOR_NOW: &str = "scope.clock_skew";

/// An event that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub hash: Blake3,
    pub code: String,
    pub lane: LaneId,
}

/// Those that were, now and before.
pub struct List {
    scope: String,
    all: BTreeMap<Id, Refused>,
    /// Those that are written down, in order.
    kept: Vec<Id>,
    is_changed: bool,
}

impl List {
    /// The list of a store, where it is of these dotfiles.
    pub fn open(store: &Store, scope: Option<Blake3>) -> Result<List, Error> {
        let scope = scope.map_or("-".to_owned(), |digest| digest.to_string());
        let mut list = List { scope, all: BTreeMap::new(), kept: Vec::new(), is_changed: false };
        if !store.is_trusted() {
            return Ok(list);
        }
        let Some(dir) = store.root().at(DIR)? else { return Ok(list) };
        let text = dir.read(NAME)?.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let mut lines = text.lines();
        if lines.next() == Some(list.scope.as_str()) {
            for refused in lines.filter_map(parse) {
                list.insert(refused);
            }
        }
        list.is_changed = false;
        Ok(list)
    }

    /// Takes in what was refused.
    pub fn insert(&mut self, refused: Refused) {
        let id = Id::of(&refused.hash);
        let is_kept = refused.code != FOR_NOW;
        if self.all.insert(id, refused).is_none() && is_kept {
            self.kept.push(id);
            self.is_changed = true;
        }
    }

    pub fn get(&self, id: &Id) -> Option<&Refused> {
        self.all.get(id)
    }

    /// Writes the list where it changed, if it can be written: it is never needed.
    pub fn write(&mut self, store: &Store) {
        if !std::mem::take(&mut self.is_changed) || !store.is_trusted() {
            return;
        }
        let mut text = format!("{}\n", self.scope);
        let last = self.kept.len().saturating_sub(MOST);
        for refused in self.kept[last..].iter().filter_map(|id| self.all.get(id)) {
            text.push_str(&print(refused));
        }
        let draft = Draft { dir: DIR.to_owned(), name: NAME.to_owned(), bytes: text.into_bytes() };
        let _ = store.hint(&draft);
    }
}

fn print(Refused { hash, code, lane }: &Refused) -> String {
    format!("{hash} {code} m/world/{}/tiles/{}/{}\n", names::encode(&lane.space), lane.tile, lane.lane)
}

fn parse(line: &str) -> Option<Refused> {
    let [hash, code, path] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let Path::Lane(Space::Named(space), tile, lane, None) = path.parse().ok()? else { return None };
    Some(Refused { hash: hash.parse().ok()?, code: code.to_owned(), lane: LaneId { space, tile, lane } })
}
