//! draw a trace as a canvas

mod canvas;
mod detail;
mod letters;
mod names;
mod ocif;
mod png;
mod records;
mod svg;

use chrono::DateTime;
use clap::{Parser, ValueEnum};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use svg::{Drawing, Told};
use ulp_cli::follow::{self, Drawn};
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, FontArgs, Log, Output, Status};
use ulp_core::world::AsOf;
use ulp_view::View;
use ulp_view::fonts::Fonts;
use ulp_view::join::Reached;
use ulp_view::record::Record;
use ulp_view::sheet;
use ulp_view::sheet::extent::Extent;
use ulp_view::sheet::page::{self, Furniture};
use ulp_view::sheet::pictures::{self, Gallery};
use ulp_view::sheet::scene::{Item, Scene};

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
    #[command(flatten)]
    fonts: FontArgs,
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
    let fonts = Fonts::condensed(args.fonts.read()?);
    if !args.follow {
        let needs = if args.format == Format::Html { Needs::History } else { Needs::State };
        return project::project(&args.projection, needs, log, |view, out, log| {
            write(&args, &fonts, view, out, log)
        });
    }
    if args.format != Format::Jsonl {
        return Err(Failure::usage("--follow", "it goes with -f jsonl"));
    }
    let provenance = args.projection.provenance;
    let mut extents = BTreeMap::new();
    let part = |view: &View<'_, '_>, reached: &[Reached<'_>]| part(view, reached, &mut extents, provenance);
    follow::follow(&args.projection, log, |view| lines(view, provenance), part)
}

fn lines(view: &View<'_, '_>, provenance: bool) -> Vec<Record> {
    let scenes: Vec<Scene<'_, '_>> = view.spaces.iter().map(Scene::told).collect();
    scenes.iter().flat_map(|scene| records::lines(scene, provenance, |_| true)).collect()
}

/// The records of what changed. Text that gives no size follows the drawing's, so that all of it may be asked for again.
fn part(
    view: &View<'_, '_>,
    reached: &[Reached<'_>],
    extents: &mut BTreeMap<String, Extent>,
    provenance: bool,
) -> Drawn {
    let mut drawn = Drawn::default();
    for (space, reached) in view.spaces.iter().zip(reached) {
        let extent = extents.entry(space.space.to_owned()).or_default();
        let before = extent.text_size();
        let scene = Scene::part(space, reached, extent);
        if scene.items.iter().any(Item::is_unsized) && extent.ask() {
            drawn.again.push((space.space.to_owned(), None));
            continue;
        }
        drawn.records.extend(records::lines(&scene, provenance, |node| reached.nodes.contains(node)));
        if extent.text_size() != before && extent.has_texts() {
            drawn.again.push((space.space.to_owned(), Some(extent.texts())));
        }
    }
    drawn
}

fn write(
    args: &Args,
    fonts: &Fonts,
    view: &View<'_, '_>,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let provenance = args.projection.provenance;
    if args.format == Format::Jsonl {
        let mut scenes = view.spaces.iter().map(Scene::told);
        return scenes.try_for_each(|scene| Ok(records::write(&scene, provenance, out)?));
    }
    let mut scenes: Vec<Scene<'_, '_>> = view.spaces.iter().map(Scene::new).collect();
    let database = pictures::database(fonts);
    let mut gallery = Gallery::new(view.blobs, Arc::clone(&database));
    scenes.iter_mut().for_each(|scene| gallery.hang(scene));
    let mut dropped: Vec<(String, String)> = Vec::new();
    let date = view.filter.at.as_ref().map(date);
    let date = date.as_deref();
    match args.format {
        Format::Jsonl => {}
        Format::Svg => {
            let drawing = svg::write(&scenes, Told { provenance, date }, None);
            out.write_all(drawing.text.as_bytes())?;
            note_labels(view, &drawing, log)?;
        }
        Format::Html => {
            let takes_tile = |tile| args.projection.select.tile(tile);
            let options = args.projection.chosen();
            let shown = (&Furniture::NONE, &options[..]);
            out.write_all(&page::write(view, &scenes, &gallery, shown, takes_tile))?;
        }
        Format::Canvas => {
            let (text, lost) = canvas::write(&scenes);
            out.write_all(&text)?;
            dropped.extend(lost.into_iter().map(|(node, what)| (node, what.to_owned())));
        }
        Format::Ocif => out.write_all(&ocif::write(&scenes, provenance))?,
        Format::Png => {
            let side = f64::from(args.width.max(args.height).unwrap_or(png::SIDE));
            let drawing = svg::write(&scenes, Told { provenance: false, date }, Some(side));
            let picture = png::write(&drawing.text, database, args.width, args.height);
            out.write_all(&picture.map_err(|e| Failure::usage("-f png", e))?)?;
            note_labels(view, &drawing, log)?;
            dropped.extend(drawing.coarse.into_iter().map(|node| (node, "detail".to_owned())));
            dropped.extend(letters::lacking(&scenes, &fonts.faces()));
        }
    }
    dropped.extend(sheet::lost(&scenes, &gallery));
    project::leave(scenes);
    project::note_blobs(view, log)?;
    dropped
        .into_iter()
        .try_for_each(|(node, what)| project::note(view, "export.dropped", format!("{node}: {what}"), log))
}

/// Notes how many labels of each space are left out, for want of a place that is free.
fn note_labels(view: &View<'_, '_>, drawing: &Drawing<'_>, log: &mut Log) -> Result<(), Failure> {
    drawing.unlabelled.iter().try_for_each(|(space, count)| {
        project::note(view, "export.labels", format!("{space}: {count} left out"), log)
    })
}

/// The time that a view is of, as people read it.
fn date(at: &AsOf) -> String {
    let (AsOf::Time(time) | AsOf::Key { eff: time, .. }) = at;
    DateTime::from_timestamp_nanos(time.0).format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
