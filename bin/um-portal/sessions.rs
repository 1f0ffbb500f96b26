//! What is open: an offer, by its nonce; an exchange that waits for its receipt, by its [`key_of`]; and what either was
//! spent on.
//!
//! A session is spent by a name that must not exist: `<key>.receipt`, a file of two lines, the receipt and what it was
//! given for. The same file is linked by the hash of its receipt. All else that is written of a spent session, the
//! receipt's own file and the line of the ledger, can be made again of that file; what was open is removed last, so that
//! whoever finds it beside a spent session knows that something is missing.

use std::io::Write as _;

use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;
use ulp_cli::Failure;
use ulp_core::hash::Sha256;
use ulp_core::json::write::Object;
use ulp_core::json::{self, Tape, Value};
use ulp_core::kind::Kind;
use ulp_core::trust::Instant;
use ulp_store::dir::{Dir, DirtyDirs, TEMPORARY};

use crate::directory::Portal;

const SESSIONS: &str = "sessions";
const RECEIPTS: &str = "receipts";
const OPEN: &str = ".open";
const SPENT: &str = ".receipt";
/// Characters of a key: 16 bytes as hex digits, as a nonce has them.
const KEY: usize = 32;
/// For their owner's eyes alone.
const PRIVATE: Mode = Mode::from_raw_mode(0o600);

/// What a session was spent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The receipt, without a line end.
    pub receipt: String,
    /// The bytes that it was given for.
    pub bytes: Sha256,
    /// Until when the exchange can be closed, as it was written; nothing where it was none.
    pub expires: Option<String>,
    /// The line of the ledger, without what says where it stands.
    pub entry: ulp_um::portal::ledger::Entry,
}

impl Portal {
    /// Opens a session, durably.
    pub fn open_session(&self, key: &str, text: &str) -> Result<(), Failure> {
        let dir = self.made(SESSIONS)?;
        let temporary = write(&dir, text.as_bytes())?;
        dir.rename(&temporary, &format!("{key}{OPEN}"))?;
        Ok(dir.sync()?)
    }

    /// What was opened by that key, where it is not spent.
    pub fn opened(&self, key: &str) -> Result<Option<String>, Failure> {
        let Some(dir) = self.sessions(key)? else { return Ok(None) };
        if dir.sort(&format!("{key}{SPENT}"))?.is_some() {
            return Ok(None);
        }
        let opened = dir.read(&format!("{key}{OPEN}"))?;
        Ok(opened.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// What a session was spent on.
    ///
    /// # Errors
    /// Corrupt: the file is not what was written.
    pub fn spent(&self, key: &str) -> Result<Option<Spent>, Failure> {
        let Some(dir) = self.sessions(key)? else { return Ok(None) };
        read(&dir, &format!("{key}{SPENT}"))
    }

    /// What a receipt was given for.
    ///
    /// # Errors
    /// As [`Portal::spent`].
    pub fn spent_on(&self, receipt: &Sha256) -> Result<Option<Spent>, Failure> {
        match self.dir.at(SESSIONS)? {
            Some(dir) => read(&dir, &format!("{}{SPENT}", receipt.hex())),
            None => Ok(None),
        }
    }

    fn sessions(&self, key: &str) -> Result<Option<Dir>, Failure> {
        // Strangers choose what they call a nonce: nothing else is looked for on the disk.
        if key.len() != KEY || !key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(None);
        }
        Ok(self.dir.at(SESSIONS)?)
    }

    /// Spends a session, durably; answers whether it was open.
    pub fn spend(&self, key: &str, spent: &Spent) -> Result<bool, Failure> {
        let dir = self.made(SESSIONS)?;
        let temporary = write(&dir, &spent.print())?;
        let linked = link(&dir, &temporary, &format!("{key}{SPENT}"));
        let linked = linked.and_then(|is_first| {
            if is_first {
                link(&dir, &temporary, &format!("{}{SPENT}", Sha256::of(spent.receipt.as_bytes()).hex()))?;
                dir.sync()?;
            }
            Ok(is_first)
        });
        dir.remove(&temporary)?;
        linked
    }

    /// Links a spent session's file by the hash of its receipt, where a run ended before it did so.
    pub fn link_by_receipt(&self, key: &str, own: &Sha256) -> Result<(), Failure> {
        let dir = self.made(SESSIONS)?;
        link(&dir, &format!("{key}{SPENT}"), &format!("{}{SPENT}", own.hex()))?;
        Ok(dir.sync()?)
    }

    /// Gives a receipt its file, durably.
    pub fn keep(&self, receipt: &str) -> Result<(), Failure> {
        let dir = self.made(RECEIPTS)?;
        let name = format!("{}.json", Sha256::of(receipt.as_bytes()).hex());
        if dir.sort(&name)?.is_some() {
            return Ok(());
        }
        let temporary = write(&dir, format!("{receipt}\n").as_bytes())?;
        dir.rename(&temporary, &name)?;
        Ok(dir.sync()?)
    }

    /// Forgets what was opened and is spent, once all is written that is to be.
    pub fn forget_opened(&self, key: &str) -> Result<(), Failure> {
        match self.sessions(key)? {
            Some(dir) => Ok(dir.remove(&format!("{key}{OPEN}"))?),
            None => Ok(()),
        }
    }

    /// The sessions that are spent and whose beginnings are still there: a run ended before it had written everything.
    pub fn unfinished(&self) -> Result<Vec<String>, Failure> {
        let Some(dir) = self.dir.at(SESSIONS)? else { return Ok(Vec::new()) };
        let mut nonces = Vec::new();
        for (name, _) in dir.list()? {
            let nonce = name.strip_suffix(OPEN);
            let is_spent = |key: &&str| dir.sort(&format!("{key}{SPENT}")).is_ok_and(|sort| sort.is_some());
            nonces.extend(nonce.filter(is_spent).map(str::to_owned));
        }
        Ok(nonces)
    }

    /// Removes what runs left behind that did not come to their end.
    pub fn sweep(&self) -> Result<(), Failure> {
        for name in [SESSIONS, RECEIPTS] {
            let Some(dir) = self.dir.at(name)? else { continue };
            for (name, _) in dir.list()?.iter().filter(|(name, _)| name.starts_with(TEMPORARY)) {
                dir.remove(name)?;
            }
        }
        Ok(())
    }

    /// A directory of the portal, made durably where it is not there.
    fn made(&self, name: &str) -> Result<Dir, Failure> {
        let mut dirty = DirtyDirs::new();
        let dir = self.dir.make(name, &mut dirty)?;
        if !dirty.is_empty() {
            self.dir.sync()?;
        }
        Ok(dir)
    }
}

/// The key of an exchange.
pub fn key_of(exchange: &str) -> String {
    Sha256::of(exchange.as_bytes()).hex()[..KEY].to_owned()
}

/// Writes a file without a name that anybody looks for, durably.
fn write(dir: &Dir, bytes: &[u8]) -> Result<String, Failure> {
    let (mut file, temporary) = dir.temporary(PRIVATE)?;
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        dir.remove(&temporary)?;
        return Err(Failure::io(dir.path().join(temporary).display(), error));
    }
    Ok(temporary)
}

