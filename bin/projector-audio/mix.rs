//! The mix: tones added up, put into a room, and brought to one level that never clips.
//!
//! The level follows from the score: the power of the notes at the loudest moment says how far all is turned up or
//! down, before the first sample is worked out. What still stands out is bent softly below full scale.

use crate::clips::RATE;
use crate::synth::{BLOCK, Frame, Tone};
use rayon::prelude::*;

/// Blocks that are worked out before they are passed on.
const BATCH: usize = 64;
/// Frames between two looks at the power.
const WINDOW: i64 = RATE / 20;
/// Where the loudest moment's mean power is brought to, and how much silence is turned up at most.
const TARGET: f64 = 0.34;
const MOST_GAIN: f64 = 4.0;
/// Samples above the knee are bent towards the ceiling.
const KNEE: f64 = 0.7;
const CEILING: f64 = 0.97;
/// The last frames fade to silence.
const FADE: i64 = RATE / 25;
/// How much of the room is heard.
const WET: f64 = 0.22;

/// Works out so many frames, and gives them on in order, in parts.
///
/// # Errors
/// What `give` answers.
pub fn mix<E>(
    tones: &[Tone<'_>],
    frames: i64,
    mut give: impl FnMut(&[Frame]) -> Result<(), E>,
) -> Result<(), E> {
    let gain = gain(tones, frames);
    let mut room = Room::new();
    let mut next = 0;
    let mut active: Vec<&Tone<'_>> = Vec::new();
    let batch = (BLOCK * BATCH) as i64;
    let mut at = 0;
    while at < frames {
        let end = (at + batch).min(frames);
        while let Some(tone) = tones.get(next).filter(|t| t.start < end) {
            active.push(tone);
            next += 1;
        }
        let mut dry = blocks(&active, at, end);
        active.retain(|t| t.end > end);
        for (i, frame) in (at..).zip(&mut dry) {
            let fade = ((frames - i) as f64 / FADE as f64).min(1.0);
            *frame = room.put(*frame).map(|x| limit(x * gain) * fade);
        }
        give(&dry)?;
        at = end;
    }
    Ok(())
}

/// The sums of the tones between two frames, block by block on all cores.
fn blocks(active: &[&Tone<'_>], at: i64, end: i64) -> Vec<Frame> {
    let mut dry = vec![[0.0; 2]; usize::try_from(end - at).unwrap_or(0)];
    dry.par_chunks_mut(BLOCK).enumerate().for_each(|(i, block)| {
        let start = at + (i * BLOCK) as i64;
        let stop = start + block.len() as i64;
        // The order of the score is the order of the sums.
        active.iter().filter(|t| t.start < stop && t.end > start).for_each(|t| t.add(start, block));
    });
    dry
}

/// What all is multiplied by.
fn gain(tones: &[Tone<'_>], frames: i64) -> f64 {
    let windows = usize::try_from(frames / WINDOW + 1).unwrap_or(1);
    let mut power = vec![0.0; windows];
    for tone in tones {
        let first = tone.start / WINDOW;
        for window in first..=(tone.end - 1).max(tone.start) / WINDOW {
            let t = (window * WINDOW - tone.start).max(0) as f64 / RATE as f64;
            if let Some(sum) = usize::try_from(window).ok().and_then(|w| power.get_mut(w)) {
                *sum += tone.power(t);
            }
        }
    }
    let most = libm::sqrt(power.iter().copied().fold(0.0, f64::max));
    if most > 0.0 { (TARGET / most).min(MOST_GAIN) } else { 1.0 }
}

/// A sample bent below the ceiling.
fn limit(x: f64) -> f64 {
    let size = x.abs();
    if size <= KNEE {
        return x;
    }
    let bent = KNEE + (CEILING - KNEE) * libm::tanh((size - KNEE) / (CEILING - KNEE));
    if x < 0.0 { -bent } else { bent }
}

/// A room: echoes that feed on themselves, then two that blur them (Schroeder, "Natural Sounding Artificial
/// Reverberation", 1962).
struct Room {
    sides: [Side; 2],
}

/// One ear of the room.
struct Side {
    combs: [Comb; 4],
    blurs: [Echo; 2],
}

/// An echo that feeds on itself and loses its brightness.
struct Comb {
    echo: Echo,
    dull: f64,
}

/// What was put in so many frames ago.
struct Echo {
    frames: Vec<f64>,
    at: usize,
}

impl Room {
    fn new() -> Room {
        // Lengths without common divisors, in frames; those of the other ear are a little longer.
        const COMBS: [usize; 4] = [1687, 1871, 2053, 2251];
        const BLURS: [usize; 2] = [241, 83];
        let side = |more: usize| Side {
            combs: COMBS.map(|n| Comb { echo: Echo::new(n + more), dull: 0.0 }),
            blurs: BLURS.map(|n| Echo::new(n + more)),
        };
        Room { sides: [side(0), side(37)] }
    }

    /// A frame as it sounds in the room.
    fn put(&mut self, dry: Frame) -> Frame {
        let sent = (dry[0] + dry[1]) / 2.0;
        let mut heard = dry;
        for (side, sample) in self.sides.iter_mut().zip(&mut heard) {
            *sample += WET * side.put((sent + *sample) / 2.0);
        }
        heard
    }
}

impl Side {
    fn put(&mut self, sample: f64) -> f64 {
        const BLUR: f64 = 0.5;
        let mut wet: f64 = self.combs.iter_mut().map(|c| c.put(sample)).sum();
        for echo in &mut self.blurs {
            let old = echo.read();
            let new = wet + BLUR * old;
            echo.write(new);
            wet = old - BLUR * new;
        }
        wet
    }
}

impl Comb {
    fn put(&mut self, sample: f64) -> f64 {
        const BACK: f64 = 0.78;
        const DULL: f64 = 0.35;
        let old = self.echo.read();
        self.dull = old * (1.0 - DULL) + self.dull * DULL;
        // What has become too faint to hear is dropped: the smallest doubles are slow.
        let kept = if self.dull.abs() < 1e-12 { 0.0 } else { self.dull };
        self.echo.write(sample + kept * BACK);
        old
    }
}

impl Echo {
    fn new(frames: usize) -> Echo {
        Echo { frames: vec![0.0; frames], at: 0 }
    }

    fn read(&self) -> f64 {
        self.frames[self.at]
    }

    fn write(&mut self, sample: f64) {
        self.frames[self.at] = sample;
        self.at = (self.at + 1) % self.frames.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_the_ceiling() {
        for x in [0.0, 0.5, -0.7, 0.9, 1.0, -5.0, 1e9] {
            assert!(limit(x).abs() <= CEILING && (x == 0.0 || limit(x).signum() == x.signum()));
        }
        assert!(limit(0.71) > limit(0.70));
    }

    #[test]
    fn the_room_dies_away() {
        let mut room = Room::new();
        room.put([1.0, 1.0]);
        let late = (0..RATE * 4).map(|_| room.put([0.0; 2])).last().unwrap();
        assert!(late.iter().all(|x| x.abs() < 1e-4));
    }
}
