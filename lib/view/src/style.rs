//! Looks: the properties named as in SVG, read so that nothing but a colour or a number comes through.
//!
//! A value that is neither is as good as missing. What an event wrote as a colour is never copied into a view: it
//! is read, and written anew, so that it is the same 8 bits a channel in every format.
//!
//! ```
//! use ulp_view::style::{Color, Paint, paint};
//! assert_eq!(paint("rgb(100% 0% 0% / 50%)"), Some(Paint::Color(Color([255, 0, 0, 128]))));
//! assert_eq!(paint("hwb(0.5turn 0% 0%)"), paint("AQUA"));
//! ```

use crate::join::{ViewNode, is_person};
use crate::name::{of_node, text_in};
use crate::transform::finite;
use std::fmt;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::{self, Kind, Tape, Value, raw};

/// The properties that are looks.
const LOOKS: [&str; 7] = ["color", "fill", "font_size", "label", "opacity", "stroke", "stroke_width"];
/// Longest spelling of a colour that is read, in bytes.
const LONGEST: usize = 64;

/// A colour of sRGB: red, green, blue and alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Color(pub [u8; 4]);

impl Color {
    pub const fn opaque([r, g, b]: [u8; 3]) -> Color {
        Color([r, g, b, 255])
    }

    /// Alpha from 0 to 1, with as few decimals as name it: two, or three (CSSOM, "serialize an alpha value").
    pub fn alpha(self) -> f64 {
        let alpha = f64::from(self.0[3]);
        let two = (alpha / 2.55).round() / 100.0;
        if (two * 255.0).round() == alpha { two } else { (alpha / 0.255).round() / 1000.0 }
    }

    /// Whether dark ink is hard to read on it.
    pub fn is_dark(self) -> bool {
        let [r, g, b, _] = self.0.map(f64::from);
        0.299 * r + 0.587 * g + 0.114 * b < 128.0
    }
}

impl fmt::Display for Color {
    /// Without its alpha, which formats give in other places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b, _] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// What fills or strokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    None,
    Color(Color),
}

impl Paint {
    /// The colour, where it is one.
    pub fn color(self) -> Option<Color> {
        match self {
            Paint::None => None,
            Paint::Color(color) => Some(color),
        }
    }

    /// What can be seen through entirely paints nothing in the plane.
    pub fn in_plane(self) -> Paint {
        match self {
            Paint::Color(Color([.., 0])) => Paint::None,
            paint => paint,
        }
    }
}

/// As a page takes it: `none`, or all of the colour in hexadecimal.
impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Paint::None => f.write_str("none"),
            Paint::Color(color) if color.0[3] == 255 => color.fmt(f),
            Paint::Color(color) => write!(f, "{color}{:02x}", color.0[3]),
        }
    }
}

/// What a node or link says about its looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Style {
    pub fill: Option<Paint>,
    pub stroke: Option<Paint>,
    /// Meant for three dimensions.
    pub color: Option<Paint>,
    pub stroke_width: Option<f64>,
    pub opacity: Option<f64>,
    pub font_size: Option<f64>,
    pub label: Option<String>,
}

impl Style {
    /// The looks of a node, from its properties.
    pub fn of_node(node: &ViewNode<'_>, tape: &mut Tape) -> Style {
        let mut style = Style::default();
        if node.is_occluder {
            let grey = node.get(Register::property("fill")).and_then(raw::text).and_then(|text| paint(&text));
            return Style { fill: grey, stroke: grey, color: grey, ..style };
        }
        let is_look = |r: Register<'_>| r.kind == RegisterKind::Property && LOOKS.contains(&r.key);
        for written in node.state.registers.iter().filter(|w| is_look(w.register) && w.value != "null") {
            if let Ok(value) = tape.parse_any(written.value, json::STATE_DEPTH) {
                style.take(written.register.key, value);
            }
        }
        if is_person(node) {
            style.label = of_node(node);
        }
        style
    }

