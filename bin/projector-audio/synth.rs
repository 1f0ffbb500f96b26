//! The synthesiser: from notes to samples, block by block.
//!
//! A block is worked out from the notes alone, so that blocks may be worked out on any core: every sine is set to
//! its exact phase where a block begins and turned from sample to sample, in plain doubles without fused steps.

use crate::clips::{Clip, Clips, RATE, frame};
use std::f64::consts::{FRAC_PI_4, TAU};
use ulp_view::sound::score::{Note, Score};
use ulp_view::sound::voice::{BEND, DRONE_RELEASE, LOUDEST, Partial, RELEASE, Voice, bright};

/// Frames of a block.
pub const BLOCK: usize = 1024;
/// Sines above this frequency are left out, in Hz.
const HIGHEST: f64 = 16_000.0;

/// A left and a right sample.
pub type Frame = [f64; 2];

/// A note, ready to be worked out.
pub struct Tone<'c> {
    /// In frames of the sound.
    pub start: i64,
    pub end: i64,
    voice: Voice,
    sides: Frame,
    /// The loudness it comes from and goes to.
    from: f64,
    to: f64,
    /// The frequency it comes from and goes to, in Hz, and in how many seconds.
    slide: (f64, f64, f64),
    /// The turns that its first sine has made when it begins.
    turns: f64,
    /// How much of the upper sines is heard.
    bright: f64,
    /// Whether it begins and ends from nothing.
    first: bool,
    last: bool,
    clip: Option<&'c Clip>,
}

/// The tones of a score, by start.
pub fn tones<'c>(score: &Score, clips: &'c Clips) -> Vec<Tone<'c>> {
    let mut turns = [0.0; ulp_view::sound::mapping::MOST_DRONES];
    score
        .notes
        .iter()
        .map(|note| {
            let mut tone = Tone::of(note, clips);
            if let Some(turned) = note.drone.and_then(|h| turns.get_mut(usize::from(h.channel))) {
                // The parts of a held tone join without a click: each goes on where the last one was.
                tone.turns = *turned;
                *turned = tone.turns_at((tone.end - tone.start) as f64 / RATE as f64);
            }
            tone
        })
        .collect()
}

/// The frequency of a MIDI number, in Hz.
fn frequency(pitch: f64) -> f64 {
    440.0 * libm::exp2((pitch - 69.0) / 12.0)
}

/// A velocity as a loudness: quiet notes are quieter than their number.
fn loudness(velocity: u8) -> f64 {
    let part = f64::from(velocity) / 127.0;
    LOUDEST * part * libm::sqrt(part)
}

