//! `um-portal`: crossings to the byte, what is tried at a door, and what a portal holds whatever happens to it.

mod crossing;
mod door;
mod envelopes;
mod faults;
mod ledgers;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use ulp_core::trust::SecretKey;

use crate::run;

/// The nonce of the offer that the vectors begin with.
const NONCE: &str = "dac09b5d8c4a8f7a52abb360c1b862e4";
const ENTERED: &str = "2026-11-20T12:00:25.000Z";

/// Portals of both sides, as an independent implementation left them; nothing where its vectors are not there.
struct Desk {
    dir: tempfile::TempDir,
    vectors: PathBuf,
}

/// What a run said.
struct Said {
    status: i32,
    out: String,
    log: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Desk {
    fn new() -> Option<Desk> {
        let vectors = run::shared().map(|path| path.join("fixtures/portal/crossing"));
        let Some(vectors) = vectors.filter(|path| path.is_dir()) else {
            run::skipped("crossings: no vectors beside this checkout");
            return None;
        };
        let desk = Desk { dir: tempfile::tempdir().unwrap(), vectors };
        copy(&desk.vectors, desk.dir.path());
        Some(desk)
    }

    /// With the offer of the vectors made.
    fn offered() -> Option<Desk> {
        let desk = Desk::new()?;
        let said =
            desk.portal("offer --portal world --now 2026-11-20T12:00:00.000Z --random offer.random", "");
        assert_eq!(said.out, desk.vector("1-offer.json"), "{}", said.log);
        Some(desk)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    fn vector(&self, name: &str) -> String {
        fs::read_to_string(self.vectors.join(name)).unwrap()
    }

    fn portal(&self, args: &str, input: impl AsRef<[u8]>) -> Said {
        let mut command = run::command("um-portal", self.dir.path());
        command.args(args.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut stdin, input) = (child.stdin.take().unwrap(), input.as_ref().to_vec());
        // A tool that ends early closes its stdin: no failure of this test.
        let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output.into()
    }

    /// A presentation at the world's door.
    fn enter(&self, presentation: &str, now: &str) -> Said {
        self.portal(&format!("enter --portal world --now {now} --random enter.random"), presentation)
    }

    /// The presentation of the vectors, otherwise, and signed and presented once more by its subject.
    fn otherwise(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut manifest: Value = serde_json::from_str(&self.vector("2-presentation.json")).unwrap();
        change(&mut manifest);
        signed(&manifest)
    }

    /// How many receipts a portal keeps.
    fn receipts(&self, portal: &str) -> usize {
        fs::read_dir(self.at(portal).join("receipts")).map_or(0, Iterator::count)
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// A manifest of the visitor's, signed, with the proof that it has presented anew.
fn signed(manifest: &Value) -> String {
    use data_encoding::BASE64URL_NOPAD;
    use ulp_core::hash::Sha256;
    const UNSIGNED: [&str; 3] = ["signature", "presentationProof", "postQuantumSignature"];
    let key = SecretKey::from_seed(&[2; 32]);
    let created = manifest["issuedAt"].as_str().unwrap_or("2026-11-20T12:00:20.000Z");
    let text = key.sign_document_without(&manifest.to_string(), &UNSIGNED, created).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    let Some(proof) = manifest.get("presentationProof").cloned() else { return manifest.to_string() };
    let mut bare = manifest.clone();
    UNSIGNED.iter().for_each(|name| drop(bare.as_object_mut().unwrap().remove(*name)));
    let mut canonical = Vec::new();
    ulp_core::json::write_canonical(&bare.to_string(), &mut canonical);
    let text = |name: &str| proof[name].as_str().unwrap_or_default().as_bytes().to_vec();
    let message =
        [Sha256::of(&canonical).0.to_vec(), text("challenge"), text("audience"), text("created")].concat();
    manifest["presentationProof"]["proofValue"] = BASE64URL_NOPAD.encode(&key.sign(&message)).into();
    let mut text = Vec::new();
    ulp_core::json::write_canonical(&manifest.to_string(), &mut text);
    String::from_utf8(text).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
