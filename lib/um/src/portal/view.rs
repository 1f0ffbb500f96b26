//! What may be shown of a presentation, as far as the stages have come. It is for the eyes of whoever evaluates: what
//! a key opened is here, and in no receipt.

use std::collections::BTreeMap;

use ulp_core::json::write::Object;

use super::shown::{Shown, texts};

/// Content by what it is called.
type Raws = BTreeMap<String, String>;

/// What may be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The claims that were asked for, by type: the first of each. Nothing before they were judged.
    pub claims: Option<Raws>,
    /// What it is that came, by a claim that holds.
    pub entity: Option<Entity>,
    /// What facets hold that may be read, by kind: the first of each.
    pub facets: Option<Raws>,
    /// What is consented to, position by position.
    pub positions: Option<BTreeMap<String, String>>,
    /// What is shown and started.
    pub portal: Option<Shown>,
}

/// What something is, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    pub r#type: String,
    pub issuer: Option<String>,
}

impl View {
    /// The canonical object.
    pub fn object(&self) -> Object {
        let mut object = Object::default();
        let raws = |raws: &Raws| {
            let mut object = Object::default();
            for (name, raw) in raws {
                object.raw(name, Some(raw));
            }
            object
        };
        for (name, members) in [("claims", &self.claims), ("facets", &self.facets)] {
            if let Some(members) = members {
                object.member(name, |out| raws(members).write(out));
            }
        }
        if let Some(entity) = &self.entity {
            let mut named = Object::default();
            named.text("issuer", entity.issuer.as_deref()).text("type", Some(&entity.r#type));
            object.object("entity", named);
        }
        if let Some(positions) = &self.positions {
            object.member("positions", |out| texts(positions).write(out));
        }
        if let Some(portal) = &self.portal {
            object.member("portal", |out| portal.object().write(out));
        }
        object
    }

    /// What a facet of a kind holds that may be read.
    pub fn facet(&self, kind: &str) -> Option<&str> {
        self.facets.as_ref()?.get(kind).map(String::as_str)
    }
}
