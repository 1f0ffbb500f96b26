//! What a visitor keeps of a presentation until the world answers: what was asked and sent, by name and by hash, and
//! what was found of the offer. Nothing of what was said.

use std::collections::BTreeMap;

use ulp_core::hash::Sha256;
use ulp_core::json::write::{Object, write_texts};
use ulp_core::json::{self, Kind, Tape, Value};

use super::asked;
use super::shown::texts;

/// An exchange that waits for its receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub exchange: String,
    pub session: String,
    /// Until when it can be closed.
    pub expires: String,
    /// The world's DID.
    pub world: String,
    /// What the presentation is called, and its facets.
    pub manifest: String,
    pub facets: Vec<String>,
    pub offer: Sha256,
    pub presentation: Sha256,
    /// The world's rating.
    pub rating: Option<String>,
    pub services: Vec<Service>,
    /// The kinds of facets that went, and the types of claims.
    pub sent: Vec<String>,
    pub presented: Vec<String>,
    /// What was asked for and did not go.
    pub withheld: Vec<String>,
    /// What each position that was asked for comes to.
    pub positions: BTreeMap<String, String>,
    /// The members of the receipt of the offer, as JSON.
    pub receipt: String,
}

/// A service, and what it needs of positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub id: String,
    pub needs: BTreeMap<String, String>,
}

impl Service {
    pub(super) fn of(service: &asked::Service) -> Service {
        Service { id: service.id.clone(), needs: service.needs.clone() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut object = Object::default();
        object.text("id", Some(&self.id)).member("needs", |out| texts(&self.needs).write(out));
        object.bytes()
    }

    fn read(service: Value<'_, '_>) -> Option<Service> {
        Some(Service { id: service.get("id")?.as_text()?, needs: words(service.get("needs")?)? })
    }
}

impl Exchange {
    /// The canonical text.
    pub fn json(&self) -> String {
        let services: Vec<Vec<u8>> = self.services.iter().map(Service::bytes).collect();
        let mut object = Object::default();
        let lists = [
            ("facets", &self.facets),
            ("sent", &self.sent),
            ("presented", &self.presented),
            ("withheld", &self.withheld),
        ];
        for (name, list) in lists {
            object.member(name, |out| write_texts(list.iter().map(String::as_str), out));
        }
        object
            .text("exchangeId", Some(&self.exchange))
            .text("sessionId", Some(&self.session))
            .text("expiresAt", Some(&self.expires))
            .text("world", Some(&self.world))
            .text("manifestId", Some(&self.manifest))
            .text("offer", Some(&self.offer.to_string()))
            .text("presentation", Some(&self.presentation.to_string()))
            .text("rating", self.rating.as_deref())
            .list("services", &services)
            .member("positions", |out| texts(&self.positions).write(out))
            .raw("receipt", Some(&self.receipt));
        object.json()
    }

    /// Reads such a text.
    pub fn parse(text: &str) -> Option<Exchange> {
        let mut tape = Tape::new();
        let kept = tape.parse(text, json::EVENT_DEPTH).ok()?;
        let text = |name: &str| kept.get(name).and_then(Value::as_text);
        let hash = |name: &str| text(name)?.parse::<Sha256>().ok();
        let list = |name: &str| kept.get(name)?.items().map(Value::as_text).collect::<Option<Vec<_>>>();
        Some(Exchange {
            exchange: text("exchangeId")?,
            session: text("sessionId")?,
            expires: text("expiresAt")?,
            world: text("world")?,
            manifest: text("manifestId")?,
            facets: list("facets")?,
            offer: hash("offer")?,
            presentation: hash("presentation")?,
            rating: text("rating"),
            services: kept.get("services")?.items().map(Service::read).collect::<Option<_>>()?,
            sent: list("sent")?,
            presented: list("presented")?,
            withheld: list("withheld")?,
            positions: words(kept.get("positions")?)?,
            receipt: kept.get("receipt").filter(|receipt| receipt.kind() == Kind::Object)?.raw().to_owned(),
        })
    }
}

/// The texts of an object, by name.
pub(super) fn words(object: Value<'_, '_>) -> Option<BTreeMap<String, String>> {
    object.members().map(|(name, word)| Some((name.as_text()?, word.as_text()?))).collect()
}
