//! Standard MIDI File 1: a track a voice and a track a held tone (RP-001, "Standard MIDI Files 1.0").
//!
//! Half a second is a quarter, so that a tick is 1/960 s. Held tones have channels of their own, because a bend is
//! the channel's. The channel of percussion is left out. Recordings have no place in this format. A text event before
//! each note says what it is of.

use crate::captions::Caption;
use std::collections::BTreeMap;
use ulp_core::id::event_of;
use ulp_core::json::write::Object;
use ulp_core::text::write_printable;
use ulp_view::sound::clock::SECOND;
use ulp_view::sound::score::{Note, Score};
use ulp_view::sound::voice::Voice;

/// Ticks of a quarter, and of a second.
const QUARTER: u16 = 480;
const TICKS: i64 = 960;
/// Microseconds of a quarter.
const TEMPO: u32 = 500_000;
/// How far the wheel bends at most, in semitones.
const WHEEL: u8 = 24;
/// A bend takes so many ticks, and a wheel is moved every so many of them.
const BEND: i64 = 112;
const STEP: i64 = 14;
/// The channel of percussion, from 0.
const DRUMS: u8 = 9;
/// Controllers.
const PAN: u8 = 10;
const EXPRESSION: u8 = 11;

/// An event of a track: its tick, its rank among those of one tick, its bytes.
type Event = (i64, u8, Vec<u8>);

/// What comes first of one tick.
const OFF: u8 = 0;
const CONTROL: u8 = 1;
const ON: u8 = 2;

