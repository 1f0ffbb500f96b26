//! Who may sign what: the rules under `keys`, `revoked` and `federation.grants`, as data.
//!
//! The dotfiles' reader fills an [`Authority`] once; [`Authority::permit`] is pure. The times of the files are read
//! with [`Instant`](super::Instant), DIDs with [`Did`].
//!
//! ```
//! use ulp_core::id::{Realm, Tile, Time};
//! use ulp_core::trust::SecretKey;
//! use ulp_core::pattern::Pattern;
//! use ulp_core::trust::authority::{Authority, Binding, BoundKey, Facts, Permit};
//! let alice = SecretKey::from_seed(&[1; 32]).did();
//! let mut rules = Authority::default();
//! let keys = vec![BoundKey { did: alice, from: None, until: None }];
//! rules.keys.push(Binding { actors: Pattern::new("user:alice"), keys });
//! let facts = Facts {
//!     actor: "user:alice", time: Time(0), realm: Realm::Team, space: "demo", tile: Tile::ORIGIN, operation: "merge",
//! };
//! assert_eq!(rules.permit(&facts, Some(&alice), false), Ok(Permit::Bound));
//! assert_eq!(rules.permit(&facts, None, false).map_err(|d| d.code), Err("signature.missing".into()));
//! ```

use std::collections::BTreeSet;

use super::Did;
use crate::hash::Blake3;
use crate::id::{Realm, Tile, Time};
use crate::pattern::Pattern;
use crate::report::Refusal;

/// An entry under `keys`: the actors whose names match sign with one of these keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The actors.
    pub actors: Pattern,
    /// The keys that sign for them; without any, nobody does.
    pub keys: Vec<BoundKey>,
}

/// A key and the time in which it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundKey {
    /// The key.
    pub did: Did,
    /// The first timestamp that it signs.
    pub from: Option<Time>,
    /// The last one.
    pub until: Option<Time>,
}

impl BoundKey {
    fn counts_at(&self, time: Time) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time <= until)
    }
}

/// An entry under `federation.grants`: what the holder of a key may do. It covers an event that every member
/// covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whom it is given to.
    pub to: Did,
    /// The realm, and no other: what is granted for a team says nothing of what is personal.
    pub realm: Realm,
    /// The spaces.
    pub spaces: Vec<Pattern>,
    /// The tiles, as `z0/x3/y-1` is written.
    pub tiles: Vec<Pattern>,
    /// The operations.
    pub operations: Vec<Pattern>,
    /// The last timestamp that it covers.
    pub until: Option<Time>,
    /// Of its canonical JSON, as it stands in its file.
    pub hash: Blake3,
}

impl Grant {
    /// Whether it lets a signer do something.
    pub fn covers(&self, facts: &Facts<'_>, signer: &Did) -> bool {
        let any = |patterns: &[Pattern], name: &str| patterns.iter().any(|p| p.matches(name));
        self.to == *signer
            && self.realm == facts.realm
            && self.until.is_none_or(|until| facts.time <= until)
            && any(&self.spaces, facts.space)
            && any(&self.operations, facts.operation)
            && any(&self.tiles, &facts.tile.to_string())
    }
}

/// The entries under `keys`: all whose pattern matches an actor are its keys.
pub type Keys = Vec<Binding>;
/// The keys under `revoked`.
pub type Revoked = BTreeSet<Did>;
/// The entries under `federation.grants`.
pub type Grants = Vec<Grant>;

/// The rules of a store about who signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authority {
    /// Which key signs for whom.
    pub keys: Keys,
    /// Keys whose new arrivals are refused, whatever their timestamps: those could be set back.
    pub revoked: Revoked,
    /// What may be done by whom. Where they stand, and be it an empty list, nothing is done without one.
    pub grants: Option<Grants>,
}

/// What the rules ask about an event, or about a primitive of a macro.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `actor_id`.
    pub actor: &'a str,
    /// Its own timestamp, never the time of its arrival: the answer is the same on every machine.
    pub time: Time,
    /// The realm of its lane.
    pub realm: Realm,
    /// `space_id`.
    pub space: &'a str,
    /// The tile that it stands in.
    pub tile: Tile,
    /// The operation; a primitive of a macro has one of its own.
    pub operation: &'a str,
}

/// Why an event passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It is unsigned, and nothing asks for a signature.
    Unsigned,
    /// Its actor's own key signed it.
    Bound,
    /// A key signed it of which no rule says that it is the actor's: `signature.unbound`, to be noted.
    Unbound,
}

/// The code of a signed event whose actor is no DID and bound to no key.
pub const UNBOUND: &str = "signature.unbound";

impl Authority {
    /// Whether any rule here asks who signed, so that signatures must be verified at the door.
    pub fn asks_for_signatures(&self) -> bool {
        !self.keys.is_empty() || !self.revoked.is_empty() || self.grants.is_some()
    }

