//! `.ulp-ignore` against git: random trees with random patterns, and what `git check-ignore` says of each path that
//! an event would stand in.

use crate::reference::generate::Rng;
use crate::{run, sample};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use ulp_core::event::{Line, Reader};
use ulp_core::names;
use ulp_core::scope::{Error, NoStore, Scope};

const IDS: [&str; 8] = ["a", "b", "ab", "abc", "a.b", "Ab", "ba_b", "demo"];
/// Where a file may stand.
const PLACES: [&str; 8] = [
    "",
    "",
    "spaces",
    "spaces/a",
    "spaces/a/nodes",
    "spaces/a/layers",
    "spaces/a/tiles",
    "spaces/a/tiles/z0",
];
const PARTS: [&str; 44] = [
    "spaces",
    "layers",
    "nodes",
    "tiles",
    "z0",
    "x0",
    "x-1",
    "y0",
    "a",
    "b",
    "ab",
    "abc",
    "demo",
    "~41b",
    "a.b",
    "/",
    "/",
    "/",
    "/",
    "*",
    "*",
    "**",
    "**/",
    "/**",
    "/**/",
    "***",
    "?",
    "[ab]",
    "[!b]",
    "[^a]",
    "[a-c]",
    "[]a]",
    "[[:alpha:]]",
    "[[:digit:]b]",
    "[\\]b]",
    "[a\\-c]",
    "\\a",
    "\\*",
    "\\ ",
    " ",
    ".",
    "{a,b}",
    "#",
    "[a",
];

fn pattern(rng: &mut Rng) -> String {
    let mut text = rng.pick(&["", "", "", "", "!", "!", "/"]).to_owned();
    for _ in 0..=rng.below(5) {
        text.push_str(rng.pick(&PARTS));
    }
    text.push_str(rng.pick(&["", "", "", "", "/", "/", " ", "  ", "\\ ", "\\ /", "\t", "\\\\ "]));
    text
}

/// The events of a tree: space, layer, tile and node of each.
fn events(rng: &mut Rng) -> Vec<[String; 4]> {
    let ids = |rng: &mut Rng| rng.pick(&IDS).to_owned();
    let tile =
        |rng: &mut Rng| format!("z{}/{}/{}", rng.below(2), rng.pick(&["x0", "x-1"]), rng.pick(&["y0", "y7"]));
    let mut one = |space: &str| [space.to_owned(), ids(rng), tile(rng), ids(rng)];
    vec![one("a"), one("a"), one("a"), one("b"), one("Ab")]
}

/// The paths of an event, and whether each is a directory.
fn paths([space, layer, tile, node]: &[String; 4]) -> [(String, bool); 3] {
    let space = format!("spaces/{}", names::encode(space));
    [
        (format!("{space}/tiles/{tile}"), true),
        (format!("{space}/layers/{}", names::encode(layer)), true),
        (format!("{space}/nodes/{}", names::encode(node)), false),
    ]
}

/// Writes some files with patterns, without the lines that are no patterns to us, and reads them.
fn rules(dir: &Path, rng: &mut Rng) -> Scope {
    for _ in 0..=rng.below(3) {
        let place = dir.join(rng.pick(&PLACES));
        if place.is_dir() {
            let end = rng.pick(&["\n", "\n", "\r\n"]);
            let lines: String = (0..=rng.below(4)).map(|_| pattern(rng) + end).collect();
            let text = format!("{}{lines}", rng.pick(&["", "", "\u{feff}"]));
            let last = if rng.below(4) == 0 { end.len() } else { 0 };
            fs::write(place.join(".ulp-ignore"), &text[..text.len() - last]).unwrap();
        }
    }
    let scope = loop {
        match Scope::discover(dir) {
            Ok(scope) => break scope,
            Err(Error::NotUnderstood { path, at, .. }) => {
                let text = fs::read_to_string(&path).unwrap();
                let mut lines: Vec<&str> = text.split('\n').collect();
                lines.remove(at.line - 1);
                fs::write(&path, lines.join("\n")).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    };
    for place in PLACES.map(|place| dir.join(place)) {
        let _ = fs::copy(place.join(".ulp-ignore"), place.join(".gitignore"));
    }
    scope
}

/// Under which file and pattern an event does not exist.
fn ours(scope: &Scope, [space, layer, tile, node]: &[String; 4]) -> Option<String> {
    let line = format!(
        r#"{{"event_id":"e","timestamp":1,"space_id":"{space}","layer_id":"{layer}","tile":"{tile}","actor_id":"a","operation":"delete_node","node_id":"{node}"}}"#
    );
    let arena = bumpalo::Bump::new();
    let Ok(Line::Event(event)) = Reader::new(&arena, scope.defaults()).read(arena.alloc_str(&line)) else {
        panic!("{line}");
    };
    let refusal = scope.gate().permit(&event, None, &NoStore).err()?;
    assert_eq!(refusal.code, "scope.ignored");
    Some(refusal.detail)
}

#[test]
fn git_says_the_same_of_random_trees() {
    let dir = tempfile::tempdir().unwrap();
    if !run::shell("git init -q --template= .", dir.path()).status.success() {
        return run::skipped("there is no git here");
    }
    let (mut said, mut asked) = (Vec::new(), String::new());
    for tree in 0..sample::size(10_000, 150) {
        let mut rng = Rng::new(tree + 1);
        let base = dir.path().join(format!("t{tree}"));
        let events = events(&mut rng);
        for (path, is_dir) in events.iter().flat_map(paths) {
            let path = base.join(path);
            fs::create_dir_all(if is_dir { &path } else { path.parent().unwrap() }).unwrap();
            if !is_dir {
                fs::write(&path, "").unwrap();
            }
        }
        let scope = rules(&base, &mut rng);
        for event in events {
            for (path, _) in paths(&event) {
                let _ = write!(asked, "t{tree}/{path}\0");
            }
            said.push((tree, ours(&scope, &event)));
        }
    }
    fs::write(dir.path().join("asked"), asked).unwrap();
    let theirs = run::shell("git check-ignore --no-index -v -n -z --stdin < asked", dir.path()).stdout;
    let theirs: Vec<&str> = std::str::from_utf8(&theirs).unwrap().split('\0').collect();
    let mut ignored = 0;
    // Of each path: the file, the line, the pattern, the path again.
    for (of_event, (tree, ours)) in theirs.chunks(12).zip(&said) {
        let first = of_event.chunks(4).find(|of| !of[2].is_empty() && !of[2].starts_with('!'));
        let base = format!("t{tree}/");
        let below = |path: &str| path.strip_prefix(&base).unwrap().replace(".gitignore", ".ulp-ignore");
        let theirs = first.map(|of| {
            let (path, rule) = (below(of[3]), format!("{}: {}", below(of[0]), of[2]));
            // Where no node of a space exists, it is their directory that is named.
            let is_of_all = ours.as_ref().is_some_and(|ours| ours.ends_with("/nodes does not exist here"));
            let path = if is_of_all { path.rsplit_once('/').unwrap().0 } else { &path };
            format!("{rule}: {path} does not exist here")
        });
        assert_eq!(*ours, theirs, "{:?}", of_event[3]);
        ignored += usize::from(ours.is_some());
    }
    assert_eq!(theirs.len() / 12, said.len());
    assert!(ignored * 20 > said.len() && ignored < said.len() * 19 / 20, "{ignored} of {}", said.len());
}