    /// The looks of a link, from its properties as raw JSON.
    pub fn of_link(properties: Option<&str>) -> Style {
        let mut style = Style::default();
        let mut tape = Tape::new();
        if let Some(Ok(object)) = properties.map(|raw| tape.parse_any(raw, json::STATE_DEPTH)) {
            for (key, value) in object.members() {
                let key: String = key.chars().collect();
                style.take(&key, value);
            }
        }
        style
    }

    /// The looks of the same thing in the plane, where `color` fills what nothing else does.
    pub fn in_plane(self) -> Style {
        Style {
            fill: self.fill.or(self.color).map(Paint::in_plane),
            stroke: self.stroke.map(Paint::in_plane),
            ..self
        }
    }

    fn take(&mut self, key: &str, value: Value<'_, '_>) {
        let positive = |v: Value<'_, '_>| v.as_f64().map(finite).filter(|x| *x >= 0.0);
        match key {
            "fill" => self.fill = paint_of(value),
            "stroke" => self.stroke = paint_of(value),
            "color" => self.color = paint_of(value),
            "stroke_width" => self.stroke_width = positive(value),
            "opacity" => self.opacity = value.as_f64().map(|x| x.clamp(0.0, 1.0)),
            "font_size" => self.font_size = positive(value).filter(|x| *x > 0.0),
            "label" => self.label = text_in(value.raw()),
            _ => {}
        }
    }
}

fn paint_of(value: Value<'_, '_>) -> Option<Paint> {
    let text: String = value.chars().take(LONGEST + 1).collect();
    if value.kind() == Kind::String { paint(&text) } else { None }
}

/// Reads what fills or strokes as CSS Color 4 spells the colours of sRGB: `none`, a name, `transparent`, `#rgb`,
/// `#rgba`, `#rrggbb`, `#rrggbbaa`, `rgb()`, `rgba()`, `hsl()`, `hsla()`, `hwb()`, in letters of any case.
pub fn paint(text: &str) -> Option<Paint> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.trim().to_ascii_lowercase();
    match text.split_once('(') {
        _ if text == "none" => Some(Paint::None),
        Some((name, rest)) => function(name, rest.strip_suffix(')')?).map(Paint::Color),
        // The crate also reads digits without their mark.
        None if text.starts_with('#') || text.bytes().all(|b| b.is_ascii_alphabetic()) && !is_hex(&text) => {
            csscolorparser::parse(&text).ok().map(|c| Paint::Color(Color(c.to_rgba8())))
        }
        None => None,
    }
}

/// Whether letters could be digits: no name of a colour consists of such alone.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A number of a colour's function, by what follows it.
#[derive(Clone, Copy)]
enum Part {
    Number(f64),
    Percent(f64),
    Degrees(f64),
    None,
}

/// A colour written as a function, in 64-bit arithmetic: that of the crate has 32 bits, in which halves get lost, and
/// it takes spellings that CSS refuses. Commas make the legacy syntax, in which channels are of one sort and nothing
/// is missing.
fn function(name: &str, inside: &str) -> Option<Color> {
    let legacy = inside.contains(',');
    let (channels, alpha) = if legacy {
        let mut parts: Vec<&str> = inside.split(',').map(str::trim).collect();
        let alpha = (parts.len() == 4).then(|| parts.pop()).flatten();
        (parts, alpha)
    } else {
        let (channels, alpha) = inside.split_once('/').map_or((inside, None), |(c, a)| (c, Some(a.trim())));
        (channels.split_ascii_whitespace().collect(), alpha)
    };
    let channels: [Part; 3] = channels.into_iter().map(part).collect::<Option<Vec<_>>>()?.try_into().ok()?;
    let alpha = alpha.map_or(Some(Part::Number(1.0)), part)?;
    if legacy && !is_legacy(name, channels, alpha) {
        return None;
    }
    let [r, g, b] = match (name, channels) {
        ("rgb" | "rgba", channels) => {
            let [r, g, b] = channels.map(|part| share(part, 255.0));
            [r? / 255.0, g? / 255.0, b? / 255.0]
        }
        ("hsl" | "hsla", [hue, saturation, lightness]) => {
            hsl(degrees(hue)?, share(saturation, 100.0)?, share(lightness, 100.0)?)
        }
        ("hwb", [hue, white, black]) => hwb(degrees(hue)?, share(white, 100.0)?, share(black, 100.0)?),
        _ => return None,
    };
    Some(Color([r, g, b, share(alpha, 1.0)?].map(byte)))
}

