//! The check: every step computed again, each by itself, from what is known of its beginning now.

use crate::body::World;
use crate::clock::{Edge, WINDOW_SECONDS};
use crate::deeds::{self, Deed, Deeds};
use crate::engine::SOLVER;
use crate::scene::Scene;
use crate::window::{self, Outcome};
use rayon::prelude::*;
use std::collections::BTreeSet;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::hash::Blake3;
use ulp_core::id::{Tile, Time};
use ulp_core::json::write::Members;
use ulp_core::json::{self, Kind, Tape, Value, raw};
use ulp_view::transform::numbers_of;

/// How many windows wait for a thread, at most.
const WAITING: usize = 16;

/// What a step says.
struct Claim<'a> {
    tile: Tile,
    /// The hash that it is.
    hash: Blake3,
    id: &'a str,
    solver: String,
    /// The end of its window; nothing where it is none of ours.
    end: Option<Edge>,
    input: Option<Blake3>,
    output: Option<Blake3>,
    /// Its updates, canonical, with the nodes that they name.
    updates: Vec<(String, String)>,
}

/// A window that is to be computed again, with the steps that claim to be it.
struct Task<'a> {
    claims: Vec<Claim<'a>>,
    world: Option<World<'a>>,
    /// The nodes that hands touched in it.
    touched: BTreeSet<usize>,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Differs,
    Stale,
    OtherEngine,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Differs => "differs",
            Verdict::Stale => "stale",
            Verdict::OtherEngine => "other_engine",
        }
    }
}

/// What was found of a step: its line, and for the log.
pub struct Finding {
    pub verdict: Verdict,
    pub event: String,
    /// With the line end.
    pub line: Vec<u8>,
}

/// Checks the steps of a space that take effect by `until`, and lets `write` take what was found, in order.
///
/// # Errors
/// What `write` answers.
pub fn check<'a, E>(
    deeds: &Deeds<'a>,
    until: Option<Time>,
    defaults: &Defaults,
    takes_tile: &dyn Fn(Tile) -> bool,
    mut write: impl FnMut(Finding) -> Result<(), E>,
) -> Result<(), E> {
    let (mut scene, mut left) = (Scene::new(deeds), &deeds.list[..]);
    let list = &deeds.list;
    let steps: Vec<&Deed<'a>> = list
        .iter()
        .filter(|deed| deed.line.is_some() && until.is_none_or(|until| deed.key.eff <= until))
        .collect();
    let mut tasks = Vec::new();
    for same in steps.chunk_by(|a, b| a.key.eff == b.key.eff) {
        let claims: Vec<Claim<'a>> = same.iter().filter_map(|deed| Claim::read(deed, defaults)).collect();
        // Its window is the one that ends when it takes effect.
        let end = Edge::from(same[0].key.eff);
        let is_ours = claims.iter().any(|claim| claim.end.is_some());
        scene.take(deeds::up_to(end.before(), &mut left));
        let window = left.iter().take_while(|deed| deed.key.eff <= end.time());
        let hands = window.filter(|deed| !deed.is_step).flat_map(|deed| &deed.acts);
        let touched = hands.filter_map(|act| act.node()).collect();
        let world = is_ours.then(|| World::of(&mut scene, takes_tile).0);
        tasks.push(Task { claims, world, touched });
        if tasks.len() == WAITING * rayon::current_num_threads() {
            run(deeds.space, &mut tasks, &mut write)?;
        }
    }
    run(deeds.space, &mut tasks, &mut write)
}

/// Computes the windows that wait.
fn run<E>(
    space: &str,
    tasks: &mut Vec<Task<'_>>,
    write: &mut impl FnMut(Finding) -> Result<(), E>,
) -> Result<(), E> {
    let findings: Vec<Vec<Finding>> = tasks.par_iter().map(|task| task.judge(space)).collect();
    tasks.clear();
    findings.into_iter().flatten().try_for_each(write)
}

impl Task<'_> {
    fn judge(&self, space: &str) -> Vec<Finding> {
        let outcome = self.world.as_ref().map(|world| (world, window::run(world)));
        self.claims.iter().map(|claim| claim.judge(space, outcome.as_ref(), &self.touched)).collect()
    }
}

