//! `--open`: what is sealed to a key, in plain.

use rayon::prelude::*;
use ulp_cli::{Failure, Log, Status, read_secret};
use ulp_core::json::{self, Tape, Value};
use ulp_um::facets;
use ulp_um::jwe::{AGREEMENT, Closed, SecretKey, open};
use zeroize::Zeroizing;

use crate::Args;
use crate::document::{Changed, Done, is_signed};
use crate::pass;

pub fn run(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let path = args.key.as_deref().ok_or_else(|| Failure::usage("--key", "it is missing"))?;
    let key = read_secret(path, &AGREEMENT, log)?;
    pass::run(args, log, &mut |documents| {
        let open = |document| Done::of(document, |object, done| open_document(object, &key, done));
        Ok(documents.par_iter().map(open).collect())
    })
}

/// Opens what the key opens: the whole, or the facets that are sealed. What stays closed is noted, and no fault.
fn open_document(object: Value<'_, '_>, key: &SecretKey, done: &mut Done) -> Changed {
    if object.get("ciphertext").is_some() {
        let plain = plain(object, key).and_then(|text| whole(&text).ok_or(Closed::Failed));
        return Ok(noted(plain, done));
    }
    let facets = facets::of(object);
    let opened: Vec<Option<String>> = facets.iter().map(|facet| open_facet(*facet, key, done)).collect();
    if opened.iter().all(Option::is_none) {
        return Ok(None);
    }
    let text = facets::replaced(object, &opened)?;
    if is_signed(object) {
        done.notes.push(("seal.signed", "it is signed, and holds no more: opened is for reading"));
    }
    Ok(Some(text))
}

fn open_facet(facet: Value<'_, '_>, key: &SecretKey, done: &mut Done) -> Option<String> {
    let content = facets::content(facet).filter(|_| facets::is_sealed(facet))?;
    let opened =
        plain(content, key).and_then(|text| facets::opened(facet, &text).map_err(|_| Closed::Failed));
    noted(opened, done)
}

/// What a JWE holds, where that is JSON.
fn plain(jwe: Value<'_, '_>, key: &SecretKey) -> Result<Zeroizing<String>, Closed> {
    let bytes = open(jwe, key)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Closed::Failed)?;
    let is_json = Tape::new().parse_any(text, json::EVENT_DEPTH).is_ok();
    if is_json { Ok(Zeroizing::new(text.to_owned())) } else { Err(Closed::Failed) }
}

/// A document that was sealed as a whole, in canonical form; nothing where it is no object.
fn whole(text: &str) -> Option<String> {
    let mut tape = Tape::new();
    let object = tape.parse(text, json::EVENT_DEPTH).ok()?;
    Some(ulp_um::hash::canonical_without(object, &[]))
}

/// Notes why something stays closed.
fn noted(opened: Result<String, Closed>, done: &mut Done) -> Option<String> {
    let detail = |closed| match closed {
        Closed::Failed => "it does not open: changed, or not of the one algorithm pair",
        Closed::NoKey => "it is sealed to others",
    };
    opened.map_err(|closed| done.notes.push((closed.code(), detail(closed)))).ok()
}
