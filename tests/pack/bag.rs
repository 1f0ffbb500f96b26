//! The pack as a bag: other programs open it, check it, and find the same bytes every time.

use super::{EVENTS, counts, quiet};
use crate::run;

#[test]
fn a_stream_becomes_a_bag_and_comes_back() {
    let dir = run::checkout();
    let script = "
        tile-pack < examples/flood/trace.jsonl > world.tar.zst
        tile-unpack --test < world.tar.zst
        tile-unpack --store w < world.tar.zst > new.jsonl
        ulp-materialize --root new.jsonl > one
        ulp-materialize --root examples/flood/trace.jsonl > two
        ulp-materialize --root --store w > three
        cmp one two; cmp two three
        tile-unpack --store w < world.tar.zst | wc -c
        ulp-store check --store w --objects
        tile-pack --store w | tile-unpack --store copy | cmp - new.jsonl
        zstd -dc world.tar.zst | tar -t | sed -n 1,5p
        tar --zstd -xf world.tar.zst
        tile-pack -f dir -o bag < examples/flood/trace.jsonl
        diff -r bag world
        (cd bag; sha256sum -c --quiet manifest-sha256.txt tagmanifest-sha256.txt)
        ulp-materialize --root --store bag/data | cmp - one
        projector-2d -f svg examples/flood/trace.jsonl > one.svg
        ulp-materialize --store bag/data --events | projector-2d -f svg | cmp - one.svg";
    let printed = "0\nworld/bagit.txt\nworld/bag-info.txt\nworld/manifest-sha256.txt\n\
                   world/tagmanifest-sha256.txt\nworld/data/.ulp-root\n";
    assert_eq!(quiet(script, dir.path()), printed);
}

#[test]
fn validators_accept_every_form_and_volume() {
    let dir = run::checkout();
    let script = "
        tile-pack -f dir -o bag < examples/flood/trace.jsonl
        tile-pack -f tar -o plain.tar < examples/flood/trace.jsonl
        tile-pack -o small.tar.zst < examples/flood/trace.jsonl
        tile-pack --volume-size 1M -o vol < examples/flood/trace.jsonl
        tile-pack --volume-size 1M -f dir -o dir < examples/flood/trace.jsonl
        for f in *.tar *.tar.zst; do tar -xf $f; done
        ls vol-1of5.tar.zst > /dev/null
        [ $(ls -d vol-*.zst | wc -l) = $(ls -d dir-* | wc -l) ]
        for b in bag plain small vol-?of? dir-*; do
            valid $b
        done
        for f in $(ls vol-*.zst | sort -r); do tile-unpack --store w $f; done | wc -l
        tile-unpack --store w2 vol-*.zst | wc -l";
    assert_eq!(quiet(script, dir.path()), "8007\n8007\n");
}

#[test]
fn the_same_world_is_the_same_bytes() {
    let dir = run::checkout();
    let script = "
        for j in 1 2 3; do tile-pack -j $j < examples/flood/trace.jsonl | sha256sum; done | sort -u | wc -l
        tile-pack -f tar < examples/flood/trace.jsonl > plain.tar
        tile-pack < examples/flood/trace.jsonl | zstd -dc | cmp - plain.tar
        SOURCE_DATE_EPOCH=1000000000 tile-pack -f tar < examples/flood/trace.jsonl > dated.tar
        tar --full-time --utc -tvf dated.tar | awk '{print $2, $4, $5}' | sort -u
        tar -tvf plain.tar | awk '{print $1}' | sort -u";
    assert_eq!(quiet(script, dir.path()), "1\n0/0 2001-09-09 01:46:40\n-r--r--r--\n-rw-r--r--\n");
}

