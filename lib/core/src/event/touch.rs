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

use super::{Event, Link, Payload, Primitive, Sensor, Set, Unlink};
use crate::id::Key;
use bumpalo::Bump;

/// One thing that is done to one node, link or sensor.
#[derive(Clone, Copy, Debug)]
pub enum Touch<'a> {
    /// The node exists, and its registers take these values.
    Create { node: &'a str, sets: &'a [Set<'a>] },
    /// The node's registers take these values.
    Write { node: &'a str, sets: &'a [Set<'a>] },
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
    pub fn sets(self) -> &'a [Set<'a>] {
        match self {
            Touch::Create { sets, .. } | Touch::Write { sets, .. } => sets,
            _ => &[],
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
        self.primitives().flat_map(Primitive::touches)
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
        type Updates<'a> = &'a [(&'a str, &'a [Set<'a>])];
        let (mut updates, mut absorbs): (Updates<'a>, (&str, &[&str])) = (&[], ("", &[]));
        let first = match self.payload {
            Payload::Create { node, sets } => Some(Touch::Create { node, sets }),
            Payload::Set { node, sets } => Some(Touch::Write { node, sets }),
            Payload::Delete { node } => Some(Touch::Delete { node }),
            Payload::Link(link) => Some(Touch::Link(link)),
            Payload::Unlink(unlink) => Some(Touch::Unlink(unlink)),
            Payload::Sensor(sensor) => Some(Touch::Read(sensor)),
            Payload::Merge { node: Some((node, into)), absorbs: absorbed } => {
                absorbs = (into, absorbed);
                Some(Touch::Survive { node })
            }
            Payload::Step { updates: all } => {
                updates = all;
                None
            }
            Payload::Merge { node: None, .. } | Payload::Macro(_) | Payload::Unknown => None,
        };
        let (into, absorbed) = absorbs;
        let writes = updates.iter().map(|(node, sets)| Touch::Write { node, sets });
        first.into_iter().chain(writes).chain(absorbed.iter().map(move |node| Touch::Absorb { node, into }))
    }
}

impl<'a> Event<'a> {
    /// The name of what it does, and those of what its macro expands into.
    pub fn operations(&self) -> impl Iterator<Item = &'a str> {
        let expansion = self.payload.expansion().iter();
        std::iter::once(self.operation).chain(expansion.map(|primitive| primitive.operation))
    }
}
