//! What the command line says, as text that was checked.

use std::path::PathBuf;

use chrono::FixedOffset;
use clap::{Parser, ValueEnum};
use ulp_cli::{Files, Jobs, OutputArgs};
use ulp_core::event::is_node;
use ulp_core::id::{is_id, is_place};

use crate::place::OriginArg;
use crate::table_args::TableArgs;
use crate::time;

/// make events of what other programs write
#[derive(Parser)]
#[command(name = "ulp-import", version)]
pub struct Args {
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub output: OutputArgs,
    /// What is read
    #[arg(short, long, value_enum)]
    pub format: Format,
    /// When it happened: a property (csv: a column) that says so, or a time for all; again for more, the first that
    /// gives a time counts
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub time: Vec<String>,
    /// How times are written, as chrono's strftime has it
    #[arg(long, value_name = "FORMAT", value_parser = time_format)]
    pub time_format: Option<String>,
    /// The offset of times that have none, as +01:00
    #[arg(long, value_name = "+HH:MM", allow_hyphen_values = true, value_parser = time::zone)]
    pub zone: Option<FixedOffset>,
    /// The space, where a record does not say
    #[arg(long, value_name = "SPACE", value_parser = place_name)]
    pub space: Option<String>,
    /// The layer, where a record does not say
    #[arg(long, value_name = "LAYER", value_parser = place_name)]
    pub layer: Option<String>,
    /// Whose events these are, where a record does not say [default: import:FORMAT; readings need one]
    #[arg(long, value_name = "ACTOR", value_parser = actor_name)]
    pub actor: Option<String>,
    /// The kind of nodes, where a record does not say
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Put P before every node_id
    #[arg(long, value_name = "P", default_value = "", hide_default_value = true, value_parser = prefix)]
    pub prefix: String,
    /// Name the tiles of that zoom, 0 to 30, by position
    #[arg(long, value_name = "Z", value_parser = clap::value_parser!(u8).range(0..=30))]
    pub zoom: Option<u8>,
    /// The side of a tile of zoom 0
    #[arg(long, value_name = "S", default_value = "1024", requires = "zoom", value_parser = tile_size)]
    pub tile_size: f64,
    /// Name tiles by the grid of the dotfiles below DIR
    #[arg(long, value_name = "DIR")]
    pub scope: Option<PathBuf>,
    /// Where the point (0,0,0) lies: LAT,LON[,H[,GEOID]]; or auto, for a new space: in the middle of all that is read
    #[arg(long, value_name = "ORIGIN", allow_hyphen_values = true)]
    pub origin: Option<OriginArg>,
    /// Turn y up, so that a drawing joins a map
    #[arg(long)]
    pub flip: bool,
    /// Write images as DIR/HASH, for ulp-store put
    #[arg(long, value_name = "DIR")]
    pub objects: Option<PathBuf>,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub jobs: Jobs,
}

/// What can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
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

impl Format {
    pub fn name(self) -> &'static str {
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
    pub fn has_degrees(self) -> bool {
        match self {
            Format::Geojson | Format::Gpx => true,
            Format::Canvas | Format::Csv | Format::Excalidraw | Format::Ocif | Format::Senml => false,
        }
    }
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
