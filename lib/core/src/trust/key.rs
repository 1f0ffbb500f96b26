//! Keys as files that OpenSSL reads and writes: PKCS#8 PEM (RFC 8410, RFC 7468). Of several keys in a file the first
//! private one is taken, as OpenSSL takes it.
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
use super::pem::{self, Block};
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
    /// The file holds no key that can be used.
    #[error("{path}: {}", fault.describe(path, need), path = path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: NoKey,
        /// What would be one.
        need: Need,
    },
}

/// Which keys are of use, in the words of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// What a key has to be, with its article.
    pub sort: &'static str,
    /// What makes one.
    pub maker: &'static str,
}

/// The keys that are of use for something, and how one is read.
pub struct Sort<K> {
    /// What is said where there is none.
    pub need: Need,
    /// The algorithms that are looked at, as [`pem::algorithm`] calls them.
    pub algorithms: &'static [&'static str],
    /// Reads one from its PKCS#8.
    pub read: fn(&[u8]) -> Option<K>,
    /// Whether this is the SPKI of one.
    pub is_public: fn(&[u8]) -> bool,
}

/// Keys to sign with.
const SIGNING: Sort<SecretKey> = Sort {
    need: Need { sort: "an Ed25519", maker: "um-key generate" },
    algorithms: &[pem::ED25519],
    read: |der| SigningKey::from_pkcs8_der(der).ok().map(|key| SecretKey { key }),
    is_public: |der| VerifyingKey::from_public_key_der(der).is_ok(),
};

/// Why there is no key that can be used. It never repeats what a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// No block of PEM is one.
    Missing,
    /// The bytes of one without the PEM.
    Der,
    /// Text in two bytes a character, as Windows saves it.
    Utf16,
    /// The file is too long.
    TooLong,
    /// A passphrase is needed.
    Encrypted,
    /// Its block has no end, or what it holds is not whole.
    Broken,
    /// It is one of another algorithm, named with its article.
    Other(&'static str),
    /// It is public, and a private one is needed.
    Public,
    /// It is a certificate.
    Certificate,
}

impl NoKey {
    /// What is said of the file, and what to do about it.
    fn describe(self, path: &Path, need: &Need) -> String {
        let (path, Need { sort, maker }) = (path.display(), need);
        match self {
            NoKey::Missing => format!("it holds no key in PEM; {maker} makes one"),
            NoKey::Der => format!("it is DER, and PEM is needed: openssl pkey -in {path} -out key.pem"),
            NoKey::Utf16 => "it is text in UTF-16; save it as UTF-8".to_owned(),
            NoKey::TooLong => "it is too long for a key".to_owned(),
            NoKey::Encrypted => {
                format!("its private key is encrypted; decrypt it: openssl pkey -in {path} -out plain.pem")
            }
            NoKey::Broken => "its key is not whole".to_owned(),
            NoKey::Other(kind) => {
                format!("it holds {kind} key, and {sort} key is needed: {maker} makes one")
            }
            NoKey::Public => "it holds a public key, and a private one is needed".to_owned(),
            NoKey::Certificate => {
                format!(
                    "it holds a certificate, and no key; it is of this one: openssl x509 -in {path} -noout -pubkey"
                )
            }
        }
    }
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

    /// Reads the first private key of a PEM file, whatever else is in it.
    ///
    /// # Errors
    /// Where there is none, or it is not PKCS#8 of an Ed25519 key.
    pub fn from_pem(pem: &[u8]) -> Result<SecretKey, NoKey> {
        secret_of_pem(pem, &SIGNING)
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
    /// [`KeyError::Io`]; [`KeyError::NoKey`] where its first private key is not PKCS#8 PEM of an Ed25519 key.
    pub fn read(path: &Path) -> Result<SecretKey, KeyError> {
        read_secret(path, &SIGNING)
    }

    /// Makes a key file: mode 0600, whole and on the disk, or not at all.
    ///
    /// # Errors
    /// [`KeyError::Io`], also where anything stands at that path, a dangling symlink included.
    pub fn create(&self, path: &Path) -> Result<(), KeyError> {
        create_private(path, self.to_pem().as_bytes())
    }
}

/// Makes a file for its owner alone: mode 0600, whole and on the disk, or not at all.
///
/// # Errors
/// [`KeyError::Io`], also where anything stands at that path, a dangling symlink included.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    write_anew(path, bytes).map_err(|source| KeyError::Io { path: path.to_owned(), source })
}

fn write_anew(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What is there is known at once in most cases; the last step sees to the others.
    if path.symlink_metadata().is_ok() {
        return Err(rustix::io::Errno::EXIST.into());
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = File::open(parent)?;
    // A temporary file has mode 0600 from its first moment.
    let mut file = tempfile::Builder::new().prefix(".um-key-").tempfile_in(parent)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|e| e.error)?;
    directory.sync_all()
}

/// Reads the first private key of a PEM file, whatever else is in it.
///
/// # Errors
/// Where there is none, or it is not PKCS#8 of that sort.
pub fn secret_of_pem<K>(pem: &[u8], sort: &Sort<K>) -> Result<K, NoKey> {
    let blocks = pem::blocks(pem);
    let found = blocks.iter().find_map(|block| private_key(block, sort));
    found.unwrap_or_else(|| Err(without_private(pem, &blocks, sort)))
}

