//! An envelope is no evidence, and stages in a pipe come to what `enter` comes to, whatever is in between.

use serde_json::{Value, json};

use super::{Desk, ENTERED, NONCE, json as read, signed};
use crate::reference::generate::Rng;
use crate::{run, sample};

const STAGES: [&str; 5] = ["arrive", "verify", "project", "consent", "compose"];

#[test]
fn an_envelope_that_says_what_is_not_found_goes_no_further() {
    let Some(desk) = Desk::offered() else { return };
    let lines = desk.vector("3-envelopes.jsonl");
    let next = ["verify", "project", "consent", "compose", "receipt"];
    for (line, stage) in lines.lines().zip(next) {
        let honest = read(line);
        let changes: [(&str, Value); 9] = [
            ("/receipt/outcome", json!("accepted")),
            ("/receipt/processedAt", json!("2026-11-20T12:00:26.000Z")),
            ("/receipt/warnings", json!([{"code": "portal.rating", "message": "portal.rating"}])),
            ("/now", json!("2026-11-20T12:00:26.000Z")),
            ("/stage", json!("compose")),
            ("/stage", json!("arrive")),
            ("/um_portal", json!(2)),
            ("/view/entity", json!({"type": "npc"})),
            ("/more", json!(1)),
        ];
        for (place, value) in changes {
            let mut forged = honest.clone();
            let (at, name) = place.rsplit_once('/').unwrap();
            forged.pointer_mut(at).unwrap()[name] = value;
            if forged == honest {
                continue;
            }
            let said = desk.portal(&format!("{stage} --portal world"), forged.to_string());
            assert_eq!((said.status, said.out.as_str()), (3, ""), "{stage} {place}: {}", said.log);
            assert!(said.log.contains("portal.envelope"), "{stage} {place}: {}", said.log);
        }
        for text in ["{}", "[1]", "no JSON", "{\"um_portal\":1}"] {
            assert_eq!(desk.portal(&format!("{stage} --portal world"), text).status, 3, "{stage}: {text}");
        }
        let late = desk.portal(&format!("{stage} --portal world --now 2026-11-20T12:00:26.000Z"), line);
        assert_eq!(late.status, 3, "{stage}: whoever was told the instant holds it to that");
    }
    assert_eq!(desk.receipts("world"), 0, "nothing was spent");
}

#[test]
fn a_rejected_one_passes_through_and_has_a_receipt() {
    let Some(desk) = Desk::offered() else { return };
    for bytes in
        [&b"\xff{}"[..], b"{\"a\":1,\"a\":2}", b"{}", desk.vector("1-offer.json").trim_end().as_bytes()]
    {
        let mut line = bytes.to_vec();
        for stage in STAGES {
            let said = desk.portal(&format!("{stage} --portal world --now {ENTERED}"), &line);
            // An offer is a manifest by its rules; it is no presentation of anybody.
            let is_whole = stage == "arrive" && bytes.starts_with(b"{\"@context\"");
            assert_eq!(said.status, i32::from(!is_whole), "{stage}: {}", said.log);
            assert_eq!(read(&said.out)["receipt"].get("outcome").is_none(), is_whole, "{stage}");
            line = said.out.into_bytes();
        }
        let receipt =
            desk.portal(&format!("receipt --portal world --now {ENTERED} --random enter.random"), &line);
        let entered =
            desk.portal(&format!("enter --portal world --now {ENTERED} --random enter.random"), bytes);
        assert_eq!((receipt.status, &receipt.out), (1, &entered.out));
        assert!(read(&entered.out).get("exchangeId").is_none());
    }
}

