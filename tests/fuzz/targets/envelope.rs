//! What a portal reads: an envelope says of itself what is found, receipts and ledgers are refused or hold, settings and
//! contexts are understood or not; nothing ends in a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::id::Time;
use ulp_core::json::Tape;
use ulp_core::trust::Verifier;
use ulp_um::dids::Dids;
use ulp_um::portal::envelope::{self, Envelope};
use ulp_um::portal::{Assurance, Setting, Stage, Stand, Trust, answer, chain, context, evaluate_watched, ledger};

const NOW: Time = Time(1_795_176_000_000_000_000);

fuzz_target!(|bytes: &[u8]| {
    let (verifier, dids, trust) = (Verifier::new(), Dids::none(), Trust::default());
    let open = |_: &str| Some(String::from_utf8_lossy(bytes).into_owned());
    let setting = |stand| Setting {
        now: NOW,
        verifier: &verifier,
        dids: &dids,
        trust: &trust,
        ratings: &[],
        opener: None,
        status: &[],
        assurance: Assurance::Software,
        max_tier: 1,
        scope: &[],
        stand,
    };
    let stands = [
        Stand::Alone,
        Stand::Offered,
        Stand::Challenged { challenge: "n", audience: Some("did:a") },
        Stand::Door { us: "did:a", open: &open },
    ];
    for stand in stands {
        // Whatever a stage passes on is an envelope that says what was found.
        evaluate_watched(bytes, &setting(stand), Stage::Compose, &mut |found| {
            let printed = String::from_utf8(envelope::print(found, bytes, NOW)).expect("text");
            let read = Envelope::read(&printed, &mut Tape::new()).expect("an envelope");
            assert!(read.says(found) && read.bytes == bytes && read.now == NOW);
        });
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut tape = Tape::new();
    let _ = Envelope::read(text, &mut tape);
    let _ = context::parse(text);
    let _ = answer::read(text, NOW, &verifier, &dids);
    let (mut lines, mut receipts) = (ledger::Check::new(&verifier, None), chain::Check::new(&verifier, &dids));
    for line in text.lines() {
        let _ = (lines.take(line), receipts.take(line));
    }
});
