//! The score: every note of the sound, worked out from what is heard.
//!
//! What begins within one step of the sound is gathered: a voice plays at most a few notes of it, those that most
//! events ask for, rolled upwards; the others are heard as louder, and are counted in the label.

use super::clock::{self, Clock, Pace, SECOND, TooLong};
use super::drones;
use super::listener::{Listener, Place};
use super::mapping::{Mapping, Operation};
use super::sonify::{SensorName, Sonified};
use super::voice::Voice;
use crate::record::Record;
use crate::series::{self, Range};
use crate::transform::rounded;
use std::collections::BTreeMap;
use std::rc::Rc;
use ulp_core::hash::Blake3;
use ulp_core::id::{Key, Time, event_of};
use ulp_core::json::write::Members;
use ulp_core::state::write_key;

/// Nanoseconds of a millisecond.
const MILLISECOND: i64 = SECOND / 1000;
/// The highest MIDI number and velocity.
const HIGHEST: i64 = 127;
/// The pitch that a recording is written at.
const CLIP_PITCH: f64 = 60.0;
/// From here on a reading is in the upper third of its range.
const UPPER: f64 = 2.0 / 3.0;
/// Most recordings that sound at once: each costs as much as it is long.
const MOST_RECORDINGS: usize = 16;
/// How far a deletion falls, in semitones.
const FALL: i64 = 5;

/// A note.
#[derive(Clone, Debug)]
pub struct Note {
    /// In nanoseconds of the sound.
    pub start: i64,
    pub length: i64,
    /// A MIDI number, with a fraction where a held tone bends.
    pub pitch: f64,
    /// 1 to 127.
    pub velocity: u8,
    /// −1 from the left, 1 from the right.
    pub pan: f64,
    pub voice: Voice,
    pub drone: Option<Drone>,
    /// The reference of the recording.
    pub clip: Option<Rc<str>>,
    /// What happened, and how many events it stands for.
    pub what: String,
    pub count: usize,
    pub node: Rc<str>,
    pub event: Rc<str>,
    /// The effective time of the event.
    pub time: i64,
    /// The place of its space among the view's.
    pub space: usize,
    /// Which stretch of the trace it is of, between two long gaps.
    pub scene: usize,
    /// What a sensor read, where the note is a part of a held tone.
    pub reads: Option<Reads>,
    /// How many events of each operation it stands for.
    pub tally: Vec<(Operation, u32)>,
}

/// What a sensor read, in words.
#[derive(Clone, Debug)]
pub struct Reads {
    /// The name of the sensor, and what it is at.
    pub sensor: String,
    pub place: Rc<str>,
    /// With whom it is held, where it is not alone: `12 sensors on the left`.
    pub choir: Option<String>,
    /// The value and its unit.
    pub words: Rc<str>,
    /// How far that is from what it read before, as a part of its range; nothing for its first word.
    pub moved: Option<f64>,
}

/// What a part of a held tone needs to know of the tone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drone {
    /// Which of the held tones it is a part of.
    pub channel: u8,
    /// The pitch and velocity that it comes from.
    pub pitch: f64,
    pub velocity: u8,
    /// Whether it begins the tone, and whether it ends it.
    pub first: bool,
    pub last: bool,
    /// How high the sensor stands in its range, 0 to 1.
    pub level: f64,
}

/// All notes, by start.
pub struct Score {
    /// Of the sound, in nanoseconds.
    pub length: i64,
    pub notes: Vec<Note>,
    /// What is not heard, in words.
    pub dropped: Vec<String>,
}

/// How long the recording is that a reference names, in nanoseconds; nothing where it is not at hand.
pub type LengthOf<'l> = &'l dyn Fn(&str) -> Option<i64>;

/// What is heard, and where it stands in the sound.
pub struct Laid<'h> {
    pub events: &'h [Sonified],
    pub clock: Clock,
    pub places: Vec<Place>,
    pub ranges: BTreeMap<SensorName, Range>,
    /// How high each reading stands that says something new.
    pub levels: Vec<Option<f64>>,
    /// How far each reading is from the one before of its sensor, as a part of its range.
    pub moved: Vec<Option<f64>>,
    /// Which stretch of the trace each is of, between two long gaps.
    pub scenes: Vec<usize>,
    /// Where each of those stretches begins in the sound, in nanoseconds.
    pub begins: Vec<i64>,
    /// The step, in nanoseconds.
    pub step: i64,
}

