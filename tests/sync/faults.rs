//! Killed at any call that changes a file, on either side: what was promised holds, and the next run does the rest.

use crate::{run, sample};

#[test]
fn kill_9_on_either_side_loses_nothing_and_doubles_nothing() {
    let every = sample::size("1", "40").to_owned();
    let script = run::root().join("tests/faults/sync.py");
    let output = run::command("python3", std::path::Path::new("/tmp"))
        .arg("-B")
        .arg(script)
        .arg(run::bin())
        .args([&every, sample::seed()])
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(77) => run::skipped(&format!("kill -9 of a sync: {said}")),
        status => assert_eq!(status, Some(0), "{said}"),
    }
    run::say(&said);
}
