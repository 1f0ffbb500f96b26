//! Each format of each example, by the hash of its bytes. A change of a view is a change of this table, on purpose:
//! `GOLDEN=1 cargo test --test tests views::golden` writes it anew.

use super::{FORMATS, MORE};
use crate::run;

/// Where the hashes stand, as `sha256sum` prints them.
const TABLE: &str = "tests/views/golden.txt";
/// The traces of the examples.
const TRACES: [&str; 4] = [
    "examples/flood/trace.jsonl",
    "examples/sneakernet/upstream.jsonl",
    "examples/sneakernet/downstream.jsonl",
    "examples/witness/trace.jsonl",
];

#[test]
fn every_format_of_every_example_has_the_bytes_that_it_had() {
    let dir = run::checkout();
    let mut table = String::new();
    for trace in TRACES {
        for (n, command) in FORMATS.into_iter().chain(MORE).enumerate() {
            // What is said of the log's own lines is not at stake here.
            let hash = |script: &str| {
                run::sh(&format!("{{ {script} 2> /dev/null || true; }} | sha256sum"), dir.path())[..64]
                    .to_owned()
            };
            let once = hash(&format!("{command} -j 1 {trace}"));
            let seed = format!("--random-source=<(yes {n})");
            let again = hash(&format!("shuf {seed} {trace} | {command} -j 2"));
            assert_eq!(once, again, "{command} {trace}: shuffled, on two threads");
            table += &format!("{once}  {command} {trace}\n");
        }
    }
    let path = run::root().join(TABLE);
    if std::env::var_os("GOLDEN").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    for (known, now) in known.lines().zip(table.lines()) {
        assert_eq!(known, now);
    }
    assert_eq!(known.lines().count(), table.lines().count());
}
