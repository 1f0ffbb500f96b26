//! Days of the calendar, counted: the Modified Julian Day, whose 0 is 1858-11-17.

use ulp_core::id::Time;
use ulp_core::trust::Instant;

/// The Modified Julian Day of 1970-01-01.
const UNIX_EPOCH: i64 = 40_587;
const NANOS: i64 = 86_400_000_000_000;
const DATE_CHARS: usize = 10;

/// A day, as a Modified Julian Day: none before 1858-11-17.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub u64);

impl Day {
    /// Reads a date as `YYYY-MM-DD`: one that is in the calendar.
    ///
    /// ```
    /// use ulp_um::day::Day;
    /// assert_eq!(Day::parse("1970-01-01"), Some(Day(40_587)));
    /// assert_eq!(Day::parse("1858-11-16").or(Day::parse("2001-02-29")), None);
    /// ```
    pub fn parse(date: &str) -> Option<Day> {
        let is_date = date.len() == DATE_CHARS;
        let midnight = Instant::parse(&format!("{date}T00:00:00Z")).filter(|_| is_date)?;
        Day::of(midnight.time()?)
    }

    /// The day in which a time falls, in UTC.
    pub fn of(time: Time) -> Option<Day> {
        u64::try_from(time.0.div_euclid(NANOS) + UNIX_EPOCH).ok().map(Day)
    }

    /// The date as text. `None` beyond what a time can say.
    pub fn print(self) -> Option<String> {
        let days = i64::try_from(self.0).ok()?.checked_sub(UNIX_EPOCH)?;
        let mut text = Instant::print(Time(days.checked_mul(NANOS)?))?;
        text.truncate(DATE_CHARS);
        Some(text)
    }

    /// The day of the same date as many years earlier; that of a 29 February which there is not is the 28th.
    pub fn years_before(self, years: u32) -> Option<Day> {
        let date = self.print()?;
        let year = date[..4].parse::<u32>().ok()?.checked_sub(years)?;
        let of_year = |rest: &str| Day::parse(&format!("{year:04}{rest}"));
        of_year(&date[4..]).or_else(|| of_year("-02-28").filter(|_| &date[4..] == "-02-29"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_and_printed() {
        for (date, day) in [("1858-11-17", 0), ("1970-01-01", 40_587), ("2000-02-29", 51_603)] {
            assert_eq!(Day::parse(date), Some(Day(day)));
            assert_eq!(Day(day).print().as_deref(), Some(date));
        }
        for bad in ["1858-11-16", "2001-02-29", "2001-5-9", "20010509xx", "", "2001-05-09T00:00:00Z", "９９"] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
        assert_eq!(Day(u64::MAX).print(), None);
    }

    #[test]
    fn a_year_earlier_is_the_same_date() {
        for (date, years, earlier) in [
            ("2026-11-20", 18, Some("2008-11-20")),
            ("2028-02-29", 25, Some("2003-02-28")),
            ("2028-02-29", 4, Some("2024-02-29")),
            ("2028-02-29", 128, Some("1900-02-28")),
            ("2026-11-20", 150, Some("1876-11-20")),
            ("2008-11-16", 150, None),
            ("2008-11-17", 150, Some("1858-11-17")),
        ] {
            let day = Day::parse(date).unwrap().years_before(years);
            assert_eq!(day.and_then(Day::print).as_deref(), earlier, "{date} {years}");
        }
        assert_eq!(Day::parse("2026-11-20").unwrap().years_before(u32::MAX), None);
    }
}
