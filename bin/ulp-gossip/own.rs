//! What this peer says of itself: adverts of what its store holds, in lines that fit.

use crate::held::{Held, Target};
use crate::known::Known;
use crate::names::{Names, is_same};
use crate::{Args, NANOS, Peer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use ulp_cli::{Failure, Select};
use ulp_core::json::Tape;
use ulp_core::path::{Path, Role, Root, Space};
use ulp_core::statement::pointers::TTL;
use ulp_core::statement::{LONGEST, MOST_PATHS, Pointer, Pointers, Sort};
use ulp_peer::graph::{Heard, Share, What};

/// What is said, of which paths, in their order.
pub struct Says {
    pub sort: Sort,
    pub pointers: BTreeMap<String, Option<Target>>,
}

/// What was said of a path last.
struct Last {
    seq: u32,
    hash: Option<String>,
    /// Until when that need not be said again, in seconds since 1970.
    good_until: i64,
}

/// Bytes that a signature takes in a line, at most.
const SIGNATURE: usize = 400;

/// What the store holds; with a graph, what of it is news to others: what has changed, what was said long ago, what was
/// asked for since, and what is there no longer.
pub fn of(args: &Args, held: &Held, peer: &Peer, known: &Known) -> Result<Says, Failure> {
    let said = said(peer, known)?;
    let now = seconds(args);
    let asked = asked(held, peer, known, now)?;
    let is_news = |path: &str, target: &Target| {
        said.get(path).is_none_or(|last| {
            let has_changed = last.hash.as_deref() != Some(&*target.hash);
            has_changed || now > last.good_until || asked.get(path).is_some_and(|seq| *seq > last.seq)
        })
    };
    let news = held.paths.iter().filter(|(path, target)| args.graph.is_none() || is_news(path, target));
    let mut pointers: BTreeMap<String, Option<Target>> =
        news.map(|(path, target)| (path.clone(), Some(target.clone()))).collect();
    for (path, last) in said {
        if last.hash.is_some() && !held.paths.contains_key(&path) && is_looked_for(args, &path) {
            pointers.insert(path, None);
        }
    }
    Ok(Says { sort: Sort::Knows, pointers })
}

/// What this peer's adverts say that stand in the graph.
fn said(peer: &Peer, known: &Known) -> Result<BTreeMap<String, Last>, Failure> {
    let mut said = BTreeMap::new();
    known.each(|line, heard| {
        if !is_own(line.peer, line.share, peer) || line.what != What::Knows {
            return;
        }
        for pointer in heard.pointers() {
            if known.holds(line, &pointer.path) {
                let hash = pointer.hash.map(Cow::into_owned);
                let good_until = i64::from(line.seq) + i64::from(heard.ttl() / 2);
                let last = Last { seq: line.seq, hash, good_until };
                said.entry(pointer.path.into_owned()).or_insert(last);
            }
        }
    })?;
    Ok(said)
}

/// The paths that others want of which the store holds otherwise than they do, and when they said so last.
fn asked(held: &Held, peer: &Peer, known: &Known, now: i64) -> Result<BTreeMap<String, u32>, Failure> {
    let names = Names::of(held);
    let mut asked = BTreeMap::new();
    known.each(|line, heard| {
        if line.what != What::Wants
            || line.peer == peer.name
            || heard.is_stale(now)
            || !heard.is_for(&peer.name)
        {
            return;
        }
        for pointer in heard.pointers() {
            let Ok(path) = pointer.path.parse() else { continue };
            let path = names.resolve(path).to_string();
            let ours = held.paths.get(&path).filter(|_| known.holds(line, &pointer.path));
            let is_theirs =
                |ours: &Target| pointer.hash.as_deref().is_some_and(|theirs| is_same(&ours.hash, theirs));
            if ours.is_some_and(|ours| !is_theirs(ours)) {
                let last = asked.entry(path).or_insert(line.seq);
                *last = line.seq.max(*last);
            }
        }
    })?;
    Ok(asked)
}

/// Whether a line is this peer's own, said as it speaks now: what strangers say in its name without a key is theirs.
fn is_own(name: &str, share: Share, peer: &Peer) -> bool {
    name == peer.name && share.is_signed() == peer.key.is_some()
}

/// Whether this run would have found what a path points to.
fn is_looked_for(args: &Args, path: &str) -> bool {
    let Ok(path) = path.parse::<Path>() else { return false };
    let is_kind = match &path {
        Path::World | Path::Space(_) | Path::Tile(_, _, Some(Root::Head)) => true,
        Path::Lane(_, _, _, Some(Role::Snapshot | Role::Segment(_))) => args.objects,
        Path::Tile(..) | Path::Lane(..) => false,
    };
    is_kind && is_chosen(&args.select, &path)
}

/// Whether --space and --tile choose a path.
pub fn is_chosen(select: &Select, path: &Path) -> bool {
    let space = |space: &Space| match space {
        Space::Named(name) => select.space(name),
        Space::Tagged(_) => select.space.is_empty(),
    };
    match path {
        Path::World => !select.names_any(),
        Path::Space(of) => space(of) && select.tile.is_empty(),
        Path::Tile(of, tile, _) | Path::Lane(of, tile, ..) => space(of) && select.tile(*tile),
    }
}

/// The lines, signed where there is a key, all with one `seq`; with a graph they are in it.
pub fn lines(args: &Args, peer: &Peer, says: &Says, known: &mut Known) -> Result<Vec<String>, Failure> {
    if says.pointers.is_empty() {
        return Ok(Vec::new());
    }
    let mut said = Pointers {
        sort: says.sort,
        peer: peer.name.as_str().into(),
        seq: seq(args, peer, known)?,
        ttl: TTL,
        all: Vec::new(),
        reach: args.reach.iter().map(|way| way.as_str().into()).collect(),
        to: Vec::new(),
    };
    let room = LONGEST - SIGNATURE - said.print().len();
    let (mut lines, mut bytes) = (Vec::new(), 0);
    for (path, target) in &says.pointers {
        let hash = target.as_ref().map(|target| target.hash.as_str().into());
        let pointer = Pointer { path: path.as_str().into(), hash, events: events(says.sort, target) };
        if said.all.len() == MOST_PATHS || bytes + pointer.bytes() > room {
            lines.push(line(args, peer, &said, known)?);
            said.all.clear();
            bytes = 0;
        }
        bytes += pointer.bytes();
        said.all.push(pointer);
    }
    lines.push(line(args, peer, &said, known)?);
    Ok(lines)
}

/// How many events are said: a want of what is not here has none.
fn events(sort: Sort, target: &Option<Target>) -> Option<u64> {
    match target {
        Some(target) => target.events,
        None => (sort == Sort::Wants).then_some(0),
    }
}

fn line(args: &Args, peer: &Peer, said: &Pointers<'_>, known: &mut Known) -> Result<String, Failure> {
    let wrong = |refusal: ulp_core::report::Refusal| Failure::System(refusal.to_string());
    let line = match &peer.key {
        Some(key) => key.sign_object(&said.print()).map_err(wrong)?,
        None => said.print(),
    };
    if args.graph.is_some() {
        let mut tape = Tape::new();
        let object = ulp_core::json::parse_text(&mut tape, &line).map_err(|e| wrong(e.into()))?;
        if let Some(heard) = Heard::read(object).map_err(wrong)? {
            let share = if heard.is_signed { known.gate.signed_share(&peer.name) } else { Share::Unsigned };
            known.take(&heard, share)?;
        }
    }
    Ok(line)
}

/// When it is said: now, or right after what this peer said last.
fn seq(args: &Args, peer: &Peer, known: &Known) -> Result<u32, Failure> {
    let now = u32::try_from(seconds(args))
        .map_err(|_| Failure::usage("--now", "a statement is made between 1970 and 2106"))?;
    let own = known.lines().filter(|line| is_own(line.peer, line.share, peer)).map(|line| line.seq).max();
    match own.map(|last| last.checked_add(1)) {
        None => Ok(now),
        Some(Some(next)) => Ok(now.max(next)),
        Some(None) => Err(Failure::System(format!("{}: no seq is left", peer.name))),
    }
}

/// The clock, in seconds since 1970.
pub fn seconds(args: &Args) -> i64 {
    args.now.time().0.div_euclid(NANOS)
}
