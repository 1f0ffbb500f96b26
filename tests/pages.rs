//! What the pages promise: every `$ ` line of the README and the man pages runs, `--help` and man page agree, and
//! the committed man pages are those that the parsers make.

use crate::run;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The lines that a reader may paste, unescaped from roff where they stand in it.
fn pasted(text: &str, roff: bool) -> Vec<String> {
    let lines = text.lines().filter_map(|l| l.strip_prefix("$ "));
    lines
        .map(|l| {
            if roff { l.replace("\\-", "-").replace("\\e", "\\").replace("\\(aq", "'") } else { l.to_owned() }
        })
        .collect()
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![run::root().join("README.md")];
    for section in ["man1", "man3", "man5", "man7"] {
        let dir = run::root().join("man").join(section);
        let mut found: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        found.sort();
        pages.extend(found);
    }
    pages
}

/// Lines that set a machine up rather than show something; a test must not run them.
fn is_setup(line: &str) -> bool {
    ["make ", "cargo ", "sudo ", "git clone"].iter().any(|word| line.starts_with(word))
}

#[test]
fn every_line_that_a_page_shows_runs() {
    let mut ran = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let roff = page.extension().is_none_or(|e| e != "md");
        let lines: Vec<_> = pasted(&text, roff).into_iter().filter(|l| !is_setup(l)).collect();
        if lines.is_empty() {
            continue;
        }
        let dir = run::checkout();
        let script = format!("set -e\n{}", lines.join("\n"));
        let output = run::shell(&script, dir.path());
        assert!(
            output.status.success(),
            "{}:\n{script}\n{}{}",
            page.display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        if page.ends_with("ulp.7") {
            recipes_come_to(&String::from_utf8(output.stdout).unwrap());
        }
        ran += lines.len();
    }
    assert!(ran >= 10, "only {ran} lines were found");
}

/// What the recipes of ulp(7) print, in their order: pieces of lines, and no line of a check at the end.
const RECIPES: [&str; 15] = [
    "\n55\n",
    "34\n",
    "[\"slip\",\"user:ben\"",
    "[[3,4],\"user:ann\"",
    "[\"user:eve\"",
    "\n2\n0\n",
    "{\"timestamp\":1730000000.123456}",
    "{\"timestamp\":1730000000.123456789}",
    "{\"timestamp\":1730000000}",
    "\"code\":\"store.missing\"",
    "z0/x-1/y-4/public.public",
    "\"severity\":\"damage\"",
    "128\n",
    "1\n",
    "2\n",
];

fn recipes_come_to(printed: &str) {
    let mut rest = printed;
    for piece in RECIPES {
        let found = rest.find(piece);
        rest = &rest[found.unwrap_or_else(|| panic!("no {piece:?} in\n{rest}")) + piece.len()..];
    }
    assert_eq!(rest, "", "a store that is whole has nothing to say");
}

/// The names that a part of a page lists.
fn listed(page: &str, heading: &str) -> Vec<String> {
    let part = page.split(heading).nth(1).unwrap().split("\n.S").next().unwrap();
    let names = part.split(".TP\n\\fB").skip(1).map(|entry| entry.split("\\fR").next().unwrap().to_owned());
    names.collect()
}

