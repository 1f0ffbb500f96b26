//! The transverse Mercator projection of WGS84 by Krüger's series to n⁶, after C. F. F. Karney, "Transverse Mercator
//! with an accuracy of a few nanometers" (2011), whose equations are named here.
//!
//! Everything is in radians: a latitude and a longitude from the central meridian on one side; on the other how far
//! along the meridian and how far across it, as angles of a sphere whose meridian is as long as the ellipsoid's. Sines
//! and all their kin are `libm`'s, the same on every machine.

/// The equatorial radius of WGS84, in metres, and its flattening.
const EQUATOR: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;
/// The square of the eccentricity, and 1 less that.
const E2: f64 = FLATTENING * (2.0 - FLATTENING);
const E2M: f64 = (1.0 - FLATTENING) * (1.0 - FLATTENING);
/// The third flattening, of which the coefficients are polynomials.
const N: f64 = FLATTENING / (2.0 - FLATTENING);

/// The radius of the sphere whose meridian is as long as the ellipsoid's, in metres (14).
pub const RADIUS: f64 =
    EQUATOR / (1.0 + N) * (1.0 + N * N * (1.0 / 4.0 + N * N * (1.0 / 64.0 + N * N / 256.0)));

/// From the conformal latitude to the rectified one (35).
const ALPHA: [f64; 6] = series([
    [1.0 / 2.0, -2.0 / 3.0, 5.0 / 16.0, 41.0 / 180.0, -127.0 / 288.0, 7891.0 / 37800.0],
    [13.0 / 48.0, -3.0 / 5.0, 557.0 / 1440.0, 281.0 / 630.0, -1983433.0 / 1935360.0, 0.0],
    [61.0 / 240.0, -103.0 / 140.0, 15061.0 / 26880.0, 167603.0 / 181440.0, 0.0, 0.0],
    [49561.0 / 161280.0, -179.0 / 168.0, 6601661.0 / 7257600.0, 0.0, 0.0, 0.0],
    [34729.0 / 80640.0, -3418889.0 / 1995840.0, 0.0, 0.0, 0.0, 0.0],
    [212378941.0 / 319334400.0, 0.0, 0.0, 0.0, 0.0, 0.0],
]);

/// And back, each subtracted (36).
const BETA: [f64; 6] = series([
    [1.0 / 2.0, -2.0 / 3.0, 37.0 / 96.0, -1.0 / 360.0, -81.0 / 512.0, 96199.0 / 604800.0],
    [1.0 / 48.0, 1.0 / 15.0, -437.0 / 1440.0, 46.0 / 105.0, -1118711.0 / 3870720.0, 0.0],
    [17.0 / 480.0, -37.0 / 840.0, -209.0 / 4480.0, 5569.0 / 90720.0, 0.0, 0.0],
    [4397.0 / 161280.0, -11.0 / 504.0, -830251.0 / 7257600.0, 0.0, 0.0, 0.0],
    [4583.0 / 161280.0, -108847.0 / 3991680.0, 0.0, 0.0, 0.0, 0.0],
    [20648693.0 / 638668800.0, 0.0, 0.0, 0.0, 0.0, 0.0],
]);

/// The value of each polynomial in n: the j-th, from 1, begins with n^j.
const fn series(rows: [[f64; 6]; 6]) -> [f64; 6] {
    let mut values = [0.0; 6];
    let mut power = 1.0;
    let mut j = 0;
    while j < 6 {
        power *= N;
        let mut sum = 0.0;
        let mut k = 6;
        while k > 0 {
            k -= 1;
            sum = sum * N + rows[j][k];
        }
        values[j] = power * sum;
        j += 1;
    }
    values
}

/// Beyond this distance across, on the sphere, no series is asked: it is far outside of what the plane reaches.
const FAR: f64 = 1.0;
/// Newton's method is done after two or three steps; no input asks for more than these.
const STEPS: usize = 6;

/// The distance from the equator along the meridian of a latitude.
pub fn rectified(lat: f64) -> f64 {
    forward(lat, 0.0).map_or(0.0, |[along, _]| along)
}

