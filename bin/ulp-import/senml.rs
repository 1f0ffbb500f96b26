//! SenML (RFC 8428) in JSON: a reading a record, with the base values before it resolved.

use ulp_cli::Failure;
use ulp_core::id::{Time, is_id};
use ulp_core::json::{Kind, STATE_DEPTH, Tape, Value, raw, write_number, write_string};
use ulp_core::report::Refusal;

use crate::desk::Desk;
use crate::draft::{Draft, Envelope, Json, Reading, What};
use crate::pipe::Pipe;
use crate::record::Record;
use crate::texts;
use crate::time::{Said, Stamp, whole};
use crate::whole::{no_document, utf8};

pub const READING: texts::Reading = texts::Reading { is_document, text, document };

/// Times below this many nanoseconds, 2^28 seconds, count from now (RFC 8428, section 4.5.3).
const RELATIVE: i64 = (1 << 28) * 1_000_000_000;
/// The greatest version that is known.
const VERSION: f64 = 10.0;
/// The longest base unit, in bytes.
const UNIT_BYTES: usize = 256;
/// What may stand between the name of a device and that of its sensor.
const BETWEEN: [char; 5] = [':', '/', '-', '.', '_'];

fn is_document(_: Value<'_, '_>) -> bool {
    false
}

/// The records of one pack among others.
fn text(number: u64, text: &str, desk: &Desk, tape: &mut Tape) -> Vec<Record> {
    match tape.parse_any(text, STATE_DEPTH) {
        Ok(value) if value.kind() == Kind::Array => pack(value, |_| number, desk),
        Ok(_) => vec![Record::refused(number, no_pack())],
        Err(error) => vec![Record::refused(number, error.into())],
    }
}

fn document(source: u32, bytes: &[u8], desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
    let read = utf8(bytes).and_then(|text| {
        let mut tape = Tape::new();
        let value = tape
            .parse_any(text.trim_ascii(), STATE_DEPTH)
            .map_err(|error| no_document(error.fault.to_string()))?;
        if value.kind() != Kind::Array {
            return Err(no_pack());
        }
        Ok(pack(value, |i| i, desk))
    });
    pipe.put(source, read.unwrap_or_else(|refusal| vec![Record::refused(1, refusal)]));
    Ok(())
}

fn no_pack() -> Refusal {
    Refusal::new("senml.pack", "no list of records")
}

/// What a pack has said so far for the records that follow.
#[derive(Default)]
struct Base {
    version: f64,
    name: String,
    time: Option<f64>,
    unit: Option<String>,
    value: Option<f64>,
}

fn pack(value: Value<'_, '_>, number: impl Fn(u64) -> u64, desk: &Desk) -> Vec<Record> {
    let mut base = Base::default();
    (1..)
        .zip(value.items())
        .map(|(i, item)| Record::of(number(i), |record| base.record(item, desk, record)))
        .collect()
}

impl Base {
    fn record(&mut self, item: Value<'_, '_>, desk: &Desk, record: &mut Record) -> Result<(), Refusal> {
        if item.kind() != Kind::Object {
            return Err(Refusal::new("senml.record", "a record that is no object"));
        }
        self.learn(item)?;
        if item.members().any(|(name, _)| name.str_ends_with("_")) {
            return Err(Refusal::new("senml.must_understand", "a label that must be understood"));
        }
        if item.get("s").is_some() || item.get("bs").is_some() {
            record.note("import.sum", "a sum, for which there is no place");
        }
        let Some(value) = self.value(item)? else { return without_value(item) };
        let (actor, sensor) = self.names(item, desk)?;
        let unit = text_of(item, "u")?.or_else(|| self.unit.clone()).filter(|unit| !unit.is_empty());
        record.drafts.push(Draft {
            envelope: Envelope { actor, ..Envelope::default() },
            stamp: self.stamp(item, desk)?,
            what: What::Reading(Box::new(Reading { sensor, value, unit, ..Reading::default() })),
        });
        Ok(())
    }

    /// Takes the base values of a record.
    fn learn(&mut self, item: Value<'_, '_>) -> Result<(), Refusal> {
        self.version = number_of(item, "bver")?.unwrap_or(self.version);
        if self.version > VERSION {
            return Err(Refusal::new("senml.version", "a version that is not known"));
        }
        if let Some(name) = text_of(item, "bn")? {
            self.name = name;
        }
        if let Some(unit) = text_of(item, "bu")? {
            // It stands in all records that follow.
            if unit.len() > UNIT_BYTES {
                return Err(wrong("bu"));
            }
            self.unit = Some(unit);
        }
        self.time = number_of(item, "bt")?.or(self.time);
        self.value = number_of(item, "bv")?.or(self.value);
        Ok(())
    }

