//! Universal Manifests, events and witness lines with signatures: any JSON is judged, and what is cosigned is judged
//! as cosigned.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use ulp_core::id::Time;
use ulp_core::json::{Tape, parse_line};
use ulp_core::line::Kind;
use ulp_core::trust::{Scratch, SecretKey, Signature, Verifier, cosign};
use ulp_um::manifest::{self, Clock};

static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_seed(&[1; 32]));
const NOW: Clock = Clock::Fresh(Time(1_800_000_000_000_000_000));

fuzz_target!(|bytes: &[u8]| {
    let mut tape = Tape::new();
    let Ok(object) = parse_line(&mut tape, bytes) else { return };
    let (verifier, mut scratch) = (Verifier::new(), Scratch::default());
    let _ = Kind::of(object);
    let _ = manifest::check(object, bytes.len(), NOW, &verifier, &mut scratch);
    if let Some(signature) = object.get("signature") {
        for read in [Signature::of_event(signature), Signature::of_document(signature)] {
            let _ = read.and_then(|s| verifier.verify(object, &s, &mut scratch));
        }
    }
    let _ = cosign::verify(object, &verifier, &mut scratch);
    let text = object.raw();
    let defaults = manifest::Defaults { id: "urn:x".to_owned(), now: Time(0), ttl: 86_400_000_000_000 };
    let _ = manifest::complete(text, &defaults);
    let _ = ulp_core::event::sign(text, &KEY);
    if let Ok(signed) = cosign::add(&KEY, text, false, &verifier) {
        let mut tape = Tape::new();
        let line = parse_line(&mut tape, signed.as_bytes()).expect("a line that was signed");
        let signers = cosign::verify(line, &verifier, &mut scratch).expect("signatures that were made");
        assert!(signers.contains(&KEY.did()));
    }
});
