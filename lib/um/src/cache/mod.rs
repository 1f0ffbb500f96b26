//! What a cache of manifests holds to be true: a view, folded out of a journal. Page "12. Manifests in motion".
//!
//! A journal is lines: what came, by which road, when, and what it was found to be. A view is a function of the *set* of
//! its accepted lines, the documents that they name, the settings, and one instant; nothing else comes in, so lines may
//! be shuffled, doubled or gathered from many caches.
//!
//! ```text
//! lines ──known──▶ documents, each with its standing and its receipt ──held──▶ groups of one issuedAt, newest first
//!   │                                                                            │
//!   └──events──▶ changes, one an id                              newest: values and conflicts
//!                   │                                                            │
//!                   └──────────────▶ consents: the least ◀───────────────────────┘
//!                                    reasons, state ──▶ view ──▶ permit
//! ```
//!
//! A denial counts by any road, an allowance by one: only what the subject's own source says gives a consent its base,
//! and everything else can but lower it.
//!
//! Who signed a document, and whether it may be used at all, was judged when it came, and stands in its line. What a
//! verified claim is, is the caller's to say: see [`document::Attested`].

mod consents;
mod cursor;
pub mod document;
pub mod event;
mod fold;
mod held;
pub mod line;
mod newest;
mod period;
mod permit;
mod reasons;
pub mod said;
mod settings;
mod view;
pub mod words;

pub use document::Document;
pub use event::Event;
pub use fold::{Cached, Folded, fold};
pub use line::Line;
pub use permit::Permit;
pub use reasons::ROLLBACK;
pub use settings::{Authority, Reopen, Settings, Verify};
pub use view::{Conflict, UNRESOLVED, View};
