//! When nothing goes; whom one meets; settings.

use super::*;

#[test]
fn nothing_goes_to_a_world_that_is_rated_too_high_or_makes_no_offer() {
    let own = Own::default().with("a", PERSONA, "{}");
    let side = Side::default();
    let rated = |rating: &str| terms(&ask(PERSONA, ""), "").replace("\"teen\"", rating);
    assert_eq!(side.refused(&own, &rated("\"adult\"")), ["portal.rating"]);
    assert_eq!(side.refused(&own, &rated("\"unheard-of\"")), ["portal.rating"]);
    assert!(!side.sent(&own, &rated("\"mature\"")).exchange.sent.is_empty());
    let codes = |offer: &str| match side.answer(&own, offer.as_bytes()) {
        Presented::Sent(_) => panic!("sent"),
        Presented::Refused(refused) => refused.codes.iter().map(|code| code.to_string()).collect::<Vec<_>>(),
    };
    let good = offer::make(
        &rated("\"teen\""),
        &key(3),
        &mut Draws::seeded(&[3; 32]),
        time("2026-11-20T12:00:00.000Z"),
    );
    let good = good.unwrap().text;
    assert_eq!(
        codes(&good.replace("\"title\":\"T\"", "\"title\":\"U\"")),
        ["um:reason:crypto:signature-invalid"]
    );
    assert_eq!(codes("{"), ["um:reason:structure:malformed", "json.syntax"]);
    let later = Side { now: "2026-11-20T12:10:00.001Z", ..Side::default() };
    let Presented::Refused(refused) = later.answer(&own, good.as_bytes()) else { panic!("sent") };
    assert_eq!(refused.codes, ["um:reason:freshness:expired"]);
    let resigned = |from: &str, to: &str| {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        key(3).sign_document_without(&changed, &["signature"], NOW).unwrap()
    };
    assert_eq!(codes(&resigned("portal:world", "portal:elsewhere")), ["portal.offer"]);
    assert_eq!(
        codes(&resigned("12:10:00.000Z\",\"facetRef", "12:00:10.000Z\",\"facetRef")),
        ["portal.offer"]
    );
    let by_another = key(2).sign_document_without(&good, &["signature"], NOW).unwrap();
    assert_eq!(codes(&by_another), ["portal.subject"]);
}

#[test]
fn a_role_that_is_not_claimed_is_given_by_a_rule() {
    let own = Own::default().with("a", PERSONA, r#"{"displayName":"A","language":"fi"}"#);
    let of_role = |role: &str| terms(&ask(PERSONA, ""), "").replace("virtual-world-host", role);
    let roles = "role.gallery = {facets = [\"portal:persona\"]}\nrole.stranger = {facets = [\"portal:persona\"], members = {\"portal:persona\" = [\"displayName\"]}}";
    let roles = roles::parse(roles).unwrap();
    let role = |rule: &str| {
        let text = of_role("gallery");
        let made =
            offer::make(&text, &key(3), &mut Draws::seeded(&[3; 32]), time("2026-11-20T12:00:00Z")).unwrap();
        let mut tape = Tape::new();
        let offer = Offer::read(tape.parse(&made.text, 64).unwrap()).unwrap();
        let rules = rules::parse(rule, &roles).unwrap();
        let allowed = rules.allow(&offer, &roles);
        let members = allowed.members(PERSONA).map(<[String]>::to_vec);
        (allowed.facet(PERSONA, "portal-entry"), members)
    };
    let rule = |role: &str, audience: &str| {
        format!(
            "rule = [{{role = \"{role}\", audience = \"{audience}\", facets = [\"*\"], purposes = [\"portal-entry\"]}}]"
        )
    };
    let (world, stranger) = (key(3).did().to_string(), Some(vec!["displayName".to_owned()]));
    assert_eq!(role(&rule("gallery", &world)), (true, None));
    assert_eq!(role(&rule("gallery", "*")), (false, stranger.clone()), "for all is for none by name");
    assert_eq!(role(&rule("gallery", "did:x")), (false, stranger.clone()));
    assert_eq!(role(&rule("stranger", "*")), (true, stranger));
    assert!(facets_of(&Side::default().sent(&own, &of_role("gallery")).text).is_empty(), "nobody knows it");
}

#[test]
fn settings_are_read_strictly() {
    let roles = roles::Roles::default();
    for bad in [
        "x = 1",
        "rule = [{role = \"a\"}]",
        "rule = [{role = \"a\", audience = \"*\", max_rating = \"x\"}]",
        "rule = [{role = \"a\", audience = \"*\", ages = [0]}]",
        "rule = [{role = \"a\", audience = \"*\", age = [1]}]",
        "expect = 1",
    ] {
        assert!(rules::parse(bad, &roles).is_err(), "{bad}");
    }
    for bad in ["x = 1", "role.a = {x = 1}", "ratings = [\"a\", \"a\"]", "role = 1", "\n\nratings = 1"] {
        assert!(roles::parse(bad).is_err(), "{bad}");
    }
    assert!(roles::parse("\n\nratings = 1").unwrap_err().starts_with("line 3: "));
    for bad in ["x = 1", "issuer = [{did = \"d\", until = 2027-01-01}]", "issuer = [{claims = []}]"] {
        assert!(issuers::parse(bad).is_err(), "{bad}");
    }
    let trust =
        issuers::parse("enforced = [\"c\"]\nissuer = [{did = \"d\", until = 2027-01-01T00:00:00Z}]").unwrap();
    assert_eq!((trust.enforced.len(), trust.trusted[0].until), (1, Some(time("2027-01-01T00:00:00Z"))));
    for bad in [
        "{}",
        "[]",
        r#"{"role":"r","x":1}"#,
        r#"{"role":1}"#,
        r#"{"role":"r","asks":{}}"#,
        r#"{"role":"r","asks":[{"kind":"k"}]}"#,
        r#"{"role":"r","tier":4}"#,
        r#"{"role":"r","services":[{"id":"s"}]}"#,
    ] {
        assert!(offer::make(bad, &key(3), &mut Draws::seeded(&[0; 32]), time(NOW)).is_err(), "{bad}");
    }
}
