//! The house is in order: every tool has its page, transcript and example; the project speaks of itself alone.

mod circles;

use crate::run;
use std::path::{Path, PathBuf};

/// The crates of the library.
const CRATES: [&str; 6] = ["core", "store", "um", "peer", "view", "cli"];

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.map(|e| e.unwrap()) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                walk(&path, files);
            }
        } else {
            files.push(path);
        }
    }
}

/// Every Rust file of the library and the tools.
pub fn sources() -> Vec<PathBuf> {
    sources_of("rs")
}

/// Every file of the library and the tools that ends so.
pub fn sources_of(extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for krate in CRATES {
        walk(&run::root().join("lib").join(krate).join("src"), &mut files);
    }
    walk(&run::root().join("bin"), &mut files);
    files.retain(|f| f.extension().is_some_and(|e| e == extension));
    files.sort();
    files
}

/// The folder of each crate's source, and of each tool's.
fn tools_and_crates() -> Vec<PathBuf> {
    let crates = CRATES.map(|c| run::root().join("lib").join(c).join("src"));
    crates.into_iter().chain(run::tools().iter().map(|t| run::root().join("bin").join(t))).collect()
}

fn all_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for dir in ["lib", "bin", "man", "examples", "tests"] {
        walk(&run::root().join(dir), &mut files);
    }
    for file in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Makefile", "Cargo.toml", ".ci/run"] {
        files.push(run::root().join(file));
    }
    files
}

#[test]
fn every_tool_has_its_page_transcript_and_example() {
    let mut transcripts = Vec::new();
    walk(&run::root().join("tests/transcripts"), &mut transcripts);
    let transcripts: Vec<String> =
        transcripts.iter().filter(|p| p.extension().is_some_and(|e| e == "sh")).map(read).collect();
    let mut examples = Vec::new();
    walk(&run::root().join("examples"), &mut examples);
    let examples: Vec<String> =
        examples.iter().filter(|p| p.file_name().is_some_and(|n| n == "run.sh")).map(read).collect();
    let overview = read(run::root().join("man/man7/ulp.7")).replace("\\-", "-");
    for tool in run::tools() {
        assert!(run::root().join(format!("man/man1/{tool}.1")).is_file(), "{tool}: no man page");
        assert!(transcripts.iter().any(|t| t.contains(tool)), "{tool}: no transcript");
        assert!(examples.iter().any(|t| t.contains(tool)), "{tool}: no example runs it");
        assert!(overview.contains(tool), "{tool}: ulp(7) does not name it");
    }
}

fn read(path: impl AsRef<Path>) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

#[test]
fn the_project_speaks_of_itself_alone() {
    for file in all_files() {
        if file.extension().is_some_and(|e| e == "jsonl" || e == "png") {
            continue;
        }
        let text = read(&file);
        for (i, line) in text.lines().enumerate() {
            // Put together here, so that this file does not hold what it looks for.
            for word in [["/wo", "rk/"], ["/ro", "ot/"], ["to", "do!("], ["FIX", "ME"], ["sub", "agent"]] {
                assert!(!line.contains(&word.concat()), "{}:{}: {line}", file.display(), i + 1);
            }
        }
    }
}

/// A file's code: neither comments nor tests, which may do what they like.
fn code(path: &PathBuf) -> String {
    if path.ends_with("tests.rs") || path.ends_with("properties.rs") {
        return String::new();
    }
    let text = read(path);
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).flat_map(|l| [l, "\n"]).collect()
}

#[test]
fn unsafe_code_is_two_functions() {
    const UNSAFE: [&str; 6] =
        ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "(unsafe)", "#[unsafe("];
    let count = |f: &PathBuf| UNSAFE.iter().map(|word| code(f).matches(word).count()).sum::<usize>();
    let found: Vec<(PathBuf, usize)> =
        sources().into_iter().map(|f| (f.clone(), count(&f))).filter(|(_, n)| *n > 0).collect();
    let named = ["lib/cli/src/stdio.rs", "lib/store/src/map.rs"].map(|f| (run::root().join(f), 1));
    assert_eq!(found, named);
}

/// What of the project each crate may name.
const BELOW: [(&str, &[&str]); 6] = [
    ("core", &[]),
    ("store", &["core"]),
    ("um", &["core"]),
    ("peer", &["core"]),
    ("view", &["core", "store"]),
    ("cli", &["core", "store", "um", "peer", "view"]),
];

#[test]
fn a_crate_names_only_those_below_it() {
    assert_eq!(BELOW.map(|(name, _)| name), CRATES);
    for (name, below) in BELOW {
        let manifest = read(run::root().join("lib").join(name).join("Cargo.toml"));
        for line in manifest.lines().filter_map(|l| l.strip_prefix("ulp-")) {
            let other = line.split(['.', ' ', '=']).next().unwrap();
            assert!(below.contains(&other), "lib/{name} names ulp-{other}");
        }
    }
}

#[test]
fn no_tool_knows_another() {
    for file in sources().iter().filter(|f| f.starts_with(run::root().join("bin"))) {
        let code = code(file);
        assert!(!code.contains("#[path"), "{}", file.display());
        for part in code.split("include").skip(1) {
            assert!(!part.split(')').next().unwrap().contains("\"../"), "{}", file.display());
        }
    }
}

#[test]
fn only_the_process_edge_knows_of_a_process() {
    let below = ["core", "store", "um", "peer", "view"].map(|c| run::root().join("lib").join(c));
    for file in sources().iter().filter(|f| below.iter().any(|krate| f.starts_with(krate))) {
        let code = code(file);
        // The lock, the pruning and the intake of packs still read a clock of their own.
        let timed = ["lock.rs", "prune.rs", "segments.rs"].iter().any(|name| file.ends_with(name));
        for word in [
            "stdin()",
            "stdout()",
            "stderr()",
            "println!",
            "Instant::now",
            "SystemTime",
            "std::env",
            "env::var",
            "process::exit",
        ] {
            assert!(timed && word == "Instant::now" || !code.contains(word), "{}: {word}", file.display());
        }
    }
}

#[test]
fn the_changelog_knows_this_version() {
    assert!(read(run::root().join("CHANGELOG.md")).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn architecture_is_short_and_names_every_module_and_dependency() {
    let text = read(run::root().join("ARCHITECTURE.md"));
    assert!(text.lines().count() < 240);
    for krate in CRATES {
        let lib = read(run::root().join("lib").join(krate).join("src/lib.rs"));
        for module in lib.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')) {
            assert!(text.contains(&format!("`{module}`")), "ARCHITECTURE.md: {module}");
        }
    }
    let manifest = read(run::root().join("Cargo.toml"));
    let start = manifest.find("[workspace.dependencies]").unwrap();
    for line in manifest[start..].lines().skip(1).take_while(|l| !l.starts_with('[')) {
        let Some(name) =
            line.split([' ', '.']).next().filter(|n| !n.is_empty() && *n != "]" && !n.starts_with("ulp-"))
        else {
            continue;
        };
        assert!(text.contains(&format!("`{name}`")), "ARCHITECTURE.md gives no reason for {name}");
    }
}
