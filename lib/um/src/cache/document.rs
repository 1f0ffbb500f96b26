//! What a fold needs of a manifest.
//!
//! A document is read once it was judged, so nothing here refuses: an item that has no key, or is no object, says
//! nothing.

use super::line::canonical;
use super::words::Word;
use crate::hash;
use std::collections::BTreeMap;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::trust::{Instant, SIGNATURE};

/// What begins the name of a preference.
const PREFERENCE: &str = "prefs.";
/// The type of a claim, or of a consent, that has a name instead.
const CLAIM: &str = "um:Claim";
/// Versions whose consents are active or not, rather than having a word.
const TERMED: [&str; 2] = ["0.3", "0.4"];

/// A claim whose credential holds, by its place in `claims`, and when that became valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    pub index: usize,
    pub from: Instant,
}

/// Which claims of a manifest hold at the instant of the fold.
pub type Attest<'a> = &'a (dyn Fn(Value<'_, '_>) -> Vec<Attested> + Sync);

/// A manifest, as a view has it. Values are canonical JSON, by key; several of one key are a list.
#[derive(Clone, Debug)]
pub struct Document {
    pub id: String,
    pub subject: String,
    pub issued: Instant,
    /// `issuedAt` as it is written.
    pub issued_text: String,
    pub expires: Instant,
    /// Of the canonical form.
    pub hash: Sha256,
    pub consents: Vec<(String, Consent)>,
    pub preferences: BTreeMap<String, String>,
    pub claims: BTreeMap<String, String>,
    pub pointers: BTreeMap<String, String>,
    pub attested: Vec<Verified>,
    /// Whether a claim of it comes with a proof, so that it may hold at one instant and not at another.
    pub has_proofs: bool,
    /// Whether its signature names a status.
    pub has_status: bool,
    pub cursor: Option<String>,
}

/// What a document says of one consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    Word(Word),
    /// Active from its beginning up to its end.
    Term(Instant, Instant),
}

/// A verified claim: its key, and itself without its `@id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub key: String,
    pub claim: String,
    pub from: Instant,
}

impl Document {
    /// Reads a document, if it is one.
    pub fn read(text: &str, attest: Attest<'_>) -> Option<Document> {
        let mut tape = Tape::new();
        let manifest = tape.parse(text, json::EVENT_DEPTH).ok()?;
        let issued_text = manifest.get("issuedAt")?.as_text()?;
        let signature = manifest.get(SIGNATURE);
        let said = |name: &str| signature.and_then(|signature| signature.get(name));
        Some(Document {
            id: manifest.get("@id")?.as_text()?,
            subject: manifest.get("subject")?.as_text()?,
            issued: Instant::parse(&issued_text)?,
            issued_text,
            expires: Instant::of(manifest.get("expiresAt")?)?,
            hash: hash::of(manifest),
            consents: consents(manifest),
            preferences: listed(preferences(manifest)),
            claims: listed(keyed(manifest, "claims", claim_key)),
            pointers: listed(keyed(manifest, "pointers", pointer_key)),
            attested: attested(manifest, attest),
            has_proofs: items(manifest, "claims").any(|claim| claim.get("claimProof").is_some()),
            has_status: said("statusRef").is_some(),
            cursor: said("revocationCursor").and_then(Value::as_text),
        })
    }

    /// Looks anew at which claims hold, in the text that it was read from.
    pub fn attest(&mut self, text: &str, attest: Attest<'_>) {
        let mut tape = Tape::new();
        let manifest = tape.parse(text, json::EVENT_DEPTH);
        self.attested = manifest.map_or_else(|_| Vec::new(), |manifest| attested(manifest, attest));
    }

    /// The word of a consent at an instant: the least, where several have the key.
    pub fn word(&self, consent: &str, now: &Instant) -> Option<Word> {
        let of_key = self.consents.iter().filter(|(key, _)| key == consent);
        of_key.map(|(_, consent)| consent.word(now)).min()
    }
}

