//! lay a trace over what an eye sees

mod body;
mod label;
mod overlay;
mod pose;
mod record;
mod sky;
mod svg;
mod thing;
mod viewer;

use clap::{Parser, ValueEnum};
use overlay::Sight;
use pose::Pose;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use thing::{Laid, Seen, Thing};
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, FontArgs, Log, OriginArgs, Output, Status};
use ulp_core::report::{Diagnostic, Outcome};
use ulp_view::View;
use ulp_view::fonts::Fonts;
use ulp_view::scene::{Settings, Unplaced};
use ulp_view::solid::detail::Left;
use ulp_view::solid::look;
use ulp_view::solid::page::{self, Immersion};
use ulp_view::solid::scene::Scene;
use ulp_view::solid::stock::Stock;
use viewer::{Camera, Field, Given, Size};

/// The vertical field of a camera that names none, in degrees, as a scene has it.
const CAMERA_FIELD: f64 = 50.0;
/// Longest file of a pose, in bytes.
const LONGEST_POSE: u64 = 1 << 16;

/// lay a trace over what an eye sees
#[derive(Parser)]
#[command(name = "projector-ar", version)]
struct Args {
    #[command(flatten)]
    projection: Projection,
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// With -f geopose: the node whose pose to write
    #[arg(long, value_name = "ID")]
    node: Option<String>,
    /// Write a pose with yaw, pitch and roll instead of a quaternion
    #[arg(long)]
    ypr: bool,
    /// Look from here, in degrees and metres; or as the GeoPose in a file says
    #[arg(long, value_name = "LAT,LON,H,YAW,PITCH,ROLL,FOV|@FILE", allow_hyphen_values = true)]
    viewer: Option<Given>,
    /// Look as a node does
    #[arg(long, value_name = "ID", conflicts_with = "viewer")]
    viewer_node: Option<String>,
    /// How many degrees wide the picture is, where --viewer does not say [default: 60, or the camera's own]
    #[arg(long, value_name = "DEGREES")]
    fov: Option<Field>,
    /// How large the picture is, in pixels [default: 1920x1080]
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    size: Option<Size>,
    /// Take in what is not in view too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    origin: OriginArgs,
    #[command(flatten)]
    fonts: FontArgs,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each: the pose of a node, or with a viewer a thing in view
    Jsonl,
    /// The GeoPose of one node
    Geopose,
    /// With a viewer: the overlay as a clear picture
    Svg,
    /// A page for a browser, which lays the scene over what its camera sees
    Html,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    check(&args)?;
    let looking = Looking::of(&args)?;
    let fonts = Fonts::regular(args.fonts.read()?);
    let needs = if args.format == Format::Html { Needs::History } else { Needs::State };
    project::project(&args.projection, needs, log, |view, out, log| {
        let stock = Stock::new(view.blobs, &fonts);
        if args.format == Format::Html {
            write_page(&args, view, &stock, out, log)?;
        } else {
            let scenes: Vec<Scene<'_, '_>> =
                view.spaces.iter().map(|space| Scene::new(space, &stock)).collect();
            write(&args, looking.as_ref(), view, &scenes, out, log)?;
            project::leave(scenes);
        }
        project::note_blobs(view, log)
    })
}

/// Whether the options go together.
fn check(args: &Args) -> Result<(), Failure> {
    let looks = args.viewer.is_some() || args.viewer_node.is_some();
    let one_of = |formats: &[Format]| formats.contains(&args.format);
    let rules = [
        (args.node.is_some() && args.format != Format::Geopose, "--node", "it goes with -f geopose"),
        (args.node.is_none() && args.format == Format::Geopose, "-f geopose", "it needs --node"),
        (args.ypr && (looks || !one_of(&[Format::Geopose, Format::Jsonl])), "--ypr", "it goes with poses"),
        (looks && !one_of(&[Format::Jsonl, Format::Svg]), "--viewer", "it goes with -f jsonl and -f svg"),
        (!looks && args.format == Format::Svg, "-f svg", "it needs --viewer or --viewer-node"),
        (!looks && args.all, "--all", "it needs --viewer or --viewer-node"),
        (!looks && args.size.is_some(), "--size", "it needs --viewer or --viewer-node"),
        (!looks && args.fov.is_some(), "--fov", "it needs --viewer or --viewer-node"),
    ];
    match rules.into_iter().find(|(broken, _, _)| *broken) {
        Some((_, option, reason)) => Err(Failure::usage(option, reason)),
        None => Ok(()),
    }
}

/// Who looks.
enum Looking {
    Pose(Pose, Field),
    Node(String),
}

impl Looking {
    fn of(args: &Args) -> Result<Option<Looking>, Failure> {
        Ok(match &args.viewer {
            Some(Given::Here(..)) if args.fov.is_some() => {
                return Err(Failure::usage("--fov", "--viewer says it already"));
            }
            Some(Given::Here(pose, field)) => Some(Looking::Pose(*pose, *field)),
            Some(Given::File(path)) => Some(Looking::Pose(read_pose(path)?, args.fov.unwrap_or_default())),
            None => args.viewer_node.clone().map(Looking::Node),
        })
    }
}