impl<'c> Tone<'c> {
    fn of(note: &Note, clips: &'c Clips) -> Tone<'c> {
        let angle = (note.pan.clamp(-1.0, 1.0) + 1.0) * FRAC_PI_4;
        let to = loudness(note.velocity);
        let pitch = frequency(note.pitch);
        let (from, slide) = match (note.drone, note.voice.slide()) {
            (Some(drone), _) => {
                let from = if drone.first { 0.0 } else { loudness(drone.velocity) };
                (from, (frequency(drone.pitch), pitch, BEND))
            }
            (None, Some((semitones, seconds))) => (to, (frequency(note.pitch + semitones), pitch, seconds)),
            (None, None) => (to, (pitch, pitch, 0.0)),
        };
        Tone {
            start: frame(note.start),
            end: frame(note.start + note.length),
            voice: note.voice,
            sides: [libm::cos(angle), libm::sin(angle)],
            from,
            to,
            slide,
            turns: 0.0,
            bright: note.drone.map_or(1.0, |h| bright(h.level)),
            first: note.drone.is_none_or(|h| h.first),
            last: note.drone.is_none_or(|h| h.last),
            clip: note.clip.as_deref().and_then(|reference| clips.get(reference)),
        }
    }

    /// The turns of its first sine, so many seconds after it began.
    fn turns_at(&self, t: f64) -> f64 {
        let (from, to, seconds) = self.slide;
        let bent = t.min(seconds);
        let turned =
            if seconds > 0.0 { from * bent + (to - from) * bent * bent / (2.0 * seconds) } else { 0.0 };
        self.turns + turned + to * (t - bent)
    }

    /// How loud it is, so many seconds after it began, without what its sines lose.
    fn envelope(&self, t: f64) -> f64 {
        let drone = self.voice == Voice::Drone;
        let swell = match (drone, self.first) {
            (true, false) => BEND,
            _ => self.voice.attack(),
        };
        let from = if drone { self.from } else { 0.0 };
        let level = if t < swell { from + (self.to - from) * (t / swell) } else { self.to };
        if !self.last {
            return level;
        }
        let left = (self.end - self.start) as f64 / RATE as f64 - t;
        let release = if drone { DRONE_RELEASE } else { RELEASE };
        if left < release { level * (left / release).max(0.0) } else { level }
    }

    /// Adds what is heard of it in the block that begins at frame `at`.
    pub fn add(&self, at: i64, block: &mut [Frame]) {
        let begin = (self.start - at).max(0) as usize;
        let end = usize::try_from(self.end - at).unwrap_or(0).min(block.len());
        if begin >= end {
            return;
        }
        let first = at + begin as i64 - self.start;
        let frames = &mut block[begin..end];
        match self.clip {
            Some(clip) => self.add_clip(clip, first, frames),
            None => {
                let partials = self.voice.partials();
                for (i, partial) in partials.iter().enumerate() {
                    let shine = if i == 0 { 1.0 } else { self.bright };
                    self.add_sine(*partial, shine, first, frames);
                }
            }
        }
    }

    fn add_clip(&self, clip: &Clip, first: i64, frames: &mut [Frame]) {
        let start = usize::try_from(first).unwrap_or(usize::MAX).min(clip.frames.len());
        for (i, (frame, sample)) in frames.iter_mut().zip(&clip.frames[start..]).enumerate() {
            let loud = self.envelope((first + i as i64) as f64 / RATE as f64) * 2.0;
            for side in 0..2 {
                frame[side] += f64::from(sample[side]) * self.sides[side] * loud;
            }
        }
    }

    /// Adds one of its sines: while it slides from the exact phase of every frame, and then as a point on a circle
    /// that is turned, and drawn in, from frame to frame.
    fn add_sine(&self, partial: Partial, shine: f64, first: i64, frames: &mut [Frame]) {
        let (from, to, seconds) = self.slide;
        if from.max(to) * partial.ratio > HIGHEST {
            return;
        }
        let time = |i: usize| (first + i as i64) as f64 / RATE as f64;
        let sliding =
            if from == to { 0 } else { (0..frames.len()).take_while(|i| time(*i) < seconds).count() };
        let level = partial.level * shine;
        let turns = |t: f64| self.turns_at(t) * partial.ratio;
        let fade = |t: f64| libm::exp(-t / partial.decay);
        for (i, frame) in frames[..sliding].iter_mut().enumerate() {
            let t = time(i);
            self.put(frame, libm::sin(TAU * fraction(turns(t))) * fade(t) * level * self.envelope(t));
        }
        let start = time(sliding);
        let (mut sin, mut cos) =
            (libm::sin(TAU * fraction(turns(start))), libm::cos(TAU * fraction(turns(start))));
        let loud = fade(start) * level;
        (sin, cos) = (sin * loud, cos * loud);
        let step = TAU * to * partial.ratio / RATE as f64;
        let shrink = libm::exp(-1.0 / (partial.decay * RATE as f64));
        let (turn_sin, turn_cos) = (libm::sin(step) * shrink, libm::cos(step) * shrink);
        for (i, frame) in frames.iter_mut().enumerate().skip(sliding) {
            self.put(frame, sin * self.envelope(time(i)));
            (sin, cos) = (sin * turn_cos + cos * turn_sin, cos * turn_cos - sin * turn_sin);
        }
    }

    fn put(&self, frame: &mut Frame, sample: f64) {
        frame[0] += sample * self.sides[0];
        frame[1] += sample * self.sides[1];
    }

    /// About the power of its sines, so many seconds after it began: the mean of their squares.
    pub fn power(&self, t: f64) -> f64 {
        let loud = self.from.max(self.to);
        if self.clip.is_some() {
            return loud * loud / 2.0;
        }
        let of = |p: &Partial| p.level * p.level * libm::exp(-2.0 * t / p.decay) / 2.0;
        loud * loud * self.voice.partials().iter().map(of).sum::<f64>()
    }
}

/// The part of a turn: phases are kept small, so that their sines are exact.
fn fraction(turns: f64) -> f64 {
    turns - turns.floor()
}
