//! Where one row of a table ends and the next begins, as RFC 4180 has it; and which of them are read together.
//!
//! A line end within quotes is part of a cell. A quote begins such a part where a cell begins with it; elsewhere it
//! stands for itself.

use csv::{ReaderBuilder, StringRecord};
use memchr::{memchr, memchr_iter, memchr2};
use ulp_cli::{Chunk, Failure};
use ulp_core::report::Refusal;

use crate::desk::Desk;
use crate::pipe::Pipe;
use crate::record::Record;
use crate::row;
use crate::table::Columns;

/// The longest row, in bytes.
pub const ROW_BYTES: usize = 16 << 20;
/// About how much is read by one job, in bytes.
const PART: usize = 64 << 10;
/// About how much of the header's names one job may write, in bytes: each row may have them all, however short it is.
const NAMES: usize = 16 << 20;

/// Cuts the tables of all sources into rows.
pub struct Rows {
    delimiter: u8,
    columns: Option<Columns>,
    /// Rows whose end has not come.
    open: Vec<u8>,
    /// Whether what is open is too long, and is passed over.
    skips: bool,
    /// The number of the line that comes next.
    line: u64,
}

/// Some whole rows.
struct Part<'p> {
    text: &'p [u8],
    line: u64,
    /// How many line feeds it has, which is about how many rows.
    lines: usize,
}

impl Rows {
    pub fn new(delimiter: u8) -> Rows {
        Rows { delimiter, columns: None, open: Vec::new(), skips: false, line: 1 }
    }

    /// Takes the next lines of a source.
    ///
    /// # Errors
    /// The header does not fit the options; what whoever takes the records fails with.
    pub fn take(&mut self, chunk: Chunk<'_>, desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        if chunk.too_long {
            let lines = count(&self.open) + 1;
            self.open.clear();
            self.too_long(chunk.source, pipe);
            self.line += lines;
            self.skips = false;
            return Ok(());
        }
        if self.skips {
            let Some(end) = end_of_row(chunk.bytes, 0, self.delimiter, true) else {
                self.line += count(chunk.bytes);
                return Ok(());
            };
            self.skips = false;
            self.line += count(&chunk.bytes[..end]);
            return self.lines(chunk.source, &chunk.bytes[end..], desk, pipe);
        }
        if self.open.is_empty() {
            return self.lines(chunk.source, chunk.bytes, desk, pipe);
        }
        let mut text = std::mem::take(&mut self.open);
        text.extend_from_slice(chunk.bytes);
        self.lines(chunk.source, &text, desk, pipe)
    }

    /// Takes the end of a source.
    pub fn end(&mut self, source: u32, pipe: &mut Pipe<'_>) {
        let ended = std::mem::replace(self, Rows::new(self.delimiter));
        if !ended.open.is_empty() {
            pipe.put(source, vec![refused(ended.line, "import.quote", "a quote that is not closed")]);
        }
    }

    /// Reads the rows that end in some lines, and holds what is left.
    fn lines(&mut self, source: u32, text: &[u8], desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        let mut at = 0;
        if self.columns.is_none() {
            at = text.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(text.len());
            self.line += count(&text[..at]);
            let Some(end) = end_of_row(text, at, self.delimiter, false) else {
                return self.hold(source, &text[at..], pipe);
            };
            self.header(&text[at..end], desk)?;
            self.line += count(&text[at..end]);
            at = end;
        }
        let (parts, rest) = self.parts(text, at);
        if let Some(columns) = &self.columns {
            pipe.parts(source, &parts, |part| rows(part, self.delimiter, columns, desk))?;
        }
        self.line += count(&text[at..rest]);
        self.hold(source, &text[rest..], pipe)
    }

    fn header(&mut self, text: &[u8], desk: &Desk) -> Result<(), Failure> {
        let mut header = StringRecord::new();
        let read = reader(text, self.delimiter).read_record(&mut header);
        read.map_err(|_| Failure::usage("csv", "the header is not UTF-8"))?;
        let names: Vec<String> = header.iter().map(str::to_owned).collect();
        self.columns = Some(Columns::of(&names, desk)?);
        Ok(())
    }

    /// Parts of whole rows from a place on, and where what is open begins.
    fn parts<'p>(&self, text: &'p [u8], from: usize) -> (Vec<Part<'p>>, usize) {
        let (mut parts, mut start, mut line) = (Vec::new(), from, self.line);
        let length = self.columns.as_ref().map_or(PART, |columns| PART.min(NAMES / columns.bytes));
        let mut end = from;
        // Where there are no quotes, every line is a row.
        let plain = memchr(b'"', &text[from..]).is_none();
        while start < text.len() {
            let aim = (start + length).min(text.len());
            if plain {
                end = memchr(b'\n', &text[aim..]).map_or(text.len(), |at| aim + at + 1);
            } else {
                end = start;
                while end < aim
                    && let Some(next) = end_of_row(text, end, self.delimiter, false)
                {
                    end = next;
                }
            }
            if end == start {
                break;
            }
            let text = &text[start..end];
            let lines = count(text);
            parts.push(Part { text, line, lines: usize::try_from(lines).unwrap_or_default() });
            line += lines;
            start = end;
        }
        (parts, end)
    }

    fn hold(&mut self, source: u32, rest: &[u8], pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        if rest.len() > ROW_BYTES {
            self.too_long(source, pipe);
            self.line += count(rest);
            self.skips = true;
            return Ok(());
        }
        self.open.extend_from_slice(rest);
        Ok(())
    }

    fn too_long(&self, source: u32, pipe: &mut Pipe<'_>) {
        pipe.put(source, vec![refused(self.line, "import.too_long", "a row longer than 16 MiB")]);
    }
}

