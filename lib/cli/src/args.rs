//! The arguments that mean the same in every tool.
//!
//! These structs only validate text; opening comes after. A tool flattens those that apply to it:
//!
//! ```
//! use clap::Parser;
//! use ulp_cli::{Files, Jobs, OutputArgs};
//!
//! /// pass on what was read
//! #[derive(Parser)]
//! #[command(name = "probe", version)]
//! struct Args {
//!     #[command(flatten)]
//!     files: Files,
//!     #[command(flatten)]
//!     output: OutputArgs,
//!     #[command(flatten)]
//!     jobs: Jobs,
//! }
//! let args = Args::parse_from(["probe", "-j", "2", "a.jsonl", "-"]);
//! assert_eq!(args.files.operands().len(), 2);
//! ```
//!
//! [`LogArgs`] is not among them: [`super::run`] gives it to every tool.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::Failure;
use super::stdio::Std;
use ulp_core::id::{self, Authority, Boundary, Lane, Policy, Realm, Tile, TilePrefix, Time};
use ulp_core::kind::Kind;

/// Most jobs that may be asked for.
pub const MAX_JOBS: u16 = 1024;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// JSON lines.
    Json,
    /// JSON lines of what fails, and nothing where nothing does.
    Errors,
}

/// What every tool can be told about its log.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Log")]
pub struct LogArgs {
    /// How the log on stderr is written [default: text on a terminal, else json]; errors is json of what fails, and
    /// nothing with status 0
    #[arg(long, global = true, value_name = "text|json|errors", hide_possible_values = true)]
    pub log: Option<LogFormat>,
    /// Write every withheld, duplicate and noted line to the log, not only their counts
    #[arg(long, global = true)]
    pub log_all: bool,
    /// Append what the log may not say about lines that are not for everyone to FILE (mode 0600)
    #[arg(long, global = true, value_name = "FILE")]
    pub private_log: Option<PathBuf>,
    /// Stop at the first rejected line, with status 1
    #[arg(long, global = true)]
    pub strict: bool,
}

/// The operands: files to read, `-` for stdin.
#[derive(Args, Clone, Debug, Default)]
pub struct Files {
    /// Files to read, in this order; - is stdin, as is none
    #[arg(value_name = "FILE")]
    pub files: Vec<OsString>,
}

impl Files {
    /// What to read, in order: the operands, or stdin where there are none.
    pub fn operands(&self) -> Vec<&OsStr> {
        if self.files.is_empty() {
            vec![OsStr::new("-")]
        } else {
            self.files.iter().map(OsString::as_os_str).collect()
        }
    }
}

impl Files {
    /// Whether stdin is a terminal, where somebody would have to type what is read.
    pub fn stdin_is_terminal() -> bool {
        Std::In.is_terminal()
    }
}

/// What the parser calls the operand of `-o`.
pub(super) const OUTPUT: &str = "output";

/// Where the projection goes.
#[derive(Args, Clone, Debug, Default)]
pub struct OutputArgs {
    /// Write FILE instead of stdout, whole or not at all
    #[arg(id = OUTPUT, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Whether the tool itself puts what is written there, as files of its own: then it is only hashed.
    #[arg(skip)]
    pub elsewhere: bool,
}

/// How many threads share the work.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Jobs {
    /// Threads to work with [default: all cores]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_JOBS)))]
    pub jobs: Option<u16>,
}

impl Jobs {
    /// Runs `work` in a pool of its own with that many threads; `rayon` calls inside use it, and no other.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
        Ok(self.pool()?.install(work))
    }

    /// A pool with that many threads, for a tool that has threads of its own beside it.
    pub fn pool(&self) -> Result<rayon::ThreadPool, Failure> {
        let threads = self.jobs.map_or(0, usize::from);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.map_err(|e| Failure::new(Kind::System, "threads", e))
    }
}

/// The dotfiles that lines are held to.
#[derive(Args, Clone, Debug, Default)]
pub struct ScopeArgs {
    /// Hold what is read to the dotfiles below DIR, which also complete it
    #[arg(long, value_name = "DIR")]
    pub scope: Option<PathBuf>,
    /// Take only events that are signed and whose signature holds
    #[arg(long)]
    pub verify: bool,
}

/// Which spaces and tiles to take; all where nothing is named.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Select {
    /// Take this space alone; may be given again
    #[arg(long, value_name = "ID", value_parser = place)]
    pub space: Vec<String>,
    /// Take this tile alone, or with a prefix as z0/x3 all below it; may be given again
    #[arg(long, value_name = "T")]
    pub tile: Vec<TilePrefix>,
}

