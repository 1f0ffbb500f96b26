//! KML 2.2: a folder a layer, with what a feature bears as `ExtendedData`; neither links nor icons nor scripts.
//!
//! Heights are above mean sea level, where the origin says how far the geoid lies; what has none lies on the ground.

use crate::earth::Geometry;
use crate::feature::{Feature, Map, Subject};
use crate::properties::properties;
use std::io::{self, Write};
use ulp_core::json::{Tape, raw, write_number};
use ulp_core::parallel;
use ulp_view::geodesy::cut::Spot;
use ulp_view::geodesy::{Plane, round};
use ulp_view::style::{Color, Paint, Style};
use ulp_view::xml::Xml;

const NAMESPACE: &str = "http://www.opengis.net/kml/2.2";
/// What the folder of those is called that are in no layer.
const SENSORS: &str = "sensors";

/// Writes one document of all spaces; where there are several, each is a folder.
///
/// # Errors
/// What `out` answers.
pub fn write(maps: &[Map<'_, '_>], out: &mut (impl Write + Send)) -> io::Result<()> {
    let mut xml = Xml::new(&mut *out);
    xml.declare()?;
    xml.open("kml", &[("xmlns", NAMESPACE)])?;
    xml.open("Document", &[])?;
    let several = maps.len() > 1;
    let title = |map: &Map<'_, '_>| map.title.clone().unwrap_or_else(|| map.space.to_owned());
    xml.leaf("name", &[], &maps.iter().map(title).collect::<Vec<_>>().join(", "))?;
    for map in maps {
        if several {
            xml.open("Folder", &[])?;
            xml.leaf("name", &[], &title(map))?;
        }
        write_map(map, several, &mut xml)?;
        if several {
            xml.close()?;
        }
    }
    xml.close()?;
    xml.close()
}

