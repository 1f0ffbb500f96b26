//! How fast lines are read and written anew: `json_bench FILE [ROUNDS [PART]]`, the measures whose name has
//! PART in it. Medians over the rounds.
#![allow(clippy::print_stdout)]

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use ulp_core::json::{Canonical, Tape, parse_line, parse_text};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: json_bench FILE [ROUNDS]")?;
    let rounds = arguments.next().map_or(Ok(7), |n| n.parse())?;
    let text = std::fs::read_to_string(path)?;
    let text = text.as_str();
    let (mut tape, mut writer, mut out) = (Tape::new(), Canonical::new(), Vec::new());

    measure("tape, text known to be UTF-8", text, rounds, |line| {
        black_box(parse_text(&mut tape, line).is_ok());
    });
    measure("tape, bytes", text, rounds, |line| {
        black_box(parse_line(&mut tape, line.as_bytes()).is_ok());
    });
    measure("tape and canonical form", text, rounds, |line| {
        out.clear();
        if let Ok(value) = parse_text(&mut tape, line) {
            writer.write(value, &mut out);
        }
        black_box(out.len());
    });
    let canonical = canonical_lines(text);
    measure("tape, canonical text", &canonical, rounds, |line| {
        black_box(parse_text(&mut tape, line).is_ok_and(|value| value.is_canonical()));
    });
    measure("serde_json, RawValue", text, rounds, |line| {
        black_box(serde_json::from_str::<&RawValue>(line).is_ok());
    });
    measure("serde_json, IgnoredAny", text, rounds, |line| {
        black_box(serde_json::from_str::<IgnoredAny>(line).is_ok());
    });
    measure("serde_json, members as RawValue", text, rounds, |line| {
        black_box(serde_json::from_str::<BTreeMap<&str, &RawValue>>(line).is_ok());
    });
    measure("simdutf8 by line", text, rounds, |line| {
        black_box(simdutf8::basic::from_utf8(line.as_bytes()).is_ok());
    });
    Ok(())
}

fn canonical_lines(text: &str) -> String {
    let (mut tape, mut writer, mut out) = (Tape::new(), Canonical::new(), Vec::new());
    for line in text.lines() {
        if let Ok(value) = parse_text(&mut tape, line) {
            writer.write(value, &mut out);
            out.push(b'\n');
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn measure(name: &str, text: &str, rounds: usize, mut job: impl FnMut(&str)) {
    if std::env::args().nth(3).is_some_and(|part| !name.contains(&part)) {
        return;
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let mut seconds: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let start = Instant::now();
            lines.iter().copied().for_each(&mut job);
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    println!(
        "{:8.0} MB/s (best {:.0})  {name}",
        text.len() as f64 / median / 1e6,
        text.len() as f64 / seconds[0] / 1e6
    );
}
