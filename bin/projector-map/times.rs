//! Instants as RFC 3339 has them, in UTC, with as many decimals of a second as they need: none, 3, 6 or 9.

use chrono::{DateTime, SecondsFormat};
use ulp_core::id::Time;

pub fn rfc3339(time: Time) -> String {
    DateTime::from_timestamp_nanos(time.0).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
