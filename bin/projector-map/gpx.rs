//! GPX 1.1: lines as routes, all else as waypoints; of a replay each way that a node went as a track with times.
//!
//! Elevations are above mean sea level, where the origin says how far the geoid lies. What a feature bears stands in
//! its `extensions`, in a namespace of its own.

use crate::earth::Geometry;
use crate::feature::{Feature, Map, Subject};
use crate::properties::properties;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use ulp_core::event::RegisterKind;
use ulp_core::id::Time;
use ulp_core::json::raw;
use ulp_view::digits::Shown;
use ulp_view::geodesy::cut::Spot;
use ulp_view::geodesy::{Plane, round};
use ulp_view::xml::Xml;

const NAMESPACE: &str = "http://www.topografix.com/GPX/1/1";
const OURS: &str = "urn:ulp:gpx";

/// The features of one node in a replay that are points, in the order of time.
type Way<'m, 's, 'a> = Vec<&'m Feature<'s, 'a>>;

/// Writes one document of all spaces.
///
/// # Errors
/// What `out` answers.
pub fn write(maps: &[Map<'_, '_>], out: impl Write) -> io::Result<()> {
    let mut xml = Xml::new(out);
    let mut ways: Vec<BTreeMap<&str, Way<'_, '_, '_>>> = maps.iter().map(ways).collect();
    ways.iter_mut().for_each(|ways| ways.retain(|_, way| moves(way)));
    xml.declare()?;
    let root = [("version", "1.1"), ("creator", "ulp"), ("xmlns", NAMESPACE), ("xmlns:ulp", OURS)];
    xml.open("gpx", &root)?;
    for (map, ways) in maps.iter().zip(&ways) {
        let tracked: BTreeSet<&str> = ways.keys().copied().collect();
        let points = map.features.iter().filter(|f| !is_line(f) && !is_tracked(f, &tracked));
        points.into_iter().try_for_each(|feature| write_waypoint(feature, map, &mut xml))?;
    }
    for map in maps {
        for feature in map.features.iter().filter(|feature| is_line(feature)) {
            write_routes(feature, map, &mut xml)?;
        }
    }
    for (map, ways) in maps.iter().zip(&ways) {
        ways.values().try_for_each(|way| write_track(way, map, &mut xml))?;
    }
    xml.close()
}

/// What becomes of a feature that the format does not show as it is.
pub fn lost(feature: &Feature<'_, '_>) -> Option<&'static str> {
    match feature.laid.geometry {
        Geometry::Nowhere => Some("place"),
        Geometry::Areas(_) => Some("area"),
        Geometry::Point(_) | Geometry::Lines(_) => None,
    }
}

fn is_line(feature: &Feature<'_, '_>) -> bool {
    matches!(feature.laid.geometry, Geometry::Lines(_))
}

fn is_tracked(feature: &Feature<'_, '_>, tracked: &BTreeSet<&str>) -> bool {
    matches!(feature.subject, Subject::Node(_))
        && tracked.contains(&*feature.id)
        && feature.laid.place.is_some()
}

fn ways<'m, 's, 'a>(map: &'m Map<'s, 'a>) -> BTreeMap<&'m str, Way<'m, 's, 'a>> {
    let mut ways: BTreeMap<&str, Way<'_, '_, '_>> = BTreeMap::new();
    let is_part = |f: &&Feature<'_, '_>| f.span.is_some() && !is_line(f) && f.laid.place.is_some();
    for feature in map.features.iter().filter(is_part) {
        if matches!(feature.subject, Subject::Node(_)) {
            ways.entry(&feature.id).or_default().push(feature);
        }
    }
    ways
}

/// Whether a node was at more than one place.
fn moves(way: &Way<'_, '_, '_>) -> bool {
    way.windows(2).any(|pair| pair[0].laid.place != pair[1].laid.place)
}

fn write_waypoint(feature: &Feature<'_, '_>, map: &Map<'_, '_>, xml: &mut Xml<impl Write>) -> io::Result<()> {
    let Some(spot) = &feature.laid.place else { return Ok(()) };
    let [lat, lon] = degrees(spot);
    xml.open("wpt", &[("lat", &lat), ("lon", &lon)])?;
    write_elevation(spot, &map.plane, xml)?;
    if let Some(time) = time_of(feature) {
        xml.leaf("time", &[], &time.rfc3339())?;
    }
    write_about(feature, map, xml)?;
    xml.close()
}

