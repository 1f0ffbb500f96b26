//! A store as it was when the session began, and the events that the session added: heads, and lists of hashes.

use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Tile};
use ulp_peer::sync::holdings::Allowed;
use ulp_peer::sync::ids::Id;
use ulp_store::history::LaneHistory;
use ulp_store::manifest::Entry;
use ulp_store::read::Damage;
use ulp_store::sorter::{Sorted, Sorter};
use ulp_store::{Error, LaneId, Store};

/// A number of a lane, and a hash.
const TAKEN: usize = 4 + 32;

/// The head of a tile or a space, and how many events it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub head: Blake3,
    pub events: u64,
}

/// A lane as it was opened.
struct Opened {
    entries: Vec<Entry>,
    history: LaneHistory,
}

pub struct View<'s> {
    store: &'s Store,
    pub allowed: Allowed,
    lanes: BTreeMap<LaneId, Opened>,
    tiles: BTreeMap<(String, Tile), Head>,
    /// What the session added: under numbers of lanes, which stay.
    taken: Sorter<TAKEN>,
    numbers: BTreeMap<LaneId, u32>,
    /// The same, sorted; nothing where more came since.
    settled: Option<Sorted<TAKEN>>,
    /// How many events each lane has by its manifest, where nobody else writes to it.
    claimed: BTreeMap<LaneId, u64>,
    /// Tiles to which something was added since their heads were worked out.
    touched: BTreeSet<(String, Tile)>,
    /// The lane to which something was added last since then, with its number.
    last: Option<(LaneId, u32)>,
}

/// A lane with what it holds, and how many events that are by its manifest; nothing where it has none.
fn open(store: &Store, id: &LaneId) -> Result<Option<(Opened, u64)>, Error> {
    let Some((manifest, _)) = store.manifest(id)? else { return Ok(None) };
    let entries = store.entries(&manifest, None)?;
    let history = LaneHistory::open(store, id, &manifest)?;
    Ok(Some((Opened { entries, history }, manifest.events())))
}

