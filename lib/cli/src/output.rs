//! Where the projection goes: stdout, or a file that appears whole or not at all.
//!
//! Bytes are buffered once and hashed as they leave. A write error keeps its meaning on the way through `Write`:
//! see [`Failure`].

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::stdio::{Patient, Std};
use super::{Failure, OutputArgs};
use ulp_core::hash::Blake3;

/// Bytes that are gathered before a write.
const BUFFER: usize = 256 << 10;
/// Most symlinks that are followed to a file that is yet to be made; as the kernel's own limit.
const MAX_LINKS: usize = 40;
/// What a new file's mode is before the umask.
const NEW_MODE: u32 = 0o666;
/// The bits of a mode that `chmod` sets.
const MODE_BITS: u32 = 0o7777;

/// A buffered, hashed output. What was written to a stream and not flushed is written when this goes out of scope;
/// a file that was not committed is removed then.
#[derive(Debug)]
pub struct Output {
    name: String,
    sink: Sink,
    buffer: Vec<u8>,
    hasher: blake3::Hasher,
    failed: Option<Failure>,
}

#[derive(Debug)]
enum Sink {
    Stream(Patient),
    /// What is written is put elsewhere by whoever writes it.
    Elsewhere,
    File {
        temporary: NamedTempFile,
        target: PathBuf,
        mode: Option<u32>,
    },
}

impl Output {
    /// Opens what the arguments name. A stdout that was closed is refused at once, and so is a directory or a place
    /// where no file can be made: before any work is done.
    pub fn open(args: &OutputArgs) -> Result<Output, Failure> {
        match &args.output {
            Some(path) if args.elsewhere => {
                Ok(Output::new(path.to_string_lossy().into_owned(), Sink::Elsewhere))
            }
            None => Output::stdout(),
            Some(path) => Output::file(path),
        }
    }

    /// Opens stdout.
    pub fn stdout() -> Result<Output, Failure> {
        let file = Std::Out.open().map_err(|e| Failure::io("stdout", e))?;
        Ok(Output::new("stdout".to_owned(), Sink::Stream(Patient(file))))
    }

    /// Whether stdout is a terminal, which is no place for bytes that are not text.
    pub fn is_terminal() -> bool {
        Std::Out.is_terminal()
    }

    /// Opens a file that will appear whole or not at all; or, if there is something that is not a regular file, that.
    pub fn file(path: &Path) -> Result<Output, Failure> {
        let name = path.to_string_lossy().into_owned();
        let sink = open_sink(path).map_err(|e| Failure::io(&name, e))?;
        Ok(Output::new(name, sink))
    }

    fn new(name: String, sink: Sink) -> Output {
        Output { name, sink, buffer: Vec::with_capacity(BUFFER), hasher: blake3::Hasher::new(), failed: None }
    }

    /// Makes everything that was written ready to be there: written out and, for a file, on the disk under its
    /// temporary name. Gives the digest of all bytes written. Nothing may be written after it.
    pub fn seal(&mut self) -> Result<Blake3, Failure> {
        self.push_out()?;
        if let Sink::File { temporary, mode, .. } = &self.sink {
            sync(temporary.as_file(), *mode).map_err(|e| Failure::io(&self.name, e))?;
        }
        Ok(self.hasher.finalize().into())
    }

    /// Lets a sealed file take its name. A stream has nothing left to do.
    pub fn commit(mut self) -> Result<(), Failure> {
        self.push_out()?;
        let stream = Sink::Stream(Patient(File::open("/dev/null").map_err(|e| Failure::io("/dev/null", e))?));
        match std::mem::replace(&mut self.sink, stream) {
            Sink::Stream(_) | Sink::Elsewhere => Ok(()),
            Sink::File { temporary, target, .. } => {
                temporary.persist(target).map(drop).map_err(|e| Failure::io(&self.name, e.error))
            }
        }
    }

    /// Writes what is buffered. After a failure, the same one again.
    fn push_out(&mut self) -> Result<(), Failure> {
        let bytes = std::mem::take(&mut self.buffer);
        let done = self.write_through(&bytes);
        self.buffer = bytes;
        self.buffer.clear();
        done
    }

    fn write_through(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        self.hasher.update(bytes);
        let done = match &mut self.sink {
            Sink::Stream(stream) => stream.write_all(bytes),
            Sink::Elsewhere => Ok(()),
            Sink::File { temporary, .. } => temporary.write_all(bytes),
        };
        done.map_err(|error| {
            let failure = self.failure(error);
            self.failed = Some(failure.clone());
            failure
        })
    }