/// The GeoPose in a file.
fn read_pose(path: &Path) -> Result<Pose, Failure> {
    let failed = |error| Failure::io(path.display(), error);
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(file, LONGEST_POSE), &mut text).map_err(failed)?;
    let pose = Pose::read(&text);
    pose.ok_or_else(|| {
        Failure::usage(path.display(), "no GeoPose (Basic-Quaternion or Basic-YPR) of a place of the Earth")
    })
}

fn write_page(
    args: &Args,
    view: &View<'_, '_>,
    stock: &Stock<'_>,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let style =
        ulp_view::solid::record::Style { provenance: args.projection.provenance, several: view.count > 1 };
    let (page, notes) =
        page::page(view, stock, style, &args.projection.chosen(), (Immersion::Ar, args.origin.origin));
    out.write_all(&page)?;
    notes.into_iter().try_for_each(|said| project::note(view, "export.dropped", said, log))
}

fn write(
    args: &Args,
    looking: Option<&Looking>,
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let laid = lay(args, view, scenes, log)?;
    let mut things: Vec<Vec<Thing<'_, '_>>> = Vec::with_capacity(laid.len());
    for laid in &laid {
        let (found, beyond) = thing::things(laid);
        for id in beyond {
            project::leave_out(view, "map.range", id.to_owned(), log)?;
        }
        things.push(found);
    }
    let style =
        record::Style { provenance: args.projection.provenance, several: view.count > 1, ypr: args.ypr };
    match (looking, &args.node) {
        (Some(looking), _) => overlay(args, looking, (&laid, &things), view, style, out, log),
        (None, Some(node)) => match one(&things, node)? {
            Some(thing) => Ok(writeln!(out, "{}", thing.pose.object(args.ypr).json())?),
            None => unknown(node, log),
        },
        (None, None) => {
            let all: Vec<&Thing<'_, '_>> = things.iter().flatten().collect();
            Ok(ulp_core::parallel::write_all(&all, |thing, out| style.write_pose(thing, out), out)?)
        }
    }
}

/// The spaces that have a place on the Earth.
fn lay<'s, 'v, 'a>(
    args: &Args,
    view: &View<'_, '_>,
    scenes: &'s [Scene<'v, 'a>],
    log: &mut Log,
) -> Result<Vec<Laid<'s, 'v, 'a>>, Failure> {
    let mut laid = Vec::new();
    for scene in scenes {
        let space = scene.space;
        match Settings::of_space(space).plane(args.origin.origin) {
            Ok(plane) => laid.push(Laid { scene, plane }),
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

/// The one thing of that name, if there is any.
fn one<'t, 's, 'a>(things: &'t [Vec<Thing<'s, 'a>>], id: &str) -> Result<Option<&'t Thing<'s, 'a>>, Failure> {
    let mut found = things.iter().flatten().filter(|thing| thing.id == id);
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(_) => Err(Failure::usage(id, "several spaces have such a node: choose one with --space")),
    }
}

/// Says that a node that was asked for is not there: nothing is written.
fn unknown(node: &str, log: &mut Log) -> Result<(), Failure> {
    let said = Diagnostic {
        position: None,
        outcome: Outcome::Noted,
        code: "view.unknown_node".into(),
        // The name is the asker's own.
        shared: true,
        event_id: None,
        detail: format!("{node}: no such node has a place in the view"),
    };
    log.fail(Status::Refused, &said)
}

fn overlay(
    args: &Args,
    looking: &Looking,
    (laid, things): (&[Laid<'_, '_, '_>], &[Vec<Thing<'_, '_>>]),
    view: &View<'_, '_>,
    style: record::Style,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let size = args.size.unwrap_or_default();
    let (pose, field, own) = match looking {
        Looking::Pose(pose, field) => (*pose, *field, None),
        Looking::Node(node) => match one(things, node)? {
            Some(thing) => (thing.pose, args.fov.unwrap_or_else(|| field_of(thing, size)), Some(thing)),
            None => return unknown(node, log),
        },
    };
    let mut left = Left::default();
    let mut seen: Vec<Seen<'_, '_>> = Vec::new();
    for (laid, things) in laid.iter().zip(things) {
        seen.extend(thing::seen(laid, things, &mut left));
    }
    // Nobody sees herself.
    seen.retain(|seen| !own.is_some_and(|own| std::ptr::eq(own, seen.thing)));
    let camera = Camera::new(&pose, field, size);
    let sights: Vec<Sight<'_, '_, '_>> = overlay::sights(&seen, &camera, args.all);
    match args.format {
        Format::Svg => svg::write(&sights, size, out)?,
        _ => ulp_core::parallel::write_all(&sights, |sight, out| style.write_sight(sight, out), out)?,
    }
    left.notes().into_iter().try_for_each(|said| project::note(view, "export.dropped", said, log))
}

/// How wide a node sees: a camera as its property says, up and down, as in a scene.
fn field_of(thing: &Thing<'_, '_>, size: Size) -> Field {
    if thing.kind != Some("camera") {
        return Field::default();
    }
    Field::of_camera(look::number(thing.view, "fov").unwrap_or(CAMERA_FIELD), size)
}
