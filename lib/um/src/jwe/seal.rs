//! How content is sealed for some readers.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::write::Object;
use zeroize::Zeroizing;

use super::{ALGORITHM, ENCRYPTION, IV, KEY, PublicKey, Recipient, SecretKey, content, kdf, wrap};
use crate::draws::{Draws, NoRandomness};

/// What sealing needs of randomness. It is drawn one after the other, and used wherever there is time.
pub struct Recipe {
    content: Zeroizing<[u8; KEY]>,
    iv: [u8; IV],
    ephemeral: Vec<SecretKey>,
}

impl Recipe {
    /// Draws the content's key, the initialization vector, and then an ephemeral secret a recipient.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn draw(recipients: &[Recipient], draws: &mut Draws) -> Result<Recipe, NoRandomness> {
        let (mut content, mut iv) = (Zeroizing::new([0; KEY]), [0; IV]);
        draws.fill(content.as_mut_slice())?;
        draws.fill(&mut iv)?;
        let ephemeral = recipients.iter().map(|recipient| ephemeral(&recipient.key, draws));
        Ok(Recipe { content, iv, ephemeral: ephemeral.collect::<Result<_, _>>()? })
    }
}

/// A secret of the sort of a key.
fn ephemeral(key: &PublicKey, draws: &mut Draws) -> Result<SecretKey, NoRandomness> {
    let mut bytes = Zeroizing::new([0; KEY]);
    loop {
        draws.fill(bytes.as_mut_slice())?;
        if let PublicKey::X25519(_) = key {
            return Ok(SecretKey::x25519(bytes));
        }
        // One that is 0 or beyond the order, one in 2^32, is drawn anew.
        if let Some(secret) = SecretKey::p256(&bytes) {
            return Ok(secret);
        }
    }
}

/// Seals some content for the recipients for whom it was drawn; gives the canonical JWE.
pub fn seal(plain: &[u8], recipients: &[Recipient], recipe: &Recipe) -> String {
    let mut header = Object::default();
    header.text("alg", Some(ALGORITHM)).text("enc", Some(ENCRYPTION));
    let protected = BASE64URL_NOPAD.encode(&header.bytes());
    let (text, tag) = content::encrypt(plain, protected.as_bytes(), &recipe.content, &recipe.iv);
    let readers = recipients.iter().zip(&recipe.ephemeral);
    let readers: Vec<Vec<u8>> =
        readers.map(|(recipient, secret)| entry(recipient, secret, &recipe.content)).collect();
    let mut jwe = Object::default();
    jwe.text("protected", Some(&protected))
        .text("iv", Some(&BASE64URL_NOPAD.encode(&recipe.iv)))
        .text("ciphertext", Some(&BASE64URL_NOPAD.encode(&text)))
        .text("tag", Some(&BASE64URL_NOPAD.encode(&tag)))
        .list("recipients", &readers);
    jwe.json()
}

/// A recipient's entry: the content's key, wrapped for it.
fn entry(recipient: &Recipient, secret: &SecretKey, content: &[u8; KEY]) -> Vec<u8> {
    let shared = secret.agree(&recipient.key).expect("an ephemeral secret is of its recipient's sort");
    let wrapped = wrap::wrap(content, &kdf::derive(&shared, b"", b""));
    let mut header = Object::default();
    header.text("kid", Some(&recipient.kid)).object("epk", secret.public().jwk());
    let mut entry = Object::default();
    entry.text("encrypted_key", Some(&BASE64URL_NOPAD.encode(&wrapped))).object("header", header);
    entry.bytes()
}
