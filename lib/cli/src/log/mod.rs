//! The boundary/witness log on stderr, and its private part.
//!
//! A rejected line is written in full; withheld, duplicate and noted ones are counted, and written with `--log-all`.
//! Workers gather what they find in a [`Report`] a chunk, and reports are fed in the order of the chunks. The last
//! line of a run that reached its end is its witness.
//!
//! With `--log errors` nothing is written but what makes the status other than 0, and then the witness.

mod json;
mod private;
mod text;
mod witness;

use std::io::{self, Write as _};

use super::args::LogFormat;
use super::progress::{Drawer, Progress};
use super::stdio::{Patient, Std};
use super::{Failure, Files, Input, LineReader, LogArgs, Output, Status};
use private::PrivateLog;
use ulp_core::hash::Blake3;
use ulp_core::report::{Diagnostic, Outcome, Report, Tally};
use ulp_core::text::escape;
use witness::Ending;

pub use witness::Witness;

/// Bytes of the log that are gathered before a write.
const BUFFER: usize = 64 << 10;

/// The log of a run.
#[derive(Debug)]
pub struct Log {
    tool: String,
    version: String,
    format: LogFormat,
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
    /// With `--log errors`, the witness line of a run that has not failed yet.
    held: Vec<u8>,
    private: Option<PrivateLog>,
}

impl Log {
    /// Opens the log of a tool. A terminal shows progress unless it will show the output as well, which is not so
    /// where that goes `elsewhere`: a bar would stand in its midst.
    pub(super) fn open(tool: &str, version: &str, args: &LogArgs, elsewhere: bool) -> Result<Log, Failure> {
        let terminal = Std::Err.is_terminal();
        let usual = if terminal { LogFormat::Text } else { LogFormat::Json };
        let format = args.log.unwrap_or(usual);
        if format == LogFormat::Errors && args.log_all {
            return Err(Failure::usage("--log-all", "it writes what --log errors leaves out"));
        }
        let text = format == LogFormat::Text;
        let private = args.private_log.as_ref().map(|path| PrivateLog::open(path));
        let drawer = Drawer::start(text && terminal && (elsewhere || !Std::Out.is_terminal()));
        Ok(Log {
            version: version.to_owned(),
            format,
            colour: text && terminal && wants_colour(),
            all: args.log_all,
            strict: args.strict,
            drawer,
            screen: Std::Err.open().ok().map(Patient),
            private: private.transpose()?,
            ..Log::unseen(tool)
        })
    }

    /// A log that counts and that nobody sees, for whoever has the work of a tool done without its process.
    pub fn unseen(tool: &str) -> Log {
        Log {
            tool: tool.to_owned(),
            version: String::new(),
            format: LogFormat::Json,
            colour: false,
            all: false,
            strict: false,
            sources: Vec::new(),
            fed: (0, 0),
            tally: Tally::default(),
            raised: Status::Accepted,
            drawer: Drawer::start(false),
            screen: None,
            buffer: Vec::new(),
            held: Vec::new(),
            private: None,
        }
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

    /// Names the sources of positions; [`Log::input`] and [`Log::lines`] have done so.
    pub fn set_sources(&mut self, names: Vec<String>) {
        self.sources = names;
    }

    /// Whether every diagnostic is written: `--log-all`.
    pub fn writes_all(&self) -> bool {
        self.all
    }

    /// Whether the first rejection ends the run: `--strict`.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// An empty report for a worker.
    pub fn report(&self) -> Report {
        Report::new(self.all)
    }

    /// Takes the report of some lines of a source, in the order of the lines, and gives the number of the line before
    /// them: a line numbered n in the report is line `base + n` of its source. `lines` is how many there were, blank
    /// ones included: [`super::Lines::number`] after the last.
    ///
    /// # Errors
    /// Under `--strict` the first rejection is written last, and is a failure.
    pub fn feed(&mut self, mut report: Report, source: u32, lines: u64) -> Result<u64, Failure> {
        let base = if self.fed.0 == source { self.fed.1 } else { 0 };
        self.fed = (source, base + lines);
        report.diagnostics.iter_mut().filter_map(|d| d.position.as_mut()).for_each(|at| at.line += base);
        self.take(report)?;
        self.flush()?;
        Ok(base)
    }

    /// Takes a report whose lines are numbered in their sources, and writes it in the order of the lines.
    ///
    /// # Errors
    /// As [`Log::feed`].
    pub fn say(&mut self, mut report: Report) -> Result<(), Failure> {
        report.diagnostics.sort();
        self.take(report)
    }

    fn take(&mut self, report: Report) -> Result<(), Failure> {
        self.tally.join(report.tally);
        for diagnostic in report.diagnostics {
            self.write(&diagnostic)?;
            if self.strict && diagnostic.outcome == Outcome::Rejected {
                return Err(Failure::Strict);
            }
        }
        Ok(())
    }

    /// Takes one diagnostic of a line, numbered in its source.
    ///
    /// # Errors
    /// As [`Log::feed`].
    pub fn record(&mut self, diagnostic: &Diagnostic) -> Result<(), Failure> {
        let rejected = diagnostic.outcome == Outcome::Rejected;
        self.tally.count(diagnostic.outcome, diagnostic.code.clone(), diagnostic.shared);
        if self.all || rejected {
            self.write(diagnostic)?;
        }
        if self.strict && rejected { Err(Failure::Strict) } else { Ok(()) }
    }

    /// Takes a diagnostic that is about no line: its code alone is counted, and it is written in any case.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn warn(&mut self, diagnostic: &Diagnostic) -> Result<(), Failure> {
        self.fail(Status::Accepted, diagnostic)
    }

