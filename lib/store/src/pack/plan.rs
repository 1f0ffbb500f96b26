//! Which objects a pack carries, and in which volume.
//!
//! Sizes are those of an uncompressed tar, with headers and the lines of the bag's manifest: what is chosen fits,
//! however badly it compresses, and the plan is known before the first byte is written.

use super::contents::{At, Contents, Scan, Snapshot};
use super::layout::Member;
use super::{Error, bag, tar};
use crate::manifest::Absent;
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use std::collections::BTreeMap;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;

/// Bytes that the four tag files, the dotfile and the end of a tar take, beside the lines of the manifest.
const TAGS: u64 = 16 << 10;
/// Bytes that `"elsewhere":true,` takes in a manifest.
const MARK: u64 = 17;
/// What a volume's number can add to the name of its directory.
const NUMBER: &str = "-0000000of0000000";

/// What is asked for.
#[derive(Debug, Default)]
pub struct PackRequest<'w> {
    /// Objects that whoever gets the pack has.
    pub have: HashSet<Sha256>,
    /// The only entries to take, where not all are.
    pub entries: Option<HashSet<At>>,
    /// Whether history is left out.
    pub only_snapshots: bool,
    /// Most bytes in all.
    pub budget: Option<u64>,
    /// Lanes in the order in which the budget is spent, by their places in the contents.
    pub order: Vec<usize>,
    /// Most bytes of a volume.
    pub volume: Option<u64>,
    /// Most bytes of a file.
    pub file: Option<u64>,
    /// The name of the bag's directory.
    pub name: &'w str,
}

/// Why something that was wanted is not carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The budget is spent.
    Budget,
    /// It is larger than a volume, or than a file may be.
    TooLarge,
    /// It is missing or damaged.
    Lost,
    /// A manifest says so.
    Said(Absent),
}

/// Something that is not carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omitted {
    pub why: Why,
    /// The place of its lane in the contents; of a blob, that of the first segment that names it.
    pub lane: usize,
    pub object: Sha256,
    /// No events for a blob or a snapshot.
    pub events: u64,
    pub bytes: u64,
}

/// What is carried, by volume from 0.
#[derive(Debug, Default)]
pub struct PackPlan {
    pub segments: HashMap<At, usize>,
    /// Of each lane's snapshot.
    pub snapshots: Vec<Option<usize>>,
    /// With their lengths.
    pub blobs: BTreeMap<Sha256, (u64, usize)>,
    /// The newest event in each volume.
    pub newest: Vec<Option<Time>>,
    pub omitted: Vec<Omitted>,
}

impl PackPlan {
    /// How many volumes there are: at least one.
    pub fn volumes(&self) -> usize {
        self.newest.len()
    }
}

/// Makes a plan; entries that turn out to be lost are marked so in the contents, and what whoever gets the pack has of
/// snapshots is taken out of them.
///
/// # Errors
/// Where the store cannot be read; [`Error::Volume`] where manifests and pages alone would fill a volume.
pub fn make(contents: &mut Contents<'_>, want: &PackRequest<'_>) -> Result<PackPlan, Error> {
    for lane in &mut contents.lanes {
        lane.snapshot.iter_mut().for_each(|s| s.objects.retain(|(hash, _)| !want.have.contains(hash)));
        lane.snapshot.take_if(|s| s.objects.is_empty());
    }
    let mut plan = PackPlan { snapshots: vec![None; contents.lanes.len()], ..PackPlan::default() };
    let scans = scan(contents, want, &mut plan)?;
    let mut packer = Packer::new(contents, want, &scans, plan);
    let takes = want.budget.map(|budget| packer.spend(budget));
    packer.fill(takes.as_ref())?;
    Ok(packer.plan)
}

/// What was found in the segments that are wanted and here.
fn scan(
    contents: &mut Contents<'_>,
    want: &PackRequest<'_>,
    plan: &mut PackPlan,
) -> Result<HashMap<At, Scan>, Error> {
    let mut wanted = Vec::new();
    for (at, entry) in contents.entries() {
        let asked_for = !want.only_snapshots && want.entries.as_ref().is_none_or(|all| all.contains(&at));
        if !asked_for || want.have.contains(&entry.hash) {
            continue;
        }
        match entry.absent {
            Absent::No => wanted.push(at),
            absent => plan.omitted.push(omitted(Why::Said(absent), contents, at)),
        }
    }
    let mut scans = HashMap::with_capacity(wanted.len());
    for (at, scan) in wanted.iter().zip(contents.scan(&wanted)?) {
        match scan {
            Some(scan) => {
                scans.insert(*at, scan);
            }
            None => {
                plan.omitted.push(omitted(Why::Lost, contents, *at));
                contents.entry_mut(*at).absent = Absent::Lost;
            }
        }
    }
    Ok(scans)
}