impl Select {
    /// Whether a space was chosen.
    pub fn space(&self, space: &str) -> bool {
        self.space.is_empty() || self.space.iter().any(|s| s == space)
    }

    /// Whether any space or tile was named.
    pub fn names_any(&self) -> bool {
        !self.space.is_empty() || !self.tile.is_empty()
    }

    /// Whether a tile was chosen.
    pub fn tile(&self, tile: Tile) -> bool {
        self.tile.is_empty() || self.tile.iter().any(|prefix| prefix.holds(tile))
    }
}

/// Which layers to take; all where nothing is named.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Layers {
    /// Take this layer alone; may be given again
    #[arg(long, value_name = "ID", value_parser = place)]
    pub layer: Vec<String>,
}

impl Layers {
    /// Whether a layer was chosen.
    pub fn layer(&self, layer: &str) -> bool {
        self.layer.is_empty() || self.layer.iter().any(|l| l == layer)
    }
}

/// Which lanes to take.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Lanes {
    /// Take this realm alone: personal, team or public; again for more
    #[arg(long)]
    pub realm: Vec<Realm>,
    /// Take this policy alone: public, redacted or private; again for more
    #[arg(long)]
    pub policy: Vec<Policy>,
}

impl Lanes {
    /// Whether a lane was chosen, where every lane is unless told otherwise: `ulp-materialize`.
    pub fn all_unless_told(&self, lane: Lane) -> bool {
        (self.realm.is_empty() || self.realm.contains(&lane.realm))
            && (self.policy.is_empty() || self.policy.contains(&lane.policy))
    }

    /// Whether a lane was chosen, where only what is for everyone is unless told otherwise: policy `public`, and
    /// every realm but `personal`. Naming a realm leaves the policies as they are, and the other way round.
    pub fn shared_unless_told(&self, lane: Lane) -> bool {
        let realm = if self.realm.is_empty() {
            lane.realm != Realm::Personal
        } else {
            self.realm.contains(&lane.realm)
        };
        let policy =
            if self.policy.is_empty() { lane.policy == Policy::Public } else { self.names(lane.policy) };
        realm && policy
    }

    /// Whether any lane was named.
    pub fn names_any(&self) -> bool {
        !self.realm.is_empty() || !self.policy.is_empty()
    }

    /// Whether this policy was named.
    pub fn names(&self, policy: Policy) -> bool {
        self.policy.contains(&policy)
    }
}

/// Which events, and which nodes by their registers, to take; all where nothing is named.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Kinds {
    /// Take this authority alone: source or derived; again for more
    #[arg(long)]
    pub authority: Vec<Authority>,
    /// Take this boundary alone: interior, boundary or exterior; again for more
    #[arg(long)]
    pub boundary: Vec<Boundary>,
}

impl Kinds {
    /// Whether an authority was chosen.
    pub fn authority(&self, authority: Authority) -> bool {
        self.authority.is_empty() || self.authority.contains(&authority)
    }

    /// Whether a boundary was chosen.
    pub fn boundary(&self, boundary: Boundary) -> bool {
        self.boundary.is_empty() || self.boundary.contains(&boundary)
    }
}

/// The end of the time that is looked at.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct At {
    /// Take what had happened by WHEN: seconds since 1970, a time as in RFC 3339, or id:EVENT
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub at: Option<When>,
}

/// The beginning of the time that is looked at.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Since {
    /// Take what happened from WHEN on: seconds since 1970, a time as in RFC 3339, or after id:EVENT
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub since: Option<When>,
}

/// A point in the order of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// An effective time.
    Time(Time),
    /// The greatest key of the events of that name.
    Event(String),
}

impl FromStr for When {
    type Err = String;
    fn from_str(text: &str) -> Result<When, String> {
        if let Some(event) = text.strip_prefix("id:") {
            let valid = id::is_tag(event);
            return if valid { Ok(When::Event(event.to_owned())) } else { Err("not an event_id".to_owned()) };
        }
        time(text).map(When::Time)
    }
}

/// Reads a time: decimal seconds since 1970, or RFC 3339. Exact to the nanosecond; finer is refused.
pub fn time(text: &str) -> Result<Time, String> {
    let number = Time::parse(text);
    number
        .or_else(|| rfc3339(text))
        .ok_or_else(|| "not seconds since 1970, nor a time as in RFC 3339".to_owned())
}

/// Reads an RFC 3339 time. `chrono`, without its clock, knows the calendar; it drops digits below the nanosecond
/// where we refuse them.
fn rfc3339(text: &str) -> Option<Time> {
    let decimals = text.split_once('.').map_or(0, |(_, f)| f.bytes().take_while(u8::is_ascii_digit).count());
    let parsed = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    (decimals <= 9).then_some(())?;
    parsed.timestamp_nanos_opt().map(Time)
}

