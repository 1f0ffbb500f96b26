//! The three standard streams, as the process was given them.
//!
//! `std::io::stdout` and its siblings are not used: they take a bad descriptor for a full success, so that output
//! could be lost without a word.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::stdio;

/// Which of descriptors 0, 1 and 2 were closed when the process began, as bits.
static CLOSED: AtomicU8 = AtomicU8::new(0);

/// Looks at the descriptors before Rust's runtime does: it opens /dev/null in place of each closed one before
/// `main`, and after that `>&-` looks like `>/dev/null`, where nothing that is written is missed. This makes three
/// system calls and stores to an atomic, which needs nothing of the runtime.
#[ctor::ctor(unsafe)]
fn note_closed_streams() {
    let streams = [stdio::stdin(), stdio::stdout(), stdio::stderr()];
    let closed = |fd: &BorrowedFd<'_>| rustix::io::fcntl_getfd(fd) == Err(Errno::BADF);
    let bits = streams.iter().enumerate().filter(|(_, fd)| closed(fd)).fold(0, |bits, (i, _)| bits | 1 << i);
    CLOSED.store(bits, Ordering::Relaxed);
}

/// One of the standard streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Std {
    In = 0,
    Out = 1,
    Err = 2,
}

impl Std {
    fn fd(self) -> BorrowedFd<'static> {
        match self {
            Std::In => stdio::stdin(),
            Std::Out => stdio::stdout(),
            Std::Err => stdio::stderr(),
        }
    }

    /// Whether the process was started without this stream.
    pub(super) fn was_closed(self) -> bool {
        CLOSED.load(Ordering::Relaxed) & 1 << self as u8 != 0
    }

    /// Whether this stream is a terminal.
    pub(super) fn is_terminal(self) -> bool {
        !self.was_closed() && rustix::termios::isatty(self.fd())
    }

    /// The stream as a file of its own, which shares the offset with the descriptor.
    pub(super) fn open(self) -> io::Result<File> {
        if self.was_closed() {
            return Err(Errno::BADF.into());
        }
        Ok(rustix::io::fcntl_dupfd_cloexec(self.fd(), 3)?.into())
    }
}

/// A file that waits where a read or a write would block: another process may have made the pipe that it shares
/// with us non-blocking.
#[derive(Debug)]
pub(super) struct Patient(pub(super) File);

impl Patient {
    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        match poll(&mut [PollFd::new(&self.0, flags)], None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Reads once into the room that a buffer has beyond its length; 0 at the end.
    pub(super) fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            match rustix::io::read(&self.0, spare_capacity(buffer)) {
                Err(Errno::AGAIN) => self.wait(PollFlags::IN)?,
                Err(Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }

    /// Whether it is a file that lies there whole, rather than something that somebody writes into.
    pub(super) fn is_regular(&self) -> bool {
        let regular = |stat: rustix::fs::Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        rustix::fs::fstat(&self.0).is_ok_and(regular)
    }

    /// Whether a read would return within so long: there are bytes, or the end.
    pub(super) fn is_ready(&self, within: Duration) -> bool {
        let within = Timespec::try_from(within).ok();
        // A poll that fails says nothing about the read; calling that "not ready" only flushes once too often.
        let polled = poll(&mut [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)], within.as_ref());
        matches!(polled, Ok(1..))
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.wait(PollFlags::OUT)?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
