//! Arguments of commands that stand in documents: `{metaverse.sync.changeLog}` and its like, each a URL of `https:` or
//! nothing is run.

use ulp_core::json::{Kind, Tape, Value};
use ulp_um::cache::View;

/// The code of a pointer that cannot be followed.
pub const CODE: &str = "sync.pointer";
/// The pointers that an argument may be, and what they are called beside that.
const NAMES: [(&str, &[&str]); 3] = [
    ("metaverse.sync.changeLog", &["metaverse.sync.changeLog", "metaverse.changeLog"]),
    ("metaverse.sync.authoritativeSource", &["metaverse.sync.authoritativeSource"]),
    ("metaverse.sync.snapshot", &["metaverse.sync.snapshot"]),
];
/// Longest URL that is passed on, in bytes.
const MAX_URL: usize = 2048;

/// The words of a command, with targets of pointers in their places.
///
/// # Errors
/// Why there is no such target.
pub fn fill(words: &[String], view: &View) -> Result<Vec<String>, String> {
    words.iter().map(|word| named(word).map_or_else(|| Ok(word.clone()), |names| url(names, view))).collect()
}

/// The pointers that an argument stands for.
fn named(word: &str) -> Option<&'static [&'static str]> {
    let name = word.strip_prefix('{')?.strip_suffix('}')?;
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, names)| *names)
}

fn url(names: &[&str], view: &View) -> Result<String, String> {
    let pointer = names.iter().find_map(|name| view.pointers.get(*name));
    let pointer = pointer.ok_or_else(|| format!("no held document has {}", names[0]))?;
    let target = target(pointer).filter(|target| is_url(target));
    target.ok_or_else(|| format!("the target of {} is no https: URL", names[0]))
}

/// Where a pointer points to. Where several have one name, none is meant more than another.
fn target(pointer: &str) -> Option<String> {
    let mut tape = Tape::new();
    let pointer = tape.parse_any(pointer, ulp_core::json::EVENT_DEPTH).ok()?;
    let targets = ["target", "url", "href"].into_iter().filter_map(|name| pointer.get(name));
    let mut texts = targets.filter(|value| value.kind() == Kind::String).filter_map(Value::as_text);
    texts.next()
}

/// Whether it is a URL with a host, in the letters that a URL has.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let is_letter = |byte: u8| {
        byte.is_ascii_graphic()
            && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    text.len() <= MAX_URL
        && rest.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'[')
        && rest.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_url_of_https_or_none() {
        for good in ["https://a", "https://example.org/x?y=1#z", "https://[::1]:8443/"] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "http://a",
            "https:",
            "https://",
            "https:///a",
            "HTTPS://a",
            "-o/etc/passwd",
            "https://a b",
            "https://-a",
            "https://a\n",
            "https://ä",
            "file:///a",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
        assert_eq!(target(r#"{"target":"https://a"}"#).as_deref(), Some("https://a"));
        assert_eq!(target(r#"{"name":"x","url":"https://a"}"#).as_deref(), Some("https://a"));
        assert_eq!(target(r#"[{"url":"https://a"},{"url":"https://b"}]"#), None);
    }
}
