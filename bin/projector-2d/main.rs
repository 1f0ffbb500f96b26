//! draw a trace as a canvas

mod canvas;
mod ocif;
mod page;
mod png;
mod records;
mod scene;
mod svg;

use clap::{Parser, ValueEnum};
use scene::Scene;
use std::io::Write as _;
use std::process::ExitCode;
use ulp_cli::follow;
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, Log, Output, Status};
use ulp_view::View;
use ulp_view::media::Pictures;
use ulp_view::record::Record;

/// draw a trace as a canvas
#[derive(Parser)]
#[command(name = "projector-2d", version)]
struct Args {
    #[command(flatten)]
    projection: Projection,
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// Width of a picture, in pixels
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(png::MOST)))]
    width: Option<u16>,
    /// Height of a picture, in pixels
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(png::MOST)))]
    height: Option<u16>,
    /// Write records as the trace grows, each replacing the one with its id
    #[arg(long, conflicts_with = "store")]
    follow: bool,
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
    /// JSON Canvas 1.0
    Canvas,
    /// Open Canvas Interchange Format 0.7
    Ocif,
    /// A picture
    Png,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if (args.width.is_some() || args.height.is_some()) && args.format != Format::Png {
        return Err(Failure::usage("--width, --height", "they go with -f png"));
    }
    if !args.follow {
        let needs = if args.format == Format::Html { Needs::History } else { Needs::State };
        return project::project(&args.projection, needs, log, |view, out, log| write(&args, view, out, log));
    }
    if args.format != Format::Jsonl {
        return Err(Failure::usage("--follow", "it goes with -f jsonl"));
    }
    follow::follow(&args.projection, log, |view| Ok(lines(view, args.projection.provenance)))
}

fn scenes<'s, 'a>(view: &'s View<'_, 'a>) -> Vec<Scene<'s, 'a>> {
    view.spaces.iter().map(|s| Scene::new(s, view.filter)).collect()
}

fn lines(view: &View<'_, '_>, provenance: bool) -> Vec<Record> {
    scenes(view).iter().flat_map(|scene| records::lines(scene, provenance)).collect()
}

fn write(args: &Args, view: &View<'_, '_>, out: &mut Output, log: &mut Log) -> Result<(), Failure> {
    let scenes = scenes(view);
    let pictures = Pictures::new(view.blobs);
    let provenance = args.projection.provenance;
    let mut dropped = Vec::new();
    match args.format {
        Format::Jsonl => {
            for scene in &scenes {
                records::write(scene, provenance, out)?;
            }
        }
        Format::Svg => out.write_all(svg::write(&scenes, &pictures, provenance).as_bytes())?,
        Format::Html => {
            let takes_tile = |tile| args.projection.select.tile(tile);
            out.write_all(&page::write(view, &scenes, &pictures, takes_tile))?;
        }
        Format::Canvas => {
            let (text, lost) = canvas::write(&scenes);
            out.write_all(&text)?;
            dropped = lost;
        }
        Format::Ocif => out.write_all(&ocif::write(&scenes, &pictures, provenance))?,
        Format::Png => {
            let drawing = svg::write(&scenes, &pictures, false);
            let picture = png::write(&drawing, args.width, args.height);
            out.write_all(&picture.map_err(|e| Failure::usage("-f png", e))?)?;
        }
    }
    project::note_blobs(view, log)?;
    dropped
        .into_iter()
        .try_for_each(|(node, what)| project::note(view, "export.dropped", format!("{node}: {what}"), log))
}
