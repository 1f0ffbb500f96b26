//! What goes wrong around a process: streams that are closed, full or cut, lines that are not lines, and too long
//! ones under a memory limit.

use crate::run;
use std::path::Path;

const EVENT: &str =
    r#"{"event_id":"e","timestamp":1,"actor_id":"a","operation":"create_node","node_id":"n"}"#;

/// The filters that read a trace on stdin.
const FILTERS: [&str; 3] = ["ulp-materialize", "projector-2d", "projector-3d"];

#[track_caller]
fn status(script: &str) -> i32 {
    run::shell(script, Path::new("/tmp")).status.code().unwrap()
}

#[test]
fn output_that_cannot_be_written_is_4() {
    for tool in FILTERS {
        assert_eq!(
            status(&format!("printf '%s\\n' '{EVENT}' | {tool} 2>/dev/null > /dev/full")),
            4,
            "{tool}"
        );
        assert_eq!(status(&format!("printf '%s\\n' '{EVENT}' | {tool} 2>/dev/null >&-")), 4, "{tool}");
        assert_eq!(
            status(&format!("printf '%s\\n' '{EVENT}' | {tool} -o /nowhere/x 2>/dev/null")),
            4,
            "{tool}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = run::checkout();
    for tool in FILTERS {
        let script = format!(
            "{tool} < examples/flood/trace.jsonl 2> log | head -c 10 > /dev/null; \
                              echo ${{PIPESTATUS[0]}}; grep -c witness log"
        );
        let output = run::shell(&script, dir.path());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "0\n0\n", "{tool}");
    }
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let dir = run::checkout();
    let old = run::sh(
        &format!(
            "echo old > out; chmod 640 out; printf '%s\\n' '{EVENT}' not-json | \
        ulp-materialize --strict -o out 2>/dev/null; [ $? = 1 ]; cat out; stat -c %a out; ls"
        ),
        dir.path(),
    );
    assert_eq!(old, "old\n640\nexamples\nout\n");
    let new = run::sh(
        &format!(
            "printf '%s\\n' '{EVENT}' not-json | ulp-materialize -o out 2>/dev/null; [ $? = 1 ]; \
        head -c 12 out; echo; stat -c %a out"
        ),
        dir.path(),
    );
    assert_eq!(new, "{\"operation\"\n640\n");
}

#[test]
fn a_missing_file_is_4_and_a_wrong_option_2() {
    for tool in FILTERS {
        assert_eq!(status(&format!("{tool} /nowhere/trace.jsonl 2>/dev/null")), 4, "{tool}");
        assert_eq!(status(&format!("{tool} /tmp 2>/dev/null")), 4, "{tool}");
        assert_eq!(status(&format!("{tool} --no-such-option 2>/dev/null < /dev/null")), 2, "{tool}");
        assert_eq!(status(&format!("{tool} --tile here 2>/dev/null < /dev/null")), 2, "{tool}");
        assert_eq!(status(&format!("{tool} --at id:nobody 2>/dev/null < /dev/null")), 2, "{tool}");
    }
}

#[test]
fn line_ends_marks_and_blank_lines_change_nothing() {
    let dir = run::checkout();
    let script = format!(
        "printf '%s\\n' '{EVENT}' > lf
         printf '\\xef\\xbb\\xbf\\r\\n  \\t\\r\\n%s\\r\\n\\n' '{EVENT}' > crlf
         printf '%s' '{EVENT}' > cut
         for f in crlf cut; do
             ulp-materialize < lf 2>/dev/null | cmp - <(ulp-materialize $f 2>/dev/null)
             cat $f | ulp-materialize 2>/dev/null | cmp - <(ulp-materialize < lf 2>/dev/null)
         done
         ulp-materialize < crlf 2>&1 >/dev/null | jq -c '[.read,.applied]'"
    );
    assert_eq!(run::sh(&script, dir.path()), "[1,1]\n");
}

#[test]
fn what_is_no_line_is_refused_and_the_stream_goes_on() {
    let dir = run::checkout();
    let script = format!(
        "{{ printf 'a\\0b\\n'; printf '\\xff\\n'; printf '%s\\n' '{EVENT}'; printf '[]\\n'; printf '\\xef\\xbb\\xbf%s' '{EVENT}'; }} \
         | ulp-materialize 2>&1 >/dev/null | jq -c '[.code,.line,.applied]'"
    );
    let log = run::shell(&script, dir.path());
    assert_eq!(
        String::from_utf8(log.stdout).unwrap(),
        "[\"json.syntax\",1,null]\n[\"json.utf8\",2,null]\n[\"json.syntax\",4,null]\n[\"json.syntax\",5,null]\n[null,null,1]\n"
    );
}

#[test]
fn a_line_of_a_gibibyte_is_refused_in_bounded_memory() {
    let dir = run::checkout();
    for tool in FILTERS {
        let script = format!(
            "ulimit -v 600000; {{ head -c 1073741824 /dev/zero | tr '\\0' x; printf '\\n%s\\n' '{EVENT}'; }} \
             | {tool} -j 1 2>&1 >/dev/null | jq -c '[.code,.line,.applied]'"
        );
        let log = run::shell(&script, dir.path());
        assert_eq!(
            String::from_utf8(log.stdout).unwrap(),
            "[\"json.too_long\",1,null]\n[null,null,1]\n",
            "{tool}"
        );
    }
}

#[test]
fn a_line_that_is_not_for_everyone_is_not_spoken_of() {
    let dir = run::checkout();
    let script = r#"
        { echo '{"event_id":"secret-1","timestamp":1,"actor_id":"a","operation":"create_node","node_id":"","scope":{"policy":"private"}}'
          echo '{"event_id":"secret-2","timestamp":"x","actor_id":"a","operation":"create_node","scope":{"realm":"personal"}}'
          echo 'secret-3'
          echo '{"event_id":"open-4","timestamp":1,"actor_id":"a","operation":"create_node"}'
        } > trace
        ulp-materialize --log-all --private-log private < trace 2> log; [ $? = 1 ]
        ! grep -q secret log; grep -c secret private; stat -c %a private; tail -1 log | jq -c '[has("input"),has("output"),has("root")]'
        tail -1 private | jq -c '[has("input"),has("output"),has("root")]'; jq -rs '.[3].event_id' log"#;
    assert_eq!(run::sh(script, dir.path()), "2\n600\n[false,false,true]\n[true,true,true]\nopen-4\n");
}

#[test]
fn the_same_bytes_come_out_with_any_number_of_threads() {
    let dir = run::checkout();
    for tool in FILTERS {
        let script = format!(
            "for j in 1 2 3; do {tool} -j $j < examples/flood/trace.jsonl 2> log$j | cksum; cksum < log$j; done | sort | uniq | wc -l"
        );
        assert_eq!(run::sh(&script, dir.path()), "2\n", "{tool}");
    }
}

#[test]
fn a_file_that_may_not_grow_is_4_and_leaves_nothing_behind() {
    let dir = run::checkout();
    run::sh(
        "ulp-store init w; head -20 examples/flood/trace.jsonl | ulp-append --store w > out 2> log; \
         ulp-store check --store w > /dev/null 2> log",
        dir.path(),
    );
    // In units of 1,024 bytes: some of these stop a temporary file, some the lock, some the output.
    let commands = [
        "ulp-append --store w examples/flood/trace.jsonl",
        "ulp-materialize -o out.jsonl examples/flood/trace.jsonl",
        "ulp-materialize --store w --snapshot",
        "projector-2d -f svg -o out.svg examples/flood/trace.jsonl",
        "tile-pack -o out.tar.zst examples/flood/trace.jsonl",
        "ulp-store put --store w examples/flood/trace.jsonl",
        "ulp-materialize examples/flood/trace.jsonl",
    ];
    for command in commands {
        let mut statuses = Vec::new();
        for limit in [0, 1, 4, 16] {
            let script = format!("(ulimit -f {limit}; {command} > printed 2> /dev/null)");
            let status = run::shell(&script, dir.path()).status.code();
            run::sh("ulp-store check --store w > found 2> log", dir.path());
            let left = run::sh("ls -a | grep -c -e ^out[.] -e tmp; rm -f out.*", dir.path());
            assert!(status == Some(0) || left == "0\n", "{command}, {limit}: {left}");
            statuses.push(status);
        }
        assert!(
            statuses.iter().all(|s| matches!(s, Some(0 | 4))) && statuses[0] == Some(4),
            "{command}: {statuses:?}"
        );
    }
    let left = "find w -name '.tmp-*' | wc -l; \
         for i in 1 2; do ulp-store prune --store w --older-than 0s > out 2> log; done; \
         ulp-store check --store w 2> log | grep -c -e leftover -e unnamed; \
         ulp-append --store w examples/flood/trace.jsonl 2> log | wc -l; ulp-materialize --store w 2> log | \
         cmp - <(ulp-materialize examples/flood/trace.jsonl 2> log)";
    let left = run::shell(left, dir.path());
    let said = String::from_utf8_lossy(&left.stdout).into_owned();
    assert!(said.starts_with("0\n0\n"), "{said}");
}
