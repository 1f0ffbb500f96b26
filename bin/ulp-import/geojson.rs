//! GeoJSON (RFC 7946): a node a feature, in the middle of it.

use rayon::prelude::*;
use ulp_cli::Failure;
use ulp_core::json::write::Members;
use ulp_core::json::{Canonical, EVENT_DEPTH, Kind, Tape, Value, write_canonical};
use ulp_core::report::Refusal;
use ulp_view::geodesy::round;

use crate::desk::Desk;
use crate::draft::Json;
use crate::ids::hash;
use crate::pipe::Pipe;
use crate::record::Record;
use crate::shape::{self, Look, Part};
use crate::split::{self, Broken};
use crate::texts::Reading;
use crate::time::Said;
use crate::whole::{no_document, utf8};

pub const READING: Reading = Reading { is_document, text, document };

/// The deepest nesting of a feature, whose properties are as deep in an event.
const DEPTH: usize = EVENT_DEPTH;
/// How many features are read together.
const TOGETHER: usize = 256;
/// The properties that the parts of a feature have as well.
const LOOKS: [&str; 5] = ["color", "fill", "opacity", "stroke", "stroke_width"];
/// The longest of them, in bytes: it is written once for each part.
const LOOK_BYTES: usize = 256;
/// The list of a collection.
const FEATURES: &str = "features";

fn is_document(value: Value<'_, '_>) -> bool {
    value.get("type").is_some_and(|kind| kind.is_str("FeatureCollection"))
}

/// The records of one text among others: a feature, a geometry, or a collection.
fn text(number: u64, text: &str, desk: &Desk, tape: &mut Tape) -> Vec<Record> {
    let value = match tape.parse(text, DEPTH + 2) {
        Ok(value) => value,
        Err(error) => return vec![Record::refused(number, error.into())],
    };
    match value.get(FEATURES).filter(|_| is_document(value)) {
        Some(list) if list.kind() == Kind::Array => {
            list.items().map(|item| feature_of(number, item, desk)).collect()
        }
        Some(_) => vec![Record::refused(number, no_feature())],
        None => vec![feature_of(number, value, desk)],
    }
}

/// Reads a document: a collection, whose features are read side by side, or a single feature or geometry.
///
/// All of it is looked through before anything of it is used, as a document with a fault is none.
fn document(source: u32, bytes: &[u8], desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
    let features = match utf8(bytes).and_then(features) {
        Ok(features) => features,
        Err(refusal) => {
            pipe.put(source, vec![Record::refused(1, refusal)]);
            return Ok(());
        }
    };
    let numbered: Vec<(u64, &[&str])> = (0..).step_by(TOGETHER).zip(features.chunks(TOGETHER)).collect();
    pipe.parts(source, &numbered, |(first, features)| {
        let mut tape = Tape::new();
        let read = |(number, text): (u64, &&str)| match tape.parse_any(text, DEPTH) {
            Ok(value) => feature_of(number, value, desk),
            Err(error) => Record::refused(number, error.into()),
        };
        (first + 1..).zip(features.iter()).map(read).collect()
    })
}

/// The features of a document, each of which is JSON.
fn features(text: &str) -> Result<Vec<&str>, Refusal> {
    let broken = |Broken| no_document("not JSON, or no object");
    let (members, list) = split::object(text.as_bytes(), FEATURES).map_err(broken)?;
    let (mut tape, mut names) = (Tape::new(), Vec::new());
    let (mut kind, mut coordinates) = (None, None);
    for (name, value) in members {
        let name = tape.parse_any(&text[name], 1).map_err(fault)?.as_text().unwrap_or_default();
        if name == "type" {
            kind = tape.parse_any(&text[value.clone()], DEPTH).map_err(fault)?.as_text();
        } else if name == "crs" {
            coordinates = Some(&text[value.clone()]);
        }
        if name != FEATURES || list.is_none() {
            tape.parse_any(&text[value], DEPTH).map_err(fault)?;
        }
        names.push(name);
    }
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(no_document("the same key twice in one object"));
    }
    if kind.as_deref() != Some("FeatureCollection") {
        return Tape::new().parse(text, DEPTH).map(|_| vec![text]).map_err(fault);
    }
    if coordinates.is_some_and(|raw| !is_wgs84(raw)) {
        return Err(no_document("coordinates that are not WGS84's, which alone RFC 7946 knows"));
    }
    let list = list.ok_or_else(|| no_document("a FeatureCollection without a list of features"))?;
    let features: Vec<&str> = list.into_iter().map(|range| &text[range]).collect();
    let check = |part: &[&str]| {
        let mut tape = Tape::new();
        part.iter().find_map(|text| tape.parse_any(text, DEPTH).err())
    };
    match features.par_chunks(TOGETHER).filter_map(check).find_first(|_| true) {
        Some(error) => Err(fault(error)),
        None => Ok(features),
    }
}

