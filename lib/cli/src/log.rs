//! The boundary/witness log on stderr, and its private part.
//!
//! A rejected line is written in full; withheld, duplicate and noted ones are counted, and written with `--log-all`.
//! Workers gather what they find in a [`Batch`] a chunk, and batches are fed in the order of the chunks. The last
//! line of a run that reached its end is its witness.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use super::args::LogFormat;
use super::progress::{Drawer, Progress};
use super::stdio::{Patient, Std};
use super::{Chunk, Failure, Files, Input, LineReader, LogArgs, Output, Status};
use ulp_core::hash::Blake3;
use ulp_core::json::write::Members;
use ulp_core::text::{escape, write_escaped_string};

/// Bytes of the log that are gathered before a write.
const BUFFER: usize = 64 << 10;

/// What was done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It broke a rule.
    Rejected,
    /// Valid, but not for this view.
    Withheld,
    /// Already there.
    Duplicate,
    /// Used, but odd.
    Noted,
}

impl Action {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Rejected => "rejected",
            Action::Withheld => "withheld",
            Action::Duplicate => "duplicate",
            Action::Noted => "noted",
        }
    }

    /// Its colour on a terminal, as an ANSI number.
    fn colour(self) -> u8 {
        match self {
            Action::Rejected => 31,
            Action::Withheld => 36,
            Action::Duplicate => 34,
            Action::Noted => 33,
        }
    }
}

/// One line of the boundary log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was done.
    pub action: Action,
    /// Why: `family.name`.
    pub code: &'static str,
    /// Where: the place of the source among the operands, and the line from 1 (in a batch, within its chunk).
    pub place: Option<(u32, u64)>,
    /// Whether the line is for everyone. Of one that is not, or that could not be read so that nobody knows, the
    /// shared log has neither id nor text.
    pub shared: bool,
    /// The event, where it has a name.
    pub event_id: Option<String>,
    /// What exactly; the file and key of a rule.
    pub detail: String,
}

/// What became of the lines read, and how often each code was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that were used or passed on.
    pub applied: u64,
    /// Lines that broke a rule.
    pub rejected: u64,
    /// Lines that are not for this view.
    pub withheld: u64,
    /// Lines that were there already.
    pub duplicate: u64,
    /// How often each code was given.
    pub codes: BTreeMap<&'static str, u64>,
    /// Whether anything was read that is not for everyone.
    pub private: bool,
}

impl Tally {
    /// How many lines were read: each is one of the four.
    pub fn read(&self) -> u64 {
        self.applied + self.rejected + self.withheld + self.duplicate
    }

    /// Counts a line that was used; `shared` says whether it is for everyone.
    pub fn apply(&mut self, shared: bool) {
        self.applied += 1;
        self.private |= !shared;
    }

    /// Counts a record. A noted line is counted by its code alone: it is applied as well.
    pub fn count(&mut self, action: Action, code: &'static str, shared: bool) {
        match action {
            Action::Rejected => self.rejected += 1,
            Action::Withheld => self.withheld += 1,
            Action::Duplicate => self.duplicate += 1,
            Action::Noted => {}
        }
        *self.codes.entry(code).or_default() += 1;
        self.private |= !shared;
    }

    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Tally) {
        self.applied += other.applied;
        self.rejected += other.rejected;
        self.withheld += other.withheld;
        self.duplicate += other.duplicate;
        self.private |= other.private;
        for (code, count) in &other.codes {
            *self.codes.entry(code).or_default() += count;
        }
    }
}

/// What one worker found in one chunk. Records that will not be written are counted and not kept.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The counts.
    pub tally: Tally,
    source: u32,
    lines: u64,
    all: bool,
    strict: bool,
    records: Vec<Record>,
}

impl Batch {
    /// Counts a line that was used.
    pub fn apply(&mut self, shared: bool) {
        self.tally.apply(shared);
    }

