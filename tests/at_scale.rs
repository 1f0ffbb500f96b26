//! Many tiles on many machines: by make, by GNU parallel, by Spark and by way of a bucket the same bytes.

use crate::run;

/// Whether a program is there; else says that it is not.
fn has(script: &str, what: &str) -> bool {
    let is_there = run::shell(script, run::root()).status.success();
    if !is_there {
        run::skipped(&format!("{what} is not installed: make deps"));
    }
    is_there
}

#[test]
fn a_world_cut_by_tile_is_the_same_world() {
    if !has("command -v parallel", "parallel") {
        return;
    }
    let dir = run::checkout();
    let events = if crate::sample::is_proof() { 1_000_000 } else { 5_000 };
    let said = run::sh(
        &format!("examples/at-scale/run.sh out {events} 2> log || {{ cat log >&2; false; }}"),
        dir.path(),
    );
    let (share, hash) = said.trim_end().split_once('\n').unwrap();
    assert!(share.starts_with("the largest tile has 3"), "{share}");
    assert_eq!(hash.len(), 64);
    // Every way gave the bytes of the single run: (a) eight times, then (b), (c) and (d).
    assert_eq!(
        run::sh("sort out/hashes | uniq -c | sort -rn | awk 'NR == 1 { print $1 }'", dir.path()),
        "8\n"
    );
    run::say(&format!(
        "at scale, {events} events: {}",
        run::sh("paste -sd, out/times", dir.path()).trim_end()
    ));
    if crate::sample::is_proof() {
        on_spark(dir.path());
    }
}

/// Spark with one worker and two, tasks that fail, a tool that is missing, and a bucket.
fn on_spark(dir: &std::path::Path) {
    let peers = run::root().join("target/peers/spark");
    if !peers.join("pyspark").is_dir() || !has("command -v java && command -v rclone", "java or rclone") {
        return run::skipped("pyspark is not installed: make proof installs it");
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = format!(
        "JAVA=$(dirname $(readlink -f $(command -v java)))/..; PORT={port} JAVA_HOME=$JAVA PYTHONPATH={} examples/at-scale/cluster.sh out",
        peers.display()
    );
    let said = run::sh(&script, dir);
    assert_eq!(said, run::sh("b3sum --no-names out/all.state", dir));
    run::say(&run::sh("grep local-cluster out/spark.log | head -2", dir));
}
