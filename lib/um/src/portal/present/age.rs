//! The age that is shown to a world: one, and to each world one alone. With several, a world would close in on a date.

use ulp_core::json::Value;
use ulp_core::trust::Scratch;

use super::claim::{Claim, ToShow};
use super::{PROBE, Visitor};
use crate::age::{Asked, MECHANISM, Opening, YOUNG, can_show, commitment};
use crate::credential::claims::{About, Court, Standing, committed, judge};
use crate::day::Day;
use crate::portal::Offer;
use crate::portal::asked::ClaimAsk;
use crate::portal::facets::AGE_OVER;
use crate::portal::project::last_type;
use crate::portal::rules::Allowed;

/// What a world asks for to be shown an age: a proof in zero knowledge, or what an issuer signed.
const ZERO_KNOWLEDGE: &str = "zk";
const SIGNED: &str = "signed-vc";

/// The claim that shows an age as it was asked for.
pub fn choose(
    own: &[Value<'_, '_>],
    ask: &ClaimAsk,
    offer: &Offer,
    allowed: &Allowed<'_>,
    visitor: &Visitor<'_>,
    court: &Court<'_>,
    notes: &mut Vec<&'static str>,
) -> Option<Claim> {
    let years = ask.age_over.and_then(|years| u32::try_from(years).ok())?;
    let own = own.iter().copied().filter(|claim| last_type(*claim).as_deref() == Some(AGE_OVER));
    let own: Vec<Value<'_, '_>> = own.collect();
    let asks = |mechanism: &str| ask.mechanism.as_ref().is_none_or(|asked| asked == mechanism);
    let case = Case { visitor, offer, court, allowed };
    let shown = asks(ZERO_KNOWLEDGE).then(|| case.in_zero_knowledge(&own, years, notes)).flatten();
    let chosen = shown.or_else(|| asks(SIGNED).then(|| case.signed(&own, years)).flatten())?;
    let is_another =
        |(world, age): &(String, i64)| *world == offer.world && Some(*age) != chosen.years.map(i64::from);
    if visitor.shown.iter().any(is_another) {
        notes.push(PROBE);
        return None;
    }
    Some(chosen)
}

/// An age that was asked for, and by what it may be shown.
struct Case<'c> {
    visitor: &'c Visitor<'c>,
    offer: &'c Offer,
    court: &'c Court<'c>,
    allowed: &'c Allowed<'c>,
}

impl Case<'_> {
    /// The first claim whose credential commits to a birth date that is early enough.
    fn in_zero_knowledge(
        &self,
        own: &[Value<'_, '_>],
        years: u32,
        notes: &mut Vec<&'static str>,
    ) -> Option<Claim> {
        if !self.allowed.age(years) {
            return None;
        }
        let day = Day::of(self.offer.issued.time()?)?;
        let asked = Asked { audience: &self.offer.world, challenge: &self.offer.nonce, day };
        let subject = self.visitor.key.did().to_string();
        let openings: &[Opening] = self.visitor.openings;
        for claim in own {
            let credentials = committed(*claim, &subject, self.court, &mut Scratch::default());
            for credential in credentials.into_iter().filter(|credential| commitment(*credential).is_some()) {
                if can_show(credential, years, &asked, openings) {
                    let credential = credential.raw().to_owned();
                    return to_show(*claim, ToShow { credential, years });
                }
                notes.push(YOUNG);
            }
        }
        None
    }

    /// The least age that an issuer signed, not below what was asked.
    fn signed(&self, own: &[Value<'_, '_>], years: u32) -> Option<Claim> {
        let subject = self.visitor.key.did().to_string();
        let about = About { subject: &subject, age: None };
        let claims = own.iter().filter_map(|claim| {
            let standing = judge(*claim, &about, self.court, &mut Scratch::default());
            Claim::of(*claim, standing).filter(|claim| claim.is_shown)
        });
        let is_enough = |claim: &Claim| claim.years.is_some_and(|own| own >= years && self.allowed.age(own));
        claims.filter(is_enough).min_by_key(|claim| claim.years)
    }
}

/// A claim of age that is shown when it goes.
fn to_show(claim: Value<'_, '_>, age: ToShow) -> Option<Claim> {
    let mut shown = Claim::of(claim, Standing::Verified)?;
    shown.members.retain(|(name, _)| !["ageOver", "proofMechanism", "claimProof"].contains(&name.as_str()));
    let anew = [("ageOver", age.years.to_string()), ("proofMechanism", format!("\"{MECHANISM}\""))];
    shown.members.extend(anew.map(|(name, raw)| (name.to_owned(), raw)));
    shown.years = Some(age.years);
    shown.age = Some(age);
    Some(shown)
}
