//! The examples tell what they should, twice over.

use crate::run;

#[test]
fn a_search_becomes_one_map() {
    let dir = run::checkout();
    // How a store cuts what it takes into segments, and so what a pack of it is, follows from when that came.
    run::sh(
        "for out in one two; do examples/search/run.sh $out; done; diff -r -x desk -x van -x hall -x stick one two
         for place in desk van hall; do
             for out in one two; do ulp-materialize --store $out/$place --events --log errors | sort > $out.events; done
             cmp one.events two.events
         done",
        dir.path(),
    );
    run::sh("diff one/story.txt examples/search/expected.txt", dir.path());
    run::sh(
        "xmllint --noout one/map.kml one/feed.xml; test $(grep -c '<entry>' one/feed.xml) = 3",
        dir.path(),
    );
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

/// The trace of the flood is what its sources become, on the plane that `ulp-import` lays them on.
#[test]
fn the_flood_is_made_of_its_data() {
    let data = run::shared().map(|shared| shared.join("data/defra")).filter(|path| path.is_dir());
    let Some(data) = data else { return run::skipped("no public stations beside this checkout") };
    let dir = run::checkout();
    let script =
        format!("examples/flood/make-trace.sh {} | cmp - examples/flood/trace.jsonl", data.display());
    run::sh(&script, dir.path());
}
