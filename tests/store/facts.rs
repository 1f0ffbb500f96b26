//! What the event graph and the node tables answer is what a replay of everything answers.

use super::{append, fast_dir, files, init};
use crate::reference::generate::{self, Rng};
use std::collections::BTreeSet;
use std::path::Path;
use ulp_core::event::{Defaults, Event, Line, Payload, Reader};
use ulp_core::scope::Lookup as _;
use ulp_store::Store;
use ulp_store::lookup::{Answers, StoreLookup};

const HISTORIES: u64 = 24;

/// Every answer there is to what an event may ask.
fn answers(facts: &Answers<'_, '_>, event: &Event<'_>, nodes: &BTreeSet<String>) -> Vec<String> {
    let mut said = Vec::new();
    for node in nodes {
        let mut of_node = Vec::new();
        facts.node(event, node, &mut |fact| of_node.push(format!("{fact:?}")));
        // A node that its own tile knows need not be looked for in others.
        let own = format!("NodeFact {{ tile: {:?},", event.tile);
        if of_node.iter().any(|fact| fact.starts_with(&own)) {
            of_node.retain(|fact| fact.starts_with(&own));
        }
        of_node.sort();
        said.push(format!("{node}: {of_node:?}, in {:?}", facts.tile_of(event, node)));
    }
    for parent in event.parents {
        said.push(format!("{parent} is {:?}", facts.parent(event, parent)));
    }
    if let Payload::Link(ulp_core::event::Link { ends, .. })
    | Payload::Unlink(ulp_core::event::Unlink { ends, .. }) = event.payload
    {
        said.push(format!("{ends:?}: {:?}", facts.standing(event, event.tile, *ends)));
    }
    said.push(format!("a cycle: {}", facts.closes_cycle(event)));
    facts.check().unwrap();
    said
}

/// Asks both about all events, those too that are not there yet; then tells both of some that come in, and asks again.
/// Answers how many answers there were.
pub fn compare(seed: u64, store: &Store, lines: &[String], coming: &[String]) -> usize {
    let (fast, slow) = (StoreLookup::new(store, None), StoreLookup::by_replay(store));
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    let mut reader = Reader::new(&arena, &defaults);
    let events: Vec<Event<'_>> = lines
        .iter()
        .filter_map(|line| match reader.read(line) {
            Ok(Line::Event(event)) => Some(event),
            _ => None,
        })
        .collect();
    let nodes: BTreeSet<String> = events
        .iter()
        .filter_map(|event| match event.payload {
            Payload::Create { node, .. } | Payload::Delete { node } | Payload::Set { node, .. } => Some(node),
            _ => None,
        })
        .map(str::to_owned)
        .collect();
    let compare_all = || {
        let each = |event: &Event<'_>| {
            let (got, expected) = (answers(&fast.now(), event, &nodes), answers(&slow.now(), event, &nodes));
            assert_eq!(got, expected, "seed {seed}: {}", event.line);
            got.len()
        };
        events.iter().map(each).sum::<usize>()
    };
    let mut count = compare_all();
    for part in coming.chunks(coming.len().div_ceil(2).max(1)) {
        for line in part {
            if let Ok(Line::Event(event)) = reader.read(line) {
                fast.add(&event);
                slow.add(&event);
            }
        }
        count += compare_all();
    }
    count
}

/// An event for each lane that makes its segment one that never changes, so that the cache takes it in.
pub fn weights(lines: &[String], part: usize) -> Vec<String> {
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    let mut reader = Reader::new(&arena, &defaults);
    let mut places = BTreeSet::new();
    for line in lines {
        if let Ok(Line::Event(event)) = reader.read(line) {
            places.insert((event.space.to_owned(), event.tile.to_string(), event.lane().to_string()));
        }
    }
    let weight = |(n, (space, tile, lane)): (usize, (String, String, String))| {
        let (realm, policy) = lane.split_once('.').unwrap();
        format!(
            r#"{{"actor_id":"user:a","event_id":"weight-{part}-{n}","layer_id":"l","node_id":"weight","operation":"set_properties","previous_events":[],"properties":{{"pad":"{}"}},"scope":{{"policy":"{policy}","realm":"{realm}"}},"space_id":"{space}","tile":"{tile}","timestamp":1730000000}}"#,
            "x".repeat(70_000)
        )
    };
    places.into_iter().enumerate().map(weight).collect()
}

fn runs(path: &Path) -> usize {
    let is_run = |name: &str| name.starts_with("graph-") || name.starts_with("nodes-");
    files(path).iter().filter(|f| is_run(&f.file_name().unwrap().to_string_lossy())).count()
}

#[test]
fn tables_answer_what_a_replay_does() {
    let (mut answers, mut tables) = (0, 0);
    for seed in 0..HISTORIES {
        let lines = generate::history(seed, 5 + (seed % 60) as usize);
        let dir = fast_dir();
        let path = dir.path().join("w");
        let store = init(&path);
        let mut rng = Rng::new(seed);
        let mut order = lines.clone();
        generate::shuffle(&mut rng, &mut order);
        let third = order.len().div_ceil(3);
        for (n, part) in order.chunks(third).enumerate() {
            append(&store, part);
            let coming = order.get((n + 1) * third..).unwrap_or_default();
            if rng.chance(70) {
                append(&store, &weights(part, n));
            }
            answers += compare(seed, &store, &lines, coming);
            if rng.chance(20) {
                let _ = std::fs::remove_dir_all(path.join("cache"));
            }
        }
        // The second time what the first one kept is asked.
        answers += compare(seed, &store, &lines, &[]);
        tables += runs(&path);
        // Damage is found when it is looked at, and then the events answer.
        let cached = if path.join("cache").is_dir() { files(&path.join("cache")) } else { Vec::new() };
        for file in cached {
            let mut bytes = std::fs::read(&file).unwrap();
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
            std::fs::write(&file, bytes).unwrap();
        }
        answers += compare(seed, &store, &lines, &[]);
    }
    crate::run::say(&format!("answers compared {answers}, tables of graphs and nodes {tables}"));
    assert!(tables > 40 && answers > 10_000);
}
