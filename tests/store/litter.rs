//! What file managers, phones, file servers and sync tools drop into a store: a check names it, and says of each thing
//! what is so: that it stops a writer, or nobody.

use super::{append, event, fast_dir, init, snapshot};
use crate::{run, sample};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use ulp_core::world::Filter;
use ulp_store::Store;
use ulp_store::check::{Finding, Severity};
use ulp_store::read::Wanted;

const NAMES: [&[u8]; 30] = [
    b".DS_Store",
    b"._manifest.json",
    b".Spotlight-V100",
    b"Thumbs.db",
    b"desktop.ini",
    b"$RECYCLE.BIN",
    b"System Volume Information",
    b"@eaDir",
    b"#recycle",
    b".@__thumb",
    b".stfolder",
    b".stversions",
    b"manifest.sync-conflict-20240131-120000-ABCDEFG.json",
    b"manifest (1).json",
    b"manifest (Alice's conflicted copy 2024-01-31).json",
    b".dropbox.cache",
    b".Trash-1000",
    b".directory",
    b".nomedia",
    b".thumbnails",
    b"lost+found",
    b".nfs000000000012f3a900000001",
    b".fuse_hidden0000000100000001",
    b"manifest.json~",
    b".manifest.json.swp",
    b"#manifest.json#",
    b".~lock.manifest.json#",
    b"README.md",
    b"caf\xe9",
    b"Copy of team.public",
];

const LANE: &str = "spaces/s/tiles/z0/x0/y0/team.public";

/// Every directory that a tool may drop something into.
const PLACES: [&str; 15] = [
    "",
    "objects",
    "objects/sha256",
    "objects/sha256/00",
    "cache",
    "spaces",
    "spaces/s",
    "spaces/s/layers",
    "spaces/s/layers/l",
    "spaces/s/nodes",
    "spaces/s/tiles",
    "spaces/s/tiles/z0",
    "spaces/s/tiles/z0/x0",
    "spaces/s/tiles/z0/x0/y0",
    LANE,
];

fn found(store: &Store, path: &str) -> Vec<Finding> {
    let findings = store.check_lanes(false).unwrap();
    findings.into_iter().filter(|finding| finding.path == path).collect()
}

fn can_read(store: &Store) -> bool {
    let filter = Filter::default();
    let read = |place: &ulp_store::read::Place| {
        store.replay(place, Wanted::new(&filter, true), false, |replay| replay.damage.is_empty())
    };
    let all = store.tiles().map(|tiles| tiles.iter().all(|place| read(place).is_ok_and(|whole| whole)));
    all.is_ok_and(|whole| whole) && store.check_objects().is_ok()
}

/// A writer reads the rules, looks its lane up and commits.
fn can_write(store: &Store, n: usize) -> bool {
    store.scope().is_ok() && append(store, &[event(n, "z0/x0/y0", "team")]) == 1
}

fn a_store(path: &Path) -> Store {
    let store = init(path);
    append(&store, &[event(1, "z0/x0/y0", "team"), event(2, "z0/x0/y0", "public")]);
    snapshot(&store);
    for place in PLACES {
        std::fs::create_dir_all(path.join(place)).unwrap();
    }
    store
}

