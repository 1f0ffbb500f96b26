//! Gathering series from a world: from events, those of macros among them, and from state lines.

use super::{Reading, Series};
use crate::consent;
use crate::history::{Change, History};
use crate::redaction::is_redacted;
use bumpalo::Bump;
use foldhash::{HashMap, HashSet};
use rayon::prelude::*;
use std::cmp::Ordering;
use ulp_core::event::{Payload, Sensor, Sets, Touch};
use ulp_core::id::{Key, Lane, Tile, Time};
use ulp_core::state::line::Body;
use ulp_core::world::{AsOf, Filter, Row, World};

/// The series of a view.
pub struct Gathered<'a> {
    /// By space, actor, sensor and unit.
    pub series: Vec<Series<'a>>,
    /// The end of what is looked at: the cut, else the greatest effective time of what may be shown; nothing where
    /// nothing was read.
    pub end: Option<Time>,
    /// Whether any node may be what a sensor recorded of a person, who has a say in it.
    pub(crate) is_of_people: bool,
}

/// What tells series apart, but for their space.
type Name<'a> = (&'a str, &'a str, &'a str);

/// What one tile holds.
#[derive(Default)]
struct OfTile<'a> {
    space: &'a str,
    series: HashMap<Name<'a>, Vec<Reading<'a>>>,
    /// Macros, whose primitives get their keys later.
    macros: Vec<(Key<'a>, Row<'a>)>,
    tile: Option<Tile>,
    latest: Option<Time>,
    is_of_people: bool,
}

/// The series of all spaces that `filter` takes in; `arena` holds the keys of macros' primitives.
pub(crate) fn gather<'a>(world: &'a World<'_>, filter: &Filter, arena: &'a Bump) -> Gathered<'a> {
    let tiles: Vec<OfTile<'a>> =
        (0..world.len()).into_par_iter().map(|place| of_tile(world, place, filter)).collect();
    let latest = tiles.iter().filter_map(|tile| tile.latest).max();
    let end = latest.map(|latest| match &filter.at {
        None => latest,
        Some(AsOf::Time(time) | AsOf::Key { eff: time, .. }) => *time,
    });
    let mut is_of_people = false;
    let mut all: HashMap<(&'a str, Name<'a>), Vec<Reading<'a>>> = HashMap::default();
    for mut tile in tiles {
        tile.expand(arena);
        is_of_people |= tile.is_of_people;
        for (name, mut readings) in tile.series {
            all.entry((tile.space, name)).or_default().append(&mut readings);
        }
    }
    let mut series: Vec<Series<'a>> = all.into_iter().map(named).collect();
    series.par_iter_mut().for_each(|series| put_in_order(&mut series.readings));
    series.sort_by_cached_key(|series| (series.space, series.actor, series.sensor, series.unit_text()));
    Gathered { series, end, is_of_people }
}

impl<'a> Gathered<'a> {
    /// Keeps of a space the readings that are among those that may be shown; where nothing is cut off, all ends with
    /// the last that may.
    pub(crate) fn keep_shown(&mut self, histories: &[History<'a>], is_cut: bool) {
        let mut shown: HashSet<(&str, Key<'_>, &str, &str)> = HashSet::default();
        let mut last = None;
        for history in histories {
            for part in history.parts() {
                let changes = history.changes(part);
                last = last.max((!changes.is_empty()).then_some(part.key.eff));
                let read = changes.iter().filter_map(|change| match change {
                    Change::Read(sensor) => Some((history.space, part.key, sensor.actor, sensor.sensor)),
                    _ => None,
                });
                shown.extend(read);
            }
        }
        if !is_cut {
            self.end = last;
        }
        for series in &mut self.series {
            let (space, actor, sensor) = (series.space, series.actor, series.sensor);
            series.readings.retain(|reading| shown.contains(&(space, reading.key, actor, sensor)));
        }
        self.series.retain(|series| !series.readings.is_empty());
    }
}

fn named<'a>(((space, name), readings): ((&'a str, Name<'a>), Vec<Reading<'a>>)) -> Series<'a> {
    let (actor, sensor, unit) = name;
    Series { space, actor, sensor, unit: (!unit.is_empty()).then_some(unit), readings }
}

