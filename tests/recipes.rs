//! Recipes for data that comes in live, without code of ours: each with the real programs, on the loopback.

use crate::run;

/// Runs an example, where the programs that it needs are there; answers what it printed.
fn example(name: &str, programs: &[&str]) -> Option<(tempfile::TempDir, String)> {
    for program in programs {
        if !run::shell(&format!("command -v {program}"), run::root()).status.success() {
            run::skipped(&format!("{program} is not installed: make deps"));
            return None;
        }
    }
    let dir = run::checkout();
    // Nobody else is likely to take the port between here and the example.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = run::sh(&format!("PORT={port} examples/{name}/run.sh out"), dir.path());
    Some((dir, said))
}

#[test]
fn a_sensor_speaks_over_a_serial_line() {
    let Some((dir, said)) = example("serial", &["socat", "jq"]) else { return };
    assert_eq!(said, "[\"node:esp32_A12\",\"level\",1.9]\n");
    let log = run::sh("tail -1 out/append.log | jq -c '[.read, .applied, .rejected]'", dir.path());
    assert_eq!(log, "[11,10,1]\n");
}

#[test]
fn a_feed_on_the_web_adds_what_is_new_in_it() {
    let Some((dir, said)) = example("feed", &["busybox", "curl", "jq"]) else { return };
    assert_eq!(said, "4\n0\n2\n");
    let values = "ulp-materialize --store out/w 2> /dev/null | jq -c 'select(.sensor) | [.actor_id, .value]'";
    assert_eq!(run::sh(values, dir.path()), "[\"gauge:2077\",2.05]\n[\"gauge:3166\",0.9]\n");
}

#[test]
fn a_small_web_server_takes_events_and_draws_them() {
    let Some((dir, said)) = example("cgi", &["busybox", "curl"]) else { return };
    assert_eq!(said, "422\n422\n2\n0\n");
    run::sh(
        "grep -q 'data-node-id=\"house\"' out/map.svg && grep -q '#c33' out/map.svg
        jq -e 'select(.node_id == \"house\")' out/state.jsonl > /dev/null
        ulp-materialize --store out/w 2> /dev/null | cmp - out/state.jsonl",
        dir.path(),
    );
}

/// As the page has it: no session, a topic, the payload alone, and nothing that the broker kept from before.
#[test]
fn a_broker_hands_over_what_is_said_and_not_what_it_kept() {
    let script =
        "PATH=$PATH:/usr/sbin; command -v mosquitto && command -v mosquitto_sub && command -v mosquitto_pub";
    if !run::shell(script, run::root()).status.success() {
        return run::skipped("mosquitto is not installed: make deps");
    }
    let dir = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = r#"PATH=$PATH:/usr/sbin
        printf 'listener %s 127.0.0.1\nallow_anonymous true\n' $PORT > conf; mosquitto -c conf > /dev/null 2>&1 & broker=$!
        trap 'kill $broker' EXIT
        reading() { echo "{\"actor_id\":\"node:a\",\"operation\":\"sensor_reading\",\"sensor\":\"level\",\"value\":$1}"; }
        for n in $(seq 40); do mosquitto_pub -h 127.0.0.1 -p $PORT -q 1 -r -t ulp/level -m "$(reading 0)" 2> /dev/null && break; sleep 0.25; done
        ulp-store init w --log errors
        # The page's line, but that it ends: it is told of a reader by what comes on another topic.
        { mosquitto_sub -h 127.0.0.1 -p $PORT -R -q 1 -t 'ulp/#' -F %p -C 3 | ulp-append --store w --log errors > stored; } & reader=$!
        for n in $(seq 40); do
            mosquitto_pub -h 127.0.0.1 -p $PORT -q 1 -t ulp/level -m "$(reading 1)"; sleep 0.25
            kill -0 $reader 2> /dev/null || break
        done
        wait $reader; jq -c .value stored"#;
    let said = run::sh(&format!("PORT={port}; {script}"), dir.path());
    assert_eq!(said, "1\n1\n1\n");
}
