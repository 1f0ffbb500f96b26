#![allow(clippy::unwrap_used)]

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::Tape;

use super::*;
use crate::draws::Draws;

const ALICE: &str = "did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH";
const WORLD: &str = "did:key:z6MkvRXNYcE7MMduynWTgeKbDaT1iijDSC8pZqXZc8rHPrf2";
const OPENING: &str =
    r#"{"birthDate":"2001-05-09","blinding":"SlPD-7xZlw7l-Fr4E4dd_8E6kEouU65-ZfoN6m5iyQE"}"#;
const CREDENTIAL: &str = r#"{"credentialSubject":{"birthDateCommitment":"gNHtR-Lz2xb0-E0HxUv7K1dq8JjYADWwRPQN0shzNDI","commitmentScheme":"pedersen-ristretto255-mjd","id":"did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH"}}"#;

fn asked(day: &str) -> Asked<'static> {
    Asked { audience: WORLD, challenge: "00112233", day: Day::parse(day).unwrap() }
}

fn made(years: u32, asked: &Asked<'_>, openings: &[Opening]) -> Option<String> {
    let mut tape = Tape::new();
    let credential = tape.parse(CREDENTIAL, 64).unwrap();
    claim_proof(credential, years, asked, openings, &mut Draws::seeded(&[9; 32])).unwrap()
}

fn opening() -> Opening {
    Opening::parse(OPENING).unwrap()
}

fn shown(proof: &str, years: u32, asked: &Asked<'_>) -> bool {
    let mut tape = Tape::new();
    shows(tape.parse(proof, 64).unwrap(), years, ALICE, asked)
}

#[test]
fn an_age_is_shown_to_whom_it_is_for_alone() {
    let today = asked("2026-11-20");
    let proof = made(18, &today, &[opening()]).unwrap();
    assert!(shown(&proof, 18, &today));
    assert!(!shown(&proof, 17, &today) && !shown(&proof, 19, &today), "another age");
    assert!(!shown(&proof, 18, &asked("2026-11-21")), "another day");
    assert!(!shown(&proof, 18, &Asked { challenge: "00112234", ..today }), "another challenge");
    assert!(!shown(&proof, 18, &Asked { audience: ALICE, ..today }), "another audience");
    for (from, to) in [
        ("\"authentication\"", "\"assertionMethod\""),
        ("\"proofType\":\"zk-age-over-v1\"", "\"proofType\":\"zk-age-over-v2\""),
        ("2008-11-20", "2008-11-21"),
        ("pedersen-ristretto255-mjd", "pedersen"),
        ("gNHtR", "gNHtS"),
        ("\"proofValue\":\"", "\"proofValue\":\"A"),
    ] {
        assert!(proof.contains(from) && !shown(&proof.replacen(from, to, 1), 18, &today), "{to}");
    }
}

#[test]
fn an_age_that_is_not_reached_is_not_shown() {
    assert_eq!(made(26, &asked("2027-05-08"), &[opening()]), None);
    assert!(made(26, &asked("2027-05-09"), &[opening()]).is_some(), "the birthday");
    assert!(made(1, &asked("2181-10-12"), &[opening()]).is_some(), "65,535 days");
    assert_eq!(made(1, &asked("2181-10-13"), &[opening()]), None, "65,536 days");
    assert_eq!(made(18, &asked("2026-11-20"), &[]), None, "no opening");
    let other = OPENING.replace("05-09", "05-08");
    assert_eq!(made(18, &asked("2026-11-20"), &[Opening::parse(&other).unwrap()]), None, "of another");
    assert!(made(18, &asked("2026-11-20"), &[Opening::parse(&other).unwrap(), opening()]).is_some());
}

#[test]
fn an_opening_is_a_date_and_a_scalar() {
    let order = "7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA";
    for (from, to) in [
        ("2001-05-09", "2001-02-29"),
        ("2001-05-09", "1858-11-16"),
        ("SlPD", "SlP"),
        ("SlPD", "SlPDA"),
        ("SlPD-7xZlw7l-Fr4E4dd_8E6kEouU65-ZfoN6m5iyQE", order),
        ("\"blinding\"", "\"b\""),
        ("{", ""),
    ] {
        assert!(Opening::parse(&OPENING.replacen(from, to, 1)).is_none(), "{to}");
    }
}

#[test]
fn a_proof_draws_what_it_says() {
    let mut rest = [0; 4];
    let mut draws = Draws::seeded(&[9; 32]);
    let mut tape = Tape::new();
    let credential = tape.parse(CREDENTIAL, 64).unwrap();
    claim_proof(credential, 18, &asked("2026-11-20"), &[opening()], &mut draws).unwrap().unwrap();
    draws.fill(&mut rest).unwrap();
    let mut stream = Draws::seeded(&[9; 32]);
    let mut skipped = vec![0; DRAWN + 4];
    stream.fill(&mut skipped).unwrap();
    assert_eq!(rest[..], skipped[DRAWN..]);
    let none = claim_proof(credential, 80, &asked("2026-11-20"), &[opening()], &mut draws).unwrap();
    assert_eq!(none, None);
}

#[test]
fn no_bit_of_a_proof_may_change() {
    let today = asked("2026-11-20");
    let proof = made(18, &today, &[opening()]).unwrap();
    let mut tape = Tape::new();
    let value = tape.parse(&proof, 64).unwrap().get("proofValue").unwrap().as_text().unwrap();
    let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).unwrap();
    let mut credential = Tape::new();
    let credential = credential.parse(CREDENTIAL, 64).unwrap();
    let statement = Statement {
        credential: crate::hash::of(credential),
        subject: ALICE,
        audience: WORLD,
        challenge: today.challenge,
        born_by: Day::parse("2008-11-20").unwrap(),
    };
    let commitment = commitment(credential).unwrap();
    assert!(verify(&statement, &commitment, &bytes));
    // A bit of each of its 17 parts; all of them are tried on the vectors.
    for bit in (0..bytes.len() * 8).step_by(251) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify(&statement, &commitment, &flipped), "bit {bit}");
    }
    assert!(!verify(&statement, &commitment, &bytes[..512]));
    assert!(!verify(&statement, &commitment, &[bytes.as_slice(), &[0; 64]].concat()));
    assert!(!verify(&statement, &[0; 32], &bytes), "the neutral element is not what was committed to");
    assert!(!verify(&statement, &[0xff; 32], &bytes), "no point");
}
