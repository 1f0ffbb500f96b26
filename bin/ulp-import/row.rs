//! A row: what its cells make of it.

use std::borrow::Cow;

use csv::StringRecord;
use ulp_core::id::{is_id, is_place};
use ulp_core::json::write::Members;
use ulp_core::json::{raw, write_if_number, write_string};
use ulp_core::report::Refusal;
use ulp_view::geodesy::round;

use crate::desk::Desk;
use crate::draft::{Draft, Envelope, Json, Node, Reading, What};
use crate::ids::hash;
use crate::place::{transform, write_position};
use crate::record::Record;
use crate::table::{Columns, Property, Sensor};
use crate::table_args::Meaning;
use crate::time::{Said, Stamp};

/// Whether a row is a blank line, which is passed over.
pub fn is_blank(cells: &StringRecord, columns: &Columns) -> bool {
    columns.width > 1 && cells.len() == 1 && cells[0].bytes().all(|b| matches!(b, b' ' | b'\t'))
}

/// Reads a row.
///
/// # Errors
/// It has another number of cells than the header, or one of them is not what its column says.
pub fn read(
    cells: &StringRecord,
    columns: &Columns,
    desk: &Desk,
    record: &mut Record,
) -> Result<(), Refusal> {
    if cells.len() != columns.width {
        return Err(Refusal::new("import.columns", format!("{} cells, not {}", cells.len(), columns.width)));
    }
    if columns.nameless.iter().any(|i| !cells[*i].is_empty()) {
        record.note("import.columns", "a cell in a column without a name");
    }
    let row = Row { cells, columns, desk };
    let stamp = row.stamp()?;
    if columns.are_readings { row.readings(stamp, record) } else { row.node(stamp, record) }
}

/// Where a row is on the plane, and how high.
type Place = ([f64; 2], Option<f64>);

struct Row<'r> {
    cells: &'r StringRecord,
    columns: &'r Columns,
    desk: &'r Desk,
}