fn refused(number: u64, code: &'static str, detail: &str) -> Record {
    Record::refused(number, Refusal::new(code, detail))
}

fn count(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

/// Where the row ends that begins at a place, or in whose quotes it lies; nothing where its quotes are still open.
fn end_of_row(text: &[u8], start: usize, delimiter: u8, quoted: bool) -> Option<usize> {
    let mut at = if quoted { end_of_quotes(text, start)? } else { start };
    loop {
        let Some(found) = memchr2(b'"', b'\n', &text[at..]) else {
            return (start < text.len()).then_some(text.len());
        };
        let here = at + found;
        if text[here] == b'\n' {
            return Some(here + 1);
        }
        let begins = here == start && !quoted
            || here > 0 && (text[here - 1] == delimiter || matches!(text[here - 1], b'\r' | b'\n'));
        at = if begins { end_of_quotes(text, here + 1)? } else { here + 1 };
    }
}

/// The place behind the quote that closes what is open.
fn end_of_quotes(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let quote = at + memchr(b'"', text.get(at..)?)?;
        if text.get(quote + 1) != Some(&b'"') {
            return Some(quote + 1);
        }
        at = quote + 2;
    }
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

/// Reads the rows of a part.
fn rows(part: &Part<'_>, delimiter: u8, columns: &Columns, desk: &Desk) -> Vec<Record> {
    let mut reader = reader(part.text, delimiter);
    let (mut cells, mut records) = (StringRecord::new(), Vec::with_capacity(part.lines));
    let (mut line, mut counted) = (part.line, 0);
    loop {
        let from = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX).min(part.text.len());
        let read = reader.read_record(&mut cells);
        if matches!(read, Ok(false)) {
            return records;
        }
        // What the reader passed over before the row are line ends.
        let blank = part.text[from..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        line += count(&part.text[counted..from + blank]);
        counted = from + blank;
        match read {
            Ok(_) if row::is_blank(&cells, columns) => {}
            Ok(_) => records.push(Record::of(line, |record| row::read(&cells, columns, desk, record))),
            Err(_) => records.push(refused(line, "import.utf8", "not UTF-8")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_row_ends_where_the_reader_of_rows_ends_it() {
        let texts = [
            "a,b\nc,d\n",
            "\"a\nb\",c\nd\n",
            "a\"b\nc\n",
            "\"a\"\"\n\",b\nc\n",
            "\"a\"b\nc\n",
            "a,\"\n\"\"\n\"\nb\n",
            "a\r\n\"b\r\n\"\r\nc",
            ",\"\"\"\"\n,\n",
            "\n\n\"x\"\n",
            "\"a\"\"b\",\"c\"\nd",
            "a,b\"\n\"c\nd\"\n",
        ];
        for text in texts {
            let (mut at, mut ends) = (0, Vec::new());
            while let Some(end) = end_of_row(text.as_bytes(), at, b',', false) {
                ends.push(end);
                at = end;
            }
            assert_eq!(at, text.len(), "{text:?}");
            let mut rest = 0;
            for end in ends {
                let part = &text.as_bytes()[rest..end];
                let mut rows = reader(part, b',');
                let number = rows.byte_records().count();
                assert!(number <= 1, "{text:?}: {part:?}");
                rest = end;
            }
        }
        for open in ["\"a", "a,\"b\n", "\"a\"\"\n", "a\n\"b\"\""] {
            let mut at = 0;
            while let Some(end) = end_of_row(open.as_bytes(), at, b',', false) {
                at = end;
            }
            assert!(at < open.len(), "{open:?}");
        }
    }
}
