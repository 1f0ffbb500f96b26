//! What the lanes of a pack name: segments that are to come, and pages that name older ones.
//!
//! In the order of `tile-pack` a lane's older segments come before the page that names them: an object that stands
//! where only such a one can stand, and begins with an event of that lane, is one. In any other order what a page
//! names is known once the page is.

use crate::LaneId;
use crate::dedup::lines;
use crate::manifest::{Absent, Entry, Manifest};
use bumpalo::Bump;
use foldhash::HashMap;
use ulp_core::event::{Defaults, Reader};
use ulp_core::hash::Sha256;
use ulp_core::scope::read_event;

/// A segment that is to come.
pub struct Expected {
    /// The number of its lane.
    pub lane: usize,
    pub entry: Entry,
}

/// The lanes whose manifests came.
#[derive(Default)]
pub struct Lanes {
    all: Vec<Lane>,
    expected: HashMap<Sha256, Expected>,
    /// Pages that are named and did not come yet, each with the number of its lane.
    pages: HashMap<Sha256, usize>,
    /// Pages that came before what names them.
    loose: HashMap<Sha256, Manifest>,
}

struct Lane {
    id: LaneId,
    /// How many of the segments that its manifest names are to come, and whether any has come.
    to_come: usize,
    has_begun: bool,
}

impl Lanes {
    /// Takes in a lane's manifest.
    pub fn add(&mut self, id: &LaneId, manifest: &Manifest) {
        let lane = self.all.len();
        self.all.push(Lane { id: id.clone(), to_come: 0, has_begun: false });
        // What came before its manifest and was not kept is missing: it did not count as what it is.
        self.expect(lane, manifest, |_| false);
    }

    /// Takes in a page. `is_dealt_with` answers of a segment whether it came, and was told as one.
    pub fn add_page(&mut self, hash: Sha256, page: Manifest, is_dealt_with: impl Fn(&Sha256) -> bool) {
        match self.pages.remove(&hash) {
            Some(lane) => self.expect(lane, &page, is_dealt_with),
            None => drop(self.loose.insert(hash, page)),
        }
    }

    /// What a manifest names is to come; so is what the pages name that came before it.
    fn expect(&mut self, lane: usize, manifest: &Manifest, is_dealt_with: impl Fn(&Sha256) -> bool) {
        self.expect_segments(lane, manifest, &is_dealt_with);
        let mut previous = manifest.previous;
        while let Some(named) = previous {
            let Some(page) = self.loose.remove(&named.hash) else {
                self.pages.insert(named.hash, lane);
                return;
            };
            self.expect_segments(lane, &page, &is_dealt_with);
            previous = page.previous;
        }
    }

    fn expect_segments(
        &mut self,
        lane: usize,
        manifest: &Manifest,
        is_dealt_with: &impl Fn(&Sha256) -> bool,
    ) {
        let here = manifest.segments.iter().filter(|entry| entry.absent == Absent::No);
        for entry in here.filter(|entry| !is_dealt_with(&entry.hash)) {
            self.expected.insert(entry.hash, Expected { lane, entry: entry.clone() });
            self.all[lane].to_come += 1;
        }
    }

    /// The lane of that number.
    pub fn id(&self, lane: usize) -> LaneId {
        self.all[lane].id.clone()
    }

    /// An object that came, where it is a segment that was to come.
    pub fn take(&mut self, hash: &Sha256) -> Option<Expected> {
        let expected = self.expected.remove(hash)?;
        let lane = &mut self.all[expected.lane];
        (lane.to_come, lane.has_begun) = (lane.to_come.saturating_sub(1), true);
        Some(expected)
    }

    pub fn has_any(&self) -> bool {
        !self.all.is_empty()
    }

    pub fn is_page(&self, hash: &Sha256) -> bool {
        self.pages.contains_key(hash)
    }

    pub fn has_pages_to_come(&self) -> bool {
        !self.pages.is_empty()
    }

    pub fn pages_to_come(&self) -> impl Iterator<Item = Sha256> {
        self.pages.keys().copied()
    }

    /// What bears that hash is no page.
    pub fn forget_page(&mut self, hash: &Sha256) {
        self.pages.remove(hash);
    }

    /// Whether all segments and pages came that are named.
    pub fn is_complete(&self) -> bool {
        self.expected.is_empty() && self.pages.is_empty()
    }

    /// The lane of an object that stands where its lane's older segments stand. Where something was `lost`, it may
    /// be one of those before it that did not come.
    pub fn older(&self, body: &[u8], lost: bool) -> Option<LaneId> {
        let id = first_lane(body)?;
        let number = self.pages.values().copied().find(|lane| self.all[*lane].id == id)?;
        let all_before_came = self.all[..number].iter().all(|lane| lane.to_come == 0);
        (!self.all[number].has_begun && (all_before_came || lost)).then_some(id)
    }

    /// When what waits is told, the last first: segments by lane, then all else.
    pub fn order(&self, hash: &Sha256) -> (bool, std::cmp::Reverse<usize>) {
        let lane = self.expected.get(hash).map(|expected| expected.lane);
        (lane.is_some(), std::cmp::Reverse(lane.unwrap_or_default()))
    }

    /// The segments that did not come.
    pub fn missing_segments(&mut self) -> Vec<Expected> {
        let mut missing: Vec<Expected> = self.expected.drain().map(|(_, expected)| expected).collect();
        missing.sort_by(|a, b| (a.lane, &a.entry.hash).cmp(&(b.lane, &b.entry.hash)));
        missing
    }

    /// The pages that did not come, each with the number of its lane.
    pub fn missing_pages(&mut self) -> Vec<(Sha256, usize)> {
        let mut missing: Vec<(Sha256, usize)> = self.pages.drain().collect();
        missing.sort_by_key(|(hash, lane)| (*lane, *hash));
        missing
    }
}

/// The lane of a segment's first event, where it begins with one.
pub fn first_lane(segment: &[u8]) -> Option<LaneId> {
    let line = lines(segment).next()?;
    let (arena, defaults) = (Bump::new(), Defaults::default());
    let event = read_event(&mut Reader::new(&arena, &defaults), line).ok()?;
    Some(LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() })
}
