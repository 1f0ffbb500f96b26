//! What persons do not consent to is in no byte of any format of any projector.

mod small;
pub mod worlds;

use crate::views::{FORMATS, MORE};
use crate::{run, sample};
use std::sync::Mutex;
use worlds::World;

const WORLDS: u64 = 120;

/// What a projector writes of some lines.
fn written(command: &str, more: &[&str], input: &str) -> Vec<u8> {
    let mut words = command.split_whitespace();
    let program = run::bin().join(words.next().unwrap());
    let args: Vec<&str> = words.chain(more.iter().copied()).collect();
    let output = run::feed(program.to_str().unwrap(), &args, input);
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Whether some bytes hold a word.
fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Whether a format tells of the past too.
fn tells_the_past(command: &str) -> bool {
    ["html", "--replay", "audio", "dashboard"].iter().any(|past| command.contains(past))
}

/// What one world says that it must not, and what it keeps from whoever may see it.
fn look_at(seed: u64) -> (usize, Vec<String>) {
    let world = World::new(seed, false);
    let input = world.lines(seed);
    let (mut looked, mut wrong) = (0, Vec::new());
    for step in [world.last(), (seed as usize * 7) % (world.last() + 1)] {
        let time = World::time(step);
        let at: &[&str] = if step == world.last() { &[] } else { &["--at", &time] };
        for command in FORMATS.into_iter().chain(MORE) {
            let bytes = written(command, at, &input);
            let from = if tells_the_past(command) { 0 } else { step };
            for canary in &world.canaries {
                looked += 1;
                let may = world.may_say(canary, from..=step);
                let said = holds(&bytes, &canary.word);
                // Records say all that may be said.
                let must = command == "projector-2d -f jsonl --provenance";
                if said && !may || must && may && !said {
                    wrong.push(format!("seed {seed}, {command} {at:?}: {} is said: {said}", canary.word));
                }
            }
        }
    }
    (looked, wrong)
}

#[test]
fn what_is_withheld_is_in_no_byte_of_any_format() {
    let seeds: Vec<u64> = sample::of(0..WORLDS, 60).collect();
    let found = Mutex::new((0, Vec::new()));
    sample::each(&seeds, |_, seed| {
        let (looked, wrong) = look_at(*seed);
        let mut found = found.lock().unwrap();
        found.0 += looked;
        found.1.extend(wrong);
    });
    let (looked, wrong) = found.into_inner().unwrap();
    run::say(&format!("consent: {} worlds, {looked} words looked for, {} wrong", seeds.len(), wrong.len()));
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(10)].join("\n"));
}

#[test]
fn what_is_never_shown_leaves_no_trace() {
    let plain = (0..10 * WORLDS).filter(|seed| World::new(*seed, true).is_plain()).take(40);
    let seeds: Vec<u64> = sample::of(plain, 20).collect();
    assert!(!seeds.is_empty());
    sample::each(&seeds, |_, seed| {
        let world = World::new(*seed, true);
        let (with, without) = (world.lines(*seed), world.lines_without(*seed));
        for command in FORMATS.into_iter().chain(MORE) {
            assert!(
                written(command, &[], &with) == written(command, &[], &without),
                "seed {seed}: {command} differs by what is never shown"
            );
        }
    });
    run::say(&format!("consent: {} worlds are as if what is never shown were not there", seeds.len()));
}
