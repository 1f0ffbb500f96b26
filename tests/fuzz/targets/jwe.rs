//! What is sealed: any JSON stays closed or opens, and what is sealed opens to what it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use ulp_core::json::{Tape, parse_line};
use ulp_um::dids::Dids;
use ulp_um::draws::Draws;
use ulp_um::jwe::{Recipe, Recipient, SecretKey, open, seal};
use ulp_um::{facets, hash};

static KEYS: LazyLock<[SecretKey; 2]> =
    LazyLock::new(|| [SecretKey::x25519([6; 32].into()), SecretKey::p256(&[8; 32]).expect("a scalar")]);

fuzz_target!(|bytes: &[u8]| {
    let mut tape = Tape::new();
    let Ok(object) = parse_line(&mut tape, bytes) else { return };
    for key in KEYS.iter() {
        let _ = open(object, key);
        for facet in facets::of(object) {
            let plain = facets::content(facet).and_then(|content| open(content, key).ok());
            let text = plain.as_ref().and_then(|plain| std::str::from_utf8(plain).ok());
            let _ = text.map(|text| facets::opened(facet, text));
        }
    }
    let recipients: Vec<Recipient> =
        KEYS.iter().filter_map(|key| Recipient::of_did(&key.did(), &Dids::none())).collect();
    let recipe = Recipe::draw(&recipients, &mut Draws::seeded(&[7; 32])).expect("a keystream");
    let plain = hash::canonical(object);
    let sealed = seal(&plain, &recipients, &recipe);
    let mut tape = Tape::new();
    let jwe = parse_line(&mut tape, sealed.as_bytes()).expect("a JWE is JSON");
    for key in KEYS.iter() {
        assert_eq!(open(jwe, key).expect("what was sealed to it").as_slice(), plain);
    }
});