    /// Takes a record of a line, numbered within the chunk. `text` gives its event id and detail, and is asked only
    /// where the record will be written.
    pub fn record(
        &mut self,
        action: Action,
        code: &'static str,
        line: u64,
        shared: bool,
        text: impl FnOnce() -> (Option<String>, String),
    ) {
        self.tally.count(action, code, shared);
        if self.all || action == Action::Rejected {
            let (event_id, detail) = text();
            self.records.push(Record {
                action,
                code,
                place: Some((self.source, line)),
                shared,
                event_id,
                detail,
            });
        }
    }

    /// Takes a noted record that is written even without `--log-all`: whoever uses the line must know.
    pub fn mark(
        &mut self,
        code: &'static str,
        line: u64,
        shared: bool,
        event_id: Option<String>,
        detail: String,
    ) {
        self.tally.count(Action::Noted, code, shared);
        let place = Some((self.source, line));
        self.records.push(Record { action: Action::Noted, code, place, shared, event_id, detail });
    }

    /// Whether the chunk is over here: under `--strict`, after a rejection, its further lines are not looked at, and
    /// what the lines before it gave is all that may still be written.
    pub fn is_over(&self) -> bool {
        self.strict && self.tally.rejected > 0
    }

    /// Says how many lines the chunk has, blank ones included: [`super::Lines::number`] after the last.
    pub fn ends_after(&mut self, lines: u64) {
        self.lines = lines;
    }
}

/// What the witness line binds together, beside the counts.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The digest of the bytes read; with `--store`, of the manifests' hashes as lines.
    pub input: Option<Blake3>,
    /// The root of the state, where one was derived.
    pub root: Option<Blake3>,
    /// The digest of the dotfiles' bytes, where there were any.
    pub scope: Option<Blake3>,
    /// The time that `--now` put in place of the clock, as it was given.
    pub now: Option<String>,
    /// Further members with their texts, behind all others.
    pub more: Vec<(&'static str, String)>,
}

/// The log of a run.
#[derive(Debug)]
pub struct Log {
    tool: String,
    version: String,
    text: bool,
    colour: bool,
    all: bool,
    strict: bool,
    sources: Vec<String>,
    /// The source that is fed, and how many of its lines were.
    fed: (u32, u64),
    tally: Tally,
    raised: Status,
    drawer: Drawer,
    screen: Option<Patient>,
    buffer: Vec<u8>,
    private: Option<PrivateLog>,
}

#[derive(Debug)]
struct PrivateLog {
    name: String,
    file: Patient,
    buffer: Vec<u8>,
}

impl Log {
    /// Opens the log of a tool. A terminal shows progress unless it will show the output as well, which is not so
    /// where that goes `elsewhere`: a bar would stand in its midst.
    pub(super) fn open(tool: &str, version: &str, args: &LogArgs, elsewhere: bool) -> Result<Log, Failure> {
        let terminal = Std::Err.is_terminal();
        let text = args.log.map_or(terminal, |format| format == LogFormat::Text);
        let private = args.private_log.as_ref().map(|path| PrivateLog::open(&path.to_string_lossy(), path));
        let drawer = Drawer::start(text && terminal && (elsewhere || !Std::Out.is_terminal()));
        Ok(Log {
            tool: tool.to_owned(),
            version: version.to_owned(),
            text,
            colour: text && terminal && wants_colour(),
            all: args.log_all,
            strict: args.strict,
            sources: Vec::new(),
            fed: (0, 0),
            tally: Tally::default(),
            raised: Status::Accepted,
            drawer,
            screen: Std::Err.open().ok().map(Patient),
            buffer: Vec::new(),
            private: private.transpose()?,
        })
    }

    /// Opens the operands of a tool that may hold the stream.
    pub fn input(&mut self, files: &Files) -> Result<Input, Failure> {
        let input = Input::open(files, self.drawer.progress())?;
        self.sources = input.names().to_vec();
        Ok(input)
    }

    /// Opens the operands of a tool that holds a line of at most `limit` bytes.
    pub fn lines(&mut self, files: &Files, limit: usize) -> Result<LineReader, Failure> {
        let reader = LineReader::open(files, limit, self.drawer.progress())?;
        self.sources = reader.names().to_vec();
        Ok(reader)
    }

