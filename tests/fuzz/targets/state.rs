//! Whole traces: what is derived prints, reads back and derives to the same bytes, whichever way round the lines come.
#![no_main]

use bumpalo::Bump;
use libfuzzer_sys::fuzz_target;
use ulp_core::id::Tile;
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, Filter, Gatherer, World};

/// What is not so simple for states beside their events: a name with several events, and events that are each
/// other's causes.
const ODD: [&str; 2] = ["event.equivocation", "order.cycle"];

/// The state lines of a trace, and whether there is nothing odd about its order.
fn derive<'l>(lines: impl Iterator<Item = &'l [u8]>) -> (Vec<u8>, bool) {
    let (mut arenas, scope, filter) = (Arenas::new(8), Scope::default(), Filter::default());
    let select = |_: &str, _: Tile| None;
    let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &select);
    let lines: Vec<&[u8]> = lines.filter(|l| !l.is_empty()).collect();
    let numbered = (1..).zip(lines.iter().map(|l| Ok((*l, *l))));
    let Ok(batch) = gatherer.batch(0, numbered) else { return Default::default() };
    let mut world = World::new(vec![batch], scope.defaults());
    let _ = world.report(true);
    let codes = world.order(true).tally.codes;
    let mut out = Vec::new();
    for i in 0..world.len() {
        let arena = Bump::new();
        let derived = world.derive(i, &filter, &arena, true);
        let _ = ulp_core::root::write_tile(&derived, &mut out);
    }
    (out, !ODD.iter().any(|code| codes.contains_key(*code)))
}

fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    bytes.split(|b| *b == b'\n')
}

fuzz_target!(|bytes: &[u8]| {
    let (once, plain) = derive(lines(bytes));
    assert!(derive(lines(bytes).rev()).0 == once, "the order of lines counts");
    assert!(derive(lines(&once)).0 == once, "what is printed does not read back");
    if plain {
        assert!(derive(lines(bytes).chain(lines(&once))).0 == once, "a state beside its events is another");
    }
});
