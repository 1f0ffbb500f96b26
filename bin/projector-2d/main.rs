//! draw a trace as a canvas

mod blobs;
mod labels;
mod page;
mod path;
mod records;
mod scene;
mod shape;
mod style;
mod svg;
mod text;

use blobs::Blobs;
use clap::{Parser, ValueEnum};
use scene::Scene;
use std::io::Write as _;
use std::process::ExitCode;
use ulp::cli::trace::{self, Projection, View};
use ulp::cli::{self, Action, Failure, Log, Output, Record, Status};

/// draw a trace as a canvas
#[derive(Parser)]
#[command(name = "projector-2d", version)]
struct Args {
    #[command(flatten)]
    projection: Projection,
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON lines: a record a node, a link and a sensor
    Jsonl,
    /// A standalone drawing
    Svg,
    /// A page for a browser, with the history to replay
    Html,
}

fn main() -> ExitCode {
    cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    trace::project(&args.projection, log, |view, out, log| write(&args, view, out, log))
}

fn write(args: &Args, view: &View<'_, '_>, out: &mut Output, log: &mut Log) -> Result<(), Failure> {
    let scenes: Vec<Scene<'_, '_>> = view.spaces.iter().map(|s| Scene::new(s, view.filter)).collect();
    let blobs = Blobs::new(args.projection.objects.as_deref());
    let provenance = args.projection.provenance;
    match args.format {
        Format::Jsonl => {
            let mut lines = Vec::new();
            for scene in &scenes {
                records::write(scene, provenance, &mut lines);
                out.write_all(&lines)?;
                lines.clear();
            }
        }
        Format::Html => {
            let takes_tile = |tile| args.projection.select.tile(tile);
            out.write_all(&page::write(view, &scenes, &blobs, takes_tile))?;
        }
        Format::Svg => out.write_all(svg::write(&scenes, &blobs, provenance).as_bytes())?,
    }
    note_faults(&blobs, log)
}

/// Says which blobs could not be embedded.
fn note_faults(blobs: &Blobs, log: &mut Log) -> Result<(), Failure> {
    for (reference, code) in blobs.faults.borrow().iter() {
        log.record(&Record {
            action: Action::Noted,
            code,
            place: None,
            shared: true,
            event_id: None,
            detail: reference.clone(),
        })?;
    }
    Ok(())
}
