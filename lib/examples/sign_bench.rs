//! Signed events against the bare verification of their signatures on one thread.
//!
//! `sign_bench make N > FILE` writes N signed events; `sign_bench run FILE UM_SIGN [ROUNDS]` times `UM_SIGN --verify
//! FILE` and the loop over `verify_strict` in turn, and prints the medians and their ratio. The loop is given the
//! messages, the signatures and the keys as they are used: no parsing, no base64, no canonical form.
#![allow(clippy::print_stdout)]

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ed25519_dalek::{Signature, VerifyingKey};
use ulp::json::{Canonical, Tape};
use ulp::trust::{SIGNATURE, SecretKey};

/// How many people sign.
const KEYS: u8 = 16;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", count] => make(count.parse()?),
        ["run", file, tool] => run(file, tool, 5),
        ["run", file, tool, rounds] => run(file, tool, rounds.parse()?),
        _ => anyhow::bail!("usage: sign_bench make N | run FILE UM_SIGN [ROUNDS]"),
    }
}

/// Events of the size that traces have, about 450 bytes without the signature.
fn make(count: u64) -> anyhow::Result<()> {
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
        writeln!(out, "{}", ulp::event::sign(&event, key).map_err(|r| anyhow::anyhow!("{r:?}"))?)?;
    }
    Ok(())
}

/// What is to be verified: a message, its signature and its signer's key.
type Bare = (Vec<u8>, Signature, VerifyingKey);

fn run(file: &str, tool: &str, rounds: usize) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)?;
    let bare = text.lines().map(bare).collect::<anyhow::Result<Vec<Bare>>>()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        let status = Command::new(tool)
            .args(["--verify", file])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        ours.push(start.elapsed());
        anyhow::ensure!(status.success(), "{tool}: {status}");
        let start = Instant::now();
        let held = bare.iter().filter(|b| holds(b)).count();
        theirs.push(start.elapsed());
        anyhow::ensure!(held == bare.len(), "{held} of {} hold", bare.len());
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "{} events: um-sign --verify {:.2} s, verify_strict on one thread {:.2} s, ratio {ratio:.2}",
        bare.len(),
        ours.as_secs_f64(),
        theirs.as_secs_f64()
    );
    Ok(())
}

fn bare(line: &str) -> anyhow::Result<Bare> {
    let mut tape = Tape::new();
    let object = tape.parse(line, 64)?;
    let raw = object.get(SIGNATURE).ok_or_else(|| anyhow::anyhow!("unsigned"))?;
    let signature = ulp::trust::Signature::of_event(raw)?;
    let mut message = Vec::new();
    Canonical::new().write_without(object, SIGNATURE, &mut message);
    let key = VerifyingKey::from_bytes(&signature.signer.0)?;
    Ok((message, Signature::from_bytes(&signature.value), key))
}

fn holds((message, signature, key): &Bare) -> bool {
    key.verify_strict(message, signature).is_ok()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
