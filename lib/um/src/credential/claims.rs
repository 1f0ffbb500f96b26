//! Which claims of a manifest hold, by the credentials beside them.
//!
//! A claim is verified when its `claimProof` holds a credential that a key of its `issuer` signed, within its times,
//! about the manifest's subject, by the issuer whom the claim names and whom one trusts for it, and what is signed says
//! what the claim says. Claims of three types can be: `identity.entityType`, `.personhood` and `.ageOver`; an age also
//! where a proof in zero knowledge shows it of what is signed ([`crate::age`]).

use ulp_core::id::Time;
use ulp_core::json::{Kind, Value};
use ulp_core::trust::{Instant, Scratch, Verifier};

use super::{Profile, issuer, profile, verify};
use crate::age;
use crate::dids::Dids;

const CREDENTIAL: &str = "portal.credential";
const HOLDER: &str = "portal.holder";
const CLAIM: &str = "portal.claim";
const EXPIRED: &str = "um:reason:freshness:expired";
const UNRESOLVED: &str = "um:reason:trust:claimproof-unresolved";
const UNKNOWN_ISSUER: &str = "um:reason:trust:issuer-unknown";
const CONFLICTING: &str = "um:reason:entity:conflicting-attestations";
const INCONSISTENT: &str = "um:reason:personhood:entity-type-inconsistent";

/// What an entity can be.
const ENTITY_TYPES: [&str; 3] = ["human", "ai_agent", "npc"];
/// A claim that several DIDs are one's: nothing here shows it.
const CROSS_DID: &str = "identity.crossDidBinding";

/// What is to be said of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its credential holds, and says it.
    Verified,
    /// It does not, and why.
    Failed(&'static str),
    /// Nothing shows it, and why.
    Unverified(&'static str),
    /// A type of claim of which nothing is known.
    Unprocessable,
}

/// An issuer whom one believes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    /// Its DID.
    pub did: String,
    /// The types of claims for which it is believed.
    pub claims: Vec<String>,
    /// The namespaces in which it says that somebody is a person.
    pub namespaces: Vec<String>,
    /// Until when, where that is bounded.
    pub until: Option<Time>,
}

/// What claims are judged with.
#[derive(Clone, Copy)]
pub struct Court<'c> {
    /// Says whether signatures hold.
    pub verifier: &'c Verifier,
    /// Says whose keys are whose.
    pub dids: &'c Dids,
    /// The issuers that are believed.
    pub trusted: &'c [Trusted],
    /// The time.
    pub now: Time,
}

/// Judges all claims of a manifest, in its order.
pub fn judge_all(manifest: Value<'_, '_>, court: &Court<'_>, scratch: &mut Scratch) -> Vec<Standing> {
    let claims: Vec<Value<'_, '_>> = manifest.get("claims").into_iter().flat_map(Value::items).collect();
    let subject = manifest.get("subject").and_then(Value::as_text).unwrap_or_default();
    judge_these(&claims, &About { subject: &subject, age: None }, court, scratch)
}

/// Whom claims are about, and what a proof of their age is bound to where one was asked for.
#[derive(Clone, Copy, Debug)]
pub struct About<'s> {
    /// The subject.
    pub subject: &'s str,
    /// Whom it is to convince. A proof in zero knowledge shows nothing to anybody else.
    pub age: Option<age::Asked<'s>>,
}

/// Judges some claims, and holds them to each other.
pub fn judge_these(
    claims: &[Value<'_, '_>],
    about: &About<'_>,
    court: &Court<'_>,
    scratch: &mut Scratch,
) -> Vec<Standing> {
    let mut standings: Vec<Standing> =
        claims.iter().map(|claim| judge(*claim, about, court, scratch)).collect();
    settle(claims, &mut standings);
    standings
}

/// Judges a claim by itself, whatever stands beside it.
pub fn judge(claim: Value<'_, '_>, about: &About<'_>, court: &Court<'_>, scratch: &mut Scratch) -> Standing {
    let Some(kind) = Known::of(claim) else { return unknown(claim) };
    let Some(proof) = claim.get("claimProof").filter(|proof| is_proof(*proof)) else {
        return Standing::Unverified(UNRESOLVED);
    };
    let standings = cases(kind, claim, proof, about)
        .map(|case| case.judge(court, scratch).map_or_else(|standing| standing, |()| Standing::Verified));
    // One that shows it is enough; where none does, the first says why.
    let best = standings.reduce(|first, next| if next == Standing::Verified { next } else { first });
    best.unwrap_or(Standing::Failed(CREDENTIAL))
}

/// Whether there is an object that could show something.
fn is_proof(proof: Value<'_, '_>) -> bool {
    matches!(proof.kind(), Kind::Object | Kind::Array)
}

/// What is to be said of a claim that no credential is known to show.
fn unknown(claim: Value<'_, '_>) -> Standing {
    let is_binding = claim.get("@type").is_some_and(|kind| kind.is_str(CROSS_DID));
    if is_binding { Standing::Unverified(UNRESOLVED) } else { Standing::Unprocessable }
}

