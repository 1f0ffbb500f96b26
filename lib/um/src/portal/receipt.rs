//! What was found of a manifest, stage by stage, in the words of UM; and how that is signed.
//!
//! ```text
//! {"@type":"um:Receipt","claimStatuses":[],"consentStatuses":[],"facetStatuses":[],"freshnessCheck":"fresh",
//!  "manifestId":"urn:uuid:…","outcome":"accepted","processedAt":"…","signatureCheck":"valid",…,"warnings":[]}
//! ```

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::write::{Object, write_texts};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, SecretKey};
use ulp_core::words;

use super::{Assurance, Binding};
use crate::manifest::{Version, unsigned_members};

/// How long a receipt is good for, in nanoseconds: 90 days.
const LIFETIME: i64 = 90 * 86_400 * 1_000_000_000;
const CONTEXT: &str = "https://universalmanifest.net/ns/v0.4";
const RECEIPT: &str = "um:Receipt";

words!(
    /// What comes of it all.
    Outcome {
        Rejected = "rejected",
        AcceptedPartial = "accepted-partial",
        AcceptedWithWarnings = "accepted-with-warnings",
        Accepted = "accepted",
    }
);
words!(
    /// Whether the signature holds.
    SignatureCheck {
        NotEvaluated = "not-evaluated",
        UnsupportedProfile = "unsupported-profile",
        Invalid = "invalid",
        Valid = "valid",
    }
);
words!(
    /// Whether it is of now.
    Freshness { NotEvaluated = "not-evaluated", Expired = "expired", Stale = "stale", Fresh = "fresh" }
);
words!(
    /// Whether its holder presented it here.
    ProofStatus {
        Absent = "absent",
        MissingRequired = "missing-required",
        Failed = "failed",
        Verified = "verified",
    }
);
words!(
    /// How long ago somebody was there.
    Liveness { Unknown = "unknown", Stale = "stale", Recent = "recent", Live = "live" }
);
words!(
    /// What became of a facet.
    FacetResult {
        Opaque = "opaque",
        ConsentDenied = "consent-denied",
        ConsentMissing = "consent-missing",
        AssuranceInsufficient = "assuranceInsufficient",
        TierUnsupported = "trustTierUnsupported",
        Processed = "processed",
    }
);
words!(
    /// What became of a claim.
    ClaimResult {
        Failed = "failed",
        Unprocessable = "unprocessable",
        TierUnsupported = "trustTierUnsupported",
        Unverified = "unverified",
        Verified = "verified",
    }
);
words!(
    /// Whether a consent covers what is meant to be done, as the first that holds.
    ConsentResult {
        Withdrawn = "withdrawn",
        Expired = "expired",
        ConditionViolated = "condition-violated",
        ScopeMismatch = "scope-mismatch",
        PurposeMismatch = "purpose-mismatch",
        Valid = "valid",
    }
);

/// A code of UM's registry, or one of ours.
pub type Code = Cow<'static, str>;

/// What was found so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub manifest_id: String,
    /// Left out where one asks to compare receipts.
    pub processed_at: Option<String>,
    pub signature: SignatureCheck,
    pub freshness: Freshness,
    /// What stands from the stage verify on.
    pub bound: Option<Bound>,
    pub warnings: Vec<Code>,
    pub unprocessed: Vec<Unprocessed>,
    pub claims: Vec<ClaimStatus>,
    pub consents: Vec<ConsentStatus>,
    pub facets: Vec<FacetStatus>,
    pub outcome: Option<Outcome>,
}

/// What is found of whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    pub key_ref_resolved: bool,
    /// `unchecked`, or what the status service said.
    pub revocation: &'static str,
    pub proof: ProofStatus,
    pub liveness: Liveness,
    pub holder: Binding,
    /// Whether a binding of several DIDs was asked to be of a tier that nobody reaches here.
    pub cross_did_unsupported: bool,
    pub tier: u8,
}

