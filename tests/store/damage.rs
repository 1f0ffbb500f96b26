//! What was damaged or lost comes back: by a repair, and by whoever brings it again.

use super::{append, event, fast_dir, files, init, snapshot, state};
use std::os::unix::fs::PermissionsExt as _;
use ulp_store::check::Finding;
use ulp_store::{Error, Store};

fn findings(store: &Store, replay: bool) -> Result<Vec<Finding>, Error> {
    let mut findings = store.check_objects()?;
    findings.extend(store.check_lanes(replay)?);
    Ok(findings)
}

#[test]
fn a_lost_segment_comes_back_with_its_events() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    let events: Vec<String> = (0..5).map(|n| event(n, "z0/x0/y0", "team")).collect();
    append(&store, &events);
    let (good, object) = (state(&store, false).0, files(&path.join("objects")).remove(0));
    std::fs::set_permissions(&object, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(&object, b"{}\n").unwrap();
    store.repair().unwrap();
    assert!(findings(&store, false).unwrap().iter().all(|f| f.code != "store.object"));
    assert_eq!(append(&store, &events), 5);
    assert_eq!(state(&store, false).0, good);
    assert_eq!(append(&store, &events), 0);
}

#[test]
fn a_lost_manifest_is_found_again_from_the_segments() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    for n in 0..20 {
        append(&store, &[event(n, "z0/x0/y0", if n % 2 == 0 { "team" } else { "public" })]);
        if n == 9 {
            snapshot(&store);
        }
    }
    let good = state(&store, false).0;
    std::fs::remove_file(path.join("spaces/s/tiles/z0/x0/y0/team.public/manifest.json")).unwrap();
    assert!(findings(&store, false).unwrap().iter().any(|f| f.code == "store.manifest"));
    store.repair().unwrap();
    assert_eq!(state(&store, true).0, good);
    let all: Vec<String> =
        (0..20).map(|n| event(n, "z0/x0/y0", if n % 2 == 0 { "team" } else { "public" })).collect();
    assert_eq!(append(&store, &all), 0);
}