    /// The progress that a terminal shows.
    pub fn progress(&self) -> Progress {
        self.drawer.progress().clone()
    }

    /// Names the sources of records by their places; [`Log::input`] and [`Log::lines`] have done so.
    pub fn set_sources(&mut self, names: Vec<String>) {
        self.sources = names;
    }

    /// Whether every record is written: `--log-all`.
    pub fn writes_all(&self) -> bool {
        self.all
    }

    /// Whether the first rejection ends the run: `--strict`.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// An empty batch for a chunk; workers share the log for this.
    pub fn batch(&self, chunk: &Chunk<'_>) -> Batch {
        Batch {
            tally: Tally::default(),
            source: chunk.source,
            lines: 0,
            all: self.all,
            strict: self.strict,
            records: Vec::new(),
        }
    }

    /// Takes the batches of chunks in their order, and gives the number of the line before the chunk's first: a
    /// line numbered n in the chunk is line `base + n` of its source. Under `--strict` the first rejection is
    /// written as the last record, and is a failure.
    pub fn feed(&mut self, batch: Batch) -> Result<u64, Failure> {
        let (source, base) = if self.fed.0 == batch.source { self.fed } else { (batch.source, 0) };
        self.fed = (source, base + batch.lines);
        self.tally.merge(&batch.tally);
        for mut record in batch.records {
            record.place = record.place.map(|(source, line)| (source, base + line));
            self.write(&record)?;
            if self.strict && record.action == Action::Rejected {
                return Err(Failure::Strict);
            }
        }
        self.flush()?;
        Ok(base)
    }

    /// Takes one record, its line numbered in its source.
    pub fn record(&mut self, record: &Record) -> Result<(), Failure> {
        self.tally.count(record.action, record.code, record.shared);
        if self.all || record.action == Action::Rejected {
            self.write(record)?;
        }
        if self.strict && record.action == Action::Rejected { Err(Failure::Strict) } else { Ok(()) }
    }

    /// Writes one record that the caller counts itself.
    pub fn write_counted(&mut self, record: &Record) -> Result<(), Failure> {
        self.write(record)
    }

    /// The counts so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The counts, to be set right: a line that counts as applied may turn out otherwise when all are there.
    pub fn tally_mut(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Makes the run end with at least this status.
    pub fn raise(&mut self, status: Status) {
        self.raised = self.raised.max(status);
    }

    /// The status that the run has come to.
    pub fn status(&self) -> Status {
        let refused = if self.tally.rejected > 0 { Status::Refused } else { Status::Accepted };
        self.raised.max(refused)
    }

    /// Writes out what is buffered: whenever the tool may wait for input.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.push_out()?;
        self.private.as_mut().map_or(Ok(()), PrivateLog::push_out)
    }

    /// Ends a run that reached its end: seals the output, writes the witness, and lets the output take its name if
    /// the status allows it (0 or 1; under `--strict` 0 alone). The witness goes first, so that a log that cannot
    /// be written leaves the old file as it was.
    pub fn finish(&mut self, output: Option<Output>, witness: &Witness) -> Result<Status, Failure> {
        let mut output = output;
        let digest = output.as_mut().map(Output::seal).transpose()?;
        self.witness(witness, digest)?;
        let status = self.status();
        let last = if self.strict { Status::Accepted } else { Status::Refused };
        if let Some(output) = output.filter(|_| status <= last) {
            output.commit()?;
        }
        Ok(status)
    }

    /// Writes the witness line; `output` is the digest of the bytes written. For tools that end in a way of their
    /// own; others call [`Log::finish`].
    pub fn witness(&mut self, witness: &Witness, output: Option<Blake3>) -> Result<(), Failure> {
        let private = self.tally.private;
        if self.text {
            self.write_summary(witness, output.filter(|_| !private));
        } else {
            let line = self.witness_line(witness, output, !private);
            self.buffer.extend_from_slice(&line);
        }
        let whole = private.then(|| self.witness_line(witness, output, true));
        if let (Some(log), Some(line)) = (&mut self.private, whole) {
            log.buffer.extend_from_slice(&line);
        }
        self.flush()
    }