impl Laid<'_> {
    /// Where the step begins that an event falls into: none reaches over a long gap of the trace.
    pub fn step_of(&self, event: usize) -> i64 {
        let begin = self.begins.get(self.scenes[event]).copied().unwrap_or(0);
        (self.clock.places[event].0 / self.step * self.step).max(begin)
    }

    /// How long a step is that begins there, in one of the stretches.
    fn step_from(&self, start: i64, scene: usize) -> i64 {
        let whole = (start / self.step + 1) * self.step;
        self.begins.get(scene + 1).map_or(whole, |next| whole.min(*next)) - start
    }
}

impl Score {
    /// Composes what is heard; `length_of` knows how long the recordings are that are at hand, in nanoseconds.
    ///
    /// # Errors
    /// Where a speed makes the sound too long.
    pub fn new(
        events: &[Sonified],
        mapping: &Mapping,
        pace: Pace,
        length_of: LengthOf<'_>,
    ) -> Result<Score, TooLong> {
        let times: Vec<i64> = events.iter().map(|h| h.time).collect();
        let mut clock = Clock::new(&times, pace)?;
        // Both ends of a link are heard where the link is.
        for (i, _) in events.iter().enumerate().skip(1).filter(|(_, h)| !h.counts) {
            clock.places[i] = clock.places[i - 1];
        }
        let ranges = series::ranges(events.iter().filter_map(Sonified::number));
        let scenes = clock::scenes(&times);
        let is_first = |i: &usize| *i == 0 || scenes[*i] != scenes[*i - 1];
        let laid = Laid {
            events,
            places: places(events, mapping),
            levels: series::levels(events.iter().map(Sonified::number), &ranges),
            moved: moved(events, &ranges),
            begins: (0..times.len()).filter(is_first).map(|i| clock.places[i].0).collect(),
            clock,
            scenes,
            ranges,
            step: mapping.step * MILLISECOND,
        };
        let mut notes = strikes(&laid, mapping);
        notes.extend(drones::tones(&laid, mapping));
        let (recordings, dropped) = recordings(&laid, length_of);
        notes.extend(recordings);
        let length = laid.clock.length;
        for note in &mut notes {
            note.length = note.length.min(length - note.start);
        }
        notes.retain(|note| note.length > 0);
        notes.sort_by(|a, b| {
            let order = |n: &Note| (n.start, n.voice, n.drone.map(|h| h.channel));
            order(a).cmp(&order(b)).then(a.pitch.total_cmp(&b.pitch)).then_with(|| a.event.cmp(&b.event))
        });
        Ok(Score { length, notes, dropped })
    }

    /// Appends one record a note, canonical.
    pub fn write(&self, provenance: bool, out: &mut Vec<u8>) {
        self.notes.iter().for_each(|note| note.write(provenance, out));
    }

    /// The records as they are followed, each told apart by its event, pitch and voice.
    pub fn records(&self, provenance: bool) -> Vec<Record> {
        let mut ranks: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        let record = |note: &Note| {
            let (mut tombstone, mut text) = (Vec::new(), Vec::new());
            note.write_tombstone(&mut tombstone);
            note.write(provenance, &mut text);
            // Notes that nothing tells apart are told apart by their order.
            let rank = ranks.entry(tombstone.clone()).or_default();
            *rank += 1;
            Record { id: [&tombstone[..], &rank.to_be_bytes()].concat(), text, tombstone }
        };
        self.notes.iter().map(record).collect()
    }
}

impl Note {
    /// What happened, in words.
    pub fn label(&self) -> String {
        said(&self.what, self.count)
    }

    /// Members stand in the order of RFC 8785.
    fn write(&self, provenance: bool, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        line.number("duration", rounded(seconds(self.length)), out);
        line.text("event_id", event_of(&self.event), out);
        if provenance {
            line.name("key", out);
            write_key(Key { eff: Time(self.time), id: &self.event }, out);
        }
        line.text("label", &self.label(), out);
        if !self.node.is_empty() {
            line.text("node_id", &self.node, out);
        }
        line.number("pan", rounded(self.pan), out);
        line.number("pitch", rounded(self.pitch), out);
        line.number("t", rounded(seconds(self.start)), out);
        line.integer("velocity", self.velocity, out);
        line.text("voice", self.voice.name(), out);
        line.end_line(out);
    }

