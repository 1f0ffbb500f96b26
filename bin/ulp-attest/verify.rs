//! `--verify`: of each receipt and attestation the first thing that does not hold, and the proof of every fork.

use crate::Args;
use crate::proof::{Parted, parted};
use crate::read::{Said, Spoken, operands};
use std::collections::BTreeSet;
use std::io::Write as _;
use ulp_cli::{Failure, Log, Output, Status, Witness, project, stored};
use ulp_core::hash::Blake3;
use ulp_core::json::{self, Tape};
use ulp_core::report::{Diagnostic, Outcome, Position, Refusal};
use ulp_core::scope::Scope;
use ulp_core::statement::{Chain, Receipt};
use ulp_core::trust::authority::Authority;
use ulp_core::trust::{SIGNATURE, Scratch, Signature, Verifier};
use ulp_peer::chains::Standing;
use ulp_store::Store;
use ulp_store::receipts::chain::ChainFile;
use ulp_store::receipts::judge::Judge;
use ulp_store::receipts::{RECEIPTS, attested, file_of, own_chain};

/// Checks what is read, and with a store what it holds.
pub fn run(args: &Args, store: Option<&Store>, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let own = store.map(Store::scope).transpose()?;
    let added = args.scope.as_deref().map(|dir| project::scope_below(Some(dir))).transpose()?;
    let reads = store.is_none() || !args.files.files.is_empty();
    let reader = if reads { Some(log.lines(&args.files, json::EVENT_BYTES)?) } else { None };
    let (said, input) = operands(reader, log)?;
    let rules: Vec<&Scope> = own.iter().chain(&added).collect();
    let identity = own.as_ref().and_then(Scope::identity).map(|did| did.to_string());
    let mut checking = Checking { args, store, rules, identity, said, log };
    checking.take_stored()?;
    checking.judge()?;
    let root = checking.conclude(&mut out)?;
    let scope = own.as_ref().and_then(Scope::digest);
    log.finish(Some(out), &Witness { input, root, scope, now: args.now.given(), ..Witness::default() })
}

/// A check, and what it knows.
struct Checking<'c> {
    args: &'c Args,
    store: Option<&'c Store>,
    rules: Vec<&'c Scope>,
    /// As whom the store speaks.
    identity: Option<String>,
    said: Said,
    log: &'c mut Log,
}

