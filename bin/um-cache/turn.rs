//! One subject's turn: ask every source what it has, decide, fetch, check, merge.

use ulp_cli::Failure;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::write::{Members, write_texts};
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::{Diagnostic, Refusal};
use ulp_um::cache::said::{Metadata, Status};
use ulp_um::cache::words::{Reason, Role, Step};
use ulp_um::cache::{Event, Line, Settings, View};
use ulp_um::{hash, manifest::MAX_BYTES};

use crate::cache::{Cache, Unnamed};
use crate::check::Judge;
use crate::journal::{Index, Journal};
use crate::known::Known;
use crate::pause::Pauses;
use crate::road::{self, Brought};
use crate::rules::Rules;
use crate::said::{fetched, line, line_from, note, refused, rejection};
use crate::sources::{self, Road, Source, Subject};
use crate::{events, merge};

/// Longest change log, in bytes: it only grows.
const MAX_LOG: usize = 64 << 20;

/// What all turns share.
pub struct Shared<'r> {
    pub cache: &'r Cache,
    pub journal: &'r Journal,
    pub index: Index,
    pub settings: &'r Settings,
    pub rules: Rules,
    /// The document that they are.
    pub rules_named: Option<Sha256>,
    /// No road is taken.
    pub is_offline: bool,
    pub pauses: Pauses,
    pub judge: Judge<'r>,
}

/// What became of one subject.
pub struct Done {
    pub lines: Vec<Line>,
    pub documents: Vec<Unnamed>,
    pub view: String,
    pub said: Vec<Diagnostic>,
}

/// Takes a subject's turn. Nothing is written yet but documents without a name.
pub fn take(shared: &Shared<'_>, subject: &Subject) -> Result<Done, Failure> {
    let ranges = shared.index.get(&subject.name).map_or(&[][..], Vec::as_slice);
    let lines = shared.journal.at(ranges)?;
    let known = Known::read(shared.cache, &subject.name, lines, &shared.rules, shared.judge.now)?;
    let before = known.lines.len();
    let mut turn = Turn { shared, subject, known, documents: Vec::new(), said: Vec::new() };
    if let Err(failure) = turn.go() {
        shared.cache.discard(&turn.documents);
        return Err(failure);
    }
    let view = turn.merge();
    let lines = turn.known.lines.split_off(before);
    Ok(Done { lines, documents: turn.documents, view, said: turn.said })
}

struct Turn<'t> {
    shared: &'t Shared<'t>,
    subject: &'t Subject,
    known: Known,
    documents: Vec<Unnamed>,
    said: Vec<Diagnostic>,
}

