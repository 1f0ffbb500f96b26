//! Where records become lines: what only the records before can settle, in the order of the input.
//!
//! That is which ids came before and when, how many lines took the time for all, and the first tile of each node.

use std::io::Write;

use ulp_cli::{Failure, Log};
use ulp_core::id::{Tile, Time};
use ulp_core::json::EVENT_BYTES;
use ulp_core::report::{Diagnostic, Note, Outcome, Position, Refusal};

use crate::desk::Desk;
use crate::draft::{Draft, Json, Line, Link, Node, Reading, What};
use crate::known::{Known, Name};
use crate::place::OUT_OF_RANGE;
use crate::record::Record;
use crate::time::Stamp;

/// Nanoseconds between two lines that take the time for all.
const STEP: i64 = 1_000;

pub struct Sink<'s> {
    desk: &'s Desk,
    out: &'s mut (dyn Write + Send),
    log: &'s mut Log,
    known: Known,
    /// How many lines took the time for all.
    taken: i64,
    /// The lines of the record that is being written.
    lines: Vec<u8>,
}

impl<'s> Sink<'s> {
    pub fn new(desk: &'s Desk, out: &'s mut (dyn Write + Send), log: &'s mut Log) -> Sink<'s> {
        Sink { desk, out, log, known: Known::default(), taken: 0, lines: Vec::new() }
    }

    /// Writes out what is there, where the next input may have to be waited for.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush()?;
        self.log.flush()
    }

