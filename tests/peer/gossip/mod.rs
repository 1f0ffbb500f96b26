//! Who has what: statements that are heard, joined, passed on and asked.

mod asking;
mod ferry;
mod histories;
mod killed;
mod relay;
mod speaking;
mod vectors;

use super::{Desk, codes};
use ulp_core::statement::{Pointer, Pointers, Sort};
use ulp_core::trust::SecretKey;

/// Now, in these tests.
const NOW: u32 = 1_795_167_000;
const ROOT: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

/// Whose key it is: 1 alice, 2 bob, 3 carol.
fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn did(seed: u8) -> String {
    key(seed).did().to_string()
}

/// An advert of one path, without its end.
fn advert(peer: &str, seq: u32, path: &str, hash: Option<&str>) -> String {
    let pointer =
        Pointer { path: path.into(), hash: hash.map(Into::into), events: Some(u64::from(seq % 97)) };
    let (sort, ttl) = (Sort::Knows, 86_400);
    Pointers { sort, peer: peer.into(), seq, ttl, all: vec![pointer], reach: Vec::new(), to: Vec::new() }
        .print()
}

/// The same, signed by its peer.
fn signed(seed: u8, seq: u32, path: &str, hash: &str) -> String {
    key(seed).sign_object(&advert(&did(seed), seq, path, Some(hash))).unwrap()
}

/// A history root that differs from others by its first digits.
fn root(digits: u32) -> String {
    format!("blake3:{digits:064x}")
}

impl Desk {
    /// Runs the tool on lines, at [`NOW`]: what it wrote, and the codes that it gave.
    #[track_caller]
    fn gossip(&self, args: &[&str], input: &str) -> (String, Vec<String>) {
        let now = NOW.to_string();
        let args = [&["--now", &now, "--log-all"], args].concat();
        let done = self.run("ulp-gossip", &args, input);
        assert!(matches!(done.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&done.stderr));
        (String::from_utf8(done.stdout.clone()).unwrap(), codes(&done))
    }
}
