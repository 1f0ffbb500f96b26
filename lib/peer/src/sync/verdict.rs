//! What two sides make of each other in the end.

use super::holdings::Holdings;
use super::ids::Id;
use super::line::{Row, State};
use super::session::{Fault, Role, Session, Work};
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::hash::{Blake3, Sha256};

/// What came of a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub path: String,
    pub sent: u64,
    pub taken: u64,
    /// What this side refused, with the codes.
    pub refused: BTreeMap<Id, String>,
    /// What the other side did.
    pub refused_there: BTreeMap<Id, String>,
    pub head: Option<Blake3>,
    pub verdict: Verdict,
    /// Whether the sets took more than a thousand rounds.
    pub is_long: bool,
}

/// How two heads stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Agrees,
    /// They differ by what was refused, or by what only the receiver has.
    Explained,
    /// They differ otherwise; with the first event that does, where it is known.
    Unexplained(Option<Id>),
}

/// What came of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The DID of the other side, where it attested.
    pub with: Option<String>,
    /// Of each space that differed, by path.
    pub spaces: Vec<Outcome>,
    /// What this side holds in the end.
    pub world: Option<Row>,
    pub agrees: bool,
    /// Whether equal histories derived to different states by the same rules.
    pub derivation_differs: bool,
    /// Objects that came and were not what their names say.
    pub bad_objects: Vec<Sha256>,
    /// Whether the other side's receipts do not follow those of it that are here.
    pub has_bad_receipts: bool,
}

impl<H: Holdings> Session<H> {
    /// What came of the session, once it is over.
    ///
    /// # Errors
    /// What the store says.
    pub fn summary(&mut self, holdings: &mut H) -> Result<Summary, H::Error> {
        let rows = std::mem::take(&mut self.their_rows);
        let mut spaces = Vec::new();
        for (path, work) in &mut self.works {
            if let Some(row) = rows.get(path) {
                work.theirs = Some(row.clone());
            }
            let mode = Ways { gives: self.terms.hello.mode.gives(), takes: self.terms.hello.mode.takes() };
            let theirs = self.theirs.as_ref().map(|hello| hello.mode);
            let ways = Ways {
                gives: mode.gives && theirs.is_some_and(|mode| mode.takes()),
                takes: mode.takes && theirs.is_some_and(|mode| mode.gives()),
            };
            let ours = holdings.space(&work.space)?;
            let verdict = verdict(work, &ours, ways, holdings)?;
            spaces.push(Outcome {
                path: path.clone(),
                sent: work.sent,
                taken: work.taken,
                refused: work.refused.clone(),
                refused_there: work.refused_there.clone(),
                head: ours.head,
                verdict,
                is_long: work.is_long,
            });
        }
        let agrees = self.is_level();
        let same_rules = self.theirs.as_ref().is_some_and(|hello| hello.state == self.terms.hello.state);
        let states = [&self.ours, &self.their_world].map(|row| row.as_ref().and_then(|row| row.state));
        let derivation_differs = matches!(states, [Some(State::Root(ours)), Some(State::Root(theirs))] if agrees && same_rules && ours != theirs);
        Ok(Summary {
            with: self.peer.as_ref().map(|peer| peer.name.clone()),
            spaces,
            world: self.ours.clone(),
            agrees,
            derivation_differs,
            bad_objects: self.bad_objects.clone(),
            has_bad_receipts: self.has_bad_receipts,
        })
    }

    /// The spaces of which nothing explains what differs.
    pub(super) fn unexplained(&mut self, holdings: &mut H) -> Result<Vec<String>, Fault<H::Error>> {
        let ways = Ways { gives: self.gives(), takes: self.takes() };
        let mut paths = Vec::new();
        for (path, work) in &mut self.works {
            let ours = holdings.space(&work.space)?;
            let is_open = matches!(verdict(work, &ours, ways, holdings)?, Verdict::Unexplained(_));
            if is_open && !work.is_long && self.terms.role == Role::Client && (ways.gives || ways.takes) {
                paths.push(path.clone());
            }
        }
        Ok(paths)
    }
}

/// Which ways events go.
#[derive(Clone, Copy)]
struct Ways {
    gives: bool,
    takes: bool,
}

fn verdict<H: Holdings>(
    work: &mut Work,
    ours: &Row,
    ways: Ways,
    holdings: &mut H,
) -> Result<Verdict, H::Error> {
    let Some(theirs) = &work.theirs else { return Ok(Verdict::Unexplained(None)) };
    if theirs.head == ours.head {
        return Ok(Verdict::Agrees);
    }
    // Where events go one way, a space that only the receiver has stays its own.
    if !ways.gives && theirs.head.is_none() || !ways.takes && ours.head.is_none() {
        return Ok(Verdict::Explained);
    }
    let mut without: BTreeSet<Id> = work.refused_there.keys().copied().collect();
    if !ways.gives {
        without.extend(&work.only_ours);
    }
    let with: BTreeSet<Id> = work.refused.keys().copied().collect();
    // Where this side only gives, it does not know what the other has besides, only how much.
    let counted = ours.events + work.only_theirs;
    if !ways.takes && work.only_theirs > 0 && theirs.events == counted.saturating_sub(without.len() as u64) {
        return Ok(Verdict::Explained);
    }
    let expected = holdings.head_with(&work.space, &without, &with)?;
    if theirs.head == Some(expected) || theirs.head.is_none() && expected == Blake3::of(b"") {
        return Ok(Verdict::Explained);
    }
    first_that_differs(work, holdings).map(Verdict::Unexplained)
}

/// The least id that only one side has, of what the other told in full.
fn first_that_differs<H: Holdings>(work: &mut Work, holdings: &mut H) -> Result<Option<Id>, H::Error> {
    if work.all_theirs.is_empty() {
        return Ok(None);
    }
    work.all_theirs.sort_unstable();
    let mut theirs: BTreeSet<Id> = work.all_theirs.iter().copied().collect();
    let records = match &work.records {
        Some(records) => records.clone(),
        None => holdings.records(&work.space)?,
    };
    let mut first: Option<Id> = None;
    for (id, _) in records.iter() {
        if !theirs.remove(&id) {
            first = Some(first.map_or(id, |before| before.min(id)));
        }
    }
    holdings.not_taken(&work.space, &mut theirs)?;
    Ok(theirs.first().copied().into_iter().chain(first).min())
}
