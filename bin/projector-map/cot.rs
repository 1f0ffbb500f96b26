//! Cursor on Target 2.0: an `<event>` a line, as ATAK and its kin read them from a socket.
//!
//! Its time is that of the event which last set what is shown, and it is stale so long after that as the node or the
//! option says: nothing here asks what time it is now.

use crate::earth::Geometry;
use crate::feature::{Feature, Map, Subject};
use std::fmt::Write as _;
use std::io::{self, Write};
use ulp_core::event::Register;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::raw;
use ulp_core::names;
use ulp_core::parallel;
use ulp_view::digits::Shown;
use ulp_view::geodesy::round;
use ulp_view::xml::Attribute;

/// Longest `uid`, in bytes; a longer one is its hash.
const LONGEST: usize = 100;
/// What a node is that does not say.
const KIND: &str = "a-u-G";
/// What stands for a height or an error that is not known.
const UNKNOWN: &str = "9999999.0";

/// Writes the events of a space; `stale` is how many nanoseconds they hold where a node does not say.
///
/// # Errors
/// What `out` answers.
pub fn write(map: &Map<'_, '_>, stale: i64, out: &mut (impl Write + Send)) -> io::Result<()> {
    let line = |feature: &Feature<'_, '_>, out: &mut Vec<u8>| {
        out.extend_from_slice(event(feature, map, stale).unwrap_or_default().as_bytes());
    };
    parallel::write_all(&map.features, line, out)
}

/// What becomes of a feature that the format does not show as it is.
pub fn lost(feature: &Feature<'_, '_>) -> Option<&'static str> {
    match (&feature.subject, &feature.laid.geometry) {
        (Subject::Link(..), _) => Some("link"),
        (_, Geometry::Nowhere) => Some("place"),
        (_, Geometry::Lines(_)) => Some("line"),
        (_, Geometry::Areas(_)) => Some("area"),
        (_, Geometry::Point(_)) => None,
    }
}

fn event(feature: &Feature<'_, '_>, map: &Map<'_, '_>, stale: i64) -> Option<String> {
    let (spot, key) = (feature.laid.place?, feature.key?);
    let time = feature.span.map_or(key.eff, |span| span.start.eff);
    let uid = uid(map.space, &feature.id);
    let kind = property(feature, "cot").and_then(raw::text);
    let stale = property(feature, "stale").and_then(duration).unwrap_or(stale);
    let end = Time(time.0.saturating_add(stale)).rfc3339();
    let time = time.rfc3339();
    let height = spot.z.map(|z| Shown::whole(round::height(map.plane.height(z))).to_string());
    let node = match &feature.subject {
        Subject::Sensor(sensor) => sensor.node.as_deref(),
        _ => Some(&*feature.id),
    };
    let [lat, lon] = [spot.lat, spot.lon].map(|x| Shown::whole(round::degrees(x)));
    let mut text = String::new();
    let _ = write!(
        text,
        "<event version=\"2.0\" uid=\"{}\" type=\"{}\" how=\"m-r\" time=\"{time}\" start=\"{time}\" stale=\"{end}\">",
        Attribute(&uid),
        Attribute(kind.as_deref().unwrap_or(KIND)),
    );
    let _ = write!(
        text,
        "<point lat=\"{lat}\" lon=\"{lon}\" hae=\"{}\" ce=\"{UNKNOWN}\" le=\"{UNKNOWN}\"/>",
        height.as_deref().unwrap_or(UNKNOWN)
    );
    let _ = write!(text, "<detail><contact callsign=\"{}\"/><__ulp", Attribute(&feature.name()));
    if let Some(node) = node {
        let _ = write!(text, " node_id=\"{}\"", Attribute(node));
    }
    let _ = writeln!(text, " event_id=\"{}\"/></detail></event>", Attribute(key.event()));
    Some(text)
}

fn property<'a>(feature: &Feature<'_, 'a>, name: &str) -> Option<&'a str> {
    match &feature.subject {
        Subject::Node(node) => node.get(Register::property(name)),
        _ => None,
    }
}

/// The space and the thing, each spelt as in the names of folders.
fn uid(space: &str, id: &str) -> String {
    let whole = format!("{}+{}", names::encode(space), names::encode(id));
    if whole.len() > LONGEST { Sha256::of(whole.as_bytes()).hex()[..32].to_owned() } else { whole }
}

/// A duration in nanoseconds: a number of seconds, or a text as the option takes it.
fn duration(value: &str) -> Option<i64> {
    if let Some(text) = raw::text(value) {
        return ulp_cli::duration(&text).ok().map(nanos);
    }
    let seconds = raw::number(value).filter(|s| *s >= 0.0)?;
    // The cast saturates.
    Some((seconds * 1e9).round() as i64)
}

/// A duration as nanoseconds, as many as there can be.
pub fn nanos(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
