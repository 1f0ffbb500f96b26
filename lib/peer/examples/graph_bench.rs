//! What a graph of 4,096 rows takes for a line, in microseconds, all that is done but for files.
//!
//! Prints as JSON what an unsigned line of one path takes, one of 64 paths, a signed line of one path, and the bare
//! verification of a signature, on one thread. Each line is news to the graph, which is full: it displaces another. `make
//! bench ROW=27` sets them beside their goals.

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;
use ulp_core::id::Time;
use ulp_core::json::{self, Canonical, Tape};
use ulp_core::scope::Scope;
use ulp_core::statement::{Pointer, Pointers, Sort};
use ulp_core::trust::{SIGNATURE, SecretKey, Signature, Verifier};
use ulp_peer::graph::{Bounds, Gate, Graph, Heard, Place};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How many lines are timed.
const LINES: u32 = 20_000;
/// How many peers speak.
const PEERS: u32 = 64;
const ROOT: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

fn main() -> Result<()> {
    let keys: Vec<SecretKey> = (0..16).map(|n| SecretKey::from_seed(&[n; 32])).collect();
    let one: Vec<String> = (0..LINES).map(|n| said(&format!("peer:{}", n % PEERS), n, 1)).collect();
    let many: Vec<String> =
        (0..LINES / 16).map(|n| said(&format!("peer:{}", n % PEERS), LINES + n, 64)).collect();
    let mut signed = Vec::new();
    for n in 0..LINES / 8 {
        let key = &keys[n as usize % keys.len()];
        signed.push(key.sign_object(&said(&key.did().to_string(), n, 1)).map_err(|r| r.to_string())?);
    }
    let mut desk = Desk { graph: Graph::new(Bounds::default()), gate: Gate::new([&Scope::default()]) };
    // The rows of these lines are those that are displaced.
    desk.take(&one)?;
    let later: Vec<String> = (0..LINES).map(|n| said(&format!("peer:{}", n % PEERS), LINES + n, 1)).collect();
    let unsigned = desk.take(&later)?;
    let unsigned_64 = desk.take(&many)?;
    let signed_one = desk.take(&signed)?;
    let rows = desk.graph.rows();
    let bare = bare(&signed)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        r#"{{"rows":{rows},"unsigned":{unsigned:.3},"unsigned_64":{unsigned_64:.3},"signed":{signed_one:.3},"verify":{bare:.3}}}"#
    )?;
    Ok(())
}

/// A line of a peer about some tiles, each time others.
fn said(peer: &str, seq: u32, paths: u32) -> String {
    let all = (0..paths)
        .map(|n| Pointer {
            path: format!("m/world/demo/tiles/z4/x{}/y{}/head", seq % 977, n).into(),
            hash: Some(ROOT.into()),
            events: Some(u64::from(seq)),
        })
        .collect();
    let (sort, peer) = (Sort::Knows, peer.into());
    Pointers { sort, peer, seq: 1_795_000_000 + seq, ttl: 86_400, all, reach: Vec::new(), to: Vec::new() }
        .print()
}

struct Desk {
    graph: Graph,
    gate: Gate,
}

impl Desk {
    /// Takes in lines; answers how many microseconds each took.
    fn take(&mut self, lines: &[String]) -> Result<f64> {
        let (now, mut tape) = (Time(1_795_167_000_000_000_000), Tape::new());
        let began = Instant::now();
        for line in lines {
            let object = json::parse_line(&mut tape, line.as_bytes())?;
            let heard = Heard::read(object).map_err(|r| r.to_string())?.ok_or("a receipt")?;
            if self.graph.knows(&heard) {
                continue;
            }
            self.gate.is_due(&heard, now).map_err(|r| r.to_string())?;
            let share = self.gate.share(object, &heard, now).map_err(|r| r.to_string())?;
            let place = Place { at: 0, length: u32::try_from(line.len())? };
            self.graph.take(&heard.said(share), heard.paths(), place);
        }
        Ok(began.elapsed().as_secs_f64() * 1e6 / lines.len() as f64)
    }
}

/// How many microseconds the bare verification of a line's signature takes, the message at hand.
fn bare(lines: &[String]) -> Result<f64> {
    let verifier = Verifier::new();
    let mut messages = Vec::new();
    for line in lines {
        let (mut tape, mut message) = (Tape::new(), Vec::new());
        let object = json::parse_text(&mut tape, line)?;
        Canonical::new().write_without(object, SIGNATURE, &mut message);
        let signature = object.get(SIGNATURE).ok_or("unsigned")?;
        messages.push((message, Signature::of_event(signature).map_err(|r| r.to_string())?));
    }
    let began = Instant::now();
    for (message, signature) in &messages {
        verifier.verify_bytes(message, signature).map_err(|r| r.to_string())?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / lines.len() as f64)
}
