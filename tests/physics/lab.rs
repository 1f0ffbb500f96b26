//! `examples/lab`: two machines that know different things, meet, and go on as one.

use crate::run;

#[test]
fn the_lab_says_what_it_should() {
    let dir = run::checkout();
    let said = run::sh("examples/lab/run.sh out", dir.path());
    let expected = std::fs::read_to_string(run::root().join("examples/lab/expected.txt")).unwrap();
    assert_eq!(said, expected);
    let pages = run::sh("grep -l 'dam gate' out/lab.html out/plan.html", dir.path());
    assert_eq!(pages, "out/lab.html\nout/plan.html\n");
}