    /// Ends the run: writes out the log, says what failed, and gives the status.
    pub(super) fn end(mut self, outcome: Result<Status, Failure>) -> Status {
        let flushed = self.flush();
        let own = self.status();
        let ended = match outcome {
            Ok(status) => status.max(own),
            // A reader that closes stdout is no error, whatever it had read before.
            Err(Failure::ReaderGone) => Status::Accepted,
            Err(failure) => {
                self.say(&failure);
                own.max(failure.status())
            }
        };
        match flushed {
            Ok(()) => ended,
            Err(failure) => {
                self.say(&failure);
                ended.max(failure.status())
            }
        }
    }

    /// Writes `tool: thing: reason`. The stop of `--strict` says nothing: the rejected line has been named.
    fn say(&mut self, failure: &Failure) {
        if *failure == Failure::Strict {
            return;
        }
        let line = complaint(&self.tool, failure);
        self.buffer.extend_from_slice(line.as_bytes());
        // Where this cannot be written, the status still tells.
        let _ = self.push_out();
    }

    fn write(&mut self, record: &Record) -> Result<(), Failure> {
        if self.text {
            self.write_text(record);
        } else {
            write_json(record, source_name(&self.sources, record), record.shared, &mut self.buffer);
        }
        if let Some(private) = self.private.as_mut().filter(|_| !record.shared) {
            write_json(record, source_name(&self.sources, record), true, &mut private.buffer);
        }
        let full = |buffer: &Vec<u8>| buffer.len() >= BUFFER;
        if full(&self.buffer) || self.private.as_ref().is_some_and(|p| full(&p.buffer)) {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// `tool: source:line: rejected code event: detail`.
    fn write_text(&mut self, record: &Record) {
        let mut line = format!("{}: ", self.tool);
        if let (Some(source), Some((_, number))) = (source_name(&self.sources, record), record.place) {
            let _ = write!(line, "{}:{number}: ", escape(source));
        }
        let (start, end) = if self.colour {
            (format!("\x1b[{}m", record.action.colour()), "\x1b[0m")
        } else {
            Default::default()
        };
        let _ = write!(line, "{start}{}{end} {}", record.action.as_str(), record.code);
        if let Some(event) = record.event_id.as_ref().filter(|_| record.shared) {
            let _ = write!(line, " {}", escape(event));
        }
        if record.shared && !record.detail.is_empty() {
            let _ = write!(line, ": {}", escape(&record.detail));
        }
        line.push('\n');
        self.buffer.extend_from_slice(line.as_bytes());
    }

    /// The witness in words.
    fn write_summary(&mut self, witness: &Witness, output: Option<Blake3>) {
        let (tool, tally) = (&self.tool, &self.tally);
        let _ = writeln!(
            self.buffer,
            "{tool}: read {}, applied {}, rejected {}, withheld {}, duplicate {}",
            tally.read(),
            tally.applied,
            tally.rejected,
            tally.withheld,
            tally.duplicate,
        );
        if !tally.codes.is_empty() {
            let codes: Vec<String> =
                tally.codes.iter().map(|(code, count)| format!("{code} {count}")).collect();
            let _ = writeln!(self.buffer, "{tool}: {}", codes.join(", "));
        }
        let digests = [
            ("input", witness.input.filter(|_| !tally.private)),
            ("output", output),
            ("root", witness.root),
            ("scope", witness.scope),
        ];
        for (name, digest) in digests {
            if let Some(digest) = digest {
                let _ = writeln!(self.buffer, "{tool}: {name} {digest}");
            }
        }
        for (name, text) in
            witness.now.iter().map(|now| ("now", now)).chain(witness.more.iter().map(|(n, t)| (*n, t)))
        {
            let _ = writeln!(self.buffer, "{tool}: {name} {}", escape(text));
        }
    }

    /// The witness line with its end; `whole` says whether it names input and output.
    fn witness_line(&self, witness: &Witness, output: Option<Blake3>, whole: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.word("log", "witness", &mut out);
        write_text("tool", &self.tool, &mut line, &mut out);
        write_text("version", &self.version, &mut line, &mut out);
        let tally = &self.tally;
        line.integer("read", tally.read(), &mut out);
        line.integer("applied", tally.applied, &mut out);
        line.integer("rejected", tally.rejected, &mut out);
        line.integer("withheld", tally.withheld, &mut out);
        line.integer("duplicate", tally.duplicate, &mut out);
        line.name("codes", &mut out);
        let mut codes = Members::open(&mut out);
        tally.codes.iter().for_each(|(code, count)| codes.integer(code, *count, &mut out));
        codes.close(&mut out);
        let (input, output) = (witness.input.filter(|_| whole), output.filter(|_| whole));
        for (name, digest) in
            [("input", input), ("output", output), ("root", witness.root), ("scope", witness.scope)]
        {
            digest.into_iter().for_each(|digest| line.word(name, digest, &mut out));
        }
        for (name, text) in
            witness.now.iter().map(|now| ("now", now)).chain(witness.more.iter().map(|(n, t)| (*n, t)))
        {
            write_text(name, text, &mut line, &mut out);
        }
        line.end_line(&mut out);
        out
    }

    fn push_out(&mut self) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.buffer);
        let Some(screen) = self.screen.as_mut().filter(|_| !text.is_empty()) else { return Ok(()) };
        let done = self.drawer.progress().aside(screen, |screen| screen.write_all(&text));
        done.or_else(|error| {
            // After an error nothing more is written: the log would have a hole.
            self.screen = None;
            // Nobody reads the log: that is their choice, as is closing stderr, and no reason to stop the work.
            let ignored = matches!(error.kind(), io::ErrorKind::BrokenPipe) || is_bad_descriptor(&error);
            if ignored { Ok(()) } else { Err(Failure::io("stderr", error)) }
        })
    }
}

