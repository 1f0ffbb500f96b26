//! Patterns: `*` is any run of characters, nothing else is special.

use std::fmt;

/// A pattern over a whole name.
///
/// ```
/// use ulp_core::pattern::Pattern;
/// let sensors = Pattern::new("node:esp32_*");
/// assert!(sensors.matches("node:esp32_A12") && sensors.matches("node:esp32_"));
/// assert!(!sensors.matches("my-node:esp32_A12"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

impl Pattern {
    /// A pattern from its text; every text is one.
    pub fn new(text: impl Into<String>) -> Pattern {
        Pattern { text: text.into() }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether every name matches.
    pub fn is_everything(&self) -> bool {
        !self.text.is_empty() && self.text.bytes().all(|b| b == b'*')
    }

    /// Whether `name` matches from its first to its last character. Linear in both for one star, and never worse
    /// than their product.
    pub fn matches(&self, name: &str) -> bool {
        let Some((first, rest)) = self.text.split_once('*') else { return name == self.text };
        let Some(mut name) = name.strip_prefix(first) else { return false };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        // The leftmost place of each piece leaves the most room for those after it.
        for piece in middle.split('*') {
            match name.find(piece) {
                Some(at) => name = &name[at + piece.len()..],
                None => return false,
            }
        }
        name.ends_with(last)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_alone_are_special() {
        for (pattern, name) in
            [("*", ""), ("*", "a"), ("a*", "a"), ("*b*", "abc"), ("a*b*c", "a-b-c"), ("[a]?", "[a]?")]
        {
            assert!(Pattern::new(pattern).matches(name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("", "a"), ("a", "ab"), ("a*a", "a"), ("*b*b", "ab"), ("?", "a"), ("a*b", "abc")]
        {
            assert!(!Pattern::new(pattern).matches(name), "{pattern} {name}");
        }
    }

    /// The definition, as slow as it is plain.
    fn slow(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|n| slow(rest, &name[n..])),
            Some((c, rest)) => name.first() == Some(c) && slow(rest, &name[1..]),
        }
    }

    proptest! {
        #[test]
        fn matching_is_as_defined(pattern in "[ab*]{0,8}", name in "[ab]{0,8}") {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            let fast = Pattern::new(pattern.as_str());
            prop_assert_eq!(fast.matches(&name), slow(&chars(&pattern), &chars(&name)));
            // Nothing but stars matches both no letter and one that no pattern here has.
            prop_assert_eq!(fast.is_everything(), fast.matches("") && fast.matches("c"));
        }
    }
}
