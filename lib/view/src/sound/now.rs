//! What a node is at the moment that is being heard.

use super::mapping::{Mapping, Operation, PitchOf, Sound};
use super::words::{clean, cut};
use crate::join::{ViewNode, unquoted};
use crate::name::{self, ENTITY, NAMES};
use crate::transform::{Local, Transform};
use std::rc::Rc;
use ulp_core::event::{Register, RegisterKind, Set};
use ulp_core::id::Key;
use ulp_core::state::Written;

/// What a node was at the moment that is being heard. What its registers say is read once, when they are set.
pub struct Now<'a> {
    node: ViewNode<'a>,
    pub id: Rc<str>,
    pub name: Rc<str>,
    kind: Rc<str>,
    layer: Rc<str>,
    /// What its kind or its layer asks for.
    special: Option<Sound>,
    pub parent: Option<Rc<str>>,
    /// Its frame in its parent.
    pub local: Transform,
    /// Whether it was told to stand anywhere.
    pub is_placed: bool,
}

/// A kind and a layer.
pub type Words = (Rc<str>, Rc<str>);

/// What has to be read anew.
#[derive(Default)]
struct News {
    name: bool,
    words: bool,
    parent: bool,
    place: bool,
}

impl<'a> Now<'a> {
    /// A node of which nothing is known yet; `special` is what a mapping asks for where there is neither kind nor
    /// layer.
    pub fn new(id: Rc<str>, special: Option<Sound>) -> Now<'a> {
        let none: Rc<str> = "".into();
        Now {
            node: ViewNode::default(),
            name: clean(&id).into(),
            id,
            kind: none.clone(),
            layer: none,
            special,
            parent: None,
            local: Transform::IDENTITY,
            is_placed: false,
        }
    }

    /// Takes what is set; of two writes that of the greater key stands. `special` knows what a mapping asks for, by
    /// kind and layer.
    pub fn write(&mut self, key: Key<'a>, sets: &[Set<'a>], special: impl FnMut(Words) -> Option<Sound>) {
        use RegisterKind as R;
        let mut news = News::default();
        for Set { register, value } in sets.iter().copied() {
            match register.kind {
                R::Property if NAMES.contains(&register.key) || ENTITY.contains(&register.key) => {
                    news.name = true;
                }
                // A person is called otherwise.
                R::Kind => (news.name, news.words) = (true, true),
                R::Layer => news.words = true,
                R::Parent => news.parent = true,
                R::Position | R::Rotation | R::Scale => news.place = true,
                _ => continue,
            }
            self.node.state.registers.write(Written { register, key, value });
        }
        self.read(&news, special);
    }

    /// Reads anew what the registers say.
    fn read(&mut self, news: &News, mut special: impl FnMut(Words) -> Option<Sound>) {
        let text = |kind| self.node.get(Register::plain(kind)).map(unquoted).filter(|t| !t.is_empty());
        if news.name {
            let name = name::of_node(&self.node).map(|w| clean(&w)).filter(|w| !w.is_empty());
            self.name = name.unwrap_or_else(|| clean(&self.id)).into();
        }
        if news.words {
            let [kind, layer] =
                [RegisterKind::Kind, RegisterKind::Layer].map(|k| text(k).unwrap_or_default());
            (self.kind, self.layer) = (cut(&kind).into(), layer.into());
            self.special = special((self.kind.clone(), self.layer.clone()));
        }
        if news.parent {
            self.parent = text(RegisterKind::Parent).map(Rc::from);
        }
        if news.place {
            self.local = Local::of(&self.node).transform();
            self.is_placed = self.node.plain(RegisterKind::Position).is_some();
        }
    }

    /// How what is done to it sounds.
    pub fn sound(&self, operation: Operation, mapping: &Mapping) -> Sound {
        mapping.sound(operation, self.special)
    }

    /// What the mapping picks its pitch class from.
    pub fn pitch(&self, mapping: &Mapping) -> Rc<str> {
        match mapping.pitch {
            PitchOf::Node => self.id.clone(),
            PitchOf::Kind => self.kind.clone(),
            PitchOf::Layer => self.layer.clone(),
            PitchOf::Nothing => "".into(),
        }
    }
}
