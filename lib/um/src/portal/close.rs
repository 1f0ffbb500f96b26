//! The world's receipt, held to what was sent; and the visitor's own, which says what was found.

use std::collections::BTreeMap;

use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::write::{Object, write_texts};
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, Scratch, SecretKey, Verifier};

use super::chain::{RECEIPT, check_evaluator};
use super::exchange::{Exchange, words};
use super::ledger::{Entry, State};
use super::positions::{DENIED, is_word, rank};
use super::project::items;
use super::receipt;
use super::shown::texts;
use crate::dids::Dids;
use crate::draws::{Draws, NoRandomness};
use crate::hash;
use crate::manifest::{self, Clock, Context, signing_input};

/// What a world's receipt is held to.
#[derive(Clone, Copy)]
pub struct Closing<'c> {
    pub key: &'c SecretKey,
    pub verifier: &'c Verifier,
    pub dids: &'c Dids,
    /// What was sent.
    pub exchange: &'c Exchange,
    /// The events that are expected.
    pub expect: &'c [String],
    pub now: Time,
}

/// What comes of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The visitor's receipt, signed.
    pub text: String,
    pub entry: Entry,
    /// What of the world's receipt is not as it was sent.
    pub faults: Vec<&'static str>,
}

/// Why an exchange was not closed.
#[derive(Debug, thiserror::Error)]
pub enum NotClosed {
    /// It is no receipt of this exchange by this world.
    #[error("{}", .0.detail)]
    Receipt(Refusal),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl From<Refusal> for NotClosed {
    fn from(refusal: Refusal) -> NotClosed {
        NotClosed::Receipt(refusal)
    }
}

/// The exchange that a receipt says it is of.
pub fn exchange_of(text: &str) -> Option<String> {
    Tape::new().parse(text, json::EVENT_DEPTH).ok()?.get("exchangeId")?.as_text()
}

/// Closes an exchange with the world's receipt.
///
/// # Errors
/// `portal.receipt`, `json.*`, `um.*`, `signature.*`: it is not by that world, of that exchange; no randomness.
pub fn close(text: &str, closing: &Closing<'_>, draws: &mut Draws) -> Result<Closed, NotClosed> {
    let mut tape = Tape::new();
    let theirs = tape.parse(text, json::EVENT_DEPTH).map_err(Refusal::from)?;
    let prev = check(theirs, text.len(), closing)?;
    let faults = Held { theirs, closing }.faults();
    let members = members(theirs, closing, &faults, &prev)?;
    let own = receipt::sign(members, closing.key, &draws.uuid()?, closing.now)?;
    let end = Instant::parse(&closing.exchange.expires);
    let is_past = end.is_none_or(|end| end < Instant::from(closing.now));
    let entry = Entry {
        at: Instant::print(closing.now).unwrap_or_default(),
        exchange: Some(closing.exchange.exchange.clone()),
        own: Sha256::of(own.as_bytes()),
        theirs: Some(hash::of(theirs)),
        state: if is_past { State::Expired } else { State::ReceiptsExchanged },
        with: Some(closing.exchange.world.clone()),
        age: None,
    };
    Ok(Closed { text: own, entry, faults })
}

/// Whether it is a receipt of this exchange, by this world; gives how the next receipt names it.
fn check(theirs: Value<'_, '_>, bytes: usize, closing: &Closing<'_>) -> Result<String, Refusal> {
    let Closing { verifier, dids, exchange, .. } = closing;
    let context = Context { clock: Clock::Unasked, verifier, dids };
    let checked = manifest::check(theirs, bytes, &context, &mut Scratch::default())?;
    let refuse = |detail: &str| Refusal::new(RECEIPT, detail);
    let signer = checked.signer.ok_or_else(|| refuse("it is not signed"))?;
    check_evaluator(theirs, &signer)?;
    let is = |name: &str, text: &str| theirs.get(name).is_some_and(|value| value.is_str(text));
    if !is("exchangeId", &exchange.exchange) {
        return Err(refuse("of another exchange"));
    }
    if !(signer.is_subject(theirs) && is("subject", &exchange.world) && is("evaluatorId", &exchange.world)) {
        return Err(refuse("not by the world that made the offer"));
    }
    Ok(receipt::multihash(&signing_input(theirs, checked.version)))
}

/// A world's receipt beside what was sent.
struct Held<'h, 't, 'a> {
    theirs: Value<'t, 'a>,
    closing: &'h Closing<'h>,
}

