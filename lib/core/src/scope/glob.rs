//! One pattern of gitignore(5) against a path, byte for byte as git matches it.
//!
//! ```text
//! ?      one byte but a slash               [a-z]  one of these, [!a-z] or [^a-z] none of these, [[:alpha:]] a class
//! *      any run without a slash            \x     x itself
//! **     a whole name of the path: any run, and where a slash follows, with that slash or nothing
//! ```
//!
//! All places at which the pattern may stand are followed at once, so that no pattern takes longer than its length times
//! the path's.

use std::ops::RangeInclusive;

/// A pattern.
#[derive(Clone, Debug)]
pub struct Glob {
    /// What a path begins with, up to the first byte that is special. To git what follows begins anew: two stars right
    /// behind it are a whole name.
    prefix: Vec<u8>,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug)]
enum Token {
    Byte(u8),
    /// Any byte but a slash.
    One,
    Class {
        negated: bool,
        ranges: Vec<RangeInclusive<u8>>,
    },
    /// Any run without a slash.
    Run,
    /// Any run.
    Path,
    /// Nothing, or any run and a slash.
    Directories,
}

impl Glob {
    /// Reads a pattern. In one of a `name` alone two stars are as one.
    ///
    /// # Errors
    /// What git takes for a pattern that matches nothing, whatever it was meant to match.
    pub fn parse(pattern: &str, name: bool) -> Result<Glob, &'static str> {
        let bytes = pattern.as_bytes();
        let special = bytes.iter().position(|b| matches!(b, b'*' | b'?' | b'[' | b'\\'));
        let (prefix, rest) = bytes.split_at(special.unwrap_or(bytes.len()));
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(byte) = rest.get(at) {
            let (token, next) = match byte {
                b'*' => stars(rest, at, name),
                b'?' => (Token::One, at + 1),
                b'[' => class(rest, at + 1)?,
                b'\\' => (Token::Byte(*rest.get(at + 1).ok_or("a backslash at its end")?), at + 2),
                byte => (Token::Byte(*byte), at + 1),
            };
            tokens.push(token);
            at = next;
        }
        Ok(Glob { prefix: prefix.to_vec(), tokens })
    }

    /// Whether the whole of a path matches.
    pub fn matches(&self, path: &str) -> bool {
        let Some(rest) = path.as_bytes().strip_prefix(&self.prefix[..]) else { return false };
        let mut here = vec![false; self.tokens.len() + 1];
        self.enter(0, &mut here);
        for byte in rest {
            let mut next = vec![false; here.len()];
            for at in (0..self.tokens.len()).filter(|at| here[*at]) {
                self.step(at, *byte, &mut next);
            }
            here = next;
        }
        here[self.tokens.len()]
    }

    /// From a place with one byte to the next ones.
    fn step(&self, at: usize, byte: u8, next: &mut [bool]) {
        let is_slash = byte == b'/';
        match &self.tokens[at] {
            Token::Byte(own) if *own == byte => self.enter(at + 1, next),
            Token::One if !is_slash => self.enter(at + 1, next),
            Token::Class { negated, ranges } => {
                let is_in = ranges.iter().any(|range| range.contains(&byte));
                if is_in != *negated && !is_slash {
                    self.enter(at + 1, next);
                }
            }
            Token::Run if !is_slash => self.enter(at, next),
            Token::Path => self.enter(at, next),
            Token::Directories => {
                next[at] = true;
                if is_slash {
                    self.enter(at + 1, next);
                }
            }
            Token::Byte(_) | Token::One | Token::Run => {}
        }
    }

    /// Stands at a place, and at those that follow it where it may be nothing.
    fn enter(&self, at: usize, here: &mut [bool]) {
        here[at] = true;
        if let Some(Token::Run | Token::Path | Token::Directories) = self.tokens.get(at)
            && !here[at + 1]
        {
            self.enter(at + 1, here);
        }
    }
}

/// Some stars, and what follows them.
fn stars(pattern: &[u8], at: usize, name: bool) -> (Token, usize) {
    let end = at + pattern[at..].iter().take_while(|b| **b == b'*').count();
    let begins = at == 0 || pattern[at - 1] == b'/';
    let rest = &pattern[end..];
    let ends = rest.is_empty() || rest.starts_with(b"/") || rest.starts_with(b"\\/");
    match (name || end - at < 2 || !begins || !ends, rest.first()) {
        (true, _) => (Token::Run, end),
        (false, Some(b'/')) => (Token::Directories, end + 1),
        (false, _) => (Token::Path, end),
    }
}

