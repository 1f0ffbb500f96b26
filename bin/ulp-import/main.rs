//! make events of what other programs write

mod canvas;
mod desk;
mod draft;
mod excalidraw;
mod framer;
mod geojson;
mod gpx;
mod ids;
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

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::FixedOffset;
use clap::{Parser, ValueEnum};
use ulp_cli::{Failure, Files, Jobs, Log, Output, OutputArgs, Status, Witness};
use ulp_core::event::is_node;
use ulp_core::id::{is_id, is_place};

use desk::{Desk, OriginArg};
use table_args::TableArgs;

/// make events of what other programs write
#[derive(Parser)]
#[command(name = "ulp-import", version)]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    /// What is read
    #[arg(short, long, value_enum)]
    format: Format,
    /// When it happened: a property (csv: a column) that says so, or a time for all; again for more, the first that
    /// gives a time counts
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    time: Vec<String>,
    /// How times are written, as chrono's strftime has it
    #[arg(long, value_name = "FORMAT", value_parser = time_format)]
    time_format: Option<String>,
    /// The offset of times that have none, as +01:00
    #[arg(long, value_name = "+HH:MM", allow_hyphen_values = true, value_parser = time::zone)]
    zone: Option<FixedOffset>,
    /// The space, where a record does not say
    #[arg(long, value_name = "SPACE", value_parser = place_name)]
    space: Option<String>,
    /// The layer, where a record does not say
    #[arg(long, value_name = "LAYER", value_parser = place_name)]
    layer: Option<String>,
    /// Whose events these are, where a record does not say [default: import:FORMAT; readings need one]
    #[arg(long, value_name = "ACTOR", value_parser = actor_name)]
    actor: Option<String>,
    /// The kind of nodes, where a record does not say
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Put P before every node_id
    #[arg(long, value_name = "P", default_value = "", hide_default_value = true, value_parser = prefix)]
    prefix: String,
    /// Name the tiles of that zoom, 0 to 30, by position
    #[arg(long, value_name = "Z", value_parser = clap::value_parser!(u8).range(0..=30))]
    zoom: Option<u8>,
    /// The side of a tile of zoom 0
    #[arg(long, value_name = "S", default_value = "1024", requires = "zoom", value_parser = tile_size)]
    tile_size: f64,
    /// Name tiles by the grid of the dotfiles below DIR
    #[arg(long, value_name = "DIR")]
    scope: Option<PathBuf>,
    /// Where the point (0,0,0) lies: LAT,LON[,H[,GEOID]]; or auto, for a new space: in the middle of all that is read
    #[arg(long, value_name = "ORIGIN", allow_hyphen_values = true)]
    origin: Option<OriginArg>,
    /// Turn y up, so that a drawing joins a map
    #[arg(long)]
    flip: bool,
    /// Write images as DIR/HASH, for ulp-store put
    #[arg(long, value_name = "DIR")]
    objects: Option<PathBuf>,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    jobs: Jobs,
}

/// What can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON Canvas 1.0
    Canvas,
    /// A table, as RFC 4180 has it
    Csv,
    /// A drawing of Excalidraw
    Excalidraw,
    /// GeoJSON: a collection, a feature a line, or a sequence as RFC 8142 has it
    Geojson,
    /// GPS exchange format, 1.0 and 1.1
    Gpx,
    /// Open Canvas Interchange Format, 0.3 to 0.7
    Ocif,
    /// Readings as RFC 8428 has them, in JSON
    Senml,
}

/// The longest document, and the longest line of a format of documents, in bytes.
const DOCUMENT_BYTES: usize = 2 << 30;

impl Format {
    fn name(self) -> &'static str {
        match self {
            Format::Canvas => "canvas",
            Format::Csv => "csv",
            Format::Excalidraw => "excalidraw",
            Format::Geojson => "geojson",
            Format::Gpx => "gpx",
            Format::Ocif => "ocif",
            Format::Senml => "senml",
        }
    }

    /// Whether it always says in degrees where things are.
    fn has_degrees(self) -> bool {
        match self {
            Format::Geojson | Format::Gpx => true,
            Format::Canvas | Format::Csv | Format::Excalidraw | Format::Ocif | Format::Senml => false,
        }
    }

    /// The longest line that is kept, in bytes.
    fn line_bytes(self) -> usize {
        match self {
            Format::Csv => rows::ROW_BYTES,
            _ => DOCUMENT_BYTES,
        }
    }
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    let mut desk = Desk::of(&args)?;
    let mut out = Output::open(&args.output)?;
    let mut reader = log.lines(&args.files, args.format.line_bytes())?;
    args.jobs.run(|| work::run(&mut desk, &mut reader, &mut out, log))??;
    let witness = Witness { input: Some(reader.digest()), scope: desk.scope_digest, ..Witness::default() };
    log.finish(Some(out), &witness)
}

fn time_format(text: &str) -> Result<String, String> {
    let is_wrong = chrono::format::StrftimeItems::new(text).any(|item| item == chrono::format::Item::Error);
    if is_wrong { Err("not a format of chrono's strftime".to_owned()) } else { Ok(text.to_owned()) }
}

fn place_name(text: &str) -> Result<String, String> {
    let valid = is_place(text);
    if valid {
        Ok(text.to_owned())
    } else {
        Err("not 1 to 80 bytes without / and control characters".to_owned())
    }
}

fn actor_name(text: &str) -> Result<String, String> {
    let valid = is_id(text);
    if valid { Ok(text.to_owned()) } else { Err("not 1 to 256 bytes without control characters".to_owned()) }
}

/// The longest prefix, in bytes: a hash has room behind it.
const PREFIX: usize = 200;

fn prefix(text: &str) -> Result<String, String> {
    let valid = text.is_empty() || is_node(text) && text.len() <= PREFIX;
    if valid {
        Ok(text.to_owned())
    } else {
        Err("not up to 200 bytes that a node_id may begin with".to_owned())
    }
}

fn tile_size(text: &str) -> Result<f64, String> {
    let size: Option<f64> = text.parse().ok();
    size.filter(|size| size.is_finite() && *size > 0.0).ok_or_else(|| "not a number above 0".to_owned())
}