/// Gives a file another name, which must not exist; answers whether it did not.
fn link(dir: &Dir, from: &str, to: &str) -> Result<bool, Failure> {
    match rustix::fs::linkat(dir.fd(), from, dir.fd(), to, AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(errno) => Err(Failure::io(dir.path().join(to).display(), errno.into())),
    }
}

fn read(dir: &Dir, name: &str) -> Result<Option<Spent>, Failure> {
    let Some(bytes) = dir.read(name)? else { return Ok(None) };
    let spent = String::from_utf8(bytes).ok().and_then(|text| Spent::parse(&text));
    let damaged = || Failure::new(Kind::Corrupt, dir.path().join(name).display(), "not what was written");
    spent.map(Some).ok_or_else(damaged)
}

impl Spent {
    /// Two lines: the receipt, and what it was given for.
    fn print(&self) -> Vec<u8> {
        let mut given = Object::default();
        given
            .text("bytes", Some(&self.bytes.to_string()))
            .text("expiresAt", self.expires.as_deref())
            .text("exchangeId", self.entry.exchange.as_deref())
            .text("with", self.entry.with.as_deref())
            .text("theirs", self.entry.theirs.map(|hash| hash.to_string()).as_deref())
            .text("state", Some(self.entry.state.as_str()))
            .text("at", Some(&self.entry.at));
        format!("{}\n{}\n", self.receipt, given.json()).into_bytes()
    }

    fn parse(text: &str) -> Option<Spent> {
        let (receipt, given) = text.strip_suffix('\n')?.split_once('\n')?;
        let mut tape = Tape::new();
        let object = tape.parse(given, json::EVENT_DEPTH).ok()?;
        let text = |name: &str| object.get(name).and_then(Value::as_text);
        let expires = text("expiresAt");
        expires.as_deref().map_or(Some(()), |time| Instant::parse(time).map(drop))?;
        let entry = ulp_um::portal::ledger::Entry {
            at: text("at")?,
            exchange: text("exchangeId"),
            own: Sha256::of(receipt.as_bytes()),
            theirs: text("theirs").and_then(|hash| hash.parse().ok()),
            state: text("state")?.parse().ok()?,
            with: text("with"),
            age: None,
        };
        Some(Spent { receipt: receipt.to_owned(), bytes: text("bytes")?.parse().ok()?, expires, entry })
    }
}
