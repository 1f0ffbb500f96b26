//! A world's receipt, held to what was sent.

use super::*;
use crate::portal::close::{Closed, Closing, NotClosed, close, exchange_of};
use crate::portal::{exchange, world};

const AT_DOOR: &str = "2026-11-20T12:00:25.000Z";

/// A crossing up to the world's receipt.
fn crossed() -> (Sent, String) {
    let mut own = Own::default().with("a", PERSONA, r#"{"displayName":"A"}"#);
    own.facets.push(facet("pos", POSITIONS, "{}", ""));
    own.consents.push(position("microphone", "post-server-mix"));
    own.claims.push(entity("human"));
    let services =
        [service("voice", "microphone", "post-server-mix"), service("raw", "microphone", "granted")];
    let asks = [ask(PERSONA, ""), r#"{"claim":"identity.entityType"}"#.to_owned()];
    let terms = terms(&asks.join(","), &services.join(","));
    let sent = Side::default().sent(&own, &terms);
    let made = offer::make(&terms, &key(3), &mut Draws::seeded(&[3; 32]), time("2026-11-20T12:00:00.000Z"));
    let made = made.unwrap();
    let (verifier, dids) = (Verifier::new(), Dids::none());
    let open = |nonce: &str| (nonce == made.nonce).then(|| made.text.clone());
    let us = key(3).did().to_string();
    let setting = Setting {
        now: time(AT_DOOR),
        verifier: &verifier,
        dids: &dids,
        trust: &Trust::default(),
        ratings: &roles::Roles::default().ratings,
        opener: None,
        status: &[],
        assurance: Assurance::Software,
        max_tier: 1,
        scope: &[],
        stand: Stand::Door { us: &us, open: &open },
    };
    let found = evaluate(sent.text.as_bytes(), &setting, Stage::Compose);
    let receipt = receipt::sign(world::members(&found), &key(3), "urn:uuid:w", time(AT_DOOR)).unwrap();
    (sent, receipt)
}

fn closed(sent: &Sent, receipt: &str, expect: &[&str], now: &str) -> Result<Closed, NotClosed> {
    let kept = exchange::Exchange::parse(&sent.exchange.json()).unwrap();
    assert_eq!(kept, sent.exchange);
    let expect: Vec<String> = expect.iter().map(|event| (*event).to_owned()).collect();
    let (key, verifier, dids) = (key(2), Verifier::new(), Dids::none());
    let closing = Closing {
        key: &key,
        verifier: &verifier,
        dids: &dids,
        exchange: &kept,
        expect: &expect,
        now: time(now),
    };
    close(receipt, &closing, &mut Draws::seeded(&[7; 32]))
}

/// The receipt, changed and signed once more by a key.
fn resigned(receipt: &str, from: &str, to: &str, by: u8) -> String {
    assert!(receipt.contains(from), "{from} {receipt}");
    let changed = receipt.replacen(from, to, 1);
    key(by).sign_document_without(&changed, &["signature"], AT_DOOR).unwrap()
}

#[test]
fn what_is_as_it_was_sent_has_no_fault() {
    let (sent, receipt) = crossed();
    let all =
        closed(&sent, &receipt, &["manifest-verified", "facet-processed"], "2026-11-20T12:00:30Z").unwrap();
    assert_eq!(all.faults, Vec::<&str>::new(), "{receipt}");
    assert_eq!((all.entry.state, all.entry.own), (State::ReceiptsExchanged, Sha256::of(all.text.as_bytes())));
    assert_eq!(at(&all.text, &["portal", "services"]).unwrap(), "[\"voice\"]");
    assert_eq!(at(&all.text, &["portal", "sent"]).unwrap(), "[\"portal:persona\",\"portal:positions\"]");
    assert!(!all.text.contains("displayName"), "{}", all.text);
    assert_eq!(exchange_of(&receipt), Some(sent.exchange.exchange.clone()));
    let late = closed(&sent, &receipt, &[], "2026-11-20T12:10:00.001Z").unwrap();
    assert_eq!(late.entry.state, State::Expired);
}

#[test]
fn each_fault_is_named_in_order() {
    let (sent, receipt) = crossed();
    let id = &sent.exchange.manifest;
    let faults = |from: &str, to: &str| {
        let changed = resigned(&receipt, from, to, 3);
        closed(&sent, &changed, &["manifest-verified"], AT_DOOR).unwrap().faults
    };
    let (offer, presentation) = (sent.exchange.offer.to_string(), sent.exchange.presentation.to_string());
    assert_eq!(faults("\"seq\":0", "\"seq\":1"), ["chain"]);
    assert_eq!(faults("\"seq\":0", "\"prevHash\":\"zQm\",\"seq\":0"), ["chain"]);
    assert_eq!(faults("urn:um:session:", "urn:um:session:f"), ["chain"]);
    assert_eq!(faults(&format!("\"manifestId\":\"{id}"), "\"manifestId\":\"urn:x"), ["manifest"]);
    assert_eq!(faults(&offer, &Sha256::of(b"x").to_string()), ["offer"]);
    assert_eq!(faults(&presentation, &Sha256::of(b"x").to_string()), ["presentation"]);
    assert_eq!(faults("#f0\",\"status\":\"processed", "#f7\",\"status\":\"processed"), ["facets"]);
    let mix = "{\"microphone\":\"post-server-mix\"}";
    assert_eq!(faults(mix, "{\"microphone\":\"granted\"}"), ["positions"]);
    assert_eq!(faults(mix, "{\"location\":\"granted\"}"), ["positions"]);
    assert_eq!(faults(mix, "{\"microphone\":\"all\"}"), ["positions"]);
    assert_eq!(faults(mix, "{\"microphone\":\"denied\"}"), Vec::<&str>::new());
    assert_eq!(faults("[\"voice\"]", "[\"voice\",\"raw\"]"), ["services"]);
    assert_eq!(faults("[\"voice\"]", "[\"spying\"]"), ["services"]);
    assert_eq!(faults("\"manifest-verified\"", "\"manifest-seen\""), ["events"]);
    let two = resigned(&receipt, "\"seq\":0", "\"seq\":2", 3);
    assert_eq!(closed(&sent, &two, &["x"], AT_DOOR).unwrap().faults, ["chain", "events"]);
}

#[test]
fn a_receipt_of_another_is_none() {
    let (sent, receipt) = crossed();
    let code = |receipt: &str| match closed(&sent, receipt, &[], AT_DOOR) {
        Err(NotClosed::Receipt(refusal)) => refusal.code.into_owned(),
        _ => panic!("closed"),
    };
    assert_eq!(code(&receipt.replace("\"seq\":0", "\"seq\":1")), "signature.value");
    assert_eq!(code(&resigned(&receipt, "urn:um:exchange:", "urn:um:exchange:f", 3)), "portal.receipt");
    assert_eq!(code(&resigned(&receipt, "um:Receipt", "um:Other", 3)), "portal.receipt");
    assert_eq!(code(&resigned(&receipt, "\"seq\":0", "\"seq\":0", 2)), "portal.receipt", "by another key");
    let (us, them) = (key(2).did().to_string(), key(3).did().to_string());
    let by_us = receipt.replace(&format!("\"evaluatorId\":\"{them}"), &format!("\"evaluatorId\":\"{us}"));
    let by_us = resigned(&by_us, &format!("\"subject\":\"{them}"), &format!("\"subject\":\"{us}"), 2);
    assert_eq!(code(&by_us), "portal.receipt", "by somebody else, of themselves");
    assert_eq!(code("{"), "json.syntax");
}
