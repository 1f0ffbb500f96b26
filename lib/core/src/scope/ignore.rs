//! `.ulp-ignore`: what does not exist here.
//!
//! The syntax and the meaning are gitignore's: of the patterns that match a path, the last one of the innermost
//! file decides, and nothing below a directory that is ignored can be taken in again (gitignore(5)).

use super::glob::Glob;
use crate::yaml::{Fault, Mark};
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
    /// As they stand there.
    texts: Vec<String>,
    patterns: Vec<Pattern>,
}

/// A line of a file.
#[derive(Clone, Debug)]
struct Pattern {
    /// Whether it takes in again what one before it left out.
    takes_in: bool,
    of_directories: bool,
    /// Whether it is held against the last name of a path alone.
    of_names: bool,
    glob: Glob,
}

/// A verdict: the file and the pattern under which a path does not exist.
pub type Ignored<'s> = (&'s str, &'s str);

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, &'static str> {
        let (takes_in, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (of_directories, text) = text.strip_suffix('/').map_or((false, text), |rest| (true, rest));
        let of_names = !text.contains('/');
        let text = text.strip_prefix('/').unwrap_or(text);
        Ok(Pattern { takes_in, of_directories, of_names, glob: Glob::parse(text, of_names)? })
    }

    fn matches(&self, path: &str, is_dir: bool) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        (is_dir || !self.of_directories) && self.glob.matches(if self.of_names { name } else { path })
    }
}

/// A line without the spaces at its end, but for one that is escaped.
fn trimmed(line: &str) -> &str {
    let (mut end, mut is_escaped) = (0, false);
    for (at, c) in line.char_indices() {
        if is_escaped || c != ' ' {
            end = at + c.len_utf8();
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    &line[..end]
}

impl Ignores {
    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Takes in a file, called `name` in refusals, that stands in `dir`.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn add(&mut self, name: &str, dir: &str, text: &str) -> Result<(), Fault> {
        let (mut texts, mut patterns) = (Vec::new(), Vec::new());
        for (i, line) in text.strip_prefix('\u{feff}').unwrap_or(text).split('\n').enumerate() {
            let line = trimmed(line.strip_suffix('\r').unwrap_or(line));
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = Mark { line: i + 1, column: 1 };
            patterns.push(Pattern::parse(line).map_err(|reason| Fault::new(at, reason))?);
            texts.push(line.to_owned());
        }
        let dir = if dir.is_empty() { String::new() } else { format!("{dir}/") };
        if !patterns.is_empty() {
            self.files.push(File { name: name.to_owned(), dir, texts, patterns });
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
        above.into_iter().map(|file| (file.name.as_str(), file.texts.as_slice()))
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
            if let Some(last) = file.patterns.iter().rposition(|pattern| pattern.matches(below, is_dir)) {
                let ignored = (file.name.as_str(), file.texts[last].as_str());
                return (!file.patterns[last].takes_in).then_some(ignored);
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
        for (text, line) in [("[a", 1), ("a\nb\\", 2), ("a\nb\n[z-a]", 3)] {
            assert_eq!(set.add("f", "", text).map_err(|f| f.at.line), Err(line), "{text}");
        }
    }
}