/// From latitude and longitude to the plane; none for what is far away from the meridian (7 to 11).
pub fn forward(lat: f64, lon: f64) -> Option<[f64; 2]> {
    let tangent = conformal(libm::tan(lat));
    let (sin, cos) = (libm::sin(lon), libm::cos(lon));
    let along = libm::atan2(tangent, cos);
    let across = libm::asinh(sin / libm::hypot(tangent, cos));
    (across.abs() <= FAR).then(|| {
        let [a, b] = sum(&ALPHA, along, across).value;
        [along + a, across + b]
    })
}

/// From the plane to latitude and longitude.
pub fn inverse(at: [f64; 2]) -> [f64; 2] {
    let [along, across] = on_sphere(at);
    let (sinh, cos) = (libm::sinh(across), libm::cos(along));
    let tangent = libm::sin(along) / libm::hypot(sinh, cos);
    [libm::atan(geographic(tangent)), libm::atan2(sinh, cos)]
}

/// How far grid north leaves true north, at a point of the plane (27 to 31).
pub fn convergence(at: [f64; 2]) -> f64 {
    let [along, across] = on_sphere(at);
    let of_sphere = libm::atan2(libm::sin(along) * libm::sinh(across), libm::cos(along) * libm::cosh(across));
    let [p, q] = sum(&ALPHA, along, across).slope;
    of_sphere + libm::atan2(q, 1.0 + p)
}

/// The same point on the sphere that bears the conformal latitudes (11).
fn on_sphere([along, across]: [f64; 2]) -> [f64; 2] {
    let [a, b] = sum(&BETA, along, across).value;
    [along - a, across - b]
}

/// The tangent of the conformal latitude, from that of the latitude (7).
fn conformal(tangent: f64) -> f64 {
    let secant = libm::hypot(1.0, tangent);
    let e = libm::sqrt(E2);
    let sigma = libm::sinh(e * libm::atanh(e * tangent / secant));
    tangent * libm::hypot(1.0, sigma) - sigma * secant
}

/// And back, by Newton's method (19 to 21).
fn geographic(conformal_tangent: f64) -> f64 {
    let mut tangent = conformal_tangent / E2M;
    for _ in 0..STEPS {
        let reached = conformal(tangent);
        let step = (conformal_tangent - reached) / libm::hypot(1.0, reached)
            * (1.0 + E2M * tangent * tangent)
            / (E2M * libm::hypot(1.0, tangent));
        tangent += step;
        if step.abs() <= f64::EPSILON * tangent.abs().max(1.0) {
            break;
        }
    }
    tangent
}

/// A trigonometric series with complex arguments, and its slope.
struct Sum {
    /// The real and the imaginary part of Σ cⱼ sin 2jζ.
    value: [f64; 2],
    /// Of its derivative, the real part and the negative imaginary one.
    slope: [f64; 2],
}

/// At ζ = along + i·across. The multiples of the angle come from each other, which costs four calls instead of 24.
fn sum(coefficients: &[f64; 6], along: f64, across: f64) -> Sum {
    let (sin, cos) = (libm::sin(2.0 * along), libm::cos(2.0 * along));
    let (sinh, cosh) = (libm::sinh(2.0 * across), libm::cosh(2.0 * across));
    let (mut s, mut c, mut sh, mut ch) = (sin, cos, sinh, cosh);
    let mut total = Sum { value: [0.0; 2], slope: [0.0; 2] };
    for (coefficient, factor) in coefficients.iter().zip([2.0, 4.0, 6.0, 8.0, 10.0, 12.0]) {
        total.value[0] += coefficient * (s * ch);
        total.value[1] += coefficient * (c * sh);
        total.slope[0] += factor * coefficient * (c * ch);
        total.slope[1] += factor * coefficient * (s * sh);
        (s, c) = (s * cos + c * sin, c * cos - s * sin);
        (sh, ch) = (sh * cosh + ch * sinh, ch * cosh + sh * sinh);
    }
    total
}
