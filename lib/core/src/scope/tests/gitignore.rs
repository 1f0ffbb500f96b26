//! `.ulp-ignore` against git: random trees, random patterns, and what `git check-ignore` says of each path.

use super::super::ignore::Ignores;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Numbers that follow from a seed.
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const NAMES: [&str; 8] = ["a", "b", "ab", "abc", "a.b", "~41b", "ba_b", "demo"];
const PLACES: [&str; 9] = [
    "",
    "",
    "spaces",
    "spaces/a",
    "spaces/a/nodes",
    "spaces/a/layers",
    "spaces/ab",
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
    "!",
];

fn pattern(rng: &mut Rng) -> String {
    let mut text = String::new();
    if rng.below(5) == 0 {
        text.push('!');
    }
    for _ in 0..=rng.below(5) {
        text.push_str(rng.of(&PARTS));
    }
    text.push_str(rng.of(&["", "", "", "", "/", "/", " ", "  ", "\\ ", "\\ /", "\t", "\\\\ "]));
    text
}

/// The lines of a file, without those that are no patterns to us.
fn file(rng: &mut Rng) -> String {
    let end = rng.of(&["\n", "\n", "\r\n"]);
    let mut text = rng.of(&["", "", "\u{feff}"]).to_owned();
    for _ in 0..=rng.below(4) {
        let line = pattern(rng);
        if Ignores::default().add("f", "", &line).is_ok() {
            let _ = write!(text, "{line}{end}");
        }
    }
    text.truncate(text.len() - if rng.below(4) == 0 { text.len().min(end.len()) } else { 0 });
    text
}

/// Each path of a tree, and whether it is a directory.
fn paths(rng: &mut Rng) -> Vec<(String, bool)> {
    let mut paths = Vec::new();
    for space in ["a", rng.of(&NAMES)] {
        let below = |rest: String| format!("spaces/{space}/{rest}");
        paths.push((format!("spaces/{space}"), true));
        for _ in 0..3 {
            paths.push((below(format!("nodes/{}", rng.of(&NAMES))), false));
            paths.push((below(format!("layers/{}", rng.of(&NAMES))), true));
        }
        let tile = (rng.below(2), rng.of(&["x0", "x-1"]), rng.of(&["y0", "y7"]));
        paths.push((below(format!("tiles/z{}/{}/{}", tile.0, tile.1, tile.2)), true));
    }
    paths.sort();
    paths.dedup();
    paths
}

fn git(dir: &Path, arguments: &[&str], input: &str) -> Option<Vec<u8>> {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(dir).env("HOME", "/nonexistent").env("GIT_CONFIG_NOSYSTEM", "1");
    let file = dir.join("input");
    fs::write(&file, input).unwrap();
    command.stdin(fs::File::open(file).unwrap()).stderr(Stdio::null());
    Some(command.output().ok()?.stdout)
}

#[test]
fn git_says_the_same_of_random_trees() {
    let all = std::env::var("ULP_PROOF").is_ok_and(|proof| proof == "1");
    let trees = if all { 10_000 } else { 100 };
    let dir = tempfile::tempdir().unwrap();
    if git(dir.path(), &["init", "-q", "--template=", "."], "").is_none() {
        return;
    }
    let (mut ours, mut asked) = (Vec::new(), String::new());
    for tree in 0..trees {
        let mut rng = Rng((tree + 1_u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let base = dir.path().join(format!("t{tree}"));
        let paths = paths(&mut rng);
        for (path, is_dir) in &paths {
            let path = base.join(path);
            fs::create_dir_all(if *is_dir { &path } else { path.parent().unwrap() }).unwrap();
            if !is_dir {
                fs::write(&path, "").unwrap();
            }
        }
        let mut ignores = Ignores::default();
        for _ in 0..=rng.below(3) {
            let place = rng.of(&PLACES);
            let path = base.join(place).join(".gitignore");
            if path.parent().unwrap().is_dir() && !path.exists() {
                let text = file(&mut rng);
                fs::write(&path, &text).unwrap();
                ignores.add(&path.display().to_string(), place, &text).unwrap();
            }
        }
        for (path, is_dir) in paths {
            let above = path.rsplit_once('/').unwrap().0;
            let found = if is_dir {
                ignores.directory(&path)
            } else {
                ignores.directory(above).or_else(|| ignores.file(&path))
            };
            let _ = write!(asked, "t{tree}/{path}\0");
            ours.push(found.map(|(file, pattern)| format!("{file} {pattern}")));
        }
    }
    let said = git(dir.path(), &["check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"], &asked).unwrap();
    let said: Vec<&str> = std::str::from_utf8(&said).unwrap().trim_end_matches('\0').split('\0').collect();
    assert_eq!(said.len(), 4 * ours.len());
    let mut ignored = 0;
    for (theirs, ours) in said.chunks(4).zip(ours) {
        let is_ignored = !theirs[2].is_empty() && !theirs[2].starts_with('!');
        let file = dir.path().join(theirs[0]).display().to_string();
        let theirs_said = is_ignored.then(|| format!("{file} {}", theirs[2]));
        let read = || fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(ours, theirs_said, "{}: {:?}", theirs[3], read());
        ignored += usize::from(is_ignored);
    }
    assert!(ignored > asked.len() / 500, "{ignored} paths were ignored");
}
