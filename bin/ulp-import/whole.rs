//! Formats that are one document a source: it is held whole, and is understood whole or not at all.

use ulp_cli::{Chunk, Failure};
use ulp_core::report::Refusal;

use crate::desk::Desk;
use crate::pipe::{Pipe, Records};
use crate::record::Record;

/// Reads a document and hands its records on; or says why it is none, before any of them.
pub type Read = fn(&str, &Desk, &mut Records<'_, '_>) -> Result<(), Refusal>;

/// The code of what is no document of its format.
const DOCUMENT: &str = "import.document";

/// Gathers a source.
pub struct Whole {
    read: Read,
    text: Vec<u8>,
    too_long: bool,
}

impl Whole {
    pub fn new(read: Read) -> Whole {
        Whole { read, text: Vec::new(), too_long: false }
    }

    /// Takes the next lines of the source.
    pub fn take(&mut self, chunk: &Chunk<'_>) {
        self.too_long |= chunk.too_long;
        self.text.extend_from_slice(chunk.bytes);
    }

    /// Reads the source, which has come to its end.
    ///
    /// # Errors
    /// What whoever takes the records fails with.
    pub fn end(&mut self, source: u32, desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.text);
        let too_long = std::mem::take(&mut self.too_long);
        if text.trim_ascii().is_empty() && !too_long {
            return Ok(());
        }
        pipe.one_by_one(source, |records| {
            let read = match utf8(&text) {
                _ if too_long => Err(no_document("longer than a document may be")),
                Ok(text) => (self.read)(text, desk, records),
                Err(refusal) => Err(refusal),
            };
            if let Err(refusal) = read {
                records.push(Record::refused(1, refusal));
            }
        })
    }
}

/// The text of a document.
///
/// # Errors
/// It is not UTF-8.
pub fn utf8(text: &[u8]) -> Result<&str, Refusal> {
    simdutf8::basic::from_utf8(text).map_err(|_| no_document("not UTF-8"))
}

/// Why a document is none.
pub fn no_document(detail: impl Into<String>) -> Refusal {
    Refusal::new(DOCUMENT, detail)
}
