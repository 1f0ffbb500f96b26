//! GeoJSON (RFC 7946): a feature a line, or one collection of all. Longitude comes first, degrees have 9 decimals and
//! heights, which are ellipsoidal, 3.

use crate::earth::Geometry;
use crate::feature::{Feature, Map};
use crate::properties::properties;
use std::io::{self, Write};
use ulp_core::json::write::{Items, Members};
use ulp_core::json::{write_number, write_string};
use ulp_core::parallel;
use ulp_core::state::write_key;
use ulp_view::geodesy::cut::Spot;
use ulp_view::geodesy::{Plane, round};

/// Writes a feature a line.
///
/// # Errors
/// What `out` answers.
pub fn write_lines(map: &Map<'_, '_>, out: &mut (impl Write + Send)) -> io::Result<()> {
    let line = |feature: &Feature<'_, '_>, out: &mut Vec<u8>| {
        write_feature(feature, map, out);
        out.push(b'\n');
    };
    parallel::write_all(&map.features, line, out)
}

/// Writes one collection, a feature a line.
///
/// # Errors
/// What `out` answers.
pub fn write_collection(maps: &[Map<'_, '_>], out: &mut (impl Write + Send)) -> io::Result<()> {
    write!(out, "{{\"features\":[")?;
    let mut is_first = true;
    for map in maps {
        let (first, rest) = map.features.split_at(map.features.len().min(1));
        for feature in first {
            let mut text = if std::mem::take(&mut is_first) { b"\n".to_vec() } else { b",\n".to_vec() };
            write_feature(feature, map, &mut text);
            out.write_all(&text)?;
        }
        let line = |feature: &Feature<'_, '_>, out: &mut Vec<u8>| {
            out.extend_from_slice(b",\n");
            write_feature(feature, map, out);
        };
        parallel::write_all(rest, line, out)?;
    }
    writeln!(out, "\n],\"type\":\"FeatureCollection\"}}")
}

/// One feature, canonical.
pub fn write_feature(feature: &Feature<'_, '_>, map: &Map<'_, '_>, out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    line.name("geometry", out);
    write_geometry(&feature.laid.geometry, &map.plane, out);
    line.name("id", out);
    write_id(feature, out);
    line.name("properties", out);
    let mut object = Members::open(out);
    for (name, value) in properties(feature, map) {
        object.any_name(&name, out);
        out.extend_from_slice(value.as_bytes());
    }
    object.close(out);
    line.text("type", "Feature", out);
    line.close(out);
}

/// Its id; of an interval followed by `@` and the order key of the event that began it.
fn write_id(feature: &Feature<'_, '_>, out: &mut Vec<u8>) {
    write_string(&feature.id, out);
    if let Some(span) = feature.span {
        // The one string ends where the key begins, whose own opening quote becomes the mark between.
        out.pop();
        let mark = out.len();
        write_key(span.start, out);
        out[mark] = b'@';
    }
}

fn write_geometry(geometry: &Geometry, plane: &Plane, out: &mut Vec<u8>) {
    let line =
        |spots: &Vec<Spot>, out: &mut Vec<u8>| write_list(spots, out, |s, out| write_spot(s, plane, out));
    let area = |rings: &Vec<Vec<Spot>>, out: &mut Vec<u8>| write_list(rings, out, line);
    let mut object = Members::open(out);
    let kind = match geometry {
        Geometry::Nowhere => {
            out.pop();
            return out.extend_from_slice(b"null");
        }
        Geometry::Point(spot) => {
            object.name("coordinates", out);
            write_spot(spot, plane, out);
            "Point"
        }
        Geometry::Lines(lines) => {
            object.name("coordinates", out);
            match lines.as_slice() {
                [one] => {
                    line(one, out);
                    "LineString"
                }
                many => {
                    write_list(many, out, line);
                    "MultiLineString"
                }
            }
        }
        Geometry::Areas(areas) => {
            object.name("coordinates", out);
            match areas.as_slice() {
                [one] => {
                    area(one, out);
                    "Polygon"
                }
                many => {
                    write_list(many, out, area);
                    "MultiPolygon"
                }
            }
        }
    };
    object.text("type", kind, out);
    object.close(out);
}

fn write_list<T>(list: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    let mut items = Items::open(out);
    for item in list {
        items.next(out);
        write(item, out);
    }
    items.close(out);
}

fn write_spot(spot: &Spot, plane: &Plane, out: &mut Vec<u8>) {
    out.push(b'[');
    write_number(round::degrees(spot.lon), out);
    out.push(b',');
    write_number(round::degrees(spot.lat), out);
    if let Some(z) = spot.z {
        out.push(b',');
        write_number(round::height(plane.height(z)), out);
    }
    out.push(b']');
}
