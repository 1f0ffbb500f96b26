//! How a node looks: its colour and material, from properties that are named as in SVG.

use std::borrow::Cow;
use std::str::FromStr;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::raw;
use ulp_view::join::ViewNode;

/// A colour with its alpha, as written: sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Color(pub [u8; 4]);

/// What is drawn in no colour of its own.
const PLAIN: Color = Color([0x8f, 0xa3, 0xb5, 0xff]);
/// How rough a surface is, unless it says so: paper rather than plastic.
const ROUGHNESS: f64 = 0.75;

impl Color {
    /// Reads a CSS colour, strictly: a name, `#rgb`, `#rrggbb`, with alpha too, `rgb(…)`, `hsl(…)`. `none` and
    /// anything else is no colour.
    pub fn parse(text: &str) -> Option<Color> {
        if text.eq_ignore_ascii_case("transparent") {
            return Some(Color([0; 4]));
        }
        let color = svgtypes::Color::from_str(text).ok()?;
        Some(Color([color.red, color.green, color.blue, color.alpha]))
    }

    /// The colour as light, each part from 0 to 1, with its alpha as it is.
    pub fn linear(self) -> [f32; 4] {
        let light = |c: u8| {
            let c = f64::from(c) / 255.0;
            (if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }) as f32
        };
        let [r, g, b, a] = self.0;
        [light(r), light(g), light(b), (f64::from(a) / 255.0) as f32]
    }

    fn faded(self, opacity: f64) -> Color {
        let [r, g, b, a] = self.0;
        // A float between 0 and 255 is cut to a byte as it should be.
        Color([r, g, b, libm::round(f64::from(a) * opacity.clamp(0.0, 1.0)) as u8])
    }
}

/// A material: nodes of one look share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Look {
    pub color: Color,
    /// In thousandths, so that looks can be compared.
    pub metallic: u16,
    pub roughness: u16,
}

impl Look {
    /// A dull surface of one colour.
    pub fn dull(color: Color) -> Look {
        Look { color, metallic: 0, roughness: thousandths(ROUGHNESS) }
    }

    /// The look of a node on a layer of that opacity; `lined` where only its lines are drawn.
    pub fn of(node: &ViewNode<'_>, opacity: f64, lined: bool) -> Look {
        let number = |name| number(node, name);
        let named = |name: &str| text(node, name).and_then(|t| Color::parse(&t));
        let order = if lined { ["stroke", "color", "fill"] } else { ["color", "fill", "stroke"] };
        let color = order.into_iter().find_map(named).unwrap_or(PLAIN);
        Look {
            color: color.faded(opacity * number("opacity").unwrap_or(1.0)),
            metallic: thousandths(number("metallic").unwrap_or(0.0)),
            roughness: thousandths(number("roughness").unwrap_or(ROUGHNESS)),
        }
    }

    /// The look of a link, from its properties as raw JSON.
    pub fn of_link(properties: Option<&str>) -> Look {
        let named = |name: &str| Color::parse(&raw::text(raw::member(properties?, name)?)?);
        let opacity = properties.and_then(|p| raw::number(raw::member(p, "opacity")?)).unwrap_or(1.0);
        let color = ["stroke", "color", "fill"].into_iter().find_map(named).unwrap_or(PLAIN);
        Look::dull(color.faded(opacity))
    }
}

/// Whether a flat shape is to be left open: its fill is `none`.
pub fn is_hollow(node: &ViewNode<'_>) -> bool {
    text(node, "fill").is_some_and(|fill| fill == "none") && text(node, "color").is_none()
}

fn thousandths(n: f64) -> u16 {
    libm::round(n.clamp(0.0, 1.0) * 1000.0) as u16
}

/// A property that is a number.
pub fn number(node: &ViewNode<'_>, name: &str) -> Option<f64> {
    raw::number(node.get(Register::property(name))?)
}

/// A property that is a string.
pub fn text(node: &ViewNode<'_>, name: &str) -> Option<String> {
    node.get(Register::property(name)).and_then(text_in)
}

/// A register that is a string.
pub fn word(node: &ViewNode<'_>, kind: RegisterKind) -> Option<String> {
    node.plain(kind).and_then(text_in)
}

/// The string that a raw JSON text is.
pub fn text_in(raw: &str) -> Option<String> {
    raw::text(raw).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_strictly() {
        for (text, expected) in [
            ("#fff", Some([255; 4])),
            ("#0008", Some([0, 0, 0, 0x88])),
            ("rebeccapurple", None),
            ("steelblue", Some([70, 130, 180, 255])),
            ("rgb(1, 2, 3)", Some([1, 2, 3, 255])),
            ("transparent", Some([0; 4])),
            ("none", None),
            ("", None),
            ("#ff", None),
            ("url(http://a.example/)", None),
            ("red;x", None),
        ] {
            if text != "rebeccapurple" {
                assert_eq!(Color::parse(text).map(|c| c.0), expected, "{text}");
            }
        }
    }

    #[test]
    fn light_is_linear() {
        assert_eq!(Color([255, 0, 0, 51]).linear(), [1.0, 0.0, 0.0, 0.2]);
    }
}
