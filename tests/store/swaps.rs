//! Files of a store are replaced by what they were before, or by those of a copy that went its own way: the answers are
//! those of a replay of what the manifests hold, or damage is named. Derived data may rest on nothing but that.

use super::{event, facts, fast_dir, files, held, init, snapshot, try_append};
use crate::reference::generate::{self, Rng};
use crate::state::derive;
use crate::{run, sample};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::Tape;
use ulp_core::kind::Kind;
use ulp_core::scope::Clock;
use ulp_core::world::Filter;
use ulp_store::intake::segments::Importer;
use ulp_store::read::Wanted;
use ulp_store::snapshot::make::heads;
use ulp_store::snapshot::stored::Standing;
use ulp_store::{Error, LaneId, Store};

/// A canonical line of a whole event, with its lane.
fn canonical(line: &str) -> (LaneId, String) {
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read(line) else { panic!("{line}") };
    let mut text = Vec::new();
    event.write_canonical(&mut Tape::new(), &mut text);
    let id = LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() };
    (id, String::from_utf8(text).unwrap())
}

/// Brings events as packs do: each as a segment of its own. Answers how many were new.
fn import(store: &Store, lines: &[String]) -> Result<u64, Error> {
    let scope = store.scope()?;
    let clock = Clock::Given(Time(4_000_000_000_000_000_000));
    let mut importer = Importer::new(store, &scope, clock, Instant::now());
    for line in lines {
        let (lane, text) = canonical(line);
        let bytes = (text + "\n").into_bytes();
        importer.segment(lane, Sha256::of(&bytes), bytes);
    }
    let said = |error| match error {
        ulp_store::pack::Error::Store(error) => error,
        error => panic!("{error}"),
    };
    let outcomes = importer.commit(Instant::now).map_err(said)?;
    importer.settle().map_err(said)?;
    Ok(outcomes.iter().map(|outcome| outcome.events).sum())
}

/// The state of a store, from snapshots; where a lane's manifest is damaged there is none.
fn state(store: &Store) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let filter = Filter::default();
    for place in store.tiles()? {
        store.replay(&place, Wanted::new(&filter, true), false, |replay| {
            if let Some(damage) = replay.damage.first() {
                assert!(damage.segment.is_none(), "{damage:?}");
                return Err(Error::damaged(damage.lane.dir(), damage.code, damage.reason.clone()));
            }
            replay.states(&filter, false, |_, lines| text.extend_from_slice(lines));
            Ok(())
        })??;
    }
    Ok(text)
}

fn heads_of(store: &Store) -> Result<Vec<Vec<String>>, Error> {
    let filter = Filter::default();
    let of =
        |place| store.replay(&place, Wanted::new(&filter, false), false, |replay| heads(&replay, |_| true));
    store.tiles()?.into_iter().map(of).collect()
}

/// A store, what its files were, and those of a copy that went its own way.
struct Diverged {
    seed: u64,
    dir: tempfile::TempDir,
    /// Of each file but objects what it ever was, here or there.
    versions: BTreeMap<PathBuf, BTreeSet<Vec<u8>>>,
    /// The files of the copy.
    other: BTreeMap<PathBuf, Vec<u8>>,
    /// Every event, canonical.
    lines: Vec<String>,
    heads: Vec<Vec<String>>,
}

/// What is put in the place of files.
type Swap = Vec<(PathBuf, Vec<u8>)>;

fn mutable(store: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let below = |file: &PathBuf| file.strip_prefix(store).unwrap().to_owned();
    let all = files(store).into_iter().filter(|file| !below(file).starts_with("objects"));
    all.map(|file| (below(&file), fs::read(&file).unwrap())).collect()
}

/// A copy of a store; objects, which nobody changes, are linked.
fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let below = file.strip_prefix(from).unwrap();
        let target = to.join(below);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        if below.starts_with("objects") {
            // Two stores may hold the same.
            let _ = fs::hard_link(&file, &target);
        } else {
            fs::copy(&file, &target).unwrap();
        }
    }
}

