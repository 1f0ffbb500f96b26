//! Names: ids, tiles, times, order keys and the four words of a scope.
//!
//! Bytes become one of these types once, at the edge; below, nobody checks again. Each type parses and prints
//! side by side, and the two are inverses. Page "2. The event", envelope and tiles; page 3, the order.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Longest `event_id`, `actor_id` and `node_id`, in bytes.
pub const MAX_ID: usize = 256;
/// Longest `space_id` and `layer_id`, in bytes.
pub const MAX_PLACE: usize = 80;
/// Earliest timestamp: 1700-01-01T00:00:00Z, in nanoseconds since the Unix epoch.
pub const MIN_TIME: i64 = -8_520_336_000 * NANOS;
/// Latest timestamp: the last nanosecond of the year 2200.
pub const MAX_TIME: i64 = 7_289_654_400 * NANOS - 1;

const NANOS: i64 = 1_000_000_000;

/// Whether `s` may be an `event_id`: 1 to 256 bytes, no control characters, no `#`.
pub fn is_event_id(s: &str) -> bool {
    !s.is_empty() && s.len() <= MAX_ID && (is_plain_without(s, b'#') || !has_control(s) && !s.contains('#'))
}

/// Whether `s` may be a `node_id` or an `actor_id`: 1 to 256 bytes, no control characters.
pub fn is_id(s: &str) -> bool {
    !s.is_empty() && s.len() <= MAX_ID && (is_plain_without(s, 0) || !has_control(s))
}

/// Whether `s` may be a `space_id` or a `layer_id`: 1 to 80 bytes, no `/`, no control characters, not `.` or `..`.
pub fn is_place(s: &str) -> bool {
    let fits = || is_plain_without(s, b'/') || !has_control(s) && !s.contains('/');
    !s.is_empty() && s.len() <= MAX_PLACE && fits() && s != "." && s != ".."
}

/// Whether all bytes are printable ASCII other than `byte`: the quick answer for nearly every name, eight bytes at a
/// time. A sum of seven bits does not carry into the next byte, so each byte's highest bit speaks for it alone.
fn is_plain_without(s: &str, byte: u8) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let unusual = |word: u64| {
        let low = word & !HIGH;
        let not_control = low + (0x80 - 0x20) * ONES;
        let delete_or_more = low + ONES;
        let other = (low ^ (u64::from(byte) * ONES)) + 0x7f * ONES;
        (word | !not_control | delete_or_more | !other) & HIGH != 0
    };
    let (words, rest) = s.as_bytes().as_chunks::<8>();
    // A space is as good as any other to fill up the last word.
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    !words.iter().chain([&last]).any(|word| unusual(u64::from_le_bytes(*word)))
}

/// Control characters are those of Unicode's category Cc: C0, DEL and C1.
fn has_control(s: &str) -> bool {
    s.bytes().any(|b| b < 0x20 || b == 0x7f || b == 0xc2) && s.chars().any(char::is_control)
}

/// An instant: nanoseconds since the Unix epoch. Printed as decimal seconds without trailing zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// Reads decimal seconds (`-5`, `1730000000.000000001`) exactly: no exponent, no leading `+` or zeros, at
    /// most nine decimals. Any `i64` of nanoseconds is accepted; the bounds of a timestamp are the event's matter.
    pub fn parse(text: &str) -> Option<Time> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let point = digits.iter().position(|b| *b == b'.');
        let (whole, fraction) = match point {
            Some(at) if at + 1 < digits.len() => (&digits[..at], &digits[at + 1..]),
            Some(_) => return None,
            None => (digits, &[][..]),
        };
        if whole.is_empty() || whole.len() > 10 || fraction.len() > 9 || whole.len() > 1 && whole[0] == b'0' {
            return None;
        }
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0, |n: i64, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
        };
        let missing = u32::try_from(9 - fraction.len()).ok()?;
        let nanos = number(fraction)? * 10_i64.pow(missing);
        let total = number(whole)?.checked_mul(NANOS)?.checked_add(nanos)?;
        Some(Time(if negative { -total } else { total }))
    }

    /// The nanoseconds of the shortest decimal that names `value`, or `None` where that has more than nine
    /// decimals or lies outside what nanoseconds in an `i64` can hold.
    pub fn from_seconds(value: f64) -> Option<Time> {
        if !value.is_finite() || value.abs() >= 9_223_372_036.0 {
            return None;
        }
        let mut buffer = ryu_js::Buffer::new();
        let text = buffer.format(value);
        // Below 1e-6 the shortest form has an exponent; only whole nanoseconds are left there.
        match text.split_once('e') {
            None => Time::parse(text),
            Some((digits, exponent)) => {
                let exponent: i32 = exponent.parse().ok()?;
                let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
                let decimals = i32::try_from(fraction.len()).ok()? - exponent;
                let significant: i64 = format!("{whole}{fraction}").parse().ok()?;
                (decimals <= 9 && exponent < 0).then(|| {
                    Time(significant * 10_i64.pow(9 - u32::try_from(decimals).expect("exponent is negative")))
                })
            }
        }
    }

    /// Whether an event may carry this time: the years 1700 to 2200, both included.
    pub fn is_timestamp(self) -> bool {
        (MIN_TIME..=MAX_TIME).contains(&self.0)
    }
}

