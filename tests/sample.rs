//! How much of a long loop is tried.
//!
//! `make proof`, which has `ULP_PROOF=1` in the environment, tries every point. Otherwise each loop tries a sample by a
//! seed that the commit gives: a commit is always judged alike, and the next one meets other points. `SEED=…` in the
//! environment repeats one.

use crate::reference::generate::Rng;
use crate::run;
use std::num::NonZero;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use ulp_core::hash::Sha256;

static SEED: LazyLock<String> = LazyLock::new(|| {
    let seed =
        std::env::var("SEED").ok().or_else(commit).unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
    run::say(&format!("SEED={seed} repeats these samples of the long loops; make proof tries every point"));
    seed
});

fn commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(run::root()).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?;
    (output.status.success()).then(|| name.trim_end().to_owned())
}

/// Whether every point is tried.
pub fn is_proof() -> bool {
    std::env::var("ULP_PROOF").is_ok_and(|proof| proof == "1")
}

/// What samples are chosen by.
pub fn seed() -> &'static str {
    &SEED
}

/// One of the two: how much there is in a proof, or in a sample.
pub fn size<T>(all: T, some: T) -> T {
    if is_proof() { all } else { some }
}

/// The points of a loop that are tried: all, or one of each `share` in a row.
pub fn of<T>(points: impl IntoIterator<Item = T>, share: usize) -> impl Iterator<Item = T> {
    let share = size(1, share);
    let mut rng = Rng::new(number());
    let mut chosen = 0;
    points.into_iter().enumerate().filter_map(move |(at, point)| {
        if at % share == 0 {
            chosen = rng.below(share);
        }
        (at % share == chosen).then_some(point)
    })
}

/// Hands out the points of a loop, each with its number, to as many threads as there are processors.
pub fn each<T: Sync>(points: &[T], look: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    let all = || {
        let from_here = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        for (at, point) in from_here.map_while(|at| Some((at, points.get(at)?))) {
            look(at, point);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(all);
        }
    });
}

/// The seed as a number.
pub fn number() -> u64 {
    Sha256::of(seed().as_bytes()).0.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[test]
fn a_sample_has_one_of_each_few_in_a_row() {
    let share = size(1, 7);
    let chosen: Vec<usize> = of(0..70, share).collect();
    assert_eq!(chosen.iter().map(|at| at / share).collect::<Vec<_>>(), (0..70 / share).collect::<Vec<_>>());
}
