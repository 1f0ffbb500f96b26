//! The settings of a portal: trust.toml, roles.toml, rules.toml. What is not there is empty.

use std::io::ErrorKind;
use std::path::Path;

use ulp_cli::{Failure, refuse_named_pipe};
use ulp_um::cache::said::Status;
use ulp_um::portal::roles::{self, Roles};
use ulp_um::portal::rules::{self, Rules};
use ulp_um::portal::{Trust, issuers};

use ulp_core::json::{self, Tape};

const TRUST: &str = "trust.toml";
const ROLES: &str = "roles.toml";
const RULES: &str = "rules.toml";

pub fn trust(portal: &Path) -> Result<Trust, Failure> {
    read(&portal.join(TRUST), issuers::parse)
}

pub fn roles(portal: &Path) -> Result<Roles, Failure> {
    read(&portal.join(ROLES), roles::parse)
}

pub fn rules(portal: &Path, roles: &Roles) -> Result<Rules, Failure> {
    read(&portal.join(RULES), |text| rules::parse(text, roles))
}

/// Reads a file of settings.
///
/// # Errors
/// Usage: something in it is not understood.
fn read<T: Default>(path: &Path, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Failure> {
    refuse_named_pipe(path)?;
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).map_err(|reason| Failure::usage(path.display(), reason)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(Failure::io(path.display(), error)),
    }
}

/// The text of a file that must be there.
pub fn text(path: &Path) -> Result<String, Failure> {
    refuse_named_pipe(path)?;
    std::fs::read_to_string(path).map_err(|error| Failure::io(path.display(), error))
}

/// The responses of status services, one a line.
///
/// # Errors
/// Usage: a line is no such response.
pub fn statuses(path: Option<&Path>) -> Result<Vec<Status>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = text(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut tape = Tape::new();
    lines
        .map(|(number, line)| {
            let read = tape.parse(line, json::EVENT_DEPTH).map_err(Into::into).and_then(Status::read);
            let wrong = |refusal: ulp_core::report::Refusal| {
                Failure::usage(format_args!("{}: line {}", path.display(), number + 1), refusal.detail)
            };
            read.map_err(wrong)
        })
        .collect()
}
