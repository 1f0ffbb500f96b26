//! Parts of a batch, as threads read them, and how they are put together.
//!
//! A thread reads about a megabyte at once, so that it stays in the processor's cache; of a tile that is a handful of
//! rows. Who derives a tile walks through all of its rows, and were they in handfuls all over the memory, it would wait
//! for each: so parts are joined before they are kept.

use super::batch::{Batch, PassedOver, Place};
use super::rows::{Loose, Run, settle};
use crate::id::Tile;
use bumpalo::Bump;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// What some lines of one source hold.
#[derive(Default)]
pub struct Part<'a> {
    /// All but the rows.
    pub(super) batch: Batch<'a>,
    pub(super) rows: Loose<'a>,
}

impl<'a> Part<'a> {
    /// All that is known of the lines but for the events themselves.
    pub fn lines(&mut self) -> &mut Batch<'a> {
        &mut self.batch
    }
}

/// Joins parts of one source, in the order of its lines, into the arena.
pub(super) fn join<'a>(parts: Vec<Part<'a>>, arena: &'a Bump) -> Batch<'a> {
    let (batches, rows): (Vec<Batch<'a>>, Vec<Loose<'a>>) =
        parts.into_iter().map(|part| (part.batch, part.rows)).unzip();
    let mut joined = Joined::default();
    let mut runs: Vec<(u32, Run<'_, 'a>)> = Vec::new();
    for (number, (batch, part)) in batches.into_iter().zip(&rows).enumerate() {
        let lines_before = joined.batch.lines;
        let places = joined.take(batch);
        let mut start = 0;
        for (place, count) in places {
            let rows = start..start + count as usize;
            start = rows.end;
            runs.push((place, Run { part, number, lines_before, rows }));
        }
    }
    // The sort is stable: the rows of a place stay in the order of the lines.
    runs.sort_by_key(|(place, _)| *place);
    let runs: Vec<Run<'_, 'a>> = runs.into_iter().map(|(_, run)| run).collect();
    let parts: Vec<&Loose<'a>> = rows.iter().collect();
    Batch { rows: settle(&parts, &runs, arena), ..joined.batch }
}

/// Batches that are being joined, but for their rows.
#[derive(Default)]
struct Joined<'a> {
    batch: Batch<'a>,
    by_name: HashMap<(&'a str, Tile), u32, RandomState>,
}

impl<'a> Joined<'a> {
    /// Takes in the next batch, and answers of each of its places the number here, and how many rows it brings.
    fn take(&mut self, next: Batch<'a>) -> Vec<(u32, u32)> {
        let Batch { source, lines, read, rows: _, states, places, refusals, notes, passed_over, private } =
            next;
        let places: Vec<(u32, u32)> = places.iter().map(|place| (self.place(place), place.rows)).collect();
        let batch = &mut self.batch;
        let before = batch.lines;
        batch.states.extend(
            states.into_iter().map(|(place, number, line)| (places[place as usize].0, before + number, line)),
        );
        batch.refusals.extend(refusals.into_iter().map(|(number, refusal)| (before + number, refusal)));
        batch
            .notes
            .extend(notes.into_iter().map(|(number, note, shared, id)| (before + number, note, shared, id)));
        let passed_over = passed_over.into_iter();
        batch.passed_over.extend(passed_over.map(|of| PassedOver { number: before + of.number, ..of }));
        batch.source = source;
        batch.lines += lines;
        batch.read += read;
        batch.private |= private;
        places
    }

    fn place(&mut self, Place { space, tile, rows }: &Place<'a>) -> u32 {
        let places = &mut self.batch.places;
        let number = *self.by_name.entry((space, *tile)).or_insert_with(|| {
            places.push(Place { space, tile: *tile, rows: 0 });
            u32::try_from(places.len() - 1).expect("because a batch has fewer places than lines")
        });
        places[number as usize].rows += rows;
        number
    }
}

#[cfg(test)]
mod tests {
    use crate::report::Report;
    use crate::root::write_tile;
    use crate::scope::Scope;
    use crate::world::{Arenas, Filter, Gatherer, World};
    use bumpalo::Bump;

    /// Lines of several tiles in turn: usual events, unusual ones, state lines, some that are refused or of no use.
    fn lines() -> Vec<String> {
        let event = |i: usize, what: &str| {
            let (tile, before) = (i % 3, i.saturating_sub(3));
            format!(
                r#"{{"event_id":"e{i}","timestamp":{i},"actor_id":"a","tile":"z0/x{tile}/y0","previous_events":["e{before}"],{what}}}"#
            )
        };
        let what = |i: usize| {
            match i % 9 {
            0 => format!(r#""operation":"create_node","node_id":"n{}","properties":{{"k{i}":"é"}}"#, i % 4),
            1 => r#""operation":"sensor_reading","sensor":"s","value":1"#.to_owned(),
            2 => r#""operation":"link_nodes","from_node":"n0","to_node":"n1""#.to_owned(),
            3 => r#""operation":"delete_node","node_id":"n3""#.to_owned(),
            4 => r#""operation":"no_such_operation""#.to_owned(),
            5 => r#""operation":"macro.stamp","params":{},"template":[{"operation":"delete_node","node_id":"n2"}]"#
                .to_owned(),
            6 => r#""operation":"create_node""#.to_owned(),
            _ => format!(r#""operation":"set_properties","node_id":"n{}","properties":{{"v":{i}}}"#, i % 4),
        }
        };
        let state = |i: usize| {
            format!(
                r#"{{"created":"{i}/x{i}","node_id":"n1","operation":"node_state","scope":{{"policy":"public","realm":"team"}},"space_id":"default","tile":"z0/x{}/y0"}}"#,
                i % 3
            )
        };
        (0..60).map(|i| if i % 10 == 9 { state(i) } else { event(i, &what(i)) }).collect()
    }

    /// What is derived of lines that are read in parts of so many, and all that is said of them.
    fn derive(lines: &[String], size: usize) -> String {
        let (mut arenas, scope, filter) = (Arenas::new(lines.len() + 1), Scope::default(), Filter::default());
        let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &|_, _| None).admit_new();
        let parts = lines.chunks(size).map(|lines| {
            let numbered = (1..).zip(lines).map(|(n, line)| (n, Ok((line.as_bytes(), line.as_bytes()))));
            let mut part = gatherer.part(0, numbered).unwrap();
            part.lines().set_lines(u32::try_from(lines.len()).unwrap());
            part
        });
        let mut world = World::new(vec![gatherer.join(parts.collect()).unwrap()], scope.defaults());
        let mut report: Report = world.report(true);
        report.join(world.order(true));
        let (arena, mut out) = (Bump::new(), Vec::new());
        for tile in 0..world.len() {
            let derived = world.derive(tile, &filter, &arena, true);
            write_tile(&derived, &mut out);
            report.join(derived.report);
        }
        let rows: Vec<_> =
            (0..world.len()).flat_map(|tile| world.rows(tile)).map(|(_, _, row)| row).collect();
        assert!(rows.iter().all(|row| lines.iter().any(|line| line.as_bytes() == row.line)));
        assert!(world.state_lines(0).count() > 0 && rows.len() > 40);
        report.diagnostics.sort();
        format!("{}{:?}{:?}", String::from_utf8(out).unwrap(), report.tally, report.diagnostics)
    }

    #[test]
    fn parts_come_to_what_the_whole_does() {
        let lines = lines();
        let whole = derive(&lines, lines.len());
        for size in [1, 2, 7, 13, 59] {
            assert_eq!(derive(&lines, size), whole, "in parts of {size}");
        }
    }
}
