//! Why something is as it is: small histories with the answers worked out by hand, random ones beside a slow
//! reference, and what a store of many events takes.

use crate::run;
use std::time::{Duration, Instant};

/// Runs a script of this folder over the tools.
fn python(script: &str, args: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let path = run::root().join("tests/why").join(script);
    let output = run::command("python3", dir.path()).arg("-B").arg(path).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    run::say(said.trim_end());
}

#[test]
fn random_histories_are_told_as_a_slow_reference_tells_them() {
    let count = if crate::sample::is_proof() { "300" } else { "12" };
    python("reference.py", &[count, crate::sample::seed()]);
}

#[test]
fn small_histories_are_told_as_by_hand() {
    python("cases.py", &[]);
}

/// A question takes the same, whether one node has all events, all hang on each other in a chain, or on one.
#[test]
fn a_question_does_not_depend_on_the_length_of_the_history() {
    let dir = tempfile::tempdir().unwrap();
    let events = 20_000;
    for (number, parents) in ["$prev", "", "e0"].iter().enumerate() {
        let script = format!(
            "import json
for i in range({events}):
    p = {{'$prev': [f'e{{i-1}}'] if i else [], '': [], 'e0': ['e0'] if i else []}}['{parents}']
    print(json.dumps(dict(event_id=f'e{{i}}', timestamp=1000 + i, actor_id='a', operation='set_properties', node_id='n', properties=dict(p=i), previous_events=p)))"
        );
        std::fs::write(dir.path().join("make.py"), script).unwrap();
        let w = format!("w{number}");
        run::sh(
            &format!(
                "python3 make.py > t && ulp-store init {w} --log errors && ulp-append --store {w} --log errors < t > /dev/null
                ulp-why n --store {w} > first 2> /dev/null"
            ),
            dir.path(),
        );
        let mut least = Duration::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            let told = run::sh(&format!("ulp-why n --store {w} 2> /dev/null"), dir.path());
            least = least.min(began.elapsed());
            assert_eq!(told, std::fs::read_to_string(dir.path().join("first")).unwrap());
            assert!(
                told.starts_with("{\"at\":") && told.lines().next().unwrap().contains("/e19999\""),
                "{told}"
            );
        }
        run::say(&format!("why: {events} events, parents {parents:?}: {} ms", least.as_millis()));
        // A replay alone takes longer; the machine may be busy.
        assert!(least < Duration::from_millis(300), "{least:?}");
    }
}