/// Something that was there and is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprocessed {
    pub kind: &'static str,
    /// The last of its types.
    pub r#type: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimStatus {
    pub id: Option<String>,
    pub status: ClaimResult,
    pub tier: Option<u8>,
    pub reason: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentStatus {
    pub id: Option<String>,
    pub facet: String,
    pub status: ConsentResult,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetStatus {
    pub id: Option<String>,
    pub status: FacetResult,
    pub reason: Option<&'static str>,
    /// The class that was reached, and whether it is enough, where one is asked for.
    pub assurance: Option<(Assurance, bool)>,
}

impl Bound {
    /// What holds before anything is known.
    pub fn unknown() -> Bound {
        Bound {
            key_ref_resolved: false,
            revocation: "unchecked",
            proof: ProofStatus::Absent,
            liveness: Liveness::Unknown,
            holder: Binding::Absent,
            cross_did_unsupported: false,
            tier: 0,
        }
    }
}

impl Receipt {
    /// A receipt of something that was not looked at yet.
    pub fn new(manifest_id: String, processed_at: Option<String>) -> Receipt {
        Receipt {
            manifest_id,
            processed_at,
            signature: SignatureCheck::NotEvaluated,
            freshness: Freshness::NotEvaluated,
            bound: None,
            warnings: Vec::new(),
            unprocessed: Vec::new(),
            claims: Vec::new(),
            consents: Vec::new(),
            facets: Vec::new(),
            outcome: None,
        }
    }

    /// Whether it goes no further.
    pub fn is_rejected(&self) -> bool {
        self.outcome == Some(Outcome::Rejected)
    }

    /// Warns, once of each.
    pub fn warn(&mut self, code: impl Into<Code>) {
        let code = code.into();
        if !self.warnings.contains(&code) {
            self.warnings.push(code);
        }
    }

    /// What stands from verify on, which this begins.
    pub fn bound(&mut self) -> &mut Bound {
        self.bound.get_or_insert_with(Bound::unknown)
    }

    /// The tier of trust that was verified.
    pub fn tier(&self) -> u8 {
        self.bound.map_or(0, |bound| bound.tier)
    }

    /// An unsigned receipt.
    pub fn unsigned(&self) -> Object {
        let mut object = self.members();
        object.text("@type", Some(RECEIPT));
        object
    }

    /// What it says, whether it is signed or not.
    pub fn members(&self) -> Object {
        let mut object = Object::default();
        object
            .text("manifestId", Some(&self.manifest_id))
            .text("processedAt", self.processed_at.as_deref())
            .text("signatureCheck", Some(self.signature.as_str()))
            .text("freshnessCheck", Some(self.freshness.as_str()))
            .text("outcome", self.outcome.map(Outcome::as_str))
            .list("warnings", &self.warnings.iter().map(|code| warning(code)).collect::<Vec<_>>())
            .list("unprocessedEntries", &printed(&self.unprocessed, Unprocessed::object))
            .list("claimStatuses", &printed(&self.claims, ClaimStatus::object))
            .list("consentStatuses", &printed(&self.consents, ConsentStatus::object))
            .list("facetStatuses", &printed(&self.facets, FacetStatus::object));
        if let Some(bound) = &self.bound {
            bound.add_to(&mut object);
        }
        object
    }
}

fn printed<T>(items: &[T], object: fn(&T) -> Object) -> Vec<Vec<u8>> {
    items.iter().map(|item| object(item).bytes()).collect()
}

fn warning(code: &str) -> Vec<u8> {
    let mut object = Object::default();
    object.text("code", Some(code)).text("message", Some(code));
    object.bytes()
}

impl Bound {
    fn add_to(&self, object: &mut Object) {
        let mut liveness = Object::default();
        liveness.text("freshnessClass", Some(self.liveness.as_str()));
        let cross_did = if self.cross_did_unsupported { "trustTierUnsupported" } else { "absent" };
        let resolution = if self.key_ref_resolved { "resolved" } else { "unresolved" };
        object
            .text("keyRefResolution", Some(resolution))
            .text("revocationStatus", Some(self.revocation))
            .text("presentationProofStatus", Some(self.proof.as_str()))
            .object("livenessStatus", liveness)
            .text("holderBindingStatus", Some(self.holder.as_str()))
            .text("crossDidBindingStatus", Some(cross_did))
            .number("effectiveTrustTier", f64::from(self.tier));
    }
}

impl Unprocessed {
    fn object(&self) -> Object {
        let mut object = Object::default();
        object.text("kind", Some(self.kind)).text("type", self.r#type.as_deref());
        object
    }
}

impl ClaimStatus {
    fn object(&self) -> Object {
        let mut object = Object::default();
        object
            .text("claimRef", self.id.as_deref())
            .text("reason", self.reason)
            .text("status", Some(self.status.as_str()));
        if let Some(tier) = self.tier {
            object.number("tier", f64::from(tier));
        }
        object
    }
}

impl ConsentStatus {
    fn object(&self) -> Object {
        let mut object = Object::default();
        object
            .text("consentRef", self.id.as_deref())
            .text("facetId", Some(&self.facet))
            .text("status", Some(self.status.as_str()));
        object
    }
}

impl FacetStatus {
    fn object(&self) -> Object {
        let mut object = Object::default();
        object
            .text("facetId", self.id.as_deref())
            .text("reason", self.reason)
            .text("status", Some(self.status.as_str()));
        if let Some((class, met)) = self.assurance {
            let mut assurance = Object::default();
            assurance.text("assertedClass", Some(class.as_str()));
            assurance.raw("met", Some(if met { "true" } else { "false" }));
            object.object("assuranceStatus", assurance);
        }
        object
    }
}

/// Signs a receipt: what was found of it, with what else it says, as a manifest about its evaluator.
///
/// # Errors
/// `um.expires_at`: the clock stands beyond what a time can say.
pub fn sign(mut members: Object, key: &SecretKey, id: &str, now: Time) -> Result<String, Refusal> {
    let beyond = || Refusal::new("um.expires_at", "beyond what a time can say");
    let issued = Instant::print(now).ok_or_else(beyond)?;
    let end = now.0.checked_add(LIFETIME).and_then(|end| Instant::print(Time(end))).ok_or_else(beyond)?;
    let did = key.did().to_string();
    members
        .text("@context", Some(CONTEXT))
        .text("@id", Some(id))
        .member("@type", |out| write_texts(["um:Manifest", RECEIPT], out))
        .text("manifestVersion", Some("0.4"))
        .text("subject", Some(&did))
        .text("evaluatorId", Some(&did))
        .text("issuedAt", Some(&issued))
        .text("expiresAt", Some(&end));
    key.sign_document_without(&members.json(), unsigned_members(Version::V04), &issued)
}

/// The multihash of what a receipt's signature is made over: `z` and base58btc of 0x1220 and the SHA-256.
pub fn multihash(signing_input: &[u8]) -> String {
    let digest = Sha256::of(signing_input).0;
    format!("z{}", bs58::encode([&[0x12, 0x20][..], &digest].concat()).into_string())
}
