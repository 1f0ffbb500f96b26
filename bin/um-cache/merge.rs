//! The line that a round ends with: the view, and what became of local changes.

use std::collections::BTreeSet;

use ulp_core::json::write::Members;
use ulp_core::json::{self, Tape, Value};
use ulp_um::cache::words::Step;
use ulp_um::cache::{Folded, Line, UNRESOLVED};

/// Fills in a merge line.
pub fn line(line: Line, folded: &Folded, before: &[Line]) -> Line {
    let code = (!folded.view.conflicts.is_empty()).then(|| UNRESOLVED.to_owned());
    Line { data: Some(data(folded, before)), code, ..line }
}

/// The view, and of the changes that do not wait any more, and of which no line before told, those that it shows and
/// those that it does not.
pub fn data(folded: &Folded, before: &[Line]) -> String {
    let merges = before.iter().filter(|line| line.step == Step::Merge);
    let told: &BTreeSet<String> = &merges.flat_map(told).collect();
    let left = |shown: bool| {
        let settled = folded.settled.iter();
        let left = settled.filter(move |(id, shows)| **shows == shown && !told.contains(*id));
        left.map(|(id, _)| id.as_str()).collect::<Vec<_>>()
    };
    let [confirmed, superseded] = [true, false].map(&left);
    let mut out = Vec::new();
    let mut data = Members::open(&mut out);
    data.name("confirmed", &mut out);
    json::write::write_texts(confirmed, &mut out);
    data.name("superseded", &mut out);
    json::write::write_texts(superseded, &mut out);
    data.raw("view", Some(&folded.view.print()), &mut out);
    data.close(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// The changes that a merge line told of.
fn told(line: &Line) -> Vec<String> {
    let mut tape = Tape::new();
    let Some(data) = line.data.as_deref().and_then(|data| tape.parse(data, json::EVENT_DEPTH).ok()) else {
        return Vec::new();
    };
    let lists = ["confirmed", "superseded"].into_iter().filter_map(|name| data.get(name));
    lists.flat_map(Value::items).filter_map(Value::as_text).collect()
}
