//! The proof itself: a Bulletproof over ristretto255, its transcript by Merlin.

use std::sync::LazyLock;

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek_4::ristretto::CompressedRistretto;
use curve25519_dalek_4::scalar::Scalar;
use merlin::Transcript;
use rand_core_0_6::{CryptoRng, Error, RngCore};
use ulp_core::hash::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Opening, Statement};
use crate::day::Day;
use crate::draws::{Draws, NoRandomness};

/// Bytes of a proof.
pub const PROOF: usize = 544;
/// Bytes that making one draws.
pub const DRAWN: usize = 2304;
/// Bits of the days between birth and the last day shown: 179 years.
const BITS: usize = 16;
/// What the generators are made for; the first of them are the same for any number.
const CAPACITY: usize = 64;
const PROTOCOL: &[u8] = b"ulp zk-age-over-v1";
/// Bytes that one scalar is drawn from.
const WIDE: usize = 64;

/// The points that proofs are made of, the same for all.
struct Points {
    pedersen: PedersenGens,
    bits: BulletproofGens,
}

/// Working them out takes as long as a check does.
static POINTS: LazyLock<Points> =
    LazyLock::new(|| Points { pedersen: PedersenGens::default(), bits: BulletproofGens::new(CAPACITY, 1) });

/// Shows that whoever has the opening was born by the day of the statement; nothing where that is not so.
///
/// # Errors
/// Where there is no randomness.
pub fn prove(
    statement: &Statement<'_>,
    opening: &Opening,
    draws: &mut Draws,
) -> Result<Option<[u8; PROOF]>, NoRandomness> {
    let Some(between) = between(statement.born_by, opening) else { return Ok(None) };
    let mut drawn = Zeroizing::new([0; DRAWN]);
    draws.fill(drawn.as_mut_slice())?;
    let mut blinding = -scalar(&opening.blinding);
    let proof = RangeProof::prove_single_with_rng(
        &POINTS.bits,
        &POINTS.pedersen,
        &mut transcript(statement),
        between,
        &blinding,
        BITS,
        &mut Drawn { bytes: drawn.as_slice() },
    );
    blinding.zeroize();
    let (proof, _) = proof.expect("16 bits are a size that there are generators for");
    Ok(proof.to_bytes().try_into().ok())
}

/// The days from birth to a day, where a proof can say them.
pub(super) fn between(born_by: Day, opening: &Opening) -> Option<u64> {
    born_by.0.checked_sub(opening.day.0).filter(|days| days >> BITS == 0)
}

/// Whether a proof shows the statement of whoever is committed to.
pub fn verify(statement: &Statement<'_>, commitment: &[u8; 32], proof: &[u8]) -> bool {
    shown(statement, commitment, proof).is_some()
}

fn shown(statement: &Statement<'_>, commitment: &[u8; 32], bytes: &[u8]) -> Option<()> {
    let proof = RangeProof::from_bytes(Some(bytes).filter(|bytes| bytes.len() == PROOF)?).ok()?;
    let committed = CompressedRistretto(*commitment).decompress()?;
    let Points { pedersen, bits } = &*POINTS;
    let between = (Scalar::from(statement.born_by.0) * pedersen.B - committed).compress();
    // Two equations are checked as one, weighed by what nobody could know while the proof was made: by itself.
    let weighed = [transcript_hash(statement).as_slice(), commitment, bytes].concat();
    let mut draws = Draws::seeded(&Sha256::of(&weighed).0);
    let mut weight = [0; WIDE];
    draws.fill(&mut weight).ok()?;
    let mut weight = Drawn { bytes: &weight };
    let mut transcript = transcript(statement);
    proof.verify_single_with_rng(bits, pedersen, &mut transcript, &between, BITS, &mut weight).ok()
}

/// What is said before the proof, by whoever makes it and whoever reads it.
fn transcript(statement: &Statement<'_>) -> Transcript {
    let mut transcript = Transcript::new(PROTOCOL);
    transcript.append_message(b"credential", &statement.credential.0);
    transcript.append_message(b"subject", statement.subject.as_bytes());
    transcript.append_message(b"audience", statement.audience.as_bytes());
    transcript.append_message(b"challenge", statement.challenge.as_bytes());
    transcript.append_u64(b"born-by", statement.born_by.0);
    transcript
}

fn transcript_hash(statement: &Statement<'_>) -> [u8; 32] {
    let mut hash = [0; 32];
    transcript(statement).challenge_bytes(b"weight", &mut hash);
    hash
}

/// The commitment that an opening opens.
pub(super) fn commitment(opening: &Opening) -> [u8; 32] {
    let blinding = Zeroizing::new(scalar(&opening.blinding));
    let point = POINTS.pedersen.commit(Scalar::from(opening.day.0), *blinding);
    point.compress().to_bytes()
}

/// Whether these bytes are a scalar in its one spelling.
pub(super) fn is_scalar(bytes: &[u8; 32]) -> bool {
    Scalar::from_canonical_bytes(*bytes).is_some().into()
}

fn scalar(bytes: &[u8; 32]) -> Scalar {
    Scalar::from_bytes_mod_order(*bytes)
}

/// Bytes that were drawn before, as the library asks for them.
struct Drawn<'d> {
    bytes: &'d [u8],
}

impl RngCore for Drawn<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core_0_6::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core_0_6::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        let (drawn, rest) = self.bytes.split_at_checked(out.len()).expect("the library's version is pinned");
        out.copy_from_slice(drawn);
        self.bytes = rest;
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Drawn<'_> {}