/// Since when a claim about a subject is shown: by the latest of its credentials that hold. One that says no beginning
/// begins before all others.
pub fn shown_from(
    claim: Value<'_, '_>,
    subject: &str,
    court: &Court<'_>,
    scratch: &mut Scratch,
) -> Option<Instant> {
    let about = About { subject, age: None };
    let cases = cases(Known::of(claim)?, claim, claim.get("claimProof")?, &about);
    let shown = cases.filter_map(|case| case.judge(court, scratch).ok().and_then(|()| case.times()));
    shown.map(|times| times.from.unwrap_or_else(|| Instant::from(Time(i64::MIN)))).max()
}

/// What claims say of each other: of two entity types neither holds, and only a human is a person.
fn settle(claims: &[Value<'_, '_>], standings: &mut [Standing]) {
    let mut types: Vec<String> = Vec::new();
    let of = |kind: Known, standings: &[Standing]| -> Vec<usize> {
        let holds = |i: &usize| standings[*i] == Standing::Verified && Known::of(claims[*i]) == Some(kind);
        (0..claims.len()).filter(holds).collect()
    };
    let entities = of(Known::EntityType, standings);
    types.extend(entities.iter().filter_map(|i| claims[*i].get("entityType")?.as_text()));
    types.sort_unstable();
    types.dedup();
    if types.len() > 1 {
        entities.iter().for_each(|i| standings[*i] = Standing::Failed(CONFLICTING));
    }
    if types != ["human"] {
        of(Known::Personhood, standings)
            .into_iter()
            .for_each(|i| standings[i] = Standing::Failed(INCONSISTENT));
    }
}

/// A type of claim that a credential can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    EntityType,
    Personhood,
    AgeOver,
}

impl Known {
    fn of(claim: Value<'_, '_>) -> Option<Known> {
        let kind = claim.get("@type")?;
        let kinds = [Known::EntityType, Known::Personhood, Known::AgeOver];
        kinds.into_iter().find(|known| kind.is_str(known.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Known::EntityType => "identity.entityType",
            Known::Personhood => "identity.personhood",
            Known::AgeOver => "identity.ageOver",
        }
    }
}

/// The credentials beside a claim that hold, are in time, about that subject and by the claim's issuer, whatever they
/// say. Whether the issuer is believed is not asked.
pub fn committed<'t, 'a>(
    claim: Value<'t, 'a>,
    subject: &str,
    court: &Court<'_>,
    scratch: &mut Scratch,
) -> Vec<Value<'t, 'a>> {
    let Some((kind, proof)) = Known::of(claim).zip(claim.get("claimProof")) else { return Vec::new() };
    let about = About { subject, age: None };
    let mut holds = |credential: &Value<'t, 'a>| {
        let case = Case { kind, claim, about: &about, credential: *credential, hidden: None };
        case.hold(court, scratch).is_ok()
    };
    credentials(proof).filter(&mut holds).collect()
}

/// Whether a claim of age says that it is shown in zero knowledge.
pub fn is_in_zero_knowledge(claim: Value<'_, '_>) -> bool {
    let is_age = Known::of(claim) == Some(Known::AgeOver);
    is_age && claim.get("proofMechanism").is_some_and(|mechanism| mechanism.is_str(age::MECHANISM))
}

/// The credentials that a proof holds: it is one, is a presentation of some, or is a list of such.
fn credentials<'t, 'a>(proof: Value<'t, 'a>) -> impl Iterator<Item = Value<'t, 'a>> {
    each(proof).flat_map(|proof| each(proof.get("verifiableCredential").unwrap_or(proof)))
}

/// What could show a claim, each with its credential.
fn cases<'t, 'a, 's>(
    kind: Known,
    claim: Value<'t, 'a>,
    proof: Value<'t, 'a>,
    about: &'s About<'s>,
) -> impl Iterator<Item = Case<'t, 'a, 's>> {
    let is_in_zero_knowledge = is_in_zero_knowledge(claim);
    let plain = (!is_in_zero_knowledge).then(|| credentials(proof)).into_iter().flatten();
    let hidden = is_in_zero_knowledge.then(|| each(proof)).into_iter().flatten();
    let hidden = hidden.map(|proof| (proof.get("verifiableCredential").unwrap_or(proof), Some(proof)));
    plain.map(|credential| (credential, None)).chain(hidden).map(move |(credential, hidden)| Case {
        kind,
        claim,
        about,
        credential,
        hidden,
    })
}

/// The items of an array; anything else is one.
fn each<'t, 'a>(value: Value<'t, 'a>) -> impl Iterator<Item = Value<'t, 'a>> {
    let own = (value.kind() != Kind::Array).then_some(value);
    own.into_iter().chain(value.items())
}

/// A claim, and a credential that is to show it.
struct Case<'t, 'a, 's> {
    kind: Known,
    claim: Value<'t, 'a>,
    about: &'s About<'s>,
    credential: Value<'t, 'a>,
    /// What shows an age of what the credential commits to.
    hidden: Option<Value<'t, 'a>>,
}

