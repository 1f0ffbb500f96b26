//! The examples tell what they should, twice over.

use crate::run;

#[test]
fn a_search_becomes_one_map() {
    let dir = run::checkout();
    run::sh("for out in one two; do examples/search/run.sh $out; done; diff -r one two", dir.path());
    run::sh("diff one/story.txt examples/search/expected.txt", dir.path());
    run::sh("xmllint --noout one/map.kml one/feed.xml; test $(grep -c '<entry>' one/feed.xml) = 3", dir.path());
}

#[test]
fn a_fire_is_replayed_from_its_pack() {
    let dir = run::checkout();
    run::sh(
        "for out in one two; do examples/fire/run.sh $out; done; for file in accepted.jsonl unpacked.jsonl fire.html; do cmp one/$file two/$file; done",
        dir.path(),
    );
    run::sh("diff one/story.txt examples/fire/expected.txt", dir.path());
}
