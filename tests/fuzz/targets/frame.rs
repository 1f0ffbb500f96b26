//! Packets: what parses prints as it was, and the lines of frames are statements whose proof is the frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use ulp_core::frame::{Advert, packet, proof};
use ulp_core::json::{Tape, parse_line};
use ulp_core::statement::check;
use ulp_core::trust::{SecretKey, Verifier};
use ulp_peer::radio::{Names, Source};

static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_seed(&[2; 32]));

fuzz_target!(|bytes: &[u8]| {
    // A line, which may be an advert.
    let mut tape = Tape::new();
    if let Ok(object) = parse_line(&mut tape, bytes)
        && check(object).is_ok()
    {
        let _ = proof(object);
        for frame in Advert::read(object).iter().flat_map(|advert| advert.frames(bytes.len() % 17, 3)) {
            assert_eq!(packet(&frame.print()).as_deref(), Ok(&[frame][..]));
        }
    }
    let Ok(frames) = packet(bytes) else { return };
    let printed: Vec<u8> = frames.iter().flat_map(|frame| frame.print()).collect();
    assert_eq!(printed, bytes);
    let (mut names, verifier) = (Names::default(), Verifier::new());
    names.add_peer(Source::Store, &KEY.did().to_string());
    names.add_space(Source::Graph, "demo");
    for frame in frames {
        let signed = frame.clone().sign(&KEY);
        assert!(frame.rows().is_none() || signed.verify(KEY.did(), &verifier).is_ok());
        for frame in [frame, signed] {
            let Ok(speaker) = names.speaker(&frame, &verifier) else { continue };
            let Some(line) = names.line(&frame, &speaker) else { continue };
            let mut tape = Tape::new();
            let statement = parse_line(&mut tape, line.as_bytes()).expect("a line that was made");
            check(statement).expect("a statement that was made");
            let proof = proof(statement).expect("a proof that was made");
            assert_eq!(proof, speaker.proven.then(|| frame.with_hops(0)));
        }
    }
});