    /// Takes a diagnostic as [`Log::warn`] does, and makes the run end with at least this status for it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn fail(&mut self, status: Status, diagnostic: &Diagnostic) -> Result<(), Failure> {
        self.raise(status);
        self.tally.note(diagnostic.code.clone(), 1);
        self.tally.private |= !diagnostic.shared;
        self.put(diagnostic, status != Status::Accepted || diagnostic.outcome == Outcome::Rejected)
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
        let failed = self.status() != Status::Accepted;
        let Log { tool, version, tally, buffer, held, .. } = self;
        let (ending, private) = (Ending { tool, version, tally, witness, output }, tally.private);
        match self.format {
            LogFormat::Text => ending.write_text(!private, buffer),
            LogFormat::Errors if !failed => ending.write_json(!private, held),
            LogFormat::Json | LogFormat::Errors => ending.write_json(!private, buffer),
        }
        if let Some(log) = self.private.as_mut().filter(|_| private) {
            ending.write_json(true, &mut log.buffer);
        }
        self.flush()
    }

    /// Ends the run: writes out the log, says what failed, and gives the status.
    pub(super) fn end(mut self, outcome: Result<Status, Failure>) -> Status {
        let ended = match &outcome {
            Ok(status) => self.status().max(*status),
            // A reader that closes stdout is no error, whatever it had read before.
            Err(Failure::ReaderGone) => Status::Accepted,
            Err(failure) => self.status().max(failure.status()),
        };
        // A run that failed after its witness was made has one to show.
        if ended != Status::Accepted {
            self.buffer.append(&mut self.held);
        }
        let flushed = self.flush();
        outcome.err().iter().for_each(|failure| self.complain(failure));
        match flushed {
            Ok(()) => ended,
            Err(failure) => {
                self.complain(&failure);
                ended.max(failure.status())
            }
        }
    }

    /// Writes why the run ended early. The stop of `--strict` says nothing: the rejected line has been named; nor
    /// does a reader who left.
    fn complain(&mut self, failure: &Failure) {
        if matches!(failure, Failure::Strict | Failure::ReaderGone) {
            return;
        }
        complaint(&self.tool, failure, self.format == LogFormat::Errors, &mut self.buffer);
        // Where this cannot be written, the status still tells.
        let _ = self.push_out();
    }

    fn write(&mut self, diagnostic: &Diagnostic) -> Result<(), Failure> {
        self.put(diagnostic, diagnostic.outcome == Outcome::Rejected)
    }

    /// Writes a diagnostic; `fails` says whether the status is other than 0 for it.
    fn put(&mut self, diagnostic: &Diagnostic, fails: bool) -> Result<(), Failure> {
        let source =
            diagnostic.position.and_then(|at| self.sources.get(at.source as usize)).map(String::as_str);
        match self.format {
            LogFormat::Text => text::write(diagnostic, &self.tool, source, self.colour, &mut self.buffer),
            LogFormat::Errors if !fails => {}
            LogFormat::Json | LogFormat::Errors => {
                json::write(diagnostic, source, diagnostic.shared, &mut self.buffer);
            }
        }
        if let Some(private) = self.private.as_mut().filter(|_| !diagnostic.shared) {
            json::write(diagnostic, source, true, &mut private.buffer);
        }
        let full = |buffer: &Vec<u8>| buffer.len() >= BUFFER;
        if full(&self.buffer) || self.private.as_ref().is_some_and(|p| full(&p.buffer)) {
            self.flush()
        } else {
            Ok(())
        }
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

/// Appends why a run ended early as a line: `tool: thing: reason`, escaped, or, with `--log errors`, as JSON.
pub(super) fn complaint(tool: &str, failure: &Failure, errors: bool, out: &mut Vec<u8>) {
    if errors {
        return json::write_failure(tool, failure, out);
    }
    // Writing to a Vec cannot fail.
    let _ = writeln!(out, "{}: {}", escape(tool), escape(&failure.to_string()));
}

/// Whether colour is wanted: unless NO_COLOR is there and not empty.
pub(super) fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn is_bad_descriptor(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::BADF.raw_os_error())
}
