//! What is shown of whoever came, and what is started.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ulp_core::json::write::{Object, write_texts};
use ulp_core::words;

/// What is shown and started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub entity: Option<Kind>,
    /// The world's rating.
    pub rating: Option<String>,
    pub avatar: Avatar,
    /// Frames a second, as the number was written.
    pub rate: Option<String>,
    /// What age was shown to be reached, and how.
    pub age: Option<(i64, &'static str)>,
    pub positions: BTreeMap<String, String>,
    pub services: Vec<String>,
    pub applied: Vec<&'static str>,
}

/// What it is that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    pub value: String,
    pub issuer: Option<String>,
    pub is_verified: bool,
}

words!(
    /// What body is shown.
    Avatar {
        None = "none",
        Substituted = "substituted",
        Parametric = "parametric",
        Reference = "reference",
    }
);

impl Shown {
    /// The canonical object.
    pub fn object(&self) -> Object {
        let mut object = Object::default();
        if let Some((years, mechanism)) = self.age {
            let mut age = Object::default();
            age.text("mechanism", Some(mechanism)).number("over", years as f64);
            object.object("age", age);
        }
        if let Some(kind) = &self.entity {
            let mut entity = Object::default();
            entity
                .text("issuer", kind.issuer.as_deref())
                .text("status", Some(if kind.is_verified { "verified" } else { "unverified" }))
                .text("value", Some(&kind.value));
            object.object("entityType", entity);
        }
        object
            .member("applied", |out| write_texts(self.applied.iter().copied(), out))
            .text("avatar", Some(self.avatar.as_str()))
            .member("positions", |out| texts(&self.positions).write(out))
            .raw("rate", self.rate.as_deref())
            .text("rating", self.rating.as_deref())
            .member("services", |out| write_texts(self.services.iter().map(String::as_str), out));
        object
    }
}

/// An object of texts.
pub fn texts<K: AsRef<str>>(members: &BTreeMap<K, String>) -> Object {
    let mut object = Object::default();
    for (name, text) in members {
        object.text(name.as_ref(), Some(text));
    }
    object
}
