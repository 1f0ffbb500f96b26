//! A document as it was read, and what became of it.

use ulp_cli::framing::{Document, push_dense};
use ulp_core::id::MAX_ID;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::report::Refusal;

/// The members in which a document is signed.
const SIGNATURES: [&str; 4] = ["signature", "signatures", "proof", "validation"];

/// What became of a document.
pub struct Done {
    /// The line on which it begins.
    pub line: u64,
    /// What it is called, for the log.
    pub id: Option<String>,
    /// What is passed on of it, or why nothing is.
    pub result: Result<Vec<u8>, Refusal>,
    pub notes: Vec<(&'static str, &'static str)>,
}

impl Done {
    /// Lets a document become what `change` makes of it, or pass as it came where that is nothing.
    pub fn of(document: &Document<'_>, change: impl FnOnce(Value<'_, '_>, &mut Done) -> Changed) -> Done {
        let mut done = Done { line: document.line, id: None, result: Ok(Vec::new()), notes: Vec::new() };
        done.result = done.take(document, change);
        done
    }

    fn take(
        &mut self,
        document: &Document<'_>,
        change: impl FnOnce(Value<'_, '_>, &mut Done) -> Changed,
    ) -> Result<Vec<u8>, Refusal> {
        let bytes = document.text.map_err(|fault| Refusal::new(fault.code(), fault.to_string()))?;
        let mut tape = Tape::new();
        let object = json::parse_line(&mut tape, bytes)?;
        self.id = name(object);
        let mut line = match change(object, self)? {
            Some(text) => text.into_bytes(),
            None => as_it_came(document, bytes),
        };
        line.push(b'\n');
        Ok(line)
    }
}

/// A document's new text, or nothing where it stays as it is.
pub type Changed = Result<Option<String>, Refusal>;

/// Refuses what is signed: what it would become holds no more.
pub fn refuse_signed(object: Value<'_, '_>) -> Result<(), Refusal> {
    match SIGNATURES.iter().any(|name| object.get(name).is_some()) {
        true => Err(Refusal::new("seal.signed", "it is signed, and would hold no more: seal, and then sign")),
        false => Ok(()),
    }
}

/// Whether a document is signed.
pub fn is_signed(object: Value<'_, '_>) -> bool {
    refuse_signed(object).is_err()
}

fn as_it_came(document: &Document<'_>, bytes: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(bytes.len() + 1);
    if document.spread {
        push_dense(bytes, &mut line)
    } else {
        line.extend_from_slice(bytes)
    }
    line
}

/// The `@id` or `id` of a document, cut where it is longer than any event's name.
fn name(object: Value<'_, '_>) -> Option<String> {
    let value = ["@id", "id"].iter().find_map(|name| object.get(name))?;
    (value.kind() == Kind::String).then(|| value.chars().take(MAX_ID).collect())
}