    /// Writes what stands before all records.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(&mut self, first: Vec<Draft>) -> Result<(), Failure> {
        for draft in first {
            // A short line is not refused.
            self.draft(draft).map_err(|refusal| Failure::usage("--origin", refusal))?;
        }
        self.out.write_all(&std::mem::take(&mut self.lines))?;
        Ok(())
    }

    /// Takes the records of a source, in their order.
    ///
    /// # Errors
    /// As [`Sink::take`].
    pub fn take_all(&mut self, source: u32, records: Vec<Record>) -> Result<(), Failure> {
        records.into_iter().try_for_each(|record| self.take(source, record))
    }

    /// Takes a record.
    ///
    /// # Errors
    /// The system's; under `--strict`, the first rejection.
    pub fn take(&mut self, source: u32, record: Record) -> Result<(), Failure> {
        let Record { number, drafts, mut notes, refused, objects, .. } = record;
        let at = Position { source, line: number };
        self.log.tally_mut().read += 1;
        let refused = refused.or_else(|| self.drafts(drafts, &mut notes).err());
        if let Some(dir) = self.desk.objects.as_ref().filter(|_| refused.is_none()) {
            objects.iter().try_for_each(|(hash, bytes)| dir.put(bytes, *hash))?;
        }
        notes
            .into_iter()
            .try_for_each(|Note { code, detail }| self.say(Outcome::Noted, at, code.into(), detail))?;
        self.out.write_all(&self.lines)?;
        self.lines.clear();
        let Some(Refusal { code, detail, .. }) = refused else { return Ok(()) };
        let outcome = if code == OUT_OF_RANGE { Outcome::Withheld } else { Outcome::Rejected };
        self.say(outcome, at, code, detail)
    }

    fn say(
        &mut self,
        outcome: Outcome,
        at: Position,
        code: std::borrow::Cow<'static, str>,
        detail: String,
    ) -> Result<(), Failure> {
        // Nothing here is an event, which alone could be for some and not for others.
        let position = Some(at);
        self.log.record(&Diagnostic { position, outcome, code, shared: true, event_id: None, detail })
    }

    /// Writes the drafts of a record into `lines`. A first draft that is refused stands for all of them; a later one
    /// is lost alone, as a part of a feature that is too long for an event.
    fn drafts(&mut self, drafts: Vec<Draft>, notes: &mut Vec<Note>) -> Result<(), Refusal> {
        let mut lost = None;
        for (place, draft) in drafts.into_iter().enumerate() {
            let is_step = matches!(draft.what, What::Move { .. });
            match self.draft(draft) {
                Err(refusal) if place == 0 => return Err(refusal),
                Err(refusal) if lost.is_none() && !is_step => lost = Some(refusal),
                Err(refusal) => notes.push(Note {
                    code: if refusal.code == TOO_LONG { TOO_LONG } else { REPEATED },
                    detail: refusal.detail,
                }),
                Ok(()) => {}
            }
        }
        lost.map_or(Ok(()), Err)
    }

    fn draft(&mut self, draft: Draft) -> Result<(), Refusal> {
        let Draft { envelope, stamp, what } = draft;
        let frame = Line {
            space: envelope.space.as_deref().or(self.desk.space.as_deref()),
            layer: envelope.layer.as_deref().or(self.desk.layer.as_deref()),
            actor: envelope.actor.as_deref().unwrap_or(&self.desk.actor),
            scope: envelope.scope.as_ref(),
            ..Line::default()
        };
        let place = frame.space.unwrap_or_default();
        match what {
            What::Node(node) => self.node(&node, frame, envelope.tile, stamp),
            What::Move { node_id, transform } => self.moved(&node_id, &transform, frame, stamp),
            What::Properties { node_id, properties } => {
                let tile = envelope.tile.or_else(|| self.desk.tile_of([0.0, 0.0]));
                let operation = "set_properties";
                let line =
                    Line { operation, tile, node_id: Some(&node_id), properties: Some(&properties), ..frame };
                self.write(&line, stamp)
            }
            What::Media { node_id, role, media } => {
                let tile = envelope.tile.or_else(|| self.first_tile(place, &node_id));
                let line = Line { operation: "set_media", tile, node_id: Some(&node_id), ..frame };
                self.write(&Line { role: Some(&role), media: Some(&media), ..line }, stamp)
            }
            What::Link(link) => {
                let Link { from, to, relation, properties } = *link;
                let tile = envelope.tile.or_else(|| self.first_tile(place, &from));
                let line = Line { operation: "link_nodes", tile, from: Some(&from), to: Some(&to), ..frame };
                self.write(
                    &Line { relation: relation.as_deref(), properties: properties.as_ref(), ..line },
                    stamp,
                )
            }
            What::Reading(reading) => self.reading(&reading, frame, envelope.tile, stamp),
        }
    }

    fn reading(
        &mut self,
        reading: &Reading,
        frame: Line<'_>,
        tile: Option<Tile>,
        stamp: Stamp,
    ) -> Result<(), Refusal> {
        let place = frame.space.unwrap_or_default();
        let node = reading.node_id.as_ref().filter(|_| self.desk.has_tiles());
        let by_node = || node.and_then(|node| self.first_tile(place, node));
        let by_position = || reading.at.and_then(|at| self.desk.tile_of(at));
        let line = Line {
            operation: "sensor_reading",
            tile: tile.or_else(by_position).or_else(by_node),
            sensor: Some(&reading.sensor),
            value: Some(&reading.value),
            unit: reading.unit.as_deref(),
            node_id: reading.node_id.as_deref(),
            position: reading.position.as_ref(),
            ..frame
        };
        self.write(&line, stamp)
    }

    /// Creates a node, or changes it where it came before at another time.
    fn node(
        &mut self,
        node: &Node,
        frame: Line<'_>,
        tile: Option<Tile>,
        stamp: Stamp,
    ) -> Result<(), Refusal> {
        let place = frame.space.unwrap_or_default();
        let name = Name::of(place, &node.id);
        if let Some(known) = self.known.get(name) {
            if !self.known.take_again(known, stamp) {
                return Err(repeated());
            }
            return self.change(node, Line { tile: tile.or(known.tile), ..frame }, stamp);
        }
        let by_position = || node.at.and_then(|at| self.desk.tile_of(at));
        let by_other = || node.beside.as_ref().and_then(|other| self.first_tile(place, other));
        let tile = tile.or_else(by_other).or_else(by_position);
        let line = Line {
            operation: "create_node",
            tile,
            node_id: Some(&node.id),
            kind: node.kind.as_deref(),
            transform: node.transform.as_ref(),
            geometry: node.geometry.as_ref(),
            media: node.media.as_ref(),
            physics: node.physics.as_ref(),
            properties: node.properties.as_ref(),
            ..frame
        };
        self.write(&line, stamp)?;
        self.known.insert(name, tile, stamp);
        Ok(())
    }

    /// What a record gives of a node that is there already.
    fn change(&mut self, node: &Node, frame: Line<'_>, stamp: Stamp) -> Result<(), Refusal> {
        let frame = Line { node_id: Some(&node.id), ..frame };
        let whole = self.lines.len();
        let parts: [(&'static str, &Option<Json>, Line<'_>); 5] = [
            ("update_transform", &node.transform, Line { transform: node.transform.as_ref(), ..frame }),
            ("set_geometry", &node.geometry, Line { geometry: node.geometry.as_ref(), ..frame }),
            ("set_media", &node.media, Line { media: node.media.as_ref(), ..frame }),
            ("set_physics", &node.physics, Line { physics: node.physics.as_ref(), ..frame }),
            ("set_properties", &node.properties, Line { properties: node.properties.as_ref(), ..frame }),
        ];
        for (operation, given, line) in parts {
            if given.is_some()
                && let Err(refusal) = self.write(&Line { operation, ..line }, stamp)
            {
                self.lines.truncate(whole);
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// A further place of a node that was created before.
    fn moved(
        &mut self,
        node_id: &str,
        transform: &Json,
        frame: Line<'_>,
        stamp: Stamp,
    ) -> Result<(), Refusal> {
        let known = self.known.get(Name::of(frame.space.unwrap_or_default(), node_id));
        let Some(known) = known.filter(|known| self.known.take_again(*known, stamp)) else {
            return Err(repeated());
        };
        let line = Line { operation: "update_transform", tile: known.tile, node_id: Some(node_id), ..frame };
        self.write(&Line { transform: Some(transform), ..line }, stamp)
    }

    fn first_tile(&self, space: &str, node_id: &str) -> Option<Tile> {
        self.known.get(Name::of(space, node_id))?.tile
    }

    /// Writes a line, unless it is too long for an event.
    fn write(&mut self, line: &Line<'_>, stamp: Stamp) -> Result<(), Refusal> {
        let time = match stamp {
            Stamp::Own(time) => Some(time),
            Stamp::All(time) => Some(Time(time.0.saturating_add(self.taken.saturating_mul(STEP)))),
            Stamp::Open => None,
        };
        let start = self.lines.len();
        line.write(time, &mut self.lines);
        if self.lines.len() - start > EVENT_BYTES + 1 {
            self.lines.truncate(start);
            return Err(Refusal::new(TOO_LONG, "an event of more than 1 MiB"));
        }
        self.taken += i64::from(matches!(stamp, Stamp::All(_)));
        Ok(())
    }
}

const TOO_LONG: &str = "import.too_long";
const REPEATED: &str = "import.repeated";

fn repeated() -> Refusal {
    Refusal::new(REPEATED, "that id came before at the same time, or one of the two has no time")
}
