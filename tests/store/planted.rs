//! Symlinks, pipes and devices planted in a store are refused, and nothing waits for them.

use super::{append, event, fast_dir, init, snapshot, state};
use crate::run;
use std::os::unix::fs::symlink;
use std::path::Path;
use ulp_core::kind::Kind;
use ulp_store::{Error, Store};

fn plant(at: &Path, what: usize) {
    let _ = std::fs::remove_file(at);
    let _ = std::fs::remove_dir_all(at);
    let node = |sort, device| rustix::fs::mknodat(rustix::fs::CWD, at, sort, 0o600.into(), device).is_ok();
    match what {
        0 => symlink("/etc/passwd", at).unwrap(),
        1 => symlink("/", at).unwrap(),
        2 => assert!(node(rustix::fs::FileType::Fifo, 0)),
        // Only root makes devices; a symlink to one does as well.
        _ => {
            if !node(rustix::fs::FileType::CharacterDevice, rustix::fs::makedev(1, 5)) {
                symlink("/dev/zero", at).unwrap();
            }
        }
    }
}

/// Everything that reads the store.
fn look(path: &Path) -> Result<(), Error> {
    let store = Store::open(path, false)?;
    let damage = |f: &ulp_store::check::Finding| f.severity == ulp_store::check::Severity::Damage;
    let unsafe_ = || Error::Unsafe(path.to_owned());
    store.manifest(&store.lanes()?.remove(0))?;
    if store.check_objects()?.iter().chain(&store.check_lanes(true)?).any(damage) {
        return Err(unsafe_());
    }
    store.commit()?.release()
}

#[test]
fn what_is_no_file_and_no_directory_is_refused() {
    let places = [
        ".ulp-root",
        "lock",
        "objects",
        "objects/sha256",
        "objects/sha256/00",
        "spaces",
        "spaces/s",
        "spaces/s/tiles/z0/x0",
        "spaces/s/tiles/z0/x0/y0/team.public",
        "spaces/s/tiles/z0/x0/y0/team.public/manifest.json",
        "spaces/s/tiles/z0/x0/y0/team.public/snapshots",
        "spaces/s/tiles/z0/x0/y0/team.public/snapshots/planted.json",
        "cache",
    ];
    for place in places {
        for what in 0..4 {
            let dir = fast_dir();
            let path = dir.path().join("w");
            let store = init(&path);
            append(&store, &[event(1, "z0/x0/y0", "team")]);
            snapshot(&store);
            assert!(look(&path).is_ok());
            plant(&path.join(place), what);
            let error = look(&path).expect_err(place);
            assert_eq!(error.kind(), Kind::Corrupt, "{place}, {what}: {error}");
        }
    }
}

#[test]
fn an_object_that_is_no_file_stops_nobody() {
    for what in 0..4 {
        let dir = fast_dir();
        let path = dir.path().join("w");
        let store = init(&path);
        append(&store, &[event(1, "z0/x0/y0", "team")]);
        assert!(!state(&store, true).0.is_empty());
        let object = super::files(&path.join("objects")).remove(0);
        plant(&object, what);
        assert_eq!(look(&path).map_err(|e| e.kind()), Err(Kind::Corrupt), "{what}");
    }
}

/// What writes hints and caches.
const WRITERS: [&str; 4] = [
    "ulp-append --store w new.jsonl",
    "ulp-materialize --store w --snapshot",
    "ulp-store prune --store w --older-than 0s",
    "ulp-store check --store w --repair",
];

#[test]
fn what_is_planted_for_a_cache_is_refused_or_replaced() {
    let lane = "spaces/s/tiles/z0/x0/y0/team.public";
    for place in [&format!("{lane}/index.json"), &format!("cache/{lane}/times"), "cache/prune"] {
        for what in 0..5 {
            let dir = fast_dir();
            let (path, other) = (dir.path().join("w"), dir.path().join("other"));
            std::fs::write(&other, "another's\n").unwrap();
            std::fs::write(dir.path().join("new.jsonl"), event(2, "z0/x0/y0", "team") + "\n").unwrap();
            let store = init(&path);
            append(&store, &[event(1, "z0/x0/y0", "team")]);
            snapshot(&store);
            let at = path.join(place);
            if what < 4 {
                plant(&at, what);
            } else {
                let _ = std::fs::remove_file(&at);
                symlink(&other, &at).unwrap();
            }
            for writer in WRITERS {
                let status = run::shell(&format!("timeout 20 {writer}"), dir.path()).status.code();
                assert!(matches!(status, Some(0 | 3)), "{place}, {what}, {writer}: {status:?}");
            }
            assert_eq!(std::fs::read_to_string(&other).unwrap(), "another's\n", "{place}");
        }
    }
}
