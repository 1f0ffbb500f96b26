//! `--follow`: a node on air, as long as lines come.
//!
//! What is read is heard or offered at once; what the node has to say is written when it is due. Once nothing more
//! comes, what still waits is written with the time at which it is due, and the run ends.

use crate::answers::Answers;
use crate::desk::Desk;
use crate::line::Turned;
use crate::packets::{self, millis};
use crate::{Args, known};
use std::collections::VecDeque;
use std::io::Write as _;
use std::time::{Duration, Instant};
use ulp_cli::{Failure, LineReader, Log, Output, Status, Witness};
use ulp_core::frame::{Body, Frame, Tag, packet};
use ulp_core::id::Time;
use ulp_core::json::EVENT_BYTES;
use ulp_core::report::{Diagnostic, Outcome, Position, Refusal, Report};
use ulp_peer::air::{Class, Node, Settings, Standing, What};
use ulp_peer::radio::Speaker;
use ulp_store::Store;

/// Rows that a node keeps.
const ROWS: usize = 4096;
/// Seconds by which clocks may be ahead, as a gate has it.
const SKEW: u64 = 600;
/// Frames that are known again, so that each is one line.
const SEEN: usize = 1024;
/// Once nothing more comes, what is not due for so long is given up, in milliseconds.
const LAST: u64 = 60_000;
/// How long is waited for a line where nothing is due.
const IDLE: Duration = Duration::from_secs(3600);

/// A node, and what stands around it.
pub struct Follow<'a> {
    args: &'a Args,
    desk: Desk,
    node: Node,
    answers: Option<Answers>,
    seen: VecDeque<[u8; 32]>,
    start: Time,
    began: Instant,
    /// The moment of the last line. No two are of one, so that it is told which came first.
    last: u64,
    out: Output,
    log: &'a mut Log,
}

