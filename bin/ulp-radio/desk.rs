//! What stands on the table while lines are turned: the key, the names, and the numbers of messages.

use crate::Args;
use crate::known::{self, Stamp};
use crate::line::{Fit, Turned, Unfit, fit};
use std::collections::HashMap;
use ulp_cli::{Failure, Log, read_key};
use ulp_core::event::Defaults;
use ulp_core::frame::{self, Advert, Frame, Tag, room};
use ulp_core::id::Time;
use ulp_core::json::{Tape, Value, parse_line};
use ulp_core::report::{Outcome, Position, Refusal, Report};
use ulp_core::statement::{Signers, signer};
use ulp_core::trust::authority::Authority;
use ulp_core::trust::{Scratch, SecretKey, Verifier};
use ulp_peer::radio::{Assembly, Message, Names, Source};

/// Nanoseconds of a second.
const NANOS: i64 = 1_000_000_000;
/// Speakers whose last number is remembered, before those whose number the clock has passed are forgotten.
const MANY: usize = 1 << 16;

/// What turning lines needs.
pub struct Desk {
    mtu: usize,
    hops: u8,
    whole: bool,
    key: Option<SecretKey>,
    /// Who speaks here: the key, or the store.
    pub own: Option<String>,
    pub names: Names,
    /// The graph as it was when its names were learnt.
    pub graph: Option<Stamp>,
    /// What a draft is completed with here, so that none goes on air that would be private here.
    defaults: Defaults,
    /// What one that is heard is completed with, which is for the next gate to say.
    pub elsewhere: Defaults,
    /// Whose key is whose, as far as the store's dotfiles say.
    rules: Authority,
    pub verifier: Verifier,
    scratch: Scratch,
    pub assembly: Assembly,
    numbers: Numbers,
}

impl Desk {
    pub fn open(args: &Args, log: &mut Log) -> Result<Desk, Failure> {
        let key = args.key.as_deref().map(|path| read_key(path, log)).transpose()?;
        let mut names = Names::default();
        // A draft without an actor is sent as what it is: the gate that it comes to completes it.
        let elsewhere = Defaults { actor: Some(String::new()), ..Defaults::default() };
        let mut defaults = elsewhere.clone();
        let stamp = args.graph.as_deref().and_then(known::stamp);
        args.graph.as_deref().map_or(Ok(()), |path| known::graph(path, &mut names))?;
        let store = args.store.as_deref().map(|path| known::store(path, &mut names)).transpose()?;
        if let Some(scope) = &store {
            defaults = scope.defaults().clone();
        }
        let own = key.as_ref().map(SecretKey::did).or(store.as_ref().and_then(|scope| scope.identity()));
        let own = own.map(|own| own.to_string());
        own.iter().for_each(|own| names.add_peer(Source::Store, own));
        defaults.actor.get_or_insert_with(String::new);
        Ok(Desk {
            mtu: args.mtu.into(),
            hops: args.hops,
            whole: args.whole,
            key,
            own,
            names,
            graph: stamp,
            defaults,
            elsewhere,
            rules: store.as_ref().map(|scope| scope.authority()).unwrap_or_default(),
            verifier: Verifier::new(),
            scratch: Scratch::default(),
            assembly: Assembly::default(),
            numbers: Numbers::default(),
        })
    }

    /// What becomes of a line.
    ///
    /// # Errors
    /// What is wrong with it, or for whom it is.
    pub fn turn(
        &mut self,
        line: &[u8],
        now: Time,
        at: Position,
        report: &mut Report,
    ) -> Result<Turned, Unfit> {
        Ok(match fit(line, &self.defaults)? {
            Fit::Packet(packet) => Turned::Packet(packet),
            Fit::Event(actor) => Turned::Frames { frames: self.parts(line, &actor, now)?, own: true },
            Fit::Statement => self.statement(line, now, at, report)?,
        })
    }

    /// An event that is for everyone, in parts.
    pub fn event(&mut self, line: &[u8], now: Time) -> Option<Vec<Frame>> {
        match fit(line, &self.elsewhere) {
            Ok(Fit::Event(actor)) => self.parts(line, &actor, now).ok(),
            _ => None,
        }
    }

    /// A line in parts.
    fn parts(&mut self, line: &[u8], peer: &str, now: Time) -> Result<Vec<Frame>, Refusal> {
        let peer = Tag::of_peer(peer);
        Message { peer, seq: self.numbers.next(peer, now), hops: self.hops }.cut(line, self.mtu)
    }

    fn statement(
        &mut self,
        line: &[u8],
        now: Time,
        at: Position,
        report: &mut Report,
    ) -> Result<Turned, Refusal> {
        let mut tape = Tape::new();
        let statement = parse_line(&mut tape, line)?;
        let peer = statement.get("peer").and_then(Value::as_text).unwrap_or_default();
        let own = self.own.as_ref() == Some(&peer);
        // Whose key a name is that is no key by itself, only those who are asked later can say.
        let signers = Signers { rules: &self.rules, now, named: &|_| true };
        signer(statement, &signers, &self.verifier, &mut self.scratch)
            .map_err(|refusal| Refusal { shared: true, ..refusal })?;
        if let Some(frame) = frame::proof(statement)? {
            let frame = frame.with_hops(self.hops);
            if frame.print().len() <= self.mtu {
                return Ok(Turned::Frames { frames: vec![frame], own });
            }
        }
        if self.whole {
            return Ok(Turned::Frames { frames: self.parts(line, &peer, now)?, own });
        }
        let Some(advert) = Advert::read(statement) else {
            let what = "no frame carries a receipt or an attestation; --whole sends it in parts";
            note(at, report, what.to_owned());
            return Ok(Turned::Frames { frames: Vec::new(), own });
        };
        for path in &advert.left_out {
            note(at, report, format!("{path}: no frame carries it; --whole sends the line in parts"));
        }
        let frames = self.frames(&advert, &peer);
        if frames.iter().any(|frame| frame.rows().is_some_and(|rows| rows.entries.is_empty())) {
            let what = "the packets have no room for a tip: only that the peer is there is said";
            note(at, report, what.to_owned());
        }
        Ok(Turned::Frames { frames, own })
    }

    /// The frames of an advert or a want: signed where it is by the key that is here, and a frame has room for that.
    pub fn frames(&self, advert: &Advert, peer: &str) -> Vec<Frame> {
        let own = self.key.as_ref().filter(|key| key.did().to_string() == peer);
        let signs = own.and_then(|key| Some((key, room(self.mtu, true).filter(|room| *room > 0)?)));
        if let Some((key, most)) = signs {
            return advert.frames(most, self.hops).into_iter().map(|frame| frame.sign(key)).collect();
        }
        advert.frames(room(self.mtu, false).unwrap_or_default(), self.hops)
    }
}

/// Notes what is not sent.
fn note(at: Position, report: &mut Report, detail: String) {
    report.say(Outcome::Noted, "radio.dropped", at, true, || (None, detail));
}

/// The numbers of messages: the second in which one is said, or the speaker's last and 1.
#[derive(Default)]
struct Numbers(HashMap<Tag, u32>);

impl Numbers {
    fn next(&mut self, peer: Tag, now: Time) -> u32 {
        let now = u32::try_from(now.0.div_euclid(NANOS).max(0)).unwrap_or(u32::MAX);
        if self.0.len() >= MANY {
            self.0.retain(|_, last| *last >= now);
        }
        let last = self.0.get(&peer).map_or(0, |last| last.saturating_add(1));
        let next = now.max(last);
        self.0.insert(peer, next);
        next
    }
}
