//! Signed events against the bare verification of their signatures on one thread.
//!
//! `sign_bench make N > FILE` writes N signed events; `sign_bench bare FILE` loops over `verify_strict` and prints as
//! JSON how many hold, and the seconds on the wall and of the processor that the loop took. It is given the messages,
//! the signatures and the keys as they are used: no parsing, no base64, no canonical form. `make bench ROW=15` sets
//! `um-sign --verify` beside it.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use ed25519_dalek::{Signature, VerifyingKey};
use ulp_core::json::{Canonical, Tape};
use ulp_core::trust::{SIGNATURE, SecretKey};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How many people sign.
const KEYS: u8 = 16;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", count] => make(count.parse()?),
        ["bare", file] => verify(file),
        _ => Err("usage: sign_bench make N | bare FILE".into()),
    }
}

/// Events of the size that traces have, about 450 bytes without the signature.
fn make(count: u64) -> Result<()> {
    let keys: Vec<SecretKey> = (0..KEYS).map(|n| SecretKey::from_seed(&[n; 32])).collect();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for n in 0..count {
        let key = &keys[usize::try_from(n)? % keys.len()];
        let event = format!(
            r#"{{"actor_id":"{}","event_id":"evt-{n:09}","layer_id":"layout","node_id":"node:{}","operation":"update_transform","preserves_invariants":["consistency"],"previous_events":[],"scope":{{"authority":"source","boundary":"interior","policy":"public","realm":"team"}},"space_id":"demo","tile":"z0/x{}/y0","timestamp":{},"transform":{{"position":[{}.5,7.25],"rotation":{}}}}}"#,
            key.did(),
            n % 1000,
            n % 16,
            1_730_000_000 + n,
            n % 4096,
            n % 360,
        );
        writeln!(out, "{}", ulp_core::event::sign(&event, key).map_err(|r| format!("{r:?}"))?)?;
    }
    Ok(())
}

/// What is to be verified: a message, its signature and its signer's key.
type Bare = (Vec<u8>, Signature, VerifyingKey);

fn verify(file: &str) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    let bare = text.lines().map(bare).collect::<Result<Vec<Bare>>>()?;
    let (wall, cpu) = (Instant::now(), processor()?);
    let held = bare.iter().filter(|b| holds(b)).count();
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), processor()? - cpu);
    println!(r#"{{"held":{held},"of":{},"wall":{wall},"cpu":{cpu}}}"#, bare.len());
    Ok(())
}

/// Seconds of the processor that this thread has used, as Linux counts them.
fn processor() -> Result<f64> {
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = counts.split(' ').next().unwrap_or_default().parse()?;
    Ok(std::time::Duration::from_nanos(nanoseconds).as_secs_f64())
}

fn bare(line: &str) -> Result<Bare> {
    let mut tape = Tape::new();
    let object = tape.parse(line, 64)?;
    let raw = object.get(SIGNATURE).ok_or("unsigned")?;
    let signature = ulp_core::trust::Signature::of_event(raw)?;
    let mut message = Vec::new();
    Canonical::new().write_without(object, SIGNATURE, &mut message);
    let key = VerifyingKey::from_bytes(&signature.signer.0)?;
    Ok((message, Signature::from_bytes(&signature.value), key))
}

fn holds((message, signature, key): &Bare) -> bool {
    key.verify_strict(message, signature).is_ok()
}
