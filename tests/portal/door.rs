//! What a world does not take, whoever asks; and that a nonce is good for one receipt.

use std::fs;

use serde_json::{Value, json};

use super::{Desk, ENTERED, NONCE, json as read};
use crate::run;

#[test]
fn ten_at_once_have_one_receipt() {
    let Some(desk) = Desk::offered() else { return };
    let script = format!(
        "for n in 0 1 2 3 4 5 6 7 8 9; do um-portal enter --portal world --now {ENTERED} < 2-presentation.json > out$n 2> log$n & done; \
         wait; cat out? | sort -u | wc -l; ls world/receipts | wc -l; wc -l < world/ledger.jsonl"
    );
    assert_eq!(run::sh(&script, desk.dir.path()), "1\n1\n1\n");
}

#[test]
fn a_nonce_that_is_spent_is_good_for_nothing_else() {
    let Some(desk) = Desk::offered() else { return };
    let presentation = desk.vector("2-presentation.json");
    let first = desk.enter(&presentation, ENTERED);
    let other = desk.otherwise(|manifest| manifest["facets"].as_array_mut().unwrap().truncate(8));
    let spaced = presentation.replacen("{\"@context\"", "{ \"@context\"", 1);
    for second in [other, spaced] {
        let said = desk.enter(&second, ENTERED);
        assert_eq!((said.status, &read(&said.out)["outcome"]), (1, &json!("rejected")));
        assert!(said.out.contains("portal.replay"), "{}", said.out);
    }
    // Long after all its times the same bytes have the receipt that they had.
    let again = desk.enter(&presentation, "2026-12-24T12:00:00.000Z");
    assert_eq!((again.status, again.out), (0, first.out));
}

#[test]
fn many_in_one_stream_have_each_its_own() {
    let Some(desk) = Desk::offered() else { return };
    let presentation = desk.vector("2-presentation.json");
    let other = desk.otherwise(|manifest| manifest["facets"].as_array_mut().unwrap().truncate(8));
    let said = desk.enter(&format!("{presentation}{other}\n{{}}\n{presentation}"), ENTERED);
    let outcomes: Vec<Value> = said.out.lines().map(|line| read(line)["outcome"].clone()).collect();
    assert_eq!(outcomes, ["accepted-partial", "rejected", "rejected", "accepted-partial"]);
    assert_eq!(desk.read("world/ledger.jsonl").lines().count(), 3);
    assert_eq!(desk.portal("ledger --portal world --check", "").out, "{\"verified\":3}\n");
}

/// A persona whose name may be remembered.
fn rememberable(manifest: &mut Value) {
    for consent in manifest["consents"].as_array_mut().unwrap() {
        if consent["facetRef"].as_str().unwrap().ends_with("#f7") {
            consent["scope"] = json!(["display", "trace.append"]);
        }
    }
}

#[test]
fn a_name_enters_a_trace_where_its_owner_lets_it() {
    for (change, label) in [
        ((|_| {}) as fn(&mut Value), Value::Null),
        (rememberable, json!("Alice")),
        (
            |manifest| {
                rememberable(manifest);
                manifest["claims"] = json!([]);
            },
            Value::Null,
        ),
    ] {
        let Some(desk) = Desk::offered() else { return };
        let said = desk
            .portal(&format!("enter --portal world --now {ENTERED} --events drafts"), desk.otherwise(change));
        let drafts = desk.read("drafts");
        let is_rejected = said.status == 1;
        assert_eq!(drafts.is_empty(), is_rejected, "{drafts}");
        let first = drafts.lines().next().map_or(Value::Null, read);
        assert_eq!(first["properties"]["label"], label, "{drafts}");
        // The drafts are taken as they are.
        if !is_rejected {
            let append = "jq -c '. + {space_id: \"s\", layer_id: \"l\"}' drafts | ulp-append --key world/key.pem 2> log | wc -l";
            let said = run::shell(append, desk.dir.path());
            assert_eq!(String::from_utf8_lossy(&said.stdout), "2\n", "{}", desk.read("log"));
        }
    }
}

