//! The last stage: spends the nonce, signs the receipt, stores it, and says so in the ledger; and all stages at once.

use std::io::Write as _;
use std::path::Path;

use ulp_cli::{Failure, Log, Output, Status};
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape};
use ulp_core::kind::Kind;
use ulp_core::trust::Instant;
use ulp_um::draws::Draws;
use ulp_um::portal::ledger::{Entry, State};
use ulp_um::portal::{Evaluation, Stage, receipt, trace, world};

use crate::directory::Portal;
use crate::door::{Door, Stands};
use crate::draws::{draws, no_randomness};
use crate::ledger::Open;
use crate::pass::{self, Done, rejection};
use crate::sessions::Spent;
use crate::stages::{self, Wrong};
use crate::{Drawn, With};

/// All stages at once: presentations in, receipts out.
pub fn run(with: &With, drawn: &Drawn, events: Option<&Path>, log: &mut Log) -> Result<Status, Failure> {
    let door = Door::open(with, log)?;
    let mut drafts = events.map(Output::file).transpose()?;
    let mut desk = Desk { door: &door, draws: draws(drawn.random.as_deref(), log)?, drafts: drafts.as_mut() };
    let status = pass::run(&with.files, &with.now, log, &mut |documents| {
        desk.locked(|desk, ledger| documents.iter().map(|bytes| desk.enter(bytes, ledger)).collect())
    })?;
    if let Some(mut drafts) = drafts {
        drafts.seal()?;
        drafts.commit()?;
    }
    Ok(status)
}

/// The last stage: envelopes in, receipts out.
pub fn receive(with: &With, drawn: &Drawn, log: &mut Log) -> Result<Status, Failure> {
    let door = Door::open(with, log)?;
    let mut desk = Desk { door: &door, draws: draws(drawn.random.as_deref(), log)?, drafts: None };
    pass::run(&with.files, &with.now, log, &mut |documents| {
        desk.locked(|desk, ledger| documents.iter().map(|bytes| desk.receive(bytes, ledger)).collect())
    })
}

/// Where receipts are made.
struct Desk<'d> {
    door: &'d Door,
    draws: Draws,
    drafts: Option<&'d mut Output>,
}

/// What is written of a batch: the ledger of a portal, which nobody else changes meanwhile.
type Ledger<'l> = Option<&'l mut Open>;

impl<'d> Desk<'d> {
    /// Does some work while nobody else changes anything in the portal.
    fn locked(
        &mut self,
        work: impl FnOnce(&mut Desk<'d>, &mut Ledger<'_>) -> Result<Vec<Done>, Failure>,
    ) -> Result<Vec<Done>, Failure> {
        let Some(portal) = self.door.portal() else { return work(self, &mut None) };
        let mut ledger = portal.lock()?;
        let done = work(self, &mut Some(&mut ledger))?;
        ledger.release()?;
        Ok(done)
    }

    fn enter(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<Done, Failure> {
        let found = self.door.evaluate(bytes, self.door.now, Stage::Compose, &mut |_| {})?;
        self.end(bytes, &found, ledger)
    }

    fn receive(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<Done, Failure> {
        let envelope = match stages::read(bytes, self.door) {
            Ok(envelope) => envelope,
            Err(wrong) => return wrong.done(),
        };
        // What was spent on these bytes meanwhile has its receipt already.
        if let Some(spent) = self.door.spent_on(&envelope.bytes)? {
            return self.again(&envelope.bytes, &spent);
        }
        match stages::again(&envelope, Stage::Compose, Stage::Compose, self.door) {
            Ok(found) => self.end(&envelope.bytes, &found, ledger),
            Err(Wrong::Failed(failure)) => Err(failure),
            Err(wrong) => wrong.done(),
        }
    }

    /// Makes the receipt of what was found, but where the same bytes have one.
    fn end(&mut self, bytes: &[u8], found: &Evaluation, ledger: &mut Ledger<'_>) -> Result<Done, Failure> {
        let (portal, ledger) = match (&self.door.at, ledger) {
            (Stands::Portal(portal), Some(ledger)) => (portal, ledger),
            _ => return Ok(self.unsigned(found)),
        };
        if found.is_rejected()
            && let Some(spent) = self.door.spent_on(bytes)?
        {
            return self.again(bytes, &spent);
        }
        let spent = self.spent(portal, bytes, found)?;
        match &found.proven {
            Some(nonce) => ledger.spend(portal, nonce, &spent)?,
            None => {
                portal.keep(&spent.receipt)?;
                ledger.append(portal, &spent.entry)?;
            }
        }
        self.draft(bytes, &spent.receipt)?;
        Ok(Done {
            text: Some(spent.receipt.into_bytes()),
            refusal: rejection(&found.receipt),
            ..Done::default()
        })
    }

    fn unsigned(&self, found: &Evaluation) -> Done {
        let mut receipt = found.receipt.clone();
        if let Stands::Context { told, .. } = &self.door.at
            && told.is_timeless
        {
            receipt.processed_at = None;
        }
        Done { text: Some(receipt.unsigned().bytes()), refusal: rejection(&receipt), ..Done::default() }
    }

    /// The signed receipt, and all that is written of it.
    fn spent(&mut self, portal: &Portal, bytes: &[u8], found: &Evaluation) -> Result<Spent, Failure> {
        let id = self.draws.uuid().map_err(no_randomness)?;
        let now = found.now;
        let signed = receipt::sign(world::members(found), &portal.key, &id, now);
        let receipt = signed.map_err(|refusal| Failure::new(Kind::System, "the receipt", refusal.detail))?;
        let crossing = found.crossing.as_ref();
        let entry = Entry {
            at: Instant::print(now).unwrap_or_default(),
            exchange: crossing.map(|crossing| crossing.exchange.clone()),
            own: Sha256::of(receipt.as_bytes()),
            theirs: found.hash,
            state: if found.is_rejected() { State::Refused } else { State::ManifestsExchanged },
            with: crossing.map(|crossing| crossing.visitor.clone()),
            age: None,
        };
        let expires = crossing.map(|crossing| crossing.expires.clone());
        Ok(Spent { receipt, bytes: Sha256::of(bytes), expires, entry })
    }

    /// The receipt that these bytes have already.
    fn again(&mut self, bytes: &[u8], spent: &Spent) -> Result<Done, Failure> {
        self.draft(bytes, &spent.receipt)?;
        let is_refused = spent.entry.state == State::Refused;
        let detail = "the receipt that it has already";
        let refusal = is_refused.then(|| ulp_core::report::Refusal::new("portal.rejected", detail));
        Ok(Done { text: Some(spent.receipt.clone().into_bytes()), refusal, ..Done::default() })
    }

    /// Writes what a trace may know of it.
    fn draft(&mut self, bytes: &[u8], receipt: &str) -> Result<(), Failure> {
        let Some(drafts) = self.drafts.as_mut() else { return Ok(()) };
        let (mut one, mut other) = (Tape::new(), Tape::new());
        let Some(presentation) =
            std::str::from_utf8(bytes).ok().and_then(|text| one.parse(text, json::EVENT_DEPTH).ok())
        else {
            return Ok(());
        };
        let Ok(signed) = other.parse(receipt, json::EVENT_DEPTH) else { return Ok(()) };
        for draft in trace::drafts(signed, format!("{receipt}\n").as_bytes(), presentation) {
            writeln!(drafts, "{draft}")?;
        }
        Ok(())
    }
}
