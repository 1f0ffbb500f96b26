//! `check`: a line a finding, canonical JSON.

use std::io::Write as _;
use ulp_cli::{Failure, Log, Output, Status};
use ulp_core::id::Lane;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_store::Store;
use ulp_store::check::{Finding, Severity};

/// Checks, writes what was found, and makes the run end with 3 where anything is damaged.
pub fn write(
    store: &Store,
    objects: bool,
    replay: bool,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let mut findings: Vec<Finding> = store.check_objects()?;
    findings.extend(if objects { store.check_named()? } else { store.check_lanes(replay)? });
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
    findings.dedup_by(|a, b| a.path == b.path && a.code == b.code);
    let mut lines = Vec::new();
    findings.iter().for_each(|finding| finding.print(&mut lines));
    out.write_all(&lines)?;
    // Whoever keeps the log alone has to find the cause there.
    findings.iter().filter(|f| f.severity == Severity::Damage).try_for_each(|finding| {
        let detail = format!("{}: {}", finding.path, finding.detail);
        let (code, shared) = (finding.code.into(), is_shared(&detail));
        let outcome = Outcome::Noted;
        log.fail(
            Status::Corrupt,
            &Diagnostic { position: None, outcome, code, shared, event_id: None, detail },
        )
    })
}

/// Whether what is said names no lane that is not for everyone.
fn is_shared(said: &str) -> bool {
    let names = |lane: Lane| said.contains(&format!("/{lane}"));
    !Lane::all().any(|lane| !lane.is_shared() && names(lane))
}