impl Held<'_, '_, '_> {
    /// What is not as it was sent, in order.
    fn faults(&self) -> Vec<&'static str> {
        let Exchange { session, manifest, offer, presentation, .. } = self.closing.exchange;
        let is_first = self.theirs.get("seq").and_then(Value::as_i64) == Some(0);
        let is_first = is_first && self.theirs.get("prevHash").is_none_or(Value::is_null);
        let portal = |name: &str, text: &str| self.portal(name).is_some_and(|value| value.is_str(text));
        let holds = [
            ("chain", is_first && is(self.theirs, "chainId", session)),
            ("manifest", is(self.theirs, "manifestId", manifest)),
            ("offer", portal("offer", &offer.to_string())),
            ("presentation", portal("presentation", &presentation.to_string())),
            ("facets", self.has_facets_sent_alone()),
            ("positions", self.has_positions_as_sent()),
            ("services", self.has_services_as_allowed()),
            ("events", self.has_events()),
        ];
        holds.into_iter().filter(|(_, holds)| !holds).map(|(fault, _)| fault).collect()
    }

    fn portal(&self, name: &str) -> Option<Value<'_, '_>> {
        self.theirs.get("portal")?.get(name)
    }

    fn has_facets_sent_alone(&self) -> bool {
        let sent = &self.closing.exchange.facets;
        items(self.theirs, "facetStatuses").all(|facet| sent.iter().any(|id| is(facet, "facetId", id)))
    }

    /// Whether no position is looser than what was sent.
    fn has_positions_as_sent(&self) -> bool {
        let sent = &self.closing.exchange.positions;
        let Some(theirs) = self.portal("positions") else { return true };
        words(theirs).is_some_and(|theirs| theirs.iter().all(|(name, word)| is_within(name, word, sent)))
    }

    /// Whether each service that runs was offered, and has what it needs.
    fn has_services_as_allowed(&self) -> bool {
        let Exchange { services, positions, .. } = self.closing.exchange;
        let may_run = |id: Value<'_, '_>| {
            let offered = services.iter().find(|service| id.is_str(&service.id));
            offered
                .is_some_and(|service| service.needs.iter().all(|(name, word)| meets(name, word, positions)))
        };
        self.portal("services").is_none_or(|running| running.items().all(may_run))
    }

    fn has_events(&self) -> bool {
        let there =
            |expected: &String| items(self.theirs, "events").any(|event| is(event, "eventType", expected));
        self.closing.expect.iter().all(there)
    }
}

fn is(object: Value<'_, '_>, name: &str, text: &str) -> bool {
    object.get(name).is_some_and(|value| value.is_str(text))
}

fn sent_word<'p>(name: &str, sent: &'p BTreeMap<String, String>) -> &'p str {
    sent.get(name).map_or(DENIED, String::as_str)
}

/// Whether a word allows no more than what was sent; one that is unknown is no denial.
fn is_within(name: &str, word: &str, sent: &BTreeMap<String, String>) -> bool {
    word == DENIED || (is_word(name, word) && rank(name, word) <= rank(name, sent_word(name, sent)))
}

/// Whether what was sent is as much as a service needs.
fn meets(name: &str, word: &str, sent: &BTreeMap<String, String>) -> bool {
    is_word(name, word) && rank(name, sent_word(name, sent)) >= rank(name, word)
}

/// What the visitor's receipt says: what was found of the offer, and what was sent and answered.
fn members(
    theirs: Value<'_, '_>,
    closing: &Closing<'_>,
    faults: &[&'static str],
    prev: &str,
) -> Result<Object, Refusal> {
    let exchange = closing.exchange;
    let mut tape = Tape::new();
    let judged = tape.parse(&exchange.receipt, json::EVENT_DEPTH)?;
    let mut members = Object::default();
    for (name, value) in judged.members() {
        members.raw(&name.as_text().unwrap_or_default(), Some(value.raw()));
    }
    members
        .text("exchangeId", Some(&exchange.exchange))
        .text("chainId", Some(&exchange.session))
        .raw("seq", Some("1"))
        .text("prevHash", Some(prev))
        .object("portal", portal(theirs, exchange, faults));
    Ok(members)
}

fn portal(theirs: Value<'_, '_>, exchange: &Exchange, faults: &[&'static str]) -> Object {
    let running = theirs.get("portal").and_then(|portal| portal.get("services"));
    let running: Vec<String> =
        running.into_iter().flat_map(Value::items).filter_map(Value::as_text).collect();
    let mut portal = Object::default();
    let lists = [
        ("sent", &exchange.sent),
        ("presented", &exchange.presented),
        ("withheld", &exchange.withheld),
        ("services", &running),
    ];
    for (name, list) in lists {
        portal.member(name, |out| write_texts(list.iter().map(String::as_str), out));
    }
    portal
        .text("offer", Some(&exchange.offer.to_string()))
        .text("presentation", Some(&exchange.presentation.to_string()))
        .text("receipt", Some(&hash::of(theirs).to_string()))
        .text("world", Some(&exchange.world))
        .text("rating", exchange.rating.as_deref())
        .member("positions", |out| texts(&exchange.positions).write(out))
        .member("faults", |out| write_texts(faults.iter().copied(), out));
    portal
}
