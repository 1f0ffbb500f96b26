//! Every bit of every file of a small store with snapshots, caches and a page is flipped (in a sample, and of large
//! files, some): it is found, or it changes nothing. No replay is asked for: what a check without one passes over has
//! to be harmless.

use super::{append, event, fast_dir, files, init, snapshot, with_page};
use crate::reference::generate::Rng;
use crate::{run, sample};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::hash::Sha256;
use ulp_core::scope::Lookup as _;
use ulp_core::world::Filter;
use ulp_store::check::Finding;
use ulp_store::lookup::StoreLookup;
use ulp_store::read::Wanted;
use ulp_store::{Appender, Error, LaneId, Offer, Store, digest};

/// Makes a store, and says which events it holds.
type Make = fn(&Path) -> (Store, Vec<String>);

/// A store and what can be asked of it, as it should be.
struct Field {
    _dir: tempfile::TempDir,
    path: PathBuf,
    store: Store,
    events: Vec<String>,
    good: Answers,
    clean: Vec<Finding>,
}

/// What anybody can ask: the states, with and without the help of snapshots, whether the events are known, and what is
/// known of what they name. Nothing for what was refused.
#[derive(Debug, PartialEq)]
struct Answers {
    fast: Option<Vec<u8>>,
    slow: Option<Vec<u8>>,
    known: Option<usize>,
    facts: Option<Vec<String>>,
}

impl Answers {
    /// Whether each of them is as it should be, or refused.
    fn differs(&self, good: &Answers) -> bool {
        fn is_other<T: PartialEq>(now: &Option<T>, good: &Option<T>) -> bool {
            now.is_some() && now != good
        }
        is_other(&self.fast, &good.fast)
            || is_other(&self.slow, &good.slow)
            || is_other(&self.known, &good.known)
            || is_other(&self.facts, &good.facts)
    }
}

#[derive(Default)]
struct Counts {
    tried: AtomicUsize,
    found: AtomicUsize,
    refused: AtomicUsize,
    harmless: AtomicUsize,
}

impl Field {
    fn new(make: Make) -> Field {
        let dir = fast_dir();
        let path = dir.path().join("w");
        let (store, events) = make(&path);
        let good = asked(&store, &events);
        // The second time caches answer.
        assert_eq!(asked(&store, &events), good);
        assert!(good.fast == good.slow && good.known == Some(events.len()) && good.facts.is_some());
        let clean = findings(&store).unwrap();
        files(&path).iter().for_each(|file| writable(file));
        Field { _dir: dir, path, store, events, good, clean }
    }

    fn is_clean(&self) -> bool {
        findings(&self.store).is_ok_and(|now| now == self.clean)
    }

    /// Flips a bit, looks, and puts the file back as it was.
    fn flip(&self, below: &Path, at: usize, bit: usize, counts: &Counts) {
        let file = self.path.join(below);
        let bytes = std::fs::read(&file).unwrap();
        let mut bad = bytes.clone();
        bad[at] ^= 1 << bit;
        std::fs::write(&file, &bad).unwrap();
        let now = asked(&self.store, &self.events);
        let (is_clean, is_other) = (self.is_clean(), now.differs(&self.good));
        let is_silent = is_clean && is_other;
        assert!(!is_silent, "{}, byte {at}, bit {bit}: {now:?}", below.display());
        // Numbers and names are held to what they rest on; only an object that is gone counts as lost.
        let is_derived =
            below.starts_with("cache") || below.components().any(|c| c.as_os_str() == "snapshots");
        assert!(!(is_derived && is_other), "{}, byte {at}, bit {bit}: {now:?}", below.display());
        let states = [&now.fast, &now.slow];
        let told_other = states.into_iter().any(|state| state.is_some() && *state != self.good.fast);
        assert!(!told_other || below.starts_with("objects"), "{}, byte {at}, bit {bit}", below.display());
        counts.tried.fetch_add(1, Ordering::Relaxed);
        let count = match (is_clean, now == self.good) {
            (false, _) => &counts.found,
            (true, false) => &counts.refused,
            (true, true) => &counts.harmless,
        };
        count.fetch_add(1, Ordering::Relaxed);
        std::fs::write(&file, &bytes).unwrap();
    }

