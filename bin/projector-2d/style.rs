//! Looks: the properties named as in SVG, read so that nothing but a colour or a number comes through.
//!
//! A value that is neither is as good as missing. What an event wrote as a colour is never copied into a view: it
//! is parsed, and written anew.

use std::fmt;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_view::join::ViewNode;
use ulp_view::transform::finite;

/// Longest label that is drawn, in characters; the rest is an ellipsis.
const LABEL: usize = 120;

/// The properties that are looks.
const LOOKS: [&str; 8] = ["color", "fill", "font_size", "label", "name", "opacity", "stroke", "stroke_width"];

/// A colour with its opacity from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    pub rgb: [u8; 3],
    pub alpha: f64,
}

impl Color {
    pub const fn opaque(rgb: [u8; 3]) -> Color {
        Color { rgb, alpha: 1.0 }
    }

    /// Whether dark ink is hard to read on it.
    pub fn is_dark(self) -> bool {
        let [r, g, b] = self.rgb.map(f64::from);
        0.299 * r + 0.587 * g + 0.114 * b < 128.0
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.rgb;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// What fills or strokes.
#[derive(Clone, Copy, Debug, PartialEq)]
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
}

/// What a node or link says about its looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Style {
    pub fill: Option<Paint>,
    pub stroke: Option<Paint>,
    pub stroke_width: Option<f64>,
    pub opacity: Option<f64>,
    pub font_size: Option<f64>,
    pub label: Option<String>,
    /// The property `name`: shown where a thing is named and has no label.
    pub name: Option<String>,
    /// `color`, which is meant for three dimensions, fills where nothing else does.
    color: Option<Paint>,
}

impl Style {
    /// The looks of a node, from its properties.
    pub fn of_node(node: &ViewNode<'_>, tape: &mut Tape) -> Style {
        let mut style = Style::default();
        let is_look = |r: Register<'_>| r.kind == RegisterKind::Property && LOOKS.contains(&r.key);
        for written in node.state.registers.iter().filter(|w| is_look(w.register) && w.value != "null") {
            if let Ok(value) = tape.parse_any(written.value, json::STATE_DEPTH) {
                style.take(written.register.key, value);
            }
        }
        style.settled()
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
        style.settled()
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
            "label" => self.label = text_of(value),
            "name" => self.name = text_of(value),
            _ => {}
        }
    }

    fn settled(mut self) -> Style {
        self.fill = self.fill.or(self.color);
        self
    }
}

/// The text of a string or a number; nothing where it is blank.
pub fn text_of(value: Value<'_, '_>) -> Option<String> {
    let text: String = match value.kind() {
        Kind::String => value.chars().collect(),
        Kind::Number | Kind::Bool => value.raw().to_owned(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A label as it is drawn: one line, of bounded length, without control characters.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    shortened(&words.join(" "), LABEL)
        .replace(|c: char| c.is_control() || ulp_core::text::is_obeyed(c), "\u{fffd}")
}

/// At most `limit` characters, the last of them an ellipsis where some were cut off.
pub fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

fn paint_of(value: Value<'_, '_>) -> Option<Paint> {
    // No colour is longer than this.
    let text: String = value.chars().take(64).collect();
    if value.kind() == Kind::String { paint(&text) } else { None }
}

/// Reads a colour as CSS spells it: `none`, a name, `#rgb`, `#rgba`, `#rrggbb`, `#rrggbbaa`, `rgb(…)`, `rgba(…)`,
/// `hsl(…)`, `hsla(…)`.
pub fn paint(text: &str) -> Option<Paint> {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        "none" | "transparent" => return Some(Paint::None),
        _ => {}
    }
    let color = match text.strip_prefix('#') {
        Some(digits) => hex(digits),
        None => function(&text).or_else(|| named(&text)),
    };
    color.map(Paint::Color)
}

fn hex(digits: &str) -> Option<Color> {
    let values: Option<Vec<u8>> =
        digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let alpha = |a: u8| f64::from(a) / 255.0;
    match values?[..] {
        [r, g, b] => Some(Color::opaque([r * 17, g * 17, b * 17])),
        [r, g, b, a] => Some(Color { rgb: [r * 17, g * 17, b * 17], alpha: alpha(a * 17) }),
        [r, s, g, h, b, c] => Some(Color::opaque([r << 4 | s, g << 4 | h, b << 4 | c])),
        [r, s, g, h, b, c, a, d] => {
            Some(Color { rgb: [r << 4 | s, g << 4 | h, b << 4 | c], alpha: alpha(a << 4 | d) })
        }
        _ => None,
    }
}

fn function(text: &str) -> Option<Color> {
    let (name, rest) = text.split_once('(')?;
    let parts: Vec<&str> =
        rest.strip_suffix(')')?.split([',', ' ', '/']).map(str::trim).filter(|p| !p.is_empty()).collect();
    if !(3..=4).contains(&parts.len()) {
        return None;
    }
    let alpha = parts.get(3).map_or(Some(1.0), |p| part(p, 1.0))?.clamp(0.0, 1.0);
    let rgb = match name {
        "rgb" | "rgba" => {
            let channels: Option<Vec<f64>> = parts[..3].iter().map(|p| part(p, 255.0)).collect();
            let channels = channels?;
            [byte(channels[0]), byte(channels[1]), byte(channels[2])]
        }
        "hsl" | "hsla" => {
            let hue = part(parts[0].trim_end_matches("deg"), 360.0)?;
            hsl(hue, part(parts[1], 1.0)?.clamp(0.0, 1.0), part(parts[2], 1.0)?.clamp(0.0, 1.0))
        }
        _ => return None,
    };
    Some(Color { rgb, alpha })
}

/// A number, or a percentage of `whole`.
fn part(text: &str, whole: f64) -> Option<f64> {
    let (digits, scale) = match text.strip_suffix('%') {
        Some(digits) => (digits, whole / 100.0),
        None => (text, 1.0),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    digits.parse::<f64>().ok().filter(|x| plain && x.is_finite()).map(|x| x * scale)
}

/// A channel; the cast saturates.
fn byte(x: f64) -> u8 {
    x.round() as u8
}

fn hsl(hue: f64, saturation: f64, lightness: f64) -> [u8; 3] {
    let reach = saturation * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|n: f64| {
        let k = (n + hue / 30.0).rem_euclid(12.0);
        byte(255.0 * (lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)))
    })
}

