//! `--store`: what is new is taken, made durable, and passed on.

use crate::source::{Ended, Source, Sources};
use crate::{Args, log as say, test};
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;
use ulp_cli::{Failure, Log, Output, Status, Witness, project, stored};
use ulp_core::hash::Sha256;
use ulp_core::scope::Clock;
use ulp_store::Store;
use ulp_store::intake::segments::Importer;
use ulp_store::pack::Member;
use ulp_store::pack::read::{Damage, Pack, Piece, Whole};

/// The dotfile of a store that is made for a pack: open to all.
const DOTFILE: &[u8] = b"version: 1\n";

/// Takes each pack into the store.
pub fn run(args: &Args, dir: &Path, log: &mut Log) -> Result<Status, Failure> {
    // Opened first: an output that cannot be written is said before anything is taken.
    let out = Output::stdout()?;
    let store = if dir.exists() { Store::open(dir, false)? } else { Store::init(dir, false, DOTFILE)? };
    let scope = project::scope_of_store(&store, &args.scope)?;
    let mut importer = Importer::new(&store, &scope, clock(args, &store), Instant::now());
    importer.recorded_by(stored::recorder(&scope, "tile-unpack", &args.now));
    let mut taking = Taking { importer, out: Some(out), log };
    let mut sources = Sources::new(args.max_bytes, dir);
    for operand in args.files.operands() {
        if let Err(ended) = taking.operand(operand, &mut sources) {
            match ended {
                Ended::Pack(error) => say::refused(taking.log, &operand.to_string_lossy(), error)?,
                Ended::Edge(failure) => return Err(failure),
            }
        }
    }
    let input = sources.digest();
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

struct Taking<'t> {
    importer: Importer<'t>,
    /// Nothing once the reader of our output is gone: what is durable goes on without it.
    out: Option<Output>,
    log: &'t mut Log,
}

impl Taking<'_> {
    fn operand(&mut self, operand: &OsStr, sources: &mut Sources) -> Result<(), Ended> {
        let mut pack = sources.open(operand)?;
        let taken = self.pack(&mut pack);
        // What came whole before it was refused or broke off stands.
        self.commit()?;
        sources.close(pack);
        taken
    }

    fn pack(&mut self, pack: &mut Pack<Source>) -> Result<(), Ended> {
        while let Some(piece) = pack.next_piece()? {
            match piece {
                Piece::Segment(lane, entry, bytes) => self.importer.segment(lane, entry.hash, bytes),
                Piece::Older(lane, hash, bytes) => self.importer.segment(lane, hash, bytes),
                Piece::Object(hash, bytes) => self.object(pack, hash, bytes)?,
                Piece::TooLarge(lane, entry) => say::too_large(self.log, &lane, &entry)?,
                Piece::Damaged(damage) => say::damage(self.log, &damage)?,
                // Snapshots are derived here, from what was taken.
                Piece::Lane(..) | Piece::Record(..) => {}
            }
            if self.importer.is_due(Instant::now()) {
                self.commit()?;
            }
        }
        Ok(())
    }

    /// A blob, where an event names it; all else that is no segment is nothing for us.
    fn object(&mut self, pack: &mut Pack<Source>, hash: Sha256, bytes: u64) -> Result<(), Ended> {
        self.commit()?;
        if self.importer.wants(&hash)?
            && let Whole::No(reason) = self.importer.blob(hash, bytes, pack)?
        {
            let what = Member::Object(hash).path();
            say::damage(self.log, &Damage { lane: None, what, events: None, reason })?;
        }
        Ok(())
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
