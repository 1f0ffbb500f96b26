//! What ulp-sync printed here: who kept what they promised.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use ulp_cli::Failure;
use ulp_core::json::{self, Tape, Value};
use ulp_core::path::{Path, Space};

/// How the last sync with a peer came out, as far as it tells of something. The first are asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Agreed,
    Unknown,
    Failed,
}

/// The last results, by peer and path.
#[derive(Debug, Default)]
pub struct Results(BTreeMap<(String, String), Last>);

/// A result, and its place among them.
#[derive(Clone, Debug)]
struct Last {
    number: usize,
    seq: i64,
    agrees: bool,
    sent: i64,
    head: Option<String>,
}

/// What a peer promises.
pub struct Promise<'p> {
    pub peer: &'p str,
    pub path: &'p Path,
    pub seq: u32,
    pub hash: &'p str,
    /// Whether this store has another head there; nothing where there is none.
    pub differs_here: bool,
}

impl Results {
    /// Reads what ulp-sync wrote; other lines say nothing here.
    pub fn read(file: &FilePath) -> Result<Results, Failure> {
        let text = std::fs::read(file).map_err(|e| Failure::io(file.display(), e))?;
        let mut results = Results::default();
        let mut tape = Tape::new();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let object = json::parse_line(&mut tape, line).ok();
            if let Some((key, last)) = object.and_then(|object| result(object, number)) {
                results.0.insert(key, last);
            }
        }
        Ok(results)
    }

    /// How the last sync came out that tells of a promise.
    pub fn outcome(&self, of: &Promise<'_>) -> Outcome {
        let Some((last, is_there)) = self.last(of.peer, of.path) else { return Outcome::Unknown };
        let spoke_since = i64::from(of.seq) > last.seq;
        if !last.agrees {
            return if spoke_since { Outcome::Unknown } else { Outcome::Failed };
        }
        // Both held the same then. If nothing went there, it held what this store does, and not what it had promised.
        let is_other = is_there && last.head.as_deref().is_some_and(|head| !head.starts_with(of.hash));
        let broke_it = !spoke_since && last.sent == 0 && (is_other || of.differs_here);
        if broke_it { Outcome::Failed } else { Outcome::Agreed }
    }

    /// The last result of a path's space, or that of all if it agrees since; and whether it is of the very path.
    fn last(&self, peer: &str, path: &Path) -> Option<(&Last, bool)> {
        let of = |path: String| self.0.get(&(peer.to_owned(), path));
        let world = of(Path::World.to_string());
        let space = match path {
            Path::World => return Some((world?, true)),
            Path::Space(space) | Path::Tile(space, ..) | Path::Lane(space, ..) => space,
        };
        let own = of(Path::Space(Space::clone(space)).to_string());
        match (own, world.filter(|world| world.agrees)) {
            (Some(own), Some(world)) if world.number > own.number && !own.agrees => Some((world, false)),
            (Some(own), _) => Some((own, matches!(path, Path::Space(_)))),
            (None, world) => Some((world?, false)),
        }
    }
}

fn result(object: Value<'_, '_>, number: usize) -> Option<((String, String), Last)> {
    object.get("sync").filter(|mark| mark.is_str("result"))?;
    let last = Last {
        number,
        seq: object.get("seq")?.as_i64()?,
        agrees: object.get("agrees")?.as_bool()?,
        sent: object.get("sent")?.as_i64()?,
        head: object.get("head").and_then(Value::as_text),
    };
    Some(((object.get("with")?.as_text()?, object.get("path")?.as_text()?), last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    fn outcome(results: &str, path: &str, seq: u32, hash: &str) -> Outcome {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), results).expect("it can be written");
        let results = Results::read(file.path()).expect("it can be read");
        let path = &path.parse().expect("a path");
        results.outcome(&Promise { peer: "a", path, seq, hash, differs_here: false })
    }

    fn line(path: &str, agrees: bool, sent: u32) -> String {
        format!(
            r#"{{"agrees":{agrees},"head":"{HEAD}","path":"{path}","refused":0,"sent":{sent},"seq":100,"sync":"result","taken":0,"with":"a"}}"#
        ) + "\n"
    }

    #[test]
    fn the_last_sync_of_a_space_counts() {
        use Outcome::{Agreed, Failed, Unknown};
        let (tile, other) = ("m/world/demo/tiles/z0/x0/y0/head", "blake3:000000000000");
        let failed = line("m/world/demo", false, 0) + &line("m/world", false, 0);
        let world = line("m/world", true, 0);
        assert_eq!(outcome("", tile, 1, other), Unknown);
        assert_eq!(outcome("not a line\n{}\n", tile, 1, other), Unknown);
        assert_eq!(outcome(&failed, tile, 100, other), Failed);
        assert_eq!(outcome(&failed, tile, 101, other), Unknown, "it has spoken again");
        assert_eq!(outcome(&failed, "m/world/else", 1, other), Unknown);
        assert_eq!(outcome(&failed, "m/world", 1, other), Failed);
        assert_eq!(outcome(&(failed.clone() + &world), tile, 1, other), Agreed);
        assert_eq!(outcome(&(world.clone() + &failed), tile, 1, other), Failed);
        assert_eq!(outcome(&world, "m/world", 1, HEAD), Agreed);
        assert_eq!(outcome(&world, "m/world", 1, &HEAD[..19]), Agreed);
        assert_eq!(outcome(&world, "m/world", 1, other), Failed, "it never held that");
        assert_eq!(outcome(&line("m/world", true, 3), "m/world", 1, other), Agreed, "ours went there");
    }
}