impl Time {
    /// Appends it as [`Display`](fmt::Display) prints it. State lines are full of times, so this is by hand.
    pub fn write(self, out: &mut Vec<u8>) {
        let text = Decimal::of(self);
        out.extend_from_slice(text.bytes());
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(Decimal::of(*self).bytes()).map_err(|_| fmt::Error)?)
    }
}

/// The text of a time, which is written from its end.
struct Decimal {
    digits: [u8; Decimal::ROOM],
    start: usize,
    end: usize,
}

impl Decimal {
    /// A sign, ten digits, the point, nine digits.
    const ROOM: usize = 24;

    fn of(time: Time) -> Decimal {
        let mut text = Decimal { digits: [0; Decimal::ROOM], start: Decimal::ROOM, end: Decimal::ROOM };
        let magnitude = time.0.unsigned_abs();
        let (whole, nanos) = (magnitude / NANOS.unsigned_abs(), magnitude % NANOS.unsigned_abs());
        if nanos != 0 {
            text.push_digits(nanos, 9);
            while text.digits[text.end - 1] == b'0' {
                text.end -= 1;
            }
            text.push(b'.');
        }
        text.push_digits(whole, 1);
        if time.0 < 0 {
            text.push(b'-');
        }
        text
    }

    fn push(&mut self, byte: u8) {
        self.start -= 1;
        self.digits[self.start] = byte;
    }

    /// The digits of a number, at least so many.
    fn push_digits(&mut self, mut number: u64, least: usize) {
        let mut count = 0;
        while number > 0 || count < least {
            // A digit is less than ten.
            self.push(b'0' + (number % 10) as u8);
            number /= 10;
            count += 1;
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.digits[self.start..self.end]
    }
}

/// An order key: effective time, then event id, compared as an integer and as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a> {
    /// The effective time.
    pub eff: Time,
    /// The event's name; a macro's primitive carries `#0000` and so on.
    pub id: &'a str,
}

impl<'a> Key<'a> {
    /// Reads `1730000000.000000001/evt-12`; the first `/` ends the number.
    pub fn parse(text: &'a str) -> Option<Key<'a>> {
        let (time, id) = text.split_once('/')?;
        let eff = Time::parse(time)?;
        // One key has one spelling, or equal keys would differ as bytes.
        (is_tag(id) && eff.to_string() == time).then_some(Key { eff, id })
    }

    /// The name of the event that this key makes known: the id before its first `#`.
    pub fn event(self) -> &'a str {
        event_of(self.id)
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.eff, self.id)
    }
}

/// The event's own name in the id of an event or of a macro's primitive.
pub fn event_of(id: &str) -> &str {
    id.split_once('#').map_or(id, |(event, _)| event)
}

/// Whether `s` may be a link's tag: an `event_id`, of a macro's link with its `#n` parts.
pub fn is_tag(s: &str) -> bool {
    let mut parts = s.split('#');
    is_event_id(parts.next().unwrap_or_default())
        && parts.all(|p| p.len() == 4 && p.bytes().all(|b| b.is_ascii_digit()))
}

/// A tile of the plane: a square of side `tile_size / 2^z`. Ordered by z, x, y as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub z: u8,
    pub x: i64,
    pub y: i64,
}

impl Tile {
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

/// Declares a closed set of words, each with its spelling, ordered from the strictest to the loosest.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, the strictest first.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word as events spell it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<$name, String> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err(format!("not one of {}", [$($text),+].join(", "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// Who an event is for: `personal` is stricter than `team`, and that than `public`.
    Realm { Personal = "personal", Team = "team", Public = "public" }
);
words!(
    /// How an event may be shown: `private` is stricter than `redacted`, and that than `public`.
    Policy { Private = "private", Redacted = "redacted", Public = "public" }
);
words!(
    /// Whether an event is an original or computed from others.
    Authority { Derived = "derived", Source = "source" }
);
words!(
    /// On which side of the world's border an event stands.
    Boundary { Interior = "interior", Boundary = "boundary", Exterior = "exterior" }
);

/// The four words of an event's `scope`. The default is team, source, interior, public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    pub realm: Realm,
    pub authority: Authority,
    pub boundary: Boundary,
    pub policy: Policy,
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            realm: Realm::Team,
            authority: Authority::Source,
            boundary: Boundary::Interior,
            policy: Policy::Public,
        }
    }
}

/// The realm and policy of a lane. Within a tile, lanes are ordered by the text `realm.policy`, as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    pub realm: Realm,
    pub policy: Policy,
}

impl Lane {
    /// How many lanes a tile can have.
    pub const COUNT: usize = 9;

    /// Whether everything in this lane may count as a cause for what is in `other`.
    pub fn is_no_stricter_than(self, other: Lane) -> bool {
        self.realm >= other.realm && self.policy >= other.policy
    }

