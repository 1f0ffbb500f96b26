//! From trace time to sound time.
//!
//! With `--speed` the sound runs evenly. With `--duration` it must hold years as well as seconds, so it is cut into
//! *scenes*: a gap between neighbouring events that is longer than 1/64 of the trace, and than 8 times the mean
//! gap, becomes a short rest. Scenes share the sound by the cube root of their numbers of events. Within a scene an
//! event's place is, half and half, its share of the scene's time and its share of the scene's events, so that a
//! burst unfolds instead of falling into one instant, and a lull stays a lull.

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
/// The longest sound, in nanoseconds: three hours. A WAV of it still fits the 32 bits of its header.
pub const LONGEST: i64 = 3 * 3600 * SECOND;
/// The shortest sound that may be asked for, in nanoseconds.
pub const SHORTEST: i64 = SECOND / 10;
/// What is kept free at the end for the last notes to ring, in nanoseconds, and as a part of a short sound.
const TAIL: i64 = 5 * SECOND / 2;
const TAIL_PART: i64 = 6;
/// A gap is a rest where it is longer than this part of the trace,
const REST_PART: i128 = 64;
/// and than so many mean gaps.
const REST_MEANS: i128 = 8;
/// A rest sounds as this part of the whole; all together at most as a quarter.
const REST: i64 = 36;
const RESTS: i64 = 4;

/// How fast the trace runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// All of it in so many nanoseconds; evenly, or by scenes.
    Duration { length: i64, even: bool },
    /// So many seconds of the trace in one of sound.
    Speed(f64),
}

/// Where the moments of a trace stand in the sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    /// The length of the sound, in nanoseconds.
    pub length: i64,
    /// Of every moment, in the order it was given: its place in nanoseconds, and its scene.
    pub places: Vec<(i64, usize)>,
    /// Where the events of each scene end, in nanoseconds.
    pub ends: Vec<i64>,
}

/// The trace would sound longer than [`LONGEST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sound would be longer than three hours")]
pub struct TooLong;

impl Clock {
    /// Lays out moments, given as ascending trace times in nanoseconds.
    ///
    /// # Errors
    /// Only with a speed: where the sound would be too long.
    pub fn new(times: &[i64], pace: Pace) -> Result<Clock, TooLong> {
        match pace {
            Pace::Duration { length, even } => {
                let room = length - TAIL.min(length / TAIL_PART);
                Ok(if even { Clock::even(times, room, length) } else { Clock::scenes(times, room, length) })
            }
            Pace::Speed(speed) => {
                let room = span(times) as f64 / speed;
                // Written so that a room that is no number is too long as well.
                if !(room >= 0.0 && room <= (LONGEST - TAIL) as f64) {
                    return Err(TooLong);
                }
                let room = room as i64;
                Ok(Clock::even(times, room, room + TAIL))
            }
        }
    }

    fn even(times: &[i64], room: i64, length: i64) -> Clock {
        let first = times.first().copied().unwrap_or(0);
        let whole = span(times).max(1) as f64;
        let place = |t: &i64| (((i128::from(*t) - i128::from(first)) as f64 / whole * room as f64) as i64, 0);
        Clock { length, places: times.iter().map(place).collect(), ends: vec![length] }
    }

    fn scenes(times: &[i64], room: i64, length: i64) -> Clock {
        let cuts = cuts(times);
        let count = cuts.len() - 1;
        let rest = (room / REST).min(room / RESTS / i64::try_from(count).unwrap_or(i64::MAX).max(1));
        let rests = rest * i64::try_from(count - 1).unwrap_or(0);
        let weight = |i: usize| libm::cbrt((cuts[i + 1] - cuts[i]) as f64);
        let weights: f64 = (0..count).map(weight).sum();
        let mut clock = Clock { length, places: Vec::with_capacity(times.len()), ends: Vec::new() };
        let mut start = 0;
        for scene in 0..count {
            let share = if weights > 0.0 { weight(scene) / weights } else { 0.0 };
            let long = ((room - rests) as f64 * share) as i64;
            clock.lay(&times[cuts[scene]..cuts[scene + 1]], scene, start, long);
            start += long;
            clock.ends.push(if scene + 1 == count { length } else { start + rest / 2 });
            start += rest;
        }
        clock
    }

    /// Lays out one scene.
    fn lay(&mut self, times: &[i64], scene: usize, start: i64, long: i64) {
        let first = times.first().copied().unwrap_or(0);
        let whole = span(times);
        let last = times.len().saturating_sub(1).max(1) as f64;
        for (i, time) in times.iter().enumerate() {
            let by_count = i as f64 / last;
            let by_time = match whole {
                0 => by_count,
                whole => (i128::from(*time) - i128::from(first)) as f64 / whole as f64,
            };
            self.places.push((start + ((by_time + by_count) / 2.0 * long as f64) as i64, scene));
        }
    }
}

/// From the first to the last of ascending times.
fn span(times: &[i64]) -> i128 {
    match (times.first(), times.last()) {
        (Some(first), Some(last)) => i128::from(*last) - i128::from(*first),
        _ => 0,
    }
}