    /// Flips a bit of each of some objects at once: a check has to name every one.
    fn flip_objects(&self, objects: &[PathBuf], rng: &mut Rng, counts: &Counts) {
        let whole: Vec<Vec<u8>> = objects.iter().map(|file| std::fs::read(file).unwrap()).collect();
        for (file, bytes) in objects.iter().zip(&whole) {
            let mut bad = bytes.clone();
            bad[rng.below(bytes.len())] ^= 1 << rng.below(8);
            std::fs::write(file, bad).unwrap();
        }
        let named: BTreeSet<PathBuf> =
            self.store.check_objects().unwrap().iter().map(|finding| self.path.join(&finding.path)).collect();
        assert!(objects.iter().all(|file| named.contains(file)));
        counts.tried.fetch_add(objects.len(), Ordering::Relaxed);
        counts.found.fetch_add(objects.len(), Ordering::Relaxed);
        for (file, bytes) in objects.iter().zip(&whole) {
            std::fs::write(file, bytes).unwrap();
        }
    }
}

fn writable(file: &Path) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
}

fn findings(store: &Store) -> Result<Vec<Finding>, Error> {
    let mut findings = store.check_objects()?;
    findings.extend(store.check_lanes(false)?);
    Ok(findings)
}

fn asked(store: &Store, events: &[String]) -> Answers {
    Answers {
        fast: state(store, true).ok().flatten(),
        slow: state(store, false).ok().flatten(),
        known: known(store, events).ok(),
        facts: facts(store, events).ok(),
    }
}

/// Nothing where something is damaged.
fn state(store: &Store, snapshots: bool) -> Result<Option<Vec<u8>>, Error> {
    let (filter, mut text, mut is_whole) = (Filter::default(), Vec::new(), true);
    for place in store.tiles()? {
        store.replay(&place, Wanted::new(&filter, snapshots), false, |replay| {
            is_whole &= replay.damage.is_empty();
            replay.states(&filter, false, |_, lines| text.extend_from_slice(lines));
        })?;
    }
    Ok(is_whole.then_some(text))
}

/// How many of the events are known to a writer.
fn known(store: &Store, events: &[String]) -> Result<usize, Error> {
    let (mut appender, mut known) = (Appender::new(store), 0);
    let defaults = Defaults::default();
    for line in events {
        let arena = bumpalo::Bump::new();
        let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read(line) else { panic!("{line}") };
        let lane = LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() };
        let lane = appender.lane(&lane)?;
        known +=
            usize::from(appender.offer(lane, digest(line.as_bytes()), line.as_bytes())? == Offer::Duplicate);
    }
    Ok(known)
}

/// What is known of the nodes and parents that some of the events name.
fn facts(store: &Store, events: &[String]) -> Result<Vec<String>, Error> {
    let lookup = StoreLookup::new(store, None);
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    let mut reader = Reader::new(&arena, &defaults);
    let mut said = Vec::new();
    for (n, line) in events.iter().enumerate().step_by(events.len().div_ceil(8)) {
        let Ok(Line::Event(event)) = reader.read(line) else { panic!("{line}") };
        for node in [n, n + 1] {
            lookup.now().node(&event, &format!("n{node}"), &mut |fact| said.push(format!("{fact:?}")));
        }
        said.push(format!("{:?}", lookup.now().parent(&event, &format!("evt-{n}"))));
    }
    lookup.check()?;
    Ok(said)
}

/// Has the lane remember a segment of a pack.
fn remember(store: &Store) {
    let mut appender = Appender::new(store);
    let lane = appender.lane(&store.lanes().unwrap()[0]).unwrap();
    appender.remember_seen(lane, Sha256::of(b"a segment"), 0..0);
    appender.commit().unwrap();
}

