//! A page shows at every instant what the view of that instant is: the page's own reader, run without a browser on
//! random histories, against the records that `--at` gives.

mod page;
mod records;
mod small;

use crate::consent::worlds;
use crate::reference::generate::{self, Rng};
use crate::{run, sample, state};
use page::{Page, Reader};
use records::Look;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const HISTORIES: u64 = 2_000;
const INSTANTS: usize = 8;

/// What views of the histories take in, by turns.
const VIEWS: [&[&str]; 8] = [
    &[],
    &["--policy", "public", "--policy", "redacted"],
    &[
        "--policy", "public", "--policy", "redacted", "--policy", "private", "--realm", "personal",
        "--realm", "team", "--realm", "public",
    ],
    &["--policy", "redacted"],
    &["--tile", "z0"],
    &["--layer", "default", "--layer", "～"],
    &["--authority", "source", "--policy", "public", "--policy", "private"],
    &["--boundary", "interior", "--boundary", "exterior"],
];

/// A history, a third of them with state lines in place of some of its pieces.
fn lines(seed: u64) -> Vec<String> {
    let lines = generate::history(seed, 5 + (seed % 76) as usize);
    if !seed.is_multiple_of(3) {
        return lines;
    }
    let mut rng = Rng::new(seed);
    let mut mixed = Vec::new();
    for piece in generate::cut(&mut rng, &lines, 3) {
        if rng.chance(50) {
            let state = state::derive(&piece).0;
            mixed.extend(std::str::from_utf8(&state).unwrap().lines().map(str::to_owned));
        } else {
            mixed.extend(piece);
        }
    }
    generate::shuffle(&mut rng, &mut mixed);
    mixed
}

/// What was compared.
#[derive(Default)]
struct Tally {
    instants: AtomicUsize,
    compared: AtomicUsize,
    differences: Mutex<Vec<String>>,
}

/// Compares the pages of one history with the records of some instants.
fn look_at(seed: u64, reader: &mut Reader, tally: &Tally) {
    let mut lines = lines(seed);
    let mut looks = &Look::ALL[..];
    if seed % 5 < 2 {
        // Nobody is asked for consent to what a view of registers holds.
        looks = &looks[..2];
        lines.extend(worlds::woven(&mut Rng::new(seed)));
    }
    let input = lines.join("\n");
    let view = VIEWS[(seed / 7) as usize % VIEWS.len()];
    let pages = ["projector-2d", "projector-3d"].map(|tool| Page::of(tool, view, &input));
    assert_eq!(pages[0].steps, pages[1].steps, "seed {seed}: two pages of one history");
    let instants = pages[0].instants(&mut Rng::new(seed ^ 0x5eed), &lines, INSTANTS);
    let seeks: Vec<Vec<usize>> = instants.iter().map(|instant| instant.counts.clone()).collect();
    let shown = pages.map(|page| reader.look(&page, &seeks));
    for (i, instant) in instants.iter().enumerate() {
        let args = [view, &instant.args()].concat();
        tally.instants.fetch_add(1, Ordering::Relaxed);
        for look in looks {
            let records = look.records(&args, &input);
            for (shown, tool) in shown.iter().zip(["2d", "3d"]) {
                tally.compared.fetch_add(records.len(), Ordering::Relaxed);
                let page = look.of_page(&shown[i]);
                if let Some(difference) = records::difference(&page, &records) {
                    let text = format!("seed {seed}, {args:?}, {look:?} and the {tool} page: {difference}");
                    tally.differences.lock().unwrap().push(text);
                }
            }
        }
    }
}

#[test]
fn a_page_is_the_view_at_every_instant() {
    let Some(readers) = Reader::several(2) else { return };
    let seeds: Vec<u64> = sample::of(0..HISTORIES, 50).collect();
    let (next, tally) = (AtomicU64::new(0), Tally::default());
    std::thread::scope(|scope| {
        for mut reader in readers {
            let (next, seeds, tally) = (&next, &seeds, &tally);
            scope.spawn(move || {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    look_at(*seed, &mut reader, tally);
                }
            });
        }
    });
    let differences = tally.differences.into_inner().unwrap();
    run::say(&format!(
        "pages: {} histories, {} instants, {} records compared, {} differences",
        seeds.len(),
        tally.instants.into_inner(),
        tally.compared.into_inner(),
        differences.len()
    ));
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences[..differences.len().min(5)].join("\n")
    );
}
