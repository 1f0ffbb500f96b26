//! History roots: to the byte, whatever is cached, and of shared lanes alone.

use super::{Desk, PERSONAL, PRIVATE, PUBLIC, TEAM, event, lines, text, texts, vectors};
use serde_json::Value;
use std::collections::BTreeSet;

/// A row without what the vectors of heads do not have.
fn bare(row: &str) -> Value {
    let mut row: Value = serde_json::from_str(row).unwrap();
    let object = row.as_object_mut().unwrap();
    assert_eq!(object.remove("sync"), Some("row".into()));
    object.remove("state_root").unwrap();
    row
}

/// The options that choose what a path names.
fn options(path: &str) -> Vec<String> {
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let option = |name: &str, value: String| vec![name.to_owned(), value];
    let decode = |space: &str| ulp_core::names::decode(space).unwrap();
    let mut all = Vec::new();
    all.extend(parts.first().map(|space| option("--space", decode(space))).unwrap_or_default());
    all.extend(parts.get(2..5).map(|tile| option("--tile", tile.join("/"))).unwrap_or_default());
    let realm = parts.get(5).and_then(|lane| lane.split('.').next());
    all.extend(realm.map(|realm| option("--realm", realm.to_owned())).unwrap_or_default());
    all
}

#[test]
fn heads_are_those_of_the_vectors() {
    for vectors in vectors("history") {
        let desk = Desk::new();
        desk.append(&lines(texts(&vectors, "/events")), &[]);
        let rows: Vec<String> = desk.attest(&["--rows"]).lines().map(str::to_owned).collect();
        let told: Vec<Value> = rows.iter().map(|row| bare(row)).collect();
        assert_eq!(&Value::Array(told), &vectors["rows"]);
        let world: Value = serde_json::from_str(&rows[0]).unwrap();
        assert_eq!(world["state_root"], vectors["state_root_of_the_store_by_ulp-materialize"]);
        let hashed = vectors["hashed"].as_object().unwrap();
        assert_eq!(hashed.len(), rows.len());
        for (path, bytes) in hashed {
            let options = options(path);
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            assert_eq!(
                desk.attest(&[&["--history"], &options[..]].concat()),
                bytes.as_str().unwrap(),
                "{path}"
            );
        }
        for name in ["CANARY", "personal", "private"] {
            assert!(!rows.concat().contains(name));
        }
    }
}

#[test]
fn nothing_has_the_head_of_no_bytes() {
    let desk = Desk::new();
    let nothing = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    let row = format!(
        "{{\"events\":0,\"head\":\"{nothing}\",\"path\":\"m/world\",\"state_root\":\"{nothing}\",\"sync\":\"row\"}}\n"
    );
    assert_eq!(desk.attest(&["--rows"]), row);
    desk.append(&(event(1, "z0/x0/y0", 0, PRIVATE) + &event(2, "z0/x0/y0", 0, PERSONAL)), &[]);
    assert_eq!(desk.attest(&["--rows"]), row);
    assert_eq!(desk.attest(&["--history"]), "");
}

/// The head of the store, from its events alone.
fn slow_rows(desk: &Desk) -> BTreeSet<(String, String)> {
    let shared = ["--realm", "team", "--realm", "public", "--policy", "public"];
    let events = desk.good("ulp-materialize", &[&["--store", "w", "--events"], &shared[..]].concat(), "");
    let mut tiles: std::collections::BTreeMap<String, BTreeSet<(String, String)>> = Default::default();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let lane = format!("{}.public", text(&event, "/scope/realm"));
        let hash = blake3::hash(line.as_bytes()).to_hex().to_string();
        tiles.entry(text(&event, "/tile").to_owned()).or_default().insert((lane, hash));
    }
    let head = |hashes: &BTreeSet<(String, String)>| {
        let text: String = hashes.iter().flat_map(|(_, hash)| [hash, "\n"]).collect();
        format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())
    };
    tiles.iter().map(|(tile, hashes)| (format!("m/world/s/tiles/{tile}"), head(hashes))).collect()
}

/// The heads of tiles, as they are told.
fn fast_rows(desk: &Desk) -> BTreeSet<(String, String)> {
    let rows = desk.attest(&["--rows"]);
    let rows = rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap());
    let tiles = rows.filter(|row| text(row, "/path").split('/').count() == 7);
    tiles.map(|row| (text(&row, "/path").to_owned(), text(&row, "/head").to_owned())).collect()
}

/// Some events of two tiles, large enough that entries are sealed and their hashes cached.
fn many(from: u32) -> String {
    (from..from + 60)
        .map(|n| event(n, &format!("z0/x{}/y0", n % 2), 9000, [TEAM, PUBLIC][n as usize / 2 % 2]))
        .collect()
}

