//! Reading a stream into lanes.

use super::{Args, Source};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use ulp_cli::{Chunk, Failure, Log, project};
use ulp_core::event::{Event, Line, Reader};
use ulp_core::json::{self, EVENT_BYTES, Fault, Tape};
use ulp_core::report::{Outcome, Position, Refusal, Report};
use ulp_core::scope::{Gate, NoStore, Scope};
use ulp_store::pack::contents::Contents;
use ulp_store::{Digest, LaneId};

/// The events of a chunk that are to be packed.
struct Part {
    report: Report,
    source: u32,
    /// How many lines there were, blank ones included.
    count: u64,
    places: Vec<LaneId>,
    /// Canonical lines with their ends.
    text: Vec<u8>,
    /// Of each: its place, its digest, its end in the text, its number in the chunk.
    lines: Vec<(usize, Digest, usize, u64)>,
}

/// Reads the operands, holds them to `--scope`, and gathers what is to be packed by lane, each event once.
pub fn read(args: &Args, log: &mut Log) -> Result<Source<'static>, Failure> {
    let input = log.input(&args.files)?;
    let scope = match &args.scope {
        None => Scope::default(),
        Some(dir) => Scope::discover(dir).map_err(|e| Failure::of(e.kind(), e))?,
    };
    let read = |chunk: Chunk<'_>| read_chunk(args, &scope, log.report(), chunk);
    let (parts, digest) = rayon::join(|| input.map(read), || input.digest());
    let mut lanes: Vec<(LaneId, Vec<u8>)> = Vec::new();
    let mut index: HashMap<LaneId, usize> = HashMap::new();
    let mut known: HashSet<Digest> = HashSet::new();
    for mut part in parts? {
        let mut start = 0;
        for (place, digest, end, number) in part.lines {
            let line = &part.text[start..end];
            start = end;
            let id = &part.places[place];
            if !known.insert(digest) {
                let at = Position { source: part.source, line: number };
                let text = || (event_id(line.trim_ascii_end()), String::new());
                part.report.say(Outcome::Duplicate, "event.duplicate", at, id.lane.is_shared(), text);
                continue;
            }
            part.report.tally.private |= !id.lane.is_shared();
            let at = *index.entry(id.clone()).or_insert_with(|| {
                lanes.push((id.clone(), Vec::new()));
                lanes.len() - 1
            });
            lanes[at].1.extend_from_slice(line);
        }
        log.feed(part.report, part.source, part.count)?;
    }
    let (grid, digest_of_scope) = (scope.defaults().grid, scope.digest());
    Ok(Source { lot: Contents::of_lines(lanes), grid, input: digest?, scope: digest_of_scope })
}

fn read_chunk(args: &Args, scope: &Scope, report: Report, chunk: Chunk<'_>) -> Part {
    let arena = bumpalo::Bump::new();
    let mut reader = Reader::new(&arena, scope.defaults());
    let (mut gate, mut tape) = (scope.gate(), Tape::new());
    let source = chunk.source;
    let mut part = Part { report, source, count: 0, places: Vec::new(), text: Vec::new(), lines: Vec::new() };
    let mut lines = chunk.lines();
    for (number, line) in lines.by_ref() {
        let line = match line {
            Ok(line) if line.len() <= EVENT_BYTES => Ok(line),
            _ => Err(Refusal::from(json::Error { fault: Fault::TooLong, offset: EVENT_BYTES })),
        };
        part.report.tally.read += 1;
        let at = Position { source, line: number };
        let start = part.text.len();
        let passed = line.and_then(|line| pass(line, &mut reader, &mut gate, &mut tape, &mut part.text));
        match passed {
            Ok(event) => {
                let shared = event.lane().is_shared();
                match withheld(args, &event) {
                    Some(code) => {
                        let text = || (Some(event.id.to_owned()), String::new());
                        part.report.say(Outcome::Withheld, code, at, shared, text);
                        part.text.truncate(start);
                    }
                    None => part.take(&event, start, number),
                }
            }
            Err(refusal) => {
                part.text.truncate(start);
                part.report.refuse(at, refusal);
            }
        }
    }
    part.count = lines.number();
    part
}

/// Reads an event, lets it pass the gate, and appends its canonical form.
fn pass<'a>(
    line: &'a [u8],
    reader: &mut Reader<'a>,
    gate: &mut Gate<'_>,
    tape: &mut Tape,
    text: &mut Vec<u8>,
) -> Result<Event<'a>, Refusal> {
    let event = match reader.read_bytes(line)? {
        Line::Event(event) => event,
        Line::State(_) => {
            return Err(Refusal::new("event.kind", "a state line is derived; a pack carries events"));
        }
    };
    let permit = gate.permit(&event, None, &NoStore)?;
    let start = text.len();
    event.write_canonical(tape, text);
    if text.len() - start > permit.max_event_bytes.min(EVENT_BYTES) {
        let mut refusal = Refusal::from(json::Error { fault: Fault::TooLong, offset: EVENT_BYTES });
        refusal.shared = event.lane().is_shared();
        return Err(refusal);
    }
    Ok(event)
}

fn withheld(args: &Args, event: &Event<'_>) -> Option<&'static str> {
    let lane = (!args.lanes.shared_unless_told(event.lane())).then_some("view.lane");
    lane.or_else(|| project::not_selected(&args.select, event.space, event.tile))
}

impl Part {
    fn take(&mut self, event: &Event<'_>, start: usize, number: u64) {
        let digest = ulp_store::digest(&self.text[start..]);
        self.text.push(b'\n');
        let is_there = |p: &LaneId| p.tile == event.tile && p.lane == event.lane() && p.space == event.space;
        let place = self.places.iter().rposition(is_there).unwrap_or_else(|| {
            let (space, tile, lane) = (event.space.to_owned(), event.tile, event.lane());
            self.places.push(LaneId { space, tile, lane });
            self.places.len() - 1
        });
        self.lines.push((place, digest, self.text.len(), number));
    }
}

fn event_id(line: &[u8]) -> Option<String> {
    let mut tape = Tape::new();
    let top = json::parse_line(&mut tape, line).ok()?;
    Some(top.get("event_id")?.chars().collect())
}
