//! `--to`: content that only some may read.

use rayon::prelude::*;
use ulp_cli::framing::Document;
use ulp_cli::{Failure, Log, Status, read_dids};
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_um::jwe::{MAX_RECIPIENTS, Recipe, Recipient, seal};
use ulp_um::{facets, hash};

use crate::Args;
use crate::document::{Changed, Done, refuse_signed};
use crate::keys::{draws, no_randomness};
use crate::pass;

pub fn run(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let recipients = recipients(args)?;
    let mut draws = draws(args.random.as_deref(), log)?;
    let desk = Desk { recipients, kinds: &args.facet };
    pass::run(args, log, &mut |documents| {
        // Drawn one after the other, in their order; all else is done side by side.
        let parts: Vec<usize> = documents.par_iter().map(|document| desk.parts(document)).collect();
        let recipes = parts.iter().map(|parts| {
            (0..*parts).map(|_| Recipe::draw(&desk.recipients, &mut draws)).collect::<Result<Vec<_>, _>>()
        });
        let recipes = recipes.collect::<Result<Vec<_>, _>>().map_err(no_randomness)?;
        let work = documents.par_iter().zip(recipes);
        Ok(work
            .map(|(document, recipes)| Done::of(document, |object, _| desk.seal(object, &recipes)))
            .collect())
    })
}

/// Those to whom is sealed.
fn recipients(args: &Args) -> Result<Vec<Recipient>, Failure> {
    if args.to.len() > MAX_RECIPIENTS {
        return Err(Failure::usage("--to", "more than 64 recipients"));
    }
    let dids = read_dids(args.dids.as_deref())?;
    let of = |did: &String| {
        let unknown = || Failure::usage("--to", format!("{did}: no key of X25519 or P-256 is known of it"));
        Recipient::of_did(did, &dids).ok_or_else(unknown)
    };
    args.to.iter().map(of).collect()
}

/// What is sealed, and for whom.
struct Desk<'d> {
    recipients: Vec<Recipient>,
    kinds: &'d [String],
}

impl Desk<'_> {
    /// How many parts of a document are sealed: none of one that is refused.
    fn parts(&self, document: &Document<'_>) -> usize {
        let Ok(bytes) = document.text else { return 0 };
        let mut tape = Tape::new();
        json::parse_line(&mut tape, bytes).map_or(0, |object| self.chosen(object).map_or(0, |c| c.len()))
    }

    /// What of a document is sealed: by the number of its facet, or the whole as nothing.
    fn chosen(&self, object: Value<'_, '_>) -> Result<Vec<Option<usize>>, Refusal> {
        if self.kinds.is_empty() {
            return Ok(vec![None]);
        }
        let facets = facets::of(object);
        let is_chosen =
            |i: &usize| facets::is_of(facets[*i], self.kinds) && facets::content(facets[*i]).is_some();
        let chosen: Vec<usize> = (0..facets.len()).filter(is_chosen).collect();
        if chosen.iter().any(|i| facets::is_sealed(facets[*i])) {
            return Err(Refusal::new("seal.sealed", "a facet of that kind is sealed already: open it first"));
        }
        // A kind that is misspelt must not let pass in plain what was to be hidden.
        if chosen.is_empty() {
            return Err(Refusal::new("seal.none", "no facet of that kind: nothing of it would be sealed"));
        }
        refuse_signed(object)?;
        Ok(chosen.into_iter().map(Some).collect())
    }

    fn seal(&self, object: Value<'_, '_>, recipes: &[Recipe]) -> Changed {
        let chosen = self.chosen(object)?;
        let facets = facets::of(object);
        let sealed = chosen.par_iter().zip(recipes).map(|(part, recipe)| {
            let Some(i) = part else { return Ok((None, self.jwe(object, recipe))) };
            let content =
                facets::content(facets[*i]).map_or_else(String::new, |content| self.jwe(content, recipe));
            Ok((Some(*i), facets::sealed(facets[*i], &content)?))
        });
        let mut others = vec![None; facets.len()];
        for (part, text) in sealed.collect::<Result<Vec<_>, Refusal>>()? {
            match part {
                Some(i) => others[i] = Some(text),
                None => return Ok(Some(text)),
            }
        }
        facets::replaced(object, &others).map(Some)
    }

    fn jwe(&self, content: Value<'_, '_>, recipe: &Recipe) -> String {
        seal(&hash::canonical(content), &self.recipients, recipe)
    }
}
