//! Ledgers and chains: every bit of them counts.

use std::fs;

use super::{Desk, ENTERED, json};
use crate::sample;

#[test]
fn a_ledger_or_chain_that_was_changed_breaks_where_it_was() {
    let Some(desk) = Desk::new() else { return };
    let chain = desk.vector("4-world-receipt.json") + &desk.vector("5-visitor-receipt.json");
    for (name, text) in [("ledger", desk.vector("8-world-ledger.jsonl")), ("chain", chain)] {
        fs::write(desk.at("file"), &text).unwrap();
        assert_eq!(desk.portal("ledger --check file", "").out, "{\"verified\":2}\n", "{name}");
        let first = text.lines().next().unwrap().len();
        let step = sample::size(97, 1400);
        for at in (1..text.len() - 1).step_by(step) {
            if at == first {
                continue;
            }
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            fs::write(desk.at("file"), &changed).unwrap();
            let said = desk.portal("ledger --check file", "");
            assert_eq!(said.status, 3, "{name} {at}: {}", said.log);
            // A receipt says nothing of the one after it, so that the break is where the change was or right after.
            let line = u64::from(at > first);
            assert!(json(&said.out)["break"].as_u64().unwrap() >= line, "{name} {at}: {}", said.out);
        }
        let lines: Vec<&str> = text.lines().collect();
        for (order, broken) in [(vec![1], 0), (vec![1, 0], 0), (vec![0, 0], 1), (vec![0, 1, 1], 2)] {
            let order: String = order.iter().map(|n| format!("{}\n", lines[*n])).collect();
            fs::write(desk.at("file"), &order).unwrap();
            let said = desk.portal("ledger --check file", "");
            assert_eq!(
                (said.status, json(&said.out)["break"].as_u64()),
                (3, Some(broken)),
                "{name}: {order}"
            );
        }
    }
}

#[test]
fn receipts_may_name_each_other_as_open_spatial_lab_has_them() {
    let Some(desk) = Desk::new() else { return };
    let first = desk.vector("4-world-receipt.json");
    let hash = ulp_core::hash::Sha256::of(first.trim_end().as_bytes()).to_string();
    let second = desk.otherwise(|manifest| {
        let own = desk.vector("5-visitor-receipt.json");
        *manifest = json(&own);
        manifest["prevHash"] = hash.clone().into();
    });
    fs::write(desk.at("chain"), format!("{first}{second}\n")).unwrap();
    assert_eq!(desk.portal("ledger --check chain", "").out, "{\"verified\":2}\n");
    fs::write(
        desk.at("chain"),
        format!("{first}{}\n", second.replace(&hash[..20], &hash[..20].replace('2', "3"))),
    )
    .unwrap();
    assert_eq!(desk.portal("ledger --check chain", "").status, 3);
}

#[test]
fn a_last_line_that_was_cut_makes_way() {
    let Some(desk) = Desk::offered() else { return };
    desk.enter(&desk.vector("2-presentation.json"), ENTERED);
    let whole = desk.read("world/ledger.jsonl");
    fs::write(desk.at("world/ledger.jsonl"), format!("{whole}{{\"at\":\"2026")).unwrap();
    desk.enter("{}", ENTERED);
    let now = desk.read("world/ledger.jsonl");
    assert!(now.starts_with(&whole) && now.lines().count() == 2, "{now}");
    assert_eq!(desk.portal("ledger --portal world --check", "").out, "{\"verified\":2}\n");
}

#[test]
fn an_exchange_is_completed_by_who_came_and_in_time() {
    let answer =
        |desk: &Desk, text: &str, now: &str| desk.portal(&format!("ledger --portal world --now {now}"), text);
    let entered = || {
        let desk = Desk::offered()?;
        desk.enter(&desk.vector("2-presentation.json"), ENTERED);
        Some(desk)
    };
    let Some(desk) = entered() else { return };
    let ack = desk.vector("5-visitor-receipt.json");
    for change in ["exchangeId", "chainId", "prevHash", "subject"] {
        let other = desk.otherwise(|manifest| {
            *manifest = json(&ack);
            manifest[change] = "urn:other".into();
        });
        let said = answer(&desk, &other, "2026-11-20T12:00:35.000Z");
        assert_eq!((said.status, said.out.as_str()), (1, ""), "{change}: {}", said.log);
    }
    let late = answer(&desk, &ack, "2026-11-20T12:10:00.001Z");
    assert_eq!((late.status, json(&late.out)["state"].as_str()), (1, Some("expired")), "{}", late.log);
    assert_eq!(answer(&desk, &ack, "2026-11-20T12:00:35.000Z").status, 0, "it was said already");
    assert_eq!(desk.read("world/ledger.jsonl").lines().count(), 2);
}
