//! Work spread over the threads of the current pool, its results taken in a fixed order.

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