/// The scene of each of ascending moments: a long gap lies between one scene and the next, however they are played.
pub fn scenes(times: &[i64]) -> Vec<usize> {
    let cuts = cuts(times);
    let of = |(scene, cut): (usize, &[usize])| std::iter::repeat_n(scene, cut[1] - cut[0]);
    cuts.windows(2).enumerate().flat_map(of).collect()
}

/// The places at which scenes begin, and the end of the last.
fn cuts(times: &[i64]) -> Vec<usize> {
    let whole = span(times);
    let gaps = i128::try_from(times.len()).unwrap_or(i128::MAX).saturating_sub(1).max(1);
    let rest = (whole / REST_PART).max(whole / gaps * REST_MEANS);
    let mut cuts = vec![0];
    for (i, pair) in times.windows(2).enumerate() {
        if i128::from(pair[1]) - i128::from(pair[0]) > rest {
            cuts.push(i + 1);
        }
    }
    cuts.push(times.len());
    cuts
}

/// A length of time as people write it: `30s`, `1m30s`, `500ms`, `2h`; a bare number is seconds. In nanoseconds.
///
/// # Errors
/// What is none, or shorter than [`SHORTEST`] or longer than [`LONGEST`].
pub fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("a duration is wanted, such as 30s, 1m30s or 500ms, not {text}");
    let mut total: f64 = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        let tail = &rest[digits..];
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        total += number
            * match &tail[..unit] {
                "h" => 3600.0,
                "m" | "min" => 60.0,
                "s" => 1.0,
                "" if digits == text.len() => 1.0,
                "ms" => 0.001,
                _ => return Err(wrong()),
            };
        rest = &tail[unit..];
    }
    let nanoseconds = (total * SECOND as f64).round();
    if text.is_empty() {
        Err(wrong())
    } else if (SHORTEST as f64..=LONGEST as f64).contains(&nanoseconds) {
        Ok(nanoseconds as i64)
    } else {
        Err("a sound lasts from 100ms to 3h".to_owned())
    }
}

/// A speed: seconds of the trace in one of sound.
///
/// # Errors
/// What is no number above zero.
pub fn speed(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|n| n.is_finite() && *n > 0.0)
        .ok_or_else(|| format!("a number above 0 is wanted, not {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenes(times: &[i64]) -> Clock {
        Clock::new(times, Pace::Duration { length: 30 * SECOND, even: false }).unwrap()
    }

    #[test]
    fn durations_are_read() {
        for (text, expected) in [
            ("30s", Some(30 * SECOND)),
            ("30", Some(30 * SECOND)),
            ("1m30s", Some(90 * SECOND)),
            ("0.5s", Some(SECOND / 2)),
            ("500ms", Some(SECOND / 2)),
            ("3h", Some(LONGEST)),
            ("", None),
            ("s", None),
            ("1x", None),
            ("1m30", None),
            ("-1s", None),
            ("0s", None),
            ("4h", None),
            ("1e400s", None),
            ("1..2s", None),
            ("99999999999999999999999h", None),
        ] {
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
        for text in ["0", "-1", "nan", "inf", "x", ""] {
            assert!(speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_long_gap_is_a_short_rest() {
        let mut times: Vec<i64> = (0..1000).collect();
        times.extend((0..1000).map(|t| 1_000_000 + t));
        let clock = scenes(&times);
        assert_eq!(clock.places.iter().map(|p| p.1).max(), Some(1));
        let gap = clock.places[1000].0 - clock.places[999].0;
        assert!(gap > SECOND / 2 && gap < SECOND, "{gap}");
        assert!(clock.places.windows(2).all(|p| p[0].0 <= p[1].0));
        assert!(clock.places[1999].0 <= clock.length - TAIL);
    }

    #[test]
    fn a_few_even_events_stay_even() {
        let clock = scenes(&[10, 20, 30, 40]);
        let gaps: Vec<i64> = clock.places.windows(2).map(|p| p[1].0 - p[0].0).collect();
        assert!(gaps.iter().all(|g| (g - gaps[0]).abs() <= 1), "{gaps:?}");
    }

    #[test]
    fn a_burst_unfolds() {
        let clock = scenes(&[7; 100]);
        assert!(clock.places[99].0 > 20 * SECOND);
        assert_eq!(scenes(&[]).places, []);
        assert_eq!(scenes(&[i64::MIN, i64::MAX]).places.len(), 2);
    }

    #[test]
    fn a_speed_keeps_gaps() {
        let clock = Clock::new(&[0, 10 * SECOND, 11 * SECOND], Pace::Speed(2.0)).unwrap();
        assert_eq!(clock.places, [(0, 0), (5 * SECOND, 0), (11 * SECOND / 2, 0)]);
        assert_eq!(clock.length, 8 * SECOND);
        assert_eq!(Clock::new(&[0, i64::MAX], Pace::Speed(1.0)), Err(TooLong));
        assert_eq!(Clock::new(&[0, i64::MAX], Pace::Speed(f64::MIN_POSITIVE)), Err(TooLong));
    }
}