/// A class, from behind its bracket, and what follows it.
fn class(pattern: &[u8], start: usize) -> Result<(Token, usize), &'static str> {
    const UNCLOSED: &str = "a class that is not closed";
    let byte = |at: usize| pattern.get(at).copied().ok_or(UNCLOSED);
    let negated = matches!(byte(start)?, b'!' | b'^');
    let (mut at, mut ranges) = (start + usize::from(negated), Vec::new());
    // What a range may begin with.
    let mut before = None;
    loop {
        let mut this = byte(at)?;
        let is_range = this == b'-' && before.is_some() && pattern.get(at + 1).is_some_and(|b| *b != b']');
        match (this, before) {
            (b'-', Some(from)) if is_range => {
                at += 1;
                if byte(at)? == b'\\' {
                    at += 1;
                }
                if byte(at)? < from {
                    return Err("a range that runs backwards");
                }
                ranges.push(from..=byte(at)?);
                before = None;
            }
            (b'[', _) if pattern.get(at + 1) == Some(&b':') => {
                let end = at + 2 + pattern[at + 2..].iter().position(|b| *b == b']').ok_or(UNCLOSED)?;
                match pattern[at + 2..end].strip_suffix(b":") {
                    Some(called) => {
                        ranges.extend(named(called).ok_or("a class [:…:] that nobody knows")?);
                        (at, before) = (end, None);
                    }
                    None => {
                        ranges.push(b'['..=b'[');
                        before = Some(b'[');
                    }
                }
            }
            _ => {
                if this == b'\\' {
                    at += 1;
                    this = byte(at)?;
                }
                ranges.push(this..=this);
                before = Some(this);
            }
        }
        at += 1;
        if byte(at)? == b']' {
            return Ok((Token::Class { negated, ranges }, at + 1));
        }
    }
}

/// What a class of POSIX holds, of ASCII.
fn named(class: &[u8]) -> Option<Vec<RangeInclusive<u8>>> {
    Some(match class {
        b"alnum" => vec![b'a'..=b'z', b'A'..=b'Z', b'0'..=b'9'],
        b"alpha" => vec![b'a'..=b'z', b'A'..=b'Z'],
        b"blank" => vec![b' '..=b' ', b'\t'..=b'\t'],
        b"cntrl" => vec![0..=0x1f, 0x7f..=0x7f],
        b"digit" => vec![b'0'..=b'9'],
        b"graph" => vec![b'!'..=b'~'],
        b"lower" => vec![b'a'..=b'z'],
        b"print" => vec![b' '..=b'~'],
        b"punct" => vec![b'!'..=b'/', b':'..=b'@', b'['..=b'`', b'{'..=b'~'],
        b"space" => vec![b' '..=b' ', b'\t'..=b'\r'],
        b"upper" => vec![b'A'..=b'Z'],
        b"xdigit" => vec![b'0'..=b'9', b'a'..=b'f', b'A'..=b'F'],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_manual_says() {
        for (pattern, yes, no) in [
            ("a?c", &["abc"][..], &["a/c", "ac"][..]),
            ("a*c", &["ac", "abbc"], &["ab/c", "acd"]),
            ("**/b", &["b", "a/b", "a/a/b"], &["ab", "b/a"]),
            ("a/**", &["a/b", "a/b/c"], &["a", "b/a/c"]),
            ("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["a/xb", "ab"]),
            ("x/a**b", &["x/ab", "x/axxb"], &["x/a/b"]),
            ("[a-c]x", &["ax", "cx"], &["dx", "/x"]),
            ("[!a-c]x", &["dx", "-x"], &["ax", "/x"]),
            ("[]-]x", &["]x", "-x"], &["ax"]),
            ("[[:digit:]_]", &["7", "_"], &["a", ":"]),
            ("[\\]a]", &["]", "a"], &["\\"]),
            ("\\*\\?", &["*?"], &["ab"]),
            ("{a,b}", &["{a,b}"], &["a", "b"]),
        ] {
            let glob = Glob::parse(pattern, false).unwrap();
            yes.iter().for_each(|path| assert!(glob.matches(path), "{pattern} {path}"));
            no.iter().for_each(|path| assert!(!glob.matches(path), "{pattern} {path}"));
        }
        assert!(Glob::parse("a**b", true).unwrap().matches("ab"));
    }

    #[test]
    fn what_could_match_nothing_is_no_pattern() {
        for pattern in ["[a", "[", "[!", "[]", "[z-a]", "[[:alpa:]]", "[[:alpha:]", "a\\", "[a\\"] {
            assert!(Glob::parse(pattern, false).is_err(), "{pattern}");
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let glob = Glob::parse(&"*a".repeat(200), false).unwrap();
        assert!(!glob.matches(&"a".repeat(199)) && glob.matches(&"a".repeat(4000)));
    }
}