#[test]
fn what_is_packed_is_chosen() {
    let dir = run::checkout();
    std::fs::write(dir.path().join("t.jsonl"), EVENTS).unwrap();
    quiet("tile-pack t.jsonl | tile-unpack --store w > /dev/null", dir.path());
    let applied = |options: &str| counts(&format!("tile-pack --store w {options}"), dir.path());
    assert_eq!(applied(""), "0\n[3,0,0]\n");
    assert_eq!(applied("--space demo"), "0\n[3,0,0]\n");
    assert_eq!(applied("--space other"), "0\n[0,0,0]\n");
    assert_eq!(applied("--tile z0/x1 --tile z0/x2/y0"), "0\n[2,0,0]\n");
    assert_eq!(applied("--since 2"), "0\n[2,0,0]\n");
    assert_eq!(applied("--since id:a2"), "0\n[1,0,0]\n");
    assert_eq!(applied("--realm public"), "0\n[0,0,0]\n");
    assert_eq!(applied("--only snapshots"), "0\n[0,0,0]\n");
}

#[test]
fn snapshots_are_a_quick_start_without_history() {
    let dir = run::checkout();
    let script = "
        tile-pack < examples/flood/trace.jsonl | tile-unpack --store w > /dev/null
        ulp-materialize --store w --snapshot > /dev/null
        tile-pack --store w --only snapshots -f dir -o quick
        valid quick
        ulp-materialize --store w --root > one
        ulp-materialize --store quick/data --trust --root > two || [ $? = 3 ]
        cmp one two
        tile-unpack --store empty < <(tile-pack --store w --only snapshots) | wc -l
        tile-pack --store w -f tar -o whole.tar
        tile-unpack --list whole.tar | jq -c 'select(.events == null) | .bytes > 0' | sort | uniq -c | awk '{print $2}'";
    assert_eq!(quiet(script, dir.path()), "0\ntrue\n");
}

