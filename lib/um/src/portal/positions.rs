//! Positions: what may be recorded of a person who is somewhere, each by one of its own few words.

/// The positions, and the words of each, the strictest first.
pub const POSITIONS: [(&str, &[&str]); 7] = [
    ("data-retention", &["denied", "session", "granted"]),
    ("eye-tracking", &["denied", "granted"]),
    ("hand-tracking", &["denied", "granted"]),
    ("location", &["denied", "granted"]),
    ("marketing", &["denied", "granted"]),
    ("microphone", &["denied", "post-server-mix", "granted"]),
    ("room-geometry", &["denied", "occluder-only", "granted"]),
];
/// What holds where nothing else is known.
pub const DENIED: &str = "denied";

fn words(position: &str) -> &'static [&'static str] {
    POSITIONS.iter().find(|(name, _)| *name == position).map_or(&[], |(_, words)| words)
}

/// How much a word allows: 0 is nothing, as is every word that a position does not have.
pub fn rank(position: &str, word: &str) -> usize {
    words(position).iter().position(|known| *known == word).unwrap_or(0)
}

/// Whether a position has that word.
pub fn is_word(position: &str, word: &str) -> bool {
    words(position).contains(&word)
}

/// The lesser of two words; an unknown one is a denial.
pub fn lesser(position: &str, one: &str, other: &str) -> &'static str {
    let rank = rank(position, one).min(rank(position, other));
    words(position).get(rank).copied().unwrap_or(DENIED)
}

/// The one of two words that allows more.
pub fn greater<'w>(position: &str, one: &'w str, other: &'w str) -> &'w str {
    if rank(position, other) > rank(position, one) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_ordered_and_what_is_unknown_is_a_denial() {
        assert_eq!(lesser("microphone", "granted", "post-server-mix"), "post-server-mix");
        assert_eq!(lesser("microphone", "granted", "everything"), DENIED);
        assert_eq!(lesser("telepathy", "granted", "granted"), DENIED);
        assert_eq!(greater("room-geometry", "occluder-only", "granted"), "granted");
        assert_eq!(greater("eye-tracking", "denied", "occluder-only"), "denied");
    }
}
