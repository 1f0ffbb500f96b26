//! What is drawn where nothing is said: colours for a light ground and for a dark one; and how a colour is written.

use std::fmt::Write as _;
use ulp_view::digits::FRACTION;
use ulp_view::style::{Color, Paint};

pub const WHITE: Color = Color::opaque([255, 255, 255]);
pub const FILL: Color = Color::opaque([0xd3, 0xe2, 0xf0]);
pub const STROKE: Color = Color::opaque([0x4a, 0x6a, 0x8a]);
/// Around a sheet that stands beside others.
pub const EDGE: Color = Color::opaque([0xd5, 0xdc, 0xe3]);
const INK: Color = Color::opaque([0x1b, 0x2a, 0x38]);
const FAINT: Color = Color::opaque([0x6b, 0x7a, 0x89]);
const LIGHT_INK: Color = Color::opaque([0xf2, 0xf6, 0xfa]);
const LIGHT_FAINT: Color = Color::opaque([0xa9, 0xb6, 0xc2]);

/// What is written on a ground.
pub fn ink_on(ground: Color) -> Color {
    if ground.is_dark() { LIGHT_INK } else { INK }
}

/// What is written beside a drawing.
pub fn faint_on(ground: Color) -> Color {
    if ground.is_dark() { LIGHT_FAINT } else { FAINT }
}

pub fn write_paint(name: &str, paint: Paint, out: &mut String) {
    match paint {
        Paint::None => {
            let _ = write!(out, " {name}=\"none\"");
        }
        Paint::Color(color) => {
            let _ = write!(out, " {name}=\"{color}\"");
            if color.alpha() < 1.0 {
                let _ = write!(out, " {name}-opacity=\"{}\"", FRACTION.show(color.alpha()));
            }
        }
    }
}

pub fn write_opacity(opacity: Option<f64>, out: &mut String) {
    if let Some(opacity) = opacity.filter(|o| *o < 1.0) {
        let _ = write!(out, " opacity=\"{}\"", FRACTION.show(opacity));
    }
}
