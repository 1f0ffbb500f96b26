//! build a trace into a scene

mod gltf;
mod look;
mod mesh;
mod model;
mod outline;
mod record;
mod scene;
mod shape;
mod space;
mod text;

use clap::{Parser, ValueEnum};
use record::Style;
use scene::Scene;
use std::io::Write as _;
use std::process::ExitCode;
use ulp::cli::trace::{self, Projection, View};
use ulp::cli::{self, Failure, Log, Output, Status};

/// build a trace into a scene
#[derive(Parser)]
#[command(name = "projector-3d", version)]
struct Args {
    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
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
    trace::project(&args.projection, log, |view, out, _| write(&args, view, out))
}

fn write(args: &Args, view: &View<'_, '_>, out: &mut Output) -> Result<(), Failure> {
    let scenes: Vec<Scene<'_, '_>> = view.spaces.iter().map(Scene::new).collect();
    let style = Style { provenance: args.projection.provenance, several: scenes.len() > 1 };
    match args.format {
        Format::Jsonl => {
            for scene in &scenes {
                let mut lines = Vec::new();
                record::write(scene, style, &mut lines);
                out.write_all(&lines)?;
            }
        }
        Format::Glb => model::build(&scenes, style).write_binary(out)?,
        Format::Gltf => model::build(&scenes, style).write_text(out)?,
    }
    Ok(())
}