impl<'s> View<'s> {
    pub fn open(store: &'s Store, allowed: Allowed) -> Result<View<'s>, Error> {
        let (mut lanes, mut claimed) = (BTreeMap::new(), BTreeMap::new());
        let mut ids = store.lanes()?;
        ids.retain(|id| allowed.takes(&id.space, id.tile, id.lane));
        let opened: Result<Vec<_>, Error> = ids.par_iter().map(|id| open(store, id)).collect();
        for (id, opened) in ids.into_iter().zip(opened?) {
            let Some((lane, events)) = opened else { continue };
            claimed.insert(id.clone(), events);
            lanes.insert(id, lane);
        }
        let touched = lanes.keys().map(|id| (id.space.clone(), id.tile)).collect();
        let taken = Sorter::new(store, &std::env::temp_dir())?;
        let (tiles, numbers) = (BTreeMap::new(), BTreeMap::new());
        let mut view = View {
            store,
            allowed,
            lanes,
            tiles,
            taken,
            numbers,
            settled: None,
            claimed,
            touched,
            last: None,
        };
        view.refresh()?;
        Ok(view)
    }

    /// Adds an event that is durable now, by this session where it `is_ours`.
    pub fn add(&mut self, lane: &LaneId, hash: &Blake3, is_ours: bool) -> Result<(), Error> {
        if self.last.as_ref().is_none_or(|(last, _)| last != lane) {
            let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
            let number = *self.numbers.entry(lane.clone()).or_insert(next);
            self.last = Some((lane.clone(), number));
            self.touched.insert((lane.space.clone(), lane.tile));
        }
        // Neighbouring events are mostly of one lane.
        let number = self.last.as_ref().map_or(u32::MAX, |(_, number)| *number);
        if is_ours {
            match self.claimed.get_mut(lane) {
                Some(events) => *events += 1,
                None => drop(self.claimed.insert(lane.clone(), 1)),
            }
        }
        let mut row = [0; TAKEN];
        row[..4].copy_from_slice(&number.to_be_bytes());
        row[4..].copy_from_slice(&hash.0);
        self.settled = None;
        self.taken.push(row)
    }

    /// Works out the heads of the tiles to which something was added.
    fn refresh(&mut self) -> Result<(), Error> {
        self.settle()?;
        self.last = None;
        let touched: Vec<(String, Tile)> = std::mem::take(&mut self.touched).into_iter().collect();
        let head = |(space, tile): &(String, Tile)| self.tile(space, *tile, &Change::default());
        let heads: Vec<Head> = touched.par_iter().map(head).collect();
        for ((space, tile), head) in touched.into_iter().zip(heads) {
            match head.events {
                0 => self.tiles.remove(&(space, tile)),
                _ => self.tiles.insert((space, tile), head),
            };
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Error> {
        if self.settled.is_none() {
            self.settled = Some(self.taken.sorted()?);
        }
        Ok(())
    }

    /// The heads of the spaces that hold something.
    pub fn spaces(&mut self) -> Result<BTreeMap<String, Head>, Error> {
        self.refresh()?;
        let mut lines: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for ((space, tile), head) in &self.tiles {
            let (text, events) = lines.entry(space.clone()).or_default();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{tile} {}", head.head);
            *events += head.events;
        }
        let head = |(text, events): (String, u64)| Head { head: Blake3::of(text.as_bytes()), events };
        Ok(lines.into_iter().map(|(space, of)| (space, head(of))).collect())
    }

    /// The head of a space, if it holds something.
    pub fn space(&mut self, space: &str) -> Result<Option<Head>, Error> {
        Ok(self.spaces()?.remove(space))
    }

    /// The head that a space had with some events taken away and others added.
    pub fn head_with(&mut self, space: &str, change: &Change<'_>) -> Result<Blake3, Error> {
        self.refresh()?;
        let added = change.with.iter().map(|(lane, _)| lane.tile);
        let held = self.tiles.keys().filter(|(of, _)| of == space).map(|(_, tile)| *tile);
        let tiles: BTreeSet<Tile> = held.chain(added).collect();
        let mut text = String::new();
        for tile in tiles {
            let head = self.tile(space, tile, change);
            if head.events > 0 {
                let _ = writeln!(text, "{tile} {}", head.head);
            }
        }
        Ok(Blake3::of(text.as_bytes()))
    }

    /// The head of a tile: of the lists of its lanes, one after the other.
    fn tile(&self, space: &str, tile: Tile, change: &Change<'_>) -> Head {
        let (mut hasher, mut events) = (blake3::Hasher::new(), 0);
        let mut text = Vec::new();
        for lane in Lane::all().filter(|lane| self.allowed.takes(space, tile, *lane)) {
            let id = LaneId { space: space.to_owned(), tile, lane };
            self.each(&id, change, |hash| {
                events += 1;
                text.extend_from_slice(hash.hex().as_bytes());
                text.push(b'\n');
                if text.len() > 1 << 16 {
                    hasher.update(&text);
                    text.clear();
                }
            });
        }
        hasher.update(&text);
        Head { head: hasher.finalize().into(), events }
    }

    /// Calls `each` for the hashes of a lane, in order.
    fn each(&self, id: &LaneId, change: &Change<'_>, mut each: impl FnMut(&Blake3)) {
        let mut with: Vec<Blake3> = change.with.iter().filter(|(of, _)| *of == id).map(|(_, h)| *h).collect();
        with.sort_unstable();
        let mut with = with.into_iter().peekable();
        let mut taken = self.taken_of(id).peekable();
        let mut next_below = |least: Option<&Blake3>| {
            let next = [taken.peek(), with.peek()].into_iter().flatten().min().copied();
            let next = next.filter(|next| least.is_none_or(|least| next <= least));
            next.inspect(|next| {
                taken.next_if_eq(next);
                with.next_if_eq(next);
            })
        };
        let mut pass_on = |hash: &Blake3| {
            if !change.without.contains(&Id::of(hash)) {
                each(hash);
            }
        };
        if let Some(lane) = self.lanes.get(id) {
            lane.history.each(|hash| {
                while let Some(next) = next_below(Some(hash)) {
                    if next != *hash {
                        pass_on(&next);
                    }
                }
                pass_on(hash);
            });
        }
        while let Some(next) = next_below(None) {
            pass_on(&next);
        }
    }

    /// What the session added to a lane.
    fn taken_of(&self, id: &LaneId) -> impl Iterator<Item = Blake3> {
        let number = self.numbers.get(id).map(|number| number.to_be_bytes());
        let rows = self.settled.as_ref().map_or(&[][..], Sorted::rows);
        let start = number.map_or(rows.len(), |number| rows.partition_point(|row| row[..4] < number[..]));
        let of_lane =
            rows[start..].iter().take_while(move |row| Some(&row[..4]) == number.as_ref().map(|n| &n[..]));
        of_lane.map(|row| {
            let mut hash = [0; 32];
            hash.copy_from_slice(&row[4..]);
            Blake3(hash)
        })
    }

    /// Keeps of some ids those that the session did not add to a space.
    pub fn not_taken(&mut self, space: &str, ids: &mut BTreeSet<Id>) -> Result<(), Error> {
        self.settle()?;
        for id in self.numbers.keys().filter(|id| id.space == space) {
            for hash in self.taken_of(id) {
                ids.remove(&Id::of(&hash));
            }
        }
        Ok(())
    }

    /// The lanes of a space with their entries, as they were opened, in order.
    pub fn lanes_of<'v>(&'v self, space: &'v str) -> impl Iterator<Item = (&'v LaneId, &'v [Entry])> {
        let of_space = self.lanes.iter().filter(move |(id, _)| id.space == space);
        of_space.map(|(id, lane)| (id, &lane.entries[..]))
    }

    /// What is known not to be here, and what is damaged.
    pub fn damage(&self) -> [Vec<Damage>; 2] {
        let histories = || self.lanes.values().map(|lane| &lane.history);
        let absent = histories().flat_map(|history| history.absent.iter().cloned());
        [absent.collect(), histories().flat_map(|history| history.damage.iter().cloned()).collect()]
    }

    /// Every lane's entries.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.lanes.values().flat_map(|lane| &lane.entries)
    }

    /// Whether the store holds what this view does: nobody else wrote to it since.
    pub fn is_current(&self) -> Result<bool, Error> {
        let mut now = BTreeMap::new();
        for id in self.store.lanes()?.into_iter().filter(|id| self.allowed.takes(&id.space, id.tile, id.lane))
        {
            if let Some((manifest, _)) = self.store.manifest(&id)? {
                now.insert(id, manifest.events());
            }
        }
        Ok(now == self.claimed)
    }
}

/// Events of a space that are left out, by their ids, and others that are put in.
#[derive(Default)]
pub struct Change<'c> {
    pub without: BTreeSet<Id>,
    pub with: Vec<(&'c LaneId, Blake3)>,
}
