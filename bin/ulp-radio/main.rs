//! turn lines into radio packets, and packets into lines

mod answers;
mod desk;
mod follow;
mod heard;
mod known;
mod line;
mod pace;
mod packets;

use clap::Parser;
use desk::Desk;
use follow::Follow;
use line::Turned;
use pace::{Duty, Pace};
use packets::Packets;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use ulp_cli::{Failure, Files, LineReader, Log, Now, Output, OutputArgs, Status, Witness, duration};
use ulp_core::json::EVENT_BYTES;
use ulp_core::report::{Position, Refusal, Report};
use ulp_peer::radio::Lora;

/// turn lines into radio packets, and packets into lines
#[derive(Parser)]
#[command(name = "ulp-radio", version)]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    /// Longest packet that is written, in bytes
    #[arg(long, value_name = "N", default_value_t = 233, value_parser = clap::value_parser!(u16).range(14..))]
    mtu: u16,
    /// How often what is written may be relayed
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(..=7))]
    hops: u8,
    /// Sign the adverts and wants of the key in FILE (PKCS#8 PEM) where that fits
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Send statements whole, in parts, rather than what frames carry of them
    #[arg(long)]
    whole: bool,
    /// Send what becomes of each line N times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    repeat: u8,
    /// Know the peers and spaces that the graph in FILE names
    #[arg(long, value_name = "FILE")]
    graph: Option<PathBuf>,
    /// Know the spaces of the store in DIR, its identity and its peers
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// How the radio is set, the bandwidth in kHz
    #[arg(long, value_name = "SETTINGS", default_value = "sf=11,bw=250,cr=5,preamble=16")]
    lora: Lora,
    /// Bytes that the radio's own protocol puts before a packet
    #[arg(long, value_name = "N", default_value_t = 16)]
    header: u8,
    /// The part of an hour that may be on air [default: 1%, but where a budget is given]
    #[arg(long, value_name = "PERCENT")]
    duty: Option<Duty>,
    /// How long this run may be on air in all, as 36s, 2m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    budget: Option<Duration>,
    /// Stay on air: relay news, say what others lack, and answer wants, within the airtime
    #[arg(long, conflicts_with = "output")]
    follow: bool,
    #[command(flatten)]
    now: Now,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    // Opened first: an output that cannot be written is said before any work is done.
    let out = Output::open(&args.output)?;
    let desk = Desk::open(&args, log)?;
    if args.follow {
        return Follow::open(&args, desk, out, log)?.run();
    }
    let reader = log.lines(&args.files, EVENT_BYTES)?;
    let pace = Pace::new(args.hourly(), args.total());
    Stream { args: &args, desk, packets: Packets::new(&args, pace), out, log }.run(reader)
}

impl Args {
    /// Milliseconds that an hour may be on air.
    fn hourly(&self) -> Option<u64> {
        let usual = self.budget.is_none().then(Duty::default);
        self.duty.or(usual).map(|duty| duty.hourly())
    }

    /// Milliseconds that the run may be on air.
    fn total(&self) -> Option<u64> {
        self.budget.map(|budget| u64::try_from(budget.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Lines that become packets and packets that become lines, each in its turn.
struct Stream<'a> {
    args: &'a Args,
    desk: Desk,
    packets: Packets,
    out: Output,
    log: &'a mut Log,
}

impl Stream<'_> {
    fn run(mut self, mut reader: LineReader) -> Result<Status, Failure> {
        loop {
            if reader.would_block() {
                self.out.flush()?;
                self.log.flush()?;
            }
            let Some(chunk) = reader.next_chunk()? else { break };
            let (mut report, strict) = (self.log.report(), self.log.is_strict());
            let lines =
                chunk.each_line(&mut report, strict, |line, at, report| self.line(line, at, report))?;
            self.log.feed(report, chunk.source, lines)?;
        }
        let input = Some(reader.digest());
        let witness = Witness { input, now: self.args.now.given(), ..Witness::default() };
        self.log.finish(Some(self.out), &witness)
    }

    /// Turns one line; what it is refused for is the inner error.
    fn line(
        &mut self,
        line: &[u8],
        at: Position,
        report: &mut Report,
    ) -> Result<Result<(), Refusal>, Failure> {
        let now = self.args.now.time();
        let unfit = match self.desk.turn(line, now, at, report) {
            Ok(Turned::Frames { frames, .. }) => {
                let lost = self.packets.write(&frames, now, &mut self.out)?;
                packets::tell(lost, at, report);
                Ok(())
            }
            Ok(Turned::Packet(packet)) => self.desk.hear(&packet, now, (at, report), &mut self.out)?,
            Err(unfit) => Err(unfit),
        };
        Ok(unfit.or_else(|unfit| unfit.tell(at, report)))
    }
}
