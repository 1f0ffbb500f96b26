//! WAV: the header, which knows the length before the first sample, and samples as bytes.

use crate::clips::RATE;
use clap::ValueEnum;

/// Channels: left and right.
const CHANNELS: u16 = 2;
/// The marks of a format.
const INTEGERS: u16 = 1;
const FLOATS: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bits {
    /// Integers of 16 bits
    #[value(name = "16")]
    Sixteen,
    /// Integers of 24 bits
    #[value(name = "24")]
    TwentyFour,
    /// Floating-point numbers of 32 bits
    Float,
}

impl Bits {
    fn bytes(self) -> u16 {
        match self {
            Bits::Sixteen => 2,
            Bits::TwentyFour => 3,
            Bits::Float => 4,
        }
    }
}

/// Appends the header of so many frames. Integers of more than 16 bits ask for the extensible form (Microsoft,
/// "Multiple Channel Audio Data and WAVE Files"), other numbers for their count.
pub fn write_header(frames: i64, bits: Bits, out: &mut Vec<u8>) {
    let frame = bits.bytes() * CHANNELS;
    let count = u32::try_from(frames).unwrap_or(u32::MAX);
    let data = count.saturating_mul(u32::from(frame));
    // An odd length would need a byte of padding; a frame has an even one.
    let (format, extra): (u32, u32) = match bits {
        Bits::Sixteen => (16, 0),
        Bits::TwentyFour => (40, 0),
        Bits::Float => (18, 12),
    };
    let riff = 4 + 8 + format + extra + 8;
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&riff.saturating_add(data).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&format.to_le_bytes());
    let rate = RATE as u32;
    let tag: u16 = match bits {
        Bits::Sixteen => INTEGERS,
        Bits::TwentyFour => EXTENSIBLE,
        Bits::Float => FLOATS,
    };
    out.extend_from_slice(&tag.to_le_bytes());
    out.extend_from_slice(&CHANNELS.to_le_bytes());
    out.extend_from_slice(&rate.to_le_bytes());
    out.extend_from_slice(&(rate * u32::from(frame)).to_le_bytes());
    out.extend_from_slice(&frame.to_le_bytes());
    out.extend_from_slice(&(bits.bytes() * 8).to_le_bytes());
    if bits == Bits::TwentyFour {
        const LEFT_AND_RIGHT: u32 = 3;
        const GUID_TAIL: &[u8; 14] = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71";
        out.extend_from_slice(&22_u16.to_le_bytes());
        out.extend_from_slice(&(bits.bytes() * 8).to_le_bytes());
        out.extend_from_slice(&LEFT_AND_RIGHT.to_le_bytes());
        out.extend_from_slice(&INTEGERS.to_le_bytes());
        out.extend_from_slice(GUID_TAIL);
    }
    if bits == Bits::Float {
        out.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(b"fact");
        out.extend_from_slice(&4_u32.to_le_bytes());
        out.extend_from_slice(&count.to_le_bytes());
    }
    out.extend_from_slice(b"data");
    out.extend_from_slice(&data.to_le_bytes());
}

/// Appends frames, whose samples lie between −1 and 1.
pub fn write_frames(frames: &[[f64; 2]], bits: Bits, out: &mut Vec<u8>) {
    for sample in frames.iter().flatten() {
        match bits {
            // Rounded within the bounds of the target, so nothing is cut off.
            Bits::Sixteen => out.extend_from_slice(&((sample * 32767.0).round() as i16).to_le_bytes()),
            Bits::TwentyFour => {
                let sample = (sample * 8_388_607.0).round() as i32;
                out.extend_from_slice(&sample.to_le_bytes()[..3]);
            }
            Bits::Float => out.extend_from_slice(&(*sample as f32).to_le_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_add_up() {
        for (bits, header) in [(Bits::Sixteen, 44), (Bits::TwentyFour, 68), (Bits::Float, 58)] {
            let mut bytes = Vec::new();
            write_header(3, bits, &mut bytes);
            assert_eq!(bytes.len(), header);
            write_frames(&[[0.0, 1.0], [-1.0, 0.5], [0.25, 0.0]], bits, &mut bytes);
            assert_eq!(bytes.len() - 8, u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize);
            let data = u32::from_le_bytes(bytes[header - 4..header].try_into().unwrap());
            assert_eq!(bytes.len() - header, data as usize);
        }
    }

    #[test]
    fn samples_are_little_endian() {
        let mut bytes = Vec::new();
        write_frames(&[[1.0, -1.0]], Bits::Sixteen, &mut bytes);
        write_frames(&[[1.0, -1.0]], Bits::TwentyFour, &mut bytes);
        assert_eq!(bytes, [255, 127, 1, 128, 255, 255, 127, 1, 0, 128]);
    }
}