#[test]
fn all_that_a_snapshot_names_goes_with_it() {
    let dir = run::checkout();
    let script = r#"
        node() { printf '{"event_id":"%s","timestamp":%d,"actor_id":"a","operation":"create_node","node_id":"n%d","previous_events":%s}\n' $1 $2 $2 "$3"; }
        gone() { seq -f '"gone-%03.0f"' $1 $2 | paste -sd, | sed 's/.*/[&]/'; }
        for i in $(seq 400); do node e$i $i '[]'; done | ulp-append --store w > /dev/null
        ulp-materialize --store w --snapshot | jq -c .delta
        for i in $(seq 501 505); do node f$i $i "$(gone $((i * 20)) $((i * 20 + 19)))"; done | ulp-append --store w > /dev/null
        ulp-materialize --store w --snapshot > now
        ulp-materialize --store w > state
        tile-pack --store w --only snapshots -f dir -o quick
        valid quick
        objects() { jq -r '.snapshot,.delta,.missing.object' quick/data/spaces/*/tiles/*/*/*/*/snapshots/*.json; }
        objects | sed 's/sha256:\(..\)/quick\/data\/objects\/sha256\/\1\//' | xargs sha256sum | wc -l
        tile-unpack --list quick | jq -r .object | sort > listed
        objects | sort | cmp - listed
        tile-unpack --list quick | grep "$(objects | head -1)" > have
        tile-pack --store w --only snapshots --have have | tile-unpack --list | wc -l
        ulp-materialize --store quick/data --trust > taken || [ $? = 3 ]
        cmp state taken
        ulp-materialize --store w --root | head -1 | cut -d' ' -f2 | cmp - <(jq -r .root now)
        cat $(jq -r '.snapshot,.delta' now | sed 's/sha256:\(..\)/w\/objects\/sha256\/\1\//') | ulp-materialize | cmp - state"#;
    assert_eq!(quiet(&format!("ulp-store init w\n{script}"), dir.path()), "null\n3\n2\n");
}

#[test]
fn what_stayed_behind_is_taken_as_said_of_whom_one_trusts() {
    let dir = run::checkout();
    let script = r#"
        ulp-store init w
        node() { printf '{"event_id":"%s","timestamp":%d,"actor_id":"a","operation":"create_node","node_id":"n","scope":{"realm":"%s"}}\n' $1 $2 $3; }
        (node a 1 team; node b 2 public) | ulp-append --store w > /dev/null
        ulp-materialize --store w --snapshot > /dev/null
        ulp-materialize --store w --realm team > state
        tile-pack --store w --realm team --only snapshots -f dir -o quick
        ls quick/data/spaces/default/tiles/z0/x0/y0
        ulp-materialize --store quick/data --trust | cmp state -
        ulp-materialize --store quick/data | wc -c
        sed -i /foreign/d quick/data/.ulp-root; mv quick/data own
        ulp-materialize --store own | wc -c"#;
    assert_eq!(quiet(script, dir.path()), "team.public\n0\n0\n");
}

#[test]
fn a_budget_takes_what_fits_in_the_order_of_the_options() {
    let dir = run::checkout();
    let script = "
        tile-pack < examples/flood/trace.jsonl | tile-unpack --store w > /dev/null
        tile-pack --store w --tile z0/x2/y1 --tile z0/x0/y0 --budget 250K -f tar -o some.tar 2> log
        [ $(stat -c %s some.tar) -le 256000 ]
        jq -r 'select(.code) | .code' log | wc -l
        tile-unpack --list some.tar | jq -r .tile
        tile-pack --store w --tile z0/x0/y0 --tile z0/x2/y1 --budget 250K -f tar 2> log | tile-unpack --list | jq -r .tile
        jq -r 'select(.code) | .action + \" \" + .detail' log";
    assert_eq!(
        quiet(script, dir.path()),
        "1\nz0/x2/y1\nz0/x0/y0\nwithheld spaces/flood/tiles/z0/x2/y1/public.public: 1 object, 509 events, 210311 bytes\n"
    );
}

#[test]
fn a_segment_larger_than_a_volume_is_left_out_and_named() {
    let dir = run::checkout();
    let script = "tile-pack --tile z0/x2/y1 --tile z0/x2/y2 --volume-size 40K -o v examples/flood/trace.jsonl 2> log; echo $?
                  jq -r 'select(.code == \"pack.limit\") | .action' log; ls v-*; tile-unpack --test v-1of1.tar.zst 2> /dev/null; echo $?";
    assert_eq!(run::sh(script, dir.path()), "1\nrejected\nv-1of1.tar.zst\n0\n");
}

#[test]
fn usage_is_refused_before_anything_is_read() {
    let dir = run::checkout();
    let status = |command: &str| run::shell(command, dir.path()).status.code().unwrap();
    assert_eq!(status("tile-pack -f dir < /dev/null"), 2);
    assert_eq!(status("tile-pack --since 1 < /dev/null > x"), 2);
    assert_eq!(status("tile-pack --volume-size 1M < /dev/null > x"), 2);
    for size in ["0", "1", "4K"] {
        let script =
            format!("tile-pack --volume-size {size} -o small examples/flood/trace.jsonl; s=$?; ls; exit $s");
        let said = run::shell(&script, dir.path());
        assert_eq!((said.status.code(), said.stdout.contains(&b'-')), (Some(2), false), "{said:?}");
    }
    assert_eq!(status("mkdir there; tile-pack -f dir -o there < /dev/null"), 4);
    assert_eq!(status("tile-pack --store examples < /dev/null > x"), 4);
    assert_eq!(status("ulp-store init w; tile-pack --store w --since id:nobody > x"), 2);
    assert_eq!(status("tile-unpack < /dev/null"), 2);
    assert_eq!(status("tile-unpack --test --list < /dev/null"), 2);
    assert_eq!(status("tile-unpack --store /nowhere/x < /dev/null"), 4);
    // A terminal gets nothing, and least of all what is private.
    for options in ["", "--policy private", "--realm personal"] {
        let script = format!(
            "script -qec 'tile-pack {options} examples/flood/trace.jsonl' /dev/null > out; [ $? = 2 ] && grep -c terminal out"
        );
        assert_eq!(run::sh(&script, dir.path()), "1\n", "{options}");
    }
}
