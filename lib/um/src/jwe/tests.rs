#![allow(clippy::unwrap_used)]

use data_encoding::HEXLOWER;
use ulp_core::json::{self, Tape};
use zeroize::Zeroizing;

use super::*;
use crate::dids::Dids;
use crate::draws::Draws;

fn x25519_key(n: u8) -> SecretKey {
    SecretKey::x25519(Zeroizing::new([n; 32]))
}

fn recipient(key: &SecretKey) -> Recipient {
    Recipient::of_did(&key.did(), &Dids::none()).unwrap()
}

fn sealed(plain: &[u8], keys: &[&SecretKey]) -> String {
    let recipients: Vec<Recipient> = keys.iter().map(|key| recipient(key)).collect();
    let recipe = Recipe::draw(&recipients, &mut Draws::seeded(&[7; 32])).unwrap();
    seal(plain, &recipients, &recipe)
}

fn opened(jwe: &str, key: &SecretKey) -> Result<Vec<u8>, Closed> {
    let mut tape = Tape::new();
    open(tape.parse(jwe, json::EVENT_DEPTH).unwrap(), key).map(|plain| plain.to_vec())
}

/// RFC 7518, appendix C, with the shared secret that it derives from.
#[test]
fn the_kdf_is_that_of_rfc_7518_in_its_form_for_wrapped_keys() {
    // Worked out with another implementation: SHA-256 over 1, the secret, and what RFC 7518 puts behind it.
    let derived = kdf::derive(&[7; 32], b"Alice", b"Bob");
    let plain = kdf::derive(&[7; 32], b"", b"");
    assert_ne!(*derived, *plain);
    let info = b"\0\0\0\x0eECDH-ES+A256KW\0\0\0\x05Alice\0\0\0\x03Bob\0\0\x01\0";
    let input = [&[0, 0, 0, 1][..], &[7; 32], info].concat();
    assert_eq!(*derived, ulp_core::hash::Sha256::of(&input).0);
}

/// RFC 3394, section 4.6.
#[test]
fn keys_are_wrapped_as_the_rfc_does() {
    let under: [u8; 32] = std::array::from_fn(|i| i as u8);
    let key = HEXLOWER.decode(b"00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f").unwrap();
    let wrapped = wrap::wrap(&key[..].try_into().unwrap(), &under);
    let expected = b"28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21";
    assert_eq!(HEXLOWER.encode(&wrapped).as_bytes(), expected);
    assert_eq!(wrap::unwrap(&wrapped, &under).unwrap()[..], key);
    for i in 0..40 {
        let mut changed = wrapped;
        changed[i] ^= 1;
        assert!(wrap::unwrap(&changed, &under).is_none());
    }
}

#[test]
fn each_recipient_opens_it_and_nobody_else() {
    let (one, two, three) = (x25519_key(1), SecretKey::p256(&[8; 32]).unwrap(), x25519_key(3));
    for plain in [&b""[..], b"{}", &[b'a'; 100_000]] {
        let jwe = sealed(plain, &[&one, &two, &three]);
        assert!(json::is_canonical(&jwe));
        for key in [&one, &two, &three] {
            assert_eq!(opened(&jwe, key).unwrap(), plain);
        }
        assert_eq!(opened(&jwe, &x25519_key(4)), Err(Closed::NoKey));
        assert_eq!(opened(&jwe, &SecretKey::p256(&[9; 32]).unwrap()), Err(Closed::NoKey));
    }
}

