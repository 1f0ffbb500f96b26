//! A road: a file that is there, or what a command writes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::thread::sleep;

use ulp_um::cache::View;

use crate::command::{self, Failed};
use crate::pause::{Pauses, TRIES};
use crate::pointer;
use crate::sources::Road;

/// The code of a road that brought nothing.
pub const AWAY: &str = "sync.away";

/// What came.
pub enum Brought {
    Bytes(Vec<u8>),
    /// More than may come.
    TooLong,
    /// Nothing: the code, and why.
    Nothing(&'static str, String),
}

/// Takes a road. `called` tells it from all others of the run, `view` is what is held now.
pub fn take(road: &Road, limit: usize, view: &View, called: &str, pauses: &Pauses) -> Brought {
    match road {
        Road::File(path) => match read(path, limit) {
            Ok(Some(bytes)) => Brought::Bytes(bytes),
            Ok(None) => Brought::TooLong,
            Err(error) => Brought::Nothing(AWAY, reason(&error)),
        },
        Road::Command(words) => match pointer::fill(words, view) {
            Ok(words) => run(&words, limit, called, pauses),
            Err(why) => Brought::Nothing(pointer::CODE, why),
        },
    }
}

/// The bytes of a regular file, unless they are too many. Anything else could wait, or go on, for ever.
fn read(path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file: File = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}

/// Runs a command, again where that may help.
fn run(words: &[String], limit: usize, called: &str, pauses: &Pauses) -> Brought {
    let mut tried = 0;
    loop {
        let failed = match command::run(words, limit) {
            Ok(bytes) => return Brought::Bytes(bytes),
            Err(Failed::TooLong) => return Brought::TooLong,
            Err(Failed::NotRun(error)) => return Brought::Nothing(AWAY, reason(&error)),
            Err(Failed::Ended(status)) => status.to_string(),
            Err(Failed::Late) => "it took longer than 30 s".to_owned(),
        };
        tried += 1;
        if tried == TRIES {
            return Brought::Nothing(AWAY, format!("tried {TRIES} times: {failed}"));
        }
        sleep(pauses.after(called, tried - 1));
    }
}

/// What an error says, without the number that is put after it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}
