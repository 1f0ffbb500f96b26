//! What the parts of a derivation cost, on the flood: `cargo bench -p ulp --bench parts`. The whole job beside its
//! peers is `make bench`.

use bumpalo::Bump;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::PathBuf;
use ulp_core::event::{Defaults, Reader};
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::Tile;
use ulp_core::json::{Canonical, Tape, is_canonical, parse_text};
use ulp_core::root::write_tile;
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, Derived, Filter, Gatherer, World};
use ulp_store::Store;
use ulp_store::object::{directory, place};
use ulp_view::join;

/// The flood, as its author wrote it.
fn trace() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/flood/trace.jsonl");
    std::fs::read_to_string(path).expect("the flood")
}

/// Each line's canonical form.
fn canonical(trace: &str) -> Vec<String> {
    let (mut tape, mut writer) = (Tape::new(), Canonical::new());
    let write = |line| {
        let mut out = Vec::new();
        writer.write(parse_text(&mut tape, line).expect("a line"), &mut out);
        String::from_utf8(out).expect("UTF-8")
    };
    trace.lines().map(write).collect()
}

fn lines(c: &mut Criterion) {
    let trace = trace();
    let canonical = canonical(&trace);
    let mut group = c.benchmark_group("lines");
    group.throughput(Throughput::Bytes(trace.len() as u64));
    group.bench_function("parse", |b| {
        let mut tape = Tape::new();
        b.iter(|| trace.lines().filter(|line| parse_text(&mut tape, line).is_ok()).count());
    });
    group.bench_function("canonical check", |b| {
        b.iter(|| canonical.iter().filter(|line| is_canonical(line)).count());
    });
    group.bench_function("canonical form", |b| {
        let (mut tape, mut writer, mut out) = (Tape::new(), Canonical::new(), Vec::new());
        b.iter(|| {
            out.clear();
            for line in trace.lines() {
                if let Ok(value) = parse_text(&mut tape, line) {
                    writer.write(value, &mut out);
                }
            }
            out.len()
        });
    });
    for (name, plainly) in [("event", false), ("event, plainly", true)] {
        group.bench_function(name, |b| {
            let (mut arena, defaults) = (Bump::new(), Defaults::default());
            b.iter(|| {
                arena.reset();
                let reader = Reader::new(&arena, &defaults);
                let mut reader = if plainly { reader.plainly() } else { reader };
                trace.lines().filter(|line| reader.read(line).is_ok()).count()
            });
        });
    }
    group.bench_function("BLAKE3", |b| b.iter(|| Blake3::of(black_box(trace.as_bytes()))));
    group.bench_function("SHA-256", |b| b.iter(|| Sha256::of(black_box(trace.as_bytes()))));
    group.finish();
}

/// Reads the lines of a trace into a world that is not ordered yet.
fn gather<'a>(
    trace: &'a str,
    arenas: &'a mut Arenas,
    scope: &'a Scope,
    filter: &'a Filter,
    select: &'a (dyn Fn(&str, Tile) -> Option<&'static str> + Sync),
) -> World<'a> {
    let gatherer = Gatherer::new(arenas, scope, filter, select);
    let numbered = (1..).zip(trace.lines().map(|l| Ok((l.as_bytes(), l.as_bytes()))));
    World::new(vec![gatherer.batch(0, numbered).expect("a batch")], scope.defaults())
}

/// All tiles of a world.
fn derive<'a>(world: &World<'a>, filter: &Filter, arena: &'a Bump) -> Vec<Derived<'a>> {
    (0..world.len()).map(|i| world.derive(i, filter, arena, false)).collect()
}

fn states(c: &mut Criterion) {
    let trace = trace();
    let (scope, filter) = (Scope::default(), Filter::default());
    let select = |_: &str, _: Tile| None;
    let mut group = c.benchmark_group("states");
    group.throughput(Throughput::Elements(trace.lines().count() as u64));
    group.bench_function("gather", |b| {
        b.iter_batched(
            || Arenas::new(1),
            |mut arenas| gather(&trace, &mut arenas, &scope, &filter, &select).len(),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("gather and order", |b| {
        b.iter_batched(
            || Arenas::new(1),
            |mut arenas| {
                let mut world = gather(&trace, &mut arenas, &scope, &filter, &select);
                world.order(false);
                world.len()
            },
            BatchSize::PerIteration,
        );
    });
    let mut arenas = Arenas::new(1);
    let mut world = gather(&trace, &mut arenas, &scope, &filter, &select);
    world.order(false);
    group.bench_function("derive", |b| {
        b.iter_batched(Bump::new, |arena| derive(&world, &filter, &arena).len(), BatchSize::PerIteration)
    });
    group.bench_function("print", |b| {
        let arena = Bump::new();
        let derived = derive(&world, &filter, &arena);
        let mut out = Vec::new();
        b.iter(|| {
            out.clear();
            for tile in &derived {
                write_tile(tile, &mut out);
            }
            out.len()
        });
    });
    group.bench_function("derive and join", |b| {
        b.iter_batched(
            Bump::new,
            |arena| join::join(derive(&world, &filter, &arena), &filter, |_| true).len(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn objects(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    Store::init(&dir.path().join("w"), false, b"").expect("a store");
    let store = Store::open(&dir.path().join("w"), false).expect("the store");
    let trace = trace();
    let object = Sha256::of(trace.as_bytes());
    let below = dir.path().join("w").join(directory(&object));
    std::fs::create_dir_all(&below).expect("a directory");
    std::fs::write(below.join(place(&object).1), &trace).expect("an object");
    let mut group = c.benchmark_group("objects");
    group.throughput(Throughput::Bytes(trace.len() as u64));
    group.bench_function("read", |b| {
        b.iter(|| store.object(&object, Some(trace.len() as u64)).expect("the object"));
    });
    group.finish();
}

criterion_group!(benches, lines, states, objects);
criterion_main!(benches);
