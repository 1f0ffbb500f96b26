#![allow(clippy::unwrap_used)]

use ulp_core::id::Time;
use ulp_core::json::Tape;
use ulp_core::trust::{Instant, Scratch, SecretKey, Verifier};

use super::claims::{About, Court, Standing, Trusted, judge_all, judge_these};
use crate::age::{Asked, MECHANISM, Opening, claim_proof};
use crate::day::Day;
use crate::draws::Draws;
use super::{Profile, sign};
use crate::dids::Dids;

const SUBJECT: &str = "did:example:alice";
const ENTITY: &str = "identity.entityType";
const PERSON: &str = "identity.personhood";
const AGE: &str = "identity.ageOver";

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

fn time(text: &str) -> Time {
    Instant::parse(text).unwrap().time().unwrap()
}

/// A credential by key 1 about the subject that says this, in one of the two forms.
fn credential(profile: Profile, says: &str) -> String {
    let (issuer, id) = (key(1).did(), SUBJECT);
    let text = match profile {
        Profile::VcJcsEd25519 => format!(
            r#"{{"type":"VerifiableCredential","credentialType":"t","issuer":"{issuer}","issuanceDate":"2026-01-01T00:00:00Z","expirationDate":"2027-01-01T00:00:00Z","credentialSubject":{{"id":"{id}",{says}}}}}"#
        ),
        _ => format!(
            r#"{{"@context":["c"],"type":["VerifiableCredential","t"],"issuer":"{issuer}","validFrom":"2026-01-01T00:00:00Z","validUntil":"2027-01-01T00:00:00Z","credentialSubject":{{"id":"{id}",{says}}}}}"#
        ),
    };
    resign(&text, profile)
}

/// Signs it by key 1, whatever is changed in it.
fn resign(text: &str, profile: Profile) -> String {
    let mut tape = Tape::new();
    let document = tape.parse(text, 64).unwrap();
    let issuer = super::issuer(document).unwrap();
    let key = if issuer == key(2).did().to_string() { key(2) } else { key(1) };
    sign(document, profile, &key, &Dids::none(), "2026-01-01T00:00:00Z").unwrap()
}

