//! The directory of a portal.
//!
//! ```text
//! <portal>/key.pem                    whose it is
//! <portal>/agree.pem                  what opens what is sealed to it
//! <portal>/bind.pem                   what shows that whoever presents claims holds them
//! <portal>/terms.json                 what a world offers
//! <portal>/container.json             what a visitor has
//! <portal>/openings/*.json            the openings of its commitments
//! <portal>/trust.toml, roles.toml, rules.toml
//! <portal>/dids/<DID>.json            the documents of DIDs
//! <portal>/sessions/<key>.open        what was offered or sent, until it is spent
//! <portal>/sessions/<key>.receipt     what it was spent on
//! <portal>/receipts/<hash>.json       receipts that were signed here
//! <portal>/ledger.jsonl               that they were
//! <portal>/lock                       flock'ed by whoever changes something
//! ```

use std::path::Path;

use ulp_cli::{Failure, Log, read_dids, read_key, read_secret};
use ulp_core::trust::SecretKey;
use ulp_store::dir::Dir;
use ulp_um::dids::Dids;
use ulp_um::jwe::{self, AGREEMENT};
use ulp_um::portal::Trust;
use ulp_um::portal::roles::Roles;

use crate::settings;

pub const KEY: &str = "key.pem";
const AGREE: &str = "agree.pem";
pub const DIDS: &str = "dids";

/// A portal, as far as evaluating needs it.
pub struct Portal {
    pub dir: Dir,
    pub key: SecretKey,
    /// The DID of the key.
    pub did: String,
    pub opener: Option<jwe::SecretKey>,
    pub trust: Trust,
    pub roles: Roles,
    pub dids: Dids,
}

impl Portal {
    /// # Errors
    /// Where there is no such directory or no key in it; usage: its settings are not understood.
    pub fn open(path: &Path, log: &mut Log) -> Result<Portal, Failure> {
        let dir = Dir::root(path)?;
        let key = read_key(&path.join(KEY), log)?;
        let agree = path.join(AGREE);
        let opener = agree.exists().then(|| read_secret(&agree, &AGREEMENT, log)).transpose()?;
        let dids = path.join(DIDS);
        Ok(Portal {
            dir,
            did: key.did().to_string(),
            key,
            opener,
            trust: settings::trust(path)?,
            roles: settings::roles(path)?,
            dids: read_dids(Some(dids.as_path()).filter(|path| path.is_dir()))?,
        })
    }
}
