//! Recordings: audio blobs, decoded to stereo at the rate of the sound. What sort of audio a blob is, is read from
//! its bytes, not from what the event claims.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use ulp_store::blobs::{self, Blobs};
use ulp_view::sound::clock::SECOND;

/// Frames a second of the sound.
pub const RATE: i64 = 48_000;
/// Longest blob that is read, in bytes.
const LONGEST: u64 = 64 << 20;
/// What is decoded of one recording at most, in frames of the sound: ten minutes.
const MOST_FRAMES: usize = 600 * RATE as usize;
/// What all recordings together may fill, in frames of the sound: ten minutes, or 230 MB.
const MOST_IN_ALL: usize = MOST_FRAMES;
/// What is decoded of one recording at most before it is brought to the rate of the sound, in samples: 115 MB.
const MOST_SAMPLES: usize = MOST_FRAMES;
/// The sample rates that are understood.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// The frame at which a moment of the sound falls.
pub fn frame(nanoseconds: i64) -> i64 {
    // In 128 bits, so that no product is too large; the quotient of a sound is not.
    i64::try_from(i128::from(nanoseconds) * i128::from(RATE) / i128::from(SECOND)).unwrap_or(i64::MAX)
}

/// A recording: stereo, at the rate of the sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    pub frames: Vec<[f32; 2]>,
}

impl Clip {
    /// In nanoseconds of the sound.
    pub fn length(&self) -> i64 {
        let frames = i64::try_from(self.frames.len()).unwrap_or(0).min(i64::MAX / SECOND);
        frames * SECOND / RATE
    }
}

/// The recordings that are at hand.
#[derive(Debug, Default)]
pub struct Clips {
    clips: BTreeMap<String, Clip>,
}

impl Clips {
    /// Those of the references that are at hand and can be decoded, while there is room: each for as long as it can
    /// be heard in a sound of that many nanoseconds.
    pub fn new<'r>(blobs: &Blobs<'_>, references: impl Iterator<Item = &'r str>, length: i64) -> Clips {
        let references: BTreeSet<&str> = references.collect();
        let mut clips = BTreeMap::new();
        let mut room = MOST_IN_ALL;
        let heard = usize::try_from(frame(length)).unwrap_or(MOST_FRAMES).min(MOST_FRAMES);
        for reference in references {
            let Some(bytes) = blobs.load(reference, LONGEST) else { continue };
            // One frame more than there is room for tells that it does not fit.
            match decode(bytes, heard.min(room + 1)).filter(|clip| clip.frames.len() <= room) {
                Some(clip) => {
                    room -= clip.frames.len();
                    clips.insert(reference.to_owned(), clip);
                }
                None => blobs.fault(reference, blobs::UNDECODED),
            }
        }
        Clips { clips }
    }

    pub fn get(&self, reference: &str) -> Option<&Clip> {
        self.clips.get(reference)
    }
}

/// The recording in some bytes, where they are audio, at most so many frames of it. A decoder that breaks over hostile
/// bytes breaks nothing else.
fn decode(bytes: Vec<u8>, most: usize) -> Option<Clip> {
    let (samples, channels, rate) = std::panic::catch_unwind(|| samples(bytes, most)).ok()??;
    Some(Clip { frames: resample(&samples, channels, rate, most) }).filter(|c| !c.frames.is_empty())
}

/// Interleaved samples, how many channels they have, and their rate; enough for so many frames of the sound.
fn samples(bytes: Vec<u8>, most: usize) -> Option<(Vec<f32>, usize, u32)> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .ok()?;
    let track = format.default_track(TrackType::Audio)?;
    let id = track.id;
    let parameters = track.codec_params.as_ref()?.audio()?;
    let codecs = symphonia::default::get_codecs();
    let mut decoder = codecs.make_audio_decoder(parameters, &AudioDecoderOptions::default()).ok()?;
    let mut shape: Option<(usize, u32)> = None;
    let (mut all, mut part) = (Vec::new(), Vec::new());
    while let Ok(Some(packet)) = format.next_packet() {
        if packet.track_id != id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(audio) => {
                let here = (audio.spec().channels().count(), audio.spec().rate());
                // A stream that changes its shape ends there.
                if here.0 == 0 || !RATES.contains(&here.1) || *shape.get_or_insert(here) != here {
                    break;
                }
                audio.copy_to_vec_interleaved(&mut part);
                all.append(&mut part);
                // Cubics look two frames ahead.
                let enough = most as u64 * u64::from(here.1) / RATE as u64 + 2;
                if all.len() as u64 / here.0 as u64 > enough || all.len() > MOST_SAMPLES {
                    break;
                }
            }
            // A packet that does not decode is passed over.
            Err(Error::DecodeError(_) | Error::IoError(_)) => {}
            Err(_) => break,
        }
    }
    let (channels, rate) = shape?;
    Some((all, channels, rate))
}

