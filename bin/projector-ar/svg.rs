//! The overlay as a picture that is clear but for what is drawn on it: labels, the outlines of what is seen, and at the
//! edge arrows to what is not in view.

use crate::label::{LINE, Rect, is_led};
use crate::overlay::Sight;
use crate::viewer::Size;
use std::io::{self, Write};
use ulp_core::json::write_number;
use ulp_core::text::is_obeyed;
use ulp_view::geodesy::round;
use ulp_view::style::Paint;
use ulp_view::xml::Xml;

/// What has no colour of its own.
const PLAIN: &str = "#ffd34d";
/// How far an arrow stays from the edge, and how long it is, in pixels.
const EDGE: f64 = 14.0;
const ARROW: f64 = 10.0;
/// How wide a mark is beside the words of a label.
const BAR: f64 = 3.0;

/// Writes the picture. What is near is drawn last.
///
/// # Errors
/// What `out` answers.
pub fn write(sights: &[Sight<'_, '_, '_>], size: Size, out: &mut impl Write) -> io::Result<()> {
    let (width, height) = (size.width.to_string(), size.height.to_string());
    let mut xml = Xml::new(out);
    let around = format!("0 0 {width} {height}");
    let name = [("xmlns", "http://www.w3.org/2000/svg"), ("width", &width), ("height", &height)];
    xml.open(
        "svg",
        &[name[0], name[1], name[2], ("viewBox", &around), ("font-family", "DejaVu Sans Mono, monospace")],
    )?;
    for sight in sights.iter().rev() {
        write_sight(sight, size, &mut xml)?;
    }
    xml.close()
}

fn write_sight(sight: &Sight<'_, '_, '_>, size: Size, xml: &mut Xml<impl Write>) -> io::Result<()> {
    let [node, event] = [sight.seen.thing.id, sight.seen.thing.event.unwrap_or_default()].map(printable);
    let mut attributes = vec![("data-node-id", &*node), ("data-event-id", &*event)];
    if sight.hidden_by.is_some() {
        attributes.push(("opacity", "0.55"));
    }
    xml.open("g", &attributes)?;
    let distance = number(sight.distance);
    let hidden = sight.hidden_by.map(|by| format!(", behind {}", printable(by))).unwrap_or_default();
    xml.leaf(
        "title",
        &[],
        &format!("{} ({distance} m{hidden})", ulp_view::name::one_line(&sight.seen.name)),
    )?;
    let style = &sight.seen.style;
    let paints = [style.color, style.fill, style.stroke].into_iter().flatten();
    let color = paints.filter_map(Paint::color).next().map_or(PLAIN.to_owned(), |color| color.to_string());
    match sight.screen {
        Some(screen) => write_in_view(sight, screen, &color, xml)?,
        None => write_arrow(sight.aside, size, &color, xml)?,
    }
    xml.close()
}

fn write_in_view(
    sight: &Sight<'_, '_, '_>,
    screen: [f64; 2],
    color: &str,
    xml: &mut Xml<impl Write>,
) -> io::Result<()> {
    let [x, y] = screen.map(number);
    if let Some(around) = sight.around {
        let [x, y, w, h] = around.map(number);
        let mut attributes = vec![("x", &*x), ("y", &*y), ("width", &*w), ("height", &*h), ("rx", "2")];
        attributes.extend([("fill", "none"), ("stroke", color), ("stroke-width", "1.5")]);
        if sight.hidden_by.is_some() {
            attributes.push(("stroke-dasharray", "5 4"));
        }
        xml.empty("rect", &attributes)?;
    } else {
        xml.empty("circle", &[("cx", &x), ("cy", &y), ("r", "3"), ("fill", color), ("stroke", "#10161c")])?;
    }
    let Some(label) = sight.label_box else { return Ok(()) };
    let beside = sight.around.unwrap_or([screen[0], screen[1], 0.0, 0.0]);
    if is_led(&label, &beside) {
        let from = number(label[0] + label[2] / 2.0);
        let (top, end) = (number(label[1] + label[3]), number(beside[1]));
        let line = [("x1", &*from), ("y1", &*top), ("x2", &*from), ("y2", &*end)];
        xml.empty(
            "line",
            &[line[0], line[1], line[2], line[3], ("stroke", color), ("stroke-opacity", "0.8")],
        )?;
    }
    write_label(&sight.label, &label, color, xml)
}

fn write_label(words: &str, label: &Rect, color: &str, xml: &mut Xml<impl Write>) -> io::Result<()> {
    let [x, y, w, h] = label.map(number);
    let place = [("x", &*x), ("y", &*y), ("width", &*w), ("height", &*h)];
    let ground = [("rx", "3"), ("fill", "#10161c"), ("fill-opacity", "0.8")];
    xml.empty("rect", &[place[0], place[1], place[2], place[3], ground[0], ground[1], ground[2]])?;
    let (bar, base) = (number(BAR), number(label[1] + LINE * 0.72));
    xml.empty("rect", &[place[0], place[1], ("width", &bar), place[3], ("fill", color)])?;
    let (from, room) = (number(label[0] + BAR + 2.0), number((label[2] - BAR - 4.0).max(1.0)));
    let text =
        [("x", &*from), ("y", &*base), ("font-size", "15"), ("fill", "#ffffff"), ("textLength", &*room)];
    let fit = ("lengthAdjust", "spacingAndGlyphs");
    xml.leaf("text", &[text[0], text[1], text[2], text[3], text[4], fit], words)
}

/// An arrow at the edge, the way in which something lies that is not in view.
fn write_arrow(
    [right, down]: [f64; 2],
    size: Size,
    color: &str,
    xml: &mut Xml<impl Write>,
) -> io::Result<()> {
    let middle = [f64::from(size.width) / 2.0, f64::from(size.height) / 2.0];
    let length = libm::hypot(right, down);
    // What is straight behind lies no way more than another: down, as one turns about.
    let to = if length > 0.0 && length.is_finite() { [right / length, down / length] } else { [0.0, 1.0] };
    let reach = |i: usize| (middle[i] - EDGE).max(0.0) / to[i].abs();
    let far = reach(0).min(reach(1));
    let tip = [0, 1].map(|i| middle[i] + to[i] * far);
    let side = |s: f64| [0, 1].map(|i| tip[i] - to[i] * ARROW + s * [-to[1], to[0]][i] * ARROW * 0.6);
    let point = |[x, y]: [f64; 2]| format!("{},{}", number(x), number(y));
    let points = [tip, side(1.0), side(-1.0)].map(point).join(" ");
    xml.empty("polygon", &[("points", &points), ("fill", color), ("stroke", "#10161c")])
}

/// An id without what a terminal would obey.
fn printable(id: &str) -> String {
    id.replace(is_obeyed, "\u{fffd}")
}

/// With 3 decimals.
fn number(x: f64) -> String {
    let mut text = Vec::new();
    write_number(round::height(x), &mut text);
    String::from_utf8(text).unwrap_or_default()
}