impl<'r> Row<'r> {
    /// The cell of a meaning, where there is one and it is not empty.
    fn cell(&self, meaning: Meaning) -> Option<&'r str> {
        let cell = self.cells.get(self.columns.column(meaning)?)?;
        Some(cell).filter(|cell| !cell.is_empty())
    }

    /// The text of such a cell, which may hold it as a JSON string.
    fn text(&self, meaning: Meaning) -> Option<Cow<'r, str>> {
        self.cell(meaning).map(text_of)
    }

    fn stamp(&self) -> Result<Stamp, Refusal> {
        let said = |cell: Option<&'r str>| match cell {
            Some("") | None => Said::Nothing,
            Some(cell) => Said::Text(text_of(cell)),
        };
        let own = said(self.cell(Meaning::Timestamp));
        let property = |name: &str| said(self.columns.time(name).and_then(|column| self.cells.get(column)));
        self.desk.times.stamp(own, property)
    }

    fn envelope(&self) -> Result<Envelope, Refusal> {
        let name = |meaning, is_one: fn(&str) -> bool| match self.text(meaning) {
            Some(text) if !is_one(&text) => {
                Err(Refusal::new("import.name", "an actor, space or layer that no event may name"))
            }
            text => Ok(text.map(Cow::into_owned)),
        };
        Ok(Envelope {
            actor: name(Meaning::ActorId, is_id)?,
            space: name(Meaning::SpaceId, is_place)?,
            layer: name(Meaning::LayerId, is_place)?,
            ..Envelope::default()
        })
    }

    /// Where it is: by x and y as they stand, else by latitude and longitude.
    fn place(&self, record: &mut Record) -> Result<Option<Place>, Refusal> {
        if self.cell(Meaning::X).is_some() || self.cell(Meaning::Y).is_some() {
            let at = self.pair(Meaning::X, Meaning::Y)?;
            return Ok(Some((at, self.number(Meaning::Z)?)));
        }
        if self.cell(Meaning::Lat).is_none() && self.cell(Meaning::Lon).is_none() {
            return Ok(None);
        }
        let [lat, lon] = self.pair(Meaning::Lat, Meaning::Lon)?;
        let at = self.desk.ground.point(lat, lon, &mut record.around)?.map(round::position);
        let height = self.number(Meaning::Height)?;
        Ok(Some((at, height.map(|height| round::position(self.desk.ground.z(height))))))
    }

    fn pair(&self, a: Meaning, b: Meaning) -> Result<[f64; 2], Refusal> {
        match (self.number(a)?, self.number(b)?) {
            (Some(a), Some(b)) => Ok([a, b]),
            _ => Err(no_number()),
        }
    }

    fn number(&self, meaning: Meaning) -> Result<Option<f64>, Refusal> {
        let Some(cell) = self.cell(meaning) else { return Ok(None) };
        raw::number(cell).map(Some).ok_or_else(no_number)
    }

    fn node(&self, stamp: Stamp, record: &mut Record) -> Result<(), Refusal> {
        let envelope = self.envelope()?;
        let place = self.place(record)?;
        let id = match self.text(Meaning::NodeId) {
            Some(id) => self.desk.names.node(&id, record),
            None => self.desk.names.known(&format!("row-{}", self.hash())),
        };
        let node = Node {
            id,
            kind: self.text(Meaning::Kind).map(Cow::into_owned).or_else(|| self.desk.kind.clone()),
            at: place.map(|(at, _)| at),
            transform: place.map(|(at, z)| transform(at, z)),
            properties: self.properties(),
            ..Node::default()
        };
        record.drafts = vec![Draft { envelope, stamp, what: What::Node(Box::new(node)) }];
        Ok(())
    }

    /// The hash of what stands in all columns, as text.
    fn hash(&self) -> String {
        let mut out = Vec::with_capacity(self.bytes());
        let mut members = Members::open(&mut out);
        for Property { column, key, .. } in &self.columns.all {
            members.comma(&mut out);
            out.extend_from_slice(key);
            write_string(&self.cells[*column], &mut out);
        }
        members.close(&mut out);
        hash(&out)
    }

    /// How long an object of all cells is where nothing is escaped.
    fn bytes(&self) -> usize {
        // A member has two quotes and a comma besides its name, its colon and its cell.
        self.columns.bytes + self.cells.as_slice().len() + 6 * self.columns.width
    }

    fn properties(&self) -> Option<Json> {
        let mut out = Vec::with_capacity(self.bytes());
        let mut members = Members::open(&mut out);
        for Property { column, key, is_text } in &self.columns.properties {
            let cell = &self.cells[*column];
            if cell.is_empty() {
                continue;
            }
            members.comma(&mut out);
            out.extend_from_slice(key);
            if *is_text { write_string(&text_of(cell), &mut out) } else { write_cell(cell, &mut out) }
        }
        members.close(&mut out);
        (out.len() > 2).then_some(out)
    }

    fn readings(&self, stamp: Stamp, record: &mut Record) -> Result<(), Refusal> {
        let envelope = self.envelope()?;
        if envelope.actor.is_none() && !self.desk.actor_is_given {
            return Err(Refusal::new("import.actor", "a reading of nobody"));
        }
        let place = self.place(record)?;
        let position = place.map(|(at, z)| {
            let mut out = Vec::new();
            write_position(at, z, &mut out);
            out
        });
        let node_id = self.text(Meaning::NodeId).map(|id| self.desk.names.node(&id, record));
        let at = place.map(|(at, _)| at);
        let reading = |sensor: &str, unit: Option<&str>, value| Draft {
            envelope: envelope.clone(),
            stamp,
            what: What::Reading(Box::new(Reading {
                sensor: sensor.to_owned(),
                value,
                unit: unit.map(str::to_owned),
                node_id: node_id.clone(),
                at,
                position: position.clone(),
            })),
        };
        if self.columns.sensors.is_empty() {
            let sensor = self
                .text(Meaning::Sensor)
                .ok_or_else(|| Refusal::new("import.sensor", "a reading of no sensor"))?;
            let value = self.cell(Meaning::Value).map_or_else(|| b"null".to_vec(), value);
            record.drafts = vec![reading(&sensor, self.text(Meaning::Unit).as_deref(), value)];
            return Ok(());
        }
        for Sensor { column, name, unit } in &self.columns.sensors {
            let cell = &self.cells[*column];
            if !cell.is_empty() {
                record.drafts.push(reading(name, unit.as_deref(), value(cell)));
            }
        }
        Ok(())
    }
}

/// What a reading says.
fn value(cell: &str) -> Json {
    let mut out = Vec::new();
    match cell {
        "true" | "false" => out.extend_from_slice(cell.as_bytes()),
        cell => write_cell(cell, &mut out),
    }
    out
}

/// A cell that is a JSON number is one, a JSON string is its text, and anything else is text.
fn write_cell(cell: &str, out: &mut Vec<u8>) {
    if !write_if_number(cell, out) {
        write_string(&text_of(cell), out);
    }
}

/// The text of a cell, which may hold it as a JSON string.
fn text_of(cell: &str) -> Cow<'_, str> {
    raw::text(cell).unwrap_or(Cow::Borrowed(cell))
}

fn no_number() -> Refusal {
    Refusal::new("import.coordinates", "a coordinate that is missing, or no number")
}
