//! A document through the stages.

use ulp_core::json::Tape;
use ulp_core::trust::{Instant, Scratch};

use super::receipt::Outcome;
use super::work::{Evaluation, Passed, Rejection, Work};
use super::{Receipt, Setting, Stage, View, arrive, compose, consent, project, verify};
use crate::hash;

/// Takes a document through the stages, up to `last` or where it goes no further.
pub fn evaluate(bytes: &[u8], setting: &Setting<'_>, last: Stage) -> Evaluation {
    evaluate_watched(bytes, setting, last, &mut |_| {})
}

/// As [`evaluate`]; `watch` sees what is found after each stage.
pub fn evaluate_watched(
    bytes: &[u8],
    setting: &Setting<'_>,
    last: Stage,
    watch: &mut dyn FnMut(&Evaluation),
) -> Evaluation {
    let (mut tape, mut found) = (Tape::new(), begun(setting));
    let arrived = arrive::arrive(bytes, &mut tape, &mut found);
    let Some((manifest, version)) = end(arrived, &mut found, watch) else { return found };
    found.hash = Some(hash::of(manifest));
    let mut work = Work {
        setting,
        manifest,
        version,
        key: None,
        offer: None,
        claims: Vec::new(),
        scratch: Scratch::default(),
        found: &mut found,
    };
    let stages = [Stage::Verify, Stage::Project, Stage::Consent, Stage::Compose];
    for stage in stages.into_iter().take_while(|stage| *stage <= last) {
        work.found.stage = stage;
        let passed = run(stage, &mut work);
        if end(passed, work.found, watch).is_none() {
            break;
        }
    }
    found
}

/// What is found of a document before anything is.
fn begun(setting: &Setting<'_>) -> Evaluation {
    Evaluation {
        now: setting.now,
        stage: Stage::Arrive,
        receipt: Receipt::new(String::new(), Instant::print(setting.now)),
        view: View::default(),
        crossing: None,
        proven: None,
        hash: None,
        offer: None,
    }
}

fn run(stage: Stage, work: &mut Work<'_, '_, '_, '_>) -> Passed {
    match stage {
        Stage::Arrive => Ok(()),
        Stage::Verify => verify::run(work),
        Stage::Project => {
            project::run(work);
            Ok(())
        }
        Stage::Consent => {
            consent::run(work);
            Ok(())
        }
        Stage::Compose => compose::run(work),
    }
}

/// Ends a stage: a rejection says why.
fn end<T>(
    passed: Result<T, Rejection>,
    found: &mut Evaluation,
    watch: &mut dyn FnMut(&Evaluation),
) -> Option<T> {
    let passed = passed.map_err(|Rejection(codes)| {
        codes.into_iter().for_each(|code| found.receipt.warn(code));
        found.receipt.outcome = Some(Outcome::Rejected);
    });
    watch(found);
    passed.ok()
}