fn claim(kind: &str, says: &str, proof: &str) -> String {
    format!(r#"{{"@type":"{kind}","issuer":"{}",{says},"claimProof":{proof}}}"#, key(1).did())
}

fn trusted() -> Vec<Trusted> {
    vec![Trusted {
        did: key(1).did().to_string(),
        claims: [ENTITY, PERSON, AGE].map(str::to_owned).to_vec(),
        namespaces: vec!["n".to_owned()],
        until: Some(time("2026-12-31T00:00:00Z")),
    }]
}

/// How claims stand at a time, in the eyes of one who trusts these.
fn stand(claims: &[String], now: &str, trusted: &[Trusted]) -> Vec<Standing> {
    let manifest = format!(r#"{{"subject":"{SUBJECT}","claims":[{}]}}"#, claims.join(","));
    let mut tape = Tape::new();
    let court = Court { verifier: &Verifier::new(), dids: &Dids::none(), trusted, now: time(now) };
    judge_all(tape.parse(&manifest, 64).unwrap(), &court, &mut Scratch::default())
}

fn one(claim: String) -> Standing {
    stand(&[claim], "2026-06-01T00:00:00Z", &trusted())[0]
}

const HUMAN: &str = r#""entityType":"human""#;

#[test]
fn a_claim_is_verified_where_its_credential_says_it() {
    for profile in [Profile::EddsaJcs2022, Profile::VcJcsEd25519] {
        for (kind, claimed, signed, expected) in [
            (ENTITY, HUMAN, HUMAN, Standing::Verified),
            (ENTITY, HUMAN, r#""entityType":"npc""#, Standing::Failed("portal.claim")),
            (ENTITY, r#""entityType":"robot""#, r#""entityType":"robot""#, Standing::Failed("portal.claim")),
            (ENTITY, r#""x":1"#, HUMAN, Standing::Failed("portal.claim")),
            (AGE, r#""ageOver":18"#, r#""ageOver":18,"satisfied":true"#, Standing::Verified),
            (AGE, r#""ageOver":18"#, r#""age_over_18":true"#, Standing::Verified),
            (AGE, r#""ageOver":18"#, r#""age_over_21":true"#, Standing::Failed("portal.claim")),
            (AGE, r#""ageOver":18"#, r#""ageOver":21,"satisfied":true"#, Standing::Failed("portal.claim")),
            (AGE, r#""ageOver":18"#, r#""ageOver":18,"satisfied":false"#, Standing::Failed("portal.claim")),
            (AGE, r#""ageOver":0"#, r#""age_over_0":true"#, Standing::Failed("portal.claim")),
            ("x", HUMAN, HUMAN, Standing::Unprocessable),
            (
                "identity.crossDidBinding",
                HUMAN,
                HUMAN,
                Standing::Unverified("um:reason:trust:claimproof-unresolved"),
            ),
        ] {
            let standing = one(claim(kind, claimed, &credential(profile, signed)));
            assert_eq!(standing, expected, "{kind} {claimed} {signed}");
        }
    }
}

#[test]
fn what_does_not_hold_is_named() {
    let good = credential(Profile::EddsaJcs2022, HUMAN);
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        one(claim(ENTITY, HUMAN, &resign(&good.replace(from, to), Profile::EddsaJcs2022)))
    };
    for (from, to, expected) in [
        (SUBJECT, "did:example:bob", Standing::Failed("portal.holder")),
        ("2026-01-01T00:00:00Z\",\"validUntil", "x\",\"validUntil", Standing::Failed("portal.credential")),
        (
            "[\"VerifiableCredential\",\"t\"]",
            "[\"t\",\"VerifiableCredential\"]",
            Standing::Failed("portal.credential"),
        ),
        (
            "[\"VerifiableCredential\",\"t\"]",
            "\"VerifiableCredential\"",
            Standing::Failed("portal.credential"),
        ),
    ] {
        assert_eq!(changed(from, to), expected, "{to}");
    }
    let other =
        resign(&good.replace(&key(1).did().to_string(), &key(2).did().to_string()), Profile::EddsaJcs2022);
    assert_eq!(
        one(claim(ENTITY, HUMAN, &other)),
        Standing::Failed("portal.claim"),
        "another issuer than the claim's"
    );
    let flipped = good.replace("\"human\"", "\"npc\"");
    assert_eq!(one(claim(ENTITY, HUMAN, &flipped)), Standing::Failed("portal.credential"));
    let unsigned = good.split(",\"proof\"").next().unwrap().to_owned() + "}";
    assert_eq!(one(claim(ENTITY, HUMAN, &unsigned)), Standing::Failed("portal.credential"));
    let um = resign(&good, Profile::Um);
    assert_eq!(
        one(claim(ENTITY, HUMAN, &um)),
        Standing::Failed("portal.credential"),
        "a form that no issuer uses"
    );
    let unresolved = Standing::Unverified("um:reason:trust:claimproof-unresolved");
    assert_eq!(one(claim(ENTITY, HUMAN, "\"https://example.org/vc\"")), unresolved);
    assert_eq!(one(claim(ENTITY, HUMAN, "7")), unresolved);
    assert_eq!(one(claim(ENTITY, HUMAN, "[]")), Standing::Failed("portal.credential"));
    assert_eq!(
        one(claim(ENTITY, HUMAN, &format!("[{flipped},{good}]"))),
        Standing::Verified,
        "one is enough"
    );
    assert_eq!(
        one(claim(ENTITY, HUMAN, &format!("{{\"verifiableCredential\":{good}}}"))),
        Standing::Verified
    );
    assert_eq!(
        one(claim(ENTITY, HUMAN, &format!("[{{\"verifiableCredential\":[{good}]}}]"))),
        Standing::Verified
    );
}

#[test]
fn a_credential_has_its_times_and_its_believers() {
    let claims = [claim(ENTITY, HUMAN, &credential(Profile::EddsaJcs2022, HUMAN))];
    let at = |now: &str| stand(&claims, now, &trusted())[0];
    let expired = Standing::Failed("um:reason:freshness:expired");
    assert_eq!(at("2025-12-31T23:59:59.999Z"), expired);
    assert_eq!(at("2026-01-01T00:00:00Z"), Standing::Verified);
    assert_eq!(at("2027-01-01T00:00:00.001Z"), expired);
    let unknown = Standing::Unverified("um:reason:trust:issuer-unknown");
    assert_eq!(at("2026-12-31T00:00:00Z"), unknown, "believed until then");
    assert_eq!(stand(&claims, "2026-06-01T00:00:00Z", &[])[0], unknown);
    let mut for_others = trusted();
    for_others[0].claims = vec![AGE.to_owned()];
    assert_eq!(stand(&claims, "2026-06-01T00:00:00Z", &for_others)[0], unknown);
}

#[test]
fn claims_are_held_to_each_other() {
    let entity = |word: &str| {
        let says = format!("\"entityType\":\"{word}\"");
        claim(ENTITY, &says, &credential(Profile::EddsaJcs2022, &says))
    };
    let person = |namespace: &str| {
        let says = format!("\"namespace\":\"{namespace}\"");
        claim(PERSON, &says, &credential(Profile::VcJcsEd25519, &format!("\"personhood\":true,{says}")))
    };
    let stand = |claims: &[String]| stand(claims, "2026-06-01T00:00:00Z", &trusted());
    let inconsistent = Standing::Failed("um:reason:personhood:entity-type-inconsistent");
    let conflicting = Standing::Failed("um:reason:entity:conflicting-attestations");
    assert_eq!(stand(&[person("n"), entity("human")]), [Standing::Verified; 2]);
    assert_eq!(stand(&[person("n")]), [inconsistent]);
    assert_eq!(stand(&[person("n"), entity("npc")]), [inconsistent, Standing::Verified]);
    assert_eq!(
        stand(&[entity("human"), entity("npc"), person("n")]),
        [conflicting, conflicting, inconsistent]
    );
    assert_eq!(stand(&[entity("human"), entity("human"), person("n")]), [Standing::Verified; 3]);
    let elsewhere = Standing::Unverified("um:reason:trust:issuer-unknown");
    assert_eq!(stand(&[person("m"), entity("human")]), [elsewhere, Standing::Verified]);
}

#[test]
fn an_age_is_shown_in_zero_knowledge_to_whoever_asked() {
    let opening = r#"{"birthDate":"2001-05-09","blinding":"SlPD-7xZlw7l-Fr4E4dd_8E6kEouU65-ZfoN6m5iyQE"}"#;
    let committed = r#""birthDateCommitment":"gNHtR-Lz2xb0-E0HxUv7K1dq8JjYADWwRPQN0shzNDI","commitmentScheme":"pedersen-ristretto255-mjd""#;
    let asked = Asked { audience: "did:example:world", challenge: "00", day: Day::parse("2026-06-01").unwrap() };
    let of = |credential: &str| {
        let mut tape = Tape::new();
        let (credential, openings) = (tape.parse(credential, 64).unwrap(), [Opening::parse(opening).unwrap()]);
        claim_proof(credential, 18, &asked, &openings, &mut Draws::seeded(&[9; 32])).unwrap().unwrap()
    };
    let good = of(&credential(Profile::EddsaJcs2022, committed));
    let judged = |says: &str, proof: &str, age: Option<Asked<'_>>| {
        let text = claim(AGE, says, proof);
        let mut tape = Tape::new();
        let (verifier, dids, trusted) = (Verifier::new(), Dids::none(), trusted());
        let court =
            Court { verifier: &verifier, dids: &dids, trusted: &trusted, now: time("2026-06-01T00:00:00Z") };
        let about = About { subject: SUBJECT, age };
        judge_these(&[tape.parse(&text, 64).unwrap()], &about, &court, &mut Scratch::default())[0]
    };
    let says = format!("\"ageOver\":18,\"proofMechanism\":\"{MECHANISM}\"");
    let (of_claim, of_credential) = (Standing::Failed("portal.claim"), Standing::Failed("portal.credential"));
    assert_eq!(judged(&says, &good, Some(asked)), Standing::Verified);
    assert_eq!(judged(&says, &format!("[{good}]"), Some(asked)), Standing::Verified);
    assert_eq!(judged(&says, &good, None), of_claim, "nobody asked");
    assert_eq!(judged(&says, &good, Some(Asked { challenge: "01", ..asked })), of_claim);
    assert_eq!(judged(&says.replace("18", "17"), &good, Some(asked)), of_claim, "another age");
    assert_eq!(judged("\"ageOver\":18", &good, Some(asked)), of_claim, "another mechanism");
    let said = credential(Profile::EddsaJcs2022, "\"age_over_18\":true");
    assert_eq!(judged(&says, &said, Some(asked)), of_claim, "a credential by itself");
    assert_eq!(judged(&says, &good.replace("2027-01-01", "2028-01-01"), Some(asked)), of_credential);
    let other = of(&resign(&credential(Profile::EddsaJcs2022, committed).replace(SUBJECT, "did:x"), Profile::EddsaJcs2022));
    assert_eq!(judged(&says, &other, Some(asked)), Standing::Failed("portal.holder"));
}
