//! What changed of a lane's state lines since an older state of it: that state is joined with these lines.

use ulp_core::state::untouched::Subject;

/// A delta that is larger than one part in so many of its base is not worth it.
const SHARE: usize = 4;

/// The lines of a state that an older one does not hold just so, where they are few and the older one joins with them
/// to the state: where it tells of nothing that the state does not.
pub fn of(base: &[u8], lines: &[u8]) -> Option<Vec<u8>> {
    let mut older = base.split_inclusive(|b| *b == b'\n').peekable();
    let mut changed = Vec::new();
    for line in lines.split_inclusive(|b| *b == b'\n') {
        if older.next_if(|before| *before == line).is_some() {
            continue;
        }
        changed.extend_from_slice(line);
        let subject = Subject::of_line(line)?;
        older.next_if(|before| Subject::of_line(before).is_some_and(|of| of == subject));
    }
    let is_whole = older.next().is_none();
    (is_whole && changed.len().saturating_mul(SHARE) <= base.len()).then_some(changed)
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
