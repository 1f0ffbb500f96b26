//! What a JSON document is, for tools that take several kinds.

use ulp_core::json::Value;
use ulp_core::report::Refusal;

/// What ends the operation of a state line.
const STATE_TAIL: &str = "_state";

/// The kinds of document that can be signed, and the state line, which cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has a `manifestVersion`: a Universal Manifest.
    Manifest,
    /// It has an `operation`: an event.
    Event,
    /// It has an `operation` that ends in `_state`: derived, so nobody signs it.
    State,
    /// It has a `log`: a line of the boundary/witness log.
    Witness,
    /// Anything else.
    Document,
}

impl Kind {
    /// Tells what an object is.
    ///
    /// # Errors
    /// `event.kind`: an object of two kinds, which one reader could take for the one and another for the other.
    pub fn of(object: Value<'_, '_>) -> Result<Kind, Refusal> {
        let has = |name| object.get(name).is_some();
        let marks = [("manifestVersion", Kind::Manifest), ("operation", Kind::Event), ("log", Kind::Witness)];
        let mut found = marks.iter().filter(|(name, _)| has(name));
        match (found.next(), found.next()) {
            (Some((first, _)), Some((second, _))) => Err(two_kinds(first, second)),
            (Some((_, Kind::Event)), None) if has("@context") => Err(two_kinds("operation", "@context")),
            (Some((_, Kind::Event)), None) => {
                let state = object.get("operation").is_some_and(|v| v.str_ends_with(STATE_TAIL));
                Ok(if state { Kind::State } else { Kind::Event })
            }
            (Some((_, kind)), None) => Ok(*kind),
            (None, _) => Ok(Kind::Document),
        }
    }
}

fn two_kinds(first: &str, second: &str) -> Refusal {
    Refusal::new("event.kind", format!("it has both {first} and {second}"))
}