impl Turn<'_> {
    fn now(&self) -> Time {
        self.shared.judge.now
    }

    fn view(&self) -> View {
        self.known.fold(self.shared.settings, self.now()).view
    }

    fn line(&self, step: Step, source: &Source) -> Line {
        line_from(step, &self.subject.name, source, self.now())
    }

    fn go(&mut self) -> Result<(), Failure> {
        let sources = &self.subject.sources;
        if !self.shared.is_offline {
            let view = self.view();
            sources.iter().for_each(|source| self.ask(source, &view));
        }
        let view = self.view();
        self.decide(&view);
        if self.shared.is_offline {
            return Ok(());
        }
        let is_wanted = |source: &&Source| source.role != Role::Authoritative || !view.reasons.is_empty();
        sources.iter().filter(is_wanted).try_for_each(|source| self.fetch(source, &view))
    }

    /// What a source says beside its manifest.
    fn ask(&mut self, source: &Source, view: &View) {
        let name = self.subject.name.clone();
        let of_subject = |text: &str| {
            if text == name { Ok(()) } else { Err(Refusal::new("sync.subject", "it is of another subject")) }
        };
        self.hear(source, Step::Metadata, source.metadata.as_ref(), view, |value| {
            of_subject(&Metadata::read(value)?.subject)
        });
        self.hear(source, Step::Status, source.status.as_ref(), view, |value| Status::read(value).map(drop));
        if let Some(log) = self.bring(source, Step::Change, source.changes.as_ref(), view, MAX_LOG) {
            self.read_log(source, &log);
        }
    }

    /// Takes a road that leads to one object, which is what `check` lets pass.
    fn hear(
        &mut self,
        source: &Source,
        step: Step,
        road: Option<&Road>,
        view: &View,
        check: impl FnOnce(Value<'_, '_>) -> Result<(), Refusal>,
    ) {
        let Some(bytes) = self.bring(source, step, road, view, MAX_BYTES) else { return };
        let mut tape = Tape::new();
        let read = json::parse_line(&mut tape, &bytes).map_err(Refusal::from);
        let read = read.and_then(|value| check(value).map(|()| hash::canonical(value)));
        let line = self.line(step, source);
        match read {
            Ok(data) => self.known.lines.push(Line { data: String::from_utf8(data).ok(), ..line }),
            Err(refusal) => self.refuse(line, &refusal),
        }
    }

    /// Takes a road; what does not come is a line of its own.
    fn bring(
        &mut self,
        source: &Source,
        step: Step,
        road: Option<&Road>,
        view: &View,
        limit: usize,
    ) -> Option<Vec<u8>> {
        let called = format!("{} {} {step}", self.subject.name, source.name);
        match road::take(road?, limit, view, &called, &self.shared.pauses) {
            Brought::Bytes(bytes) => return Some(bytes),
            Brought::TooLong => {
                let code = if step == Step::Fetch { "um.limit" } else { "json.too_long" };
                let detail = format!("longer than {} MiB", limit >> 20);
                self.refuse(self.line(step, source), &Refusal::new(code, detail));
            }
            Brought::Nothing(code, why) => {
                let refusal = Refusal::new(code, format!("{step}: {why}"));
                self.refuse(self.line(Step::Road, source), &refusal);
            }
        }
        None
    }

    fn refuse(&mut self, line: Line, refusal: &Refusal) {
        let line = refused(line, &refusal.code);
        self.said.push(rejection(&line, refusal));
        self.known.lines.push(line);
    }

    /// Takes the events of a change log that are not known yet. Those of other subjects are left to these.
    fn read_log(&mut self, source: &Source, log: &[u8]) {
        let mut known = events::of(&self.known.lines, Step::Change);
        let mut tape = Tape::new();
        for text in log.split(|byte| *byte == b'\n').filter(|text| !text.trim_ascii().is_empty()) {
            let read = json::parse_line(&mut tape, text).map_err(Refusal::from);
            let line = self.line(Step::Change, source);
            match read.and_then(Event::read) {
                Ok(event) if event.subject != self.subject.name => {}
                Ok(event) => self.take_event(line, event, &mut known),
                Err(refusal) => self.refuse(line, &refusal),
            }
        }
    }

    fn take_event(&mut self, line: Line, event: Event, known: &mut events::Known) {
        let hashes = known.entry(event.id.clone()).or_default();
        let is_first = hashes.is_empty();
        if !hashes.insert(event.hash()) {
            return;
        }
        let line = Line { data: Some(event.text), ..line };
        if is_first {
            return self.known.lines.push(line);
        }
        self.said.push(note(&line, events::EQUIVOCATION, "two events of one id"));
        self.known.lines.push(Line { code: Some(events::EQUIVOCATION.to_owned()), ..line });
    }

    /// Writes down why the source is asked, and by which settings and rules.
    fn decide(&mut self, view: &View) {
        let mut data = Vec::new();
        let mut object = Members::open(&mut data);
        object.boolean("fetch", !self.shared.is_offline && !view.reasons.is_empty(), &mut data);
        object.name("reasons", &mut data);
        write_texts(view.reasons.iter().copied().map(Reason::as_str), &mut data);
        object.name("settings", &mut data);
        sources::print(self.shared.settings, &mut data);
        object.close(&mut data);
        let line = line(Step::Decide, &self.subject.name, self.now());
        self.known.lines.push(Line {
            data: String::from_utf8(data).ok(),
            object: self.shared.rules_named,
            ..line
        });
    }

    fn fetch(&mut self, source: &Source, view: &View) -> Result<(), Failure> {
        let Some(bytes) = self.bring(source, Step::Fetch, source.manifest.as_ref(), view, MAX_BYTES) else {
            return Ok(());
        };
        let line = self.line(Step::Fetch, source);
        let newest = self.known.newest_of_source();
        match self.shared.judge.standing(&bytes, self.subject, source, newest) {
            Err(refusal) => self.refuse(line, &refusal),
            Ok(standing) => {
                let hash = Sha256::of(&bytes);
                self.documents.extend(self.shared.cache.write(&bytes)?);
                self.known.add(hash, bytes, &self.shared.rules, self.now());
                self.known.lines.push(fetched(line, hash, standing));
            }
        }
        Ok(())
    }

    /// Writes down what comes of it, and gives it.
    fn merge(&mut self) -> String {
        let folded = self.known.fold(self.shared.settings, self.now());
        let line = line(Step::Merge, &self.subject.name, self.now());
        let line = merge::line(line, &folded, &self.known.lines);
        self.known.lines.push(line);
        folded.view.print()
    }
}
