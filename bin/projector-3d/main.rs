//! build a trace into a scene

mod gltf;
mod instancing;
mod letters;
mod look;
mod measure;
mod mesh;
mod model;
mod models;
mod outline;
mod page;
mod record;
mod replay;
mod scene;
mod site;
mod sizes;
mod space;
mod stock;
mod text;

use bumpalo::Bump;
use clap::{Parser, ValueEnum};
use gltf::Document;
use letters::Lacking;
use record::Style;
use replay::{Animation, Clock};
use scene::Scene;
use std::io::Write as _;
use std::process::ExitCode;
use stock::Stock;
use ulp_cli::follow;
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, FontArgs, Log, Output, Status};
use ulp_core::world::Filter;
use ulp_view::View;
use ulp_view::fonts::Fonts;
use ulp_view::history::Resolved;
use ulp_view::join::{self, Space, ViewNode};

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
    /// Write records as the trace grows, each replacing the one with its id
    #[arg(long, conflicts_with = "store")]
    follow: bool,
    #[command(flatten)]
    fonts: FontArgs,
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
    /// A page for a browser, with the history to replay
    Html,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if (args.replay || args.instancing) && !matches!(args.format, Format::Glb | Format::Gltf) {
        let option = if args.replay { "--replay" } else { "--instancing" };
        return Err(Failure::usage(option, "it goes with -f glb and -f gltf"));
    }
    let fonts = Fonts::regular(args.fonts.read()?);
    if !args.follow {
        let tells = args.format == Format::Html || args.replay;
        let needs = if tells { Needs::History } else { Needs::State };
        return project::project(&args.projection, needs, log, |view, out, log| {
            write(&args, &fonts, view, out, log)
        });
    }
    if args.format != Format::Jsonl {
        return Err(Failure::usage("--follow", "it goes with -f jsonl"));
    }
    follow::follow(&args.projection, log, |view| {
        let stock = Stock::new(view.blobs, &fonts);
        let style = style(&args, view);
        let scenes = scenes(&view.spaces, view.filter, &stock);
        Ok(scenes.iter().flat_map(|scene| record::lines(scene, style)).collect())
    })
}

fn style(args: &Args, view: &View<'_, '_>) -> Style {
    Style { provenance: args.projection.provenance, several: view.spaces.len() > 1 }
}

fn write(
    args: &Args,
    fonts: &Fonts,
    view: &View<'_, '_>,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let style = style(args, view);
    let stock = Stock::new(view.blobs, fonts);
    match args.format {
        Format::Jsonl => {
            for scene in scenes(&view.spaces, view.filter, &stock) {
                record::write(&scene, style, out)?;
            }
        }
        Format::Glb => document(args, view, &stock, style, log)?.write_binary(out)?,
        Format::Gltf => document(args, view, &stock, style, log)?.write_text(out)?,
        Format::Html => out.write_all(&html(args, view, &stock, style, log)?)?,
    }
    project::note_blobs(view, log)
}

/// The view as a document: as it is, or with all that led to it.
fn document(
    args: &Args,
    view: &View<'_, '_>,
    stock: &Stock<'_>,
    style: Style,
    log: &mut Log,
) -> Result<Document, Failure> {
    if args.replay {
        return animated(args, view, stock, style, log);
    }
    let scenes = scenes(&view.spaces, view.filter, stock);
    let (mut document, _) = model::build(&scenes, style);
    if args.instancing {
        instancing::instance(&mut document);
    }
    note_letters(view, &scenes, &[], log)?;
    Ok(document)
}

fn scenes<'v, 'a>(spaces: &'v [Space<'a>], filter: &Filter, stock: &'v Stock<'v>) -> Vec<Scene<'v, 'a>> {
    spaces.iter().map(|space| Scene::new(space, filter, stock)).collect()
}

/// Notes the nodes that show, or showed, letters that no font has.
fn note_letters(
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    histories: &[Resolved<'_>],
    log: &mut Log,
) -> Result<(), Failure> {
    let mut lacking = Lacking::default();
    scenes.iter().for_each(|scene| lacking.of_scene(scene));
    scenes.iter().zip(histories).for_each(|(s, history)| lacking.of_history(history, &s.stock.faces));
    lacking.notes().try_for_each(|said| project::note(view, "export.dropped", said, log))
}

fn animated(
    args: &Args,
    view: &View<'_, '_>,
    stock: &Stock<'_>,
    style: Style,
    log: &mut Log,
) -> Result<Document, Failure> {
    let arena = Bump::new();
    let resolved = view.resolved(&arena);
    let spaces = everything(view, &resolved);
    let scenes = scenes(&spaces, view.filter, stock);
    let (mut document, built) = model::build(&scenes, style);
    let clock = Clock::new(&resolved);
    let mut animation = Animation::new(&mut document);
    let takes_tile = |tile| args.projection.select.tile(tile);
    let is_there = |node: &ViewNode<'_>| join::keeps(node, view.filter, takes_tile);
    for (history, built) in resolved.iter().zip(&built) {
        animation.add(history, built, &clock, &is_there);
    }
    for (node, what) in std::mem::take(&mut animation.dropped) {
        project::note(view, "export.dropped", format!("{node}: {what}"), log)?;
    }
    animation.finish();
    note_letters(view, &scenes, &[], log)?;
    Ok(document)
}

fn html(
    args: &Args,
    view: &View<'_, '_>,
    stock: &Stock<'_>,
    style: Style,
    log: &mut Log,
) -> Result<Vec<u8>, Failure> {
    let arena = Bump::new();
    let resolved = view.resolved(&arena);
    let spaces = everything(view, &resolved);
    let scenes = scenes(&spaces, view.filter, stock);
    note_letters(view, &scenes, &resolved, log)?;
    Ok(page::write(view, &scenes, &resolved, style, |tile| args.projection.select.tile(tile)))
}

/// Every space of the view with all that was ever in it.
fn everything<'a>(view: &View<'_, 'a>, histories: &[Resolved<'a>]) -> Vec<Space<'a>> {
    view.spaces.iter().zip(histories).map(|(space, history)| replay::everything(space, history)).collect()
}
