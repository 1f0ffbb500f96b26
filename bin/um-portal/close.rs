//! `close`: a world's receipt, held to what was sent, and answered.

use std::path::Path;

use ulp_cli::{Failure, Files, Log, Now, Status};
use ulp_core::hash::Sha256;
use ulp_core::kind::Kind;
use ulp_core::report::Refusal;
use ulp_um::draws::Draws;
use ulp_um::portal::chain::RECEIPT;
use ulp_um::portal::close::{Closing, NotClosed, close, exchange_of};
use ulp_um::portal::exchange::Exchange;
use ulp_um::portal::ledger::State;
use ulp_um::portal::rules::Rules;

use crate::Drawn;
use crate::directory::Portal;
use crate::door::Door;
use crate::draws::{draws, no_randomness};
use crate::ledger::Open;
use crate::pass::{self, Done};
use crate::sessions::{Spent, key_of};
use crate::settings;

/// Answers the receipts of worlds.
pub fn run(path: &Path, files: &Files, drawn: &Drawn, now: &Now, log: &mut Log) -> Result<Status, Failure> {
    let door = Door::of_portal(path, None, now, log)?;
    let Some(portal) = door.portal() else { return Err(Failure::usage("--portal", "it is missing")) };
    let rules = settings::rules(path, &portal.roles)?;
    let mut desk = Desk { door: &door, portal, rules, draws: draws(drawn.random.as_deref(), log)? };
    pass::run(files, now, log, &mut |documents| {
        let mut ledger = portal.lock()?;
        let done = documents.iter().map(|bytes| desk.take(bytes, &mut ledger)).collect();
        ledger.release()?;
        done
    })
}

struct Desk<'d> {
    door: &'d Door,
    portal: &'d Portal,
    rules: Rules,
    draws: Draws,
}

impl Desk<'_> {
    fn take(&mut self, bytes: &[u8], ledger: &mut Open) -> Result<Done, Failure> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let key = exchange_of(text).map(|exchange| key_of(&exchange)).unwrap_or_default();
        if let Some(spent) = self.portal.spent(&key)? {
            return Ok(answered(spent, bytes));
        }
        let Some(kept) = self.portal.opened(&key)? else { return Ok(refused("of no exchange that waits")) };
        let damaged = || Failure::new(Kind::Corrupt, "sessions", "what was sent is not what was written");
        let exchange = Exchange::parse(&kept).ok_or_else(damaged)?;
        let closing = Closing {
            key: &self.portal.key,
            verifier: self.door.verifier(),
            dids: &self.portal.dids,
            exchange: &exchange,
            expect: &self.rules.expect,
            now: self.door.now,
        };
        let closed = match close(text, &closing, &mut self.draws) {
            Ok(closed) => closed,
            Err(NotClosed::Randomness(error)) => return Err(no_randomness(error)),
            Err(NotClosed::Receipt(refusal)) => {
                return Ok(Done { refusal: Some(refusal), ..Done::default() });
            }
        };
        let spent = Spent {
            receipt: closed.text,
            bytes: Sha256::of(bytes),
            expires: Some(exchange.expires.clone()),
            entry: closed.entry,
        };
        ledger.spend(self.portal, &key, &spent)?;
        let notes = closed.faults.into_iter().map(|fault| ("portal.fault", fault)).collect();
        Ok(Done { notes, ..answered(spent, bytes) })
    }
}

/// The answer that a receipt has: to the same bytes the same.
fn answered(spent: Spent, bytes: &[u8]) -> Done {
    if spent.bytes != Sha256::of(bytes) {
        return refused("another one was answered");
    }
    let refusal =
        (spent.entry.state == State::Expired).then(|| Refusal::new("portal.session", "its session is over"));
    Done { text: Some(spent.receipt.into_bytes()), refusal, ..Done::default() }
}

fn refused(detail: &str) -> Done {
    Done { refusal: Some(Refusal::new(RECEIPT, detail)), ..Done::default() }
}
