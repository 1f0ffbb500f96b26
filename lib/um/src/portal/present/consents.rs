//! Whether a holder consents, and to what of it.

use ulp_core::id::Time;
use ulp_core::json::{Kind, Value};
use ulp_core::trust::Instant;

use crate::portal::project::items;

/// What is asked of a consent.
pub struct Wanted<'w> {
    pub scope: &'w [String],
    pub purpose: &'w str,
    pub now: Time,
}

/// A consent, narrowed to what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub scope: Vec<String>,
    pub purpose: String,
    pub granted: Stated,
    pub expires: Stated,
    pub conditions: Option<Vec<String>>,
    /// A position, and the word that it has.
    pub position: Option<(String, String)>,
}

/// A time, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stated {
    pub time: Instant,
    pub text: String,
}

impl Stated {
    fn of(object: Value<'_, '_>, name: &str) -> Option<Stated> {
        let value = object.get(name)?;
        Some(Stated { time: Instant::of(value)?, text: value.as_text()? })
    }
}

/// All consents for a facet, each narrowed, where all of them cover what is asked; else none.
pub fn all_of(container: Value<'_, '_>, facet: Value<'_, '_>, wanted: &Wanted<'_>) -> Vec<Consent> {
    let Some(id) = facet.get("@id").and_then(Value::as_text) else { return Vec::new() };
    let consents = of_facet(container, &id).map(|consent| read(consent, wanted));
    consents.collect::<Option<_>>().unwrap_or_default()
}

/// The consents for a facet, in the container's order.
pub fn of_facet<'t, 'a>(container: Value<'t, 'a>, id: &str) -> impl Iterator<Item = Value<'t, 'a>> {
    items(container, "consents").filter(move |consent| consent.get("facetRef").is_some_and(|r| r.is_str(id)))
}

/// A consent that covers all that is asked, narrowed to it.
pub fn read(consent: Value<'_, '_>, wanted: &Wanted<'_>) -> Option<Consent> {
    let (granted, expires) = (Stated::of(consent, "grantedAt")?, Stated::of(consent, "expiresAt")?);
    let now = Instant::from(wanted.now);
    let scope = consent.get("scope").filter(|scope| scope.kind() == Kind::Array)?;
    let holds = |token: &String| scope.items().any(|item| item.is_str(token));
    let conditions = match consent.get("conditions") {
        None => None,
        Some(list) if list.kind() == Kind::Array => {
            Some(list.items().map(Value::as_text).collect::<Option<Vec<_>>>()?)
        }
        Some(_) => return None,
    };
    let is_given = consent.get("withdrawnAt").is_none()
        && granted.time <= now
        && now < expires.time
        && wanted.scope.iter().all(holds)
        && consent.get("purpose").is_some_and(|purpose| purpose.is_str(wanted.purpose));
    is_given.then(|| Consent {
        scope: wanted.scope.to_vec(),
        purpose: wanted.purpose.to_owned(),
        granted,
        expires,
        conditions,
        position: None,
    })
}
