//! Work spread over the threads of the current pool, its results taken in a fixed order.

use rayon::prelude::*;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

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
    let slots: Mutex<Vec<Option<T>>> = Mutex::new(schedule.iter().map(|_| None).collect());
    let giver = Mutex::new(Giver { next: 0, sink, failed: None });
    let next = AtomicUsize::new(0);
    rayon::broadcast(|_| {
        while let Some(i) = schedule.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = work(*i);
            lock(&slots)[*i] = Some(result);
            give_what_is_ready(&slots, &giver);
        }
    });
    // Someone may have stored a result while another was just leaving.
    give_what_is_ready(&slots, &giver);
    let giver = giver.into_inner().unwrap_or_else(PoisonError::into_inner);
    giver.failed.map_or(Ok(()), Err)
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

struct Giver<S, E> {
    next: usize,
    sink: S,
    failed: Option<E>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn give_what_is_ready<T, E, S: FnMut(T) -> Result<(), E>>(
    slots: &Mutex<Vec<Option<T>>>,
    giver: &Mutex<Giver<S, E>>,
) {
    let mut giver = match giver.try_lock() {
        Ok(guard) => guard,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return,
    };
    loop {
        let ready = lock(slots).get_mut(giver.next).and_then(Option::take);
        let Some(result) = ready else { return };
        giver.next += 1;
        if giver.failed.is_none() {
            giver.failed = (giver.sink)(result).err();
        }
    }
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
