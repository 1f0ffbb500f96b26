//! How each format is cut into records, and who reads them.

use ulp_cli::{Chunk, Failure};

use crate::Format;
use crate::desk::Desk;
use crate::gpx;
use crate::pipe::Pipe;
use crate::whole::Whole;

pub enum Framer {
    Whole(Whole),
}

impl Framer {
    pub fn of(format: Format) -> Framer {
        match format {
            Format::Gpx => Framer::Whole(Whole::new(gpx::read)),
        }
    }

    /// Takes the next lines of a source.
    ///
    /// # Errors
    /// What whoever takes the records fails with; usage that does not fit the input.
    pub fn take(&mut self, chunk: Chunk<'_>, _desk: &Desk, _pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        match self {
            Framer::Whole(whole) => {
                whole.take(&chunk);
                Ok(())
            }
        }
    }

    /// Takes the end of a source.
    ///
    /// # Errors
    /// As [`Framer::take`].
    pub fn end(&mut self, source: u32, desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        match self {
            Framer::Whole(whole) => {
                whole.end(source, desk, pipe);
                Ok(())
            }
        }
    }
}
