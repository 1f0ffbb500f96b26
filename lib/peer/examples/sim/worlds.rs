//! The worlds of the table, in its order.

use super::ferries::Islands;
use super::field::Field;
use super::links;
use super::lone;
use super::news::NEVER;
use super::table::{Found, Goal, Value, World};

const HOUR: u64 = 3_600_000;
const MINUTE: u64 = 60_000;
/// A goal may be missed by this factor over the model's figure.
const SLACK: f64 = 1.2;

/// A world's name on the command line, and how it comes about from a seed.
pub type Job = (&'static str, fn(u64) -> World);

/// All of them.
pub const ALL: [Job; 6] = [
    ("field", |seed| field(seed, 30)),
    ("storm", |seed| field(seed, 50)),
    ("cut", cut),
    ("lone", told_at_once),
    ("islands", islands),
    ("links", cut_links),
];

fn thousand(seed: u64, loss: u64) -> Field {
    Field { nodes: 1000, neighbours: 14, loss, seed }
}

/// A time that the model has in seconds.
fn against(what: &'static str, ms: u64, model: u64) -> Found {
    let goal = Value::Seconds((model as f64 * 1000.0 * SLACK) as u64);
    let value = if ms == NEVER { Value::Never } else { Value::Seconds(ms) };
    Found { what, value, model: Some(Value::Seconds(model * 1000)), goal: Goal::AtMost(goal) }
}

fn share(what: &'static str, good: usize, all: usize) -> Found {
    let value = Value::Percent(100.0 * good as f64 / all.max(1) as f64);
    Found { what, value, model: Some(Value::Percent(100.0)), goal: Goal::All }
}

fn field(seed: u64, loss: u64) -> World {
    let world = thousand(seed, loss);
    let spread = world.spread(12);
    let (name, [half, most, all, worst], air) = if loss == 30 {
        (
            "1,000 nodes, 14 neighbours each, LongFast, 1 % duty, 30 % loss, 20 changes an hour, 12 h",
            [27, 58, 140, 306],
            0.83,
        )
    } else {
        ("the same, 50 % loss", [39, 95, 290, 970], 1.27)
    };
    let pairs = spread.changes * world.nodes;
    let goal = Goal::AtMost(Value::Number(air * SLACK));
    World {
        name,
        found: vec![
            against("until 50 % know, median of the changes", spread.half, half),
            against("until 99 % know", spread.most, most),
            against("until all know", spread.all, all),
            against("until all know, the worst change", spread.worst, worst),
            Found {
                what: "s on air, a node and change",
                value: Value::Number(spread.air),
                model: Some(Value::Number(air)),
                goal,
            },
            share("nodes and changes that know of each other", pairs - spread.unknown, pairs),
        ],
        allows: "Late is who has two or three neighbours: each hears half of what is sent, and all have spent their hour.",
    }
}

fn cut(seed: u64) -> World {
    let healed = thousand(seed, 30).heal(2 * HOUR, 130 * MINUTE, 6 * HOUR);
    let value = if healed == NEVER { Value::Never } else { Value::Hours(healed) };
    World {
        name: "the first, cut in two for 130 min, then healed, with changes all the while",
        found: vec![Found {
            what: "until all know of all that was told before",
            value,
            model: Some(Value::Hours(114 * MINUTE)),
            goal: Goal::AtMost(Value::Hours(2 * HOUR)),
        }],
        allows: "What each half has to be told has to pass the few who stand at the border, in their hundredth of an hour.",
    }
}

fn told_at_once(seed: u64) -> World {
    let lone = lone::tell_all(1000, 30, seed, 48 * HOUR);
    let took = lone.equal.map_or(Value::Never, Value::Hours);
    World {
        name: "one peer tells 1,000 tiles with one seq; a second node, 30 % loss",
        found: vec![
            share("rows that both have", lone.same, lone.told),
            Found { what: "until the tables were equal", value: took, model: None, goal: Goal::Told },
        ],
        allows: "",
    }
}

fn islands(seed: u64) -> World {
    let world = Islands { islands: 10, nodes: 100, neighbours: 14, ferries: 5, loss: 30, seed };
    let voyage = world.voyage(40);
    let told = |what, value, model| Found { what, value, model, goal: Goal::Told };
    World {
        name: "10 islands of 100, no radio between, 5 ferries, 40 min a stop, 10 % of stops fail",
        found: vec![
            Found {
                what: "time until all know / earliest by the timetable",
                value: Value::Number(voyage.ratio),
                model: None,
                goal: Goal::AtMost(Value::Number(1.1)),
            },
            told("the same, the worst change", Value::Number(voyage.worst), None),
            told("until all know", Value::Hours(voyage.all), Some(Value::Hours(414 * MINUTE))),
            told("earliest by the timetable", Value::Hours(voyage.earliest), None),
            share("changes that all know of", voyage.changes - voyage.unknown, voyage.changes),
        ],
        allows: "Who is late was told on an island after a ferry had left that the timetable says could have taken it.",
    }
}

fn cut_links(seed: u64) -> World {
    const WORLDS: u64 = 10_000;
    let found = links::worlds(50, seed * WORLDS..(seed + 1) * WORLDS);
    let told = |what, rows: usize, room: usize| {
        let goal = Goal::AtMost(Value::Number(room as f64));
        Found { what, value: Value::Number(rows as f64), model: None, goal }
    };
    World {
        name: "links of 50 peers cut and restored, 10,000 seeds",
        found: vec![
            share("worlds in which all have the same in the end", found.agree, found.worlds),
            told("most rows of a graph", found.graph, links::ROOM.rows),
            told("most rows of a table", found.table, links::TABLE),
        ],
        allows: "",
    }
}