    /// The value of a record, as JSON.
    fn value(&self, item: Value<'_, '_>) -> Result<Option<Json>, Refusal> {
        let given = ["v", "vb", "vs", "vd"].map(|name| item.get(name));
        if given.iter().flatten().count() > 1 {
            return Err(Refusal::new("senml.value", "more than one value"));
        }
        let mut out = Vec::new();
        match given {
            [Some(value), ..] => {
                let value = value.as_f64().ok_or_else(|| wrong("v"))?;
                write_number(value + self.value.unwrap_or_default(), &mut out);
                // A sum may lie beyond what events hold.
                let text = std::str::from_utf8(&out).unwrap_or_default();
                raw::number(text)
                    .ok_or_else(|| Refusal::new("senml.value", "a value beyond what events hold"))?;
            }
            [_, Some(value), ..] => {
                let value = value.as_bool().ok_or_else(|| wrong("vb"))?;
                out.extend_from_slice(if value { b"true" } else { b"false" });
            }
            [_, _, Some(value), _] | [_, _, _, Some(value)] => {
                write_string(&value.as_text().ok_or_else(|| wrong("vs"))?, &mut out);
            }
            [None, None, None, None] => return Ok(None),
        }
        Ok(Some(out))
    }

    /// The actor, unless it is that of `--actor`, and the sensor.
    fn names(&self, item: Value<'_, '_>, desk: &Desk) -> Result<(Option<String>, String), Refusal> {
        let own = text_of(item, "n")?.unwrap_or_default();
        let (actor, sensor) = match (self.name.as_str(), own.as_str()) {
            ("", "") => return Err(Refusal::new("import.name", "a record without a name")),
            (base, "") => cut(base),
            ("", own) => cut(own),
            (base, own) => (Some(base.strip_suffix(BETWEEN).unwrap_or(base)), own),
        };
        if actor.is_none() && !desk.actor_is_given {
            return Err(Refusal::new("import.actor", "a reading of nobody"));
        }
        if sensor.is_empty() || actor.is_some_and(|actor| !is_id(actor)) {
            return Err(Refusal::new("import.name", "a name that no actor or sensor may have"));
        }
        Ok((actor.map(str::to_owned), sensor.to_owned()))
    }

    /// When it was read. What counts from now counts from the time for all.
    fn stamp(&self, item: Value<'_, '_>, desk: &Desk) -> Result<Stamp, Refusal> {
        let own = number_of(item, "t")?;
        let property = |name: &str| Said::json(item.get(name));
        if own.is_none() && self.time.is_none() {
            return desk.times.stamp(Said::Nothing, property);
        }
        let nanos = |seconds: Option<f64>| Time::from_seconds(seconds.unwrap_or_default()).map(|time| time.0);
        let sum = nanos(self.time).zip(nanos(own)).and_then(|(base, own)| base.checked_add(own));
        let unknown = || Refusal::new("import.time", "a time that no event may have");
        let sum = sum.ok_or_else(unknown)?;
        if sum >= RELATIVE {
            return whole(Time(sum)).map(Stamp::Own).ok_or_else(unknown);
        }
        let Some(now) = desk.times.for_all() else { return Ok(Stamp::Open) };
        now.0.checked_add(sum).and_then(|sum| whole(Time(sum))).map(Stamp::Own).ok_or_else(unknown)
    }
}

/// The actor, where there is one, and the sensor of a name in one piece.
fn cut(name: &str) -> (Option<&str>, &str) {
    let name = name.strip_suffix([':', '/']).unwrap_or(name);
    if name.starts_with("urn:dev:") && name.matches(':').count() == 3 {
        return (Some(name), "value");
    }
    match name.rsplit_once([':', '/']) {
        Some((actor, sensor)) if !actor.is_empty() => (Some(actor), sensor),
        _ => (None, name),
    }
}

/// A record without a value has a sum, or is there for its base values.
fn without_value(item: Value<'_, '_>) -> Result<(), Refusal> {
    let is_base = item.get("s").is_some() || item.members().all(|(name, _)| name.chars().next() == Some('b'));
    if is_base { Ok(()) } else { Err(Refusal::new("senml.value", "a record without a value")) }
}

fn wrong(name: &str) -> Refusal {
    Refusal::new("senml.type", format!("{name} has the wrong type"))
}

fn text_of(item: Value<'_, '_>, name: &str) -> Result<Option<String>, Refusal> {
    item.get(name).map(|value| value.as_text().ok_or_else(|| wrong(name))).transpose()
}

fn number_of(item: Value<'_, '_>, name: &str) -> Result<Option<f64>, Refusal> {
    item.get(name).map(|value| value.as_f64().ok_or_else(|| wrong(name))).transpose()
}
