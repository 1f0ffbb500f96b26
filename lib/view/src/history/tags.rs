//! The tags of one link as they come and go: which of them stands last, at every moment.

use foldhash::{HashMap, HashSet};
use std::collections::BTreeMap;
use ulp_core::id::Key;
use ulp_core::state::Add;

/// A tag that stands.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'a> {
    pub add: Add<'a>,
    /// The number of the step whose event added it.
    pub by: usize,
}

impl PartialEq for Tag<'_> {
    fn eq(&self, other: &Self) -> bool {
        let all = |s: &Self| (s.add.key, s.add.properties, s.by);
        all(self) == all(other)
    }
}

/// An OR-Set of tags. Each change costs about as much as it is long, however many tags there are.
#[derive(Default)]
pub(super) struct Tags<'a> {
    /// By tag, whether it stands or not.
    adds: HashMap<&'a str, Tag<'a>>,
    removed: HashSet<&'a str>,
    removed_before: Option<Key<'a>>,
    /// Those that stand, by key. A key ends in its tag, so that two of them are never the same.
    standing: BTreeMap<Key<'a>, Tag<'a>>,
    /// What was last said of it.
    said: Option<Tag<'a>>,
}

impl<'a> Tags<'a> {
    /// Takes an add where it is the greater of its tag: by key, then by canonical properties.
    pub fn add(&mut self, add: Tag<'a>) {
        let tag = add.add.key.id;
        if let Some(old) = self.adds.get(tag) {
            if !is_greater(&add.add, &old.add) {
                return;
            }
            self.standing.remove(&old.add.key);
        }
        self.adds.insert(tag, add);
        let stands = self.removed_before.is_none_or(|before| add.add.key >= before);
        if stands && !self.removed.contains(tag) {
            self.standing.insert(add.add.key, add);
        }
    }

    /// Removes a tag for good, whether it is known already or not.
    pub fn remove(&mut self, tag: &'a str) {
        if self.removed.insert(tag)
            && let Some(add) = self.adds.get(tag)
        {
            self.standing.remove(&add.add.key);
        }
    }

    /// Removes every add whose key is smaller.
    pub fn remove_before(&mut self, key: Key<'a>) {
        if self.removed_before < Some(key) {
            self.removed_before = Some(key);
            self.standing = self.standing.split_off(&key);
        }
    }

    /// The tag that stands last, if that is news.
    pub fn news(&mut self) -> Option<Option<Tag<'a>>> {
        let last = self.standing.last_key_value().map(|(_, add)| *add);
        (std::mem::replace(&mut self.said, last) != last).then_some(last)
    }
}

/// Whether one add of a tag beats another. No properties are less than any.
fn is_greater(new: &Add<'_>, old: &Add<'_>) -> bool {
    (new.key, new.properties) > (old.key, old.properties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulp_core::id::Time;

    fn add<'a>(eff: i64, id: &'a str, properties: Option<&'static str>) -> Tag<'a> {
        Tag { add: Add { key: Key { eff: Time(eff), id }, properties }, by: 0 }
    }

    fn last<'a>(tags: &mut Tags<'a>) -> Option<Option<&'a str>> {
        tags.news().map(|last| last.map(|standing| standing.add.key.id))
    }

    #[test]
    fn the_last_tag_that_stands_is_news_once() {
        let mut tags = Tags::default();
        tags.add(add(1, "a", None));
        tags.add(add(2, "b", None));
        assert_eq!(last(&mut tags), Some(Some("b")));
        tags.remove("b");
        assert_eq!(last(&mut tags), Some(Some("a")));
        // What was removed never comes back, whenever it is added.
        tags.add(add(9, "b", None));
        assert_eq!(last(&mut tags), None);
        tags.remove_before(Key { eff: Time(2), id: "" });
        assert_eq!(last(&mut tags), Some(None));
        tags.add(add(1, "c", None));
        tags.remove("never");
        assert_eq!(last(&mut tags), None);
    }

    #[test]
    fn of_equal_adds_the_greater_properties_stand() {
        let mut tags = Tags::default();
        for (properties, news) in [(Some(r#"{"k":2}"#), true), (None, false), (Some(r#"{"k":10}"#), false)] {
            tags.add(add(1, "a", properties));
            assert_eq!(tags.news().is_some(), news, "{properties:?}");
        }
        tags.add(add(1, "a", Some(r#"{"k":3}"#)));
        assert_eq!(tags.news().flatten().map(|s| s.add.properties), Some(Some(r#"{"k":3}"#)));
    }
}
