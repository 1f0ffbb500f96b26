//! A visitor before many worlds.

#![allow(clippy::unwrap_used)]

mod claims;
mod closing;
mod going;
mod refused;

use ulp_core::id::Time;
use ulp_core::json::{Tape, Value};
use ulp_core::trust::{Instant, SecretKey, Verifier};

use super::*;
use crate::birth::{Blinding, commit};
use crate::credential::{Profile, sign};
use crate::dids::Dids;
use crate::portal::{Assurance, Trust, issuers, offer, roles, rules};

const NOW: &str = "2026-11-20T12:00:20.000Z";
const RULES: &str = r#"rule = [{role = "virtual-world-host", audience = "*", facets = ["*", "portal:performanceData", "portal:governmentId", "portal:verifiableCredentials"], claims = ["identity.entityType", "identity.personhood", "identity.ageOver"], purposes = ["portal-entry"], ages = [18, 21], max_rating = "mature"}]"#;

fn time(text: &str) -> Time {
    Instant::parse(text).unwrap().time().unwrap()
}

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

/// A credential by key 1 about key 2.
fn credential(says: &str) -> String {
    let text = format!(
        r#"{{"@context":["c"],"type":["VerifiableCredential","t"],"issuer":"{}","validFrom":"2026-01-01T00:00:00Z","validUntil":"2027-01-01T00:00:00Z","credentialSubject":{{"id":"{}",{says}}}}}"#,
        key(1).did(),
        key(2).did()
    );
    let mut tape = Tape::new();
    let text = tape.parse(&text, 64).unwrap();
    sign(text, Profile::EddsaJcs2022, &key(1), &Dids::none(), "2026-01-01T00:00:00Z").unwrap()
}

fn claim(kind: &str, says: &str, proof: &str) -> String {
    format!(
        r#"{{"@id":"urn:own:{kind}","@type":"{kind}","issuer":"{}",{says}"claimProof":{proof}}}"#,
        key(1).did()
    )
}

fn entity(word: &str) -> String {
    let says = format!("\"entityType\":\"{word}\"");
    claim("identity.entityType", &format!("{says},"), &credential(&says))
}

