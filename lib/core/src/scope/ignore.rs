//! `.ulp-ignore`: what does not exist here.
//!
//! The syntax and the meaning are gitignore's: of the patterns that match a path, the last one of the innermost
//! file decides, and nothing below a directory that is ignored can be taken in again (gitignore(5)). The matcher is
//! that of the `ignore` crate.

use crate::yaml::{Fault, Mark};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::Path;

/// The `.ulp-ignore` files of one directory tree.
#[derive(Clone, Debug, Default)]
pub struct Ignores {
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    /// As refusals name it.
    name: String,
    /// The directory that it stands in, with a slash at the end; empty for the root.
    dir: String,
    patterns: Vec<String>,
    matcher: Gitignore,
}

/// A verdict: the file and the pattern under which a path does not exist.
pub type Ignored<'s> = (&'s str, &'s str);

impl Ignores {
    /// Takes in a file, called `name` in refusals, that stands in `dir`.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn add(&mut self, name: &str, dir: &str, text: &str) -> Result<(), Fault> {
        let mut builder = GitignoreBuilder::new("");
        // An unclosed class is a mistake, and what it was meant to match would come through.
        builder.allow_unclosed_class(false);
        let mut patterns = Vec::new();
        for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let fault = |reason: String| Fault::new(Mark { line: i + 1, column: 1 }, reason);
            builder.add_line(None, line).map_err(|e| fault(e.to_string()))?;
            if !line.starts_with('#') && !line.trim_end().is_empty() {
                patterns.push(line.to_owned());
            }
        }
        let matcher = builder.build().map_err(|e| Fault::new(Mark::START, e.to_string()))?;
        let dir = if dir.is_empty() { String::new() } else { format!("{dir}/") };
        if !matcher.is_empty() {
            self.files.push(File { name: name.to_owned(), dir, patterns, matcher });
            // The innermost first: where two stand above one path, the longer is the inner.
            self.files.sort_by_key(|file| std::cmp::Reverse(file.dir.len()));
        }
        Ok(())
    }

    /// The same patterns, their files named from another directory's path.
    pub fn below(mut self, dir: &Path) -> Ignores {
        for file in &mut self.files {
            file.name = dir.join(&file.name).display().to_string();
        }
        self
    }

    /// Every file that stands above one of some directories, with its patterns, the outermost first.
    pub fn above<'s>(&'s self, dirs: &[String]) -> impl Iterator<Item = (&'s str, &'s [String])> {
        let is_above = |file: &File| dirs.iter().any(|dir| format!("{dir}/").starts_with(&file.dir));
        let above: Vec<&File> = self.files.iter().rev().filter(|file| is_above(file)).collect();
        above.into_iter().map(|file| (file.name.as_str(), file.patterns.as_slice()))
    }

    /// Whether a directory or one of its parents does not exist.
    pub fn directory(&self, path: &str) -> Option<Ignored<'_>> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.filter(|end| *end > 0).find_map(|end| self.matched(&path[..end], true))
    }

    /// Whether a file in a directory that exists does not.
    pub fn file(&self, path: &str) -> Option<Ignored<'_>> {
        self.matched(path, false)
    }

    fn matched(&self, path: &str, is_dir: bool) -> Option<Ignored<'_>> {
        for file in &self.files {
            let Some(below) = path.strip_prefix(&file.dir) else { continue };
            match file.matcher.matched(below, is_dir) {
                Match::None => {}
                Match::Ignore(glob) => return Some((&file.name, glob.original())),
                Match::Whitelist(_) => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignores(files: &[(&str, &str)]) -> Ignores {
        let mut ignores = Ignores::default();
        for (dir, text) in files {
            ignores.add(&format!("{dir}/.ulp-ignore"), dir, text).unwrap();
        }
        ignores
    }

    #[test]
    fn the_innermost_file_and_its_last_pattern_decide() {
        let set = ignores(&[("", "secret*\n!secret-not\n"), ("spaces/demo", "!secret-here\nnodes/x\n")]);
        assert_eq!(set.directory("spaces/secret"), Some(("/.ulp-ignore", "secret*")));
        assert_eq!(set.directory("spaces/secret-not"), None);
        assert_eq!(set.file("spaces/demo/nodes/secret-here"), None);
        assert_eq!(set.file("spaces/demo/nodes/x"), Some(("spaces/demo/.ulp-ignore", "nodes/x")));
        assert_eq!(set.file("spaces/demo2/nodes/x"), None);
    }

    #[test]
    fn nothing_below_an_ignored_directory_comes_back() {
        let set = ignores(&[("", "spaces/demo/\n!spaces/demo/layers/a\n")]);
        assert!(set.directory("spaces/demo/layers/a").is_some());
        let set = ignores(&[("", "/spaces/*\n!/spaces/demo\n")]);
        assert!(set.directory("spaces/other").is_some() && set.directory("spaces/demo/tiles").is_none());
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let mut set = Ignores::default();
        for (text, line) in [("[a", 1), ("a\n{b", 2), ("a\nb\n[z-a]", 3)] {
            assert_eq!(set.add("f", "", text).map_err(|f| f.at.line), Err(line), "{text}");
        }
    }
}
