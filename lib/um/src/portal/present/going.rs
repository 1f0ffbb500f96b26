//! The manifest that goes, put together and signed.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use ulp_core::hash::Sha256;
use ulp_core::json::write::{Object, write_list, write_texts};
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, Scratch, SecretKey, signature};

use super::chosen::Chosen;
use super::claim::Claim;
use super::consents::Consent;
use super::facets::{Content, Facet};
use super::{MAX_TTL, NotPresented, Sent, Visitor, positions};
use crate::age::{Asked, claim_proof};
use crate::day::Day;
use crate::draws::Draws;
use crate::hash;
use crate::manifest::{self, Clock, Context, Version, signing_input};
use crate::portal::asked::POSITIONS;
use crate::portal::claims::RECIPROCAL;
use crate::portal::exchange::{Exchange, Service};
use crate::portal::ledger::{Entry, State};
use crate::portal::write::{self, Terms, Times};
use crate::portal::{Evaluation, Offer};

/// What a manifest is called, and what it belongs to.
struct Names {
    id: String,
    session: String,
    exchange: String,
}

/// Makes what goes, and what is kept of it. `until` is when the offer ends, as it says it.
pub fn send(
    judged: &Evaluation,
    offer: &Offer,
    until: &str,
    container: Value<'_, '_>,
    chosen: &Chosen,
    visitor: &Visitor<'_>,
    draws: &mut Draws,
) -> Result<Sent, NotPresented> {
    let names = Names {
        id: draws.uuid()?,
        session: format!("urn:um:session:{}", draws.hex16()?),
        exchange: format!("urn:um:exchange:{}", draws.hex16()?),
    };
    let times = Times::new(visitor.setting.now, visitor.ttl.min(MAX_TTL))?;
    let claims = claims(&names.id, chosen, offer, visitor, draws)?;
    let (facets, consents) = facets(&names.id, chosen, &times);
    let mut manifest = write::manifest(&names.id, visitor.key, &times);
    manifest
        .raw("requiredTrustTier", container.get("requiredTrustTier").map(Value::raw))
        .member("facets", |out| write_list(&facets, out))
        .member("claims", |out| write_list(&claims, out))
        .member("consents", |out| write_list(&consents, out))
        .object("session", session(&names, offer, until, visitor, &times));
    let text = prove(&write::sign(manifest, visitor.key, &times)?, offer, visitor.key, &times)?;
    let hash = check(&text, visitor)?;
    Ok(Sent {
        exchange: kept(judged, &names, offer, until, chosen, hash),
        entry: Entry {
            at: times.issued,
            exchange: Some(names.exchange),
            own: hash,
            theirs: Some(offer.hash),
            state: State::ManifestsExchanged,
            with: Some(offer.world.clone()),
            age: chosen.claims.iter().find_map(|claim| claim.years).map(i64::from),
        },
        notes: chosen.notes.clone(),
        text,
    })
}

/// The facets, and their consents.
fn facets(id: &str, chosen: &Chosen, times: &Times) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let facets = chosen.facets.iter().enumerate().map(|(n, chosen)| facet(id, n, chosen).bytes()).collect();
    let of_facets = chosen.facets.iter().enumerate();
    let consents = of_facets.flat_map(|(n, facet)| facet.consents.iter().map(move |consent| (n, consent)));
    let consents = consents.enumerate().map(|(n, (of, chosen))| consent(id, n, of, chosen, times).bytes());
    (facets, consents.collect())
}

fn facet(id: &str, n: usize, chosen: &Facet) -> Object {
    let mut facet = write::facet(id, n, &chosen.kind, &chosen.entity(write::entity(id, n)));
    if let Content::Sealed { profile, .. } = &chosen.content {
        facet.raw("encryptionProfile", Some(profile));
    }
    for (name, raw) in &chosen.floors {
        facet.raw(name, Some(raw));
    }
    facet
}

fn consent(id: &str, n: usize, facet: usize, chosen: &Consent, times: &Times) -> Object {
    let end = Instant::parse(&times.expires);
    let is_sooner = end.is_some_and(|end| chosen.expires.time <= end);
    let expires = if is_sooner { &chosen.expires.text } else { &times.expires };
    let (scope, purpose, granted) = (&chosen.scope, &chosen.purpose, &chosen.granted.text);
    let mut consent = write::consent(id, n, facet, &Terms { scope, purpose, granted, expires });
    if let Some(conditions) = &chosen.conditions {
        consent.member("conditions", |out| write_texts(conditions.iter().map(String::as_str), out));
    }
    if let Some((position, word)) = &chosen.position {
        consent.text("position", Some(position)).text("disposition", Some(word));
    }
    consent
}

fn claims(
    id: &str,
    chosen: &Chosen,
    offer: &Offer,
    visitor: &Visitor<'_>,
    draws: &mut Draws,
) -> Result<Vec<Vec<u8>>, NotPresented> {
    let binding = visitor.bound.map(|bound| binding(id, visitor.key, bound));
    let subject = visitor.key.did().to_string();
    let claims = chosen.claims.iter().enumerate().map(|(n, claim)| {
        let mut object = Object::default();
        object
            .text("@id", Some(&format!("{id}#k{n}")))
            .text("subject", Some(&subject))
            .raw("holderBinding", binding.as_deref())
            .raw("claimProof", proof(claim, offer, visitor, draws)?.as_deref());
        for (name, raw) in &claim.members {
            object.raw(name, Some(raw));
        }
        Ok(object.bytes())
    });
    claims.collect()
}

