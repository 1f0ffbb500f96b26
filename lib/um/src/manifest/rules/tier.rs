//! Rule 18: what a manifest asks of trust its claims and facets can only raise.

use ulp_core::json::Value;
use ulp_core::report::Refusal;

use super::{hold, items};
use crate::manifest::Version;

const CODE: &str = "um.tier";

pub fn check(manifest: Value<'_, '_>, _: Version) -> Result<(), Refusal> {
    let floor = tier(manifest)?.unwrap_or(0);
    let parts = items(manifest, "claims").chain(items(manifest, "facets"));
    for part in parts {
        let own = tier(part)?.unwrap_or(floor);
        hold(own >= floor, CODE, "requiredTrustTier of a claim or facet is below the manifest's")?;
    }
    Ok(())
}

fn tier(object: Value<'_, '_>) -> Result<Option<u8>, Refusal> {
    let Some(value) = object.get("requiredTrustTier") else { return Ok(None) };
    let tier = (0..=3u8).find(|tier| value.as_f64() == Some(f64::from(*tier)));
    let refuse = || Refusal::new(CODE, "requiredTrustTier is not an integer of 0 to 3");
    tier.map(Some).ok_or_else(refuse)
}
