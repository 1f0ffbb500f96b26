//! A crossing, step by step, against another implementation's: every file to the byte.

use serde_json::Value;

use super::{Desk, ENTERED, json};
use crate::run;

#[test]
fn a_crossing_is_that_of_the_vectors_to_the_byte() {
    let Some(desk) = Desk::offered() else { return };
    let run = |args: &str, input: &str, expected: &str| {
        let said = desk.portal(args, input);
        assert_eq!((said.status, said.out.as_str()), (0, expected), "{args}: {}", said.log);
        said.out
    };
    let offer = desk.vector("1-offer.json");
    let now =
        |step: &str| format!("--now {}", json(&desk.vector("inputs.json"))[step]["now"].as_str().unwrap());
    let presented = run(
        &format!("present --portal alice {} --random present.random", now("present")),
        &offer,
        &desk.vector("2-presentation.json"),
    );
    let receipt = run(
        &format!("enter --portal world {} --random enter.random --events events", now("enter")),
        &presented,
        &desk.vector("4-world-receipt.json"),
    );
    assert_eq!(desk.read("events"), desk.vector("6-events.jsonl"));
    let answer = run(
        &format!("close --portal alice {} --random close.random", now("close")),
        &receipt,
        &desk.vector("5-visitor-receipt.json"),
    );
    let last = desk.vector("8-world-ledger.jsonl");
    let line = format!("{}\n", last.lines().last().unwrap());
    run(&format!("ledger --portal world {}", now("ledger")), &answer, &line);
    assert_eq!(desk.read("alice/ledger.jsonl"), desk.vector("7-alice-ledger.jsonl"));
    assert_eq!(desk.read("world/ledger.jsonl"), last);
    for portal in ["alice", "world"] {
        run(&format!("ledger --portal {portal} --check"), "", "{\"verified\":2}\n");
    }
    std::fs::write(desk.at("chain"), receipt + &answer).unwrap();
    run("ledger --check chain", "", "{\"verified\":2}\n");
    // What was sent, and what was answered, comes out again and changes nothing.
    run(
        &format!("enter --portal world {} --random close.random", now("ledger")),
        &presented,
        &desk.vector("4-world-receipt.json"),
    );
    run(&format!("ledger --portal world {}", now("ledger")), &answer, "");
    run(&format!("close --portal alice {}", now("ledger")), &desk.vector("4-world-receipt.json"), &answer);
    assert_eq!(desk.read("world/ledger.jsonl"), last);
}

#[test]
fn the_stages_of_a_pipe_are_the_vectors_lines_and_the_receipt_that_enter_gives() {
    let Some(desk) = Desk::offered() else { return };
    let mut line = desk.vector("2-presentation.json");
    for (stage, expected) in ["arrive", "verify", "project", "consent", "compose"]
        .iter()
        .zip(desk.vector("3-envelopes.jsonl").lines())
    {
        // The instant is that of the first stage.
        let now = if *stage == "arrive" { format!(" --now {ENTERED}") } else { String::new() };
        let said = desk.portal(&format!("{stage} --portal world{now}"), &line);
        assert_eq!((said.status, said.out.trim_end()), (0, expected), "{stage}: {}", said.log);
        line = said.out;
    }
    let said = desk.portal("receipt --portal world --random enter.random", &line);
    assert_eq!(said.out, desk.vector("4-world-receipt.json"), "{}", said.log);
    let again = desk.portal("receipt --portal world --random close.random", &line);
    assert_eq!((again.status, again.out), (0, said.out), "the same bytes have a receipt");
}

#[test]
fn what_is_tried_at_a_door_comes_to_what_the_vectors_say() {
    let Some(first) = Desk::new() else { return };
    let attacks = json(&first.vector("attacks.json"));
    let attacks = attacks.as_array().unwrap();
    for attack in attacks {
        let Some(desk) = Desk::offered() else { return };
        let said = desk.enter(attack["presentation"].as_str().unwrap(), attack["now"].as_str().unwrap());
        let receipt = json(&said.out);
        let each = |list: &str, name: &str| -> Vec<Value> {
            receipt[list].as_array().unwrap().iter().map(|item| item[name].clone()).collect()
        };
        let name = &attack["name"];
        let is_rejected = attack["outcome"] == "rejected";
        assert_eq!(said.status, i32::from(is_rejected), "{name}: {}", said.log);
        assert_eq!(attack["claims"], Value::from(each("claimStatuses", "status")), "{name}");
        assert_eq!(attack["facets"], Value::from(each("facetStatuses", "status")), "{name}");
        assert_eq!(attack["codes"], Value::from(each("warnings", "code")), "{name}");
        for member in ["outcome", "freshnessCheck", "signatureCheck", "presentationProofStatus"] {
            assert_eq!(attack[member], receipt[member], "{name}: {member}");
        }
        for member in ["positions", "services"] {
            assert_eq!(attack[member], receipt["portal"][member], "{name}: {member}");
        }
        assert!(!receipt.to_string().contains("CANARY") && !said.log.contains("CANARY"), "{name}");
    }
    assert_eq!(attacks.len(), 20);
}

/// The evaluation entries of the public suite, each receipt held to all that its entry expects.
#[test]
fn the_public_suite_is_evaluated_as_it_expects() {
    let Some(suite) = run::shared().map(|path| path.join("fixtures/um")).filter(|path| path.is_dir()) else {
        return run::skipped("the public suite is not beside this checkout");
    };
    let script = format!("python3 -B {}/tests/conformance.py {}", run::root().display(), suite.display());
    let said = run::sh(&script, suite.as_path());
    assert!(said.contains("v0.4 34/34, 13 missing\n") && said.contains("v0.4 evaluation 25/25\n"), "{said}");
}