#[test]
fn names_of_keys_are_read_as_they_are_written() {
    for key in [x25519_key(5), SecretKey::p256(&[8; 32]).unwrap()] {
        let recipient = recipient(&key);
        assert_eq!(recipient.key, key.public());
        assert_eq!(recipient.kid, format!("{0}#{1}", key.did(), key.public().digits()));
    }
    assert_eq!(x25519_key(5).did(), "did:key:z6LSh6zfJpSAp8142MKt2zeXVBhc5Ze38qhBfK9V8JXoSRWc");
    let did = |bytes: &[u8]| format!("did:key:z{}", bs58::encode(bytes).into_string());
    let point = |codec: [u8; 2], bytes: &[u8]| did(&[&codec[..], bytes].concat());
    for bad in [
        "did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH".to_owned(),
        point([0xec, 1], &[0; 32]),
        point([0xec, 1], &[1].iter().chain([0; 31].iter()).copied().collect::<Vec<_>>()),
        point([0xec, 1], &[0xff; 32]),
        point([0xec, 1], &[&[9; 31][..], &[0x80]].concat()),
        point([0xec, 1], &[&[0xee][..], &[0xff; 30], &[0x7f]].concat()),
        point([0xec, 1], &[9; 31]),
        point([0x80, 0x24], &[2; 32]),
        point([0x80, 0x24], &[&[4][..], &[9; 64]].concat()),
        point([0x80, 0x24], &[&[2][..], &[0xff; 32]].concat()),
        "did:web:a.example".to_owned(),
        String::new(),
    ] {
        assert_eq!(Recipient::of_did(&bad, &Dids::none()), None, "{bad}");
    }
}

#[test]
fn a_did_lists_whom_to_seal_to() {
    let digits = x25519_key(5).public().digits();
    let document = format!(
        r##"{{"id":"did:web:a.example","authentication":[{{"id":"#a","publicKeyMultibase":"{digits}"}}],"keyAgreement":[{{"id":"#s","publicKeyMultibase":"z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH"}},{{"id":"#k","publicKeyMultibase":"{digits}"}}]}}"##
    );
    let dids = Dids::new(move |_| Some(document.clone().into_bytes()));
    let recipient = Recipient::of_did("did:web:a.example", &dids).unwrap();
    assert_eq!(recipient.kid, format!("did:web:a.example#{digits}"));
    let recipe = Recipe::draw(std::slice::from_ref(&recipient), &mut Draws::seeded(&[7; 32])).unwrap();
    let jwe = seal(b"x", &[recipient], &recipe);
    assert_eq!(opened(&jwe, &x25519_key(5)).unwrap(), b"x", "the key knows its own digits");
}

#[test]
fn an_ephemeral_scalar_that_is_none_is_drawn_anew() {
    let mut given = [vec![1; 32], vec![2; 12], vec![0; 32], vec![0xff; 32], vec![8; 32]].into_iter();
    let mut draws = Draws::new(move |bytes| {
        bytes.copy_from_slice(&given.next().unwrap());
        Ok(())
    });
    let key = SecretKey::p256(&[9; 32]).unwrap();
    let recipients = [recipient(&key)];
    let recipe = Recipe::draw(&recipients, &mut draws).unwrap();
    assert_eq!(opened(&seal(b"x", &recipients, &recipe), &key).unwrap(), b"x");
}

