//! Records on their way: parts of the input are read side by side, while those before them are taken in their order.

use rayon::prelude::*;
use ulp_cli::Failure;
use ulp_core::report::Refusal;

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

    /// Lets a source be read record by record: each is taken before the next is read, so that what they have in common
    /// is not held once for each of them.
    ///
    /// # Errors
    /// What whoever takes the records fails with.
    pub fn one_by_one(
        &mut self,
        source: u32,
        read: impl FnOnce(&mut Records<'_, 'p>),
    ) -> Result<(), Failure> {
        let taken = self.pass();
        let mut records = Records { source, taker: &mut self.taker, taken };
        read(&mut records);
        records.taken
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
        self.pass()?;
        match &mut self.taker {
            Taker::Sink(sink) => sink.flush(),
            Taker::Survey(_) => Ok(()),
        }
    }

    fn pass(&mut self) -> Result<(), Failure> {
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        waiting.try_for_each(|(source, records)| self.taker.take(source, records))
    }

    /// Who has taken everything.
    pub fn into_taker(self) -> Taker<'p> {
        self.taker
    }
}

/// Where a source that is read record by record puts them.
pub struct Records<'r, 'p> {
    source: u32,
    taker: &'r mut Taker<'p>,
    /// Once a record could not be taken, none is.
    taken: Result<(), Failure>,
}

impl Records<'_, '_> {
    /// Puts a record, unless it says nothing.
    pub fn push(&mut self, record: Record) {
        if self.taken.is_ok() && !record.is_empty() {
            self.taken = self.taker.take(self.source, vec![record]);
        }
    }

    /// Puts a record that `read` understands, or refuses.
    pub fn of(&mut self, number: u64, read: impl FnOnce(&mut Record) -> Result<(), Refusal>) {
        if self.taken.is_ok() {
            self.push(Record::of(number, read));
        }
    }
}
