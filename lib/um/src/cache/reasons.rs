//! Why the source should be asked again, and what the view may be used for meanwhile.

use super::cursor::is_below;
use super::held::{Known, Ledger};
use super::line::Line;
use super::newest::Group;
use super::said::Condition;
use super::settings::Settings;
use super::words::{Reason, Role, Standing, State, Step, Word};
use std::collections::BTreeMap;
use ulp_core::trust::Instant;

/// The code of a document that is older than what its source gave before.
pub const ROLLBACK: &str = "sync.rollback";

pub struct Facts<'f> {
    /// Every line of the subject, refused ones among them.
    pub lines: &'f [&'f Line],
    pub ledger: &'f Ledger<'f>,
    pub groups: &'f [Group<'f>],
    /// The newest held document on which all agree.
    pub core: Option<&'f Known<'f>>,
    pub consents: &'f BTreeMap<String, Word>,
    pub has_conflict: bool,
    pub settings: &'f Settings,
    pub now: &'f Instant,
}

impl Facts<'_> {
    pub fn reasons(&self) -> Vec<Reason> {
        Reason::ALL.iter().copied().filter(|reason| self.holds(*reason)).collect()
    }

    fn holds(&self, reason: Reason) -> bool {
        let Some(core) = self.core else {
            return match reason {
                Reason::Absent => true,
                Reason::Invalid => self.is_invalid(),
                Reason::Clock => self.is_set_back(),
                _ => false,
            };
        };
        let issued = &core.document.issued;
        match reason {
            Reason::Absent => false,
            Reason::Invalid => self.is_invalid(),
            Reason::Expired => self.is_expired(core),
            Reason::Expiring => !self.is_expired(core) && self.is_expiring(core),
            Reason::Unverified => core.standing == Standing::Unsigned,
            Reason::Status => self.is_unchecked(core),
            Reason::Uncertain => self.is_uncertain(core),
            Reason::Newer => self.ledger.metadata.iter().any(|(_, said)| {
                said.issued > *issued || said.issued == *issued && said.hash != core.document.hash
            }),
            Reason::NewerElsewhere => {
                let genuine = |known: &&Known<'_>| known.standing == Standing::Genuine;
                self.ledger.known.iter().filter(genuine).any(|known| known.document.issued > *issued)
            }
            Reason::Changed => self.is_changed(core),
            Reason::Consent => self.is_less(),
            Reason::Clock => self.is_set_back(),
        }
    }

    /// Whether the last document that its source gave was refused, a rollback aside.
    fn is_invalid(&self) -> bool {
        let of_source = |line: &&&Line| line.step == Step::Fetch && line.road == Some(Role::Authoritative);
        let refused = |line: &&&Line| !line.accepted && line.code.as_deref() != Some(ROLLBACK);
        let last = |accepted: bool| {
            let of_kind = self.lines.iter().filter(of_source);
            of_kind
                .filter(|line| if accepted { line.accepted } else { refused(line) })
                .map(|line| &line.at)
                .max()
        };
        last(false).is_some_and(|at| Some(at) >= last(true))
    }

    fn is_expired(&self, core: &Known<'_>) -> bool {
        *self.now > core.document.expires
    }

    /// Whether the last tenth of its life has begun.
    fn is_expiring(&self, core: &Known<'_>) -> bool {
        let (from, until) = (nanos(&core.document.issued), nanos(&core.document.expires));
        nanos(self.now) >= until - (until - from) / 10
    }

    /// Whether its status is to be asked for, and was not, or not lately, or by one who lags.
    fn is_unchecked(&self, core: &Known<'_>) -> bool {
        let document = core.document;
        let metadata = self.ledger.metadata.iter();
        let said = metadata.filter_map(|(_, said)| Some((said.manifest.as_str(), said.cursor.as_deref()?)));
        let cursors: Vec<&str> =
            document.cursor.as_deref().into_iter().chain(said.clone().map(|(_, cursor)| cursor)).collect();
        let has_cursor = document.cursor.is_some() || said.clone().any(|(id, _)| id == document.id);
        if !document.has_status && !has_cursor {
            return false;
        }
        let Some((at, status)) = self.ledger.status_of(&document.id) else { return true };
        let lags = |cursor: &&str| status.cursor.as_deref().is_none_or(|ours| is_below(ours, cursor));
        nanos(self.now) - nanos(at) > i128::from(status.next_check) || cursors.iter().any(lags)
    }

    /// The last time at which the source said that this is what it has.
    fn confirmed(&self, core: &Known<'_>) -> Option<Instant> {
        let document = core.document;
        let of_it = self
            .ledger
            .metadata
            .iter()
            .filter(|(_, said)| said.issued == document.issued && said.hash == document.hash);
        let spellings = self.ledger.known.iter().filter(|known| known.document.hash == document.hash);
        of_it.map(|(at, _)| at).chain(spellings.flat_map(|known| &known.fetched)).max().cloned()
    }

    fn is_uncertain(&self, core: &Known<'_>) -> bool {
        let within = i128::from(self.settings.confirm_within);
        self.confirmed(core).is_none_or(|at| nanos(self.now) - nanos(&at) > within)
    }

    /// Whether a change that is later came since it was confirmed.
    fn is_changed(&self, core: &Known<'_>) -> bool {
        let confirmed = self.confirmed(core);
        self.ledger.changes.iter().any(|change| {
            change.heard.is_some() && *change.counts_from() > core.document.issued && change.heard > confirmed
        })
    }

    /// Whether a consent is less than what the newest say.
    fn is_less(&self) -> bool {
        let newest = self.groups.first().into_iter().flatten();
        let keys = newest.flat_map(|known| known.document.consents.iter().map(move |(key, _)| (known, key)));
        keys.into_iter()
            .any(|(known, key)| self.consents.get(key).copied() < known.document.word(key, self.now))
    }

    fn is_set_back(&self) -> bool {
        self.lines.iter().any(|line| line.accepted && line.at > *self.now)
    }

    pub fn state(&self, reasons: &[Reason]) -> State {
        const UNCONFIRMED: [Reason; 6] = [
            Reason::Clock,
            Reason::Uncertain,
            Reason::Newer,
            Reason::Changed,
            Reason::Invalid,
            Reason::Status,
        ];
        let Some(core) = self.core else { return State::Absent };
        let is_suspended = || {
            let status = self.ledger.status_of(&core.document.id);
            status.is_some_and(|(_, status)| status.condition == Condition::Suspended)
        };
        if reasons.contains(&Reason::Expired) {
            State::Expired
        } else if self.has_conflict {
            State::Conflict
        } else if UNCONFIRMED.iter().any(|reason| reasons.contains(reason)) || is_suspended() {
            State::Unconfirmed
        } else {
            State::Fresh
        }
    }
}

/// An instant as nanoseconds. Beyond the years 1678 to 2262 it is the nearest that these can say.
fn nanos(instant: &Instant) -> i128 {
    let time = instant.time().map(|time| i128::from(time.0));
    time.unwrap_or_else(|| {
        let is_later = *instant > Instant::from(ulp_core::id::Time(0));
        i128::from(if is_later { i64::MAX } else { i64::MIN })
    })
}