    fn failure(&self, error: io::Error) -> Failure {
        match self.sink {
            Sink::Stream(_) if error.kind() == io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::io(&self.name, error),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.push_out()?;
        }
        if bytes.len() >= BUFFER {
            self.write_through(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(self.push_out()?)
    }
}

/// A run that ends early has still written what it wrote: a reader of the stream gets whole lines, wherever the
/// buffer happened to stand. An error here changes nothing, as such a run has failed already.
impl Drop for Output {
    fn drop(&mut self) {
        if let Sink::Stream(_) = self.sink {
            let _ = self.push_out();
        }
    }
}

fn open_sink(path: &Path) -> io::Result<Sink> {
    match fs::metadata(path) {
        Ok(there) if there.is_file() => {
            let mode = there.permissions().mode() & MODE_BITS;
            temporary(&fs::canonicalize(path)?, Some(mode))
        }
        Ok(there) if there.file_type().is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        // Nothing can connect to a socket by opening it, and the reason that open gives for it tells nothing.
        Ok(there) if there.file_type().is_socket() => Err(io::Error::other("is a socket")),
        Ok(_) => Ok(Sink::Stream(Patient(File::options().write(true).open(path)?))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => temporary(&end_of_links(path)?, None),
        Err(e) => Err(e),
    }
}

/// Makes the temporary file beside its target.
fn temporary(target: &Path, mode: Option<u32>) -> io::Result<Sink> {
    let no_name = || io::Error::from(io::ErrorKind::IsADirectory);
    let (Some(parent), Some(_)) = (target.parent(), target.file_name()) else { return Err(no_name()) };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ulp-").suffix(".tmp");
    // A new file is opened with the mode it will have, so that the system applies the umask. One that replaces
    // another is kept to ourselves until it gets the old one's mode.
    if mode.is_none() {
        builder.permissions(Permissions::from_mode(NEW_MODE));
    }
    Ok(Sink::File { temporary: builder.tempfile_in(parent)?, target: target.to_owned(), mode })
}

/// Where a symlink that points to nothing leads; the path itself where it is none.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(rustix::io::Errno::LOOP.into())
}

fn sync(file: &File, mode: Option<u32>) -> io::Result<()> {
    if let Some(mode) = mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & MODE_BITS
    }

    fn write(path: &Path, text: &str) -> Blake3 {
        let mut out = Output::file(path).unwrap();
        out.write_all(text.as_bytes()).unwrap();
        let digest = out.seal().unwrap();
        out.commit().unwrap();
        digest
    }

    #[test]
    fn a_file_appears_whole_with_the_old_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        assert_eq!(write(&path, "new"), Blake3::of(b"new"));
        fs::set_permissions(&path, Permissions::from_mode(0o604)).unwrap();
        write(&path, "newer");
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("newer", 0o604));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn without_a_commit_nothing_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        fs::write(&path, "old").unwrap();
        let mut out = Output::file(&path).unwrap();
        out.write_all(&vec![b'x'; 3 * BUFFER]).unwrap();
        out.seal().unwrap();
        drop(out);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_symlinks_target_is_replaced_whether_it_is_there_or_not() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        let (link, target) = (dir.path().join("link"), dir.path().join("sub/target"));
        symlink("sub/target", &link).unwrap();
        for text in ["one", "two"] {
            write(&link, text);
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        symlink("loop", dir.path().join("loop")).unwrap();
        assert!(Output::file(&dir.path().join("loop")).is_err());
    }

    #[test]
    fn a_directory_and_a_missing_one_are_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        for bad in [dir.path().to_owned(), dir.path().join("no/where"), PathBuf::from("/"), PathBuf::new()] {
            assert!(matches!(Output::file(&bad), Err(Failure::System(_))), "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_written_through() {
        let mut full = Output::file(Path::new("/dev/full")).unwrap();
        full.write_all(b"x").unwrap();
        let failure = Failure::System("/dev/full: No space left on device".into());
        assert_eq!(full.seal(), Err(failure.clone()));
        assert_eq!(Failure::from(full.flush().unwrap_err()), failure);
        assert_eq!(write(Path::new("/dev/null"), "x"), Blake3::of(b"x"));
    }
}
