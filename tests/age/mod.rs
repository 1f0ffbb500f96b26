//! The proof of an age, against vectors that another implementation made.

use std::fs;
use std::time::Instant as Clock;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::Value;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape};
use ulp_core::trust::{Instant, Verifier};
use ulp_um::age::{Asked, Opening, Statement, claim_proof, commitment, shows, verify};
use ulp_um::birth::{Blinding, commit};
use ulp_um::credential;
use ulp_um::day::Day;
use ulp_um::dids::Dids;
use ulp_um::draws::Draws;

use crate::run::{self, skipped};
use crate::sample;

fn vectors() -> Option<Value> {
    let path = run::shared()?.join("fixtures/portal/age-over.json");
    let text = fs::read(path).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

fn seeded(seed: &Value) -> Draws {
    let seed = HEXLOWER.decode(seed.as_str().unwrap().as_bytes()).unwrap();
    Draws::seeded(&seed.try_into().unwrap())
}

fn canonical(value: &Value) -> String {
    let mut out = Vec::new();
    json::write_canonical(&value.to_string(), &mut out);
    String::from_utf8(out).unwrap()
}

fn day(offer_issued_at: &Value) -> Day {
    Day::of(Instant::parse(offer_issued_at.as_str().unwrap()).unwrap().time().unwrap()).unwrap()
}

fn openings(vectors: &Value) -> [Opening; 1] {
    let text = format!(r#"{{"birthDate":{},"blinding":{}}}"#, vectors["birthDate"], vectors["blinding"]);
    [Opening::parse(&text).unwrap()]
}

/// What a proof of the vectors is asked for with.
fn asked(proof: &Value) -> Asked<'_> {
    let text = |name: &str| proof[name].as_str().unwrap();
    Asked { audience: text("audience"), challenge: text("challenge"), day: day(&proof["offerIssuedAt"]) }
}

fn years(case: &Value) -> u32 {
    u32::try_from(case["over"].as_u64().unwrap()).unwrap()
}

#[test]
fn vectors_come_out_to_the_byte() {
    let Some(vectors) = vectors() else { return skipped("no fixtures") };
    let blinding = Blinding::draw(&mut seeded(&vectors["commitRandom"])).unwrap();
    let birth = format!(r#"{{"credentialSubject":{{"birthDate":{}}}}}"#, vectors["birthDate"]);
    let now = Instant::parse("2026-11-20T12:00:00Z").unwrap().time().unwrap();
    let committed = commit(Tape::new().parse(&birth, 64).unwrap(), &blinding, now).unwrap();
    let committed_to: Value = serde_json::from_str(&committed.credential).unwrap();
    assert_eq!(committed_to["credentialSubject"]["birthDateCommitment"], vectors["commitment"]);
    let opened: Value = serde_json::from_str(&committed.opening).unwrap();
    assert_eq!([&opened["birthDate"], &opened["blinding"]], [&vectors["birthDate"], &vectors["blinding"]]);
    let (text, mut tape) = (canonical(&vectors["credential"]), Tape::new());
    let vc = tape.parse(&text, 64).unwrap();
    let signed = credential::verify(vc, &Verifier::new(), &Dids::none(), &mut Default::default());
    assert!(signed.unwrap().unwrap().by_issuer);
    for proof in vectors["proofs"].as_array().unwrap() {
        let mut draws = seeded(&proof["random"]);
        let made = claim_proof(vc, years(proof), &asked(proof), &openings(&vectors), &mut draws).unwrap();
        assert_eq!(made, Some(canonical(&proof["claimProof"])));
        let (made, mut tape) = (made.unwrap(), Tape::new());
        let subject = vectors["credential"]["credentialSubject"]["id"].as_str().unwrap();
        assert!(shows(tape.parse(&made, 64).unwrap(), years(proof), subject, &asked(proof)));
    }
    let made_on = |day: Day| {
        let case = &vectors["justOld"];
        let asked = Asked { audience: "did:example:world", challenge: "00", day };
        claim_proof(vc, years(case), &asked, &openings(&vectors), &mut Draws::seeded(&[0; 32])).unwrap()
    };
    let just_old = day(&vectors["justOld"]["offerIssuedAt"]);
    assert!(made_on(just_old).is_some());
    assert_eq!(made_on(Day(just_old.0 - 1)), None);
}

#[test]
fn no_bit_of_a_proof_may_change() {
    let Some(vectors) = vectors() else { return skipped("no fixtures") };
    let (text, mut tape) = (canonical(&vectors["credential"]), Tape::new());
    let vc = tape.parse(&text, 64).unwrap();
    let commitment = commitment(vc).unwrap();
    let proof = &vectors["proofs"][0];
    let asked = asked(proof);
    let statement = Statement {
        credential: Sha256::of(text.as_bytes()),
        subject: vectors["credential"]["credentialSubject"]["id"].as_str().unwrap(),
        audience: asked.audience,
        challenge: asked.challenge,
        born_by: asked.day.years_before(years(proof)).unwrap(),
    };
    let value = proof["claimProof"]["proofValue"].as_str().unwrap();
    let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).unwrap();
    assert!(verify(&statement, &commitment, &bytes));
    let bits: Vec<usize> = sample::of(0..bytes.len() * 8, 32).collect();
    sample::each(&bits, |_, bit| {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify(&statement, &commitment, &flipped), "bit {bit}");
    });
}

/// How long a proof and a check take; said, and held to in a build that is optimised.
#[test]
fn a_proof_is_made_and_checked_in_milliseconds() {
    const ROUNDS: u32 = 20;
    let Some(vectors) = vectors() else { return skipped("no fixtures") };
    let (text, mut tape) = (canonical(&vectors["credential"]), Tape::new());
    let vc = tape.parse(&text, 64).unwrap();
    let (proof, openings) = (&vectors["proofs"][0], openings(&vectors));
    let mut draws = Draws::seeded(&[0; 32]);
    let start = Clock::now();
    let made =
        (0..ROUNDS).map(|_| claim_proof(vc, 18, &asked(proof), &openings, &mut draws).unwrap().unwrap());
    let made: Vec<String> = made.collect();
    let proving = start.elapsed() / ROUNDS;
    let (start, subject) = (Clock::now(), vectors["credential"]["credentialSubject"]["id"].as_str().unwrap());
    for made in &made {
        let mut tape = Tape::new();
        assert!(shows(tape.parse(made, 64).unwrap(), 18, subject, &asked(proof)));
    }
    let checking = start.elapsed() / ROUNDS;
    run::say(&format!("a proof of age takes {proving:?}, a check {checking:?}"));
}
