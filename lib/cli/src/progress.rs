//! A line on the terminal that says how far a run is. Silent for the first half second, and wherever stderr is no
//! terminal.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::stdio::{Patient, Std};

/// A run that is over before this shows nothing.
const DELAY: Duration = Duration::from_millis(500);
/// How often the line is drawn anew.
const INTERVAL: Duration = Duration::from_millis(100);
/// Characters between the brackets of the bar.
const WIDTH: u64 = 30;
/// Back to the first column, and clear to the end of the line.
const CLEAR: &[u8] = b"\r\x1b[K";

/// A handle to the progress of a run: cheap to clone, and without effect where nothing is shown.
#[derive(Clone, Debug, Default)]
pub struct Progress(Option<Arc<Shown>>);

#[derive(Debug, Default)]
struct Shown {
    done: AtomicU64,
    total: AtomicU64,
    over: AtomicBool,
    drawn: Mutex<bool>,
}

impl Progress {
    /// Announces bytes that will be read; those of pipes stay unknown.
    pub fn expect(&self, bytes: u64) {
        if let Some(shown) = &self.0 {
            shown.total.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Reports bytes that were dealt with.
    pub fn advance(&self, bytes: u64) {
        if let Some(shown) = &self.0 {
            shown.done.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Runs `write` on a screen without the line; it is drawn again when it is due.
    pub(super) fn aside<T>(&self, screen: &mut Patient, write: impl FnOnce(&mut Patient) -> T) -> T {
        let Some(shown) = &self.0 else { return write(screen) };
        let mut drawn = shown.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        clear(&mut drawn, screen);
        write(screen)
    }
}

/// The thread that draws. It ends, and clears its line, with this.
#[derive(Debug)]
pub(super) struct Drawer {
    progress: Progress,
    thread: Option<JoinHandle<()>>,
}

impl Drawer {
    /// Starts drawing, if `wanted`.
    pub(super) fn start(wanted: bool) -> Drawer {
        let idle = || Drawer { progress: Progress::default(), thread: None };
        let Some(screen) = wanted.then(|| Std::Err.open().ok()).flatten() else { return idle() };
        let shown = Arc::new(Shown::default());
        let of_thread = Arc::clone(&shown);
        match thread::Builder::new().spawn(move || draw(&of_thread, Patient(screen))) {
            Ok(thread) => Drawer { progress: Progress(Some(shown)), thread: Some(thread) },
            Err(_) => idle(),
        }
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl Drop for Drawer {
    fn drop(&mut self) {
        if let (Some(shown), Some(thread)) = (&self.progress.0, self.thread.take()) {
            shown.over.store(true, Ordering::Relaxed);
            thread.thread().unpark();
            // A drawer that panicked has nothing left to clear.
            let _ = thread.join();
        }
    }
}

fn draw(shown: &Shown, mut screen: Patient) {
    let start = Instant::now();
    let mut pause = DELAY;
    while !shown.over.load(Ordering::Relaxed) {
        thread::park_timeout(pause);
        if start.elapsed() < DELAY || shown.over.load(Ordering::Relaxed) {
            continue;
        }
        pause = INTERVAL;
        let text =
            line(shown.done.load(Ordering::Relaxed), shown.total.load(Ordering::Relaxed), start.elapsed());
        let mut drawn = shown.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = screen.write_all(CLEAR).and_then(|()| screen.write_all(text.as_bytes()));
        *drawn = true;
    }
    clear(&mut shown.drawn.lock().unwrap_or_else(PoisonError::into_inner), &mut screen);
}

/// Takes the line off the screen, if it is there. It is an ornament: what cannot be cleared is not missed.
fn clear(drawn: &mut bool, screen: &mut Patient) {
    if std::mem::take(drawn) {
        let _ = screen.write_all(CLEAR);
    }
}

/// The line: a bar where the end is known, else how much was done.
fn line(done: u64, total: u64, elapsed: Duration) -> String {
    let (mebibytes, seconds) = (done >> 20, elapsed.as_secs());
    let filled = (done.saturating_mul(WIDTH)).checked_div(total).filter(|_| done <= total);
    match filled.and_then(|f| usize::try_from(f).ok()) {
        Some(filled) => {
            format!("[{:<30}] {mebibytes} of {} MiB, {seconds} s", "#".repeat(filled), total >> 20)
        }
        None => format!("{mebibytes} MiB, {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_a_bar_where_the_end_is_known() {
        let half = line(1 << 20, 2 << 20, Duration::from_secs(3));
        assert_eq!(half, format!("[{}{}] 1 of 2 MiB, 3 s", "#".repeat(15), " ".repeat(15)));
        assert_eq!(line(5 << 20, 0, Duration::ZERO), "5 MiB, 0 s");
        assert_eq!(line(5 << 20, 2 << 20, Duration::ZERO), "5 MiB, 0 s");
    }
}
