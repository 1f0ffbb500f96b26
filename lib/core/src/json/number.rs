//! Number literals: their grammar (RFC 8259), their range (RFC 7493), and which of them are canonical as they stand.

use super::{Error, Fault};

/// 2^53 − 1, the greatest integer literal.
const MAX_INTEGER: &[u8] = b"9007199254740991";
/// A decimal of so many significant digits survives the way into a double and back (`DBL_DIG`).
const EXACT_DIGITS: usize = 15;
/// The same as a double.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;
/// From here on ECMAScript prints with an exponent.
const EXPONENT_FROM: f64 = 1e21;

/// What is known of a literal after one look.
pub(super) struct Literal {
    pub end: usize,
    /// Neither fraction nor exponent.
    pub integer: bool,
    /// Surely canonical as it stands. `false` says nothing.
    pub canonical: bool,
}

/// Reads the number at `at`. `wide` lets integers be of any size. Errors: [`Fault::Syntax`] where the
/// grammar breaks, [`Fault::Number`] at its first byte.
#[inline]
pub(super) fn scan(bytes: &[u8], at: usize, wide: bool) -> Result<Literal, Error> {
    let negative = bytes.get(at) == Some(&b'-');
    let first = at + negative as usize;
    let end = digits(bytes, first)?;
    let zero = bytes[first] == b'0';
    if zero && end - first > 1 {
        return Err(Error { fault: Fault::Syntax, offset: first + 1 });
    }
    if matches!(bytes.get(end), Some(b'.' | b'e' | b'E')) {
        return decimal(bytes, (at, first, end), wide);
    }
    let length = end - first;
    if length > EXACT_DIGITS && (length > MAX_INTEGER.len() || &bytes[first..end] > MAX_INTEGER) {
        return long(bytes, at, end, wide);
    }
    Ok(Literal { end, integer: true, canonical: !(negative && zero) })
}

/// An integer beyond what a double holds exactly.
#[cold]
fn long(bytes: &[u8], at: usize, end: usize, wide: bool) -> Result<Literal, Error> {
    if !wide {
        return Err(Error { fault: Fault::Number, offset: at });
    }
    finite(bytes, at, end, true)?;
    Ok(Literal { end, integer: true, canonical: false })
}

/// Where the digits that begin at `at` end; there must be one.
#[inline(always)]
fn digits(bytes: &[u8], at: usize) -> Result<usize, Error> {
    let mut end = at;
    while bytes.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    if end == at { Err(Error { fault: Fault::Syntax, offset: at }) } else { Ok(end) }
}

fn decimal(bytes: &[u8], (at, first, whole): (usize, usize, usize), wide: bool) -> Result<Literal, Error> {
    let mut end = whole;
    if bytes[end] == b'.' {
        end = digits(bytes, end + 1)?;
    }
    if !matches!(bytes.get(end), Some(b'e' | b'E')) {
        let canonical = is_shortest(&bytes[first..whole], &bytes[whole + 1..end]);
        if whole - first > EXACT_DIGITS {
            finite(bytes, at, end, wide)?;
        }
        return Ok(Literal { end, integer: false, canonical });
    }
    let sign = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
    end = digits(bytes, end + 1 + sign as usize)?;
    finite(bytes, at, end, wide)?;
    Ok(Literal { end, integer: false, canonical: false })
}

/// Asks that a literal names a finite double, and, unless `wide`, one whose canonical form can be read again:
/// ECMAScript prints doubles from 2^53 to below 10^21 as integers, which are refused as literals.
fn finite(bytes: &[u8], at: usize, end: usize, wide: bool) -> Result<(), Error> {
    match value(&bytes[at..end]) {
        Some(n) if n.is_finite() && (wide || n.abs() <= MAX_SAFE || n.abs() >= EXPONENT_FROM) => Ok(()),
        _ => Err(Error { fault: Fault::Number, offset: at }),
    }
}

/// The nearest double of a literal.
pub(super) fn value(literal: &[u8]) -> Option<f64> {
    std::str::from_utf8(literal).ok()?.parse().ok()
}

/// From here on ECMAScript prints without an exponent.
const EXPONENT_BELOW: f64 = 1e-6;
/// Below 2^23 doubles lie less than 10^-9 apart, and below 2^33 less than 10^-6.
const NINE_PLACES_BELOW: f64 = 8_388_608.0;
const SIX_PLACES_BELOW: f64 = 8_589_934_592.0;

/// A decimal: what stands before its point, and what behind it, as so many parts of 10^places.
pub(super) struct Decimal {
    pub whole: u64,
    pub fraction: u32,
    pub places: usize,
}

/// The decimal of nine places or fewer as which ECMAScript surely prints a double that is no less than 0.
///
/// Two decimals that are further apart than doubles are there are two different doubles. So no other decimal of so few
/// places names this double, and one that has fewer digits has no more places.
#[inline]
pub(super) fn decimal_of(n: f64) -> Option<Decimal> {
    let (scale, places) = match n {
        0.0 => (1, 0),
        n if n < EXPONENT_BELOW => return None,
        n if n < NINE_PLACES_BELOW => (1_000_000_000, 9),
        n if n < SIX_PLACES_BELOW => (1_000_000, 6),
        _ => return None,
    };
    // They are fewer than 2^53. Where the product was rounded the wrong way, the quotient is another double.
    let parts = (n * scale as f64 + 0.5) as u64;
    let is_it = parts as f64 / scale as f64 == n;
    is_it.then_some(Decimal { whole: parts / scale, fraction: (parts % scale) as u32, places })
}

/// Whether `whole.fraction` is surely how ECMAScript prints its double.
///
/// Two different decimals of at most 15 significant digits are two different doubles. So no other decimal that
/// short names this double, the shortest one that does is the literal's own digits, and they stand in it as they
/// are where the last is not 0. From 10^-6 to below 10^21 ECMAScript prints without an exponent.
fn is_shortest(whole: &[u8], fraction: &[u8]) -> bool {
    if fraction.last() == Some(&b'0') || whole.len() + fraction.len() > EXACT_DIGITS + 6 {
        return false;
    }
    if whole != b"0" {
        return whole.len() + fraction.len() <= EXACT_DIGITS;
    }
    let zeros = fraction.iter().take_while(|&&b| b == b'0').count();
    zeros < 6 && fraction.len() - zeros <= EXACT_DIGITS
}
