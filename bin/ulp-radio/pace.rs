//! When a packet may be sent: not while another is, and no more in an hour than its part.

use std::collections::VecDeque;
use std::str::FromStr;

/// Milliseconds.
const HOUR: u64 = 3_600_000;
/// Milliseconds of an hour that a thousandth of a percent are.
const THOUSANDTH: u64 = HOUR / 100_000;

/// A part of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// In thousandths of a percent.
    thousandths: u64,
}

impl Default for Duty {
    /// One percent: what most of the band at 868 MHz allows.
    fn default() -> Duty {
        Duty { thousandths: 1000 }
    }
}

impl Duty {
    /// Milliseconds of an hour.
    pub fn hourly(self) -> u64 {
        self.thousandths * THOUSANDTH
    }
}

impl FromStr for Duty {
    type Err = String;

    /// Reads `1%`, `0.1%`, `10%`: up to three decimals, more than nothing, at most all.
    fn from_str(text: &str) -> Result<Duty, String> {
        let wrong = || "not a part as 1%, 0.1%, 100%".to_owned();
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
        let is_plain =
            |digits: &str| (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_plain(whole) || !is_plain(rest) {
            return Err(wrong());
        }
        let thousandths = format!("{whole}{rest:0<3}").parse().map_err(|_| wrong())?;
        if (1..=100_000).contains(&thousandths) { Ok(Duty { thousandths }) } else { Err(wrong()) }
    }
}

/// What was sent, and when the next may be. Times are milliseconds since any moment.
#[derive(Debug)]
pub struct Pace {
    hourly: Option<u64>,
    total: Option<u64>,
    /// What ended within the last hour: when, and how long it took.
    recent: VecDeque<(u64, u64)>,
    /// The sum of that.
    hour: u64,
    ever: u64,
    /// When the last began.
    last: u64,
    /// When it ends.
    free: u64,
}

impl Pace {
    /// So many milliseconds in any hour, and in all.
    pub fn new(hourly: Option<u64>, total: Option<u64>) -> Pace {
        Pace { hourly, total, recent: VecDeque::new(), hour: 0, ever: 0, last: 0, free: 0 }
    }

    /// Counts a packet of so many milliseconds: how long after now, or after the one before began if that is yet to
    /// come, it may begin. Nothing where it never may.
    pub fn next(&mut self, now: u64, air: u64) -> Option<u64> {
        let too_much = |most: Option<u64>, used: u64| most.is_some_and(|most| used + air > most);
        if too_much(self.total, self.ever) || too_much(self.hourly, 0) {
            return None;
        }
        let mut start = now.max(self.free);
        self.forget(start);
        while too_much(self.hourly, self.hour) {
            let Some((end, _)) = self.recent.front() else { break };
            start = start.max(end + HOUR);
            self.forget(start);
        }
        let after = start - now.max(self.last);
        (self.last, self.free) = (start, start + air);
        self.ever += air;
        if self.hourly.is_some() {
            self.recent.push_back((self.free, air));
            self.hour += air;
        }
        Some(after)
    }

    /// Forgets what is over for an hour.
    fn forget(&mut self, now: u64) {
        let old = self.recent.iter().take_while(|(end, _)| *end + HOUR <= now).count();
        self.hour -= self.recent.drain(..old).map(|(_, air)| air).sum::<u64>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_percentage() {
        for (text, hourly) in
            [("1%", 36_000), ("0.1%", 3_600), ("10%", 360_000), ("100%", HOUR), ("0.001%", 36)]
        {
            assert_eq!(text.parse::<Duty>().map(Duty::hourly), Ok(hourly), "{text}");
        }
        for bad in ["", "1", "%", "0%", "101%", "1.0001%", ".5%", "1.%", "-1%", "+1%", "1e1%", "0.0%"] {
            assert!(bad.parse::<Duty>().is_err(), "{bad}");
        }
    }

    #[test]
    fn packets_follow_each_other_as_far_as_the_hour_allows() {
        let mut pace = Pace::new(Some(1000), None);
        assert_eq!(pace.next(5, 400), Some(0));
        assert_eq!(pace.next(5, 400), Some(400), "once the first is over");
        // The first ends at 405; an hour after that there is room again.
        assert_eq!(pace.next(5, 400), Some(HOUR));
        assert_eq!(pace.next(3 * HOUR, 400), Some(0));
        assert_eq!(pace.next(3 * HOUR, 1001), None);
    }

    #[test]
    fn no_hour_has_more_than_its_part() {
        let mut pace = Pace::new(Some(3000), None);
        let (mut ends, mut start) = (Vec::new(), 0);
        for air in (1..400).map(|n| 100 + n * 7 % 300) {
            start += pace.next(0, air).unwrap_or(u64::MAX);
            ends.push((start + air, air));
            let hour = ends.iter().filter(|(end, _)| end + HOUR > start + air).map(|(_, air)| air);
            assert!(hour.sum::<u64>() <= 3000);
        }
    }

    #[test]
    fn a_run_has_no_more_than_its_budget() {
        let mut pace = Pace::new(None, Some(1000));
        assert_eq!([600, 500, 400, 1].map(|air| pace.next(0, air)), [Some(0), None, Some(600), None]);
    }
}
