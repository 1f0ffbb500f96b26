//! The way of the input: from lines to records, and from records to the sink; with `--origin auto` twice.

use std::io::Write;

use ulp_cli::{Chunk, Failure, LineReader, Log};

use crate::desk::Desk;
use crate::framer::Framer;
use crate::pipe::{Pipe, Taker};
use crate::sink::Sink;
use crate::survey::Survey;

/// Imports all that is read.
///
/// # Errors
/// The system's; usage that does not fit the input; under `--strict`, the first rejection.
pub fn run(
    desk: &mut Desk,
    reader: &mut LineReader,
    out: &mut (dyn Write + Send),
    log: &mut Log,
) -> Result<(), Failure> {
    if desk.is_survey() {
        // Everything is held, as it is needed again once it is known where it lies.
        return surveyed(desk, &hold(reader)?, out, log);
    }
    let mut way = Way::new(desk, Taker::Sink(Sink::new(desk, out, log)));
    while let Some(chunk) = reader.next_chunk()? {
        way.take(chunk)?;
        if reader.would_block() {
            way.pipe.flush()?;
        }
    }
    way.end().map(drop)
}

/// Lines as they came.
pub struct Held {
    pub source: u32,
    pub bytes: Vec<u8>,
    pub too_long: bool,
    pub limit: usize,
}

fn hold(reader: &mut LineReader) -> Result<Vec<Held>, Failure> {
    let mut held = Vec::new();
    while let Some(Chunk { source, bytes, too_long, limit }) = reader.next_chunk()? {
        held.push(Held { source, bytes: bytes.to_vec(), too_long, limit });
    }
    Ok(held)
}

/// Imports all that is held: first it is asked where everything lies.
///
/// # Errors
/// As [`run`].
pub fn surveyed(
    desk: &mut Desk,
    held: &[Held],
    out: &mut (dyn Write + Send),
    log: &mut Log,
) -> Result<(), Failure> {
    let Taker::Survey(survey) = again(desk, held, Taker::Survey(Survey::default()))? else { return Ok(()) };
    let first = survey.lay(desk);
    let mut sink = Sink::new(desk, out, log);
    sink.begin(first)?;
    again(desk, held, Taker::Sink(sink)).map(drop)
}

/// Lets all that is held be taken.
///
/// # Errors
/// What whoever takes the records fails with; usage that does not fit the input.
pub fn again<'t>(desk: &Desk, held: &[Held], taker: Taker<'t>) -> Result<Taker<'t>, Failure> {
    let mut way = Way::new(desk, taker);
    for Held { source, bytes, too_long, limit } in held {
        way.take(Chunk { source: *source, bytes, too_long: *too_long, limit: *limit })?;
    }
    way.end()
}

/// One way through the input.
struct Way<'w, 't> {
    desk: &'w Desk,
    framer: Framer,
    pipe: Pipe<'t>,
    source: Option<u32>,
}

impl<'w, 't> Way<'w, 't> {
    fn new(desk: &'w Desk, taker: Taker<'t>) -> Way<'w, 't> {
        Way { desk, framer: Framer::of(desk), pipe: Pipe::new(taker), source: None }
    }

    fn take(&mut self, chunk: Chunk<'_>) -> Result<(), Failure> {
        if self.source.is_some_and(|source| source != chunk.source) {
            self.end_source()?;
        }
        self.source = Some(chunk.source);
        self.framer.take(chunk, self.desk, &mut self.pipe)
    }

    fn end_source(&mut self) -> Result<(), Failure> {
        let source = self.source.take();
        source.map_or(Ok(()), |source| self.framer.end(source, self.desk, &mut self.pipe))
    }

    fn end(mut self) -> Result<Taker<'t>, Failure> {
        self.end_source()?;
        self.pipe.flush()?;
        Ok(self.pipe.into_taker())
    }
}
