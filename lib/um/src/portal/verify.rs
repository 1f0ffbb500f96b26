//! verify: whose it is, and whether of now; the first failure ends it.

use ulp_core::id::Time;
use ulp_core::json::Value;
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, SIGNATURE};

use super::receipt::{Freshness, Liveness, SignatureCheck};
use super::work::{Passed, Rejection, Work};
use super::{Stand, presence};
use crate::cache::said::{Condition, Status};
use crate::dids::Purpose;
use crate::manifest::{Clock, Context, MAX_SKEW, Signer, Version, signer};

const UNSUPPORTED: &str = "um:reason:crypto:unsupported-profile";
const INVALID: &str = "um:reason:crypto:signature-invalid";
const EXPIRED: &str = "um:reason:freshness:expired";
const STALE: &str = "um:reason:freshness:stale";
const REVOKED: &str = "um:reason:status:revoked";
const SUSPENDED: &str = "um:reason:status:suspended";
const DELEGATION_EXPIRED: &str = "um:reason:delegation:expired";
const EMPTY_SCOPE: &str = "um:reason:delegation:empty-scope";
const UNATTRIBUTED: &str = "um:reason:delegation:unattributed";
const SUBJECT: &str = "portal.subject";
pub const DELEGATION: &str = "um:agentDelegation";
/// How long ago an attestation may be for each class, in nanoseconds.
const LIVE: i64 = 60_000_000_000;
const RECENT: i64 = 4 * 3_600_000_000_000;

pub fn run(work: &mut Work<'_, '_, '_, '_>) -> Passed {
    work.found.receipt.bound();
    let signer = signature(work)?;
    work.key = Some(signer.key);
    freshness(work)?;
    status(work)?;
    presence::proof(work, signer.key)?;
    if matches!(work.setting.stand, Stand::Offered | Stand::Door { .. }) && !signer.is_subject(work.manifest)
    {
        return Err(Rejection::of(SUBJECT));
    }
    presence::session(work)?;
    work.found.receipt.bound().liveness = liveness(work.manifest, work.version, work.setting.now);
    delegation(work)
}

fn signature(work: &mut Work<'_, '_, '_, '_>) -> Result<Signer, Rejection> {
    let Work { manifest, version, setting, .. } = work;
    let dids = setting.dids;
    let reference = manifest.get(SIGNATURE).and_then(|raw| raw.get("keyRef")).and_then(Value::as_text);
    let key = reference.and_then(|reference| dids.signing_key(&reference, Purpose::Manifest));
    work.found.receipt.bound().key_ref_resolved = key.is_some();
    let context = Context { clock: Clock::Unasked, verifier: setting.verifier, dids };
    let held = signer(*manifest, *version, &context, &mut work.scratch);
    let held = held.and_then(|signer| signer.ok_or_else(|| Refusal::new("signature.missing", "unsigned")));
    let (check, result) = match held {
        Ok(signer) => (SignatureCheck::Valid, Ok(signer)),
        Err(refusal) if refusal.code == "signature.algorithm" => {
            (SignatureCheck::UnsupportedProfile, Err(Rejection::of(UNSUPPORTED)))
        }
        Err(_) => (SignatureCheck::Invalid, Err(Rejection::of(INVALID))),
    };
    work.found.receipt.signature = check;
    result
}

fn freshness(work: &mut Work<'_, '_, '_, '_>) -> Passed {
    let now = work.setting.now;
    let (freshness, code) = if is_past(work.manifest, "expiresAt", now) {
        (Freshness::Expired, EXPIRED)
    } else if time(work.manifest, "issuedAt").is_some_and(|issued| issued > later(now, MAX_SKEW)) {
        (Freshness::Stale, STALE)
    } else {
        work.found.receipt.freshness = Freshness::Fresh;
        return Ok(());
    };
    work.found.receipt.freshness = freshness;
    Err(Rejection::of(code))
}

/// What the status service said last of this manifest.
fn status(work: &mut Work<'_, '_, '_, '_>) -> Passed {
    let Work { manifest, setting, .. } = work;
    let of_this = |status: &&Status| manifest.get("@id").is_some_and(|id| id.is_str(&status.manifest));
    // Of two that are equally new, the worse one counts: conditions are ordered, the worst first.
    let worst_last = |status: &&Status| (status.updated.clone(), std::cmp::Reverse(status.condition));
    let Some(last) = setting.status.iter().filter(of_this).max_by_key(worst_last) else { return Ok(()) };
    work.found.receipt.bound().revocation = last.condition.as_str();
    match last.condition {
        Condition::Revoked => Err(Rejection::of(REVOKED)),
        Condition::Suspended => {
            work.found.receipt.warn(SUSPENDED);
            Ok(())
        }
        Condition::Active => Ok(()),
    }
}

/// How long ago somebody was there. What an attestation proves is not asked: none meets a floor.
fn liveness(manifest: Value<'_, '_>, version: Version, now: Time) -> Liveness {
    let attestation = manifest.get("livenessAttestation").filter(|_| version == Version::V04);
    let Some(attestation) = attestation else { return Liveness::Unknown };
    let Some(attested) = time(attestation, "attestedAt") else { return Liveness::Unknown };
    if is_past(attestation, "validUntil", now) || attested > later(now, MAX_SKEW) {
        return Liveness::Unknown;
    }
    match () {
        () if attested >= later(now, -LIVE) => Liveness::Live,
        () if attested >= later(now, -RECENT) => Liveness::Recent,
        () => Liveness::Stale,
    }
}

/// Whoever acts for the subject: one whose time is over rejects, one that says too little is warned of.
fn delegation(work: &mut Work<'_, '_, '_, '_>) -> Passed {
    let pointers = work.manifest.get("pointers").into_iter().flat_map(Value::items);
    let is_delegation = |pointer: &Value<'_, '_>| pointer.get("@type").is_some_and(|t| t.is_str(DELEGATION));
    let delegations: Vec<Value<'_, '_>> = pointers.filter(is_delegation).collect();
    if delegations.iter().any(|delegation| is_past(*delegation, "expiresAt", work.setting.now)) {
        return Err(Rejection::of(DELEGATION_EXPIRED));
    }
    let receipt = &mut work.found.receipt;
    if delegations.iter().any(|delegation| delegation.get("scope").is_none_or(Value::is_empty)) {
        receipt.warn(EMPTY_SCOPE);
    }
    if delegations.iter().any(|delegation| delegation.get("delegateId").is_none_or(|id| id.is_str(""))) {
        receipt.warn(UNATTRIBUTED);
    }
    Ok(())
}

fn time(object: Value<'_, '_>, name: &str) -> Option<Instant> {
    object.get(name).and_then(Instant::of)
}

fn is_past(object: Value<'_, '_>, name: &str, now: Time) -> bool {
    time(object, name).is_none_or(|time| Instant::from(now) > time)
}

fn later(now: Time, nanos: i64) -> Instant {
    Instant::from(Time(now.0.saturating_add(nanos)))
}
