//! The example with a real broker.

use crate::run;

#[test]
fn sensors_reach_the_store_through_a_broker() {
    if !run::shell("PATH=$PATH:/usr/sbin; command -v mosquitto && command -v mosquitto_sub", run::root())
        .status
        .success()
    {
        return run::skipped("mosquitto is not installed: make deps");
    }
    let dir = run::checkout();
    // Nobody else is likely to take the port between here and the broker; if so, it says so and this fails.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let began = std::time::Instant::now();
    run::sh(&format!("PORT={port} examples/mqtt/run.sh out"), dir.path());
    let read = |name: &str| std::fs::read_to_string(dir.path().join("out").join(name)).unwrap();
    assert_eq!(read("stored.jsonl").lines().count(), 20, "{}", read("append.log"));
    let sensors = read("sensors.jsonl");
    assert_eq!(sensors.lines().count(), 3);
    for latest in ["1.18", "1.19", "1.2"] {
        assert!(sensors.contains(&format!("\"value\":{latest}}}")), "{sensors}");
    }
    assert_eq!(run::sh("ulp-store check --store out/w --objects --replay 2> /dev/null", dir.path()), "");
    assert!(read("append.log").contains("\"rejected\":1"), "{}", read("append.log"));
    let bound = std::net::TcpListener::bind(("127.0.0.1", port));
    assert!(bound.is_ok(), "the broker was stopped");
    run::say(&format!("mqtt: 20 readings through a broker in {:.1} s", began.elapsed().as_secs_f64()));
}
