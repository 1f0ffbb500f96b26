//! arrive: strict JSON, and every rule of its version but those of the clock and of who signed it.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Fault, Kind, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::SIGNATURE;

use super::work::{Evaluation, Rejection};
use crate::manifest::{Clock, Version, check_shape};

const MALFORMED: &str = "um:reason:structure:malformed";

/// Reads a manifest.
pub fn arrive<'t, 'a>(
    bytes: &'a [u8],
    tape: &'t mut Tape,
    found: &mut Evaluation,
) -> Result<(Value<'t, 'a>, Version), Rejection> {
    let malformed = |refusal: Refusal| Rejection(vec![MALFORMED.into(), refusal.code]);
    let manifest = read(bytes, tape);
    let id = manifest.as_ref().ok().and_then(|manifest| name_of(*manifest));
    found.receipt.manifest_id = id.unwrap_or_else(|| name_of_bytes(bytes));
    let manifest = manifest.map_err(malformed)?;
    check(manifest, bytes.len()).map(|version| (manifest, version)).map_err(malformed)
}

fn read<'t, 'a>(bytes: &'a [u8], tape: &'t mut Tape) -> Result<Value<'t, 'a>, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new(Fault::Utf8.code(), "not UTF-8"))?;
    Ok(tape.parse(text, json::EVENT_DEPTH)?)
}

fn check(manifest: Value<'_, '_>, bytes: usize) -> Result<Version, Refusal> {
    let (version, _) = check_shape(manifest, bytes, Clock::Unasked)?;
    if version == Version::V01 {
        return Err(Refusal::new("um.version", "version 0.1 is never signed"));
    }
    let signature = manifest.get(SIGNATURE);
    let unsigned = || Refusal::new("signature.missing", "it is not signed");
    signature.map(|_| version).ok_or_else(unsigned)
}

/// The `@id`, where there is one to read.
fn name_of(manifest: Value<'_, '_>) -> Option<String> {
    let id = manifest.get("@id").filter(|id| id.kind() == Kind::String)?;
    id.as_text().filter(|id| !id.is_empty())
}

/// What bytes are called that have no other name (RFC 6920).
fn name_of_bytes(bytes: &[u8]) -> String {
    format!("ni:///sha-256;{}", BASE64URL_NOPAD.encode(&Sha256::of(bytes).0))
}