impl<'a> Follow<'a> {
    pub fn open(args: &'a Args, desk: Desk, out: Output, log: &'a mut Log) -> Result<Follow<'a>, Failure> {
        let start = args.now.time();
        // A node that has no name draws its moments by the time at which it began.
        let own = desk.own.clone().unwrap_or_else(|| start.to_string());
        let mut node = Node::new(settings(args, &own, start));
        let store = args.store.as_deref().map(|path| Store::open(path, false)).transpose()?;
        for space in desk.names.of_store() {
            node.space(0, space);
        }
        let answers = store.map(|store| Answers::new(store, own));
        let (seen, began) = (VecDeque::new(), Instant::now());
        Ok(Follow { args, desk, node, answers, seen, start, began, last: 0, out, log })
    }

    pub fn run(mut self) -> Result<Status, Failure> {
        let mut reader = self.log.lines(&self.args.files, EVENT_BYTES)?;
        loop {
            self.send(self.elapsed().max(self.last))?;
            self.out.flush()?;
            self.log.flush()?;
            let left = self.left();
            if reader.waits(left) && self.left().is_zero() {
                continue;
            }
            if !self.read(&mut reader)? {
                break;
            }
        }
        self.rest()?;
        let input = Some(reader.digest());
        let witness = Witness { input, now: self.args.now.given(), ..Witness::default() };
        self.log.finish(Some(self.out), &witness)
    }

    /// Milliseconds since the start.
    fn elapsed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long nothing is due.
    fn left(&self) -> Duration {
        let due = self.node.due().map(Duration::from_millis);
        due.map_or(IDLE, |due| due.saturating_sub(self.began.elapsed()).min(IDLE))
    }

    /// The time of a moment.
    fn time(&self, elapsed: u64) -> Time {
        let nanos = i64::try_from(elapsed).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        Time(self.start.0.saturating_add(nanos))
    }

    /// Writes the packet that is due, if one is.
    fn send(&mut self, now: u64) -> Result<(), Failure> {
        self.node.poll(now).map_or(Ok(()), |packet| self.write(&packet, 0))
    }

    fn write(&mut self, packet: &[u8], after: u64) -> Result<(), Failure> {
        Ok(self.out.write_all(&packets::line(packet, self.node.airtime(packet.len()), after))?)
    }

    /// Takes the lines that are there; whether there may be more.
    fn read(&mut self, reader: &mut LineReader) -> Result<bool, Failure> {
        let Some(chunk) = reader.next_chunk()? else { return Ok(false) };
        let (mut report, strict) = (self.log.report(), self.log.is_strict());
        let lines = chunk.each_line(&mut report, strict, |line, at, report| self.line(line, at, report))?;
        self.log.feed(report, chunk.source, lines)?;
        Ok(true)
    }

    /// Takes one line; what it is refused for is the inner error.
    fn line(
        &mut self,
        line: &[u8],
        at: Position,
        report: &mut Report,
    ) -> Result<Result<(), Refusal>, Failure> {
        self.last = self.elapsed().max(self.last + 1);
        let now = self.last;
        let unfit = match self.desk.turn(line, self.time(now), at, report) {
            Ok(Turned::Frames { frames, own }) => {
                self.offer(&frames, own, now);
                Ok(())
            }
            Ok(Turned::Packet(packet)) => return self.hear(&packet, now, at, report),
            Err(unfit) => Err(unfit),
        };
        Ok(unfit.or_else(|unfit| unfit.tell(at, report)))
    }

    /// Offers what a line became: parts as often as is asked for, as nobody tells them again once they are old.
    fn offer(&mut self, frames: &[Frame], own: bool, now: u64) {
        let is_part = |frame: &Frame| frame.rows().is_none();
        let times = if frames.iter().all(is_part) { self.args.repeat } else { 1 };
        // What comes back of it is no news.
        for frame in frames {
            self.is_new(frame);
        }
        for frame in (0..times).flat_map(|_| frames) {
            let class = match own {
                true => Class::Own,
                false if frame.is_signed() => Class::Signed,
                false => Class::Rest,
            };
            self.node.offer(now, frame, class);
        }
    }

    /// Hears a packet: the lines of what was not heard before are written, wants are answered.
    fn hear(
        &mut self,
        bytes: &[u8],
        now: u64,
        at: Position,
        report: &mut Report,
    ) -> Result<Result<(), Refusal>, Failure> {
        let frames = match packet(bytes) {
            Ok(frames) => frames,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.look_again(&frames)?;
        let speakers: Vec<Result<Speaker, Refusal>> =
            frames.iter().map(|frame| self.desk.names.speaker(frame, &self.desk.verifier)).collect();
        let mut standings = speakers.iter().map(standing);
        // The node goes through the same frames in the same order.
        let heard = self.node.hear(now, bytes, |_| standings.next().unwrap_or(Standing::Refused));
        let time = self.time(now);
        for (frame, what) in frames.iter().zip(heard.into_iter().flatten()) {
            if what == What::Question {
                self.answer(frame, now)?;
            }
        }
        let new: Vec<Frame> = frames.into_iter().filter(|frame| self.is_new(frame)).collect();
        let unfit = self.desk.take(&new, time, (at, report), &mut self.out)?;
        Ok(unfit.or_else(|unfit| unfit.tell(at, report)))
    }

    /// Whether a frame was not heard before, hops aside; a part is for those who put parts together to know.
    fn is_new(&mut self, frame: &Frame) -> bool {
        if let Body::Part(_) = frame.body {
            return true;
        }
        let name = ulp_core::hash::Sha256::of(&frame.clone().with_hops(0).print()).0;
        if self.seen.contains(&name) {
            return false;
        }
        if self.seen.len() == SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(name);
        true
    }

    /// Reads the graph once more, where it has changed and a tag is not known.
    fn look_again(&mut self, frames: &[Frame]) -> Result<(), Failure> {
        let Some(path) = self.args.graph.as_deref() else { return Ok(()) };
        if frames.iter().all(|frame| self.desk.names.knows(frame)) {
            return Ok(());
        }
        let stamp = known::stamp(path);
        if stamp != self.desk.graph {
            self.desk.graph = stamp;
            known::graph(path, &mut self.desk.names)?;
        }
        Ok(())
    }

    /// Offers what the store has to say to a want.
    fn answer(&mut self, frame: &Frame, now: u64) -> Result<(), Failure> {
        let time = self.time(now);
        let (Some(rows), Some(answers)) = (frame.rows(), &mut self.answers) else { return Ok(()) };
        let answer = answers.to(rows, &self.desk, time, now)?;
        if let Some((advert, peer)) = answer.advert {
            let tips = self.desk.frames(&advert, &peer);
            tips.iter().for_each(|tip| self.node.offer(now, tip, Class::Own));
        }
        for line in answer.events {
            // One that is too long for the air is to be had by a sync.
            let parts = self.desk.event(&line, time).unwrap_or_default();
            parts.iter().for_each(|part| self.node.offer(now, part, Class::Rest));
        }
        Ok(())
    }

    /// Writes what waits, with the time at which it is due, now that nothing more comes.
    fn rest(&mut self) -> Result<(), Failure> {
        let mut last = self.elapsed().max(self.last);
        while self.node.waiting() > 0 {
            let Some(due) = self.node.due().filter(|due| *due <= last + LAST) else { break };
            let now = due.max(last);
            if let Some(packet) = self.node.poll(now) {
                self.write(&packet, now - last)?;
                last = now;
            }
        }
        let dropped = self.node.dropped() + self.node.waiting() as u64;
        if dropped > 0 {
            let detail = format!("{dropped} frames: there was no room or no airtime for them");
            self.log.warn(&Diagnostic {
                position: None,
                outcome: Outcome::Noted,
                code: "radio.dropped".into(),
                shared: true,
                event_id: None,
                detail,
            })?;
        }
        Ok(())
    }
}

fn settings(args: &Args, own: &str, start: Time) -> Settings {
    Settings {
        own: Tag::of_peer(own),
        seq: u32::try_from(millis(start) / 1000).unwrap_or(u32::MAX),
        hops: args.hops,
        mtu: args.mtu.into(),
        lora: args.lora,
        header: args.header.into(),
        hourly: args.hourly(),
        total: args.total(),
        rows: ROWS,
        epoch: Some(millis(start)),
        skew: SKEW,
    }
}

fn standing(speaker: &Result<Speaker, Refusal>) -> Standing {
    match speaker {
        Err(_) => Standing::Refused,
        Ok(speaker) if speaker.proven => Standing::Signed,
        Ok(speaker) if speaker.known => Standing::Known,
        Ok(_) => Standing::Unknown,
    }
}
