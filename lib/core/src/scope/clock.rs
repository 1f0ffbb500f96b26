//! The clock of tools that read one, and whether it can be believed.

use crate::id::Time;
use crate::trust::Instant;

/// The start of 2025, in nanoseconds: no clock that runs this program stands before it.
const EARLIEST: i64 = 1_735_689_600_000_000_000;

/// The clock, for tools that read one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Told by `--now`: believed.
    Given(Time),
    /// The machine's; with the mtime of the store's `lock`, which each commit touches.
    Machine { now: Time, lock: Option<Time> },
}

impl Clock {
    /// The time.
    ///
    /// # Errors
    /// Where it cannot be believed: what is off, and how to go on.
    pub(super) fn believed(self, skew: i64) -> Result<Time, String> {
        let (now, lock) = match self {
            Clock::Given(now) => return Ok(now),
            Clock::Machine { now, lock } => (now, lock),
        };
        if now.0 < EARLIEST {
            let clock = stands(now);
            return Err(format!(
                "the machine's clock is off: it stands at {clock}, before 2025; set it, or give the time with --now"
            ));
        }
        match lock.filter(|lock| now.0.saturating_add(skew) < lock.0) {
            Some(lock) => Err(disagreement(now, lock)),
            None => Ok(now),
        }
    }
}

/// Two clocks of which one is off; nobody here knows which.
fn disagreement(now: Time, lock: Time) -> String {
    format!(
        "the store's file lock is of {}, after the machine's clock, which stands at {}: where the clock is right, \
         the lock is off, and touch sets it; where the lock is right, set the clock, or give the time with --now",
        stands(lock),
        stands(now)
    )
}

fn stands(time: Time) -> String {
    Instant::print(time).unwrap_or_else(|| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_is_said_and_how_to_go_on() {
        let at = |seconds: i64| Time(seconds * 1_000_000_000);
        let skew = at(600).0;
        let said =
            |now, lock: Option<i64>| Clock::Machine { now: at(now), lock: lock.map(at) }.believed(skew);
        assert_eq!(said(1_800_000_000, Some(1_800_000_600)), Ok(at(1_800_000_000)));
        assert_eq!(
            said(5, Some(1_800_000_000)).err().as_deref(),
            Some(
                "the machine's clock is off: it stands at 1970-01-01T00:00:05.000Z, before 2025; set it, or give \
                 the time with --now"
            )
        );
        assert_eq!(
            said(1_800_000_000, Some(1_800_000_601)).err().as_deref(),
            Some(
                "the store's file lock is of 2027-01-15T08:10:01.000Z, after the machine's clock, which stands at \
                 2027-01-15T08:00:00.000Z: where the clock is right, the lock is off, and touch sets it; where the \
                 lock is right, set the clock, or give the time with --now"
            )
        );
        assert_eq!(Clock::Given(at(5)).believed(skew), Ok(at(5)));
    }
}