impl Checking<'_> {
    /// Takes in the chains that lie in the store: its own as far as it counts, and those of others.
    fn take_stored(&mut self) -> Result<(), Failure> {
        let Some(store) = self.store else { return Ok(()) };
        for peer in store.peers_with_receipts()? {
            let lines = if Some(&peer) == self.identity.as_ref() {
                own_chain(store, &peer)?
            } else {
                let file = ChainFile::open(store, &peer)?;
                file.iter().flat_map(ChainFile::lines).map(<[u8]>::to_vec).collect()
            };
            for (number, line) in (1_u64..).zip(lines) {
                self.said.report.tally.read += 1;
                self.take_line(&peer, number, &line)?;
            }
        }
        Ok(())
    }

    fn take_line(&mut self, peer: &str, number: u64, line: &[u8]) -> Result<(), Failure> {
        let mut tape = Tape::new();
        let added = json::parse_line(&mut tape, line).map_err(Refusal::from).and_then(|object| {
            let added = self.said.chains.add(object, line)?;
            let is_in_place = self
                .said
                .chains
                .get(&Blake3::of(line))
                .is_some_and(|receipt| receipt.peer.to_string() == peer && receipt.height == number);
            if is_in_place { Ok(added) } else { Err(misplaced()) }
        });
        match added {
            Ok(hash) => self.said.receipts.extend(hash.map(|hash| (None, hash))),
            Err(refusal) => {
                let detail = format!("{RECEIPTS}/{}:{number}: {}", file_of(peer), refusal.detail);
                self.reject(None, Refusal { detail, ..refusal })?;
            }
        }
        Ok(())
    }

    /// Judges the receipts: the store's own by what it holds, all by their links.
    fn judge(&mut self) -> Result<(), Failure> {
        let judge = self.store.map(|store| Judge::new(store, self.rules.iter().copied()));
        let identity = self.identity.as_deref();
        self.said.chains.judge(|receipt| match &judge {
            Some(judge) if Some(receipt.peer.to_string().as_str()) == identity => judge.judge(receipt),
            _ => Ok::<_, ulp_store::Error>(None),
        })?;
        let mut faults = Vec::new();
        for (at, hash) in &self.said.receipts {
            if let Some(fault) = self.said.chains.fault(hash) {
                let named = self.said.chains.get(hash).map(name).unwrap_or_default();
                let detail =
                    if at.is_none() { format!("{named}: {}", fault.detail) } else { fault.detail.clone() };
                faults.push((*at, Refusal { detail, ..fault.clone() }));
            }
        }
        faults.into_iter().try_for_each(|(at, refusal)| self.reject(at, refusal))
    }

    /// Judges the attestations, and says what they leave open and how they stand to each other. Answers the state root
    /// that was derived once more.
    fn conclude(&mut self, out: &mut Output) -> Result<Option<Blake3>, Failure> {
        let spoken = std::mem::take(&mut self.said.attestations);
        let authority = self.authority();
        let (mut signed, mut covered, mut root) = (Vec::new(), BTreeSet::new(), None);
        for one in &spoken {
            if let Err(refusal) = self.is_signed(one, &authority) {
                self.reject(Some(one.at), refusal)?;
                continue;
            }
            if one.attestation.versions.judges_chains() {
                signed.push(one);
            }
            match self.attests(one)? {
                Ok(derived) => {
                    root = derived.or(root);
                    let chain = self.chain_of(one).filter(|_| one.attestation.versions.judges_chains());
                    covered.extend(chain.map(|(hash, _)| hash));
                }
                Err(refusal) => self.reject(Some(one.at), refusal)?,
            }
        }
        self.open(&covered)?;
        let report = std::mem::take(&mut self.said.report);
        self.log.say(report)?;
        for one in &parted(&signed, &self.said.chains) {
            self.part(one, out)?;
        }
        if root.is_none() && self.args.replay {
            root = self.replay()?;
        }
        Ok(root)
    }

    fn authority(&self) -> Authority {
        let mut all = Authority::default();
        for authority in self.rules.iter().map(|scope| scope.authority()) {
            all.keys.extend(authority.keys);
            all.revoked.extend(authority.revoked);
        }
        all
    }

    /// Whether an attestation is its peer's.
    fn is_signed(&self, one: &Spoken, authority: &Authority) -> Result<(), Refusal> {
        let mut tape = Tape::new();
        let object = json::parse_line(&mut tape, &one.line)?;
        let unsigned = || Refusal::new("signature.missing", "an attestation is signed");
        let signature = Signature::of_event(object.get(SIGNATURE).ok_or_else(unsigned)?)?;
        if authority.revoked.contains(&signature.signer) {
            return Err(Refusal::new("signature.revoked", "the key that signed it is revoked"));
        }
        authority.is_named(&signature.signer, &one.attestation.peer, self.args.now.time())?;
        Verifier::new().verify(object, &signature, &mut Scratch::default())
    }

    /// Whether what is attested is what the receipts come to: how many events; of the store's own, which ones, and the
    /// state where it is to be derived. Answers that.
    fn attests(&self, one: &Spoken) -> Result<Result<Option<Blake3>, Refusal>, Failure> {
        let attestation = &one.attestation;
        let Some(chain) = attestation.chain.filter(|_| attestation.versions.judges_chains()) else {
            return Ok(Ok(None));
        };
        if let Err(refusal) = self.said.chains.hold(&attestation.peer, &chain) {
            return Ok(Err(refusal));
        }
        let receipts: Vec<&Receipt> = self.chain_of(one).map(|(_, receipt)| receipt).collect();
        let ranges = receipts.iter().flat_map(|receipt| &receipt.ranges);
        if ranges.map(|range| range.events).sum::<u64>() != attestation.events {
            return Ok(Err(root("events: not as many as its receipts speak of")));
        }
        let is_own = Some(&attestation.peer) == self.identity.as_ref();
        let Some(store) = self.store.filter(|_| is_own) else { return Ok(Ok(None)) };
        let replays = self.args.replay && attestation.versions.derives_alike();
        let Some(found) = attested(store, &receipts, replays)? else {
            return Ok(Err(root("events: some of its receipts' events are not here")));
        };
        Ok(match found.state_root {
            _ if found.head != attestation.head => {
                Err(root("head: another than that of its receipts' events"))
            }
            Some(derived) if derived != attestation.state_root => {
                Err(root("state_root: another than its receipts' events derive"))
            }
            derived => Ok(derived),
        })
    }

    fn chain_of(&self, one: &Spoken) -> impl Iterator<Item = (Blake3, &Receipt)> {
        self.said.chains.back_from(one.attestation.chain.and_then(|Chain { last, .. }| last))
    }

    fn part(&mut self, parted: &Parted<'_>, out: &mut Output) -> Result<(), Failure> {
        let (seq, height) =
            (parted.before.attestation.seq, parted.before.attestation.chain.map_or(0, |c| c.height));
        let beside = format!("beside that of seq {seq}, height {height}");
        let (outcome, code, detail) = match parted.standing {
            Standing::Fork => (
                Outcome::Rejected,
                "attest.fork",
                format!(
                    "{beside}: the receipts of one height differ and have one previous; the proof is on stdout"
                ),
            ),
            _ => (
                Outcome::Noted,
                "attest.rollback",
                format!("{beside}: it says less, which takes nothing away"),
            ),
        };
        let (position, code) = (Some(parted.after.at), code.into());
        let said = Diagnostic { position, outcome, code, shared: true, event_id: None, detail };
        if parted.standing != Standing::Fork {
            return self.log.warn(&said);
        }
        out.write_all(&parted.proof(&self.said.chains))?;
        self.log.fail(Status::Refused, &said)
    }

    /// Notes receipts that hold and that no attestation covers.
    fn open(&mut self, covered: &BTreeSet<Blake3>) -> Result<(), Failure> {
        for (at, hash) in std::mem::take(&mut self.said.receipts) {
            let holds = self.said.chains.fault(&hash).is_none();
            if !holds || covered.contains(&hash) {
                continue;
            }
            let detail = self.said.chains.get(&hash).map(name).unwrap_or_default();
            let (outcome, code) = (Outcome::Noted, "receipt.open");
            match at {
                Some(at) => self.said.report.say(outcome, code, at, true, || (None, detail)),
                None => {
                    let (position, event_id, code) = (None, None, code.into());
                    self.log.record(&Diagnostic {
                        position,
                        outcome,
                        code,
                        shared: true,
                        event_id,
                        detail,
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Where nothing attests to a state: whether the one that the store would attest to is that of its events.
    fn replay(&mut self) -> Result<Option<Blake3>, Failure> {
        let Some(store) = self.store else { return Ok(None) };
        let places = store.shared_tiles()?;
        let holdings = store.holdings(&places)?;
        stored::hold(&holdings, self.log)?;
        let (said, derived) = (holdings.sums().1.state_root, store.replayed_root(&places)?);
        if said != derived {
            self.reject(None, root("state_root: the snapshots derive another than the events"))?;
        }
        Ok(Some(derived))
    }

    /// Says what does not hold: of lines in their order, when all are judged.
    fn reject(&mut self, position: Option<Position>, refusal: Refusal) -> Result<(), Failure> {
        let refusal = Refusal { shared: true, ..refusal };
        if let Some(at) = position {
            self.said.report.refuse(at, refusal);
            return Ok(());
        }
        let Refusal { code, detail, event_id, shared } = refusal;
        let outcome = Outcome::Rejected;
        self.log.record(&Diagnostic { position, outcome, code, shared, event_id, detail })
    }
}

/// What a receipt is called where it has no place among the lines that were read.
fn name(receipt: &Receipt) -> String {
    format!("{}, height {}", receipt.peer, receipt.height)
}

fn misplaced() -> Refusal {
    Refusal { shared: true, ..Refusal::new("receipt.link", "not the receipt of this line's peer and height") }
}

fn root(detail: &str) -> Refusal {
    Refusal { shared: true, ..Refusal::new("attest.root", detail) }
}
