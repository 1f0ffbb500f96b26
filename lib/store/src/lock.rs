//! The lock: flock'ed by whoever commits, so that it never outlives its process.

use super::Error;
use super::dir::{Dir, MUTABLE};
use rustix::fs::{AtFlags, FlockOperation, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::thread::sleep;
use std::time::Duration;

/// The name of the lock file, directly below the store.
pub const NAME: &str = "lock";
/// Nobody waits for ever: a lock that is held for this long is an error.
pub const PATIENCE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_micros(200);
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// The lock, held until this goes out of scope.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: std::path::PathBuf,
    /// Whether the holder before us ended in the midst of a commit.
    pub after_a_crash: bool,
}

impl Lock {
    /// Takes the lock, waiting about [`PATIENCE`] at most for another process: the pauses are counted, not the clock.
    pub fn take(root: &Dir) -> Result<Lock, Error> {
        let (file, path) = wait(root, FlockOperation::NonBlockingLockExclusive)?;
        Lock::hold(file, path)
    }

    /// Writes our number into the lock we have: whoever waits can say for whom, and whoever comes after us knows by
    /// it whether we came to the end.
    fn hold(file: File, path: std::path::PathBuf) -> Result<Lock, Error> {
        let after_a_crash = file.metadata().map_err(|e| Error::io(&path, e))?.len() > 0;
        let text = format!("{}\n", std::process::id());
        let written = file.set_len(0).and_then(|()| file.write_all_at(text.as_bytes(), 0));
        written.map_err(|e| Error::io(&path, e))?;
        Ok(Lock { file, path, after_a_crash })
    }

    /// Gives the lock back after a commit that came to its end, which touches the file.
    pub fn release(self) -> Result<(), Error> {
        self.file.set_len(0).map_err(|e| Error::io(&self.path, e))
    }
}

/// Waits, as long as [`Lock::take`] does, until nobody is in the midst of a commit.
pub fn wait_for_others(root: &Dir) -> Result<(), Error> {
    wait(root, FlockOperation::NonBlockingLockShared).map(|_| ())
}

/// The lock file, locked in one way or the other until it is closed.
fn wait(root: &Dir, how: FlockOperation) -> Result<(File, std::path::PathBuf), Error> {
    let path = root.path().join(NAME);
    let (mut waited, mut pause) = (Duration::ZERO, FIRST_PAUSE);
    loop {
        let file = open(root, &path)?;
        match rustix::fs::flock(&file, how) {
            Ok(()) if is_still_there(root, &file, &path)? => return Ok((file, path)),
            Ok(()) | Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(errno) => return Err(Error::io(path, errno)),
        }
        if waited >= PATIENCE {
            let holder = text_of(&file).trim().to_owned();
            return Err(Error::Locked { path, seconds: PATIENCE.as_secs(), holder });
        }
        sleep(pause);
        waited += pause;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn open(root: &Dir, path: &std::path::Path) -> Result<File, Error> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::openat(root.fd(), NAME, flags, MUTABLE) {
        Ok(fd) => {
            let file = File::from(fd);
            let there = file.metadata().map_err(|e| Error::io(path, e))?;
            if there.is_file() { Ok(file) } else { Err(Error::Unsafe(path.to_owned())) }
        }
        Err(Errno::LOOP | Errno::NXIO | Errno::ISDIR) => Err(Error::Unsafe(path.to_owned())),
        Err(errno) => Err(Error::io(path, errno)),
    }
}

/// Whether the file that was locked still bears the name; somebody may have tidied it away meanwhile.
fn is_still_there(root: &Dir, file: &File, path: &std::path::Path) -> Result<bool, Error> {
    let ours = file.metadata().map_err(|e| Error::io(path, e))?;
    match rustix::fs::statat(root.fd(), NAME, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(stat.st_ino == ours.ino()),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(Error::io(path, errno)),
    }
}

fn text_of(file: &File) -> String {
    let mut buffer = [0; 20];
    let read = file.read_at(&mut buffer, 0).unwrap_or(0);
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}
