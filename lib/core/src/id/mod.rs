//! Names: ids, tiles, times, order keys and the four words of a scope.
//!
//! Bytes become one of these types once, at the edge; below, nobody checks again. Each type parses and prints
//! side by side, and the two are inverses. Page "2. The event", envelope and tiles; page 3, the order.

mod lane;
mod tile;
mod time;

pub use lane::{Authority, Boundary, Lane, Policy, Realm, Scope};
pub use tile::{Tile, TilePrefix};
pub use time::{Key, MAX_TIME, MIN_TIME, Time, event_of, is_tag};

/// Longest `event_id`, `actor_id` and `node_id`, in bytes.
pub const MAX_ID: usize = 256;
/// Longest `space_id` and `layer_id`, in bytes.
pub const MAX_PLACE: usize = 80;
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