fn write_map(map: &Map<'_, '_>, several: bool, xml: &mut Xml<impl Write + Send>) -> io::Result<()> {
    let mut folders: Vec<Vec<&Feature<'_, '_>>> = vec![Vec::new(); map.layers.len() + 1];
    for feature in &map.features {
        folders[feature.layer.unwrap_or(map.layers.len())].push(feature);
    }
    for (i, features) in folders.iter().enumerate().filter(|(_, features)| !features.is_empty()) {
        xml.open("Folder", &[])?;
        let layer = map.layers.get(i);
        xml.leaf("name", &[], layer.map_or(SENSORS, |layer| &layer.title))?;
        if layer.is_some_and(|layer| !layer.visible) {
            xml.leaf("visibility", &[], "0")?;
        }
        let around: &[&'static str] =
            if several { &["kml", "Document", "Folder", "Folder"] } else { &["kml", "Document", "Folder"] };
        let placemark = |feature: &&Feature<'_, '_>, out: &mut Vec<u8>| {
            let mut xml = Xml::inside(out, around);
            let is_hidden = layer.is_some_and(|layer| !layer.visible);
            write_feature(feature, map, is_hidden, &mut xml)
                .expect("because a Vec takes all that is written");
        };
        parallel::write_all(features, placemark, xml.out())?;
        xml.close()?;
    }
    Ok(())
}

fn write_feature(
    feature: &Feature<'_, '_>,
    map: &Map<'_, '_>,
    is_hidden: bool,
    xml: &mut Xml<impl Write>,
) -> io::Result<()> {
    xml.open("Placemark", &[])?;
    xml.leaf("name", &[], &feature.name())?;
    if is_hidden {
        xml.leaf("visibility", &[], "0")?;
    }
    if let Some(span) = feature.span {
        xml.open("TimeSpan", &[])?;
        xml.leaf("begin", &[], &span.start.eff.rfc3339())?;
        if let Some(end) = span.end {
            xml.leaf("end", &[], &end.eff.rfc3339())?;
        }
        xml.close()?;
    }
    write_style(feature, xml)?;
    xml.open("ExtendedData", &[])?;
    for (name, value) in properties(feature, map) {
        xml.open("Data", &[("name", &name)])?;
        xml.leaf("value", &[], &raw::text(&value).unwrap_or_else(|| value.clone()))?;
        xml.close()?;
    }
    xml.close()?;
    write_geometry(&feature.laid.geometry, &map.plane, xml)?;
    xml.close()
}

/// The colours of what is drawn, where its properties give any. Widths are left to whoever shows it: here they are
/// pixels, in the trace a length of the world.
fn write_style(feature: &Feature<'_, '_>, xml: &mut Xml<impl Write>) -> io::Result<()> {
    let is_area = match feature.laid.geometry {
        Geometry::Areas(_) => true,
        Geometry::Lines(_) => false,
        Geometry::Point(_) | Geometry::Nowhere => return Ok(()),
    };
    let style = match &feature.subject {
        Subject::Node(node) => Style::of_node(node, &mut Tape::new()),
        Subject::Link(_, add) => Style::of_link(add.properties),
        Subject::Sensor(_) => Style::default(),
    };
    let style = style.in_plane();
    if style.stroke.is_none() && !(is_area && style.fill.is_some()) {
        return Ok(());
    }
    let opacity = style.opacity.unwrap_or(1.0);
    xml.open("Style", &[])?;
    if let Some(stroke) = style.stroke {
        xml.open("LineStyle", &[])?;
        match stroke {
            Paint::Color(color) => xml.leaf("color", &[], &kml_color(color, opacity))?,
            Paint::None => xml.leaf("width", &[], "0")?,
        }
        xml.close()?;
    }
    if is_area && let Some(fill) = style.fill {
        xml.open("PolyStyle", &[])?;
        match fill {
            Paint::Color(color) => xml.leaf("color", &[], &kml_color(color, opacity))?,
            Paint::None => xml.leaf("fill", &[], "0")?,
        }
        xml.close()?;
    }
    xml.close()
}

/// Alpha, blue, green, red.
fn kml_color(Color([r, g, b, a]): Color, opacity: f64) -> String {
    // From 0 to 255, as both factors are in their ranges.
    let a = (f64::from(a) * opacity).round() as u8;
    format!("{a:02x}{b:02x}{g:02x}{r:02x}")
}

fn write_geometry(geometry: &Geometry, plane: &Plane, xml: &mut Xml<impl Write>) -> io::Result<()> {
    match geometry {
        Geometry::Nowhere => Ok(()),
        Geometry::Point(spot) => {
            xml.open("Point", &[])?;
            write_spots(std::slice::from_ref(spot), plane, xml)?;
            xml.close()
        }
        Geometry::Lines(lines) => many(lines, xml, |line, xml| {
            xml.open("LineString", &[])?;
            xml.leaf("tessellate", &[], "1")?;
            write_spots(line, plane, xml)?;
            xml.close()
        }),
        Geometry::Areas(areas) => many(areas, xml, |rings, xml| {
            xml.open("Polygon", &[])?;
            if height_mode(rings.iter().flatten(), plane) {
                xml.leaf("altitudeMode", &[], "absolute")?;
            }
            for (i, ring) in rings.iter().enumerate() {
                xml.open(if i == 0 { "outerBoundaryIs" } else { "innerBoundaryIs" }, &[])?;
                xml.open("LinearRing", &[])?;
                xml.leaf("coordinates", &[], &coordinates(ring, plane))?;
                xml.close()?;
                xml.close()?;
            }
            xml.close()
        }),
    }
}

/// One by itself, else a `MultiGeometry` of all.
fn many<T, W: Write>(
    list: &[T],
    xml: &mut Xml<W>,
    write: impl Fn(&T, &mut Xml<W>) -> io::Result<()>,
) -> io::Result<()> {
    if let [one] = list {
        return write(one, xml);
    }
    xml.open("MultiGeometry", &[])?;
    list.iter().try_for_each(|item| write(item, xml))?;
    xml.close()
}

fn write_spots(spots: &[Spot], plane: &Plane, xml: &mut Xml<impl Write>) -> io::Result<()> {
    if height_mode(spots.iter(), plane) {
        xml.leaf("altitudeMode", &[], "absolute")?;
    }
    xml.leaf("coordinates", &[], &coordinates(spots, plane))
}

/// Whether all have a height above the sea.
fn height_mode<'s>(mut spots: impl Iterator<Item = &'s Spot>, plane: &Plane) -> bool {
    plane.origin().geoid.is_some() && spots.all(|spot| spot.z.is_some())
}

fn coordinates(spots: &[Spot], plane: &Plane) -> String {
    let with_heights = height_mode(spots.iter(), plane);
    let mut out = Vec::new();
    for (i, spot) in spots.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        write_number(round::degrees(spot.lon), &mut out);
        out.push(b',');
        write_number(round::degrees(spot.lat), &mut out);
        if let Some(height) = spot.z.and_then(|z| plane.sea_level(z)).filter(|_| with_heights) {
            out.push(b',');
            write_number(round::height(height), &mut out);
        }
    }
    String::from_utf8(out).unwrap_or_default()
}
