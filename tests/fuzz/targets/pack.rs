//! Packs: any bytes are pieces, damage or a refusal, and never more memory than a pack may take.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::id::Time;
use ulp_core::scope::{Clock, Scope};
use ulp_store::intake::segments::look_at;
use ulp_store::pack::read::{Pack, Piece, first_lane};

const CLOCK: Clock = Clock::Given(Time(1_800_000_000_000_000_000));
/// Most bytes of tar that a run reads.
const MOST: u64 = 8 << 20;

fuzz_target!(|bytes: &[u8]| {
    let mut pack = Pack::new(bytes, MOST, std::env::temp_dir());
    let scope = Scope::default();
    while let Ok(Some(piece)) = pack.next_piece() {
        match piece {
            Piece::Segment(lane, entry, body) => {
                let _ = first_lane(&body);
                let _ = look_at(lane, entry.hash, body, &scope, CLOCK);
            }
            Piece::Object(_, size) => {
                let mut got = 0;
                let _ = pack.object(&mut |part| {
                    got += part.len() as u64;
                    Ok(())
                });
                assert!(got <= size);
            }
            _ => {}
        }
    }
});
