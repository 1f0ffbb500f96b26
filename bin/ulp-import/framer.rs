//! How each format is cut into records, and who reads them.

use ulp_cli::{Chunk, Failure};

use crate::args::Format;
use crate::desk::Desk;
use crate::pipe::Pipe;
use crate::rows::{ROW_BYTES, Rows};
use crate::texts::Texts;
use crate::whole::Whole;
use crate::{canvas, excalidraw, geojson, gpx, ocif, senml};

/// The longest document, and the longest line of a format of documents, in bytes.
const DOCUMENT_BYTES: usize = 2 << 30;

/// The longest line of a format that is kept, in bytes.
pub fn line_bytes(format: Format) -> usize {
    match format {
        Format::Csv => ROW_BYTES,
        _ => DOCUMENT_BYTES,
    }
}

pub enum Framer {
    Rows(Box<Rows>),
    Texts(Texts),
    Whole(Whole),
}

impl Framer {
    pub fn of(desk: &Desk) -> Framer {
        match desk.format {
            Format::Csv => Framer::Rows(Box::new(Rows::new(desk.table.delimiter.unwrap_or(b',')))),
            Format::Geojson => Framer::Texts(Texts::new(geojson::READING)),
            Format::Senml => Framer::Texts(Texts::new(senml::READING)),
            Format::Canvas => Framer::Whole(Whole::new(canvas::read)),
            Format::Excalidraw => Framer::Whole(Whole::new(excalidraw::read)),
            Format::Gpx => Framer::Whole(Whole::new(gpx::read)),
            Format::Ocif => Framer::Whole(Whole::new(ocif::read)),
        }
    }

    /// Takes the next lines of a source.
    ///
    /// # Errors
    /// What whoever takes the records fails with; usage that does not fit the input.
    pub fn take(&mut self, chunk: Chunk<'_>, desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        match self {
            Framer::Rows(rows) => rows.take(chunk, desk, pipe),
            Framer::Texts(texts) => texts.take(chunk, desk, pipe),
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
            Framer::Rows(rows) => {
                rows.end(source, pipe);
                Ok(())
            }
            Framer::Texts(texts) => texts.end(source, desk, pipe),
            Framer::Whole(whole) => whole.end(source, desk, pipe),
        }
    }
}
