//! Where rules ask who said something, or by what it came about.
//!
//! A state line says neither. It tells what many events came to, and nobody is its author; so where a rule asks, it is
//! refused: what is refused as an event may not come in as the state that it would have made.

use super::rules::Rules;
use super::{Scope, broken};
use crate::id::Tile;
use crate::pattern::Pattern;
use crate::report::Refusal;

/// A kind of rule: its code and its key, whether a file has it, and what it comes to.
type Question = (&'static str, &'static str, fn(&Rules) -> bool, &'static str);

/// In the order in which they are asked.
const QUESTIONS: [Question; 5] = [
    ("signature.missing", "signature", |r| r.signed, "it is required, and a state line bears none"),
    (
        "signature.missing",
        "keys",
        |r| !r.keys.is_empty(),
        "they ask who signed, and nobody signs a state line",
    ),
    (
        "signature.missing",
        "federation.grants",
        |r| r.grants.is_some(),
        "they ask who signed, and nobody signs a state line",
    ),
    (
        "scope.operation",
        "operations",
        |r| picks(r.operations.as_deref()),
        "a state line does not say by which it came about",
    ),
    ("scope.actor", "actors", |r| picks(r.actors.as_deref()), "a state line does not say whose it is"),
];

/// Why no state line of a place passes: the first rule that asks. A rule asks in the root, in the space, in a tile's
/// directory above, and in any layer of the space, since a state line need not name one.
pub fn of_state_lines(scope: &Scope, space: &str, tile: Tile) -> Option<Refusal> {
    let files = scope.above_and_beside(space, tile);
    QUESTIONS.iter().find_map(|(code, key, asks, reason)| {
        files.iter().find(|rules| asks(rules)).map(|rules| broken(code, &rules.file, key, reason))
    })
}

/// Whether a list lets some pass and others not; one that lets anything pass asks nothing.
fn picks(list: Option<&[Pattern]>) -> bool {
    list.is_some_and(|patterns| !patterns.iter().any(Pattern::is_everything))
}
