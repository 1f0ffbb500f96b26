//! No circle of files within a crate but those that ARCHITECTURE.md names.
//!
//! A file leads to another where it names something that the other defines: `crate::…`, `super::…` and `self::…`
//! paths, in `use` or not, followed through `pub use`. A file may always name what its own folder's `mod.rs`, or one
//! above, defines: a folder is one thing, and that is where its files keep what they share.

use super::{read, tools_and_crates};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The parts of a path of modules, from the crate's root; empty for the root itself.
type Module = Vec<String>;

struct Crate {
    texts: BTreeMap<Module, String>,
    /// What each module gives out under a name of its own: the path that it was declared with.
    exports: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

impl Crate {
    fn read(root: &Path) -> Crate {
        let mut files = Vec::new();
        super::walk(root, &mut files);
        let is_code = |f: &&std::path::PathBuf| {
            f.extension().is_some_and(|e| e == "rs")
                && !f.ends_with("tests.rs")
                && !f.ends_with("properties.rs")
        };
        let texts: BTreeMap<Module, String> = files
            .iter()
            .filter(is_code)
            .map(|f| (module(f.strip_prefix(root).unwrap()), code(&read(f))))
            .collect();
        let exports = texts.iter().map(|(name, text)| (name.clone(), exports(text))).collect();
        Crate { texts, exports }
    }

    /// The file that defines what a path names, as seen from a module.
    fn resolve(&self, from: &[String], path: &[String]) -> Module {
        let mut at = from.to_vec();
        let mut rest = path;
        while let [first, tail @ ..] = rest {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            rest = tail;
        }
        while let [first, tail @ ..] = rest {
            let below = [&at[..], std::slice::from_ref(first)].concat();
            if self.texts.contains_key(&below) {
                at = below;
            } else if let Some(export) = self.exports.get(&at).and_then(|names| names.get(first)) {
                return self.resolve(&at, &[export, tail].concat());
            } else {
                break;
            }
            rest = tail;
        }
        at
    }

    /// Where each file leads.
    fn edges(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let to = |(from, text): (&Module, &String)| {
            let named = paths(text).into_iter().map(|path| self.resolve(from, &path));
            named.filter(|to| !from.starts_with(to)).collect()
        };
        self.texts.iter().map(|file| (file.0, to(file))).collect()
    }

    /// The files of each circle, each a line such as `json::scan json::tape`.
    fn circles(&self) -> BTreeSet<String> {
        let edges = self.edges();
        let reach = |from: &Module| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(at) = open.pop() {
                open.extend(edges[&at].iter().filter(|to| seen.insert((*to).clone())).cloned());
            }
            seen
        };
        let reached: BTreeMap<&Module, BTreeSet<Module>> = edges.keys().map(|m| (*m, reach(m))).collect();
        let in_circles = edges.keys().filter(|m| reached[*m].contains(**m));
        let circle = |m: &&Module| {
            let members = reached[*m].iter().filter(|other| reached[other].contains(*m));
            members.map(|m| m.join("::")).collect::<Vec<_>>().join(" ")
        };
        in_circles.map(circle).collect()
    }
}

/// The module of a file, by its path below the crate's root.
fn module(path: &Path) -> Module {
    let path = path.with_extension("");
    let mut parts: Module = path.iter().map(|p| p.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

/// A file without its comments and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).flat_map(|l| [l, "\n"]).collect()
}

fn exports(text: &str) -> BTreeMap<String, Vec<String>> {
    let text = text.replace("pub(crate) use ", "pub use ").replace("pub(super) use ", "pub use ");
    let uses = text.split(';').filter_map(|item| Some(item.rsplit_once("pub use ")?.1));
    uses.flat_map(leaves).filter_map(|path| Some((path.last()?.clone(), path))).collect()
}

/// Every path within the crate that a text names.
fn paths(text: &str) -> Vec<Vec<String>> {
    let starts = ["crate::", "super::", "self::"];
    let begins_word =
        |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
    let mut found = Vec::new();
    for start in starts {
        for (at, _) in text.match_indices(start).filter(|(at, _)| begins_word(*at)) {
            found.extend(leaves(tree(&text[at..])));
        }
    }
    found
}

/// The tree of a path at the beginning of a text: names, `::` and what stands in braces.
fn tree(text: &str) -> &str {
    let mut depth = 0;
    let end = text.char_indices().find(|(at, c)| {
        match c {
            '{' if text[..*at].ends_with("::") || depth > 0 => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ if depth > 0 || c.is_alphanumeric() || matches!(c, '_' | ':') => {}
            _ => return true,
        }
        false
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// The paths of a tree such as `a::{b, c::{d, e as f}}`.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((before, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        let parts: Vec<String> =
            path.split("::").map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
        return if parts.is_empty() { Vec::new() } else { vec![parts] };
    };
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let before: Vec<String> =
        before.split("::").map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[from..]);
    parts.into_iter().flat_map(leaves).map(|path| [&before[..], &path].concat()).collect()
}

#[test]
fn files_stand_in_no_circle_but_those_that_are_named() {
    let text = read(crate::run::root().join("ARCHITECTURE.md"));
    let mut found = BTreeSet::new();
    for root in tools_and_crates() {
        let name = root.strip_prefix(crate::run::root()).unwrap().display().to_string();
        for circle in Crate::read(&root).circles() {
            found.insert(format!("{}: {circle}", name.trim_end_matches("/src")));
        }
    }
    for circle in &found {
        assert!(text.contains(&format!("`{circle}`")), "ARCHITECTURE.md does not name the circle `{circle}`");
    }
    let named = text.lines().filter_map(|l| l.strip_prefix("- `")?.split_once('`')).map(|(name, _)| name);
    let gone: Vec<&str> = named.filter(|n| n.contains(": ") && !found.contains(*n)).collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md names circles that are none: {gone:?}");
}

#[test]
fn paths_are_found_and_followed() {
    let leaves = |tree: &str| leaves(tree).iter().map(|p| p.join("::")).collect::<Vec<_>>();
    assert_eq!(leaves("a::{self, b, c::{d, e as f}}"), ["a::self", "a::b", "a::c::d", "a::c::e"]);
    let found = paths("use crate::a::{b, C};\nlet x = super::d::E::new(3); $crate::no; not_super::f()");
    assert_eq!(
        found.iter().map(|p| p.join("::")).collect::<Vec<_>>(),
        ["crate::a::b", "crate::a::C", "super::d::E::new"]
    );
    let file = |name: &str, text: &str| (module(Path::new(name)), text.to_owned());
    let texts = BTreeMap::from([
        file("lib.rs", "pub mod a; mod b;"),
        file("a/mod.rs", "mod one; mod two; pub use one::One;"),
        file("a/one.rs", "use super::two::Two;"),
        file("a/two.rs", "use crate::a::One; use super::Shared;"),
        file("b.rs", "use crate::a::One;"),
    ]);
    let exports = texts.iter().map(|(name, text)| (name.clone(), super::circles::exports(text))).collect();
    let krate = Crate { texts, exports };
    assert_eq!(krate.circles(), BTreeSet::from(["a::one a::two".to_owned()]));
}
