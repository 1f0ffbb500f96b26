//! A cache's journal and change log: what is read prints as what it was read from, and folds to one view whichever way
//! its lines are turned.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use ulp_core::id::Time;
use ulp_core::json::Tape;
use ulp_um::cache::{Cached, Document, Line, Settings, fold};

const NOW: Time = Time(1_795_176_000_000_000_000);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut tape = Tape::new();
    let mut lines: Vec<Line> = text.lines().filter_map(|text| Line::parse(text, &mut tape).ok()).collect();
    for line in &lines {
        let mut printed = Vec::new();
        line.print(&mut printed);
        let printed = String::from_utf8(printed).expect("text");
        assert_eq!(Line::parse(printed.trim_end(), &mut tape).as_ref(), Ok(line));
    }
    let documents = lines.iter().filter_map(|line| {
        Some((line.object?, Document::read(line.data.as_deref()?, &|_| Vec::new())?))
    });
    let documents: BTreeMap<_, _> = documents.collect();
    let Some(subject) = lines.first().map(|line| line.subject.clone()) else { return };
    let settings = Settings::default();
    let view = |lines: &[Line]| {
        let cached = Cached { lines, documents: &documents, settings: &settings, now: NOW };
        fold(&subject, cached).view.print()
    };
    let once = view(&lines);
    lines.reverse();
    lines.extend_from_within(..);
    assert_eq!(view(&lines), once, "the order says something");
    tape.parse(&once, 64).expect("a view is a line");
});