/// Two lanes, a snapshot, and events behind it.
fn small(path: &Path) -> (Store, Vec<String>) {
    let store = init(path);
    let realms = ["team", "team", "public", "team"];
    let events: Vec<String> = (1..).zip(realms).map(|(n, realm)| event(n, "z0/x0/y0", realm)).collect();
    append(&store, &events[..3]);
    snapshot(&store);
    append(&store, &events[3..]);
    remember(&store);
    (store, events)
}

/// A page, a snapshot, a second one of what changed since, and events behind both.
fn paged(path: &Path) -> (Store, Vec<String>) {
    let (store, mut events) = with_page(path);
    for more in [500..503, 503..505] {
        snapshot(&store);
        let new: Vec<String> = more.map(|n| event(n, "z0/x0/y0", "team")).collect();
        append(&store, &new);
        events.extend(new);
    }
    remember(&store);
    (store, events)
}

/// Of the files that a bit tells from others, some: of each file `most` bits at most.
fn points(
    field: &Field,
    most: usize,
    rng: &mut Rng,
    takes: impl Fn(&Path) -> bool,
) -> Vec<(PathBuf, usize, usize)> {
    let mut points = Vec::new();
    for file in files(&field.path) {
        let below = file.strip_prefix(&field.path).unwrap().to_owned();
        // The rules are their writer's own text: nothing knows what they were to say.
        if below == Path::new(".ulp-root") || !takes(&below) {
            continue;
        }
        let bits = usize::try_from(file.metadata().unwrap().len()).unwrap() * 8;
        let step = bits.div_ceil(most).max(1);
        let within = |start: usize, rng: &mut Rng| (start + rng.below(step)).min(bits - 1);
        let chosen: Vec<usize> = (0..bits).step_by(step).map(|start| within(start, rng)).collect();
        points.extend(chosen.into_iter().map(|n| (below.clone(), n / 8, n % 8)));
    }
    points
}

/// Objects are flipped one by one where there are no `rounds` of flipping a bit of each.
fn flip_all(make: Make, most: usize, rounds: usize) -> Counts {
    let (counts, threads) = (Counts::default(), std::thread::available_parallelism().map_or(1, |n| n.get()));
    let share = |thread: usize| {
        let field = Field::new(make);
        let mut rng = Rng::new(
            sample::seed().bytes().fold(7_u64, |n, byte| n.wrapping_mul(31).wrapping_add(u64::from(byte))),
        );
        let all = points(&field, most, &mut rng, |below| rounds == 0 || !below.starts_with("objects"));
        for (below, at, bit) in all.iter().skip(thread).step_by(threads) {
            field.flip(below, *at, *bit, &counts);
        }
        let objects = files(&field.path.join("objects"));
        (thread..rounds).step_by(threads).for_each(|_| field.flip_objects(&objects, &mut rng, &counts));
        assert!(asked(&field.store, &field.events) == field.good);
    };
    std::thread::scope(|scope| {
        let share = &share;
        (0..threads).for_each(|thread| {
            scope.spawn(move || share(thread));
        });
    });
    counts
}

#[test]
fn a_flipped_bit_is_found_or_harmless() {
    let mut tried = 0;
    let stores: [(&str, Make, usize, usize); 2] = [
        ("a small store", small, sample::size(8_000, 40), 0),
        ("a store with a page", paged, sample::size(4_000, 20), sample::size(200, 2)),
    ];
    for (what, make, most, rounds) in stores {
        let Counts { tried: of_this, found, refused, harmless } = flip_all(make, most, rounds);
        let [all, found, refused, harmless] =
            [of_this, found, refused, harmless].map(AtomicUsize::into_inner);
        run::say(&format!(
            "bits flipped in {what} {all}, found {found}, refused {refused}, harmless {harmless}, silent 0"
        ));
        tried += all;
    }
    assert!(tried > sample::size(100_000, 500), "{tried}");
}
