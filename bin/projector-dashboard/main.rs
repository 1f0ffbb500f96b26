//! show sensors over time

mod axis;
mod board;
mod chart;
mod csv;
mod derived;
mod jsonl;
mod known;
mod page;
mod prom;
mod rules;
mod senml;
mod sheet;
mod watch;
mod when;
mod words;

use board::Board;
use bumpalo::Bump;
use clap::{Parser, ValueEnum};
use rules::Rules;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use ulp_cli::follow;
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, Log, Output, Status, read_yaml};
use ulp_view::View;
use ulp_view::series::Series;

/// show sensors over time
#[derive(Parser)]
#[command(name = "projector-dashboard", version)]
struct Args {
    #[command(flatten)]
    projection: Projection,
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// Take what is a gap, and what is an alert, from FILE (YAML)
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Show the end alone, of this length: 90s, 10m, 24h, 7d
    #[arg(long, value_name = "TIME", value_parser = ulp_cli::duration)]
    last: Option<Duration>,
    /// Write records as the trace grows, each replacing the one of its series
    #[arg(long, conflicts_with = "store")]
    follow: bool,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON lines: a record a series, with its figures
    Jsonl,
    /// A page for a browser: a chart a series
    Html,
    /// A drawing: a sheet of sparklines
    Svg,
    /// A table of the readings, RFC 4180
    Csv,
    /// Text for Prometheus: the newest readings, and what is open
    Prom,
    /// SenML, RFC 8428: the readings
    Senml,
    /// What the rules derive, as events
    Events,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    let rules = match &args.rules {
        None => Rules::default(),
        Some(path) => read_yaml(path, Rules::parse)?,
    };
    if args.follow {
        if args.format != Format::Jsonl {
            return Err(Failure::usage("--follow", "it goes with -f jsonl"));
        }
        return follow::follow_whole(&args.projection, log, |view| {
            let arena = Bump::new();
            let gathered = view.series(&arena);
            let board = Board::new(&gathered, &rules, args.last());
            Ok(jsonl::records(&board, args.projection.provenance))
        });
    }
    let needs = Needs::History;
    project::project(&args.projection, needs, log, |view, out, log| write(&args, &rules, view, out, log))
}

impl Args {
    /// How long the end is, in nanoseconds.
    fn last(&self) -> Option<i64> {
        self.last.map(|last| i64::try_from(last.as_nanos()).unwrap_or(i64::MAX))
    }
}

fn write(
    args: &Args,
    rules: &Rules,
    view: &View<'_, '_>,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let arena = Bump::new();
    let gathered = view.series(&arena);
    let board = Board::new(&gathered, rules, args.last());
    match args.format {
        Format::Jsonl => {
            let lines = jsonl::lines(&board, args.projection.provenance);
            lines.iter().try_for_each(|line| out.write_all(line))?;
        }
        Format::Html => {
            let open = derived::derive(view, &board).open;
            out.write_all(page::write(view, &board, &open).as_bytes())?;
        }
        Format::Svg => out.write_all(sheet::write(&board).as_bytes())?,
        Format::Csv => out.write_all(&csv::write(&board))?,
        Format::Prom => {
            out.let_all_read();
            out.write_all(&prom::write(&board, &derived::derive(view, &board).open))?;
        }
        Format::Senml => {
            let (document, withheld) = senml::write(&board);
            out.write_all(&document)?;
            for (code, reading) in withheld {
                project::withhold(view, code, &reading, log)?;
            }
        }
        Format::Events => {
            let events = derived::derive(view, &board).events;
            events.iter().try_for_each(|event| out.write_all(&event.line))?;
        }
    }
    let of_state = |series: &&Series<'_>| series.readings.iter().any(|reading| reading.line.is_none());
    let named = |series: &Series<'_>| format!("{}: {}/{}", series.space, series.actor, series.sensor);
    let told = gathered.series.iter().filter(of_state).map(named);
    told.collect::<Vec<_>>().into_iter().try_for_each(|name| project::note(view, "sensor.history", name, log))
}