/// The samples in stereo at the rate of the sound, by cubics through four neighbours.
fn resample(samples: &[f32], channels: usize, rate: u32, most: usize) -> Vec<[f32; 2]> {
    let count = samples.len() / channels;
    let at = |frame: i64| -> [f64; 2] {
        let Some(start) = usize::try_from(frame).ok().filter(|f| *f < count).map(|f| f * channels) else {
            return [0.0; 2];
        };
        let sample = |c: usize| samples.get(start + c).map_or(0.0, |s| f64::from(*s));
        let sane = |x: f64| if x.is_finite() { x.clamp(-1.0, 1.0) } else { 0.0 };
        [sane(sample(0)), sane(sample(if channels > 1 { 1 } else { 0 }))]
    };
    let (rate, wanted) = (i64::from(rate), RATE);
    let frames = (count as u64).saturating_mul(wanted as u64) / rate as u64;
    let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(most);
    (0..i64::try_from(frames).unwrap_or(0))
        .map(|i| {
            let (whole, part) = (i * rate / wanted, (i * rate % wanted) as f64 / wanted as f64);
            if part == 0.0 {
                return at(whole).map(|x| x as f32);
            }
            let [a, b, c, d] = [at(whole - 1), at(whole), at(whole + 1), at(whole + 2)];
            std::array::from_fn(|k| cubic([a[k], b[k], c[k], d[k]], part) as f32)
        })
        .collect()
}

/// Between the second and the third of four numbers (Catmull and Rom).
fn cubic([a, b, c, d]: [f64; 4], t: f64) -> f64 {
    b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wav::{Bits, write_header};

    fn recording(frames: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_header(i64::from(frames), Bits::Sixteen, &mut bytes);
        for i in 0..frames {
            bytes.extend_from_slice(&(i as i16).to_le_bytes());
            bytes.extend_from_slice(&(-(i as i16)).to_le_bytes());
        }
        bytes
    }

    #[test]
    fn what_is_written_is_decoded() {
        let clip = decode(recording(1000), MOST_FRAMES).unwrap();
        assert_eq!(clip.frames.len(), 1000);
        assert_eq!(clip.frames[512], [512.0 / 32768.0, -512.0 / 32768.0]);
        assert_eq!(clip.length(), 1000 * SECOND / RATE);
    }

    #[test]
    fn rates_are_brought_to_that_of_the_sound() {
        let ramp: Vec<f32> = (0..100).map(|i| i as f32 / 1000.0).collect();
        let frames = resample(&ramp, 1, 24_000, 1000);
        assert_eq!(frames.len(), 200);
        assert!((frames[51][0] - 0.0255).abs() < 1e-6 && frames[51][0] == frames[51][1]);
        assert_eq!(resample(&[], 2, 44_100, 1000), [] as [[f32; 2]; 0]);
    }

    #[test]
    fn no_more_is_decoded_than_can_be_heard() {
        let (whole, part) =
            (decode(recording(9000), MOST_FRAMES).unwrap(), decode(recording(9000), 700).unwrap());
        assert_eq!(part.frames, whole.frames[..700]);
    }

    #[test]
    fn broken_blobs_are_no_recordings() {
        let whole = recording(200);
        for cut in 0..whole.len() {
            let _ = decode(whole[..cut].to_vec(), MOST_FRAMES);
        }
        for at in 0..44 {
            let mut broken = whole.clone();
            broken[at] ^= 0xff;
            let _ = decode(broken, MOST_FRAMES);
        }
        assert_eq!(decode(b"not audio".to_vec(), MOST_FRAMES), None);
    }
}
