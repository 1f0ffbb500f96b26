//! build a trace into a scene

mod gltf;
mod history;
mod instancing;
mod look;
mod mesh;
mod model;
mod outline;
mod record;
mod replay;
mod scene;
mod shape;
mod space;
mod text;

use bumpalo::Bump;
use clap::{Parser, ValueEnum};
use gltf::Document;
use record::Style;
use replay::{Animation, Clock};
use scene::Scene;
use std::io::Write as _;
use std::process::ExitCode;
use ulp::cli::trace::{self, Projection, View};
use ulp::cli::{self, Failure, Log, Output, Status};
use ulp::view::{self, ViewNode};

/// build a trace into a scene
#[derive(Parser)]
#[command(name = "projector-3d", version)]
struct Args {
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// With glb and gltf: let the scene come about as an animation
    #[arg(long)]
    replay: bool,
    /// With glb and gltf: draw what has the same mesh as instances of one node
    #[arg(long, conflicts_with = "replay")]
    instancing: bool,
    #[command(flatten)]
    projection: Projection,
}

/// The formats of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A record a line: nodes, links, sensors
    Jsonl,
    /// glTF 2.0, binary
    Glb,
    /// glTF 2.0, one file of text
    Gltf,
}

fn main() -> ExitCode {
    cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if (args.replay || args.instancing) && !matches!(args.format, Format::Glb | Format::Gltf) {
        let option = if args.replay { "--replay" } else { "--instancing" };
        return Err(Failure::usage(option, "it goes with -f glb and -f gltf"));
    }
    trace::project(&args.projection, log, |view, out, _| write(&args, view, out))
}

fn write(args: &Args, view: &View<'_, '_>, out: &mut Output) -> Result<(), Failure> {
    let style = Style { provenance: args.projection.provenance, several: view.spaces.len() > 1 };
    match args.format {
        Format::Jsonl => {
            for space in &view.spaces {
                let mut lines = Vec::new();
                record::write(&Scene::new(space), style, &mut lines);
                out.write_all(&lines)?;
            }
        }
        Format::Glb => document(args, view, style).write_binary(out)?,
        Format::Gltf => document(args, view, style).write_text(out)?,
    }
    Ok(())
}

/// The view as a document: as it is, or with all that led to it.
fn document(args: &Args, view: &View<'_, '_>, style: Style) -> Document {
    if !args.replay {
        let scenes: Vec<Scene<'_, '_>> = view.spaces.iter().map(Scene::new).collect();
        let (mut document, _) = model::build(&scenes, style);
        if args.instancing {
            instancing::instance(&mut document);
        }
        return document;
    }
    let arena = Bump::new();
    let histories = history::histories(view.world, view.filter, &arena);
    let find = |space: &str| histories.iter().find(|h| h.space == space);
    let spaces: Vec<_> = view.spaces.iter().map(|s| replay::everything(s, find(s.space))).collect();
    let scenes: Vec<Scene<'_, '_>> = spaces.iter().map(Scene::new).collect();
    let (mut document, built) = model::build(&scenes, style);
    let clock = Clock::new(&histories);
    let mut animation = Animation::new(&mut document);
    for (scene, built) in scenes.iter().zip(&built) {
        if let Some(history) = find(scene.space.space) {
            let is_there = |node: &ViewNode<'_>| view::keeps(node, view.filter, |tile| args.projection.select.tile(tile));
            animation.add(scene, history, built, &clock, &is_there);
        }
    }
    animation.finish();
    document
}