    /// What says that the note is no more.
    fn write_tombstone(&self, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        line.text("event_id", event_of(&self.event), out);
        line.boolean("gone", true, out);
        line.number("pitch", rounded(self.pitch), out);
        line.text("voice", self.voice.name(), out);
        line.end_line(out);
    }
}

/// Nanoseconds as seconds.
pub fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / SECOND as f64
}

/// How far each reading is from the one before of its sensor.
fn moved(events: &[Sonified], ranges: &BTreeMap<SensorName, Range>) -> Vec<Option<f64>> {
    let mut last: BTreeMap<SensorName, f64> = BTreeMap::new();
    let moved = |event: &Sonified| {
        let (name, value) = event.number()?;
        let range = ranges.get(&name)?;
        let before = last.insert(name, value)?;
        let span = range.high - range.low;
        Some((value - before) / span).filter(|part| part.is_finite()).or(Some(0.0))
    };
    events.iter().map(moved).collect()
}

/// How everything is heard, by the listener of its space.
fn places(events: &[Sonified], mapping: &Mapping) -> Vec<Place> {
    let mut positions: BTreeMap<usize, Vec<[f64; 3]>> = BTreeMap::new();
    for h in events {
        positions.entry(h.space).or_default().extend(h.position);
    }
    let listeners: BTreeMap<usize, Listener> =
        positions.iter().map(|(space, list)| (*space, Listener::new(mapping.listener, list))).collect();
    let hear = |h: &Sonified| match (listeners.get(&h.space), h.position) {
        (Some(listener), Some(position)) if mapping.around => listener.hear(position),
        _ => Place::AROUND,
    };
    events.iter().map(hear).collect()
}

/// The struck notes.
fn strikes(laid: &Laid<'_>, mapping: &Mapping) -> Vec<Note> {
    let mut groups: BTreeMap<(usize, i64, Voice), Vec<usize>> = BTreeMap::new();
    for (i, event) in laid.events.iter().enumerate() {
        let Some(voice) = event.sound.voice.filter(|_| event.sound.loudness > 0) else { continue };
        // What a sensor says again is no news; its held tone goes on.
        let is_number = event.reading.as_ref().is_some_and(|r| r.value.is_some());
        if is_number && laid.levels[i].is_none() {
            continue;
        }
        groups.entry((laid.scenes[i], laid.step_of(i), voice)).or_default().push(i);
    }
    let mut notes = Vec::new();
    for ((_, start, voice), group) in groups {
        strike(laid, mapping, (start, voice), &group, &mut notes);
    }
    notes
}

/// The notes of one voice in one step, which is of one stretch of the trace.
fn strike(
    laid: &Laid<'_>,
    mapping: &Mapping,
    (start, voice): (i64, Voice),
    group: &[usize],
    notes: &mut Vec<Note>,
) {
    let mut pitches: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for i in group {
        pitches.entry(pitch(laid, *i, mapping)).or_default().push(*i);
    }
    let mut chosen: Vec<(i64, Vec<usize>)> = pitches.into_iter().collect();
    // The sort is stable: of pitches that as many events ask for, the lower come first.
    chosen.sort_by_key(|(_, list)| std::cmp::Reverse(list.len()));
    let rest: Vec<usize> = chosen.iter().skip(voice.most()).flat_map(|(_, l)| l.iter().copied()).collect();
    chosen.truncate(voice.most());
    chosen[0].1.extend(rest);
    chosen.sort_by_key(|(pitch, _)| *pitch);
    let count = i64::try_from(chosen.len()).unwrap_or(1);
    let step = laid.step_from(start, laid.scenes[group[0]]);
    for (k, (pitch, list)) in (0..).zip(chosen) {
        let note = note(laid, voice, start + step * k / count, (pitch, &list));
        if voice == Voice::Fall {
            let below = Note {
                start: note.start + 2 * laid.step,
                pitch: (pitch - FALL).max(0) as f64,
                tally: Vec::new(),
                ..note.clone()
            };
            notes.push(below);
        }
        notes.push(note);
    }
}

