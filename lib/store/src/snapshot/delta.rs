//! What changed of a lane's state lines since an older state of it: that state is joined with these lines.

use ulp_core::state::untouched::Subject;

/// A delta that is larger than one part in so many of its base is not worth it.
const SHARE: usize = 4;

/// The lines of a state that an older one does not hold just so, where they are few and the older one joins with them
/// to the state: where it tells of nothing that the state does not.
pub fn of(base: &[u8], lines: &[u8]) -> Option<Vec<u8>> {
    let (mut older, mut rest, mut changed) = (base, lines, Vec::new());
    loop {
        let same = same_lines(older, rest);
        (older, rest) = (&older[same..], &rest[same..]);
        let Some((line, behind)) = first_line(rest) else { break };
        changed.extend_from_slice(line);
        let subject = Subject::of_line(line)?;
        if let Some((before, after)) = first_line(older)
            && Subject::of_line(before).is_some_and(|of| of == subject)
        {
            older = after;
        }
        rest = behind;
    }
    (older.is_empty() && changed.len().saturating_mul(SHARE) <= base.len()).then_some(changed)
}

/// How many bytes are compared at once.
const STEP: usize = 256;

/// How long the lines are with which both texts begin.
fn same_lines(a: &[u8], b: &[u8]) -> usize {
    let steps = a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(a, b)| a == b).count() * STEP;
    let same = steps + a[steps..].iter().zip(&b[steps..]).take_while(|(a, b)| a == b).count();
    memchr::memrchr(b'\n', &a[..same]).map_or(0, |end| end + 1)
}

/// The first line of a text, with its end, and what follows.
fn first_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1);
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, more: &str) -> String {
        format!(
            "{{\"created\":\"1/a\",\"node_id\":\"{name}\",\"operation\":\"node_state\",\"space_id\":\"{more}\"}}\n"
        )
    }

    #[test]
    fn only_what_changed_is_told() {
        let state = |nodes: &[(&str, &str)]| nodes.iter().map(|(n, m)| node(n, m)).collect::<String>();
        let base: Vec<(String, &str)> = (10..30).map(|n| (n.to_string(), "s")).collect();
        let base: Vec<(&str, &str)> = base.iter().map(|(n, m)| (n.as_str(), *m)).collect();
        let delta = |new: &[(&str, &str)]| of(state(&base).as_bytes(), state(new).as_bytes());
        assert_eq!(delta(&base).unwrap(), b"");
        let mut new = base.clone();
        new[3].1 = "t";
        new.insert(0, ("1", "s"));
        new.push(("9", "s"));
        assert_eq!(delta(&new).unwrap(), state(&[("1", "s"), ("13", "t"), ("9", "s")]).as_bytes());
        assert_eq!(delta(&base[1..]), None, "what is gone no join takes away");
        let all: Vec<(&str, &str)> = base.iter().map(|(n, _)| (*n, "u")).collect();
        assert_eq!(delta(&all), None, "more than a quarter");
    }
}
