//! A birth date that is committed to and not said: a Pedersen commitment over ristretto255, which whoever knows the
//! opening can show facts about.
//!
//! The number is the Modified Julian Day of the date, b; with a scalar r that nobody else knows the commitment is
//! `C = b·B + r·B̃`. B is ristretto255's base point, and B̃ a second one of which nobody knows how it depends on the
//! first.

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use data_encoding::BASE64URL_NOPAD;
use ulp_core::id::Time;
use ulp_core::json::write::Object;
use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, signature};
use zeroize::{Zeroize as _, Zeroizing};

use crate::day::Day;
use crate::draws::{Draws, NoRandomness};
use crate::hash::canonical_without;

/// What the commitment is, as a credential says it.
pub const SCHEME: &str = "pedersen-ristretto255-mjd";
/// The code of a birth date that is none.
pub const CODE: &str = "seal.birth_date";
/// The second base point: that of SHA3-512 over the first, as Bulletproofs have it.
const BLINDING: [u8; 32] = [
    0x8c, 0x92, 0x40, 0xb4, 0x56, 0xa9, 0xe6, 0xdc, 0x65, 0xc3, 0x77, 0xa1, 0x04, 0x8d, 0x74, 0x5f, 0x94,
    0xa0, 0x8c, 0xdb, 0x7f, 0x44, 0xcb, 0xcd, 0x7b, 0x46, 0xf3, 0x40, 0x48, 0x87, 0x11, 0x34,
];
const DATE_CHARS: usize = 10;

/// The secret half of a commitment. Wiped when dropped.
pub struct Blinding(Scalar);

impl Drop for Blinding {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Blinding {
    /// Draws 64 bytes, and reduces them.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn draw(draws: &mut Draws) -> Result<Blinding, NoRandomness> {
        let mut bytes = Zeroizing::new([0; 64]);
        draws.fill(bytes.as_mut_slice())?;
        Ok(Blinding(Scalar::from_bytes_mod_order_wide(&bytes)))
    }
}

/// What becomes of a credential whose birth date is committed to.
pub struct Committed {
    /// Its canonical form, with the commitment in place of the date.
    pub credential: String,
    /// The opening, as JSON: for its subject alone.
    pub opening: Zeroizing<String>,
}

/// Replaces `birthDate` of `credentialSubject`, a date up to that of `now`, by a commitment.
///
/// # Errors
/// `seal.birth_date`: there is none, or it is no date that can be; `json.*`: the result is no strict JSON.
pub fn commit(credential: Value<'_, '_>, blinding: &Blinding, now: Time) -> Result<Committed, Refusal> {
    let subject = credential.get("credentialSubject").filter(|subject| subject.kind() == Kind::Object);
    let subject = subject.ok_or_else(|| Refusal::new(CODE, "credentialSubject is not an object"))?;
    let date = subject
        .get("birthDate")
        .and_then(date)
        .ok_or_else(|| Refusal::new(CODE, "birthDate of credentialSubject is not a date as YYYY-MM-DD"))?;
    let day = day(&date, now).ok_or_else(|| Refusal::new(CODE, "before 1858-11-17, or to come"))?;
    let point = RISTRETTO_BASEPOINT_TABLE * &Scalar::from(day) + second_base() * blinding.0;
    let bare = canonical_without(subject, &["birthDate", "birthDateCommitment", "commitmentScheme"]);
    let subject = with_members(&bare, &BASE64URL_NOPAD.encode(point.compress().as_bytes()))?;
    let mut opening = Object::default();
    let secret = Zeroizing::new(BASE64URL_NOPAD.encode(blinding.0.as_bytes()));
    opening.text("birthDate", Some(&date)).text("blinding", Some(&secret));
    Ok(Committed {
        credential: signature::with_member(credential, "credentialSubject", &subject)?,
        opening: Zeroizing::new(opening.json()),
    })
}

fn with_members(subject: &str, commitment: &str) -> Result<String, Refusal> {
    let with = |text: &str, name: &str, value: &str| {
        let mut tape = ulp_core::json::Tape::new();
        let object = tape.parse(text, ulp_core::json::EVENT_DEPTH)?;
        signature::with_member(object, name, &format!("\"{value}\""))
    };
    with(&with(subject, "birthDateCommitment", commitment)?, "commitmentScheme", SCHEME)
}

/// A text of the form of a date; whether there is such a day is for [`day`] to say.
fn date(value: Value<'_, '_>) -> Option<String> {
    let text = value.as_text().filter(|text| text.len() == DATE_CHARS)?;
    Instant::parse(&format!("{text}T00:00:00Z")).map(|_| text)
}

/// The day of a date that is past or today.
fn day(date: &str, now: Time) -> Option<u64> {
    Day::parse(date).filter(|day| Day::of(now).is_some_and(|today| *day <= today)).map(|day| day.0)
}

fn second_base() -> RistrettoPoint {
    CompressedRistretto(BLINDING).decompress().expect("the second base point is one")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ulp_core::json::Tape;

    fn now() -> Time {
        Instant::parse("2026-11-20T00:00:00Z").unwrap().time().unwrap()
    }

    fn committed(date: &str) -> Result<Committed, Refusal> {
        let text = format!(r#"{{"issuer":"i","credentialSubject":{{"id":"d","birthDate":{date},"z":1}}}}"#);
        let mut tape = Tape::new();
        let blinding = Blinding::draw(&mut Draws::seeded(&[0; 32])).unwrap();
        commit(tape.parse(&text, 64).unwrap(), &blinding, now())
    }

    #[test]
    fn a_date_is_replaced_by_its_commitment() {
        let done = committed("\"2001-05-09\"").unwrap();
        assert_eq!(
            done.credential,
            r#"{"credentialSubject":{"birthDateCommitment":"gNHtR-Lz2xb0-E0HxUv7K1dq8JjYADWwRPQN0shzNDI","commitmentScheme":"pedersen-ristretto255-mjd","id":"d","z":1},"issuer":"i"}"#
        );
        assert_eq!(
            *done.opening,
            r#"{"birthDate":"2001-05-09","blinding":"SlPD-7xZlw7l-Fr4E4dd_8E6kEouU65-ZfoN6m5iyQE"}"#
        );
    }

    #[test]
    fn a_date_is_one_that_can_be() {
        for good in ["\"1858-11-17\"", "\"2026-11-20\"", "\"2000-02-29\""] {
            assert!(committed(good).is_ok(), "{good}");
        }
        for bad in [
            "\"1858-11-16\"",
            "\"2026-11-21\"",
            "\"2001-02-29\"",
            "\"2001-5-9\"",
            "\"20010509xx\"",
            "1",
            "null",
            "\"9999-12-31\"",
            "\"0000-01-01\"",
            "\"2001-05-09T00:00:00Z\"",
        ] {
            assert_eq!(committed(bad).err().map(|r| r.code), Some(CODE.into()), "{bad}");
        }
    }
}
