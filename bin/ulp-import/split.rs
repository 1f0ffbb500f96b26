//! Where the values of a JSON text begin and end, without reading them: so that a document of any length is read in
//! parts. Whether a part is JSON at all is for the parser to say; all of them together are then the document.

use std::ops::Range;

use memchr::{memchr2, memchr2_iter};

/// What is wrong with the frame that parts stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// The place behind the value that begins at a place.
pub fn end_of_value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'{' | b'[' => end_of_brackets(text, at),
        b'"' => end_of_string(text, at + 1),
        _ => {
            let is_end = |b: &u8| matches!(b, b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\r' | b'\n');
            let end = text[at..].iter().position(is_end).map_or(text.len(), |length| at + length);
            (end > at).then_some(end)
        }
    }
}

fn end_of_brackets(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = end_of_string(text, at + 1)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The place behind the quote that closes a string.
fn end_of_string(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let stop = at + memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[stop] == b'"' {
            return Some(stop + 1);
        }
        at = stop + 2;
    }
}

/// The first place from there on that is no white space.
pub fn skip_blank(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    at + rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')).unwrap_or(rest.len())
}

/// Whether a text is one value by its brackets, with nothing but white space around it.
pub fn is_one_value(text: &[u8]) -> bool {
    let end = end_of_value(text, skip_blank(text, 0));
    end.is_some_and(|end| skip_blank(text, end) == text.len())
}

/// The items of the list that begins at a place, and where it ends.
///
/// # Errors
/// It is no list of values with commas between them.
pub fn items(text: &[u8], at: usize) -> Result<(Vec<Range<usize>>, usize), Broken> {
    let mut items = Vec::new();
    let mut at = skip_blank(text, at + 1);
    if text.get(at) == Some(&b']') {
        return Ok((items, at + 1));
    }
    loop {
        let end = end_of_value(text, at).ok_or(Broken)?;
        items.push(at..end);
        at = skip_blank(text, end);
        match text.get(at) {
            Some(b',') => at = skip_blank(text, at + 1),
            Some(b']') => return Ok((items, at + 1)),
            _ => return Err(Broken),
        }
    }
}

/// A member of an object: where its name stands with its quotes, and its value.
pub type Member = (Range<usize>, Range<usize>);

/// The members of an object, and the items of one of them.
pub type Parts = (Vec<Member>, Option<Vec<Range<usize>>>);

/// The members of an object that is the whole text; of the list named `list`, the items.
///
/// # Errors
/// It is no object of members with commas between them, or there is more than it.
pub fn object(text: &[u8], list: &str) -> Result<Parts, Broken> {
    let (mut members, mut listed) = (Vec::new(), None);
    let mut at = skip_blank(text, 0);
    if text.get(at) != Some(&b'{') {
        return Err(Broken);
    }
    at = skip_blank(text, at + 1);
    if text.get(at) == Some(&b'}') {
        return ends(text, at + 1).map(|()| (members, listed));
    }
    loop {
        if text.get(at) != Some(&b'"') {
            return Err(Broken);
        }
        let name = at..end_of_string(text, at + 1).ok_or(Broken)?;
        at = skip_blank(text, name.end);
        if text.get(at) != Some(&b':') {
            return Err(Broken);
        }
        at = skip_blank(text, at + 1);
        let is_list = text[name.start + 1..name.end - 1] == *list.as_bytes() && text.get(at) == Some(&b'[');
        let end = if is_list {
            let (items, end) = items(text, at)?;
            listed = Some(items);
            end
        } else {
            end_of_value(text, at).ok_or(Broken)?
        };
        members.push((name, at..end));
        at = skip_blank(text, end);
        match text.get(at) {
            Some(b',') => at = skip_blank(text, at + 1),
            Some(b'}') => return ends(text, at + 1).map(|()| (members, listed)),
            _ => return Err(Broken),
        }
    }
}

fn ends(text: &[u8], at: usize) -> Result<(), Broken> {
    if skip_blank(text, at) == text.len() { Ok(()) } else { Err(Broken) }
}

/// How many lines end in a text.
pub fn lines(text: &[u8]) -> u64 {
    memchr2_iter(b'\n', b'\n', text).count() as u64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_document_falls_into_its_members_and_items() {
        let text = br#" {"a" : [1, "]\"}" , {"b":[{}]}],"l":[ {"x":1} ,2],"c":null} "#;
        let (members, list) = object(text, "l").unwrap();
        let of = |range: &Range<usize>| std::str::from_utf8(&text[range.clone()]).unwrap();
        let names: Vec<&str> = members.iter().map(|(name, _)| of(name)).collect();
        assert_eq!(names, ["\"a\"", "\"l\"", "\"c\""]);
        assert_eq!(of(&members[0].1), r#"[1, "]\"}" , {"b":[{}]}]"#);
        let list = list.unwrap();
        assert_eq!(list.iter().map(of).collect::<Vec<_>>(), [r#"{"x":1}"#, "2"]);
        assert_eq!(object(b"{}", "l").unwrap(), (vec![], None));
        assert_eq!(object(br#"{"l":[]}"#, "l").unwrap().1, Some(vec![]));
    }

    #[test]
    fn what_is_no_frame_is_broken() {
        for bad in [
            "",
            "[",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,}",
            "{\"a\":1}x",
            "{\"l\":[1,]}",
            "{\"l\":[1 2]}",
            "{\"l\":[",
            "{,}",
            "{\"a\\",
            "{\"a\":\"\\",
            "{\"l\":[,]}",
            "{1:2}",
        ] {
            assert_eq!(object(bad.as_bytes(), "l"), Err(Broken), "{bad}");
        }
        for (text, one) in
            [("{}", true), (" [1]\n", true), ("{} {}", false), ("[", false), ("1", true), ("", false)]
        {
            assert_eq!(is_one_value(text.as_bytes()), one, "{text}");
        }
    }
}
