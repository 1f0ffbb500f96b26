//! The witness: the last line of a run that reached its end.

use std::io::Write as _;

use super::json::write_text;
use ulp_core::hash::Blake3;
use ulp_core::json::write::Members;
use ulp_core::report::Tally;
use ulp_core::text::escape;

/// What the witness line binds together, beside the counts.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The digest of the bytes read; with `--store`, of the manifests' hashes as lines.
    pub input: Option<Blake3>,
    /// The root of the state, where one was derived.
    pub root: Option<Blake3>,
    /// The digest of the dotfiles' bytes, where there were any.
    pub scope: Option<Blake3>,
    /// The time that `--now` put in place of the clock, as it was given.
    pub now: Option<String>,
    /// Further members with their texts, behind all others.
    pub more: Vec<(&'static str, String)>,
}

/// What a run has come to: what its witness says, of which tool and of which output.
pub(super) struct Ending<'e> {
    pub tool: &'e str,
    pub version: &'e str,
    pub tally: &'e Tally,
    pub witness: &'e Witness,
    pub output: Option<Blake3>,
}

impl Ending<'_> {
    fn counts(&self) -> [(&'static str, u64); 5] {
        let Tally { read, rejected, withheld, duplicate, .. } = *self.tally;
        [
            ("read", read),
            ("applied", self.tally.applied()),
            ("rejected", rejected),
            ("withheld", withheld),
            ("duplicate", duplicate),
        ]
    }

    /// What is bound together; `whole` says whether input and output are named.
    fn digests(&self, whole: bool) -> impl Iterator<Item = (&'static str, Blake3)> {
        let Witness { input, root, scope, .. } = self.witness;
        [
            ("input", input.filter(|_| whole)),
            ("output", self.output.filter(|_| whole)),
            ("root", *root),
            ("scope", *scope),
        ]
        .into_iter()
        .filter_map(|(name, digest)| Some((name, digest?)))
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let now = self.witness.now.iter().map(|now| ("now", now.as_str()));
        now.chain(self.witness.more.iter().map(|(name, text)| (*name, text.as_str())))
    }

    /// The witness line with its end; `whole` says whether it names input and output.
    pub fn write_json(&self, whole: bool, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        line.word("log", "witness", out);
        write_text("tool", self.tool, &mut line, out);
        write_text("version", self.version, &mut line, out);
        self.counts().into_iter().for_each(|(name, count)| line.integer(name, count, out));
        line.name("codes", out);
        let mut codes = Members::open(out);
        self.tally.codes.iter().for_each(|(code, count)| codes.integer(code, *count, out));
        codes.close(out);
        self.digests(whole).for_each(|(name, digest)| line.word(name, digest, out));
        self.texts().for_each(|(name, text)| write_text(name, text, &mut line, out));
        line.end_line(out);
    }

    /// The witness in words.
    pub fn write_text(&self, whole: bool, out: &mut Vec<u8>) {
        let tool = self.tool;
        let counts = self.counts().map(|(name, count)| format!("{name} {count}"));
        let _ = writeln!(out, "{tool}: {}", counts.join(", "));
        if !self.tally.codes.is_empty() {
            let codes: Vec<String> =
                self.tally.codes.iter().map(|(code, count)| format!("{code} {count}")).collect();
            let _ = writeln!(out, "{tool}: {}", codes.join(", "));
        }
        for (name, digest) in self.digests(whole) {
            let _ = writeln!(out, "{tool}: {name} {digest}");
        }
        for (name, text) in self.texts() {
            let _ = writeln!(out, "{tool}: {name} {}", escape(text));
        }
    }
}
