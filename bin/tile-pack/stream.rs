//! Reading a stream into lanes.

use super::{Args, Source};
use ahash::{AHashMap, AHashSet};
use ulp_cli::{Action, Batch, Chunk, Failure, Log, project};
use ulp_core::event::{Event, Reader, Refusal};
use ulp_core::json::{self, EVENT_BYTES};
use ulp_core::scope::{Admission, NoStore, Note, Scope, read_event};
use ulp_store::intake::admit::{Admitted, AdmittedEvent, Wants, member, unknown_operation};
use ulp_store::pack::contents::Contents;
use ulp_store::{Digest, LaneId};

/// The events of a chunk that are to be packed, each with its number in the chunk.
struct Part {
    batch: Batch,
    admitted: Admitted,
    events: Vec<(AdmittedEvent, u64)>,
}

/// Reads the operands, holds them to `--scope`, and gathers what is to be packed by lane, each event once.
pub fn read(args: &Args, log: &mut Log) -> Result<Source<'static>, Failure> {
    let input = log.input(&args.files)?;
    let scope = project::scope_below(args.scope.as_deref())?;
    let read = |chunk: Chunk<'_>| read_chunk(args, &scope, log.batch(&chunk), chunk);
    let (parts, digest) = rayon::join(|| input.map(read), || input.digest());
    let mut lanes: Vec<(LaneId, Vec<u8>)> = Vec::new();
    let mut index: AHashMap<LaneId, usize> = AHashMap::new();
    let mut known: AHashSet<Digest> = AHashSet::new();
    for Part { mut batch, admitted, events } in parts? {
        for (event, number) in events {
            let (id, line) = (admitted.lane_id(&event), admitted.line_and_end(&event));
            let shared = id.lane.is_shared();
            if !known.insert(event.digest) {
                let text = || (event_id(&admitted, &event), String::new());
                batch.record(Action::Duplicate, "event.duplicate", number, shared, text);
                continue;
            }
            note(&mut batch, &admitted, &event, number);
            batch.apply(shared);
            let at = *index.entry(id.clone()).or_insert_with(|| {
                lanes.push((id.clone(), Vec::new()));
                lanes.len() - 1
            });
            lanes[at].1.extend_from_slice(line);
        }
        log.feed(batch)?;
    }
    let (grid, digest_of_scope) = (scope.defaults().grid, scope.digest());
    Ok(Source { lot: Contents::of_lines(lanes), grid, input: digest?, scope: digest_of_scope })
}

fn read_chunk(args: &Args, scope: &Scope, batch: Batch, chunk: Chunk<'_>) -> Part {
    let arena = bumpalo::Bump::new();
    let mut reader = Reader::new(&arena, scope.defaults());
    let mut admission = Admission::new(scope, None);
    let mut part = Part { batch, admitted: Admitted::default(), events: Vec::new() };
    let mut lines = chunk.lines();
    for (number, line) in lines.by_ref() {
        let line = line.map_err(|fault| Refusal::from(json::Error { fault, offset: EVENT_BYTES }));
        let taken = line.and_then(|line| read_event(&mut reader, line)).and_then(|event| {
            let wants = Wants { digest: true, rows: false };
            let admitted = part.admitted.admit(
                &mut admission,
                (&event, event.missing),
                Some(&NoStore),
                wants,
            )?;
            Ok((withheld(args, &event), admitted))
        });
        match taken {
            Ok((None, event)) => part.events.push((event, number)),
            Ok((Some(code), event)) => {
                let shared = part.admitted.lane(&event).is_shared();
                let text = || (event_id(&part.admitted, &event), String::new());
                part.batch.record(Action::Withheld, code, number, shared, text);
                part.admitted.take_back(&event);
            }
            Err(Refusal { code, detail, event_id, shared }) => {
                part.batch.record(Action::Rejected, code, number, shared, || (event_id, detail));
            }
        }
    }
    part.batch.ends_after(lines.number());
    part
}

/// Notes what is odd about an event that is packed.
fn note(batch: &mut Batch, admitted: &Admitted, event: &AdmittedEvent, number: u64) {
    let shared = admitted.lane(event).is_shared();
    for Note { code, detail } in &event.notes {
        let text = || (event_id(admitted, event), detail.clone());
        batch.record(Action::Noted, code, number, shared, text);
    }
    if event.is_unknown {
        let text = || (event_id(admitted, event), unknown_operation(admitted.line(event)).detail);
        batch.record(Action::Noted, "event.unknown_operation", number, shared, text);
    }
}

fn event_id(admitted: &Admitted, event: &AdmittedEvent) -> Option<String> {
    member(admitted.line(event), "event_id")
}

fn withheld(args: &Args, event: &Event<'_>) -> Option<&'static str> {
    let lane = (!args.lanes.shared_unless_told(event.lane())).then_some("view.lane");
    lane.or_else(|| project::not_selected(&args.select, event.space, event.tile))
}
