//! With how many decimals degrees, heights and positions are written: halves away from zero, and never −0.

/// Degrees: 9 decimals, a tenth of a millimetre.
pub fn degrees(x: f64) -> f64 {
    to(x, 1e9)
}

/// A longitude: as [`degrees`], in (−180, 180].
pub fn longitude(x: f64) -> f64 {
    let rounded = degrees(fold(x));
    if rounded == -180.0 { 180.0 } else { rounded }
}

/// Heights in metres: 3 decimals.
pub fn height(x: f64) -> f64 {
    to(x, 1e3)
}

/// Positions of the plane: 6 decimals.
pub fn position(x: f64) -> f64 {
    to(x, 1e6)
}

/// The same angle within ±180 degrees.
pub fn fold(degrees: f64) -> f64 {
    if degrees.abs() <= 180.0 {
        return degrees;
    }
    let turned = degrees % 360.0;
    if turned.abs() <= 180.0 { turned } else { turned - 360.0_f64.copysign(turned) }
}

/// To the nearest part of `parts`.
fn to(x: f64, parts: f64) -> f64 {
    let scaled = x * parts;
    // What is that large has no decimals to lose; adding zero turns −0 into 0.
    if scaled.abs() < 4_503_599_627_370_496.0 { scaled.round() / parts + 0.0 } else { x }
}