    /// Whether an event may pass. `signer` is whose signature was found to hold, `required` whether a dotfile on
    /// the event's path says `signature: required`.
    ///
    /// # Errors
    /// `signature.revoked`, `signature.missing`, `signature.actor`, `signature.unbound`, `scope.grant`, the first in
    /// this order.
    pub fn permit(&self, facts: &Facts<'_>, signer: Option<&Did>, required: bool) -> Result<Permit, Refusal> {
        let Some(signer) = signer else { return self.permit_unsigned(facts, required) };
        if self.revoked.contains(signer) {
            return Err(Refusal::new("signature.revoked", "the key that signed it is revoked"));
        }
        let permit = self.bind(facts, signer)?;
        if permit == Permit::Unbound && required {
            return Err(Refusal::new(
                UNBOUND,
                "signatures are required, and no rule says whose key signed it",
            ));
        }
        match &self.grants {
            Some(grants) if !grants.iter().any(|grant| grant.covers(facts, signer)) => Err(Refusal::new(
                "scope.grant",
                "federation.grants: none covers signer, realm, space, tile, operation and time",
            )),
            _ => Ok(permit),
        }
    }

    /// Whether a key is the actor's own: the actor is its DID, or bound to it at any time.
    pub fn speaks_for(&self, signer: &Did, actor: &str) -> bool {
        match actor.parse::<Did>() {
            Ok(did) => did == *signer,
            Err(_) => self.bindings(actor).flat_map(|b| &b.keys).any(|key| key.did == *signer),
        }
    }

    /// Whether a key is who it says it is: the name is its DID, or bound to it at this time.
    ///
    /// # Errors
    /// `signature.actor`.
    pub fn is_named(&self, signer: &Did, name: &str, now: Time) -> Result<(), Refusal> {
        let own = match name.parse::<Did>() {
            Ok(did) => did == *signer,
            Err(_) => {
                let mut keys = self.bindings(name).flat_map(|b| &b.keys);
                keys.any(|key| key.did == *signer && key.counts_at(now))
            }
        };
        if own {
            Ok(())
        } else {
            Err(Refusal::new("signature.actor", "signed by another key than the peer's"))
        }
    }