fn fault(error: ulp_core::json::Error) -> Refusal {
    no_document(error.fault.to_string())
}

/// Whether the coordinate system that older GeoJSON may name is the one that RFC 7946 knows.
fn is_wgs84(raw: &str) -> bool {
    ["null", "CRS84", "EPSG::4326", "EPSG:4326"].iter().any(|name| raw.contains(name))
}

fn no_feature() -> Refusal {
    Refusal::new("import.feature", "no feature, geometry or collection of GeoJSON")
}

fn feature_of(number: u64, value: Value<'_, '_>, desk: &Desk) -> Record {
    Record::of(number, |record| feature(value, desk, record))
}

fn feature(value: Value<'_, '_>, desk: &Desk, record: &mut Record) -> Result<(), Refusal> {
    let kind = value.get("type").and_then(Value::as_plain_str).ok_or_else(no_feature)?;
    let bare = kind != "Feature";
    if bare && !GEOMETRIES.contains(&kind) {
        return Err(no_feature());
    }
    let properties = if bare { None } else { value.get("properties").filter(|value| !value.is_null()) };
    if properties.is_some_and(|properties| properties.kind() != Kind::Object) {
        return Err(Refusal::new("import.feature", "properties that are no object"));
    }
    let property = |name: &str| Said::json(properties.and_then(|properties| properties.get(name)));
    let stamp = desk.times.stamp(Said::Nothing, property)?;
    let mut parts = Vec::new();
    let given = value.get("geometry").filter(|geometry| !geometry.is_null());
    if let Some(geometry) = if bare { Some(value) } else { given } {
        gather(geometry, desk, record, &mut parts)?;
    }
    if parts.is_empty() {
        record.note("import.geometry", "no geometry: it stands nowhere");
    }
    let properties = properties.filter(|properties| !properties.is_empty());
    let look = Look {
        kind: desk.kind.clone(),
        properties: properties.map(canonical),
        of_members: if parts.len() > 1 { properties.and_then(looks) } else { None },
        ..Look::of(id(value, desk, record), stamp)
    };
    record.drafts = shape::drafts(&parts, look, &desk.names);
    Ok(())
}

/// What a feature is called: by its id, else by a hash of it.
fn id(value: Value<'_, '_>, desk: &Desk, record: &mut Record) -> String {
    let id = value.get("id").filter(|id| !id.is_null());
    match id.map(|id| (id.kind(), id)) {
        Some((Kind::String, id)) => desk.names.node(&id.as_text().unwrap_or_default(), record),
        Some((Kind::Number, id)) => {
            desk.names.node(&String::from_utf8(canonical(id)).unwrap_or_default(), record)
        }
        other => {
            if other.is_some() {
                record.note(
                    "import.id",
                    "an id that is neither text nor a number: it is called by a hash of all",
                );
            }
            desk.names.known(&format!("f-{}", hash(&canonical(value))))
        }
    }
}

fn canonical(value: Value<'_, '_>) -> Json {
    let mut out = Vec::with_capacity(value.raw().len());
    if value.is_evidently_canonical() {
        out.extend_from_slice(value.raw().as_bytes());
    } else {
        Canonical::new().write(value, &mut out);
    }
    out
}

/// The properties by which parts look. What is longer than a colour or a number ever is stays the whole's own.
fn looks(properties: Value<'_, '_>) -> Option<Json> {
    let mut out = Vec::new();
    let mut members = Members::open(&mut out);
    for name in LOOKS {
        if let Some(value) = properties.get(name).filter(|value| value.raw().len() <= LOOK_BYTES) {
            members.name(name, &mut out);
            write_canonical(value.raw(), &mut out);
        }
    }
    members.close(&mut out);
    (out.len() > 2).then_some(out)
}

const GEOMETRIES: [&str; 7] =
    ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"];