/// Reads a key file.
///
/// # Errors
/// [`KeyError::Io`]; [`KeyError::NoKey`] where its first private key is not PKCS#8 PEM of that sort.
pub fn read_secret<K>(path: &Path, sort: &Sort<K>) -> Result<K, KeyError> {
    let pem = read_pem(path, &sort.need)?;
    secret_of_pem(&pem, sort).map_err(|fault| no_key(path, fault, &sort.need))
}

/// The identity of the key in a file: of the first private one, or, where there is none, of the first public one.
///
/// # Errors
/// [`KeyError::Io`]; [`KeyError::NoKey`] where that is neither PKCS#8 nor SPKI PEM of an Ed25519 key.
pub fn did_of_file(path: &Path) -> Result<Did, KeyError> {
    let need = &SIGNING.need;
    let pem = read_pem(path, need)?;
    let blocks = pem::blocks(&pem);
    let private =
        || blocks.iter().find_map(|block| private_key(block, &SIGNING)).map(|key| key.map(|key| key.did()));
    let public = || blocks.iter().find_map(public_key);
    let found = private().or_else(public);
    let none = || Err(without_private(&pem, &blocks, &SIGNING));
    found.unwrap_or_else(none).map_err(|fault| no_key(path, fault, need))
}

/// The private key of a block; nothing where it is of something else.
fn private_key<K>(block: &Block<'_>, sort: &Sort<K>) -> Option<Result<K, NoKey>> {
    let other = match block.label {
        b"ENCRYPTED PRIVATE KEY" => return Some(Err(NoKey::Encrypted)),
        b"PRIVATE KEY" => None,
        b"RSA PRIVATE KEY" => Some("an RSA"),
        b"EC PRIVATE KEY" => Some("an EC"),
        b"DSA PRIVATE KEY" => Some("a DSA"),
        b"OPENSSH PRIVATE KEY" => Some("an OpenSSH"),
        _ => return None,
    };
    Some(match other {
        _ if block.encrypted => Err(NoKey::Encrypted),
        Some(other) => Err(NoKey::Other(other)),
        None => read_block(block, sort.algorithms, sort.read),
    })
}

/// The public key of a block, to verify with; nothing where it is of something else.
fn public_key(block: &Block<'_>) -> Option<Result<Did, NoKey>> {
    public_block(block, SIGNING.algorithms, |der| {
        VerifyingKey::from_public_key_der(der).ok().map(|key| Did(key.to_bytes()))
    })
}

fn public_block<T>(
    block: &Block<'_>,
    algorithms: &[&str],
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Option<Result<T, NoKey>> {
    match block.label {
        b"PUBLIC KEY" => Some(read_block(block, algorithms, read)),
        b"RSA PUBLIC KEY" => Some(Err(NoKey::Other("an RSA"))),
        _ => None,
    }
}

/// What `read` makes of a block, where that is of an algorithm that is of use.
fn read_block<T>(
    block: &Block<'_>,
    algorithms: &[&str],
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, NoKey> {
    let der = block.der.as_ref().ok_or(NoKey::Broken)?;
    match pem::algorithm(der).ok_or(NoKey::Broken)? {
        known if algorithms.contains(&known) => read(der).ok_or(NoKey::Broken),
        other => Err(NoKey::Other(other)),
    }
}

/// What a file without a private key is.
fn without_private<K>(pem: &[u8], blocks: &[Block<'_>], sort: &Sort<K>) -> NoKey {
    let certificates: [&[u8]; 3] = [b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"];
    let public =
        |block| public_block(block, sort.algorithms, |der| (sort.is_public)(der).then_some(NoKey::Public));
    if let Some(key) = blocks.iter().find_map(public) {
        return key.unwrap_or_else(|fault| fault);
    }
    match pem {
        _ if blocks.iter().any(|block| certificates.contains(&block.label)) => NoKey::Certificate,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => NoKey::Utf16,
        [0x30, ..] if pem::algorithm(pem).is_some() => NoKey::Der,
        _ => NoKey::Missing,
    }
}

fn no_key(path: &Path, fault: NoKey, need: &Need) -> KeyError {
    KeyError::NoKey { path: path.to_owned(), fault, need: *need }
}

fn read_pem(path: &Path, need: &Need) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    // Room for all of it at once: a buffer that grows leaves its old self behind in memory.
    let mut pem = Zeroizing::new(Vec::with_capacity(MAX_KEY_FILE as usize + 1));
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_FILE + 1).read_to_end(&mut pem));
    match read {
        Ok(_) if pem.len() as u64 > MAX_KEY_FILE => Err(no_key(path, NoKey::TooLong, need)),
        Ok(_) => Ok(pem),
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
        assert!(SecretKey::from_pem(pem.as_bytes()).is_ok_and(|read| read.did() == key.did()));
        for (bad, fault) in [
            ("", NoKey::Missing),
            ("-----BEGIN PRIVATE KEY-----", NoKey::Broken),
            (&pem.replace("PRIVATE", "PUBLIC"), NoKey::Broken),
            (&pem.replace("K2Vw", "K2Vu"), NoKey::Other("an X25519")),
            (&pem.replace("PRIVATE", "ENCRYPTED PRIVATE"), NoKey::Encrypted),
            (&pem.replace("MC4C", "MC8C"), NoKey::Broken),
        ] {
            assert!(SecretKey::from_pem(bad.as_bytes()).err() == Some(fault), "{bad}");
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
