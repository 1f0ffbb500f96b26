//! `--have`: objects that whoever gets the pack has.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use ulp_cli::Failure;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape, Value};
use ulp_core::line::Kind;
use ulp_core::statement::{self, Pointers, Sort};
use ulp_store::pack::{Member, bag};

/// The longest line of a list, in bytes.
const MOST_LINE: u64 = 64 << 10;

/// Reads lists: each line one of a bag's manifest, an object with `object`, or an advert.
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
            let objects =
                objects(text).map_err(|reason| Failure::usage(format!("--have {shown}:{number}"), reason))?;
            all.extend(objects);
        }
    }
    Ok(())
}

/// The objects that a line lists; none for another file of a bag.
fn objects(line: &[u8]) -> Result<Vec<Sha256>, &'static str> {
    if line.starts_with(b"{") {
        let mut tape = Tape::new();
        let top = json::parse_line(&mut tape, line).map_err(|_| "not JSON")?;
        if matches!(Kind::of(top), Ok(Some(Kind::Statement))) {
            return advertised(top);
        }
        let object = top.get("object").and_then(|v| v.as_plain_str()).and_then(|s| s.parse().ok());
        return object.map(|object| vec![object]).ok_or("it has no \"object\"");
    }
    let text = std::str::from_utf8(line).map_err(|_| "not text")?;
    let (hash, path) = bag::parse_line(text).ok_or("neither a line of a bag's manifest nor one of --list")?;
    Ok(match Member::parse(path) {
        Some(Member::Object(named)) if named == hash => vec![hash],
        _ => Vec::new(),
    })
}

/// The objects that a peer says it holds; none where it speaks of heads, or wants something.
fn advertised(statement: Value<'_, '_>) -> Result<Vec<Sha256>, &'static str> {
    statement::check(statement).map_err(|_| "a statement with a wrong member; um-sign says which")?;
    let pointers = Pointers::read(statement).filter(|said| said.sort == Sort::Knows);
    let hashes = pointers.into_iter().flat_map(|said| said.all).filter_map(|pointer| pointer.hash);
    Ok(hashes.filter_map(|hash| hash.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_list_are_read() {
        let hash = Sha256::of(b"x");
        let path = Member::Object(hash).path();
        assert_eq!(objects(format!("{}  {path}", hash.hex()).as_bytes()), Ok(vec![hash]));
        assert_eq!(objects(format!("{}  data/.ulp-root", hash.hex()).as_bytes()), Ok(Vec::new()));
        assert_eq!(objects(format!(r#"{{"object":"{hash}","seen":true}}"#).as_bytes()), Ok(vec![hash]));
        let head = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
        let knows = format!(
            r#"{{"knows":[{{"path":"m/world","points_to":"{head}"}},{{"path":"m/world/s/tiles/z0/x0/y0/team.public/segment/0","points_to":"{hash}"}}],"peer":"a"}}"#
        );
        assert_eq!(objects(knows.as_bytes()), Ok(vec![hash]));
        assert_eq!(objects(br#"{"peer":"a","wants":[{"have":null,"path":"m/world"}]}"#), Ok(Vec::new()));
        for bad in [&b"{}"[..], br#"{"knows":1,"peer":"a"}"#, b"x", br#"{"object":"x"}"#, b"\xff"] {
            assert!(objects(bad).is_err());
        }
    }
}
