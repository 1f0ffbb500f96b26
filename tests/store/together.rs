//! Events that are offered together, by tile and on all cores, are told the same of as those that come one by one: of
//! which each is read again, and held to what it declares by what came before.

use super::{fast_dir, init};
use crate::reference::generate::{self, Rng};
use bumpalo::Bump;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::json::Tape;
use ulp_core::report::Note;
use ulp_core::scope::{Admission, Scope};
use ulp_store::Store;
use ulp_store::intake::admit::{Admitted, AdmittedEvent, Wants};
use ulp_store::intake::{Committer, Offered, Part};

const HISTORIES: u64 = 120;
const INVARIANTS: [&str; 6] =
    ["adjacency", "exclusion", "consistency", "boundary_discipline", "authority_nontransfer", "custom"];

/// What was said of an event: nothing where it was there already.
type Said = Option<Vec<Note>>;

/// A history of whole events that declare this and that.
fn history(rng: &mut Rng, seed: u64) -> Vec<String> {
    let defaults = Defaults::default();
    let mut lines = generate::history(seed, 20 + rng.below(120));
    if rng.chance(50) {
        generate::shuffle(rng, &mut lines);
    }
    let whole = |line: &String| {
        let arena = Bump::new();
        let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read(line) else { panic!("{line}") };
        let mut text = Vec::new();
        event.write_canonical(&mut Tape::new(), &mut text);
        let mut event: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let declared: Vec<&str> = INVARIANTS.into_iter().filter(|_| rng.chance(40)).collect();
        event["preserves_invariants"] = declared.into();
        event.to_string()
    };
    lines.iter().map(whole).collect()
}

fn admit(scope: &Scope, lines: &[String], rows: bool) -> (Admitted, Vec<AdmittedEvent>) {
    let (arena, mut admitted, mut admission) =
        (Bump::new(), Admitted::default(), Admission::new(scope, None));
    let mut reader = Reader::new(&arena, scope.defaults()).with_forms();
    let admit = |line: &String| {
        let Ok(Line::Event(event)) = reader.read(arena.alloc_str(line)) else { panic!("{line}") };
        let wants = Wants { digest: true, rows };
        admitted.admit(&mut admission, (&event, event.missing), None, wants).unwrap()
    };
    let events = lines.iter().map(admit).collect();
    (admitted, events)
}

fn said(offered: Offered) -> Said {
    match offered {
        Offered::Taken(_, notes) => Some(notes),
        Offered::Duplicate => None,
        Offered::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn one_by_one(store: &Store, lines: &[String]) -> Vec<Said> {
    let scope = Scope::default();
    let (mut admitted, events) = admit(&scope, lines, false);
    let mut committer = Committer::new(store, None);
    let offered = events.iter().map(|event| said(committer.offer(&mut admitted, event).unwrap())).collect();
    committer.commit().unwrap();
    offered
}

fn together(store: &Store, pool: &rayon::ThreadPool, rng: &mut Rng, lines: &[String]) -> Vec<Said> {
    let scope = Scope::default();
    let mut committer = Committer::new(store, rng.chance(70).then_some(pool));
    let (mut all, mut rest) = (Vec::new(), lines);
    while !rest.is_empty() {
        let mut chunks = Vec::new();
        for _ in 0..1 + rng.below(3) {
            let (some, after) = rest.split_at(rng.below(rest.len() + 1));
            chunks.push(admit(&scope, some, rng.chance(80)));
            rest = after;
        }
        let parts =
            chunks.iter_mut().map(|(admitted, events)| Part { admitted, events: events.iter().collect() });
        all.extend(committer.offer_all(parts.collect()).unwrap().into_iter().map(said));
        if rng.chance(20) {
            committer.commit().unwrap();
        }
    }
    committer.commit().unwrap();
    all
}

#[test]
fn what_comes_together_is_told_the_same_of() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let (mut notes, mut duplicates) = (std::collections::BTreeMap::new(), 0);
    for seed in 0..HISTORIES {
        let mut rng = Rng::new(seed);
        let lines = history(&mut rng, seed);
        let dir = fast_dir();
        let stores = ["one", "all"].map(|name| init(&dir.path().join(name)));
        // The second half finds a store that knows the first.
        for lines in [&lines[..lines.len() / 2], &lines[lines.len() / 4..]] {
            let expected = one_by_one(&stores[0], lines);
            assert_eq!(together(&stores[1], &pool, &mut rng, lines), expected, "seed {seed}");
            duplicates += expected.iter().filter(|said| said.is_none()).count();
            for note in expected.into_iter().flatten().flatten() {
                *notes.entry(note.code).or_insert(0) += 1;
            }
        }
        let [one, all] = stores.map(|store| super::state(&store, false).0);
        assert_eq!(one, all, "seed {seed}");
    }
    crate::run::say(&format!("notes {notes:?}, duplicates {duplicates}"));
    assert!(notes.len() == INVARIANTS.len() && duplicates > 100);
}
