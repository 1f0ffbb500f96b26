//! GPX 1.0 and 1.1: waypoints, routes, and tracks, which move where their points have times.

use roxmltree::{Document, Node as Element};
use ulp_core::json::write::{Items, Object};
use ulp_core::json::{write_number, write_string};
use ulp_core::report::Refusal;
use ulp_view::geodesy::round;

use crate::desk::Desk;
use crate::draft::{Draft, Envelope, What};
use crate::ids::hash;
use crate::pipe::Records;
use crate::place::transform;
use crate::record::Record;
use crate::shape::{self, Look, Part};
use crate::time::{Said, Stamp};
use crate::whole::no_document;

/// The elements that become properties.
const PROPERTIES: [&str; 5] = ["name", "cmt", "desc", "sym", "type"];

/// Reads a document: its waypoints, routes and tracks, in their order.
///
/// # Errors
/// It is no GPX, or has a document type.
pub fn read(text: &str, desk: &Desk, records: &mut Records<'_, '_>) -> Result<(), Refusal> {
    if depth(text) > DEPTH {
        return Err(no_document("nested too deep"));
    }
    let document = Document::parse(text).map_err(no_xml)?;
    let root = document.root_element();
    if root.tag_name().name() != "gpx" {
        return Err(no_document("not a gpx element"));
    }
    if root.attribute("version").is_some_and(|version| !matches!(version, "1.0" | "1.1")) {
        return Err(no_document("a version of GPX other than 1.0 and 1.1"));
    }
    let kinds = root.children().filter_map(|element| Some((Kind::of(element)?, element)));
    for (number, (kind, element)) in (1..).zip(kinds) {
        records.of(number, |record| kind.read(element, desk, record));
    }
    Ok(())
}

/// The deepest nesting of elements; the reader of XML takes a part of the stack for each.
const DEPTH: usize = 256;

/// How deep elements are nested, as far as that can be told before the text is known to be XML.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut rest) = (0usize, 0, text);
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let behind = |mark: &str, rest: &'_ str| rest.find(mark).map_or(rest.len(), |at| at + mark.len());
        let end = if rest.starts_with("<!--") {
            behind("-->", rest)
        } else if rest.starts_with("<![CDATA[") {
            behind("]]>", rest)
        } else if rest.starts_with("<?") {
            behind("?>", rest)
        } else {
            end_of_tag(rest)
        };
        let (tag, after) = rest.split_at(end);
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with("<!") && !tag.starts_with("<?") && !tag.ends_with("/>") {
            depth += 1;
            deepest = deepest.max(depth);
        }
        rest = after;
    }
    deepest
}

/// The place behind the bracket that ends a tag, which quotes may hold too.
fn end_of_tag(tag: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    tag.len()
}

