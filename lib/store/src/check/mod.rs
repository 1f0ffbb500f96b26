//! Checking a store: objects against their names, manifests against objects, events against the rules of their lane,
//! indexes, snapshots and caches against what they were made from.

mod lane;
mod litter;
mod names;

use super::object;
use super::read::Wanted;
use super::refs::Refs;
use super::{Error, LaneId, Store};
use rayon::prelude::*;
use std::path::Path;
use ulp_core::hash::Sha256;
use ulp_core::json::write::Members;
use ulp_core::world::Filter;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A leftover, or something that is only stale.
    Info,
    Damage,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub severity: Severity,
    pub code: &'static str,
    /// Below the store.
    pub path: String,
    pub detail: String,
}

impl Finding {
    fn new(
        severity: Severity,
        code: &'static str,
        path: impl Into<String>,
        detail: impl Into<String>,
    ) -> Finding {
        Finding { severity, code, path: path.into(), detail: detail.into() }
    }

    fn damage(code: &'static str, path: impl Into<String>, detail: impl Into<String>) -> Finding {
        Finding::new(Severity::Damage, code, path, detail)
    }

    /// The finding as a line of canonical JSON.
    pub fn print(&self, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        line.text("code", self.code, out);
        line.text("detail", &self.detail, out);
        line.text("path", &self.path, out);
        line.text("severity", if self.severity == Severity::Damage { "damage" } else { "info" }, out);
        line.end_line(out);
    }
}

/// The path of an object below the store.
pub fn object_path(hash: &Sha256) -> String {
    format!("{}/{}", object::directory(hash), object::place(hash).1)
}

impl Store {
    /// Re-hashes every object, on the threads of the current pool.
    pub fn check_objects(&self) -> Result<Vec<Finding>, Error> {
        let damaged = self.damaged_objects()?;
        let refs = if damaged.is_empty() { Refs::default() } else { Refs::readable(self)? };
        let finding = |hash: &Sha256| {
            let lane = refs.lane_of(hash).map(|id| format!("{}: ", id.dir()));
            let detail = format!("{}its bytes are not those of its name", lane.unwrap_or_default());
            Finding::damage("store.object", object_path(hash), detail)
        };
        Ok(damaged.iter().map(finding).collect())
    }

    /// Looks for everything that manifests name, unread.
    pub fn check_named(&self) -> Result<Vec<Finding>, Error> {
        self.each_lane(lane::check_named)
    }

    /// Checks everything but the bytes of objects that nothing names.
    pub fn check_lanes(&self, replay: bool) -> Result<Vec<Finding>, Error> {
        let mut findings = match self.each_lane(lane::check) {
            // Nobody reads past it, and nor does a check; what else lies about is named all the same.
            Err(Error::Unsafe(path)) => {
                vec![Finding::damage("store.unsafe", self.below(&path), names::UNSAFE)]
            }
            found => found?,
        };
        self.check_names(&mut findings)?;
        if replay && !findings.iter().any(|f| f.severity == Severity::Damage) {
            self.check_replay(&mut findings)?;
        }
        findings.sort();
        findings.dedup();
        Ok(findings)
    }

    fn each_lane(
        &self,
        check: impl Fn(&Store, &LaneId) -> Result<Vec<Finding>, Error> + Sync,
    ) -> Result<Vec<Finding>, Error> {
        let lanes = self.lanes()?;
        let checked: Result<Vec<Vec<Finding>>, Error> = lanes.par_iter().map(|id| check(self, id)).collect();
        Ok(checked?.into_iter().flatten().collect())
    }

    /// A path below the store, as it is shown.
    fn below(&self, path: &Path) -> String {
        path.strip_prefix(self.path()).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// What lies about and is named by nothing.
    fn check_names(&self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let (temporary, strange) = self.leftovers()?;
        let leftover = |path| Finding::new(Severity::Info, "store.leftover", path, "a temporary file");
        findings.extend(temporary.into_iter().map(leftover));
        let unsafe_ = |path| Finding::damage("store.unsafe", path, names::UNSAFE);
        findings.extend(strange.into_iter().map(unsafe_));
        findings.extend(names::strangers(self)?);
        let Ok(refs) = Refs::read(self, usize::MAX) else { return Ok(()) };
        for hash in self.all_objects()?.objects.iter().filter(|hash| !refs.names(hash)) {
            let detail = "no manifest, page or snapshot names it";
            findings.push(Finding::new(Severity::Info, "store.unnamed", object_path(hash), detail));
        }
        Ok(())
    }

    /// Whether what is read from snapshots is what is read from all events.
    fn check_replay(&self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let filter = Filter::default();
        let places = self.tiles()?;
        let checked: Result<Vec<Vec<Finding>>, Error> = places
            .par_iter()
            .map(|place| {
                let states = |snapshots| {
                    self.replay(place, Wanted::new(&filter, snapshots), false, |replay| {
                        let mut lanes = Vec::new();
                        replay.states(&filter, false, |part, lines| {
                            lanes.push((part.id.clone(), blake3::hash(lines)));
                        });
                        lanes
                    })
                };
                let (fast, slow) = (states(true)?, states(false)?);
                let differs = |(a, b): (&(LaneId, blake3::Hash), &(LaneId, blake3::Hash))| {
                    let detail = "a snapshot and the events after it derive another state than all events";
                    (a != b).then(|| Finding::damage("store.snapshot", a.0.dir(), detail))
                };
                Ok(fast.iter().zip(&slow).filter_map(differs).collect())
            })
            .collect();
        findings.extend(checked?.into_iter().flatten());
        Ok(())
    }
}
