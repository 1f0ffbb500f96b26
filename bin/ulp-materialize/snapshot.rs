//! `--snapshot`: new snapshots are kept, and a line a lane says which is the newest.

use std::io::Write as _;
use ulp_cli::{Failure, Output};
use ulp_core::json::write::Members;
use ulp_store::Store;
use ulp_store::snapshot::make::NewSnapshot;

/// About how many bytes are kept in one commit.
const BATCH: usize = 32 << 20;

/// Gathers the snapshots of tiles, and keeps them a batch at a time.
pub struct Keeper<'s> {
    store: &'s Store,
    waiting: Vec<NewSnapshot>,
    bytes: usize,
}

impl<'s> Keeper<'s> {
    pub fn new(store: &'s Store) -> Keeper<'s> {
        Keeper { store, waiting: Vec::new(), bytes: 0 }
    }

    /// Takes the snapshots of the next tile.
    pub fn take(&mut self, shots: Vec<NewSnapshot>, out: &mut Output) -> Result<(), Failure> {
        self.bytes += shots.iter().map(NewSnapshot::bytes).sum::<usize>();
        self.waiting.extend(shots);
        if self.bytes >= BATCH { self.finish(out) } else { Ok(()) }
    }

    /// Makes durable what waits, and then says so.
    pub fn finish(&mut self, out: &mut Output) -> Result<(), Failure> {
        self.store.keep(&self.waiting)?;
        self.bytes = 0;
        let mut line = Vec::new();
        for shot in self.waiting.drain(..) {
            line.clear();
            print(&shot, &mut line);
            out.write_all(&line)?;
        }
        Ok(())
    }
}

fn print(shot: &NewSnapshot, out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    match &shot.record.delta {
        Some(delta) => line.word("delta", delta, out),
        None => line.raw("delta", Some("null"), out),
    }
    line.integer("events", shot.events(), out);
    line.word("policy", shot.lane.lane.policy, out);
    line.word("realm", shot.lane.lane.realm, out);
    line.word("root", shot.record.root, out);
    line.word("snapshot", shot.record.object, out);
    line.text("space_id", &shot.lane.space, out);
    line.word("tile", shot.lane.tile, out);
    line.end_line(out);
}
