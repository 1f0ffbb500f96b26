//! What the options say of tables, and what their columns can mean.

use std::sync::Arc;

use clap::Args;

/// What is said of tables.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Tables")]
pub struct TableArgs {
    /// What stands between cells: one character, or tab [default: ,]
    #[arg(long, value_name = "C", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// Take a column for what another name means, as lat=Latitude; with commas, or again, for more
    #[arg(long, value_name = "NAME=COLUMN,...", value_parser = meanings)]
    pub columns: Vec<Arc<Vec<(Meaning, String)>>>,
    /// Make each full cell of that column a reading; again for more
    #[arg(long, value_name = "COLUMN[=UNIT]")]
    pub sensor: Vec<String>,
}

impl TableArgs {
    pub fn is_given(&self) -> bool {
        self.delimiter.is_some() || !self.columns.is_empty() || !self.sensor.is_empty()
    }
}

/// What a column can mean beside being a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    NodeId,
    X,
    Y,
    Z,
    Lat,
    Lon,
    Height,
    Timestamp,
    Kind,
    Label,
    Sensor,
    Value,
    Unit,
    ActorId,
    SpaceId,
    LayerId,
}

/// The names of columns, in the order of [`Meaning`].
pub const NAMES: [(&str, Meaning); 16] = [
    ("node_id", Meaning::NodeId),
    ("x", Meaning::X),
    ("y", Meaning::Y),
    ("z", Meaning::Z),
    ("lat", Meaning::Lat),
    ("lon", Meaning::Lon),
    ("height", Meaning::Height),
    ("timestamp", Meaning::Timestamp),
    ("kind", Meaning::Kind),
    ("label", Meaning::Label),
    ("sensor", Meaning::Sensor),
    ("value", Meaning::Value),
    ("unit", Meaning::Unit),
    ("actor_id", Meaning::ActorId),
    ("space_id", Meaning::SpaceId),
    ("layer_id", Meaning::LayerId),
];

impl Meaning {
    pub fn named(name: &str) -> Option<Meaning> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
    }

    pub fn name(self) -> &'static str {
        NAMES[self as usize].0
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(*byte),
        _ => Err("not one character of ASCII, nor tab".to_owned()),
    }
}

/// Reads `lat=Latitude,lon=Longitude`. A comma ends a column where a meaning and an equals sign follow it.
fn meanings(text: &str) -> Result<Arc<Vec<(Meaning, String)>>, String> {
    let mut meanings: Vec<(Meaning, String)> = Vec::new();
    for part in text.split(',') {
        let said = part.split_once('=').and_then(|(name, column)| Some((Meaning::named(name)?, column)));
        match (said, meanings.last_mut()) {
            (Some((meaning, column)), _) => meanings.push((meaning, column.to_owned())),
            (None, Some((_, column))) => {
                column.push(',');
                column.push_str(part);
            }
            (None, None) => {
                let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                return Err(format!("not NAME=COLUMN with a NAME of {}", names.join(", ")));
            }
        }
    }
    Ok(meanings.into())
}
