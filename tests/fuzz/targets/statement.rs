//! Statements, from any bytes: what passes is said again in the same words, and who signed it can be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::id::Time;
use ulp_core::json::{self, Tape, is_canonical};
use ulp_core::statement::{self, Pointers, Signers};
use ulp_core::trust::authority::Authority;
use ulp_core::trust::{Scratch, Verifier};

fuzz_target!(|data: &[u8]| {
    let (mut tape, mut again) = (Tape::new(), Tape::new());
    let Ok(object) = json::parse_line(&mut tape, data) else { return };
    if statement::check(object).is_err() {
        return;
    }
    let rules = Authority::default();
    let signers = Signers { rules: &rules, now: Time(0), named: &|_| false };
    let _ = statement::signer(object, &signers, &Verifier::new(), &mut Scratch::default());
    let Some(said) = Pointers::read(object) else { return };
    let line = said.print();
    assert!(is_canonical(&line));
    let object = json::parse_text(&mut again, &line).expect("what is printed is read");
    if line.len() <= statement::LONGEST {
        assert_eq!(statement::check(object), Ok(said.sort));
    }
    assert_eq!(Pointers::read(object), Some(said));
});