impl Diverged {
    fn new(seed: u64) -> Diverged {
        let mut rng = Rng::new(seed);
        let mut lines: Vec<String> =
            generate::history(seed, 30 + (seed % 30) as usize).iter().map(|line| canonical(line).1).collect();
        generate::shuffle(&mut rng, &mut lines);
        let dir = fast_dir();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        init(&a);
        let mut diverged = Diverged {
            seed,
            dir,
            versions: BTreeMap::new(),
            other: BTreeMap::new(),
            lines: Vec::new(),
            heads: Vec::new(),
        };
        if seed.is_multiple_of(4) {
            // More segments than a manifest names: small ones come whole, and a large one behind them seals them.
            let many: Vec<String> = (0..260).map(|n| event(n, "z0/x0/y0", "team")).collect();
            import(&Store::open(&a, false).unwrap(), &many).unwrap();
            diverged.lines.extend(many);
        }
        let parts: Vec<&[String]> = lines.chunks(lines.len().div_ceil(6)).collect();
        let part = |n: usize| parts.get(n).copied().unwrap_or_default();
        diverged.grow(&mut rng, &a, part(0), 0);
        diverged.grow(&mut rng, &a, part(1), 1);
        copy(&a, &b);
        diverged.grow(&mut rng, &a, part(2), 2);
        diverged.grow(&mut rng, &b, part(3), 3);
        diverged.grow(&mut rng, &a, part(4), 4);
        diverged.grow(&mut rng, &b, part(2), 5);
        diverged.grow(&mut rng, &a, part(5), 6);
        diverged.other = mutable(&b);
        copy_objects(&b, &a);
        diverged.lines.sort();
        diverged.lines.dedup();
        diverged.heads = diverged.all_heads();
        diverged
    }

    /// Lets a store take in some events, with all that is derived of them, and remembers its files.
    fn grow(&mut self, rng: &mut Rng, path: &Path, lines: &[String], n: usize) {
        let store = Store::open(path, false).unwrap();
        let (come, brought) = lines.split_at(lines.len() / 2);
        let mut all = come.to_vec();
        if rng.chance(70) {
            all.extend(facts::weights(lines, n).iter().map(|line| canonical(line).1));
        }
        try_append(&store, &all).unwrap();
        import(&store, brought).unwrap();
        self.lines.extend(all);
        self.lines.extend_from_slice(brought);
        self.remember(path);
        facts::compare(self.seed, &store, &lines[..lines.len().min(2)], &[]);
        if rng.chance(70) {
            snapshot(&store);
        }
        self.remember(path);
    }

    fn remember(&mut self, path: &Path) {
        for (file, bytes) in mutable(path) {
            self.versions.entry(file).or_default().insert(bytes);
        }
    }

    /// The heads of a store that has everything and never was another.
    fn all_heads(&self) -> Vec<Vec<String>> {
        let dir = fast_dir();
        let store = init(&dir.path().join("w"));
        try_append(&store, &self.lines).unwrap();
        heads_of(&store).unwrap()
    }

    /// One file each for every version that it is not; the whole copy laid over; and some files at once.
    fn swaps(&self) -> Vec<Swap> {
        let now = mutable(&self.dir.path().join("a"));
        let singles = self.versions.iter().flat_map(|(file, versions)| {
            let others = versions.iter().filter(|bytes| now.get(file) != Some(bytes));
            others.map(|bytes| vec![(file.clone(), bytes.clone())])
        });
        let mut swaps: Vec<Swap> = singles.collect();
        swaps.push(self.other.clone().into_iter().collect());
        let mut rng = Rng::new(self.seed);
        for _ in 0..swaps.len() / 4 {
            let some = (0..2 + rng.below(5)).flat_map(|_| swaps[rng.below(swaps.len())].clone());
            let some: BTreeMap<PathBuf, Vec<u8>> = some.collect();
            swaps.push(some.into_iter().collect());
        }
        swaps
    }

    /// Whether a store with these files answers as it should; else it says what is damaged. Answers how many snapshots it
    /// had that are of another history.
    fn judge(&self, swap: &Swap) -> Result<usize, Error> {
        let dir = fast_dir();
        let path = dir.path().join("w");
        copy(&self.dir.path().join("a"), &path);
        for (file, bytes) in swap {
            fs::create_dir_all(path.join(file).parent().unwrap()).unwrap();
            fs::write(path.join(file), bytes).unwrap();
        }
        let said =
            || format!("seed {}: {:?}", self.seed, swap.iter().map(|(file, _)| file).collect::<Vec<_>>());
        let lanes = held::lanes(&path);
        let events: Vec<String> = lanes.values().flat_map(|lane| lane.events().cloned()).collect();
        let known: BTreeSet<&String> = events.iter().collect();
        let store = Store::open(&path, false)?;
        assert!(state(&store)? == derive(&events).0, "{}: another state", said());
        let mut others = 0;
        for lane in store.lanes()? {
            for record in store.records(&lane)? {
                others += usize::from(store.standing(&lane, &record)? == Standing::Other);
            }
            let seen: BTreeSet<Sha256> = ulp_store::append::seen(&store, &lane).into_iter().collect();
            for line in
                self.lines.iter().filter(|line| seen.contains(&Sha256::of(format!("{line}\n").as_bytes())))
            {
                assert!(known.contains(line), "{}: seen and not there: {line}", said());
            }
        }
        let asked: Vec<String> = self.lines.iter().step_by(self.lines.len() / 3).cloned().collect();
        facts::compare(self.seed, &store, &asked, &[]);
        let missing = self.lines.iter().filter(|line| !known.contains(line)).count();
        assert_eq!(try_append(&store, &self.lines)?, missing, "{}: events appended", said());
        assert_eq!(import(&store, &self.lines)?, 0, "{}: events brought twice", said());
        assert!(state(&store)? == derive(&self.lines).0, "{}: another state once all is there", said());
        assert!(heads_of(&store)? == self.heads, "{}: other heads", said());
        Ok(others)
    }
}

