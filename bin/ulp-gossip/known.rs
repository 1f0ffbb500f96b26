//! What is known: the graph, and the file that its lines lie in.

use crate::file::GraphFile;
use std::path::Path;
use ulp_cli::{Failure, Log, Now};
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::{Diagnostic, Outcome, Refusal};
use ulp_peer::graph::{Bounds, Fate, Gate, Graph, Heard, Line, Share, Taken};

/// The graph and its file.
pub struct Known {
    pub gate: Gate,
    graph: Graph,
    bounds: Bounds,
    file: GraphFile,
    tape: Tape,
    now: Now,
}

impl Known {
    /// Reads a graph, as far as there is one. Each of its lines is verified, as any that comes is; whether their time
    /// has come was asked when they came.
    pub fn open(
        path: Option<&Path>,
        bounds: Bounds,
        gate: Gate,
        now: &Now,
        log: &mut Log,
    ) -> Result<Known, Failure> {
        let (file, now) = (GraphFile::open(path)?, now.clone());
        let mut known = Known { gate, graph: Graph::new(bounds), bounds, file, tape: Tape::new(), now };
        for refusal in known.read()? {
            note(path, &refusal, log)?;
        }
        Ok(known)
    }

    /// Reads the file. Answers what is wrong with lines that were passed over, each with where it begins.
    fn read(&mut self) -> Result<Vec<(u64, Refusal)>, Failure> {
        self.graph = Graph::new(self.bounds);
        let now = self.now.time();
        let Known { gate, graph, file, tape, .. } = self;
        let mut refused = Vec::new();
        file.each(|line, place| {
            let taken = heard(tape, line).and_then(|(object, heard)| {
                let Some(heard) = heard else { return Ok(()) };
                let share = gate.share(object, &heard, now)?;
                graph.take(&heard.said(share), heard.paths(), place);
                Ok(())
            });
            if let Err(refusal) = taken
                && refused.len() < MOST_NOTES
            {
                refused.push((place.at, refusal));
            }
            Ok(())
        })?;
        Ok(refused)
    }

    /// Takes in a statement, and appends its line to the file if it stands.
    pub fn take(&mut self, heard: &Heard<'_>, share: Share) -> Result<Taken, Failure> {
        if self.file.lock()? {
            self.read()?;
        }
        let place = self.file.next(heard.line.len());
        let taken = self.graph.take(&heard.said(share), heard.paths(), place);
        if taken.fate == Fate::Stands {
            self.file.append(&heard.line)?;
        }
        if self.file.has_doubled() {
            self.rewrite()?;
        }
        Ok(taken)
    }

    pub fn knows(&self, heard: &Heard<'_>) -> bool {
        self.graph.knows(heard)
    }

    /// Writes out what was taken in.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.file.flush()
    }

    /// Writes the file anew, unless it is as it is to be.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.flush()?;
        if !self.file.has_name() || self.file.is(self.graph.lines().iter().map(|line| line.place)) {
            return Ok(());
        }
        if self.file.lock()? {
            self.read()?;
        }
        self.rewrite()
    }

    fn rewrite(&mut self) -> Result<(), Failure> {
        let lines: Vec<_> = self.graph.lines().iter().map(|line| (line.id, line.place)).collect();
        self.file.rewrite(lines.iter().map(|(_, place)| *place))?;
        let mut at = 0;
        for (id, place) in lines {
            self.graph.moved(id, ulp_peer::graph::Place { at, ..place });
            at += u64::from(place.length);
        }
        Ok(())
    }

    /// Gives each line that stands, with what it says, in the order of the file.
    pub fn each(&self, mut each: impl FnMut(&Line<'_>, &Heard<'_>)) -> Result<(), Failure> {
        let mut tape = Tape::new();
        for line in self.graph.lines() {
            let text = self.file.line(line.place)?;
            if let Ok((_, Some(heard))) = heard(&mut tape, &text) {
                each(&line, &heard);
            }
        }
        Ok(())
    }

    /// The lines that stand.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.graph.lines().into_iter()
    }

    /// Whether a line wins a row.
    pub fn holds(&self, line: &Line<'_>, path: &str) -> bool {
        self.graph.holds(line.id, path)
    }
}

/// Most lines of the file that are told of.
const MOST_NOTES: usize = 16;

/// Reads a line of the file.
fn heard<'t, 'a>(tape: &'t mut Tape, line: &'a [u8]) -> Result<(Value<'t, 'a>, Option<Heard<'a>>), Refusal> {
    let object = json::parse_line(tape, line)?;
    let heard = Heard::read(object)?;
    Ok((object, heard))
}

/// Says that a line of the file was passed over: it is gone when the file is written anew.
fn note(path: Option<&Path>, (at, refusal): &(u64, Refusal), log: &mut Log) -> Result<(), Failure> {
    let name = path.map_or_else(String::new, |path| path.display().to_string());
    log.warn(&Diagnostic {
        position: None,
        outcome: Outcome::Noted,
        code: refusal.code.clone(),
        shared: true,
        event_id: None,
        detail: format!("{name}: the line at byte {at} is passed over: {}", refusal.detail),
    })
}