/// What stands in for the clock, in the tools that read it.
#[derive(Args, Clone, Debug, Default)]
pub struct Now {
    /// Take TIME for the clock: seconds since 1970, or a time as in RFC 3339
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    now: Option<GivenTime>,
}

impl Now {
    /// The time: what was given, else the clock's.
    pub fn time(&self) -> Time {
        self.now.as_ref().map_or_else(clock, |given| given.time)
    }

    /// What was given, for the witness line.
    pub fn given(&self) -> Option<String> {
        self.now.as_ref().map(|given| given.text.clone())
    }
}

/// A time and how it was written.
#[derive(Clone, Debug)]
struct GivenTime {
    text: String,
    time: Time,
}

impl FromStr for GivenTime {
    type Err = String;
    fn from_str(text: &str) -> Result<GivenTime, String> {
        time(text).map(|time| GivenTime { text: text.to_owned(), time })
    }
}

/// The clock. One that stands beyond the years 1677 to 2262 is taken to stand at their end.
fn clock() -> Time {
    let nanos = |d: std::time::Duration| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX);
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => Time(nanos(since)),
        Err(before) => Time(-nanos(before.duration())),
    }
}

/// Reads a number of bytes: `4096`, or with K, M, G or T for 2^10, 2^20, 2^30 or 2^40 of them, as `7G`.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || "not a number of bytes as 4096, 700M or 7G".to_owned();
    let digits = text.trim_end_matches(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']);
    let shift = match &text[digits.len()..] {
        "" => 0,
        "K" | "k" => 10,
        "M" | "m" => 20,
        "G" | "g" => 30,
        "T" | "t" => 40,
        _ => return Err(wrong()),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = if plain { digits.parse().map_err(|_| wrong())? } else { return Err(wrong()) };
    number.checked_mul(1 << shift).ok_or_else(wrong)
}

/// Reads `90s`, `10m`, `24h`, `7d`.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || "not a number of s, m, h or d".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    count.checked_mul(unit).map(std::time::Duration::from_secs).ok_or_else(wrong)
}

/// A `space_id` or `layer_id` as an argument.
fn place(text: &str) -> Result<String, String> {
    let valid = id::is_place(text);
    if valid {
        Ok(text.to_owned())
    } else {
        Err("not 1 to 80 bytes without / and control characters".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_when_is_a_number_a_time_or_an_event() {
        let at = |nanos| Ok(When::Time(Time(nanos)));
        assert_eq!("1730000000.000000001".parse(), at(1_730_000_000_000_000_001));
        assert_eq!("-5".parse(), at(-5_000_000_000));
        assert_eq!("2024-10-27T03:33:20Z".parse(), at(1_730_000_000_000_000_000));
        assert_eq!("2024-10-27T05:33:20.000000001+02:00".parse(), at(1_730_000_000_000_000_001));
        assert_eq!("id:evt-9".parse(), Ok(When::Event("evt-9".into())));
        for bad in
            ["", "id:", "id:a#b", "now", "nan", "2024-02-30T00:00:00Z", "2024-10-27", "2024-10-27T03:33:20"]
        {
            assert!(bad.parse::<When>().is_err(), "{bad}");
        }
        assert!("2024-10-27T03:33:20.0000000001Z".parse::<When>().is_err());
    }

    #[test]
    fn sizes_are_powers_of_two() {
        for (text, bytes) in
            [("0", 0), ("4096", 4096), ("1K", 1 << 10), ("3900M", 3900 << 20), ("7G", 7 << 30)]
        {
            assert_eq!(size(text), Ok(bytes));
        }
        for bad in ["", "G", "-1", "1.5G", "1GB", "1 G", "99999999999T", "0x10"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn views_show_what_is_for_everyone_unless_told() {
        let lane = |realm, policy| Lane { realm, policy };
        let none = Lanes::default();
        assert!(none.shared_unless_told(lane(Realm::Team, Policy::Public)));
        assert!(!none.shared_unless_told(lane(Realm::Personal, Policy::Public)));
        assert!(!none.shared_unless_told(lane(Realm::Team, Policy::Redacted)));
        let redacted = Lanes { realm: vec![], policy: vec![Policy::Redacted] };
        assert!(redacted.shared_unless_told(lane(Realm::Team, Policy::Redacted)));
        assert!(!redacted.shared_unless_told(lane(Realm::Personal, Policy::Redacted)));
        assert!(!redacted.shared_unless_told(lane(Realm::Team, Policy::Public)));
        assert!(none.all_unless_told(lane(Realm::Personal, Policy::Private)));
    }
}
