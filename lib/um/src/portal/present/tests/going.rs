//! What goes, and what does not.

use super::*;

#[test]
fn what_goes_was_asked_and_admitted_and_allowed_and_consented() {
    let own = Own::default()
        .with("a", PERSONA, r#"{"displayName":"Alice","legalName":"CANARY","language":"fi"}"#)
        .with("b", "portal:birthDate", r#"{"birthDate":"CANARY"}"#)
        .with("c", "portal:somethingElse", r#"{"x":"CANARY"}"#);
    let side = Side::default();
    let all = [ask(PERSONA, r#","members":["displayName","legalName"]"#), ask("portal:birthDate", "")];
    let sent = side.sent(&own, &terms(&[all.join(","), ask("portal:somethingElse", "")].join(","), ""));
    assert_eq!(facets_of(&sent.text), [PERSONA]);
    let entity = at(&sent.text, &["facets", "0", "entity"]).unwrap();
    assert!(entity.contains("Alice") && !entity.contains("fi\""), "{entity}");
    assert!(!sent.text.contains("CANARY") && !sent.text.contains("urn:own"), "{}", sent.text);
    let kept = sent.exchange.json();
    assert!(!kept.contains("CANARY") && !kept.contains("Alice") && !kept.contains("urn:own"), "{kept}");
    assert_eq!(sent.exchange.withheld, ["portal:birthDate", "portal:somethingElse"]);
    let nothing = side.sent(&own, &terms("", ""));
    assert_eq!(facets_of(&nothing.text), Vec::<String>::new(), "nothing was asked");
    for list in ["facets", "claims", "consents"] {
        assert_eq!(at(&nothing.text, &[list]).unwrap(), "[]");
    }
    let other = RULES.replace("\"portal-entry\"", "\"research\"");
    let none = Side { rules: &other, ..Side::default() }.sent(&own, &terms(&ask(PERSONA, ""), ""));
    assert_eq!(facets_of(&none.text), Vec::<String>::new(), "for another purpose");
    let none = Side { rules: "", ..Side::default() }.sent(&own, &terms(&ask(PERSONA, ""), ""));
    assert_eq!(facets_of(&none.text), Vec::<String>::new(), "without a rule");
}

#[test]
fn each_kind_goes_as_it_is_seen_by_default() {
    use crate::portal::facets::{KINDS, Visibility};
    let public = RULES
        .replace(r#", "portal:performanceData", "portal:governmentId", "portal:verifiableCredentials""#, "");
    let (by_star, side) = (Side { rules: &public, ..Side::default() }, Side::default());
    for kind in KINDS.iter().filter(|kind| kind.name != POSITIONS) {
        let content = match kind.name {
            "portal:performanceData" => r#"{"pointer":"p"}"#,
            "portal:verifiableCredentials" => r#"{"credentials":[{"type":["a","t"]},{"type":"u"}]}"#,
            _ => r#"{"x":1}"#,
        };
        let own = Own::default().with("a", kind.name, content);
        let terms = terms(&ask(kind.name, r#","types":["t"]"#), "");
        let is_public = kind.visibility == Visibility::Public;
        assert_eq!(!facets_of(&by_star.sent(&own, &terms).text).is_empty(), is_public, "{}", kind.name);
        let is_open = kind.visibility != Visibility::Sealed;
        let sent = side.sent(&own, &terms);
        assert_eq!(!facets_of(&sent.text).is_empty(), is_open, "{}", kind.name);
        assert!(!sent.text.contains("\"u\""), "another type");
    }
}

#[test]
fn a_facet_goes_with_consents_that_all_cover_what_is_asked() {
    let asks = terms(&ask(PERSONA, ""), "");
    let goes = |consents: &[String]| {
        let mut own = Own::default().with("a", PERSONA, "{}");
        own.consents = consents.to_vec();
        !facets_of(&Side::default().sent(&own, &asks).text).is_empty()
    };
    let good = consent("a", "");
    assert!(goes(std::slice::from_ref(&good)));
    assert!(
        goes(&[good.clone(), consent("a", r#","conditions":["no-recording"]"#)]),
        "conditions go with it"
    );
    for (from, to) in [
        ("2026-01-01T00:00:00Z", "2026-11-20T12:00:20.001Z"),
        ("2027-01-01T00:00:00Z", NOW),
        ("\"display\"", "\"displays\""),
        ("portal-entry", "portal"),
        ("urn:own:a", "urn:own:b"),
        ("\"scope\"", "\"withdrawnAt\":\"2030-01-01T00:00:00Z\",\"scope\""),
        ("\"scope\"", "\"conditions\":\"x\",\"scope\""),
    ] {
        let bad = good.replacen(from, to, 1);
        assert!(bad != good && !goes(std::slice::from_ref(&bad)), "{to}");
        let is_of_another = to == "urn:own:b";
        assert_eq!(goes(&[good.clone(), bad]), is_of_another, "{to}: one that does not is enough");
    }
    assert!(!goes(&[]));
    let sooner = good.replace("2027-01-01T00:00:00Z", "2026-11-20T12:30:00+00:00");
    let own = Own {
        facets: vec![facet("a", PERSONA, "{}", r#","requiredTrustTier":1"#)],
        consents: vec![sooner],
        ..Own::default()
    };
    let sent = Side::default().sent(&own, &asks).text;
    assert_eq!(at(&sent, &["consents", "0", "expiresAt"]).unwrap(), "\"2026-11-20T12:30:00+00:00\"");
    assert_eq!(at(&sent, &["consents", "0", "scope"]).unwrap(), "[\"display\"]", "narrowed");
    assert_eq!(at(&sent, &["facets", "0", "requiredTrustTier"]).unwrap(), "1", "floors are kept");
}

#[test]
fn positions_are_the_lesser_of_what_is_consented_and_asked() {
    let services = [
        service("voice", "microphone", "post-server-mix"),
        service("scan", "room-geometry", "granted"),
        service("gaze", "eye-tracking", "granted"),
        service("mind", "telepathy", "granted"),
    ];
    let asks = terms("", &services.join(","));
    let effective = |entries: &[String]| {
        let own = Own {
            facets: vec![facet("pos", POSITIONS, "{}", "")],
            consents: entries.to_vec(),
            ..Own::default()
        };
        let sent = Side::default().sent(&own, &asks);
        let words: Vec<String> = sent.exchange.positions.values().cloned().collect();
        let entries = (0..).map_while(|n| at(&sent.text, &["consents", &n.to_string(), "disposition"]));
        (words, entries.collect::<Vec<_>>())
    };
    let (words, entries) = effective(&[
        position("room-geometry", "occluder-only"),
        position("microphone", "granted"),
        position("eye-tracking", "denied"),
        position("location", "granted"),
        position("telepathy", "granted"),
    ]);
    assert_eq!(words, ["denied", "post-server-mix", "occluder-only", "denied"], "by name, telepathy last");
    assert_eq!(entries, ["\"post-server-mix\"", "\"occluder-only\""], "what is denied is not sent");
    let two = [position("microphone", "granted"), position("microphone", "denied")];
    assert_eq!(effective(&two).0[1], "denied", "the least of its entries");
    let odd = [position("microphone", "everything")];
    assert_eq!(effective(&odd).0[1], "denied");
    let over = position("microphone", "granted").replace("2027-01-01T00:00:00Z", NOW);
    assert_eq!(effective(&[position("microphone", "granted"), over]).0[1], "denied", "one is over");
    assert_eq!(effective(&[]), (vec!["denied".to_owned(); 4], Vec::new()));
    assert_eq!(effective(&[position("eye-tracking", "denied")]).1, Vec::<String>::new());
}

#[test]
fn performance_data_is_a_pointer_and_what_is_sealed_stays_so() {
    let own = Own::default()
        .with("a", "portal:performanceData", r#"{"pointer":"p","samples":["CANARY"]}"#)
        .with("b", "portal:performanceData", r#"{"pointer":"q","sensor":"hand-tracking"}"#);
    let sent = Side::default().sent(&own, &terms(&ask("portal:performanceData", ""), ""));
    assert_eq!((facets_of(&sent.text).len(), sent.notes), (1, vec!["portal.samples"]));
    assert!(!sent.text.contains("CANARY"));
    let jwe = r#"{"protected":"p","iv":"i","ciphertext":"c","tag":"t","recipients":[{"header":{"kid":"k"},"encrypted_key":"e"}]}"#;
    let sealed = facet("g", "portal:governmentId", jwe, r#","encryptionProfile":"jwe-inline-v1""#);
    let own = Own { facets: vec![sealed], consents: vec![consent("g", "")], ..Own::default() };
    let asks = terms(&ask("portal:governmentId", ""), "");
    assert!(
        facets_of(&Side::default().sent(&own, &asks).text).is_empty(),
        "the shipped role does not admit it"
    );
    let roles = "role.virtual-world-host = {self_claimed = true, facets = [\"portal:governmentId\"]}";
    let sent = Side { roles, ..Side::default() }.sent(&own, &asks).text;
    assert!(at(&sent, &["facets", "0", "entity"]).unwrap().contains("\"ciphertext\":\"c\""), "as it is");
    assert_eq!(at(&sent, &["facets", "0", "entity", "@id"]), None);
}

/// Random containers, and the same without what does not go: nobody can tell which was which.
#[test]
fn what_is_withheld_and_what_is_not_owned_look_the_same() {
    let mut random = Draws::seeded(&[77; 32]);
    let mut below = move |n: u8| {
        let mut byte = [0];
        random.fill(&mut byte).unwrap();
        byte[0] % n
    };
    let kinds = [
        PERSONA,
        "portal:avatarDefinition",
        "portal:performanceData",
        "portal:birthDate",
        "portal:deviceCapability",
    ];
    let services = [service("v", "microphone", "granted"), service("g", "eye-tracking", "granted")];
    let (human, side) = (entity("human"), Side::default());
    for round in 0..100 {
        let (mut own, mut less) = (Own::default(), Own::default());
        let mut asks = Vec::new();
        for (n, kind) in kinds.iter().enumerate() {
            let is_asked = below(2) == 0;
            asks.extend(is_asked.then(|| ask(kind, "")));
            let name = format!("f{n}");
            let content =
                if *kind == "portal:performanceData" { r#"{"pointer":"p"}"# } else { r#"{"rate":7}"# };
            let (facet, consent) = (facet(&name, kind, content, ""), consent(&name, ""));
            let consents = match below(4) {
                0 => vec![],
                1 => vec![
                    consent.clone(),
                    consent.replace("\"scope\"", "\"withdrawnAt\":\"2026-02-01T00:00:00Z\",\"scope\""),
                ],
                _ => vec![consent],
            };
            let goes = is_asked && consents.len() == 1 && *kind != "portal:birthDate";
            for own in std::iter::once(&mut own).chain(goes.then_some(&mut less)) {
                own.facets.push(facet.clone());
                own.consents.extend(consents.clone());
            }
        }
        let (word, entity_is_asked) = (below(3), below(2) == 0);
        own.facets.push(self::facet("pos", POSITIONS, "{}", ""));
        own.consents.push(position("microphone", ["denied", "granted", "nonsense"][usize::from(word)]));
        if word == 1 {
            less.facets.push(own.facets.last().unwrap().clone());
            less.consents.push(own.consents.last().unwrap().clone());
        }
        own.claims.push(human.clone());
        asks.extend(entity_is_asked.then(|| r#"{"claim":"identity.entityType"}"#.to_owned()));
        less.claims.extend(entity_is_asked.then(|| human.clone()));
        let terms = terms(&asks.join(","), &services.join(","));
        assert_eq!(side.sent(&own, &terms).text, side.sent(&less, &terms).text, "round {round}");
    }
}
