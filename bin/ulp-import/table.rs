//! The columns of a table: which cell means what, by its header and the options.

use foldhash::{HashSet, HashSetExt as _};
use ulp_cli::Failure;
use ulp_core::json::{key_order, write_string};

use crate::desk::{Desk, no_origin};
use crate::table_args::{Meaning, NAMES};

/// A column whose cells are readings of one sensor.
pub struct Sensor {
    pub column: usize,
    pub name: String,
    pub unit: Option<String>,
}

/// A column by its name.
pub struct Property {
    pub column: usize,
    /// Its name as a member of an object, with the colon.
    pub key: Vec<u8>,
    /// Whether its cells are text, whatever they look like.
    pub is_text: bool,
}

/// The columns of a table.
pub struct Columns {
    /// How many cells a row has.
    pub width: usize,
    /// How long the names of all columns are, in bytes: at least 1.
    pub bytes: usize,
    by_meaning: [Option<usize>; NAMES.len()],
    /// The columns that are properties, in the order of RFC 8785.
    pub properties: Vec<Property>,
    /// All columns with a name, in that order.
    pub all: Vec<Property>,
    /// Columns without a name, of which nothing becomes anything.
    pub nameless: Vec<usize>,
    /// Where `--time` finds its properties.
    times: Vec<(String, usize)>,
    pub sensors: Vec<Sensor>,
    /// Whether rows are readings.
    pub are_readings: bool,
}

impl Columns {
    /// The columns of a header.
    ///
    /// # Errors
    /// The options name a column that is not there, a column is there twice, or nothing says what the rows are.
    pub fn of(header: &[String], desk: &Desk) -> Result<Columns, Failure> {
        let find = |name: &str| {
            let found = header.iter().position(|column| column == name);
            found.ok_or_else(|| Failure::usage("csv", format!("no column is called {name}")))
        };
        let mut columns = Columns {
            width: header.len(),
            bytes: header.iter().map(String::len).sum::<usize>().max(1),
            by_meaning: [None; NAMES.len()],
            properties: Vec::new(),
            all: Vec::new(),
            nameless: (0..header.len()).filter(|i| header[*i].is_empty()).collect(),
            times: Vec::new(),
            sensors: Vec::new(),
            are_readings: false,
        };
        let mut names = HashSet::new();
        for (column, name) in header.iter().enumerate() {
            if !name.is_empty() && !names.insert(name) {
                return Err(Failure::usage("csv", format!("two columns are called {name}")));
            }
            if let Some(meaning) = Meaning::named(name) {
                columns.by_meaning[meaning as usize] = Some(column);
            }
        }
        for (meaning, column) in desk.table.columns.iter().flat_map(|list| list.iter()) {
            columns.by_meaning[*meaning as usize] = Some(find(column)?);
        }
        for name in desk.times.properties() {
            columns.times.push((name.to_owned(), find(name)?));
        }
        for text in &desk.table.sensor {
            columns.sensors.push(sensor(text, find)?);
        }
        columns.settle(header, desk)?;
        Ok(columns)
    }

    /// Finds out what the rows are, and which columns are left as properties.
    fn settle(&mut self, header: &[String], desk: &Desk) -> Result<(), Failure> {
        let has =
            |columns: &Columns, meanings: &[Meaning]| meanings.iter().all(|m| columns.column(*m).is_some());
        self.are_readings = !self.sensors.is_empty() || has(self, &[Meaning::Sensor, Meaning::Value]);
        let on_plane = has(self, &[Meaning::X, Meaning::Y]);
        let on_earth = has(self, &[Meaning::Lat, Meaning::Lon]);
        if on_earth && !desk.has_origin {
            return Err(no_origin());
        }
        // A column has its meaning where that is of use, and is a property else: the height of a wall is none of a place.
        let mut without: Vec<Meaning> = Vec::new();
        if !on_plane {
            without.extend([Meaning::X, Meaning::Y, Meaning::Z]);
        }
        if !on_earth {
            without.extend([Meaning::Lat, Meaning::Lon, Meaning::Height]);
        }
        if !self.are_readings {
            without.extend([Meaning::Sensor, Meaning::Value, Meaning::Unit]);
        }
        without.into_iter().for_each(|meaning| self.by_meaning[meaning as usize] = None);
        if self.are_readings && self.column(Meaning::ActorId).is_none() && !desk.actor_is_given {
            return Err(Failure::usage("csv", "readings need --actor, or a column actor_id"));
        }
        let says_what = has(self, &[Meaning::NodeId]) || has(self, &[Meaning::Kind]) || desk.kind.is_some();
        if !self.are_readings && !says_what && !on_plane && !on_earth {
            return Err(Failure::usage(
                "csv",
                "no column node_id or kind, no x and y or lat and lon, and no sensor and value; --columns says which is which",
            ));
        }
        let mut order: Vec<usize> = (0..header.len()).filter(|i| !header[*i].is_empty()).collect();
        order.sort_by(|a, b| key_order(&header[*a], &header[*b]));
        self.all = order.iter().map(|i| Property::of(*i, &header[*i])).collect();
        let label = self.column(Meaning::Label);
        let is_property = |i: &&usize| {
            !self.by_meaning.contains(&Some(**i)) && !self.times.iter().any(|(_, column)| column == *i)
        };
        let names = order.iter().filter(is_property).map(|i| (*i, header[*i].as_str()));
        let mut names: Vec<(usize, &str)> = names.chain(label.map(|i| (i, Meaning::Label.name()))).collect();
        names.sort_by(|a, b| key_order(a.1, b.1));
        names.dedup_by(|a, b| a.1 == b.1);
        let property = |(i, name)| Property { is_text: Some(i) == label, ..Property::of(i, name) };
        self.properties = names.into_iter().map(property).collect();
        Ok(())
    }

    pub fn column(&self, meaning: Meaning) -> Option<usize> {
        self.by_meaning[meaning as usize]
    }

    /// The column of a property that `--time` names.
    pub fn time(&self, name: &str) -> Option<usize> {
        self.times.iter().find(|(known, _)| known == name).map(|(_, column)| *column)
    }
}

impl Property {
    fn of(column: usize, name: &str) -> Property {
        let mut key = Vec::new();
        write_string(name, &mut key);
        key.push(b':');
        Property { column, key, is_text: false }
    }
}

/// `COLUMN[=UNIT]`: a column of the whole text, else of what stands before its last equals sign.
fn sensor(text: &str, find: impl Fn(&str) -> Result<usize, Failure>) -> Result<Sensor, Failure> {
    let whole = find(text);
    let Some((name, unit)) = text.rsplit_once('=').filter(|_| whole.is_err()) else {
        return Ok(Sensor { column: whole?, name: text.to_owned(), unit: None });
    };
    let unit = Some(unit.to_owned()).filter(|unit| !unit.is_empty());
    Ok(Sensor { column: find(name)?, name: name.to_owned(), unit })
}
