//! Tiles of the plane, and prefixes of them.

use std::fmt;
use std::str::FromStr;

/// A tile of the plane: a square of side `tile_size / 2^z`. Ordered by z, x, y as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub z: u8,
    pub x: i64,
    pub y: i64,
}

impl Tile {
    /// Whether another tile is this one or one of the eight around it at the same zoom.
    pub fn is_around(self, other: Tile) -> bool {
        other.z == self.z && (other.x - self.x).abs() <= 1 && (other.y - self.y).abs() <= 1
    }

    /// `z0/x0/y0`, where an event stands that says nothing else.
    pub const ORIGIN: Tile = Tile { z: 0, x: 0, y: 0 };

    /// Reads `z<0–30>/x<int>/y<int>`: no leading zeros, no `-0`, x and y within ±2^31.
    pub fn parse(text: &str) -> Option<Tile> {
        // There are as many tiles to read as events: a cursor beats splitting.
        let rest = text.as_bytes().strip_prefix(b"z")?;
        let (z, rest) = integer(rest)?;
        let (x, rest) = integer(rest.strip_prefix(b"/x")?)?;
        let (y, rest) = integer(rest.strip_prefix(b"/y")?)?;
        (rest.is_empty() && (0..=30).contains(&z)).then_some(Tile { z: u8::try_from(z).ok()?, x, y })
    }
}

/// The integer at the start of a text, in its one spelling and within ±2^31, and what comes after it.
fn integer(text: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let plain = (1..=10).contains(&end) && (digits[0] != b'0' || end == 1 && !negative);
    let value = digits.iter().take(10).fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    (plain && value <= 1 << 31).then_some((if negative { -value } else { value }, rest))
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "z{}/x{}/y{}", self.z, self.x, self.y)
    }
}

/// A tile, or with y or x and y left out every tile below: `z0`, `z0/x3`, `z0/x3/y-1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePrefix {
    pub z: u8,
    pub x: Option<i64>,
    /// Nothing where `x` is nothing.
    pub y: Option<i64>,
}

impl TilePrefix {
    /// Whether a tile is this one or lies below it.
    pub fn holds(self, tile: Tile) -> bool {
        self.z == tile.z && self.x.is_none_or(|x| x == tile.x) && self.y.is_none_or(|y| y == tile.y)
    }

    /// This prefix after those that it lies below: `z0`, `z0/x3`, `z0/x3/y-1`.
    pub fn outermost_first(self) -> impl Iterator<Item = TilePrefix> {
        let TilePrefix { z, x, y } = self;
        let column = x.map(|_| TilePrefix { z, x, y: None });
        [Some(TilePrefix { z, x: None, y: None }), column, y.map(|_| self)].into_iter().flatten()
    }
}

impl From<Tile> for TilePrefix {
    fn from(Tile { z, x, y }: Tile) -> TilePrefix {
        TilePrefix { z, x: Some(x), y: Some(y) }
    }
}

impl FromStr for TilePrefix {
    type Err = String;
    fn from_str(text: &str) -> Result<TilePrefix, String> {
        let given = text.matches('/').count();
        let rest = ["/x0/y0", "/y0", ""].get(given).copied().unwrap_or_default();
        let tile =
            Tile::parse(&format!("{text}{rest}")).ok_or("not a tile as z0/x3/y-1, nor its beginning")?;
        Ok(TilePrefix { z: tile.z, x: (given > 0).then_some(tile.x), y: (given > 1).then_some(tile.y) })
    }
}

impl fmt::Display for TilePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "z{}", self.z)?;
        self.x.map_or(Ok(()), |x| write!(f, "/x{x}"))?;
        self.y.map_or(Ok(()), |y| write!(f, "/y{y}"))
    }
}
