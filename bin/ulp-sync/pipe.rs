//! The two ends of a pipe: turns with their patience, and blank lines while this side works.

use rustix::event::{PollFd, PollFlags, Timespec};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::ops::Range;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use ulp_core::json::EVENT_BYTES;
use ulp_peer::sync::line::{Line, NoLine};
use ulp_peer::sync::turn::{Heard, Hearing};

/// Bytes of other lines that are passed over before the first hello: what a login says.
const BEFORE: usize = 64 << 10;
/// The longest turn, in time.
const LONGEST: Duration = Duration::from_secs(3600);
/// Who works for so long says that it is still there.
const ALIVE: Duration = Duration::from_secs(10);
/// Bytes that a pipe takes at once where it says that it takes some.
const CHUNK: usize = 4096;
const READ: usize = 64 << 10;
/// Bytes that a pipe of the system is asked to hold, so that both sides work at the same time.
const ROOM: usize = 1 << 20;

/// Why nothing more can be heard or said.
#[derive(Debug)]
pub enum Broken {
    /// What came is no turn.
    Turn(String),
    /// The other side speaks another version.
    Version(i64),
    Io(std::io::Error),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Broken {
        Broken::Io(error)
    }
}

/// What this side says.
struct Mouth {
    file: File,
    timeout: Duration,
    said: Instant,
    /// Whether it is this side's turn.
    is_ours: bool,
}

pub struct Pipe {
    input: File,
    mouth: Arc<Mutex<Mouth>>,
    timeout: Duration,
    buffer: Vec<u8>,
    /// How much of it was heard.
    at: usize,
    has_met: bool,
    /// Of all that was heard.
    pub heard: blake3::Hasher,
    keeper: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Pipe {
    pub fn new(input: File, output: File, timeout: Duration) -> std::io::Result<Pipe> {
        for file in [&input, &output] {
            // What is no pipe, or may not be larger, works as it is.
            let _ = rustix::pipe::fcntl_setpipe_size(file, ROOM);
        }
        let mouth = Mouth { file: output, timeout, said: Instant::now(), is_ours: false };
        let mouth = Arc::new(Mutex::new(mouth));
        let (stop, stopped) = channel();
        let kept = Arc::clone(&mouth);
        let keep = move || {
            while stopped.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                lock(&kept).keep_alive();
            }
        };
        let keeper = Some((stop, std::thread::Builder::new().spawn(keep)?));
        let (buffer, heard) = (Vec::new(), blake3::Hasher::new());
        Ok(Pipe { input, mouth, timeout, buffer, at: 0, has_met: false, heard, keeper })
    }

    /// Says that this side works, and will speak.
    pub fn begin(&mut self) {
        let mut mouth = lock(&self.mouth);
        (mouth.is_ours, mouth.said) = (true, Instant::now());
    }

    /// Says a turn.
    pub fn say(&mut self, turn: &[u8]) -> Result<(), Broken> {
        let mut mouth = lock(&self.mouth);
        mouth.is_ours = false;
        mouth.write(turn)
    }

    /// Hears a turn of at most so many bytes, unless it is one line: its lines, and what its speaker kept.
    pub fn hear(&mut self, most: u64) -> Result<(Vec<u8>, u64), Broken> {
        let (mut hearing, began, mut passed_over) = (Hearing::default(), Instant::now(), 0);
        loop {
            let line = self.line(began)?;
            let line = &self.buffer[line];
            if !self.has_met {
                match Line::parse(line) {
                    Ok(Line::Hello(_)) => self.has_met = true,
                    Err(NoLine::Version(v)) => return Err(Broken::Version(v)),
                    Ok(Line::Over(_)) => return Err(Broken::Turn("a turn without a hello".to_owned())),
                    _ => {
                        passed_over += line.len() + 1;
                        if passed_over > BEFORE {
                            return Err(Broken::Turn("no hello within 64 KiB".to_owned()));
                        }
                        continue;
                    }
                }
            }
            let is_first = hearing.is_empty();
            match hearing.line(line) {
                Heard::More if is_first || hearing.bytes() as u64 <= most => {}
                Heard::More => return Err(Broken::Turn("a turn longer than was agreed".to_owned())),
                Heard::Whole { text, kept } => return Ok((text, kept)),
                Heard::Broken => {
                    return Err(Broken::Turn("a turn that is not what its last line says".to_owned()));
                }
            }
        }
    }

    /// Where the next line stands in the buffer, without its end.
    fn line(&mut self, began: Instant) -> Result<Range<usize>, Broken> {
        let mut looked = self.at;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[looked..]) {
                let line = self.at..looked + end;
                self.at = line.end + 1;
                return Ok(line);
            }
            if self.buffer.len() - self.at > EVENT_BYTES {
                return Err(Broken::Turn("a line longer than any of the wire".to_owned()));
            }
            if began.elapsed() > LONGEST {
                return Err(Broken::Turn("a turn that took longer than an hour".to_owned()));
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            looked = self.buffer.len();
            self.fill()?;
        }
    }

    /// Reads what there is.
    fn fill(&mut self) -> Result<(), Broken> {
        if !ready(&self.input, PollFlags::IN, self.timeout)? {
            let seconds = self.timeout.as_secs();
            return Err(Broken::Turn(format!("the other side said nothing for {seconds} s")));
        }
        let start = self.buffer.len();
        self.buffer.resize(start + READ, 0);
        let read = self.input.read(&mut self.buffer[start..]);
        self.buffer.truncate(start + read.as_ref().copied().unwrap_or(0));
        match read {
            Ok(0) => Err(Broken::Turn("the other side hung up".to_owned())),
            Ok(_) => {
                self.heard.update(&self.buffer[start..]);
                Ok(())
            }
            // A terminal whose other end is gone.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                Err(Broken::Turn("the other side hung up".to_owned()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if let Some((stop, keeper)) = self.keeper.take() {
            drop(stop);
            // A thread that panicked has nothing to say any more.
            let _ = keeper.join();
        }
    }
}

impl Mouth {
    fn keep_alive(&mut self) {
        if self.is_ours && self.said.elapsed() >= ALIVE {
            // Where this fails, so does the turn after it.
            let _ = self.write(b"\n");
        }
    }

    fn write(&mut self, mut text: &[u8]) -> Result<(), Broken> {
        while !text.is_empty() {
            if !ready(&self.file, PollFlags::OUT, self.timeout)? {
                let seconds = self.timeout.as_secs();
                return Err(Broken::Turn(format!("the other side took nothing for {seconds} s")));
            }
            match self.file.write(&text[..text.len().min(CHUNK)]) {
                Ok(0) => return Err(Broken::Turn("the other side hung up".to_owned())),
                Ok(written) => text = &text[written..],
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    return Err(Broken::Turn("the other side hung up".to_owned()));
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.said = Instant::now();
        Ok(())
    }
}

fn lock(mouth: &Mutex<Mouth>) -> MutexGuard<'_, Mouth> {
    mouth.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until something can be read or written; not for ever.
fn ready(file: &File, flags: PollFlags, timeout: Duration) -> std::io::Result<bool> {
    let until = Instant::now() + timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let wait = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match rustix::event::poll(&mut [PollFd::new(file, flags)], Some(&wait)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
