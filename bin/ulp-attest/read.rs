//! Reading lines: attestations and receipts are kept, each with its place; other kinds are for others.

use ulp_cli::{Failure, LineReader, Log};
use ulp_core::hash::Blake3;
use ulp_core::json::{self, Tape, Value};
use ulp_core::line::{self, Kind};
use ulp_core::report::{Outcome, Position, Refusal, Report};
use ulp_core::statement::receipt::VERSION;
use ulp_core::statement::{Attestation, Sort, sort};
use ulp_peer::chains::Chains;

/// What was read.
#[derive(Default)]
pub struct Said {
    pub chains: Chains,
    /// Each receipt once, with the place of its first line; those of a store have none.
    pub receipts: Vec<(Option<Position>, Blake3)>,
    pub attestations: Vec<Spoken>,
    pub report: Report,
}

/// An attestation, as it came.
#[derive(Clone, Debug)]
pub struct Spoken {
    pub at: Position,
    pub line: Vec<u8>,
    pub attestation: Attestation,
}

impl Said {
    /// Reads all lines of the operands.
    pub fn read(&mut self, reader: &mut LineReader) -> Result<(), Failure> {
        let (mut source, mut base) = (0, 0);
        while let Some(chunk) = reader.next_chunk()? {
            if chunk.source != source {
                (source, base) = (chunk.source, 0);
            }
            let mut lines = chunk.lines();
            for (number, line) in lines.by_ref() {
                let at = Position { source, line: base + number };
                self.report.tally.read += 1;
                let said = match line {
                    Ok(line) => self.line(line, at),
                    Err(fault) => Err(Refusal::new(fault.code(), fault.to_string())),
                };
                said.unwrap_or_else(|refusal| self.report.refuse(at, refusal));
            }
            base += lines.number();
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], at: Position) -> Result<(), Refusal> {
        let mut tape = Tape::new();
        let object = json::parse_line(&mut tape, line)?;
        match Kind::of(object)? {
            Some(Kind::Statement) => self.statement(object, line, at),
            Some(kind) => {
                // Whether events are for everyone, who has a use for them looks.
                let shared = !matches!(kind, Kind::Event | Kind::State);
                self.withhold(kind.name(), at, shared);
                Ok(())
            }
            None => Err(Refusal::new("envelope.operation", "a line of no kind")),
        }
    }

    fn statement(&mut self, object: Value<'_, '_>, line: &[u8], at: Position) -> Result<(), Refusal> {
        match sort(object)? {
            Sort::Receipt if is_newer(object) => self.withhold("a receipt of a newer version", at, true),
            Sort::Receipt => {
                let new = self.chains.add(object, line)?;
                self.receipts.extend(new.map(|hash| (Some(at), hash)));
            }
            Sort::Attestation => {
                let attestation = Attestation::read(object)?;
                self.attestations.push(Spoken { at, line: line.to_vec(), attestation });
            }
            Sort::Knows | Sort::Wants => self.withhold(Kind::Statement.name(), at, true),
        }
        Ok(())
    }

    fn withhold(&mut self, what: &str, at: Position, shared: bool) {
        self.report.say(Outcome::Withheld, line::UNUSED, at, shared, || (None, what.to_owned()));
    }
}

/// Whether a receipt is of a version that this one does not judge.
fn is_newer(receipt: Value<'_, '_>) -> bool {
    receipt
        .get("receipt")
        .and_then(Value::as_i64)
        .is_some_and(|v| u64::try_from(v).is_ok_and(|v| v > VERSION))
}

/// Reads what is named, if anything is.
pub fn operands(reader: Option<LineReader>, log: &Log) -> Result<(Said, Option<Blake3>), Failure> {
    let mut said = Said { report: log.report(), ..Said::default() };
    let Some(mut reader) = reader else { return Ok((said, None)) };
    said.read(&mut reader)?;
    let digest = reader.digest();
    Ok((said, Some(digest)))
}