/// Whether the syntax with commas allows these: numbers alone or percentages alone for the channels of `rgb()`,
/// percentages after the hue of `hsl()`, nothing for `hwb()`.
fn is_legacy(name: &str, channels: [Part; 3], alpha: Part) -> bool {
    let percents = |parts: &[Part]| parts.iter().all(|p| matches!(p, Part::Percent(_)));
    let numbers = |parts: &[Part]| parts.iter().all(|p| matches!(p, Part::Number(_)));
    !matches!(alpha, Part::None)
        && match name {
            "rgb" | "rgba" => percents(&channels) || numbers(&channels),
            "hsl" | "hsla" => percents(&channels[1..]) && !matches!(channels[0], Part::None),
            _ => false,
        }
}

fn part(text: &str) -> Option<Part> {
    if text == "none" {
        return Some(Part::None);
    }
    let digits = text.trim_end_matches(|c: char| c == '%' || c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let n = number(digits)?;
    Some(match unit {
        "" => Part::Number(n),
        "%" => Part::Percent(n),
        "deg" => Part::Degrees(n),
        "grad" => Part::Degrees(n * 0.9),
        "rad" => Part::Degrees(n.to_degrees()),
        "turn" => Part::Degrees(n * 360.0),
        _ => return None,
    })
}

/// A number as CSS spells it: digits, with a point only before others, and an exponent.
fn number(text: &str) -> Option<f64> {
    let is_number = text.ends_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e'))
        && !text.contains(".e");
    text.parse().ok().filter(|_| is_number).map(finite)
}

/// A number, or that share of a whole; what is missing is 0.
fn share(part: Part, whole: f64) -> Option<f64> {
    match part {
        Part::Number(n) => Some(n.clamp(0.0, whole)),
        Part::Percent(p) => Some((p * whole / 100.0).clamp(0.0, whole)),
        Part::None => Some(0.0),
        Part::Degrees(_) => None,
    }
}

fn degrees(part: Part) -> Option<f64> {
    match part {
        Part::Number(n) | Part::Degrees(n) => Some(n),
        Part::None => Some(0.0),
        Part::Percent(_) => None,
    }
}

/// Red, green and blue from 0 to 1, of saturation and lightness from 0 to 100 (CSS Color 4, section 7).
fn hsl(hue: f64, saturation: f64, lightness: f64) -> [f64; 3] {
    let lightness = lightness / 100.0;
    let reach = saturation / 100.0 * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|n: f64| {
        let k = (n + hue / 30.0).rem_euclid(12.0);
        lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
    })
}

/// The same of whiteness and blackness from 0 to 100 (section 8).
fn hwb(hue: f64, white: f64, black: f64) -> [f64; 3] {
    let both = white + black;
    if both >= 100.0 {
        return [white / both; 3];
    }
    hsl(hue, 100.0, 50.0).map(|c| (c * (100.0 - both) + white) / 100.0)
}

