//! `--have`: objects that whoever gets the pack has.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use ulp_cli::Failure;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape};
use ulp_store::pack::{Member, bag};

/// The longest line of a list, in bytes.
const MOST_LINE: u64 = 64 << 10;

/// Reads lists: each line one of a bag's manifest, or an object with `object`.
pub fn read(paths: &[PathBuf]) -> Result<foldhash::HashSet<Sha256>, Failure> {
    let mut all = BTreeSet::new();
    for path in paths {
        read_one(path, &mut all)?;
    }
    Ok(all.into_iter().collect())
}

fn read_one(path: &Path, all: &mut BTreeSet<Sha256>) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let opened = if shown == "-" { Path::new("/dev/stdin") } else { path };
    let mut file = BufReader::new(File::open(opened).map_err(|e| Failure::io(&shown, e))?);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = std::io::Read::take(&mut file, MOST_LINE).read_until(b'\n', &mut line);
        if read.map_err(|e| Failure::io(&shown, e))? == 0 {
            break;
        }
        let text = line.trim_ascii_end();
        if !text.is_empty() {
            let object =
                object(text).map_err(|reason| Failure::usage(format!("--have {shown}:{number}"), reason))?;
            all.extend(object);
        }
    }
    Ok(())
}

/// The object that a line lists; nothing for another file of a bag.
fn object(line: &[u8]) -> Result<Option<Sha256>, &'static str> {
    if line.starts_with(b"{") {
        let mut tape = Tape::new();
        let top = json::parse_line(&mut tape, line).map_err(|_| "not JSON")?;
        let object = top.get("object").and_then(|v| v.as_plain_str()).and_then(|s| s.parse().ok());
        return object.map(Some).ok_or("it has no \"object\"");
    }
    let text = std::str::from_utf8(line).map_err(|_| "not text")?;
    let (hash, path) = bag::parse_line(text).ok_or("neither a line of a bag's manifest nor one of --list")?;
    Ok(match Member::parse(path) {
        Some(Member::Object(named)) if named == hash => Some(hash),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_list_are_read() {
        let hash = Sha256::of(b"x");
        let path = Member::Object(hash).path();
        assert_eq!(object(format!("{}  {path}", hash.hex()).as_bytes()), Ok(Some(hash)));
        assert_eq!(object(format!("{}  data/.ulp-root", hash.hex()).as_bytes()), Ok(None));
        assert_eq!(object(format!(r#"{{"object":"{hash}","seen":true}}"#).as_bytes()), Ok(Some(hash)));
        for bad in [&b"{}"[..], b"x", br#"{"object":"x"}"#, b"\xff"] {
            assert!(object(bad).is_err());
        }
    }
}
