//! Who speaks, who has to, and whether there is anything to say.

use super::holdings::{Allowed, Holdings};
use super::line::{Hello, Line, Row};
use super::session::{Fault, Role, Session, Stage};
use std::collections::BTreeMap;

impl<H: Holdings> Session<H> {
    /// The other side says who it is.
    pub(super) fn meet(&mut self, holdings: &mut H, hello: Hello) -> Result<(), Fault<H::Error>> {
        // Nothing of other lanes is said before the other side has proven itself.
        let allowed = Allowed::both(&self.terms.hello, &hello, |lane| lane.is_shared());
        holdings.open(&allowed)?;
        self.allowed = Some(allowed);
        self.theirs = Some(hello);
        if self.terms.role == Role::Server {
            self.say(Line::Hello(self.terms.hello.clone()));
            self.attest(holdings)?;
            self.say_world(holdings)?;
        }
        Ok(())
    }

    pub(super) fn attest(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        let Some(theirs) = &self.theirs else { return Ok(()) };
        if let Some(attestation) = holdings.attest(&theirs.nonce)? {
            self.say(Line::Attest(attestation));
        }
        Ok(())
    }

    pub(super) fn say_world(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        let row = holdings.world()?;
        self.ours = Some(row.clone());
        self.say(Line::Row(row));
        Ok(())
    }

    /// Holds the other side to whom this one insists on, and to a proof where other lanes are spoken of.
    pub(super) fn prove(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        let name = self.peer.as_ref().map(|peer| peer.name.as_str());
        if let Some(insists) = &self.terms.insists_on
            && name != Some(insists.as_str())
        {
            let who = name.unwrap_or("nobody who attests");
            return Err(Fault::Peer(format!("the other side is {who}, not {insists}")));
        }
        if !self.extends() {
            return Ok(());
        }
        if !self.peer.as_ref().is_some_and(|peer| peer.is_listed) {
            let reason =
                "lanes that are not for everyone are for federation.peers alone, and the other side is none";
            return Err(Fault::Peer(reason.to_owned()));
        }
        if let Some(theirs) = &self.theirs {
            let allowed = Allowed::both(&self.terms.hello, theirs, |_| true);
            holdings.open(&allowed)?;
            self.allowed = Some(allowed);
        }
        Ok(())
    }

    /// The client's third turn: where the heads are equal, that is all.
    pub(super) fn compare(&mut self, holdings: &mut H) -> Result<(), Fault<H::Error>> {
        self.attest(holdings)?;
        self.say_world(holdings)?;
        let owes = self.terms.wants_objects && self.takes() && !holdings.missing()?.is_empty();
        if self.is_level() && !self.extends() && !owes {
            self.say(Line::End);
            self.stage = Stage::Ended;
            return Ok(());
        }
        let rows: BTreeMap<String, Row> =
            self.our_spaces.values().map(|row| (row.path.clone(), row.clone())).collect();
        rows.into_values().for_each(|row| self.say(Line::Row(row)));
        Ok(())
    }

    /// Whether both hold the same.
    pub(super) fn is_level(&self) -> bool {
        match (&self.ours, &self.their_world) {
            (Some(ours), Some(theirs)) => ours.head == theirs.head,
            _ => false,
        }
    }
}
