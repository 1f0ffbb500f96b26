//! The stages as filters: each finds anew what those before it say, and adds its own.

use ulp_cli::{Failure, Log, Status};
use ulp_core::json::Tape;
use ulp_core::kind::Kind;
use ulp_core::report::Refusal;
use ulp_um::portal::envelope::{self, Envelope};
use ulp_um::portal::{Evaluation, Stage};

use crate::With;
use crate::door::Door;
use crate::pass::{self, Done, rejection};

/// The first stage, which reads documents.
pub fn arrive(with: &With, log: &mut Log) -> Result<Status, Failure> {
    let door = Door::open(with, log)?;
    pass::run(&with.files, &with.now, log, &mut |documents| {
        let one = |bytes: &&[u8]| {
            let found = door.evaluate(bytes, door.now, Stage::Arrive, &mut |_| {})?;
            let text = Some(envelope::print(&found, bytes, door.now));
            Ok(Done { text, refusal: rejection(&found.receipt), ..Done::default() })
        };
        documents.iter().map(one).collect()
    })
}

/// Any later stage, which reads the envelopes of the one before it.
pub fn filter(with: &With, before: Stage, stage: Stage, log: &mut Log) -> Result<Status, Failure> {
    let door = Door::open(with, log)?;
    pass::run(&with.files, &with.now, log, &mut |documents| {
        documents.iter().map(|bytes| further(bytes, before, stage, &door)).collect()
    })
}

fn further(bytes: &[u8], before: Stage, stage: Stage, door: &Door) -> Result<Done, Failure> {
    let envelope = match read(bytes, door) {
        Ok(envelope) => envelope,
        Err(wrong) => return wrong.done(),
    };
    match again(&envelope, before, stage, door) {
        Ok(found) => Ok(Done {
            text: Some(envelope::print(&found, &envelope.bytes, envelope.now)),
            refusal: rejection(&found.receipt),
            ..Done::default()
        }),
        Err(wrong) => wrong.done(),
    }
}

/// Why an envelope is not taken further.
pub enum Wrong {
    /// It is none, or says what is not so.
    Refused(Refusal),
    /// The system said no.
    Failed(Failure),
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Wrong {
        Wrong::Failed(failure)
    }
}

impl Wrong {
    /// What there is to say of it: the run ends, as what was found by one stage contradicts what another finds.
    pub fn done(self) -> Result<Done, Failure> {
        match self {
            Wrong::Failed(failure) => Err(failure),
            Wrong::Refused(refusal) => {
                let failure = Failure::new(Kind::Corrupt, &refusal.code, &refusal.detail);
                Ok(Done { text: None, refusal: Some(refusal), failure: Some(failure), ..Done::default() })
            }
        }
    }
}

/// Reads an envelope; whoever was told the instant holds it to that.
pub fn read(bytes: &[u8], door: &Door) -> Result<Envelope, Wrong> {
    let not_one = |_| Wrong::Refused(Refusal::new(envelope::ENVELOPE, "not what a stage passes on"));
    let text = std::str::from_utf8(bytes).map_err(|_| not_text())?;
    let envelope = Envelope::read(text, &mut Tape::new()).map_err(not_one)?;
    if door.is_given && envelope.now != door.now {
        return Err(Wrong::Refused(Refusal::new(envelope::ENVELOPE, "of another instant")));
    }
    Ok(envelope)
}

fn not_text() -> Wrong {
    Wrong::Refused(Refusal::new(envelope::ENVELOPE, "not UTF-8"))
}

/// Evaluates the document of an envelope anew, up to a stage. What the envelope says must be found: it is of the stage
/// before, or of the one at which the document went no further.
pub fn again(envelope: &Envelope, before: Stage, last: Stage, door: &Door) -> Result<Evaluation, Wrong> {
    let mut says_so = false;
    let mut watch = |found: &Evaluation| {
        if found.stage == envelope.stage {
            says_so = envelope.says(found) && (found.stage == before || found.is_rejected());
        }
    };
    let found = door.evaluate(&envelope.bytes, envelope.now, last, &mut watch)?;
    if says_so { Ok(found) } else { Err(Wrong::Refused(Envelope::differs())) }
}
