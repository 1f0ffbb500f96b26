//! `--who`: whom to ask, best first.

use crate::held::Held;
use crate::names::{Names, is_same};
use crate::own::{is_chosen, seconds};
use crate::relay::Relay;
use crate::results::{Outcome, Promise, Results};
use crate::want::head_path;
use crate::{Args, Peer};
use std::cmp::Reverse;
use std::rc::Rc;
use ulp_cli::Failure;
use ulp_core::frame::Tag;
use ulp_core::json::write::Members;
use ulp_core::path::{Path, Role, Root, Space};
use ulp_core::scope::Scope;
use ulp_core::statement::pointers::NO_TIME;
use ulp_peer::graph::{Heard, Line, Share, What};

/// A row, as it is written.
struct Row {
    order: Order,
    path: String,
    hash: String,
    events: Option<u64>,
    is_stale: bool,
    reach: Rc<[String]>,
}

/// What rows are ordered by. Where many paths are asked for, each has its own order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    group: String,
    depth: Reverse<u8>,
    outcome: Outcome,
    age: Age,
    share: Share,
    events: Reverse<u64>,
    seq: Reverse<u32>,
    peer: String,
    /// Two rows of one peer may be alike in all of this.
    what: What,
    path: String,
}

/// How old a row is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Fresh,
    NoTime,
    Stale,
}

/// Reads the path that is asked for; a bare tile or lane is its history.
pub fn asked(text: &str) -> Result<Path, String> {
    let path: Path = text.parse().map_err(|fault: ulp_core::path::Fault| fault.to_string())?;
    match path {
        Path::Lane(_, _, lane, _) if !lane.is_shared() => Err(ulp_core::path::Fault::Lane.to_string()),
        Path::Tile(space, tile, None) => Ok(Path::Tile(space, tile, Some(Root::Head))),
        Path::Lane(space, tile, lane, None) => {
            Ok(Path::Lane(space, tile, lane, Some(Role::Root(Root::Head))))
        }
        path => Ok(path),
    }
}

/// Writes the rows of whoever holds a path, or something above it; without one, of whoever holds otherwise than the
/// store does.
pub fn write(
    args: &Args,
    asked: Option<&Path>,
    own: Option<(&Held, &Scope)>,
    relay: &mut Relay<'_>,
) -> Result<(), Failure> {
    let results = args.results.as_deref().map(Results::read).transpose()?.unwrap_or_default();
    let us = own.map(|(_, scope)| Peer::new(None, scope).name);
    let held = own.map(|(held, _)| held);
    let search = Search { args, asked, held, names: held.map(Names::of), results, now: seconds(args) };
    let mut rows = Vec::new();
    relay.known.each(|line, heard| {
        if line.what != What::Wants && Some(line.peer) != us.as_deref() {
            let holds = |path: &str| relay.known.holds(line, path);
            search.take(line, heard, holds, &mut rows);
        }
    })?;
    rows.sort_by(|a, b| a.order.cmp(&b.order));
    rows.iter().try_for_each(|row| relay.say(&row.print()))
}

/// What is looked for.
struct Search<'s> {
    args: &'s Args,
    asked: Option<&'s Path>,
    held: Option<&'s Held>,
    names: Option<Names>,
    results: Results,
    now: i64,
}

