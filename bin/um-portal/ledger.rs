//! ledger.jsonl: appended to, line by line, and never changed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use ulp_cli::Failure;
use ulp_core::hash::Sha256;
use ulp_core::json::Tape;
use ulp_core::kind::Kind;
use ulp_store::lock::Lock;
use ulp_um::portal::ledger::{Entry, Line, Tail};

use crate::directory::Portal;
use crate::sessions::Spent;

/// The name of the file, in the portal.
pub const NAME: &str = "ledger.jsonl";
/// How much is read at a time where the last line is looked for.
const PIECE: u64 = 4096;

/// The ledger while nobody else changes anything in the portal.
pub struct Open {
    lock: Lock,
    tail: Tail,
    /// Where the next line begins: what follows was cut, and makes way.
    end: u64,
}

impl Portal {
    /// Waits until nobody else changes anything here. What a run left behind that did not come to its end is finished.
    pub fn lock(&self) -> Result<Open, Failure> {
        let lock = Lock::take(&self.dir)?;
        let (tail, end) = self.last_line()?;
        let mut ledger = Open { lock, tail, end };
        if ledger.lock.after_a_crash {
            self.sweep()?;
            for key in self.unfinished()? {
                if let Some(spent) = self.spent(&key)? {
                    ledger.finish(self, &key, &spent)?;
                }
            }
        }
        Ok(ledger)
    }

    /// Where the line after the last stands, and where it begins.
    fn last_line(&self) -> Result<(Tail, u64), Failure> {
        let Some(mut file) = self.dir.file(NAME)? else { return Ok((Tail::default(), 0)) };
        let io = |error| Failure::io(self.dir.path().join(NAME).display(), error);
        let length = file.metadata().map_err(io)?.len();
        let (mut start, mut bytes) = (length, Vec::new());
        // Back to where the last whole line begins.
        let range = loop {
            if let Some(range) = last_whole(&bytes, start == 0) {
                break range;
            }
            if start == 0 {
                return Ok((Tail::default(), 0));
            }
            let before = start.saturating_sub(PIECE.max(bytes.len() as u64));
            bytes = piece(&mut file, before, start, bytes).map_err(io)?;
            start = before;
        };
        let end = start + range.end as u64 + 1;
        let text = std::str::from_utf8(&bytes[range]).unwrap_or_default();
        let line = Line::read(text, &mut Tape::new());
        let damaged =
            |_| Failure::new(Kind::Corrupt, self.dir.path().join(NAME).display(), "its last line is none");
        Ok((Tail::after(&line.map_err(damaged)?), end))
    }

    /// Every line, in order.
    pub fn lines(&self, mut each: impl FnMut(&str) -> Result<bool, Failure>) -> Result<(), Failure> {
        let Some(file) = self.dir.file(NAME)? else { return Ok(()) };
        let mut reader = std::io::BufReader::new(file);
        let mut line = String::new();
        loop {
            line.clear();
            let read = std::io::BufRead::read_line(&mut reader, &mut line);
            read.map_err(|error| Failure::io(self.dir.path().join(NAME).display(), error))?;
            match line.strip_suffix('\n') {
                Some(text) if each(text)? => {}
                _ => return Ok(()),
            }
        }
    }

    /// The ages that worlds were shown, each with the world.
    pub fn shown(&self) -> Result<Vec<(String, i64)>, Failure> {
        let (mut tape, mut shown) = (Tape::new(), BTreeSet::new());
        self.lines(|text| {
            let entry = Line::read(text, &mut tape).ok().map(|line| line.entry);
            shown.extend(entry.and_then(|entry| entry.with.zip(entry.age)));
            Ok(true)
        })?;
        Ok(shown.into_iter().collect())
    }

    /// Whether a line says what became of a receipt of ours, as far as `is` asks.
    pub fn says(&self, own: &Sha256, is: impl Fn(&Line) -> bool) -> Result<bool, Failure> {
        let (mut tape, mut found) = (Tape::new(), false);
        let name = own.to_string();
        self.lines(|text| {
            found |= text.contains(&name)
                && Line::read(text, &mut tape).is_ok_and(|line| line.entry.own == *own && is(&line));
            Ok(!found)
        })?;
        Ok(found)
    }
}

/// Where the last whole line stands in the end of a file; `is_all` where that is all of it.
fn last_whole(bytes: &[u8], is_all: bool) -> Option<std::ops::Range<usize>> {
    let end = memchr::memrchr(b'\n', bytes)?;
    match memchr::memrchr(b'\n', &bytes[..end]) {
        Some(before) => Some(before + 1..end),
        None => is_all.then_some(0..end),
    }
}

fn piece(file: &mut File, from: u64, to: u64, after: Vec<u8>) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(to - from).read_to_end(&mut bytes)?;
    bytes.extend(after);
    Ok(bytes)
}

impl Open {
    /// Spends a session and writes all that is to be written of it.
    pub fn spend(&mut self, portal: &Portal, key: &str, spent: &Spent) -> Result<(), Failure> {
        if !portal.spend(key, spent)? {
            return Err(Failure::new(Kind::System, key, "it was spent by somebody who did not wait"));
        }
        portal.keep(&spent.receipt)?;
        self.append(portal, &spent.entry)?;
        portal.forget_opened(key)
    }

    /// Writes what is missing of a session that is spent.
    fn finish(&mut self, portal: &Portal, key: &str, spent: &Spent) -> Result<(), Failure> {
        portal.link_by_receipt(key, &spent.entry.own)?;
        portal.keep(&spent.receipt)?;
        if !portal.says(&spent.entry.own, |_| true)? {
            self.append(portal, &spent.entry)?;
        }
        portal.forget_opened(key)
    }

    /// Appends a line, whole and durable; gives its text.
    pub fn append(&mut self, portal: &Portal, entry: &Entry) -> Result<String, Failure> {
        let signed = self.tail.sign(entry, &portal.key);
        let (text, tail) = signed.map_err(|refusal| Failure::new(Kind::System, NAME, refusal.detail))?;
        let io = |error| Failure::io(portal.dir.path().join(NAME).display(), error);
        let (mut file, was_there) = portal.dir.growing(NAME)?;
        if file.metadata().map_err(io)?.len() > self.end {
            file.set_len(self.end).map_err(io)?;
        }
        let line = format!("{text}\n");
        if let Err(error) = file.write_all(line.as_bytes()).and_then(|()| file.sync_data()) {
            // What nobody rests on is better not there; where even this fails, it is a line that was cut.
            let _ = file.set_len(self.end);
            return Err(io(error));
        }
        if !was_there {
            portal.dir.sync()?;
        }
        self.end += line.len() as u64;
        self.tail = tail;
        Ok(text)
    }

    /// Lets others change things again.
    pub fn release(self) -> Result<(), Failure> {
        Ok(self.lock.release()?)
    }
}
