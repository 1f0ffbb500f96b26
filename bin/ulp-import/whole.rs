//! Formats that are one document a source: it is held whole, and is understood whole or not at all.

use ulp_cli::Chunk;
use ulp_core::report::Refusal;

use crate::desk::Desk;
use crate::pipe::Pipe;
use crate::record::Record;

/// Reads a document: its records, or why it is none.
pub type Read = fn(&str, &Desk) -> Result<Vec<Record>, Refusal>;

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
    pub fn end(&mut self, source: u32, desk: &Desk, pipe: &mut Pipe<'_>) {
        let text = std::mem::take(&mut self.text);
        let too_long = std::mem::take(&mut self.too_long);
        if text.trim_ascii().is_empty() && !too_long {
            return;
        }
        pipe.put(source, document(&text, too_long, |text| (self.read)(text, desk)));
    }
}

/// The records of a document, or the one that says why it is none.
pub fn document(
    text: &[u8],
    too_long: bool,
    read: impl FnOnce(&str) -> Result<Vec<Record>, Refusal>,
) -> Vec<Record> {
    let read = match simdutf8::basic::from_utf8(text) {
        _ if too_long => Err(no_document("longer than a document may be")),
        Ok(text) => read(text),
        Err(_) => Err(no_document("not UTF-8")),
    };
    read.unwrap_or_else(|refusal| vec![Record { number: 1, refused: Some(refusal), ..Record::default() }])
}

/// Why a document is none.
pub fn no_document(detail: impl Into<String>) -> Refusal {
    Refusal::new(DOCUMENT, detail)
}