fn caches(desk: &Desk) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![desk.path().join("w/cache")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().unwrap().to_string_lossy().starts_with("hashes-") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_cached_is_never_stale() {
    let desk = Desk::new();
    for round in 0..3 {
        desk.append(&many(round * 60), &[]);
        assert_eq!(fast_rows(&desk), slow_rows(&desk));
        assert_eq!(fast_rows(&desk), slow_rows(&desk), "from the cache");
        assert!(!caches(&desk).is_empty(), "nothing was cached");
    }
    // The caches of another history, a backup's manifests, every kind of damage.
    let other = Desk::new();
    other.append(&many(1000), &[]);
    fast_rows(&other);
    for cache in caches(&desk) {
        let below = cache.strip_prefix(desk.path()).unwrap();
        let theirs =
            caches(&other).into_iter().find(|path| path.parent().unwrap().ends_with(below.parent().unwrap()));
        let ours = std::fs::read(&cache).unwrap();
        let mut damaged = ours.clone();
        let middle = damaged.len() - 3000;
        damaged[middle] ^= 1;
        let foreign = theirs.map(|path| std::fs::read(path).unwrap());
        for bytes in [Some(damaged), Some(ours[..ours.len() - 1].to_vec()), Some(Vec::new()), foreign]
            .into_iter()
            .flatten()
        {
            std::fs::write(&cache, bytes).unwrap();
            assert_eq!(fast_rows(&desk), slow_rows(&desk), "{}", cache.display());
        }
    }
    run_copy(&desk);
}

/// A backup of the lanes, and the caches of what came after it.
fn run_copy(desk: &Desk) {
    crate::run::sh("cp -a w/spaces backup", desk.path());
    desk.append(&many(180), &[]);
    fast_rows(desk);
    crate::run::sh("rm -r w/spaces && mv backup w/spaces", desk.path());
    assert_eq!(fast_rows(desk), slow_rows(desk));
    desk.append(&many(500), &[]);
    assert_eq!(fast_rows(desk), slow_rows(desk));
}

#[test]
fn private_lanes_change_nothing_that_is_said() {
    let (bare, full) = (Desk::with_identity(), Desk::new());
    let secret = |n: u32, scope| event(n, "z0/x0/y0", 0, scope).replace("evt-", "CANARY-");
    std::fs::copy(bare.path().join("key.pem"), full.path().join("key.pem")).unwrap();
    full.write("w/.ulp-root", &bare.read("w/.ulp-root"));
    let now = ["--now", "1795167000"];
    for n in 0..4 {
        let shared = event(n, "z0/x0/y0", 0, [TEAM, PUBLIC][n as usize % 2]);
        bare.append(&shared, &now);
        full.append(&(secret(10 + n, PRIVATE) + &shared + &secret(20 + n, PERSONAL)), &now);
        full.append(&secret(30 + n, PRIVATE), &now);
    }
    for args in [
        &["--rows"][..],
        &["--history"],
        &["--history", "--space", "s", "--tile", "z0/x0/y0"],
        &["--key", "key.pem", "--now", "1795167009"],
        &["--checkpoint", "--key", "key.pem"],
    ] {
        let said = |desk: &Desk| {
            let done = desk.run("ulp-attest", &[&["--store", "w", "--log-all"], args].concat(), "");
            assert!(done.status.success());
            (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
        };
        let (without, with) = (said(&bare), said(&full));
        assert_eq!(without.0, with.0, "{args:?}");
        assert!(!with.1.contains("CANARY") && !with.1.contains("private"), "{}", with.1);
    }
    assert_eq!(std::fs::read(bare.chain()).unwrap(), std::fs::read(full.chain()).unwrap());
}

#[test]
fn damage_is_no_history() {
    let desk = Desk::new();
    desk.append(&many(0), &[]);
    let segment = crate::run::sh("find w/objects -type f | sort | head -1", desk.path());
    let lost = desk.path().join(segment.trim());
    let bytes = std::fs::read(&lost).unwrap();
    std::fs::remove_file(&lost).unwrap();
    for args in [&["--rows"][..], &["--history"]] {
        let done = desk.run("ulp-attest", &[&["--store", "w"], args].concat(), "");
        assert_eq!(done.status.code(), Some(3));
        assert!(done.stdout.is_empty());
    }
    std::fs::write(&lost, &bytes).unwrap();
    assert_eq!(fast_rows(&desk), slow_rows(&desk));
}

#[test]
fn a_history_is_of_one_thing() {
    let desk = Desk::new();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    for args in [
        &["--tile", "z0/x0/y0"][..],
        &["--space", "s", "--space", "t"],
        &["--space", "s", "--tile", "z0/x0"],
        &["--space", "s", "--realm", "team"],
    ] {
        let done = desk.run("ulp-attest", &[&["--store", "w", "--history"], args].concat(), "");
        assert_eq!(done.status.code(), Some(2), "{args:?}");
    }
    let none = desk.run("ulp-attest", &["--store", "w", "--history", "--space", "no"], "");
    assert_eq!((none.status.code(), &none.stdout[..]), (Some(0), &b""[..]));
    assert_eq!(super::codes(&none), ["view.unknown_space"]);
}
