//! What a payload touches: the one walk over it that deriving, carrying, naming, looking up and telling share.
//!
//! An event is one primitive or, as a macro, several; each has an order key of its own. A primitive touches nodes,
//! links and sensors one after the other, and what it does to each is a [`Touch`]. An operation that is read into
//! one of the payloads there are is known everywhere through this.
//!
//! ```
//! use ulp_core::event::{Defaults, Line, Reader, Touch};
//! let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
//! let line = r#"{"timestamp":1,"actor_id":"a","operation":"macro.stamp","params":{"n":"p"},"template":[{"operation":"create_node","node_id":"{n}"},{"operation":"delete_node","node_id":"{n}"}]}"#;
//! let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read(line) else { panic!("a valid event") };
//! let touches: Vec<Touch> = event.payload.touches().collect();
//! assert!(matches!(touches[..], [Touch::Create { node: "p", .. }, Touch::Delete { node: "p" }]));
//! ```

use super::{Event, Link, Payload, Primitive, Sensor, Set, Sets, Unlink};
use crate::id::Key;
use bumpalo::Bump;
use std::slice;

/// One thing that is done to one node, link or sensor.
#[derive(Clone, Copy, Debug)]
pub enum Touch<'a> {
    /// The node exists, and its registers take these values.
    Create { node: &'a str, sets: Sets<'a> },
    /// The node's registers take these values.
    Write { node: &'a str, sets: Sets<'a> },
    /// The node is gone for good.
    Delete { node: &'a str },
    /// The node that others fold into; nothing of its own changes.
    Survive { node: &'a str },
    /// The node folds into another, named as a JSON string.
    Absorb { node: &'a str, into: &'a str },
    /// A tag of a link is added.
    Link(&'a Link<'a>),
    /// Tags of a link are removed.
    Unlink(&'a Unlink<'a>),
    /// A sensor has a value.
    Read(&'a Sensor<'a>),
}

impl<'a> Touch<'a> {
    /// The node that is written to; a link and a reading write to none.
    pub fn node(self) -> Option<&'a str> {
        match self {
            Touch::Create { node, .. }
            | Touch::Write { node, .. }
            | Touch::Delete { node }
            | Touch::Survive { node }
            | Touch::Absorb { node, .. } => Some(node),
            Touch::Link(_) | Touch::Unlink(_) | Touch::Read(_) => None,
        }
    }

    /// The registers of the node that are given values.
    pub fn sets(self) -> Sets<'a> {
        match self {
            Touch::Create { sets, .. } | Touch::Write { sets, .. } => sets,
            _ => Sets::NONE,
        }
    }
}

impl<'a> Payload<'a> {
    /// What an event does, part by part: what its macro expands into, or itself.
    pub fn primitives(self) -> impl Iterator<Item = Primitive<'a>> {
        let own = match self {
            Payload::Macro(_) => None,
            payload => Some(Primitive { suffix: "", operation: "", payload }),
        };
        own.into_iter().chain(self.expansion().iter().copied())
    }

    /// What its macro expands into; nothing where it is none.
    pub fn expansion(self) -> &'a [Primitive<'a>] {
        match self {
            Payload::Macro(list) => list,
            _ => &[],
        }
    }

    /// What an event touches, its macro's primitives in their order.
    pub fn touches(self) -> impl Iterator<Item = Touch<'a>> {
        let (own, rest) = match self {
            Payload::Macro(expansion) => (Payload::Unknown, expansion),
            payload => (payload, &[][..]),
        };
        Touches { rest: rest.iter(), ..Touches::of(own) }
    }
}

impl<'a> Primitive<'a> {
    /// The order key of this part of the event that has the key `of`.
    pub fn key(&self, of: Key<'a>, arena: &'a Bump) -> Key<'a> {
        match self.suffix {
            "" => of,
            suffix => Key { eff: of.eff, id: arena.alloc_str(&format!("{}{suffix}", of.id)) },
        }
    }

    /// What it touches, in the order in which it does.
    pub fn touches(self) -> impl Iterator<Item = Touch<'a>> {
        Touches::of(self.payload)
    }
}

/// What is left to touch: of one primitive, then of those that come after it. Every event is walked over several times,
/// so it is one flat thing.
struct Touches<'a> {
    first: Option<Touch<'a>>,
    updates: slice::Iter<'a, (&'a str, &'a [Set<'a>])>,
    absorbs: slice::Iter<'a, &'a str>,
    into: &'a str,
    rest: slice::Iter<'a, Primitive<'a>>,
}

impl<'a> Touches<'a> {
    fn of(payload: Payload<'a>) -> Touches<'a> {
        let (updates, absorbs) = (&[][..], &[][..]);
        let mut touches = Touches {
            first: None,
            updates: updates.iter(),
            absorbs: absorbs.iter(),
            into: "",
            rest: [].iter(),
        };
        match payload {
            Payload::Create { node, sets } => touches.first = Some(Touch::Create { node, sets }),
            Payload::Set { node, sets } => touches.first = Some(Touch::Write { node, sets }),
            Payload::Delete { node } => touches.first = Some(Touch::Delete { node }),
            Payload::Link(link) => touches.first = Some(Touch::Link(link)),
            Payload::Unlink(unlink) => touches.first = Some(Touch::Unlink(unlink)),
            Payload::Sensor(sensor) => touches.first = Some(Touch::Read(sensor)),
            Payload::Step { updates } => touches.updates = updates.iter(),
            Payload::Merge { node: Some((node, into)), absorbs } => {
                touches.first = Some(Touch::Survive { node });
                (touches.absorbs, touches.into) = (absorbs.iter(), into);
            }
            Payload::Merge { node: None, .. } | Payload::Macro(_) | Payload::Unknown => {}
        }
        touches
    }
}

impl<'a> Iterator for Touches<'a> {
    type Item = Touch<'a>;

    #[inline]
    fn next(&mut self) -> Option<Touch<'a>> {
        loop {
            if let Some(first) = self.first.take() {
                return Some(first);
            }
            if let Some((node, sets)) = self.updates.next() {
                return Some(Touch::Write { node, sets: Sets::Plain(sets) });
            }
            if let Some(node) = self.absorbs.next() {
                return Some(Touch::Absorb { node, into: self.into });
            }
            let next = self.rest.next()?;
            *self = Touches { rest: self.rest.clone(), ..Touches::of(next.payload) };
        }
    }
}

impl<'a> Event<'a> {
    /// The name of what it does, and those of what its macro expands into.
    pub fn operations(&self) -> impl Iterator<Item = &'a str> {
        let expansion = self.payload.expansion().iter();
        std::iter::once(self.operation).chain(expansion.map(|primitive| primitive.operation))
    }
}