fn omitted(why: Why, contents: &Contents<'_>, at: At) -> Omitted {
    let entry = contents.entry(at);
    Omitted { why, lane: at.lane, object: entry.hash, events: entry.events, bytes: entry.bytes }
}

/// What a budget allows.
#[derive(Debug, Default)]
struct Takes {
    segments: HashSet<At>,
    snapshots: HashSet<usize>,
}

/// Puts one thing after the other into volumes.
struct Packer<'p, 'l, 's, 'w> {
    contents: &'l Contents<'s>,
    want: &'p PackRequest<'w>,
    scans: &'p HashMap<At, Scan>,
    plan: PackPlan,
    /// What a volume takes with nothing but manifests and pages.
    fixed: u64,
    /// What the volume that is being filled takes.
    filled: u64,
}

impl<'p, 'l, 's, 'w> Packer<'p, 'l, 's, 'w> {
    fn new(
        contents: &'l Contents<'s>,
        want: &'p PackRequest<'w>,
        scans: &'p HashMap<At, Scan>,
        plan: PackPlan,
    ) -> Self {
        let mut packer = Packer { contents, want, scans, plan, fixed: TAGS, filled: 0 };
        for lane in &contents.lanes {
            for (i, link) in lane.chain.iter().enumerate() {
                let bytes = link.print().len() as u64 + MARK * link.segments.len() as u64;
                let is_top = i + 1 == lane.chain.len();
                let member =
                    if is_top { Member::Lane(lane.id.clone()) } else { Member::Object(Sha256([0; 32])) };
                packer.fixed += packer.cost(&member, bytes);
            }
        }
        packer.filled = packer.fixed;
        packer
    }

    fn cost(&self, member: &Member, bytes: u64) -> u64 {
        let path = member.path();
        let number = if self.want.volume.is_some() { NUMBER } else { "" };
        tar::room(&format!("{}{number}/{path}", self.want.name), bytes) + bag::line_bytes(&path)
    }

    fn cost_of_object(&self, hash: &Sha256, bytes: u64) -> u64 {
        self.cost(&Member::Object(*hash), bytes)
    }

    fn cost_of_snapshot(&self, lane: usize, snapshot: &Snapshot) -> u64 {
        let record = Member::Record(self.contents.lanes[lane].id.clone(), snapshot.root.clone());
        let objects = snapshot.objects.iter();
        self.cost(&record, snapshot.record.len() as u64)
            + objects.map(|(hash, bytes)| self.cost_of_object(hash, *bytes)).sum::<u64>()
    }

