//! `--compare FILE`: where the store differs from another whose rows FILE holds, and how the receipts stand.

use crate::{attest, rows};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use ulp_cli::{Failure, Log, Output, Select, Status, Witness, stored};
use ulp_core::hash::Blake3;
use ulp_core::json::write::Members;
use ulp_core::json::{self, Tape, Value};
use ulp_core::line::Kind;
use ulp_core::report::Refusal;
use ulp_core::statement::{Attestation, Chain, Sort, sort};
use ulp_peer::chains::{Chains, Standing};
use ulp_store::Store;
use ulp_store::history::Held;
use ulp_store::receipts::chain::ChainFile;

/// Writes a line for each path in which they differ, then how the chains stand.
pub fn run(store: &Store, file: &Path, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let mut other = Other::read(file)?;
    let scope = store.scope()?;
    let places = store.shared_tiles()?;
    let holdings = store.holdings(&places)?;
    stored::hold(&holdings, log)?;
    let rows = rows::of(&holdings, &Select::default());
    let differing = differing(&rows, &other);
    for (path, here, there) in &differing {
        out.write_all(&line(path, here.as_ref(), there.as_ref()))?;
    }
    let ours = scope.identity().map(|did| did.to_string());
    let ours = ours.map(|peer| Ok::<_, Failure>((attest::end(store, &peer)?, peer))).transpose()?;
    let standing = other.standing(store, ours.as_ref())?;
    out.write_all(&stands(standing, ours.as_ref(), other.attestation.as_ref()))?;
    if !differing.is_empty() || standing == Standing::Fork {
        log.raise(Status::Refused);
    }
    let input = Some(Blake3::of(holdings.manifest_lines().as_bytes()));
    let root = Some(holdings.sums().1.state_root);
    log.finish(Some(out), &Witness { input, root, scope: scope.digest(), ..Witness::default() })
}

/// What another said of its store.
#[derive(Default)]
struct Other {
    rows: BTreeMap<String, Held>,
    attestation: Option<Attestation>,
    chains: Chains,
}

impl Other {
    fn read(file: &Path) -> Result<Other, Failure> {
        let text = std::fs::read(file).map_err(|e| Failure::io(file.display(), e))?;
        let mut other = Other::default();
        for (number, line) in (1..).zip(text.split(|b| *b == b'\n')) {
            if !line.is_empty() {
                other
                    .line(line)
                    .map_err(|refusal| Failure::usage(format!("{}:{number}", file.display()), refusal))?;
            }
        }
        if other.rows.is_empty() {
            return Err(Failure::usage(file.display(), "it holds no rows, as ulp-attest --rows writes them"));
        }
        Ok(other)
    }

    /// Takes in a row, an attestation or a receipt; other lines say nothing here.
    fn line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let mut tape = Tape::new();
        let object = json::parse_line(&mut tape, line)?;
        match Kind::of(object)? {
            Some(Kind::Wire) if object.get("sync").is_some_and(|v| v.is_str("row")) => {
                let wrong = || Refusal::new("json.syntax", "not a row as --rows writes them");
                let (path, held) = row(object).ok_or_else(wrong)?;
                self.rows.insert(path, held);
            }
            Some(Kind::Statement) => match sort(object)? {
                Sort::Receipt => drop(self.chains.add(object, line)?),
                Sort::Attestation => self.attestation = Some(Attestation::read(object)?),
                Sort::Knows | Sort::Wants => {}
            },
            _ => {}
        }
        Ok(())
    }

    /// Whether its states are derived as ours are.
    fn derives_alike(&self) -> bool {
        self.attestation.as_ref().is_none_or(|said| said.versions.derives_alike())
    }

    /// How our chain stands to the one that it attests to, by what is here of both.
    fn standing(&mut self, store: &Store, ours: Option<&(Chain, String)>) -> Result<Standing, Failure> {
        for peer in store.peers_with_receipts()? {
            let file = ChainFile::open(store, &peer)?;
            for line in file.iter().flat_map(ChainFile::lines) {
                let mut tape = Tape::new();
                if let Ok(object) = json::parse_line(&mut tape, line) {
                    // What does not hold is for --verify to name.
                    let _ = self.chains.add(object, line);
                }
            }
        }
        let theirs = self.attestation.as_ref().filter(|said| said.versions.judges_chains());
        Ok(match (ours, theirs.and_then(|said| Some((said.chain?, &said.peer)))) {
            (Some((ours, us)), Some((theirs, them))) => self.chains.standing(ours, &theirs, us == them),
            _ => Standing::Apart,
        })
    }
}

fn row(object: Value<'_, '_>) -> Option<(String, Held)> {
    let digest = |name| object.get(name)?.as_plain_str()?.parse().ok();
    let events = u64::try_from(object.get("events")?.as_i64()?).ok()?;
    let held = Held { events, head: digest("head")?, state_root: digest("state_root")? };
    Some((object.get("path")?.as_text()?, held))
}

/// A path in which two stores differ, and what each holds there.
type Differing = (String, Option<Held>, Option<Held>);

/// Ours first, in the order of rows, then what only the other has, by path.
fn differing(ours: &rows::Rows, other: &Other) -> Vec<Differing> {
    let alike = other.derives_alike();
    let is_same = |here: &Held, there: &Held| here.head == there.head && (!alike || here == there);
    let mut theirs = other.rows.clone();
    let mut differing = Vec::new();
    for (path, here) in ours {
        let there = theirs.remove(path);
        if there.is_none_or(|there| !is_same(here, &there)) {
            differing.push((path.clone(), Some(*here), there));
        }
    }
    differing.extend(theirs.into_iter().map(|(path, there)| (path, None, Some(there))));
    differing
}

fn line(path: &str, here: Option<&Held>, there: Option<&Held>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    held("here", here, &mut line, &mut out);
    line.word("path", path, &mut out);
    held("there", there, &mut line, &mut out);
    line.end_line(&mut out);
    out
}

fn held(name: &str, held: Option<&Held>, line: &mut Members, out: &mut Vec<u8>) {
    let Some(held) = held else { return line.raw(name, Some("null"), out) };
    line.name(name, out);
    let mut object = Members::open(out);
    object.integer("events", held.events, out);
    object.word("head", held.head, out);
    object.word("state_root", held.state_root, out);
    object.close(out);
}

/// The line that says how the chains stand.
fn stands(standing: Standing, ours: Option<&(Chain, String)>, theirs: Option<&Attestation>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.word("chains", standing.as_str(), &mut out);
    end("here", ours.map(|(chain, peer)| (*chain, peer.as_str())), &mut line, &mut out);
    end("there", theirs.and_then(|said| Some((said.chain?, said.peer.as_str()))), &mut line, &mut out);
    line.end_line(&mut out);
    out
}

fn end(name: &str, chain: Option<(Chain, &str)>, line: &mut Members, out: &mut Vec<u8>) {
    let Some((chain, peer)) = chain else { return line.raw(name, Some("null"), out) };
    line.name(name, out);
    let mut object = Members::open(out);
    object.integer("height", chain.height, out);
    match chain.last {
        Some(last) => object.word("last", last, out),
        None => object.raw("last", Some("null"), out),
    }
    object.text("peer", peer, out);
    object.close(out);
}