impl Consent {
    fn word(&self, now: &Instant) -> Word {
        match self {
            Consent::Word(word) => *word,
            Consent::Term(from, until) if from <= now && now < until => Word::Allowed,
            Consent::Term(..) => Word::Denied,
        }
    }
}

/// The objects of a list of a manifest.
fn items<'t, 'a>(manifest: Value<'t, 'a>, list: &str) -> impl Iterator<Item = Value<'t, 'a>> {
    let items = manifest.get(list).into_iter().flat_map(Value::items);
    items.filter(|item| item.kind() == Kind::Object)
}

fn consents(manifest: Value<'_, '_>) -> Vec<(String, Consent)> {
    let is_termed =
        manifest.get("manifestVersion").is_some_and(|v| TERMED.iter().any(|known| v.is_str(known)));
    let read = |item| {
        let consent = if is_termed { term(item) } else { Consent::Word(word(item)) };
        Some((consent_key(item)?, consent))
    };
    items(manifest, "consents").filter_map(read).collect()
}

/// The key of a consent: its `@id`; else its name, with whom and what it is for.
fn consent_key(item: Value<'_, '_>) -> Option<String> {
    let text = |name: &str| item.get(name).and_then(Value::as_text);
    if let Some(id) = text("@id") {
        return Some(id);
    }
    let mut key = text("name")?;
    for more in ["audience", "context"].into_iter().filter_map(text) {
        key = format!("{key} {more}");
    }
    Some(key)
}

fn word(item: Value<'_, '_>) -> Word {
    Word::of(item.get("value").and_then(Value::as_text).as_deref())
}

/// A consent of v0.3 and later. One that was withdrawn, or has no term, is over.
fn term(item: Value<'_, '_>) -> Consent {
    let time = |name: &str| item.get(name).and_then(Instant::of);
    match (time("grantedAt"), time("expiresAt")) {
        (Some(from), Some(until)) if item.get("withdrawnAt").is_none() => Consent::Term(from, until),
        _ => Consent::Word(Word::Denied),
    }
}

/// Keys and values, in the order of the document.
type Pairs = Vec<(String, String)>;

/// The members `prefs.*` of any entity.
fn preferences(manifest: Value<'_, '_>) -> Pairs {
    let lists = manifest.members().filter(|(name, _)| name.is_str("facets") || name.is_str("shards"));
    let entities = lists.flat_map(|(_, list)| list.items()).filter_map(|facet| facet.get("entity"));
    let members = entities.flat_map(Value::members);
    let named = members.filter_map(|(name, value)| Some((name.as_text()?, canonical(value))));
    named.filter(|(name, _)| name.starts_with(PREFERENCE)).collect()
}

fn keyed(manifest: Value<'_, '_>, list: &str, key: fn(Value<'_, '_>) -> Option<String>) -> Pairs {
    items(manifest, list).filter_map(|item| Some((key(item)?, canonical(item)))).collect()
}

/// The key of a claim: its type, or its name where it has none of its own; then its namespace.
fn claim_key(item: Value<'_, '_>) -> Option<String> {
    let text = |name: &str| item.get(name).and_then(Value::as_text);
    let key = match last_type(item)? {
        kind if kind == CLAIM => text("name")?,
        kind => kind,
    };
    Some(text("namespace").map_or_else(|| key.clone(), |namespace| format!("{key} {namespace}")))
}

fn pointer_key(item: Value<'_, '_>) -> Option<String> {
    let text = |name: &str| item.get(name).and_then(Value::as_text);
    text("name").or_else(|| text("rel")).or_else(|| last_type(item))
}

/// The type of an item: of several the last, which is the narrowest by custom.
fn last_type(item: Value<'_, '_>) -> Option<String> {
    let kind = item.get("@type")?;
    kind.as_text().or_else(|| kind.items().last().and_then(Value::as_text))
}

/// One value a key: several are a list.
fn listed(pairs: Pairs) -> BTreeMap<String, String> {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in pairs {
        lists.entry(key).or_default().push(value);
    }
    let one = |mut values: Vec<String>| match values.len() {
        1 => values.swap_remove(0),
        _ => format!("[{}]", values.join(",")),
    };
    lists.into_iter().map(|(key, values)| (key, one(values))).collect()
}

