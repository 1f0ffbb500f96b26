//! lay a trace on the Earth

mod cot;
mod curves;
mod earth;
mod feature;
mod geojson;
mod gpx;
mod kml;
mod page;
mod properties;
mod replay;

use bumpalo::Bump;
use clap::{Parser, ValueEnum};
use feature::{Feature, Map};
use rayon::prelude::*;
use replay::Kept;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, FontArgs, Log, OriginArgs, Output, Status};
use ulp_view::View;
use ulp_view::fonts::Fonts;
use ulp_view::geodesy::Plane;
use ulp_view::join::Space;
use ulp_view::scene::{Sensor, Settings, Unplaced};
use ulp_view::transform::Transform;

/// How long a CoT event holds where nothing says so, in seconds.
const STALE: u64 = 3600;

/// lay a trace on the Earth
#[derive(Parser)]
#[command(name = "projector-map", version)]
struct Args {
    #[command(flatten)]
    projection: Projection,
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    #[command(flatten)]
    origin: OriginArgs,
    /// Write a feature for each stretch of time in which what is shown did not change
    #[arg(long)]
    replay: bool,
    /// How long an event of -f cot holds where its node does not say [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = ulp_cli::duration)]
    stale: Option<Duration>,
    #[command(flatten)]
    fonts: FontArgs,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A GeoJSON Feature a line
    Jsonl,
    /// One GeoJSON FeatureCollection
    Geojson,
    /// KML 2.2
    Kml,
    /// GPX 1.1
    Gpx,
    /// Cursor on Target 2.0, an event a line
    Cot,
    /// A page for a browser, with the history to replay
    Html,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if args.stale.is_some() && args.format != Format::Cot {
        return Err(Failure::usage("--stale", "it goes with -f cot"));
    }
    let fonts = Fonts::condensed(args.fonts.read()?);
    // A page replays by itself.
    let is_page = args.format == Format::Html;
    let is_cut = args.replay && !is_page;
    let needs = if args.replay || is_page { Needs::History } else { Needs::State };
    project::project(&args.projection, needs, log, |view, out, log| {
        let laid = lay(&args, view, log)?;
        let takes_tile = |tile| args.projection.select.tile(tile);
        let arena = Bump::new();
        let histories = if is_cut { view.resolved(&arena) } else { Vec::new() };
        let kept = Kept { filter: view.filter, takes_tile: &takes_tile };
        let seen: Vec<(Vec<Transform>, Vec<Sensor<'_, '_>>)> =
            laid.par_iter().map(|(space, _)| feature::readings(space)).collect();
        let shown = Bump::new();
        let mut maps: Vec<Map<'_, '_>> = Vec::with_capacity(laid.len());
        for ((space, plane), (worlds, readings)) in laid.iter().zip(&seen) {
            let history = histories.iter().find(|history| history.space == space.space);
            let map = match history {
                Some(history) => replay::map(space, history, *plane, &kept, &shown),
                None => feature::map(space, *plane, (worlds, readings)),
            };
            maps.push(Map { provenance: args.projection.provenance, ..map });
        }
        if is_page {
            let (spaces, options) = (laid.iter().map(|(space, _)| *space), args.projection.chosen());
            let (page, lost) = page::write(view, spaces, &maps, &fonts, &options, takes_tile);
            out.write_all(&page)?;
            project::note_blobs(view, log)?;
            let dropped = lost.into_iter().map(|(node, what)| format!("{node}: {what}"));
            tell(view, dropped, log)?;
        } else {
            write(&args, &maps, out)?;
            tell(view, lost(&args, &maps), log)?;
        }
        tell_beyond(view, &maps, log)?;
        project::leave(maps);
        Ok(())
    })
}

/// The spaces that have a place on the Earth, each with its plane.
fn lay<'v, 'a>(
    args: &Args,
    view: &'v View<'_, 'a>,
    log: &mut Log,
) -> Result<Vec<(&'v Space<'a>, Plane)>, Failure> {
    let mut laid = Vec::new();
    for space in &view.spaces {
        match Settings::of_space(space).plane(args.origin.origin) {
            Ok(plane) => laid.push((space, plane)),
            Err(Unplaced::Origin) => {
                let hint = "it has no origin: give one with --origin LAT,LON[,H[,GEOID]]";
                return Err(Failure::usage(format!("space {}", space.space), hint));
            }
            Err(Unplaced::Unit(unit)) => {
                project::leave_out(view, "map.unit", format!("{}: {unit}", space.space), log)?;
            }
        }
    }
    Ok(laid)
}

fn write(args: &Args, maps: &[Map<'_, '_>], out: &mut Output) -> Result<(), Failure> {
    let stale = cot::nanos(args.stale.unwrap_or(Duration::from_secs(STALE)));
    match args.format {
        Format::Jsonl => maps.iter().try_for_each(|map| geojson::write_lines(map, out))?,
        Format::Geojson => geojson::write_collection(maps, out)?,
        Format::Kml => kml::write(maps, out)?,
        Format::Gpx => gpx::write(maps, out)?,
        Format::Cot => maps.iter().try_for_each(|map| cot::write(map, stale, out))?,
        Format::Html => {}
    }
    Ok(())
}

/// What a format does not show, a line a thing.
fn lost<'m>(args: &'m Args, maps: &'m [Map<'_, '_>]) -> impl Iterator<Item = String> + 'm {
    let lost = |feature: &Feature<'_, '_>| {
        let by_format = match args.format {
            Format::Gpx => gpx::lost(feature),
            Format::Cot => cot::lost(feature),
            Format::Jsonl | Format::Geojson | Format::Kml | Format::Html => None,
        };
        by_format.or(feature.laid.lost).map(|lost| format!("{}: {lost}", feature.id))
    };
    let each = move |map: &'m Map<'_, '_>| {
        let mut before = BTreeSet::new();
        map.features.iter().filter_map(lost).filter(move |detail| before.insert(detail.clone()))
    };
    maps.iter().flat_map(each)
}

fn tell(view: &View<'_, '_>, mut lost: impl Iterator<Item = String>, log: &mut Log) -> Result<(), Failure> {
    lost.try_for_each(|detail| project::note(view, "export.dropped", detail, log))
}

fn tell_beyond(view: &View<'_, '_>, maps: &[Map<'_, '_>], log: &mut Log) -> Result<(), Failure> {
    let mut beyond = maps.iter().flat_map(|map| &map.beyond);
    beyond.try_for_each(|id| project::leave_out(view, "map.range", id.clone(), log))
}
