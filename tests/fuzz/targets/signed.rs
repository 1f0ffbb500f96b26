//! Universal Manifests, credentials, events and witness lines with signatures: any JSON is judged, and what is cosigned
//! is judged as cosigned.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use ulp_core::id::Time;
use ulp_core::json::{Tape, parse_line};
use ulp_core::line::Kind;
use ulp_core::trust::{Scratch, SecretKey, Signature, Verifier, cosign};
use ulp_um::credential::claims::{Court, judge_all};
use ulp_um::credential::{self, Profile};
use ulp_um::dids::Dids;
use ulp_um::manifest::{self, Clock, Context};

static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_seed(&[1; 32]));
const NOW: Time = Time(1_800_000_000_000_000_000);

fuzz_target!(|bytes: &[u8]| {
    let mut tape = Tape::new();
    let Ok(object) = parse_line(&mut tape, bytes) else { return };
    let (verifier, mut scratch) = (Verifier::new(), Scratch::default());
    let _ = Kind::of(object);
    // The document of every DID is the input itself.
    let document = bytes.to_vec();
    let dids = Dids::new(move |_| Some(document.clone()));
    let context = Context { clock: Clock::Fresh(NOW), verifier: &verifier, dids: &dids };
    let _ = manifest::check(object, bytes.len(), &context, &mut scratch);
    let _ = credential::verify(object, &verifier, &dids, &mut scratch);
    let court = Court { verifier: &verifier, dids: &dids, trusted: &[], now: NOW };
    let _ = judge_all(object, &court, &mut scratch);
    for profile in [Profile::Um, Profile::EddsaJcs2022, Profile::VcJcsEd25519] {
        let _ = credential::sign(object, profile, &KEY, &dids, "2026-02-17T00:00:00Z");
    }
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
