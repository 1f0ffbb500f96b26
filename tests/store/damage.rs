//! Every byte of a small store is damaged in turn: it is found, or it changes nothing.

use super::{append, event, fast_dir, files, init, snapshot, state};
use std::os::unix::fs::PermissionsExt as _;
use ulp::store::check::Finding;
use ulp::store::{Error, Store};

fn findings(store: &Store) -> Result<Vec<Finding>, Error> {
    let mut findings = store.check_objects()?;
    findings.extend(store.check_lanes(false)?);
    Ok(findings)
}

#[test]
fn a_damaged_byte_is_found_or_harmless() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    append(
        &store,
        &[event(1, "z0/x0/y0", "team"), event(2, "z0/x0/y0", "team"), event(3, "z0/x0/y0", "public")],
    );
    snapshot(&store);
    append(&store, &[event(4, "z0/x0/y0", "team")]);
    let (good, clean) = (state(&store, true).0, findings(&store).unwrap());
    let (mut tried, mut found, mut harmless) = (0, 0, 0);
    for file in files(&path) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name == "lock" || name == ".ulp-root" {
            continue;
        }
        let bytes = std::fs::read(&file).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << (at % 7);
            std::fs::write(&file, &bad).unwrap();
            tried += 1;
            match findings(&store) {
                Ok(now) if now == clean => {
                    assert_eq!(state(&store, true).0, good, "{}, byte {at}", file.display());
                    harmless += 1;
                }
                _ => found += 1,
            }
        }
        std::fs::write(&file, &bytes).unwrap();
    }
    assert_eq!(state(&store, true).0, good);
    crate::run::say(&format!("bytes damaged {tried}, found {found}, harmless {harmless}"));
    assert!(tried > 2_500 && found > 2_500);
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
    assert!(findings(&store).unwrap().iter().all(|f| f.code != "store.object"));
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
    assert!(findings(&store).unwrap().iter().any(|f| f.code == "store.manifest"));
    store.repair().unwrap();
    assert_eq!(state(&store, true).0, good);
    let all: Vec<String> =
        (0..20).map(|n| event(n, "z0/x0/y0", if n % 2 == 0 { "team" } else { "public" })).collect();
    assert_eq!(append(&store, &all), 0);
}