impl<'a> Claim<'a> {
    /// Reads the line of a step again; nothing where it is a part of a macro, which no solver writes.
    fn read(deed: &Deed<'a>, defaults: &Defaults) -> Option<Claim<'a>> {
        let arena = bumpalo::Bump::new();
        let Ok(Line::Event(event)) = Reader::new(&arena, defaults).read_bytes(deed.line?) else {
            return None;
        };
        if event.operation != "physics_step" {
            return None;
        }
        let (mut tape, mut canonical) = (Tape::new(), Vec::new());
        event.write_canonical(&mut tape, &mut canonical);
        let text = std::str::from_utf8(&canonical).ok()?;
        let mut tape = Tape::new();
        let top = tape.parse_any(text, json::STATE_DEPTH).ok()?;
        let word = |name| top.get(name).map(Value::raw).and_then(raw::text).unwrap_or_default().into_owned();
        let number = |name| top.get(name).and_then(Value::as_f64);
        let solver = word("solver");
        let hash = |name| word(name).parse().ok();
        let end = number("tick").and_then(Edge::of_tick).filter(|end| {
            let in_time = deed.key.eff == end.time() && number("delta_time") == Some(WINDOW_SECONDS);
            in_time && solver == SOLVER
        });
        let update = |update: Value<'_, '_>| {
            let node = update.get("node_id").map(Value::raw).and_then(raw::text).unwrap_or_default();
            (node.into_owned(), update.raw().to_owned())
        };
        let updates = top.get("updates").filter(|list| list.kind() == Kind::Array);
        Some(Claim {
            tile: deed.tile,
            hash: Blake3::of(&canonical),
            id: deed.key.id,
            solver,
            end,
            input: hash("input"),
            output: hash("output"),
            updates: updates.into_iter().flat_map(|list| list.items().map(update)).collect(),
        })
    }

    fn judge(
        &self,
        space: &str,
        outcome: Option<&(&World<'_>, Outcome)>,
        touched: &BTreeSet<usize>,
    ) -> Finding {
        let ours = outcome.filter(|_| self.end.is_some());
        let mut farthest = None;
        let verdict = match ours {
            None if self.solver == SOLVER => Verdict::Differs,
            None => Verdict::OtherEngine,
            Some((_, outcome)) if self.input != Some(outcome.input) => Verdict::Stale,
            Some((world, outcome)) => {
                farthest = self.farthest(world, outcome, touched);
                let holds = farthest.is_none() && self.output == Some(outcome.output);
                if holds { Verdict::Holds } else { Verdict::Differs }
            }
        };
        let line = self.line(space, verdict, ours.map(|(_, outcome)| outcome), farthest.as_ref());
        Finding { verdict, event: self.id.to_owned(), line }
    }

    /// Of the nodes of which something else is said than they came to, the one farthest off, and how far. What hands
    /// touched may be missing, as they may have come late.
    fn farthest(
        &self,
        world: &World<'_>,
        outcome: &Outcome,
        touched: &BTreeSet<usize>,
    ) -> Option<(String, Option<f64>)> {
        let mut wrong: Vec<(String, Option<f64>)> = Vec::new();
        let mut claimed = self.updates.iter().peekable();
        let own = world.bodies.iter().zip(&outcome.ends).filter(|(body, _)| body.tile == self.tile);
        for (body, end) in own {
            let said = claimed.next_if(|(node, _)| node == body.name).map(|(_, update)| update);
            let mut update = Vec::new();
            if let Some(end) = end {
                body.write_update(&end.registers(body), &mut update);
            }
            let is_right = match said {
                Some(said) => said.as_bytes() == update,
                None => end.is_none() || touched.contains(&body.node),
            };
            if !is_right {
                let place = end.map_or(body.moment.position, |end| end.position);
                let said = said.map_or(Some(body.moment.position), |said| position(said));
                wrong.push((body.name.to_owned(), said.map(|said| distance(place, said))));
            }
        }
        // What is not said of a body, or not in its turn.
        wrong.extend(claimed.map(|(node, _)| (node.clone(), None)));
        let far = |(_, metres): &(String, Option<f64>)| metres.unwrap_or(-1.0);
        wrong.into_iter().reduce(|a, b| if far(&b) > far(&a) { b } else { a })
    }

    fn line(
        &self,
        space: &str,
        verdict: Verdict,
        outcome: Option<&Outcome>,
        farthest: Option<&(String, Option<f64>)>,
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let out = &mut out;
        let mut line = Members::open(out);
        line.text("check", verdict.word(), out);
        line.word("event", self.hash, out);
        line.text("event_id", self.id, out);
        if let Some(outcome) = outcome {
            line.word("input", outcome.input, out);
        }
        if let Some((node, metres)) = farthest {
            if let Some(metres) = metres {
                line.number("metres", *metres, out);
            }
            line.text("node_id", node, out);
        }
        if let Some(outcome) = outcome {
            line.word("output", outcome.output, out);
        }
        line.text("solver", if outcome.is_some() { SOLVER } else { &self.solver }, out);
        line.text("space_id", space, out);
        if let Some(end) = self.end {
            line.integer("tick", end.tick(), out);
        }
        line.word("tile", self.tile, out);
        line.end_line(out);
        std::mem::take(out)
    }
}

/// The position that an update says.
fn position(update: &str) -> Option<[f64; 3]> {
    let mut tape = Tape::new();
    let value = tape.parse_any(update, json::STATE_DEPTH).ok()?;
    match numbers_of(value.get("transform")?.get("position")?)[..] {
        [x, y] => Some([x, y, 0.0]),
        [x, y, z] => Some([x, y, z]),
        _ => None,
    }
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    let squares = (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i]));
    ulp_view::geodesy::round::position(libm::sqrt(squares.sum()))
}
