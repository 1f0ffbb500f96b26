//! Reading a stream into lanes.

use super::{Args, Source};
use foldhash::{HashMap, HashSet};
use ulp_cli::{Chunk, Failure, Log, project, room_for};
use ulp_core::event::{Event, Reader};
use ulp_core::json::{self, EVENT_BYTES};
use ulp_core::line;
use ulp_core::report::{Note, Outcome, Position, Refusal, Report};
use ulp_core::scope::{Admission, NoEvent, NoStore, Scope, read_event};
use ulp_store::intake::admit::{Admitted, AdmittedEvent, Wants, member, unknown_operation};
use ulp_store::pack::contents::Contents;
use ulp_store::{Digest, LaneId};

/// The events of a chunk that are to be packed, each with its number in the chunk.
struct Part {
    report: Report,
    source: u32,
    /// How many lines there were, blank ones included.
    count: u64,
    admitted: Admitted,
    events: Vec<(AdmittedEvent, u64)>,
}

/// Reads the operands, holds them to `--scope`, and gathers what is to be packed by lane, each event once.
pub fn read(args: &Args, log: &mut Log) -> Result<Source<'static>, Failure> {
    let input = log.input(&args.files)?;
    let scope = project::scope_below(args.scope.as_deref())?;
    let (mut lanes, empty) = (Lanes::default(), log.report());
    let read = |chunk: Chunk<'_>| {
        room_for(KEPT * chunk.bytes.len() + LEAST)?;
        Ok(read_chunk(args, &scope, empty.clone(), chunk))
    };
    let take = |part: Result<Part, Failure>| lanes.take(part?, log);
    let (taken, digest) = rayon::join(|| input.map_in_order(read, take), || input.digest());
    taken?;
    let lanes = lanes.list;
    let (grid, digest_of_scope) = (scope.defaults().grid, scope.digest());
    Ok(Source { contents: Contents::of_lines(lanes), grid, input: digest?, scope: digest_of_scope })
}

/// How many bytes are kept of one that is read, at most, and what is worked with besides.
const KEPT: usize = 8;
const LEAST: usize = 8 << 20;

/// Events by lane, each once.
#[derive(Default)]
struct Lanes {
    list: Vec<(LaneId, Vec<u8>)>,
    index: HashMap<LaneId, usize>,
    known: HashSet<Digest>,
}

impl Lanes {
    fn take(&mut self, part: Part, log: &mut Log) -> Result<(), Failure> {
        let Part { mut report, source, count, admitted, events } = part;
        for (event, line) in events {
            let (id, at) = (admitted.lane_id(&event), Position { source, line });
            let shared = id.lane.is_shared();
            if !self.known.insert(event.digest) {
                let text = || (event_id(&admitted, &event), String::new());
                report.say(Outcome::Duplicate, "event.duplicate", at, shared, text);
                continue;
            }
            note(&mut report, at, &admitted, &event);
            report.tally.private |= !shared;
            let lane = *self.index.entry(id.clone()).or_insert_with(|| {
                self.list.push((id.clone(), Vec::new()));
                self.list.len() - 1
            });
            self.list[lane].1.extend_from_slice(admitted.line_and_end(&event));
        }
        log.feed(report, source, count).map(drop)
    }
}

fn read_chunk(args: &Args, scope: &Scope, report: Report, chunk: Chunk<'_>) -> Part {
    let arena = bumpalo::Bump::new();
    let mut reader = Reader::new(&arena, scope.defaults()).with_forms();
    let mut admission = Admission::new(scope, None);
    let (source, admitted) = (chunk.source, Admitted::default());
    let mut part = Part { report, source, count: 0, admitted, events: Vec::new() };
    let mut lines = chunk.lines();
    for (number, line) in lines.by_ref() {
        part.report.tally.read += 1;
        let at = Position { source, line: number };
        let line = line.map_err(|fault| Refusal::from(json::Error { fault, offset: EVENT_BYTES }).into());
        let taken = line.and_then(|line| read_event(&mut reader, line)).and_then(|event| {
            let (came, wants) = ((&event, event.missing), Wants { digest: true, rows: false });
            let admitted = part.admitted.admit(&mut admission, came, Some(&NoStore), wants)?;
            Ok((withheld(args, &event), admitted))
        });
        match taken {
            Ok((None, event)) => part.events.push((event, number)),
            Ok((Some(code), event)) => {
                let shared = part.admitted.lane(&event).is_shared();
                let text = || (event_id(&part.admitted, &event), String::new());
                part.report.say(Outcome::Withheld, code, at, shared, text);
                part.admitted.take_back(&event);
            }
            Err(NoEvent::Other(kind)) => {
                let text = || (None, kind.name().to_owned());
                part.report.say(Outcome::Withheld, line::UNUSED, at, true, text);
            }
            Err(NoEvent::Refused(refusal)) => part.report.refuse(at, refusal),
        }
    }
    part.count = lines.number();
    part
}

/// Notes what is odd about an event that is packed.
fn note(report: &mut Report, at: Position, admitted: &Admitted, event: &AdmittedEvent) {
    let shared = admitted.lane(event).is_shared();
    for Note { code, detail } in &event.notes {
        let text = || (event_id(admitted, event), detail.clone());
        report.say(Outcome::Noted, *code, at, shared, text);
    }
    if event.is_unknown {
        let text = || (event_id(admitted, event), unknown_operation(admitted.line(event)).detail);
        report.say(Outcome::Noted, "event.unknown_operation", at, shared, text);
    }
}

fn event_id(admitted: &Admitted, event: &AdmittedEvent) -> Option<String> {
    member(admitted.line(event), "event_id")
}

fn withheld(args: &Args, event: &Event<'_>) -> Option<&'static str> {
    let lane = (!args.lanes.shared_unless_told(event.lane())).then_some("view.lane");
    lane.or_else(|| project::not_selected(&args.select, event.space, event.tile))
}
