//! Nothing private leaves by accident: a canary in every field of what is not for everyone is found nowhere in a
//! default pack, in whatever clothes.

use super::quiet;
use crate::run;
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use std::path::Path;
use ulp_core::hash::{Blake3, Sha256};

const CANARY: &str = "kanari7f3ae91c";

/// Public events, and in the same tiles events that are not for everyone with the canary in every field.
fn history() -> String {
    let mut lines = String::new();
    let shared = |n: u32, extra: &str| {
        format!(
            r#"{{"event_id":"open-{n}","timestamp":{n},"space_id":"demo","actor_id":"a","operation":"create_node","node_id":"n{n}"{extra}}}"#
        )
    };
    for n in 1..4 {
        lines.push_str(&shared(n, ""));
        lines.push('\n');
    }
    lines.push_str(&shared(4, r#","scope":{"realm":"public"}"#));
    lines.push('\n');
    let lanes = [
        ("personal", "public"),
        ("team", "private"),
        ("team", "redacted"),
        ("public", "private"),
        ("personal", "redacted"),
    ];
    for (i, (realm, policy)) in lanes.into_iter().enumerate() {
        for space in ["demo", CANARY] {
            let c = format!("{CANARY}-{i}-{space}");
            lines.push_str(&format!(
                r#"{{"event_id":"{c}","timestamp":{},"space_id":"{space}","layer_id":"{c}","actor_id":"user:{c}","operation":"create_node","node_id":"{c}","kind":"{c}","properties":{{"{c}":"{c}"}},"geometry":{{"kind":"text","text":"{c}"}},"media":{{"ref":"{}","mime":"text/plain","name":"{c}"}},"preserves_invariants":["{c}"],"previous_events":["{c}-x"],"{c}":"{c}","scope":{{"realm":"{realm}","policy":"{policy}"}}}}"#,
                10 + i,
                Sha256::of(CANARY.as_bytes()),
            ));
            lines.push('\n');
        }
    }
    lines
}

/// Every form in which the canary might travel.
fn clothes(dir: &Path) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> =
        vec![CANARY.into(), CANARY.to_uppercase().into(), CANARY.bytes().rev().collect()];
    for shift in 0..3 {
        let text = format!("{}{CANARY}", "x".repeat(shift));
        for engine in [BASE64_NOPAD, BASE64URL_NOPAD] {
            // What stands at the ends depends on the neighbours.
            let coded = engine.encode(text.as_bytes());
            all.push(coded[4..coded.len() - 2].into());
        }
    }
    let hex: String = CANARY.bytes().map(|b| format!("{b:02x}")).collect();
    all.push(hex.to_uppercase().into());
    all.push(hex.into());
    all.push(CANARY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<String>().into());
    all.push(CANARY.bytes().flat_map(|b| format!("~{b:02x}").into_bytes()).collect());
    all.push(CANARY.encode_utf16().flat_map(u16::to_le_bytes).collect());
    let mut hashed = |bytes: &[u8]| {
        for (hex, raw) in
            [(Blake3::of(bytes).hex(), Blake3::of(bytes).0), (Sha256::of(bytes).hex(), Sha256::of(bytes).0)]
        {
            all.push(hex[..16].into());
            all.push(raw[..8].to_vec());
        }
    };
    hashed(CANARY.as_bytes());
    for line in history().lines().filter(|l| l.contains(CANARY)) {
        hashed(line.as_bytes());
    }
    // The objects of the lanes that stay at home, and the blob.
    let home = run::sh(
        "for l in w/spaces/*/tiles/z0/x0/y0/*; do case $l in */team.public|*/public.public) ;; *) cat $l/manifest.json ;; esac; done | jq -r '.segments[].hash'; sha256sum < blob | cut -c1-64",
        dir,
    );
    assert!(home.lines().count() > 5);
    all.extend(home.lines().map(|hash| hash.trim_start_matches("sha256:").as_bytes()[..16].to_vec()));
    all
}

fn search(name: &str, bytes: &[u8], clothes: &[Vec<u8>]) {
    for (i, needle) in clothes.iter().enumerate() {
        assert!(
            memchr::memmem::find(bytes, needle).is_none(),
            "{name}: {i}: {}",
            String::from_utf8_lossy(needle)
        );
    }
}

#[test]
fn the_canary_stays_at_home() {
    let dir = run::checkout();
    std::fs::write(dir.path().join("t.jsonl"), history()).unwrap();
    std::fs::write(dir.path().join("blob"), CANARY).unwrap();
    let script = format!(
        "ulp-store init w
         ulp-append --store w t.jsonl > /dev/null
         ulp-store put --store w blob > /dev/null
         mkdir -p w/spaces/demo/layers/{CANARY}; echo 'actors: [\"*\"]' > w/spaces/demo/layers/{CANARY}/.ulp-scope
         echo '# {CANARY}' >> w/.ulp-root
         ulp-materialize --store w --snapshot > /dev/null
         tile-pack --store w -f tar > store.tar; cp quiet.log store.log
         tile-pack --store w > store.tar.zst
         tile-pack -f tar t.jsonl > stream.tar
         tile-pack --store w -f dir -o bag; tar -cf bag.tar bag
         tile-unpack --list w > list; tile-pack --log-all t.jsonl 2> stream.log > /dev/null
         tile-unpack --list w | grep -c events"
    );
    assert_eq!(quiet(&script, dir.path()), "2\n");
    let clothes = clothes(dir.path());
    for name in ["store.tar", "store.tar.zst", "stream.tar", "bag.tar", "list", "store.log", "stream.log"] {
        let bytes = std::fs::read(dir.path().join(name)).unwrap();
        assert!(name.ends_with(".log") || bytes.len() > 500, "{name}");
        search(name, &bytes, &clothes);
    }
    // The search finds what is there: everything that was asked for travels.
    quiet(
        "tile-pack --store w --realm personal --realm team --realm public --policy private --policy redacted --policy public -f tar > all.tar",
        dir.path(),
    );
    let all = std::fs::read(dir.path().join("all.tar")).unwrap();
    assert!(memchr::memmem::find(&all, CANARY.as_bytes()).is_some());
    assert!(memchr::memmem::find(&all, Sha256::of(CANARY.as_bytes()).hex().as_bytes()).is_some());
}

#[test]
fn looser_lanes_derive_the_senders_bytes_at_the_receiver() {
    let dir = run::checkout();
    std::fs::write(dir.path().join("t.jsonl"), history()).unwrap();
    let script = "
        ulp-store init w; ulp-append --store w t.jsonl > /dev/null
        tile-pack --store w | tile-unpack --store w2 > /dev/null
        ulp-materialize --store w --realm team --realm public --policy public > one
        ulp-materialize --store w2 > two
        cmp one two; [ -s one ]
        ulp-materialize --store w --root | cmp - <(ulp-materialize --store w2 --root)
        tile-pack --store w --realm team --realm personal --realm public --policy public --policy redacted | tile-unpack --store w3 > /dev/null
        ulp-materialize --store w --policy public --policy redacted | cmp - <(ulp-materialize --store w3); echo same";
    assert_eq!(quiet(script, dir.path()), "same\n");
}

#[test]
fn blobs_travel_with_the_events_that_name_them() {
    let dir = run::checkout();
    let script = r#"
        ulp-store init w
        printf 'open picture' > open; printf 'stray' > stray; head -c 3000000 /dev/urandom > large
        ref=$(ulp-store put --store w open | jq -r .ref); ulp-store put --store w stray > /dev/null
        big=$(ulp-store put --store w large | jq -r .ref)
        for r in $ref $big; do
            echo '{"event_id":"m'$r'","timestamp":1,"actor_id":"a","operation":"set_media","node_id":"n","media":{"ref":"'$r'","mime":"image/png"}}'
        done | ulp-append --store w > /dev/null
        tile-pack --store w > p.tar.zst
        tile-unpack --list p.tar.zst | jq -c '[.bytes,.events]' | tail -2 | sort
        tile-unpack --store w2 p.tar.zst | wc -l
        find w2/objects -type f | wc -l; cmp large w2/objects/sha256/${big:7:2}/${big:9}
        tile-unpack --list w2 | tile-pack --store w --have - | tile-unpack --list | wc -l
        seg=$(jq -r '.segments[0].hash' w/spaces/default/tiles/z0/x0/y0/team.public/manifest.json)
        echo '{"event_id":"x","timestamp":2,"actor_id":"a","operation":"set_media","node_id":"n","media":{"ref":"'$seg'","mime":"image/png"},"scope":{"realm":"public"}}' | ulp-append --store w > /dev/null
        tile-pack --store w --realm public | tile-unpack --list | wc -l"#;
    assert_eq!(quiet(script, dir.path()), "[12,null]\n[3000000,null]\n2\n3\n0\n1\n");
}