    /// Whether this lane is for everyone: policy `public`, and a realm other than `personal`.
    pub fn is_shared(self) -> bool {
        self.policy == Policy::Public && self.realm != Realm::Personal
    }

    /// Every lane, in the order of their names.
    pub fn all() -> impl Iterator<Item = Lane> {
        (0..Self::COUNT).map(Lane::from_index)
    }

    /// The lane's place among all lanes in the order of their names, 0 to 8.
    pub fn index(self) -> usize {
        // As bytes: personal < public < team; private < public < redacted.
        let realm = match self.realm {
            Realm::Personal => 0,
            Realm::Public => 1,
            Realm::Team => 2,
        };
        let policy = match self.policy {
            Policy::Private => 0,
            Policy::Public => 1,
            Policy::Redacted => 2,
        };
        realm * 3 + policy
    }

    /// The lane at a place of `index`.
    pub fn from_index(index: usize) -> Lane {
        let realm = [Realm::Personal, Realm::Public, Realm::Team][index / 3 % 3];
        let policy = [Policy::Private, Policy::Public, Policy::Redacted][index % 3];
        Lane { realm, policy }
    }
}

impl PartialOrd for Lane {
    fn partial_cmp(&self, other: &Lane) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Lane {
    fn cmp(&self, other: &Lane) -> Ordering {
        self.index().cmp(&other.index())
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.realm, self.policy)
    }
}

impl From<Scope> for Lane {
    fn from(scope: Scope) -> Lane {
        Lane { realm: scope.realm, policy: scope.policy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_they_parse() {
        for text in ["0", "-5", "1730000000.000000001", "-0.5", "7289654399.999999999"] {
            assert_eq!(Time::parse(text).map(|t| t.to_string()).as_deref(), Some(text));
        }
        for text in ["", "-", "01", "1.", ".5", "1e3", "+1", "1.0000000001", "99999999999"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_become_the_nanoseconds_of_their_shortest_decimal() {
        assert_eq!(Time::from_seconds(1730000000.1), Some(Time(1_730_000_000_100_000_000)));
        assert_eq!(Time::from_seconds(-0.5), Some(Time(-500_000_000)));
        assert_eq!(Time::from_seconds(1e-9), Some(Time(1)));
        assert_eq!(Time::from_seconds(2.5e-8), Some(Time(25)));
        assert_eq!(Time::from_seconds(1e-10), None);
        assert_eq!(Time::from_seconds(0.1234567891), None);
        assert_eq!(Time::from_seconds(-0.0), Some(Time(0)));
    }

    #[test]
    fn lanes_are_ordered_by_their_names() {
        let names: Vec<String> = Lane::all().map(|l| l.to_string()).collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(names, sorted);
        assert!(Lane::all().enumerate().all(|(i, l)| l.index() == i));
    }

    #[test]
    fn tiles_have_one_spelling() {
        for text in ["z0/x0/y0", "z30/x-2147483648/y2147483648", "z4/x-1/y7"] {
            assert_eq!(Tile::parse(text).map(|t| t.to_string()).as_deref(), Some(text));
        }
        for text in [
            "z31/x0/y0",
            "z0/x-0/y0",
            "z0/x01/y0",
            "z00/x0/y0",
            "z0/x0",
            "z0/x0/y0/",
            "z0/x2147483649/y0",
            "z+1/x0/y0",
        ] {
            assert_eq!(Tile::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_tile_prefix_takes_all_below_it() {
        let tile = Tile { z: 0, x: 3, y: -1 };
        for (text, expected) in
            [("z0", true), ("z0/x3", true), ("z0/x3/y-1", true), ("z1", false), ("z0/x4", false)]
        {
            assert_eq!(text.parse::<TilePrefix>().unwrap().holds(tile), expected, "{text}");
        }
        for bad in ["", "z", "z0/", "z0/x", "z0/x3/", "z0/y3", "z0/x3/y1/", "z0/x03"] {
            assert!(bad.parse::<TilePrefix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_quick_look_at_a_name_agrees_with_the_slow_one() {
        for byte in 0..=127u8 {
            for length in [1, 7, 8, 9, 16] {
                for at in 0..length {
                    let mut name = vec![b'a'; length];
                    name[at] = byte;
                    let name = String::from_utf8(name).unwrap();
                    assert_eq!(is_id(&name), !has_control(&name), "{name:?}");
                    assert_eq!(is_event_id(&name), !has_control(&name) && byte != b'#', "{name:?}");
                    let fits = !has_control(&name) && byte != b'/' && name != ".";
                    assert_eq!(is_place(&name), fits, "{name:?}");
                }
            }
        }
    }

    #[test]
    fn controls_are_refused_in_ids() {
        assert!(is_id("Straße 避難所 é") && is_event_id("a/b"));
        for bad in ["", "a\u{7f}", "a\u{85}", "\u{0}", "a\nb"] {
            assert!(!is_id(bad), "{bad:?}");
        }
        assert!(!is_event_id("a#b") && is_tag("m#0003#0001") && !is_tag("m#3"));
    }
}
