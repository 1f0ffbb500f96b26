//! What a node is at the moment that is being heard.

use crate::mapping::{Mapping, PitchOf};
use crate::words::clean;
use std::rc::Rc;
use ulp_core::event::{Register, RegisterKind, Set};
use ulp_core::id::{Key, Time};
use ulp_core::state::Written;
use ulp_view::join::{ViewNode, unquoted};
use ulp_view::name::{NAMES, name_of};

/// What a node was at the moment that is being heard.
pub struct Now<'a> {
    pub node: ViewNode<'a>,
    pub id: Rc<str>,
    pub name: Rc<str>,
    pub kind: Rc<str>,
    pub layer: Rc<str>,
    pub parent: Option<Rc<str>>,
}

impl<'a> Now<'a> {
    pub fn new(id: Rc<str>) -> Now<'a> {
        let none: Rc<str> = "".into();
        Now {
            node: ViewNode::default(),
            name: clean(&id).into(),
            id,
            kind: none.clone(),
            layer: none,
            parent: None,
        }
    }

    /// Takes what is set; of two writes the one of the later turn stands.
    pub fn write(&mut self, turn: Time, sets: &[Set<'a>]) {
        let key = Key { eff: turn, id: "" };
        let mut named = false;
        for set in sets.iter().filter(|s| is_heard(s.register)) {
            self.node.state.registers.write(Written { register: set.register, key, value: set.value });
            named |= matches!(
                set.register.kind,
                RegisterKind::Property | RegisterKind::Kind | RegisterKind::Layer | RegisterKind::Parent
            );
        }
        if named {
            self.read();
        }
    }

    /// Reads anew what the registers say in words.
    fn read(&mut self) {
        let text = |register| self.node.get(register).map(unquoted).filter(|t| !t.is_empty());
        let plain = |kind| text(Register::plain(kind));
        let words = name_of(|key| self.node.get(Register::property(key)));
        let name = words.map(|w| clean(&w)).filter(|w| !w.is_empty());
        let kind = plain(RegisterKind::Kind).unwrap_or_default();
        let layer = plain(RegisterKind::Layer).unwrap_or_default();
        self.parent = plain(RegisterKind::Parent).map(Rc::from);
        self.name = name.unwrap_or_else(|| clean(&self.id)).into();
        self.kind = kind.into();
        self.layer = layer.into();
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

/// Whether a register changes what is heard of its node later on.
fn is_heard(register: Register<'_>) -> bool {
    use RegisterKind as R;
    match register.kind {
        R::Position | R::Rotation | R::Scale | R::Parent | R::Kind | R::Layer => true,
        R::Property => NAMES.contains(&register.key),
        _ => false,
    }
}
