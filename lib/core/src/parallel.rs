//! Work spread over the threads of the current pool, its results taken in a fixed order.

use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, TryLockError};
use std::time::Duration;

/// Works on `0..n` in the order of `schedule`, a permutation, and gives the results to `sink` in the order of their
/// numbers, as soon as all before them were given. Nobody waits: whoever finishes a result gives on what is ready.
/// Each thread takes what comes next in the schedule, so that where that is the order of the results few are held.
///
/// # Errors
/// The first error of `sink`; nothing is given to it afterwards.
pub fn in_order<T: Send, E: Send>(
    schedule: &[usize],
    work: impl Fn(usize) -> T + Sync,
    sink: impl FnMut(T) -> Result<(), E> + Send,
) -> Result<(), E> {
    let results = InOrder::new(sink);
    let next = AtomicUsize::new(0);
    rayon::broadcast(|_| {
        while let Some(i) = schedule.get(next.fetch_add(1, Ordering::Relaxed)) {
            results.put(*i, work(*i));
        }
    });
    results.finish()
}

/// Room that is used again: whoever is done with it gives it back for the next.
#[derive(Default)]
pub struct Spare<T>(Mutex<Vec<T>>);

impl<T: Default> Spare<T> {
    pub fn take(&self) -> T {
        lock(&self.0).pop().unwrap_or_default()
    }

    pub fn give_back(&self, room: T) {
        lock(&self.0).push(room);
    }
}

/// Results that threads come to in any order, given to a sink in the order of their numbers from 0. The sink may not
/// work on the pool itself: a thread that waits in there could take up another piece, and wait for its own sink.
pub struct InOrder<T, S, E> {
    waiting: Mutex<Waiting<T>>,
    /// Told whenever a result was given.
    turn: Condvar,
    giver: Mutex<Giver<S, E>>,
    failed: AtomicBool,
}

struct Waiting<T> {
    results: BTreeMap<usize, T>,
    /// The number of the result that is given next.
    next: usize,
}

struct Giver<S, E> {
    sink: S,
    failed: Option<E>,
}

/// For each thread so many pieces are begun beyond the one whose result is given next.
const AHEAD: usize = 2;
/// How long a thread waits at most for those before it: it may be the one that holds them up.
const PATIENCE: Duration = Duration::from_millis(100);

/// From so many results on that wait while others are being given, threads wait as well: a slow sink holds up the work
/// rather than filling the memory.
const CROWD: usize = 2;

impl<T: Send, E: Send, S: FnMut(T) -> Result<(), E> + Send> InOrder<T, S, E> {
    pub fn new(sink: S) -> InOrder<T, S, E> {
        let waiting = Mutex::new(Waiting { results: BTreeMap::new(), next: 0 });
        let giver = Mutex::new(Giver { sink, failed: None });
        InOrder { waiting, turn: Condvar::new(), giver, failed: AtomicBool::new(false) }
    }

    /// Waits until it is time to begin with a piece of work, so that where a thread falls behind the others do not fill
    /// the memory. For pieces that are begun in the order of their numbers.
    pub fn approach(&self, number: usize) {
        let ahead = AHEAD * rayon::current_num_threads();
        let too_early = |waiting: &mut Waiting<T>| number > waiting.next + ahead;
        // Whether the time is up or the turn has come, the work is to be done.
        drop(self.turn.wait_timeout_while(lock(&self.waiting), PATIENCE, too_early));
    }

    /// Takes a result, and gives on what is ready unless another thread is about it.
    pub fn put(&self, number: usize, result: T) {
        let waiting = {
            let mut waiting = lock(&self.waiting);
            waiting.results.insert(number, result);
            waiting.results.len()
        };
        if waiting > CROWD {
            return self.give(&mut lock(&self.giver));
        }
        match self.giver.try_lock() {
            Ok(mut giver) => self.give(&mut giver),
            Err(TryLockError::Poisoned(poisoned)) => self.give(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Whether the sink has failed, and takes no more.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Gives what is left, once no thread comes to results any more.
    ///
    /// # Errors
    /// The first error of the sink.
    pub fn finish(self) -> Result<(), E> {
        // Someone may have stored a result while another was just leaving.
        self.give(&mut lock(&self.giver));
        let giver = self.giver.into_inner().unwrap_or_else(PoisonError::into_inner);
        giver.failed.map_or(Ok(()), Err)
    }

    /// The result whose turn it is, if it is there.
    fn next(&self) -> Option<T> {
        let mut waiting = lock(&self.waiting);
        let next = waiting.next;
        let result = waiting.results.remove(&next)?;
        waiting.next += 1;
        Some(result)
    }

    fn give(&self, giver: &mut Giver<S, E>) {
        loop {
            let Some(result) = self.next() else { return };
            self.turn.notify_all();
            if giver.failed.is_none() {
                giver.failed = (giver.sink)(result).err();
                self.failed.fetch_or(giver.failed.is_some(), Ordering::Relaxed);
            }
        }
    }
}

/// How many items of a list make a piece of work.
const CHUNK: usize = 1024;

/// Lets `write` append each item of a list to what is held of its chunk, and answers the chunks in order.
pub fn by_chunks<T: Sync, O: Default + Send>(list: &[T], write: impl Fn(&T, &mut O) + Sync) -> Vec<O> {
    let chunk = |items: &[T]| {
        let mut out = O::default();
        items.iter().for_each(|item| write(item, &mut out));
        out
    };
    list.par_chunks(CHUNK).map(chunk).collect()
}

/// Writes the items of a list in their order, while those that follow are worked on.
///
/// # Errors
/// The first error of `out`.
pub fn write_all<T: Sync>(
    list: &[T],
    write: impl Fn(&T, &mut Vec<u8>) + Sync,
    out: &mut (impl Write + Send),
) -> io::Result<()> {
    let chunks: Vec<&[T]> = list.chunks(CHUNK).collect();
    let schedule: Vec<usize> = (0..chunks.len()).collect();
    let work = |i: usize| {
        let mut bytes = Vec::new();
        chunks[i].iter().for_each(|item| write(item, &mut bytes));
        bytes
    };
    in_order(&schedule, work, |bytes| out.write_all(&bytes))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_numbers() {
        let mut given = Vec::new();
        let schedule: Vec<usize> = (0..1000).rev().collect();
        let done: Result<(), ()> = in_order(
            &schedule,
            |i| i * 2,
            |r| {
                given.push(r);
                Ok(())
            },
        );
        assert!(done.is_ok());
        assert_eq!(given, (0..1000).map(|i| i * 2).collect::<Vec<_>>());
    }

    #[test]
    fn chunks_stay_in_order() {
        let list: Vec<u32> = (0..3000).collect();
        let whole: Vec<u8> = list.iter().flat_map(|i| i.to_le_bytes()).collect();
        let append = |i: &u32, out: &mut Vec<u8>| out.extend(i.to_le_bytes());
        assert_eq!(by_chunks(&list, append).concat(), whole);
        let mut written = Vec::new();
        assert!(write_all(&list, append, &mut written).is_ok());
        assert_eq!(written, whole);
    }

    #[test]
    fn the_first_error_ends_the_giving() {
        let mut given = 0;
        let schedule: Vec<usize> = (0..100).collect();
        let done = in_order(
            &schedule,
            |i| i,
            |r| {
                given += 1;
                if r == 3 { Err(r) } else { Ok(()) }
            },
        );
        assert_eq!((done, given), (Err(3), 4));
    }
}
