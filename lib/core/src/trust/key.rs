//! Keys as files that OpenSSL reads and writes: PKCS#8 PEM (RFC 8410, RFC 7468).
//!
//! A secret key is never printed: it has no `Debug`, no message holds a byte of it, and its memory is wiped when it
//! goes out of scope. A file is made with mode 0600 and whole, or not at all.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::spki::DecodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::Did;
use crate::kind::Kind;

/// Longest key file that is read, in bytes. A key has about 120.
pub const MAX_KEY_FILE: u64 = 64 << 10;

/// Why a key file could not be used or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system said no; a file that is there already is left as it is.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no Ed25519 key.
    #[error("{path}: {reason}", path = path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What was expected. It never repeats what the file holds.
        reason: &'static str,
    },
}

impl KeyError {
    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        match self {
            KeyError::Io { .. } => Kind::System,
            KeyError::NoKey { .. } => Kind::Usage,
        }
    }
}

/// A key to sign with. No `Debug`, no `Clone`; wiped when dropped.
pub struct SecretKey {
    key: SigningKey,
}

impl SecretKey {
    /// The key of a seed: 32 bytes of randomness that nobody else has.
    pub fn from_seed(seed: &[u8; 32]) -> SecretKey {
        SecretKey { key: SigningKey::from_bytes(seed) }
    }

    /// Reads `-----BEGIN PRIVATE KEY-----`, or `None` where it is no Ed25519 key of that kind.
    pub fn from_pem(pem: &str) -> Option<SecretKey> {
        SigningKey::from_pkcs8_pem(pem).ok().map(|key| SecretKey { key })
    }

    /// The key as PEM, wiped when dropped.
    ///
    /// Version 1 of PKCS#8, without the public key: OpenSSL refuses version 2.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let pair = KeypairBytes { secret_key: self.key.to_bytes(), public_key: None };
        pair.to_pkcs8_pem(LineEnding::LF).expect("a key of 32 bytes always has an encoding")
    }

    /// The identity of the key.
    pub fn did(&self) -> Did {
        Did(self.key.verifying_key().to_bytes())
    }

    /// Signs some bytes: pure Ed25519 (RFC 8032), the same signature each time.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`KeyError::Io`]; [`KeyError::NoKey`] where it is not PKCS#8 PEM of an Ed25519 key.
    pub fn read(path: &Path) -> Result<SecretKey, KeyError> {
        let pem = read_pem(path)?;
        SecretKey::from_pem(&pem).ok_or_else(|| no_key(path, "not the PKCS#8 PEM of an Ed25519 private key"))
    }

    /// Makes a key file: mode 0600, whole and on the disk, or not at all.
    ///
    /// # Errors
    /// [`KeyError::Io`], also where anything stands at that path, a dangling symlink included.
    pub fn create(&self, path: &Path) -> Result<(), KeyError> {
        self.write_anew(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })
    }

    fn write_anew(&self, path: &Path) -> io::Result<()> {
        // What is there is known at once in most cases; the last step sees to the others.
        if path.symlink_metadata().is_ok() {
            return Err(rustix::io::Errno::EXIST.into());
        }
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = File::open(parent)?;
        // A temporary file has mode 0600 from its first moment.
        let mut file = tempfile::Builder::new().prefix(".um-key-").tempfile_in(parent)?;
        file.write_all(self.to_pem().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|e| e.error)?;
        directory.sync_all()
    }
}

/// The identity of the private or public key in a file.
///
/// # Errors
/// [`KeyError::Io`]; [`KeyError::NoKey`] where it is neither PKCS#8 nor SPKI PEM of an Ed25519 key.
pub fn did_of_file(path: &Path) -> Result<Did, KeyError> {
    let pem = read_pem(path)?;
    let secret = SecretKey::from_pem(&pem).map(|key| key.did());
    let public = || VerifyingKey::from_public_key_pem(&pem).ok().map(|key| Did(key.to_bytes()));
    secret.or_else(public).ok_or_else(|| no_key(path, "not the PEM of an Ed25519 private or public key"))
}

fn no_key(path: &Path, reason: &'static str) -> KeyError {
    KeyError::NoKey { path: path.to_owned(), reason }
}

fn read_pem(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let mut text = Zeroizing::new(String::new());
    // Room for all of it at once: a buffer that grows leaves its old self behind in memory.
    text.reserve_exact(MAX_KEY_FILE as usize + 1);
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_FILE + 1).read_to_string(&mut text));
    match read {
        Ok(_) if text.len() as u64 > MAX_KEY_FILE => Err(no_key(path, "too long for a key")),
        Ok(_) => Ok(text),
        Err(e) if e.kind() == io::ErrorKind::InvalidData => Err(no_key(path, "not text, hence no PEM")),
        Err(source) => Err(KeyError::Io { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn pem_reads_as_it_was_written() {
        let key = SecretKey::from_seed(&[9; 32]);
        let pem = key.to_pem();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI"), "version 1 of PKCS#8");
        assert!(SecretKey::from_pem(&pem).unwrap().did() == key.did());
        for bad in [
            "",
            "-----BEGIN PRIVATE KEY-----",
            &pem.replace("PRIVATE", "PUBLIC"),
            &pem.replace("K2Vw", "K2Vu"),
        ] {
            assert!(SecretKey::from_pem(bad).is_none());
        }
    }

    #[test]
    fn the_keys_of_rfc_8032_sign_as_it_says() {
        let seed: [u8; 32] = data_encoding::HEXLOWER
            .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .unwrap()
            .try_into()
            .unwrap();
        let key = SecretKey::from_seed(&seed);
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(data_encoding::HEXLOWER.encode(&key.did().0), public);
        let signature = data_encoding::HEXLOWER.encode(&key.sign(b""));
        assert!(signature.starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"));
    }

    #[test]
    fn a_file_is_made_anew_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alice.pem");
        let key = SecretKey::from_seed(&[1; 32]);
        key.create(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(
            SecretKey::read(&path).unwrap().did() == key.did() && did_of_file(&path).unwrap() == key.did()
        );
        let link = dir.path().join("link.pem");
        std::os::unix::fs::symlink(dir.path().join("nowhere"), &link).unwrap();
        for taken in [&path, &link, &dir.path().to_owned()] {
            let error = SecretKey::from_seed(&[2; 32]).create(taken).unwrap_err();
            assert!(error.kind() == Kind::System);
        }
        assert!(did_of_file(&path).unwrap() == key.did());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left behind");
    }
}
