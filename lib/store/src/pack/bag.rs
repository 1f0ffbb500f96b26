//! The tag files of a bag (RFC 8493): what is in it, how much, and the hash of each file.
//!
//! ```text
//! bagit.txt                BagIt-Version: 1.0
//!                          Tag-File-Character-Encoding: UTF-8
//! bag-info.txt             Bag-Count: 1 of 3                               of volumes alone
//!                          Bag-Group-Identifier: ulp-0123456789abcdef…     likewise
//!                          Bagging-Date: 2026-03-01                        of the newest event
//!                          Payload-Oxum: 123456.78                         bytes and files
//!                          ULP-Pack-Version: 1
//! manifest-sha256.txt      <64 hex digits>  data/…                         a line a file, by path
//! tagmanifest-sha256.txt   the same of the three above
//! ```

use super::VERSION;
use std::fmt::Write as _;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;

/// `bagit.txt`.
pub const BAGIT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// What `bag-info.txt` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Bytes and files of the payload.
    pub oxum: Option<(u64, u64)>,
    pub version: Option<u64>,
    /// The newest event's time.
    pub newest: Option<Time>,
    /// For a volume: its number, how many there are, what they have in common.
    pub volume: Option<(usize, usize, String)>,
}

impl Info {
    pub fn print(&self) -> String {
        let mut text = String::new();
        if let Some((number, count, group)) = &self.volume {
            let _ = write!(text, "Bag-Count: {number} of {count}\nBag-Group-Identifier: {group}\n");
        }
        if let Some(date) = self.newest.and_then(date) {
            let _ = writeln!(text, "Bagging-Date: {date}");
        }
        if let Some((bytes, files)) = self.oxum {
            let _ = writeln!(text, "Payload-Oxum: {bytes}.{files}");
        }
        let _ = writeln!(text, "ULP-Pack-Version: {VERSION}");
        text
    }

    /// Reads what matters to whoever unpacks; nothing where a line that matters cannot be understood.
    pub fn parse(text: &str) -> Option<Info> {
        let mut info = Info::default();
        for line in text.lines() {
            let Some((label, value)) = line.split_once(':') else { continue };
            match label {
                "Payload-Oxum" => {
                    let (bytes, files) = value.trim().split_once('.')?;
                    info.oxum = Some((bytes.parse().ok()?, files.parse().ok()?));
                }
                "ULP-Pack-Version" => info.version = Some(value.trim().parse().ok()?),
                _ => {}
            }
        }
        Some(info)
    }
}

/// The day of a time, as `2026-03-01`.
fn date(time: Time) -> Option<String> {
    let day = chrono::DateTime::from_timestamp_nanos(time.0).date_naive();
    Some(day.format("%Y-%m-%d").to_string())
}

/// A manifest: each path with its hash.
pub fn print_manifest(entries: &[(String, Sha256)]) -> String {
    let mut text = String::new();
    for (path, hash) in entries {
        let _ = writeln!(text, "{}  {path}", hash.hex());
    }
    text
}

/// How many bytes a file's line takes in a manifest.
pub fn line_bytes(path: &str) -> u64 {
    (2 * ulp_core::hash::BYTES + 3 + path.len()) as u64
}

/// One line of a manifest. Any white space may stand between hash and path, and a star before the path.
pub fn parse_line(line: &str) -> Option<(Sha256, &str)> {
    let (hex, rest) = line.split_once([' ', '\t'])?;
    let path = rest.trim_start_matches([' ', '\t', '*']);
    Some((Sha256::from_hex(&hex.to_ascii_lowercase())?, path)).filter(|(_, path)| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_reads_what_it_prints() {
        let info = Info {
            oxum: Some((123_456, 78)),
            version: Some(VERSION),
            newest: Some(Time(1_772_323_200_000_000_000)),
            volume: Some((1, 3, "ulp-ab".into())),
        };
        let text = info.print();
        assert_eq!(
            text,
            "Bag-Count: 1 of 3\nBag-Group-Identifier: ulp-ab\nBagging-Date: 2026-03-01\n\
             Payload-Oxum: 123456.78\nULP-Pack-Version: 1\n"
        );
        let read = Info::parse(&text).unwrap();
        assert_eq!((read.oxum, read.version), (info.oxum, info.version));
        assert_eq!(Info::parse("Payload-Oxum: many\n"), None);
    }

    #[test]
    fn manifests_read_line_by_line() {
        let text = print_manifest(&[("data/.ulp-root".into(), Sha256::of(b"x"))]);
        assert_eq!(parse_line(text.trim_end()), Some((Sha256::of(b"x"), "data/.ulp-root")));
        assert_eq!(text.len() as u64, line_bytes("data/.ulp-root"));
        assert_eq!(parse_line("00  data/x"), None);
        assert_eq!(parse_line(""), None);
    }
}
