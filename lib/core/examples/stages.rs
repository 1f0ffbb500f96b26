//! What the stages of a derivation take, one after the other on one thread.
//!
//! `stages TRACE` prints as JSON the seconds of the processor for hashing the trace, for parsing its lines and nothing
//! else, for reading them into rows (which parses them again), ordering, deriving and printing. `make bench` says by
//! them how far a job is from what it cannot do without.
#![allow(clippy::print_stdout)]

use bumpalo::Bump;
use rayon::ThreadPoolBuilder;
use std::error::Error;
use std::hint::black_box;
use std::io;
use ulp_core::hash::Blake3;
use ulp_core::id::Tile;
use ulp_core::json::{Tape, parse_line};
use ulp_core::root::write_tile;
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, Filter, Gatherer, World};

/// About as much as the tools read at once.
const CHUNK: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: stages TRACE")?;
    let text = std::fs::read(path)?;
    let stages = ThreadPoolBuilder::new().num_threads(1).build()?.install(|| stages(&text))?;
    let members: Vec<String> = stages.iter().map(|(name, seconds)| format!("\"{name}\":{seconds}")).collect();
    println!("{{{}}}", members.join(","));
    Ok(())
}

fn stages(text: &[u8]) -> io::Result<[(&'static str, f64); 6]> {
    let (scope, filter) = (Scope::default(), Filter::default());
    let select = |_: &str, _: Tile| None;
    let chunks = chunks(text);
    let mut arenas = Arenas::new(chunks.len());
    let (_, hash) = timed(|| black_box(Blake3::of(text)))?;
    let (_, parse) = timed(|| parse(text))?;
    let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &select).admit_new();
    let read = || chunks.iter().map(|chunk| gatherer.batch(0, lines(chunk))).collect::<Result<Vec<_>, _>>();
    let (batches, read) = timed(read)?;
    let batches = batches.map_err(io::Error::other)?;
    let (world, order) = timed(|| {
        let mut world = World::new(batches, scope.defaults());
        world.order(false);
        world
    })?;
    let (mut derive, mut print) = (0.0, 0.0);
    for tile in 0..world.len() {
        let arena = Bump::new();
        let (derived, took) = timed(|| world.derive(tile, &filter, &arena, false))?;
        derive += took;
        let mut lines = Vec::new();
        print += timed(|| black_box(write_tile(&derived, &mut lines)))?.1;
        derive += timed(|| drop(derived))?.1;
    }
    let said = [
        ("hash", hash),
        ("parse", parse),
        ("read", read),
        ("order", order),
        ("derive", derive),
        ("print", print),
    ];
    Ok(said)
}

/// Runs a stage, and says what it took.
fn timed<T>(stage: impl FnOnce() -> T) -> io::Result<(T, f64)> {
    let before = processor()?;
    let made = stage();
    Ok((made, processor()? - before))
}

/// Seconds of the processor that this thread has used, as Linux counts them.
fn processor() -> io::Result<f64> {
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = counts.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or_default();
    Ok(std::time::Duration::from_nanos(nanoseconds).as_secs_f64())
}

/// The text in parts of whole lines.
fn chunks(mut text: &[u8]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    while !text.is_empty() {
        let end =
            memchr::memchr(b'\n', &text[CHUNK.min(text.len())..]).map_or(text.len(), |at| CHUNK + at + 1);
        let (chunk, rest) = text.split_at(end.min(text.len()));
        chunks.push(chunk);
        text = rest;
    }
    chunks
}

type Numbered<'a> = (u32, Result<(&'a [u8], &'a [u8]), ulp_core::json::Fault>);

fn lines(chunk: &[u8]) -> impl Iterator<Item = Numbered<'_>> {
    let lines = chunk.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    (1..).zip(lines.map(|line| Ok((line, line))))
}

fn parse(text: &[u8]) {
    let mut tape = Tape::new();
    for line in text.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        black_box(parse_line(&mut tape, line).is_ok());
    }
}