fn note(laid: &Laid<'_>, voice: Voice, start: i64, (pitch, list): (i64, &[usize])) -> Note {
    let first = &laid.events[list[0]];
    let mut tally: BTreeMap<Operation, u32> = BTreeMap::new();
    for event in list.iter().map(|i| &laid.events[*i]).filter(|h| h.counts) {
        *tally.entry(event.operation).or_default() += 1;
    }
    let mean = |of: &dyn Fn(usize) -> f64| list.iter().map(|i| of(*i)).sum::<f64>() / list.len() as f64;
    // A reading at the bottom of its range is heard half as loud as one at the top.
    let loud = |i: usize| laid.places[i].loudness * laid.levels[i].map_or(1.0, |l| (1.0 + l) / 2.0);
    let crowd = (libm::log2(1.0 + list.len() as f64) / 6.0).min(1.0);
    let loudness = first.sound.loudness as f64 / 100.0 * mean(&loud) * (0.75 + 0.25 * crowd);
    Note {
        start,
        length: voice.length(),
        pitch: pitch as f64,
        velocity: velocity(loudness),
        pan: mean(&|i| laid.places[i].pan),
        voice,
        drone: None,
        clip: None,
        what: what(first),
        count: list.iter().filter(|i| laid.events[**i].counts).count(),
        node: first.node.clone(),
        event: first.id.clone(),
        time: first.time,
        space: first.space,
        scene: laid.scenes[list[0]],
        reads: None,
        tally: tally.into_iter().collect(),
    }
}

/// A loudness of 0 to 1 as a velocity.
pub fn velocity(loudness: f64) -> u8 {
    // The bounds are those of the target, so that nothing is cut off.
    (loudness * HIGHEST as f64).round().clamp(1.0, HIGHEST as f64) as u8
}

/// The pitch of a struck note: its class from a stable hash, an octave higher for what lies ahead, and for a reading
/// in the upper third of its range.
fn pitch(laid: &Laid<'_>, i: usize, mapping: &Mapping) -> i64 {
    let event = &laid.events[i];
    let class = match &*event.pitch {
        "" => 0,
        text => usize::from(Blake3::of(text.as_bytes()).0[0]) % mapping.scale.len().max(1),
    };
    let above = i64::from(laid.places[i].ahead) + i64::from(laid.levels[i].is_some_and(|l| l > UPPER));
    let note = mapping.scale.get(class).copied().unwrap_or(0);
    (mapping.root + note + 12 * (event.sound.octave + above)).clamp(0, HIGHEST)
}

/// A note in words.
fn what(event: &Sonified) -> String {
    match (&event.reading, &*event.name) {
        (Some(read), name) => {
            let sensor = super::words::clean(&read.sensor);
            format!("{sensor} at {name}: {}", read.words)
        }
        (None, "") => event.operation.words().to_owned(),
        (None, name) => format!("{name} {}", event.operation.words()),
    }
}

/// What happened, to so many.
pub fn said(what: &str, count: usize) -> String {
    match count {
        0 | 1 => what.to_owned(),
        more => format!("{what}, and {} more", more - 1),
    }
}

/// The recordings that events bring, and what is said of those that too many others sound with.
fn recordings(laid: &Laid<'_>, length_of: LengthOf<'_>) -> (Vec<Note>, Vec<String>) {
    let (mut notes, mut dropped) = (Vec::new(), Vec::new());
    let mut ends: Vec<i64> = Vec::new();
    for (i, event) in laid.events.iter().enumerate() {
        let Some(reference) = &event.clip else { continue };
        let Some(length) = length_of(reference) else { continue };
        let (start, place) = (laid.clock.places[i].0, laid.places[i]);
        ends.retain(|end| *end > start);
        if ends.len() == MOST_RECORDINGS {
            dropped.push(format!("{}: more than {MOST_RECORDINGS} recordings at once", event.node));
            continue;
        }
        ends.push(start + length);
        notes.push(Note {
            start,
            length,
            pitch: CLIP_PITCH,
            velocity: velocity(place.loudness),
            pan: place.pan,
            voice: Voice::Clip,
            drone: None,
            clip: Some(reference.clone()),
            what: format!("{}: a recording", event.name),
            count: 1,
            node: event.node.clone(),
            event: event.id.clone(),
            time: event.time,
            space: event.space,
            scene: laid.scenes[i],
            reads: None,
            tally: Vec::new(),
        });
    }
    (notes, dropped)
}
