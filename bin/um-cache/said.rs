//! Lines of one subject as a round writes them, and what the log says of them.

use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::report::{Diagnostic, Outcome, Refusal};
use ulp_core::trust::Instant;
use ulp_um::cache::Line;
use ulp_um::cache::words::{Standing, Step};

use crate::sources::Source;

/// A line that is accepted, from nowhere.
pub fn line(step: Step, subject: &str, now: Time) -> Line {
    Line {
        at: Instant::from(Time(now.0.div_euclid(MILLI) * MILLI)),
        at_text: Instant::print(now).unwrap_or_default(),
        step,
        subject: subject.to_owned(),
        source: None,
        road: None,
        accepted: true,
        standing: None,
        code: None,
        object: None,
        data: None,
    }
}

/// Nanoseconds of a millisecond: an instant is written in these.
const MILLI: i64 = 1_000_000;

/// The same from a source.
pub fn line_from(step: Step, subject: &str, source: &Source, now: Time) -> Line {
    Line { source: Some(source.name.clone()), road: Some(source.role), ..line(step, subject, now) }
}

/// A document that came.
pub fn fetched(line: Line, object: Sha256, standing: Standing) -> Line {
    Line { object: Some(object), standing: Some(standing), ..line }
}

/// A line of something that does not count.
pub fn refused(line: Line, code: &str) -> Line {
    Line { accepted: false, code: Some(code.to_owned()), ..line }
}

/// What the log says of a refusal: of whom, by which source, and why; never what was read.
pub fn rejection(line: &Line, refusal: &Refusal) -> Diagnostic {
    Diagnostic {
        position: None,
        outcome: Outcome::Rejected,
        code: refusal.code.clone(),
        shared: true,
        event_id: Some(line.subject.clone()),
        detail: format!("{} of {}: {}", line.step, line.source.as_deref().unwrap_or("here"), refusal.detail),
    }
}

/// What the log says of something that counts, and is odd.
pub fn note(line: &Line, code: &'static str, detail: &str) -> Diagnostic {
    let refusal = Refusal::new(code, detail);
    Diagnostic { outcome: Outcome::Noted, ..rejection(line, &refusal) }
}