/// Writes a score, with its captions as text.
pub fn write(score: &Score, captions: &[Caption]) -> Vec<u8> {
    let mut struck: BTreeMap<Voice, Vec<&Note>> = BTreeMap::new();
    let mut drones: BTreeMap<u8, Vec<&Note>> = BTreeMap::new();
    for note in &score.notes {
        match note.drone {
            Some(part) => drones.entry(part.channel).or_default().push(note),
            None if note.voice != Voice::Clip => struck.entry(note.voice).or_default().push(note),
            None => {}
        }
    }
    let end = tick(score.length);
    let mut tracks = vec![track(conductor(captions), end)];
    tracks.extend(struck.iter().map(|(voice, notes)| track(struck_events(*voice, notes), end)));
    tracks.extend(drones.iter().map(|(channel, notes)| track(drone_events(*channel, notes), end)));
    let mut out = Vec::new();
    out.extend_from_slice(b"MThd\0\0\0\x06\0\x01");
    out.extend_from_slice(&u16::try_from(tracks.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(&QUARTER.to_be_bytes());
    tracks.iter().for_each(|t| out.extend_from_slice(t));
    out
}

/// The tick of a moment of the sound.
fn tick(nanoseconds: i64) -> i64 {
    nanoseconds / 1000 * TICKS / (SECOND / 1000)
}

/// A channel of its own for a voice or a held tone, by number from 0.
fn channel(number: u8) -> u8 {
    if number < DRUMS { number } else { (number + 1).min(15) }
}

fn conductor(captions: &[Caption]) -> Vec<Event> {
    let tempo = TEMPO.to_be_bytes();
    let mut events = vec![(0, OFF, vec![0xff, 0x51, 3, tempo[1], tempo[2], tempo[3]])];
    for caption in captions {
        events.push((tick(caption.start), CONTROL, text(0x01, &caption.lines.join("; "))));
    }
    events
}

fn struck_events(voice: Voice, notes: &[&Note]) -> Vec<Event> {
    let number = Voice::STRUCK.iter().position(|v| *v == voice).unwrap_or(0);
    let channel = channel(number as u8);
    let mut events = start(voice.name(), channel, voice.program());
    let mut pan = None;
    for (i, note) in notes.iter().enumerate() {
        let (at, pitch) = (tick(note.start), seven(note.pitch));
        let side = seven(64.0 + note.pan * 63.0);
        if pan.replace(side) != Some(side) {
            events.push((at, CONTROL, vec![0xb0 | channel, PAN, side]));
        }
        events.push((at, CONTROL, text(0x01, &ids(note))));
        events.push((at, ON, vec![0x90 | channel, pitch, note.velocity]));
        // A note that is struck again ends first, or its end would end the new one.
        let again = notes[i + 1..].iter().find(|n| seven(n.pitch) == pitch);
        let end = tick(note.start + note.length).max(at + 1);
        let end = again.map_or(end, |n| end.min(tick(n.start)));
        events.push((end, OFF, vec![0x80 | channel, pitch, 0]));
    }
    events
}

fn drone_events(number: u8, notes: &[&Note]) -> Vec<Event> {
    let channel = channel(Voice::STRUCK.len() as u8 + number);
    let mut events = start(&format!("held {}", number + 1), channel, Voice::Drone.program());
    // Registered parameter 0: how far the wheel bends.
    for (controller, value) in [(101, 0), (100, 0), (6, WHEEL), (38, 0)] {
        events.push((0, CONTROL, vec![0xb0 | channel, controller, value]));
    }
    let mut base = 0;
    for note in notes {
        let Some(drone) = note.drone else { continue };
        let at = tick(note.start);
        let control = |controller, value| (at, CONTROL, vec![0xb0 | channel, controller, value]);
        events.push(control(PAN, seven(64.0 + note.pan * 63.0)));
        events.push(control(EXPRESSION, note.velocity));
        events.push((at, CONTROL, text(0x01, &ids(note))));
        if drone.first {
            base = seven(note.pitch);
        }
        let end = tick(note.start + note.length).max(at + 1);
        let steps = if drone.pitch == note.pitch { 0 } else { BEND.min(end - at - 1) / STEP };
        for step in 0..=steps {
            let along = if steps == 0 { 1.0 } else { step as f64 / steps as f64 };
            let pitch = drone.pitch + (note.pitch - drone.pitch) * along;
            let wheel = wheel(pitch - f64::from(base));
            events.push((at + step * STEP, CONTROL, vec![0xe0 | channel, wheel[0], wheel[1]]));
        }
        if drone.first {
            events.push((at, ON, vec![0x90 | channel, base, 100]));
        }
        if drone.last {
            events.push((end, OFF, vec![0x80 | channel, base, 0]));
        }
    }
    events
}

/// The name, the instrument.
fn start(name: &str, channel: u8, program: u8) -> Vec<Event> {
    vec![(0, OFF, text(0x03, name)), (0, OFF, vec![0xc0 | channel, program])]
}

/// A number as seven bits.
fn seven(x: f64) -> u8 {
    // The bounds are those of the target, so that nothing is cut off.
    x.round().clamp(0.0, 127.0) as u8
}

/// So many semitones as a position of the wheel: seven low bits, seven high.
fn wheel(semitones: f64) -> [u8; 2] {
    let position = (8192.0 + semitones / f64::from(WHEEL) * 8192.0).round().clamp(0.0, 16383.0) as u16;
    [(position & 0x7f) as u8, (position >> 7) as u8]
}

/// What a note is of, as JSON: its event, and its node.
fn ids(note: &Note) -> String {
    let mut object = Object::default();
    object.text("event_id", Some(event_of(&note.event)));
    object.text("node_id", Some(&*note.node).filter(|node| !node.is_empty()));
    let mut out = Vec::new();
    write_printable(object.json().as_bytes(), &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// A meta event that holds text.
fn text(kind: u8, text: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, kind];
    number(text.len() as u32, &mut bytes);
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A track that ends where the sound does.
fn track(mut events: Vec<Event>, end: i64) -> Vec<u8> {
    // The sort is stable: what is of one tick and rank stays in the order of the score.
    events.sort_by_key(|(tick, rank, _)| (*tick, *rank));
    let mut body = Vec::new();
    let mut at = 0;
    for (tick, _, bytes) in &events {
        let tick = (*tick).clamp(at, end.max(at));
        number(u32::try_from(tick - at).unwrap_or(0), &mut body);
        body.extend_from_slice(bytes);
        at = tick;
    }
    number(u32::try_from(end - at).unwrap_or(0), &mut body);
    body.extend_from_slice(&[0xff, 0x2f, 0]);
    let mut track = b"MTrk".to_vec();
    track.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    track.extend_from_slice(&body);
    track
}

/// A number in groups of seven bits, the highest first.
fn number(n: u32, out: &mut Vec<u8>) {
    let groups = (32 - n.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let more = if group > 0 { 0x80 } else { 0 };
        out.push((n >> (7 * group) & 0x7f) as u8 | more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_standard_shows_them() {
        for (n, expected) in [
            (0, &[0][..]),
            (0x40, &[0x40]),
            (0x7f, &[0x7f]),
            (0x80, &[0x81, 0]),
            (0x2000, &[0xc0, 0]),
            (0x1f_ffff, &[0xff, 0xff, 0x7f]),
            (0x0fff_ffff, &[0xff, 0xff, 0xff, 0x7f]),
        ] {
            let mut out = Vec::new();
            number(n, &mut out);
            assert_eq!(out, expected, "{n:x}");
        }
    }

    #[test]
    fn the_wheel_rests_in_the_middle() {
        assert_eq!(wheel(0.0), [0, 64]);
        assert_eq!(wheel(100.0), [127, 127]);
        assert_eq!(wheel(-100.0), [0, 0]);
    }

    #[test]
    fn ticks_are_exact() {
        assert_eq!(tick(SECOND), TICKS);
        assert_eq!(tick(30 * SECOND), 28_800);
        assert_eq!(tick(ulp_view::sound::clock::LONGEST), 3 * 3600 * TICKS);
    }
}