#[test]
fn a_check_says_of_what_is_dropped_into_a_store_what_it_does() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = a_store(&path);
    let snapshots = format!("{LANE}/snapshots");
    let places = PLACES.into_iter().chain([snapshots.as_str()]);
    let cases = places.flat_map(|place| {
        NAMES.into_iter().flat_map(move |name| [(place, name, false), (place, name, true)])
    });
    let (mut tried, mut stopping) = (0, 0);
    for (n, (place, name, is_directory)) in sample::of(cases, 4).enumerate() {
        let at = path.join(place).join(std::ffi::OsStr::from_bytes(name));
        if is_directory {
            std::fs::create_dir(&at).unwrap();
            std::fs::write(at.join("inside"), b"x").unwrap();
        } else {
            std::fs::write(&at, b"{\"v\":1}\n").unwrap();
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let below = if place.is_empty() { name.clone() } else { format!("{place}/{name}") };
        let said = found(&store, &below);
        let is_stopping = said.iter().any(|finding| finding.severity == Severity::Damage);
        let writes = can_write(&store, 10 + n);
        assert!(can_read(&store), "{below}");
        assert_eq!(is_stopping, !writes, "{below}, a directory: {is_directory}, {said:?}");
        let needs_no_word =
            place == "cache" || place.is_empty() && said.is_empty() || is_a_node(place, &name, is_directory);
        assert!(needs_no_word || said.len() == 1, "{below}, a directory: {is_directory}, {said:?}");
        assert!(said.iter().all(|f| f.detail.contains("move")), "{said:?}");
        // Only a directory that is no name stops anybody.
        assert!(!is_stopping || is_directory && place.starts_with("spaces"), "{below}");
        (tried, stopping) = (tried + 1, stopping + usize::from(is_stopping));
        if is_directory { std::fs::remove_dir_all(&at) } else { std::fs::remove_file(&at) }.unwrap();
    }
    assert!(store.check_lanes(true).unwrap().iter().all(|f| f.severity == Severity::Info));
    run::say(&format!(
        "things dropped into a store {tried}, of which {stopping} stop a writer and are said to"
    ));
    assert!(stopping > sample::size(100, 20));
}

/// What is called as a node, a space or a layer is may be one.
fn is_a_node(place: &str, name: &str, is_directory: bool) -> bool {
    let is_id = ulp_core::names::decode(name).is_some();
    is_id
        && (place == "spaces/s/nodes" && !is_directory
            || ["spaces", "spaces/s/layers"].contains(&place) && is_directory)
}

#[test]
fn a_dotfile_that_stops_writers_is_named_with_its_place() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = a_store(&path);
    let root = std::fs::read(path.join(".ulp-root")).unwrap();
    let cases: [(&str, &[u8], &str); 7] = [
        (".ulp-root", b"version: 1\nrealms: team\n", "line 2, column 1: "),
        ("spaces/s/.ulp-scope", b"realm: [team\n", "line "),
        ("spaces/s/.ulp-scope", b"realm: \xff\n", "line 1, column 8: not UTF-8"),
        ("spaces/s/layers/l/.ulp-scope", b"policy: nobody\n", "line 1, column 9: "),
        ("spaces/s/tiles/z0/x0/.ulp-scope", b"a: 1\na: 2\n", "line "),
        ("spaces/.ulp-scope", b"realm: team\n", "it belongs to a space, a layer or a tile"),
        ("spaces/s/.ulp-root", b"version: 1\n", "it belongs into the directory that holds spaces/"),
    ];
    for (at, bytes, said) in cases {
        std::fs::write(path.join(at), bytes).unwrap();
        let finding = found(&store, at).remove(0);
        assert!(!can_write(&store, 1), "{at}");
        assert!(can_read(&store), "{at}");
        assert_eq!((finding.severity, finding.code), (Severity::Damage, "store.dotfile"), "{at}");
        assert!(finding.detail.contains(said), "{at}: {}", finding.detail);
        std::fs::remove_file(path.join(at)).unwrap();
        std::fs::write(path.join(".ulp-root"), &root).unwrap();
    }
    std::fs::create_dir(path.join("spaces/s/.ulp-scope")).unwrap();
    assert_eq!(found(&store, "spaces/s/.ulp-scope").remove(0).code, "store.dotfile");
    assert!(!can_write(&store, 1));
}

#[test]
fn a_file_in_the_place_of_a_directory_is_named() {
    for at in ["spaces/s/tiles", "spaces/s/tiles/z0/x0", LANE] {
        let dir = fast_dir();
        let path = dir.path().join("w");
        let store = a_store(&path);
        std::fs::remove_dir_all(path.join(at)).unwrap();
        std::fs::write(path.join(at), b"").unwrap();
        let said = found(&store, at);
        assert!(
            said.iter().any(|f| f.code == "store.unsafe" && f.severity == Severity::Damage),
            "{at}: {said:?}"
        );
    }
}
