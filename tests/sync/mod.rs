//! Two stores and a pipe between real processes.

mod faults;
mod hostile;
mod meetings;
mod options;
mod pipes;
mod ssh;
mod together;

use crate::run;
use std::fs::File;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// An event of a few spaces, tiles and lanes, canonical and whole.
pub fn event(n: u64) -> String {
    let (space, x) = (["demo", "river b", "Zoë"][usize::try_from(n % 3).unwrap()], n % 2);
    let realm = if n.is_multiple_of(5) { "public" } else { "team" };
    of(n, space, x, realm, "public")
}

/// An event of a place and a lane.
pub fn of(n: u64, space: &str, x: u64, realm: &str, policy: &str) -> String {
    format!(
        r#"{{"actor_id":"user:a","event_id":"e{n}","layer_id":"default","node_id":"n{n}","operation":"create_node","preserves_invariants":[],"previous_events":[],"scope":{{"authority":"source","boundary":"interior","policy":"{policy}","realm":"{realm}"}},"space_id":"{space}","tile":"z0/x{x}/y0","timestamp":{}}}"#,
        1_795_166_700 + n / 4
    )
}

/// Makes a store of some events.
pub fn store(dir: &Path, name: &str, events: impl IntoIterator<Item = String>) {
    let init = run::command("ulp-store", dir).args(["init", name]).output().unwrap();
    assert!(init.status.success());
    append(dir, name, events);
}

pub fn append(dir: &Path, name: &str, events: impl IntoIterator<Item = String>) {
    let lines: String = events.into_iter().map(|line| line + "\n").collect();
    std::fs::write(dir.join("more.jsonl"), lines).unwrap();
    let mut command = run::command("ulp-append", dir);
    let output = command.args(["--store", name, "--now", NOW, "more.jsonl"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub const NOW: &str = "1795170000";

/// What a store holds that is for everyone.
pub fn events(dir: &Path, name: &str) -> String {
    let script = format!(
        "ulp-materialize --store {name} --events --policy public --realm team --realm public 2>/dev/null | sort"
    );
    run::sh(&script, dir)
}

/// How a meeting went.
pub struct Met {
    pub client: Output,
    pub server: Output,
    /// What the client said, and what the server did.
    pub said: [Vec<u8>; 2],
}

impl Met {
    pub fn codes(&self) -> [i32; 2] {
        [&self.client, &self.server].map(|output| output.status.code().unwrap_or(-1))
    }

    /// The results on the client's stdout.
    pub fn results(&self) -> Vec<serde_json::Value> {
        let text = std::str::from_utf8(&self.client.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What both logs say, but for their last lines.
    pub fn log(&self) -> String {
        [&self.client, &self.server]
            .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
            .concat()
    }

    pub fn bytes(&self) -> usize {
        self.said.iter().map(Vec::len).sum()
    }
}

/// What becomes of bytes on their way: given the way (0 up, 1 down), how many went before, and the bytes. Nothing where
/// the line is cut.
pub type Relay = dyn Fn(usize, usize, Vec<u8>) -> Option<Vec<u8>> + Send + Sync;

pub fn as_said(_: usize, _: usize, bytes: Vec<u8>) -> Option<Vec<u8>> {
    Some(bytes)
}

/// Lets two stores meet over two FIFOs and a relay.
pub fn meet(dir: &Path, client: &[&str], server: &[&str], relay: Arc<Relay>) -> Met {
    run::sh("rm -f up down; mkfifo up down", dir);
    let mut server = run::command("ulp-sync", dir)
        .args(["--serve", "--now", NOW])
        .args(server)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (stdin, stdout) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
    let client = run::command("ulp-sync", dir)
        .args(["--with", "cat < down & exec cat > up", "--now", NOW])
        .args(client)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let cut = Arc::new(Mutex::new(false));
    let up = carry(0, (File::open(dir.join("up")).unwrap(), stdin), Arc::clone(&relay), Arc::clone(&cut));
    let into = File::options().write(true).open(dir.join("down")).unwrap();
    let down = carry(1, (stdout, into), relay, cut);
    let [client, server] = [client, server].map(|child| child.wait_with_output().unwrap());
    Met { client, server, said: [up.join().unwrap(), down.join().unwrap()] }
}

fn carry(
    way: usize,
    (mut from, into): (impl std::io::Read + Send + 'static, impl std::io::Write + Send + 'static),
    relay: Arc<Relay>,
    cut: Arc<Mutex<bool>>,
) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let (mut said, mut buffer, mut into) = (Vec::new(), vec![0; 65536], Some(into));
        loop {
            let read = from.read(&mut buffer).unwrap_or(0);
            if read == 0 {
                return said;
            }
            let is_cut = *cut.lock().unwrap();
            let passed = relay(way, said.len(), buffer[..read].to_vec()).filter(|_| !is_cut);
            said.extend_from_slice(&buffer[..read]);
            let written = match (&passed, &mut into) {
                // Who went away does not listen any more.
                (Some(bytes), Some(into)) => into.write_all(bytes).and_then(|()| into.flush()).is_ok(),
                _ => false,
            };
            if !written {
                *cut.lock().unwrap() |= passed.is_none();
                into = None;
            }
        }
    })
}

/// Lets two stores meet that are called `a` and `b`.
pub fn plainly(dir: &Path) -> Met {
    meet(dir, &["--store", "a"], &["--store", "b"], Arc::new(as_said))
}