impl Case<'_, '_, '_> {
    fn judge(&self, court: &Court<'_>, scratch: &mut Scratch) -> Result<(), Standing> {
        let (times, issuer) = self.hold(court, scratch)?;
        if !self.says(&times).unwrap_or(false) {
            return Err(Standing::Failed(CLAIM));
        }
        if self.is_trusted(&issuer, court) { Ok(()) } else { Err(Standing::Unverified(UNKNOWN_ISSUER)) }
    }

    /// Whether the credential is sound, in time, about whom the claim is about and by whom the claim says: its times and
    /// its issuer.
    fn hold(&self, court: &Court<'_>, scratch: &mut Scratch) -> Result<(Times, String), Standing> {
        let hold = |holds: bool, code| if holds { Ok(()) } else { Err(Standing::Failed(code)) };
        let signed = verify(self.credential, court.verifier, court.dids, scratch);
        hold(self.is_formed() && signed.is_ok_and(|signed| signed.is_some_and(|s| s.by_issuer)), CREDENTIAL)?;
        let times = self.times().ok_or(Standing::Failed(CREDENTIAL))?;
        hold(times.hold(court.now), EXPIRED)?;
        let about = self.credential.get("credentialSubject").and_then(|subject| subject.get("id"));
        hold(about.is_some_and(|id| id.is_str(self.about.subject)), HOLDER)?;
        let issuer = issuer(self.credential).unwrap_or_default();
        hold(self.claim.get("issuer").is_some_and(|claimed| claimed.is_str(&issuer)), CLAIM)?;
        Ok((times, issuer))
    }

    /// Whether it is a credential of one of the two forms that issuers use.
    fn is_formed(&self) -> bool {
        const NAME: &str = "VerifiableCredential";
        let kind = self.credential.get("type");
        match profile(self.credential) {
            Ok(Some(Profile::EddsaJcs2022)) => {
                kind.and_then(|kind| kind.items().next()).is_some_and(|first| first.is_str(NAME))
            }
            Ok(Some(Profile::VcJcsEd25519)) => {
                let sort = self.credential.get("credentialType");
                kind.is_some_and(|kind| kind.is_str(NAME))
                    && sort.is_some_and(|sort| sort.chars().next().is_some())
            }
            _ => false,
        }
    }

    /// From when and until when, in the words of either form; nothing where one of them is no time.
    fn times(&self) -> Option<Times> {
        let time = |names: [&str; 2]| match names.iter().find_map(|name| self.credential.get(name)) {
            Some(value) => Instant::of(value).map(Some),
            None => Some(None),
        };
        Some(Times {
            from: time(["validFrom", "issuanceDate"])?,
            until: time(["validUntil", "expirationDate"])?,
        })
    }

    /// Whether what is signed says what the claim says.
    fn says(&self, times: &Times) -> Option<bool> {
        let signed = self.credential.get("credentialSubject")?;
        let text = |name: &str| self.claim.get(name)?.as_text();
        let is = |name: &str, word: &str| signed.get(name).is_some_and(|v| v.is_str(word));
        let is_true = |name: &str| signed.get(name).and_then(Value::as_bool) == Some(true);
        Some(match self.kind {
            Known::EntityType => {
                let entity = text("entityType")?;
                ENTITY_TYPES.contains(&entity.as_str()) && is("entityType", &entity)
            }
            Known::Personhood => {
                let namespace = text("namespace").filter(|namespace| !namespace.is_empty())?;
                is_true("personhood") && is("namespace", &namespace) && times.until.is_some()
            }
            Known::AgeOver => {
                let years = u32::try_from(self.claim.get("ageOver")?.as_i64()?).ok()?;
                let years = Some(years).filter(|years| age::AGES.contains(years))?;
                let said = signed.get("ageOver").and_then(Value::as_i64) == Some(years.into());
                match self.hidden {
                    Some(proof) => self.is_shown(proof, years),
                    None => (said && is_true("satisfied")) || is_true(&format!("age_over_{years}")),
                }
            }
        })
    }

    /// Whether an age is shown to whoever asked for it.
    fn is_shown(&self, proof: Value<'_, '_>, years: u32) -> bool {
        self.about.age.is_some_and(|asked| age::shows(proof, years, self.about.subject, &asked))
    }

    fn is_trusted(&self, issuer: &str, court: &Court<'_>) -> bool {
        let namespace = self.claim.get("namespace").and_then(Value::as_text).unwrap_or_default();
        court.trusted.iter().any(|trusted| {
            trusted.did == issuer
                && trusted.claims.iter().any(|kind| kind == self.kind.name())
                && (self.kind != Known::Personhood || trusted.namespaces.contains(&namespace))
                && trusted.until.is_none_or(|until| court.now < until)
        })
    }
}

/// Between when a credential holds, both ends included.
struct Times {
    from: Option<Instant>,
    until: Option<Instant>,
}

impl Times {
    fn hold(&self, now: Time) -> bool {
        let now = Instant::from(now);
        self.from.as_ref().is_none_or(|from| *from <= now)
            && self.until.as_ref().is_none_or(|until| now <= *until)
    }
}
