//! `ledger`: what visitors answer completes exchanges.

use std::path::Path;

use ulp_cli::{Failure, Files, Log, Now, Status};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, Verifier};
use ulp_um::portal::answer::{self, Answer};
use ulp_um::portal::chain::RECEIPT;
use ulp_um::portal::ledger::{Entry, State};

use crate::directory::Portal;
use crate::door::whole;
use crate::ledger::Open;
use crate::pass::{self, Done};
use crate::sessions::Spent;

/// Reads receipts; for each that completes an exchange the ledger has a line, which is passed on.
pub fn run(portal: &Path, files: &Files, now: &Now, log: &mut Log) -> Result<Status, Failure> {
    let desk = Desk { portal: Portal::open(portal, log)?, now: whole(now.time()), verifier: Verifier::new() };
    pass::run(files, now, log, &mut |documents| {
        let mut ledger = desk.portal.lock()?;
        let done = documents.iter().map(|bytes| desk.take(bytes, &mut ledger)).collect();
        ledger.release()?;
        done
    })
}

struct Desk {
    portal: Portal,
    now: ulp_core::id::Time,
    verifier: Verifier,
}

impl Desk {
    fn take(&self, bytes: &[u8], ledger: &mut Open) -> Result<Done, Failure> {
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new("json.utf8", "not UTF-8"));
        let read = text
            .and_then(|text| Ok((text, answer::read(text, self.now, &self.verifier, &self.portal.dids)?)));
        match read {
            Ok((text, answer)) => self.answer(text, &answer, ledger),
            Err(refusal) => Ok(refused(refusal)),
        }
    }

    fn answer(&self, text: &str, answer: &Answer, ledger: &mut Open) -> Result<Done, Failure> {
        let Some(spent) = self.portal.spent_on(&answer.ours)? else {
            return Ok(refused(Refusal::new(RECEIPT, "it answers no receipt of ours")));
        };
        if let Err(refusal) = answer::check(text, &spent.receipt, spent.entry.with.as_deref()) {
            return Ok(refused(refusal));
        }
        let is_end = |state| matches!(state, State::Completed | State::Expired);
        let same = |line: &ulp_um::portal::ledger::Line| line.entry.theirs == Some(answer.hash);
        if self.portal.says(&answer.ours, |line| is_end(line.entry.state) && same(line))? {
            return Ok(Done::default());
        }
        let is_ended = self.portal.says(&answer.ours, |line| is_end(line.entry.state))?;
        if is_ended || spent.entry.state != State::ManifestsExchanged {
            return Ok(refused(Refusal::new(RECEIPT, "its exchange has ended")));
        }
        self.close(answer, &spent, ledger)
    }

    /// Says in the ledger that an exchange is completed, or that its time was over.
    fn close(&self, answer: &Answer, spent: &Spent, ledger: &mut Open) -> Result<Done, Failure> {
        let end = spent.expires.as_deref().and_then(Instant::parse);
        let is_late = end.is_some_and(|end| Instant::from(self.now) > end);
        let entry = Entry {
            at: Instant::print(self.now).unwrap_or_default(),
            theirs: Some(answer.hash),
            state: if is_late { State::Expired } else { State::Completed },
            ..spent.entry.clone()
        };
        let line = ledger.append(&self.portal, &entry)?;
        let refusal = is_late.then(|| Refusal::new("portal.session", "its session is over"));
        Ok(Done { text: Some(line.into_bytes()), refusal, ..Done::default() })
    }
}

fn refused(refusal: Refusal) -> Done {
    Done { refusal: Some(refusal), ..Done::default() }
}
