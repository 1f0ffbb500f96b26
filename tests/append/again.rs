//! Two writers whose drafts rest on the same look at the store.

use super::{read, said, write};
use crate::run;

/// Both look while the lock is held elsewhere, and commit one after the other: the second finds what the first did.
#[test]
fn of_two_drafts_that_exclude_each_other_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let draft = |actor: &str, node: &str| {
        format!(
            "{{\"actor_id\":\"{actor}\",\"operation\":\"create_node\",\"node_id\":\"{node}\",\"preserves_invariants\":[\"exclusion\"]}}\n"
        )
    };
    // The second line of each stands whatever becomes of the first, and the third rests on the second.
    for writer in ["a", "b"] {
        let again = format!(
            "{{\"actor_id\":\"{writer}\",\"operation\":\"delete_node\",\"node_id\":\"own-{writer}\",\"preserves_invariants\":[\"exclusion\"]}}\n"
        );
        let lines = draft(writer, "pump") + &draft(writer, &format!("own-{writer}")) + &again;
        write(at, &format!("{writer}.jsonl"), &lines);
    }
    run::sh("ulp-store init w 2> /dev/null", at);
    for round in 0..3 {
        run::sh("rm -rf w; ulp-store init w 2> /dev/null; rm -f *.out *.log *.refused", at);
        let script = "(flock w/lock sleep 0.4) & sleep 0.1; \
            for n in a b; do (ulp-append --store w --rejects $n.refused < $n.jsonl > $n.out 2> $n.log; echo $? > $n.status) & done; wait";
        run::sh(script, at);
        let statuses: Vec<String> = ["a", "b"].iter().map(|n| read(at, &format!("{n}.status"))).collect();
        let loser = if statuses[0] == "1\n" { "a" } else { "b" };
        let mut sorted = statuses.clone();
        sorted.sort();
        assert_eq!(sorted, ["0\n", "1\n"], "round {round}: one of them is refused");
        let log = read(at, &format!("{loser}.log"));
        assert!(log.contains("\"code\":\"invariant.exclusion\",\"line\":1"), "{log}");
        assert!(log.contains("\"read\":3,\"applied\":2,\"rejected\":1"), "{log}");
        assert_eq!(read(at, &format!("{loser}.refused")), draft(loser, "pump"), "as it came");
        let stored = run::sh("ulp-materialize --store w --events 2> /dev/null | sort", at);
        assert_eq!(stored.lines().count(), 5);
        assert_eq!(run::sh("cat a.out b.out | sort", at), stored, "what was echoed is what is there");
        assert_eq!(run::sh("ulp-store check --store w --objects --replay 2> /dev/null", at), "");
        assert_eq!(
            said(&format!("ulp-append --store w < {loser}.refused"), at).codes("rejected"),
            ["invariant.exclusion"]
        );
    }
}

/// A writer that waits for its input knows what others wrote meanwhile.
#[test]
fn a_long_run_completes_drafts_from_the_store_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(
        at,
        "draft.jsonl",
        "{\"actor_id\":\"u\",\"operation\":\"set_properties\",\"node_id\":\"q\",\"properties\":{}}\n",
    );
    for tile in ["z0/x5/y5", "z0/x6/y6"] {
        let line = format!(
            "{{\"actor_id\":\"u\",\"operation\":\"create_node\",\"node_id\":\"q\",\"tile\":\"{tile}\"}}\n"
        );
        write(at, &format!("{}.jsonl", &tile[3..5]), &line);
    }
    run::sh(
        "ulp-store init w 2> /dev/null; mkfifo in; (ulp-append --store w < in > out 2> log) & exec 3> in
        until_lines() { for try in $(seq 500); do [ $(wc -l < out) = $1 ] && return; sleep 0.02; done; }
        cat draft.jsonl >&3; until_lines 1
        ulp-append --store w < x5.jsonl > one 2> log1; cat draft.jsonl >&3; until_lines 2
        ulp-append --store w < x6.jsonl > two 2> log2; cat draft.jsonl >&3; until_lines 3
        exec 3>&-; wait",
        at,
    );
    let out = read(at, "out");
    let tiles: Vec<&str> =
        out.lines().map(|l| l.split_once("\"tile\":\"").unwrap().1.split('"').next().unwrap()).collect();
    assert_eq!(tiles, ["z0/x0/y0", "z0/x5/y5", "z0/x6/y6"]);
}