/// What is wrong, and where; what stands there is not repeated.
fn no_xml(error: roxmltree::Error) -> Refusal {
    match error {
        roxmltree::Error::DtdDetected => no_document("a document type"),
        error => no_document(format!("no XML: line {}, column {}", error.pos().row, error.pos().col)),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Waypoint,
    Route,
    Track,
}

impl Kind {
    fn of(element: Element<'_, '_>) -> Option<Kind> {
        match element.tag_name().name() {
            "wpt" => Some(Kind::Waypoint),
            "rte" => Some(Kind::Route),
            "trk" => Some(Kind::Track),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Waypoint => "waypoint",
            Kind::Route => "route",
            Kind::Track => "track",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Kind::Waypoint => "wpt",
            Kind::Route => "rte",
            Kind::Track => "trk",
        }
    }

    fn read(self, element: Element<'_, '_>, desk: &Desk, record: &mut Record) -> Result<(), Refusal> {
        match self {
            Kind::Waypoint => self.waypoint(element, desk, record),
            Kind::Route => self.path(&[element], "rtept", element, desk, record),
            Kind::Track => {
                let segments: Vec<Element<'_, '_>> = children(element, "trkseg").collect();
                self.path(&segments, "trkpt", element, desk, record)
            }
        }
    }

    fn waypoint(self, element: Element<'_, '_>, desk: &Desk, record: &mut Record) -> Result<(), Refusal> {
        let stamp = desk.times.stamp(said(text_of(element, "time").as_deref()), |_| Said::Nothing)?;
        let at = place(element, desk, record)?;
        let (height, mut properties) = (height(element, record), properties(element));
        if let Some(height) = height {
            properties.number("ele", height);
        }
        let part = Part::Point(at, height.and_then(|height| desk.ground.z_above_sea(height)));
        let id = self.id(element, element, desk);
        record.drafts = self.shape(&[part], id, properties, stamp, desk);
        Ok(())
    }

    /// A route or a track, whose points are those of that name in its segments.
    fn path(
        self,
        segments: &[Element<'_, '_>],
        point: &'static str,
        element: Element<'_, '_>,
        desk: &Desk,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        let mut spots = Vec::with_capacity(segments.len());
        for segment in segments {
            let points = children(*segment, point).map(|element| Spot::of(element, desk, record));
            spots.push(points.collect::<Result<Vec<Spot>, Refusal>>()?);
        }
        let first =
            segments.iter().find_map(|segment| children(*segment, point).next()).ok_or_else(no_line)?;
        let id = self.id(element, first, desk);
        if matches!(self, Kind::Track) && spots.iter().flatten().any(|spot| spot.time.is_some()) {
            return self.moving(id, &spots, properties(element), desk, record);
        }
        let long = spots.iter().filter(|points| points.len() > 1);
        let parts: Vec<Part> =
            long.map(|points| Part::Line(points.iter().map(|spot| spot.at).collect())).collect();
        if parts.is_empty() {
            return Err(no_line());
        }
        if parts.len() < spots.len() {
            record.note("import.geometry", "a segment of fewer than two points");
        }
        record.drafts = self.shape(&parts, id, properties(element), desk.times.of_all(), desk);
        Ok(())
    }

    /// A track whose points have times: a node that moves, and the path of each segment.
    fn moving(
        self,
        id: String,
        spots: &[Vec<Spot>],
        properties: Object,
        desk: &Desk,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        let mut paths = Vec::new();
        let mut properties = Some(properties);
        for (number, segment) in (1..).zip(spots) {
            let mut path = Vec::with_capacity(segment.len());
            let mut last = Stamp::Open;
            for spot in segment {
                let Ok(Some(time)) = desk.times.read(said(spot.time.as_deref())) else {
                    record.note("import.time", "a point of a track without a time that is understood");
                    continue;
                };
                last = Stamp::Own(time);
                path.push(spot.at);
                let draft = match properties.take() {
                    Some(properties) => self
                        .shape(&[Part::Point(spot.at, spot.z)], id.clone(), properties, last, desk)
                        .remove(0),
                    None => moved(id.clone(), spot, last),
                };
                record.drafts.push(draft);
            }
            if path.len() > 1 {
                let look = Look::of(desk.names.member(&id, number), last);
                let look = Look { kind: Some("path".to_owned()), beside: Some(id.clone()), ..look };
                paths.extend(shape::drafts(&[Part::Line(path)], look, &desk.names));
            }
        }
        if properties.is_some() {
            return Err(Refusal::new("import.time", "no point of the track has a time that is understood"));
        }
        record.drafts.append(&mut paths);
        Ok(())
    }

    fn shape(self, parts: &[Part], id: String, properties: Object, stamp: Stamp, desk: &Desk) -> Vec<Draft> {
        let properties = Some(properties.bytes()).filter(|properties| properties != b"{}");
        let look = Look { kind: Some(self.name().to_owned()), properties, ..Look::of(id, stamp) };
        shape::drafts(parts, look, &desk.names)
    }

    /// What it is called: by a hash of its name, and of the place and time of its first point.
    fn id(self, element: Element<'_, '_>, first: Element<'_, '_>, desk: &Desk) -> String {
        let mut json = Vec::new();
        let mut items = Items::open(&mut json);
        items.next(&mut json);
        write_text(text_of(element, "name"), &mut json);
        for name in ["lat", "lon"] {
            items.next(&mut json);
            write_number(degrees(first, name).unwrap_or_default(), &mut json);
        }
        items.next(&mut json);
        write_text(text_of(first, "time"), &mut json);
        items.close(&mut json);
        desk.names.known(&format!("{}-{}", self.prefix(), hash(&json)))
    }
}

/// A point of a route or a track.
struct Spot {
    at: [f64; 2],
    z: Option<f64>,
    time: Option<String>,
}

impl Spot {
    fn of(element: Element<'_, '_>, desk: &Desk, record: &mut Record) -> Result<Spot, Refusal> {
        let at = place(element, desk, record)?;
        let z = height(element, record).and_then(|height| desk.ground.z_above_sea(height));
        Ok(Spot { at, z, time: text_of(element, "time") })
    }
}

fn moved(node_id: String, spot: &Spot, stamp: Stamp) -> Draft {
    let transform = transform(spot.at.map(round::position), spot.z.map(round::position));
    Draft { envelope: Envelope::default(), stamp, what: What::Move { node_id, transform } }
}

fn no_line() -> Refusal {
    Refusal::new("import.geometry", "no line of two points or more")
}

fn place(element: Element<'_, '_>, desk: &Desk, record: &mut Record) -> Result<[f64; 2], Refusal> {
    let no_number = || Refusal::new("import.coordinates", "lat and lon are not both numbers");
    let [lat, lon] = [degrees(element, "lat"), degrees(element, "lon")];
    desk.ground.point(lat.ok_or_else(no_number)?, lon.ok_or_else(no_number)?, &mut record.around)
}

fn degrees(element: Element<'_, '_>, name: &str) -> Option<f64> {
    number(element.attribute(name)?)
}

/// A decimal number as XML Schema writes it, which knows a plus sign and lets zeros be left out.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

/// The height above mean sea level.
fn height(element: Element<'_, '_>, record: &mut Record) -> Option<f64> {
    let text = text_of(element, "ele")?;
    let height = number(&text);
    if height.is_none() {
        record.note("import.height", "a height that is no number");
    }
    height
}

fn properties(element: Element<'_, '_>) -> Object {
    let mut properties = Object::default();
    for name in PROPERTIES {
        properties.text(name, text_of(element, name).as_deref());
    }
    properties.text("label", text_of(element, "name").as_deref());
    properties
}

fn children<'e>(element: Element<'e, 'e>, name: &'static str) -> impl Iterator<Item = Element<'e, 'e>> {
    element.children().filter(move |child| child.tag_name().name() == name)
}

/// The text of a child, where there is any.
fn text_of(element: Element<'_, '_>, name: &str) -> Option<String> {
    let child = element.children().find(|child| child.tag_name().name() == name)?;
    let text: String = child.children().filter_map(|part| part.text()).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn said(text: Option<&str>) -> Said<'_> {
    text.map_or(Said::Nothing, Said::text)
}

fn write_text(text: Option<String>, out: &mut Vec<u8>) {
    match text {
        Some(text) => write_string(&text, out),
        None => out.extend_from_slice(b"null"),
    }
}