/// What shows an age to this world.
fn proof(
    claim: &Claim,
    offer: &Offer,
    visitor: &Visitor<'_>,
    draws: &mut Draws,
) -> Result<Option<String>, NotPresented> {
    let Some((age, day)) = claim.age.as_ref().zip(offer.issued.time().and_then(Day::of)) else {
        return Ok(None);
    };
    let asked = Asked { audience: &offer.world, challenge: &offer.nonce, day };
    let mut tape = Tape::new();
    let credential = tape.parse(&age.credential, json::EVENT_DEPTH).map_err(Refusal::from)?;
    Ok(claim_proof(credential, age.years, &asked, visitor.openings, draws)?)
}

/// That two keys hold what is called so.
fn binding(id: &str, key: &SecretKey, bound: &SecretKey) -> String {
    let by = |key: &SecretKey| BASE64URL_NOPAD.encode(&key.sign(id.as_bytes()));
    let mut binding = Object::default();
    binding
        .text("mode", Some(RECIPROCAL))
        .text("boundDid", Some(&bound.did().to_string()))
        .text("subjectProof", Some(&by(key)))
        .text("boundDidProof", Some(&by(bound)));
    binding.json()
}

fn session(names: &Names, offer: &Offer, until: &str, visitor: &Visitor<'_>, times: &Times) -> Object {
    let participant = |did: &str, role: &str| {
        let mut participant = Object::default();
        participant.text("did", Some(did)).text("role", Some(role));
        participant.bytes()
    };
    let us = visitor.key.did().to_string();
    let participants = [participant(&us, "initiator"), participant(&offer.world, "responder")];
    let mut session = Object::default();
    session
        .text("@type", Some("um:BilateralSession"))
        .text("sessionId", Some(&names.session))
        .text("exchangeId", Some(&names.exchange))
        .list("participants", &participants)
        .text("initiatedAt", Some(&times.issued))
        .text("expiresAt", Some(until))
        .text("state", Some(State::ManifestsExchanged.as_str()))
        .text("offer", Some(&offer.hash.to_string()));
    session
}

/// Adds the proof that whoever holds the manifest presents it to this world, now.
fn prove(text: &str, offer: &Offer, key: &SecretKey, times: &Times) -> Result<String, Refusal> {
    let mut tape = Tape::new();
    let manifest = tape.parse(text, json::EVENT_DEPTH)?;
    let digest = Sha256::of(&signing_input(manifest, Version::V04)).0;
    let said = [offer.nonce.as_bytes(), offer.world.as_bytes(), times.issued.as_bytes()].concat();
    let value = BASE64URL_NOPAD.encode(&key.sign(&[digest.as_slice(), &said].concat()));
    let mut proof = Object::default();
    proof
        .text("proofType", Some("did-auth"))
        .text("challenge", Some(&offer.nonce))
        .text("audience", Some(&offer.world))
        .text("created", Some(&times.issued))
        .text("proofValue", Some(&value));
    signature::with_member(manifest, "presentationProof", &proof.json())
}

/// Whether what goes is a manifest that breaks no rule, so that nothing goes which nobody takes.
fn check(text: &str, visitor: &Visitor<'_>) -> Result<Sha256, Refusal> {
    let mut tape = Tape::new();
    let manifest = tape.parse(text, json::EVENT_DEPTH)?;
    let (verifier, dids) = (visitor.setting.verifier, visitor.setting.dids);
    let context = Context { clock: Clock::Unasked, verifier, dids };
    manifest::check(manifest, text.len(), &context, &mut Scratch::default())?;
    Ok(hash::of(manifest))
}

/// What is to be known when the world answers.
fn kept(
    judged: &Evaluation,
    names: &Names,
    offer: &Offer,
    until: &str,
    chosen: &Chosen,
    presentation: Sha256,
) -> Exchange {
    let texts = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
    let sent: Vec<String> = texts(chosen.kinds());
    let presented: Vec<String> = texts(chosen.types());
    let asked = offer.facets.iter().map(|ask| ask.kind.as_str());
    let asked = asked.chain(offer.claims.iter().map(|ask| ask.claim.as_str()));
    let positions = offer.wants(POSITIONS).then_some(POSITIONS);
    let is_here = |name: &str| sent.iter().chain(&presented).any(|here| here == name);
    let withheld = texts(asked.chain(positions).filter(|name| !is_here(name)).collect());
    Exchange {
        exchange: names.exchange.clone(),
        session: names.session.clone(),
        expires: until.to_owned(),
        world: offer.world.clone(),
        manifest: names.id.clone(),
        facets: (0..chosen.facets.len()).map(|n| write::facet_id(&names.id, n)).collect(),
        offer: offer.hash,
        presentation,
        rating: offer.rating.clone(),
        services: offer.services.iter().map(Service::of).collect(),
        positions: positions::effective(offer, &chosen.facets),
        receipt: judged.receipt.members().json(),
        sent,
        presented,
        withheld,
    }
}
