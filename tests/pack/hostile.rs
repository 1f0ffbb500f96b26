//! A pack is hostile until proven otherwise: the archives of hostile.py are refused on the header, and nothing appears
//! anywhere but in the target.

use super::{EVENTS, quiet};
use crate::run;
use std::path::Path;

fn make(dir: &Path) {
    std::fs::write(dir.join("t.jsonl"), EVENTS).unwrap();
    let script = run::root().join("tests/pack/hostile.py");
    quiet(
        &format!("tile-pack -f tar t.jsonl > good.tar; python3 {} good.tar hostile", script.display()),
        dir,
    );
}

/// Every path below a directory but the target and the logs.
fn outside(dir: &Path) -> String {
    run::sh(
        "find . -path ./target -prune -o -name '*.log' -prune -o -print | sort; ls -a /tmp/ulp-evil 2>&1 || true",
        dir,
    )
}

#[test]
fn nothing_hostile_gets_in() {
    let dir = run::checkout();
    make(dir.path());
    let mut cases: Vec<_> =
        std::fs::read_dir(dir.path().join("hostile")).unwrap().map(|e| e.unwrap().file_name()).collect();
    cases.sort();
    assert!(cases.len() >= 27, "{} cases", cases.len());
    let before = outside(dir.path());
    for case in cases {
        let case = case.to_string_lossy().into_owned();
        let (status, code) = match case.split('-').next().unwrap() {
            "bomb" => (3, "pack.damaged"),
            "limit" => (1, "pack.limit"),
            _ => (1, "pack.unsafe"),
        };
        let script = format!(
            "rm -rf target; tile-unpack --store target hostile/{case} 2> run.log > /dev/null; echo $?; \
             head -1 run.log | jq -r .code; ulp-store check --store target --objects 2> check.log || cat check.log
             tile-unpack --test hostile/{case} 2> test.log; echo $?"
        );
        assert_eq!(run::sh(&script, dir.path()), format!("{status}\n{code}\n{status}\n"), "{case}");
        assert_eq!(outside(dir.path()), before, "{case}");
    }
}

#[test]
fn bombs_are_bounded() {
    let dir = run::checkout();
    make(dir.path());
    let script = "
        zstd -qc hostile/bomb-no-oxum.tar > bomb.zst
        tile-unpack --store w --max-bytes 20M bomb.zst 2> log > /dev/null; echo $?; head -1 log | jq -r .code
        head -c 1G /dev/zero | zstd -qc > zeros.zst
        (ulimit -v 1000000; tile-unpack --test zeros.zst 2> log; echo $?)
        cat good.tar | zstd -qc --long=27 > window.zst
        tile-unpack --test window.zst 2> log; echo $?; head -1 log | jq -r .code
        head -c 100M /dev/zero | tr '\\0' x | zstd -qc > letters.zst
        (ulimit -v 1000000; tile-unpack --test letters.zst 2> log; echo $?)";
    assert_eq!(run::sh(script, dir.path()), "1\npack.limit\n3\n1\npack.unsafe\n3\n");
}

#[test]
fn a_store_that_is_a_trap_is_not_walked_into() {
    let dir = run::checkout();
    make(dir.path());
    let script = "
        mkdir elsewhere
        ulp-store init w; rmdir w/spaces; ln -s ../elsewhere w/spaces
        tile-unpack --store w good.tar 2> /dev/null; echo $?
        ulp-store init w2; rm -r w2/objects; ln -s ../elsewhere w2/objects
        tile-unpack --store w2 good.tar 2> /dev/null; echo $?; ls elsewhere | wc -l";
    assert_eq!(run::sh(script, dir.path()), "3\n3\n0\n");
}

#[test]
fn the_receivers_rules_stand() {
    let dir = run::checkout();
    make(dir.path());
    let script = r#"
        ulp-store init w 2> /dev/null
        printf 'version: 1\nlimits: {max_event_bytes: 1048576}\n' > w/.ulp-root
        mkdir -p w/spaces/demo/tiles/z0/x1
        printf 'operations: ["delete_*"]\n' > w/spaces/demo/tiles/z0/x1/.ulp-scope
        tile-unpack --store w good.tar 2> log | jq -r .event_id; jq -r 'select(.code) | .code' log
        cat w/spaces/demo/tiles/z0/x*/y0/*/seen | grep -c ^sha256:
        rm w/spaces/demo/tiles/z0/x1/.ulp-scope
        tile-unpack --store w good.tar 2> log | jq -r .event_id
        sed 's/"timestamp":3/"timestamp":4000000000/' t.jsonl | tile-pack 2> log | tile-unpack --store w 2> log | wc -l
        jq -r 'select(.code == "scope.clock_skew") | .action' log
        sed 's/"timestamp":3/"timestamp":4000000000/' t.jsonl | tile-pack 2> log | tile-unpack --store w --now 4000000000 2> log | wc -l"#;
    assert_eq!(run::sh(script, dir.path()), "a1\na3\nscope.operation\n2\na2\n0\nrejected\n1\n");
}

#[test]
fn lines_of_another_lane_are_refused_and_the_rest_is_taken() {
    let dir = run::checkout();
    std::fs::write(dir.path().join("t.jsonl"), EVENTS).unwrap();
    // A bag that says of a segment with a stray line that it is of one lane, hashes and all.
    let script = r#"
        tile-pack -f dir -o bag --tile z0/x0 t.jsonl 2> /dev/null
        cd bag; m=$(find data -name manifest.json); o=$(find data/objects -type f)
        tail -1 ../t.jsonl > more; cat $o more > both; rm -f $o more
        h=$(sha256sum < both | cut -c1-64); mkdir -p data/objects/sha256/${h:0:2}; n=$(stat -c %s both); mv both data/objects/sha256/${h:0:2}/${h:2}
        jq -cS ".segments[0] += {bytes: $n, events: 2, hash: \"sha256:$h\"}" $m > new; mv new $m
        find data -type f | sort | xargs sha256sum > manifest-sha256.txt; rm tagmanifest-sha256.txt bag-info.txt; cd ..
        tar --format=ustar -cf odd.tar bag/bagit.txt bag/manifest-sha256.txt bag/data/.ulp-root bag/data/spaces bag/data/objects
        tile-unpack --store w odd.tar 2> log | jq -r .event_id; jq -c 'select(.code) | [.code,.line,.event_id]' log
        cat w/spaces/demo/tiles/z0/x0/y0/team.public/seen 2> /dev/null | wc -l; find w -path '*x2*' | wc -l"#;
    assert_eq!(run::sh(script, dir.path()), "a1\n[\"pack.lane\",2,\"a3\"]\n0\n0\n");
}
