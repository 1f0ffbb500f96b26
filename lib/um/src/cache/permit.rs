//! Whether something may be done now.

use super::settings::Settings;
use super::view::View;
use super::words::{State, Word};

/// An answer, and what it rests on: the state, or the consent's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    pub allowed: bool,
    pub reason: &'static str,
}

impl Permit {
    /// Fresh and allowed; while nothing is confirmed, what may be displayed and no consent denies; else never.
    pub fn of(view: &View, operation: &str, settings: &Settings) -> Permit {
        let word = view.consents.get(operation).copied();
        match view.state {
            State::Fresh => {
                let word = word.unwrap_or(Word::Denied);
                Permit { allowed: word == Word::Allowed, reason: word.as_str() }
            }
            State::Unconfirmed | State::Conflict if settings.display.iter().any(|name| name == operation) => {
                match word {
                    Some(Word::Denied) => Permit { allowed: false, reason: Word::Denied.as_str() },
                    _ => Permit { allowed: true, reason: view.state.as_str() },
                }
            }
            state => Permit { allowed: false, reason: state.as_str() },
        }
    }
}
