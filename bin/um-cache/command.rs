//! Running a command without a shell, in bounded time and memory.

use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);
const PIECE: usize = 64 << 10;

/// Why a command brought nothing.
#[derive(Debug)]
pub enum Failed {
    /// It could not be run at all.
    NotRun(io::Error),
    /// It ended otherwise than with status 0.
    Ended(ExitStatus),
    /// It took longer than [`PATIENCE`].
    Late,
    /// It wrote more than it may.
    TooLong,
}

/// What a command writes to its stdout, where it is no longer than `limit`. It reads nothing, and what it complains of
/// may be about content, so that no log sees it.
pub fn run(words: &[String], limit: usize) -> Result<Vec<u8>, Failed> {
    let (program, arguments) =
        words.split_first().ok_or_else(|| Failed::NotRun(io::ErrorKind::NotFound.into()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // A group of its own, so that what it starts ends with it.
    let mut child = command.process_group(0).spawn().map_err(Failed::NotRun)?;
    let end = Instant::now() + PATIENCE;
    let read = read(&mut child, limit, end).and_then(|bytes| Ok((bytes, wait(&mut child, end)?)));
    if read.is_err() {
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        let _ = child.wait();
    }
    match read? {
        (bytes, status) if status.success() => Ok(bytes),
        (_, status) => Err(Failed::Ended(status)),
    }
}

fn read(child: &mut Child, limit: usize, end: Instant) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    let Some(stdout) = &mut child.stdout else { return Ok(bytes) };
    let mut piece = vec![0; PIECE];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| Failed::Late)?;
        match poll(&mut [PollFd::new(stdout, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Err(Failed::Late),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(errno) => return Err(Failed::NotRun(errno.into())),
        }
        match stdout.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(more) if bytes.len() + more > limit => return Err(Failed::TooLong),
            Ok(more) => bytes.extend_from_slice(&piece[..more]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failed::NotRun(error)),
        }
    }
}

/// Waits for a command that has nothing more to say.
fn wait(child: &mut Child, end: Instant) -> Result<ExitStatus, Failed> {
    let mut pause = Duration::from_micros(100);
    loop {
        if let Some(status) = child.try_wait().map_err(Failed::NotRun)? {
            return Ok(status);
        }
        if Instant::now() >= end {
            return Err(Failed::Late);
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}
