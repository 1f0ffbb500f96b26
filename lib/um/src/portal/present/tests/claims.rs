//! Claims that go, and ages.

use super::*;

#[test]
fn claims_go_as_they_were_asked_for() {
    let asks = |ask: &str| terms(ask, "");
    let own = Own { claims: vec![entity("human")], ..Own::default() };
    let side = Side::default();
    let kinds = |terms: &str| side.sent(&own, terms).exchange.presented;
    assert_eq!(kinds(&asks(r#"{"claim":"identity.entityType"}"#)), ["identity.entityType"]);
    assert_eq!(
        kinds(&asks(r#"{"claim":"identity.entityType","entityTypes":["npc"]}"#)),
        Vec::<String>::new()
    );
    assert_eq!(kinds(&asks(r#"{"claim":"identity.personhood"}"#)), Vec::<String>::new());
    let required = asks(r#"{"claim":"identity.entityType","entityTypes":["npc"],"required":true}"#);
    assert_eq!(side.refused(&own, &required), ["portal.requirement"]);
    let other = Own { claims: vec![entity("human").replace("human", "npc")], ..Own::default() };
    let required = asks(r#"{"claim":"identity.entityType","required":true}"#);
    assert_eq!(side.refused(&other, &required), ["portal.requirement"], "its credential says another thing");
    let two = Own { claims: vec![entity("human"), entity("npc")], ..Own::default() };
    assert_eq!(side.refused(&two, &required), ["portal.requirement"], "of two kinds it is neither");
    let unproven = Own {
        claims: vec![claim("identity.entityType", r#""entityType":"human","#, "\"https://x\"")],
        ..Own::default()
    };
    assert_eq!(side.refused(&unproven, &required), ["portal.requirement"], "nothing shows it");
    let sent = side.sent(&own, &asks(r#"{"claim":"identity.entityType"}"#)).text;
    assert!(sent.contains("reciprocal-control") && !sent.contains("urn:own"), "{sent}");
}

#[test]
fn an_age_is_shown_to_each_world_once() {
    let (claim_of_age, opening) = born("2001-05-09");
    let own = Own { claims: vec![claim_of_age], ..Own::default() };
    let side = Side { openings: vec![opening], ..Side::default() };
    let asks = |years: i64, more: &str| {
        terms(&format!(r#"{{"claim":"identity.ageOver","ageOver":{years}{more}}}"#), "")
    };
    let sent = side.sent(&own, &asks(18, ""));
    assert_eq!((sent.entry.age, sent.notes.len()), (Some(18), 0));
    assert!(sent.text.contains("zk-age-over-v1") && !sent.text.contains("2001-05-09"), "{}", sent.text);
    assert!(side.sent(&own, &asks(16, "")).exchange.presented.is_empty(), "not among the ages");
    assert!(side.sent(&own, &asks(18, r#","mechanism":"signed-vc""#)).exchange.presented.is_empty());
    let required = asks(18, r#","mechanism":"zk","required":true"#);
    assert_eq!(Side::default().refused(&own, &required), ["portal.requirement"], "no opening");
    let (young, opening) = born("2010-01-01");
    let young = Own { claims: vec![young], ..Own::default() };
    let side_of_young = Side { openings: vec![opening], ..Side::default() };
    assert_eq!(side_of_young.sent(&young, &asks(18, "")).notes, ["age.young"]);
    assert_eq!(side_of_young.refused(&young, &required), ["portal.requirement"]);
    let world = key(3).did().to_string();
    let shown = |shown: &[(&str, i64)]| {
        let (_, opening) = born("2001-05-09");
        let shown = shown.iter().map(|(world, age)| ((*world).to_owned(), *age)).collect();
        let sent = Side { openings: vec![opening], shown, ..Side::default() }.sent(&own, &asks(21, ""));
        (sent.entry.age, sent.notes)
    };
    assert_eq!(shown(&[(&world, 21), ("did:x", 18)]), (Some(21), vec![]));
    assert_eq!(shown(&[(&world, 21), (&world, 18)]), (None, vec!["age.probe"]));
}

#[test]
fn an_age_that_an_issuer_signed_is_the_least_that_is_enough() {
    let signed = |years: u32| {
        claim(
            "identity.ageOver",
            &format!("\"ageOver\":{years},"),
            &credential(&format!("\"age_over_{years}\":true")),
        )
    };
    let own = Own { claims: vec![signed(30), signed(21), signed(16)], ..Own::default() };
    let age = |years: u32, more: &str| {
        let ask = format!(r#"{{"claim":"identity.ageOver","ageOver":{years}{more}}}"#);
        Side::default().sent(&own, &terms(&ask, "")).entry.age
    };
    assert_eq!(age(18, ""), Some(21));
    assert_eq!(age(21, r#","mechanism":"signed-vc""#), Some(21));
    assert_eq!(age(16, ""), Some(21), "16 is not among the ages that are shown");
    assert_eq!(age(22, ""), None, "nor is 30");
    assert_eq!(age(18, r#","mechanism":"zk""#), None);
}
