//! The example, twice: the same bytes each time.

use crate::run;

#[test]
fn the_example_says_what_it_said() {
    let dir = run::checkout();
    let script =
        "for out in one two; do examples/ar/run.sh $out > said && cmp said examples/ar/expected.txt; done
        for file in poses.jsonl overlay.svg walk.html; do cmp one/$file two/$file; done";
    run::sh(&format!("set -e\n{script}"), dir.path());
}
