//! Syncs on one store at once, with writers, snapshots and prunes among them.

use super::{NOW, event, events, store};
use crate::{run, sample};

/// Each of three stores meets the two others while some of them are written to, and one is pruned.
const ROUND: &str = "
for pair in a:b a:c c:b; do
    ulp-sync --now NOW --store ${pair%:*} --with \"ulp-sync --now NOW --serve --store ${pair#*:}\" 2> said.$pair &
    waits=\"$waits $!\"
done
for store in a b; do ulp-append --now NOW --store $store < more.$store > echoed.$store & waits=\"$waits $!\"; done
(ulp-materialize --store a --snapshot && ulp-store prune --store a --older-than 0s) > /dev/null & waits=\"$waits $!\"
for one in $waits; do wait $one || { cat said.*; exit 1; }; done
";

#[test]
fn syncs_at_once_take_and_give_all_there_is() {
    let dir = tempfile::tempdir().unwrap();
    for (name, from) in [("a", 0), ("b", 60), ("c", 120)] {
        store(dir.path(), name, (from..from + 90).map(event));
    }
    let mut made = 210;
    for _ in 0..sample::size(40, 2) {
        for name in ["a", "b"] {
            let lines: String = (made..made + 20).map(|n| event(n) + "\n").collect();
            std::fs::write(dir.path().join(format!("more.{name}")), lines).unwrap();
            made += 20;
        }
        run::sh(&ROUND.replace("NOW", NOW), dir.path());
    }
    let met = "for s in b c b; do ulp-sync --now NOW --store a --with \"ulp-sync --now NOW --serve --store $s\"; done
        for s in a b c; do ulp-store check --store $s --replay; done";
    run::sh(&met.replace("NOW", NOW), dir.path());
    let held = ["a", "b", "c"].map(|name| events(dir.path(), name));
    assert!(held[0] == held[1] && held[1] == held[2], "all three hold the same");
    assert_eq!(held[0].lines().count() as u64, made);
}
