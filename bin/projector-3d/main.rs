//! build a trace into a scene

mod gltf;
mod instancing;
mod model;
mod replay;

use bumpalo::Bump;
use clap::{Parser, ValueEnum};
use gltf::Document;
use model::Built;
use replay::{Animation, Clock};
use std::io::Write as _;
use std::process::ExitCode;
use ulp_cli::follow::{self, Drawn};
use ulp_cli::project::{self, Needs, Projection};
use ulp_cli::{Failure, FontArgs, Log, Output, Status};
use ulp_view::View;
use ulp_view::fonts::Fonts;
use ulp_view::history::Resolved;
use ulp_view::join::{self, Reached, Space, ViewNode};
use ulp_view::record::Record;
use ulp_view::solid::detail::Left;
use ulp_view::solid::everything::everything;
use ulp_view::solid::letters::Lacking;
use ulp_view::solid::page::{self, Immersion};
use ulp_view::solid::record::{self, Style};
use ulp_view::solid::scene::Scene;
use ulp_view::solid::signs;
use ulp_view::solid::stock::Stock;

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
    let part = |view: &View<'_, '_>, reached: &[Reached<'_>]| {
        let records = lines(&args, &fonts, view, |space, node| reached[space].nodes.contains(node));
        Drawn { records, ..Drawn::default() }
    };
    follow::follow(&args.projection, log, |view| lines(&args, &fonts, view, |_, _| true), part)
}

/// The records of a view; of its nodes those that are asked for, by the number of their space.
fn lines(
    args: &Args,
    fonts: &Fonts,
    view: &View<'_, '_>,
    asked: impl Fn(usize, &str) -> bool,
) -> Vec<Record> {
    let (stock, style) = (Stock::new(view.blobs, fonts), style(args, view));
    let scenes = scenes(&view.spaces, &stock);
    let of_scene = |(n, scene)| record::lines(scene, style, |node| asked(n, node));
    scenes.iter().enumerate().flat_map(of_scene).collect()
}

fn style(args: &Args, view: &View<'_, '_>) -> Style {
    Style { provenance: args.projection.provenance, several: view.count > 1 }
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
            let scenes = scenes(&view.spaces, &stock);
            scenes.iter().try_for_each(|scene| record::write(scene, style, out))?;
            project::leave(scenes);
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
    let scenes = scenes(&view.spaces, stock);
    let (mut document, built, left) = model::build(&scenes, style);
    if args.instancing {
        instancing::instance(&mut document);
    }
    note_words(view, &built, log)?;
    note_shapes(view, &scenes, left, log)?;
    project::leave(built);
    project::leave(scenes);
    Ok(document)
}

fn scenes<'v, 'a>(spaces: &'v [Space<'a>], stock: &'v Stock<'v>) -> Vec<Scene<'v, 'a>> {
    spaces.iter().map(|space| Scene::new(space, stock)).collect()
}

/// Notes what of the words in a document could not be drawn: letters that no font has, and signs that are too many.
fn note_words(view: &View<'_, '_>, built: &[Built<'_, '_, '_>], log: &mut Log) -> Result<(), Failure> {
    let mut lacking = Lacking::default();
    for Built { site, signs, unsigned, .. } in built {
        lacking.of_scene(site.scene);
        signs.iter().for_each(|sign| lacking.of_words(&sign.of, &sign.words, &site.scene.stock.faces));
        if *unsigned > 0 {
            let said = format!("{}: {unsigned} labels beyond {}", site.scene.space.space, signs::MOST);
            project::note(view, "export.dropped", said, log)?;
        }
    }
    note_letters(view, lacking, log)
}

fn note_letters(view: &View<'_, '_>, lacking: Lacking, log: &mut Log) -> Result<(), Failure> {
    lacking.notes().try_for_each(|said| project::note(view, "export.dropped", said, log))
}

/// Notes media that could only be the shape of a node which has another, and what is drawn coarsely.
fn note_shapes(
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    left: Left,
    log: &mut Log,
) -> Result<(), Failure> {
    let all = page::hidden_media(scenes).into_iter().chain(left.notes());
    all.into_iter().try_for_each(|said| project::note(view, "export.dropped", said, log))
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
    let spaces = all_of(view, &resolved);
    let scenes = scenes(&spaces, stock);
    let (mut document, built, left) = model::build(&scenes, style);
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
    note_words(view, &built, log)?;
    note_shapes(view, &scenes, left, log)?;
    Ok(document)
}

fn html(
    args: &Args,
    view: &View<'_, '_>,
    stock: &Stock<'_>,
    style: Style,
    log: &mut Log,
) -> Result<Vec<u8>, Failure> {
    let options = args.projection.chosen();
    let (page, notes) = page::page(view, stock, style, &options, (Immersion::Vr, None));
    notes.into_iter().try_for_each(|said| project::note(view, "export.dropped", said, log))?;
    Ok(page)
}

/// Every space of the view with all that was ever in it.
fn all_of<'a>(view: &View<'_, 'a>, histories: &[Resolved<'a>]) -> Vec<Space<'a>> {
    view.spaces.iter().zip(histories).map(|(space, history)| everything(space, history)).collect()
}