impl PrivateLog {
    fn open(name: &str, path: &std::path::Path) -> Result<PrivateLog, Failure> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let file = file.map_err(|e| Failure::io(name, e))?;
        keep_private(&file).map_err(|e| Failure::io(name, e))?;
        Ok(PrivateLog { name: name.to_owned(), file: Patient(file), buffer: Vec::new() })
    }

    fn push_out(&mut self) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.buffer);
        self.file.write_all(&text).map_err(|e| Failure::io(&self.name, e))
    }
}

/// A file that was there with another mode becomes ours alone before anything private goes in.
fn keep_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let there = file.metadata()?;
    if there.is_file() && there.permissions().mode() & 0o7777 != 0o600 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// `tool: thing: reason`, escaped, with the line's end.
pub(super) fn complaint(tool: &str, failure: &Failure) -> String {
    format!("{}: {}\n", escape(tool), escape(&failure.to_string()))
}

/// Whether colour is wanted: unless NO_COLOR is there and not empty.
pub(super) fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn is_bad_descriptor(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::BADF.raw_os_error())
}

fn source_name<'a>(sources: &'a [String], record: &Record) -> Option<&'a str> {
    let (source, _) = record.place?;
    sources.get(source as usize).map(String::as_str)
}

/// A record as a JSON line; `whole` says whether its id and text stand in it.
fn write_json(record: &Record, source: Option<&str>, whole: bool, out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    line.word("log", "boundary", out);
    line.word("action", record.action.as_str(), out);
    line.word("code", record.code, out);
    if let Some((_, number)) = record.place {
        line.integer("line", number, out);
    }
    if let Some(source) = source {
        write_text("source", source, &mut line, out);
    }
    if let Some(event) = record.event_id.as_ref().filter(|_| whole) {
        write_text("event_id", event, &mut line, out);
    }
    if whole && !record.detail.is_empty() {
        write_text("detail", &record.detail, &mut line, out);
    }
    line.end_line(out);
}

/// A member whose text shows nothing but what prints.
fn write_text(name: &str, text: &str, line: &mut Members, out: &mut Vec<u8>) {
    line.name(name, out);
    write_escaped_string(text, out);
}