fn of_tile<'a>(world: &'a World<'_>, place: usize, filter: &Filter) -> OfTile<'a> {
    let (space, tile) = world.place(place);
    let mut of = OfTile { space, tile: Some(tile), ..OfTile::default() };
    for (key, _, row) in world.rows(place) {
        if world.withheld(&row, key, filter).is_some() {
            continue;
        }
        of.latest = of.latest.max(Some(key.eff));
        match row.payload {
            Payload::Sensor(sensor) => of.take(key, tile, row.lane, sensor, Some(row.line)),
            Payload::Macro(_) => of.macros.push((key, row)),
            Payload::Create { sets, .. } | Payload::Set { sets, .. } => of.is_of_people |= is_of_person(sets),
            _ => {}
        }
    }
    for line in world.state_lines(place).filter(|line| world.takes_line(line, filter)) {
        line.body.keys(|key| of.latest = of.latest.max(Some(key.eff)));
        match &line.body {
            Body::Sensor(reading) => of.take(reading.key, tile, line.lane, &reading.sensor, None),
            Body::Node { registers, .. } => {
                of.is_of_people |= registers.iter().any(|written| consent::is_mark(written.register));
            }
            _ => {}
        }
    }
    of
}

impl<'a> OfTile<'a> {
    fn take(&mut self, key: Key<'a>, tile: Tile, lane: Lane, sensor: &'a Sensor<'a>, line: Option<&'a [u8]>) {
        if is_redacted(lane) {
            return;
        }
        let unit = sensor.unit.filter(|unit| !matches!(*unit, "null" | "\"\"")).unwrap_or_default();
        let reading = Reading { key, tile, lane, sensor, line };
        self.series.entry((sensor.actor, sensor.sensor, unit)).or_default().push(reading);
    }

    /// Takes in what macros read.
    fn expand(&mut self, arena: &'a Bump) {
        let Some(tile) = self.tile else { return };
        for (key, row) in std::mem::take(&mut self.macros) {
            for primitive in row.payload.primitives() {
                for touch in primitive.touches() {
                    match touch {
                        Touch::Read(sensor) => {
                            self.take(primitive.key(key, arena), tile, row.lane, sensor, Some(row.line));
                        }
                        Touch::Create { sets, .. } | Touch::Write { sets, .. } => {
                            self.is_of_people |= is_of_person(sets);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

/// Whether an event says whom something is of.
fn is_of_person(sets: Sets<'_>) -> bool {
    sets.iter().any(|set| consent::is_mark(set.register))
}

/// Sorts readings, and drops what state lines tell of one that is at hand or was told already.
fn put_in_order(readings: &mut Vec<Reading<'_>>) {
    let order =
        |a: &Reading<'_>, b: &Reading<'_>| told(a, b).then_with(|| a.line.is_none().cmp(&b.line.is_none()));
    readings.sort_by(order);
    readings.dedup_by(|next, before| next.line.is_none() && told(next, before).is_eq());
}

/// The order of what is said, whoever tells of it.
fn told(a: &Reading<'_>, b: &Reading<'_>) -> Ordering {
    let place = |r: &Reading<'_>| (r.tile, r.lane);
    a.key.cmp(&b.key).then_with(|| place(a).cmp(&place(b))).then_with(|| said(a.sensor).cmp(&said(b.sensor)))
}

/// All that a reading says besides its name.
fn said<'s>(of: &'s Sensor<'_>) -> [Option<&'s str>; 6] {
    [Some(of.value), Some(of.timestamp), Some(of.layer), of.unit, of.position, of.node]
}
