//! How a node looks: its colour and material, from properties that are named as in SVG.

use crate::join::ViewNode;
use crate::style::{Color, Paint, Style};
use std::borrow::Cow;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::raw;

/// What is drawn in no colour of its own.
const PLAIN: Color = Color::opaque([0x8f, 0xa3, 0xb5]);
/// How rough a surface is, unless it says so: paper rather than plastic.
const ROUGHNESS: f64 = 0.75;

/// A colour as light, each part from 0 to 1, with its alpha as it is.
pub fn linear(color: Color) -> [f32; 4] {
    let light = |c: u8| {
        let c = f64::from(c) / 255.0;
        (if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }) as f32
    };
    let [r, g, b, a] = color.0;
    [light(r), light(g), light(b), (f64::from(a) / 255.0) as f32]
}

fn faded(color: Color, opacity: f64) -> Color {
    let [r, g, b, a] = color.0;
    // A float between 0 and 255 is cut to a byte as it should be.
    Color([r, g, b, libm::round(f64::from(a) * opacity.clamp(0.0, 1.0)) as u8])
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
    pub fn of(node: &ViewNode<'_>, style: &Style, opacity: f64, lined: bool) -> Look {
        let Style { fill, stroke, color, .. } = *style;
        let color = if lined { first([stroke, color, fill]) } else { first([color, fill, stroke]) };
        let number = |name| number(node, name);
        Look {
            color: faded(color, opacity * style.opacity.unwrap_or(1.0)),
            metallic: thousandths(number("metallic").unwrap_or(0.0)),
            roughness: thousandths(number("roughness").unwrap_or(ROUGHNESS)),
        }
    }

    /// The look of a link.
    pub fn of_link(style: &Style) -> Look {
        let color = first([style.stroke, style.color, style.fill]);
        Look::dull(faded(color, style.opacity.unwrap_or(1.0)))
    }
}

/// The first that is a colour.
fn first(paints: [Option<Paint>; 3]) -> Color {
    paints.into_iter().flatten().find_map(Paint::color).unwrap_or(PLAIN)
}

/// Whether a flat shape is to be left open: its fill is `none`.
pub fn is_hollow(style: &Style) -> bool {
    style.fill == Some(Paint::None) && style.color.is_none()
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
pub fn word<'a>(node: &ViewNode<'a>, kind: RegisterKind) -> Option<Cow<'a, str>> {
    node.plain(kind).and_then(raw::text)
}

/// The string that a raw JSON text is.
pub fn text_in(raw: &str) -> Option<String> {
    raw::text(raw).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_is_linear() {
        assert_eq!(linear(Color([255, 0, 0, 51])), [1.0, 0.0, 0.0, 0.2]);
    }
}
