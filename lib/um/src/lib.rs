//! Universal Manifests: signed documents about people, and what they permit. Pages "6. Trust" and
//! "12. Manifests in motion".
//!
//! [`manifest::judge`] holds a document to every rule of its version; [`credential::verify`] says who issued a
//! credential, and [`credential::claims`] which claims that makes true. [`dids`] says which key a name stands for,
//! [`hash`] what a document is called by its content, and [`cache`] what is held to be true where documents came by
//! many roads. [`jwe`] hides what only some may read, and [`facets`] where that stands; [`birth`] commits to a date, and [`age`]
//! shows that one is older than so many years by it.
//!
//! ```
//! use ulp_core::trust::{Scratch, Verifier};
//! use ulp_um::dids::Dids;
//! use ulp_um::manifest::{Clock, Context, judge};
//! let (verifier, dids) = (Verifier::new(), Dids::none());
//! let context = Context { clock: Clock::Unasked, verifier: &verifier, dids: &dids };
//! let refused = judge(b"{}", &context, &mut Scratch::default());
//! assert_eq!(refused.map_err(|refusal| refusal.code), Err("um.context".into()));
//! ```

pub mod age;
pub mod birth;
pub mod cache;
pub mod credential;
pub mod day;
pub mod dids;
pub mod draws;
pub mod facets;
pub mod hash;
pub mod jwe;
pub mod manifest;
pub mod portal;
