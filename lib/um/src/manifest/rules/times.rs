//! Rules 6 and 7.

use ulp_core::id::Time;
use ulp_core::json::Value;
use ulp_core::report::Refusal;
use ulp_core::trust::Instant;

use crate::manifest::{Clock, MAX_SKEW};

/// Says whether it has expired.
pub fn check(manifest: Value<'_, '_>, clock: Clock) -> Result<bool, Refusal> {
    let time = |name: &str, code| {
        let read = manifest.get(name).and_then(Instant::of);
        read.ok_or_else(|| Refusal::new(code, format!("{name} is not a time as in RFC 3339")))
    };
    let issued = time("issuedAt", "um.issued_at")?;
    let expires = time("expiresAt", "um.expires_at")?;
    if issued > expires {
        return Err(Refusal::new("um.order", "issuedAt is after expiresAt"));
    }
    let (now, lenient) = match clock {
        Clock::Unasked => return Ok(false),
        Clock::Fresh(now) => (now, false),
        Clock::MayHaveExpired(now) => (now, true),
    };
    let expired = Instant::from(now) > expires;
    if expired && !lenient {
        return Err(Refusal::new("um.expired", "it has expired, and must not be used"));
    }
    if issued > Instant::from(Time(now.0.saturating_add(MAX_SKEW))) {
        return Err(Refusal::new("um.not_yet", "issued more than 60 s ahead of the clock"));
    }
    Ok(expired)
}