#[test]
fn what_a_space_and_a_layer_may_say_is_seen() {
    let page = std::fs::read_to_string(run::root().join("man/man5/ulp-event.5")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let drawn = |node: &str, properties: &str| {
        let event =
            |id: &str, what: &str| format!(r#"{{"event_id":"{id}","timestamp":1,"actor_id":"a",{what}}}"#);
        let made = |id: &str| {
            let shape = r#""geometry":{"kind":"rect","width":2,"height":1},"transform":{"position":[1,2]}"#;
            let shape = if id == "m" { shape.to_owned() } else { shape.replace("[1,2]", "[5,7]") };
            event(id, &format!(r#""operation":"create_node","node_id":"{id}","layer_id":"{id}",{shape}"#))
        };
        let set = event(
            "set",
            &format!(r#""operation":"set_properties","node_id":"{node}","properties":{{{properties}}}"#),
        );
        std::fs::write(dir.path().join("trace"), [made("m"), made("n"), set].join("\n")).unwrap();
        run::sh("projector-2d -f svg trace 2> /dev/null", dir.path())
    };
    let values = ["\"#abc\"", "\"down\"", "false", "0.5"];
    for (node, heading) in [("@space", ".SS Of @space"), ("@layer:m", ".SS Of @layer:<layer_id>")] {
        let names = listed(&page, heading);
        assert!(names.len() >= 4, "{names:?}");
        // What acts in time is no matter of looks.
        for name in names.into_iter().filter(|name| name != "gravity") {
            let seen = |value: &&str| drawn(node, &format!("\"{name}\":{value}")) != drawn(node, "");
            assert!(values.iter().any(seen), "{node}: {name} is not seen");
        }
    }
}

#[test]
fn the_demo_writes_what_it_lists() {
    let dir = run::checkout();
    let said = run::sh("examples/flood/demo.sh out", dir.path());
    let listed: std::collections::BTreeSet<&str> =
        said.lines().filter_map(|l| l.strip_prefix("  ")?.split(' ').next()).collect();
    let found: Vec<_> = std::fs::read_dir(dir.path().join("out")).unwrap().map(|e| e.unwrap()).collect();
    assert_eq!(found.len(), listed.len());
    for entry in found {
        let name = entry.file_name().into_string().unwrap();
        assert!(listed.contains(name.as_str()), "{name} is not listed");
        assert!(entry.metadata().unwrap().len() > 1000 || name == "boundary.log", "{name} is empty");
    }
}

fn generated(tool: &str, what: &str) -> String {
    run::sh(&format!("{tool} --generate {what}"), Path::new("/"))
}

#[test]
fn man_pages_are_what_the_parsers_make() {
    for tool in run::tools() {
        let page = run::root().join(format!("man/man1/{tool}.1"));
        let committed = std::fs::read_to_string(&page).unwrap_or_default();
        assert!(committed == generated(tool, "man"), "{}: run `make man`", page.display());
    }
}

/// The long options that a text defines: those that stand first in their lines, perhaps after a short one.
fn options(text: &str) -> std::collections::BTreeSet<String> {
    let defines = |line: &&str| line.trim_start().starts_with(['-', '\\', '.']);
    let text: String = text.lines().filter(defines).flat_map(|line| [line, "\n"]).collect();
    let plain = text.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "");
    let words = plain.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(|w| w.len() > 3 && w.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn help_and_man_page_name_the_same_options() {
    for tool in run::tools() {
        let help = options(&run::sh(&format!("{tool} --help"), Path::new("/")));
        let page = generated(tool, "man");
        let start = page.find(".SH OPTIONS").unwrap();
        let own = options(&page[start..]);
        assert!(help.is_subset(&own), "{tool}: {:?} are not in the man page", help.difference(&own));
    }
}

#[test]
fn completions_know_every_option() {
    for tool in run::tools() {
        let help = options(&run::sh(&format!("{tool} --help"), Path::new("/")));
        for shell in ["bash", "zsh", "fish"] {
            let script = generated(tool, shell);
            for option in &help {
                assert!(script.contains(option.trim_start_matches('-')), "{tool}: {shell} lacks {option}");
            }
        }
    }
}

#[test]
fn one_sentence_says_what_a_tool_does() {
    for tool in run::tools() {
        let main = std::fs::read_to_string(run::root().join(format!("bin/{tool}/main.rs"))).unwrap();
        let sentence = main.lines().next().unwrap().trim_start_matches("//! ");
        let help = run::sh(&format!("{tool} --help"), Path::new("/"));
        assert_eq!(help.lines().next().unwrap(), sentence, "{tool} --help");
        let name = format!("{} \\- {sentence}", tool.replace('-', "\\-"));
        let page = generated(tool, "man");
        assert!(page.contains(&name) || page.contains(&format!("{tool} \\- {sentence}")), "{tool}: NAME");
    }
}

/// The codes of the table.
fn codes() -> BTreeSet<String> {
    ulp_core::report::codes::CODES.iter().flat_map(|row| row.codes).map(|code| (*code).to_owned()).collect()
}

#[test]
fn the_page_of_codes_and_their_table_are_one() {
    let page = std::fs::read_to_string(run::root().join("man/man5/ulp-boundary.5")).unwrap();
    let section = page.split(".SH CODES").nth(1).unwrap().split(".SH EXIT STATUS").next().unwrap();
    let headings = section.split("\n.TP\n").skip(1).map(|entry| entry.lines().next().unwrap());
    let listed: BTreeSet<String> = headings.flat_map(|h| h.split(", ")).map(str::to_owned).collect();
    assert_eq!(listed, codes());
}

#[test]
fn codes_are_given_as_the_table_has_them() {
    let known = codes();
    let families: BTreeSet<&str> = known.iter().filter_map(|code| Some(code.split_once('.')?.0)).collect();
    let mut given = BTreeSet::new();
    for file in crate::tidy::sources() {
        if file.ends_with("report/codes.rs") || file.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests may name codes that are made up.
        let text = text.split("#[cfg(test)]").next().unwrap();
        for word in text.split('"') {
            let Some((family, name)) = word.split_once('.') else { continue };
            let is_name =
                !name.is_empty() && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            let is_operation = ulp_core::event::OPERATIONS.iter().any(|operation| operation.name == word);
            let is_file = ["jsonl", "pem"].contains(&name);
            if families.contains(family) && is_name && !is_operation && !is_file {
                given.insert(word.to_owned());
            }
        }
    }
    assert_eq!(given, known);
}
