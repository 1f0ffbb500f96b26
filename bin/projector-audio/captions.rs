//! Captions: what is heard, in words, and WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format").

use chrono::DateTime;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use ulp_core::id::event_of;
use ulp_core::text::escape;
use ulp_view::sound::clock::SECOND;
use ulp_view::sound::mapping::Operation;
use ulp_view::sound::score::{Drone, Note, Score, said};
use ulp_view::sound::voice::Voice;
use ulp_view::sound::words::escape_vtt;

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
    /// What it is about first, and the event.
    pub node: Rc<str>,
    pub event: Rc<str>,
    /// The date, then what is heard. Each is one line, and nothing is escaped.
    pub lines: Vec<String>,
}

/// The captions of a score: one a window in which something begins, cut where a long gap of the trace lies in it.
pub fn captions(score: &Score) -> Vec<Caption> {
    let mut windows: BTreeMap<(i64, usize), Vec<&Note>> = BTreeMap::new();
    for note in &score.notes {
        windows.entry((note.start / WINDOW, note.scene)).or_default().push(note);
    }
    let mut captions: Vec<Caption> = Vec::new();
    let mut levels: BTreeMap<u8, f64> = BTreeMap::new();
    for ((window, _), notes) in windows {
        let Some(first) = notes.first() else { continue };
        let mut lines = vec![date(first.time)];
        lines.extend(struck(&notes));
        lines.extend(bent(&notes, &mut levels));
        if lines.len() == 1 {
            continue;
        }
        if let Some(before) = captions.last_mut() {
            before.end = before.end.min(first.start).max(before.start);
        }
        let end = ((window + 1) * WINDOW).min(score.length);
        let (node, event) = (first.node.clone(), first.event.clone());
        captions.push(Caption { start: first.start, end, node, event, lines });
    }
    captions.retain(|caption| caption.start < caption.end);
    captions
}

/// What is said of the held tones that bend in a window: the reading that moved farthest, by name; where none moved, the
/// tone that did.
fn bent(notes: &[&Note], levels: &mut BTreeMap<u8, f64>) -> Option<String> {
    let before = levels.clone();
    let risen = |drone: &Drone| before.get(&drone.channel).map(|before| drone.level - before);
    let held: Vec<(&Note, Drone)> = notes.iter().filter_map(|note| Some((*note, note.drone?))).collect();
    levels.extend(held.iter().map(|(_, drone)| (drone.channel, drone.level)));
    let is_told = |(_, drone): &&(&Note, Drone)| risen(drone).is_none_or(|by| by.abs() >= TOLD);
    let moved = |note: &Note| note.reads.as_ref().and_then(|reads| reads.moved).map_or(0.0, f64::abs);
    let by = |drone: &Drone| risen(drone).map_or(0.0, f64::abs);
    // Of several that moved as far the first is told.
    let told = held.iter().filter(is_told).rev();
    let (note, drone) =
        told.max_by(|(a, x), (b, y)| moved(a).total_cmp(&moved(b)).then(by(x).total_cmp(&by(y))))?;
    Some(went(note, drone, risen(drone)))
}

/// How what a held tone tells of went; the tone has risen by so much.
fn went(note: &Note, drone: &Drone, risen: Option<f64>) -> String {
    let Some(reads) = &note.reads else { return note.what.clone() };
    let verb = |by: Option<f64>| match by {
        Some(by) if by > 0.0 => "rises to",
        Some(by) if by < 0.0 => "falls to",
        _ => "is",
    };
    let sensor = sentence(&reads.sensor);
    match &reads.choir {
        Some(choir) if reads.moved.is_none_or(|by| by == 0.0) => {
            format!("{sensor} of {choir} {} {} %", verb(risen), (drone.level * 100.0).round())
        }
        _ => format!("{sensor} at {} {} {}", reads.place, verb(reads.moved), reads.words),
    }
}

/// A name that begins a sentence: `water_level` as `Water level`.
fn sentence(name: &str) -> String {
    let name = name.replace('_', " ");
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// What is said of the struck notes and the recordings of a window: what matters most comes first.
fn struck(notes: &[&Note]) -> Vec<String> {
    let mut voices: BTreeMap<Voice, Vec<&Note>> = BTreeMap::new();
    // What a note before it tells of already is not told again: the lower of two that fall, the far end of a link.
    let tells = |note: &&&Note| note.voice == Voice::Clip || !note.tally.is_empty();
    for note in notes.iter().filter(|n| n.drone.is_none()).filter(tells) {
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

/// A time of the trace as people read it, in UTC.
fn date(time: i64) -> String {
    DateTime::from_timestamp_nanos(time).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Writes captions as WebVTT.
pub fn write(captions: &[Caption]) -> String {
    let mut out = "WEBVTT\n".to_owned();
    for (i, caption) in captions.iter().enumerate() {
        let (start, end) = (clock(caption.start), clock(caption.end));
        let name = [&*caption.node, event_of(&caption.event)].map(printable).join(" ");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n{}\n{start} --> {end}", escape_vtt(&format!("{} {}", i + 1, name.trim())));
        for line in &caption.lines {
            let _ = writeln!(out, "{}", escape_vtt(line));
        }
    }
    out
}

/// An id whole, but for what does not print.
fn printable(id: &str) -> String {
    let is_bare = |c: &char| escape(c.encode_utf8(&mut [0; 4])).chars().eq([*c]);
    id.chars().map(|c| if is_bare(&c) { c } else { '\u{fffd}' }).collect()
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
        let (node, event) = ("<b>-->".into(), "e1".into());
        let caption = Caption { start: 0, end: SECOND, node, event, lines };
        assert_eq!(
            write(&[caption]),
            "WEBVTT\n\n1 &lt;b&gt;--&gt; e1\n00:00:00.000 --> 00:00:01.000\n&lt;i&gt;a&lt;/i&gt; --&gt; b &amp; c\n"
        );
    }

    #[test]
    fn a_sentence_begins_with_a_capital() {
        assert_eq!(["water_level", "état", ""].map(sentence), ["Water level", "État", ""]);
    }
}
