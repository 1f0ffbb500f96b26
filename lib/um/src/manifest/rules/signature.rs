//! Rule 13, its first part: the signature is there and has its members. Whether it holds is asked last.

use ulp_core::json::Value;
use ulp_core::report::Refusal;
use ulp_core::trust::SIGNATURE;

use super::{Object, is_string};
use crate::manifest::Version;

pub fn check(manifest: Value<'_, '_>, _: Version) -> Result<(), Refusal> {
    let unsigned = || Refusal::new("signature.missing", "a manifest of version 0.3 or later is signed");
    let signature = manifest.get(SIGNATURE).ok_or_else(unsigned)?;
    let signature = Object::of(signature, "signature.malformed", "the signature")?;
    signature.texts(&["algorithm", "canonicalization", "keyRef", "value"])?;
    signature.may_have(&["publicKeySpkiB64"], is_string, "a string")?;
    signature.may_have_times(&["created"])
}
