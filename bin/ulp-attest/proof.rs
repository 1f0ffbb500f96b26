//! How the attestations of one peer stand to each other: a fork, with its proof, or one that says less than before.

use crate::read::Spoken;
use ulp_core::statement::Chain;
use ulp_peer::chains::{Chains, Standing};

/// Something to say of two attestations of a peer.
pub struct Parted<'s> {
    pub before: &'s Spoken,
    pub after: &'s Spoken,
    pub standing: Standing,
}

/// What there is to say of attestations whose signatures hold, peer by peer, in the order in which they were said.
pub fn parted<'s>(spoken: &[&'s Spoken], chains: &Chains) -> Vec<Parted<'s>> {
    let with_chain = |one: &&&'s Spoken| one.attestation.chain.is_some();
    let mut spoken: Vec<&'s Spoken> = spoken.iter().filter(with_chain).copied().collect();
    let key = |one: &Spoken| (one.attestation.peer.clone(), one.attestation.seq, one.line.clone());
    spoken.sort_by_cached_key(|one| key(one));
    spoken.dedup_by(|a, b| a.line == b.line);
    let mut parted = Vec::new();
    for of_peer in spoken.chunk_by(|a, b| a.attestation.peer == b.attestation.peer) {
        let Some((first, rest)) = of_peer.split_first() else { continue };
        let mut most = *first;
        for next in rest {
            let standing = chains.standing(&chain(next), &chain(most), true);
            match standing {
                Standing::Ahead => most = next,
                Standing::Same | Standing::Apart => {}
                Standing::Behind if next.attestation.seq == most.attestation.seq => {}
                Standing::Behind | Standing::Fork => {
                    parted.push(Parted { before: most, after: next, standing });
                }
            }
        }
    }
    parted
}

fn chain(spoken: &Spoken) -> Chain {
    spoken.attestation.chain.unwrap_or(Chain { last: None, height: 0 })
}

impl Parted<'_> {
    /// The lines that prove a fork: both attestations, and the receipts of one height and one previous, where they are
    /// here.
    pub fn proof(&self, chains: &Chains) -> Vec<u8> {
        let mut lines = vec![self.before.line.clone(), self.after.line.clone()];
        if let Some((one, other)) = chains.parting(chain(self.before).last, chain(self.after).last) {
            lines.extend([one, other].iter().filter_map(|hash| Some(chains.get(hash)?.print())));
        }
        lines.iter_mut().for_each(|line| line.push(b'\n'));
        lines.concat()
    }
}