/// A presentation of the vectors with some of it otherwise, most of it signed.
fn changed(desk: &Desk, rng: &mut Rng) -> String {
    let mut manifest = read(&desk.vector("2-presentation.json"));
    for _ in 0..=rng.below(4) {
        let (lists, values) =
            (["facets", "claims", "consents"], [json!(null), json!("x"), json!(7), json!([]), json!({})]);
        let list = lists[rng.below(3)];
        let count = manifest[list].as_array().map_or(0, Vec::len);
        match rng.below(9) {
            0 if count > 0 => drop(manifest[list].as_array_mut().unwrap().remove(rng.below(count))),
            1 if count > 0 => {
                let item = manifest[list][rng.below(count)].clone();
                manifest[list].as_array_mut().unwrap().push(item);
            }
            2 if count > 0 => manifest[list].as_array_mut().unwrap().swap(0, count - 1),
            3 if count > 0 => {
                let at = rng.below(count);
                let names =
                    ["requiredTrustTier", "withdrawnAt", "disposition", "scope", "@type", "entity", "issuer"];
                manifest[list][at][names[rng.below(names.len())]] = values[rng.below(5)].clone();
            }
            4 => manifest["requiredTrustTier"] = json!(rng.below(3)),
            5 => {
                let ends = ["2026-01-02T00:00:00Z", "2027-01-01T00:00:00Z"][rng.below(2)];
                let by = manifest["subject"].clone();
                manifest["pointers"] = json!([{"@type": "um:agentDelegation", "delegateType": "bot", "delegatedBy": by, "delegatedAt": "2026-01-01T00:00:00Z", "expiresAt": ends}, {"@type": "x"}]);
            }
            6 => {
                manifest["expiresAt"] =
                    json!(["2026-11-20T12:00:22.000Z", "2026-11-20T12:30:00.000Z"][rng.below(2)])
            }
            7 => manifest["session"]["state"] = json!(["initiated", "manifests-exchanged"][rng.below(2)]),
            _ => {
                manifest["livenessAttestation"] = json!({"proofType": "p", "proofValue": "v", "attestedAt": "2026-11-20T12:00:00Z", "validUntil": "2026-11-20T13:00:00Z"})
            }
        }
    }
    if rng.below(8) == 0 { manifest.to_string() } else { signed(&manifest) }
}

#[test]
fn stages_in_a_pipe_come_to_what_enter_comes_to_on_random_manifests() {
    let Some(desk) = Desk::offered() else { return };
    let mut rng = Rng::new(17);
    let count = sample::size(1000, 40);
    let all: Vec<String> = (0..count).map(|_| changed(&desk, &mut rng)).collect();
    std::fs::write(desk.at("all"), all.join("\n")).unwrap();
    let (mut outcomes, given) =
        (std::collections::BTreeMap::new(), format!("--now {ENTERED} --random enter.random"));
    // Each by itself, so that every one finds its nonce open: both take it from a world of its own.
    let script = format!(
        "n=0; while read -r line; do n=$((n+1)); cp -r world a; cp -r world b; \
         printf '%s\\n' \"$line\" | um-portal enter --portal a {given} >> entered 2>> log; \
         printf '%s\\n' \"$line\" | um-portal arrive --portal b --now {ENTERED} 2>> log | um-portal verify --portal b 2>> log | \
         um-portal project --portal b 2>> log | um-portal consent --portal b 2>> log | um-portal compose --portal b 2>> log | \
         um-portal receipt --portal b --random enter.random >> piped 2>> log; \
         cmp <(cd a; cat ledger.jsonl; ls sessions receipts) <(cd b; cat ledger.jsonl; ls sessions receipts) || exit 1; \
         rm -r a b; done < <(cat all; echo)"
    );
    let output = run::shell(&script, desk.dir.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let (entered, piped) = (desk.read("entered"), desk.read("piped"));
    assert_eq!(entered.lines().count(), count);
    for ((one, other), text) in entered.lines().zip(piped.lines()).zip(&all) {
        assert_eq!(one, other, "{text}");
        *outcomes.entry(read(one)["outcome"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    run::say(&format!("{count} manifests through pipes: {outcomes:?}"));
    assert!(!desk.read("log").contains("panicked"));
    assert!(desk.at(&format!("world/sessions/{NONCE}.open")).exists());
}
