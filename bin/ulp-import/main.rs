//! make events of what other programs write

mod args;
mod canvas;
mod desk;
mod draft;
mod excalidraw;
mod framer;
mod geojson;
mod gpx;
mod ids;
mod known;
mod objects;
mod ocif;
mod pipe;
mod place;
mod record;
mod row;
mod rows;
mod senml;
mod shape;
mod sink;
mod sketch;
mod split;
mod survey;
mod table;
mod table_args;
mod texts;
mod time;
mod whole;
mod work;

use std::process::ExitCode;

use ulp_cli::{Failure, Log, Output, Status, Witness};

use args::Args;
use desk::Desk;

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    let mut desk = Desk::of(&args)?;
    let mut out = Output::open(&args.output)?;
    let mut reader = log.lines(&args.files, framer::line_bytes(args.format))?;
    args.jobs.run(|| work::run(&mut desk, &mut reader, &mut out, log))??;
    let witness = Witness { input: Some(reader.digest()), scope: desk.scope_digest, ..Witness::default() };
    log.finish(Some(out), &witness)
}
