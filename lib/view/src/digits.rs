//! Numbers as drawings write them: with so many decimals as can be seen, and no more.
//!
//! ```
//! use ulp_view::digits::Digits;
//! assert_eq!(Digits::of(1000.0).show(12.345_678).to_string(), "12.346");
//! ```

use std::fmt;

/// How finely numbers are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digits {
    /// Ten to the power of that many decimals.
    power: f64,
}

/// For opacities.
pub const FRACTION: Digits = Digits { power: 1e3 };
/// For factors.
pub const FINE: Digits = Digits { power: 1e9 };
/// For pixels.
pub const PIXELS: Digits = Digits { power: 1e2 };

impl Digits {
    /// Fine enough for what is that large: a part in a million.
    pub fn of(side: f64) -> Digits {
        let magnitude = if side > 0.0 && side.is_finite() { libm::log10(side).ceil() } else { 0.0 };
        // The cast saturates.
        Digits { power: libm::pow(10.0, f64::from((6 - magnitude as i32).clamp(0, 300))) }
    }

    pub fn show(self, x: f64) -> Shown {
        let scaled = (x * self.power).round() / self.power;
        let x = if scaled.is_finite() { scaled } else { x };
        Shown(if x.is_finite() { x + 0.0 } else { 0.0 })
    }
}

/// A finite number as it is written.
#[derive(Clone, Copy)]
pub struct Shown(f64);

impl Shown {
    /// As it is, with as many digits as name it.
    pub fn whole(x: f64) -> Shown {
        Shown(if x.is_finite() { x + 0.0 } else { 0.0 })
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ryu_js::Buffer::new().format_finite(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_fine_as_the_drawing() {
        assert_eq!(Digits::of(500_000.0).show(1234.56).to_string(), "1235");
        assert_eq!(Digits::of(10.0).show(1.234_567_8).to_string(), "1.23457");
        assert_eq!(Digits::of(1e-6).show(-0.0).to_string(), "0");
        assert_eq!(Digits::of(f64::NAN).show(f64::INFINITY).to_string(), "0");
    }
}
