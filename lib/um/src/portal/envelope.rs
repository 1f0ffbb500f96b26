//! What stands between two stages that are two processes.
//!
//! ```text
//! {"manifest":"{…}","now":"2026-11-20T12:00:25.000Z","receipt":{…},"stage":"verify","um_portal":1,"view":{}}
//! ```
//!
//! A document that is no UTF-8 stands as base64url in `bytes`. An envelope is no evidence: whoever reads one evaluates
//! the document anew, and holds what it says against what comes out.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::id::Time;
use ulp_core::json::write::Object;
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::Instant;

use super::{Evaluation, Stage};
use crate::hash::canonical;

/// The code of one that is none, or says what does not come out.
pub const ENVELOPE: &str = "portal.envelope";
/// The one version.
const VERSION: &str = "um_portal";
/// Deepest nesting: a document's own, in a view, in an envelope.
const DEPTH: usize = json::STATE_DEPTH;

/// An envelope as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The stage that wrote it.
    pub stage: Stage,
    /// The instant of the evaluation.
    pub now: Time,
    /// The document, to the byte.
    pub bytes: Vec<u8>,
    /// The envelope, in canonical form.
    text: Vec<u8>,
}

impl Envelope {
    /// Reads an envelope.
    ///
    /// # Errors
    /// `json.*`; [`ENVELOPE`].
    pub fn read(text: &str, tape: &mut Tape) -> Result<Envelope, Refusal> {
        let object = tape.parse(text, DEPTH)?;
        let envelope = Envelope::members(object);
        envelope.ok_or_else(|| Refusal::new(ENVELOPE, "not what a stage passes on"))
    }

    fn members(object: Value<'_, '_>) -> Option<Envelope> {
        let text = |name: &str| object.get(name).and_then(Value::as_text);
        object.get(VERSION).filter(|version| version.as_i64() == Some(1))?;
        let now = Instant::parse(&text("now")?)?.time()?;
        let bytes = match (text("manifest"), text("bytes")) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(digits)) => BASE64URL_NOPAD.decode(digits.as_bytes()).ok()?,
            _ => return None,
        };
        Some(Envelope { stage: text("stage")?.parse().ok()?, now, bytes, text: canonical(object) })
    }

    /// Whether it says what was found.
    pub fn says(&self, found: &Evaluation) -> bool {
        found.stage == self.stage && print(found, &self.bytes, self.now) == self.text
    }

    /// The refusal of one that does not.
    pub fn differs() -> Refusal {
        Refusal::new(ENVELOPE, "it says what the stages before do not find")
    }
}

/// The canonical envelope of what was found, without a line end.
pub fn print(found: &Evaluation, bytes: &[u8], now: Time) -> Vec<u8> {
    let mut object = Object::default();
    match std::str::from_utf8(bytes) {
        Ok(text) => object.text("manifest", Some(text)),
        Err(_) => object.text("bytes", Some(&BASE64URL_NOPAD.encode(bytes))),
    };
    object
        .text("now", Instant::print(now).as_deref())
        .member("receipt", |out| found.receipt.unsigned().write(out))
        .text("stage", Some(found.stage.as_str()))
        .raw(VERSION, Some("1"))
        .member("view", |out| found.view.object().write(out));
    object.bytes()
}
