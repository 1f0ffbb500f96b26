//! `--store`: what is new is taken, made durable, and passed on.

use crate::{Args, log as say, source, test};
use foldhash::{HashSet, HashSetExt as _};
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;
use ulp_cli::{Failure, Log, Output, Status, Witness, project};
use ulp_core::scope::Clock;
use ulp_store::intake::segments::{Importer, first_lane};
use ulp_store::manifest::Manifest;
use ulp_store::pack::read::{Pack, Piece, Whole};
use ulp_store::pack::{Error, MOST_SEGMENT};
use ulp_store::{LaneId, Store, object};

/// The dotfile of a store that is made for a pack: open to all.
const DOTFILE: &[u8] = b"version: 1\n";

/// Takes each pack into the store.
pub fn run(args: &Args, dir: &Path, log: &mut Log) -> Result<Status, Failure> {
    // Opened first: an output that cannot be written is said before anything is taken.
    let out = Output::stdout()?;
    let store = if dir.exists() { Store::open(dir, false)? } else { Store::init(dir, false, DOTFILE)? };
    let scope = project::scope_of_store(&store, &args.scope)?;
    let importer = Importer::new(&store, &scope, clock(args, &store), Instant::now());
    let mut taking = Taking { importer, out: Some(out), log, older: HashSet::new(), pages_came: false };
    let mut hasher = blake3::Hasher::new();
    for operand in args.files.operands() {
        let mut pack = source::open(operand, hasher, args.max_bytes)?;
        let taken = taking.pack(&mut pack);
        // What came whole before it was refused or broke off stands.
        taking.commit()?;
        match taken {
            Ok(()) => {}
            Err(Ended::Pack(error)) => say::refused(taking.log, error)?,
            Err(Ended::Edge(failure)) => return Err(failure),
        }
        hasher = source::hasher(pack);
    }
    let input = source::digest(&hasher);
    let witness =
        Witness { input: Some(input), scope: scope.digest(), now: args.now.given(), ..Witness::default() };
    taking.finish(&witness)
}

/// The clock, and when the store was written last.
fn clock(args: &Args, store: &Store) -> Clock {
    let now = args.now.time();
    match args.now.given() {
        Some(_) => Clock::Given(now),
        None => Clock::Machine { now, lock: store.touched() },
    }
}

/// Why a pack was not read to its end.
enum Ended {
    Pack(Error),
    Edge(Failure),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        if error.code().is_some() { Ended::Pack(error) } else { Ended::Edge(error.into()) }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Ended {
        Ended::Edge(failure)
    }
}

struct Taking<'t> {
    importer: Importer<'t>,
    /// Nothing once the reader of our output is gone: what is durable goes on without it.
    out: Option<Output>,
    log: &'t mut Log,
    /// Lanes of this pack that have pages, whose segments no manifest names.
    older: HashSet<LaneId>,
    /// Whether a page came: behind pages there are no segments.
    pages_came: bool,
}

impl Taking<'_> {
    fn pack(&mut self, pack: &mut Pack<source::Source>) -> Result<(), Ended> {
        self.older.clear();
        self.pages_came = false;
        while let Some(piece) = pack.next_piece()? {
            match piece {
                Piece::Lane(lane, manifest) => {
                    if manifest.previous.is_some() {
                        self.older.insert(lane);
                    }
                }
                Piece::Segment(lane, entry, bytes) => self.importer.segment(lane, entry.hash, bytes),
                Piece::Object(hash, bytes) => self.object(pack, hash, bytes)?,
                Piece::TooLarge(lane, entry) => say::too_large(self.log, &lane, &entry)?,
                Piece::Damaged(damage) => say::damage(self.log, &damage)?,
                // Snapshots are derived here, from what was taken.
                Piece::Record(..) => {}
            }
            if self.importer.is_due(Instant::now()) {
                self.commit()?;
            }
        }
        Ok(())
    }

    /// An object that no manifest names: an older segment, a page, a blob, or nothing for us.
    fn object(
        &mut self,
        pack: &mut Pack<source::Source>,
        hash: ulp_core::hash::Sha256,
        bytes: u64,
    ) -> Result<(), Ended> {
        if !self.older.is_empty() && !self.pages_came && bytes <= MOST_SEGMENT {
            let mut body = Vec::new();
            let whole = pack.object(&mut |part| {
                body.extend_from_slice(part);
                Ok(())
            })?;
            if let Whole::No(reason) = whole {
                return self.broken(hash, reason);
            }
            if Manifest::parse(&body, Path::new("page")).is_ok() {
                self.pages_came = true;
            } else if let Some(lane) = first_lane(&body).filter(|lane| self.older.contains(lane)) {
                self.importer.segment(lane, hash, body);
            }
            return Ok(());
        }
        self.commit()?;
        if self.importer.wants(&hash)?
            && let Whole::No(reason) = self.importer.blob(hash, bytes, pack)?
        {
            return self.broken(hash, reason);
        }
        Ok(())
    }

    fn broken(&mut self, hash: ulp_core::hash::Sha256, reason: &'static str) -> Result<(), Ended> {
        let what = format!("data/{}/{}", object::directory(&hash), object::place(&hash).1);
        let damage = ulp_store::pack::read::Damage { lane: None, what, events: None, reason };
        Ok(say::damage(self.log, &damage)?)
    }

    /// Makes durable what waits, and passes it on.
    fn commit(&mut self) -> Result<(), Failure> {
        for outcome in self.importer.commit(Instant::now)? {
            let written = self.out.as_mut().map_or(Ok(()), |out| out.write_all(&outcome.new));
            self.heed(written.map_err(Failure::from))?;
            test::tell(self.log, &outcome)?;
        }
        let flushed = self.out.as_mut().map_or(Ok(()), |out| out.flush());
        self.heed(flushed.map_err(Failure::from))?;
        self.log.flush()
    }

    /// A store is filled to the end of the input, whether anybody reads what is new or not.
    fn heed(&mut self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        match outcome {
            Err(Failure::ReaderGone) => {
                self.out = None;
                Ok(())
            }
            other => other,
        }
    }

    fn finish(mut self, witness: &Witness) -> Result<Status, Failure> {
        self.importer.settle()?;
        if self.out.is_none() {
            return Err(Failure::ReaderGone);
        }
        self.log.finish(self.out, witness)
    }
}
