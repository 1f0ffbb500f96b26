//! Sneakernet: what goes back and forth, and what need not.

use super::{EVENTS, quiet};
use crate::run;

#[test]
fn two_villages_end_with_the_same_world() {
    let dir = run::checkout();
    let printed = quiet("sh examples/sneakernet/run.sh out", dir.path());
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.last(), Some(&"the same world"), "{printed}");
    assert_eq!(
        quiet("cmp out/upstream.root out/downstream.root; wc -l < out/upstream.root", dir.path())
            .lines()
            .count(),
        1
    );
}

#[test]
fn a_segment_that_is_new_is_kept_as_it_came() {
    let dir = run::checkout();
    std::fs::write(dir.path().join("t.jsonl"), EVENTS).unwrap();
    let script = r#"
        tile-pack t.jsonl | tile-unpack --store a > /dev/null
        tile-pack --store a | tile-unpack --store b > /dev/null
        diff -r a/objects b/objects; diff -r a/spaces b/spaces
        hold() { tile-unpack --list $1 | jq -r .object | sort -u; }
        hold a | cmp - <(hold b)
        # One event more: the small segment is taken into a new one, and the old one stays seen.
        echo '{"event_id":"a4","timestamp":4,"space_id":"demo","actor_id":"a","operation":"create_node","node_id":"n4"}' | ulp-append --store b > /dev/null
        hold a | comm -23 - <(hold b) | wc -l
        tile-unpack --list a | tile-pack --store b --have - -o trip.tar.zst
        tile-unpack --store a trip.tar.zst | jq -r .event_id
        tile-unpack --list b | tile-pack --store a --have - | tile-unpack --store b | wc -l
        tile-unpack --list a | tile-pack --store b --have - | tile-unpack --list | wc -l
        tar --zstd -xf trip.tar.zst trip/manifest-sha256.txt
        tile-pack --store b --have trip/manifest-sha256.txt | tile-unpack --list | wc -l
        ulp-materialize --root --store a | cmp - <(ulp-materialize --root --store b)"#;
    assert_eq!(quiet(script, dir.path()), "0\na4\n0\n0\n2\n");
}

#[test]
fn entries_keep_their_places_in_a_pack() {
    let dir = run::checkout();
    std::fs::write(dir.path().join("t.jsonl"), EVENTS).unwrap();
    let script = r#"
        tile-pack t.jsonl | tile-unpack --store a > /dev/null
        tile-unpack --list a > have
        tile-pack --store a --have have -f dir -o bag
        jq -c '.segments[] | .elsewhere' bag/data/spaces/demo/tiles/z0/x*/y0/team.public/manifest.json
        cat bag/data/.ulp-root; find bag -path '*objects*' -type f | wc -l
        valid bag
        tile-pack --store bag/data -f tar | cmp - <(tile-pack --store a --have have -f tar)"#;
    assert_eq!(quiet(script, dir.path()), "true\ntrue\ntrue\nversion: 1\nforeign: true\n0\n");
}

#[test]
fn lanes_with_pages_travel() {
    let dir = run::checkout();
    // 300 entries of 64 KiB and more, each a commit of its own: the oldest 128 lie in a page.
    let script = r#"
        ulp-store init w
        python3 - > t.jsonl <<'P'
import json
for i in range(300):
    print(json.dumps({"event_id": f"e{i}", "timestamp": i, "space_id": "s", "actor_id": "a", "operation": "create_node", "node_id": f"n{i}", "properties": {"pad": f"{i:05}" * 14000}}))
P
        split -l 1 -a 3 t.jsonl part-; for p in part-*; do ulp-append --store w $p > /dev/null; done
        m=w/spaces/s/tiles/z0/x0/y0/team.public/manifest.json
        jq -c '[(.segments | length), .previous.events]' $m
        tile-pack --store w -f tar > p.tar
        tile-unpack --list p.tar | jq -s -c '[length, (map(.events) | add)]'
        tile-unpack --list w | jq -r .object | sort > one; tile-unpack --list p.tar | jq -r .object | sort | cmp - one
        tile-unpack --store w2 p.tar | wc -l
        ulp-materialize --store w --root | cmp - <(ulp-materialize --store w2 --root)
        # However its members lie, a page is found to name what came before it.
        tile-pack --store w -f dir -o all; python3 PEOPLE all many 1 2
        for f in many/*.tar all; do
            rm -rf w3; tile-unpack --store w3 $f > /dev/null; ulp-materialize --store w3 --root | cmp - <(ulp-materialize --store w --root)
            tile-unpack --list $f | jq -r .object | sort | cmp - one
        done
        tile-pack --store w --since 200 -f dir -o bag; valid bag
        ulp-materialize --store bag/data --root > /dev/null
        tile-unpack --list bag | jq -s -c 'map(.events) | add'"#;
    let people = run::root().join("tests/pack/people.py");
    let printed = quiet(&script.replace("PEOPLE", &people.display().to_string()), dir.path());
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines, ["[172,128]", "[301,300]", "300", "100"], "{printed}");
}

#[test]
fn what_an_event_declares_is_held_against_the_store() {
    let dir = run::checkout();
    let script = r#"
        event() { printf '{"event_id":"%s","timestamp":%s,"actor_id":"a","operation":"%s","node_id":"n","scope":{"boundary":"%s"}%s}\n' "$@"; }
        event made 1 create_node exterior | ulp-append --store w > /dev/null
        declares=',"preserves_invariants":["boundary_discipline","exclusion"],"properties":{"x":1}'
        event inner 2 set_properties interior "$declares" > t.jsonl; event again 3 create_node exterior "$declares" >> t.jsonl
        tile-pack t.jsonl -o trip.tar.zst; tile-pack t.jsonl -o twice.tar.zst
        said() { tail -1 $1 | jq -c '[.applied, .duplicate, .codes["invariant.boundary_discipline"], .codes["invariant.exclusion"]]'; }
        tile-unpack --test trip.tar.zst 2> log; said log
        tile-unpack --store w trip.tar.zst 2> log > new; said log; wc -l < new
        tile-unpack --store w twice.tar.zst 2> log > new; said log
        # Within one pack as well: the second segment knows of the first.
        ulp-store init v; { event made 1 create_node exterior; cat t.jsonl; } | tile-pack -o all.tar.zst
        tile-unpack --store v all.tar.zst 2> log > new; said log"#;
    let printed = quiet(&format!("ulp-store init w\n{script}"), dir.path());
    assert_eq!(printed, "[2,0,null,null]\n[2,0,1,1]\n2\n[0,2,null,null]\n[3,0,1,1]\n");
}

#[test]
fn what_was_lost_after_it_was_seen_comes_again() {
    let dir = run::checkout();
    std::fs::write(dir.path().join("t.jsonl"), EVENTS).unwrap();
    let script = r#"
        tile-pack t.jsonl -o all.tar.zst; tile-unpack --store w all.tar.zst > /dev/null
        lost=$(jq -r '.segments[0].hash' w/spaces/demo/tiles/z0/x1/y0/team.public/manifest.json | cut -c8-)
        f=w/objects/sha256/$(echo $lost | cut -c1-2)/$(echo $lost | cut -c3-); chmod u+w $f; truncate -s -1 $f
        ulp-store check --store w --objects --repair > /dev/null || true
        ulp-store init v; ulp-append --store v t.jsonl > /dev/null
        tile-unpack --list w | tile-pack --store v --have - | tile-unpack --store w | jq -r .event_id
        ulp-materialize --store w --root | cmp - <(ulp-materialize --store v --root) && echo same"#;
    assert_eq!(quiet(script, dir.path()), "a2\nsame\n");
}