    fn snapshot(&self, lane: usize) -> Option<&'l Snapshot> {
        self.contents.lanes[lane].snapshot.as_ref()
    }

    /// The blobs of a segment that whoever gets the pack does not have.
    fn blobs(&self, at: At) -> impl Iterator<Item = (Sha256, u64)> + use<'p, 'l, 's, 'w> {
        let have = &self.want.have;
        let blobs = self.scans.get(&at).map_or(&[][..], |scan| &scan.blobs);
        blobs.iter().copied().filter(move |(hash, _)| !have.contains(hash))
    }

    /// Lane by lane from the newest segment back, each with its blobs, while it fits; the snapshot before them.
    fn spend(&mut self, budget: u64) -> Takes {
        let mut takes = Takes::default();
        let mut blobs: HashSet<Sha256> = HashSet::new();
        let mut spent = self.fixed;
        for lane in &self.want.order {
            if let Some(snapshot) = self.snapshot(*lane) {
                let cost = self.cost_of_snapshot(*lane, snapshot);
                if spent + cost <= budget {
                    spent += cost;
                    takes.snapshots.insert(*lane);
                } else {
                    self.leave_snapshot(Why::Budget, *lane, snapshot);
                }
            }
            let mut fits = true;
            for at in self.segments_of(*lane).into_iter().rev() {
                let entry = self.contents.entry(at);
                let new: Vec<_> = self.blobs(at).filter(|(hash, _)| !blobs.contains(hash)).collect();
                let of_blobs: u64 = new.iter().map(|(hash, bytes)| self.cost_of_object(hash, *bytes)).sum();
                let cost = self.cost_of_object(&entry.hash, entry.bytes) + of_blobs;
                fits = fits && spent + cost <= budget;
                if fits {
                    spent += cost;
                    blobs.extend(new.iter().map(|b| b.0));
                    takes.segments.insert(at);
                } else {
                    self.plan.omitted.push(omitted(Why::Budget, self.contents, at));
                }
            }
        }
        takes
    }

    /// The segments of a lane that can be carried, the oldest first.
    fn segments_of(&self, lane: usize) -> Vec<At> {
        let chain = self.contents.lanes[lane].chain.iter().enumerate();
        let all =
            chain.flat_map(|(link, m)| (0..m.segments.len()).map(move |entry| At { lane, link, entry }));
        all.filter(|at| self.scans.contains_key(at)).collect()
    }

    /// Puts everything into volumes, in order: a segment and then the blobs that it is the first to name, so that
    /// whoever has one volume alone mostly has both; then snapshots.
    fn fill(&mut self, takes: Option<&Takes>) -> Result<(), Error> {
        self.plan.newest.push(None);
        if self.want.volume.is_some_and(|most| self.fixed >= most) {
            return Err(Error::Volume { least: self.fixed });
        }
        for lane in 0..self.contents.lanes.len() {
            for at in self.segments_of(lane) {
                if takes.is_none_or(|takes| takes.segments.contains(&at)) {
                    self.put_segment(at);
                }
            }
        }
        for lane in 0..self.contents.lanes.len() {
            let Some(snapshot) = self.snapshot(lane) else { continue };
            if takes.is_none_or(|takes| takes.snapshots.contains(&lane)) {
                let cost = self.cost_of_snapshot(lane, snapshot);
                let largest = snapshot.objects.iter().map(|(_, bytes)| *bytes).max();
                match self.put(cost, largest.unwrap_or(0)) {
                    Some(volume) => self.plan.snapshots[lane] = Some(volume),
                    None => self.leave_snapshot(Why::TooLarge, lane, snapshot),
                }
            }
        }
        Ok(())
    }

    fn put_segment(&mut self, at: At) {
        let entry = self.contents.entry(at);
        let blobs: Vec<_> = self.blobs(at).filter(|(hash, _)| !self.plan.blobs.contains_key(hash)).collect();
        let cost = self.cost_of_object(&entry.hash, entry.bytes);
        let of_blobs: u64 = blobs.iter().map(|(hash, bytes)| self.cost_of_object(hash, *bytes)).sum();
        if self
            .want
            .volume
            .is_some_and(|most| self.filled + cost + of_blobs > most && self.fixed + cost + of_blobs <= most)
        {
            self.close();
        }
        let Some(volume) = self.put(cost, entry.bytes) else {
            self.plan.omitted.push(omitted(Why::TooLarge, self.contents, at));
            return;
        };
        self.plan.segments.insert(at, volume);
        let newest = self.scans.get(&at).and_then(|scan| scan.newest);
        self.plan.newest[volume] = self.plan.newest[volume].max(newest);
        for (hash, bytes) in blobs {
            match self.put(self.cost_of_object(&hash, bytes), bytes) {
                Some(volume) => {
                    self.plan.blobs.insert(hash, (bytes, volume));
                }
                None => self.leave(Why::TooLarge, at.lane, hash, bytes),
            }
        }
    }

    /// Makes room for something, and says in which volume; nothing where no volume holds it.
    fn put(&mut self, cost: u64, bytes: u64) -> Option<usize> {
        if self.want.file.is_some_and(|most| bytes > most) {
            return None;
        }
        if let Some(most) = self.want.volume {
            if self.fixed + cost > most {
                return None;
            }
            if self.filled + cost > most {
                self.close();
            }
        }
        self.filled += cost;
        Some(self.plan.newest.len() - 1)
    }

    fn close(&mut self) {
        self.plan.newest.push(None);
        self.filled = self.fixed;
    }

    fn leave_snapshot(&mut self, why: Why, lane: usize, snapshot: &Snapshot) {
        snapshot.objects.iter().for_each(|(object, bytes)| self.leave(why, lane, *object, *bytes));
    }

    fn leave(&mut self, why: Why, lane: usize, object: Sha256, bytes: u64) {
        let omitted = Omitted { why, lane, object, events: 0, bytes };
        if !self.plan.omitted.contains(&omitted) {
            self.plan.omitted.push(omitted);
        }
    }
}
