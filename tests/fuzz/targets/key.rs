//! Keys: a key file that reads is written as one that reads the same; so is a did:key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::trust::{Did, SecretKey};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = SecretKey::from_pem(bytes) {
        let again = SecretKey::from_pem(key.to_pem().as_bytes()).ok().expect("a key that was written");
        assert_eq!(again.did(), key.did());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(did) = Did::from_key_ref(text) {
        assert_eq!(did.key_ref(), text);
    }
    assert!(!Did::is_did(text) || text.starts_with("did:"));
});