#[test]
fn what_is_sealed_to_a_world_is_in_its_view_alone() {
    let Some(desk) = Desk::offered() else { return };
    fs::copy(run::shared().unwrap().join("fixtures/portal/keys.json"), desk.at("keys.json")).unwrap();
    let did = run::sh("um-seal --generate -o world/agree.pem 2> log", desk.dir.path());
    let entity = r##"{"facets":[{"@id":"urn:f","@type":["um:Facet","portal:persona"],"entity":{"@type":"um:Entity","displayName":"CANARY-sealed"}}]}"##;
    fs::write(desk.at("bare.json"), entity).unwrap();
    let sealed = run::sh(
        &format!("um-seal --facet portal:persona --to {} bare.json 2> log", did.trim()),
        desk.dir.path(),
    );
    let sealed = read(&sealed)["facets"][0].clone();
    let presentation = desk.otherwise(|manifest| {
        let facet = &mut manifest["facets"][7];
        facet["entity"] = sealed["entity"].clone();
        facet["encryptionProfile"] = sealed["encryptionProfile"].clone();
    });
    let script = format!(
        "um-portal arrive --portal world --now {ENTERED} < p 2> log | um-portal verify --portal world 2> log | \
         um-portal project --portal world 2> log | um-portal consent --portal world 2> log | jq -r '.view.facets[\"portal:persona\"].displayName'"
    );
    fs::write(desk.at("p"), &presentation).unwrap();
    assert_eq!(run::sh(&script, desk.dir.path()), "CANARY-sealed\n");
    let said = desk.portal(&format!("enter --portal world --now {ENTERED} --events drafts"), &presentation);
    assert_eq!(read(&said.out)["facetStatuses"][7]["status"], "processed", "{}", said.out);
    let all = run::sh("grep -rl CANARY world drafts || true", desk.dir.path());
    assert_eq!(all, "", "it stands in a file");
    assert!(!said.out.contains("CANARY") && !said.log.contains("CANARY"));
}

#[test]
fn performance_data_is_a_pointer_or_is_not_taken() {
    let Some(desk) = Desk::offered() else { return };
    let presentation =
        desk.otherwise(|manifest| manifest["facets"][6]["entity"]["samples"] = json!(["CANARY"]));
    let said = desk.enter(&presentation, ENTERED);
    let facet = &read(&said.out)["facetStatuses"][6];
    assert_eq!((&facet["status"], &facet["reason"]), (&json!("consent-denied"), &json!("portal.samples")));
    assert!(!said.out.contains("CANARY"));
}

#[test]
fn a_status_is_asked_where_there_is_one() {
    let Some(desk) = Desk::offered() else { return };
    let id = read(&desk.vector("2-presentation.json"))["@id"].as_str().unwrap().to_owned();
    for (word, outcome) in
        [("active", "accepted-partial"), ("suspended", "accepted-partial"), ("revoked", "rejected")]
    {
        let Some(desk) = Desk::offered() else { return };
        let line = format!(
            "{{\"manifestId\":\"{id}\",\"status\":\"{word}\",\"updatedAt\":\"2026-11-20T12:00:00Z\"}}\n"
        );
        fs::write(desk.at("status"), line).unwrap();
        let said = desk.portal(
            &format!("enter --portal world --now {ENTERED} --status status"),
            desk.vector("2-presentation.json"),
        );
        let receipt = read(&said.out);
        assert_eq!((&receipt["revocationStatus"], &receipt["outcome"]), (&json!(word), &json!(outcome)));
    }
    fs::write(desk.at("status"), "{}\n").unwrap();
    let said = desk.portal("enter --portal world --status status", "");
    assert_eq!(said.status, 2, "{}", said.log);
    assert!(desk.at(&format!("world/sessions/{NONCE}.open")).exists());
}

#[test]
fn settings_that_nobody_understands_stop_everything() {
    let Some(desk) = Desk::offered() else { return };
    for (file, text) in [("trust.toml", "issuers = []"), ("roles.toml", "rating = []")] {
        let before = desk.read(&format!("world/{file}"));
        fs::write(desk.at(&format!("world/{file}")), text).unwrap();
        let said = desk.enter(&desk.vector("2-presentation.json"), ENTERED);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{file}: {}", said.log);
        fs::write(desk.at(&format!("world/{file}")), before).unwrap();
    }
    assert_eq!(desk.enter(&desk.vector("2-presentation.json"), ENTERED).status, 0);
}
