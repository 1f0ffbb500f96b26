//! Which claims of a manifest are shown.

use ulp_core::json::Value;
use ulp_core::trust::Scratch;

use super::{Bench, Binding, Judged};
use crate::credential::claims;

/// Judges some claims of a manifest, in their order.
pub fn judge(claims: &[Value<'_, '_>], bench: &Bench<'_, '_, '_>, scratch: &mut Scratch) -> Vec<Judged> {
    let subject = bench.manifest.get("subject").and_then(Value::as_text).unwrap_or_default();
    let judged = |claim: &Value<'_, '_>| {
        let standing = claims::judge(*claim, &subject, &bench.court, scratch);
        Judged { standing, binding: Binding::Absent }
    };
    claims.iter().map(judged).collect()
}