fn copy_objects(from: &Path, to: &Path) {
    for file in files(&from.join("objects")) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        // What both have is the same.
        let _ = fs::hard_link(&file, &target);
    }
}

#[test]
fn a_file_from_another_time_or_copy_changes_no_answer() {
    let most = sample::size(5_000, 60);
    let (mut tried, found, others) = (0, AtomicUsize::new(0), AtomicUsize::new(0));
    for seed in 0.. {
        let diverged = Diverged::new(seed);
        let all = diverged.swaps();
        // Of each store in a sample some.
        let share = sample::size(1, all.len().div_ceil(20));
        let swaps: Vec<Swap> = sample::of(all, share).collect();
        sample::each(&swaps, |_, swap| match diverged.judge(swap) {
            Ok(here) => {
                others.fetch_add(here, Ordering::Relaxed);
            }
            Err(error) => {
                assert_eq!(error.kind(), Kind::Corrupt, "seed {seed}: {error}");
                found.fetch_add(1, Ordering::Relaxed);
            }
        });
        tried += swaps.len();
        if tried >= most {
            break;
        }
    }
    let (found, others) = (found.into_inner(), others.into_inner());
    run::say(&format!(
        "files swapped {tried}, named as damage {found}; snapshots of another history {others}"
    ));
    // Or this would not be a test of what they cover.
    assert!(others > tried / 4);
}

/// Two copies of a store, and `replay`, which derives one of them from its events alone.
const COPIES: &str = r#"
set -e
replay() { cp -a $1 plain; rm -rf plain/cache; find plain -name snapshots | xargs rm -rf; ulp-materialize --store plain 2> log; rm -r plain; }
ulp-store init a
ulp-append --store a first.jsonl > out 2> log
"#;

/// What both stories end with: the state is that of a replay, the snapshot is named, and pruned.
const PROOF: &str = r#"
ulp-materialize --store a > state 2> log
replay a | cmp - state
ulp-store check --store a 2> log | jq -c '[.code,.severity]' | grep -v -e store.unnamed -e store.index
ulp-store prune --store a --older-than 0s > out 2> log
ulp-store prune --store a --older-than 0s > out 2> log
ulp-store check --store a 2> log | jq -c '[.code,.severity]' | grep -c store.snapshot || true
ulp-materialize --store a 2> log | cmp - state
"#;

fn story(script: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    for (name, from) in [("first", 0), ("mine", 10), ("theirs", 20)] {
        let lines: String = (from..from + 5).map(|n| event(n, "z0/x0/y0", "team") + "\n").collect();
        fs::write(dir.path().join(format!("{name}.jsonl")), lines).unwrap();
    }
    run::sh(&format!("{COPIES}{script}{PROOF}"), dir.path())
}

#[test]
fn copies_that_diverged_and_were_laid_over_each_other_read_as_what_they_hold() {
    let said = story(
        "cp -a a b
         ulp-append --store a mine.jsonl > out 2> log
         ulp-append --store b theirs.jsonl > out 2> log
         ulp-materialize --store a --snapshot > out 2> log
         cp -a b/. a/
         grep -c node_id <(ulp-materialize --store a --events 2> log)\n",
    );
    assert_eq!(said, "10\n[\"store.snapshot\",\"info\"]\n0\n");
}

#[test]
fn a_backup_that_was_restored_and_goes_on_reads_as_what_it_holds() {
    let said = story(
        "cp -a a backup
         ulp-append --store a mine.jsonl > out 2> log
         ulp-materialize --store a --snapshot > out 2> log
         cp -a backup/. a/
         ulp-append --store a theirs.jsonl > out 2> log\n",
    );
    assert_eq!(said, "[\"store.snapshot\",\"info\"]\n0\n");
}
