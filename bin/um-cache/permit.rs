//! `--permit`: one look at one subject.

use std::io::Write as _;

use ulp_cli::{Failure, Log, Output, Status, Witness};
use ulp_core::json::write::Members;
use ulp_um::cache::Permit;

use crate::Args;
use crate::cache::Cache;
use crate::journal::Journal;
use crate::known::Known;
use crate::rules::Rules;
use crate::sources::Sources;

pub fn run(
    args: &Args,
    operation: &str,
    subject: &str,
    mut out: Output,
    log: &mut Log,
) -> Result<Status, Failure> {
    let settings = Sources::read_settings(&args.cache)?;
    let cache = Cache::open(&args.cache)?;
    let lines = Journal::read(&cache, log)?.of(subject)?;
    let (rules, now) = (Rules::read(&args.cache)?, args.now.time());
    let view = Known::read(&cache, subject, lines, &rules, now)?.fold(&settings, now).view;
    let permit = Permit::of(&view, operation, &settings);
    let mut text = Vec::new();
    let mut line = Members::open(&mut text);
    line.boolean("allowed", permit.allowed, &mut text);
    line.text("op", operation, &mut text);
    line.word("reason", permit.reason, &mut text);
    line.text("subject", subject, &mut text);
    line.end_line(&mut text);
    out.write_all(&text)?;
    if !permit.allowed {
        log.raise(Status::Refused);
    }
    log.finish(Some(out), &Witness { now: args.now.given(), ..Witness::default() })
}