/// A claim that commits to a birth date, and the opening.
fn born(date: &str) -> (String, Opening) {
    let bare = format!(r#"{{"credentialSubject":{{"birthDate":"{date}"}}}}"#);
    let blinding = Blinding::draw(&mut Draws::seeded(&[5; 32])).unwrap();
    let committed = commit(Tape::new().parse(&bare, 64).unwrap(), &blinding, time(NOW)).unwrap();
    let mut tape = Tape::new();
    let subject = tape.parse(&committed.credential, 64).unwrap().get("credentialSubject").unwrap().raw();
    let says = subject.trim_start_matches('{').trim_end_matches('}');
    (claim("identity.ageOver", "", &credential(says)), Opening::parse(&committed.opening).unwrap())
}

fn facet(name: &str, kind: &str, content: &str, more: &str) -> String {
    format!(
        r#"{{"@id":"urn:own:{name}","@type":["um:Facet","{kind}"],"name":"{name}","entity":{content}{more}}}"#
    )
}

fn consent(name: &str, more: &str) -> String {
    let scope = if more.contains("position") { "position" } else { "display" };
    format!(
        r#"{{"@id":"urn:own:c-{name}","@type":"um:Consent","facetRef":"urn:own:{name}","scope":["{scope}","read"],"purpose":"portal-entry","grantedAt":"2026-01-01T00:00:00Z","expiresAt":"2027-01-01T00:00:00Z"{more}}}"#
    )
}

fn position(name: &str, word: &str) -> String {
    consent("pos", &format!(r#","position":"{name}","disposition":"{word}""#))
}

const POSITIONS: &str = "portal:positions";
const PERSONA: &str = "portal:persona";

#[derive(Clone, Default)]
struct Own {
    facets: Vec<String>,
    claims: Vec<String>,
    consents: Vec<String>,
}

impl Own {
    fn with(mut self, name: &str, kind: &str, content: &str) -> Own {
        self.facets.push(facet(name, kind, content, ""));
        self.consents.push(consent(name, ""));
        self
    }

    fn json(&self) -> String {
        let [facets, claims, consents] =
            [&self.facets, &self.claims, &self.consents].map(|list| list.join(","));
        format!(r#"{{"facets":[{facets}],"claims":[{claims}],"consents":[{consents}]}}"#)
    }
}

/// Who goes, and what they ask of themselves.
struct Side<'s> {
    roles: &'s str,
    rules: &'s str,
    openings: Vec<Opening>,
    shown: Vec<(String, i64)>,
    now: &'s str,
}

impl Default for Side<'_> {
    fn default() -> Self {
        Side { roles: "", rules: RULES, openings: Vec::new(), shown: Vec::new(), now: NOW }
    }
}

impl Side<'_> {
    fn present(&self, own: &Own, terms: &str) -> Presented {
        let made =
            offer::make(terms, &key(3), &mut Draws::seeded(&[3; 32]), time("2026-11-20T12:00:00.000Z"));
        self.answer(own, made.unwrap().text.as_bytes())
    }

    fn answer(&self, own: &Own, offer: &[u8]) -> Presented {
        let roles = roles::parse(self.roles).unwrap();
        let rules = rules::parse(self.rules, &roles).unwrap();
        let (verifier, dids, trust) = (Verifier::new(), Dids::none(), Trust::default());
        let setting = Setting {
            now: time(self.now),
            verifier: &verifier,
            dids: &dids,
            trust: &trust,
            ratings: &roles.ratings,
            opener: None,
            status: &[],
            assurance: Assurance::Software,
            max_tier: 1,
            scope: &[],
            stand: Stand::Offered,
        };
        let visitor = Visitor {
            key: &key(2),
            bound: Some(&key(4)),
            container: &own.json(),
            openings: &self.openings,
            roles: &roles,
            rules: &rules,
            setting,
            shown: &self.shown,
            ttl: MAX_TTL,
        };
        present(offer, &visitor, &mut Draws::seeded(&[9; 32])).unwrap()
    }

    fn sent(&self, own: &Own, terms: &str) -> Sent {
        match self.present(own, terms) {
            Presented::Sent(sent) => *sent,
            Presented::Refused(refused) => panic!("{:?}", refused.codes),
        }
    }

    fn refused(&self, own: &Own, terms: &str) -> Vec<String> {
        match self.present(own, terms) {
            Presented::Sent(sent) => panic!("{}", sent.text),
            Presented::Refused(refused) => {
                assert!(refused.receipt.contains("\"outcome\":\"rejected\""), "{}", refused.receipt);
                assert_eq!(refused.entry.own, Sha256::of(refused.receipt.as_bytes()));
                refused.codes.iter().map(|code| code.to_string()).collect()
            }
        }
    }
}

fn terms(asks: &str, more: &str) -> String {
    format!(
        r#"{{"title":"T","contentRating":"teen","role":"virtual-world-host","asks":[{asks}],"services":[{more}]}}"#
    )
}

fn ask(kind: &str, more: &str) -> String {
    format!(r#"{{"kind":"{kind}","scope":["display"],"purpose":"portal-entry"{more}}}"#)
}

fn service(id: &str, position: &str, word: &str) -> String {
    format!(r#"{{"id":"{id}","purpose":"portal-entry","needs":{{"{position}":"{word}"}}}}"#)
}

/// An item of a presentation, somewhere in it.
fn at(text: &str, path: &[&str]) -> Option<String> {
    let mut tape = Tape::new();
    let document = tape.parse(text, 64).unwrap();
    let step = |value: Value<'_, '_>, name: &&str| match name.parse::<usize>() {
        Ok(n) => value.items().nth(n).map(|v| v.raw().to_owned()),
        Err(_) => value.get(name).map(|v| v.raw().to_owned()),
    };
    let mut raw = document.raw().to_owned();
    for name in path {
        let mut tape = Tape::new();
        raw = step(tape.parse_any(&raw, 64).unwrap(), name)?;
    }
    Some(raw)
}

fn facets_of(text: &str) -> Vec<String> {
    (0..)
        .map_while(|n| at(text, &["facets", &n.to_string(), "@type", "1"]))
        .map(|kind| kind.trim_matches('"').to_owned())
        .collect()
}
