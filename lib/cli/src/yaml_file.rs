//! Files of choices that an option names, in the YAML of dotfiles: a mapping of sounds, rules of alerts.

use crate::Failure;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use ulp_core::kind::Kind;
use ulp_core::yaml::Fault;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Reads such a file.
///
/// # Errors
/// One that cannot be read. One of more than 1 MiB, or that is not understood, is wrong usage, as a dotfile is.
pub fn read_yaml<T>(path: &Path, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Result<T, Failure> {
    let name = path.display();
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    read.map_err(|error| Failure::of(Kind::System, format!("{name}: {error}")))?;
    if text.len() as u64 > LONGEST {
        return Err(Failure::of(Kind::Usage, format!("{name}: more than 1 MiB")));
    }
    parse(&text).map_err(|Fault { at, reason }| {
        Failure::of(Kind::Usage, format!("{name}:{}:{}: {reason}", at.line, at.column))
    })
}