impl Search<'_> {
    fn take(&self, line: &Line<'_>, heard: &Heard<'_>, holds: impl Fn(&str) -> bool, rows: &mut Vec<Row>) {
        let reach: Rc<[String]> = heard.reach().iter().map(|way| way.to_string()).collect();
        let is_stale = heard.is_stale(self.now);
        for pointer in heard.pointers() {
            let Some(hash) = pointer.hash.as_deref().filter(|_| holds(&pointer.path)) else { continue };
            let Some((path, depth)) = self.place(&pointer.path, hash) else { continue };
            let promise = Promise {
                peer: line.peer,
                path: &path,
                seq: line.seq,
                hash,
                differs_here: self.held.is_some() && !self.holds(&path, hash),
            };
            let age = match is_stale {
                _ if line.seq < NO_TIME => Age::NoTime,
                true => Age::Stale,
                false => Age::Fresh,
            };
            let order = Order {
                group: if self.asked.is_some() { String::new() } else { path.to_string() },
                depth: Reverse(depth),
                outcome: self.results.outcome(&promise),
                age,
                share: line.share,
                events: Reverse(pointer.events.unwrap_or_default()),
                seq: Reverse(line.seq),
                peer: line.peer.to_owned(),
                what: line.what,
                path: pointer.path.to_string(),
            };
            let (path, hash, reach) = (pointer.path.to_string(), hash.to_owned(), Rc::clone(&reach));
            rows.push(Row { order, path, hash, events: pointer.events, is_stale, reach });
        }
    }

    /// Whether a row is one that is looked for: its path, with its space named where that is known, and how near to
    /// what is asked for it is.
    fn place(&self, text: &str, hash: &str) -> Option<(Path, u8)> {
        let path: Path = text.parse().ok()?;
        let path = self.names.iter().fold(path, |path, names| names.resolve(path));
        match self.asked {
            Some(asked) => nearness(&path, asked).map(|depth| (path, depth)),
            None => {
                head_path(text)?;
                let is_news = !self.holds(&path, hash) && is_chosen(&self.args.select, &path);
                is_news.then_some((path, 0))
            }
        }
    }

    /// Whether the store holds the same there.
    fn holds(&self, path: &Path, hash: &str) -> bool {
        let ours = self.held.and_then(|held| held.paths.get(&path.to_string()));
        ours.is_some_and(|ours| is_same(&ours.hash, hash))
    }
}

/// How near a row's path is to the one that is asked for: it itself, or the history of what that lies in. The nearest
/// is the longest.
fn nearness(row: &Path, asked: &Path) -> Option<u8> {
    if is_at(row, asked) {
        return Some(4);
    }
    let is_above = match (row, asked) {
        (Path::World, _) => true,
        (Path::Space(of), Path::Space(space) | Path::Tile(space, ..) | Path::Lane(space, ..)) => {
            is_same_space(of, space)
        }
        (Path::Tile(of, at, Some(Root::Head)), Path::Tile(space, tile, _) | Path::Lane(space, tile, ..)) => {
            is_same_space(of, space) && at == tile
        }
        (Path::Lane(of, at, own, Some(Role::Root(Root::Head))), Path::Lane(space, tile, lane, _)) => {
            is_same_space(of, space) && (at, own) == (tile, lane)
        }
        _ => false,
    };
    is_above.then_some(match row {
        Path::World => 0,
        Path::Space(_) => 1,
        Path::Tile(..) => 2,
        Path::Lane(..) => 3,
    })
}

fn is_at(row: &Path, asked: &Path) -> bool {
    match (row, asked) {
        (Path::World, Path::World) => true,
        (Path::Space(a), Path::Space(b)) => is_same_space(a, b),
        (Path::Tile(a, at, root), Path::Tile(b, tile, other)) => {
            is_same_space(a, b) && (at, root) == (tile, other)
        }
        (Path::Lane(a, at, own, role), Path::Lane(b, tile, lane, other)) => {
            is_same_space(a, b) && (at, own, role) == (tile, lane, other)
        }
        _ => false,
    }
}

/// Of a space of which only the tag is known, that is all that can be compared.
fn is_same_space(a: &Space, b: &Space) -> bool {
    a == b
        || matches!((a, b), (Space::Tagged(_), _) | (_, Space::Tagged(_)))
            && Tag::of_space(a) == Tag::of_space(b)
}

impl Row {
    fn print(&self) -> String {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        match self.events {
            Some(events) => line.integer("events", events, &mut out),
            None => line.raw("events", Some("null"), &mut out),
        }
        line.text("path", &self.path, &mut out);
        line.text("peer", &self.order.peer, &mut out);
        line.text("points_to", &self.hash, &mut out);
        line.texts("reach", self.reach.iter().map(String::as_str), &mut out);
        line.integer("seq", self.order.seq.0, &mut out);
        line.boolean("stale", self.is_stale, &mut out);
        line.word("standing", self.order.share.as_str(), &mut out);
        line.close(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}
