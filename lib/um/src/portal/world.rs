//! The world's receipt: what was found of a presentation, what happened, and what was begun.

use ulp_core::json::write::Object;

use super::Evaluation;
use super::receipt::{ClaimResult, FacetResult};
use super::shown::Avatar;
use super::{Binding, Receipt};

/// What a world's receipt says, but for its envelope and signature.
pub fn members(found: &Evaluation) -> Object {
    let mut members = found.receipt.members();
    let mut portal = found.view.portal.as_ref().map(|shown| shown.object()).unwrap_or_default();
    portal
        .text("offer", found.offer.map(|hash| hash.to_string()).as_deref())
        .text("presentation", found.hash.map(|hash| hash.to_string()).as_deref());
    members.list("events", &events(found)).member("portal", |out| portal.write(out));
    if let Some(crossing) = &found.crossing {
        members
            .text("exchangeId", Some(&crossing.exchange))
            .text("chainId", Some(&crossing.session))
            .number("seq", 0.0);
    }
    members
}

/// What happened, in order.
fn events(found: &Evaluation) -> Vec<Vec<u8>> {
    let receipt = &found.receipt;
    let mut events = Events { at: receipt.processed_at.as_deref(), list: Vec::new() };
    events.say("manifest-arrived", None, None);
    if receipt.is_rejected() {
        let why = receipt.warnings.first().map(|code| code.as_ref());
        events.say("manifest-rejected", None, why);
    } else {
        events.say("manifest-verified", None, None);
    }
    of_binding(receipt, &mut events);
    of_claims(receipt, &mut events);
    of_facets(receipt, &mut events);
    match found.view.portal.as_ref().map(|shown| shown.avatar) {
        Some(Avatar::Reference) => events.say("avatar-retrieved", None, None),
        Some(Avatar::Substituted) => events.say("avatar-substituted", None, None),
        _ => {}
    }
    events.list
}

fn of_binding(receipt: &Receipt, events: &mut Events<'_>) {
    match receipt.bound.map(|bound| bound.holder) {
        Some(Binding::Verified) => events.say("binding-verified", None, None),
        Some(Binding::Failed) => events.say("binding-failed", None, None),
        _ => {}
    }
}

fn of_claims(receipt: &Receipt, events: &mut Events<'_>) {
    for claim in &receipt.claims {
        match claim.status {
            ClaimResult::Verified => events.say("claim-verified", claim.id.as_deref(), None),
            ClaimResult::Failed => events.say("claim-failed", claim.id.as_deref(), claim.reason),
            _ => {}
        }
    }
}

fn of_facets(receipt: &Receipt, events: &mut Events<'_>) {
    for facet in &receipt.facets {
        let id = facet.id.as_deref();
        match facet.status {
            FacetResult::Processed => events.say("facet-processed", id, None),
            FacetResult::Opaque => events.say("facet-sealed", id, facet.reason),
            FacetResult::ConsentDenied | FacetResult::ConsentMissing => {
                events.say("facet-consent-denied", id, facet.reason);
            }
            _ => {}
        }
    }
}

/// Events so far.
struct Events<'e> {
    at: Option<&'e str>,
    list: Vec<Vec<u8>>,
}

impl Events<'_> {
    fn say(&mut self, kind: &str, about: Option<&str>, reason: Option<&str>) {
        let mut event = Object::default();
        event
            .text("eventType", Some(kind))
            .text("at", self.at)
            .text("subjectRef", about)
            .text("reason", reason);
        self.list.push(event.bytes());
    }
}