/// When an interval began; else when the event came that last set what is shown.
fn time_of(feature: &Feature<'_, '_>) -> Option<Time> {
    feature.span.map(|span| span.start).or(feature.key).map(|key| key.eff)
}

fn write_routes(feature: &Feature<'_, '_>, map: &Map<'_, '_>, xml: &mut Xml<impl Write>) -> io::Result<()> {
    let Geometry::Lines(lines) = &feature.laid.geometry else { return Ok(()) };
    for line in lines {
        xml.open("rte", &[])?;
        write_about(feature, map, xml)?;
        line.iter().try_for_each(|spot| write_point("rtept", spot, None, &map.plane, xml))?;
        xml.close()?;
    }
    Ok(())
}

/// A track, cut where the node was away; what it bears is as it was last.
fn write_track(way: &Way<'_, '_, '_>, map: &Map<'_, '_>, xml: &mut Xml<impl Write>) -> io::Result<()> {
    let Some(last) = way.last() else { return Ok(()) };
    xml.open("trk", &[])?;
    write_about(last, map, xml)?;
    xml.open("trkseg", &[])?;
    let mut before: Option<&Feature<'_, '_>> = None;
    for feature in way {
        let ended = before.and_then(|before| before.span?.end);
        let began = feature.span.map(|span| span.start);
        if before.is_some() && ended != began {
            xml.close()?;
            xml.open("trkseg", &[])?;
        }
        // What changed without a move adds no point.
        let is_same = before.is_some_and(|b| b.laid.place == feature.laid.place) && ended == began;
        if let Some(spot) = feature.laid.place.as_ref().filter(|_| !is_same) {
            write_point("trkpt", spot, began.map(|key| key.eff), &map.plane, xml)?;
        }
        before = Some(feature);
    }
    xml.close()?;
    xml.close()
}

fn write_point(
    name: &'static str,
    spot: &Spot,
    time: Option<Time>,
    plane: &Plane,
    xml: &mut Xml<impl Write>,
) -> io::Result<()> {
    let [lat, lon] = degrees(spot);
    let attributes = [("lat", lat.as_str()), ("lon", lon.as_str())];
    if time.is_none() && elevation(spot, plane).is_none() {
        return xml.empty(name, &attributes);
    }
    xml.open(name, &attributes)?;
    write_elevation(spot, plane, xml)?;
    if let Some(time) = time {
        xml.leaf("time", &[], &time.rfc3339())?;
    }
    xml.close()
}

/// Its name, its kind, and in our own namespace all that it bears.
fn write_about(feature: &Feature<'_, '_>, map: &Map<'_, '_>, xml: &mut Xml<impl Write>) -> io::Result<()> {
    xml.leaf("name", &[], &feature.name())?;
    if let Subject::Node(node) = &feature.subject
        && let Some(kind) = node.plain(RegisterKind::Kind).and_then(raw::text)
    {
        xml.leaf("type", &[], &kind)?;
    }
    xml.open("extensions", &[])?;
    for (name, value) in properties(feature, map) {
        let text = raw::text(&value).unwrap_or_else(|| value.clone());
        match &*name {
            "node_id" => xml.leaf("ulp:node_id", &[], &text)?,
            "event_id" => xml.leaf("ulp:event_id", &[], &text)?,
            _ => xml.leaf("ulp:property", &[("name", &name)], &text)?,
        }
    }
    xml.close()
}

fn elevation(spot: &Spot, plane: &Plane) -> Option<f64> {
    spot.z.and_then(|z| plane.sea_level(z)).map(round::height)
}

fn write_elevation(spot: &Spot, plane: &Plane, xml: &mut Xml<impl Write>) -> io::Result<()> {
    match elevation(spot, plane) {
        Some(height) => xml.leaf("ele", &[], &Shown::whole(height).to_string()),
        None => Ok(()),
    }
}

/// Latitude and longitude.
fn degrees(spot: &Spot) -> [String; 2] {
    [spot.lat, spot.lon].map(|x| Shown::whole(round::degrees(x)).to_string())
}
