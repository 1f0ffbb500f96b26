//! Records on their way: parts of the input are read side by side, while those before them are taken in their order.

use rayon::prelude::*;
use ulp_cli::Failure;

use crate::record::Record;
use crate::sink::Sink;
use crate::survey::Survey;

/// Who takes records.
pub enum Taker<'t> {
    Sink(Sink<'t>),
    Survey(Survey),
}

impl Taker<'_> {
    fn take(&mut self, source: u32, records: Vec<Record>) -> Result<(), Failure> {
        match self {
            Taker::Sink(sink) => sink.take_all(source, records),
            Taker::Survey(survey) => {
                survey.take_all(&records);
                Ok(())
            }
        }
    }
}

pub struct Pipe<'p> {
    taker: Taker<'p>,
    waiting: Vec<(u32, Vec<Record>)>,
}

/// How many parts a thread is given before what came of them is taken.
const PARTS: usize = 4;

impl<'p> Pipe<'p> {
    pub fn new(taker: Taker<'p>) -> Pipe<'p> {
        Pipe { taker, waiting: Vec::new() }
    }

    /// Reads parts of a source on all threads.
    ///
    /// # Errors
    /// What whoever takes the records fails with.
    pub fn parts<P: Sync>(
        &mut self,
        source: u32,
        parts: &[P],
        read: impl Fn(&P) -> Vec<Record> + Sync,
    ) -> Result<(), Failure> {
        for group in parts.chunks(PARTS * rayon::current_num_threads()) {
            let (taker, waiting) = (&mut self.taker, std::mem::take(&mut self.waiting));
            let (taken, records) = rayon::join(
                move || waiting.into_iter().try_for_each(|(source, records)| taker.take(source, records)),
                || group.par_iter().map(|part| (source, read(part))).collect(),
            );
            taken?;
            self.waiting = records;
        }
        Ok(())
    }

    /// Passes records on that were read elsewhere.
    pub fn put(&mut self, source: u32, records: Vec<Record>) {
        self.waiting.push((source, records));
    }

    /// Lets all that was read be taken, and be seen by whoever reads the output.
    ///
    /// # Errors
    /// As [`Pipe::parts`].
    pub fn flush(&mut self) -> Result<(), Failure> {
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        waiting.try_for_each(|(source, records)| self.taker.take(source, records))?;
        match &mut self.taker {
            Taker::Sink(sink) => sink.flush(),
            Taker::Survey(_) => Ok(()),
        }
    }

    /// Who has taken everything.
    pub fn into_taker(self) -> Taker<'p> {
        self.taker
    }
}
