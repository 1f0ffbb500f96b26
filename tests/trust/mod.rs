//! Keys, signatures and manifests, through the final binaries.

mod conformance;
mod credentials;
mod flips;
mod keys;
mod openssl;
mod pages;
mod peers;
mod refusals;
mod sign;
mod tree;
mod versions;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ulp_core::trust::SecretKey;

/// A time at which the manifests of these tests are fresh.
const NOW: &str = "2026-02-17T12:00:00Z";

/// What a tool said.
#[derive(Debug)]
struct Said {
    status: i32,
    out: String,
    log: String,
}

impl Said {
    /// The codes of the rejected lines, in their order.
    fn codes(&self) -> Vec<String> {
        let rejected = self.log.lines().filter(|l| l.contains("\"action\":\"rejected\""));
        rejected.filter_map(|l| Some(l.split_once("\"code\":\"")?.1.split_once('"')?.0.to_owned())).collect()
    }

    /// The one code of the one document; empty where it passed.
    fn code(&self) -> String {
        let codes = self.codes();
        assert!(codes.len() <= 1, "{self:?}");
        assert_eq!(self.status, i32::from(!codes.is_empty()), "{self:?}");
        assert_eq!(self.out.is_empty(), !codes.is_empty(), "{self:?}");
        codes.into_iter().next().unwrap_or_default()
    }
}

fn tool(name: &str) -> &'static str {
    match name {
        "um-key" => env!("CARGO_BIN_EXE_um-key"),
        "um-sign" => env!("CARGO_BIN_EXE_um-sign"),
        other => panic!("no tool {other}"),
    }
}

/// Runs a tool of ours, or of the system, with nothing in its environment.
fn run(name: &str, args: &[&dyn AsRef<OsStr>], input: &[u8]) -> Said {
    let path = if name.starts_with("um-") { tool(name) } else { name };
    let mut command = Command::new(path);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.args(args.iter().map(|a| a.as_ref()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A tool that ends early closes its stdin: no failure of this test.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Said {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        log: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn verify(input: &str) -> Said {
    run("um-sign", &[&"--verify"], input.as_bytes())
}

/// What the binary says of each document, one a line: its code, or nothing where it passed.
fn verdicts(args: &[&dyn AsRef<OsStr>], documents: &[Vec<u8>]) -> Vec<String> {
    assert!(documents.iter().all(|d| !d.contains(&b'\n') && !d.trim_ascii().is_empty()));
    let said = run("um-sign", args, &documents.join(&b"\n"[..]));
    let mut codes = vec![String::new(); documents.len()];
    for line in said.log.lines().filter(|l| l.contains("\"action\":\"rejected\"")) {
        let field = |name: &str| line.split_once(name).unwrap().1;
        let number: usize = field("\"line\":").split(',').next().unwrap().parse().unwrap();
        codes[number - 1] = field("\"code\":\"").split('"').next().unwrap().to_owned();
    }
    let passed = codes.iter().filter(|c| c.is_empty()).count();
    assert_eq!(said.out.lines().count(), passed, "what is not refused is passed on");
    codes
}

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

/// A manifest of version 0.2 that lacks nothing but its signature.
fn manifest(subject: &str) -> String {
    format!(
        r#"{{"@context":"https://example.org/c","@id":"urn:uuid:1","@type":"um:Manifest","claims":[{{"n":1,"text":"é"}}],"expiresAt":"2026-02-18T00:00:00.000Z","issuedAt":"2026-02-17T00:00:00.000Z","manifestVersion":"0.2","subject":"{subject}"}}"#
    )
}

fn signed_manifest(n: u8) -> String {
    key(n).sign_document(&manifest(&key(n).did().to_string()), "2026-02-17T00:00:00.000Z").unwrap()
}

/// An event that is whole in every field, by the key itself.
fn event(n: u8) -> String {
    let actor = key(n).did();
    format!(
        r#"{{"actor_id":"{actor}","event_id":"e1","layer_id":"default","node_id":"n","operation":"create_node","preserves_invariants":[],"previous_events":[],"properties":{{"label":"é"}},"scope":{{"authority":"source","boundary":"interior","policy":"public","realm":"team"}},"space_id":"default","tile":"z0/x0/y0","timestamp":1730000000.5}}"#
    )
}

fn signed_event(n: u8) -> String {
    ulp_core::event::sign(&event(n), &key(n)).unwrap()
}

/// The folder with the public fixtures, where the project has it beside it.
fn shared(path: &str) -> Option<PathBuf> {
    crate::run::shared().map(|shared| shared.join(path)).filter(|found| found.exists())
}
