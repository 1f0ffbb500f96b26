//! Drafts that were appended before: each is a duplicate before anybody asks what it declares.

use super::{said, write};
use crate::reference::generate::Rng;
use crate::run;
use serde_json::json;

const ALL: [&str; 5] =
    ["adjacency", "exclusion", "consistency", "boundary_discipline", "authority_nontransfer"];

/// Drafts with times that all declare everything, and of which none breaks it: what is deleted is left alone then.
fn drafts(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let (mut nodes, mut lines): (Vec<usize>, Vec<String>) = (Vec::new(), Vec::new());
    for n in 0..40 {
        let some = (!nodes.is_empty()).then(|| nodes[rng.below(nodes.len())]);
        let mut draft = match (rng.below(6), some) {
            (0 | 1, parent) => {
                nodes.push(n);
                let parent = parent.filter(|_| rng.chance(30)).map(|parent| format!("n{parent}"));
                json!({"operation": "create_node", "node_id": format!("n{n}"),
                    "transform": {"position": [rng.below(900), rng.below(900)], "parent": parent}})
            }
            (_, None) => continue,
            (2, Some(node)) => {
                json!({"operation": "update_transform", "node_id": format!("n{node}"), "transform": {"position": [n, 1]}})
            }
            (3, Some(node)) => {
                json!({"operation": "set_properties", "node_id": format!("n{node}"), "properties": {"n": n}})
            }
            (4, Some(node)) if nodes.len() > 1 => {
                let to = nodes[(nodes.iter().position(|n| *n == node).unwrap() + 1) % nodes.len()];
                json!({"operation": "link_nodes", "from_node": format!("n{node}"), "to_node": format!("n{to}")})
            }
            (_, Some(node)) => {
                json!({"operation": "sensor_reading", "sensor": "s", "value": n, "node_id": format!("n{node}")})
            }
        };
        draft["timestamp"] = json!(1_730_000_000 + n);
        draft["actor_id"] = json!("user:a");
        draft["preserves_invariants"] = json!(ALL);
        lines.push(draft.to_string());
    }
    lines.join("\n") + "\n"
}

#[test]
fn drafts_appended_twice_add_nothing_and_are_not_refused() {
    for seed in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        write(at, "drafts.jsonl", &drafts(seed));
        run::sh("ulp-store init w 2> /dev/null", at);
        let first = said("ulp-append --store w < drafts.jsonl", at);
        assert_eq!(first.status, 0, "{}", first.log);
        let count = first.out.lines().count();
        for again in
            ["ulp-append --store w < drafts.jsonl", "cat drafts.jsonl drafts.jsonl | ulp-append --store w"]
        {
            let again = said(again, at);
            assert_eq!((again.status, again.out.as_str()), (0, ""), "seed {seed}: {}", again.log);
        }
        let stored = run::sh("ulp-materialize --store w --events 2> /dev/null", at);
        assert_eq!(stored.lines().count(), count);
        // By two at once, who meet in another moment each time.
        for _ in 0..10 {
            run::sh("rm -rf v && ulp-store init v 2> /dev/null", at);
            let both = said(
                "for n in 1 2; do ulp-append --store v < drafts.jsonl > $n.out 2> $n.log & p=\"$p $!\"; done; for p in $p; do wait $p || exit 1; done; cat 1.out 2.out",
                at,
            );
            assert_eq!((both.status, both.out.lines().count()), (0, count), "seed {seed}");
        }
    }
}