    /// The keys that are bound to a name, at any time.
    pub fn keys_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Did> + 'a {
        self.bindings(name).flat_map(|binding| &binding.keys).map(|key| key.did)
    }

    fn permit_unsigned(&self, facts: &Facts<'_>, required: bool) -> Result<Permit, Refusal> {
        let reason = if Did::is_did(facts.actor) {
            "an actor that is a DID signs"
        } else if self.bindings(facts.actor).next().is_some() {
            "keys: the actor is bound to a key, and signs"
        } else if required {
            "signature: required"
        } else if self.grants.is_some() {
            "federation.grants: nothing is granted to nobody"
        } else {
            return Ok(Permit::Unsigned);
        };
        Err(Refusal::new("signature.missing", reason))
    }

    /// Whether the signer is who the actor is.
    fn bind(&self, facts: &Facts<'_>, signer: &Did) -> Result<Permit, Refusal> {
        let denied = |reason: &str| Err(Refusal::new("signature.actor", reason));
        // A did:key is its own key. No pattern lets a gateway sign for one.
        if let Ok(actor) = facts.actor.parse::<Did>() {
            return if actor == *signer {
                Ok(Permit::Bound)
            } else {
                denied("the actor's own key did not sign it")
            };
        }
        let own = || self.bindings(facts.actor).flat_map(|b| &b.keys).filter(|key| key.did == *signer);
        if own().any(|key| key.counts_at(facts.time)) {
            return Ok(Permit::Bound);
        }
        if own().next().is_some() {
            return denied("keys: signed at a time that is not its key's");
        }
        if self.bindings(facts.actor).next().is_some() {
            return denied("keys: signed by another key than the actor's");
        }
        if Did::is_did(facts.actor) {
            return denied(
                "the actor is a DID that names no key by itself, and none is bound to it under keys",
            );
        }
        Ok(Permit::Unbound)
    }

    fn bindings<'a>(&'a self, actor: &'a str) -> impl Iterator<Item = &'a Binding> {
        self.keys.iter().filter(move |b| b.actors.matches(actor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::SecretKey;

    fn did(n: u8) -> Did {
        SecretKey::from_seed(&[n; 32]).did()
    }

    fn facts(actor: &str) -> Facts<'_> {
        let (time, tile) = (Time(50), Tile { z: 0, x: 3, y: -1 });
        Facts { actor, time, realm: Realm::Team, space: "demo", tile, operation: "create_node" }
    }

    fn said(rules: &Authority, facts: &Facts<'_>, signer: Option<u8>, required: bool) -> String {
        match rules.permit(facts, signer.map(did).as_ref(), required) {
            Ok(Permit::Unsigned) => "unsigned".to_owned(),
            Ok(Permit::Bound) => "bound".to_owned(),
            Ok(Permit::Unbound) => "unbound".to_owned(),
            Err(refusal) => refusal.code.into_owned(),
        }
    }

    #[test]
    fn a_did_signs_for_itself_without_any_rule() {
        let rules = Authority::default();
        let alice = did(1).to_string();
        assert_eq!(said(&rules, &facts(&alice), Some(1), true), "bound");
        assert_eq!(said(&rules, &facts(&alice), Some(2), false), "signature.actor");
        assert_eq!(said(&rules, &facts(&alice), None, false), "signature.missing");
        assert_eq!(said(&rules, &facts("did:web:example.org"), None, false), "signature.missing");
        assert_eq!(said(&rules, &facts("did:web:example.org"), Some(1), false), "signature.actor");
        assert_eq!(said(&rules, &facts("user:bob"), None, false), "unsigned");
        assert_eq!(said(&rules, &facts("user:bob"), None, true), "signature.missing");
        assert_eq!(said(&rules, &facts("user:bob"), Some(1), false), "unbound");
        assert_eq!(said(&rules, &facts("user:bob"), Some(1), true), "signature.unbound");
    }

    #[test]
    fn keys_bind_actors_for_a_time() {
        let bind = |actor: &str, key, from: i64, until: i64| Binding {
            actors: Pattern::new(actor),
            keys: vec![BoundKey { did: did(key), from: Some(Time(from)), until: Some(Time(until)) }],
        };
        let keys = vec![
            bind("user:alice", 1, 0, 49),
            bind("user:alice", 2, 50, 50),
            bind("node:*", 3, 0, 99),
            bind("*", 4, 60, 70),
        ];
        let rules = Authority { keys, ..Authority::default() };
        assert_eq!(said(&rules, &facts("user:alice"), Some(1), false), "signature.actor", "too late");
        assert_eq!(said(&rules, &facts("user:alice"), Some(2), false), "bound", "both ends count");
        assert_eq!(said(&rules, &facts("user:alice"), Some(3), false), "signature.actor");
        assert_eq!(said(&rules, &facts("user:alice"), None, false), "signature.missing");
        assert_eq!(said(&rules, &facts("node:esp32_A12"), Some(3), true), "bound");
        assert_eq!(said(&rules, &facts("user:bob"), Some(4), false), "signature.actor", "too early");
        let nobody = Binding { actors: Pattern::new("user:eve"), keys: Vec::new() };
        let closed = Authority { keys: vec![nobody], ..Authority::default() };
        assert_eq!(said(&closed, &facts("user:eve"), Some(1), false), "signature.actor");
        assert_eq!(said(&closed, &facts("user:eve"), None, false), "signature.missing");
        let own = did(9).to_string();
        let later = Facts { time: Time(65), ..facts(&own) };
        assert_eq!(
            said(&rules, &later, Some(4), false),
            "signature.actor",
            "no pattern speaks for a did:key"
        );
    }

    #[test]
    fn a_revoked_key_signs_nothing_more() {
        let rules = Authority { revoked: [did(1)].into(), ..Authority::default() };
        assert_eq!(said(&rules, &facts(&did(1).to_string()), Some(1), false), "signature.revoked");
        assert_eq!(said(&rules, &facts("user:bob"), Some(1), false), "signature.revoked");
        assert_eq!(said(&rules, &facts("user:bob"), Some(2), false), "unbound");
    }

    #[test]
    fn where_grants_stand_everything_needs_one() {
        let patterns = |text: &str| vec![Pattern::new(text)];
        let grant = Grant {
            to: did(1),
            realm: Realm::Team,
            spaces: patterns("demo"),
            tiles: patterns("z0/*"),
            operations: patterns("create_*"),
            until: Some(Time(50)),
            hash: Blake3::of(b"a grant"),
        };
        let alice = did(1).to_string();
        let with = |grant: Grant| Authority { grants: Some(vec![grant]), ..Authority::default() };
        let code = |grant: Grant| said(&with(grant), &facts(&alice), Some(1), false);
        assert_eq!(code(grant.clone()), "bound");
        assert_eq!(said(&with(grant.clone()), &facts("user:bob"), Some(1), false), "unbound");
        assert_eq!(said(&with(grant.clone()), &facts("user:bob"), None, false), "signature.missing");
        for narrower in [
            Grant { to: did(2), ..grant.clone() },
            Grant { realm: Realm::Public, ..grant.clone() },
            Grant { spaces: patterns("Demo"), ..grant.clone() },
            Grant { tiles: patterns("z1/*"), ..grant.clone() },
            Grant { operations: Vec::new(), ..grant.clone() },
            Grant { until: Some(Time(49)), ..grant.clone() },
        ] {
            assert_eq!(code(narrower), "scope.grant");
        }
        let nobody = Authority { grants: Some(Vec::new()), ..Authority::default() };
        assert_eq!(said(&nobody, &facts(&alice), Some(1), false), "scope.grant");
    }
}
