//! Frames as packets, and a packet as a line.

use crate::Args;
use crate::pace::Pace;
use data_encoding::BASE64URL_NOPAD;
use std::io::Write as _;
use ulp_cli::{Failure, Output};
use ulp_core::frame::Frame;
use ulp_core::id::Time;
use ulp_core::json::write::Members;
use ulp_core::report::{Outcome, Position, Report};
use ulp_peer::radio::Lora;

/// Nanoseconds of a millisecond.
const NANOS: i64 = 1_000_000;

/// Writes packets.
pub struct Packets {
    mtu: usize,
    header: usize,
    repeat: u8,
    lora: Lora,
    pace: Pace,
}

impl Packets {
    pub fn new(args: &Args, pace: Pace) -> Packets {
        let (mtu, header) = (usize::from(args.mtu), usize::from(args.header));
        Packets { mtu, header, repeat: args.repeat, lora: args.lora, pace }
    }

    /// Writes what a line became, as often as is asked for; how many packets there was no airtime for.
    pub fn write(&mut self, frames: &[Frame], now: Time, out: &mut Output) -> Result<u64, Failure> {
        let (packets, now) = (gather(frames, self.mtu), millis(now));
        let mut lost = 0;
        for packet in (0..self.repeat).flat_map(|_| &packets) {
            let airtime = self.lora.airtime(self.header + packet.len());
            match self.pace.next(now, airtime) {
                Some(after) => out.write_all(&line(packet, airtime, after))?,
                None => lost += 1,
            }
        }
        Ok(lost)
    }
}

/// Milliseconds since 1970; of earlier times 0.
pub fn millis(now: Time) -> u64 {
    u64::try_from(now.0.div_euclid(NANOS)).unwrap_or_default()
}

/// Notes that there was no airtime for so many packets.
pub fn tell(lost: u64, at: Position, report: &mut Report) {
    if lost > 0 {
        let detail = format!("{lost} packets: no airtime is left for them");
        report.say(Outcome::Noted, "radio.dropped", at, true, || (None, detail));
    }
}

/// Frames back to back, as many as fit into each packet; a part is the last of its.
fn gather(frames: &[Frame], mtu: usize) -> Vec<Vec<u8>> {
    let mut packets: Vec<Vec<u8>> = Vec::new();
    let mut closed = true;
    for frame in frames {
        let bytes = frame.print();
        match packets.last_mut().filter(|packet| !closed && packet.len() + bytes.len() <= mtu) {
            Some(packet) => packet.extend_from_slice(&bytes),
            None => packets.push(bytes),
        }
        closed = frame.rows().is_none();
    }
    packets
}

/// The line of a packet.
pub fn line(packet: &[u8], airtime: u64, after: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.integer("after_ms", after, &mut out);
    line.integer("airtime_ms", airtime, &mut out);
    line.word("packet", BASE64URL_NOPAD.encode(packet), &mut out);
    line.end_line(&mut out);
    out
}
