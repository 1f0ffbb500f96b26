//! How long a packet is on air: Semtech AN1200.13, exact and in whole milliseconds, rounded up.
//!
//! A symbol takes 2^sf / bw. The preamble is so many symbols and 4.25; the payload, with its explicit header and its
//! CRC, takes 8 and ⌈(8 · bytes − 4 · sf + 44) / (4 · (sf − 2 · d))⌉ · cr, where d is 1 from symbols of 16 ms on.
//!
//! ```
//! use ulp_peer::radio::Lora;
//! let long_fast: Lora = "sf=11,bw=250,cr=5,preamble=16".parse()?;
//! assert_eq!(long_fast, Lora::LONG_FAST);
//! assert_eq!((long_fast.airtime(47), long_fast.airtime(249)), (601, 2116));
//! # Ok::<(), String>(())
//! ```

use std::str::FromStr;

/// A symbol of so many milliseconds takes the low data rate.
const SLOW_SYMBOL_MS: u64 = 16;

/// How a LoRa radio is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lora {
    /// Spreading factor, 7 to 12.
    sf: u8,
    /// Bandwidth, in Hz.
    bw: u32,
    /// Of the coding rate 4/5 to 4/8, what stands below.
    cr: u8,
    /// Symbols of the preamble.
    preamble: u16,
}

impl Lora {
    /// Meshtastic's LongFast.
    pub const LONG_FAST: Lora = Lora { sf: 11, bw: 250_000, cr: 5, preamble: 16 };

    /// How many milliseconds so many bytes are on air.
    pub fn airtime(&self, bytes: usize) -> u64 {
        let (bytes, sf) = (bytes as u64, u64::from(self.sf));
        let chips = 1u64 << sf;
        let slow = u64::from(chips * 1000 >= SLOW_SYMBOL_MS * u64::from(self.bw));
        let bits = (8 * bytes + 44).saturating_sub(4 * sf);
        let payload = 8 + bits.div_ceil(4 * (sf - 2 * slow)) * u64::from(self.cr);
        let quarters = 4 * (u64::from(self.preamble) + payload) + 17;
        (quarters * chips * 1000).div_ceil(4 * u64::from(self.bw))
    }
}

impl FromStr for Lora {
    type Err = String;

    /// Reads `sf=11,bw=250,cr=5,preamble=16`, the bandwidth in kHz; what is left out is as in [`Lora::LONG_FAST`].
    fn from_str(text: &str) -> Result<Lora, String> {
        let (mut lora, mut seen) = (Lora::LONG_FAST, Vec::new());
        for setting in text.split(',') {
            let (name, value) = setting.split_once('=').ok_or(format!("{setting}: not NAME=VALUE"))?;
            if seen.contains(&name) {
                return Err(format!("{name}: given twice"));
            }
            seen.push(name);
            match name {
                "sf" => lora.sf = within(value, 7, 12, "sf")?,
                "bw" => lora.bw = bandwidth(value).ok_or("bw: not 7 to 2000 kHz")?,
                "cr" => lora.cr = within(value, 5, 8, "cr")?,
                "preamble" => lora.preamble = within(value, 6, 65_535, "preamble")?,
                _ => return Err(format!("{name}: not one of sf, bw, cr, preamble")),
            }
        }
        Ok(lora)
    }
}

fn within<N: TryFrom<u32>>(value: &str, least: u32, most: u32, name: &str) -> Result<N, String> {
    let number = whole(value).filter(|n| (least..=most).contains(n));
    number.and_then(|n| N::try_from(n).ok()).ok_or(format!("{name}: not {least} to {most}"))
}

/// Digits alone: a sign is none.
fn whole(digits: &str) -> Option<u32> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Kilohertz with up to three decimals, in Hz.
fn bandwidth(value: &str) -> Option<u32> {
    let (kilo, rest) = value.split_once('.').unwrap_or((value, "0"));
    if rest.is_empty() || rest.len() > 3 {
        return None;
    }
    let hertz = whole(kilo)?.checked_mul(1000)?.checked_add(whole(&format!("{rest:0<3}"))?)?;
    (7_000..=2_000_000).contains(&hertz).then_some(hertz)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_in_any_order_and_nothing_else_is() {
        let slow = Lora { sf: 12, bw: 62_500, cr: 8, preamble: 8 };
        assert_eq!("preamble=8,cr=8,bw=62.5,sf=12".parse(), Ok(slow));
        assert_eq!("sf=11".parse(), Ok(Lora::LONG_FAST));
        for bad in [
            "",
            "sf",
            "sf=6",
            "sf=13",
            "sf=+9",
            "sf=9,sf=9",
            "bw=0",
            "bw=62.",
            "bw=1.0000",
            "bw=5000000",
            "cr=4",
            "cr=9",
            "preamble=0",
            "preamble=65536",
            "power=20",
            "sf=9,",
            "sf=9;bw=125",
        ] {
            assert!(bad.parse::<Lora>().is_err(), "{bad}");
        }
    }

    #[test]
    fn more_bytes_take_no_less_time_at_any_setting() {
        for sf in 7..=12 {
            for bw in [7_800, 62_500, 125_000, 250_000, 500_000] {
                let lora = Lora { sf, bw, cr: 5, preamble: 8 };
                assert!((0..500).map(|bytes| lora.airtime(bytes)).is_sorted(), "sf {sf}, bw {bw}");
            }
        }
    }
}
