//! The words of a journal and of a view.

use std::fmt;
use std::str::FromStr;
use ulp_core::words;

words!(
    /// What a source is to its subject.
    Role {
        Bridge = "bridge",
        Cache = "cache",
        Relay = "relay",
        Projection = "projection",
        /// The subject's own source; nothing else is ever promoted to it.
        Authoritative = "authoritative",
    }
);
words!(
    /// What a line tells of.
    Step {
        /// What the source says that it has.
        Metadata = "metadata",
        /// Whether a manifest was revoked.
        Status = "status",
        /// An event of a change log.
        Change = "change",
        /// An event that was written here.
        Local = "local",
        /// Whether to fetch.
        Decide = "decide",
        /// A document that came, and what it was found to be.
        Fetch = "fetch",
        /// A road that brought nothing.
        Road = "road",
        /// The view that came of it.
        Merge = "merge",
        /// What was held of the subject was deleted.
        Forget = "forget",
    }
);
words!(
    /// What a document is worth.
    Standing {
        /// By whomever, or nobody.
        Hearsay = "hearsay",
        /// Signed by the subject, from another than its source.
        Genuine = "genuine",
        /// From the source, and not signed.
        Unsigned = "unsigned",
        /// From the source, and signed by the subject.
        Authoritative = "authoritative",
    }
);
words!(
    /// What a consent comes to.
    Word { Denied = "denied", Restricted = "restricted", Allowed = "allowed" }
);
words!(
    /// What a view may be used for.
    State {
        Absent = "absent",
        Expired = "expired",
        Conflict = "conflict",
        Unconfirmed = "unconfirmed",
        Fresh = "fresh",
    }
);
words!(
    /// Why the source should be asked, in the order in which a view lists them.
    Reason {
        Absent = "sync.absent",
        Invalid = "sync.invalid",
        Expired = "sync.expired",
        Expiring = "sync.expiring",
        Unverified = "sync.unverified",
        Status = "sync.status",
        Uncertain = "sync.uncertain",
        Newer = "sync.newer",
        NewerElsewhere = "sync.newer_elsewhere",
        Changed = "sync.changed",
        Consent = "sync.consent",
        Clock = "sync.clock",
    }
);
words!(
    /// What kind of value a conflict is about.
    Class {
        Claims = "claims",
        Consents = "consents",
        Core = "core",
        Pointers = "pointers",
        Preferences = "preferences",
    }
);

impl Word {
    /// Another word than these, or none, denies.
    pub fn of(text: Option<&str>) -> Word {
        text.and_then(|text| text.parse().ok()).unwrap_or(Word::Denied)
    }
}
