//! The score of a page: what `projector-audio` plays of the same view, with what a synthesizer needs to play it.
//!
//! ```text
//! {"length":…,"gain":…,"loudest":…,"bend":…,"release":[struck,held],"bright":[least,more],"voices":{name:{"attack":…,
//!  "slide":[semitones,seconds],"partials":[[ratio,level,decay],…]},…},"notes":[[start,duration,pitch,velocity,pan,voice,
//!  space,event],…]}
//! ```
//!
//! A part of a held tone goes on with its channel, the pitch and the velocity that it comes from, whether it begins the
//! tone and whether it ends it, and its level. An event is a number in the history of its space, −1 where it is not told
//! there; a decay of 0 is none. Nothing is `null`.

use crate::View;
use crate::history::Resolved;
use crate::join::Space;
use crate::sound::clock::{Pace, SECOND};
use crate::sound::mapping::Mapping;
use crate::sound::score::{Note, Score, seconds};
use crate::sound::sonify::sonify;
use crate::sound::voice::{self, Voice};
use crate::transform::rounded;
use foldhash::HashMap;
use std::collections::BTreeSet;
use ulp_core::id::event_of;
use ulp_core::json::write::{Items, Members, write_numbers};
use ulp_core::json::{write_number, write_string};

/// The script that plays it.
pub const SCRIPT: &str = include_str!("listen.js");
/// How long the sound is, in nanoseconds.
const LENGTH: i64 = 30 * SECOND;
/// How far all is turned up.
const GAIN: f64 = 2.0;

/// Writes the score of a view, whose histories these are.
pub fn write(view: &View<'_, '_>, histories: &[Resolved<'_>], out: &mut Vec<u8>) {
    let mapping = Mapping::default();
    let pace = Pace::Duration { length: LENGTH, even: mapping.even };
    let mut events = sonify(view, &mapping);
    // A page may leave out spaces, and counts those that it shows.
    let number = |space: &Space<'_>| histories.iter().position(|history| history.space == space.space);
    let numbers_of: Vec<Option<usize>> = view.spaces.iter().map(number).collect();
    events.retain_mut(|event| {
        let number = numbers_of[event.space];
        event.space = number.unwrap_or_default();
        number.is_some()
    });
    let score = Score::new(&events, &mapping, pace, &|_| None);
    let Some(score) = score.ok().filter(|score| !score.notes.is_empty()) else {
        return out.extend_from_slice(b"null");
    };
    let mut whole = Members::open(out);
    whole.number("length", seconds(score.length), out);
    whole.number("gain", GAIN, out);
    whole.number("loudest", voice::LOUDEST, out);
    whole.number("bend", voice::BEND, out);
    whole.numbers("release", &[voice::RELEASE, voice::DRONE_RELEASE], out);
    whole.numbers("bright", &[voice::bright(0.0), voice::bright(1.0) - voice::bright(0.0)], out);
    whole.name("voices", out);
    let voices: BTreeSet<Voice> = score.notes.iter().map(|note| note.voice).collect();
    let mut object = Members::open(out);
    for voice in voices {
        object.name(voice.name(), out);
        write_voice(voice, out);
    }
    object.close(out);
    whole.name("notes", out);
    let events = numbers(histories);
    let mut notes = Items::open(out);
    for note in &score.notes {
        notes.next(out);
        let event = events.get(&(note.space, note.time, event_of(&note.event))).copied();
        write_note(note, event, out);
    }
    notes.close(out);
    whole.close(out);
}

/// The numbers of all events in the histories of their spaces, by space, time and name; the first of those that share
/// them.
fn numbers<'h>(histories: &'h [Resolved<'_>]) -> HashMap<(usize, i64, &'h str), usize> {
    let mut numbers = HashMap::default();
    for (space, history) in histories.iter().enumerate() {
        for (number, step) in history.steps.iter().enumerate() {
            let key = step.event.key;
            numbers.entry((space, key.eff.0, event_of(key.id))).or_insert(number);
        }
    }
    numbers
}

fn write_voice(voice: Voice, out: &mut Vec<u8>) {
    let mut object = Members::open(out);
    object.number("attack", voice.attack(), out);
    let (semitones, time) = voice.slide().unwrap_or((0.0, 0.0));
    object.numbers("slide", &[semitones, time], out);
    object.name("partials", out);
    let mut list = Items::open(out);
    for partial in voice.partials() {
        list.next(out);
        let decay = if partial.decay.is_finite() { partial.decay } else { 0.0 };
        write_numbers(&[partial.ratio, partial.level, decay], out);
    }
    list.close(out);
    object.close(out);
}

fn write_note(note: &Note, event: Option<usize>, out: &mut Vec<u8>) {
    let mut list = Items::open(out);
    let mut number = |x: f64, out: &mut Vec<u8>| {
        list.next(out);
        write_number(x, out);
    };
    for x in [seconds(note.start), seconds(note.length), note.pitch, f64::from(note.velocity), note.pan] {
        number(rounded(x), out);
    }
    list.next(out);
    write_string(note.voice.name(), out);
    let mut number = |x: f64, out: &mut Vec<u8>| {
        list.next(out);
        write_number(x, out);
    };
    number(note.space as f64, out);
    number(event.map_or(-1.0, |event| event as f64), out);
    if let Some(drone) = note.drone {
        let [first, last] = [drone.first, drone.last].map(|is| f64::from(u8::from(is)));
        for x in [f64::from(drone.channel), drone.pitch, f64::from(drone.velocity), first, last, drone.level]
        {
            number(rounded(x), out);
        }
    }
    list.close(out);
}
