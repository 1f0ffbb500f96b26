//! A packet as the lines that its frames stand for.

use crate::desk::Desk;
use crate::line::{Fit, Unfit, fit};
use crate::packets::millis;
use std::io::Write as _;
use ulp_cli::{Failure, Output};
use ulp_core::frame::{Body, Frame, packet};
use ulp_core::id::Time;
use ulp_core::report::{Outcome, Position, Refusal, Report};

impl Desk {
    /// Writes the lines of a packet. Why it gives none, or fewer, is the inner error: all of it where it is no packet,
    /// else the first of its frames that is not what it says; the others are taken.
    pub fn hear(
        &mut self,
        bytes: &[u8],
        now: Time,
        (at, report): (Position, &mut Report),
        out: &mut Output,
    ) -> Result<Result<(), Unfit>, Failure> {
        match packet(bytes) {
            Ok(frames) => self.take(&frames, now, (at, report), out),
            Err(refusal) => Ok(Err(refusal.into())),
        }
    }

    /// Writes the lines of some frames; why some give none is the inner error.
    pub fn take(
        &mut self,
        frames: &[Frame],
        now: Time,
        (at, report): (Position, &mut Report),
        out: &mut Output,
    ) -> Result<Result<(), Unfit>, Failure> {
        let mut unfit = Ok(());
        for frame in frames {
            match self.line_of(frame, now) {
                Ok(Some(line)) => {
                    out.write_all(&line)?;
                    out.write_all(b"\n")?;
                }
                Ok(None) => self.tell_presence(frame, at, report),
                Err(why) => unfit = unfit.and(Err(why)),
            }
        }
        Ok(unfit)
    }

    /// Notes who is there, or wants to meet, as no line says so.
    fn tell_presence(&self, frame: &Frame, at: Position, report: &mut Report) {
        let Some(rows) = frame.rows().filter(|rows| rows.entries.is_empty()) else { return };
        let detail = || {
            let speaker = self.names.speaker(frame, &self.verifier);
            let name = speaker.map_or_else(|_| frame.peer.as_peer(), |speaker| speaker.name);
            let says = if rows.wants { "wants to meet" } else { "is there" };
            (None, format!("{name} {says}: m/world/{}", self.names.space(rows.space)))
        };
        report.say(Outcome::Noted, "radio.presence", at, true, detail);
    }

    /// The line of a frame, or that of a message of which it was the last part that lacked.
    fn line_of(&mut self, frame: &Frame, now: Time) -> Result<Option<Vec<u8>>, Unfit> {
        if let Body::Rows(_) = frame.body {
            let speaker = self.names.speaker(frame, &self.verifier)?;
            return Ok(self.names.line(frame, &speaker).map(String::into_bytes));
        }
        let Some(line) = self.assembly.hear(millis(now), frame)? else { return Ok(None) };
        // A line end in it would make two of it.
        if line.contains(&b'\n') || line.contains(&b'\r') {
            return Err(Refusal::new("json.syntax", "a line end within a line").into());
        }
        match fit(&line, &self.elsewhere)? {
            Fit::Event(_) | Fit::Statement => Ok(Some(line)),
            Fit::Packet(_) => Err(Refusal::new("radio.frame", "a packet in a packet").into()),
        }
    }
}