#[test]
fn what_is_odd_about_one_leaves_it_closed() {
    let key = x25519_key(1);
    let jwe = sealed(b"{\"a\":1}", &[&key]);
    let protected = |header: &str| {
        let was = data_encoding::BASE64URL_NOPAD.encode(br#"{"alg":"ECDH-ES+A256KW","enc":"A256GCM"}"#);
        assert!(jwe.contains(&was));
        jwe.replace(&was, &data_encoding::BASE64URL_NOPAD.encode(header.as_bytes()))
    };
    for changed in [
        protected("{}"),
        protected("[]"),
        protected(r#"{"alg":"ECDH-ES","enc":"A256GCM"}"#),
        protected(r#"{"alg":"ECDH-ES+A256KW","enc":"A128GCM"}"#),
        protected(r#"{"alg":"ECDH-ES+A256KW","enc":"A256GCM","zip":"DEF"}"#),
        protected(r#"{"alg":"ECDH-ES+A256KW","alg":"ECDH-ES+A256KW","enc":"A256GCM"}"#),
        protected(r#"{"enc":"A256GCM","alg":"ECDH-ES+A256KW"}"#),
        jwe.replace("\"header\":{", "\"header\":{\"crit\":[\"x\"],"),
        jwe.replace("\"header\":{", "\"header\":{\"alg\":\"ECDH-ES+A256KW\","),
        jwe.replace("\"header\":{", "\"header\":{\"apu\":\"AA\","),
        jwe.replace("\"header\":{", "\"header\":{\"apu\":\"A\","),
        jwe.replace("\"header\":{", "\"header\":{\"typ\":1,"),
        jwe.replace("{\"ciphertext\"", "{\"unprotected\":{\"enc\":\"A256GCM\"},\"ciphertext\""),
        jwe.replace("{\"ciphertext\"", "{\"unprotected\":[],\"ciphertext\""),
        jwe.replace("{\"ciphertext\"", "{\"aad\":\"AA\",\"ciphertext\""),
        jwe.replace("{\"ciphertext\"", "{\"encrypted_key\":\"AA\",\"ciphertext\""),
        jwe.replace("\"epk\":{", "\"epk\":{\"d\":\"AA\","),
        jwe.replace("\"X25519\"", "\"X448\""),
        jwe.replace("\"OKP\"", "\"EC\""),
        jwe.replace("\"iv\":\"", "\"iv\":\"AAAA"),
        jwe.replace("\"tag\":\"", "\"tag\":\"AAAA"),
        jwe.replace("\"ciphertext\":\"", "\"ciphertext\":\"AAAA"),
        jwe.replace("\"encrypted_key\":\"", "\"encrypted_key\":\"AAAA"),
        jwe.replace("\"tag\":", "\"tags\":"),
        jwe.replace("\"recipients\":[", "\"recipients\":[1,"),
    ] {
        assert_ne!(changed, jwe);
        assert_eq!(opened(&changed, &key), Err(Closed::Failed), "{changed}");
    }
    for harmless in [
        jwe.replace("\"header\":{", "\"header\":{\"typ\":\"x\",\"cty\":\"y\",\"apu\":\"\",\"apv\":\"\","),
        jwe.replace("{\"ciphertext\"", "{\"previousKid\":\"x\",\"ciphertext\""),
        jwe.replace("{\"ciphertext\"", "{\"unprotected\":{},\"ciphertext\""),
    ] {
        assert_ne!(harmless, jwe);
        assert_eq!(opened(&harmless, &key).unwrap(), b"{\"a\":1}", "{harmless}");
    }
    let other = jwe.replace("\"kid\":\"did:key:z6LS", "\"kid\":\"did:key:z6LT");
    assert_eq!(opened(&other, &key).unwrap(), b"{\"a\":1}", "the digits name the key");
    let nobody = jwe.replace("#z6LS", "#z6LT");
    assert_eq!(opened(&nobody, &key), Err(Closed::NoKey));
}

/// Each character of each base64url text, changed to another.
#[test]
fn no_changed_jwe_opens() {
    for key in [x25519_key(1), SecretKey::p256(&[8; 32]).unwrap()] {
        let jwe = sealed(b"{\"secret\":\"of some length\"}", &[&key]);
        let mut tried = 0;
        for (at, was) in jwe.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()) {
            let other = if was == 'A' { 'B' } else { 'A' };
            let changed = format!("{}{other}{}", &jwe[..at], &jwe[at + 1..]);
            if Tape::new().parse(&changed, json::EVENT_DEPTH).is_err() {
                continue;
            }
            // The part of a key's name before its digits names the DID, which says nothing of the key.
            let of_did = jwe[..at].rfind("\"kid\":\"").is_some_and(|from| !jwe[from..at].contains('#'));
            tried += usize::from(!of_did);
            assert!(of_did || opened(&changed, &key).is_err(), "{changed}");
        }
        assert!(tried > 300, "{tried}");
    }
}

#[test]
fn a_key_is_a_file_as_openssl_writes_it() {
    let pem = x25519_key(5).to_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEI"), "version 1 of PKCS#8");
    let read = ulp_core::trust::key::secret_of_pem(pem.as_bytes(), &AGREEMENT).ok().unwrap();
    assert_eq!(read.did(), x25519_key(5).did());
    let signing = ulp_core::trust::SecretKey::from_seed(&[1; 32]).to_pem();
    let fault = ulp_core::trust::key::secret_of_pem(signing.as_bytes(), &AGREEMENT).err();
    assert_eq!(fault, Some(ulp_core::trust::NoKey::Other("an Ed25519")));
}