/// Gathers the parts of a geometry.
fn gather(
    geometry: Value<'_, '_>,
    desk: &Desk,
    record: &mut Record,
    parts: &mut Vec<Part>,
) -> Result<(), Refusal> {
    let kind = geometry.get("type").and_then(Value::as_plain_str).unwrap_or_default();
    let list = geometry.get(if kind == "GeometryCollection" { "geometries" } else { "coordinates" });
    let list =
        list.filter(|list| list.kind() == Kind::Array).ok_or_else(|| wrong("a geometry without its list"))?;
    // What has no coordinates may be taken for no geometry (RFC 7946, section 3.1).
    let mut each = |read: &mut dyn FnMut(Value<'_, '_>) -> Result<Option<Part>, Refusal>, one: bool| {
        if one {
            parts.extend(read(list)?);
            return Ok(());
        }
        for item in list.items() {
            parts.extend(read(item)?);
        }
        Ok(())
    };
    match kind {
        "Point" => each(&mut |item| point(item, desk, record), true),
        "MultiPoint" => each(&mut |item| point(item, desk, record), false),
        "LineString" => each(&mut |item| line(item, desk, record), true),
        "MultiLineString" => each(&mut |item| line(item, desk, record), false),
        "Polygon" => each(&mut |item| polygon(item, desk, record), true),
        "MultiPolygon" => each(&mut |item| polygon(item, desk, record), false),
        "GeometryCollection" => list.items().try_for_each(|item| gather(item, desk, record, parts)),
        _ => Err(wrong("no geometry that RFC 7946 knows")),
    }
}

fn wrong(detail: &'static str) -> Refusal {
    Refusal::new("import.geometry", detail)
}

fn point(value: Value<'_, '_>, desk: &Desk, record: &mut Record) -> Result<Option<Part>, Refusal> {
    if value.kind() == Kind::Array && value.is_empty() {
        return Ok(None);
    }
    let (at, height) = position(value, desk, record)?;
    Ok(Some(Part::Point(at, height.map(|height| round::position(desk.ground.z(height))))))
}

fn line(value: Value<'_, '_>, desk: &Desk, record: &mut Record) -> Result<Option<Part>, Refusal> {
    match points(value, desk, record)? {
        points if points.is_empty() => Ok(None),
        points if points.len() < 2 => Err(wrong("a line of fewer than two positions")),
        points => Ok(Some(Part::Line(points))),
    }
}

fn polygon(value: Value<'_, '_>, desk: &Desk, record: &mut Record) -> Result<Option<Part>, Refusal> {
    if value.kind() != Kind::Array {
        return Err(wrong("a polygon that is no list of rings"));
    }
    let rings = value.items().map(|ring| self::ring(ring, desk, record));
    let rings = rings.collect::<Result<Vec<Vec<[f64; 2]>>, Refusal>>()?;
    Ok((!rings.is_empty()).then_some(Part::Polygon(rings)))
}

/// A ring without the position that closes it.
fn ring(value: Value<'_, '_>, desk: &Desk, record: &mut Record) -> Result<Vec<[f64; 2]>, Refusal> {
    let place = |value: Option<Value<'_, '_>>| {
        let numbers: Option<Vec<f64>> = value?.items().take(2).map(Value::as_f64).collect();
        numbers
    };
    let mut points = points(value, desk, record)?;
    let is_closed = place(value.items().next()) == place(value.items().last());
    if points.len() < 4 || !is_closed {
        return Err(wrong("a ring of fewer than four positions, or one that is not closed"));
    }
    points.pop();
    Ok(points)
}

fn points(value: Value<'_, '_>, desk: &Desk, record: &mut Record) -> Result<Vec<[f64; 2]>, Refusal> {
    if value.kind() != Kind::Array {
        return Err(wrong("positions that are no list"));
    }
    value.items().map(|item| position(item, desk, record).map(|(at, _)| at)).collect()
}

/// A position: longitude, latitude, and perhaps the height above the ellipsoid.
fn position(
    value: Value<'_, '_>,
    desk: &Desk,
    record: &mut Record,
) -> Result<([f64; 2], Option<f64>), Refusal> {
    let no_number = || Refusal::new("import.coordinates", "a position that is not two numbers or three");
    let mut numbers = value.items().map(Value::as_f64);
    let (Some(Some(lon)), Some(Some(lat))) = (numbers.next(), numbers.next()) else {
        return Err(no_number());
    };
    let height = numbers.next().map(|height| height.ok_or_else(no_number)).transpose()?;
    Ok((desk.ground.point(lat, lon, &mut record.around)?, height))
}
