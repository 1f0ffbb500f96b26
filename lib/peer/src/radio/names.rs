//! What tags stand for: the peers and spaces that are known, and the lines of frames.
//!
//! Names have ranks: what a store says of itself stands before what a graph has from others, so that nobody takes a
//! tag away by a name that has the same. Where two names of the first rank have one tag, it stays a tag, but for a
//! peer whose signature tells.

use std::collections::{BTreeMap, BTreeSet};
use ulp_core::frame::{Frame, Tag};
use ulp_core::path::Space;
use ulp_core::report::Refusal;
use ulp_core::trust::{Did, Verifier};

/// Names of one tag that are remembered. A signature is tried with each, so that more would be a stranger's way to
/// keep us busy.
const OF_A_TAG: usize = 8;

/// Who says that there is such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Store,
    Graph,
}

/// The names of tags.
#[derive(Clone, Debug, Default)]
pub struct Names {
    peers: Tags,
    spaces: Tags,
}

#[derive(Clone, Debug, Default)]
struct Tags(BTreeMap<Tag, BTreeSet<(Source, String)>>);

impl Tags {
    fn add(&mut self, tag: Tag, source: Source, name: &str) {
        let names = self.0.entry(tag).or_default();
        names.insert((source, name.to_owned()));
        if names.len() > OF_A_TAG {
            names.pop_last();
        }
    }

    fn of(&self, tag: Tag) -> impl Iterator<Item = &(Source, String)> {
        self.0.get(&tag).into_iter().flatten()
    }

    /// The one name of the first rank.
    fn one(&self, tag: Tag) -> Option<&str> {
        let mut names = self.of(tag);
        let (rank, first) = names.next()?;
        names.next().is_none_or(|(next, _)| next > rank).then_some(first)
    }
}

/// Whose a frame is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// The name, or `tag:` and its digits.
    pub name: String,
    /// Whether the tag is known.
    pub known: bool,
    /// Whether the frame's signature holds for that name.
    pub proven: bool,
}

impl Names {
    /// A peer is known.
    pub fn add_peer(&mut self, source: Source, name: &str) {
        self.peers.add(Tag::of_peer(name), source, name);
    }

    /// A space is known.
    pub fn add_space(&mut self, source: Source, id: &str) {
        self.spaces.add(Tag::of_space(&Space::Named(id.to_owned())), source, id);
    }

    /// The space that a tag stands for.
    pub fn space(&self, tag: Tag) -> Space {
        self.spaces.one(tag).map_or(Space::Tagged(tag.0), |id| Space::Named(id.to_owned()))
    }

    /// The tags of the spaces that the store names.
    pub fn of_store(&self) -> impl Iterator<Item = Tag> {
        let is_own = |names: &BTreeSet<(Source, String)>| {
            names.first().is_some_and(|(source, _)| *source == Source::Store)
        };
        self.spaces.0.iter().filter(move |(_, names)| is_own(names)).map(|(tag, _)| *tag)
    }

    /// Whether the tags of a frame stand for something.
    pub fn knows(&self, frame: &Frame) -> bool {
        let is_known = |tags: &Tags, tag| tags.of(tag).next().is_some();
        is_known(&self.peers, frame.peer)
            && frame.rows().is_none_or(|rows| is_known(&self.spaces, rows.space))
    }

    /// Whose a frame is.
    ///
    /// # Errors
    /// `signature.actor`: it is signed, its tag is that of peers whose keys are known, and none of them signed it.
    pub fn speaker(&self, frame: &Frame, verifier: &Verifier) -> Result<Speaker, Refusal> {
        let one = self.peers.one(frame.peer);
        let speaker = |name: Option<&str>, proven| Speaker {
            name: name.map_or_else(|| frame.peer.as_peer(), str::to_owned),
            known: self.peers.of(frame.peer).next().is_some(),
            proven,
        };
        if !frame.is_signed() {
            return Ok(speaker(one, false));
        }
        let mut refusal = None;
        for (_, name) in self.peers.of(frame.peer) {
            let Ok(did) = name.parse::<Did>() else { continue };
            match frame.verify(did, verifier) {
                Ok(()) => return Ok(speaker(Some(name), true)),
                Err(why) => refusal = Some(why),
            }
        }
        refusal.map_or_else(|| Ok(speaker(one, false)), Err)
    }

    /// The line of a frame, if it has one.
    pub fn line(&self, frame: &Frame, speaker: &Speaker) -> Option<String> {
        let space = self.space(frame.rows()?.space);
        frame.statement(&speaker.name, &space, speaker.proven)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulp_core::frame::{Body, Entry, Held, Rows};
    use ulp_core::trust::SecretKey;

    fn frame(peer: &str) -> Frame {
        let entries = vec![Entry::Space(Held { events: 7, head: Some([1; 6]) })];
        let space = Tag::of_space(&Space::Named("demo".to_owned()));
        let body = Body::Rows(Rows { wants: false, space, entries, signature: None });
        Frame { hops: 3, peer: Tag::of_peer(peer), seq: 9, body }
    }

    #[test]
    fn a_signature_tells_whose_a_frame_is() {
        let (alice, bob) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let name = bob.did().to_string();
        let (signed, verifier) = (frame(&name).sign(&bob), Verifier::new());
        let mut names = Names::default();
        let speaker = |names: &Names, frame: &Frame| names.speaker(frame, &verifier);
        let of_tag = Speaker { name: Tag::of_peer(&name).as_peer(), known: false, proven: false };
        assert_eq!(speaker(&names, &signed), Ok(of_tag.clone()));
        assert_eq!(speaker(&names, &frame(&name).sign(&alice)), Ok(of_tag));
        names.add_peer(Source::Graph, &name);
        names.add_space(Source::Graph, "demo");
        let proven = Speaker { name: name.clone(), known: true, proven: true };
        assert_eq!(speaker(&names, &signed), Ok(proven.clone()));
        assert!(names.line(&signed, &proven).is_some_and(|line| line.contains("m/world/demo\"")));
        assert_eq!(speaker(&names, &frame(&name)).map(|speaker| speaker.proven), Ok(false));
        let forged = speaker(&names, &frame(&name).sign(&alice));
        assert_eq!(forged.map_err(|refusal| refusal.code), Err("signature.actor".into()));
    }

    #[test]
    fn nobody_takes_a_tag_away_by_a_name_that_has_the_same() {
        let mut tags = Tags::default();
        let tag = Tag([7; 4]);
        tags.add(tag, Source::Graph, "a");
        assert_eq!(tags.one(tag), Some("a"));
        tags.add(tag, Source::Graph, "b");
        assert_eq!(tags.one(tag), None);
        (0..20).for_each(|n| tags.add(tag, Source::Graph, &format!("0{n}")));
        tags.add(tag, Source::Store, "z");
        assert_eq!((tags.one(tag), tags.of(tag).count()), (Some("z"), OF_A_TAG));
    }
}