fn attested(manifest: Value<'_, '_>, attest: Attest<'_>) -> Vec<Verified> {
    let claims = || manifest.get("claims").into_iter().flat_map(Value::items);
    if claims().next().is_none() {
        return Vec::new();
    }
    let verified = |Attested { index, from }| {
        let claim = claims().nth(index)?;
        let mut bare = Vec::new();
        json::Canonical::new().write_without(claim, "@id", &mut bare);
        Some(Verified { key: claim_key(claim)?, claim: String::from_utf8(bare).ok()?, from })
    };
    attest(manifest).into_iter().filter_map(verified).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn items_have_keys_and_several_of_one_are_a_list() {
        let text = r#"{"@id":"m","subject":"s","issuedAt":"2026-11-20T12:00:00Z","expiresAt":"2026-11-21T12:00:00Z",
            "manifestVersion":"0.2","signature":{"statusRef":"https://x","revocationCursor":"c1"},
            "shards":[{"entity":{"prefs.a":1,"other":2}}],"facets":[{"entity":{"prefs.a":3}},{"entity":"sealed"}, 7],
            "consents":[{"name":"n","value":"allowed"},{"name":"n","audience":"x","context":"y","value":"restricted"},
                        {"@id":"i","name":"n","value":"allowed"},{"name":"n","value":"nonsense"},{"value":"allowed"},null],
            "claims":[{"@type":"um:Claim","name":"role","namespace":"org"},{"@type":["um:Claim","identity.x"]},{"@type":"um:Claim"}],
            "pointers":[{"name":"a","rel":"b"},{"rel":"b","@type":"t"},{"@type":"t"},{"@type":["x","t"]}]}"#;
        let document = Document::read(text, &|_| Vec::new()).unwrap();
        let now = Instant::parse("2026-11-20T12:00:00Z").unwrap();
        assert_eq!(document.word("n", &now), Some(Word::Denied), "the least of several");
        assert_eq!(document.word("n x y", &now), Some(Word::Restricted));
        assert_eq!(document.word("i", &now), Some(Word::Allowed));
        assert_eq!(document.word("m", &now), None);
        assert_eq!(document.preferences, BTreeMap::from([("prefs.a".into(), "[1,3]".into())]));
        assert_eq!(document.claims.keys().collect::<Vec<_>>(), ["identity.x", "role org"]);
        assert_eq!(document.pointers.keys().collect::<Vec<_>>(), ["a", "b", "t"]);
        assert_eq!(document.pointers["t"], r#"[{"@type":"t"},{"@type":["x","t"]}]"#);
        assert!(document.has_status);
        assert_eq!(document.cursor.as_deref(), Some("c1"));
    }

    #[test]
    fn a_term_is_active_from_its_beginning_up_to_its_end() {
        let text = |more: &str| {
            format!(
                r#"{{"@id":"m","subject":"s","issuedAt":"2026-11-20T12:00:00Z","expiresAt":"2026-11-21T12:00:00Z","manifestVersion":"0.4",
                "consents":[{{"@id":"c","value":"allowed","grantedAt":"2026-11-20T12:00:00Z","expiresAt":"2026-11-20T13:00:00Z"{more}}}]}}"#
            )
        };
        let word = |more: &str, at: &str| {
            let document = Document::read(&text(more), &|_| Vec::new()).unwrap();
            document.word("c", &Instant::parse(at).unwrap()).unwrap()
        };
        assert_eq!(word("", "2026-11-20T11:59:59.999Z"), Word::Denied);
        assert_eq!(word("", "2026-11-20T12:00:00Z"), Word::Allowed);
        assert_eq!(word("", "2026-11-20T13:00:00Z"), Word::Denied);
        assert_eq!(word(r#","withdrawnAt":"2027-01-01T00:00:00Z""#, "2026-11-20T12:30:00Z"), Word::Denied);
    }
}
