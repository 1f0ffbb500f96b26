//! The file of a graph, from any bytes: its lines stand alike in whatever order they are read, and as often as they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::hash::Blake3;
use ulp_core::json::{self, Tape};
use ulp_peer::graph::{Bounds, Graph, Heard, Place, Share, rows_of};

fn standing<'l>(lines: impl Iterator<Item = &'l [u8]>, rows: usize) -> Vec<Blake3> {
    let mut graph = Graph::new(Bounds { rows, peer_rows: 3 });
    for line in lines {
        let mut tape = Tape::new();
        let Ok(object) = json::parse_line(&mut tape, line) else { continue };
        let Ok(Some(heard)) = Heard::read(object) else { continue };
        // Whether it is signed is asked elsewhere: here what says so is.
        let share = match (heard.is_signed, heard.peer().len() % 2) {
            (false, _) => Share::Unsigned,
            (true, 0) => Share::Listed,
            (true, _) => Share::Signed,
        };
        graph.take(&heard.said(share), heard.paths(), Place { at: 0, length: line.len() as u32 });
        assert!(graph.rows() <= rows);
    }
    graph.lines().iter().map(|line| line.hash).collect()
}

fuzz_target!(|data: &[u8]| {
    rows_of(data).for_each(drop);
    let rows = 1 + data.len() % 7;
    let lines = || data.split(|byte| *byte == b'\n');
    let forward = standing(lines(), rows);
    assert_eq!(standing(lines().rev(), rows), forward);
    assert_eq!(standing(lines().chain(lines()), rows), forward);
});
