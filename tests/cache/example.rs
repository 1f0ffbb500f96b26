//! The three journeys of `examples/consent`: the same bytes each time, from files and from a server on loopback, with
//! the network unplugged.

use crate::run;

#[test]
fn the_journeys_are_the_same_each_time() {
    let dir = run::checkout();
    let script = "for out in one two; do examples/consent/run.sh $out > $out.txt; diff $out.txt examples/consent/expected.txt; done
        cmp one/J16/journal.jsonl two/J16/journal.jsonl; cmp one/J20/journal.jsonl two/J20/journal.jsonl";
    run::sh(script, dir.path());
}

#[test]
fn a_server_s_files_tell_the_same() {
    let dir = run::checkout();
    let script = "ip link set lo up; mkdir -p out/home
        busybox httpd -f -p 127.0.0.1:8808 -h out/home & server=$!
        for n in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null http://127.0.0.1:8808/ && break; sleep 0.2; done
        examples/consent/run.sh out http://127.0.0.1:8808 > said.txt; status=$?; kill $server
        [ $status = 0 ] && diff said.txt examples/consent/expected.txt";
    std::fs::write(dir.path().join("serve.sh"), script).unwrap();
    let needed = "busybox httpd --help 2>&1 | grep -q Listen && command -v curl ip && unshare -rn true";
    if !run::shell(needed, dir.path()).status.success() {
        return run::skipped("busybox httpd, curl or a network of its own is not here: make deps");
    }
    run::sh("unshare -rn bash serve.sh", dir.path());
}
