//! Ticks and windows: when steps begin and end.
//!
//! A tick is 1/64 s of Unix time, which doubles and nanoseconds hold exactly. A window is the 16 ticks after a multiple
//! of 16: it takes in what comes after its first instant, up to its last.

use ulp_core::id::{MAX_TIME, Time};

/// Ticks of a window.
pub const TICKS: i64 = 16;
/// Seconds of a tick, and of a window.
pub const TICK_SECONDS: f64 = 1.0 / 64.0;
pub const WINDOW_SECONDS: f64 = 0.25;
/// Nanoseconds of a window.
const WINDOW: i64 = 250_000_000;

/// An instant at which one window ends and the next begins, in windows since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge(i64);

impl Edge {
    /// The first edge at or after a time: the end of the window that takes it in.
    pub fn from(time: Time) -> Edge {
        Edge(-(-time.0).div_euclid(WINDOW))
    }

    /// The edge of this tick, if it is one.
    pub fn of_tick(tick: f64) -> Option<Edge> {
        let windows = tick / TICKS as f64;
        (windows.fract() == 0.0 && windows.abs() < 1e12).then_some(Edge(windows as i64))
    }

    pub fn next(self) -> Edge {
        Edge(self.0 + 1)
    }

    pub fn before(self) -> Edge {
        Edge(self.0 - 1)
    }

    pub fn time(self) -> Time {
        Time(self.0 * WINDOW)
    }

    pub fn tick(self) -> i64 {
        self.0 * TICKS
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 * WINDOW_SECONDS
    }

    /// Whether an event may carry this time.
    pub fn is_timestamp(self) -> bool {
        self.time().0 <= MAX_TIME && self.time().is_timestamp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_in_its_end_and_not_its_beginning() {
        let at = |text| Time::parse(text).unwrap();
        assert_eq!(Edge::from(at("1767225600")).tick(), 113_102_438_400);
        for (time, tick) in
            [("0", 0), ("0.000000001", 16), ("0.25", 16), ("0.249999999", 16), ("-0.1", 0), ("-0.25", -16)]
        {
            assert_eq!(Edge::from(at(time)).tick(), tick, "{time}");
        }
        let edge = Edge::from(at("1767225601.1"));
        assert_eq!((edge.seconds(), edge.time()), (1_767_225_601.25, at("1767225601.25")));
        assert_eq!(edge.next().before(), edge);
        assert_eq!(Edge::of_tick(edge.tick() as f64), Some(edge));
        for tick in [1.0, 16.5, 1e300] {
            assert_eq!(Edge::of_tick(tick), None);
        }
    }
}