fn named(name: &str) -> Option<Color> {
    let at = NAMES.binary_search_by_key(&name, |(name, _)| name).ok()?;
    let [_, r, g, b] = NAMES[at].1.to_be_bytes();
    Some(Color::opaque([r, g, b]))
}

/// The named colours of CSS, sorted.
#[rustfmt::skip]
const NAMES: [(&str, u32); 148] = [
    ("aliceblue", 0xf0f8ff), ("antiquewhite", 0xfaebd7), ("aqua", 0x00ffff), ("aquamarine", 0x7fffd4),
    ("azure", 0xf0ffff), ("beige", 0xf5f5dc), ("bisque", 0xffe4c4), ("black", 0x000000),
    ("blanchedalmond", 0xffebcd), ("blue", 0x0000ff), ("blueviolet", 0x8a2be2), ("brown", 0xa52a2a),
    ("burlywood", 0xdeb887), ("cadetblue", 0x5f9ea0), ("chartreuse", 0x7fff00), ("chocolate", 0xd2691e),
    ("coral", 0xff7f50), ("cornflowerblue", 0x6495ed), ("cornsilk", 0xfff8dc), ("crimson", 0xdc143c),
    ("cyan", 0x00ffff), ("darkblue", 0x00008b), ("darkcyan", 0x008b8b), ("darkgoldenrod", 0xb8860b),
    ("darkgray", 0xa9a9a9), ("darkgreen", 0x006400), ("darkgrey", 0xa9a9a9), ("darkkhaki", 0xbdb76b),
    ("darkmagenta", 0x8b008b), ("darkolivegreen", 0x556b2f), ("darkorange", 0xff8c00), ("darkorchid", 0x9932cc),
    ("darkred", 0x8b0000), ("darksalmon", 0xe9967a), ("darkseagreen", 0x8fbc8f), ("darkslateblue", 0x483d8b),
    ("darkslategray", 0x2f4f4f), ("darkslategrey", 0x2f4f4f), ("darkturquoise", 0x00ced1), ("darkviolet", 0x9400d3),
    ("deeppink", 0xff1493), ("deepskyblue", 0x00bfff), ("dimgray", 0x696969), ("dimgrey", 0x696969),
    ("dodgerblue", 0x1e90ff), ("firebrick", 0xb22222), ("floralwhite", 0xfffaf0), ("forestgreen", 0x228b22),
    ("fuchsia", 0xff00ff), ("gainsboro", 0xdcdcdc), ("ghostwhite", 0xf8f8ff), ("gold", 0xffd700),
    ("goldenrod", 0xdaa520), ("gray", 0x808080), ("green", 0x008000), ("greenyellow", 0xadff2f), ("grey", 0x808080),
    ("honeydew", 0xf0fff0), ("hotpink", 0xff69b4), ("indianred", 0xcd5c5c), ("indigo", 0x4b0082),
    ("ivory", 0xfffff0), ("khaki", 0xf0e68c), ("lavender", 0xe6e6fa), ("lavenderblush", 0xfff0f5),
    ("lawngreen", 0x7cfc00), ("lemonchiffon", 0xfffacd), ("lightblue", 0xadd8e6), ("lightcoral", 0xf08080),
    ("lightcyan", 0xe0ffff), ("lightgoldenrodyellow", 0xfafad2), ("lightgray", 0xd3d3d3), ("lightgreen", 0x90ee90),
    ("lightgrey", 0xd3d3d3), ("lightpink", 0xffb6c1), ("lightsalmon", 0xffa07a), ("lightseagreen", 0x20b2aa),
    ("lightskyblue", 0x87cefa), ("lightslategray", 0x778899), ("lightslategrey", 0x778899),
    ("lightsteelblue", 0xb0c4de), ("lightyellow", 0xffffe0), ("lime", 0x00ff00), ("limegreen", 0x32cd32),
    ("linen", 0xfaf0e6), ("magenta", 0xff00ff), ("maroon", 0x800000), ("mediumaquamarine", 0x66cdaa),
    ("mediumblue", 0x0000cd), ("mediumorchid", 0xba55d3), ("mediumpurple", 0x9370db), ("mediumseagreen", 0x3cb371),
    ("mediumslateblue", 0x7b68ee), ("mediumspringgreen", 0x00fa9a), ("mediumturquoise", 0x48d1cc),
    ("mediumvioletred", 0xc71585), ("midnightblue", 0x191970), ("mintcream", 0xf5fffa), ("mistyrose", 0xffe4e1),
    ("moccasin", 0xffe4b5), ("navajowhite", 0xffdead), ("navy", 0x000080), ("oldlace", 0xfdf5e6),
    ("olive", 0x808000), ("olivedrab", 0x6b8e23), ("orange", 0xffa500), ("orangered", 0xff4500),
    ("orchid", 0xda70d6), ("palegoldenrod", 0xeee8aa), ("palegreen", 0x98fb98), ("paleturquoise", 0xafeeee),
    ("palevioletred", 0xdb7093), ("papayawhip", 0xffefd5), ("peachpuff", 0xffdab9), ("peru", 0xcd853f),
    ("pink", 0xffc0cb), ("plum", 0xdda0dd), ("powderblue", 0xb0e0e6), ("purple", 0x800080),
    ("rebeccapurple", 0x663399), ("red", 0xff0000), ("rosybrown", 0xbc8f8f), ("royalblue", 0x4169e1),
    ("saddlebrown", 0x8b4513), ("salmon", 0xfa8072), ("sandybrown", 0xf4a460), ("seagreen", 0x2e8b57),
    ("seashell", 0xfff5ee), ("sienna", 0xa0522d), ("silver", 0xc0c0c0), ("skyblue", 0x87ceeb),
    ("slateblue", 0x6a5acd), ("slategray", 0x708090), ("slategrey", 0x708090), ("snow", 0xfffafa),
    ("springgreen", 0x00ff7f), ("steelblue", 0x4682b4), ("tan", 0xd2b48c), ("teal", 0x008080), ("thistle", 0xd8bfd8),
    ("tomato", 0xff6347), ("turquoise", 0x40e0d0), ("violet", 0xee82ee), ("wheat", 0xf5deb3), ("white", 0xffffff),
    ("whitesmoke", 0xf5f5f5), ("yellow", 0xffff00), ("yellowgreen", 0x9acd32),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Some(paint(text)?.color()?.to_string())
    }

    #[test]
    fn colours_are_read_as_css_spells_them() {
        for (text, expected) in [
            ("#FA0", "#ffaa00"),
            ("#12345678", "#123456"),
            ("RebeccaPurple", "#663399"),
            ("rgb(255, 0, 10)", "#ff000a"),
            ("rgba(100% 0% 0% / 50%)", "#ff0000"),
            ("hsl(120, 100%, 25%)", "#008000"),
            ("hsl(210deg 50% 40%)", "#336699"),
            ("rgb(999,-5,0)", "#ff0000"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(paint("none"), Some(Paint::None));
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn what_is_no_colour_is_nothing() {
        for text in [
            "",
            "#",
            "#12",
            "#ggg",
            "#ééé",
            "url(#x)",
            "url(http://x/)",
            "red;x:y",
            "rgb(1,2)",
            "rgb(nan,0,0)",
            "rgb(1e3,0,0)",
            "javascript:1",
            "\"/><script>",
            "var(--x)",
            "inherit",
            "rgb(1,2,3",
            "hsl(a,b,c)",
        ] {
            assert_eq!(paint(text), None, "{text}");
        }
    }

    #[test]
    fn long_labels_are_cut() {
        assert_eq!(one_line(" a\n b\tc "), "a b c");
        assert_eq!(shortened("abcd", 3), "ab…");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
