//! Captions: what is heard, in words, and WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format").

use crate::clock::SECOND;
use crate::mapping::Operation;
use crate::score::{Note, Score, said};
use crate::voice::Voice;
use crate::words::escape_vtt;
use chrono::DateTime;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

/// How long a caption stands, in nanoseconds.
const WINDOW: i64 = 2 * SECOND;
/// Most lines of a caption below its date.
const LINES: usize = 3;
/// A held tone's change by less than this is not told.
const TOLD: f64 = 0.02;

/// A caption.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// In nanoseconds of the sound.
    pub start: i64,
    pub end: i64,
    /// What it is about first.
    pub node: Rc<str>,
    /// The date, then what is heard. Each is one line, and nothing is escaped.
    pub lines: Vec<String>,
}

/// The captions of a score: one a window in which something begins.
pub fn captions(score: &Score) -> Vec<Caption> {
    let mut windows: BTreeMap<i64, Vec<&Note>> = BTreeMap::new();
    for note in &score.notes {
        windows.entry(note.start / WINDOW).or_default().push(note);
    }
    let mut captions = Vec::new();
    let mut levels: BTreeMap<u8, f64> = BTreeMap::new();
    for (window, notes) in windows {
        let Some(first) = notes.first() else { continue };
        let mut lines = vec![date(first.time)];
        lines.extend(struck(&notes));
        lines.extend(bent(&notes, &mut levels));
        let end = ((window + 1) * WINDOW).min(score.length);
        if lines.len() > 1 {
            captions.push(Caption { start: first.start, end, node: first.node.clone(), lines });
        }
    }
    captions
}

/// What is said of the held tones that bend in a window.
fn bent(notes: &[&Note], levels: &mut BTreeMap<u8, f64>) -> Option<String> {
    let ends: BTreeMap<u8, f64> =
        notes.iter().filter_map(|n| n.drone).map(|h| (h.channel, h.level)).collect();
    let new = ends.keys().any(|channel| !levels.contains_key(channel));
    let count = ends.len() as f64;
    let before = ends.keys().map(|channel| levels.get(channel).copied().unwrap_or(0.0)).sum::<f64>() / count;
    let now = ends.values().sum::<f64>() / count;
    levels.extend(&ends);
    if ends.is_empty() { None } else { told(Some(before).filter(|_| !new), now) }
}

/// What is said of the struck notes and the recordings of a window: what matters most comes first.
fn struck(notes: &[&Note]) -> Vec<String> {
    let mut voices: BTreeMap<Voice, Vec<&Note>> = BTreeMap::new();
    for note in notes.iter().filter(|n| n.drone.is_none()) {
        voices.entry(note.voice).or_default().push(note);
    }
    let rank = |voice: &Voice, notes: &[&Note]| match voice {
        Voice::Bell => u64::MAX,
        Voice::Fall => u64::MAX - 1,
        Voice::Clip => u64::MAX - 2,
        _ => notes.iter().flat_map(|n| &n.tally).map(|(_, count)| u64::from(*count)).sum(),
    };
    let mut list: Vec<(Voice, Vec<&Note>)> = voices.into_iter().collect();
    list.sort_by_key(|(voice, notes)| std::cmp::Reverse(rank(voice, notes)));
    list.truncate(LINES);
    list.iter().map(|(voice, notes)| format!("{}: {}", voice.words(), happened(notes))).collect()
}

/// What the notes of one voice stand for: one thing, and a bell, by name; many things by their number.
fn happened(notes: &[&Note]) -> String {
    let Some(first) = notes.first() else { return String::new() };
    let mut tally: BTreeMap<Operation, u64> = BTreeMap::new();
    for (operation, count) in notes.iter().flat_map(|n| &n.tally) {
        *tally.entry(*operation).or_default() += u64::from(*count);
    }
    let all: u64 = tally.values().sum();
    match tally.into_iter().max_by_key(|(_, count)| *count) {
        Some((operation, count)) if count > 1 && first.voice != Voice::Bell => {
            format!("{count} {}", many(operation))
        }
        _ => said(&first.what, usize::try_from(all).unwrap_or(usize::MAX)),
    }
}

/// An operation on many things.
fn many(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "things appear",
        Operation::Move => "things move",
        Operation::Properties => "things change",
        Operation::Geometry => "things change shape",
        Operation::Media => "things get media",
        Operation::Physics | Operation::Step => "things are pushed",
        Operation::Link => "links are made",
        Operation::Unlink => "links are undone",
        Operation::Delete => "things disappear",
        Operation::Merge => "branches join",
        Operation::Sensor => "readings come in",
        Operation::Unknown => "unknown events",
    }
}

/// How the held tones went.
fn told(before: Option<f64>, now: f64) -> Option<String> {
    let percent = (now * 100.0).round();
    let change = now - before.unwrap_or(0.0);
    let verb = match change {
        _ if before.is_none() => "begin at",
        c if c.abs() < TOLD => return None,
        c if c < 0.0 => "fall to",
        _ => "rise to",
    };
    Some(format!("{} {verb} {percent} %", Voice::Drone.words()))
}

/// A time of the trace as people read it, in UTC.
fn date(time: i64) -> String {
    DateTime::from_timestamp_nanos(time).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Writes captions as WebVTT.
pub fn write(captions: &[Caption]) -> String {
    let mut out = "WEBVTT\n".to_owned();
    for (i, caption) in captions.iter().enumerate() {
        let (start, end) = (clock(caption.start), clock(caption.end));
        let name = escape_vtt(&crate::words::clean(&caption.node));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n{}\n{start} --> {end}", format!("{} {name}", i + 1).trim_end());
        for line in &caption.lines {
            let _ = writeln!(out, "{}", escape_vtt(line));
        }
    }
    out
}

/// A moment of the sound as `00:00:30.000`.
fn clock(nanoseconds: i64) -> String {
    let ms = nanoseconds / 1_000_000;
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_are_read_by_people() {
        assert_eq!(clock(3_723_004_000_000), "01:02:03.004");
        assert_eq!(date(1_573_309_798_000_000_000), "2019-11-09 14:29:58");
        assert_eq!(date(i64::MIN).len(), "1677-09-21 00:12:43".len());
    }

    #[test]
    fn a_caption_holds_no_markup() {
        let lines = vec!["<i>a</i> --> b & c".to_owned()];
        let caption = Caption { start: 0, end: SECOND, node: "<b>-->".into(), lines };
        assert_eq!(
            write(&[caption]),
            "WEBVTT\n\n1 &lt;b&gt;--&gt;\n00:00:00.000 --> 00:00:01.000\n&lt;i&gt;a&lt;/i&gt; --&gt; b &amp; c\n"
        );
    }

    #[test]
    fn levels_are_told_where_they_change() {
        assert_eq!(told(None, 0.5).as_deref(), Some("held tones begin at 50 %"));
        assert_eq!(told(Some(0.5), 0.25).as_deref(), Some("held tones fall to 25 %"));
        assert_eq!(told(Some(0.5), 0.505), None);
    }
}