/// A channel from 0 to 1; the cast saturates.
fn byte(x: f64) -> u8 {
    (x * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_css_spells_them() {
        for (text, expected) in [
            ("none", "none"),
            (" NONE ", "none"),
            ("transparent", "#00000000"),
            ("#FA0", "#ffaa00"),
            ("#0008", "#00000088"),
            ("#123456", "#123456"),
            ("#12345678", "#12345678"),
            ("RebeccaPurple", "#663399"),
            ("grey", "#808080"),
            ("lightgoldenrodyellow", "#fafad2"),
            ("rgb(255, 0, 10)", "#ff000a"),
            ("rgb( 1 , 2 , 3 )", "#010203"),
            ("rgb(50%, 50%, 50%)", "#808080"),
            ("rgb(50% 50 none)", "#803200"),
            ("rgb(1e2,0,0)", "#640000"),
            ("rgb(+.5e1 127.5 -0)", "#058000"),
            ("rgb(999,-5,0)", "#ff0000"),
            ("rgb(1e999 0 0)", "#ff0000"),
            ("RGB(255 0 0 / 50%)", "#ff000080"),
            ("rgba(1,2,3,.4)", "#01020366"),
            ("rgba(100% 0% 0%/0.5)", "#ff000080"),
            ("rgb(1 2 3 / none)", "#01020300"),
            ("hsl(120, 100%, 25%)", "#008000"),
            ("hsl(120deg 100 25)", "#008000"),
            ("hsl(210deg 50% 40%)", "#336699"),
            ("hsl(-240, 100%, 25%)", "#008000"),
            ("hsla(0.5turn, 100%, 50%, 20%)", "#00ffff33"),
            ("hsl(200grad 100% 50%)", "#00ffff"),
            ("hsl(3.14159265rad 100% 50%)", "#00ffff"),
            ("hsl(none 0% 50%)", "#808080"),
            ("hwb(90 10% 10%)", "#80e61a"),
            ("hwb(0.25turn 0% 0% / 1)", "#80ff00"),
            ("hwb(0 60% 60%)", "#808080"),
        ] {
            assert_eq!(paint(text).map(|p| p.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_colour_is_nothing() {
        for text in [
            "",
            "#",
            "#12",
            "#12345",
            "#ggg",
            "#ééé",
            "abc",
            "ff0000",
            "url(#x)",
            "url(http://x/)",
            "red;x:y",
            "rgb(50%, 50, 50)",
            "rgb(none, 0, 0)",
            "rgb(1,2)",
            "rgb(1,2,3,4,5)",
            "rgb(1 2 3 4)",
            "rgb(1,2 3)",
            "rgb(1,2,3/0.5)",
            "rgb(1 2 3 / 4 / 5)",
            "rgb (1,2,3)",
            "rgb(1deg 2 3)",
            "rgb(nan,0,0)",
            "rgb(inf,0,0)",
            "rgb(5.,0,0)",
            "rgb(5.e1,0,0)",
            "rgb(1,2,3",
            "hsl(120,100,25)",
            "hsl(50%,50%,50%)",
            "hsl(a,b,c)",
            "hsv(1 2% 3%)",
            "hwb(90,0%,0%)",
            "lab(50% 0 0)",
            "javascript:1",
            "\"/><script>",
            "var(--x)",
            "inherit",
            "currentcolor",
        ] {
            assert_eq!(paint(text), None, "{text}");
        }
        assert_eq!(paint(&format!("rgb(1,2,{}3)", " ".repeat(LONGEST))), None);
    }

    #[test]
    fn alpha_is_written_as_it_was_named() {
        for (text, alpha) in [("rgb(0 0 0 / 0.5)", 0.5), ("#00000088", 0.533), ("rgb(0 0 0 / 1%)", 0.01)] {
            assert_eq!(paint(text).and_then(Paint::color).map(Color::alpha), Some(alpha), "{text}");
        }
        let named = |a: u8| (Color([0, 0, 0, a]).alpha() * 255.0).round();
        assert!((0..=255).all(|a| named(a) == f64::from(a)));
    }

    #[test]
    fn in_the_plane_color_fills_and_what_is_clear_paints_nothing() {
        let red = Some(Paint::Color(Color::opaque([255, 0, 0])));
        let style = Style::of_link(Some(r#"{"color":"red","stroke":"transparent"}"#));
        assert_eq!((style.fill, style.color), (None, red));
        let style = style.in_plane();
        assert_eq!((style.fill, style.stroke), (red, Some(Paint::None)));
    }
}
