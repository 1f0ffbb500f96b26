//! `--key`: an attestation to what the store holds; `--rows`: what its roots are made of.

use crate::{Args, rows};
use std::io::Write as _;
use ulp_cli::{Failure, Log, Output, Status, Witness, missing, project, read_key, stored};
use ulp_core::hash::Blake3;
use ulp_core::scope::Scope;
use ulp_core::statement::{Attestation, Chain, Versions};
use ulp_core::trust::SecretKey;
use ulp_store::Store;
use ulp_store::history::Holdings;
use ulp_store::receipts::{gaps, own_chain};

/// Nanoseconds of a second.
const NANOS: i64 = 1_000_000_000;

/// Writes the attestation, then the rows, as far as they are asked for.
pub fn run(args: &Args, store: &Store, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let scope = store.scope()?;
    let key = args.key.as_deref().map(|path| read_key(path, log)).transpose()?;
    if let Some(key) = &key {
        stored::speaks_with(key, &scope)?;
    }
    missing::in_store(&args.select, store, |lane| lane.is_shared(), log)?;
    let mut places = store.shared_tiles()?;
    if key.is_none() {
        places.retain(|place| project::not_selected(&args.select, &place.space, place.tile).is_none());
    }
    let mut holdings = store.holdings(&places)?;
    stored::hold(&holdings, log)?;
    if let Some(key) = &key {
        let seq = seq(args)?;
        let chain = scope.identity().map(|_| settle(args, store, &scope, &mut holdings)).transpose()?;
        stored::hold(&holdings, log)?;
        out.write_all(sign(args, key, &holdings, chain, seq)?.as_bytes())?;
    }
    if args.rows {
        out.write_all(&rows::print(&rows::of(&holdings, &args.select)))?;
    }
    let (_, world) = holdings.sums();
    let witness = Witness {
        input: Some(Blake3::of(holdings.manifest_lines().as_bytes())),
        root: Some(world.state_root).filter(|_| !args.select.names_any()),
        scope: scope.digest(),
        now: args.now.given(),
        ..Witness::default()
    };
    log.finish(Some(out), &witness)
}

/// Under the lock: writes a receipt of what no receipt speaks of, and sees to it that the holdings are those that the
/// receipts speak of. Answers the end of the chain.
fn settle(args: &Args, store: &Store, scope: &Scope, holdings: &mut Holdings) -> Result<Chain, Failure> {
    let mut commit = store.commit()?;
    let places = store.shared_tiles()?;
    holdings.refresh(store, &places)?;
    let recorder = stored::recorder(scope, "ulp-attest", &args.now);
    let mut recorder = recorder.ok_or_else(|| Failure::System("the identity is gone".to_owned()))?;
    recorder.settle(store)?;
    let gaps = gaps::gaps(store, recorder.peer(), &places)?;
    if !gaps.is_empty() {
        commit.names(recorder.record_gaps(store, gaps)?);
        commit.publish(Vec::new())?;
    }
    let chain = end(store, &recorder.peer().to_string())?;
    commit.release()?;
    Ok(chain)
}

/// The end of the store's own chain.
pub fn end(store: &Store, peer: &str) -> Result<Chain, Failure> {
    let lines = own_chain(store, peer)?;
    let last = lines.last().map(|line| Blake3::of(line));
    Ok(Chain { last, height: lines.len() as u64 })
}

fn seq(args: &Args) -> Result<u32, Failure> {
    let seconds = args.now.time().0.div_euclid(NANOS);
    u32::try_from(seconds)
        .map_err(|_| Failure::usage("--now", "an attestation is made between 1970 and 2106"))
}

fn sign(
    args: &Args,
    key: &SecretKey,
    holdings: &Holdings,
    chain: Option<Chain>,
    seq: u32,
) -> Result<String, Failure> {
    let (_, world) = holdings.sums();
    let attestation = Attestation {
        peer: key.did().to_string(),
        versions: Versions::OURS,
        head: world.head,
        state_root: world.state_root,
        events: world.events,
        chain,
        seq,
        nonce: args.nonce.clone(),
    };
    let signed = key.sign_object(&attestation.print());
    signed.map(|line| line + "\n").map_err(|refusal| Failure::System(refusal.to_string()))
}
