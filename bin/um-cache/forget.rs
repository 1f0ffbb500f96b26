//! `--forget`: what is held of a subject is deleted; that this was done stays.
//!
//! The journal without its lines takes the old one's place first, then documents go that no line names any more. Where
//! that is cut short, the next time removes them.

use std::collections::BTreeSet;

use ulp_cli::{Failure, Log, Status, Witness};
use ulp_um::cache::words::Step;

use crate::Args;
use crate::cache::Cache;
use crate::journal::Journal;
use crate::said::line;

pub fn run(args: &Args, subject: &str, log: &mut Log) -> Result<Status, Failure> {
    let cache = Cache::open(&args.cache)?;
    let lock = cache.lock()?;
    let journal = Journal::read(&cache, log)?;
    let (mut kept, mut named, mut is_known) = (Vec::new(), BTreeSet::new(), false);
    for read in journal.lines() {
        let (range, line) = read?;
        if line.subject == subject {
            is_known = true;
        } else {
            named.extend(line.object);
            kept.push(range);
        }
    }
    if is_known {
        journal.replace(&cache, &kept, &line(Step::Forget, subject, args.now.time()))?;
    }
    cache.remove_others(|hash| named.contains(hash))?;
    lock.release()?;
    log.finish(None, &Witness { now: args.now.given(), ..Witness::default() })
}
